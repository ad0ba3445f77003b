//! What stands in for rows that were removed.
//!
//! A leaf commits to the hashes of the rows it covers. When an audited row goes, its hash stays, so
//! that the leaf can still be checked, and nothing of what the row said. The tombstone itself is
//! covered by the leaf of whatever removed the row: one that was put there by hand is found out.

use std::collections::HashMap;

use crate::dialect::Connection;
use crate::dialect::DbResult;
use crate::dialect::Padded;
use crate::dialect::Value;
use crate::dialect::list;
use crate::error::StoreError;
use crate::leaf;
use crate::leaf::OpenLeaf;
use crate::reconcile::id_of;
use crate::rows::v;
use crate::statistics;
use crate::tables;
use crate::tables::Table;
use crate::tx::Tx;

/// Removes rows by their ids, and leaves a tombstone for each if they are audited, covered by `leaf`.
/// Rows that are gone already are passed over. Returns how many were removed.
pub(crate) fn bury(
    tx: &mut Tx<'_>,
    leaf: &mut OpenLeaf,
    table: &'static Table,
    ids: &[i64],
) -> Result<u64, StoreError> {
    if ids.is_empty() {
        return Ok(0);
    }
    // What is to go may be among the rows that wait.
    tx.flush()?;
    if table.audited {
        cover(tx, leaf, table, ids)?;
    }
    remove(tx, table, ids)
}

/// Removes rows of a table by their ids, and sees to it that none of the ids is given again: an id
/// that was handed out must not lead to somebody else. What was not counted yet is counted first.
pub(crate) fn remove(tx: &Tx<'_>, table: &'static Table, ids: &[i64]) -> Result<u64, StoreError> {
    statistics::before_they_go(tx, table, ids)?;
    let mut removed = 0;
    for (piece, places) in tx.connection.pieces(ids.len()) {
        let sql = format!(
            "DELETE FROM {} WHERE {} IN ({})",
            table.name,
            id_of(table),
            list(places)
        );
        let ids = Padded(ids.get(piece).unwrap_or_default(), places);
        removed += tx.connection.prepare_cached(&sql)?.execute(ids)?;
    }
    if let Some(last) = ids.iter().max() {
        never_again(tx.connection, table, *last)?;
    }
    Ok(removed as u64)
}

/// Sees to it that neither this id of a table nor one below it is given by a run that begins later.
pub(crate) fn never_again(
    connection: &Connection,
    table: &Table,
    id: i64,
) -> Result<(), StoreError> {
    let sql = "INSERT INTO settings (name, value) VALUES ($1, $2) ON CONFLICT (name) \
               DO UPDATE SET value = excluded.value WHERE settings.value < excluded.value";
    let mut statement = connection.prepare_cached(sql)?;
    statement.execute((highest(table), id))?;
    Ok(())
}

/// The setting that holds the highest id that was ever removed from a table.
pub(crate) fn highest(table: &Table) -> String {
    format!("removed/{}", table.name)
}

/// Whether a row was removed in an orderly way.
pub(crate) fn is_buried(
    connection: &Connection,
    table: &'static Table,
    id: i64,
) -> Result<bool, StoreError> {
    let sql = "SELECT 1 FROM tombstones WHERE row_table = $1 AND row_id = $2";
    let mut statement = connection.prepare_cached(sql)?;
    Ok(statement.exists((table.code, id))?)
}

/// A row with the leaf that covers it.
struct Covered {
    position: i64,
    values: Vec<Value>,
}

/// Puts a tombstone among the rows to write for each row there is.
fn cover(
    tx: &mut Tx<'_>,
    leaf: &mut OpenLeaf,
    table: &'static Table,
    ids: &[i64],
) -> Result<(), StoreError> {
    let rows = rows(tx.connection, table, ids)?;
    let salts = salts(tx.connection, &rows)?;
    for row in rows {
        let salt = salts.get(&row.position).ok_or(StoreError::Damaged {
            table: "leaves",
            column: "salt",
            id: row.position,
        })?;
        let item = leaf::item(salt, table, &row.values);
        let id = tx.id(&tables::TOMBSTONES);
        let tombstone = [
            v(id),
            v(row.position),
            v(table.code),
            v(item.id),
            v(item.hash.0),
        ];
        tx.cover(leaf, &tables::TOMBSTONES, tombstone);
    }
    tx.flush()
}

fn rows(
    connection: &Connection,
    table: &'static Table,
    ids: &[i64],
) -> Result<Vec<Covered>, StoreError> {
    let columns: Vec<&str> = table.columns.iter().map(|column| column.name()).collect();
    let mut found = Vec::with_capacity(ids.len());
    for (piece, places) in connection.pieces(ids.len()) {
        let sql = format!(
            "SELECT {}, leaf FROM {} WHERE {} IN ({})",
            columns.join(", "),
            table.name,
            id_of(table),
            list(places)
        );
        let ids = Padded(ids.get(piece).unwrap_or_default(), places);
        let mut statement = connection.prepare_cached(&sql)?;
        let mut rows = statement.query(ids)?;
        while let Some(row) = rows.next()? {
            let values: DbResult<_> = (0..columns.len()).map(|column| row.get(column)).collect();
            found.push(Covered {
                position: row.get(columns.len())?,
                values: values?,
            });
        }
    }
    Ok(found)
}

/// The salts of the leaves that cover these rows.
fn salts(connection: &Connection, rows: &[Covered]) -> Result<HashMap<i64, [u8; 16]>, StoreError> {
    let mut positions: Vec<i64> = rows.iter().map(|row| row.position).collect();
    positions.sort_unstable();
    positions.dedup();
    let mut salts = HashMap::with_capacity(positions.len());
    for (piece, places) in connection.pieces(positions.len()) {
        let sql = format!(
            "SELECT position, salt FROM leaves WHERE position IN ({})",
            list(places)
        );
        let positions = Padded(positions.get(piece).unwrap_or_default(), places);
        let mut statement = connection.prepare_cached(&sql)?;
        let mut found = statement.query(positions)?;
        while let Some(row) = found.next()? {
            salts.insert(row.get(0)?, row.get(1)?);
        }
    }
    Ok(salts)
}
