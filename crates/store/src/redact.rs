//! Taking one message out of a conversation that stays.
//!
//! The row, its statuses, deliveries and files go; what stands in for it says when, which way and under
//! which rule, and keeps the thread together.

use domain::audit::Action;
use domain::audit::Actor;
use domain::ids::ConversationId;
use domain::ids::MessageId;
use domain::ids::SubjectId;
use domain::message::Direction;
use domain::record_class::RecordClass;
use domain::time::Timestamp;

use crate::dialect::OptionalRow;
use crate::dialect::Row;
use crate::error::Refusal;
use crate::error::StoreError;
use crate::hold;
use crate::leaf::OpenLeaf;
use crate::read::Reader;
use crate::rows::v;
use crate::store::Store;
use crate::tables;
use crate::tables::Table;
use crate::tombstone;
use crate::tx::Tx;

/// The rule under which somebody answerable takes a message out.
const RULE: &str = "message/redacted";

/// What hangs on a message without being found by it: gathered beforehand, off the writer's thread.
#[derive(Clone, Debug, Default)]
pub struct Hanging {
    statuses: Vec<i64>,
    deliveries: Vec<i64>,
}

/// A message that was taken out.
#[derive(Clone, Debug)]
pub struct RedactedView {
    /// Its id.
    pub message: MessageId,
    /// Which way it went.
    pub direction: Direction,
    /// The rule under which it was removed.
    pub rule: String,
    /// When it had been received or judged.
    pub at: Timestamp,
    /// When it was removed.
    pub redacted_at: Timestamp,
}

/// A message as it stands in its thread.
pub(crate) struct Link {
    pub(crate) id: i64,
    conversation: i64,
    pub(crate) previous: Option<i64>,
    direction: u8,
    at: i64,
}

impl Store {
    /// Takes a message of a person out. Returns the files that are to be removed.
    ///
    /// # Errors
    /// [`Refusal::Missing`] where the person has no such message, [`Refusal::Held`] where a legal hold
    /// covers it, [`Refusal::Changed`] while it is on its way out.
    pub async fn redact_message(
        &self,
        actor: Actor,
        (subject, message): (SubjectId, MessageId),
        hanging: Hanging,
        reason: String,
    ) -> Result<Vec<String>, StoreError> {
        self.write(move |tx| redact(tx, actor, (subject, message), &hanging, &reason))
            .await
    }
}

impl Reader<'_> {
    /// What hangs on a message without being found by it.
    pub fn hanging(&self, message: MessageId) -> Result<Hanging, StoreError> {
        let found = |sql: &str| crate::erase::ids(self.connection, sql, [message.0]);
        Ok(Hanging {
            statuses: found("SELECT id FROM statuses WHERE message_id = $1")?,
            deliveries: found("SELECT id FROM deliveries WHERE message_id = $1")?,
        })
    }

    /// The messages that were taken out of a conversation, newest first, from below `before`.
    pub fn redacted(
        &self,
        conversation: ConversationId,
        before: Option<MessageId>,
        limit: u32,
    ) -> Result<Vec<RedactedView>, StoreError> {
        let sql = "SELECT message_id, direction, rule, at, redacted_at FROM redacted_messages \
                   WHERE conversation_id = $1 AND message_id < $2 ORDER BY message_id DESC LIMIT $3";
        let place = (
            conversation.0,
            before.map_or(i64::MAX, |message| message.0),
            limit,
        );
        let mut statement = self.connection.prepare_cached(sql)?;
        let mut rows = statement.query(place)?;
        let mut views = Vec::new();
        while let Some(row) = rows.next()? {
            views.push(view(&row)?);
        }
        Ok(views)
    }

    /// The message before one that was taken out; none if it was not, or nothing is before it.
    pub(crate) fn before_redacted(&self, id: MessageId) -> Result<Option<MessageId>, StoreError> {
        let sql = "SELECT previous FROM redacted_messages WHERE message_id = $1";
        let mut statement = self.connection.prepare_cached(sql)?;
        let found = statement.query_row([id.0], |row| row.get::<Option<i64>>(0));
        Ok(found.optional()?.flatten().map(MessageId))
    }
}

fn view(row: &Row<'_>) -> Result<RedactedView, StoreError> {
    let id: i64 = row.get(0)?;
    Ok(RedactedView {
        message: MessageId(id),
        direction: Direction::from_code(row.get(1)?).ok_or(StoreError::Damaged {
            table: "redacted_messages",
            column: "direction",
            id,
        })?,
        rule: row.get(2)?,
        at: Timestamp::from_micros(row.get(3)?),
        redacted_at: Timestamp::from_micros(row.get(4)?),
    })
}

fn redact(
    tx: &mut Tx<'_>,
    actor: Actor,
    (subject, message): (SubjectId, MessageId),
    hanging: &Hanging,
    reason: &str,
) -> Result<Vec<String>, StoreError> {
    tx.flush()?;
    let link = link(tx, subject, message)?.ok_or(Refusal::Missing("message"))?;
    let under_way = "SELECT 1 FROM calls WHERE message_id = $1";
    if tx
        .connection
        .prepare_cached(under_way)?
        .exists([message.0])?
    {
        return Err(Refusal::Changed("message").into());
    }
    let media = crate::erase::ids(
        tx.connection,
        "SELECT id FROM media WHERE message_id = $1",
        [message.0],
    )?;
    let at = Timestamp::from_micros(link.at);
    let mut classes = vec![RecordClass::Conversation];
    classes.extend((!media.is_empty()).then_some(RecordClass::Media));
    for class in classes {
        if !hold::on(tx, &[subject], class, (at, at))?.is_empty() {
            return Err(Refusal::Held.into());
        }
    }
    let objects = "SELECT object FROM media WHERE message_id = $1 AND object IS NOT NULL";
    let objects: Vec<String> = {
        let mut statement = tx.connection.prepare_cached(objects)?;
        statement.query_map([message.0], |row| row.get(0))?
    };
    let mut leaf = tx.open_leaf()?;
    stand_in(tx, &mut leaf, &link, RULE);
    let gone: [(&'static Table, &[i64]); 6] = [
        (&tables::STATUSES, &hanging.statuses),
        (&tables::DELIVERIES, &hanging.deliveries),
        (&tables::MEDIA, &media),
        (&tables::QUEUE, &[message.0]),
        (&tables::OUTBOX, &[message.0]),
        (&tables::MESSAGES, &[message.0]),
    ];
    for (table, ids) in gone {
        tombstone::bury(tx, &mut leaf, table, ids)?;
    }
    tx.close_leaf(leaf, actor, Action::MessageRedacted, &[RULE]);
    let detail = format!("message {message} redacted: {reason}");
    tx.note(
        Some(subject),
        &detail,
        (actor, Action::MessageRedacted, &[RULE]),
    )?;
    tx.flush()?;
    Ok(objects)
}

fn link(tx: &Tx<'_>, subject: SubjectId, message: MessageId) -> Result<Option<Link>, StoreError> {
    let sql = "SELECT id, conversation_id, previous, direction, at FROM messages \
               WHERE id = $1 AND subject_id = $2";
    let mut statement = tx.connection.prepare_cached(sql)?;
    Ok(statement
        .query_row((message.0, subject.0), read)
        .optional()?)
}

fn read(row: &Row<'_>) -> crate::dialect::DbResult<Link> {
    Ok(Link {
        id: row.get(0)?,
        conversation: row.get(1)?,
        previous: row.get(2)?,
        direction: row.get(3)?,
        at: row.get(4)?,
    })
}

/// These messages as they stand in their threads.
pub(crate) fn links(tx: &Tx<'_>, ids: &[i64]) -> Result<Vec<Link>, StoreError> {
    let mut links = Vec::with_capacity(ids.len());
    let text = |list: &str| {
        format!(
            "SELECT id, conversation_id, previous, direction, at FROM messages WHERE id IN ({list})"
        )
    };
    crate::dossier::each(tx.connection, ids, text, |row| {
        links.push(read(row)?);
        Ok(())
    })?;
    links.sort_unstable_by_key(|link| link.id);
    Ok(links)
}

/// What keeps the thread together where a message is taken out, covered by `leaf`.
pub(crate) fn stand_in(tx: &mut Tx<'_>, leaf: &mut OpenLeaf, link: &Link, rule: &str) {
    let row = [
        v(link.id),
        v(link.conversation),
        v(link.previous),
        v(link.direction),
        v(rule),
        v(link.at),
        v(tx.now()),
    ];
    tx.cover(leaf, &tables::REDACTED_MESSAGES, row);
}
