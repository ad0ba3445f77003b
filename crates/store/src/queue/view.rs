//! What waits, for those who look after it.

use domain::ids::AppId;
use domain::ids::MessageId;
use domain::ids::NumberId;
use domain::ids::SubjectId;
use domain::time::Timestamp;

use crate::dialect::Connection;
use crate::error::StoreError;

/// A message that waits, for those who look after it.
#[derive(Clone, Copy, Debug)]
pub struct QueuedView {
    /// The message.
    pub message: MessageId,
    /// The app that sent it.
    pub app: AppId,
    /// Whose conversation it is in.
    pub subject: SubjectId,
    /// From which number.
    pub number: NumberId,
    /// When it is judged again; none while its call is under way.
    pub due: Option<Timestamp>,
    /// Until when it may wait.
    pub until: Timestamp,
    /// How often it was judged or called again.
    pub attempts: u32,
    /// Since when it waits.
    pub queued_at: Timestamp,
}

/// What waits, the longest first, after `after`; of one app and on one number if wanted.
pub(crate) fn list(
    connection: &Connection,
    (app, number): (Option<AppId>, Option<NumberId>),
    after: Option<MessageId>,
    limit: u32,
) -> Result<Vec<QueuedView>, StoreError> {
    let sql = "SELECT q.message_id, q.app_id, c.subject_id, c.number_id, q.due_at, q.until, \
               q.attempts, q.queued_at FROM queue q \
               JOIN conversations c ON c.id = q.conversation_id \
               WHERE q.message_id > $1 AND q.app_id = coalesce($2, q.app_id) \
               AND c.number_id = coalesce($3, c.number_id) ORDER BY q.message_id LIMIT $4";
    let after = after.map_or(0, |id| id.0);
    let mut statement = connection.prepare_cached(sql)?;
    let parameters = (
        after,
        app.map(|app| app.0),
        number.map(|number| number.0),
        limit,
    );
    let rows = statement.query_map(parameters, |row| {
        let due: i64 = row.get(4)?;
        Ok(QueuedView {
            message: MessageId(row.get(0)?),
            app: AppId(row.get(1)?),
            subject: SubjectId(row.get(2)?),
            number: NumberId(row.get(3)?),
            due: super::due(due),
            until: Timestamp::from_micros(row.get(5)?),
            attempts: row.get(6)?,
            queued_at: Timestamp::from_micros(row.get(7)?),
        })
    })?;
    Ok(rows)
}
