//! Characters and places of a text.

/// The at sign as East Asian keyboards write it.
pub(crate) const WIDE_AT: char = '\u{ff20}';

/// A text that is looked at by bytes and by characters.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Text<'a> {
    text: &'a str,
}

/// Bytes at which something may begin: ASCII digits, `@`, `:`, and the first bytes of other digits.
const TRIGGERS: [bool; 256] = {
    let mut table = [false; 256];
    let mut digit = b'0';
    while digit <= b'9' {
        set(&mut table, digit);
        digit += 1;
    }
    // U+0660…, U+06F0…, U+0966…, and U+FF10… with U+FF20.
    let others = [b'@', b':', 0xd9, 0xdb, 0xe0, 0xef];
    let mut left: &[u8] = &others;
    while let [byte, rest @ ..] = left {
        set(&mut table, *byte);
        left = rest;
    }
    table
};

#[expect(
    clippy::indexing_slicing,
    reason = "the index is a byte, the table has a place for each"
)]
const fn set(table: &mut [bool; 256], byte: u8) {
    table[byte as usize] = true;
}

impl<'a> Text<'a> {
    pub(crate) const fn new(text: &'a str) -> Self {
        Self { text }
    }

    /// The next place, from `at` on, at which something may begin.
    pub(crate) fn trigger(&self, at: usize) -> Option<usize> {
        let rest = self.text.as_bytes().get(at..)?;
        let is_trigger = |byte: &u8| {
            TRIGGERS
                .get(usize::from(*byte))
                .copied()
                .unwrap_or_default()
        };
        rest.iter().position(is_trigger).map(|offset| at + offset)
    }

    pub(crate) fn byte(&self, at: usize) -> Option<u8> {
        self.text.as_bytes().get(at).copied()
    }

    /// The character at a place, and where the next one begins.
    pub(crate) fn char_at(&self, at: usize) -> Option<(char, usize)> {
        let c = self.text.get(at..)?.chars().next()?;
        Some((c, at + c.len_utf8()))
    }

    /// The character before a place, and where it begins.
    pub(crate) fn char_before(&self, at: usize) -> Option<(char, usize)> {
        let c = self.text.get(..at)?.chars().next_back()?;
        Some((c, at - c.len_utf8()))
    }

    pub(crate) fn slice(&self, start: usize, end: usize) -> &'a str {
        self.text.get(start..end).unwrap_or_default()
    }

    /// About so many bytes before a place; less where that would cut a character in two.
    pub(crate) fn before(&self, at: usize, bytes: usize) -> &'a str {
        let mut start = at.saturating_sub(bytes);
        while start < at && !self.text.is_char_boundary(start) {
            start += 1;
        }
        self.slice(start, at)
    }

    /// About so many bytes from a place on.
    pub(crate) fn after(&self, at: usize, bytes: usize) -> &'a str {
        let mut end = self.text.len().min(at.saturating_add(bytes));
        while at < end && !self.text.is_char_boundary(end) {
            end -= 1;
        }
        self.slice(at, end)
    }
}

/// The value of a decimal digit in the scripts that keyboards of phones offer.
pub(crate) const fn digit(c: char) -> Option<u8> {
    let zero = match c {
        '0'..='9' => '0',
        '\u{660}'..='\u{669}' => '\u{660}',
        '\u{6f0}'..='\u{6f9}' => '\u{6f0}',
        '\u{966}'..='\u{96f}' => '\u{966}',
        '\u{ff10}'..='\u{ff19}' => '\u{ff10}',
        _ => return None,
    };
    #[expect(clippy::cast_possible_truncation, reason = "0 to 9")]
    Some((c as u32 - zero as u32) as u8)
}

pub(crate) const fn is_plus(c: char) -> bool {
    matches!(c, '+' | '\u{ff0b}')
}

/// Marks that are not seen: joiners, direction, soft hyphen, byte order.
pub(crate) const fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{2069}' | '\u{feff}'
    )
}

/// Whether a character goes on with a word, so that a number beside it is a part of something else.
pub(crate) fn is_word(c: char) -> bool {
    c == '_' || c.is_alphanumeric()
}
