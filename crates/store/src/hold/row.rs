//! Holds as rows.

use domain::audit::Action;
use domain::audit::Actor;
use domain::event::EventKind;
use domain::hold;
use domain::hold::Due;
use domain::hold::HoldFault;
use domain::ids::HoldId;
use domain::record_class::RecordClasses;
use domain::time::Timestamp;

use super::HoldChange;
use super::HoldCounts;
use super::HoldView;
use super::MOST_PEOPLE;
use super::NewHold;
use crate::dialect::Connection;
use crate::dialect::DbResult;
use crate::dialect::OptionalRow;
use crate::dialect::Row;
use crate::dossier;
use crate::erase;
use crate::error::Refusal;
use crate::error::StoreError;
use crate::event::About;
use crate::rows::v;
use crate::tables;
use crate::tx::Tx;

/// The longest short name.
const LONGEST_CODE: usize = 60;

const COLUMNS: &str = "h.id, h.code, h.matter, h.owner, h.query, h.everybody, h.classes, \
                       h.from_at, h.to_at, h.created_at, h.review_at, h.released_at, h.version, \
                       (SELECT count(*) FROM hold_subjects s WHERE s.hold_id = h.id)";

pub(super) fn place(tx: &mut Tx<'_>, actor: Actor, new: &NewHold) -> Result<HoldId, StoreError> {
    tx.flush()?;
    let scope = new.scope.clone().canonical();
    check(tx, new, &scope)?;
    if by_code(tx.connection, &new.code)?.is_some() {
        return Err(Refusal::Exists("hold").into());
    }
    let id = HoldId(tx.id(&tables::HOLDS));
    let mut leaf = tx.open_leaf()?;
    let row = [
        v(id),
        v(new.code.as_str()),
        v(hold::named(&new.matter).map_err(Refusal::Hold)?),
        v(hold::named(&new.owner).map_err(Refusal::Hold)?),
        v(scope.query()),
        v(i64::from(scope.subjects.is_empty())),
        v(scope.classes.bits()),
        v(scope.from),
        v(scope.to),
        v(tx.now()),
        v(new.review_at),
        v(None::<i64>),
        v(1_i64),
    ];
    tx.cover(&mut leaf, &tables::HOLDS, row);
    for subject in &scope.subjects {
        let row = tx.id(&tables::HOLD_SUBJECTS);
        let row = [v(row), v(id), v(*subject), v(tx.now())];
        tx.cover(&mut leaf, &tables::HOLD_SUBJECTS, row);
    }
    for number in &scope.numbers {
        let row = tx.id(&tables::HOLD_NUMBERS);
        let row = [v(row), v(id), v(*number)];
        tx.cover(&mut leaf, &tables::HOLD_NUMBERS, row);
    }
    tx.close_leaf(leaf, actor, Action::HoldChanged, &["hold/placed"]);
    tx.flush()?;
    Ok(id)
}

fn check(tx: &Tx<'_>, new: &NewHold, scope: &hold::Scope) -> Result<(), StoreError> {
    scope.check().map_err(Refusal::Hold)?;
    hold::check_review(new.review_at, tx.now()).map_err(Refusal::Hold)?;
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let code = &new.code;
    if code.is_empty() || LONGEST_CODE < code.len() || !code.chars().all(plain) {
        return Err(Refusal::Hold(HoldFault::Code).into());
    }
    if MOST_PEOPLE < scope.subjects.len() {
        return Err(Refusal::Hold(HoldFault::People).into());
    }
    let registry = tx.registry();
    if scope
        .numbers
        .iter()
        .any(|number| registry.number(*number).is_none())
    {
        return Err(Refusal::Missing("number").into());
    }
    let people: Vec<i64> = scope.subjects.iter().map(|subject| subject.0).collect();
    let mut found = 0;
    let text = |list: &str| format!("SELECT id FROM subjects WHERE id IN ({list})");
    dossier::each(tx.connection, &people, text, |_| {
        found += 1;
        Ok(())
    })?;
    if found < people.len() {
        return Err(Refusal::Missing("subject").into());
    }
    Ok(())
}

/// The hold, if it is in force and stands as the caller has seen it.
fn seen(tx: &Tx<'_>, (id, seen): (HoldId, u32)) -> Result<HoldView, StoreError> {
    let held = one(tx.connection, id)?.ok_or(Refusal::Missing("hold"))?;
    if held.released_at.is_some() {
        return Err(Refusal::Ended("hold").into());
    }
    if held.version != seen {
        return Err(Refusal::Changed("hold").into());
    }
    Ok(held)
}

pub(super) fn change(
    tx: &mut Tx<'_>,
    actor: Actor,
    which: (HoldId, u32),
    change: &HoldChange,
) -> Result<(), StoreError> {
    let held = seen(tx, which)?;
    let owner = match change.owner.as_deref().map(str::trim) {
        None => held.owner,
        Some("") => String::new(),
        Some(owner) => hold::named(owner).map_err(Refusal::Hold)?.to_owned(),
    };
    if let Some(review) = change.review_at {
        hold::check_review(review, tx.now()).map_err(Refusal::Hold)?;
    }
    let review = change.review_at.unwrap_or(held.review_at);
    let sql = "UPDATE holds SET owner = $1, review_at = $2, version = version + 1 WHERE id = $3";
    tx.update_one(&tables::HOLDS, sql, (&owner, review.micros(), held.id.0))?;
    let detail = format!("hold {}: owned by {owner:?}, review {review}", held.id);
    tx.note(
        None,
        &detail,
        (actor, Action::HoldChanged, &["hold/changed"]),
    )?;
    tx.flush()
}

pub(super) fn release(
    tx: &mut Tx<'_>,
    actor: Actor,
    which: (HoldId, u32),
    reason: &str,
) -> Result<u64, StoreError> {
    let held = seen(tx, which)?;
    let reason = hold::named(reason).map_err(|_| Refusal::Hold(HoldFault::Reason))?;
    let now = tx.now().micros();
    let sql = "UPDATE holds SET released_at = $1, version = version + 1 WHERE id = $2";
    tx.update_one(&tables::HOLDS, sql, (now, held.id.0))?;
    let detail = format!("hold {}: released: {reason}", held.id);
    tx.note(
        None,
        &detail,
        (actor, Action::HoldChanged, &["hold/released"]),
    )?;
    tx.flush()?;
    erase::keep::recheck(tx, held.id)
}

/// When holds were last told of, as a day.
const TOLD: &str = "holds-told";

pub(super) fn tell(tx: &mut Tx<'_>) -> Result<u64, StoreError> {
    let today = tx.now().day();
    let sql = "INSERT INTO settings (name, value) VALUES ($1, $2) ON CONFLICT (name) \
               DO UPDATE SET value = excluded.value WHERE settings.value < excluded.value";
    if tx.connection.prepare_cached(sql)?.execute((TOLD, today))? == 0 {
        return Ok(0);
    }
    let mut told = 0;
    let mut before = None;
    loop {
        let page = list(tx.connection, true, before, 256)?;
        let Some(last) = page.last() else {
            tx.flush()?;
            return Ok(told);
        };
        before = Some(last.id);
        for held in page {
            let Some(due) = held.due(tx.now()) else {
                continue;
            };
            told += 1;
            let about = About {
                thing: Some(held.id.0),
                detail: Some(due.code().into()),
                ..About::default()
            };
            tx.emit(EventKind::HoldDue, about)?;
        }
    }
}

pub(super) fn list(
    connection: &Connection,
    in_force: bool,
    before: Option<HoldId>,
    limit: u32,
) -> Result<Vec<HoldView>, StoreError> {
    let only = if in_force {
        "AND h.released_at IS NULL"
    } else {
        ""
    };
    let sql =
        format!("SELECT {COLUMNS} FROM holds h WHERE h.id < $1 {only} ORDER BY h.id DESC LIMIT $2");
    let before = before.map_or(i64::MAX, |id| id.0);
    let mut statement = connection.prepare_cached(&sql)?;
    Ok(statement.query_map((before, limit), view)?)
}

pub(super) fn one(connection: &Connection, id: HoldId) -> Result<Option<HoldView>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM holds h WHERE h.id = $1");
    let mut statement = connection.prepare_cached(&sql)?;
    Ok(statement.query_row([id.0], view).optional()?)
}

pub(super) fn by_code(connection: &Connection, code: &str) -> Result<Option<HoldView>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM holds h WHERE h.code = $1");
    let mut statement = connection.prepare_cached(&sql)?;
    Ok(statement.query_row([code], view).optional()?)
}

pub(super) fn counts(connection: &Connection, now: Timestamp) -> Result<HoldCounts, StoreError> {
    let sql = "SELECT owner, review_at FROM holds WHERE released_at IS NULL";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(())?;
    let mut counts = HoldCounts::default();
    while let Some(row) = rows.next()? {
        counts.in_force += 1;
        let owner: String = row.get(0)?;
        let review = Timestamp::from_micros(row.get(1)?);
        match Due::of(&owner, review, now) {
            Some(Due::Owner) => counts.ownerless += 1,
            Some(Due::Review) => counts.review_due += 1,
            None => {}
        }
    }
    Ok(counts)
}

fn view(row: &Row<'_>) -> DbResult<HoldView> {
    let instant = |micros: Option<i64>| micros.map(Timestamp::from_micros);
    Ok(HoldView {
        id: HoldId(row.get(0)?),
        code: row.get(1)?,
        matter: row.get(2)?,
        owner: row.get(3)?,
        query: row.get(4)?,
        everybody: row.get::<i64>(5)? != 0,
        classes: RecordClasses::from_bits(row.get(6)?),
        from: instant(row.get(7)?),
        to: instant(row.get(8)?),
        created_at: Timestamp::from_micros(row.get(9)?),
        review_at: Timestamp::from_micros(row.get(10)?),
        released_at: instant(row.get(11)?),
        version: row.get(12)?,
        people: row.get::<i64>(13)?.unsigned_abs(),
    })
}
