//! Calendars against the rules they follow.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use jiff::ToSpan as _;
use jiff::civil::Date;
use jiff::civil::Weekday;
use jiff::civil::date;
use rulebook::Rulebook;

static BOOK: LazyLock<Rulebook> = LazyLock::new(|| Rulebook::builtin("ZA").unwrap());

const YEARS: std::ops::RangeInclusive<i16> = 2025..=2028;

/// Easter Sunday of the Gregorian calendar: the Sunday after the full moon of the church, reckoned
/// from the golden number and the century's corrections (Clavius).
fn easter(year: i16) -> Date {
    let golden = i32::from(year % 19) + 1;
    let century = i32::from(year) / 100 + 1;
    let solar = 3 * century / 4 - 12;
    let lunar = (8 * century + 5) / 25 - 5;
    let sunday = 5 * i32::from(year) / 4 - solar - 10;
    let mut epact = (11 * golden + 20 + lunar - solar).rem_euclid(30);
    if epact == 24 || (epact == 25 && 11 < golden) {
        epact += 1;
    }
    let mut moon = 44 - epact;
    if moon < 21 {
        moon += 30;
    }
    let day = moon + 7 - (sunday + moon).rem_euclid(7);
    date(year, 3, 1).saturating_add((day - 1).days())
}

fn fixed(year: i16, days: &[(i8, i8)]) -> BTreeSet<Date> {
    days.iter()
        .map(|(month, day)| date(year, *month, *day))
        .collect()
}

fn nth(year: i16, month: i8, nth: i8, weekday: Weekday) -> Date {
    date(year, month, 1)
        .nth_weekday_of_month(nth, weekday)
        .unwrap()
}

fn check(id: &str, days_of: impl Fn(i16) -> BTreeSet<Date>) {
    let set = BOOK.holiday_set(id).unwrap();
    assert_eq!(
        (set.first, set.last),
        (*YEARS.start(), *YEARS.end()),
        "{id}"
    );
    let wanted: Vec<Date> = YEARS.flat_map(days_of).collect();
    assert_eq!(set.days.to_vec(), wanted, "{id}");
}

fn on_weekdays(mut day: Date, taken: &BTreeSet<Date>) -> Date {
    while matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday) || taken.contains(&day) {
        day = day.tomorrow().unwrap();
    }
    day
}

#[test]
fn easter_is_where_almanacs_have_it() {
    for (year, month, day) in [
        (1961, 4, 2),
        (2000, 4, 23),
        (2008, 3, 23),
        (2024, 3, 31),
        (2025, 4, 20),
        (2026, 4, 5),
        (2027, 3, 28),
        (2028, 4, 16),
        (2038, 4, 25),
    ] {
        assert_eq!(easter(year), date(year, month, day));
    }
}

#[test]
fn south_africa() {
    check("za", |year| {
        let mut days = fixed(
            year,
            &[
                (1, 1),
                (3, 21),
                (4, 27),
                (5, 1),
                (6, 16),
                (8, 9),
                (9, 24),
                (12, 16),
                (12, 25),
                (12, 26),
            ],
        );
        let moved: Vec<Date> = days
            .iter()
            .filter(|day| day.weekday() == Weekday::Sunday)
            .map(|day| day.tomorrow().unwrap())
            .collect();
        days.extend(moved);
        days.insert(easter(year).saturating_sub(2.days()));
        days.insert(easter(year).saturating_add(1.day()));
        days
    });
}

#[test]
fn what_europe_shares_and_france() {
    check("eu", |year| fixed(year, &[(1, 1), (12, 25)]));
    check("fr", |year| {
        let mut days = fixed(
            year,
            &[
                (1, 1),
                (5, 1),
                (5, 8),
                (7, 14),
                (8, 15),
                (11, 1),
                (11, 11),
                (12, 25),
            ],
        );
        days.extend([1, 39, 50].map(|after: i32| easter(year).saturating_add(after.days())));
        days
    });
}

#[test]
fn england_and_wales() {
    check("uk", |year| {
        let mut days = BTreeSet::from([
            easter(year).saturating_sub(2.days()),
            easter(year).saturating_add(1.day()),
            nth(year, 5, 1, Weekday::Monday),
            nth(year, 5, -1, Weekday::Monday),
            nth(year, 8, -1, Weekday::Monday),
        ]);
        days.insert(on_weekdays(date(year, 1, 1), &days));
        let christmas = [date(year, 12, 25), date(year, 12, 26)];
        let is_weekday = |day: &Date| on_weekdays(*day, &BTreeSet::new()) == *day;
        days.extend(christmas.iter().filter(|day| is_weekday(day)));
        for day in christmas.into_iter().filter(|day| !is_weekday(day)) {
            days.insert(on_weekdays(day, &days));
        }
        days
    });
}

#[test]
fn the_united_states_with_california() {
    check("us-ca", |year| {
        let mut days = BTreeSet::from([
            date(year, 3, 31),
            nth(year, 1, 3, Weekday::Monday),
            nth(year, 2, 3, Weekday::Monday),
            nth(year, 5, -1, Weekday::Monday),
            nth(year, 9, 1, Weekday::Monday),
            nth(year, 10, 2, Weekday::Monday),
            nth(year, 11, 4, Weekday::Thursday),
        ]);
        for on in [year, year + 1] {
            for day in fixed(on, &[(1, 1), (6, 19), (7, 4), (11, 11), (12, 25)]) {
                let observed = match day.weekday() {
                    Weekday::Saturday => day.yesterday().unwrap(),
                    Weekday::Sunday => day.tomorrow().unwrap(),
                    _ => day,
                };
                if observed.year() == year {
                    days.insert(observed);
                }
            }
        }
        days
    });
}

#[test]
fn brazil_and_canada() {
    check("br", |year| {
        let mut days = fixed(
            year,
            &[
                (1, 1),
                (4, 21),
                (5, 1),
                (9, 7),
                (10, 12),
                (11, 2),
                (11, 15),
                (11, 20),
                (12, 25),
            ],
        );
        days.insert(easter(year).saturating_sub(2.days()));
        days
    });
    check("ca", |year| {
        let mut days = BTreeSet::from([
            easter(year).saturating_sub(2.days()),
            nth(year, 9, 1, Weekday::Monday),
            nth(year, 10, 2, Weekday::Monday),
        ]);
        let mut victoria = date(year, 5, 24);
        while victoria.weekday() != Weekday::Monday {
            victoria = victoria.yesterday().unwrap();
        }
        days.insert(victoria);
        for day in fixed(
            year,
            &[(1, 1), (7, 1), (9, 30), (11, 11), (12, 25), (12, 26)],
        ) {
            days.insert(on_weekdays(day, &days));
        }
        days
    });
}
