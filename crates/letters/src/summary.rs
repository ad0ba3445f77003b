//! The letter that goes with a copy of a person's data: what is in it, how much, from when, who received
//! data, and what the person can do.

use domain::request::Assurance;
use domain::request::RequestKind;
use jiff::civil::Date;

use crate::letterhead::Letterhead;

/// What the letter with a copy of the data tells.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Summary {
    /// The number of the package.
    pub number: i64,
    /// Who writes.
    pub head: Letterhead,
    /// The request it answers.
    pub request: Option<Answered>,
    /// The day the data are of.
    pub made: Date,
    /// The day it is written.
    pub today: Date,
    /// Whether it holds only what the person may take along.
    pub portability: bool,
    /// When the oldest and the newest message were written.
    pub span: Option<(Date, Date)>,
    /// What is in it and how much, in the person's language.
    pub parts: Vec<(String, u64)>,
    /// Who received data, in the person's language.
    pub recipients: Vec<String>,
    /// How many passages about others were left out.
    pub left_out: u64,
    /// How many messages of other members of groups were passed over.
    pub of_others: u64,
    /// The jurisdictions whose law holds.
    pub jurisdictions: Vec<String>,
    /// The person's own page, where people can reach it.
    pub page: Option<String>,
}

/// The request that a copy answers.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Answered {
    /// The number of the case.
    pub case: i64,
    /// What was asked for.
    pub kind: RequestKind,
    /// When.
    pub received: Date,
    /// How sure it was who asked.
    pub assurance: Assurance,
}
