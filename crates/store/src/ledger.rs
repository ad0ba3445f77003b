//! The ledger with what proves it: for each event the row as the log committed to it, the entry, and
//! the way from one to the other.

use domain::ids::ConsentEventId;
use domain::ids::DataKeyId;
use domain::ids::PurposeId;
use domain::ids::SubjectId;
use domain::time::Timestamp;
use seal::RecordKind;
use seal::Zeroizing;
use tlog::Hash;
use tlog::proof::Nodes;
use tlog::proof::inclusion;

use crate::dialect::Connection;
use crate::dialect::DbResult;
use crate::dialect::OptionalRow as _;
use crate::dialect::Row;
use crate::dialect::Value;
use crate::error::StoreError;
use crate::leaf;
use crate::leaf::Item;
use crate::read::Reader;
use crate::reconcile;
use crate::reconcile::id_of;
use crate::tables;
use crate::tables::Table;
use crate::tx::place;

/// An entry of the log as the database has it: position, salt, bytes.
type Entry = (i64, [u8; 16], Vec<u8>);

/// How far apart, in positions, rows of one table may stand out of order: those that hang on one
/// webhook, whose own entry was begun first.
const DISORDER: i64 = 512;

/// What an entry covers beside a consent event where it covers more: the keys made for it, and what a
/// list brought in with it.
const BESIDE: [&Table; 4] = [
    &tables::CONSENT_EVENTS,
    &tables::DATA_KEYS,
    &tables::SUPPRESSIONS,
    &tables::TRAITS,
];

/// A row of the ledger as the log committed to it: every column, states and the like by their codes,
/// instants in microseconds.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct LedgerRow {
    /// The event's id.
    pub id: i64,
    /// Whose.
    pub subject: i64,
    /// For what.
    pub purpose: i64,
    /// Where.
    pub channel: i64,
    /// The state it brought about.
    pub state: i64,
    /// How it came about.
    pub method: i64,
    /// How well it can be proved.
    pub grade: i64,
    /// The notice version behind it.
    pub notice: Option<i64>,
    /// The hash of that version.
    pub notice_hash: Option<Vec<u8>>,
    /// The language of the exchange.
    pub language: String,
    /// The jurisdictions that were noted with it.
    pub jurisdictions: String,
    /// The rule it was recorded under.
    pub rule: String,
    /// Who recorded it.
    pub actor: String,
    /// The key its evidence is sealed under.
    pub key: i64,
    /// The evidence, sealed.
    pub sealed_evidence: Vec<u8>,
    /// When it runs out by itself.
    pub expires: Option<i64>,
    /// When.
    pub at: i64,
}

/// An event with what proves it.
#[derive(Clone, Debug)]
pub struct LedgerEvent {
    /// The row.
    pub row: LedgerRow,
    /// The position of the entry.
    pub position: u64,
    /// The salt under which the entry commits to rows.
    pub salt: [u8; 16],
    /// The entry.
    pub entry: Vec<u8>,
    /// The row's place among those the entry commits to.
    pub index: u64,
    /// How many these are.
    pub rows: u64,
    /// The way from the row's hash to the commitment, lowest hash first.
    pub path: Vec<Hash>,
}

/// What the gate said of some messages.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Judgements {
    /// `allow`, `defer` or `refuse`.
    pub outcome: &'static str,
    /// The error code the app got.
    pub code: Option<u32>,
    /// The rules behind it; the first one decided.
    pub rules: Vec<String>,
    /// How many messages that were.
    pub count: u64,
}

const ROW: &str = "id, subject_id, purpose_id, channel, state, method, grade, notice_id, notice_hash, \
                   language, jurisdictions, rule, actor, key_id, sealed_evidence, expires_at, at, leaf";

/// What the entry looked at last covers: the next event often stands under the same one.
#[derive(Debug, Default)]
pub struct Covered(Option<(i64, Vec<Item>)>);

impl Reader<'_> {
    /// A subject's events for a purpose with what proves them, oldest first. `covered` goes from call
    /// to call of one pass.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] where the rows under an entry are not those it commits to.
    pub fn ledger(
        &self,
        (subject, purpose): (SubjectId, PurposeId),
        covered: &mut Covered,
    ) -> Result<Vec<LedgerEvent>, StoreError> {
        let sql = format!(
            "SELECT {ROW} FROM consent_events WHERE subject_id = $1 AND purpose_id = $2 ORDER BY id"
        );
        let mut statement = self.connection.prepare_cached(&sql)?;
        let rows = statement.query_map((subject.0, purpose.0), row)?;
        rows.into_iter()
            .map(|(row, position)| self.proved(row, position, covered))
            .collect()
    }

    fn proved(
        &self,
        row: LedgerRow,
        position: i64,
        covered: &mut Covered,
    ) -> Result<LedgerEvent, StoreError> {
        let id = row.id;
        let damaged = || StoreError::Damaged {
            table: "consent_events",
            column: "leaf",
            id,
        };
        let (salt, entry) = self.opening(position)?.ok_or_else(damaged)?;
        let held = covered.0.take().filter(|(held, _)| *held == position);
        let items = if let Some((_, items)) = held {
            items
        } else {
            let entry = (position, salt, entry.clone());
            items(self.connection, &row, &entry)?.ok_or_else(damaged)?
        };
        let code = tables::CONSENT_EVENTS.code;
        let own = |item: &Item| (item.table, item.id) == (code, row.id);
        let index = items.iter().position(own).unwrap_or(items.len());
        let hashes: Vec<Hash> = items.iter().map(|item| item.hash).collect();
        covered.0 = Some((position, items));
        let (index, rows) = (index as u64, hashes.len() as u64);
        Ok(LedgerEvent {
            row,
            position: position.cast_unsigned(),
            salt,
            entry,
            index,
            rows,
            path: inclusion(&Hashes(&hashes), index, rows).unwrap_or_default(),
        })
    }

    /// The people with an event for a purpose in a span of time, from after `after` on, by id.
    ///
    /// # Errors
    /// What the database says.
    pub fn recorded(
        &self,
        purpose: PurposeId,
        (from, to): (Timestamp, Timestamp),
        after: SubjectId,
        limit: u32,
    ) -> Result<Vec<SubjectId>, StoreError> {
        let sql = "SELECT DISTINCT subject_id FROM consent_events WHERE subject_id > $1 \
                   AND purpose_id = $2 AND at >= $3 AND at < $4 ORDER BY subject_id LIMIT $5";
        let mut statement = self.connection.prepare_cached(sql)?;
        let which = (after.0, purpose.0, from.micros(), to.micros(), limit);
        Ok(statement.query_map(which, |row| Ok(SubjectId(row.get(0)?)))?)
    }

    /// What the gate said of messages for a purpose in a span of time, of one person or of everybody,
    /// counted by outcome, code and rules.
    ///
    /// # Errors
    /// What the database says.
    pub fn judgements(
        &self,
        purpose: PurposeId,
        (from, to): (Timestamp, Timestamp),
        subject: Option<SubjectId>,
    ) -> Result<Vec<Judgements>, StoreError> {
        let sql = "SELECT outcome, code, rules, count(*) FROM decisions WHERE purpose_id = $1 \
                   AND at >= $2 AND at < $3 AND subject_id >= $4 AND subject_id <= $5 \
                   GROUP BY outcome, code, rules ORDER BY outcome, code, rules";
        let (low, high) = subject.map_or((i64::MIN, i64::MAX), |id| (id.0, id.0));
        let mut statement = self.connection.prepare_cached(sql)?;
        let which = (purpose.0, from.micros(), to.micros(), low, high);
        Ok(statement.query_map(which, |row| {
            let rules: String = row.get(2)?;
            Ok(Judgements {
                outcome: match row.get::<u8>(0)? {
                    1 => "allow",
                    2 => "defer",
                    _ => "refuse",
                },
                code: row.get(1)?,
                rules: rules.split_whitespace().map(str::to_owned).collect(),
                count: row.get::<i64>(3)?.cast_unsigned(),
            })
        })?)
    }

    /// The evidence of an event in clear: personal data. Read inside of [`crate::Store::reveal`].
    ///
    /// # Errors
    /// [`StoreError::Damaged`] where it does not open.
    pub fn evidence_of(
        &self,
        event: ConsentEventId,
    ) -> Result<Option<Zeroizing<String>>, StoreError> {
        let sql = "SELECT key_id, sealed_evidence FROM consent_events WHERE id = $1";
        let found = self
            .connection
            .prepare_cached(sql)?
            .query_row([event.0], |row| {
                Ok((row.get::<i64>(0)?, row.get::<Vec<u8>>(1)?))
            });
        let Some((key_id, sealed)) = found.optional()? else {
            return Ok(None);
        };
        let damaged = || StoreError::Damaged {
            table: "consent_events",
            column: "sealed_evidence",
            id: event.0,
        };
        let key = crate::keys::load(self.connection, &self.keys, DataKeyId(key_id))?;
        let place = place(RecordKind::ConsentEvidence, 1, event.0, key_id);
        let opened = key.open(&place, &sealed).map_err(|_| damaged())?;
        let text = std::str::from_utf8(&opened).map_err(|_| damaged())?;
        Ok(Some(Zeroizing::new(text.to_owned())))
    }
}

impl LedgerRow {
    fn values(&self) -> [Value; 17] {
        let number = |number: Option<i64>| number.map_or(Value::Null, Value::Integer);
        let text = |text: &str| Value::Text(text.to_owned());
        [
            Value::Integer(self.id),
            Value::Integer(self.subject),
            Value::Integer(self.purpose),
            Value::Integer(self.channel),
            Value::Integer(self.state),
            Value::Integer(self.method),
            Value::Integer(self.grade),
            number(self.notice),
            self.notice_hash.clone().map_or(Value::Null, Value::Blob),
            text(&self.language),
            text(&self.jurisdictions),
            text(&self.rule),
            text(&self.actor),
            Value::Integer(self.key),
            Value::Blob(self.sealed_evidence.clone()),
            number(self.expires),
            Value::Integer(self.at),
        ]
    }
}

fn row(row: &Row<'_>) -> DbResult<(LedgerRow, i64)> {
    let read = LedgerRow {
        id: row.get(0)?,
        subject: row.get(1)?,
        purpose: row.get(2)?,
        channel: row.get(3)?,
        state: row.get(4)?,
        method: row.get(5)?,
        grade: row.get(6)?,
        notice: row.get(7)?,
        notice_hash: row.get(8)?,
        language: row.get(9)?,
        jurisdictions: row.get(10)?,
        rule: row.get(11)?,
        actor: row.get(12)?,
        key: row.get(13)?,
        sealed_evidence: row.get(14)?,
        expires: row.get(15)?,
        at: row.get(16)?,
    };
    Ok((read, row.get(17)?))
}

/// The hashes of the rows an entry commits to, in order; none if no rows with these hashes are there.
///
/// There is no index over leaves, because one would cost every write. Most entries cover the event
/// alone, or with its key; those of a list are found by bisection, because ids and positions grow
/// together. What is found has to give the commitment; if it does not, everything is looked at.
fn items(
    connection: &Connection,
    event: &LedgerRow,
    entry: &Entry,
) -> Result<Option<Vec<Item>>, StoreError> {
    let (position, salt, bytes) = entry;
    let wanted = reconcile::commitment(bytes);
    let holds = |items: &mut Vec<Item>| Some(leaf::commitment(salt, items)) == wanted;
    let mut items = vec![leaf::item(salt, &tables::CONSENT_EVENTS, &event.values())];
    if holds(&mut items) {
        return Ok(Some(items));
    }
    let keys = &tables::DATA_KEYS;
    let key = Range {
        from: event.key,
        to: event.key + 1,
    };
    covered(connection, keys, entry, key, &mut items)?;
    if holds(&mut items) {
        return Ok(Some(items));
    }
    let audited = || tables::ALL.iter().copied().filter(|table| table.audited);
    for (tables, slack) in [
        (BESIDE.to_vec(), Some(0)),
        (audited().collect(), Some(DISORDER)),
        (audited().collect(), None),
    ] {
        items.clear();
        for table in tables {
            let range = match slack {
                Some(slack) => Range {
                    from: bound(connection, table, position - slack)?,
                    to: bound(connection, table, position + slack + 1)?,
                },
                None => Range {
                    from: i64::MIN,
                    to: i64::MAX,
                },
            };
            covered(connection, table, entry, range, &mut items)?;
        }
        if holds(&mut items) {
            return Ok(Some(items));
        }
    }
    Ok(None)
}

/// Ids, the last one left out.
#[derive(Clone, Copy)]
struct Range {
    from: i64,
    to: i64,
}

/// Adds the rows of a table that an entry covers.
fn covered(
    connection: &Connection,
    table: &'static Table,
    (position, salt, _): &Entry,
    range: Range,
    items: &mut Vec<Item>,
) -> Result<(), StoreError> {
    let columns: Vec<&str> = table.columns.iter().map(|column| column.name()).collect();
    let sql = format!(
        "SELECT {} FROM {} WHERE {id} >= $1 AND {id} < $2 AND leaf = $3 ORDER BY {id}",
        columns.join(","),
        table.name,
        id = id_of(table)
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query((range.from, range.to, *position))?;
    while let Some(row) = rows.next()? {
        let values: DbResult<Vec<Value>> = (0..columns.len()).map(|at| row.get(at)).collect();
        items.push(leaf::item(salt, table, &values?));
    }
    Ok(())
}

/// The first id of a table whose entry stands at a position or later, as far as ids and positions grow
/// together.
fn bound(connection: &Connection, table: &Table, position: i64) -> Result<i64, StoreError> {
    let id = id_of(table);
    let ends = format!("SELECT min({id}), max({id}) FROM {}", table.name);
    let (first, last): (Option<i64>, Option<i64>) = connection
        .prepare_cached(&ends)?
        .query_row((), |row| Ok((row.get(0)?, row.get(1)?)))?;
    let (Some(mut low), Some(last)) = (first, last) else {
        return Ok(0);
    };
    let mut high = last + 1;
    let next = format!(
        "SELECT {id}, leaf FROM {} WHERE {id} >= $1 ORDER BY {id} LIMIT 1",
        table.name
    );
    while low < high {
        let middle = low + (high - low) / 2;
        let found: Option<(i64, i64)> = connection
            .prepare_cached(&next)?
            .query_row([middle], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        match found {
            Some((id, leaf)) if leaf < position => low = id + 1,
            _ => high = middle,
        }
    }
    Ok(low)
}

/// Hashes as the leaves of a tree.
struct Hashes<'a>(&'a [Hash]);

impl Nodes for Hashes<'_> {
    type Error = std::num::TryFromIntError;

    fn node(&self, level: u32, index: u64) -> Result<Hash, Self::Error> {
        let from = usize::try_from(index << level)?;
        let to = from + usize::try_from(1_u64 << level)?;
        Ok(tlog::root_of(self.0.get(from..to).unwrap_or_default()))
    }
}
