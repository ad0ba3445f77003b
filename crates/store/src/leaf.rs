//! Leaves of the log, written in the transaction that does what they tell.

use crate::dialect::Value;
use domain::audit::Action;
use domain::audit::Actor;
use domain::audit::Leaf;
use domain::time::Timestamp;
use tlog::Hash;

use crate::tables::Table;

/// A leaf that is being gathered: its position is taken, the rows it covers are still coming.
#[derive(Debug)]
#[must_use = "a leaf that is not closed leaves a hole in the log"]
pub(crate) struct OpenLeaf {
    position: i64,
    salt: [u8; 16],
    items: Vec<Item>,
}

/// One covered row: table and id order the items, the hash stands for the row.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Item {
    pub(crate) table: u8,
    pub(crate) id: i64,
    pub(crate) hash: Hash,
}

impl OpenLeaf {
    pub(crate) const fn new(position: i64, salt: [u8; 16]) -> Self {
        Self {
            position,
            salt,
            items: Vec::new(),
        }
    }

    pub(crate) const fn position(&self) -> i64 {
        self.position
    }

    /// Covers a row with all its columns that never change.
    pub(crate) fn cover(&mut self, table: &'static Table, row: &[Value]) {
        self.items.push(item(&self.salt, table, row));
    }

    /// The finished leaf as a row of the table `leaves`.
    pub(crate) fn close(
        mut self,
        at: Timestamp,
        actor: Actor,
        action: Action,
        rules: &[&str],
    ) -> [Value; 3] {
        let commitment = commitment(&self.salt, &mut self.items);
        let entry = Leaf {
            at,
            actor,
            action,
            rules,
            commitment,
        }
        .encode();
        [
            Value::Integer(self.position),
            Value::Blob(self.salt.to_vec()),
            Value::Blob(entry),
        ]
    }
}

/// The commitment of a leaf: the RFC 6962 root over the hashes of the rows it covers, ordered by
/// table and id; over the salt alone if it covers none.
pub(crate) fn commitment(salt: &[u8; 16], items: &mut [Item]) -> [u8; 32] {
    items.sort_unstable_by_key(|item| (item.table, item.id));
    let hashes: Vec<Hash> = items.iter().map(|item| item.hash).collect();
    if hashes.is_empty() {
        tlog::leaf_hash(salt).0
    } else {
        tlog::root_of(&hashes).0
    }
}

/// The salted hash of a row: table ‖ for each column that never changes, its type, length and bytes.
pub(crate) fn item(salt: &[u8; 16], table: &'static Table, row: &[Value]) -> Item {
    let mut bytes = Vec::with_capacity(1_024);
    bytes.extend_from_slice(salt);
    bytes.push(table.code);
    for (column, value) in table.columns.iter().zip(row) {
        if column.is_fixed() {
            append(&mut bytes, value);
        }
    }
    let id = match row.first() {
        Some(Value::Integer(id)) => *id,
        _ => 0,
    };
    Item {
        table: table.code,
        id,
        hash: tlog::leaf_hash(&bytes),
    }
}

/// A value as a hash sees it: its type, length and bytes.
pub(crate) fn append(bytes: &mut Vec<u8>, value: &Value) {
    let mut sized = |tag: u8, content: &[u8]| {
        bytes.push(tag);
        bytes.extend_from_slice(&(content.len() as u64).to_be_bytes());
        bytes.extend_from_slice(content);
    };
    match value {
        Value::Null => sized(0, &[]),
        Value::Integer(number) => sized(1, &number.to_be_bytes()),
        Value::Real(number) => sized(2, &number.to_be_bytes()),
        Value::Text(text) => sized(3, text.as_bytes()),
        Value::Blob(blob) => sized(4, blob),
    }
}
