//! Time zones, and what their clocks show around an instant.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::sync::OnceLock;

use jiff::tz::TimeZone;

use crate::time::Span;
use crate::time::Timestamp;

/// What is worked out once for a zone: its offsets between 2024 and 2040.
const KNOWN: (i64, i64) = (1_704_067_200, 2_208_988_800);
/// How far on both sides of an instant a clock is looked at: two days back, for whatever a local date
/// holds, and twice the horizon of an open hour ahead.
const AROUND: (Span, Span) = (Span::days(2), Span::days(63));

/// A time zone with its IANA name.
#[derive(Clone)]
#[expect(
    clippy::struct_field_names,
    reason = "a zone is its name and the zone itself"
)]
pub struct Zone {
    /// The IANA name, such as `Africa/Johannesburg`.
    pub name: Arc<str>,
    /// Its rules.
    pub zone: TimeZone,
    /// Its offsets in [`KNOWN`], worked out at first use and shared by all clones.
    known: Arc<OnceLock<Box<[Run]>>>,
}

/// A stretch of time in which a zone keeps one offset. Each begins where the one before it ends.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Run {
    /// The first second after it.
    until: i64,
    /// Seconds east of UTC.
    offset: i64,
}

impl Zone {
    /// A zone of this name.
    pub fn new(name: Arc<str>, zone: TimeZone) -> Self {
        Self {
            name,
            zone,
            known: Arc::default(),
        }
    }
}

impl Eq for Zone {}

impl PartialEq for Zone {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name && self.zone == other.zone
    }
}

impl fmt::Debug for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

/// What the clocks of a zone show from an instant on, for some two months.
#[derive(Clone, Debug)]
pub(crate) struct Clock<'a> {
    runs: Cow<'a, [Run]>,
}

impl<'a> Clock<'a> {
    /// The clock everybody shares.
    pub(crate) const UTC: Clock<'static> = Clock {
        runs: Cow::Borrowed(&[Run {
            until: i64::MAX,
            offset: 0,
        }]),
    };

    /// The clocks of a zone from `now` on.
    pub(crate) fn of(zone: &'a Zone, now: Timestamp) -> Self {
        let from = (now - AROUND.0).seconds();
        let to = (now + AROUND.1).seconds();
        if from < KNOWN.0 || KNOWN.1 < to {
            return Self {
                runs: Cow::Owned(runs(&zone.zone, from, to)),
            };
        }
        let known = zone
            .known
            .get_or_init(|| runs(&zone.zone, KNOWN.0, KNOWN.1).into());
        let first = known.partition_point(|run| run.until <= from);
        let last = known.partition_point(|run| run.until <= to);
        Self {
            runs: Cow::Borrowed(known.get(first..=last).unwrap_or_default()),
        }
    }

    /// Whether two clocks show the same all the time.
    pub(crate) fn shows_what(&self, other: &Self) -> bool {
        let Some(((last, runs), (other_last, others))) =
            self.runs.split_last().zip(other.runs.split_last())
        else {
            return self.runs.len() == other.runs.len();
        };
        last.offset == other_last.offset && runs == others
    }

    /// What the clocks show at an instant: seconds since 1970, as if it were UTC.
    pub(crate) fn local(&self, at: Timestamp) -> i64 {
        let second = at.seconds();
        let run = self.runs.iter().find(|run| second < run.until);
        second.saturating_add(run.map_or(0, |run| run.offset))
    }

    /// When the clocks show this. A time that is skipped counts as the one after the gap, a time that
    /// comes twice as its first.
    pub(crate) fn instant(&self, local: i64) -> Timestamp {
        let mut before: Option<&Run> = None;
        for run in self.runs.iter() {
            let instant = local.saturating_sub(run.offset);
            if instant < run.until {
                // What lies before this run and behind the one before it was skipped.
                let skipped = before.filter(|before| instant < before.until);
                let offset = skipped.unwrap_or(run).offset;
                return Timestamp::from_seconds(local.saturating_sub(offset));
            }
            before = Some(run);
        }
        Timestamp::from_seconds(local)
    }
}

/// The offsets of a zone from one second to another; the last of them as if it held for ever.
fn runs(zone: &TimeZone, from: i64, to: i64) -> Vec<Run> {
    let first = jiff::Timestamp::from_second(from).unwrap_or_default();
    let mut offset = i64::from(zone.to_offset(first).seconds());
    let mut runs = Vec::new();
    for change in zone.following(first) {
        let until = change.timestamp().as_second();
        if to < until {
            break;
        }
        runs.push(Run { until, offset });
        offset = i64::from(change.offset().seconds());
    }
    runs.push(Run {
        until: i64::MAX,
        offset,
    });
    runs
}
