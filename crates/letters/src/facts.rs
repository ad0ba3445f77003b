//! What a letter is made from.

use domain::record_class::RecordClass;
use domain::request::LetterKind;
use domain::request::RequestKind;
use jiff::civil::Date;

use crate::letterhead::Letterhead;

/// A letter that is to be written.
#[derive(Clone, Debug)]
pub struct Letter<'a> {
    /// What it tells.
    pub kind: LetterKind,
    /// The language it is wanted in (BCP 47); the nearest one there is will do.
    pub language: &'a str,
    /// Who writes.
    pub head: &'a Letterhead,
    /// The number of the case.
    pub case: i64,
    /// What was asked for.
    pub request: RequestKind,
    /// When it was asked for.
    pub received: Date,
    /// The day it is written.
    pub today: Date,
    /// By when it has to be answered, in the time of the authority.
    pub due: Option<Date>,
    /// The jurisdictions whose law holds, as the rulebook names them.
    pub jurisdictions: &'a [&'a str],
    /// The person's own page, where people can reach it.
    pub page: Option<&'a str>,
    /// The rest.
    pub facts: &'a Facts,
}

/// What a letter tells besides the case. Each letter wants some of it, and cannot be written without.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Facts {
    /// Why, in a sentence or two: of an extension, a refusal, a partial result.
    pub reason: Option<String>,
    /// The provision it rests on: of an extension, a refusal.
    pub provision: Option<String>,
    /// What is asked back: to be sure who asks, or what is meant.
    pub question: Option<String>,
    /// By when an answer to the question is looked for.
    pub answer_by: Option<Date>,
    /// By when it is answered now: of an extension.
    pub new_due: Option<Date>,
    /// What was done, in a sentence or two: of a correction, an objection, a complaint.
    pub done: Option<String>,
    /// What was erased, or is now.
    pub erased: Vec<RecordClass>,
    /// What stays, why and until when.
    pub kept: Vec<Kept>,
    /// Whether the person stands on the list of those who are not written to.
    pub suppressed: bool,
    /// The erasure horizon: from this day no copy can be read, either.
    pub horizon: Option<Date>,
    /// For how many days Meta may still keep messages that it delivered.
    pub meta_days: Option<u16>,
    /// How many others were told to do the same.
    pub recipients: u32,
    /// Where the copy of the data is fetched.
    pub package: Option<Package>,
    /// Where the certificate of the erasure is read.
    pub certificate: Option<String>,
}

/// A copy of a person's data that can be fetched.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Package {
    /// The address; good once.
    pub address: String,
    /// Until when.
    pub until: Date,
}

/// Something that stays.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Kept {
    /// What.
    pub class: RecordClass,
    /// Why.
    pub why: Why,
    /// The provision; none for a legal hold, whose matter is not told.
    pub provision: Option<String>,
    /// Until when; none where that hangs on the end of a case.
    pub until: Option<Date>,
}

/// Why something stays.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Why {
    /// A legal hold.
    Hold,
    /// A law orders to keep it.
    Law,
    /// It proves consent or its withdrawal.
    Proof,
}

impl Why {
    pub(crate) const fn key(self) -> &'static str {
        match self {
            Self::Hold => "why.hold",
            Self::Law => "why.law",
            Self::Proof => "why.proof",
        }
    }
}
