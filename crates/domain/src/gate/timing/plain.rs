//! Quiet hours once more the plain way: every rule asked in every zone of the time zone database
//! itself, an hour at a time. What the gate does must answer the same.

use jiff::civil::Date;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use proptest::collection::vec;
use proptest::prelude::ProptestConfig;
use proptest::prelude::Strategy;
use proptest::prelude::any;
use proptest::prop_assert_eq;
use proptest::proptest;
use proptest::sample::select;

use super::HORIZON_DAYS;
use crate::law::Clock;
use crate::law::Hours;
use crate::law::QuietHours;
use crate::law::RuleId;
use crate::law::Ruled;
use crate::law::Zone;
use crate::time::Span;
use crate::time::Timestamp;

/// Zones with every oddity: none, halves of an hour at a change, changes at midnight, a month
/// without, a day that was left out, and the ends of the earth.
const NAMES: [&str; 16] = [
    "UTC",
    "Africa/Casablanca",
    "Africa/Cairo",
    "Africa/Johannesburg",
    "America/Havana",
    "America/Los_Angeles",
    "America/New_York",
    "America/Sao_Paulo",
    "America/St_Johns",
    "Asia/Beirut",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "Europe/Berlin",
    "Europe/London",
    "Pacific/Apia",
    "Pacific/Kiritimati",
];

fn zone(name: &str) -> Zone {
    Zone::new(name.into(), TimeZone::get(name).unwrap())
}

fn rule() -> impl Strategy<Value = Ruled<QuietHours>> {
    let hours = (1_u8..128, 0_u16..1440, 1_u16..900).prop_map(|(days, from, length)| Hours {
        days,
        from,
        to: (from + length).min(1440),
    });
    let holidays = vec(0_i32..60, 0..12);
    (vec(hours, 1..3), holidays).prop_map(|(open, days)| {
        let first: Date = "2026-12-01".parse().unwrap();
        let mut holidays: Vec<Date> = days
            .into_iter()
            .map(|days| first + jiff::Span::new().days(days))
            .collect();
        holidays.sort_unstable();
        Ruled {
            rule: RuleId::new("xx/quiet-hours"),
            value: QuietHours {
                open,
                holidays: holidays.into(),
                waivable: false,
            },
        }
    })
}

/// Any second of the years whose offsets are worked out once, and of those around them.
fn instant() -> impl Strategy<Value = Timestamp> {
    let plain = 1_672_531_200_i64..2_240_611_200;
    // The weeks of autumn and spring in which clocks change.
    let turns = (0_i64..16, select(vec_of_turns()), 0_i64..14 * 86_400)
        .prop_map(|(year, turn, within)| turn + year * 31_556_952 + within);
    (any::<bool>(), plain, turns).prop_map(|(turns, plain, turn)| {
        Timestamp::from_micros(if turns { turn } else { plain } * 1_000_000 + 137)
    })
}

fn vec_of_turns() -> Vec<i64> {
    vec![1_709_700_000, 1_711_300_000, 1_729_500_000, 1_730_300_000]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3_000))]

    #[test]
    fn the_gate_answers_as_the_plain_way_does(
        rules in vec(rule(), 1..4),
        names in vec(select(NAMES.to_vec()), 1..6),
        now in instant(),
    ) {
        let zones: Vec<Zone> = names.into_iter().map(zone).collect();
        let rules: Vec<&Ruled<QuietHours>> = rules.iter().collect();
        let plain: Vec<&TimeZone> = zones.iter().map(|zone| &zone.zone).collect();
        let clocks = super::distinct(&zones, now);
        prop_assert_eq!(super::next_open(&rules, &clocks, now), next_open(&rules, &plain, now));
    }

    /// Clocks agree with the database minute by minute, there and back.
    #[test]
    fn clocks_show_what_the_database_says(name in select(NAMES.to_vec()), now in instant(), minutes in 0_i64..60 * 1440) {
        let zone = zone(name);
        let clock = Clock::of(&zone, now);
        let at = now + Span::micros(minutes * 60_000_000);
        let shown = at.civil(&zone.zone);
        let as_if_utc = Timestamp::from_civil(shown, &TimeZone::UTC).unwrap();
        prop_assert_eq!(clock.local(at), as_if_utc.seconds());
        // A local time that the clocks may have skipped or shown twice.
        let local = as_if_utc.seconds() - as_if_utc.seconds().rem_euclid(60) + 1_800;
        let civil = Timestamp::from_seconds(local).civil(&TimeZone::UTC);
        prop_assert_eq!(Some(clock.instant(local)), Timestamp::from_civil(civil, &zone.zone));
    }
}

#[test]
fn clocks_that_show_the_same_are_told_from_those_that_do_not() {
    let now: Timestamp = "2026-11-21T10:00:00Z".parse().unwrap();
    for (one, other, same) in [
        ("Africa/Johannesburg", "Africa/Maputo", true),
        ("Europe/Berlin", "Europe/Paris", true),
        ("Europe/Berlin", "Africa/Lagos", true),
        ("Europe/Berlin", "Europe/London", false),
        ("America/New_York", "America/Los_Angeles", false),
    ] {
        let (one, other) = (zone(one), zone(other));
        let (one, other) = (Clock::of(&one, now), Clock::of(&other, now));
        assert_eq!(one.shows_what(&other), same);
    }
    // Two months before the clocks of one go back they are no longer the same.
    let before: Timestamp = "2026-10-01T10:00:00Z".parse().unwrap();
    let (berlin, cairo) = (zone("Europe/Berlin"), zone("Africa/Johannesburg"));
    assert!(!Clock::of(&berlin, before).shows_what(&Clock::of(&cairo, before)));
}

/// The first instant from `now` on that every rule leaves open in every zone.
fn next_open(
    rules: &[&Ruled<QuietHours>],
    zones: &[&TimeZone],
    now: Timestamp,
) -> Option<Timestamp> {
    let end = now + Span::days(HORIZON_DAYS);
    let mut at = now;
    while at < end {
        let waits = rules
            .iter()
            .flat_map(|rule| zones.iter().map(move |zone| (&rule.value, *zone)))
            .filter(|(rule, zone)| !open(rule, at.civil(zone)));
        match waits
            .map(|(rule, zone)| opens(rule, zone, at))
            .reduce(|a, b| a.zip(b).map(|(a, b)| a.max(b)))
        {
            None => return Some(at),
            Some(None) => return None,
            Some(Some(later)) => at = later.max(at + Span::seconds(1)),
        }
    }
    None
}

/// The first instant after `at` at which one rule opens in one zone.
fn opens(rule: &QuietHours, zone: &TimeZone, at: Timestamp) -> Option<Timestamp> {
    let local = at.civil(zone);
    let mut date = local.date();
    for _ in 0..=HORIZON_DAYS {
        let mut starts: Vec<u16> = hours_of(rule, date).map(|(from, _)| from).collect();
        starts.sort_unstable();
        for from in starts {
            let clock = date.at(0, 0, 0, 0).checked_add(minutes(from)).ok()?;
            if let Some(instant) = Timestamp::from_civil(clock, zone)
                && at < instant
            {
                return Some(instant);
            }
        }
        date = date.tomorrow().ok()?;
    }
    None
}

fn minutes(count: u16) -> jiff::Span {
    jiff::Span::new().minutes(i64::from(count))
}

/// Whether a rule leaves a local time open.
fn open(rule: &QuietHours, local: DateTime) -> bool {
    let minute = u16::try_from(local.hour()).unwrap_or_default() * 60
        + u16::try_from(local.minute()).unwrap_or_default();
    hours_of(rule, local.date()).any(|(from, to)| from <= minute && minute < to)
}

/// The open hours of a date, as minutes of the day.
fn hours_of(rule: &QuietHours, date: Date) -> impl Iterator<Item = (u16, u16)> {
    let holiday = rule.holidays.contains(&date);
    let day = 1_u8 << u8::try_from(date.weekday().to_monday_zero_offset()).unwrap_or_default();
    rule.open
        .iter()
        .filter(move |hours| !holiday && hours.days & day != 0)
        .map(|hours| (hours.from, hours.to))
}
