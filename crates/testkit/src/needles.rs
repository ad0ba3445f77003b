//! Finds what must not be there, however it is spelled.

use std::fmt::Write;

use aws_lc_rs::digest;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::Person;
use crate::app::hex;

/// Spellings to look for, each with the word a failed test is told.
#[derive(Clone, Debug, Default)]
pub struct Needles(Vec<(String, Vec<u8>)>);

impl Needles {
    /// A text in every spelling: as it is, in UTF-16, base64 at three offsets, hexadecimal, percent,
    /// JSON and HTML escapes, quoted-printable.
    #[must_use]
    pub fn text(mut self, what: &str, text: &str) -> Self {
        self.encoded(what, text.as_bytes());
        let utf16 = |of: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(of).collect::<Vec<u8>>();
        self.add(what, "UTF-16LE", utf16(u16::to_le_bytes));
        self.add(what, "UTF-16BE", utf16(u16::to_be_bytes));
        let escaped = text.chars().fold(String::new(), |mut out, c| {
            if c.is_ascii() {
                out.push(c);
            } else {
                let mut units = [0; 2];
                for unit in c.encode_utf16(&mut units) {
                    write!(out, "\\u{unit:04x}").unwrap();
                }
            }
            out
        });
        self.add(what, "JSON", escaped.into_bytes());
        self.add(what, "URL", text.replace('+', "%2B").into_bytes());
        for (how, escape, plain) in [
            ("percent", '%', "-._~"),
            ("quoted-printable", '=', " !-.:,@"),
        ] {
            let spelled = text.bytes().fold(String::new(), |mut out, byte| {
                let letter = char::from(byte);
                if letter.is_ascii_alphanumeric() || plain.contains(letter) {
                    out.push(letter);
                } else {
                    write!(out, "{escape}{byte:02X}").unwrap();
                }
                out
            });
            self.add(what, how, spelled.into_bytes());
        }
        let referred = text.chars().fold(String::new(), |mut out, c| {
            if c.is_ascii() {
                out.push(c);
            } else {
                write!(out, "&#{};", u32::from(c)).unwrap();
            }
            out
        });
        self.add(what, "HTML", referred.into_bytes());
        self.add(what, "plus", text.replace(' ', "+").into_bytes());
        self.add(what, "%20", text.replace(' ', "%20").into_bytes());
        self
    }

    /// Bytes such as a key: as they are, in hexadecimal, in base64 at three offsets.
    #[must_use]
    pub fn bytes(mut self, what: &str, bytes: &[u8]) -> Self {
        self.encoded(what, bytes);
        self
    }

    /// A number in every spelling: bare, national, in groups, its last seven digits, hashed without a
    /// key.
    #[must_use]
    pub fn phone(mut self, what: &str, phone: &str) -> Self {
        let digits = phone.trim_start_matches('+');
        let local = digits.strip_prefix("27").unwrap_or(digits);
        let (_, last) = digits.split_at(digits.len() - 7);
        let part = |from: usize, to: usize| local.get(from..to).unwrap_or_default();
        let groups = [part(0, 2), part(2, 5), part(5, 9)];
        for separator in [" ", "-", ".", "\u{a0}"] {
            let spaced = groups.join(separator);
            self.add(what, "in groups", spaced.into_bytes());
        }
        for (how, spelling) in [
            ("bare", digits.to_owned()),
            ("national", format!("0{local}")),
            ("without code", local.to_owned()),
            ("last seven", last.to_owned()),
            ("reversed", digits.chars().rev().collect()),
        ] {
            self.encoded(&format!("{what}, {how}"), spelling.as_bytes());
        }
        // A hash without a key is the number: there are few of them.
        for spelling in [phone, digits] {
            for algorithm in [&digest::SHA256, &digest::SHA1_FOR_LEGACY_USE_ONLY] {
                let hash = digest::digest(algorithm, spelling.as_bytes());
                self.encoded(&format!("{what}, hashed"), hash.as_ref());
            }
        }
        self
    }

    /// A person: number, BSUID and name.
    #[must_use]
    pub fn person(self, person: &Person) -> Self {
        let needles = match person.phone {
            Some(phone) => self.phone(&format!("{}'s number", person.handle), phone),
            None => self,
        };
        let id = person.user_id.rsplit('.').next().unwrap_or_default();
        needles
            .text(&format!("{}'s BSUID", person.handle), id)
            .text(&format!("{}'s name", person.handle), person.name)
    }

    /// What was found, in words; empty if nothing was.
    pub fn found_in(&self, haystack: &[u8]) -> Vec<&str> {
        // Most bytes begin no needle; looking at the first two only keeps a scan of megabytes quick.
        let mut begins = vec![false; 1 << 16];
        let mut by_first: Vec<Vec<usize>> = vec![Vec::new(); 256];
        for (index, (_, needle)) in self.0.iter().enumerate() {
            if let [first, second, ..] = needle[..] {
                begins[usize::from(u16::from_be_bytes([first, second]))] = true;
                by_first[usize::from(first)].push(index);
            }
        }
        let mut found = Vec::new();
        for (at, pair) in haystack.windows(2).enumerate() {
            if !begins[usize::from(u16::from_be_bytes([pair[0], pair[1]]))] {
                continue;
            }
            for index in &by_first[usize::from(pair[0])] {
                let (what, needle) = &self.0[*index];
                if haystack[at..].starts_with(needle) && !found.contains(&what.as_str()) {
                    found.push(what.as_str());
                }
            }
        }
        found
    }

    fn encoded(&mut self, what: &str, bytes: &[u8]) {
        self.add(what, "as it is", bytes.to_vec());
        let hex = hex(bytes);
        self.add(what, "HEX", hex.to_uppercase().into_bytes());
        self.add(what, "hex", hex.into_bytes());
        for offset in 0..3_usize {
            // What stands before and after in the same quantum is not known: those letters go.
            let shifted = [&vec![0; offset], bytes].concat();
            let skip = [0, 2, 3].get(offset).copied().unwrap_or_default();
            let whole = shifted.len() * 8 / 6;
            for encoded in [
                STANDARD.encode(&shifted),
                STANDARD_NO_PAD.encode(&shifted),
                URL_SAFE_NO_PAD.encode(&shifted),
            ] {
                if let Some(inner) = encoded.get(skip..whole) {
                    self.add(what, "base64", inner.as_bytes().to_vec());
                }
            }
        }
    }

    fn add(&mut self, what: &str, how: &str, needle: Vec<u8>) {
        // Short needles are found by chance.
        if needle.len() >= 7 && !self.0.iter().any(|(_, held)| *held == needle) {
            self.0.push((format!("{what} ({how})"), needle));
        }
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;

    use super::Needles;
    use crate::people::THANDI;
    use crate::people::ZOE;

    #[test]
    fn finds_every_spelling() {
        let needles = Needles::default().person(&THANDI).person(&ZOE);
        for haystack in [
            "to +27825550142.",
            "27825550142",
            "082 555 0142 is 082-555-0142",
            "82 555 0142",
            "0825550142",
            "x5550142x",
            "ZA.13491208655302741918",
            "Thandi Mokoena",
            "Zo\\u00eb Adams",
            "Zoë%20Adams",
            "Zo%C3%AB%20Adams",
            "Zo=C3=AB Adams",
            "Zo&#235; Adams",
            "068960ea8fd66b0640b5d8de5de0b7eba9de7196",
            "3237383235353530313432",
        ] {
            assert!(
                !needles.found_in(haystack.as_bytes()).is_empty(),
                "{haystack}"
            );
        }
        for offset in 0..3 {
            let hidden = format!("{}27825550142 and more", "x".repeat(offset));
            let encoded = STANDARD.encode(hidden);
            assert!(
                !needles.found_in(encoded.as_bytes()).is_empty(),
                "{encoded}"
            );
        }
        assert!(
            needles
                .found_in(b"+27 21 555 0100, ZA.1, Thandi")
                .is_empty()
        );
    }
}
