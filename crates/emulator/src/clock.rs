//! The time of the emulated world: real, or virtual and moved by hand.

use jiff::Timestamp;

/// Microseconds since 1970.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Clock {
    /// Real time plus what was skipped by hand.
    Real { skipped: i64 },
    /// Stands still between two advances.
    Virtual { now: i64 },
}

impl Clock {
    pub(crate) fn new(start: Option<i64>) -> Self {
        start.map_or(Self::Real { skipped: 0 }, |now| Self::Virtual { now })
    }

    pub(crate) fn now(self) -> i64 {
        match self {
            Self::Real { skipped } => real_now().saturating_add(skipped),
            Self::Virtual { now } => now,
        }
    }

    /// Moves forward to `instant`; never back.
    pub(crate) fn move_to(&mut self, instant: i64) {
        match self {
            Self::Real { skipped } => {
                let ahead = instant.saturating_sub(real_now().saturating_add(*skipped));
                *skipped = skipped.saturating_add(ahead.max(0));
            }
            Self::Virtual { now } => *now = instant.max(*now),
        }
    }

    pub(crate) fn is_virtual(self) -> bool {
        matches!(self, Self::Virtual { .. })
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the emulator's one look at the machine's clock"
)]
fn real_now() -> i64 {
    Timestamp::now().as_microsecond()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn virtual_time_moves_forward_only() {
        let mut clock = Clock::new(Some(10));
        clock.move_to(30);
        clock.move_to(20);
        assert_eq!(clock.now(), 30);
    }

    #[test]
    fn real_time_can_be_skipped() {
        let mut clock = Clock::new(None);
        let before = clock.now();
        clock.move_to(before + 3_600_000_000);
        assert!(clock.now() >= before + 3_600_000_000);
    }
}
