//! Reads.
//!
//! What shows personal data to people goes through [`crate::Store::reveal`], which appends an access
//! leaf first. The rest serves the machinery: rendering what was judged, finding what is due.

use std::sync::Arc;

use crate::dialect::Connection;
use crate::dialect::OptionalRow;
use crate::dialect::Row;
use domain::ids::AppId;
use domain::ids::ConversationId;
use domain::ids::DataKeyId;
use domain::ids::EventDeliveryId;
use domain::ids::EventEndpointId;
use domain::ids::EventId;
use domain::ids::MediaId;
use domain::ids::MessageId;
use domain::ids::NumberId;
use domain::ids::StatusId;
use domain::ids::SubjectId;
use domain::law::Law;
use domain::message::Direction;
use domain::message::MessageState;
use domain::subject::Identifier;
use domain::time::Timestamp;
use seal::KeySet;
use seal::RecordKind;
use seal::Zeroizing;

use crate::dialect::DbResult;
use crate::error::StoreError;
use crate::event;
use crate::event::EventDeliveryView;
use crate::event::EventDue;
use crate::event::EventView;
use crate::message::CONTENT;
use crate::message::STATUS;
use crate::message::UPSTREAM;
use crate::people;
use crate::registry::Registry;
use crate::tags::Recent;
use crate::tx::place;

/// One consistent view of what is stored.
#[derive(Debug)]
pub struct Reader<'a> {
    pub(crate) connection: &'a Connection,
    pub(crate) keys: Arc<KeySet>,
    pub(crate) registry: Arc<Registry>,
    pub(crate) recent: Arc<Recent>,
    pub(crate) law: Arc<dyn Law>,
}

/// A message without its content.
#[derive(Clone, Debug)]
pub struct MessageRow {
    /// Its id.
    pub id: MessageId,
    /// Its thread.
    pub conversation: ConversationId,
    /// Whose.
    pub subject: SubjectId,
    /// The message before it in the thread.
    pub previous: Option<MessageId>,
    /// Which way it went.
    pub direction: Direction,
    /// Its type on the wire.
    pub kind: String,
    /// Where it stands.
    pub state: MessageState,
    /// When it was received or judged.
    pub at: Timestamp,
    /// Meta's timestamp.
    pub meta_at: Option<Timestamp>,
    /// The app that sent it.
    pub app: Option<AppId>,
    /// The decision behind it.
    pub decision: Option<i64>,
    /// Meta's error code.
    pub code: Option<u32>,
    key: DataKeyId,
}

/// A message's sealed parts, opened.
#[derive(Debug)]
pub struct MessageContent {
    /// What was sealed when it was written.
    pub content: Zeroizing<Vec<u8>>,
    /// Meta's id of it, if known.
    pub wamid: Option<Zeroizing<String>>,
}

/// A status, opened.
#[derive(Debug)]
pub struct StatusContent {
    /// What happened.
    pub state: MessageState,
    /// When, by Meta's clock.
    pub at: Timestamp,
    /// The status as Meta sent it.
    pub raw: Zeroizing<Vec<u8>>,
}

/// A subject's thread on a number.
#[derive(Clone, Copy, Debug)]
pub struct ConversationView {
    /// Its id.
    pub id: ConversationId,
    /// The number.
    pub number: NumberId,
    /// When the person last opened the window.
    pub opened_at: Option<Timestamp>,
    /// Its newest message.
    pub last_message: Option<MessageId>,
}

/// A media object.
#[derive(Debug)]
pub struct MediaRow {
    /// Its id.
    pub id: MediaId,
    /// Whose.
    pub subject: SubjectId,
    /// The message it came with.
    pub message: Option<MessageId>,
    /// The app that uploaded it.
    pub app: Option<AppId>,
    /// The number it belongs to.
    pub number: NumberId,
    /// Its reference, opened.
    pub reference: Zeroizing<Vec<u8>>,
    /// The name of its file in the media directory, once it is kept here.
    pub object: Option<String>,
    /// Its own key, opened.
    pub object_key: Option<seal::DataKey>,
}

const MESSAGE: &str = "id, conversation_id, subject_id, previous, direction, type, state, at, \
                       meta_at, app_id, decision_id, code, key_id";

/// That a row is of nobody who was erased: rows that wait for the sweep, and those that a rule or a hold
/// keeps, are not shown.
pub(crate) const LIVING: &str = "NOT EXISTS (SELECT 1 FROM subjects \
                                 WHERE subjects.id = subject_id AND subjects.erased_at IS NOT NULL)";

impl Reader<'_> {
    /// What is configured.
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// The subject an identifier leads to now.
    pub fn find(&self, identifier: &Identifier) -> Result<Option<SubjectId>, StoreError> {
        let mut index = Arc::clone(self.keys.current_epoch());
        if self.keys.old_epochs().next().is_some() {
            // A roll is under way: what is committed says which key is in force.
            index = crate::roll::index::of(self.connection, &self.keys)?.unwrap_or(index);
        }
        let tag = index.index(identifier.kind().code(), identifier.value());
        let sql = "SELECT subject_id FROM identifier_tags WHERE tag = $1";
        let mut statement = self.connection.prepare_cached(sql)?;
        let found = statement.query_row([tag], |row| row.get(0)).optional()?;
        Ok(found.map(SubjectId).or_else(|| self.recent.get(&tag)))
    }

    /// A subject's creation and restriction; none for somebody who was erased.
    pub fn subject(
        &self,
        subject: SubjectId,
    ) -> Result<Option<(Timestamp, Option<Timestamp>)>, StoreError> {
        let sql =
            "SELECT created_at, restricted_at FROM subjects WHERE id = $1 AND erased_at IS NULL";
        let found = self
            .connection
            .prepare_cached(sql)?
            .query_row([subject.0], |row| {
                let restricted: Option<i64> = row.get(1)?;
                Ok((
                    Timestamp::from_micros(row.get(0)?),
                    restricted.map(Timestamp::from_micros),
                ))
            });
        Ok(found.optional()?)
    }

    /// A subject's identifiers in clear, newest first; those that have ended are not among them.
    pub fn identifiers(&self, subject: SubjectId) -> Result<Vec<Identifier>, StoreError> {
        self.opened(
            "SELECT id, kind, key_id, sealed_value FROM identifiers \
             WHERE subject_id = $1 AND ended_at IS NULL ORDER BY id DESC",
            subject,
        )
    }

    /// Every identifier a subject ever had, in clear: what must not pass where the person must not
    /// be recognised.
    pub fn identifiers_ever(&self, subject: SubjectId) -> Result<Vec<Identifier>, StoreError> {
        self.opened(
            "SELECT id, kind, key_id, sealed_value FROM identifiers \
             WHERE subject_id = $1 ORDER BY id DESC",
            subject,
        )
    }

    fn opened(&self, sql: &str, subject: SubjectId) -> Result<Vec<Identifier>, StoreError> {
        let mut statement = self.connection.prepare_cached(sql)?;
        let mut rows = statement.query([subject.0])?;
        let mut identifiers = Vec::new();
        while let Some(row) = rows.next()? {
            let key_id: i64 = row.get(2)?;
            let key = crate::keys::load(self.connection, &self.keys, DataKeyId(key_id))?;
            identifiers.push(people::open_identifier(
                row.get(0)?,
                row.get(1)?,
                (key_id, &key),
                row.blob(3),
            )?);
        }
        Ok(identifiers)
    }

    /// A subject's profile name in clear.
    pub fn name(&self, subject: SubjectId) -> Result<Option<String>, StoreError> {
        people::name(self.connection, &self.keys, subject)
    }

    /// The alias under which an app knows a subject, if it has one.
    pub fn alias(&self, app: AppId, subject: SubjectId) -> Result<Option<String>, StoreError> {
        alias(self.connection, app, subject)
    }

    /// The subject an app knows under an alias.
    pub fn by_alias(&self, app: AppId, alias: &str) -> Result<Option<SubjectId>, StoreError> {
        let sql = "SELECT subject_id FROM aliases WHERE app_id = $1 AND alias = $2";
        let found = self
            .connection
            .prepare_cached(sql)?
            .query_row((app.0, alias), |row| row.get(0));
        Ok(found.optional()?.map(SubjectId))
    }

    /// A subject's threads.
    pub fn conversations(&self, subject: SubjectId) -> Result<Vec<ConversationView>, StoreError> {
        let sql = format!(
            "SELECT id, number_id, opened_at, last_message FROM conversations \
             WHERE subject_id = $1 AND {LIVING} ORDER BY id"
        );
        let mut statement = self.connection.prepare_cached(&sql)?;
        let rows = statement.query_map([subject.0], conversation)?;
        Ok(rows)
    }

    /// A thread.
    pub fn conversation(
        &self,
        id: ConversationId,
    ) -> Result<Option<(SubjectId, ConversationView)>, StoreError> {
        let sql = format!(
            "SELECT id, number_id, opened_at, last_message, subject_id FROM conversations \
             WHERE id = $1 AND {LIVING}"
        );
        let found = self
            .connection
            .prepare_cached(&sql)?
            .query_row([id.0], |row| {
                Ok((SubjectId(row.get(4)?), conversation(row)?))
            });
        Ok(found.optional()?)
    }

    /// Meta's id of the group whose messages hang on a subject; none for a person.
    pub fn group(&self, subject: SubjectId) -> Result<Option<String>, StoreError> {
        let sql = "SELECT meta_id FROM chat_groups WHERE subject_id = $1";
        Ok(self
            .connection
            .prepare_cached(sql)?
            .query_row([subject.0], |row| row.get(0))
            .optional()?)
    }

    /// A message without its content.
    pub fn message(&self, id: MessageId) -> Result<Option<MessageRow>, StoreError> {
        let sql = format!("SELECT {MESSAGE} FROM messages WHERE id = $1 AND {LIVING}");
        Ok(self
            .connection
            .prepare_cached(&sql)?
            .query_row([id.0], message)
            .optional()?)
    }

    /// A message's sealed parts.
    pub fn content(&self, row: &MessageRow) -> Result<MessageContent, StoreError> {
        let sql = "SELECT sealed_content, sealed_upstream FROM messages WHERE id = $1";
        let (content, upstream): (Vec<u8>, Option<Vec<u8>>) = self
            .connection
            .prepare_cached(sql)?
            .query_row([row.id.0], |r| Ok((r.get(0)?, r.get(1)?)))?;
        let key = crate::keys::load(self.connection, &self.keys, row.key)?;
        let open = |field, column, sealed: &[u8]| {
            key.open(
                &place(RecordKind::Message, field, row.id.0, row.key.0),
                sealed,
            )
            .map_err(|_| StoreError::Damaged {
                table: "messages",
                column,
                id: row.id.0,
            })
        };
        let wamid = match upstream {
            Some(sealed) => {
                let bytes = open(UPSTREAM, "sealed_upstream", &sealed)?;
                String::from_utf8(bytes.to_vec()).ok().map(Zeroizing::new)
            }
            None => None,
        };
        Ok(MessageContent {
            content: open(CONTENT, "sealed_content", &content)?,
            wamid,
        })
    }

    /// A thread's messages, newest first, from `from` on.
    pub fn thread(
        &self,
        from: Option<MessageId>,
        limit: usize,
    ) -> Result<Vec<MessageRow>, StoreError> {
        let mut messages = Vec::new();
        let mut next = from;
        while let Some(id) = next
            && messages.len() < limit
        {
            // What was erased or has served its time ends a thread; one that was taken out does not.
            let Some(row) = self.message(id)? else {
                next = self.before_redacted(id)?;
                continue;
            };
            next = row.previous;
            messages.push(row);
        }
        Ok(messages)
    }

    /// The message of a thread with this id at Meta, among the newest `limit` before `from`.
    pub fn by_wamid(
        &self,
        from: Option<MessageId>,
        wamid: &str,
        limit: usize,
    ) -> Result<Option<MessageId>, StoreError> {
        for row in self.thread(from, limit)? {
            if self.content(&row)?.wamid.as_deref().map(String::as_str) == Some(wamid) {
                return Ok(Some(row.id));
            }
        }
        Ok(None)
    }

    /// A status as Meta sent it, with its state and instant.
    pub fn status(&self, id: StatusId) -> Result<Option<StatusContent>, StoreError> {
        let sql = "SELECT state, at, key_id, sealed_raw FROM statuses WHERE id = $1";
        let found = self
            .connection
            .prepare_cached(sql)?
            .query_row([id.0], |row| {
                Ok((
                    row.get::<u8>(0)?,
                    row.get::<i64>(1)?,
                    row.get::<i64>(2)?,
                    row.get::<Vec<u8>>(3)?,
                ))
            });
        let Some((state, at, key_id, sealed)) = found.optional()? else {
            return Ok(None);
        };
        let damaged = |column| StoreError::Damaged {
            table: "statuses",
            column,
            id: id.0,
        };
        let key = crate::keys::load(self.connection, &self.keys, DataKeyId(key_id))?;
        let raw = key
            .open(&place(RecordKind::Message, STATUS, id.0, key_id), &sealed)
            .map_err(|_| damaged("sealed_raw"))?;
        let state = MessageState::from_code(state).ok_or_else(|| damaged("state"))?;
        Ok(Some(StatusContent {
            state,
            at: Timestamp::from_micros(at),
            raw,
        }))
    }

    /// A media object.
    pub fn media(&self, id: MediaId) -> Result<Option<MediaRow>, StoreError> {
        crate::media::load(self.connection, &self.keys, "id = $1", id.0)
    }

    /// The media object that came with a message.
    pub fn media_of(&self, message: MessageId) -> Result<Option<MediaId>, StoreError> {
        let sql = "SELECT id FROM media WHERE message_id = $1 AND deleted_at IS NULL LIMIT 1";
        let found = self
            .connection
            .prepare_cached(sql)?
            .query_row([message.0], |row| row.get(0));
        Ok(found.optional()?.map(MediaId))
    }

    /// Everybody linked to a subject, itself first.
    pub fn linked(&self, subject: SubjectId) -> Result<Vec<SubjectId>, StoreError> {
        people::linked(self.connection, subject)
    }

    /// The first due deliveries of an app.
    pub fn due(
        &self,
        app: AppId,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<crate::delivery::Due>, StoreError> {
        crate::delivery::due(self.connection, app, now, limit)
    }

    /// Deliveries, newest first, from below `before`; of one app and in one state if wanted.
    pub fn deliveries(
        &self,
        which: (Option<AppId>, Option<crate::delivery::DeliveryState>),
        before: Option<domain::ids::DeliveryId>,
        limit: u32,
    ) -> Result<Vec<crate::delivery::DeliveryView>, StoreError> {
        crate::delivery::list(self.connection, which, before, limit)
    }

    /// The first deliveries of events that wait for an endpoint, due or not, in order.
    pub fn events_waiting(
        &self,
        endpoint: EventEndpointId,
        limit: u32,
    ) -> Result<Vec<EventDue>, StoreError> {
        event::waiting(self.connection, endpoint, limit)
    }

    /// Deliveries of events, newest first, from below `before`; of one endpoint and in one state if
    /// wanted.
    pub fn event_deliveries(
        &self,
        which: (
            Option<EventEndpointId>,
            Option<crate::delivery::DeliveryState>,
        ),
        before: Option<EventDeliveryId>,
        limit: u32,
    ) -> Result<Vec<EventDeliveryView>, StoreError> {
        event::deliveries(self.connection, which, before, limit)
    }

    /// One event.
    pub fn event(&self, id: EventId) -> Result<Option<EventView>, StoreError> {
        event::one(self.connection, id)
    }

    /// Events from after an id on, oldest first.
    pub fn events(&self, after: Option<EventId>, limit: u32) -> Result<Vec<EventView>, StoreError> {
        event::list(self.connection, after, limit)
    }

    /// Messages that wait for their time, the longest first, after `after`; of one app and on one
    /// number if wanted.
    pub fn queued(
        &self,
        which: (Option<AppId>, Option<NumberId>),
        after: Option<MessageId>,
        limit: u32,
    ) -> Result<Vec<crate::queue::QueuedView>, StoreError> {
        crate::queue::list(self.connection, which, after, limit)
    }

    /// What waits for each app that has anything waiting.
    pub fn backlog(&self) -> Result<Vec<crate::delivery::Backlog>, StoreError> {
        crate::delivery::backlog(self.connection)
    }

    /// When the next waiting delivery becomes due.
    pub fn next_due(&self) -> Result<Option<Timestamp>, StoreError> {
        crate::delivery::next_due(self.connection)
    }
}

/// The alias under which an app knows a subject, if it has one.
pub(crate) fn alias(
    connection: &Connection,
    app: AppId,
    subject: SubjectId,
) -> Result<Option<String>, StoreError> {
    let sql = "SELECT alias FROM aliases WHERE app_id = $1 AND subject_id = $2";
    let found = connection
        .prepare_cached(sql)?
        .query_row((app.0, subject.0), |row| row.get(0));
    Ok(found.optional()?)
}

fn conversation(row: &Row<'_>) -> DbResult<ConversationView> {
    Ok(ConversationView {
        id: ConversationId(row.get(0)?),
        number: NumberId(row.get(1)?),
        opened_at: row.get::<Option<i64>>(2)?.map(Timestamp::from_micros),
        last_message: row.get::<Option<i64>>(3)?.map(MessageId),
    })
}

fn message(row: &Row<'_>) -> DbResult<MessageRow> {
    Ok(MessageRow {
        id: MessageId(row.get(0)?),
        conversation: ConversationId(row.get(1)?),
        subject: SubjectId(row.get(2)?),
        previous: row.get::<Option<i64>>(3)?.map(MessageId),
        direction: Direction::from_code(row.get(4)?).unwrap_or(Direction::Inbound),
        kind: row.get(5)?,
        state: MessageState::from_code(row.get(6)?).unwrap_or(MessageState::Indeterminate),
        at: Timestamp::from_micros(row.get(7)?),
        meta_at: row.get::<Option<i64>>(8)?.map(Timestamp::from_micros),
        app: row.get::<Option<i64>>(9)?.map(AppId),
        decision: row.get(10)?,
        code: row.get(11)?,
        key: DataKeyId(row.get(12)?),
    })
}
