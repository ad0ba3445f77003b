//! Moving an instance from one database to another, and the proof that nothing was lost on the way.
//!
//! Everything is copied in one transaction of the target's, so it holds all or nothing. Then both are
//! read from the beginning, and the hash over all rows of each table compared. Only then is the
//! origin marked as moved, after which it is not opened any more.

use crate::dialect::Bulk;
use crate::dialect::Connection;
use crate::dialect::Scan;
use crate::dialect::Value;
use crate::error::StoreError;
use crate::lease::Lease;
use crate::lease::apart;
use crate::tables;

/// The setting of a database whose rows stand elsewhere by now.
pub(crate) const MOVED: &str = "moved";

/// How many rows are handed over at a time.
const SLICE: usize = 1_024;

/// Tables that are not written through buffers, with what orders their rows.
const OTHERS: &[(&str, &str)] = &[
    ("templates", "id"),
    ("dedup", "second, tag"),
    ("identifier_tags", "tag"),
    ("statistics", "day, number_id, purpose_id, kind, outcome"),
];

/// What is being done.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Step {
    /// Rows are copied.
    Copy,
    /// Rows are compared.
    Compare,
}

/// How far a move has come.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    /// What is being done.
    pub step: Step,
    /// The table.
    pub table: &'static str,
    /// Its rows so far.
    pub rows: u64,
}

/// What was moved.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Moved {
    /// Rows of all tables.
    pub rows: u64,
    /// Messages among them.
    pub messages: u64,
}

/// Copies everything from one database into another that is new, and proves that they are equal.
/// `going` is told how far it is. A process that is killed meanwhile leaves the origin as it was and
/// in use, and the target empty, or whole and not in use.
///
/// # Errors
/// [`StoreError::NotNew`] where the target holds something; [`StoreError::Unequal`] where the copy is
/// not what was copied. The origin is as it was then, and stays in use.
pub fn relocate(
    from: &mut Lease,
    to: &mut Lease,
    going: &mut (dyn FnMut(Progress) + Send),
) -> Result<Moved, StoreError> {
    apart(move || {
        if !to.is_new() {
            return Err(StoreError::NotNew);
        }
        let (from, to) = (&from.connection, &to.connection);
        from.begin_read()?;
        let copied = copy_all(from, to, going);
        from.rollback()?;
        let moved = copied?;
        compare(from, to, going)?;
        let sql = "INSERT INTO settings (name, value) VALUES ($1, 1)";
        from.execute(sql, [MOVED])?;
        Ok(moved)
    })
}

fn copy_all(
    from: &Connection,
    to: &Connection,
    going: &mut dyn FnMut(Progress),
) -> Result<Moved, StoreError> {
    to.begin_new()?;
    let copied = (|| {
        let mut moved = Moved::default();
        settings(from, to)?;
        for (table, order) in every_table() {
            let rows = copy(from, to, (table, order), going)?;
            moved.rows += rows;
            if table == tables::MESSAGES.name {
                moved.messages = rows;
            }
        }
        Ok(moved)
    })();
    match copied {
        Ok(moved) => {
            to.commit()?;
            Ok(moved)
        }
        Err(error) => {
            to.rollback()?;
            Err(error)
        }
    }
}

/// Every table but `settings`, with what orders its rows.
fn every_table() -> impl Iterator<Item = (&'static str, &'static str)> {
    let buffered = tables::ALL.iter().map(|table| {
        let key = table.columns.first().map_or("id", |column| column.name());
        // A repetition is known by app and tag together.
        let key = if key == "app_id" { "app_id, tag" } else { key };
        (table.name, key)
    });
    buffered.chain(OTHERS.iter().copied())
}

fn settings(from: &Connection, to: &Connection) -> Result<(), StoreError> {
    let mut held = from.prepare_cached("SELECT name, value FROM settings")?;
    let all: Vec<(String, i64)> = held.query_map((), |row| Ok((row.get(0)?, row.get(1)?)))?;
    for (name, value) in all {
        let sql = "INSERT INTO settings (name, value) VALUES ($1, $2)";
        to.execute(sql, (name, value))?;
    }
    Ok(())
}

fn copy(
    from: &Connection,
    to: &Connection,
    (table, order): (&'static str, &'static str),
    going: &mut dyn FnMut(Progress),
) -> Result<u64, StoreError> {
    let columns = from.columns(table)?;
    let mut bulk = Bulk::new(to, table, &columns)?;
    let mut progress = Progress {
        step: Step::Copy,
        table,
        rows: 0,
    };
    each_slice(from, (table, order), &columns, &mut |rows| {
        progress.rows += rows.len() as u64;
        bulk.write(rows)?;
        going(progress);
        Ok(())
    })?;
    bulk.finish()?;
    Ok(progress.rows)
}

/// Reads a table in order and hands its rows over.
fn each_slice(
    connection: &Connection,
    (table, order): (&str, &str),
    columns: &[String],
    take: &mut dyn FnMut(Vec<Vec<Value>>) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let sql = format!(
        "SELECT {} FROM {table} ORDER BY {order}",
        columns.join(", ")
    );
    let mut scan = Scan::new(connection, &sql)?;
    let mut rows = scan.rows()?;
    let mut slice = Vec::with_capacity(SLICE);
    while let Some(row) = rows.next()? {
        let values: Result<Vec<Value>, _> = (0..columns.len()).map(|c| row.get(c)).collect();
        slice.push(values?);
        if slice.len() == SLICE {
            take(std::mem::take(&mut slice))?;
        }
    }
    if slice.is_empty() {
        Ok(())
    } else {
        take(slice)
    }
}

fn compare(
    from: &Connection,
    to: &Connection,
    going: &mut dyn FnMut(Progress),
) -> Result<(), StoreError> {
    for (table, order) in every_table() {
        let columns = from.columns(table)?;
        let mut of = |connection| digest(connection, (table, order), &columns, going);
        if of(from)? != of(to)? {
            return Err(StoreError::Unequal { table });
        }
    }
    Ok(())
}

/// The chained hash over all rows of a table, and their number.
fn digest(
    connection: &Connection,
    (table, order): (&'static str, &'static str),
    columns: &[String],
    going: &mut dyn FnMut(Progress),
) -> Result<([u8; 32], u64), StoreError> {
    let mut progress = Progress {
        step: Step::Compare,
        table,
        rows: 0,
    };
    let mut hash = [0; 32];
    let mut bytes = Vec::new();
    connection.begin_read()?;
    let read = each_slice(connection, (table, order), columns, &mut |rows| {
        progress.rows += rows.len() as u64;
        for row in rows {
            bytes.clear();
            bytes.extend_from_slice(&hash);
            for value in &row {
                crate::leaf::append(&mut bytes, value);
            }
            hash = seal::sha256(&bytes);
        }
        going(progress);
        Ok(())
    });
    connection.rollback()?;
    read?;
    Ok((hash, progress.rows))
}
