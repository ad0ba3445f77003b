//! Through a conversation of any length, oldest first, without holding it.
//!
//! A conversation is a chain that leads back. The way back is taken once, without content, and every
//! [`SEGMENT`]th message is remembered; then segment after segment is read, from the oldest on. So the
//! memory it takes is that of one segment and eight bytes for each. What was taken out of a
//! conversation is passed over; where a chain has an end in the middle, that is its end.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use domain::ids::ConversationId;
use domain::ids::DataKeyId;
use domain::ids::MessageId;
use domain::message::Direction;
use domain::message::MessageState;
use domain::time::Timestamp;
use seal::DataKey;
use seal::RecordKind;
use seal::Zeroizing;

use crate::dialect::OptionalRow as _;
use crate::error::StoreError;
use crate::message::CONTENT;
use crate::read::Reader;
use crate::tx::place;

/// How many messages are read at once.
pub const SEGMENT: u32 = 512;

/// A message with its content, in clear.
#[derive(Debug)]
pub struct FullMessage {
    /// Its id.
    pub id: MessageId,
    /// Its thread.
    pub conversation: ConversationId,
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
    pub app: Option<i64>,
    /// The decision behind it.
    pub decision: Option<i64>,
    /// Meta's error code.
    pub code: Option<u32>,
    /// What was sealed when it was written; none where its key is destroyed.
    pub content: Option<Zeroizing<Vec<u8>>>,
}

/// So many messages back from one, as a query that gives `id` and `previous`.
const BACK: &str = "WITH RECURSIVE chain (id, previous, n) AS (\
    SELECT id, previous, CAST(1 AS BIGINT) FROM messages WHERE id = $1 \
    UNION ALL SELECT m.id, m.previous, c.n + 1 FROM chain c \
    JOIN messages m ON m.id = c.previous WHERE c.n < $2) ";

/// A segment. In the chain's own order: by the messages' ids, SQLite would walk through all of them.
const CONTENTS: &str = "SELECT m.id, m.conversation_id, m.direction, m.type, m.state, m.at, \
    m.meta_at, m.app_id, m.decision_id, m.code, m.key_id, m.sealed_content \
    FROM chain c JOIN messages m ON m.id = c.id ORDER BY c.n DESC";

impl Reader<'_> {
    /// The beginning of the segment behind the one that begins at `head`; none at the end.
    ///
    /// # Errors
    /// What the database says.
    pub fn segment_before(&self, head: MessageId) -> Result<Option<MessageId>, StoreError> {
        let sql = format!("{BACK} SELECT previous FROM chain ORDER BY n DESC LIMIT 1");
        let mut statement = self.connection.prepare_cached(&sql)?;
        let found = statement.query_row((head.0, SEGMENT), |row| row.get::<Option<i64>>(0));
        match found.optional()?.flatten() {
            Some(previous) => self.standing(MessageId(previous)),
            None => Ok(None),
        }
    }

    /// The message, or the nearest one before it that was not taken out.
    ///
    /// # Errors
    /// What the database says.
    pub fn standing(&self, from: MessageId) -> Result<Option<MessageId>, StoreError> {
        let there = "SELECT 1 FROM messages WHERE id = $1";
        let gone = "SELECT previous FROM redacted_messages WHERE message_id = $1";
        let mut next = Some(from.0);
        while let Some(id) = next {
            if self.connection.prepare_cached(there)?.exists([id])? {
                return Ok(Some(MessageId(id)));
            }
            let mut statement = self.connection.prepare_cached(gone)?;
            let found = statement.query_row([id], |row| row.get::<Option<i64>>(0));
            next = found.optional()?.flatten();
        }
        Ok(None)
    }

    /// A segment with its content, oldest first.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] for a message that does not open.
    pub fn segment(&self, head: MessageId) -> Result<Vec<FullMessage>, StoreError> {
        let sql = format!("{BACK} {CONTENTS}");
        let mut keys = HashMap::new();
        let mut statement = self.connection.prepare_cached(&sql)?;
        let mut rows = statement.query((head.0, SEGMENT))?;
        let mut messages = Vec::with_capacity(SEGMENT as usize);
        while let Some(row) = rows.next()? {
            let (id, key_id): (i64, i64) = (row.get(0)?, row.get(10)?);
            let key = self.held(&mut keys, DataKeyId(key_id))?;
            let sealed = row.blob(11).unwrap_or_default();
            let place = place(RecordKind::Message, CONTENT, id, key_id);
            let content = key.map(|key| key.open(&place, sealed)).transpose();
            messages.push(FullMessage {
                id: MessageId(id),
                conversation: ConversationId(row.get(1)?),
                direction: Direction::from_code(row.get(2)?).unwrap_or(Direction::Inbound),
                kind: row.get(3)?,
                state: MessageState::from_code(row.get(4)?).unwrap_or(MessageState::Indeterminate),
                at: Timestamp::from_micros(row.get(5)?),
                meta_at: row.get::<Option<i64>>(6)?.map(Timestamp::from_micros),
                app: row.get(7)?,
                decision: row.get(8)?,
                code: row.get(9)?,
                content: content.map_err(|_| StoreError::Damaged {
                    table: "messages",
                    column: "sealed_content",
                    id,
                })?,
            });
        }
        Ok(messages)
    }

    /// A data key, opened once for each segment; none where it is destroyed.
    fn held<'k>(
        &self,
        keys: &'k mut HashMap<DataKeyId, Option<DataKey>>,
        id: DataKeyId,
    ) -> Result<Option<&'k DataKey>, StoreError> {
        let held = match keys.entry(id) {
            Entry::Occupied(held) => held.into_mut(),
            Entry::Vacant(free) => {
                let sql = "SELECT 1 FROM data_keys WHERE id = $1";
                let there = self.connection.prepare_cached(sql)?.exists([id.0])?;
                let key = there.then(|| crate::keys::load(self.connection, &self.keys, id));
                free.insert(key.transpose()?)
            }
        };
        Ok(held.as_ref())
    }
}

#[cfg(test)]
mod tests {
    use super::BACK;
    use super::CONTENTS;
    use crate::dialect::walked;

    #[test]
    fn a_segment_is_read_by_key() {
        let back = format!("{BACK} SELECT previous FROM chain ORDER BY n DESC LIMIT 1");
        for sql in [back, format!("{BACK} {CONTENTS}")] {
            assert!(!walked(&sql).contains(&"m".to_owned()), "{sql}");
        }
    }
}
