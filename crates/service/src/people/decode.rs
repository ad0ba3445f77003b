//! Bytes of a file as UTF-8.
//!
//! UTF-8 and UTF-16 are told by their byte order marks; a file without one is UTF-8, unless somebody
//! says that it is Windows-1252: every byte makes sense in that, so it cannot be told by looking. What
//! does not decode comes out as a byte that no UTF-8 has, so that it makes its own row a bad one.

use std::io;
use std::io::Read;

/// What no UTF-8 has.
const INVALID: u8 = 0xff;

/// The characters of the bytes 0x80 to 0x9F of Windows-1252; five of them have none (WHATWG Encoding
/// Standard, index windows-1252, where they are control characters).
const UPPER: [Option<char>; 32] = [
    Some('\u{20ac}'),
    None,
    Some('\u{201a}'),
    Some('\u{0192}'),
    Some('\u{201e}'),
    Some('\u{2026}'),
    Some('\u{2020}'),
    Some('\u{2021}'),
    Some('\u{02c6}'),
    Some('\u{2030}'),
    Some('\u{0160}'),
    Some('\u{2039}'),
    Some('\u{0152}'),
    None,
    Some('\u{017d}'),
    None,
    None,
    Some('\u{2018}'),
    Some('\u{2019}'),
    Some('\u{201c}'),
    Some('\u{201d}'),
    Some('\u{2022}'),
    Some('\u{2013}'),
    Some('\u{2014}'),
    Some('\u{02dc}'),
    Some('\u{2122}'),
    Some('\u{0161}'),
    Some('\u{203a}'),
    Some('\u{0153}'),
    None,
    Some('\u{017e}'),
    Some('\u{0178}'),
];

/// How a file is written.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Encoding {
    /// UTF-8, or UTF-16 with a byte order mark.
    #[default]
    Unicode,
    /// Windows-1252, as old spreadsheets write it in the West of Europe.
    Windows1252,
}

impl Encoding {
    /// The name it has on the command line and in the admin API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unicode => "unicode",
            Self::Windows1252 => "windows-1252",
        }
    }

    /// The one with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Unicode, Self::Windows1252]
            .into_iter()
            .find(|encoding| encoding.name() == name)
    }
}

/// How the bytes at hand are read.
#[derive(Clone, Copy, Debug)]
enum Form {
    Utf8,
    Utf16 { big: bool },
    Windows1252,
}

/// The bytes of a file as UTF-8.
#[derive(Debug)]
pub(super) struct Decoder<R> {
    inner: R,
    form: Form,
    /// What was read of the file and not decoded yet.
    raw: Vec<u8>,
    /// What was decoded and not handed over yet, from `given` on.
    ready: Vec<u8>,
    given: usize,
    ended: bool,
}

impl<R: Read> Decoder<R> {
    pub(super) fn new(mut inner: R, encoding: Encoding) -> io::Result<Self> {
        let mut raw = Vec::with_capacity(4);
        inner.by_ref().take(3).read_to_end(&mut raw)?;
        let (form, mark) = match (encoding, raw.as_slice()) {
            (_, [0xef, 0xbb, 0xbf]) => (Form::Utf8, 3),
            (_, [0xff, 0xfe, ..]) => (Form::Utf16 { big: false }, 2),
            (_, [0xfe, 0xff, ..]) => (Form::Utf16 { big: true }, 2),
            (Encoding::Unicode, _) => (Form::Utf8, 0),
            (Encoding::Windows1252, _) => (Form::Windows1252, 0),
        };
        raw.drain(..mark);
        Ok(Self {
            inner,
            form,
            raw,
            ready: Vec::new(),
            given: 0,
            ended: false,
        })
    }

    fn refill(&mut self) -> io::Result<()> {
        let mut block = [0; 16_384];
        let count = self.inner.read(&mut block)?;
        self.ended = count == 0;
        self.raw.extend(block.get(..count).unwrap_or_default());
        self.ready.clear();
        self.given = 0;
        match self.form {
            Form::Utf8 => std::mem::swap(&mut self.ready, &mut self.raw),
            Form::Utf16 { big } => self.wide(big),
            Form::Windows1252 => {
                for byte in self.raw.drain(..) {
                    push(&mut self.ready, windows(byte));
                }
            }
        }
        Ok(())
    }

    /// Decodes whole units; a lead surrogate waits for what follows it.
    fn wide(&mut self, big: bool) {
        let units: Vec<u16> = self
            .raw
            .chunks_exact(2)
            .filter_map(|pair| pair.first_chunk().copied())
            .map(|pair| {
                if big {
                    u16::from_be_bytes(pair)
                } else {
                    u16::from_le_bytes(pair)
                }
            })
            .collect();
        let waits = units
            .last()
            .is_some_and(|unit| (0xd800..0xdc00).contains(unit));
        let whole = units.len() - usize::from(waits && !self.ended);
        for decoded in char::decode_utf16(units.into_iter().take(whole)) {
            push(&mut self.ready, decoded.ok());
        }
        self.raw.drain(..whole * 2);
        if self.ended && !self.raw.is_empty() {
            self.raw.clear();
            self.ready.push(INVALID);
        }
    }
}

fn windows(byte: u8) -> Option<char> {
    match byte {
        0x80..=0x9f => UPPER.get(usize::from(byte - 0x80)).copied().flatten(),
        _ => Some(char::from(byte)),
    }
}

fn push(ready: &mut Vec<u8>, decoded: Option<char>) {
    match decoded {
        Some(decoded) => ready.extend(decoded.encode_utf8(&mut [0; 4]).as_bytes()),
        None => ready.push(INVALID),
    }
}

impl<R: Read> Read for Decoder<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.given >= self.ready.len() && !self.ended {
            self.refill()?;
        }
        let left = self.ready.get(self.given..).unwrap_or_default();
        let count = left.len().min(out.len());
        let (Some(to), Some(from)) = (out.get_mut(..count), left.get(..count)) else {
            return Ok(0);
        };
        to.copy_from_slice(from);
        self.given += count;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use proptest::prelude::any;
    use proptest::proptest;

    use super::Decoder;
    use super::Encoding;

    fn decoded(bytes: &[u8], encoding: Encoding) -> Vec<u8> {
        let mut out = Vec::new();
        Decoder::new(bytes, encoding)
            .unwrap()
            .read_to_end(&mut out)
            .unwrap();
        out
    }

    fn utf16(text: &str, big: bool) -> Vec<u8> {
        let mut bytes = if big {
            vec![0xfe, 0xff]
        } else {
            vec![0xff, 0xfe]
        };
        for unit in text.encode_utf16() {
            bytes.extend(if big {
                unit.to_be_bytes()
            } else {
                unit.to_le_bytes()
            });
        }
        bytes
    }

    #[test]
    fn byte_order_marks_tell() {
        use Encoding::{Unicode, Windows1252};
        for (bytes, encoding, expected) in [
            (b"Z\xc3\xbc".to_vec(), Unicode, "Zü".as_bytes()),
            (b"\xef\xbb\xbfZ\xc3\xbc".to_vec(), Unicode, "Zü".as_bytes()),
            (
                b"\xef\xbb\xbfZ\xc3\xbc".to_vec(),
                Windows1252,
                "Zü".as_bytes(),
            ),
            (utf16("Zü 😀", false), Unicode, "Zü 😀".as_bytes()),
            (utf16("Zü 😀", true), Windows1252, "Zü 😀".as_bytes()),
            (b"Z\xfc \x80".to_vec(), Windows1252, "Zü €".as_bytes()),
            (b"a\x81b".to_vec(), Windows1252, b"a\xffb"),
            (b"\xff\xfea\x00\x00\xd8".to_vec(), Unicode, b"a\xff"),
            (b"\xff\xfea\x00b".to_vec(), Unicode, b"a\xff"),
            (Vec::new(), Unicode, b""),
        ] {
            assert_eq!(decoded(&bytes, encoding), expected, "{bytes:?}");
        }
    }

    proptest! {
        #[test]
        fn any_text_survives_in_utf16(text in any::<String>(), big in any::<bool>()) {
            // Long enough to cross the edges of blocks.
            let text = text.repeat(300);
            let out = decoded(&utf16(&text, big), Encoding::Unicode);
            assert_eq!(String::from_utf8(out).unwrap(), text);
        }
    }
}
