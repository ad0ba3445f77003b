//! Deadline arithmetic.
//!
//! The day on which something begins is not counted (Regulation 1182/71 Art 3(1), and the same
//! elsewhere). A month ends on the day of the same number, or on the last day of a month that has
//! none (Art 3(2)(c)). A term in days or months ends with the last hour of its last day in the
//! authority's time zone. A term in hours counts through nights, weekends and holidays: the "two
//! working days" of Art 3(5) are arguable and would be the mild reading, so they are not given.
//!
//! Where no holidays are known for a year, none is skipped: the term then ends earlier, never later,
//! and says that it is not certain.

use std::sync::Arc;

use domain::time::Timestamp;
use jiff::ToSpan as _;
use jiff::civil::Date;
use jiff::civil::Weekday;
use jiff::tz::TimeZone;
use serde::Deserialize;

use crate::holidays::HolidaySet;

/// In what a term is counted.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum Unit {
    /// Days from Monday to Friday that are no holidays.
    BusinessDay,
    /// Every day.
    Day,
    /// Hours by the clock.
    Hour,
    /// Calendar months.
    Month,
}

/// What happens when the last day is no working day.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum Roll {
    /// Nothing.
    #[default]
    None,
    /// On to a day that is neither Sunday nor holiday; a Saturday counts (POPIA Regulations 2025).
    SundayOrHoliday,
    /// On to a day that is neither Saturday, Sunday nor holiday (Regulation 1182/71 Art 3(4)).
    WorkingDay,
}

/// A length of time as law counts it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Term {
    /// How many.
    pub amount: u16,
    /// Of what.
    pub unit: Unit,
    /// What happens at the end.
    pub roll: Roll,
    /// The calendar of holidays.
    pub holidays: Option<Arc<str>>,
}

/// When a term ends.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Due {
    /// Its last day, in the authority's time zone.
    pub date: Date,
    /// The instant at which it is over.
    pub at: Timestamp,
    /// Whether the holidays of all years it touches are known.
    pub certain: bool,
}

/// When a term that begins at `start` ends. `paused` whole days during which the clock stood are
/// added to the last day before it rolls.
pub fn due(
    start: Timestamp,
    term: &Term,
    zone: &TimeZone,
    holidays: Option<&HolidaySet>,
    paused: u16,
) -> Due {
    let days = Days { holidays };
    if term.unit == Unit::Hour {
        let hours = u32::from(term.amount) + 24 * u32::from(paused);
        let at = start + domain::time::Span::hours(hours);
        let date = local_date(at, zone);
        return Due {
            date,
            at,
            certain: true,
        };
    }
    let first = local_date(start, zone);
    let amount = i64::from(term.amount);
    let last = match term.unit {
        Unit::BusinessDay => days.business(first, term.amount),
        Unit::Month => first.saturating_add(amount.months()),
        Unit::Day | Unit::Hour => first.saturating_add(amount.days()),
    };
    let last = last.saturating_add(i64::from(paused).days());
    let last = match (term.roll, term.unit) {
        (Roll::SundayOrHoliday, _) => days.roll(last, |day| day == Weekday::Sunday),
        // A clock that stood still may end business days on a weekend.
        (Roll::WorkingDay, _) | (Roll::None, Unit::BusinessDay) => days.roll(last, is_weekend),
        (Roll::None, _) => last,
    };
    let counts = term.unit == Unit::BusinessDay || term.roll != Roll::None;
    Due {
        date: last,
        at: end_of(last, zone).max(start),
        certain: !counts || days.know(first, last),
    }
}

/// The date of an instant in a time zone.
pub(crate) fn local_date(at: Timestamp, zone: &TimeZone) -> Date {
    let bounds = (
        jiff::Timestamp::MIN.as_microsecond(),
        jiff::Timestamp::MAX.as_microsecond(),
    );
    let micros = at.micros().clamp(bounds.0, bounds.1);
    let instant = jiff::Timestamp::from_microsecond(micros).unwrap_or_default();
    zone.to_datetime(instant).date()
}

/// The instant at which a day is over in a time zone.
pub(crate) fn end_of(day: Date, zone: &TimeZone) -> Timestamp {
    start_of(day.saturating_add(1.day()), zone)
}

/// The instant at which a day begins in a time zone.
pub(crate) fn start_of(day: Date, zone: &TimeZone) -> Timestamp {
    let instant = zone.to_timestamp(day.at(0, 0, 0, 0));
    let instant = instant.unwrap_or(jiff::Timestamp::MAX);
    Timestamp::from_micros(instant.as_microsecond())
}

fn is_weekend(day: Weekday) -> bool {
    matches!(day, Weekday::Saturday | Weekday::Sunday)
}

/// The days of a calendar.
#[derive(Clone, Copy)]
struct Days<'a> {
    holidays: Option<&'a HolidaySet>,
}

impl Days<'_> {
    fn is_holiday(self, day: Date) -> bool {
        self.holidays.is_some_and(|set| set.contains(day))
    }

    fn know(self, first: Date, last: Date) -> bool {
        self.holidays
            .is_some_and(|set| set.covers(first) && set.covers(last))
    }

    /// The day itself if it is open, or the first one after it that is.
    fn roll(self, mut day: Date, closed: impl Fn(Weekday) -> bool) -> Date {
        while closed(day.weekday()) || self.is_holiday(day) {
            let Ok(next) = day.tomorrow() else { break };
            day = next;
        }
        day
    }

    /// The `count`th business day after a day.
    fn business(self, mut day: Date, count: u16) -> Date {
        for _ in 0..count {
            let Ok(next) = day.tomorrow() else { break };
            day = self.roll(next, is_weekend);
        }
        day
    }
}
