//! Data keys of quarters that are over, under which nothing stands any more.

use std::collections::HashSet;

use domain::audit::Action;
use domain::audit::Actor;
use domain::ids::DataKeyId;
use domain::ids::RetentionRunId;
use domain::record_class::RecordClass;
use domain::time::Span;
use domain::time::Timestamp;

use crate::dialect::Connection;
use crate::erase;
use crate::error::StoreError;
use crate::tx::Tx;

/// How many rows are looked at at once.
const PAGE: u32 = 10_000;

/// The tables whose rows are sealed under data keys of a class, with the column of their age. Rows come
/// in the order of their ids, which is about the order of their age.
const fn sealed_in(class: RecordClass) -> &'static [(&'static str, &'static str, &'static str)] {
    match class {
        RecordClass::Conversation => &[
            ("messages", "id", "at"),
            ("statuses", "id", "at"),
            ("queue", "message_id", "queued_at"),
        ],
        RecordClass::Media => &[("media", "id", "created_at")],
        RecordClass::Form => &[
            ("confirmations", "id", "created_at"),
            ("requests", "id", "received_at"),
            ("request_steps", "id", "at"),
            ("letters", "id", "created_at"),
            ("packages", "id", "created_at"),
        ],
        RecordClass::AuditDetail => &[("audit_details", "id", "at")],
        RecordClass::ConsentProof => &[("consent_events", "id", "at")],
        // Profiles go with the person; nothing is sealed under the others yet.
        RecordClass::Notes | RecordClass::Profile | RecordClass::RegulatedArchive => &[],
    }
}

pub(super) fn spent(
    connection: &Connection,
    class: RecordClass,
    over: Timestamp,
    limit: usize,
) -> Result<Vec<DataKeyId>, StoreError> {
    let tables = sealed_in(class);
    if tables.is_empty() {
        return Ok(Vec::new());
    }
    let candidates = candidates(connection, class, over)?;
    if candidates.is_empty() {
        return Ok(Vec::new());
    }
    let mut used = HashSet::new();
    for table in tables {
        used_in(connection, *table, over, &mut used)?;
    }
    let spent = candidates.into_iter().filter(|key| !used.contains(key));
    Ok(spent.take(limit).map(DataKeyId).collect())
}

/// The keys of quarters that ended before `over`; not those of people who were erased, which fall to
/// their own sweep.
fn candidates(
    connection: &Connection,
    class: RecordClass,
    over: Timestamp,
) -> Result<Vec<i64>, StoreError> {
    let sql = "SELECT k.id FROM data_keys k LEFT JOIN subjects s ON s.id = k.subject_id \
               WHERE k.class = $1 AND k.quarter < $2 AND s.erased_at IS NULL ORDER BY k.id";
    let mut statement = connection.prepare_cached(sql)?;
    Ok(statement.query_map((class.code(), over.quarter().0), |row| row.get(0))?)
}

/// The keys under which rows of a table stand that are older than `over`.
fn used_in(
    connection: &Connection,
    (table, id, at): (&str, &str, &str),
    over: Timestamp,
    used: &mut HashSet<i64>,
) -> Result<(), StoreError> {
    // A little further, because ids and ages may differ by how long a transaction takes.
    let end = over + Span::days(1);
    let sql =
        format!("SELECT {id}, key_id, {at} FROM {table} WHERE {id} > $1 ORDER BY {id} LIMIT $2");
    let mut statement = connection.prepare_cached(&sql)?;
    let mut last = 0_i64;
    loop {
        let page: Vec<(i64, i64, i64)> = statement.query_map((last, PAGE), |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })?;
        used.extend(page.iter().map(|(_, key, _)| *key));
        let older = page
            .iter()
            .any(|(_, _, at)| Timestamp::from_micros(*at) < end);
        match page.last() {
            Some((id, _, _)) if older => last = *id,
            _ => return Ok(()),
        }
    }
}

pub(super) fn destroy(
    tx: &mut Tx<'_>,
    run: RetentionRunId,
    keys: &[DataKeyId],
) -> Result<u64, StoreError> {
    if keys.is_empty() {
        return Ok(0);
    }
    let standing = super::run::one(tx.connection, run)?;
    if standing.is_none_or(|run| run.preview || run.state != super::run::RunState::Running) {
        return Ok(0);
    }
    let mut leaf = tx.open_leaf()?;
    let destroyed = erase::destroy_keys(tx, &mut leaf, keys)?;
    let rules = &["retention/keys"] as &[&str];
    tx.close_leaf(leaf, Actor::System, Action::RetentionRun, rules);
    tx.flush()?;
    Ok(destroyed)
}

#[cfg(test)]
mod tests {
    use super::RecordClass;
    use super::sealed_in;
    use crate::tables;

    /// A key is spent when no row stands under it: a table that is left out would lose its rows.
    #[test]
    fn every_table_under_data_keys_is_looked_at() {
        let with_the_person = ["identifiers", "profiles", "traits"];
        let classes = RecordClass::ALL.iter();
        let looked: Vec<&str> = classes
            .flat_map(|class| sealed_in(*class))
            .map(|(table, _, _)| *table)
            .collect();
        for table in tables::ALL {
            let keyed = table.columns.iter().any(|column| column.name() == "key_id");
            let known = looked.contains(&table.name) || with_the_person.contains(&table.name);
            assert_eq!(keyed, known, "{}", table.name);
        }
    }
}
