//! The words around a number: they make it surer, or less sure.

use crate::text::Text;

/// How far to look back, in bytes.
const BACK: usize = 50;
/// How far to look ahead, in bytes.
const AHEAD: usize = 24;

/// What stands near payment cards.
pub(crate) const CARD: &[&str] = &[
    "card", "kaart", "karte", "carte", "visa", "master", "amex", "cvv", "debit", "credit",
];

/// What stands near identity numbers.
pub(crate) const IDENTITY: &[&str] = &["identity", "id", "rsa", "identiteit", "isazisi", "born"];

/// What stands near phone numbers.
pub(crate) const PHONE: &[&str] = &[
    "call", "cell", "mobile", "number", "phone", "tel", "text", "whatsapp", "sel", "nommer", "bel",
    "handy", "appel", "numero", "ring", "fax", "sms",
];

/// What stands near numbers that identify a thing.
pub(crate) const THING: &[&str] = &[
    "order",
    "invoice",
    "tracking",
    "parcel",
    "waybill",
    "reference",
    "ref",
    "ticket",
    "bestelling",
    "faktuur",
    "rechnung",
    "sendung",
    "commande",
    "facture",
    "colis",
    "serial",
    "imei",
    "sku",
];

/// Whether one of these words stands near a passage.
pub(crate) fn near(text: &Text<'_>, (start, end): (usize, usize), words: &[&str]) -> bool {
    has(text.before(start, BACK), words) || has(text.after(end, AHEAD), words)
}

/// Whether one of these words stands before a passage.
pub(crate) fn before(text: &Text<'_>, start: usize, words: &[&str]) -> bool {
    has(text.before(start, BACK), words)
}

/// Whether a passage has one of these words: what goes on behind a word does not count where it is
/// short, so that `id` is not found in `idea`.
fn has(passage: &str, words: &[&str]) -> bool {
    passage
        .split(|c: char| !c.is_alphabetic())
        .filter(|word| word.len() >= 2)
        .any(|word| words.iter().any(|known| begins(word, known)))
}

fn begins(word: &str, known: &str) -> bool {
    let Some(head) = word.get(..known.len()) else {
        return false;
    };
    head.eq_ignore_ascii_case(known) && (word.len() == known.len() || known.len() >= 4)
}
