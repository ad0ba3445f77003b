//! Why which rules hold for whom.

use std::sync::Arc;

use domain::law::Confidence;
use domain::law::Evidence;
use domain::law::Law as _;
use domain::law::Rules;
use domain::time::Timestamp;

use crate::pack::Pack;
use crate::resolve::Found;
use crate::resolve::Joins;
use crate::resolve::Why;
use crate::rule::Rule;
use crate::rule::State;
use crate::rulebook::Rulebook;
use crate::strictest;

/// What holds for a person, and why.
#[derive(Clone, Debug)]
pub struct Explained<'a> {
    /// Where the person may be and where the controller is, how surely, and what says so.
    pub places: Vec<(Arc<str>, Confidence, Why)>,
    /// The packs that hold, and why each does.
    pub packs: Vec<(&'a Pack, Vec<Joins>)>,
    /// Their rules that hold now, and those that would if somebody accepted them.
    pub rules: Vec<ExplainedRule<'a>>,
    /// The same as the gate sees it.
    pub compiled: Arc<Rules>,
}

/// One rule that holds, or waits.
#[derive(Clone, Copy, Debug)]
pub struct ExplainedRule<'a> {
    /// The rule.
    pub rule: &'a Rule,
    /// Whether it is acted on, or only waits.
    pub state: State,
    /// Whether it decides among those of its kind.
    pub decides: bool,
}

impl Rulebook {
    /// What holds for whoever this evidence is about, and why.
    pub fn explain(&self, evidence: &Evidence, at: Timestamp) -> Explained<'_> {
        let found = self.resolve(evidence);
        let compiled = self.rules(evidence, at);
        let deciding = strictest::deciding(&compiled);
        let mut packs = Vec::new();
        let mut rules = Vec::new();
        for chosen in self.choose(&found, at) {
            let case = self.case(&chosen, None);
            for rule in &chosen.pack.rules {
                let state = self.state(chosen.pack, rule, at);
                if matches!(state, State::Enforced | State::Waits) && case.may(&rule.applies) {
                    rules.push(ExplainedRule {
                        rule,
                        state,
                        decides: deciding.contains(&rule.id),
                    });
                }
            }
            packs.push((chosen.pack, chosen.joins));
        }
        let place = |one: &Found| (self.places.code(one.place), one.confidence, one.why);
        Explained {
            places: found.iter().map(place).collect(),
            packs,
            rules,
            compiled,
        }
    }
}
