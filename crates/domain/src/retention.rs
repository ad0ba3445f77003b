//! How long what is kept: the schedule, what a law orders, and which of the two goes first.
//!
//! One *copy* is what one purpose has of a person in one record class. Over each of them the same
//! questions are asked in the same order: does a hold keep it; does a rule order to keep it; did the
//! person have it erased; has it reached its longest time. The first yes decides.

mod arbitrate;
mod schedule;

use jiff::ToSpan as _;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::ids::HoldId;
use crate::law::RuleId;
use crate::record_class::RecordClass;
use crate::record_class::RecordClasses;
use crate::time::Timestamp;

pub use self::arbitrate::Asked;
pub use self::arbitrate::Claims;
pub use self::arbitrate::arbitrate;
pub use self::arbitrate::decide;
pub use self::schedule::Action;
pub use self::schedule::DEFAULTS;
pub use self::schedule::Proposed;
pub use self::schedule::Scope;
pub use self::schedule::Starts;
pub use self::schedule::Term;
pub use self::schedule::TermFault;
pub use self::schedule::term;

/// What is held of a person in a record class: the span of time its content is from.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Copy {
    /// The class.
    pub class: RecordClass,
    /// The oldest.
    pub from: Timestamp,
    /// The newest.
    pub until: Timestamp,
}

/// A hold in force that covers a class of a person's records.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Held {
    /// The class.
    pub class: RecordClass,
    /// The hold.
    pub hold: HoldId,
}

/// A rule by which something has to be kept, reckoned for one person's records of a class.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Minimum {
    /// The class.
    pub class: RecordClass,
    /// The rule.
    pub rule: RuleId,
    /// Until when.
    pub until: Timestamp,
    /// What kind of duty it is.
    pub duty: Duty,
    /// The law it belongs to, such as `FAIS`; empty for a rule of the controller's own.
    pub regime: String,
}

/// What kind of duty it is to keep something.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Duty {
    /// A law that binds the controller where it may also go before the person's right to erasure.
    Statute,
    /// A law of a state that the person's own law does not let go before the right to erasure (Art
    /// 17(3)(b) GDPR speaks of Union and member state law only).
    Foreign,
    /// Proof that is needed as long as somebody may claim something (Art 17(3)(e) GDPR).
    Proof,
}

/// A longest time that something may be kept, reckoned for one person's records of a class.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Maximum {
    /// The class.
    pub class: RecordClass,
    /// The rule, or the code of the entry of the schedule.
    pub rule: RuleId,
    /// When it is reached.
    pub at: Timestamp,
    /// The law it belongs to; empty for a rule of the controller's own.
    pub regime: String,
}

/// Why something is kept though its time is over or its erasure was asked for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Keep {
    /// A legal hold covers it.
    Hold(HoldId),
    /// A law orders it.
    Minimum {
        /// The rule.
        rule: RuleId,
        /// Until when.
        until: Timestamp,
    },
    /// It proves something that may be disputed.
    Proof {
        /// The rule.
        rule: RuleId,
        /// Until when.
        until: Timestamp,
    },
    /// The law of another state orders it, which alone does not carry: somebody has to weigh it.
    Foreign {
        /// The rule.
        rule: RuleId,
        /// Until when.
        until: Timestamp,
    },
}

impl Keep {
    /// Until when it holds; a hold has no end of its own.
    pub const fn until(&self) -> Option<Timestamp> {
        match self {
            Self::Hold(_) => None,
            Self::Foreign { until, .. }
            | Self::Minimum { until, .. }
            | Self::Proof { until, .. } => Some(*until),
        }
    }

    /// The rule, as it is stored with what was kept.
    pub fn rule(&self) -> &str {
        match self {
            Self::Hold(_) => "hold",
            Self::Foreign { rule, .. } | Self::Minimum { rule, .. } | Self::Proof { rule, .. } => {
                rule.as_str()
            }
        }
    }

    /// The hold, if it is one.
    pub const fn hold(&self) -> Option<HoldId> {
        match self {
            Self::Hold(hold) => Some(*hold),
            Self::Foreign { .. } | Self::Minimum { .. } | Self::Proof { .. } => None,
        }
    }
}

/// A class that stays, and why.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Kept {
    /// The class.
    pub class: RecordClass,
    /// Why.
    pub why: Keep,
}

/// What becomes of a copy.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Fate {
    /// It goes.
    Erase,
    /// It stays, restricted to what keeps it.
    Keep(Vec<Keep>),
    /// It stays, restricted, and somebody answerable has to decide: laws contradict each other, or only
    /// the law of another state keeps it. It never goes by itself.
    Escalate(Vec<Keep>),
    /// Nothing asks for its end yet.
    Stay,
}

impl Fate {
    /// Why it stays, if something keeps it.
    pub fn kept(&self) -> &[Keep] {
        match self {
            Self::Escalate(why) | Self::Keep(why) => why,
            Self::Erase | Self::Stay => &[],
        }
    }
}

/// A rule of a pack that orders to keep something, or not to keep it for longer.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Keeping {
    /// Which classes.
    pub classes: RecordClasses,
    /// How long.
    pub period: Period,
    /// From when on it is counted.
    pub starts: Starts,
    /// What kind of duty it is to the person the rules were compiled for.
    pub duty: Duty,
    /// The law it belongs to.
    pub regime: String,
}

/// A length of time as laws on records count it.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Period {
    /// Calendar months.
    pub months: u16,
    /// Days beside them.
    pub days: u16,
    /// Whether it runs on to the end of the calendar year in which it would end.
    pub to_year_end: bool,
}

impl Period {
    /// When it ends if it begins at an instant, by the UTC calendar. A month ends on the day of the
    /// same number, or on the last day of a month that has none. Out of the calendar's range, it never
    /// ends.
    pub fn after(self, start: Timestamp) -> Timestamp {
        let never = Timestamp::from_micros(i64::MAX);
        let begun = start.civil(&TimeZone::UTC);
        let months = i32::from(self.months).months().days(i32::from(self.days));
        let Ok(end) = begun.checked_add(months) else {
            return never;
        };
        let end = if self.to_year_end {
            let Some(next) = end.year().checked_add(1) else {
                return never;
            };
            let Ok(new_year) = Date::new(next, 1, 1) else {
                return never;
            };
            new_year.at(0, 0, 0, 0)
        } else {
            end
        };
        Timestamp::from_civil(end, &TimeZone::UTC).unwrap_or(never)
    }
}

#[cfg(test)]
mod tests {
    use super::Period;
    use crate::time::Timestamp;

    #[test]
    fn periods_end_by_the_calendar() {
        for (months, days, to_year_end, from, to) in [
            (36, 0, false, "2026-11-22T10:00:00Z", "2029-11-22T10:00:00Z"),
            (1, 0, false, "2026-01-31T00:00:00Z", "2026-02-28T00:00:00Z"),
            (12, 0, false, "2024-02-29T00:00:00Z", "2025-02-28T00:00:00Z"),
            (0, 30, false, "2026-01-31T00:00:00Z", "2026-03-02T00:00:00Z"),
            (36, 0, true, "2026-11-22T10:00:00Z", "2030-01-01T00:00:00Z"),
            (0, 0, false, "2026-11-22T10:00:00Z", "2026-11-22T10:00:00Z"),
        ] {
            let period = Period {
                months,
                days,
                to_year_end,
            };
            let from: Timestamp = from.parse().unwrap();
            assert_eq!(period.after(from), to.parse().unwrap(), "{period:?}");
        }
        let never = Timestamp::from_micros(i64::MAX);
        let long = Period {
            months: u16::MAX,
            days: 0,
            to_year_end: true,
        };
        let late: Timestamp = "9990-01-01T00:00:00Z".parse().unwrap();
        assert_eq!(long.after(late), never);
    }
}
