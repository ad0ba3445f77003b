//! The sweep: removes the rows of people who were erased, and what tells of them, behind everybody
//! else's work.
//!
//! What is to go is looked for beside the writer, some rows at a time; the writer only removes it, a
//! slice in a transaction. Nothing new comes in about a person who was erased, so a search that is
//! broken off goes on where it stood, or begins again: both end the same.
//!
//! A row belongs to a record class, and goes once the class's data keys are destroyed: its own key where
//! it names one, that of the message it tells of, or else all of the class.

use std::collections::BTreeMap;

use domain::audit::Action;
use domain::audit::Actor;
use domain::erasure::ErasureState;
use domain::ids::ErasureId;
use domain::ids::SubjectId;

use crate::error::StoreError;
use crate::store::Store;
use crate::tables;
use crate::tables::Table;
use crate::tombstone;
use crate::tx::Tx;

mod own;
mod referring;

/// How many rows of an audited table one transaction removes: each leaves a tombstone.
const AUDITED: u32 = 500;

/// How many rows of another table.
const OTHERS: u32 = 2_000;

/// How many erasures are swept together.
const TOGETHER: usize = 64;

/// An erasure that is being swept.
#[derive(Clone, Copy, Debug)]
struct Open {
    erasure: ErasureId,
    subject: SubjectId,
    state: ErasureState,
    cursor: i64,
}

/// Rows to remove, and the files that go before them.
#[derive(Clone, Debug)]
pub struct Slice {
    /// Names of files in the media directory. They are removed first; a row that is gone could not name
    /// its file any more.
    pub objects: Vec<String>,
    table: Option<&'static Table>,
    /// The rows, each with whose it is.
    rows: Vec<(i64, SubjectId)>,
    /// Rows of the table of idempotency keys, which have no id of their own.
    keys: Vec<(i64, Vec<u8>)>,
    /// How many of the files belong to whom.
    files: BTreeMap<SubjectId, u64>,
    /// A conversation whose newest message is this one from now on.
    head: Option<(i64, Option<i64>)>,
    group: Vec<(ErasureId, SubjectId)>,
    from: (ErasureState, i64),
    to: (ErasureState, i64),
}

impl Slice {
    fn new(group: &[Open], from: (ErasureState, i64)) -> Self {
        Self {
            objects: Vec::new(),
            table: None,
            rows: Vec::new(),
            keys: Vec::new(),
            files: BTreeMap::new(),
            head: None,
            group: group.iter().map(|one| (one.erasure, one.subject)).collect(),
            from,
            to: from,
        }
    }

    fn is_empty(&self) -> bool {
        self.rows.is_empty() && self.keys.is_empty() && self.head.is_none()
    }
}

/// How many rows of a table one transaction removes.
const fn limit(table: &Table) -> u32 {
    if table.audited { AUDITED } else { OTHERS }
}

impl Store {
    /// What is to be removed next of people who were erased. None once nothing is left.
    pub async fn to_sweep(self: &std::sync::Arc<Self>) -> Result<Option<Slice>, StoreError> {
        self.read(|reader| {
            let sql = "SELECT id, subject_id, state, cursor FROM erasures \
                       WHERE state <> 3 ORDER BY id LIMIT 256";
            let mut statement = reader.connection.prepare_cached(sql)?;
            let open = statement.query_map((), |row| {
                Ok(Open {
                    erasure: ErasureId(row.get(0)?),
                    subject: SubjectId(row.get(1)?),
                    state: ErasureState::from_code(row.get(2)?).unwrap_or(ErasureState::Referring),
                    cursor: row.get(3)?,
                })
            })?;
            // Those that are furthest go on together; whoever came later begins with the next round.
            let referring = || {
                open.iter()
                    .filter(|one| one.state == ErasureState::Referring)
            };
            if let Some(cursor) = referring().map(|one| one.cursor).max() {
                let group: Vec<Open> = referring()
                    .filter(|one| one.cursor == cursor)
                    .take(TOGETHER)
                    .copied()
                    .collect();
                return referring::next(reader.connection, &group, cursor).map(Some);
            }
            match open.first() {
                Some(one) => own::next(reader.connection, *one).map(Some),
                None => Ok(None),
            }
        })
        .await
    }

    /// Removes what [`Store::to_sweep`] found. Its files have to be gone by then.
    pub async fn sweep(&self, slice: Slice) -> Result<(), StoreError> {
        self.write(move |tx| sweep(tx, &slice)).await
    }
}

fn sweep(tx: &mut Tx<'_>, slice: &Slice) -> Result<(), StoreError> {
    if let Some(table) = slice.table {
        remove(tx, table, slice)?;
    }
    for (app, tag) in &slice.keys {
        let sql = "DELETE FROM idempotency WHERE app_id = $1 AND tag = $2";
        tx.connection.prepare_cached(sql)?.execute((app, tag))?;
    }
    if let Some((conversation, newest)) = slice.head {
        let sql = "UPDATE conversations SET last_message = $1 WHERE id = $2";
        let mut statement = tx.connection.prepare_cached(sql)?;
        statement.execute((newest, conversation))?;
    }
    let mut rows: BTreeMap<SubjectId, u64> = BTreeMap::new();
    for (_, subject) in &slice.rows {
        *rows.entry(*subject).or_default() += 1;
    }
    let now = tx.now().micros();
    for (erasure, subject) in &slice.group {
        let swept = (slice.to.0 == ErasureState::Swept).then_some(now);
        let sql = "UPDATE erasures SET state = $1, cursor = $2, rows = rows + $3, \
                   objects = objects + $4, swept_at = $5, updated_at = $6 \
                   WHERE id = $7 AND state = $8 AND cursor = $9";
        let parameters = (
            slice.to.0.code(),
            slice.to.1,
            rows.get(subject).copied().unwrap_or_default().cast_signed(),
            slice
                .files
                .get(subject)
                .copied()
                .unwrap_or_default()
                .cast_signed(),
            swept,
            now,
            erasure.0,
            slice.from.0.code(),
            slice.from.1,
        );
        tx.connection.prepare_cached(sql)?.execute(parameters)?;
    }
    tx.flush()
}

fn remove(tx: &mut Tx<'_>, table: &'static Table, slice: &Slice) -> Result<(), StoreError> {
    let ids: Vec<i64> = slice.rows.iter().map(|(id, _)| *id).collect();
    if ids.is_empty() {
        return Ok(());
    }
    if table.code == tables::MESSAGES.code {
        // A call that is under way is told nowhere any more.
        tombstone::remove(tx, &tables::CALLS, &ids)?;
        tombstone::remove(tx, &tables::OUTBOX, &ids)?;
    }
    if !table.audited {
        return tombstone::remove(tx, table, &ids).map(drop);
    }
    let mut leaf = tx.open_leaf()?;
    tombstone::bury(tx, &mut leaf, table, &ids)?;
    tx.close_leaf(leaf, Actor::System, Action::RowsSwept, &["erase/sweep"]);
    tx.flush()
}
