//! Which holds cover something.

use std::collections::BTreeSet;

use domain::hold;
use domain::ids::HoldId;
use domain::ids::SubjectId;
use domain::record_class::RecordClass;
use domain::record_class::RecordClasses;
use domain::time::Timestamp;

use crate::dialect::Connection;
use crate::dossier;
use crate::erase::same_person;
use crate::error::StoreError;
use crate::tx::Tx;

/// A hold in force, as far as it does not name people.
struct Standing {
    id: i64,
    everybody: bool,
    scope: (RecordClasses, Option<Timestamp>, Option<Timestamp>),
}

/// The holds in force that cover what is held of these people in a class, from a span of time: those
/// that name one of them or somebody who is the same person, and those that name nobody. One that
/// names numbers covers who has a thread there.
pub(crate) fn on(
    tx: &Tx<'_>,
    subjects: &[SubjectId],
    class: RecordClass,
    span: (Timestamp, Timestamp),
) -> Result<Vec<HoldId>, StoreError> {
    let connection = tx.connection;
    let mut standing = standing(connection)?;
    standing.retain(|held| hold::covers(held.scope, class, span));
    if standing.is_empty() {
        return Ok(Vec::new());
    }
    let mut people = BTreeSet::new();
    for subject in subjects {
        for same in same_person(connection, *subject)? {
            people.insert(same.0);
        }
    }
    let people: Vec<i64> = people.into_iter().collect();
    let named = named(connection, &people, class)?;
    let threads = threads(connection, &people)?;
    let mut covering = Vec::new();
    for held in standing {
        let listed = numbers(connection, HoldId(held.id))?;
        let matches = (held.everybody || named.once.contains(&held.id))
            && (listed.is_empty() || listed.iter().any(|number| threads.contains(number)));
        if matches || named.kept.contains(&held.id) {
            covering.push(HoldId(held.id));
        }
    }
    Ok(covering)
}

fn standing(connection: &Connection) -> Result<Vec<Standing>, StoreError> {
    let sql = "SELECT id, everybody, classes, from_at, to_at FROM holds \
               WHERE released_at IS NULL ORDER BY id";
    let mut statement = connection.prepare_cached(sql)?;
    let instant = |micros: Option<i64>| micros.map(Timestamp::from_micros);
    Ok(statement.query_map((), |row| {
        Ok(Standing {
            id: row.get(0)?,
            everybody: row.get::<i64>(1)? != 0,
            scope: (
                RecordClasses::from_bits(row.get(2)?),
                instant(row.get(3)?),
                instant(row.get(4)?),
            ),
        })
    })?)
}

/// The holds that name people, and those that kept something of them when they were erased.
struct Named {
    once: BTreeSet<i64>,
    kept: BTreeSet<i64>,
}

fn named(connection: &Connection, people: &[i64], class: RecordClass) -> Result<Named, StoreError> {
    let mut named = Named {
        once: BTreeSet::new(),
        kept: BTreeSet::new(),
    };
    let text =
        |list: &str| format!("SELECT hold_id FROM hold_subjects WHERE subject_id IN ({list})");
    dossier::each(connection, people, text, |row| {
        named.once.insert(row.get(0)?);
        Ok(())
    })?;
    // Their threads may be gone by now, what the hold keeps is not.
    let text = |list: &str| {
        format!(
            "SELECT k.hold_id FROM erasure_kept k \
             WHERE k.hold_id IS NOT NULL AND k.ended_at IS NULL AND k.class = {} \
             AND k.erasure_id IN (SELECT e.id FROM erasures e WHERE e.subject_id IN ({list}))",
            class.code()
        )
    };
    dossier::each(connection, people, text, |row| {
        named.kept.insert(row.get(0)?);
        Ok(())
    })?;
    Ok(named)
}

/// The numbers on which these people have a thread.
fn threads(connection: &Connection, people: &[i64]) -> Result<BTreeSet<i64>, StoreError> {
    let mut threads = BTreeSet::new();
    let text =
        |list: &str| format!("SELECT number_id FROM conversations WHERE subject_id IN ({list})");
    dossier::each(connection, people, text, |row| {
        threads.insert(row.get(0)?);
        Ok(())
    })?;
    Ok(threads)
}

/// The numbers that a hold names.
fn numbers(connection: &Connection, id: HoldId) -> Result<Vec<i64>, StoreError> {
    let sql = "SELECT number_id FROM hold_numbers WHERE hold_id = $1 ORDER BY number_id";
    let mut statement = connection.prepare_cached(sql)?;
    Ok(statement.query_map([id.0], |row| row.get(0))?)
}
