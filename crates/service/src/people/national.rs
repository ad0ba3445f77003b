//! Phone numbers as people in a country write them.
//!
//! The facts are those of ITU-T E.164 and the national numbering plans it refers to: calling code,
//! the digit that is dialled before a number within the country and not from abroad, and how many
//! digits a national number of a fixed or mobile line has at least and at most.

use domain::subject::Identifier;
use domain::subject::IdentifierKind;
use whatsapp::recipient::E164;
use whatsapp::recipient::RecipientError;

use super::fault::RowFault;

/// The numbering plan of a country.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Country {
    calling_code: u16,
    trunk: &'static str,
    least: usize,
    most: usize,
}

impl Country {
    /// The country with this ISO 3166-1 code.
    pub fn from_code(code: &str) -> Option<Self> {
        let place = PLANS.binary_search_by_key(&code, |plan| plan.0).ok()?;
        let (_, calling_code, trunk, least, most) = *PLANS.get(place)?;
        Some(Self {
            calling_code,
            trunk,
            least,
            most,
        })
    }

    /// The international form of digits without a `+`.
    fn international(self, digits: &str) -> Result<String, RowFault> {
        let fits = |digits: &str| (self.least..=self.most).contains(&digits.len());
        let whole = |national: &str| format!("+{}{national}", self.calling_code);
        if !self.trunk.is_empty()
            && let Some(national) = digits.strip_prefix(self.trunk)
            && fits(national)
        {
            return Ok(whole(national));
        }
        let code = self.calling_code.to_string();
        let abroad = digits.strip_prefix(&code).filter(|rest| fits(rest));
        // A number that begins with a zero in its own country keeps it (Italy).
        match (fits(digits), abroad) {
            (true, Some(_)) => Err(RowFault::AmbiguousNumber),
            (true, None) => Ok(whole(digits)),
            (false, Some(_)) => Ok(format!("+{digits}")),
            (false, None) => Err(RowFault::NotANumber),
        }
    }
}

/// Reads a phone number out of a cell: in international form, or in that of a country.
pub(super) fn phone(cell: &str, country: Option<Country>) -> Result<Identifier, RowFault> {
    // Spreadsheets mark text by it.
    let cell = cell.strip_prefix('\'').unwrap_or(cell);
    if cell.starts_with('-') {
        return Err(RowFault::NotANumber);
    }
    if lost_digits(cell) {
        return Err(RowFault::LostDigits);
    }
    // What a spreadsheet makes of a number that it takes for one.
    let cell = cell.strip_suffix(".0").unwrap_or(cell);
    let cell = cell.trim();
    let (plus, rest) = match cell.strip_prefix('+') {
        Some(rest) => (true, rest),
        None => (false, cell),
    };
    let mut digits = String::with_capacity(16);
    for c in rest.chars() {
        match c {
            '0'..='9' => digits.push(c),
            ' ' | '\u{a0}' | '\u{202f}' | '-' | '\u{2010}'..='\u{2013}' | '(' | ')' | '.' | '/' => {
            }
            _ => return Err(RowFault::NotANumber),
        }
    }
    let written = match (plus, digits.strip_prefix("00"), country) {
        (true, _, _) => format!("+{digits}"),
        (false, Some(abroad), _) => format!("+{abroad}"),
        (false, None, Some(country)) => country.international(&digits)?,
        (false, None, None) => digits,
    };
    match E164::parse(&written) {
        Ok(number) => Ok(Identifier::new(
            IdentifierKind::Phone,
            number.as_str().to_owned(),
        )),
        Err(RecipientError::National) => Err(RowFault::NationalNumber),
        Err(_) => Err(RowFault::NotANumber),
    }
}

/// Joins a calling code from a column of its own with the number beside it.
pub(super) fn joined(code: &str, cell: &str) -> String {
    let code: String = code.chars().filter(char::is_ascii_digit).collect();
    if code.is_empty() || cell.starts_with('+') {
        return cell.to_owned();
    }
    let national = cell.trim_start_matches('0');
    format!("+{code}{national}")
}

/// Whether a spreadsheet has written a number with an exponent, such as `2.78E+10`.
fn lost_digits(cell: &str) -> bool {
    let number = |text: &str| {
        !text.is_empty()
            && text
                .bytes()
                .all(|byte| byte.is_ascii_digit() || byte == b'.' || byte == b',')
    };
    cell.split_once(['e', 'E'])
        .is_some_and(|(mantissa, exponent)| {
            number(mantissa) && number(exponent.trim_start_matches(['+', '-']))
        })
}

/// ISO 3166-1 code, calling code, trunk digit, fewest and most digits; in the order of codes.
#[rustfmt::skip]
static PLANS: &[(&str, u16, &str, usize, usize)] = &[
    ("AC", 247, "", 5, 5), ("AD", 376, "", 6, 9), ("AE", 971, "0", 8, 9), ("AF", 93, "0", 9, 9),
    ("AG", 1, "1", 10, 10), ("AI", 1, "1", 10, 10), ("AL", 355, "0", 8, 9), ("AM", 374, "0", 8, 8),
    ("AO", 244, "", 9, 9), ("AR", 54, "0", 10, 11), ("AS", 1, "1", 10, 10), ("AT", 43, "0", 4, 13),
    ("AU", 61, "0", 9, 9), ("AW", 297, "", 7, 7), ("AX", 358, "0", 6, 10), ("AZ", 994, "0", 9, 9),
    ("BA", 387, "0", 8, 9), ("BB", 1, "1", 10, 10), ("BD", 880, "0", 6, 10), ("BE", 32, "0", 8, 9),
    ("BF", 226, "", 8, 8), ("BG", 359, "0", 6, 9), ("BH", 973, "", 8, 8), ("BI", 257, "", 8, 8),
    ("BJ", 229, "", 10, 10), ("BL", 590, "0", 9, 9), ("BM", 1, "1", 10, 10), ("BN", 673, "", 7, 7),
    ("BO", 591, "0", 8, 8), ("BQ", 599, "", 7, 7), ("BR", 55, "0", 10, 11), ("BS", 1, "1", 10, 10),
    ("BT", 975, "", 7, 8), ("BW", 267, "", 7, 8), ("BY", 375, "8", 9, 9), ("BZ", 501, "", 7, 7),
    ("CA", 1, "1", 10, 10), ("CC", 61, "0", 9, 9), ("CD", 243, "0", 7, 10), ("CF", 236, "", 8, 8),
    ("CG", 242, "", 9, 9), ("CH", 41, "0", 9, 9), ("CI", 225, "", 10, 10), ("CK", 682, "", 5, 5),
    ("CL", 56, "", 9, 9), ("CM", 237, "", 9, 9), ("CN", 86, "0", 7, 11), ("CO", 57, "0", 8, 10),
    ("CR", 506, "", 8, 8), ("CU", 53, "0", 6, 10), ("CV", 238, "", 7, 7), ("CW", 599, "", 7, 8),
    ("CX", 61, "0", 9, 9), ("CY", 357, "", 8, 8), ("CZ", 420, "", 9, 9), ("DE", 49, "0", 5, 15),
    ("DJ", 253, "", 8, 8), ("DK", 45, "", 8, 8), ("DM", 1, "1", 10, 10), ("DO", 1, "1", 10, 10),
    ("DZ", 213, "0", 8, 9), ("EC", 593, "0", 8, 9), ("EE", 372, "", 7, 8), ("EG", 20, "0", 8, 10),
    ("EH", 212, "0", 9, 9), ("ER", 291, "0", 7, 7), ("ES", 34, "", 9, 9), ("ET", 251, "0", 9, 9),
    ("FI", 358, "0", 5, 10), ("FJ", 679, "", 7, 7), ("FK", 500, "", 5, 5), ("FM", 691, "", 7, 7),
    ("FO", 298, "", 6, 6), ("FR", 33, "0", 9, 9), ("GA", 241, "", 7, 8), ("GB", 44, "0", 9, 10),
    ("GD", 1, "1", 10, 10), ("GE", 995, "0", 9, 9), ("GF", 594, "0", 9, 9),
    ("GG", 44, "0", 10, 10), ("GH", 233, "0", 9, 9), ("GI", 350, "", 8, 8), ("GL", 299, "", 6, 6),
    ("GM", 220, "", 7, 9), ("GN", 224, "", 8, 9), ("GP", 590, "0", 9, 9), ("GQ", 240, "", 9, 9),
    ("GR", 30, "", 10, 10), ("GT", 502, "", 8, 8), ("GU", 1, "1", 10, 10), ("GW", 245, "", 9, 9),
    ("GY", 592, "", 7, 7), ("HK", 852, "", 8, 8), ("HN", 504, "", 8, 8), ("HR", 385, "0", 8, 9),
    ("HT", 509, "", 8, 8), ("HU", 36, "06", 8, 9), ("ID", 62, "0", 7, 12), ("IE", 353, "0", 7, 10),
    ("IL", 972, "0", 8, 12), ("IM", 44, "0", 10, 10), ("IN", 91, "0", 10, 10),
    ("IO", 246, "", 7, 7), ("IQ", 964, "0", 8, 10), ("IR", 98, "0", 6, 10), ("IS", 354, "", 7, 9),
    ("IT", 39, "", 6, 12), ("JE", 44, "0", 10, 10), ("JM", 1, "1", 10, 10), ("JO", 962, "0", 8, 9),
    ("JP", 81, "0", 9, 10), ("KE", 254, "0", 7, 9), ("KG", 996, "0", 9, 9), ("KH", 855, "0", 8, 9),
    ("KI", 686, "0", 5, 8), ("KM", 269, "", 7, 7), ("KN", 1, "1", 10, 10), ("KP", 850, "0", 8, 10),
    ("KR", 82, "0", 5, 10), ("KW", 965, "", 8, 8), ("KY", 1, "1", 10, 10), ("KZ", 7, "8", 10, 10),
    ("LA", 856, "0", 8, 10), ("LB", 961, "0", 7, 8), ("LC", 1, "1", 10, 10),
    ("LI", 423, "0", 7, 9), ("LK", 94, "0", 9, 9), ("LR", 231, "0", 7, 9), ("LS", 266, "", 8, 8),
    ("LT", 370, "0", 8, 8), ("LU", 352, "", 4, 11), ("LV", 371, "", 8, 8), ("LY", 218, "0", 9, 9),
    ("MA", 212, "0", 9, 9), ("MC", 377, "0", 8, 9), ("MD", 373, "0", 8, 8), ("ME", 382, "0", 8, 8),
    ("MF", 590, "0", 9, 9), ("MG", 261, "0", 9, 9), ("MH", 692, "1", 7, 7), ("MK", 389, "0", 8, 8),
    ("ML", 223, "", 8, 8), ("MM", 95, "0", 6, 10), ("MN", 976, "0", 8, 10), ("MO", 853, "", 8, 8),
    ("MP", 1, "1", 10, 10), ("MQ", 596, "0", 9, 9), ("MR", 222, "", 8, 8), ("MS", 1, "1", 10, 10),
    ("MT", 356, "", 8, 8), ("MU", 230, "", 7, 8), ("MV", 960, "", 7, 7), ("MW", 265, "0", 7, 9),
    ("MX", 52, "", 10, 10), ("MY", 60, "0", 8, 10), ("MZ", 258, "", 8, 9), ("NA", 264, "0", 8, 9),
    ("NC", 687, "", 6, 6), ("NE", 227, "", 8, 8), ("NF", 672, "", 6, 6), ("NG", 234, "0", 10, 10),
    ("NI", 505, "", 8, 8), ("NL", 31, "0", 9, 11), ("NO", 47, "", 8, 8), ("NP", 977, "0", 8, 10),
    ("NR", 674, "", 7, 7), ("NU", 683, "", 4, 7), ("NZ", 64, "0", 8, 10), ("OM", 968, "", 8, 8),
    ("PA", 507, "", 7, 8), ("PE", 51, "0", 8, 9), ("PF", 689, "", 8, 8), ("PG", 675, "", 7, 8),
    ("PH", 63, "0", 6, 10), ("PK", 92, "0", 9, 10), ("PL", 48, "", 7, 9), ("PM", 508, "0", 6, 9),
    ("PR", 1, "1", 10, 10), ("PS", 970, "0", 8, 9), ("PT", 351, "", 9, 9), ("PW", 680, "", 7, 7),
    ("PY", 595, "0", 7, 9), ("QA", 974, "", 8, 8), ("RE", 262, "0", 9, 9), ("RO", 40, "0", 6, 9),
    ("RS", 381, "0", 7, 12), ("RU", 7, "8", 10, 10), ("RW", 250, "0", 8, 9),
    ("SA", 966, "0", 9, 9), ("SB", 677, "", 5, 7), ("SC", 248, "", 7, 7), ("SD", 249, "0", 9, 9),
    ("SE", 46, "0", 7, 9), ("SG", 65, "", 8, 8), ("SH", 290, "", 4, 5), ("SI", 386, "0", 8, 8),
    ("SJ", 47, "", 8, 8), ("SK", 421, "0", 6, 9), ("SL", 232, "0", 8, 8), ("SM", 378, "", 8, 10),
    ("SN", 221, "", 9, 9), ("SO", 252, "0", 6, 9), ("SR", 597, "", 6, 7), ("SS", 211, "0", 9, 9),
    ("ST", 239, "", 7, 7), ("SV", 503, "", 8, 8), ("SX", 1, "1", 10, 10), ("SY", 963, "0", 8, 9),
    ("SZ", 268, "", 8, 8), ("TA", 290, "", 4, 4), ("TC", 1, "1", 10, 10), ("TD", 235, "", 8, 8),
    ("TG", 228, "", 8, 8), ("TH", 66, "0", 8, 9), ("TJ", 992, "", 9, 9), ("TK", 690, "", 4, 7),
    ("TL", 670, "", 7, 8), ("TM", 993, "8", 8, 8), ("TN", 216, "", 8, 8), ("TO", 676, "", 5, 7),
    ("TR", 90, "0", 10, 10), ("TT", 1, "1", 10, 10), ("TV", 688, "", 5, 7), ("TW", 886, "0", 8, 9),
    ("TZ", 255, "0", 9, 9), ("UA", 380, "0", 9, 9), ("UG", 256, "0", 9, 9), ("US", 1, "1", 10, 10),
    ("UY", 598, "0", 8, 8), ("UZ", 998, "", 9, 9), ("VA", 39, "", 6, 11), ("VC", 1, "1", 10, 10),
    ("VE", 58, "0", 10, 10), ("VG", 1, "1", 10, 10), ("VI", 1, "1", 10, 10),
    ("VN", 84, "0", 9, 10), ("VU", 678, "", 5, 7), ("WF", 681, "", 6, 6), ("WS", 685, "", 5, 10),
    ("XK", 383, "0", 8, 12), ("YE", 967, "0", 7, 9), ("YT", 262, "0", 9, 9), ("ZA", 27, "0", 9, 9),
    ("ZM", 260, "0", 9, 9), ("ZW", 263, "0", 9, 9),
];

#[cfg(test)]
mod tests {
    use proptest::prelude::any;
    use proptest::proptest;

    use super::Country;
    use super::PLANS;
    use super::RowFault;
    use super::joined;
    use super::phone;

    #[test]
    fn plans_stand_in_order_and_their_codes_are_assigned() {
        assert!(PLANS.is_sorted_by(|a, b| a.0 < b.0));
        for (code, calling, trunk, least, most) in PLANS {
            assert!(least <= most && trunk.len() <= 2, "{code}");
            let number = format!("+{calling}{}", "5".repeat((*least).max(7)));
            assert!(phone(&number, None).is_ok(), "{code}");
        }
    }

    #[test]
    fn numbers_as_people_write_them() {
        use RowFault::{AmbiguousNumber, LostDigits, NationalNumber, NotANumber};
        for (cell, country, expected) in [
            ("+27821234567", None, Ok("+27821234567")),
            ("+27 (82) 123-4567", None, Ok("+27821234567")),
            ("'+27821234567", None, Ok("+27821234567")),
            ("27821234567", None, Ok("+27821234567")),
            ("27821234567.0", None, Ok("+27821234567")),
            ("0027821234567", Some("DE"), Ok("+27821234567")),
            ("082 123 4567", Some("ZA"), Ok("+27821234567")),
            ("82 123 4567", Some("ZA"), Ok("+27821234567")),
            ("27821234567", Some("ZA"), Ok("+27821234567")),
            ("0151 23456789", Some("DE"), Ok("+4915123456789")),
            ("06 12345678", Some("IT"), Ok("+390612345678")),
            ("(202) 555-0123", Some("US"), Ok("+12025550123")),
            ("1 202 555 0123", Some("US"), Ok("+12025550123")),
            ("8 916 123-45-67", Some("RU"), Ok("+79161234567")),
            ("4915123456", Some("DE"), Err(AmbiguousNumber)),
            ("082 123 4567", None, Err(NationalNumber)),
            ("2.78E+10", Some("ZA"), Err(LostDigits)),
            ("2,78e10", None, Err(LostDigits)),
            ("=HYPERLINK(\"x\")", None, Err(NotANumber)),
            ("@27821234567", None, Err(NotANumber)),
            ("-27821234567", Some("ZA"), Err(NotANumber)),
            ("+27 82 CALL ME", None, Err(NotANumber)),
            ("12345", Some("ZA"), Err(NotANumber)),
            ("+999123456789", None, Err(NotANumber)),
            ("٠٨٢١٢٣٤٥٦٧", Some("ZA"), Err(NotANumber)),
        ] {
            let country = country.map(|code| Country::from_code(code).unwrap());
            let found = phone(cell, country);
            let found = found.as_ref().map(super::Identifier::value).map_err(|e| *e);
            assert_eq!(found, expected, "{cell}");
        }
        for (code, cell, expected) in [
            ("27", "821234567", "+27821234567"),
            ("+27", "0821234567", "+27821234567"),
            ("27", "+27821234567", "+27821234567"),
            ("", "27821234567", "27821234567"),
        ] {
            assert_eq!(joined(code, cell), expected);
        }
    }

    proptest! {
        #[test]
        fn any_cell_is_a_number_or_a_fault(cell in any::<String>()) {
            let _ = phone(&cell, Country::from_code("ZA"));
        }
    }
}
