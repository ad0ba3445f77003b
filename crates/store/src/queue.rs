//! Messages that wait for their time: kept in the order of their conversation, and judged again
//! right before their call.
//!
//! A row leaves the queue when its call has ended, so that the next of its conversation cannot
//! overtake it; while the call is under way it is due never.

mod view;

use domain::audit::Action;
use domain::audit::Actor;
use domain::decision::Outcome;
use domain::decision::Reason;
use domain::gate;
use domain::gate::Content;
use domain::ids::AppId;
use domain::ids::ConversationId;
use domain::ids::DataKeyId;
use domain::ids::DecisionId;
use domain::ids::MediaId;
use domain::ids::MessageId;
use domain::ids::NumberId;
use domain::ids::SubjectId;
use domain::message::MessageState;
use domain::template::Category;
use domain::time::Timestamp;
use seal::RecordKind;
use seal::Zeroizing;
use serde::Deserialize;
use serde::Serialize;

use crate::dialect::Connection;
use crate::dialect::DbResult;
use crate::dialect::OptionalRow;
use crate::dialect::Row;
use crate::error::Refusal;
use crate::error::StoreError;
use crate::facts;
use crate::known::Known;
use crate::message::CONTENT;
use crate::operation::Address;
use crate::operation::Called;
use crate::operation::Outgoing;
use crate::operation::Queueing;
use crate::operation::Recipient;
use crate::operation::Send;
use crate::question;
use crate::question::Question;
use crate::rows::v;
use crate::send;
use crate::send::Stored;
use crate::status;
use crate::tables;
use crate::tx::Tx;
use crate::tx::place;

pub use crate::queue::view::QueuedView;
pub(crate) use crate::queue::view::list;

/// The field of a message that holds what is asked for while it waits.
const REQUEST: u8 = 4;

/// When a message is due whose call is under way.
const NEVER: i64 = i64::MAX;

/// The code apps are told of a message that ended without a reason of its own.
const UNDELIVERABLE: u32 = 131_026;

/// What came of looking for the next message that is due.
#[derive(Debug)]
pub enum Turn {
    /// It may go: its call follows, and then [`crate::Store::queued_called`].
    Call(Box<QueuedCall>),
    /// One was put off or taken out; there may be more.
    Moved,
    /// Nothing is due before this instant; nothing waits at all where there is none.
    Idle(Option<Timestamp>),
}

/// A message that waited and is ready for its call.
#[derive(Clone, Debug)]
pub struct QueuedCall {
    /// The message.
    pub message: MessageId,
    /// The decision that let it go.
    pub decision: DecisionId,
    /// The app that sent it.
    pub app: AppId,
    /// From which number.
    pub number: NumberId,
    /// Where it is posted to.
    pub edge: String,
    /// Until when it may wait.
    pub until: Timestamp,
    /// How often it was tried.
    pub attempts: u32,
    /// Where it goes, in clear: for the call only.
    pub address: Address,
    /// The checked body.
    pub body: Zeroizing<Vec<u8>>,
    /// Meta's ids of the messages it refers to, in the order asked.
    pub references: Vec<Zeroizing<String>>,
    /// The references of the media objects it carries, in the order asked.
    pub media: Vec<Zeroizing<Vec<u8>>>,
}

/// What is sealed of a message that waits, beside its body.
#[derive(Debug, Deserialize, Serialize)]
struct Request {
    edge: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    template: Option<(String, String)>,
    #[serde(skip_serializing_if = "Option::is_none")]
    category: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    declared: Option<String>,
    references: Vec<i64>,
    media: Vec<i64>,
}

impl Request {
    fn of(send: &Send, queueing: &Queueing) -> Self {
        let (template, category) = match &send.content {
            Outgoing::Template { name, language } => (Some((name.clone(), language.clone())), None),
            Outgoing::Plain(Content::Direct(category)) => (None, Some(category.code())),
            Outgoing::Plain(_) => (None, None),
        };
        Self {
            edge: queueing.edge.clone(),
            template,
            category,
            declared: send.declared.clone(),
            references: send.references.iter().map(|id| id.0).collect(),
            media: send.media.iter().map(|id| id.0).collect(),
        }
    }

    fn content(&self) -> Outgoing {
        match (&self.template, self.category.map(Category::from_code)) {
            (Some((name, language)), _) => Outgoing::Template {
                name: name.clone(),
                language: language.clone(),
            },
            (None, Some(Some(category))) => Outgoing::Plain(Content::Direct(category)),
            (None, _) => Outgoing::Plain(Content::FreeForm),
        }
    }
}

/// A row of the queue with what its message says.
struct Waiting {
    message: MessageId,
    subject: SubjectId,
    number: NumberId,
    app: AppId,
    key: DataKeyId,
    request: Vec<u8>,
    content: Vec<u8>,
    until: Timestamp,
    attempts: u32,
}

impl Waiting {
    fn read(row: &Row<'_>) -> DbResult<Self> {
        Ok(Self {
            message: MessageId(row.get(0)?),
            subject: SubjectId(row.get(1)?),
            number: NumberId(row.get(2)?),
            app: AppId(row.get(3)?),
            key: DataKeyId(row.get(4)?),
            request: row.get(5)?,
            content: row.get(6)?,
            until: Timestamp::from_micros(row.get(7)?),
            attempts: row.get(8)?,
        })
    }

    const fn damaged(&self, table: &'static str, column: &'static str) -> StoreError {
        StoreError::Damaged {
            table,
            column,
            id: self.message.0,
        }
    }
}

/// When the first message of a conversation that waits is due.
pub(crate) fn first_due(
    tx: &Tx<'_>,
    conversation: ConversationId,
) -> Result<Option<Timestamp>, StoreError> {
    let sql = "SELECT due_at FROM queue WHERE conversation_id = $1 ORDER BY message_id LIMIT 1";
    let due = tx
        .connection
        .prepare_cached(sql)?
        .query_row([conversation.0], |row| row.get(0))
        .optional()?;
    // Nobody knows how long the call of the one before will take.
    let due = due.map(|due| if due == NEVER { 0 } else { due });
    Ok(due.map(Timestamp::from_micros))
}

/// Puts a message that was put off into the queue, if it may wait for long enough. Returns whether.
pub(crate) fn join(
    tx: &mut Tx<'_>,
    known: &mut Known,
    (subject, send): (SubjectId, &Send),
    judged: &Stored,
) -> Result<bool, StoreError> {
    let (Some(queueing), Some(app)) = (&send.queue, send.app) else {
        return Ok(false);
    };
    let Outcome::Defer { until: due } = judged.decision.outcome else {
        return Ok(false);
    };
    if due > queueing.until {
        return Ok(false);
    }
    let conversation = tx.conversation(known, subject, send.number).id;
    tx.flush()?;
    let request = Request::of(send, queueing);
    put(
        tx,
        (judged.message, conversation, app),
        &request,
        (due, queueing.until),
    )?;
    Ok(true)
}

/// Puts a message back whose call Meta answered by doing nothing.
pub(crate) fn put_back(
    tx: &mut Tx<'_>,
    message: MessageId,
    send: &Send,
    (code, due): (Option<u32>, Timestamp),
) -> Result<(), StoreError> {
    let (Some(queueing), Some(app)) = (&send.queue, send.app) else {
        return Err(Refusal::Missing("leave to wait").into());
    };
    if status::is_forgotten(tx, message)? {
        return status::end_call(tx, message);
    }
    let sql = "SELECT conversation_id FROM messages WHERE id = $1 AND state = $2";
    let calling = (message.0, MessageState::Calling.code());
    let conversation = tx
        .connection
        .prepare_cached(sql)?
        .query_row(calling, |row| row.get(0))
        .optional()?
        .map(ConversationId)
        .ok_or(Refusal::Missing("message whose call is under way"))?;
    let request = Request::of(send, queueing);
    let ids = (message, conversation, app);
    put(tx, ids, &request, (due, queueing.until))?;
    tx.flush()?;
    let ended = Called {
        message,
        state: MessageState::Queued,
        wamid: None,
        code,
    };
    called(tx, &ended, Some(due))
}

fn put(
    tx: &mut Tx<'_>,
    (message, conversation, app): (MessageId, ConversationId, AppId),
    request: &Request,
    (due, until): (Timestamp, Timestamp),
) -> Result<(), StoreError> {
    let key_id: i64 = tx.connection.query_row(
        "SELECT key_id FROM messages WHERE id = $1",
        [message.0],
        |row| row.get(0),
    )?;
    let key = tx.key_by_id(DataKeyId(key_id))?;
    let request = serde_json::to_vec(request).unwrap_or_default();
    let place = place(RecordKind::Message, REQUEST, message.0, key_id);
    let row = [
        v(message),
        v(conversation),
        v(app),
        v(key_id),
        v(tx.seal(&key, &place, &request)?),
        v(due),
        v(until),
        v(0_i64),
        v(tx.now()),
    ];
    tx.put(&tables::QUEUE, row);
    tx.effects.queue = true;
    Ok(())
}

/// Judges the next message that is due. Of a conversation only the first is.
pub(crate) fn next(tx: &mut Tx<'_>) -> Result<Turn, StoreError> {
    let sql = "SELECT q.message_id, m.subject_id, c.number_id, q.app_id, \
               q.key_id, q.sealed_request, m.sealed_content, q.until, q.attempts \
               FROM queue q JOIN messages m ON m.id = q.message_id \
               JOIN conversations c ON c.id = q.conversation_id \
               WHERE q.due_at <= $1 AND NOT EXISTS (SELECT 1 FROM queue e \
                 WHERE e.conversation_id = q.conversation_id AND e.message_id < q.message_id) \
               ORDER BY q.due_at, q.message_id LIMIT 1";
    let waiting = tx
        .connection
        .prepare_cached(sql)?
        .query_row([tx.now().micros()], Waiting::read)
        .optional()?;
    match waiting {
        Some(waiting) => match judge(tx, &waiting) {
            Err(error @ StoreError::Damaged { .. }) => {
                // It holds up its own conversation until somebody looks, and nobody else's.
                tracing::error!(%error, "a message that waits cannot be read");
                let sql = "UPDATE queue SET due_at = $1 WHERE message_id = $2";
                tx.update_one(&tables::QUEUE, sql, (NEVER, waiting.message.0))?;
                Ok(Turn::Moved)
            }
            judged => judged,
        },
        None => next_due(tx.connection).map(Turn::Idle),
    }
}

/// When the next message is due that waits behind no other.
fn next_due(connection: &Connection) -> Result<Option<Timestamp>, StoreError> {
    let sql = "SELECT min(q.due_at) FROM queue q WHERE q.due_at < $1 AND NOT EXISTS \
               (SELECT 1 FROM queue e WHERE e.conversation_id = q.conversation_id \
                AND e.message_id < q.message_id)";
    let due: Option<i64> = connection
        .prepare_cached(sql)?
        .query_row([NEVER], |row| row.get(0))?;
    Ok(due.map(Timestamp::from_micros))
}

fn judge(tx: &mut Tx<'_>, waiting: &Waiting) -> Result<Turn, StoreError> {
    if status::is_forgotten(tx, waiting.message)? {
        remove(tx, waiting.message)?;
        return Ok(Turn::Moved);
    }
    let key = tx.key_by_id(waiting.key)?;
    let at = |field| place(RecordKind::Message, field, waiting.message.0, waiting.key.0);
    let request = key
        .open(&at(REQUEST), &waiting.request)
        .ok()
        .and_then(|request| serde_json::from_slice::<Request>(&request).ok())
        .ok_or_else(|| waiting.damaged("queue", "sealed_request"))?;
    let late = (waiting.message, "its time has passed");
    if waiting.until < tx.now() {
        end(tx, Actor::System, late, &[Reason::QueueExpired])?;
        return Ok(Turn::Moved);
    }
    let body = key
        .open(&at(CONTENT), &waiting.content)
        .map_err(|_| waiting.damaged("messages", "sealed_content"))?;

    let mut known = Known::default();
    tx.look_up_subjects(&mut known, &[waiting.subject])?;
    let content = request.content();
    let question = Question {
        number: waiting.number,
        content: &content,
        declared: request.declared.as_deref(),
        body: Some(&body),
    };
    let facts = question::gather(tx, &mut known, waiting.subject, &question)?;
    let judgement = gate::decide(&facts, tx.now());
    match judgement.decision.outcome {
        Outcome::Defer { until } if until <= waiting.until => {
            let sql = "UPDATE queue SET due_at = $1, attempts = attempts + 1 WHERE message_id = $2";
            // Later than now, so that others get their turn.
            let due = until.micros().max(tx.now().micros().saturating_add(1));
            tx.update_one(&tables::QUEUE, sql, (due, waiting.message.0))?;
            return Ok(Turn::Moved);
        }
        Outcome::Defer { .. } => {
            let mut reasons = vec![Reason::QueueExpired];
            reasons.extend(judgement.decision.reasons);
            end(tx, Actor::System, late, &reasons)?;
            return Ok(Turn::Moved);
        }
        Outcome::Allow | Outcome::Refuse => {}
    }
    let mut leaf = tx.open_leaf()?;
    let id = DecisionId(tx.id(&tables::DECISIONS));
    let about = (waiting.subject, waiting.number, Some(waiting.app));
    let told = (id, waiting.message);
    let judged = (judgement, facts::encode(&facts));
    let decision = send::keep(tx, (&mut leaf, &mut known), about, told, judged)?;
    send::close(tx, leaf, send::actor(Some(waiting.app)), &decision);
    tx.put_conversations(&mut known);
    tx.flush()?;
    if decision.outcome == Outcome::Refuse {
        leave(tx, waiting.message, &decision.reasons)?;
        return Ok(Turn::Moved);
    }
    begin(tx, waiting, (id, request), body)
}

/// Begins the call of a message that may go.
fn begin(
    tx: &mut Tx<'_>,
    waiting: &Waiting,
    (decision, request): (DecisionId, Request),
    body: Zeroizing<Vec<u8>>,
) -> Result<Turn, StoreError> {
    let wanted = Send {
        app: Some(waiting.app),
        number: waiting.number,
        recipient: Recipient::Alias(String::new()),
        content: request.content(),
        declared: request.declared,
        kind: "queued",
        body: Vec::new(),
        references: request.references.into_iter().map(MessageId).collect(),
        media: request.media.into_iter().map(MediaId).collect(),
        idempotency: None,
        queue: None,
    };
    let Some((references, media)) = send::referred(tx, &wanted)? else {
        // What it carried was deleted while it waited.
        leave(tx, waiting.message, &[Reason::QueueCancelled])?;
        return Ok(Turn::Moved);
    };
    let sql = "UPDATE messages SET state = $1 WHERE id = $2";
    let calling = (MessageState::Calling.code(), waiting.message.0);
    tx.update_one(&tables::MESSAGES, sql, calling)?;
    let sql = "UPDATE queue SET due_at = $1, attempts = attempts + 1 WHERE message_id = $2";
    tx.update_one(&tables::QUEUE, sql, (NEVER, waiting.message.0))?;
    tx.put(
        &tables::CALLS,
        [v(waiting.message), v(tx.run()), v(tx.now())],
    );
    tx.flush()?;
    Ok(Turn::Call(Box::new(QueuedCall {
        message: waiting.message,
        decision,
        app: waiting.app,
        number: waiting.number,
        edge: request.edge,
        until: waiting.until,
        attempts: waiting.attempts.saturating_add(1),
        address: send::address(tx, waiting.subject)?,
        body,
        references,
        media,
    })))
}

/// Records how the call of a message that waited has ended. `again` puts it back into the queue: for
/// a call of which Meta said that it did nothing, and that it is worth making later.
pub(crate) fn called(
    tx: &mut Tx<'_>,
    ended: &Called,
    again: Option<Timestamp>,
) -> Result<(), StoreError> {
    tx.effects.queue = true;
    if again.is_some() && status::is_forgotten(tx, ended.message)? {
        // The person was erased while the call was under way: it is not made again.
        return called(tx, ended, None);
    }
    let Some(due) = again else {
        status::called(tx, ended)?;
        remove(tx, ended.message)?;
        return Ok(());
    };
    status::end_call(tx, ended.message)?;
    let sql = "UPDATE messages SET state = $1, code = $2 WHERE id = $3";
    let back = (MessageState::Queued.code(), ended.code, ended.message.0);
    tx.update_one(&tables::MESSAGES, sql, back)?;
    let sql = "UPDATE queue SET due_at = $1 WHERE message_id = $2";
    tx.update_one(&tables::QUEUE, sql, (due.micros(), ended.message.0))
}

/// Tells the app of a message that waited that Meta refused it for good: it had its id long ago, so
/// the message has failed.
pub(crate) fn refused_upstream(tx: &mut Tx<'_>, ended: &Called) -> Result<(), StoreError> {
    let failed = Called {
        state: MessageState::Failed,
        ..ended.clone()
    };
    called(tx, &failed, None)?;
    let code = ended.code.unwrap_or(UNDELIVERABLE);
    let details = "WhatsApp refused the message when its time had come; see the code.";
    status::told_failed(tx, ended.message, code, details)
}

/// Takes a message out of the queue on request, before its call.
pub(crate) fn cancel(
    tx: &mut Tx<'_>,
    actor: Actor,
    message: MessageId,
    (app, why): (Option<AppId>, &str),
) -> Result<(), StoreError> {
    let sql = "SELECT app_id FROM queue WHERE message_id = $1 AND due_at < $2";
    let holder: Option<i64> = tx
        .connection
        .prepare_cached(sql)?
        .query_row((message.0, NEVER), |row| row.get(0))
        .optional()?;
    match holder {
        Some(holder) if app.is_none_or(|app| app.0 == holder) => {
            end(tx, actor, (message, why), &[Reason::QueueCancelled])
        }
        _ => Err(Refusal::Missing("message that waits").into()),
    }
}

/// Ends a message that waited, with a leaf that says why.
fn end(
    tx: &mut Tx<'_>,
    actor: Actor,
    (message, why): (MessageId, &str),
    reasons: &[Reason],
) -> Result<(), StoreError> {
    let rules: Vec<&str> = reasons.iter().map(Reason::rule).collect();
    tx.note(
        None,
        &format!("message {message}: {why}"),
        (actor, Action::DecisionRefused, &rules),
    )?;
    leave(tx, message, reasons)
}

/// Takes a message out of the queue for good, and tells its app why.
fn leave(tx: &mut Tx<'_>, message: MessageId, reasons: &[Reason]) -> Result<(), StoreError> {
    remove(tx, message)?;
    let code = reasons.first().map_or(UNDELIVERABLE, Reason::code);
    let sql = "UPDATE messages SET state = $1, code = $2 WHERE id = $3";
    let refused = (MessageState::Refused.code(), code, message.0);
    tx.update_one(&tables::MESSAGES, sql, refused)?;
    let details = reasons.first().map(Reason::sentence).unwrap_or_default();
    tx.effects.queue = true;
    status::told_failed(tx, message, code, &details)
}

fn remove(tx: &Tx<'_>, message: MessageId) -> Result<(), StoreError> {
    let sql = "DELETE FROM queue WHERE message_id = $1";
    tx.connection.prepare_cached(sql)?.execute([message.0])?;
    Ok(())
}

/// Takes out of the queue whatever was being called when an earlier run ended: its outcome is
/// unknown, and it is not called again.
pub(crate) fn adopt(tx: &Tx<'_>) -> Result<(), StoreError> {
    let sql = "DELETE FROM queue WHERE due_at = $1";
    tx.connection.prepare_cached(sql)?.execute([NEVER])?;
    Ok(())
}

/// When a message is judged again; none while its call is under way.
pub(crate) fn due(micros: i64) -> Option<Timestamp> {
    (micros != NEVER).then(|| Timestamp::from_micros(micros))
}
