//! Step 6: when a promotion may arrive, how often, and whom it must not reach.

use jiff::civil::Date;
use jiff::tz::Offset;

use crate::decision::Reason;
use crate::gate::Facts;
use crate::law::Clock;
use crate::law::QuietHours;
use crate::law::Ruled;
use crate::law::Zone;
use crate::purpose::Purpose;
use crate::purpose::PurposeClass;
use crate::time::Span;
use crate::time::Timestamp;

#[cfg(test)]
mod plain;

/// How far ahead an open hour is looked for. Rules that leave none in so long leave none.
const HORIZON_DAYS: u32 = 30;

const DAY: i64 = 86_400;

/// What stands against a promotion now, or for good.
pub(super) fn timing(facts: &Facts, purpose: &Purpose, now: Timestamp) -> Vec<Reason> {
    let mut reasons = Vec::new();
    if purpose.class == PurposeClass::Promotional {
        reasons.extend(child(facts, now));
        reasons.extend(quiet(facts, purpose, now));
        reasons.extend(held_off(facts, now));
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

/// WhatsApp lets each person have only so much promotion, from all businesses together (error 131049).
/// Trying again before a day has passed reaches nobody, and counts against the number.
fn held_off(facts: &Facts, now: Timestamp) -> Option<Reason> {
    let until = facts.capped.filter(|until| now < *until)?;
    Some(Reason::HeldOff { until })
}

/// Quiet hours: in every zone the person may be in, every rule has to leave the hour open.
fn quiet(facts: &Facts, purpose: &Purpose, now: Timestamp) -> Option<Reason> {
    let rules: Vec<&Ruled<QuietHours>> = facts
        .rules
        .quiet
        .iter()
        .filter(|rule| !(purpose.terms.any_hour && rule.value.waivable))
        .collect();
    if rules.is_empty() {
        return None;
    }
    let clocks = clocks(facts, now);
    let shown: Vec<Local> = clocks.iter().map(|clock| Local::of(clock, now)).collect();
    let first = rules
        .iter()
        .find(|rule| shown.iter().any(|local| !open(&rule.value, *local)))?;
    Some(Reason::QuietHours {
        rule: first.rule.clone(),
        until: next_open(&rules, &clocks, now),
    })
}

/// The clocks a person may go by.
fn clocks(facts: &Facts, now: Timestamp) -> Vec<Clock<'_>> {
    match &facts.person.zone {
        Some(zone) => vec![Clock::of(zone, now)],
        // A rule without any zone to apply it in is applied by the clock everybody shares.
        None if facts.rules.zones.is_empty() => vec![Clock::UTC],
        None => distinct(&facts.rules.zones, now),
    }
}

/// The clocks of zones, each that shows something of its own once.
fn distinct(zones: &[Zone], now: Timestamp) -> Vec<Clock<'_>> {
    let mut clocks: Vec<Clock<'_>> = Vec::with_capacity(zones.len());
    for zone in zones {
        let clock = Clock::of(zone, now);
        if !clocks.iter().any(|known| known.shows_what(&clock)) {
            clocks.push(clock);
        }
    }
    clocks
}

/// The first instant from `now` on that every rule leaves open in every zone.
fn next_open(
    rules: &[&Ruled<QuietHours>],
    clocks: &[Clock<'_>],
    now: Timestamp,
) -> Option<Timestamp> {
    let end = now + Span::days(HORIZON_DAYS);
    let mut at = now;
    while at < end {
        let mut later = None;
        for clock in clocks {
            let local = Local::of(clock, at);
            for rule in rules.iter().filter(|rule| !open(&rule.value, local)) {
                later = later.max(Some(opens(&rule.value, clock, (at, local))?));
            }
        }
        match later {
            None => return Some(at),
            Some(later) => at = later.max(at + Span::seconds(1)),
        }
    }
    None
}

/// The first instant after `at` at which one rule opens by one clock.
fn opens(
    rule: &QuietHours,
    clock: &Clock<'_>,
    (at, mut local): (Timestamp, Local),
) -> Option<Timestamp> {
    for _ in 0..=HORIZON_DAYS {
        let mut tried = None;
        while let Some(from) = hours_of(rule, local)
            .map(|(from, _)| from)
            .filter(|from| tried.is_none_or(|tried| tried < *from))
            .min()
        {
            let instant = clock.instant(local.midnight + i64::from(from) * 60);
            if at < instant {
                return Some(instant);
            }
            tried = Some(from);
        }
        local = local.tomorrow()?;
    }
    None
}

/// A local date and minute.
#[derive(Clone, Copy)]
struct Local {
    /// The date.
    date: Date,
    /// The bit of its day of the week.
    day: u8,
    /// When it began: seconds since 1970 as if the clock showed UTC.
    midnight: i64,
    /// The minute of the day.
    minute: u16,
}

impl Local {
    /// What a clock shows at an instant.
    fn of(clock: &Clock<'_>, at: Timestamp) -> Self {
        let local = clock.local(at);
        let instant = jiff::Timestamp::from_second(local).unwrap_or_default();
        let date = Offset::UTC.to_datetime(instant).date();
        Self {
            date,
            day: bit(date),
            midnight: local - local.rem_euclid(DAY),
            minute: u16::try_from(local.rem_euclid(DAY) / 60).unwrap_or_default(),
        }
    }

    /// The next date, at the same minute.
    fn tomorrow(self) -> Option<Self> {
        let date = self.date.tomorrow().ok()?;
        Some(Self {
            date,
            day: bit(date),
            midnight: self.midnight + DAY,
            minute: self.minute,
        })
    }
}

fn bit(date: Date) -> u8 {
    1 << u8::try_from(date.weekday().to_monday_zero_offset()).unwrap_or_default()
}

/// Whether a rule leaves a local time open.
fn open(rule: &QuietHours, local: Local) -> bool {
    hours_of(rule, local).any(|(from, to)| from <= local.minute && local.minute < to)
}

/// The open hours of a date, as minutes of the day.
fn hours_of(rule: &QuietHours, local: Local) -> impl Iterator<Item = (u16, u16)> {
    let holiday = rule.holidays.binary_search(&local.date).is_ok();
    rule.open
        .iter()
        .filter(move |hours| !holiday && hours.days & local.day != 0)
        .map(|hours| (hours.from, hours.to))
}
