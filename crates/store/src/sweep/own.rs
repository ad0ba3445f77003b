//! A person's own rows, found by their indexes.

use domain::erasure::ErasureState;
use domain::ids::SubjectId;

use super::Open;
use super::Slice;
use super::limit;
use crate::dialect::Connection;
use crate::dialect::Params;
use crate::error::StoreError;
use crate::tables;
use crate::tables::Table;

/// A table with the rows of a person (`$1`) that have to go, at most `$2`.
struct Own(&'static Table, &'static str);

/// Decisions. They go after the messages they were about, which are counted by their purpose when they
/// go.
static DECISIONS: Own = Own(
    &tables::DECISIONS,
    "SELECT t.id FROM decisions t LEFT JOIN messages m ON m.id = t.message_id \
     WHERE t.subject_id = $1 AND (m.id IS NULL OR NOT EXISTS \
     (SELECT 1 FROM data_keys k WHERE k.id = m.key_id)) ORDER BY t.id LIMIT $2",
);

/// What hangs on the person. Rows without a data key go with their class.
static OWN: [Own; 11] = [
    Own(
        &tables::OUTSIDE,
        "SELECT t.message_id FROM outside t LEFT JOIN messages m ON m.id = t.message_id \
         WHERE t.subject_id = $1 AND (m.id IS NULL OR NOT EXISTS \
         (SELECT 1 FROM data_keys k WHERE k.id = m.key_id)) ORDER BY t.message_id LIMIT $2",
    ),
    Own(
        &tables::CAMPAIGN_SENDS,
        "SELECT t.id FROM campaign_sends t WHERE t.subject_id = $1 AND NOT EXISTS \
         (SELECT 1 FROM data_keys k WHERE k.subject_id = $1 AND k.class = 1) LIMIT $2",
    ),
    Own(
        &tables::CONSENT_EVENTS,
        "SELECT t.id FROM consent_events t WHERE t.subject_id = $1 AND NOT EXISTS \
         (SELECT 1 FROM data_keys k WHERE k.id = t.key_id) LIMIT $2",
    ),
    Own(
        &tables::CONFIRMATIONS,
        "SELECT t.id FROM confirmations t WHERE t.subject_id = $1 AND NOT EXISTS \
         (SELECT 1 FROM data_keys k WHERE k.id = t.key_id) LIMIT $2",
    ),
    Own(
        &tables::TRAITS,
        "SELECT t.id FROM traits t WHERE t.subject_id = $1 AND NOT EXISTS \
         (SELECT 1 FROM data_keys k WHERE k.id = t.key_id) LIMIT $2",
    ),
    Own(
        &tables::IDENTIFIERS,
        "SELECT t.id FROM identifiers t WHERE t.subject_id = $1 AND NOT EXISTS \
         (SELECT 1 FROM data_keys k WHERE k.id = t.key_id) LIMIT $2",
    ),
    Own(
        &tables::PROFILES,
        "SELECT t.subject_id FROM profiles t WHERE t.subject_id = $1 AND NOT EXISTS \
         (SELECT 1 FROM data_keys k WHERE k.id = t.key_id) LIMIT $2",
    ),
    Own(
        &tables::LINKS,
        "SELECT l.id FROM (SELECT id FROM subject_links WHERE from_subject = $1 \
         UNION SELECT id FROM subject_links WHERE to_subject = $1) AS l WHERE NOT EXISTS \
         (SELECT 1 FROM data_keys k WHERE k.subject_id = $1 AND k.class = 3) LIMIT $2",
    ),
    Own(
        &tables::LETTERS,
        "SELECT t.id FROM requests r JOIN letters t ON t.request_id = r.id \
         WHERE r.subject_id = $1 AND NOT EXISTS \
         (SELECT 1 FROM data_keys k WHERE k.id = t.key_id) LIMIT $2",
    ),
    Own(
        &tables::REDACTIONS,
        "SELECT t.id FROM packages p JOIN redactions t ON t.package_id = p.id \
         WHERE p.subject_id = $1 AND NOT EXISTS \
         (SELECT 1 FROM data_keys k WHERE k.id = p.key_id) LIMIT $2",
    ),
    Own(
        &tables::ERRANDS,
        "SELECT t.id FROM errands t WHERE t.subject_id = $1 LIMIT $2",
    ),
];

/// What is to be removed next of one person's.
pub(super) fn next(connection: &Connection, open: Open) -> Result<Slice, StoreError> {
    let mut slice = Slice::new(&[open], (ErasureState::Removing, open.cursor));
    for Own(table, sql) in &OWN {
        let found = ids(connection, sql, (open.subject.0, limit(table)))?;
        if !found.is_empty() {
            return Ok(with(slice, table, found, open.subject));
        }
    }
    if let Some(slice) = packages(connection, open, &slice)? {
        return Ok(slice);
    }
    if let Some(slice) = threads(connection, open, &slice)? {
        return Ok(slice);
    }
    let Own(table, sql) = &DECISIONS;
    let found = ids(connection, sql, (open.subject.0, limit(table)))?;
    if !found.is_empty() {
        return Ok(with(slice, table, found, open.subject));
    }
    slice.to = (ErasureState::Swept, 0);
    Ok(slice)
}

fn with(mut slice: Slice, table: &'static Table, ids: Vec<i64>, subject: SubjectId) -> Slice {
    slice.table = Some(table);
    slice.rows = ids.into_iter().map(|id| (id, subject)).collect();
    slice
}

/// Copies of the person's data, with their files.
fn packages(
    connection: &Connection,
    open: Open,
    slice: &Slice,
) -> Result<Option<Slice>, StoreError> {
    let sql = "SELECT t.id, t.object FROM packages t WHERE t.subject_id = $1 AND NOT EXISTS \
               (SELECT 1 FROM data_keys k WHERE k.id = t.key_id) LIMIT $2";
    let mut statement = connection.prepare_cached(sql)?;
    let found: Vec<(i64, String)> = statement
        .query_map((open.subject.0, limit(&tables::PACKAGES)), |row| {
            Ok((row.get(0)?, row.get(1)?))
        })?;
    if found.is_empty() {
        return Ok(None);
    }
    let (ids, objects): (Vec<i64>, Vec<String>) = found.into_iter().unzip();
    let mut slice = with(slice.clone(), &tables::PACKAGES, ids, open.subject);
    slice.files.insert(open.subject, objects.len() as u64);
    slice.objects = objects;
    Ok(Some(slice))
}

/// The person's threads, message by message from the newest on; a thread whose messages are gone goes
/// itself. Where a part of the class stays, or stayed and left gaps in the chain, each message is looked
/// at; else the chain leads to them.
fn threads(
    connection: &Connection,
    open: Open,
    slice: &Slice,
) -> Result<Option<Slice>, StoreError> {
    let sql = "SELECT 1 FROM data_keys WHERE subject_id = $1 AND class = 1 LIMIT 1";
    let stays = !ids(connection, sql, [open.subject.0])?.is_empty();
    let sql = "SELECT 1 FROM erasure_kept WHERE erasure_id = $1 AND class = 1 LIMIT 1";
    if stays || !ids(connection, sql, [open.erasure.0])?.is_empty() {
        let found = partly(connection, open, slice)?;
        if stays || found.is_some() {
            return Ok(found);
        }
    }
    let sql =
        "SELECT id, last_message FROM conversations WHERE subject_id = $1 ORDER BY id LIMIT 1";
    let mut statement = connection.prepare_cached(sql)?;
    let first = statement.query_map([open.subject.0], |row| {
        Ok((row.get::<i64>(0)?, row.get::<Option<i64>>(1)?))
    })?;
    let Some((conversation, newest)) = first.first().copied() else {
        return Ok(None);
    };
    let hanging: [Own; 4] = [
        Own(
            &tables::DELIVERIES,
            "SELECT id FROM deliveries WHERE conversation_id = $1 AND state = 1 LIMIT $2",
        ),
        Own(
            &tables::QUEUE,
            "SELECT message_id FROM queue WHERE conversation_id = $1 LIMIT $2",
        ),
        Own(
            &tables::REDACTED_MESSAGES,
            "SELECT message_id FROM redacted_messages WHERE conversation_id = $1 LIMIT $2",
        ),
        Own(
            &tables::CALL_PERMISSIONS,
            "SELECT conversation_id FROM call_permissions WHERE conversation_id = $1 LIMIT $2",
        ),
    ];
    for Own(table, sql) in hanging {
        let found = ids(connection, sql, (conversation, limit(table)))?;
        if !found.is_empty() {
            return Ok(Some(with(slice.clone(), table, found, open.subject)));
        }
    }
    if let Some(newest) = newest {
        let (messages, rest) = chain(connection, newest)?;
        let mut slice = with(slice.clone(), &tables::MESSAGES, messages, open.subject);
        slice.head = Some((conversation, rest));
        return Ok(Some(slice));
    }
    let gone = vec![conversation];
    Ok(Some(with(
        slice.clone(),
        &tables::CONVERSATIONS,
        gone,
        open.subject,
    )))
}

/// The next messages of a chain, and where it goes on. A message that was redacted is passed over; a
/// chain that breaks off ends there.
fn chain(connection: &Connection, newest: i64) -> Result<(Vec<i64>, Option<i64>), StoreError> {
    let sql = "WITH RECURSIVE chain (id, previous, n) AS (\
               SELECT id, previous, 1 FROM messages WHERE id = $1 \
               UNION ALL SELECT m.id, m.previous, c.n + 1 FROM chain c \
               JOIN messages m ON m.id = c.previous WHERE c.n < $2) \
               SELECT id, previous FROM chain ORDER BY n";
    let mut statement = connection.prepare_cached(sql)?;
    let links: Vec<(i64, Option<i64>)> = statement
        .query_map((newest, limit(&tables::MESSAGES)), |row| {
            Ok((row.get(0)?, row.get(1)?))
        })?;
    let mut rest = links.last().map_or(Some(newest), |(_, previous)| *previous);
    if links.len() < limit(&tables::MESSAGES) as usize {
        // The chain goes on behind a message that was redacted, or not at all.
        rest = match rest {
            Some(missing) => behind(connection, missing)?,
            None => None,
        };
    }
    Ok((links.into_iter().map(|(id, _)| id).collect(), rest))
}

/// The message before one that was redacted.
fn behind(connection: &Connection, redacted: i64) -> Result<Option<i64>, StoreError> {
    let sql = "SELECT previous FROM redacted_messages WHERE message_id = $1";
    let mut statement = connection.prepare_cached(sql)?;
    let found: Vec<Option<i64>> = statement.query_map([redacted], |row| row.get(0))?;
    Ok(found.first().copied().flatten())
}

/// Where some quarters of the class stay or stayed: the messages of the others, found by looking at all of
/// the person's. They are met in the order of their ids, so the cursor says how far.
fn partly(connection: &Connection, open: Open, slice: &Slice) -> Result<Option<Slice>, StoreError> {
    let sql = "SELECT t.id FROM messages t WHERE t.id > $1 AND t.subject_id = $2 AND NOT EXISTS \
               (SELECT 1 FROM data_keys k WHERE k.id = t.key_id) ORDER BY t.id LIMIT $3";
    let place = (open.cursor, open.subject.0, limit(&tables::MESSAGES));
    let found = ids(connection, sql, place)?;
    let Some(last) = found.last().copied() else {
        return Ok(None);
    };
    let mut slice = with(slice.clone(), &tables::MESSAGES, found, open.subject);
    slice.to = (ErasureState::Removing, last);
    Ok(Some(slice))
}

/// The first column of a query's rows.
pub(super) fn ids(
    connection: &Connection,
    sql: &str,
    parameters: impl Params,
) -> Result<Vec<i64>, StoreError> {
    crate::erase::ids(connection, sql, parameters)
}
