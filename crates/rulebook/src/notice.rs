//! What a notice has to tell, by jurisdiction.

use std::collections::BTreeMap;

use domain::law::RuleId;
use domain::time::Timestamp;

use crate::kind::Element;
use crate::kind::Value;
use crate::rule::State;
use crate::rulebook::Rulebook;

/// How much an element is needed.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Need {
    /// If what it tells of is the case.
    IfApplicable,
    /// Always.
    Required,
}

/// An element that a notice has to have, and which rules say so.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct NoticeElement {
    /// Which.
    pub element: Element,
    /// How much it is needed: the strictest of the rules counts.
    pub need: Need,
    /// The rules that ask for it.
    pub rules: Vec<RuleId>,
}

impl Rulebook {
    /// What a notice has to tell where any of these jurisdictions may hold, given as places (those of
    /// [`domain::law::Rules::jurisdictions`]) or as ids of packs; in the order of the elements.
    pub fn notice_elements(&self, jurisdictions: &[&str], at: Timestamp) -> Vec<NoticeElement> {
        let mut all: BTreeMap<Element, (Need, Vec<RuleId>)> = BTreeMap::new();
        for pack in self.packs_of(jurisdictions, at) {
            for rule in &pack.rules {
                let Value::Notice {
                    required,
                    if_applicable,
                } = &rule.value
                else {
                    continue;
                };
                if self.state(pack, rule, at) != State::Enforced {
                    continue;
                }
                let required = required.iter().map(|one| (*one, Need::Required));
                let if_applicable = if_applicable.iter().map(|one| (*one, Need::IfApplicable));
                for (element, need) in required.chain(if_applicable) {
                    let known = all.entry(element).or_insert((need, Vec::new()));
                    known.0 = known.0.max(need);
                    known.1.push(rule.id.clone());
                }
            }
        }
        all.into_iter()
            .map(|(element, (need, rules))| NoticeElement {
                element,
                need,
                rules,
            })
            .collect()
    }
}
