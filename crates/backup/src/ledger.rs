//! The ledger: what must hold even after an older snapshot was restored. It is kept with the keys,
//! apart from the snapshots, and only ever grows or is replaced whole, so applying an entry twice does
//! what applying it once does.
//!
//! | Kind | Columns |
//! |---|---|
//! | Consent | event, subject, purpose, channel, state, method, grade, language, jurisdictions, rule, actor, at: a refusal or withdrawal |
//! | Destroyed | data key: in appended parts, where the whole part before still has it |
//! | Erasure | erasure, subject, request, reason, classes, keys, identifiers, suppressed, epoch, media at Meta, contact at Meta, at |
//! | Hold | hold, code, matter, owner, query, everybody, classes, from, to, placed at, review at, released at, version: as it stands now |
//! | Hold number | item, hold, number |
//! | Hold subject | item, hold, subject, at |
//! | Kept | item, erasure, subject, class, rule, hold, until |
//! | Lift | lift, suppression, rule, at |
//! | Redaction | message, conversation, previous, direction, rule, at, redacted at |
//! | Restriction | subject, at |
//! | Suppression | entry, group, version of the key, tag, scope, purpose, source, rule, since |

use crate::error::BackupError;
use crate::frame::Pieces;

/// What an entry speaks of. Codes are never used twice.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Kind {
    /// A person refused consent, or took it back.
    Consent = 1,
    /// A person was erased.
    Erasure = 2,
    /// What an erasure left, and why.
    Kept = 3,
    /// A suppression was lifted.
    Lift = 4,
    /// A message was taken out of a conversation.
    Redaction = 5,
    /// A person is restricted.
    Restriction = 6,
    /// An identifier was put on the suppression list.
    Suppression = 7,
    /// A data key was destroyed.
    Destroyed = 8,
    /// A legal hold was placed, changed or released.
    Hold = 9,
    /// A legal hold names a number.
    HoldNumber = 10,
    /// A legal hold names a person.
    HoldSubject = 11,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Self; 11] = [
        Self::Consent,
        Self::Destroyed,
        Self::Erasure,
        Self::Hold,
        Self::HoldNumber,
        Self::HoldSubject,
        Self::Kept,
        Self::Lift,
        Self::Redaction,
        Self::Restriction,
        Self::Suppression,
    ];

    /// How many columns an entry of the kind has.
    pub const fn columns(self) -> usize {
        match self {
            Self::Consent | Self::Erasure => 12,
            Self::Destroyed => 1,
            Self::Hold => 13,
            Self::HoldNumber => 3,
            Self::Kept | Self::Redaction => 7,
            Self::HoldSubject | Self::Lift => 4,
            Self::Restriction => 2,
            Self::Suppression => 9,
        }
    }

    fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| *kind as u8 == code)
    }
}

/// A value of an entry.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Value {
    /// Bytes.
    Bytes(Vec<u8>),
    /// A whole number: an id, a code, microseconds since 1970.
    Integer(i64),
    /// None.
    Null,
    /// Text.
    Text(String),
}

/// An entry.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Entry {
    /// What it speaks of.
    pub kind: Kind,
    /// Its values, in the order of the table above.
    pub values: Vec<Value>,
}

impl Entry {
    /// Appends the entry to a frame.
    pub(crate) fn write(&self, out: &mut Vec<u8>) -> Result<(), BackupError> {
        if self.values.len() != self.kind.columns() {
            return Err(BackupError::Sealing);
        }
        out.push(self.kind as u8);
        for value in &self.values {
            match value {
                Value::Null => out.push(0),
                Value::Integer(number) => {
                    out.push(1);
                    out.extend_from_slice(&number.to_be_bytes());
                }
                Value::Text(text) => sized(out, 2, text.as_bytes())?,
                Value::Bytes(bytes) => sized(out, 3, bytes)?,
            }
        }
        Ok(())
    }

    /// Reads the entry at the front of a frame.
    pub(crate) fn read(from: &mut Pieces<'_>) -> Result<Self, BackupError> {
        let [code] = from.fixed()?;
        let kind = Kind::from_code(code).ok_or(BackupError::Altered)?;
        let values = (0..kind.columns()).map(|_| value(from));
        Ok(Self {
            kind,
            values: values.collect::<Result<_, _>>()?,
        })
    }

    /// A number of the entry.
    ///
    /// # Errors
    /// [`BackupError::Altered`] where something else stands.
    pub fn integer(&self, column: usize) -> Result<i64, BackupError> {
        match self.values.get(column) {
            Some(Value::Integer(number)) => Ok(*number),
            _ => Err(BackupError::Altered),
        }
    }

    /// A number of the entry, if there is one.
    ///
    /// # Errors
    /// As [`Entry::integer`].
    pub fn optional(&self, column: usize) -> Result<Option<i64>, BackupError> {
        match self.values.get(column) {
            Some(Value::Null) => Ok(None),
            _ => self.integer(column).map(Some),
        }
    }

    /// A text of the entry.
    ///
    /// # Errors
    /// As [`Entry::integer`].
    pub fn text(&self, column: usize) -> Result<&str, BackupError> {
        match self.values.get(column) {
            Some(Value::Text(text)) => Ok(text),
            _ => Err(BackupError::Altered),
        }
    }

    /// Bytes of the entry.
    ///
    /// # Errors
    /// As [`Entry::integer`].
    pub fn bytes(&self, column: usize) -> Result<&[u8], BackupError> {
        match self.values.get(column) {
            Some(Value::Bytes(bytes)) => Ok(bytes),
            _ => Err(BackupError::Altered),
        }
    }
}

fn value(from: &mut Pieces<'_>) -> Result<Value, BackupError> {
    let [tag] = from.fixed()?;
    Ok(match tag {
        0 => Value::Null,
        1 => Value::Integer(i64::from_be_bytes(from.fixed()?)),
        2 => {
            let text = String::from_utf8(from.bytes()?.to_vec());
            Value::Text(text.map_err(|_| BackupError::Altered)?)
        }
        3 => Value::Bytes(from.bytes()?.to_vec()),
        _ => return Err(BackupError::Altered),
    })
}

fn sized(out: &mut Vec<u8>, tag: u8, content: &[u8]) -> Result<(), BackupError> {
    let length = u32::try_from(content.len()).map_err(|_| BackupError::Sealing)?;
    out.push(tag);
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(content);
    Ok(())
}
