//! Checking a record with nothing but the log's public key.

use domain::consent::ConsentState;
use domain::time::Timestamp;
use serde_json::Map;
use serde_json::Value;
use serde_json::json;
use tlog::Checkpoint;
use tlog::Hash;
use tlog::NoteError;
use tlog::VerifyingKey;
use tlog::proof;
use tlog::proof::ProofError;

use crate::canonical;
use crate::document;
use crate::document::hex;
use crate::document::said;
use crate::proof::EventProof;
use crate::proof::KIND;
use crate::proof::Proof;
use crate::proof::signed;

/// The longest record that is read, in bytes: thousands of events.
pub const LONGEST: usize = 8 * 1024 * 1024;

/// A record that holds.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Verified {
    /// Its name.
    pub record: String,
    /// The code of its purpose.
    pub purpose: String,
    /// The state its last event brought about.
    pub state: ConsentState,
    /// When that was.
    pub since: Timestamp,
    /// The position and the bytes of each entry of the log it rests on, in order.
    pub entries: Vec<(u64, Vec<u8>)>,
    /// How many entries the log had.
    pub size: u64,
    /// The root over them.
    pub root: Hash,
    /// The checkpoint that says so.
    pub checkpoint: String,
}

/// The first thing by which a record does not hold. Events are counted from 1.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum RecordError {
    /// The checkpoint is not one of this log.
    #[error("its checkpoint does not hold: {0}")]
    Checkpoint(#[source] NoteError),
    /// An event is not what the log committed to.
    #[error("event {number}: {source}")]
    Event {
        /// Which one.
        number: u64,
        /// Why.
        source: EventError,
    },
    /// It does not have the form of a record.
    #[error("this is no consent record: {0}")]
    Form(&'static str),
    /// An event is missing.
    #[error("event {number} is missing")]
    Missing {
        /// Which one.
        number: u64,
    },
    /// An event is out of order.
    #[error("event {number} is out of order")]
    Order {
        /// Which one.
        number: u64,
    },
    /// It names another key.
    #[error("it is signed with another key than the one given")]
    OtherKey,
    /// The text is not the one that was signed.
    #[error("it is not what was signed: {0}")]
    Signature(#[source] NoteError),
}

/// Why an event does not hold.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum EventError {
    /// The row is not the one the entry commits to.
    #[error("the log's entry commits to another row")]
    Commitment,
    /// The record says something else than the row.
    #[error("`{0}` is not what the log committed to")]
    Differs(&'static str),
    /// The entry speaks of something else.
    #[error("the log's entry speaks of something else")]
    Entry,
    /// The entry is not in the log.
    #[error("its entry does not stand in the log: {0}")]
    Inclusion(ProofError),
}

/// Checks a record: that it is what the key signed, and each of its events what the log committed to.
///
/// # Errors
/// [`RecordError`] by the first thing that does not hold.
pub fn verify(bytes: &[u8], key: &VerifyingKey) -> Result<Verified, RecordError> {
    if bytes.len() > LONGEST {
        return Err(RecordError::Form("it is too long"));
    }
    let mut document = canonical::parse(bytes).ok_or(RecordError::Form("it is not JSON"))?;
    let proof = document
        .as_object_mut()
        .ok_or(RecordError::Form("it is not an object"))?
        .remove("proof")
        .ok_or(RecordError::Form("it has no proof"))?;
    let proof: Proof = serde_json::from_value(proof)
        .map_err(|_| RecordError::Form("its proof is not complete"))?;
    if proof.kind != KIND {
        return Err(RecordError::Form("its proof is of another kind"));
    }
    if proof.key != key.to_string() {
        return Err(RecordError::OtherKey);
    }
    let head = Checkpoint::parse_signed(&proof.checkpoint, key).map_err(RecordError::Checkpoint)?;
    check_events(&document, &proof.events, key.name(), &head)?;
    let text = signed(&document);
    let stated = key
        .statement(&format!("{text}\n{}", proof.signature))
        .map_err(RecordError::Signature)?;
    if stated != text {
        return Err(RecordError::Signature(NoteError::MalformedNote));
    }
    verified(&document, proof, &head)
}

fn verified(document: &Value, proof: Proof, head: &Checkpoint) -> Result<Verified, RecordError> {
    let text = |pointer: &'static str| {
        let found = document.pointer(pointer).and_then(Value::as_str);
        found.map(str::to_owned).ok_or(RecordError::Form(pointer))
    };
    let last = proof.events.last().map(|event| &event.row);
    let last = last.ok_or(RecordError::Form("it has no events"))?;
    let state = u8::try_from(last.state).ok();
    Ok(Verified {
        record: text("/record_id")?,
        purpose: text("/pii_processing/0/purpose/code")?,
        state: state
            .and_then(ConsentState::from_code)
            .ok_or(RecordError::Form("its last event has no state"))?,
        since: Timestamp::from_micros(last.at),
        entries: proof
            .events
            .iter()
            .map(|event| (event.position, event.entry.clone().into_bytes()))
            .collect(),
        size: head.size,
        root: head.root,
        checkpoint: proof.checkpoint,
    })
}

/// That the events are all there and in order, and each one proved.
fn check_events(
    document: &Value,
    proofs: &[EventProof],
    log: &str,
    head: &Checkpoint,
) -> Result<(), RecordError> {
    let events = document.get("events").and_then(Value::as_array);
    let events = events.ok_or(RecordError::Form("it has no events"))?;
    let count = document.get("event_count").and_then(Value::as_u64);
    let count = count.ok_or(RecordError::Form("it does not say how many events it has"))?;
    in_order(events)?;
    let held = events.len() as u64;
    if held < count {
        return Err(RecordError::Missing { number: held + 1 });
    }
    if count < held || proofs.len() != events.len() {
        let both = count.min(proofs.len() as u64);
        return Err(RecordError::Missing { number: both + 1 });
    }
    let mut before = None;
    for ((number, event), proof) in (1..).zip(events).zip(proofs) {
        let later =
            before.is_none_or(|(position, id)| position <= proof.position && id < proof.row.id);
        if !later {
            return Err(RecordError::Order { number });
        }
        before = Some((proof.position, proof.row.id));
        let event = event.as_object();
        let event = event.ok_or(RecordError::Form("an event is not an object"))?;
        same_record(document, log, proof)
            .and_then(|()| check_event(event, log, proof))
            .and_then(|()| check_entry(proof, head))
            .map_err(|source| RecordError::Event { number, source })?;
    }
    Ok(())
}

/// That the events bear the numbers from 1 on.
fn in_order(events: &[Value]) -> Result<(), RecordError> {
    let number = |event: &Value| event.get("number").and_then(Value::as_u64);
    let all: Vec<Option<u64>> = events.iter().map(number).collect();
    for (wanted, found) in (1..).zip(&all) {
        let Some(found) = *found else {
            return Err(RecordError::Form("an event has no number"));
        };
        if found != wanted {
            return Err(if all.contains(&Some(wanted)) {
                RecordError::Order { number: found }
            } else {
                RecordError::Missing { number: wanted }
            });
        }
    }
    Ok(())
}

/// That the event is of the record's person and purpose.
fn same_record(document: &Value, log: &str, proof: &EventProof) -> Result<(), EventError> {
    let (subject, purpose) = (proof.row.subject_id, proof.row.purpose_id);
    let record = json!(document::record_id(log, subject, purpose));
    for (pointer, name, wanted) in [
        (
            "/pii_principal_id",
            "pii_principal_id",
            json!(document::subject_id(log, subject)),
        ),
        ("/record_id", "record_id", record.clone()),
        ("/@id", "@id", record),
        (
            "/pii_processing/0/purpose/number",
            "purpose",
            json!(purpose),
        ),
    ] {
        if document.pointer(pointer) != Some(&wanted) {
            return Err(EventError::Differs(name));
        }
    }
    Ok(())
}

/// What the record says of an event that its row says too.
const SAID: [&str; 14] = [
    "@id",
    "channel",
    "entity_id",
    "event_id",
    "event_state",
    "event_time",
    "event_type",
    "evidence_grade",
    "language",
    "method",
    "noted_jurisdictions",
    "rule",
    "state",
    "validity_duration",
];

/// That the record says of an event what its row says.
fn check_event(
    event: &Map<String, Value>,
    log: &str,
    proof: &EventProof,
) -> Result<(), EventError> {
    let row = said(log, &proof.row);
    for name in SAID {
        if event.get(name) != row.get(name) {
            return Err(EventError::Differs(name));
        }
    }
    let hash = event.get("notice").map(|notice| notice.get("hash"));
    let hash = hash.map(|hash| hash.and_then(Value::as_str).map(str::to_owned));
    if hash != proof.row.notice_hash.as_deref().map(|hash| Some(hex(hash))) {
        return Err(EventError::Differs("notice"));
    }
    if event.get("log_position") != Some(&json!(proof.position)) {
        return Err(EventError::Differs("log_position"));
    }
    Ok(())
}

/// That the row is one the entry commits to, and the entry one of the log.
fn check_entry(proof: &EventProof, head: &Checkpoint) -> Result<(), EventError> {
    let commitment = commitment(&proof.entry).ok_or(EventError::Entry)?;
    let hash = proof.row.hash(&proof.salt);
    proof::verify_inclusion(
        &commitment,
        proof.rows,
        proof.row_index,
        &hash,
        &proof.row_path,
    )
    .map_err(|_| EventError::Commitment)?;
    if !speaks(&proof.entry, proof) {
        return Err(EventError::Entry);
    }
    let leaf = tlog::leaf_hash(proof.entry.as_bytes());
    proof::verify_inclusion(&head.root, head.size, proof.position, &leaf, &proof.path)
        .map_err(EventError::Inclusion)
}

/// Whether an entry tells of the row: the state's own action, or that people were brought in; at its
/// instant, by whoever recorded it.
fn speaks(entry: &str, proof: &EventProof) -> bool {
    let Some(Value::Object(entry)) = canonical::parse(entry.as_bytes()) else {
        return false;
    };
    let text = |name: &str| entry.get(name).and_then(Value::as_str).unwrap_or_default();
    let state = u8::try_from(proof.row.state).ok();
    let state = state.and_then(ConsentState::from_code);
    let own = state.is_some_and(|state| text("action") == format!("consent.{}", state.name()));
    let at = Timestamp::from_micros(proof.row.at).to_string();
    (own || text("action") == "people.imported")
        && text("at") == at
        && text("actor") == proof.row.actor
}

/// The commitment at the end of an entry.
fn commitment(entry: &str) -> Option<Hash> {
    let (_, rest) = entry.rsplit_once(r#""commitment":""#)?;
    let digits = rest.strip_suffix(r#""}"#)?.as_bytes();
    let digit = |c: u8| match c {
        b'0'..=b'9' => Some(c - b'0'),
        b'a'..=b'f' => Some(c - b'a' + 10),
        _ => None,
    };
    let (pairs, rest) = digits.as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    let bytes: Option<Vec<u8>> = pairs
        .iter()
        .map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?))
        .collect();
    bytes?.try_into().ok().map(Hash)
}
