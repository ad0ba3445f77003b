//! What has no index by person: each table is looked through once, for several erasures at a time.

use domain::erasure::ErasureState;
use domain::ids::SubjectId;

use super::Open;
use super::Slice;
use super::TOGETHER;
use super::limit;
use crate::dialect::Connection;
use crate::dialect::Each;
use crate::error::StoreError;
use crate::reconcile::id_of;
use crate::tables;
use crate::tables::Table;

/// How many ids of a table one statement looks at.
const WINDOW: i64 = 20_000;

/// How many statements one search makes before it says how far it has come.
const WINDOWS: usize = 64;

/// How far a place within a table is moved to the left by the number of the table.
const PLACE: u32 = 48;

/// A table to look through.
struct Step {
    table: &'static Table,
    /// What it is joined with.
    with: &'static str,
    /// Whose a row is.
    subject: &'static str,
    /// When a row has to go.
    gone: &'static str,
}

const OWN_KEY: &str = "NOT EXISTS (SELECT 1 FROM data_keys k WHERE k.id = t.key_id)";
const MESSAGE: &str = "JOIN messages m ON m.id = t.message_id";
const MESSAGE_KEY: &str = "NOT EXISTS (SELECT 1 FROM data_keys k WHERE k.id = m.key_id)";
const CONVERSATION: &str =
    "NOT EXISTS (SELECT 1 FROM data_keys k WHERE k.subject_id = t.subject_id AND k.class = 1)";
const PROFILE: &str =
    "NOT EXISTS (SELECT 1 FROM data_keys k WHERE k.subject_id = t.subject_id AND k.class = 3)";
const OF_CLASS: &str = "NOT EXISTS (SELECT 1 FROM data_keys k WHERE k.subject_id = t.subject_id AND k.class = t.class)";
const ALWAYS: &str = "1 = 1";

/// The tables in their order: what tells of a message before the messages, which say whose it is.
static STEPS: [Step; 11] = [
    step(&tables::STATUSES, MESSAGE, "m.subject_id", MESSAGE_KEY),
    step(&tables::DELIVERIES, MESSAGE, "m.subject_id", MESSAGE_KEY),
    step(&tables::IDEMPOTENCY, MESSAGE, "m.subject_id", MESSAGE_KEY),
    step(
        &tables::EVENT_DELIVERIES,
        "JOIN events e ON e.id = t.event_id",
        "e.subject_id",
        ALWAYS,
    ),
    step(&tables::EVENTS, "", "t.subject_id", ALWAYS),
    step(&tables::MEDIA, "", "t.subject_id", OWN_KEY),
    step(&tables::DETAILS, "", "t.subject_id", OWN_KEY),
    step(&tables::GROUP_MEMBERS, "", "t.subject_id", CONVERSATION),
    step(&tables::IMPORT_PEOPLE, "", "t.subject_id", PROFILE),
    step(&tables::CODES, "", "t.subject_id", ALWAYS),
    step(&tables::RETENTION_REVIEWS, "", "t.subject_id", OF_CLASS),
];

const fn step(
    table: &'static Table,
    with: &'static str,
    subject: &'static str,
    gone: &'static str,
) -> Step {
    Step {
        table,
        with,
        subject,
        gone,
    }
}

/// Goes on from a place, until there is something to remove or enough was looked at.
pub(super) fn next(
    connection: &Connection,
    group: &[Open],
    cursor: i64,
) -> Result<Slice, StoreError> {
    let mut slice = Slice::new(group, (ErasureState::Referring, cursor));
    let mut number = usize::try_from(cursor >> PLACE).unwrap_or_default();
    let mut from = cursor & ((1 << PLACE) - 1);
    for _ in 0..WINDOWS {
        let Some(step) = STEPS.get(number) else {
            slice.to = (ErasureState::Removing, 0);
            return Ok(slice);
        };
        let through = if step.table.code == tables::IDEMPOTENCY.code {
            keys(connection, step, group, &mut slice)?
        } else {
            window(connection, step, group, &mut slice, from)?
        };
        if let Some(place) = through {
            from = place;
        } else {
            number += 1;
            from = 0;
        }
        let number = i64::try_from(number).unwrap_or_default();
        slice.to = (ErasureState::Referring, number << PLACE | from);
        if !slice.is_empty() {
            slice.table = Some(step.table);
            break;
        }
    }
    Ok(slice)
}

/// Looks at the next ids of a table. Returns how far it came, none at the table's end.
fn window(
    connection: &Connection,
    step: &Step,
    group: &[Open],
    slice: &mut Slice,
    from: i64,
) -> Result<Option<i64>, StoreError> {
    let (table, id) = (step.table.name, id_of(step.table));
    let newest = super::own::ids(
        connection,
        &format!("SELECT coalesce(max({id}), 0) FROM {table}"),
        (),
    )?;
    let newest = newest.first().copied().unwrap_or_default();
    if newest <= from {
        return Ok(None);
    }
    let to = from.saturating_add(WINDOW);
    let object = match step.table.code {
        code if code == tables::MEDIA.code => "t.object",
        _ => "NULL",
    };
    let (subject, with, gone) = (step.subject, step.with, step.gone);
    let sql = format!(
        "SELECT t.{id}, {subject}, {object} FROM {table} t {with} WHERE t.{id} > $1 AND t.{id} <= $2 \
         AND {subject} IN ({}) AND {gone} ORDER BY t.{id} LIMIT {}",
        places(3),
        limit(step.table)
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let parameters = [from, to].into_iter().chain(padded(group));
    let mut rows = statement.query(Each(parameters))?;
    while let Some(row) = rows.next()? {
        let subject = SubjectId(row.get(1)?);
        slice.rows.push((row.get(0)?, subject));
        if let Some(object) = row.get::<Option<String>>(2)? {
            slice.objects.push(object);
            *slice.files.entry(subject).or_default() += 1;
        }
    }
    let full = slice.rows.len() == limit(step.table) as usize;
    let last = slice.rows.last().map_or(to, |(id, _)| *id);
    Ok(Some(if full { last } else { to }))
}

/// Idempotency keys have no id of their own; the table holds some days of sends.
fn keys(
    connection: &Connection,
    step: &Step,
    group: &[Open],
    slice: &mut Slice,
) -> Result<Option<i64>, StoreError> {
    let sql = format!(
        "SELECT t.app_id, t.tag FROM idempotency t {} WHERE m.subject_id IN ({}) AND {} LIMIT {}",
        step.with,
        places(1),
        step.gone,
        limit(step.table)
    );
    let mut statement = connection.prepare_cached(&sql)?;
    slice.keys = statement.query_map(Each(padded(group)), |row| Ok((row.get(0)?, row.get(1)?)))?;
    // A slice that is not full was the last.
    let full = slice.keys.len() == limit(step.table) as usize;
    Ok(full.then_some(0))
}

/// The people of a group, the last as often as it takes.
fn padded(group: &[Open]) -> impl Iterator<Item = i64> {
    let last = group.last().into_iter().cycle();
    let all = group.iter().chain(last).take(TOGETHER);
    all.map(|one| one.subject.0)
}

fn places(first: usize) -> String {
    let places: Vec<String> = (first..first + TOGETHER).map(|n| format!("${n}")).collect();
    places.join(",")
}
