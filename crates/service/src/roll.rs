//! Rolling the epoch key by the calendar, and taking the slices of a roll that is under way.
//!
//! A roll goes on beside everything else: it rests between slices while others wait for the writer.
//!
//! A clock that jumped far ahead must not destroy a key early: where more than a whole epoch seems to have
//! passed unseen, an hour is waited, by a clock that cannot jump, and then looked again.

use std::time::Duration;

use domain::audit::Actor;
use domain::time::Span;
use domain::time::Timestamp;
use seal::KeyringError;
use store::Pace;
use store::StoreError;

use crate::Service;

/// How often it is looked whether the key has had its time.
const LOOK: Duration = Duration::from_mins(10);

/// How long a second look waits.
const DOUBT: Duration = Duration::from_hours(1);

/// How long a roll that cannot go on waits: the key bundle does not arrive, or the database is away.
const AGAIN: Duration = Duration::from_mins(1);

/// How long the writer has to itself between two slices while others wait for it.
const REST: Duration = Duration::from_millis(10);

/// What a look at the key's age says.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Age {
    /// It has had its time.
    Due,
    /// So the clock says, but more than an epoch has passed since it was looked last.
    Doubtful,
    Young,
}

/// Whether a key that was made at `made` has had its time. `seen` is when it was looked last; a process
/// that has not looked yet may have been away, or may have a clock that is wrong.
fn age(made: Timestamp, epoch: Span, seen: Option<Timestamp>, now: Timestamp) -> Age {
    let due = made + epoch;
    if now < due {
        return Age::Young;
    }
    if epoch < now.since(seen.unwrap_or(due)) {
        Age::Doubtful
    } else {
        Age::Due
    }
}

impl Service {
    /// Rolls the epoch key when it has had its time or staff asks for it; runs until dropped.
    pub(crate) async fn roll_keys(&self) {
        let mut seen = None;
        loop {
            match self.store.roll_slice().await {
                Ok(Pace::More(_)) => {
                    if 0 < self.store.backlog() {
                        tokio::time::sleep(REST).await;
                    }
                }
                Ok(Pace::Ended(rolled)) => {
                    let (keys, identifiers) = (rolled.keys, rolled.identifiers);
                    tracing::info!(
                        keys,
                        identifiers,
                        "the epoch key is rolled, the old one destroyed"
                    );
                }
                Ok(Pace::Waits) => self.rest_or_asked(AGAIN).await,
                Ok(Pace::None) => {
                    let pause = self.roll_if_due(&mut seen).await;
                    self.rest_or_asked(pause).await;
                }
                Err(error) => {
                    tracing::warn!(%error, "a roll of the epoch key cannot go on; it is tried again");
                    self.rest_or_asked(AGAIN).await;
                }
            }
        }
    }

    /// Waits, unless staff begins a roll.
    async fn rest_or_asked(&self, pause: Duration) {
        tokio::select! {
            () = self.store.rolls() => {}
            () = tokio::time::sleep(pause) => {}
        }
    }

    /// Begins a roll if it is time. Says when to look again.
    async fn roll_if_due(&self, seen: &mut Option<Timestamp>) -> Duration {
        let Some(epoch) = self.settings.epoch else {
            return LOOK;
        };
        let made = self.store.keyring().current_epoch().created_micros();
        let now = self.store.clock().now();
        let age = age(Timestamp::from_micros(made), epoch, *seen, now);
        *seen = Some(now);
        match age {
            Age::Young => LOOK,
            Age::Doubtful => {
                tracing::warn!(
                    "more than an epoch has passed unseen; the epoch key is rolled in an hour if the \
                     clock still says so"
                );
                DOUBT
            }
            Age::Due => match self.store.begin_roll(Actor::System).await {
                Ok(_) | Err(StoreError::Keyring(KeyringError::RollUnderWay)) => Duration::ZERO,
                Err(error) => {
                    tracing::warn!(%error, "the epoch key cannot be rolled; it is tried again");
                    AGAIN
                }
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::time::Span;
    use domain::time::Timestamp;

    use super::Age;
    use super::age;

    #[test]
    fn a_key_is_rolled_at_its_age_and_never_early() {
        let made: Timestamp = "2026-11-21T10:00:00Z".parse().unwrap();
        let at = |days: i64| {
            let day = Span::days(1).as_micros();
            Timestamp::from_micros(made.micros() + days * day)
        };
        for (seen, now, expected) in [
            (None, 0, Age::Young),
            (None, 6, Age::Young),
            (Some(6), 7, Age::Due),
            // A start that finds it a little late, and one after a long time away.
            (None, 7, Age::Due),
            (None, 14, Age::Due),
            (None, 15, Age::Doubtful),
            // The clock jumped ahead, and still says so at the second look.
            (Some(1), 400, Age::Doubtful),
            (Some(400), 400, Age::Due),
            // It jumped ahead and back.
            (Some(400), 2, Age::Young),
            // It jumped back before the key was made.
            (Some(2), -300, Age::Young),
        ] {
            let found = age(made, Span::days(7), seen.map(at), at(now));
            assert_eq!(found, expected, "{seen:?} {now}");
        }
    }
}
