//! Step 6: when a promotion may arrive, how often, and whom it must not reach.

use jiff::civil::Date;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use crate::decision::Reason;
use crate::gate::Facts;
use crate::law::QuietHours;
use crate::law::Ruled;
use crate::purpose::Purpose;
use crate::purpose::PurposeClass;
use crate::time::Span;
use crate::time::Timestamp;

/// How far ahead an open hour is looked for. Rules that leave none in so long leave none.
const HORIZON_DAYS: u32 = 30;

static UTC: TimeZone = TimeZone::UTC;

/// What stands against a promotion now, or for good.
pub(super) fn timing(facts: &Facts, purpose: &Purpose, now: Timestamp) -> Vec<Reason> {
    let mut reasons = Vec::new();
    if purpose.class == PurposeClass::Promotional {
        reasons.extend(child(facts, now));
        reasons.extend(quiet(facts, purpose, now));
    }
    reasons.extend(cap(facts, purpose, now));
    reasons
}

/// Promotion does not reach children. The highest age of all jurisdictions holds.
fn child(facts: &Facts, now: Timestamp) -> Option<Reason> {
    let strictest = facts.rules.ages.iter().max_by_key(|rule| rule.value)?;
    facts
        .person
        .age
        .may_be_under(strictest.value, now)
        .then(|| Reason::Child {
            rule: strictest.rule.clone(),
        })
}

/// The cap of a purpose: the message may leave once the oldest that still counts has aged out.
fn cap(facts: &Facts, purpose: &Purpose, now: Timestamp) -> Option<Reason> {
    let cap = purpose.terms.cap?;
    let within = Span::days(cap.days);
    let mut counted: Vec<Timestamp> = facts
        .sent
        .iter()
        .copied()
        .filter(|at| now < *at + within)
        .collect();
    counted.sort_unstable_by(|a, b| b.cmp(a));
    let last = usize::try_from(cap.count).ok()?.checked_sub(1);
    let until = match last {
        // A cap of nothing is a stop that nobody can wait for.
        None => now + within,
        Some(last) => *counted.get(last)? + within,
    };
    Some(Reason::CapReached {
        count: cap.count,
        days: cap.days,
        until,
    })
}

/// Quiet hours: in every zone the person may be in, every rule has to leave the hour open.
fn quiet(facts: &Facts, purpose: &Purpose, now: Timestamp) -> Option<Reason> {
    let rules: Vec<&Ruled<QuietHours>> = facts
        .rules
        .quiet
        .iter()
        .filter(|rule| !(purpose.terms.any_hour && rule.value.waivable))
        .collect();
    let zones: Vec<&TimeZone> = match &facts.person.zone {
        Some(zone) => vec![&zone.zone],
        None => facts.rules.zones.iter().map(|zone| &zone.zone).collect(),
    };
    // A rule without any zone to apply it in is applied by the clock everybody shares.
    let zones = if zones.is_empty() { vec![&UTC] } else { zones };
    let closed = |at: Timestamp| {
        rules
            .iter()
            .find(|rule| zones.iter().any(|zone| !open(&rule.value, at.civil(zone))))
    };
    let first = closed(now)?;
    Some(Reason::QuietHours {
        rule: first.rule.clone(),
        until: next_open(&rules, &zones, now),
    })
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
