//! Rules of one pack that cannot both be meant.

use jiff::civil::Date;

use crate::fault::Fault;
use crate::fault::Problem;
use crate::kind::Value;
use crate::pack::Pack;
use crate::rule::Applies;
use crate::rule::Rule;
use crate::rule::Status;

/// Each pair of one kind and the same conditions that hold at the same time with different values.
pub(crate) fn faults(pack: &Pack) -> Vec<Fault> {
    let mut faults = Vec::new();
    for (place, rule) in pack.rules.iter().enumerate() {
        for earlier in pack.rules.iter().take(place) {
            let Some(on) = both(earlier, rule) else {
                continue;
            };
            let problem = Problem::Contradiction {
                other: earlier.id.to_string(),
                on,
            };
            let (file, line) = &rule.place;
            faults.push(Fault::new(file, *line, Some(rule.id.as_str()), problem));
        }
    }
    faults
}

/// The first day on which two rules contradict each other.
fn both(one: &Rule, other: &Rule) -> Option<Date> {
    let holds = |rule: &Rule| rule.enforced && rule.status != Status::Proposed;
    if one.kind != other.kind
        || !holds(one)
        || !holds(other)
        || conditions(&one.applies) != conditions(&other.applies)
        || (is_clock(&one.value) && one.regime != other.regime)
        || !collide(&one.value, &other.value)
    {
        return None;
    }
    let from = one.from.max(other.from);
    let ends = |rule: &Rule| rule.to.is_some_and(|to| to < from);
    (!ends(one) && !ends(other)).then_some(from)
}

/// Whether each law runs a clock of its own, so that two laws of a country may differ.
fn is_clock(value: &Value) -> bool {
    matches!(value, Value::Breach { .. } | Value::Deadline(_))
}

/// The conditions in an order of their own.
fn conditions(applies: &Applies) -> Applies {
    let mut applies = applies.clone();
    applies.residence.sort_unstable();
    applies.channel.sort_unstable();
    applies.data.sort_unstable();
    applies
}

/// Whether two values of one kind say different things of the same matter.
fn collide(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Data, Value::Data) => false,
        (Value::Breach { tell, .. }, Value::Breach { tell: also, .. }) if tell != also => false,
        (Value::Deadline(one), Value::Deadline(other)) => {
            let shared = one
                .requests
                .iter()
                .any(|kind| other.requests.contains(kind));
            one.stage == other.stage
                && shared
                && (&one.term, &one.extended) != (&other.term, &other.extended)
        }
        (
            Value::Notice {
                required,
                if_applicable,
            },
            Value::Notice {
                required: required_too,
                if_applicable: if_applicable_too,
            },
        ) => {
            required.iter().any(|one| if_applicable_too.contains(one))
                || if_applicable.iter().any(|one| required_too.contains(one))
        }
        (Value::Retention(one), Value::Retention(other)) => {
            one.what == other.what && one.sector == other.sector && one != other
        }
        (one, other) => one != other,
    }
}
