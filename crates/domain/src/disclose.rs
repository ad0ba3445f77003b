//! Handing personal data to a recipient is judged like a send.

use crate::consent::Consent;
use crate::message::IdentityMode;
use crate::subject::Restriction;
use crate::time::Span;
use crate::time::Timestamp;

/// A recipient's contract: what it was let in for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Contract {
    /// Whether the contract is in force.
    pub active: bool,
    /// Whether it covers the number the message came in on.
    pub covers_number: bool,
    /// What the recipient may know of people.
    pub identity: IdentityMode,
    /// Where the recipient may have people's data only with their consent: whether this person gave it.
    pub sharing: Option<Sharing>,
}

/// Whether a person agrees to their data being shared with a recipient.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Sharing {
    /// There is consent in force.
    Agreed,
    /// There is none.
    NotAgreed,
}

impl Sharing {
    /// What the consent on record to a sharing purpose comes to; it lasts as long as the purpose lets it
    /// where it sets no end itself.
    pub fn of(consent: Option<&Consent>, lapse_days: Option<u32>, now: Timestamp) -> Self {
        let in_force = consent.is_some_and(|consent| {
            let lapses = lapse_days.map(|days| consent.at + Span::days(days));
            let ends = consent.expires.or(lapses);
            consent.state.is_sendable()
                && consent.notice_valid
                && ends.is_none_or(|ends| now < ends)
        });
        if in_force {
            Self::Agreed
        } else {
            Self::NotAgreed
        }
    }
}

/// Why data are withheld from a recipient.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Withheld {
    /// The recipient's contract is not in force.
    ContractEnded,
    /// The person has not agreed to what the contract asks them to agree to.
    NotAgreed,
    /// The contract does not cover the number.
    NumberNotCovered,
    /// The subject is restricted.
    Restricted,
}

impl Withheld {
    /// The rule behind it: stable, part of the log.
    pub const fn rule(self) -> &'static str {
        match self {
            Self::ContractEnded => "disclose/contract",
            Self::NotAgreed => "disclose/sharing-consent",
            Self::NumberNotCovered => "disclose/number",
            Self::Restricted => "disclose/restriction",
        }
    }
}

/// Leave to disclose: without a value of this type nothing is handed over.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Leave {
    identity: IdentityMode,
}

impl Leave {
    /// In which form identity may be shown.
    pub const fn identity(self) -> IdentityMode {
        self.identity
    }

    /// The rule behind it: stable, part of the log.
    pub const fn rule(self) -> &'static str {
        match self.identity {
            IdentityMode::Real => "disclose/real",
            IdentityMode::Alias => "disclose/alias",
        }
    }
}

/// Whether a recipient may get what concerns a subject.
///
/// # Errors
/// [`Withheld`] with the first rule that stands against it.
pub fn decide(contract: Contract, restriction: Restriction) -> Result<Leave, Withheld> {
    if !contract.active {
        return Err(Withheld::ContractEnded);
    }
    if !contract.covers_number {
        return Err(Withheld::NumberNotCovered);
    }
    match (restriction, contract.sharing) {
        (Restriction::Restricted { .. }, _) => Err(Withheld::Restricted),
        (Restriction::None, Some(Sharing::NotAgreed)) => Err(Withheld::NotAgreed),
        (Restriction::None, None | Some(Sharing::Agreed)) => Ok(Leave {
            identity: contract.identity,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::Contract;
    use super::Sharing;
    use super::Withheld;
    use super::decide;
    use crate::consent::Consent;
    use crate::consent::ConsentState;
    use crate::consent::EvidenceGrade;
    use crate::message::IdentityMode;
    use crate::subject::Restriction;
    use crate::time::Span;
    use crate::time::Timestamp;

    #[test]
    fn sharing_takes_consent_that_is_in_force() {
        let now = Timestamp::from_seconds(1_800_000_000);
        let given = Consent {
            state: ConsentState::Given,
            grade: EvidenceGrade::Asserted,
            at: now - Span::days(10),
            expires: None,
            notice_valid: true,
        };
        let with = |state| Consent { state, ..given };
        for (consent, lapse, agreed) in [
            (None, None, false),
            (Some(given), None, true),
            (Some(given), Some(11), true),
            (Some(given), Some(10), false),
            (Some(with(ConsentState::Renewed)), None, true),
            (Some(with(ConsentState::Withdrawn)), None, false),
            (Some(with(ConsentState::Unknown)), None, false),
            (
                Some(Consent {
                    notice_valid: false,
                    ..given
                }),
                None,
                false,
            ),
            (
                Some(Consent {
                    expires: Some(now),
                    ..given
                }),
                None,
                false,
            ),
            (
                Some(Consent {
                    expires: Some(now + Span::days(1)),
                    ..given
                }),
                Some(1),
                true,
            ),
        ] {
            let found = Sharing::of(consent.as_ref(), lapse, now);
            assert_eq!(found == Sharing::Agreed, agreed, "{consent:?} {lapse:?}");
        }
    }

    #[test]
    fn only_a_live_contract_on_the_number_gets_unrestricted_data() {
        let live = Contract {
            active: true,
            covers_number: true,
            identity: IdentityMode::Alias,
            sharing: None,
        };
        let asks = |sharing| Contract {
            sharing: Some(sharing),
            ..live
        };
        assert!(decide(asks(Sharing::Agreed), Restriction::None).is_ok());
        let restricted = Restriction::Restricted {
            since: Timestamp::default(),
        };
        assert_eq!(
            decide(live, Restriction::None).map(super::Leave::identity),
            Ok(IdentityMode::Alias)
        );
        for (contract, restriction, withheld) in [
            (
                Contract {
                    active: false,
                    ..live
                },
                Restriction::None,
                Withheld::ContractEnded,
            ),
            (
                Contract {
                    covers_number: false,
                    ..live
                },
                Restriction::None,
                Withheld::NumberNotCovered,
            ),
            (live, restricted, Withheld::Restricted),
            (asks(Sharing::Agreed), restricted, Withheld::Restricted),
            (
                asks(Sharing::NotAgreed),
                Restriction::None,
                Withheld::NotAgreed,
            ),
        ] {
            assert_eq!(decide(contract, restriction), Err(withheld));
        }
    }
}
