//! How sure one has to be who asks.
//!
//! Whoever controls the chat may have what was said in it; more is asked for only where a mistake would
//! cost more (GDPR Art 12(6) and recital 64, EDPB Guidelines 01/2022 section 3.3, 11 CCR 7060 to 7062).
//! Nobody is ever asked for a copy of an identity document.

use super::Assurance;
use super::RequestKind;
use crate::time::Span;

/// A number or BSUID that changed so recently may be in somebody else's hands.
pub const RECENT_CHANGE: Span = Span::days(30);

/// Data from before that are more than a chat shows at a glance.
pub const OLD: Span = Span::days(730);

/// What makes a mistake about who asks cost more.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Risk {
    /// The number or BSUID changed within [`RECENT_CHANGE`].
    pub recent_change: bool,
    /// There are data older than [`OLD`].
    pub old: bool,
    /// There are data for a purpose of a special category.
    pub special: bool,
}

/// How sure one has to be before a request of this kind is fulfilled.
pub const fn wanted(kind: RequestKind, risk: Risk) -> Assurance {
    match kind {
        // Who only wants less to happen proves nothing (11 CCR 7060(b)).
        RequestKind::Complaint
        | RequestKind::Objection
        | RequestKind::OptOut
        | RequestKind::Withdrawal => Assurance::Claimed,
        RequestKind::Restriction => Assurance::Channel,
        RequestKind::Correction | RequestKind::Deletion => {
            if risk.recent_change {
                Assurance::SecondChannel
            } else {
                Assurance::Channel
            }
        }
        RequestKind::Access | RequestKind::Portability => {
            if risk.recent_change || risk.old || risk.special {
                Assurance::SecondChannel
            } else {
                Assurance::Channel
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Assurance;
    use super::RequestKind;
    use super::Risk;
    use super::wanted;

    fn check(kind: RequestKind, risk: Risk, assurance: Assurance) {
        assert_eq!(wanted(kind, risk), assurance, "{kind:?} {risk:?}");
    }

    #[test]
    fn more_is_asked_only_where_a_mistake_costs_more() {
        let calm = Risk::default();
        let moved = Risk {
            recent_change: true,
            ..calm
        };
        let old = Risk { old: true, ..calm };
        let special = Risk {
            special: true,
            ..calm
        };
        for risk in [calm, moved, old, special] {
            check(RequestKind::Objection, risk, Assurance::Claimed);
            check(RequestKind::Withdrawal, risk, Assurance::Claimed);
            check(RequestKind::Restriction, risk, Assurance::Channel);
        }
        check(RequestKind::Access, calm, Assurance::Channel);
        check(RequestKind::Access, old, Assurance::SecondChannel);
        check(RequestKind::Access, special, Assurance::SecondChannel);
        check(RequestKind::Portability, moved, Assurance::SecondChannel);
        check(RequestKind::Deletion, old, Assurance::Channel);
        check(RequestKind::Deletion, moved, Assurance::SecondChannel);
    }
}
