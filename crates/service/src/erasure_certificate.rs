//! The certificate of an erasure: what went, what stays and from when no copy can be read, either, for
//! somebody who has nothing but this text and the log's key.
//!
//! It is a signed note, like that of a cleansing ([`crate::certificate`]). What never changes of the
//! erasure is bound to the log: its values, the salt under which the log's entry commits to the rows it
//! covers, the way from the row to the commitment, the entry, and its place in the log. The rest (how far
//! the sweep is, what stays, who was told, the horizon) is as it stood when the note was signed. It
//! names nobody: whom it is about is a number that leads nowhere any more.

mod made;
mod note;

use domain::erasure::AtMeta;
use domain::ids::ErasureId;
use domain::time::Timestamp;
use store::erasure_proof::ErasureFacts;
use store::erasure_proof::ErasureProof;
use tlog::Hash;
use tlog::NoteError;
use tlog::SigningKey;
use tlog::VerifyingKey;
use tlog::proof;

use crate::certificate::CertificateError;

pub use made::CertificateForms;

/// The first line.
const KIND: &str = "imvume erasure certificate v1";

/// What the log's entry of an erasure says: that it was done, or that a restore did it again.
const DONE: [&str; 2] = [
    r#""action":"subject.erased""#,
    r#""action":"backup.restored""#,
];

/// A certificate of an erasure that holds.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ErasureNote {
    /// The name of the log.
    pub origin: String,
    /// Who erased.
    pub organisation: String,
    /// What was erased when.
    pub facts: ErasureFacts,
    /// How the entry commits to it.
    pub proof: ErasureProof,
    /// Whether all rows are removed.
    pub swept: bool,
    /// How many rows and files were removed so far.
    pub removed: (u64, u64),
    /// The erasure horizon.
    pub horizon: Horizon,
    /// What stays: the class, the rule or `hold`, and until when.
    pub kept: Vec<Kept>,
    /// Who was told to erase, too, and when they told that it is done.
    pub recipients: Vec<(String, Option<Timestamp>)>,
    /// When the note was made.
    pub made: Timestamp,
    /// Where the entry stands in the log.
    pub position: u64,
    /// How many entries the log had when the note was made.
    pub size: u64,
    /// The root over them.
    pub root: Hash,
    /// The way from the entry to the root.
    pub path: Vec<Hash>,
}

/// From when no copy can be read.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Horizon {
    /// From this instant at the latest, if keys are rolled as configured.
    Expected(Timestamp),
    /// It was reached then.
    Reached(Timestamp),
    /// Keys are rolled only when staff does it.
    Open,
}

/// Something that stays.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Kept {
    /// The class of records, by its name.
    pub class: String,
    /// The rule; `hold` for a legal hold.
    pub rule: String,
    /// Until when.
    pub until: Option<Timestamp>,
}

impl ErasureNote {
    /// The certificate as a signed note.
    ///
    /// # Errors
    /// Where a value does not fit on a line.
    pub fn sign(&self, key: &SigningKey) -> Result<String, NoteError> {
        key.state(&note::text(self))
    }

    /// Reads a certificate and checks it: signature, that the entry speaks of these values, and the
    /// entry's place in the log.
    ///
    /// # Errors
    /// [`CertificateError`] by the first thing that does not hold.
    pub fn verify(signed: &str, key: &VerifyingKey) -> Result<Self, CertificateError> {
        if crate::certificate::LONGEST < signed.len() {
            return Err(CertificateError::Form);
        }
        let text = key.statement(signed)?;
        let read = note::read(&text).ok_or(CertificateError::Form)?;
        if read.origin != key.name() {
            return Err(CertificateError::OtherLog);
        }
        let entry = std::str::from_utf8(&read.proof.entry).unwrap_or_default();
        let speaks_of_it = read.proof.check(&read.facts).is_ok();
        if !speaks_of_it || !DONE.iter().any(|done| entry.contains(done)) {
            return Err(CertificateError::OtherEntry);
        }
        let leaf = tlog::leaf_hash(&read.proof.entry);
        proof::verify_inclusion(&read.root, read.size, read.position, &leaf, &read.path)?;
        Ok(read)
    }

    /// The number of the erasure.
    pub const fn id(&self) -> ErasureId {
        self.facts.id
    }
}

/// What became of something at Meta, as letters tell it.
const fn residual(at_meta: AtMeta) -> letters::Residual {
    match at_meta {
        AtMeta::Deleted => letters::Residual::Deleted,
        AtMeta::NotTold => letters::Residual::Left,
        AtMeta::Nothing => letters::Residual::None,
    }
}
