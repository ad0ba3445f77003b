//! What stands in for rows that were removed: their hashes, in the order of the leaves that cover
//! them.

use std::collections::HashSet;

use tlog::Hash;

use super::Difference;
use crate::dialect::Connection;
use crate::dialect::Row;
use crate::dialect::Rows;
use crate::dialect::Scan;
use crate::error::StoreError;
use crate::leaf::Item;
use crate::tables;

/// All tombstones, by the leaves that covered what they stand in for.
pub(super) const IN_ORDER: &str =
    "SELECT row_leaf, row_table, row_id, hash, id FROM tombstones ORDER BY row_leaf, id";

/// The tombstones that are still to come.
pub(super) struct Buried<'s> {
    rows: Rows<'s>,
    next: Option<Tombstone>,
}

struct Tombstone {
    id: i64,
    leaf: i64,
    item: Item,
    name: String,
}

impl<'s> Buried<'s> {
    pub(super) fn new(scan: &'s mut Scan<'_>) -> Result<Self, StoreError> {
        let mut buried = Self {
            rows: scan.rows()?,
            next: None,
        };
        buried.step()?;
        Ok(buried)
    }

    fn step(&mut self) -> Result<Option<Tombstone>, StoreError> {
        let next = match self.rows.next()? {
            Some(row) => Some(tombstone(&row)?),
            None => None,
        };
        Ok(std::mem::replace(&mut self.next, next))
    }

    /// Takes those that stand in for rows this leaf covered.
    pub(super) fn covered(
        &mut self,
        position: u64,
        items: &mut Vec<Item>,
        found: &mut Vec<String>,
        report: &mut dyn FnMut(Difference),
    ) -> Result<(), StoreError> {
        let position = position.cast_signed();
        while self.next.as_ref().is_some_and(|next| next.leaf <= position) {
            let Some(tombstone) = self.step()? else { break };
            if tombstone.leaf == position {
                items.push(tombstone.item);
                found.push(tombstone.name);
            } else {
                report(tombstone.invented());
            }
        }
        Ok(())
    }

    /// Whatever is left stands in for rows of leaves beyond the end of the log.
    pub(super) fn rest(&mut self, report: &mut dyn FnMut(Difference)) -> Result<(), StoreError> {
        while let Some(tombstone) = self.step()? {
            report(tombstone.invented());
        }
        Ok(())
    }
}

impl Tombstone {
    fn invented(self) -> Difference {
        Difference::Invented {
            row: format!("tombstones/{}", self.id),
            position: self.leaf,
        }
    }
}

fn tombstone(row: &Row<'_>) -> Result<Tombstone, StoreError> {
    // A table that no row can be of, and a hash that none can have, do not fit the leaf.
    let table = u8::try_from(row.get::<i64>(1)?).unwrap_or(u8::MAX);
    let id: i64 = row.get(2)?;
    let hash = row.blob(3).and_then(|hash| hash.try_into().ok());
    let name = tables::ALL.get(usize::from(table));
    let name = name.map_or("?", |table| table.name);
    Ok(Tombstone {
        id: row.get(4)?,
        leaf: row.get(0)?,
        item: Item {
            table,
            id,
            hash: Hash(hash.unwrap_or_default()),
        },
        name: format!("{name}/{id} (removed)"),
    })
}

/// The data keys that were destroyed in an orderly way: what they sealed waits to be swept.
pub(super) fn keys(connection: &Connection) -> Result<HashSet<i64>, StoreError> {
    let sql = format!(
        "SELECT row_id FROM tombstones WHERE row_table = {}",
        tables::DATA_KEYS.code
    );
    let mut scan = Scan::new(connection, &sql)?;
    let mut rows = scan.rows()?;
    let mut keys = HashSet::new();
    while let Some(row) = rows.next()? {
        keys.insert(row.get(0)?);
    }
    Ok(keys)
}
