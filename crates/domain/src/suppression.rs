//! Suppression: what must not be sent to whom, whatever consent says.

use crate::ids::PurposeId;
use crate::purpose::Purpose;
use crate::purpose::PurposeClass;
use crate::time::Timestamp;

/// How far a suppression reaches. Every scope holds on all numbers of the instance.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum SuppressionScope {
    /// Everything that promotes.
    Promotional,
    /// Everything the organisation would start by itself; answers to a person who writes in stay
    /// possible.
    BusinessInitiated,
    /// One purpose.
    Purpose(PurposeId),
}

impl SuppressionScope {
    /// The stable code it has in the database; the purpose's id stands in a column of its own.
    pub const fn code(self) -> u8 {
        match self {
            Self::Promotional => 1,
            Self::BusinessInitiated => 2,
            Self::Purpose(_) => 3,
        }
    }

    /// The one purpose it reaches, if it is that narrow.
    pub const fn purpose(self) -> Option<PurposeId> {
        match self {
            Self::Purpose(purpose) => Some(purpose),
            Self::Promotional | Self::BusinessInitiated => None,
        }
    }

    /// The scope with this code and purpose.
    pub const fn from_code(code: u8, purpose: Option<PurposeId>) -> Option<Self> {
        Some(match (code, purpose) {
            (1, _) => Self::Promotional,
            (2, _) => Self::BusinessInitiated,
            (3, Some(id)) => Self::Purpose(id),
            _ => return None,
        })
    }

    /// The name it has in the log and the admin API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Promotional => "promotional",
            Self::BusinessInitiated => "business-initiated",
            Self::Purpose(_) => "purpose",
        }
    }

    /// Whether it stands in the way of a message for `purpose`.
    pub fn covers(self, purpose: &Purpose, business_initiated: bool) -> bool {
        match self {
            Self::Promotional => purpose.class == PurposeClass::Promotional,
            Self::BusinessInitiated => {
                business_initiated || purpose.class == PurposeClass::Promotional
            }
            Self::Purpose(id) => purpose.id == id,
        }
    }
}

/// Where a suppression came from; it decides what can lift it.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum SuppressionSource {
    /// The person asked for it here: a keyword, a button, a request to staff.
    Own,
    /// WhatsApp's native "stop promotions", or Meta's error 131050 which tells of it.
    Native,
}

impl SuppressionSource {
    /// The stable code it has in the database.
    pub const fn code(self) -> u8 {
        match self {
            Self::Own => 1,
            Self::Native => 2,
        }
    }

    /// The source with this code.
    pub const fn from_code(code: u8) -> Option<Self> {
        Some(match code {
            1 => Self::Own,
            2 => Self::Native,
            _ => return None,
        })
    }

    /// The name it has in the log and the admin API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Own => "own",
            Self::Native => "native",
        }
    }
}

/// A suppression in force, as the gate sees it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Suppression {
    /// How far it reaches.
    pub scope: SuppressionScope,
    /// Where it came from.
    pub source: SuppressionSource,
    /// Since when.
    pub since: Timestamp,
}

/// One entry for each scope and source, the earliest: a person is on the list once for every
/// identifier, and that is one fact, not several.
pub fn distinct(mut entries: Vec<Suppression>) -> Vec<Suppression> {
    entries.sort_by_key(|entry| (entry.scope, entry.source, entry.since));
    entries.dedup_by_key(|entry| (entry.scope, entry.source));
    entries
}

impl Suppression {
    /// Whether WhatsApp's native *resume* lifts it. It clears only what WhatsApp itself set; what
    /// the person told us stays until the person tells us otherwise.
    pub fn lifted_by_native_resume(&self) -> bool {
        self.source == SuppressionSource::Native
    }

    /// Whether the person's own opt-in word lifts it.
    pub fn lifted_by_opt_in(&self) -> bool {
        self.source == SuppressionSource::Own
    }
}

#[cfg(test)]
mod tests {
    use super::Suppression;
    use super::SuppressionScope;
    use super::SuppressionSource;
    use super::distinct;
    use crate::time::Timestamp;

    #[test]
    fn one_stop_on_two_identifiers_is_one_fact() {
        let entry = |source, at| Suppression {
            scope: SuppressionScope::Promotional,
            source,
            since: Timestamp::from_seconds(at),
        };
        let own = SuppressionSource::Own;
        let native = SuppressionSource::Native;
        assert_eq!(
            distinct(vec![entry(own, 7), entry(native, 3), entry(own, 5)]),
            [entry(own, 5), entry(native, 3)]
        );
    }
}
