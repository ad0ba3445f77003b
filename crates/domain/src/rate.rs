//! Rates as virtual-scheduling buckets (GCRA): one instant is the whole state.

use crate::time::Span;
use crate::time::Timestamp;

/// A sustained rate with a burst.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Rate {
    /// The time one message takes from the bucket.
    pub every: Span,
    /// How many may leave at once from a full bucket.
    pub burst: u32,
}

/// WhatsApp's pair rate: one message in 6 s to the same person, burst 45.
pub const PAIR: Rate = Rate {
    every: Span::seconds(6),
    burst: 45,
};

/// WhatsApp's throughput of a number: 80 messages a second.
pub const THROUGHPUT: Rate = Rate {
    every: Span::micros(12_500),
    burst: 80,
};

/// The same after WhatsApp's upgrade of a number: 1000 messages a second.
pub const THROUGHPUT_HIGH: Rate = Rate {
    every: Span::micros(1_000),
    burst: 1_000,
};

/// What the bucket says.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Turn {
    /// Go; the bucket's new state.
    Now(Timestamp),
    /// Not before this instant.
    At(Timestamp),
}

impl Rate {
    /// Whether one more message may leave at `now`, given the bucket's state.
    ///
    /// No state lies further ahead than a whole burst. One that does was left by a clock that has
    /// been set back since; it counts as a bucket with one message in it, or nothing would leave
    /// until the old time has come again.
    pub fn turn(self, state: Timestamp, now: Timestamp) -> Turn {
        let tolerance = Span::micros(self.every.as_micros().saturating_mul(i64::from(self.burst)));
        let base = if state <= now + tolerance {
            state.max(now)
        } else {
            now + tolerance - self.every
        };
        let next = base + self.every;
        let earliest = next - tolerance;
        if earliest <= now {
            Turn::Now(next)
        } else {
            Turn::At(earliest)
        }
    }

    /// The bucket's state after a message that left without asking: never further ahead than a whole
    /// burst.
    #[must_use]
    pub fn spent(self, state: Timestamp, now: Timestamp) -> Timestamp {
        match self.turn(state, now) {
            Turn::Now(next) => next,
            Turn::At(_) => {
                now + Span::micros(self.every.as_micros().saturating_mul(i64::from(self.burst)))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::PAIR;
    use super::Rate;
    use super::THROUGHPUT;
    use super::Turn;
    use crate::time::Span;
    use crate::time::Timestamp;

    fn drain(rate: Rate, mut state: Timestamp, now: Timestamp) -> (u32, Timestamp) {
        let mut sent = 0;
        while let Turn::Now(next) = rate.turn(state, now) {
            state = next;
            sent += 1;
        }
        (sent, state)
    }

    #[test]
    fn forty_five_at_once_then_one_in_six_seconds() {
        let start = Timestamp::from_seconds(1_000_000);
        let (sent, state) = drain(PAIR, Timestamp::default(), start);
        assert_eq!(sent, 45);
        let (soon, _) = drain(PAIR, state, start + Span::seconds(5));
        assert_eq!(soon, 0);
        let (later, _) = drain(PAIR, state, start + Span::seconds(6));
        assert_eq!(later, 1);
        let (hour, _) = drain(PAIR, state, start + Span::hours(1));
        assert_eq!(hour, 45);
    }

    #[test]
    fn a_refusal_names_the_instant_at_which_the_next_may_leave() {
        let start = Timestamp::from_seconds(5_000);
        let (_, state) = drain(PAIR, Timestamp::default(), start);
        let Turn::At(next) = PAIR.turn(state, start) else {
            panic!("the bucket is empty")
        };
        assert_eq!(next, start + Span::seconds(6));
        assert!(matches!(PAIR.turn(state, next), Turn::Now(_)));
    }

    #[test]
    fn a_clock_set_back_empties_the_bucket_and_no_more() {
        let start = Timestamp::from_seconds(1_000_000);
        let (_, state) = drain(PAIR, Timestamp::default(), start);
        for back in [Span::seconds(1), Span::hours(1), Span::days(400)] {
            let now = start - back;
            let (sent, state) = drain(PAIR, state, now);
            assert_eq!(sent, 1, "{back:?}");
            let (soon, state) = drain(PAIR, state, now + Span::seconds(5));
            assert_eq!(soon, 0, "{back:?}");
            let (later, _) = drain(PAIR, state, now + Span::seconds(60));
            assert_eq!(later, 10, "{back:?}");
        }
    }

    #[test]
    fn what_left_without_asking_counts_and_fills_no_more_than_the_bucket() {
        let now = Timestamp::from_seconds(1_000_000);
        let mut state = Timestamp::default();
        for _ in 0..44 {
            state = PAIR.spent(state, now);
        }
        assert_eq!(drain(PAIR, state, now).0, 1);
        for _ in 0..100 {
            state = PAIR.spent(state, now);
        }
        assert_eq!(drain(PAIR, state, now).0, 0);
        assert_eq!(drain(PAIR, state, now + Span::seconds(6)).0, 1);
    }

    #[test]
    fn throughput_is_eighty_a_second() {
        let start = Timestamp::from_seconds(1_000);
        let (sent, state) = drain(THROUGHPUT, Timestamp::default(), start);
        assert_eq!(sent, 80);
        assert_eq!(drain(THROUGHPUT, state, start + Span::seconds(1)).0, 80);
    }
}
