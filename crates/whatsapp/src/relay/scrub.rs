//! Replaces a person's own identifiers in free text, however they are spelled.
//!
//! A number counts as spelled when its last eight digits stand in order, in any script's digits,
//! with any punctuation, blanks or invisible characters between them; what stands before and
//! belongs to it (calling code, `00`, `+`, a trunk `0`) goes with it. Digits inside longer digit
//! strings count too: replacing too much costs a word, too little a person.

use std::ops::Range;

use serde_json::Value;

use crate::recipient::E164;

const NUMBER: &str = "[number]";
const ID: &str = "[id]";

/// How many digits of a number make it recognisable.
const CORE: usize = 8;

/// More punctuation than this between two digits, and they are two numbers.
const MAX_GAP: usize = 4;

/// Shorter tokens of base64 letters cannot hold a number.
const MIN_TOKEN: usize = 11;

/// `text` with every spelling of the identifiers in `known` (phone numbers, business-scoped ids)
/// replaced by `[number]` and `[id]`, and message ids by `[id]`.
pub fn scrub(text: &str, known: &[&str]) -> String {
    Scrubber::new(known).text(text)
}

/// The identifiers of one person, ready to be looked for.
pub(super) struct Scrubber {
    ids: Vec<String>,
    numbers: Vec<Number>,
}

/// A string of digits to look for.
struct Number {
    /// All digits.
    digits: Vec<u8>,
    /// How many of them are the calling code.
    code: usize,
    /// How many of the last must match.
    core: usize,
    label: &'static str,
}

/// A digit of a text, and where it stands.
struct Digit {
    value: u8,
    at: Range<usize>,
}

type Hit = (Range<usize>, &'static str);

impl Scrubber {
    pub(super) fn new(known: &[&str]) -> Self {
        let mut scrubber = Self {
            ids: Vec::new(),
            numbers: Vec::new(),
        };
        for identifier in known {
            match E164::parse(identifier) {
                Ok(phone) => scrubber.numbers.push(Number {
                    digits: phone.wa_id().bytes().map(|byte| byte - b'0').collect(),
                    code: phone.calling_code().len(),
                    core: phone.national().len().clamp(6, CORE),
                    label: NUMBER,
                }),
                Err(_) => scrubber.id(identifier),
            }
        }
        scrubber
    }

    /// An id is looked for whole, and without its `CC.`: people copy what they take for the id.
    fn id(&mut self, id: &str) {
        let local = id.rsplit('.').next().unwrap_or(id);
        if CORE <= local.len() && local.bytes().all(|byte| byte.is_ascii_digit()) {
            let digits: Vec<u8> = local.bytes().map(|byte| byte - b'0').collect();
            self.numbers.push(Number {
                code: 0,
                core: digits.len(),
                digits,
                label: ID,
            });
        } else if CORE <= local.len() {
            self.ids.push(local.to_ascii_lowercase());
        }
        if 4 <= id.len() {
            self.ids.push(id.to_ascii_lowercase());
        }
    }

    /// `text` without the identifiers.
    pub(super) fn text(&self, text: &str) -> String {
        let mut hits = self.hits(text);
        if hits.is_empty() {
            return text.to_owned();
        }
        hits.sort_by_key(|(range, _)| (range.start, usize::MAX - range.end));
        let mut out = String::with_capacity(text.len());
        let mut done = 0;
        for (range, label) in hits {
            if done <= range.start {
                out.push_str(text.get(done..range.start).unwrap_or_default());
                out.push_str(label);
            }
            done = done.max(range.end);
        }
        out.push_str(text.get(done..).unwrap_or_default());
        out
    }

    /// A JSON value without the identifiers: strings, keys, and numbers that spell one.
    pub(super) fn value(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.text(text)),
            Value::Array(list) => list.iter().map(|entry| self.value(entry)).collect(),
            Value::Object(object) => object
                .iter()
                .map(|(key, value)| (self.text(key), self.value(value)))
                .collect::<serde_json::Map<_, _>>()
                .into(),
            Value::Number(number) => {
                let text = number.to_string();
                if self.hits(&text).is_empty() {
                    value.clone()
                } else {
                    Value::String(NUMBER.into())
                }
            }
            Value::Null | Value::Bool(_) => value.clone(),
        }
    }

    fn hits(&self, text: &str) -> Vec<Hit> {
        let mut hits = Vec::new();
        let lower = text.to_ascii_lowercase();
        for id in &self.ids {
            hits.extend(
                lower
                    .match_indices(id)
                    .map(|(at, id)| (at..at + id.len(), ID)),
            );
        }
        for run in runs(text) {
            for number in &self.numbers {
                hits.extend(number.hits(text, &run));
            }
        }
        for token in tokens(text) {
            if let Some(hit) = self.token(text, &lower, token) {
                hits.push(hit);
            }
        }
        hits
    }

    /// A message id, or base64 that holds a number or id.
    fn token(&self, text: &str, lower: &str, token: Range<usize>) -> Option<Hit> {
        let before = lower.get(..token.start)?;
        if let Some(before) = before.strip_suffix("wamid.") {
            return Some((before.len()..token.end, ID));
        }
        let encoded = text.get(token.clone())?;
        let pieces = encoded.split('=').filter(|piece| MIN_TOKEN <= piece.len());
        let mut readings = pieces.flat_map(|piece| (0..4).map(|skipped| decode(piece, skipped)));
        readings
            .any(|decoded| self.is_told_by(&decoded))
            .then_some((token, ID))
    }

    /// Whether a number or an id stands in `decoded`.
    fn is_told_by(&self, decoded: &[u8]) -> bool {
        let decoded = decoded.to_ascii_lowercase();
        let spelled = |digits: &[u8]| {
            let ascii: Vec<u8> = digits.iter().map(|digit| digit + b'0').collect();
            contains(&decoded, &ascii)
        };
        self.numbers.iter().any(|number| spelled(number.last()))
            || self.ids.iter().any(|id| contains(&decoded, id.as_bytes()))
    }
}

/// `encoded` from base64, both alphabets at once, the first `skipped` letters left out: letters that
/// happen to stand before or behind must not hide what stands between them.
fn decode(encoded: &str, skipped: usize) -> Vec<u8> {
    let mut out = Vec::with_capacity(encoded.len());
    let (mut held, mut count) = (0_u32, 0_u32);
    for letter in encoded.bytes().skip(skipped).filter_map(sextet) {
        held = (held << 6 | u32::from(letter)) & 0xffff;
        count += 6;
        if 8 <= count {
            count -= 8;
            let [_, _, _, byte] = (held >> count).to_be_bytes();
            out.push(byte);
        }
    }
    out
}

fn sextet(letter: u8) -> Option<u8> {
    Some(match letter {
        b'A'..=b'Z' => letter - b'A',
        b'a'..=b'z' => letter - b'a' + 26,
        b'0'..=b'9' => letter - b'0' + 52,
        b'+' | b'-' => 62,
        b'/' | b'_' => 63,
        _ => return None,
    })
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    !needle.is_empty()
        && haystack
            .windows(needle.len())
            .any(|window| window == needle)
}

impl Number {
    /// The digits that must match.
    fn last(&self) -> &[u8] {
        self.digits
            .get(self.digits.len().saturating_sub(self.core)..)
            .unwrap_or_default()
    }

    fn hits(&self, text: &str, run: &[Digit]) -> Vec<Hit> {
        let core = self.last();
        let mut hits = Vec::new();
        for (at, window) in run.windows(core.len().max(1)).enumerate() {
            if window.iter().map(|digit| &digit.value).eq(core) {
                let first = self.first(run.get(..at).unwrap_or_default());
                if let (Some(first), Some(last)) = (run.get(first), window.last()) {
                    hits.push((signs(text, first.at.start)..last.at.end, self.label));
                }
            }
        }
        hits
    }

    /// How far to the left the spelling begins, given the digits before the core.
    fn first(&self, before: &[Digit]) -> usize {
        let is = |at: usize, value: u8| before.get(at).is_some_and(|digit| digit.value == value);
        let mut start = before.len();
        let mut left = self.digits.len().saturating_sub(self.core);
        while 0 < left
            && 0 < start
            && self
                .digits
                .get(left - 1)
                .is_some_and(|&digit| is(start - 1, digit))
        {
            start -= 1;
            left -= 1;
        }
        // A trunk zero, as in `082…` and `+27 (0)82…`.
        if left == self.code && 0 < start && is(start - 1, 0) {
            start -= 1;
            let code = self.digits.get(..self.code).unwrap_or_default();
            let from = start.saturating_sub(self.code);
            if code.len() <= start
                && code
                    .iter()
                    .enumerate()
                    .all(|(offset, &digit)| is(from + offset, digit))
            {
                start = from;
                left = 0;
            }
        }
        // The international prefix, as in `0027…` and `01127…`.
        if left == 0 && 2 <= start && is(start - 1, 0) && is(start - 2, 0) {
            start -= 2;
        } else if left == 0
            && 3 <= start
            && is(start - 1, 1)
            && is(start - 2, 1)
            && is(start - 3, 0)
        {
            start -= 3;
        }
        start
    }
}

/// Where the signs begin that belong to a number starting at `start`.
fn signs(text: &str, start: usize) -> usize {
    let before = text.get(..start).unwrap_or_default();
    before.trim_end_matches(['+', '＋', '(']).len()
}

/// The digits of `text`, in runs that letters and wide gaps divide.
fn runs(text: &str) -> Vec<Vec<Digit>> {
    let mut runs = Vec::new();
    let mut run: Vec<Digit> = Vec::new();
    let mut gap = 0;
    for (at, character) in text.char_indices() {
        if let Some(value) = digit(character) {
            run.push(Digit {
                value,
                at: at..at + character.len_utf8(),
            });
            gap = 0;
            continue;
        }
        gap += 1;
        if (character.is_alphabetic() || MAX_GAP < gap) && !run.is_empty() {
            runs.push(std::mem::take(&mut run));
        }
    }
    runs.push(run);
    runs.retain(|run| 6 <= run.len());
    runs
}

/// The zeros of the decimal digits people type, each followed by its nine others (Unicode `Nd`).
#[rustfmt::skip]
const ZEROS: &[u32] = &[
    0x30, 0x660, 0x6F0, 0x7C0, 0x966, 0x9E6, 0xA66, 0xAE6, 0xB66, 0xBE6, 0xC66, 0xCE6, 0xD66, 0xE50,
    0xED0, 0xF20, 0x1040, 0x17E0, 0x1810, 0xFF10, 0x1D7CE, 0x1D7D8, 0x1D7E2, 0x1D7EC, 0x1D7F6,
];

fn digit(character: char) -> Option<u8> {
    let code = u32::from(character);
    ZEROS
        .iter()
        .find(|&&zero| (zero..zero + 10).contains(&code))
        .and_then(|zero| u8::try_from(code - zero).ok())
}

/// Unbroken strings of base64 letters, either alphabet.
fn tokens(text: &str) -> Vec<Range<usize>> {
    let letter = |byte: u8| byte.is_ascii_alphanumeric() || b"+/=-_".contains(&byte);
    let mut tokens = Vec::new();
    let mut start = None;
    for (at, byte) in text.bytes().chain([b' ']).enumerate() {
        match (start, letter(byte)) {
            (None, true) => start = Some(at),
            (Some(from), false) => {
                tokens.push(from..at);
                start = None;
            }
            _ => {}
        }
    }
    tokens
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const KNOWN: &[&str] = &[
        "+27825550123",
        "ZA.13491208655302741918",
        "ZA.ENT.aBcDeFgH12",
    ];

    #[test]
    fn spellings() {
        let check = |text: &str, expected: &str| assert_eq!(scrub(text, KNOWN), expected, "{text}");
        for spelling in [
            "+27825550123",
            "27825550123",
            "0027825550123",
            "01127825550123",
            "0825550123",
            "825550123",
            "082 555 0123",
            "082-555-0123",
            "(082) 555 0123",
            "+27 (0)82 555 0123",
            "+27.82.555.01.23",
            "+27 82 555 01 23",
            "00 27 82 5550123",
            "0 8 2 5 5 5 0 1 2 3",
            "082\u{a0}555\u{2011}0123",
            "0\u{200b}82\u{200e}5550123",
            "＋２７８２５５５０１２３",
            "٠٨٢٥٥٥٠١٢٣",
            "082, 555, 0123",
            "25550123",
            "082/555/0123",
            "082\n555\n0123",
            "0️⃣8️⃣2️⃣5️⃣5️⃣5️⃣0️⃣1️⃣2️⃣3️⃣",
        ] {
            let text = scrub(&format!("call {spelling}, ok"), KNOWN);
            assert!(
                !text.chars().any(|c| digit(c).is_some()),
                "{spelling}: {text}"
            );
            assert!(
                text.starts_with("call [number]") && text.ends_with(", ok"),
                "{spelling}: {text}"
            );
        }
        check(
            "it costs R 825 for 55 pieces",
            "it costs R 825 for 55 pieces",
        );
        check("order 1758254144", "order 1758254144");
        check("+27825550124", "+27825550124");
        check("", "");
        check("x9927825550123456y", "x99[number]456y");
    }

    #[test]
    fn ids() {
        let check = |text: &str, expected: &str| assert_eq!(scrub(text, KNOWN), expected, "{text}");
        check("I am ZA.13491208655302741918!", "I am [id]!");
        check("I am za.13491208655302741918!", "I am [id]!");
        check("13491208655302741918", "[id]");
        check("1349 1208 6553 0274 1918", "[id]");
        check("ABCDEFGH12", "[id]");
        check("ZA.ENT.aBcDeFgH12", "[id]");
        check("see wamid.HBgLMjc4MjU1NTAxMjMVAgASGBQA.", "see [id].");
        check("HBgLMjc4MjU1NTAxMjMVAgASGBQA", "[id]");
        check("Mjc4MjU1NTAxMjM=", "[id]");
        check("xMjc4MjU1NTAxMjM", "[id]");
        check("xyzMjc4MjU1NTAxMjMxyz", "[id]");
        check("a=Mjc4MjU1NTAxMjM", "[id]");
        check("see /a/Mjc4MjU1NTAxMjM-x_y now", "see [id] now");
        check("wa25550123Mjc4MjU1NTAxMjMVAg", "[id]");
        check(
            "a long-ish-word-that-is-no-base64",
            "a long-ish-word-that-is-no-base64",
        );
    }

    #[test]
    fn values() {
        let scrubber = Scrubber::new(KNOWN);
        let value = serde_json::json!({
            "27825550123": [27_825_550_123_u64, 5, true, null, -33.92],
            "a": {"b": "0825550123"},
        });
        let expected = serde_json::json!({
            "[number]": ["[number]", 5, true, null, -33.92],
            "a": {"b": "[number]"},
        });
        assert_eq!(scrubber.value(&value), expected);
    }

    proptest! {
        #[test]
        fn total(text in "\\PC*", known in "\\PC{0,20}") {
            scrub(&text, &[&known, "+27825550123"]);
        }

        #[test]
        fn any_separators(gaps in proptest::collection::vec("[ .()/\u{200b}\u{a0}+-]{0,2}", 10)) {
            let mut spelled = String::new();
            for (digit, gap) in "0825550123".chars().zip(&gaps) {
                spelled.push(digit);
                spelled.push_str(gap);
            }
            let scrubbed = scrub(&spelled, KNOWN);
            prop_assert!(!scrubbed.contains(|c: char| c.is_ascii_digit()), "{}", scrubbed);
        }
    }
}
