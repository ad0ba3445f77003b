//! Finds what identifies people in text: recognise a shape, check it (digit sums, calling codes,
//! dates), then look at the words around it.
//!
//! It knows phone numbers in international form and in the national forms of the regions in
//! [`Region`], e-mail addresses, numbers of payment cards, IBANs, South African identity numbers and
//! vCards. Digits may be written full-width or in Arabic or Devanagari, with spaces, hyphens, dots and
//! invisible marks between them.
//!
//! One pass over the bytes; at each place only a bounded number of characters is looked at, so time
//! grows with the length of the text and with nothing else. What is found is a hint for somebody who
//! decides, and no proof: whoever's it is, this crate does not know.
//!
//! Left out: names, addresses of houses, and numbers whose one check digit says next to nothing
//! without context (a South African phone number passes as a Nigerian identity number one time in
//! ten). To add a kind: a variant of [`Kind`], a module with its check, and a line in `digits.rs` if
//! it is made of digits.

mod card;
mod digits;
mod email;
mod iban;
mod identity;
mod phone;
mod region;
mod text;
mod vcard;
mod words;

pub use region::Region;

use crate::text::Text;

/// What something identifies.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Kind {
    /// A card of an address book, written as a vCard (RFC 6350).
    ContactCard,
    /// An e-mail address.
    Email,
    /// An international bank account number (ISO 13616).
    Iban,
    /// The number of a payment card (ISO/IEC 7812).
    PaymentCard,
    /// A phone number.
    Phone,
    /// A South African identity number.
    SouthAfricanId,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Self; 6] = [
        Self::ContactCard,
        Self::Email,
        Self::Iban,
        Self::PaymentCard,
        Self::Phone,
        Self::SouthAfricanId,
    ];
}

/// What is known of a text beforehand.
#[derive(Clone, Copy, Debug, Default)]
pub struct Context {
    /// Where numbers without a calling code are at home.
    pub region: Region,
}

/// A passage that identifies somebody.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Span {
    /// What it is.
    pub kind: Kind,
    /// Where it begins, in bytes.
    pub start: usize,
    /// How long it is, in bytes.
    pub len: usize,
    /// How sure that is, from 50 to 100.
    pub confidence: u8,
}

impl Span {
    /// Where it ends, in bytes.
    pub const fn end(&self) -> usize {
        self.start + self.len
    }
}

/// What is less sure than this is not told.
pub(crate) const LEAST: u8 = 50;

/// Everything that identifies somebody, by its place; passages do not overlap.
pub fn find(text: &str, context: Context) -> Vec<Span> {
    let text = Text::new(text);
    let mut found = Vec::new();
    let mut digits = digits::Run::default();
    let mut at = 0;
    while let Some(place) = text.trigger(at) {
        at = match text.byte(place) {
            Some(b'@') => email::at(&text, place, &mut found),
            Some(b':') => vcard::at(&text, place, &mut found),
            _ => match text.char_at(place) {
                Some((c, _)) if text::digit(c).is_some() => {
                    digits.read(&text, place);
                    digits.judge(&text, context, &mut found)
                }
                Some((text::WIDE_AT, _)) => email::at(&text, place, &mut found),
                Some((_, next)) => next,
                None => place + 1,
            },
        };
    }
    settle(found)
}

/// The canonical value of a passage that [`find`] has found in this text: a phone number in E.164,
/// digits without what stands between them, an address in lower case.
pub fn canonical(text: &str, span: &Span, context: Context) -> Option<String> {
    let passage = text.get(span.start..span.end())?;
    let digits = || passage.chars().filter_map(text::digit);
    let plain = || {
        digits()
            .map(|digit| char::from(b'0' + digit))
            .collect::<String>()
    };
    Some(match span.kind {
        Kind::ContactCard => passage.to_owned(),
        Kind::Email => passage.replace(text::WIDE_AT, "@").to_lowercase(),
        Kind::Iban => passage
            .chars()
            .filter(char::is_ascii_alphanumeric)
            .map(|c| c.to_ascii_uppercase())
            .collect(),
        Kind::PaymentCard | Kind::SouthAfricanId => plain(),
        Kind::Phone => {
            let plus = passage.chars().find(|c| text::is_plus(*c)).is_some();
            phone::canonical(&plain_phone(passage), plus, context.region)
        }
    })
}

/// The digits of a number, without the zero that some write in parentheses behind the calling code.
fn plain_phone(passage: &str) -> String {
    let passage = passage.replacen("(0)", "", 1);
    let digits = passage.chars().filter_map(text::digit);
    digits.map(|digit| char::from(b'0' + digit)).collect()
}

/// Of what overlaps, the surest stays; of the equally sure, the longest.
fn settle(mut found: Vec<Span>) -> Vec<Span> {
    found.retain(|span| LEAST <= span.confidence);
    found.sort_unstable_by_key(|span| (span.start, span.end()));
    let mut kept: Vec<Span> = Vec::with_capacity(found.len());
    for span in found {
        match kept.last_mut() {
            Some(last) if span.start < last.end() => {
                if (last.confidence, last.len) < (span.confidence, span.len) {
                    *last = span;
                }
            }
            _ => kept.push(span),
        }
    }
    kept
}
