//! The backups: whether each place can be reached, and whether what it has is old.

use domain::time::Span;
use domain::time::Timestamp;
use egress::place::Place;
use service::backup::BackupSettings;
use service::backup::place_code;
use store::Clock;
use store::bundle::LastAt;

use crate::check::Finding;
use crate::config::Config;

/// So many times the time between two snapshots may pass before the newest is old.
const OLD: i64 = 2;

/// What the database knows of the places.
pub(super) fn kept(settings: &BackupSettings, last: &[LastAt]) -> Vec<Finding> {
    let now = Clock::default().now();
    let places = settings.places.iter().enumerate();
    places
        .map(|(number, place)| {
            let code = place_code(place);
            let found = last.iter().find(|last| last.place == code);
            let what = format!("backup place {}", number + 1);
            of_place(what, settings, (found, now))
        })
        .collect()
}

fn of_place(
    what: String,
    settings: &BackupSettings,
    (last, now): (Option<&LastAt>, Timestamp),
) -> Finding {
    let bundle = last.and_then(|last| last.bundle);
    let wants_bundle = !settings.recipients.is_empty();
    let bundled = match bundle {
        Some(at) => format!("key bundle of {at}"),
        None if wants_bundle => "no key bundle yet".to_owned(),
        None => "no key bundle".to_owned(),
    };
    let Some(at) = last.and_then(|last| last.snapshot) else {
        return Finding::note(what, format_args!("{bundled}, no snapshot yet"));
    };
    let old = settings.every.is_some_and(|every| is_old(every, (at, now)));
    if old {
        let mend = format_args!(
            "{bundled}, but its newest snapshot is of {at}: look in the gateway's log for `snapshot`, \
             or make one with `imvume backup create`"
        );
        return Finding::problem(what, mend);
    }
    let seen = format_args!("{bundled}, snapshot of {at}");
    if bundle.is_none() && wants_bundle {
        Finding::note(what, seen)
    } else {
        Finding::fine(what, seen)
    }
}

const fn is_old(every: Span, (at, now): (Timestamp, Timestamp)) -> bool {
    every.as_micros().saturating_mul(OLD) < now.since(at).as_micros()
}

/// Whether buckets answer. That directories are there is seen from this machine.
pub(super) async fn reach(config: &Config) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (number, place) in config.settings.backup.places.iter().enumerate() {
        if matches!(place, Place::Directory(_)) {
            continue;
        }
        let what = format!("backup.place {}", number + 1);
        findings.push(match place.list("imvume-").await {
            Ok(_) => Finding::fine(what, format_args!("`{place}` answers")),
            Err(error) => {
                let mend = format_args!(
                    "`{place}` cannot be read ({error}): no epoch key is destroyed while it stays away"
                );
                Finding::problem(what, mend)
            }
        });
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_snapshot_is_old_when_the_next_one_was_missed() {
        let at: Timestamp = "2026-11-21T10:00:00Z".parse().unwrap();
        for (hours, every, expected) in
            [(47, 24, false), (49, 24, true), (2, 1, false), (3, 1, true)]
        {
            let now = at + Span::hours(hours);
            assert_eq!(
                is_old(Span::hours(every), (at, now)),
                expected,
                "{hours} {every}"
            );
        }
    }
}
