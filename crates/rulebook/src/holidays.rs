//! Calendars of public holidays.
//!
//! A calendar names the years it knows. Behind its end nothing is silently a working day: quiet hours
//! do not open at all, and deadlines skip nothing, so both take the strict side.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::civil::Date;
use jiff::civil::date;
use serde::Deserialize;
use toml::Spanned;
use toml::value::Datetime;

use crate::fault::Fault;
use crate::fault::Problem;
use crate::text::line_of;

/// The calendars that are compiled in.
pub(crate) const BUILTIN: &str = include_str!("../packs/holidays.toml");
/// The name of a file of calendars.
pub(crate) const NAME: &str = "holidays.toml";

/// The public holidays of a place.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct HolidaySet {
    /// What packs call it.
    pub id: Arc<str>,
    /// The first year that is known.
    pub first: i16,
    /// The last year that is known.
    pub last: i16,
    /// The days, in order.
    pub days: Arc<[Date]>,
    /// The same, and every day of the years on both sides of what is known: nobody can say which of
    /// them are holidays.
    pub(crate) closed: Arc<[Date]>,
}

impl HolidaySet {
    /// Whether a day is one.
    pub fn contains(&self, day: Date) -> bool {
        self.days.binary_search(&day).is_ok()
    }

    /// Whether the year of a day is known.
    pub fn covers(&self, day: Date) -> bool {
        (self.first..=self.last).contains(&day.year())
    }
}

/// Calendars by their names.
pub(crate) type HolidaySets = BTreeMap<Arc<str>, HolidaySet>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    set: Vec<Spanned<Row>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    id: String,
    first: i16,
    last: i16,
    days: Vec<Datetime>,
    /// Days beside those of the calendar with this id that is known already.
    #[serde(default)]
    adds: bool,
}

/// Reads a file of calendars into those that are there: one of a known name replaces it, or adds to
/// its days.
pub(crate) fn read(name: &str, text: &str, sets: &mut HolidaySets) -> Vec<Fault> {
    let file: File = match toml::from_str(text) {
        Ok(file) => file,
        Err(error) => {
            let line = line_of(text, error.span().map_or(0, |span| span.start));
            return vec![Fault::new(
                name,
                line,
                None,
                Problem::syntax(error.message()),
            )];
        }
    };
    let mut faults = Vec::new();
    for row in file.set {
        let line = line_of(text, row.span().start);
        if let Err(problem) = add(row.into_inner(), sets) {
            faults.push(Fault::new(name, line, None, problem));
        }
    }
    faults
}

fn add(row: Row, sets: &mut HolidaySets) -> Result<(), Problem> {
    let Row {
        id,
        mut first,
        mut last,
        days,
        adds,
    } = row;
    if last < first || !(1900..=2200).contains(&first) || !(1900..=2200).contains(&last) {
        return Err(Problem::Ended);
    }
    let mut all = Vec::with_capacity(days.len());
    for day in days {
        let day = plain_date("days", day)?;
        if !(first..=last).contains(&day.year()) {
            return Err(Problem::Date("days"));
        }
        all.push(day);
    }
    let id: Arc<str> = Arc::from(id);
    if adds {
        let base = sets.get(&id).ok_or(Problem::Holidays)?;
        all.extend(base.days.iter());
        first = first.min(base.first);
        last = last.max(base.last);
    }
    all.sort_unstable();
    if all.windows(2).any(|pair| pair.first() == pair.last()) {
        return Err(Problem::Duplicate);
    }
    let mut closed = all.clone();
    for year in [first - 1, last + 1] {
        closed.extend(
            date(year, 1, 1)
                .series(jiff::Span::new().days(1))
                .take_while(|day| day.year() == year),
        );
    }
    closed.sort_unstable();
    let set = HolidaySet {
        id: Arc::clone(&id),
        first,
        last,
        days: Arc::from(all),
        closed: Arc::from(closed),
    };
    sets.insert(id, set);
    Ok(())
}

/// A date without a time.
pub(crate) fn plain_date(field: &'static str, value: Datetime) -> Result<Date, Problem> {
    let Datetime {
        date: Some(date),
        time: None,
        offset: None,
    } = value
    else {
        return Err(Problem::Date(field));
    };
    let year = i16::try_from(date.year).ok();
    let month = i8::try_from(date.month).ok();
    let day = i8::try_from(date.day).ok();
    year.zip(month)
        .zip(day)
        .and_then(|((year, month), day)| Date::new(year, month, day).ok())
        .ok_or(Problem::Date(field))
}
