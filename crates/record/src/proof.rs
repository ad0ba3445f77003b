//! The member `proof`: what shows that a record is what the log committed to.

use serde::Deserialize;
use serde::Serialize;
use serde_json::Value;
use tlog::Hash;
use tlog::NoteError;
use tlog::SigningKey;

use crate::canonical;
use crate::row::Row;

/// What `proof` says it is.
pub(crate) const KIND: &str = "imvume-consent-proof-v1";

/// The first line of what is signed; the canonical text of the record is the second.
const SIGNED: &str = "imvume consent record v1";

/// What proves an event: row → commitment → entry → root.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct EventProof {
    /// The position of the log's entry.
    pub position: u64,
    /// The entry, as it stands in the log.
    pub entry: String,
    /// The way from the entry to the root of the checkpoint, lowest hash first.
    #[serde(with = "hashes")]
    pub path: Vec<Hash>,
    /// The salt under which the entry commits to rows.
    #[serde(with = "salt")]
    pub salt: [u8; 16],
    /// The row.
    pub row: Row,
    /// The row's place among those the entry commits to.
    pub row_index: u64,
    /// How many these are.
    pub rows: u64,
    /// The way from the row's hash to the commitment.
    #[serde(with = "hashes")]
    pub row_path: Vec<Hash>,
}

/// The signed head of the log that a proof leads to.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Head {
    /// The checkpoint as a signed note.
    pub checkpoint: String,
    /// How many entries it covers.
    pub size: u64,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Proof {
    #[serde(rename = "type")]
    pub(crate) kind: String,
    pub(crate) key: String,
    pub(crate) checkpoint: String,
    pub(crate) signature: String,
    pub(crate) events: Vec<EventProof>,
}

/// Why a record cannot be signed.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum SignError {
    /// It is not an object.
    #[error("the record is not a JSON object")]
    NotAnObject,
    /// The key does not sign it.
    #[error("{0}")]
    Note(#[from] NoteError),
}

/// The record with its proof, in canonical text with a line feed at its end.
///
/// # Errors
/// [`SignError`]; a document of [`crate::Material::document`] is signed by any key.
pub fn sign(
    mut document: Value,
    events: Vec<EventProof>,
    head: Head,
    key: &SigningKey,
) -> Result<String, SignError> {
    let note = key.state(&signed(&document))?;
    let (_, signature) = note.rsplit_once("\n\n").ok_or(NoteError::MalformedNote)?;
    let proof = Proof {
        kind: KIND.to_owned(),
        key: key.verifying_key().to_string(),
        checkpoint: head.checkpoint,
        signature: signature.to_owned(),
        events,
    };
    let proof = serde_json::to_value(proof).map_err(|_| SignError::NotAnObject)?;
    let members = document.as_object_mut().ok_or(SignError::NotAnObject)?;
    members.insert("proof".to_owned(), proof);
    Ok(canonical::text(&document) + "\n")
}

/// What the signature covers.
pub(crate) fn signed(document: &Value) -> String {
    format!("{SIGNED}\n{}\n", canonical::text(document))
}

/// Bytes as standard base64.
pub(crate) mod bytes {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use serde::Deserialize as _;
    use serde::Deserializer;
    use serde::Serializer;
    use serde::de::Error as _;

    pub(crate) fn serialize<S: Serializer>(bytes: &[u8], to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&STANDARD.encode(bytes))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<u8>, D::Error> {
        let text = String::deserialize(from)?;
        STANDARD
            .decode(text)
            .map_err(|_| D::Error::custom("not base64"))
    }
}

/// The same, or null.
pub(crate) mod bytes_or_null {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use serde::Deserialize as _;
    use serde::Deserializer;
    use serde::Serialize as _;
    use serde::Serializer;
    use serde::de::Error as _;

    #[expect(clippy::ref_option, reason = "the form serde asks for")]
    pub(crate) fn serialize<S: Serializer>(
        bytes: &Option<Vec<u8>>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        bytes
            .as_ref()
            .map(|bytes| STANDARD.encode(bytes))
            .serialize(to)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Option<Vec<u8>>, D::Error> {
        let text = Option::<String>::deserialize(from)?;
        let decoded = text.map(|text| STANDARD.decode(text)).transpose();
        decoded.map_err(|_| D::Error::custom("not base64"))
    }
}

/// A salt as standard base64.
mod salt {
    use serde::Deserializer;
    use serde::Serializer;
    use serde::de::Error as _;

    use super::bytes;

    pub(super) fn serialize<S: Serializer>(salt: &[u8; 16], to: S) -> Result<S::Ok, S::Error> {
        bytes::serialize(salt, to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<[u8; 16], D::Error> {
        let salt = bytes::deserialize(from)?;
        salt.try_into()
            .map_err(|_| D::Error::custom("not 16 bytes"))
    }
}

/// Hashes as the log writes them.
mod hashes {
    use serde::Deserialize as _;
    use serde::Deserializer;
    use serde::Serialize as _;
    use serde::Serializer;
    use serde::de::Error as _;
    use tlog::Hash;

    pub(super) fn serialize<S: Serializer>(hashes: &[Hash], to: S) -> Result<S::Ok, S::Error> {
        let texts: Vec<String> = hashes.iter().map(ToString::to_string).collect();
        texts.serialize(to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Hash>, D::Error> {
        let texts = Vec::<String>::deserialize(from)?;
        let read: Result<_, _> = texts.iter().map(|text| text.parse()).collect();
        read.map_err(|_| D::Error::custom("not a hash"))
    }
}
