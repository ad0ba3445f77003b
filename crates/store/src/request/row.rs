//! The rows of cases, and how they are read.

use domain::ids::DataKeyId;
use domain::ids::RequestId;
use domain::ids::SubjectId;
use domain::law::Law;
use domain::letter::LetterState;
use domain::request::Assurance;
use domain::request::Outcome;
use domain::request::Request;
use domain::request::RequestKind;
use domain::request::RequestSource;
use domain::request::RequestState;
use domain::request::last_day;
use domain::time::Timestamp;
use seal::KeySet;
use seal::RecordKind;
use seal::Zeroizing;

use super::NOTE;
use super::RequestFilter;
use super::RequestTexts;
use super::RequestView;
use super::StepView;
use super::TEXT;
use crate::dialect::Connection;
use crate::dialect::DbResult;
use crate::dialect::OptionalRow;
use crate::dialect::Params;
use crate::dialect::Row;
use crate::erase::same_person;
use crate::error::StoreError;
use crate::keys;
use crate::rows::v;
use crate::tx::Tx;
use crate::tx::place;

const COLUMNS: &str = "id, subject_id, kind, source, language, jurisdictions, received_at, \
                       state, assurance, complete_at, paused_at, paused_days, acknowledge_by, due_at, \
                       rule, extended_at, reminded_at, outcome, provision, closed_at, updated_at, \
                       (SELECT max(s.id) FROM request_steps s WHERE s.request_id = requests.id)";

pub(super) fn one(
    connection: &Connection,
    law: &dyn Law,
    id: RequestId,
) -> Result<Option<RequestView>, StoreError> {
    Ok(find(connection, law, "id = $1", [id.0])?.into_iter().next())
}

/// What holds of a case with a letter of which nobody knows whether it went out.
const UNTOLD: &str =
    " AND EXISTS (SELECT 1 FROM letters l WHERE l.request_id = requests.id AND l.state = 5)";

const _: () = assert!(LetterState::Unknown.code() == 5, "the state above");

/// The newest first.
pub(super) fn list(
    connection: &Connection,
    law: &dyn Law,
    filter: &RequestFilter,
    (before, limit): (Option<RequestId>, u32),
) -> Result<Vec<RequestView>, StoreError> {
    let own = match filter.subject {
        Some(subject) => same_person(connection, subject)?,
        None => Vec::new(),
    };
    let before = before.map_or(i64::MAX, |id| id.0);
    let mut condition = "id < $1 AND state = coalesce($2, state) AND kind = coalesce($3, kind) \
                         AND due_at <= coalesce($4, due_at)"
        .to_owned();
    if filter.open || filter.overdue_at.is_some() {
        condition.push_str(" AND outcome IS NULL AND closed_at IS NULL");
    }
    if filter.untold {
        condition.push_str(UNTOLD);
    }
    if filter.subject.is_some() {
        let ids: Vec<String> = own.iter().map(SubjectId::to_string).collect();
        condition.push_str(" AND subject_id IN (");
        condition.push_str(&ids.join(","));
        condition.push(')');
    }
    condition.push_str(" ORDER BY id DESC LIMIT $5");
    let parameters = [
        v(before),
        v(filter.state.map(RequestState::code)),
        v(filter.kind.map(RequestKind::code)),
        v(filter.overdue_at),
        v(limit),
    ];
    find(connection, law, &condition, parameters)
}

/// What is not closed, oldest first.
pub(super) fn open(
    connection: &Connection,
    law: &dyn Law,
    (after, limit): (RequestId, u32),
) -> Result<Vec<RequestView>, StoreError> {
    let condition = "closed_at IS NULL AND id > $1 ORDER BY id LIMIT $2";
    find(connection, law, condition, (after.0, limit))
}

/// The open case of a person about something, if there is one.
pub(super) fn same(
    connection: &Connection,
    law: &dyn Law,
    subject: SubjectId,
    kind: RequestKind,
) -> Result<Option<RequestView>, StoreError> {
    for own in same_person(connection, subject)? {
        let condition = "subject_id = $1 AND kind = $2 AND outcome IS NULL AND closed_at IS NULL \
                         ORDER BY id DESC LIMIT 1";
        let found = find(connection, law, condition, (own.0, kind.code()))?;
        if let Some(found) = found.into_iter().next() {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

fn find(
    connection: &Connection,
    law: &dyn Law,
    condition: &str,
    parameters: impl Params,
) -> Result<Vec<RequestView>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM requests WHERE {condition}");
    let mut statement = connection.prepare_cached(&sql)?;
    let mut found = statement.query(parameters)?;
    let mut rows = Vec::new();
    while let Some(row) = found.next()? {
        rows.push(view(law, &row)?);
    }
    Ok(rows)
}

fn view(law: &dyn Law, row: &Row<'_>) -> Result<RequestView, StoreError> {
    let id: i64 = row.get(0)?;
    let damaged = |column| StoreError::Damaged {
        table: "requests",
        column,
        id,
    };
    let instant = |column| -> DbResult<Option<Timestamp>> {
        let micros = row.get::<Option<i64>>(column)?;
        Ok(micros.map(Timestamp::from_micros))
    };
    let outcome = row.get::<Option<u8>>(17)?;
    let request = Request {
        kind: RequestKind::from_code(row.get(2)?).ok_or_else(|| damaged("kind"))?,
        state: RequestState::from_code(row.get(7)?).ok_or_else(|| damaged("state"))?,
        assurance: Assurance::from_code(row.get(8)?).ok_or_else(|| damaged("assurance"))?,
        received_at: instant(6)?.ok_or_else(|| damaged("received_at"))?,
        complete_at: instant(9)?,
        paused_at: instant(10)?,
        paused_days: row.get(11)?,
        acknowledge_by: instant(12)?,
        due_at: instant(13)?.ok_or_else(|| damaged("due_at"))?,
        extended_at: instant(15)?,
        outcome: match outcome {
            Some(code) => Some(Outcome::from_code(code).ok_or_else(|| damaged("outcome"))?),
            None => None,
        },
        closed_at: instant(19)?,
        updated_at: instant(20)?.ok_or_else(|| damaged("updated_at"))?,
    };
    let rule: String = row.get(14)?;
    Ok(RequestView {
        id: RequestId(id),
        subject: SubjectId(row.get(1)?),
        source: RequestSource::from_code(row.get(3)?).ok_or_else(|| damaged("source"))?,
        language: row.get(4)?,
        jurisdictions: row.get(5)?,
        due_on: last_day(request.due_at, law.authority(&rule).as_ref()),
        rule,
        provision: row.get(18)?,
        reminded_at: instant(16)?,
        version: row.get::<Option<i64>>(21)?.unwrap_or_default(),
        request,
    })
}

pub(super) fn steps(connection: &Connection, id: RequestId) -> Result<Vec<StepView>, StoreError> {
    let sql = "SELECT id, state, actor, rule, key_id, sealed_note, at FROM request_steps \
               WHERE request_id = $1 ORDER BY id";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query([id.0])?;
    let mut steps = Vec::new();
    while let Some(row) = rows.next()? {
        let id: i64 = row.get(0)?;
        let damaged = StoreError::Damaged {
            table: "request_steps",
            column: "state",
            id,
        };
        steps.push(StepView {
            id,
            state: RequestState::from_code(row.get(1)?).ok_or(damaged)?,
            actor: row.get(2)?,
            rule: row.get(3)?,
            key: DataKeyId(row.get(4)?),
            note: row.get(5)?,
            at: Timestamp::from_micros(row.get(6)?),
        });
    }
    Ok(steps)
}

pub(super) fn texts(
    connection: &Connection,
    keys: &KeySet,
    id: RequestId,
) -> Result<Option<RequestTexts>, StoreError> {
    let sql = "SELECT key_id, sealed_request FROM requests WHERE id = $1";
    let found = connection
        .prepare_cached(sql)?
        .query_row([id.0], |row| {
            Ok((row.get::<i64>(0)?, row.get::<Vec<u8>>(1)?))
        })
        .optional()?;
    let Some((key, sealed)) = found else {
        return Ok(None);
    };
    let text = opened(connection, keys, (key, &sealed), (TEXT, id.0, "requests"))?;
    let mut notes = Vec::new();
    for step in steps(connection, id)? {
        if let Some(note) = &step.note {
            let which = (NOTE, step.id, "request_steps");
            let note = opened(connection, keys, (step.key.0, note), which)?;
            notes.extend(note.map(|note| (step.id, note)));
        }
    }
    Ok(Some(RequestTexts { text, notes }))
}

/// A text in clear; none if its key was destroyed.
fn opened(
    connection: &Connection,
    keys: &KeySet,
    (key, sealed): (i64, &[u8]),
    (field, id, table): (u8, i64, &'static str),
) -> Result<Option<Zeroizing<String>>, StoreError> {
    let there = "SELECT 1 FROM data_keys WHERE id = $1";
    if !connection.prepare_cached(there)?.exists([key])? {
        return Ok(None);
    }
    let damaged = || StoreError::Damaged {
        table,
        column: "sealed_text",
        id,
    };
    let data_key = keys::load(connection, keys, DataKeyId(key))?;
    let place = place(RecordKind::Request, field, id, key);
    let text = data_key.open(&place, sealed).map_err(|_| damaged())?;
    let text = String::from_utf8(text.to_vec()).map_err(|_| damaged())?;
    Ok(Some(Zeroizing::new(text)))
}

pub(crate) fn overdue(
    connection: &Connection,
    now: Timestamp,
) -> Result<Vec<(RequestKind, u64)>, StoreError> {
    let sql = "SELECT kind, count(*) FROM requests WHERE closed_at IS NULL AND outcome IS NULL \
               AND due_at <= $1 GROUP BY kind ORDER BY kind";
    counts(connection, sql, [now.micros()])
}

pub(super) fn open_count(connection: &Connection) -> Result<Vec<(RequestKind, u64)>, StoreError> {
    let sql = "SELECT kind, count(*) FROM requests WHERE closed_at IS NULL AND outcome IS NULL \
               GROUP BY kind ORDER BY kind";
    counts(connection, sql, ())
}

fn counts(
    connection: &Connection,
    sql: &str,
    parameters: impl Params,
) -> Result<Vec<(RequestKind, u64)>, StoreError> {
    let mut statement = connection.prepare_cached(sql)?;
    let found = statement.query_map(parameters, |row| {
        Ok((row.get::<u8>(0)?, row.get::<i64>(1)?))
    })?;
    let found = found.into_iter();
    Ok(found
        .filter_map(|(kind, count)| {
            let kind = RequestKind::from_code(kind)?;
            Some((kind, u64::try_from(count).unwrap_or_default()))
        })
        .collect())
}

/// Whether a person may be erased for a case: asked inside of the very transaction that erases, so that
/// who took it back a moment before is not.
pub(crate) fn may_erase(tx: &Tx<'_>, id: RequestId) -> Result<bool, StoreError> {
    let found = one(tx.connection, tx.state.law.as_ref(), id)?;
    Ok(found.is_some_and(|view| view.request.may_erase()))
}
