//! The certificate of an erasure as people read it. What proves it is the signed note that goes with it.

use domain::record_class::RecordClass;
use jiff::civil::Date;

use crate::facts::Kept;
use crate::letterhead::Letterhead;

/// What the certificate of an erasure tells. It names nobody.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Certificate {
    /// Its number.
    pub number: i64,
    /// The number of the case, if there was a request.
    pub case: Option<i64>,
    /// Who erased.
    pub head: Letterhead,
    /// When, in the zone of the organisation.
    pub erased: Date,
    /// The day the certificate was made.
    pub today: Date,
    /// What went, by class.
    pub classes: Vec<RecordClass>,
    /// How many data keys were destroyed.
    pub keys: u64,
    /// How many rows were removed so far.
    pub rows: u64,
    /// How many media objects were removed so far.
    pub objects: u64,
    /// Whether all rows are removed.
    pub swept: bool,
    /// From when no copy can be read, either; none where nothing sets the day.
    pub horizon: Option<Date>,
    /// Whether that day is reached.
    pub reached: bool,
    /// What became of the media at Meta.
    pub media_at_meta: Residual,
    /// What became of the entry in the contact book at Meta.
    pub contact_at_meta: Residual,
    /// For how many days Meta may still keep messages that it delivered.
    pub meta_days: u16,
    /// What stays, why and until when.
    pub kept: Vec<Kept>,
    /// Whether an entry on the list of those who are not written to stays.
    pub suppressed: bool,
    /// Who was told to erase, too.
    pub recipients: Vec<Recipient>,
    /// The name of the log.
    pub log: String,
    /// Where the erasure stands in the log.
    pub position: u64,
}

/// What became of something at Meta.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Residual {
    /// It was deleted there.
    Deleted,
    /// Meta could not be asked, or did not do it: it goes when Meta's own time is over.
    Left,
    /// There was nothing.
    None,
}

/// Somebody who was told to erase, too.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Recipient {
    /// Their name, as it is set up here.
    pub name: String,
    /// When they told that it is done.
    pub acknowledged: Option<Date>,
}

impl Residual {
    pub(crate) const fn key(self) -> &'static str {
        match self {
            Self::Deleted => "certificate.deleted",
            Self::Left => "certificate.left",
            Self::None => "certificate.none",
        }
    }
}
