//! Deliveries to apps: queued with what they tell of, rendered from sealed rows when they go.

use crate::dialect::Connection;
use domain::audit::Action;
use domain::audit::Actor;
use domain::ids::AppId;
use domain::ids::ConversationId;
use domain::ids::DeliveryId;
use domain::ids::MessageId;
use domain::ids::StatusId;
use domain::time::Timestamp;

use crate::error::Refusal;
use crate::error::StoreError;
use crate::tables;
use crate::tx::Tx;

/// The code of a delivery that waits for its turn.
pub(crate) const WAITING: u8 = 1;
const DELIVERED: u8 = 2;
const DEAD: u8 = 3;

/// Where a delivery stands.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum DeliveryState {
    /// It waits for its turn, or for its next attempt.
    Waiting,
    /// The app has it.
    Delivered,
    /// It was given up; it can be replayed.
    Dead,
}

impl DeliveryState {
    /// The stable code it has in the database.
    pub const fn code(self) -> u8 {
        match self {
            Self::Waiting => WAITING,
            Self::Delivered => DELIVERED,
            Self::Dead => DEAD,
        }
    }

    /// The state with this code; one this program does not know counts as given up.
    pub const fn from_code(code: u8) -> Self {
        match code {
            WAITING => Self::Waiting,
            DELIVERED => Self::Delivered,
            _ => Self::Dead,
        }
    }

    /// The name it has in the admin API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Delivered => "delivered",
            Self::Dead => "dead",
        }
    }
}

/// A delivery that is due.
#[derive(Clone, Copy, Debug)]
pub struct Due {
    /// The delivery.
    pub id: DeliveryId,
    /// To whom.
    pub app: AppId,
    /// The thread whose order it keeps.
    pub conversation: ConversationId,
    /// The message.
    pub message: MessageId,
    /// The status of it, if it is a status that is told.
    pub status: Option<StatusId>,
    /// How often it was tried.
    pub attempts: u32,
}

/// How an attempt ended.
#[derive(Clone, Copy, Debug)]
pub struct Attempt {
    /// The delivery.
    pub id: DeliveryId,
    /// Where it stands now.
    pub state: DeliveryState,
    /// The HTTP status the app answered with, if it answered.
    pub answer: Option<u16>,
    /// When to try again.
    pub next: Timestamp,
}

/// A delivery with its history, for those who look after it.
#[derive(Clone, Copy, Debug)]
pub struct DeliveryView {
    /// What and to whom.
    pub due: Due,
    /// Where it stands.
    pub state: DeliveryState,
    /// The last HTTP status the app answered with.
    pub last_status: Option<u16>,
    /// When it was queued.
    pub created_at: Timestamp,
    /// When it will be tried again, while it waits.
    pub next_at: Timestamp,
}

/// The first due deliveries of an app, oldest first. One whose forerunner in the same conversation
/// waits for a later attempt is not due.
pub(crate) fn due(
    connection: &Connection,
    app: AppId,
    now: Timestamp,
    limit: u32,
) -> Result<Vec<Due>, StoreError> {
    let sql = "SELECT d.id, d.conversation_id, d.message_id, d.status_id, d.attempts \
               FROM deliveries d WHERE d.app_id = $1 AND d.state = 1 AND d.next_at <= $2 \
               AND NOT EXISTS (SELECT 1 FROM deliveries e \
                 WHERE e.conversation_id = d.conversation_id AND e.app_id = d.app_id \
                 AND e.state = 1 AND e.id < d.id AND e.next_at > $2) \
               ORDER BY d.id LIMIT $3";
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map((app.0, now.micros(), limit), |row| {
        Ok(Due {
            id: DeliveryId(row.get(0)?),
            app,
            conversation: ConversationId(row.get(1)?),
            message: MessageId(row.get(2)?),
            status: row.get::<Option<i64>>(3)?.map(StatusId),
            attempts: row.get(4)?,
        })
    })?;
    Ok(rows)
}

/// The instant at which the next waiting delivery of any app becomes due.
pub(crate) fn next_due(connection: &Connection) -> Result<Option<Timestamp>, StoreError> {
    let sql = "SELECT min(next_at) FROM deliveries WHERE state = 1";
    let next: Option<i64> = connection
        .prepare_cached(sql)?
        .query_row((), |row| row.get(0))?;
    Ok(next.map(Timestamp::from_micros))
}

/// What waits for each app: how much, and since when the oldest of it.
#[derive(Clone, Copy, Debug)]
pub struct Backlog {
    /// The app.
    pub app: AppId,
    /// How many deliveries wait.
    pub waiting: i64,
    /// When the oldest of them was queued.
    pub since: Timestamp,
}

/// What waits for each app that has anything waiting.
pub(crate) fn backlog(connection: &Connection) -> Result<Vec<Backlog>, StoreError> {
    let sql = "SELECT app_id, count(*), min(created_at) FROM deliveries WHERE state = 1 \
               GROUP BY app_id ORDER BY app_id";
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map((), |row| {
        Ok(Backlog {
            app: AppId(row.get(0)?),
            waiting: row.get(1)?,
            since: Timestamp::from_micros(row.get(2)?),
        })
    })?;
    Ok(rows)
}

/// Records how attempts ended.
pub(crate) fn attempted(tx: &mut Tx<'_>, attempts: &[Attempt]) -> Result<(), StoreError> {
    let sql = "UPDATE deliveries SET state = $1, attempts = attempts + 1, next_at = $2, \
               last_status = $3, updated_at = $4 WHERE id = $5";
    for attempt in attempts {
        let parameters = (
            attempt.state.code(),
            attempt.next.micros(),
            attempt.answer,
            tx.now().micros(),
            attempt.id.0,
        );
        // Whom it was about may have been erased while it was on its way.
        tx.update_or_buried(&tables::DELIVERIES, sql, parameters, attempt.id.0)?;
    }
    Ok(())
}

/// Puts a delivery that was made or given up back into the queue.
pub(crate) fn replay(tx: &mut Tx<'_>, actor: Actor, id: DeliveryId) -> Result<(), StoreError> {
    let sql = "UPDATE deliveries SET state = 1, attempts = 0, next_at = $1, updated_at = $1 \
               WHERE id = $2 AND state <> 1";
    let touched = tx
        .connection
        .prepare_cached(sql)?
        .execute((tx.now().micros(), id.0))?;
    if touched == 0 {
        return Err(Refusal::Missing("delivery that was made or given up").into());
    }
    tx.effects.deliveries = true;
    let told = (
        actor,
        Action::DeliveryReplayed,
        &["delivery/replay"] as &[&str],
    );
    tx.note(None, &format!("delivery {id}"), told)
}

/// Deliveries, newest first, from below `before`.
pub(crate) fn list(
    connection: &Connection,
    (app, state): (Option<AppId>, Option<DeliveryState>),
    before: Option<DeliveryId>,
    limit: u32,
) -> Result<Vec<DeliveryView>, StoreError> {
    let sql = "SELECT id, app_id, conversation_id, message_id, status_id, attempts, state, \
               last_status, created_at, next_at FROM deliveries \
               WHERE id < $1 AND app_id = coalesce($2, app_id) AND state = coalesce($3, state) \
               ORDER BY id DESC LIMIT $4";
    let mut statement = connection.prepare_cached(sql)?;
    let parameters = (
        before.map_or(i64::MAX, |id| id.0),
        app.map(|app| app.0),
        state.map(DeliveryState::code),
        limit,
    );
    let rows = statement.query_map(parameters, |row| {
        Ok(DeliveryView {
            due: Due {
                id: DeliveryId(row.get(0)?),
                app: AppId(row.get(1)?),
                conversation: ConversationId(row.get(2)?),
                message: MessageId(row.get(3)?),
                status: row.get::<Option<i64>>(4)?.map(StatusId),
                attempts: row.get(5)?,
            },
            state: DeliveryState::from_code(row.get(6)?),
            last_status: row.get(7)?,
            created_at: Timestamp::from_micros(row.get(8)?),
            next_at: Timestamp::from_micros(row.get(9)?),
        })
    })?;
    Ok(rows)
}
