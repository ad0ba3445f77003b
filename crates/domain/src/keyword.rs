//! What a person's word does.
//!
//! The rulebook recognises the word; this module says what follows. Sources: FCC 47 CFR
//! 64.1200(a)(10), GDPR Art 7(3) and 21(3), POPIA s11(3)–(4) and s69, Meta's business policy. The
//! legal limits are alarms; the effect is immediate.

use crate::consent::ConsentState;
use crate::consent::EvidenceGrade;
use crate::request::RequestKind;
use crate::suppression::SuppressionScope;

/// What a recognised word asks for.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Keyword {
    /// Stop: a word that cannot mean anything else (class A).
    Stop,
    /// Stop, perhaps: a word with another meaning in a service chat (class B), such as "cancel".
    StopAmbiguous,
    /// Stop everything the organisation would start: the button that the confirmation offers.
    StopEverything,
    /// Begin, or begin again.
    Start,
    /// Help.
    Help,
    /// Why did I get this?
    Why,
    /// Something that people can ask for by right.
    Ask(RequestKind),
    /// Yes, everything is to be erased.
    ConfirmDeletion,
    /// No, it is to stay.
    KeepData,
}

/// The message the gateway itself sends in answer: at most one, never promotional.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Confirmation {
    /// Promotions have stopped; offers "stop everything" and says how to resume.
    Stopped,
    /// Promotions have stopped; asks whether that was meant.
    StoppedAmbiguous,
    /// Everything has stopped.
    StoppedEverything,
    /// Promotions are on.
    Started,
}

impl Confirmation {
    /// The stable code it has in the database.
    pub const fn code(self) -> u8 {
        match self {
            Self::Stopped => 1,
            Self::StoppedAmbiguous => 2,
            Self::StoppedEverything => 3,
            Self::Started => 4,
        }
    }
}

/// The effects of a word on the subject's record.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Effects {
    /// A suppression to add.
    pub suppress: Option<SuppressionScope>,
    /// Whether the person's own suppressions are lifted.
    pub lift_own: bool,
    /// The state that follows for every promotional purpose, with the grade of its evidence.
    pub promotional: Option<(ConsentState, EvidenceGrade)>,
    /// What the gateway answers.
    pub confirmation: Option<Confirmation>,
}

/// What `keyword` does. A repeated stop changes nothing further but is confirmed only once: pass
/// whether the same stop is already in force.
pub fn effects(keyword: Keyword, already_stopped: bool) -> Effects {
    let stop = |scope, confirmation| Effects {
        suppress: (!already_stopped).then_some(scope),
        lift_own: false,
        promotional: (!already_stopped).then_some((ConsentState::Withdrawn, EvidenceGrade::Direct)),
        confirmation: (!already_stopped).then_some(confirmation),
    };
    match keyword {
        Keyword::Stop => stop(SuppressionScope::Promotional, Confirmation::Stopped),
        Keyword::StopAmbiguous => stop(
            SuppressionScope::Promotional,
            Confirmation::StoppedAmbiguous,
        ),
        Keyword::StopEverything => stop(
            SuppressionScope::BusinessInitiated,
            Confirmation::StoppedEverything,
        ),
        Keyword::Start => Effects {
            suppress: None,
            lift_own: true,
            promotional: Some((ConsentState::Given, EvidenceGrade::Direct)),
            confirmation: Some(Confirmation::Started),
        },
        // A case is opened for what is asked by right; that has its own effects.
        Keyword::Ask(_)
        | Keyword::ConfirmDeletion
        | Keyword::Help
        | Keyword::KeepData
        | Keyword::Why => Effects {
            suppress: None,
            lift_own: false,
            promotional: None,
            confirmation: None,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::Keyword;
    use super::effects;

    #[test]
    fn a_stop_is_confirmed_once() {
        for keyword in [
            Keyword::Stop,
            Keyword::StopAmbiguous,
            Keyword::StopEverything,
        ] {
            assert!(
                effects(keyword, false).confirmation.is_some(),
                "{keyword:?}"
            );
            assert!(effects(keyword, true).confirmation.is_none(), "{keyword:?}");
            assert!(effects(keyword, false).suppress.is_some(), "{keyword:?}");
        }
    }

    #[test]
    fn only_start_lifts() {
        assert!(effects(Keyword::Start, true).lift_own);
        assert!(!effects(Keyword::Help, false).lift_own);
        assert!(!effects(Keyword::Stop, false).lift_own);
    }
}
