//! What a mail server says (RFC 5321 §4.2), held within bounds.

use tokio::io::AsyncRead;
use tokio::io::AsyncReadExt;
use tokio::io::AsyncWrite;
use tokio::io::AsyncWriteExt;

use crate::undelivered::Enhanced;
use crate::undelivered::Refusal;
use crate::undelivered::Stage;
use crate::undelivered::Undelivered;

/// The longest reply, in bytes. RFC 5321 §4.5.3.1.5 wants 512 for a line; servers with many
/// extensions need some of them.
const MAX_REPLY: usize = 16 * 1024;

/// What a talk goes over.
pub(super) trait Wire: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Wire for T {}

/// One reply: its code and the text of each line.
#[derive(Eq, PartialEq)]
pub(super) struct Reply {
    pub(super) code: u16,
    pub(super) lines: Vec<String>,
}

impl Reply {
    /// The reply if it has one of these codes, else the refusal it is.
    pub(super) fn expect(self, stage: Stage, codes: &[u16]) -> Result<Self, Undelivered> {
        if codes.contains(&self.code) {
            return Ok(self);
        }
        let permanent = match self.code / 100 {
            4 => false,
            5 => true,
            _ => return Err(Undelivered::NotUnderstood),
        };
        let enhanced = self.lines.first().and_then(|line| Enhanced::leading(line));
        Err(Undelivered::Refused(Refusal {
            stage,
            code: self.code.into(),
            enhanced,
            permanent,
            dead_address: permanent && is_dead(stage, self.code, enhanced),
        }))
    }
}

/// Whether a permanent refusal is one of the address itself.
fn is_dead(stage: Stage, code: u16, enhanced: Option<Enhanced>) -> bool {
    match (stage, enhanced) {
        (Stage::Message | Stage::Recipient, Some(enhanced)) => enhanced.is_dead_address(),
        // RFC 5321 §4.2.3 and RFC 7504: no mailbox, not local, no such name, takes no mail.
        (Stage::Recipient, None) => matches!(code, 550 | 551 | 553 | 556),
        (Stage::Greeting | Stage::Login | Stage::Message | Stage::Sender, _) => false,
    }
}

/// A wire with what was read from it and not yet understood.
pub(super) struct Lines {
    wire: Box<dyn Wire>,
    waiting: Vec<u8>,
}

impl Lines {
    pub(super) fn new(wire: Box<dyn Wire>) -> Self {
        Self {
            wire,
            waiting: Vec::new(),
        }
    }

    /// The bare wire. Refused while something waits: what was said before TLS must not be taken for
    /// said within it.
    pub(super) fn into_wire(self) -> Result<Box<dyn Wire>, Undelivered> {
        if self.waiting.is_empty() {
            Ok(self.wire)
        } else {
            Err(Undelivered::Tls)
        }
    }

    pub(super) async fn write(&mut self, bytes: &[u8]) -> Result<(), Undelivered> {
        let written = self.wire.write_all(bytes).await;
        written.map_err(|_| Undelivered::Unreachable)?;
        let flushed = self.wire.flush().await;
        flushed.map_err(|_| Undelivered::Unreachable)
    }

    pub(super) async fn close(&mut self) {
        let _ = self.wire.shutdown().await;
    }

    /// The next whole reply.
    pub(super) async fn reply(&mut self) -> Result<Reply, Undelivered> {
        loop {
            match parse(&self.waiting)? {
                Some((reply, length)) => {
                    self.waiting.drain(..length);
                    return Ok(reply);
                }
                None if self.waiting.len() > MAX_REPLY => return Err(Undelivered::NotUnderstood),
                None => {}
            }
            let mut piece = [0; 2048];
            match self.wire.read(&mut piece).await {
                Ok(length @ 1..) => {
                    let read = piece.get(..length).unwrap_or_default();
                    self.waiting.extend_from_slice(read);
                }
                Ok(0) | Err(_) => return Err(Undelivered::Unreachable),
            }
        }
    }
}

/// The reply that the bytes begin with and how long it is; `None` while it is not whole.
fn parse(bytes: &[u8]) -> Result<Option<(Reply, usize)>, Undelivered> {
    let mut lines = Vec::new();
    let mut length = 0;
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        // What cannot become a reply is not waited for.
        let (code, last, text) = match line.strip_suffix(b"\n") {
            Some(line) => parse_line(line).ok_or(Undelivered::NotUnderstood)?,
            None if begins(line) => return Ok(None),
            None => return Err(Undelivered::NotUnderstood),
        };
        length += line.len();
        lines.push((code, text));
        if last {
            let agree = lines.iter().all(|(other, _)| *other == code);
            let lines = lines.into_iter().map(|(_, text)| text).collect();
            return agree
                .then_some(Some((Reply { code, lines }, length)))
                .ok_or(Undelivered::NotUnderstood);
        }
    }
    Ok(None)
}

/// A line's code, whether it is the last, and its text.
fn parse_line(line: &[u8]) -> Option<(u16, bool, String)> {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let (code, rest) = line.split_at_checked(3)?;
    let code = std::str::from_utf8(code).ok().filter(|_| begins(line))?;
    let (last, text) = match rest.split_first() {
        None => (true, rest),
        Some((b' ', text)) => (true, text),
        Some((b'-', text)) => (false, text),
        Some(_) => return None,
    };
    let text = String::from_utf8_lossy(text).into_owned();
    Some((code.parse().ok()?, last, text))
}

/// Whether a line may begin like this: with a digit from 2 to 5 and two others.
fn begins(line: &[u8]) -> bool {
    let mut bytes = line.iter().take(3);
    bytes
        .next()
        .is_none_or(|first| (b'2'..=b'5').contains(first))
        && bytes.all(u8::is_ascii_digit)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn replies_are_read_waited_for_or_refused() {
        let whole = [
            ("220 hello\r\n", 220, "hello", 11),
            ("250-a\r\n250-B c\r\n250 d\r\nrest", 250, "a|B c|d", 23),
            ("250\r\n", 250, "", 5),
            ("354 go\nx", 354, "go", 7),
            (
                "550-5.1.1 no\r\n550 5.1.1 no\r\n",
                550,
                "5.1.1 no|5.1.1 no",
                28,
            ),
        ];
        for (text, code, lines, length) in whole {
            let (reply, read) = parse(text.as_bytes()).ok().flatten().unwrap();
            assert_eq!((reply.code, read), (code, length), "{text}");
            assert_eq!(reply.lines.join("|"), lines, "{text}");
        }
        for text in ["", "2", "22", "220", "220 hel", "250-a\r\n", "250-a\r\n25"] {
            assert!(matches!(parse(text.as_bytes()), Ok(None)), "{text}");
        }
        let bad = [
            "HTTP/1.1 400",
            "SSH-2.0-x\r\n",
            "120 x\r\n",
            "600 x\r\n",
            "2x0 x\r\n",
            "22\r\n",
            "220x\r\n",
            "\r\n",
            "250-a\r\n550 b\r\n",
            "250-a\r\nx",
        ];
        for text in bad {
            assert!(parse(text.as_bytes()).is_err(), "{text}");
        }
    }

    #[test]
    fn only_a_dead_address_is_a_bounce() {
        use Stage::Login;
        use Stage::Message;
        use Stage::Recipient;
        let cases = [
            (Recipient, "550 said\r\n", true),
            (Recipient, "550 5.1.1 said\r\n", true),
            (Recipient, "554 5.2.1 said\r\n", true),
            (Message, "550 5.1.1 said\r\n", true),
            (Recipient, "550 5.7.1 said\r\n", false),
            (Recipient, "553 5.1.8 said\r\n", false),
            (Recipient, "450 4.2.1 said\r\n", false),
            (Recipient, "452 said\r\n", false),
            (Message, "554 said\r\n", false),
            (Message, "552 5.3.4 said\r\n", false),
            (Login, "550 5.1.1 said\r\n", false),
        ];
        for (stage, text, expected) in cases {
            let (reply, _) = parse(text.as_bytes()).ok().flatten().unwrap();
            let error = reply.expect(stage, &[250]).err().unwrap();
            assert_eq!(error.is_bounce(), expected, "{text}");
            assert!(!error.to_string().contains("said"), "{error}");
        }
    }

    proptest! {
        #[test]
        fn what_is_read_in_pieces_is_read_the_same(
            text in "(2[0-9]{2}-[a-z ]{0,5}\r\n){0,3}250 [a-z]{0,9}\r\n.{0,9}",
            cut in 0_usize..60,
        ) {
            let bytes = text.as_bytes();
            let cut = cut.min(bytes.len());
            let whole = parse(bytes);
            let first = parse(bytes.get(..cut).unwrap());
            if let Ok(Some((reply, length))) = first {
                let (other, same) = whole.ok().flatten().unwrap();
                prop_assert_eq!((reply.code, length), (other.code, same));
            } else if first.is_err() {
                prop_assert!(whole.is_err());
            }
        }
    }
}
