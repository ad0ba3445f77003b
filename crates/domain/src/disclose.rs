//! Handing personal data to a recipient is judged like a send.

use crate::message::IdentityMode;
use crate::subject::Restriction;

/// A recipient's contract: what it was let in for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Contract {
    /// Whether the contract is in force.
    pub active: bool,
    /// Whether it covers the number the message came in on.
    pub covers_number: bool,
    /// What the recipient may know of people.
    pub identity: IdentityMode,
}

/// Why data are withheld from a recipient.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Withheld {
    /// The recipient's contract is not in force.
    ContractEnded,
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
    match restriction {
        Restriction::Restricted { .. } => Err(Withheld::Restricted),
        Restriction::None => Ok(Leave {
            identity: contract.identity,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::Contract;
    use super::Withheld;
    use super::decide;
    use crate::message::IdentityMode;
    use crate::subject::Restriction;
    use crate::time::Timestamp;

    #[test]
    fn only_a_live_contract_on_the_number_gets_unrestricted_data() {
        let live = Contract {
            active: true,
            covers_number: true,
            identity: IdentityMode::Alias,
        };
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
        ] {
            assert_eq!(decide(contract, restriction), Err(withheld));
        }
    }
}
