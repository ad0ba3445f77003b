//! Terms as law counts them.

use std::sync::LazyLock;

use domain::law::Law as _;
use domain::request::Clock;
use domain::request::RequestKind;
use domain::time::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use proptest::prelude::*;
use rulebook::HolidaySet;
use rulebook::RequestClock;
use rulebook::Rulebook;
use rulebook::deadline::Roll;
use rulebook::deadline::Term;
use rulebook::deadline::Unit;
use rulebook::deadline::due;

static BOOK: LazyLock<Rulebook> = LazyLock::new(|| Rulebook::builtin("ZA").unwrap());

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn zone(name: &str) -> TimeZone {
    BOOK.zone(name).unwrap().zone
}

fn set(id: &str) -> &'static HolidaySet {
    BOOK.holiday_set(id).unwrap()
}

fn term(amount: u16, unit: Unit, roll: Roll) -> Term {
    Term {
        amount,
        unit,
        roll,
        holidays: None,
    }
}

fn date_of(
    start: &str,
    amount: u16,
    (unit, roll): (Unit, Roll),
    set_id: &str,
    at_zone: &str,
) -> Date {
    let start = at(&format!("{start}T10:00:00Z"));
    let due = due(
        start,
        &term(amount, unit, roll),
        &zone(at_zone),
        Some(set(set_id)),
        0,
    );
    assert!(due.certain, "{start}");
    due.date
}

const MONTH: (Unit, Roll) = (Unit::Month, Roll::WorkingDay);
const POPIA: (Unit, Roll) = (Unit::Day, Roll::SundayOrHoliday);
const BUSINESS: (Unit, Roll) = (Unit::BusinessDay, Roll::None);
const DAYS: (Unit, Roll) = (Unit::Day, Roll::None);

#[test]
fn the_calendar_of_the_law() {
    let brussels = "Europe/Brussels";
    let cape = "Africa/Johannesburg";
    let la = "America/Los_Angeles";
    for (start, amount, how, set, zone, wanted) in [
        ("2027-01-31", 1, MONTH, "eu", brussels, "2027-03-01"),
        ("2027-01-31", 3, MONTH, "eu", brussels, "2027-04-30"),
        ("2026-11-21", 1, MONTH, "eu", brussels, "2026-12-21"),
        ("2026-11-21", 3, MONTH, "eu", brussels, "2027-02-22"),
        ("2026-11-25", 1, MONTH, "eu", brussels, "2026-12-28"),
        ("2028-01-31", 1, MONTH, "eu", brussels, "2028-02-29"),
        ("2026-11-16", 30, POPIA, "za", cape, "2026-12-17"),
        ("2026-11-26", 30, POPIA, "za", cape, "2026-12-28"),
        ("2027-02-19", 30, POPIA, "za", cape, "2027-03-23"),
        ("2026-10-15", 30, POPIA, "za", cape, "2026-11-14"),
        ("2026-11-20", 10, BUSINESS, "us-ca", la, "2026-12-07"),
        ("2026-11-20", 15, BUSINESS, "us-ca", la, "2026-12-14"),
        ("2026-11-20", 45, DAYS, "us-ca", la, "2027-01-04"),
        ("2026-11-20", 90, DAYS, "us-ca", la, "2027-02-18"),
        (
            "2026-11-19",
            3,
            BUSINESS,
            "br",
            "America/Sao_Paulo",
            "2026-11-25",
        ),
        (
            "2026-12-18",
            10,
            BUSINESS,
            "ca",
            "America/Toronto",
            "2027-01-06",
        ),
    ] {
        assert_eq!(
            date_of(start, amount, how, set, zone).to_string(),
            wanted,
            "{start} {amount}"
        );
    }
}

#[test]
fn hours_count_through_the_weekend() {
    let start = at("2026-11-20T16:37:00Z");
    let hours = term(72, Unit::Hour, Roll::None);
    let due = due(start, &hours, &zone("Europe/Brussels"), None, 0);
    assert_eq!(due.at, at("2026-11-23T16:37:00Z"));
    assert_eq!(due.date.to_string(), "2026-11-23");
}

#[test]
fn a_day_ends_where_the_authority_is() {
    // In Los Angeles it is still the 19th, so the 45 days end on 3 January there.
    let start = at("2026-11-20T05:00:00Z");
    let days = term(45, Unit::Day, Roll::None);
    let there = due(start, &days, &zone("America/Los_Angeles"), None, 0);
    assert_eq!(there.date.to_string(), "2027-01-03");
    assert_eq!(there.at, at("2027-01-04T08:00:00Z"));
    let here = due(start, &days, &zone("Africa/Johannesburg"), None, 0);
    assert_eq!(here.date.to_string(), "2027-01-04");
    assert_eq!(here.at, at("2027-01-04T22:00:00Z"));
    // The day on which clocks change is 25 hours long.
    let change = term(1, Unit::Day, Roll::None);
    let long = due(
        at("2026-10-24T10:00:00Z"),
        &change,
        &zone("Europe/Berlin"),
        None,
        0,
    );
    assert_eq!(long.at, at("2026-10-25T23:00:00Z"));
}

#[test]
fn where_no_holidays_are_known_none_is_skipped() {
    // 25 December 2029 is a Tuesday; nothing says that it is a holiday.
    let start = at("2029-11-25T10:00:00Z");
    let month = term(1, Unit::Month, Roll::WorkingDay);
    let due = due(start, &month, &zone("Europe/Brussels"), Some(set("eu")), 0);
    assert_eq!(due.date.to_string(), "2029-12-25");
    assert!(!due.certain);
}

/// What a request is due by: regime, then acknowledgement, end and extended end, as dates.
fn told(request: RequestKind, jurisdictions: &[&str], clock: Clock) -> Vec<String> {
    let date = |due: &Option<rulebook::DueBy>| match due {
        Some(due) => due.date.to_string(),
        None => "-".to_owned(),
    };
    let line = |one: &RequestClock| {
        format!(
            "{} {} {} {}",
            one.regime,
            date(&one.acknowledge),
            date(&one.complete),
            date(&one.extended)
        )
    };
    BOOK.deadlines(request, jurisdictions, clock)
        .iter()
        .map(line)
        .collect()
}

/// A request, jurisdictions, the day it came in, and the clocks.
type Request = (
    RequestKind,
    &'static [&'static str],
    &'static str,
    &'static [&'static str],
);

const REQUESTS: &[Request] = &[
    (
        RequestKind::Access,
        &["DE"],
        "2026-11-21",
        &["GDPR - 2026-12-21 2027-02-22"],
    ),
    (
        RequestKind::Access,
        &["eu"],
        "2027-01-31",
        &["GDPR - 2027-03-01 2027-04-30"],
    ),
    (
        RequestKind::Access,
        &["ZA"],
        "2026-11-16",
        &["PAIA - 2026-12-17 2027-01-15"],
    ),
    // The deadline of Regulation 3 waits for review: until then the default pack's holds.
    (
        RequestKind::Deletion,
        &["ZA"],
        "2026-11-16",
        &["Default - 2026-12-16 -"],
    ),
    (
        RequestKind::Access,
        &["US-CA"],
        "2026-11-20",
        &["CCPA 2026-12-07 2027-01-04 2027-02-18"],
    ),
    (
        RequestKind::OptOut,
        &["US-CA"],
        "2026-11-20",
        &["CCPA - 2026-12-14 -"],
    ),
    (
        RequestKind::Complaint,
        &["GB"],
        "2026-11-20",
        &["DPA 2018 2026-12-20 - -", "Default - 2026-12-20 -"],
    ),
    (
        RequestKind::Access,
        &["GB"],
        "2026-01-10",
        &["UK GDPR - 2026-02-10 2026-04-10"],
    ),
    (
        RequestKind::Access,
        &["BR"],
        "2026-11-20",
        &["Default - 2026-12-20 -"],
    ),
    (
        RequestKind::Access,
        &["XX"],
        "2026-11-20",
        &["Default - 2026-12-20 -"],
    ),
    (
        RequestKind::Access,
        &[],
        "2026-11-20",
        &["Default - 2026-12-20 -"],
    ),
    (
        RequestKind::Access,
        &["ZA", "DE", "FR"],
        "2026-11-21",
        &[
            "GDPR - 2026-12-21 2027-02-22",
            "PAIA - 2026-12-21 2027-01-20",
        ],
    ),
];

#[test]
fn requests_by_jurisdiction() {
    for (request, places, start, wanted) in REQUESTS {
        let clock = Clock::from(at(&format!("{start}T10:00:00Z")));
        assert_eq!(
            told(*request, places, clock),
            *wanted,
            "{request:?} {places:?}"
        );
    }
}

#[test]
fn some_clocks_stand_still() {
    let clock = Clock {
        received_at: at("2026-11-02T10:00:00Z"),
        complete_at: Some(at("2026-11-05T10:00:00Z")),
        paused_days: 4,
    };
    // The United Kingdom counts from the proof of identity and stops for questions; nobody else does.
    assert_eq!(
        told(RequestKind::Access, &["GB"], clock),
        ["UK GDPR - 2026-12-09 2027-02-09"]
    );
    assert_eq!(
        told(RequestKind::Access, &["DE"], clock),
        ["GDPR - 2026-12-02 2027-02-02"]
    );
}

fn units() -> impl Strategy<Value = Unit> {
    prop_oneof![
        Just(Unit::BusinessDay),
        Just(Unit::Day),
        Just(Unit::Hour),
        Just(Unit::Month)
    ]
}

fn rolls() -> impl Strategy<Value = Roll> {
    prop_oneof![
        Just(Roll::None),
        Just(Roll::SundayOrHoliday),
        Just(Roll::WorkingDay)
    ]
}

fn zones() -> impl Strategy<Value = &'static str> {
    prop_oneof![
        Just("Africa/Johannesburg"),
        Just("America/Los_Angeles"),
        Just("Asia/Kolkata"),
        Just("Europe/London"),
        Just("UTC")
    ]
}

proptest! {
    /// From 2024 to 2030, so that the ends of the calendars are crossed, too.
    #[test]
    fn deadlines_keep_their_order(
        seconds in 1_704_067_200_i64..1_893_456_000,
        later in 0_i64..200_000,
        amount in 0_u16..100,
        more in 0_u16..60,
        paused in 0_u16..10,
        (unit, roll) in (units(), rolls()),
        name in zones(),
        calendar in prop_oneof![Just("za"), Just("uk"), Just("us-ca")],
    ) {
        let (zone, holidays) = (zone(name), Some(set(calendar)));
        let start = Timestamp::from_seconds(seconds);
        let short = term(amount, unit, roll);
        let first = due(start, &short, &zone, holidays, 0);
        prop_assert!(start <= first.at);
        let next = due(Timestamp::from_seconds(seconds + later), &short, &zone, holidays, 0);
        prop_assert!(first.at <= next.at && first.date <= next.date);
        let extended = due(start, &term(amount + more, unit, roll), &zone, holidays, 0);
        prop_assert!(first.at <= extended.at);
        let stopped = due(start, &short, &zone, holidays, paused);
        prop_assert!(first.at <= stopped.at);
        if unit != Unit::Hour && roll == Roll::WorkingDay {
            let day = first.date.weekday().to_monday_one_offset();
            prop_assert!(day <= 5 && !set(calendar).contains(first.date));
        }
    }

    #[test]
    fn any_instant_has_deadlines(micros in any::<i64>(), amount in any::<u16>(), unit in units(), roll in rolls()) {
        let start = Timestamp::from_micros(micros);
        let amount = if unit == Unit::BusinessDay { amount % 400 } else { amount };
        let due = due(start, &term(amount, unit, roll), &zone("Europe/London"), Some(set("uk")), 0);
        prop_assert!(start <= due.at);
    }
}
