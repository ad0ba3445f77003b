//! Whom a message is for: a phone number or a business-scoped id, in one spelling only.
//!
//! Consent is looked up by the canonical form, so two spellings of one number must not be two
//! people. Neither type has `Display`, and `Debug` masks.

use std::fmt;

use thiserror::Error;

use crate::countries;

/// A phone number in canonical form: `+` and 7 to 15 digits, beginning with an assigned country
/// calling code (ITU-T E.164).
#[derive(Clone, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct E164(String);

impl E164 {
    /// Reads what apps write: `+` or bare international digits, ASCII spaces anywhere.
    ///
    /// National forms (leading `0`), the `00` prefix, letters, other separators, digits beyond
    /// ASCII and invisible characters are refused: Meta would prepend the business's own country
    /// code to some of them, and the message would go to a stranger.
    pub fn parse(input: &str) -> Result<Self, RecipientError> {
        // Longer than any spaced-out number; bounds the work on junk.
        if 64 < input.len() {
            return Err(RecipientError::Length);
        }
        let spaced = input.trim_matches(' ');
        let rest = spaced.strip_prefix('+').unwrap_or(spaced);
        let mut canonical = String::with_capacity(16);
        canonical.push('+');
        for character in rest.chars() {
            match character {
                '0'..='9' => canonical.push(character),
                ' ' => {}
                _ => return Err(RecipientError::Character),
            }
        }
        Self::check(canonical)
    }

    /// Reads a `wa_id`: bare digits and nothing else.
    pub fn from_wa_id(wa_id: &str) -> Result<Self, RecipientError> {
        if !wa_id.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(RecipientError::Character);
        }
        Self::parse(wa_id)
    }

    fn check(canonical: String) -> Result<Self, RecipientError> {
        let digits = canonical.trim_start_matches('+');
        if digits.starts_with('0') {
            return Err(RecipientError::National);
        }
        if !(7..=15).contains(&digits.len()) {
            return Err(RecipientError::Length);
        }
        match countries::code_length(digits) {
            None => Err(RecipientError::Country),
            // The North American plan has one length only; ten bare digits would be another country.
            Some(1) if digits.starts_with('1') && digits.len() != 11 => Err(RecipientError::Length),
            Some(_) => Ok(Self(canonical)),
        }
    }

    /// The number with its `+`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The number as Meta's `wa_id` writes it: digits only.
    pub fn wa_id(&self) -> &str {
        self.0.trim_start_matches('+')
    }

    /// The country calling code, digits only.
    pub fn calling_code(&self) -> &str {
        let digits = self.wa_id();
        countries::code_length(digits)
            .and_then(|length| digits.get(..length))
            .unwrap_or_default()
    }

    /// The digits after the calling code.
    pub(crate) fn national(&self) -> &str {
        self.wa_id()
            .get(self.calling_code().len()..)
            .unwrap_or_default()
    }
}

impl fmt::Debug for E164 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "E164(+{}…)", self.calling_code())
    }
}

/// A business-scoped user id: `CC.` and 1 to 128 ASCII letters or digits, or a parent's
/// `CC.ENT.…`, where `CC` is the ISO 3166 country of the person's number.
#[derive(Clone, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Bsuid(String);

impl Bsuid {
    /// Reads an id in exactly the documented form.
    pub fn parse(input: &str) -> Result<Self, RecipientError> {
        let (country, rest) = input.split_once('.').ok_or(RecipientError::Form)?;
        if country.len() != 2 || !country.bytes().all(|byte| byte.is_ascii_uppercase()) {
            return Err(RecipientError::Form);
        }
        let local = rest.strip_prefix("ENT.").unwrap_or(rest);
        if !local.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err(RecipientError::Character);
        }
        if !(1..=128).contains(&local.len()) {
            return Err(RecipientError::Length);
        }
        Ok(Self(input.to_owned()))
    }

    /// The id.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is a parent portfolio's id (`CC.ENT.…`).
    pub fn is_parent(&self) -> bool {
        self.0
            .get(2..)
            .is_some_and(|rest| rest.starts_with(".ENT."))
    }

    /// The ISO 3166 country code it begins with.
    pub fn country(&self) -> &str {
        self.0.get(..2).unwrap_or_default()
    }
}

impl fmt::Debug for Bsuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Bsuid({}.…)", self.country())
    }
}

/// Whom a message is for.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Recipient {
    /// A phone number, Meta's `to`.
    Phone(E164),
    /// A business-scoped id (a parent's too), Meta's `recipient`.
    Scoped(Bsuid),
}

impl Recipient {
    /// The canonical spelling, explicitly.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Phone(phone) => phone.as_str(),
            Self::Scoped(id) => id.as_str(),
        }
    }
}

/// Why a recipient was refused. Never carries the input.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum RecipientError {
    /// A character that has no place there.
    #[error("the recipient holds a character that is not allowed")]
    Character,
    /// No country has this calling code.
    #[error("the number does not begin with a country calling code")]
    Country,
    /// Not `CC.…`.
    #[error("the id does not have the form of a business-scoped id")]
    Form,
    /// Too short or too long.
    #[error("the recipient is too short or too long")]
    Length,
    /// `0…` or `00…`.
    #[error("the number is in national form")]
    National,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers() {
        let check = |input: &str, expected: Result<&str, RecipientError>| {
            let parsed = E164::parse(input);
            assert_eq!(
                parsed.as_ref().map(E164::as_str).map_err(|e| *e),
                expected,
                "{input:?}"
            );
        };
        check("+27825550123", Ok("+27825550123"));
        check("27825550123", Ok("+27825550123"));
        check("+27 82 555 0123", Ok("+27825550123"));
        check(" 27 82 555 0123 ", Ok("+27825550123"));
        check("+ 27825550123", Ok("+27825550123"));
        check("12025550123", Ok("+12025550123"));
        check("+2902055", Ok("+2902055"));
        check("0825550123", Err(RecipientError::National));
        check("0027825550123", Err(RecipientError::National));
        check("+0825550123", Err(RecipientError::National));
        check("+27-82-555-0123", Err(RecipientError::Character));
        check("(27)825550123", Err(RecipientError::Character));
        check("２７825550123", Err(RecipientError::Character));
        check("+27825550123\u{200e}", Err(RecipientError::Character));
        check("\u{202d}27825550123", Err(RecipientError::Character));
        check("2782\t5550123", Err(RecipientError::Character));
        check("27825550123\0", Err(RecipientError::Character));
        check("++27825550123", Err(RecipientError::Character));
        check("27+825550123", Err(RecipientError::Character));
        check("27825550123,27825550124", Err(RecipientError::Character));
        check("ZA.13491208655302741918", Err(RecipientError::Character));
        check("", Err(RecipientError::Length));
        check("+", Err(RecipientError::Length));
        check("278255", Err(RecipientError::Length));
        check("2025550123", Ok("+2025550123"));
        check("1202555012", Err(RecipientError::Length));
        check("2782555012345678", Err(RecipientError::Length));
        check(&" ".repeat(100_000), Err(RecipientError::Length));
        check("99955501234", Err(RecipientError::Country));
        check("80055501234", Err(RecipientError::Country));
    }

    #[test]
    fn wa_ids() {
        assert_eq!(
            E164::from_wa_id("27825550123").unwrap().as_str(),
            "+27825550123"
        );
        assert_eq!(
            E164::from_wa_id("+27825550123"),
            Err(RecipientError::Character)
        );
        assert_eq!(E164::from_wa_id(""), Err(RecipientError::Length));
    }

    #[test]
    fn ids() {
        let check = |input: &str, expected: Result<bool, RecipientError>| {
            assert_eq!(
                Bsuid::parse(input).map(|id| id.is_parent()),
                expected,
                "{input:?}"
            );
        };
        check("ZA.13491208655302741918", Ok(false));
        check("US.aB3", Ok(false));
        check("US.ENT.11815799212886844830", Ok(true));
        check("ZA.ENT", Ok(false));
        check("ZA.ENT.", Err(RecipientError::Length));
        check("ZA.", Err(RecipientError::Length));
        check("za.123", Err(RecipientError::Form));
        check("ZAF.123", Err(RecipientError::Form));
        check("27825550123", Err(RecipientError::Form));
        check("ZA.1.2", Err(RecipientError::Character));
        check("ZA.１２", Err(RecipientError::Character));
        check(&format!("ZA.{}", "1".repeat(128)), Ok(false));
        check(
            &format!("ZA.{}", "1".repeat(129)),
            Err(RecipientError::Length),
        );
    }

    #[test]
    fn debug_masks() {
        let phone = Recipient::Phone(E164::parse("+27825550123").unwrap());
        assert_eq!(format!("{phone:?}"), "Phone(E164(+27…))");
        let id = Bsuid::parse("ZA.13491208655302741918").unwrap();
        assert_eq!(format!("{id:?}"), "Bsuid(ZA.…)");
    }

    proptest! {
        #[test]
        fn canonical_form_is_a_fixed_point(input in "\\PC{0,20}|[+ 0-9]{0,24}") {
            if let Ok(phone) = E164::parse(&input) {
                prop_assert_eq!(E164::parse(phone.as_str()), Ok(phone));
            }
            let _ = Bsuid::parse(&input);
        }
    }
}
