//! Calls the organisation places: the gate, and what the person allowed.
//!
//! Meta wants a permission of its own before a business may call ("Obtain User Call Permissions" in
//! the Calling API): the person grants it for some days or for good, and may take it back. It comes
//! beside the consent the gate asks for, and stands in for none of it.

use crate::decision::Decision;
use crate::decision::Outcome;
use crate::decision::Reason;
use crate::gate;
use crate::gate::Facts;
use crate::gate::Judgement;
use crate::time::Timestamp;

/// What a person said last to being called by a number.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Permission {
    /// Whether it may call.
    pub granted: bool,
    /// When that ends by itself; never where there is nothing.
    pub expires: Option<Timestamp>,
}

impl Permission {
    /// Why this does not let the number call at `now`, if it does not.
    fn lacks(self, now: Timestamp) -> Option<Reason> {
        match self.expires {
            _ if !self.granted => Some(Reason::CallNotPermitted { ended: None }),
            Some(at) if at <= now => Some(Reason::CallNotPermitted { ended: Some(at) }),
            Some(_) | None => None,
        }
    }
}

/// Judges a call the organisation wants to place. All that stands against a message which the
/// organisation starts stands against a call; the speed of messages does not.
pub fn decide(facts: &Facts, permission: Option<Permission>, now: Timestamp) -> Judgement {
    let rested = Facts {
        pair: Timestamp::default(),
        throughput: Timestamp::default(),
        behind: None,
        ..facts.clone()
    };
    let Decision {
        mut outcome,
        purpose,
        mut basis,
        mut reasons,
    } = gate::decide(&rested, now).decision;
    let lacking = match permission {
        Some(permission) => permission.lacks(now),
        None => Some(Reason::CallNotPermitted { ended: None }),
    };
    if let Some(reason) = lacking {
        reasons.push(reason);
        outcome = Outcome::Refuse;
        basis = None;
    }
    Judgement {
        decision: Decision {
            outcome,
            purpose,
            basis,
            reasons,
        },
        pair: facts.pair,
        throughput: facts.throughput,
    }
}
