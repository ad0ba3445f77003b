//! What can be wrong with a list. Nothing here holds what stood in it.

/// A row that cannot be read.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Bad {
    /// The line of the file on which it begins; the first is 1.
    pub line: u64,
    /// What is wrong with it; the first thing found.
    pub fault: RowFault,
}

/// What is wrong with a row.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum RowFault {
    /// The number could be a national or an international one.
    AmbiguousNumber,
    /// The country is not two letters, with a subdivision or without.
    Country,
    /// The e-mail address is none.
    Email,
    /// Its bytes are not of the file's encoding.
    Encoding,
    /// It has more or fewer cells than there are columns.
    Fields,
    /// A language is not a tag.
    Language,
    /// The number is written with an exponent: digits of it are gone.
    LostDigits,
    /// There is neither a phone number nor an e-mail address.
    Nobody,
    /// The phone number is none.
    NotANumber,
    /// The number is a national one, and no country was named.
    NationalNumber,
    /// The instant of the sale is none, or lies ahead.
    Sale,
    /// The cell that tells of consent says neither yes nor no.
    Status,
    /// The time zone is not an IANA name.
    Zone,
}

impl RowFault {
    /// What is wrong, in a few words, and how to mend it.
    pub const fn words(self) -> &'static str {
        match self {
            Self::AmbiguousNumber => {
                "the number could be a national or an international one; write it with +"
            }
            Self::Country => "the country is not a code of two letters such as ZA",
            Self::Email => "the e-mail address is not one",
            Self::Encoding => "its bytes are not of the file's encoding",
            Self::Fields => "it has more or fewer cells than the first line has columns",
            Self::Language => "a language is not a tag such as en or pt-BR",
            Self::LostDigits => {
                "the spreadsheet has lost digits of the number; format the column as text"
            }
            Self::Nobody => "there is neither a phone number nor an e-mail address",
            Self::NotANumber => "the phone number is not one",
            Self::NationalNumber => "the number is a national one; name the country",
            Self::Sale => "the last sale is not a date such as 2026-03-31, or lies ahead",
            Self::Status => "what it tells of consent is neither a yes nor a no",
            Self::Zone => "the time zone is not a name such as Africa/Johannesburg",
        }
    }
}

/// Why a list as a whole cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum SheetError {
    /// Columns are missing.
    #[error("the file has no column {}", .0.join(", and no column "))]
    Columns(Vec<&'static str>),
    /// There is nothing in it.
    #[error("the file is empty")]
    Empty,
    /// A row has no end.
    #[error("the row on line {0} is too long; look for a quotation mark that is not closed")]
    Endless(u64),
    /// A column comes twice.
    #[error("the column {0} comes twice")]
    Twice(&'static str),
    /// It cannot be read.
    #[error("the file cannot be read: {0}")]
    Read(#[from] std::io::Error),
}
