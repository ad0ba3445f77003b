//! What can be wrong with a body.

use std::fmt;

use thiserror::Error;

use super::link::LinkError;
use crate::error::GraphError;
use crate::recipient::RecipientError;

/// Where and what is wrong with a body. The place is one of our own words for it, never a key or
/// a value that was sent.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error("{path}: {fault}")]
pub struct BodyError {
    /// The member, as a path with `[]` for any entry of a list.
    pub path: &'static str,
    /// What is wrong there.
    pub fault: Fault,
}

/// What is wrong.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum Fault {
    /// Two members of which only one may be there.
    #[error("only one of these may be given: {0}")]
    Conflict(&'static str),
    /// Fewer or more entries than allowed.
    #[error("has {0} to {1} entries")]
    Count(usize, usize),
    /// One key twice in one object.
    #[error("an object has the same key twice")]
    Duplicate,
    /// It is for a group.
    #[error(
        "a message to a group reaches several people at once and is not sent; write to each \
         person instead"
    )]
    Group,
    /// No id of a group.
    #[error("is not the id of a group")]
    NotAGroup,
    /// Groups do not take this type.
    #[error("groups take text, files and templates")]
    NotInGroups,
    /// Not JSON.
    #[error("is not json")]
    Json,
    /// Fewer or more characters than allowed.
    #[error("has {0} to {1} characters")]
    Length(usize, usize),
    /// A link that is not accepted.
    #[error("{0}")]
    Link(LinkError),
    /// It must be there.
    #[error("is required")]
    Missing,
    /// It has no place there.
    #[error("is not allowed here")]
    Misplaced,
    /// Something else than a template of the category MARKETING on the path for those.
    #[error("this path sends templates of the category MARKETING only; use /messages")]
    NotMarketing,
    /// A number outside its range.
    #[error("is out of range")]
    Range,
    /// A recipient that is not exactly one person.
    #[error("{0}")]
    Recipient(RecipientError),
    /// Two entries with one id.
    #[error("ids must differ from each other")]
    Repeated,
    /// Another type of JSON value.
    #[error("must be {0}")]
    Type(&'static str),
    /// An object has a member that is not known.
    #[error("has a member that is not known")]
    Unknown,
    /// A message type that is not known or not served.
    #[error("is not a supported message type")]
    Unsupported,
    /// A word that is not one of the allowed.
    #[error("is not one of the allowed values")]
    Value,
}

impl BodyError {
    /// What is wrong at a place.
    pub const fn new(path: &'static str, fault: Fault) -> Self {
        Self { path, fault }
    }

    /// Meta's code for it.
    pub const fn code(&self) -> u32 {
        match self.fault {
            Fault::Conflict(_)
            | Fault::Duplicate
            | Fault::Json
            | Fault::Misplaced
            | Fault::Type(_)
            | Fault::Unknown => 100,
            Fault::Group => 131_005,
            Fault::Missing => 131_008,
            Fault::NotMarketing => 134_100,
            Fault::Count(..)
            | Fault::Length(..)
            | Fault::Link(_)
            | Fault::NotAGroup
            | Fault::Range
            | Fault::Recipient(_)
            | Fault::Repeated
            | Fault::Value => 131_009,
            Fault::NotInGroups | Fault::Unsupported => 131_051,
        }
    }

    /// The answer.
    pub fn graph(&self) -> GraphError {
        GraphError::of(self.code(), fmt::format(format_args!("{self}")))
    }
}
