//! A cleansing file of an external registry: a table with separators, or one identifier a line.
//!
//! Bytes come in as they are read; lines go out. Nothing of a line is kept when it is done with, and
//! no fault carries what stood in it.

use std::fmt;

use thiserror::Error;

use crate::email::Email;
use crate::subject::Identifier;
use crate::subject::IdentifierKind;

/// The longest line, in bytes.
const LINE: usize = 4_096;

/// The names of columns that hold numbers or e-mail addresses, without case, spaces and signs.
const COLUMNS: &[&str] = &[
    "cell",
    "cellnumber",
    "cellphone",
    "cellphonenumber",
    "contactnumber",
    "email",
    "emailaddress",
    "mail",
    "mobile",
    "mobilenumber",
    "mobilephone",
    "msisdn",
    "number",
    "phone",
    "phonenumber",
    "telephone",
    "telephonenumber",
    "whatsapp",
    "whatsappnumber",
];

/// Why a line cannot be used.
#[derive(Clone, Copy, Debug, Eq, Error, Hash, Ord, PartialEq, PartialOrd)]
pub enum BadRow {
    /// It could be national or international.
    #[error("the number has no country code; begin it with `+`, or name the country")]
    Ambiguous,
    /// A spreadsheet has written it in the scientific way.
    #[error("the spreadsheet has lost digits; format the column as text")]
    LostDigits,
    /// Not a number, not an address.
    #[error("this is neither a phone number nor an e-mail address")]
    NotAnIdentifier,
    /// None of the columns that identify has anything in it.
    #[error("the line has no number and no address in it")]
    Nothing,
    /// The bytes are not text.
    #[error("the line is not UTF-8")]
    NotText,
    /// The line does not end.
    #[error("the line is too long")]
    TooLong,
    /// A quotation mark opens and does not close on the line.
    #[error("a quotation mark is not closed")]
    Unclosed,
}

/// Why a whole file cannot be used.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum BadFile {
    /// It has several columns and none has a known name.
    #[error(
        "the first line names no column with numbers or e-mail addresses; call it `phone` or `email`"
    )]
    Columns,
}

/// The country whose national numbers are read as such.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Country {
    /// South Africa: `0` and nine digits.
    SouthAfrica,
}

impl Country {
    /// The country with this ISO 3166-1 code, if its national numbers can be read.
    pub fn from_code(code: &str) -> Option<Self> {
        code.eq_ignore_ascii_case("ZA").then_some(Self::SouthAfrica)
    }
}

/// One line, read.
#[derive(Debug)]
pub struct Row {
    /// Its number in the file, counted from 1.
    pub number: u64,
    /// Whom it is about.
    pub found: Result<Vec<Identifier>, BadRow>,
}

/// Reads a file as it comes.
pub struct Rows {
    country: Option<Country>,
    phone: fn(&str) -> Option<String>,
    line: Vec<u8>,
    too_long: bool,
    number: u64,
    shape: Option<Shape>,
}

/// What the first line tells.
#[derive(Clone, Debug)]
struct Shape {
    separator: Option<char>,
    columns: Vec<usize>,
}

impl fmt::Debug for Rows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rows")
            .field("number", &self.number)
            .finish_non_exhaustive()
    }
}

impl Rows {
    /// Reads numbers of `country` in their national form, too. `phone` brings an international number,
    /// `+` and digits, into the one spelling under which people are found.
    pub fn new(country: Option<Country>, phone: fn(&str) -> Option<String>) -> Self {
        Self {
            country,
            phone,
            line: Vec::new(),
            too_long: false,
            number: 0,
            shape: None,
        }
    }

    /// Takes the next bytes of the file and hands on the lines they complete. Empty ones are counted
    /// and not handed on.
    ///
    /// # Errors
    /// [`BadFile`], once, with the first line.
    pub fn take(&mut self, bytes: &[u8], rows: &mut Vec<Row>) -> Result<(), BadFile> {
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            let (piece, ends) = match piece.split_last() {
                Some((b'\n', piece)) => (piece, true),
                _ => (piece, false),
            };
            if LINE < self.line.len() + piece.len() {
                self.too_long = true;
                self.line.clear();
            } else if !self.too_long {
                self.line.extend_from_slice(piece);
            }
            if ends {
                self.end_line(rows)?;
            }
        }
        Ok(())
    }

    /// The last line, if it has no end.
    ///
    /// # Errors
    /// As [`Rows::take`].
    pub fn end(&mut self, rows: &mut Vec<Row>) -> Result<(), BadFile> {
        if self.line.is_empty() && !self.too_long {
            Ok(())
        } else {
            self.end_line(rows)
        }
    }

    fn end_line(&mut self, rows: &mut Vec<Row>) -> Result<(), BadFile> {
        self.number += 1;
        let line = std::mem::take(&mut self.line);
        let found = if std::mem::take(&mut self.too_long) {
            Err(BadRow::TooLong)
        } else {
            match std::str::from_utf8(&line) {
                Ok(text) => match self.read(text)? {
                    Some(found) => found,
                    None => return Ok(()),
                },
                Err(_) => Err(BadRow::NotText),
            }
        };
        rows.push(Row {
            number: self.number,
            found,
        });
        Ok(())
    }

    /// What a line says; nothing for an empty one and for the names of the columns.
    fn read(&mut self, text: &str) -> Result<Option<Result<Vec<Identifier>, BadRow>>, BadFile> {
        let text = text.trim_start_matches('\u{feff}').trim_end_matches('\r');
        if text.trim().is_empty() {
            return Ok(None);
        }
        let Some(shape) = self.shape.clone() else {
            let (shape, names) = Shape::of(text)?;
            self.shape = Some(shape);
            return if names { Ok(None) } else { self.read(text) };
        };
        Ok(Some(self.identifiers(text, &shape)))
    }

    fn identifiers(&self, text: &str, shape: &Shape) -> Result<Vec<Identifier>, BadRow> {
        let cells = cells(text, shape.separator)?;
        let mut found = Vec::new();
        for column in &shape.columns {
            let cell = cells.get(*column).map_or("", |cell| cell.trim());
            if !cell.is_empty() {
                found.push(self.identifier(cell)?);
            }
        }
        if found.is_empty() {
            Err(BadRow::Nothing)
        } else {
            Ok(found)
        }
    }

    fn identifier(&self, cell: &str) -> Result<Identifier, BadRow> {
        if cell.contains('@') {
            let address: Email = cell.parse().map_err(|_| BadRow::NotAnIdentifier)?;
            return Ok(address.into_identifier());
        }
        let international = international(cell, self.country)?;
        let phone = (self.phone)(&international).ok_or(BadRow::NotAnIdentifier)?;
        Ok(Identifier::new(IdentifierKind::Phone, phone))
    }
}

impl Shape {
    /// What the first line tells, and whether it is the names of columns.
    fn of(line: &str) -> Result<(Self, bool), BadFile> {
        let separator = [';', '\t', ','].into_iter().find(|c| line.contains(*c));
        let names = cells(line, separator).unwrap_or_default();
        let columns: Vec<usize> = names
            .iter()
            .enumerate()
            .filter(|(_, name)| is_name(name))
            .map(|(place, _)| place)
            .collect();
        match (separator, columns.is_empty()) {
            (_, false) => Ok((Self { separator, columns }, true)),
            (None, true) => {
                let columns = vec![0];
                Ok((Self { separator, columns }, false))
            }
            (Some(_), true) => Err(BadFile::Columns),
        }
    }
}

fn is_name(cell: &str) -> bool {
    let name: String = cell
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_lowercase())
        .collect();
    COLUMNS.contains(&name.as_str())
}

/// The cells of a line (RFC 4180, without line breaks in them).
fn cells(line: &str, separator: Option<char>) -> Result<Vec<String>, BadRow> {
    let mut cells = vec![String::new()];
    let (mut quoted, mut closed) = (false, false);
    for c in line.chars() {
        let at_start = cells.last().is_some_and(String::is_empty) && !closed;
        match c {
            '"' if quoted => (quoted, closed) = (false, true),
            // Two in a quoted cell stand for one.
            '"' if closed => {
                push(&mut cells, c);
                (quoted, closed) = (true, false);
            }
            '"' if at_start => quoted = true,
            c if Some(c) == separator && !quoted => {
                cells.push(String::new());
                closed = false;
            }
            c => push(&mut cells, c),
        }
    }
    if quoted {
        Err(BadRow::Unclosed)
    } else {
        Ok(cells)
    }
}

fn push(cells: &mut [String], c: char) {
    if let Some(cell) = cells.last_mut() {
        cell.push(c);
    }
}

/// `+` and digits of what people and spreadsheets write.
fn international(cell: &str, country: Option<Country>) -> Result<String, BadRow> {
    let is_scientific = cell.contains(['e', 'E']) && cell.starts_with(|c: char| c.is_ascii_digit());
    if is_scientific {
        return Err(BadRow::LostDigits);
    }
    let plus = cell.starts_with('+');
    let mut digits = String::with_capacity(16);
    for c in cell.trim_start_matches('+').chars() {
        match c {
            '0'..='9' => digits.push(c),
            ' ' | '\u{a0}' | '-' | '.' | '(' | ')' | '/' => {}
            _ => return Err(BadRow::NotAnIdentifier),
        }
    }
    if plus {
        return Ok(format!("+{digits}"));
    }
    if let Some(rest) = digits.strip_prefix("00") {
        return Ok(format!("+{rest}"));
    }
    match country {
        Some(Country::SouthAfrica) => match (digits.strip_prefix('0'), digits.len()) {
            (Some(rest), 10) => Ok(format!("+27{rest}")),
            // A spreadsheet has dropped the first zero.
            (None, 9) => Ok(format!("+27{digits}")),
            (None, 11) if digits.starts_with("27") => Ok(format!("+{digits}")),
            _ => Err(BadRow::Ambiguous),
        },
        // Shorter ones could be national without their zero.
        None if digits.len() < 11 || digits.starts_with('0') => Err(BadRow::Ambiguous),
        None => Ok(format!("+{digits}")),
    }
}

#[cfg(test)]
mod tests {
    use super::BadFile;
    use super::BadRow;
    use super::Country;
    use super::Row;
    use super::Rows;

    // The signature is that of whoever checks for real.
    fn phone(text: &str) -> Option<String> {
        (text.len() >= 8).then(|| text.to_owned())
    }

    fn read(text: &[u8], country: Option<Country>, step: usize) -> Result<Vec<Row>, BadFile> {
        let mut reader = Rows::new(country, phone);
        let mut rows = Vec::new();
        for piece in text.chunks(step) {
            reader.take(piece, &mut rows)?;
        }
        reader.end(&mut rows)?;
        Ok(rows)
    }

    fn told(text: &str, country: Option<Country>) -> Vec<(u64, Result<Vec<String>, BadRow>)> {
        let told = |row: Row| {
            let found = row.found.map(|found| {
                let values = found.iter().map(|identifier| identifier.value().to_owned());
                values.collect::<Vec<_>>()
            });
            (row.number, found)
        };
        let whole: Vec<_> = read(text.as_bytes(), country, text.len().max(1))
            .unwrap()
            .into_iter()
            .map(told)
            .collect();
        for step in [1, 3] {
            let rows = read(text.as_bytes(), country, step).unwrap();
            assert_eq!(rows.into_iter().map(told).collect::<Vec<_>>(), whole);
        }
        whole
    }

    #[test]
    fn one_a_line() {
        let one = |text: &str| Ok(vec![text.to_owned()]);
        assert_eq!(
            told(
                "\u{feff}+27 82 555 0123\r\n\r\n0027825550124\nnobody@Example.ORG\n",
                None
            ),
            [
                (1, one("+27825550123")),
                (3, one("+27825550124")),
                (4, one("nobody@example.org")),
            ]
        );
    }

    #[test]
    fn tables() {
        let text = "Name;Cell Number;E-mail\n\"Nkosi; T\";082 555 0123;t@example.org\nDlamini;;\n";
        let both = vec!["+27825550123".to_owned(), "t@example.org".to_owned()];
        assert_eq!(
            told(text, Some(Country::SouthAfrica)),
            [(2, Ok(both)), (3, Err(BadRow::Nothing))]
        );
        let unnamed = read(b"Nkosi,0825550123\n", None, 64);
        assert_eq!(unnamed.err(), Some(BadFile::Columns));
    }

    #[test]
    fn numbers() {
        let za = Some(Country::SouthAfrica);
        for (cell, country, expected) in [
            ("+27825550123", None, Ok("+27825550123")),
            ("27825550123", None, Ok("+27825550123")),
            ("27825550123", za, Ok("+27825550123")),
            ("(082) 555-0123", za, Ok("+27825550123")),
            ("825550123", za, Ok("+27825550123")),
            ("0825550123", None, Err(BadRow::Ambiguous)),
            ("825550123", None, Err(BadRow::Ambiguous)),
            ("08255501234", za, Err(BadRow::Ambiguous)),
            ("4915112345678", za, Err(BadRow::Ambiguous)),
            ("+4915112345678", za, Ok("+4915112345678")),
            ("2.78E+10", za, Err(BadRow::LostDigits)),
            ("=27825550123", za, Err(BadRow::NotAnIdentifier)),
            ("n/a", za, Err(BadRow::NotAnIdentifier)),
            ("a@b@example.org", za, Err(BadRow::NotAnIdentifier)),
            ("+", za, Err(BadRow::NotAnIdentifier)),
            ("\"+27825550123", za, Err(BadRow::Unclosed)),
        ] {
            let text = format!("phone\n{cell}\n");
            let found = told(&text, country)
                .remove(0)
                .1
                .map(|found| found[0].clone());
            assert_eq!(found, expected.map(str::to_owned), "{cell}");
        }
    }

    #[test]
    fn lines_that_are_none() {
        let long = format!("phone\n{}\n+27825550123", "1".repeat(10_000));
        let found = told(&long, None);
        assert_eq!(found[0], (2, Err(BadRow::TooLong)));
        assert_eq!(found[1].0, 3);
        let rows = read(b"phone\n\xff\xfe\n", None, 64).unwrap();
        assert_eq!(rows[0].found.as_ref().err(), Some(&BadRow::NotText));
    }
}
