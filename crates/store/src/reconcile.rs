//! The database against the log: every audited row must be covered by its leaf, and every leaf must
//! find the rows it covers.
//!
//! Rows of a table come in the order of their ids, and the leaves that cover them in the same
//! order, so one pass over the log and all tables suffices. For a row that was removed its tombstone
//! stands in, which is a row itself, covered by the leaf of what removed it.

use std::collections::HashMap;
use std::collections::VecDeque;
use std::iter::Peekable;

use crate::dialect;
use crate::dialect::Connection;
use crate::dialect::DbResult;
use crate::dialect::Each;
use crate::dialect::Rows;
use crate::dialect::Scan;
use crate::dialect::Value;

use crate::error::StoreError;
use crate::leaf;
use crate::leaf::Item;
use crate::tables;
use crate::tables::Table;

use self::buried::Buried;

mod buried;
pub(crate) mod sealed;

/// A difference between the database and the log.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Difference {
    /// The rows a leaf covers are not those it committed to: edited, missing or added.
    Rows {
        /// The leaf.
        position: u64,
        /// What it told.
        action: String,
        /// The rows found, as `table/id`.
        found: Vec<String>,
    },
    /// A row names a leaf that the log does not have.
    Invented {
        /// The row, as `table/id`.
        row: String,
        /// The leaf it names.
        position: i64,
    },
    /// The database's copy of a leaf is not the log's.
    Leaf {
        /// The leaf.
        position: u64,
    },
    /// The log has a leaf of which the database knows nothing.
    Missing {
        /// The leaf.
        position: u64,
        /// What it told.
        action: String,
    },
    /// A sealed value does not open.
    Sealed {
        /// The value, as `table/id/column`.
        row: String,
    },
}

impl std::fmt::Display for Difference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Rows {
                position,
                action,
                found,
            } if found.is_empty() => {
                write!(
                    f,
                    "leaf {position} ({action}): the row it covers is missing"
                )
            }
            Self::Rows {
                position,
                action,
                found,
            } => write!(
                f,
                "leaf {position} ({action}): a row it covers was edited, removed or added; found {}",
                found.join(", ")
            ),
            Self::Invented { row, position } => {
                write!(
                    f,
                    "{row}: names leaf {position}, which the log does not have"
                )
            }
            Self::Leaf { position } => {
                write!(
                    f,
                    "leaf {position}: the database holds another entry than the log"
                )
            }
            Self::Missing { position, action } => {
                write!(
                    f,
                    "leaf {position} ({action}): the database does not have it"
                )
            }
            Self::Sealed { row } => write!(f, "{row}: does not open with its key"),
        }
    }
}

/// Compares the database with the log's entries, given in order from position 0. `log` ends where
/// the files end; leaves the database has beyond it are checked against their own copy.
pub(crate) fn reconcile(
    connection: &Connection,
    log: &mut dyn FnMut(u64) -> Option<Vec<u8>>,
    report: &mut dyn FnMut(Difference),
) -> Result<u64, StoreError> {
    let mut scans = Vec::new();
    for table in tables::ALL.iter().filter(|table| table.audited) {
        let order = format!(
            "SELECT {id}, leaf FROM {} ORDER BY leaf, {id}",
            table.name,
            id = id_of(table)
        );
        scans.push((table, Scan::new(connection, &order)?));
    }
    let mut cursors = Vec::new();
    for (table, order) in &mut scans {
        let rows = CoveredRows {
            connection,
            table,
            order: order.rows()?,
            page: VecDeque::new(),
        };
        cursors.push(Cursor {
            table,
            rows: rows.peekable(),
        });
    }
    let mut tombstones = Scan::new(connection, buried::IN_ORDER)?;
    let mut buried = Buried::new(&mut tombstones)?;
    let position = pass(connection, (&mut cursors, &mut buried), log, report)?;
    for cursor in &mut cursors {
        cursor.rest(report)?;
    }
    buried.rest(report)?;
    Ok(position)
}

/// The one pass over the log and all tables. Returns where it ended.
fn pass(
    connection: &Connection,
    (cursors, buried): (&mut [Cursor<'_>], &mut Buried<'_>),
    log: &mut dyn FnMut(u64) -> Option<Vec<u8>>,
    report: &mut dyn FnMut(Difference),
) -> Result<u64, StoreError> {
    let mut leaves = Scan::new(
        connection,
        "SELECT position, salt, entry FROM leaves WHERE position >= 0 ORDER BY position",
    )?;
    let mut leaves = leaves.rows()?;
    let mut next = next_leaf(&mut leaves)?;
    let mut position = 0;
    loop {
        let logged = log(position);
        let held = match &next {
            Some((at, ..)) if *at == position => next.take(),
            _ => None,
        };
        if held.is_some() {
            next = next_leaf(&mut leaves)?;
        }
        if logged.is_none() && held.is_none() {
            // Beyond the end of the log the database's leaves go on without a hole, or not at all.
            if let Some((at, ..)) = &next {
                let action = action(&[]);
                report(Difference::Missing { position, action });
                position = *at;
                continue;
            }
            break;
        }
        let mut items = Vec::new();
        let mut found = Vec::new();
        let salt = held.as_ref().map(|(_, salt, _)| *salt).unwrap_or_default();
        for cursor in cursors.iter_mut() {
            cursor.covered(position, &salt, &mut items, &mut found, report)?;
        }
        buried.covered(position, &mut items, &mut found, report)?;
        check(
            position,
            logged.as_deref(),
            held.as_ref(),
            (items, found),
            report,
        );
        position = position.saturating_add(1);
    }
    Ok(position)
}

type HeldLeaf = (u64, [u8; 16], Vec<u8>);

fn next_leaf(rows: &mut Rows<'_>) -> Result<Option<HeldLeaf>, StoreError> {
    let Some(row) = rows.next()? else {
        return Ok(None);
    };
    let position: i64 = row.get(0)?;
    let salt: Vec<u8> = row.get(1)?;
    let salt = salt.try_into().unwrap_or_default();
    Ok(Some((position.cast_unsigned(), salt, row.get(2)?)))
}

fn check(
    position: u64,
    logged: Option<&[u8]>,
    held: Option<&HeldLeaf>,
    (mut items, found): (Vec<Item>, Vec<String>),
    report: &mut dyn FnMut(Difference),
) {
    let Some((_, salt, entry)) = held else {
        let action = action(logged.unwrap_or_default());
        return report(Difference::Missing { position, action });
    };
    if logged.is_some_and(|logged| logged != entry) {
        report(Difference::Leaf { position });
    }
    let entry = logged.unwrap_or(entry);
    if commitment(entry) != Some(leaf::commitment(salt, &mut items)) {
        report(Difference::Rows {
            position,
            action: action(entry),
            found,
        });
    }
}

struct Cursor<'s> {
    table: &'static Table,
    rows: Peekable<CoveredRows<'s>>,
}

impl Cursor<'_> {
    /// Takes the rows that name this leaf.
    fn covered(
        &mut self,
        position: u64,
        salt: &[u8; 16],
        items: &mut Vec<Item>,
        found: &mut Vec<String>,
        report: &mut dyn FnMut(Difference),
    ) -> Result<(), StoreError> {
        while let Some(row) = self.rows.next_if(|row| {
            row.as_ref()
                .map_or(true, |(leaf, _)| *leaf <= position.cast_signed())
        }) {
            let (leaf, values) = row?;
            let item = leaf::item(salt, self.table, &values);
            let name = format!("{}/{}", self.table.name, item.id);
            if leaf == position.cast_signed() {
                items.push(item);
                found.push(name);
            } else {
                report(Difference::Invented {
                    row: name,
                    position: leaf,
                });
            }
        }
        Ok(())
    }

    /// Whatever is left names leaves beyond the end of the log.
    fn rest(&mut self, report: &mut dyn FnMut(Difference)) -> Result<(), StoreError> {
        for row in self.rows.by_ref() {
            let (position, values) = row?;
            let id = leaf::item(&[0; 16], self.table, &values).id;
            report(Difference::Invented {
                row: format!("{}/{id}", self.table.name),
                position,
            });
        }
        Ok(())
    }
}

/// The rows of a table in the order of their leaves. Only ids are sorted, the rows are fetched some
/// at a time: a sort of whole rows would copy the table.
struct CoveredRows<'s> {
    connection: &'s Connection,
    table: &'static Table,
    order: Rows<'s>,
    page: VecDeque<(i64, Vec<Value>)>,
}

impl CoveredRows<'_> {
    fn fetch(&mut self) -> Result<(), StoreError> {
        let mut order = Vec::with_capacity(dialect::ROWS);
        while order.len() < dialect::ROWS
            && let Some(row) = self.order.next()?
        {
            let leaf = match row.get(1)? {
                Value::Integer(leaf) => leaf,
                // Not a position at all, so no leaf has it.
                _ => i64::MIN,
            };
            order.push((row.get::<i64>(0)?, leaf));
        }
        let columns: Vec<&str> = self.table.columns.iter().map(|c| c.name()).collect();
        let mut rows: HashMap<i64, Vec<Value>> = HashMap::with_capacity(order.len());
        for piece in dialect::pieces(order.len()) {
            let sql = format!(
                "SELECT {} FROM {} WHERE {} IN ({})",
                columns.join(","),
                self.table.name,
                id_of(self.table),
                dialect::list(piece.len())
            );
            let ids = order.get(piece).unwrap_or_default();
            let mut statement = self.connection.prepare_cached(&sql)?;
            let mut found = statement.query(Each(ids.iter().map(|(id, _)| *id)))?;
            while let Some(row) = found.next()? {
                let values: DbResult<_> = (0..columns.len()).map(|c| row.get(c)).collect();
                rows.insert(row.get(0)?, values?);
            }
        }
        let whole = order
            .into_iter()
            .filter_map(|(id, leaf)| Some((leaf, rows.remove(&id)?)));
        self.page.extend(whole);
        Ok(())
    }
}

impl Iterator for CoveredRows<'_> {
    type Item = Result<(i64, Vec<Value>), StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.page.is_empty()
            && let Err(error) = self.fetch()
        {
            return Some(Err(error));
        }
        self.page.pop_front().map(Ok)
    }
}

/// The column that tells a table's rows apart: the first.
pub(crate) fn id_of(table: &Table) -> &'static str {
    table.columns.first().map_or("id", |column| column.name())
}

/// The commitment written in a leaf.
pub(crate) fn commitment(entry: &[u8]) -> Option<[u8; 32]> {
    let text = std::str::from_utf8(entry).ok()?;
    let (_, rest) = text.split_once(r#""commitment":""#)?;
    let (hex, _) = rest.split_once('"')?;
    let mut out = [0; 32];
    let digits: Option<Vec<u8>> = hex
        .chars()
        .map(|c| c.to_digit(16).and_then(|digit| u8::try_from(digit).ok()))
        .collect();
    let digits = digits.filter(|digits| digits.len() == 64)?;
    for (byte, pair) in out.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = pair.iter().fold(0, |byte, digit| byte << 4 | digit);
    }
    Some(out)
}

/// The action written in a leaf.
fn action(entry: &[u8]) -> String {
    let text = std::str::from_utf8(entry).unwrap_or_default();
    text.split_once(r#""action":""#)
        .and_then(|(_, rest)| rest.split_once('"'))
        .map_or_else(|| "unreadable".to_owned(), |(action, _)| action.to_owned())
}
