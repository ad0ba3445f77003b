//! Everything by which a person is found, recognised or written to goes in one transaction.
//!
//! INVARIANT: no statement here touches a number of rows that grows with the person's messages. What
//! waits for the person is found by its own partial index, and what is beyond a bound is left to the
//! sweep: it cannot be rendered any more, because its key is gone.

use domain::confirmation::ConfirmationState;
use domain::ids::SubjectId;
use domain::letter::LetterState;
use domain::message::MessageState;
use domain::record_class::RecordClass;
use domain::record_class::RecordClasses;

use super::ids;
use crate::error::StoreError;
use crate::leaf::OpenLeaf;
use crate::people::Which;
use crate::tables;
use crate::tombstone::bury;
use crate::tx::Tx;

/// How many waiting rows of a kind are removed at once.
const WAITING: u32 = 2_000;

/// A person's messages in the outbox. A join would walk through the messages for the few that wait.
const OWN: &str = "SELECT o.message_id FROM outbox o WHERE \
    (SELECT m.subject_id FROM messages m WHERE m.id = o.message_id) = $1 LIMIT $2";

/// Cuts every way to a person. Rows of classes in `whole` go; of the others only what leads to the
/// person does. Returns how many identifiers there were.
pub(super) fn sever(
    tx: &mut Tx<'_>,
    leaf: &mut OpenLeaf,
    subject: SubjectId,
    whole: RecordClasses,
) -> Result<u64, StoreError> {
    forget_tags(tx, subject)?;
    aliases(tx, leaf, subject)?;
    waiting(tx, leaf, subject)?;
    let identifiers = profile(tx, leaf, subject, whole)?;
    forms(tx, leaf, subject, whole)?;
    Ok(identifiers)
}

/// Tags lead nowhere any more, those of codes included.
fn forget_tags(tx: &mut Tx<'_>, subject: SubjectId) -> Result<(), StoreError> {
    let current = tx.identifiers(subject, Which::Current)?;
    let ever = tx.identifiers(subject, Which::Ever)?;
    let keys = std::sync::Arc::clone(&tx.keys);
    for epoch in keys.epochs() {
        for identifier in &current {
            let tag = epoch.index(identifier.kind().code(), identifier.value());
            if leads_to(tx, &tag)? == Some(subject) {
                tx.state.tags.remove(tx.connection, &tag)?;
            }
        }
        for identifier in &ever {
            let tag = epoch.index(identifier.kind().code(), identifier.value());
            let sql = "DELETE FROM codes WHERE tag = $1 AND subject_id = $2";
            let mut statement = tx.connection.prepare_cached(sql)?;
            statement.execute((tag, subject.0))?;
        }
    }
    Ok(())
}

fn leads_to(tx: &Tx<'_>, tag: &[u8; 16]) -> Result<Option<SubjectId>, StoreError> {
    if let Some(subject) = tx.state.tags.get(tag) {
        return Ok(Some(subject));
    }
    let sql = "SELECT subject_id FROM identifier_tags WHERE tag = $1";
    let found = ids(tx.connection, sql, [tag])?;
    Ok(found.first().copied().map(SubjectId))
}

fn aliases(tx: &mut Tx<'_>, leaf: &mut OpenLeaf, subject: SubjectId) -> Result<(), StoreError> {
    let sql = "SELECT id FROM aliases WHERE app_id = $1 AND subject_id = $2";
    let mut held = Vec::new();
    for app in &tx.registry().apps {
        held.extend(ids(tx.connection, sql, (app.id.0, subject.0))?);
    }
    bury(tx, leaf, &tables::ALIASES, &held).map(drop)
}

/// What waits to go to the person, or to an app about the person.
fn waiting(tx: &mut Tx<'_>, leaf: &mut OpenLeaf, subject: SubjectId) -> Result<(), StoreError> {
    let sql = "SELECT id FROM conversations WHERE subject_id = $1";
    for conversation in ids(tx.connection, sql, [subject.0])? {
        let sql = "SELECT id FROM deliveries WHERE conversation_id = $1 AND state = 1 LIMIT $2";
        let deliveries = ids(tx.connection, sql, (conversation, WAITING))?;
        bury(tx, leaf, &tables::DELIVERIES, &deliveries)?;
        let sql = "SELECT message_id FROM queue WHERE conversation_id = $1 LIMIT $2";
        let queued = ids(tx.connection, sql, (conversation, WAITING))?;
        for message in &queued {
            let sql = "UPDATE messages SET state = $1 WHERE id = $2 AND state = $3";
            let (refused, queued) = (MessageState::Refused.code(), MessageState::Queued.code());
            let mut statement = tx.connection.prepare_cached(sql)?;
            statement.execute((refused, message, queued))?;
        }
        bury(tx, leaf, &tables::QUEUE, &queued)?;
        let sql = "DELETE FROM call_permissions WHERE conversation_id = $1";
        tx.connection.prepare_cached(sql)?.execute([conversation])?;
    }
    let own = ids(tx.connection, OWN, (subject.0, WAITING))?;
    bury(tx, leaf, &tables::OUTBOX, &own)?;
    let sql = "SELECT id FROM campaign_sends WHERE subject_id = $1 AND message_id IS NULL LIMIT $2";
    let sends = ids(tx.connection, sql, (subject.0, WAITING))?;
    bury(tx, leaf, &tables::CAMPAIGN_SENDS, &sends)?;
    let sql = "UPDATE conversations SET opened_at = NULL WHERE subject_id = $1";
    tx.connection.prepare_cached(sql)?.execute([subject.0])?;
    tx.effects.queue = true;
    Ok(())
}

/// Identifiers, name, and what else is known. Where the class has to stay, its identifiers lead to
/// nobody all the same.
fn profile(
    tx: &mut Tx<'_>,
    leaf: &mut OpenLeaf,
    subject: SubjectId,
    whole: RecordClasses,
) -> Result<u64, StoreError> {
    let sql = "SELECT id FROM identifiers WHERE subject_id = $1";
    let identifiers = ids(tx.connection, sql, [subject.0])?;
    if !whole.has(RecordClass::Profile) {
        let sql = "UPDATE identifiers SET ended_at = $1 WHERE subject_id = $2 AND ended_at IS NULL";
        let mut statement = tx.connection.prepare_cached(sql)?;
        statement.execute((tx.now().micros(), subject.0))?;
        return Ok(0);
    }
    bury(tx, leaf, &tables::IDENTIFIERS, &identifiers)?;
    bury(tx, leaf, &tables::PROFILES, &[subject.0])?;
    let sql = "SELECT id FROM traits WHERE subject_id = $1 LIMIT $2";
    let traits = ids(tx.connection, sql, (subject.0, WAITING))?;
    bury(tx, leaf, &tables::TRAITS, &traits)?;
    let sql = "SELECT id FROM subject_links WHERE from_subject = $1 \
               UNION SELECT id FROM subject_links WHERE to_subject = $1";
    let links = ids(tx.connection, sql, [subject.0])?;
    bury(tx, leaf, &tables::LINKS, &links)?;
    Ok(identifiers.len() as u64)
}

/// What waits for an answer of the person, and links that open something.
fn forms(
    tx: &mut Tx<'_>,
    leaf: &mut OpenLeaf,
    subject: SubjectId,
    whole: RecordClasses,
) -> Result<(), StoreError> {
    if whole.has(RecordClass::Form) {
        let sql = "SELECT id FROM confirmations WHERE subject_id = $1 LIMIT $2";
        let open = ids(tx.connection, sql, (subject.0, WAITING))?;
        bury(tx, leaf, &tables::CONFIRMATIONS, &open)?;
        let sql = "SELECT id FROM letters WHERE state = 1 AND subject_id = $1 LIMIT $2";
        let letters = ids(tx.connection, sql, (subject.0, WAITING))?;
        bury(tx, leaf, &tables::LETTERS, &letters)?;
    }
    let now = tx.now().micros();
    let sql = "UPDATE confirmations SET state = $1, updated_at = $2 \
               WHERE subject_id = $3 AND state <= 2";
    let mut statement = tx.connection.prepare_cached(sql)?;
    statement.execute((ConfirmationState::Cancelled.code(), now, subject.0))?;
    // Where the class has to stay, what it holds is sent to nobody all the same.
    let sql = "UPDATE letters SET state = $1, updated_at = $2 \
               WHERE state = 1 AND subject_id = $3";
    let mut statement = tx.connection.prepare_cached(sql)?;
    statement.execute((LetterState::Undeliverable.code(), now, subject.0))?;
    let sql = "UPDATE packages SET tag = NULL, expires_at = $1, updated_at = $1 \
               WHERE tag IS NOT NULL AND subject_id = $2";
    let mut statement = tx.connection.prepare_cached(sql)?;
    statement.execute((now, subject.0))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::OWN;
    use crate::dialect::walked;

    #[test]
    fn what_waits_is_found_without_a_walk_through_the_messages() {
        assert_eq!(walked(OWN), ["o"].as_slice());
    }
}
