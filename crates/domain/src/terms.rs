//! Which terms a purpose may be given.

use thiserror::Error;

use crate::ids::PurposeId;
use crate::purpose::LegalBasis;
use crate::purpose::Purpose;
use crate::purpose::PurposeClass;
use crate::purpose::Terms;

/// How many days a frequency cap may look back.
pub const MOST_CAP_DAYS: u32 = 366;
/// How many days consent may last.
pub const MOST_LAPSE_DAYS: u32 = 3_660;

/// Why terms do not fit a purpose.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum TermsFault {
    /// Nobody can agree to messages at any hour without being told.
    #[error("messages at any hour have to be agreed to in a notice: name the notice")]
    AnyHour,
    /// What asks for consent asks for consent to something else.
    #[error("a purpose asks for consent to another purpose, not to itself")]
    AsksForItself,
    /// The purpose that is asked for asks itself, or is asked for by one that would ask.
    #[error("a purpose that asks for consent cannot be asked for itself")]
    AsksForAsking,
    /// There is no such purpose.
    #[error("the purpose to ask for does not exist")]
    AsksForNothing,
    /// Consent is asked for only where it is what the purpose rests on.
    #[error("the purpose to ask for does not rest on consent")]
    AsksInVain,
    /// A promotion rests on consent, or on the soft opt-in.
    #[error("a promotional purpose rests on consent, or on the soft opt-in where the law has one")]
    Basis,
    /// No message, no day, or more days than are looked back.
    #[error("a cap takes at least 1 message in 1 to {MOST_CAP_DAYS} days")]
    Cap,
    /// No day, or more than ten years.
    #[error("consent lasts 1 to {MOST_LAPSE_DAYS} days")]
    Lapse,
    /// The soft opt-in is for promotions.
    #[error("only a promotional purpose can have the soft opt-in")]
    SoftOptIn,
    /// The soft opt-in is not for special categories.
    #[error("special categories of data take consent; there is no soft opt-in for them")]
    Special,
}

/// Whether a purpose may have these terms beside `others`, which are all purposes as they are. `told`
/// says whether a notice is named in which the purpose is explained.
///
/// # Errors
/// [`TermsFault`] with the first that does not fit.
pub fn check(
    purpose: &Purpose,
    terms: Terms,
    told: bool,
    others: &[&Purpose],
) -> Result<(), TermsFault> {
    let promotional = purpose.class == PurposeClass::Promotional;
    if terms.soft_opt_in && !promotional {
        return Err(TermsFault::SoftOptIn);
    }
    if terms.soft_opt_in && terms.special {
        return Err(TermsFault::Special);
    }
    if promotional && purpose.basis != LegalBasis::Consent && !terms.soft_opt_in {
        return Err(TermsFault::Basis);
    }
    if terms.any_hour && !told {
        return Err(TermsFault::AnyHour);
    }
    let capped =
        |cap: crate::purpose::Cap| cap.count >= 1 && (1..=MOST_CAP_DAYS).contains(&cap.days);
    if !terms.cap.is_none_or(capped) {
        return Err(TermsFault::Cap);
    }
    if !terms
        .lapse_days
        .is_none_or(|days| (1..=MOST_LAPSE_DAYS).contains(&days))
    {
        return Err(TermsFault::Lapse);
    }
    terms
        .asks_for
        .map_or(Ok(()), |target| asks(purpose.id, target, others))
}

fn asks(purpose: PurposeId, target: PurposeId, others: &[&Purpose]) -> Result<(), TermsFault> {
    if target == purpose {
        return Err(TermsFault::AsksForItself);
    }
    let found = others.iter().find(|other| other.id == target);
    let found = found.ok_or(TermsFault::AsksForNothing)?;
    let asked_for = others
        .iter()
        .any(|other| other.terms.asks_for == Some(purpose));
    if found.terms.asks_for.is_some() || asked_for {
        return Err(TermsFault::AsksForAsking);
    }
    if found.basis == LegalBasis::Consent {
        Ok(())
    } else {
        Err(TermsFault::AsksInVain)
    }
}

#[cfg(test)]
mod tests {
    use super::TermsFault;
    use super::check;
    use crate::consent::EvidenceGrade;
    use crate::ids::PurposeId;
    use crate::purpose::Cap;
    use crate::purpose::LegalBasis;
    use crate::purpose::Purpose;
    use crate::purpose::PurposeClass;
    use crate::purpose::Terms;

    fn purpose(id: i64, class: PurposeClass, basis: LegalBasis) -> Purpose {
        Purpose {
            id: PurposeId(id),
            code: format!("p{id}"),
            class,
            basis,
            grade: EvidenceGrade::Asserted,
            identity_check: false,
            terms: Terms::default(),
        }
    }

    #[test]
    #[expect(clippy::too_many_lines, reason = "one table")]
    fn what_fits() {
        use LegalBasis::Consent;
        use LegalBasis::LegitimateInterest;
        use PurposeClass::Promotional;
        use PurposeClass::Utility;
        let marketing = purpose(1, Promotional, Consent);
        let orders = purpose(2, Utility, LegalBasis::Contract);
        let mut asking = purpose(3, Utility, Consent);
        asking.terms.asks_for = Some(PurposeId(1));
        let customers = purpose(4, Promotional, LegitimateInterest);
        let all = [&marketing, &orders, &asking, &customers];
        let plain = Terms::default();
        let soft = Terms {
            soft_opt_in: true,
            ..plain
        };
        let cap = |count, days| Terms {
            cap: Some(Cap { count, days }),
            ..plain
        };
        let lapse = |days| Terms {
            lapse_days: Some(days),
            ..plain
        };
        let ask = |id| Terms {
            asks_for: Some(PurposeId(id)),
            ..plain
        };
        for (of, terms, fault) in [
            (&marketing, plain, None),
            (&marketing, soft, None),
            (
                &marketing,
                Terms {
                    special: true,
                    ..soft
                },
                Some(TermsFault::Special),
            ),
            (
                &marketing,
                Terms {
                    any_hour: true,
                    ..plain
                },
                Some(TermsFault::AnyHour),
            ),
            (&marketing, cap(1, 1), None),
            (&marketing, cap(0, 1), Some(TermsFault::Cap)),
            (&marketing, cap(1, 0), Some(TermsFault::Cap)),
            (&marketing, cap(1, 367), Some(TermsFault::Cap)),
            (&marketing, lapse(0), Some(TermsFault::Lapse)),
            (&marketing, lapse(3_660), None),
            (&marketing, lapse(3_661), Some(TermsFault::Lapse)),
            (&orders, soft, Some(TermsFault::SoftOptIn)),
            (&customers, plain, Some(TermsFault::Basis)),
            (&customers, soft, None),
            (&asking, ask(1), None),
            (&asking, ask(2), Some(TermsFault::AsksInVain)),
            (&asking, ask(3), Some(TermsFault::AsksForItself)),
            (&asking, ask(9), Some(TermsFault::AsksForNothing)),
            (&orders, ask(3), Some(TermsFault::AsksForAsking)),
            (&marketing, ask(1), Some(TermsFault::AsksForItself)),
            // Somebody asks for it already.
            (&marketing, ask(4), Some(TermsFault::AsksForAsking)),
        ] {
            assert_eq!(
                check(of, terms, false, &all).err(),
                fault,
                "{} {terms:?}",
                of.code
            );
        }
        let any = Terms {
            any_hour: true,
            ..plain
        };
        assert_eq!(check(&marketing, any, true, &all), Ok(()));
    }
}
