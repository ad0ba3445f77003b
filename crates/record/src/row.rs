//! A row of the ledger as the log committed to it.

use serde::Deserialize;
use serde::Serialize;
use tlog::Hash;

/// The code of the ledger's table in commitments.
const TABLE: u8 = 17;

/// Every column of a row of the table `consent_events` that the log commits to, in the table's order
/// and as it is stored: states and the like by their codes, instants in microseconds.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    /// The event's id.
    pub id: i64,
    /// Whose.
    pub subject_id: i64,
    /// For what.
    pub purpose_id: i64,
    /// Where.
    pub channel: i64,
    /// The state it brought about.
    pub state: i64,
    /// How it came about.
    pub method: i64,
    /// How well it can be proved.
    pub grade: i64,
    /// The notice version behind it.
    pub notice_id: Option<i64>,
    /// The hash of that version.
    #[serde(with = "crate::proof::bytes_or_null")]
    pub notice_hash: Option<Vec<u8>>,
    /// The language of the exchange.
    pub language: String,
    /// The jurisdictions that were noted with it.
    pub jurisdictions: String,
    /// The rule it was recorded under.
    pub rule: String,
    /// Who recorded it.
    pub actor: String,
    /// The key its evidence is sealed under.
    pub key_id: i64,
    /// The evidence, sealed: nobody reads it without that key.
    #[serde(with = "crate::proof::bytes")]
    pub sealed_evidence: Vec<u8>,
    /// When it runs out by itself.
    pub expires_at: Option<i64>,
    /// When.
    pub at: i64,
}

impl Row {
    /// The salted hash of the row: the RFC 6962 leaf hash of the salt, the table's code, and for each
    /// column its type, length and bytes.
    pub fn hash(&self, salt: &[u8; 16]) -> Hash {
        let mut bytes = Vec::with_capacity(512);
        bytes.extend_from_slice(salt);
        bytes.push(TABLE);
        let mut sized = |kind: u8, content: &[u8]| {
            bytes.push(kind);
            bytes.extend_from_slice(&(content.len() as u64).to_be_bytes());
            bytes.extend_from_slice(content);
        };
        for column in [
            Column::Integer(Some(self.id)),
            Column::Integer(Some(self.subject_id)),
            Column::Integer(Some(self.purpose_id)),
            Column::Integer(Some(self.channel)),
            Column::Integer(Some(self.state)),
            Column::Integer(Some(self.method)),
            Column::Integer(Some(self.grade)),
            Column::Integer(self.notice_id),
            Column::Bytes(self.notice_hash.as_deref()),
            Column::Text(&self.language),
            Column::Text(&self.jurisdictions),
            Column::Text(&self.rule),
            Column::Text(&self.actor),
            Column::Integer(Some(self.key_id)),
            Column::Bytes(Some(&self.sealed_evidence)),
            Column::Integer(self.expires_at),
            Column::Integer(Some(self.at)),
        ] {
            match column {
                Column::Bytes(None) | Column::Integer(None) => sized(0, &[]),
                Column::Integer(Some(number)) => sized(1, &number.to_be_bytes()),
                Column::Text(text) => sized(3, text.as_bytes()),
                Column::Bytes(Some(content)) => sized(4, content),
            }
        }
        tlog::leaf_hash(&bytes)
    }
}

enum Column<'a> {
    Bytes(Option<&'a [u8]>),
    Integer(Option<i64>),
    Text(&'a str),
}
