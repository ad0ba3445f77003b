//! The consent ledger: append-only events per subject × purpose × channel.
//!
//! States follow ISO/IEC TS 27560:2023 `event_state` and the W3C Data Privacy Vocabulary's
//! `ConsentStatus`.

use crate::time::Timestamp;

/// Where a purpose reaches a person.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Channel {
    /// Messages on WhatsApp.
    #[default]
    WhatsApp,
}

impl Channel {
    /// The stable code it has in the database.
    pub const fn code(self) -> u8 {
        match self {
            Self::WhatsApp => 1,
        }
    }

    /// The name it has in the admin API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::WhatsApp => "whatsapp",
        }
    }
}

/// The state a consent event brings about.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum ConsentState {
    /// Asked for, not answered.
    Requested,
    /// Given: sendable.
    Given,
    /// Given again under the same or a newer notice: sendable.
    Renewed,
    /// Asked for and declined; remembered.
    Refused,
    /// Given once, taken back.
    Withdrawn,
    /// Ran out.
    Expired,
    /// Found void, for example because the evidence did not hold.
    Invalidated,
    /// Nothing is known; imported lists start here. Not sendable.
    #[default]
    Unknown,
}

impl ConsentState {
    /// All states in the order of their codes.
    pub const ALL: [Self; 8] = [
        Self::Requested,
        Self::Given,
        Self::Renewed,
        Self::Refused,
        Self::Withdrawn,
        Self::Expired,
        Self::Invalidated,
        Self::Unknown,
    ];

    /// The stable code it has in the database.
    pub const fn code(self) -> u8 {
        match self {
            Self::Requested => 1,
            Self::Given => 2,
            Self::Renewed => 3,
            Self::Refused => 4,
            Self::Withdrawn => 5,
            Self::Expired => 6,
            Self::Invalidated => 7,
            Self::Unknown => 8,
        }
    }

    /// The state with this code.
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.code() == code)
    }

    /// The name it has in the log and the admin API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Requested => "requested",
            Self::Given => "given",
            Self::Renewed => "renewed",
            Self::Refused => "refused",
            Self::Withdrawn => "withdrawn",
            Self::Expired => "expired",
            Self::Invalidated => "invalidated",
            Self::Unknown => "unknown",
        }
    }

    /// The state with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }

    /// Whether it is a no of the person's.
    pub const fn is_denial(self) -> bool {
        matches!(self, Self::Refused | Self::Withdrawn)
    }

    /// Whether a message may rest on it.
    pub const fn is_sendable(self) -> bool {
        match self {
            Self::Given | Self::Renewed => true,
            Self::Requested
            | Self::Refused
            | Self::Withdrawn
            | Self::Expired
            | Self::Invalidated
            | Self::Unknown => false,
        }
    }
}

/// How well a consent event can be proved, weakest first.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum EvidenceGrade {
    /// Somebody says so; nothing more.
    #[default]
    Asserted,
    /// A record exists: a signed form, a till entry, a system's log line.
    Recorded,
    /// The person did it in a channel they control: a message or a button in the chat.
    Direct,
    /// Confirmed a second time by a token (double opt-in).
    Confirmed,
}

impl EvidenceGrade {
    /// All grades, weakest first.
    pub const ALL: [Self; 4] = [
        Self::Asserted,
        Self::Recorded,
        Self::Direct,
        Self::Confirmed,
    ];

    /// The stable code it has in the database.
    pub const fn code(self) -> u8 {
        match self {
            Self::Asserted => 1,
            Self::Recorded => 2,
            Self::Direct => 3,
            Self::Confirmed => 4,
        }
    }

    /// The grade with this code.
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|grade| grade.code() == code)
    }

    /// The name it has in the admin API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Asserted => "asserted",
            Self::Recorded => "recorded",
            Self::Direct => "direct",
            Self::Confirmed => "confirmed",
        }
    }

    /// The grade with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|grade| grade.name() == name)
    }
}

/// How a consent event came about.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Method {
    /// A keyword written in the chat.
    ChatKeyword,
    /// A button tapped in the chat.
    ChatButton,
    /// WhatsApp's own preference.
    NativePreference,
    /// Recorded by staff.
    Staff,
    /// Recorded by an app over the API.
    App,
    /// A web form.
    WebForm,
    /// Paper.
    Paper,
    /// Imported from a list.
    Import,
}

impl Method {
    /// All methods in the order of their codes.
    pub const ALL: [Self; 8] = [
        Self::ChatKeyword,
        Self::ChatButton,
        Self::NativePreference,
        Self::Staff,
        Self::App,
        Self::WebForm,
        Self::Paper,
        Self::Import,
    ];

    /// The stable code it has in the database.
    pub const fn code(self) -> u8 {
        match self {
            Self::ChatKeyword => 1,
            Self::ChatButton => 2,
            Self::NativePreference => 3,
            Self::Staff => 4,
            Self::App => 5,
            Self::WebForm => 6,
            Self::Paper => 7,
            Self::Import => 8,
        }
    }

    /// The method with this code.
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|method| method.code() == code)
    }

    /// The name it has in the admin API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ChatKeyword => "chat-keyword",
            Self::ChatButton => "chat-button",
            Self::NativePreference => "native-preference",
            Self::Staff => "staff",
            Self::App => "app",
            Self::WebForm => "web-form",
            Self::Paper => "paper",
            Self::Import => "import",
        }
    }

    /// The method with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|method| method.name() == name)
    }
}

/// The consent in force for one subject × purpose × channel, as the gate sees it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Consent {
    /// The state of the last event.
    pub state: ConsentState,
    /// How well it can be proved.
    pub grade: EvidenceGrade,
    /// When the event took effect.
    pub at: Timestamp,
    /// When it runs out by itself, if it does.
    pub expires: Option<Timestamp>,
    /// Whether the notice version it rests on still carries it: false once a later version of the
    /// same notice has been published as needing consent anew.
    pub notice_valid: bool,
}

/// Checks a new event against the state before it.
///
/// # Errors
/// [`NotAStep`] where the pair makes no sense: withdrawing what was never asked for or given, or
/// renewing what was not given.
pub fn check_step(
    before: ConsentState,
    after: ConsentState,
    method: Method,
) -> Result<(), NotAStep> {
    let given = matches!(before, ConsentState::Given | ConsentState::Renewed);
    let allowed = match after {
        ConsentState::Renewed | ConsentState::Expired => given,
        // An import tells nothing that one could rest a message on.
        ConsentState::Given => method != Method::Import,
        ConsentState::Unknown => matches!(before, ConsentState::Unknown),
        // People may always say no, also to what nobody asked.
        ConsentState::Requested
        | ConsentState::Refused
        | ConsentState::Withdrawn
        | ConsentState::Invalidated => true,
    };
    if allowed {
        Ok(())
    } else {
        Err(NotAStep { before, after })
    }
}

/// A consent event that does not follow from the state before it.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("consent cannot go from `{}` to `{}` this way", .before.name(), .after.name())]
pub struct NotAStep {
    before: ConsentState,
    after: ConsentState,
}

#[cfg(test)]
mod tests {
    use super::ConsentState;
    use super::EvidenceGrade;
    use super::Method;
    use super::check_step;

    #[test]
    fn only_given_and_renewed_carry_a_message() {
        for state in ConsentState::ALL {
            let sendable = ["given", "renewed"].contains(&state.name());
            assert_eq!(state.is_sendable(), sendable, "{state:?}");
            assert_eq!(ConsentState::from_code(state.code()), Some(state));
            assert_eq!(ConsentState::from_name(state.name()), Some(state));
        }
    }

    #[test]
    fn steps() {
        use ConsentState::{Given, Renewed, Unknown, Withdrawn};
        for (before, after, method, allowed) in [
            (Unknown, Given, Method::ChatKeyword, true),
            (Unknown, Given, Method::Import, false),
            (Unknown, Unknown, Method::Import, true),
            (Given, Unknown, Method::Import, false),
            (Unknown, Withdrawn, Method::ChatKeyword, true),
            (Withdrawn, Renewed, Method::Staff, false),
            (Given, Renewed, Method::Staff, true),
            (Withdrawn, Given, Method::ChatButton, true),
        ] {
            assert_eq!(
                check_step(before, after, method).is_ok(),
                allowed,
                "{before:?} {after:?}"
            );
        }
    }

    #[test]
    fn grades_order_by_strength() {
        assert!(EvidenceGrade::ALL.is_sorted());
    }
}
