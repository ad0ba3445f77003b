//! International bank account numbers (ISO 13616): a country, two check digits, and as many letters and
//! digits as that country has.

use crate::Kind;
use crate::Span;
use crate::text::Text;
use crate::text::is_word;

/// How long an IBAN is, by country: the registry of SWIFT.
const LENGTHS: &[(&str, usize)] = &[
    ("AD", 24),
    ("AE", 23),
    ("AL", 28),
    ("AT", 20),
    ("AZ", 28),
    ("BA", 20),
    ("BE", 16),
    ("BG", 22),
    ("BH", 22),
    ("BR", 29),
    ("BY", 28),
    ("CH", 21),
    ("CR", 22),
    ("CY", 28),
    ("CZ", 24),
    ("DE", 22),
    ("DK", 18),
    ("DO", 28),
    ("EE", 20),
    ("EG", 29),
    ("ES", 24),
    ("FI", 18),
    ("FO", 18),
    ("FR", 27),
    ("GB", 22),
    ("GE", 22),
    ("GI", 23),
    ("GL", 18),
    ("GR", 27),
    ("GT", 28),
    ("HR", 21),
    ("HU", 28),
    ("IE", 22),
    ("IL", 23),
    ("IQ", 23),
    ("IS", 26),
    ("IT", 27),
    ("JO", 30),
    ("KW", 30),
    ("KZ", 20),
    ("LB", 28),
    ("LC", 32),
    ("LI", 21),
    ("LT", 20),
    ("LU", 20),
    ("LV", 21),
    ("LY", 25),
    ("MC", 27),
    ("MD", 24),
    ("ME", 22),
    ("MK", 19),
    ("MR", 27),
    ("MT", 31),
    ("MU", 30),
    ("NL", 18),
    ("NO", 15),
    ("PK", 24),
    ("PL", 28),
    ("PS", 29),
    ("PT", 25),
    ("QA", 29),
    ("RO", 24),
    ("RS", 22),
    ("SA", 24),
    ("SC", 31),
    ("SD", 18),
    ("SE", 24),
    ("SI", 19),
    ("SK", 24),
    ("SM", 27),
    ("ST", 25),
    ("SV", 28),
    ("TL", 23),
    ("TN", 24),
    ("TR", 26),
    ("UA", 29),
    ("VA", 22),
    ("VG", 24),
    ("XK", 20),
];

/// The longest there is, in characters, with a space behind every fourth.
const LONGEST: usize = 34 + 9;

/// Looks at two letters before a digit. Returns where the IBAN ends, if it is one.
pub(crate) fn at(text: &Text<'_>, digit: usize, found: &mut Vec<Span>) -> Option<usize> {
    let start = digit.checked_sub(2)?;
    let country = text.slice(start, digit).to_ascii_uppercase();
    let place = LENGTHS.binary_search_by_key(&country.as_str(), |(country, _)| country);
    let (_, length) = LENGTHS.get(place.ok()?)?;
    if text.char_before(start).is_some_and(|(c, _)| is_word(c)) {
        return None;
    }
    let (mut at, mut taken) = (start, Taken::default());
    for _ in 0..LONGEST {
        if taken.count == *length {
            break;
        }
        let (c, next) = text.char_at(at)?;
        match c {
            ' ' | '\u{a0}' | '-' => {}
            c if c.is_ascii_alphanumeric() => taken.push(c),
            _ => return None,
        }
        at = next;
    }
    let whole = taken.count == *length && taken.remainder() == 1;
    if !whole || text.char_at(at).is_some_and(|(c, _)| is_word(c)) {
        return None;
    }
    found.push(Span {
        kind: Kind::Iban,
        start,
        len: at - start,
        confidence: 97,
    });
    Some(at)
}

/// Characters of an IBAN, as the two numbers whose remainder counts.
#[derive(Default)]
struct Taken {
    count: usize,
    /// The first four, which go to the end.
    head: u64,
    head_digits: u32,
    /// The rest, modulo 97.
    rest: u64,
}

impl Taken {
    fn push(&mut self, c: char) {
        let value = u64::from(c.to_digit(36).unwrap_or_default());
        let digits = if value > 9 { 2 } else { 1 };
        let shift = 10_u64.pow(digits);
        if self.count < 4 {
            self.head = self.head * shift + value;
            self.head_digits += digits;
        } else {
            self.rest = (self.rest * shift + value) % 97;
        }
        self.count += 1;
    }

    fn remainder(&self) -> u64 {
        (self.rest * (10_u64.pow(self.head_digits) % 97) + self.head) % 97
    }
}
