//! The wire guard: reads every request head before the HTTP library does and refuses what two
//! parsers could read differently.
//!
//! It is a state machine over bytes with no IO and no clock. [`Guard::inspect`] is handed what has
//! arrived and not yet been passed on, and says how much of it may pass. A head passes whole or not
//! at all. The verdict depends on the bytes alone, never on how they were cut into reads: each line
//! is judged when its line feed is there, or when it has outgrown its limit, whichever comes first.
//!
//! The rules are those of RFC 9112 §2.2 (line ends), §3.2 (request target, Host), §5.1 and §5.2
//! (field lines) and §6.1–§6.3 (message length), each time in the strict reading that section
//! allows a server.

use memchr::memchr;
use memchr::memrchr;

/// Room on the request line for what stands beside its target: a method, two spaces, the version.
const REQUEST_LINE_ROOM: usize = 64;

/// What a request head may measure.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct HeadLimits {
    /// Bytes of the whole head, request line and last empty line included.
    pub(super) bytes: usize,
    /// Field lines.
    pub(super) fields: usize,
    /// Bytes of the request target.
    pub(super) target: usize,
}

/// Why a request is not passed on.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(super) enum Refusal {
    /// The head is larger than it may be, or has more fields.
    HeadTooLarge,
    /// The head breaks a rule of the wire.
    Malformed,
    /// The request target is longer than it may be.
    TargetTooLong,
    /// The head did not arrive in its time. Set by whoever owns the clock.
    TooSlow,
}

/// One connection's view of where its messages begin and end.
#[derive(Debug)]
pub(super) struct Guard {
    limits: HeadLimits,
    state: State,
    heads: u64,
}

#[derive(Clone, Copy, Debug)]
enum State {
    /// This many bytes of a body are still to come.
    Body(u64),
    /// A head is awaited or half here.
    Head(Progress),
    /// A chunked body has begun. Nothing after it is looked at: the connection closes behind it.
    Open,
    /// Nothing passes any more.
    Refused(Refusal),
}

/// How far an incomplete head has been read, as offsets from its first byte.
#[derive(Clone, Copy, Debug, Default)]
struct Progress {
    line: usize,
    scanned: usize,
    fields: usize,
    facts: Facts,
}

/// What the lines read so far have said about the message.
#[derive(Clone, Copy, Debug, Default)]
struct Facts {
    chunked: bool,
    host: bool,
    length: Option<u64>,
    old: bool,
}

/// What became of the bytes of one head.
enum Outcome {
    Complete(usize, Facts),
    Incomplete(Progress),
    Refused(Refusal),
}

impl Guard {
    pub(super) fn new(limits: HeadLimits) -> Self {
        Self {
            limits,
            state: State::Head(Progress::default()),
            heads: 0,
        }
    }

    /// How many of `bytes`, counted from the first, may be passed on. `bytes` is what earlier calls
    /// left behind followed by what is new. What is left behind now is the beginning of a head, or
    /// [refused](Self::refusal).
    pub(super) fn inspect(&mut self, bytes: &[u8]) -> usize {
        let mut passed = 0;
        while let Some(rest) = bytes.get(passed..)
            && !rest.is_empty()
        {
            match self.state {
                State::Body(left) => {
                    let here = usize::try_from(left).unwrap_or(usize::MAX).min(rest.len());
                    passed += here;
                    self.state = after_body(left.saturating_sub(here as u64));
                }
                State::Open => return bytes.len(),
                State::Refused(_) => return passed,
                State::Head(progress) => match scan(rest, progress, self.limits) {
                    Outcome::Complete(length, facts) => {
                        passed += length;
                        self.heads += 1;
                        self.state = if facts.chunked {
                            State::Open
                        } else {
                            after_body(facts.length.unwrap_or(0))
                        };
                    }
                    Outcome::Incomplete(progress) => {
                        self.state = State::Head(progress);
                        return passed;
                    }
                    Outcome::Refused(refusal) => self.state = State::Refused(refusal),
                },
            }
        }
        passed
    }

    /// Lets nothing more pass.
    pub(super) fn refuse(&mut self, refusal: Refusal) {
        self.state = State::Refused(refusal);
    }

    /// Why nothing passes any more, if so.
    pub(super) fn refusal(&self) -> Option<Refusal> {
        match self.state {
            State::Refused(refusal) => Some(refusal),
            State::Body(_) | State::Head(_) | State::Open => None,
        }
    }

    /// How many whole heads have passed.
    pub(super) fn heads(&self) -> u64 {
        self.heads
    }

    /// Whether the next byte belongs to a head.
    pub(super) fn awaits_head(&self) -> bool {
        matches!(self.state, State::Head(_))
    }
}

fn after_body(left: u64) -> State {
    if left == 0 {
        State::Head(Progress::default())
    } else {
        State::Body(left)
    }
}

fn scan(bytes: &[u8], mut at: Progress, limits: HeadLimits) -> Outcome {
    loop {
        let first = at.line == 0;
        let limit = if first {
            limits.target + REQUEST_LINE_ROOM
        } else {
            limits.bytes
        };
        let too_long = if first {
            Refusal::TargetTooLong
        } else {
            Refusal::HeadTooLarge
        };
        let unread = bytes.get(at.scanned..).unwrap_or_default();
        let Some(feed) = memchr(b'\n', unread).map(|offset| at.scanned + offset) else {
            // A line that has outgrown its limit gets no more time to end.
            if limit < bytes.len() {
                return Outcome::Refused(too_long);
            }
            at.scanned = bytes.len();
            return Outcome::Incomplete(at);
        };
        let end = feed + 1;
        if limit < end {
            return Outcome::Refused(too_long);
        }
        let Some([line @ .., b'\r']) = bytes.get(at.line..feed) else {
            return Outcome::Refused(Refusal::Malformed);
        };
        let judged = if first {
            request_line(line, limits).map(|old| at.facts.old = old)
        } else if line.is_empty() {
            return at.facts.complete(end);
        } else {
            at.fields += 1;
            if limits.fields < at.fields {
                Err(Refusal::HeadTooLarge)
            } else {
                at.facts.field_line(line).ok_or(Refusal::Malformed)
            }
        };
        if let Err(refusal) = judged {
            return Outcome::Refused(refusal);
        }
        at.line = end;
        at.scanned = end;
    }
}

/// Whether the request speaks HTTP/1.0. Only a path is taken as the target (RFC 9112 §3.2.1): this
/// is not a proxy, so a target that names a host can only disagree with the Host field.
fn request_line(line: &[u8], limits: HeadLimits) -> Result<bool, Refusal> {
    let parts = memchr(b' ', line).zip(memrchr(b' ', line));
    let (method_end, target_end) = parts.ok_or(Refusal::Malformed)?;
    let target = line
        .get(method_end + 1..target_end)
        .ok_or(Refusal::Malformed)?;
    if limits.target < target.len() {
        return Err(Refusal::TargetTooLong);
    }
    let method = line.get(..method_end).unwrap_or_default();
    let sound = is_token(method)
        && target.first() == Some(&b'/')
        && !any(target, |byte| !matches!(byte, b'!'..=b'"' | b'$'..=b'~'));
    match line.get(target_end + 1..) {
        Some(b"HTTP/1.1") if sound => Ok(false),
        Some(b"HTTP/1.0") if sound => Ok(true),
        _ => Err(Refusal::Malformed),
    }
}

impl Facts {
    /// Takes in one field line; `None` if it breaks a rule.
    fn field_line(&mut self, line: &[u8]) -> Option<()> {
        let colon = memchr(b':', line)?;
        let name = line.get(..colon)?;
        // A folded line starts with white space and so has no token for a name either.
        if !is_token(name) {
            return None;
        }
        let value = line.get(colon + 1..)?;
        if any(value, |byte| matches!(byte, 0..=8 | 10..=31 | 127)) {
            return None;
        }
        match name.len() {
            4 if name.eq_ignore_ascii_case(b"host") => self.host(value.trim_ascii()),
            14 if name.eq_ignore_ascii_case(b"content-length") => self.length(value.trim_ascii()),
            17 if name.eq_ignore_ascii_case(b"transfer-encoding") => {
                self.encoding(value.trim_ascii())
            }
            _ => Some(()),
        }
    }

    fn host(&mut self, value: &[u8]) -> Option<()> {
        let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~:[]%".contains(byte);
        let sound = !self.host && !value.is_empty() && value.iter().all(plain);
        self.host = true;
        sound.then_some(())
    }

    /// A second length is refused even when it repeats the first.
    fn length(&mut self, value: &[u8]) -> Option<()> {
        let digits = value.iter().all(u8::is_ascii_digit);
        if self.chunked || self.length.is_some() || !digits {
            return None;
        }
        self.length = Some(std::str::from_utf8(value).ok()?.parse().ok()?);
        Some(())
    }

    /// HTTP/1.0 has no transfer codings (RFC 9112 §6.1).
    fn encoding(&mut self, value: &[u8]) -> Option<()> {
        let sound = !self.old && !self.chunked && self.length.is_none() && value == b"chunked";
        self.chunked = true;
        sound.then_some(())
    }

    fn complete(self, end: usize) -> Outcome {
        if self.host {
            Outcome::Complete(end, self)
        } else {
            Outcome::Refused(Refusal::Malformed)
        }
    }
}

/// Whether a byte is as `wanted`. Looks at all of them, which the processor does many at a time.
fn any(bytes: &[u8], wanted: impl Fn(u8) -> bool) -> bool {
    bytes
        .iter()
        .fold(false, |found, byte| found | wanted(*byte))
}

/// Whether `bytes` is a token of RFC 9110 §5.6.2: one of its characters or more.
fn is_token(bytes: &[u8]) -> bool {
    !bytes.is_empty()
        && bytes
            .iter()
            .all(|byte| TOKEN.get(usize::from(*byte)) == Some(&true))
}

const TOKEN: [bool; 256] = {
    let mut table = [false; 256];
    let marks = b"!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let mut rest: &[u8] = marks;
    while let [mark, tail @ ..] = rest {
        #[expect(
            clippy::indexing_slicing,
            reason = "a byte indexes 256 places; const code"
        )]
        {
            table[*mark as usize] = true;
        }
        rest = tail;
    }
    table
};

#[cfg(test)]
mod tests;
