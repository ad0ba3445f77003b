//! What shows somebody without the database that the log speaks of an erasure: the values of its row, the
//! salt under which the log's entry commits to them, and the way from the row to that commitment.

use domain::erasure::AtMeta;
use domain::erasure::EraseReason;
use domain::ids::ErasureId;
use domain::ids::RequestId;
use domain::ids::SubjectId;
use domain::record_class::RecordClasses;
use domain::time::Timestamp;
use tlog::Hash;
use tlog::proof;

use crate::dialect::Connection;
use crate::dialect::DbResult;
use crate::dialect::OptionalRow as _;
use crate::dialect::Params;
use crate::dialect::Value;
use crate::error::StoreError;
use crate::leaf;
use crate::leaf::Item;
use crate::read::Reader;
use crate::reconcile;
use crate::rows::v;
use crate::tables;
use crate::tables::Table;

/// How far rows of one erasure stand from each other at the most, by their ids: they are written in one
/// transaction, one for each subject of a person.
const NEAR: i64 = 1_024;

/// What the log's entry says of an erasure: it never changes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ErasureFacts {
    /// Its number.
    pub id: ErasureId,
    /// Who it was: a number that leads nowhere any more.
    pub subject: SubjectId,
    /// The request behind it.
    pub request: Option<RequestId>,
    /// Why.
    pub reason: EraseReason,
    /// The record classes that went whole.
    pub classes: RecordClasses,
    /// How many data keys were destroyed.
    pub keys: u64,
    /// How many identifiers were removed.
    pub identifiers: u64,
    /// How many entries of the suppression list stay.
    pub suppressed: u64,
    /// The epoch key under which the data keys last stood.
    pub epoch: u32,
    /// What came of the media at Meta.
    pub media_at_meta: AtMeta,
    /// What came of the contact-book entry at Meta.
    pub contact_at_meta: AtMeta,
    /// Since when the person is unreachable.
    pub at: Timestamp,
}

/// The way from an erasure to the log's entry.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ErasureProof {
    /// The salt of the entry.
    pub salt: [u8; 16],
    /// The entry.
    pub entry: Vec<u8>,
    /// Which of the rows the entry covers this one is, counted from 0.
    pub index: u64,
    /// How many rows the entry covers.
    pub count: u64,
    /// The way from the row to the commitment.
    pub path: Vec<Hash>,
}

impl ErasureFacts {
    /// The salted hash under which the log's entry covers it.
    pub fn hash(&self, salt: &[u8; 16]) -> Hash {
        let count = |count: u64| v(count.cast_signed());
        let fixed = [
            v(self.id),
            v(self.subject),
            v(self.request),
            v(self.reason.code()),
            v(self.classes.bits()),
            count(self.keys),
            count(self.identifiers),
            count(self.suppressed),
            v(self.epoch),
            v(self.media_at_meta.code()),
            v(self.contact_at_meta.code()),
            v(self.at),
        ];
        leaf::item(salt, &tables::ERASURES, &fixed).hash
    }
}

impl ErasureProof {
    /// The commitment that the way leads to from these facts, if the entry has it.
    ///
    /// # Errors
    /// [`proof::ProofError`] where the way leads elsewhere, or there is no commitment.
    pub fn check(&self, facts: &ErasureFacts) -> Result<(), proof::ProofError> {
        let commitment = reconcile::commitment(&self.entry);
        let commitment = commitment.ok_or(proof::ProofError::RootDiffers)?;
        let (root, hash) = (Hash(commitment), facts.hash(&self.salt));
        proof::verify_inclusion(&root, self.count, self.index, &hash, &self.path)
    }
}

impl Reader<'_> {
    /// The erasure of the person whose request it was; none while there is none.
    ///
    /// # Errors
    /// What the database says.
    pub fn erasure_of_request(&self, request: RequestId) -> Result<Option<ErasureId>, StoreError> {
        let sql = "SELECT e.id FROM requests r JOIN erasures e ON e.subject_id = r.subject_id \
                   WHERE r.id = $1 ORDER BY e.id LIMIT 1";
        let mut statement = self.connection.prepare_cached(sql)?;
        let found: Option<i64> = statement
            .query_row([request.0], |row| row.get(0))
            .optional()?;
        Ok(found.map(ErasureId))
    }

    /// What shows that the log speaks of an erasure; none where there is no such erasure, or the rows
    /// that its entry covers are not all there.
    ///
    /// # Errors
    /// What the database says.
    pub fn erasure_proof(
        &self,
        facts: &ErasureFacts,
        position: i64,
    ) -> Result<Option<ErasureProof>, StoreError> {
        let Some((salt, entry)) = self.opening(position)? else {
            return Ok(None);
        };
        let mut items = items(self.connection, (&salt, position), facts.id)?;
        items.sort_unstable_by_key(|item| (item.table, item.id));
        let own = (tables::ERASURES.code, facts.id.0);
        let Some(index) = items.iter().position(|item| (item.table, item.id) == own) else {
            return Ok(None);
        };
        let hashes: Vec<Hash> = items.iter().map(|item| item.hash).collect();
        let found = ErasureProof {
            salt,
            entry,
            index: index as u64,
            count: hashes.len() as u64,
            path: audit_path(&hashes, index),
        };
        Ok(found.check(facts).is_ok().then_some(found))
    }
}

/// Every row that the entry of an erasure covers, and what stands in for those that were removed.
fn items(
    connection: &Connection,
    (salt, position): (&[u8; 16], i64),
    id: ErasureId,
) -> Result<Vec<Item>, StoreError> {
    let (first, last) = (id.0.saturating_sub(NEAR), id.0.saturating_add(NEAR));
    let near = "id > $1 AND id < $2 AND leaf = $3";
    let of_erasure = "erasure_id > $1 AND erasure_id < $2 AND leaf = $3";
    let range = (first, last, position);
    let mut items = covered(connection, (&tables::ERASURES, salt), near, range)?;
    for table in [&tables::ERASURE_KEPT, &tables::ERASURE_RECIPIENTS] {
        items.extend(covered(connection, (table, salt), of_erasure, range)?);
    }
    let tombstones = (&tables::TOMBSTONES, salt);
    items.extend(covered(connection, tombstones, "leaf = $1", [position])?);
    let sql = "SELECT row_table, row_id, hash FROM tombstones WHERE row_leaf = $1";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query([position])?;
    while let Some(row) = rows.next()? {
        let hash: Vec<u8> = row.get(2)?;
        let hash = hash.try_into().map_err(|_| StoreError::Damaged {
            table: "tombstones",
            column: "hash",
            id: position,
        })?;
        items.push(Item {
            table: row.get(0)?,
            id: row.get(1)?,
            hash: Hash(hash),
        });
    }
    Ok(items)
}

fn covered(
    connection: &Connection,
    (table, salt): (&'static Table, &[u8; 16]),
    condition: &str,
    parameters: impl Params,
) -> Result<Vec<Item>, StoreError> {
    let columns: Vec<&str> = table.columns.iter().map(|column| column.name()).collect();
    let sql = format!(
        "SELECT {} FROM {} WHERE {condition}",
        columns.join(","),
        table.name
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query(parameters)?;
    let mut items = Vec::new();
    while let Some(row) = rows.next()? {
        let values: DbResult<Vec<Value>> = (0..columns.len()).map(|c| row.get(c)).collect();
        items.push(leaf::item(salt, table, &values?));
    }
    Ok(items)
}

/// The audit path of a leaf hash among others, lowest first (RFC 6962 §2.1.1).
fn audit_path(hashes: &[Hash], index: usize) -> Vec<Hash> {
    if hashes.len() < 2 {
        return Vec::new();
    }
    let half = hashes.len().next_power_of_two() / 2;
    let (left, right) = hashes.split_at(half);
    let (mut path, beside) = match index.checked_sub(half) {
        None => (audit_path(left, index), right),
        Some(index) => (audit_path(right, index), left),
    };
    path.push(tlog::root_of(beside));
    path
}

#[cfg(test)]
mod tests {
    use tlog::Hash;
    use tlog::proof::verify_inclusion;

    use super::audit_path;

    #[test]
    fn paths_lead_to_the_root() {
        for size in 1..40_u8 {
            let hashes: Vec<Hash> = (0..size).map(|n| tlog::leaf_hash(&[n])).collect();
            let root = tlog::root_of(&hashes);
            for (index, hash) in hashes.iter().enumerate() {
                let path = audit_path(&hashes, index);
                let held = verify_inclusion(&root, size.into(), index as u64, hash, &path);
                assert_eq!(held, Ok(()), "{index} of {size}");
            }
        }
    }
}
