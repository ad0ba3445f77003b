//! Session descriptions of calls on their way to who takes the call: in memory, for a moment.
//!
//! A session description (SDP) tells addresses of the network, so it is never stored. An app needs it
//! within seconds, or not at all: a call that is not taken up ends by itself. Whoever asks later, or
//! after a restart, gets the event without it.

use std::collections::VecDeque;
use std::fmt;
use std::sync::Mutex;
use std::sync::PoisonError;

use domain::time::Span;
use domain::time::Timestamp;
use seal::Zeroizing;

/// How long one is held: WhatsApp rings for a minute.
const HELD: Span = Span::minutes(2);
/// How many are held at the most; the oldest goes.
const MOST: usize = 1_024;
/// A longer one is not held, in bytes.
const LONGEST: usize = 64 * 1024;

/// Session descriptions, by the event they came with.
#[derive(Default)]
pub(crate) struct Sessions {
    held: Mutex<VecDeque<Held>>,
}

struct Held {
    event: [u8; 32],
    until: Timestamp,
    session: Description,
}

/// A session description.
#[derive(Clone)]
pub(crate) struct Description {
    pub(crate) is_answer: bool,
    pub(crate) sdp: Zeroizing<String>,
}

impl fmt::Debug for Sessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sessions")
    }
}

impl Sessions {
    /// Holds the description that came with an event of a call.
    pub(crate) fn hold(&self, call: (&str, &str), session: Description, now: Timestamp) {
        if LONGEST < session.sdp.len() {
            return;
        }
        let event = event(call);
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.retain(|held| now < held.until && held.event != event);
        if held.len() == MOST {
            held.pop_front();
        }
        let until = now + HELD;
        held.push_back(Held {
            event,
            until,
            session,
        });
    }

    /// What came with an event of a call, while it is held.
    pub(crate) fn of(&self, call: (&str, &str), now: Timestamp) -> Option<Description> {
        let event = event(call);
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.retain(|held| now < held.until);
        let found = held.iter().find(|held| held.event == event);
        found.map(|held| held.session.clone())
    }
}

/// Meta's id of a call and of the event, as one value.
fn event((call, event): (&str, &str)) -> [u8; 32] {
    seal::sha256(&[call.as_bytes(), event.as_bytes()].join(&0))
}

#[cfg(test)]
mod tests {
    use domain::time::Span;
    use domain::time::Timestamp;
    use seal::Zeroizing;

    use super::Description;
    use super::HELD;
    use super::LONGEST;
    use super::MOST;
    use super::Sessions;

    fn description(sdp: &str) -> Description {
        Description {
            is_answer: false,
            sdp: Zeroizing::new(sdp.to_owned()),
        }
    }

    #[test]
    fn held_for_a_moment_and_by_its_event() {
        let (sessions, now) = (Sessions::default(), Timestamp::from_seconds(1));
        let of = |call, now| sessions.of(call, now).map(|held| held.sdp.to_string());
        sessions.hold(("1", "connect"), description("a"), now);
        sessions.hold(("2", "connect"), description(&"x".repeat(LONGEST + 1)), now);
        assert_eq!(of(("1", "connect"), now).as_deref(), Some("a"));
        assert_eq!(of(("1", "terminate"), now), None);
        assert_eq!(of(("2", "connect"), now), None);
        sessions.hold(("1", "connect"), description("b"), now);
        let last = now + HELD - Span::seconds(1);
        assert_eq!(of(("1", "connect"), last).as_deref(), Some("b"));
        assert_eq!(of(("1", "connect"), now + HELD), None);
        assert_eq!(of(("1", "connect"), now), None, "it is gone");
        for call in 0..=MOST {
            sessions.hold((&call.to_string(), "connect"), description("c"), now);
        }
        assert_eq!(of(("0", "connect"), now), None, "the oldest went");
        assert_eq!(of(("1", "connect"), now).as_deref(), Some("c"));
        assert!(!format!("{sessions:?}").contains('c'));
    }
}
