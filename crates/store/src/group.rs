//! Groups: who is in one, and what the gate looks at before a message goes to all of them.
//!
//! What is written to a group hangs on a subject of its own, which is no person: it has no
//! identifiers, but keys, a conversation and a window. A group whose members Meta did not list lately,
//! or where something tells that the list lacks somebody, counts as unknown: half of the people are
//! not enough.

use domain::gate::Facts;
use domain::ids::NumberId;
use domain::ids::SubjectId;
use domain::subject::Identifier;
use domain::time::Span;
use domain::time::Timestamp;

use crate::dialect::Connection;
use crate::dialect::OptionalRow;
use crate::error::StoreError;
use crate::known::Known;
use crate::leaf::OpenLeaf;
use crate::operation::GroupChange;
use crate::operation::GroupNews;
use crate::operation::Send;
use crate::question::Question;
use crate::question::gather;
use crate::rows::v;
use crate::tables;
use crate::tx::Tx;

/// How long a list of members counts: webhooks that tell of changes may not be subscribed to.
const LISTED_FOR: Span = Span::hours(1);

/// Takes in what happened to a group.
pub(crate) fn take(
    tx: &mut Tx<'_>,
    leaf: &mut OpenLeaf,
    known: &mut Known,
    news: &GroupNews,
) -> Result<(), StoreError> {
    let group = match find(tx, news.number, &news.meta_id)? {
        Some(group) => group,
        None => make(tx, known, news)?,
    };
    tx.look_up_subjects(known, &[group])?;
    match &news.change {
        GroupChange::Created => {
            let sql = "UPDATE chat_groups SET listed_at = coalesce(listed_at, $1) \
                       WHERE subject_id = $2";
            tx.update_one(&tables::CHAT_GROUPS, sql, (news.at.micros(), group.0))
        }
        GroupChange::Ended => {
            let sql = "UPDATE chat_groups SET ended_at = $1 WHERE subject_id = $2";
            tx.update_one(&tables::CHAT_GROUPS, sql, (news.at.micros(), group.0))
        }
        GroupChange::Heard(person) => {
            let now = tx.now();
            tx.conversation(known, group, news.number).opened_at = Some(now);
            let before = present(tx, group)?;
            member(tx, (leaf, known), group, person, (true, news.at))?;
            if present(tx, group)? != before {
                // Nobody had told that they came in: others may have come, too.
                forget_list(tx, group)?;
            }
            Ok(())
        }
        GroupChange::Joined(people) => people
            .iter()
            .try_for_each(|person| member(tx, (leaf, known), group, person, (true, news.at))),
        GroupChange::Left(people) => people
            .iter()
            .try_for_each(|person| member(tx, (leaf, known), group, person, (false, news.at))),
        GroupChange::Listed(people) => {
            let at = news.at.micros();
            let sql = "UPDATE group_members SET present = 0, told_at = $1 \
                       WHERE group_id = $2 AND present = 1 AND told_at <= $3";
            tx.connection
                .prepare_cached(sql)?
                .execute((at, group.0, at))?;
            people
                .iter()
                .try_for_each(|person| member(tx, (leaf, known), group, person, (true, news.at)))?;
            let sql = "UPDATE chat_groups SET listed_at = $1, ended_at = NULL \
                       WHERE subject_id = $2";
            tx.update_one(&tables::CHAT_GROUPS, sql, (at, group.0))
        }
        GroupChange::Unsure => forget_list(tx, group),
    }
}

fn forget_list(tx: &Tx<'_>, group: SubjectId) -> Result<(), StoreError> {
    let sql = "UPDATE chat_groups SET listed_at = NULL WHERE subject_id = $1";
    tx.update_one(&tables::CHAT_GROUPS, sql, [group.0])
}

/// How many are in a group, as far as that is known.
fn present(tx: &Tx<'_>, group: SubjectId) -> Result<i64, StoreError> {
    let sql = "SELECT count(*) FROM group_members WHERE group_id = $1 AND present = 1";
    let mut statement = tx.connection.prepare_cached(sql)?;
    Ok(statement.query_row([group.0], |row| row.get(0))?)
}

fn find(tx: &mut Tx<'_>, number: NumberId, meta_id: &str) -> Result<Option<SubjectId>, StoreError> {
    let sql = "SELECT subject_id FROM chat_groups WHERE number_id = $1 AND meta_id = $2";
    tx.flush()?;
    let found = tx
        .connection
        .prepare_cached(sql)?
        .query_row((number.0, meta_id), |row| row.get(0))
        .optional()?;
    Ok(found.map(SubjectId))
}

fn make(tx: &mut Tx<'_>, known: &mut Known, news: &GroupNews) -> Result<SubjectId, StoreError> {
    let group = tx.new_subject(known);
    let row = [
        v(group),
        v(news.number),
        v(news.meta_id.as_str()),
        v(None::<i64>),
        v(None::<i64>),
    ];
    tx.put(&tables::CHAT_GROUPS, row);
    tx.flush()?;
    Ok(group)
}

/// Notes that somebody is in a group, or no longer, unless something newer is known.
fn member(
    tx: &mut Tx<'_>,
    (leaf, known): (&mut OpenLeaf, &mut Known),
    group: SubjectId,
    person: &[Identifier],
    (present, at): (bool, Timestamp),
) -> Result<(), StoreError> {
    tx.look_up(known, person.iter())?;
    let subject = tx.resolve(leaf, known, person)?;
    let id = tx.id(&tables::GROUP_MEMBERS);
    let sql = "INSERT INTO group_members (id, group_id, subject_id, present, told_at) \
               VALUES ($1, $2, $3, $4, $5) ON CONFLICT (group_id, subject_id) \
               DO UPDATE SET present = excluded.present, told_at = excluded.told_at \
               WHERE group_members.told_at <= excluded.told_at";
    let row = (id, group.0, subject.0, i64::from(present), at.micros());
    tx.connection.prepare_cached(sql)?.execute(row)?;
    Ok(())
}

/// The groups of somebody whose number or id changed have to be listed anew: whoever is behind it
/// now is not known to have agreed to anything.
pub(crate) fn unlist(connection: &Connection, subject: SubjectId) -> Result<(), StoreError> {
    let sql = "UPDATE chat_groups SET listed_at = NULL WHERE subject_id IN \
               (SELECT group_id FROM group_members WHERE subject_id = $1 AND present = 1)";
    connection.prepare_cached(sql)?.execute([subject.0])?;
    Ok(())
}

/// The thread of a group of which everybody is known.
pub(crate) fn thread(
    tx: &mut Tx<'_>,
    known: &mut Known,
    number: NumberId,
    meta_id: &str,
) -> Result<Option<SubjectId>, StoreError> {
    let sql = "SELECT subject_id FROM chat_groups WHERE number_id = $1 AND meta_id = $2 \
               AND listed_at > $3 AND ended_at IS NULL AND EXISTS \
               (SELECT 1 FROM group_members m WHERE m.group_id = chat_groups.subject_id \
                AND m.present = 1)";
    tx.flush()?;
    let since = tx.now() - LISTED_FOR;
    let found = tx
        .connection
        .prepare_cached(sql)?
        .query_row((number.0, meta_id, since.micros()), |row| row.get(0))
        .optional()?
        .map(SubjectId);
    if let Some(group) = found {
        tx.look_up_subjects(known, &[group])?;
    }
    Ok(found)
}

/// The facts of everybody in a group, with the window and the bucket of the group.
pub(crate) fn gather_all(
    tx: &mut Tx<'_>,
    known: &mut Known,
    group: SubjectId,
    send: &Send,
) -> Result<(Facts, Vec<Facts>), StoreError> {
    let conversation = tx.conversation(known, group, send.number);
    let (window, pair) = (conversation.opened_at, conversation.pair_at);
    let members: Vec<i64> = {
        let sql = "SELECT subject_id FROM group_members WHERE group_id = $1 AND present = 1 \
                   ORDER BY subject_id";
        let mut statement = tx.connection.prepare_cached(sql)?;
        statement.query_map([group.0], |row| row.get(0))?
    };
    let members: Vec<SubjectId> = members.into_iter().map(SubjectId).collect();
    // Nobody of them gets a conversation by being asked about.
    let mut aside = Known::default();
    tx.look_up_subjects(&mut aside, &members)?;
    let question = Question::of(send);
    let mut all = Vec::with_capacity(members.len());
    for member in members {
        let facts = gather(tx, &mut aside, member, &question)?;
        all.push(Facts {
            window,
            pair,
            ..facts
        });
    }
    let first = all.pop().ok_or(StoreError::Touched {
        table: tables::GROUP_MEMBERS.name,
        touched: 0,
    })?;
    Ok((first, all))
}
