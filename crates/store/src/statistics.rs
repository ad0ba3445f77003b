//! Counts that outlive what was counted: by day, number, purpose, what it was and how it ended.
//!
//! They are made behind everything else, so nobody waits for them. How far each table was counted
//! stands in the same transaction as the counts, so a kill neither leaves anything out nor counts it
//! twice. What goes before its turn is counted as it stands, in the transaction that removes it
//! ([`before_they_go`]): no erasure waits for a count, and no count lacks what was erased.
//!
//! Nobody is counted among the messages, decisions and consent events while their processing is
//! restricted: what would have been counted then is passed over for good.

use std::collections::BTreeMap;

use domain::consent::ConsentState;
use domain::erasure::EraseReason;
use domain::message::Direction;
use domain::message::MessageState;
use domain::request::RequestKind;
use domain::request::RequestState;
use domain::statistic::Counted;
use domain::time::Span;
use domain::time::Timestamp;

use crate::dialect::Connection;
use crate::dialect::OptionalRow;
use crate::dialect::Padded;
use crate::dialect::Row;
use crate::dialect::list;
use crate::error::StoreError;
use crate::read::Reader;
use crate::store::Store;
use crate::tables;
use crate::tables::Table;
use crate::tx::Tx;

/// How many rows of each table one transaction counts.
const SLICE: u32 = 1_000;

/// How old a message is when it is counted: by then it is known how it ended.
const SETTLED: Span = Span::days(1);

/// A count.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Count {
    /// The day, since 1970 in UTC.
    pub day: i64,
    /// The number; 0 for none.
    pub number: i64,
    /// The purpose; 0 for none.
    pub purpose: i64,
    /// What was counted.
    pub counted: Counted,
    /// How it ended: the code that what was counted has for it.
    pub outcome: i64,
    /// How many.
    pub many: u64,
}

/// What is counted apart: day, number, purpose, kind, outcome.
type Cell = (i64, i64, i64, u8, i64);

/// A table that is counted.
struct Source {
    table: &'static Table,
    /// The rows: id, age, since when the person is restricted, then what [`Source::cell`] reads.
    rows: &'static str,
    /// The column by which rows are told apart.
    id: &'static str,
    /// How old a row is when it is counted.
    settled: Span,
    cell: fn(&Row<'_>, i64) -> Result<Cell, StoreError>,
}

static SOURCES: [Source; 6] = [
    Source {
        table: &tables::MESSAGES,
        rows: "SELECT m.id, m.at, s.restricted_at, coalesce(c.number_id, 0), \
               coalesce(d.purpose_id, 0), m.direction, m.state \
               FROM messages m LEFT JOIN conversations c ON c.id = m.conversation_id \
               LEFT JOIN decisions d ON d.id = m.decision_id \
               LEFT JOIN subjects s ON s.id = m.subject_id AND s.erased_at IS NULL",
        id: "m.id",
        settled: SETTLED,
        cell: |row, day| {
            let inbound = row.get::<u8>(5)? == Direction::Inbound.code();
            let kind = if inbound {
                Counted::MessageIn
            } else {
                Counted::MessageOut
            };
            Ok((day, row.get(3)?, row.get(4)?, kind.code(), row.get(6)?))
        },
    },
    Source {
        table: &tables::DECISIONS,
        rows: "SELECT d.id, d.at, s.restricted_at, d.number_id, coalesce(d.purpose_id, 0), \
               d.outcome, d.code FROM decisions d \
               LEFT JOIN subjects s ON s.id = d.subject_id AND s.erased_at IS NULL",
        id: "d.id",
        settled: Span::ZERO,
        cell: |row, day| {
            let outcome: i64 = row.get(5)?;
            // An error code is greater than any code of an outcome.
            let outcome = row.get::<Option<i64>>(6)?.unwrap_or(outcome);
            let kind = Counted::Decision.code();
            Ok((day, row.get(3)?, row.get(4)?, kind, outcome))
        },
    },
    Source {
        table: &tables::CONSENT_EVENTS,
        rows: "SELECT e.id, e.at, s.restricted_at, e.purpose_id, e.state FROM consent_events e \
               LEFT JOIN subjects s ON s.id = e.subject_id AND s.erased_at IS NULL",
        id: "e.id",
        settled: Span::ZERO,
        cell: |row, day| Ok((day, 0, row.get(3)?, Counted::Consent.code(), row.get(4)?)),
    },
    Source {
        table: &tables::REQUESTS,
        rows: "SELECT id, received_at, CAST(NULL AS BIGINT), kind FROM requests",
        id: "id",
        settled: Span::ZERO,
        cell: |row, day| Ok((day, 0, 0, Counted::Request.code(), row.get(3)?)),
    },
    Source {
        table: &tables::REQUEST_STEPS,
        rows: "SELECT id, at, CAST(NULL AS BIGINT), state FROM request_steps",
        id: "id",
        settled: Span::ZERO,
        cell: |row, day| Ok((day, 0, 0, Counted::RequestStep.code(), row.get(3)?)),
    },
    Source {
        table: &tables::ERASURES,
        rows: "SELECT id, erased_at, CAST(NULL AS BIGINT), reason FROM erasures",
        id: "id",
        settled: Span::ZERO,
        cell: |row, day| Ok((day, 0, 0, Counted::Erasure.code(), row.get(3)?)),
    },
];

impl Source {
    /// Adds a row to its cell, but not that of a restricted person.
    fn take(
        &self,
        cells: &mut BTreeMap<Cell, i64>,
        row: &Row<'_>,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        if row.get::<Option<i64>>(2)?.is_none() {
            *cells.entry((self.cell)(row, at.day())?).or_default() += 1;
        }
        Ok(())
    }
}

impl Store {
    /// Counts the next slice of everything. Returns whether there may be more.
    pub async fn count(&self) -> Result<bool, StoreError> {
        self.write(|tx| {
            tx.flush()?;
            let mut more = false;
            for source in &SOURCES {
                more |= slice(tx, source)?;
            }
            Ok(more)
        })
        .await
    }
}

impl Reader<'_> {
    /// All counts of some days, the first and the last among them, in order.
    pub fn statistics(&self, first: i64, last: i64) -> Result<Vec<Count>, StoreError> {
        let sql = "SELECT day, number_id, purpose_id, kind, outcome, count FROM statistics \
                   WHERE day >= $1 AND day <= $2 \
                   ORDER BY kind, day, number_id, purpose_id, outcome";
        let mut statement = self.connection.prepare_cached(sql)?;
        let mut rows = statement.query((first, last))?;
        let mut counts = Vec::new();
        while let Some(row) = rows.next()? {
            // A kind that this program does not know was counted by a newer one.
            let Some(counted) = Counted::from_code(row.get(3)?) else {
                continue;
            };
            counts.push(Count {
                day: row.get(0)?,
                number: row.get(1)?,
                purpose: row.get(2)?,
                counted,
                outcome: row.get(4)?,
                many: row.get::<i64>(5)?.unsigned_abs(),
            });
        }
        Ok(counts)
    }
}

/// The id up to which the rows of a table are counted; what is not counted at all, is up to the end.
pub(crate) fn counted(connection: &Connection, table: &Table) -> Result<i64, StoreError> {
    if SOURCES.iter().all(|source| source.table.code != table.code) {
        return Ok(i64::MAX);
    }
    let sql = "SELECT value FROM settings WHERE name = $1";
    let mut statement = connection.prepare_cached(sql)?;
    let found = statement.query_row([name(table)], |row| row.get(0));
    Ok(found.optional()?.unwrap_or(0))
}

/// The setting that says how far a table is counted.
fn name(table: &Table) -> String {
    format!("counted/{}", table.name)
}

/// Counts rows that are about to go and were not counted yet, as they stand: nobody sees them again.
pub(crate) fn before_they_go(tx: &Tx<'_>, table: &Table, ids: &[i64]) -> Result<(), StoreError> {
    let of_table = |source: &&Source| source.table.code == table.code;
    let Some(source) = SOURCES.iter().find(of_table) else {
        return Ok(());
    };
    let after = counted(tx.connection, table)?;
    let late: Vec<i64> = ids.iter().copied().filter(|id| after < *id).collect();
    let mut cells = BTreeMap::new();
    for (piece, places) in tx.connection.pieces(late.len()) {
        let sql = format!("{} WHERE {} IN ({})", source.rows, source.id, list(places));
        let late = Padded(late.get(piece).unwrap_or_default(), places);
        let mut statement = tx.connection.prepare_cached(&sql)?;
        let mut rows = statement.query(late)?;
        while let Some(row) = rows.next()? {
            let at = Timestamp::from_micros(row.get(1)?);
            source.take(&mut cells, &row, at)?;
        }
    }
    add(tx, cells)
}

fn slice(tx: &Tx<'_>, source: &Source) -> Result<bool, StoreError> {
    let before = tx.now() - source.settled;
    let after = counted(tx.connection, source.table)?;
    let mut cells = BTreeMap::new();
    let mut last = after;
    let mut seen = 0;
    {
        let (rows, id) = (source.rows, source.id);
        let sql = format!("{rows} WHERE {id} > $1 ORDER BY {id} LIMIT $2");
        let mut statement = tx.connection.prepare_cached(&sql)?;
        let mut rows = statement.query((after, SLICE))?;
        while let Some(row) = rows.next()? {
            let at = Timestamp::from_micros(row.get(1)?);
            if before < at {
                break;
            }
            source.take(&mut cells, &row, at)?;
            last = row.get(0)?;
            seen += 1;
        }
    }
    if last == after {
        return Ok(false);
    }
    add(tx, cells)?;
    let sql = "INSERT INTO settings (name, value) VALUES ($1, $2) \
               ON CONFLICT (name) DO UPDATE SET value = excluded.value";
    let mut statement = tx.connection.prepare_cached(sql)?;
    statement.execute((name(source.table), last))?;
    Ok(seen == SLICE)
}

fn add(tx: &Tx<'_>, cells: BTreeMap<Cell, i64>) -> Result<(), StoreError> {
    let sql = "INSERT INTO statistics (day, number_id, purpose_id, kind, outcome, count) \
               VALUES ($1, $2, $3, $4, $5, $6) \
               ON CONFLICT (day, number_id, purpose_id, kind, outcome) \
               DO UPDATE SET count = statistics.count + excluded.count";
    for ((day, number, purpose, kind, outcome), count) in cells {
        let mut statement = tx.connection.prepare_cached(sql)?;
        statement.execute((day, number, purpose, kind, outcome, count))?;
    }
    Ok(())
}

/// The name of an outcome, as the API has it for what was counted.
pub fn outcome(counted: Counted, code: i64) -> String {
    let small = u8::try_from(code).ok();
    let name = small.and_then(|code| match counted {
        Counted::MessageIn | Counted::MessageOut => {
            MessageState::from_code(code).map(MessageState::name)
        }
        Counted::Decision => decided(code),
        Counted::Consent => ConsentState::from_code(code).map(ConsentState::name),
        Counted::Request => RequestKind::from_code(code).map(RequestKind::name),
        Counted::RequestStep => RequestState::from_code(code).map(RequestState::name),
        Counted::Erasure => EraseReason::from_code(code).map(EraseReason::name),
    });
    name.map_or_else(|| code.to_string(), str::to_owned)
}

const fn decided(code: u8) -> Option<&'static str> {
    match code {
        1 => Some("allow"),
        2 => Some("defer"),
        3 => Some("refuse"),
        _ => None,
    }
}
