//! What one rulebook would change of another.

use std::collections::BTreeMap;

use domain::time::Timestamp;
use jiff::civil::Date;

use crate::deadline::local_date;
use crate::pack::Pack;
use crate::rule::Rule;
use crate::rule::State;
use crate::rulebook::Rulebook;

/// One difference.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Change {
    /// The id of the rule.
    pub rule: String,
    /// What happens to it.
    pub what: What,
    /// Whether it was acted on, or why not.
    pub before: Option<State>,
    /// Whether it will be.
    pub after: Option<State>,
    /// The first day on which somebody could tell the difference; `None` if it is at once.
    pub takes_effect: Option<Date>,
}

/// What happens to a rule.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum What {
    /// It is new.
    Added,
    /// These of its members change; none if only what is done with it does.
    Changed(Vec<&'static str>),
    /// It goes.
    Removed,
}

/// What `new` would change of `old`, as of an instant, in the order of the ids.
pub fn diff(old: &Rulebook, new: &Rulebook, at: Timestamp) -> Vec<Change> {
    let (before, after) = (all(old), all(new));
    let mut changes = Vec::new();
    for (id, (pack, rule)) in &after {
        let state = new.state(pack, rule, at);
        let ahead = Some(rule.from).filter(|from| local_date(at, &pack.zone.zone) < *from);
        let Some((old_pack, known)) = before.get(id) else {
            changes.push(Change {
                rule: (*id).to_owned(),
                what: What::Added,
                before: None,
                after: Some(state),
                takes_effect: ahead,
            });
            continue;
        };
        let members = members(known, rule);
        let was = old.state(old_pack, known, at);
        if members.is_empty() && was == state {
            continue;
        }
        // What was acted on and no longer is goes at once, whatever comes in its place.
        let takes_effect = ahead.filter(|_| was != State::Enforced);
        changes.push(Change {
            rule: (*id).to_owned(),
            what: What::Changed(members),
            before: Some(was),
            after: Some(state),
            takes_effect,
        });
    }
    for (id, (pack, rule)) in before {
        if !after.contains_key(id) {
            changes.push(Change {
                rule: id.to_owned(),
                what: What::Removed,
                before: Some(old.state(pack, rule, at)),
                after: None,
                takes_effect: None,
            });
        }
    }
    changes.sort_by(|one, other| one.rule.cmp(&other.rule));
    changes
}

fn all(book: &Rulebook) -> BTreeMap<&str, (&Pack, &Rule)> {
    let mut all = BTreeMap::new();
    for pack in book.packs() {
        for rule in &pack.rules {
            all.insert(rule.id.as_str(), (pack, rule));
        }
    }
    all
}

/// The members in which two rules differ. Where they stand in their files does not count.
fn members(one: &Rule, other: &Rule) -> Vec<&'static str> {
    let differs = [
        ("regime", one.regime != other.regime),
        ("provision", one.provision != other.provision),
        ("text", one.text != other.text),
        ("applies_if", one.applies != other.applies),
        ("value", one.value != other.value),
        (
            "clock",
            (one.clock_start, &one.clock_pause_on) != (other.clock_start, &other.clock_pause_on),
        ),
        ("effective_from", one.from != other.from),
        ("effective_to", one.to != other.to),
        ("status", one.status != other.status),
        ("strength", one.strength != other.strength),
        ("confidence", one.confidence != other.confidence),
        ("source_ref", one.source != other.source),
        ("last_reviewed", one.last_reviewed != other.last_reviewed),
        ("reviewer", one.reviewer != other.reviewer),
        ("enforced", one.enforced != other.enforced),
    ];
    let differing = differs.into_iter().filter(|(_, differs)| *differs);
    differing.map(|(member, _)| member).collect()
}
