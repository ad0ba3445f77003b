//! The queue: messages that may wait are sent when their time has come.
//!
//! One conversation goes strictly in order, several side by side. Each message is judged again right
//! before its one call. Only an answer of Meta's that says that nothing was done puts it back; an
//! outcome that is not known is never tried again.

use std::sync::Arc;
use std::time::Duration;

use domain::access::AppScope;
use domain::audit::Actor;
use domain::ids::MessageId;
use domain::ids::NumberId;
use domain::message::MessageState;
use domain::time::Span;
use domain::time::Timestamp;
use serde_json::Value;
use serde_json::json;
use store::StoreError;
use store::operation::Called;
use store::operation::Queueing;
use store::operation::Send;
use store::queue::QueuedCall;
use store::queue::QueuedView;
use store::queue::Turn;
use tokio::task::JoinHandle;
use tokio::task::JoinSet;
use whatsapp::error::GraphError;
use whatsapp::outbound::MessagesBody;
use whatsapp::outbound::SendBody;
use whatsapp::outbound::SendEdge;
use whatsapp::outbound::parse_marketing_body;
use whatsapp::outbound::parse_messages_body;

use crate::Answer;
use crate::Caller;
use crate::Failure;
use crate::PageQuery;
use crate::Service;
use crate::ids;
use crate::outcome::Outbound;
use crate::outcome::conclusion;
use crate::relay::LOOK_AGAIN;
use crate::send::Ready;

/// How long a message may wait at the most.
const LONGEST: Span = Span::days(7);
/// How many calls go side by side.
const CALLS: usize = 32;
/// The longest pause after an answer that says "later".
const LONGEST_PAUSE: Span = Span::minutes(10);
/// The most messages of one page.
const PAGE: usize = 100;

/// Meta's codes for "nothing was done, later it may be": 2 unavailable, 4 too many calls of the app,
/// 80007 of the account, 130429 throughput, 131048 quality, 131056 pair rate, 131057 maintenance,
/// 132015 template paused ("Error codes" of the Cloud API).
const LATER: [u32; 8] = [2, 4, 80_007, 130_429, 131_048, 131_056, 131_057, 132_015];
/// Of these, those that a message meets by its speed: it joins the queue instead of being refused.
const TOO_FAST: [u32; 2] = [130_429, 131_056];

/// What came of a turn of the queue.
enum Took {
    /// A call is under way.
    Call(JoinHandle<()>),
    /// A message was put off or taken out.
    Moved,
    /// Nothing is due before this instant; nothing waits at all where there is none.
    Idle(Option<Timestamp>),
}

/// Reads `Imvume-Queue`.
///
/// # Errors
/// Graph's 400 for anything but `until=` and an instant ahead, or `+` and seconds.
pub(crate) fn queueing(text: &str, edge: SendEdge, now: Timestamp) -> Result<Queueing, GraphError> {
    let until =
        text.trim()
            .strip_prefix("until=")
            .and_then(|until| match until.strip_prefix('+') {
                Some(seconds) => seconds
                    .bytes()
                    .all(|byte| byte.is_ascii_digit())
                    .then(|| seconds.parse().ok())
                    .flatten()
                    .map(|seconds| now + Span::seconds(seconds)),
                None => until.parse().ok(),
            });
    match until {
        Some(until) if now < until && until <= now + LONGEST => Ok(Queueing {
            until,
            edge: edge.as_str().to_owned(),
        }),
        _ => Err(GraphError::invalid(
            "Imvume-Queue takes until= and an instant such as 2026-11-21T10:00:00Z, or until=+ and \
             seconds; it has to lie ahead, by 7 days at the most.",
        )),
    }
}

impl Service {
    /// Sends what waits when its time has come, for ever.
    pub(crate) async fn send_queued(self: &Arc<Self>) {
        let mut going = JoinSet::new();
        loop {
            match self.take_turns(&mut going).await {
                Ok((_, due)) => self.queue_moves(due).await,
                Err(error) => {
                    tracing::warn!(%error, "cannot look into the queue");
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
            }
        }
    }

    /// Sends what is due now, with whatever becomes due by that. Returns how many calls that were.
    ///
    /// # Errors
    /// What the store says; what was not sent waits on.
    pub async fn queue_now(self: &Arc<Self>) -> Result<usize, StoreError> {
        let mut made = 0;
        let mut going = JoinSet::new();
        loop {
            let (calls, _) = self.take_turns(&mut going).await?;
            if calls == 0 {
                return Ok(made);
            }
            made += calls;
            while going.join_next().await.is_some() {}
        }
    }

    /// Begins the calls that are due. Returns how many, and when the next will be.
    async fn take_turns(
        self: &Arc<Self>,
        going: &mut JoinSet<Result<(), tokio::task::JoinError>>,
    ) -> Result<(usize, Option<Timestamp>), StoreError> {
        let mut calls = 0;
        loop {
            while going.try_join_next().is_some() {}
            if going.len() >= CALLS {
                going.join_next().await;
            }
            // On its own: whoever stops waiting stops neither a call nor what leads to it.
            let turn = self.tasks.spawn(Arc::clone(self).take_turn());
            match turn.await.map_err(|_| StoreError::Stopped)?? {
                Took::Call(call) => {
                    calls += 1;
                    going.spawn(call);
                }
                Took::Moved => {}
                Took::Idle(due) => return Ok((calls, due)),
            }
        }
    }

    async fn take_turn(self: Arc<Self>) -> Result<Took, StoreError> {
        Ok(match self.store.next_queued().await? {
            Turn::Call(call) => {
                let service = Arc::clone(&self);
                Took::Call(
                    self.tasks
                        .spawn(async move { service.call_queued(*call).await }),
                )
            }
            Turn::Moved => Took::Moved,
            Turn::Idle(due) => Took::Idle(due),
        })
    }

    /// Waits until the queue has changed, or something in it is due.
    async fn queue_moves(&self, due: Option<Timestamp>) {
        let Some(due) = due else {
            return self.store.queued().await;
        };
        loop {
            let now = self.store.clock().now();
            if due <= now {
                return;
            }
            let wait = Duration::from_micros(due.since(now).as_micros().unsigned_abs());
            tokio::select! {
                () = self.store.queued() => return,
                // Clocks may be set.
                () = tokio::time::sleep(wait.min(LOOK_AGAIN)) => {}
            }
        }
    }

    /// The one call of a message that waited.
    async fn call_queued(&self, call: QueuedCall) {
        let registry = self.store.registry();
        let to_send = registry.number(call.number).zip(parsed(&call));
        let (called, outbound) = if let Some((number, body)) = to_send {
            let ready = Ready {
                message: call.message,
                address: &call.address,
                references: &call.references,
                media: &call.media,
            };
            conclusion(call.message, self.call_meta(number, &body, &ready).await)
        } else {
            tracing::error!(
                message = call.message.0,
                "a message that waited cannot be sent"
            );
            let failure = GraphError::of(131_000, "something went wrong on this side").into();
            (rejected(call.message), Outbound::Refused(failure))
        };
        let again = match &outbound {
            Outbound::Refused(failure) if LATER.contains(&failure.error.code) => again(
                failure,
                call.attempts,
                (self.store.clock().now(), call.until),
            ),
            Outbound::Refused(_) | Outbound::Accepted => None,
        };
        if again.is_none() {
            self.measures.concluded(called.state);
        }
        self.measures
            .queue(if again.is_some() { "again" } else { "called" });
        self.record(called, again).await;
    }

    /// Records how a call ended. The database may be away for a while; the outcome is held until it is
    /// back, because the conversation waits for it.
    async fn record(&self, called: Called, again: Option<Timestamp>) {
        loop {
            match self.store.queued_called(called.clone(), again).await {
                Ok(()) => return,
                Err(StoreError::Busy) => tokio::time::sleep(Duration::from_secs(1)).await,
                Err(error) => {
                    tracing::error!(%error, "cannot record how a call ended; a status will tell");
                    return;
                }
            }
        }
    }

    /// Has a message wait that Meta refused for its speed alone. Returns when it is judged again, if it
    /// waits.
    pub(crate) async fn join_queue(
        &self,
        message: MessageId,
        request: Send,
        failure: &Failure,
    ) -> Option<Timestamp> {
        let code = failure.error.code;
        let until = request.queue.as_ref()?.until;
        if !TOO_FAST.contains(&code) {
            return None;
        }
        let due = again(failure, 0, (self.store.clock().now(), until))?;
        let joined = self
            .store
            .queue_called(message, request, (Some(code), due))
            .await;
        if let Err(error) = joined {
            tracing::warn!(%error, "a message that may wait cannot join the queue");
            return None;
        }
        self.measures.queue("joined");
        Some(due)
    }

    /// `GET /{phone-number-id}/imvume_queue`: the app's own messages that wait, the longest first.
    ///
    /// # Errors
    /// Graph's 400 for a cursor that is none of the app's.
    pub async fn queued(
        &self,
        caller: &Caller,
        phone_number_id: &str,
        page: PageQuery<'_>,
    ) -> Result<Answer, Failure> {
        caller.needs(AppScope::Send)?;
        let number = self.number(caller, phone_number_id)?;
        let wrong = || GraphError::of(131_059, "The cursor is not one of this list.");
        if page.before.is_some() {
            return Err(wrong().into());
        }
        let after = page
            .after
            .map(|cursor| ids::open_message(&caller.ids, cursor).ok_or_else(wrong))
            .transpose()?;
        let limit = page.limit.unwrap_or(PAGE).clamp(1, PAGE);
        let rows = self.listed_queue(caller, number.id, (after, limit)).await?;
        let data: Vec<Value> = rows.iter().map(|row| shown(caller, row)).collect();
        let mut paging = json!({});
        if let Some(last) = rows.last().filter(|_| rows.len() == limit) {
            let cursor = ids::message(&caller.ids, last.message);
            let query = [("after", cursor.clone()), ("limit", limit.to_string())];
            let path = [number.phone_number_id.as_str(), "imvume_queue"];
            let next = self.at_gateway(&path, &query);
            paging = json!({"cursors": {"after": cursor}, "next": next});
        }
        let body = json!({"data": data, "paging": paging});
        Ok(Answer::json(&body))
    }

    async fn listed_queue(
        &self,
        caller: &Caller,
        number: NumberId,
        (after, limit): (Option<MessageId>, usize),
    ) -> Result<Vec<QueuedView>, StoreError> {
        let which = (Some(caller.app), Some(number));
        let limit = u32::try_from(limit).unwrap_or(u32::MAX);
        self.store
            .read(move |reader| reader.queued(which, after, limit))
            .await
    }

    /// `DELETE /{phone-number-id}/imvume_queue?message_id=…`: takes a message of the app's own out of
    /// the queue.
    ///
    /// # Errors
    /// Graph's 400 for an id that is none of the app's; 404 if it does not wait, or its call is under
    /// way.
    pub async fn cancel_queued(
        &self,
        caller: &Caller,
        phone_number_id: &str,
        message_id: &str,
    ) -> Result<Answer, Failure> {
        caller.needs(AppScope::Send)?;
        self.number(caller, phone_number_id)?;
        let message = ids::open_message(&caller.ids, message_id).ok_or_else(|| {
            GraphError::invalid("The message id is not one of this gateway; use its ids.")
        })?;
        let why = (Some(caller.app), "the app asked for it".to_owned());
        self.store
            .cancel_queued(Actor::App(caller.app), message, why)
            .await?;
        Ok(Answer::success())
    }
}

/// When to try again after Meta did nothing; none if that would be too late.
fn again(
    failure: &Failure,
    attempts: u32,
    (now, until): (Timestamp, Timestamp),
) -> Option<Timestamp> {
    let asked = failure
        .retry_after
        .and_then(|wait| u32::try_from(wait).ok());
    let pause = Span::seconds(1_u32 << attempts.min(10)).min(LONGEST_PAUSE);
    let due = now + pause.max(Span::seconds(asked.unwrap_or(0)));
    (due <= until).then_some(due)
}

/// A message that waits, as its app sees it.
fn shown(caller: &Caller, row: &QueuedView) -> Value {
    let mut shown = json!({
        "id": ids::message(&caller.ids, row.message),
        "status": if row.due.is_some() { "queued" } else { "calling" },
        "queued_at": row.queued_at.to_string(),
        "until": row.until.to_string(),
    });
    if let (Some(due), Value::Object(shown)) = (row.due, &mut shown) {
        shown.insert("due_at".to_owned(), due.to_string().into());
    }
    shown
}

/// The stored body, checked again as when it came.
fn parsed(call: &QueuedCall) -> Option<SendBody> {
    if call.edge == SendEdge::MarketingMessages.as_str() {
        return parse_marketing_body(&call.body).ok();
    }
    match parse_messages_body(&call.body).ok()? {
        MessagesBody::Send(body) => Some(*body),
        MessagesBody::Read { .. } => None,
    }
}

const fn rejected(message: MessageId) -> Called {
    Called {
        message,
        state: MessageState::Rejected,
        wamid: None,
        code: Some(131_000),
    }
}

#[cfg(test)]
mod tests {
    use domain::time::Span;
    use domain::time::Timestamp;
    use whatsapp::outbound::SendEdge;

    use super::queueing;

    #[test]
    fn until_when() {
        let now: Timestamp = "2026-11-21T10:00:00Z".parse().unwrap();
        for (text, waits) in [
            ("until=+1", Some(1)),
            ("until=+604800", Some(604_800)),
            (" until=+60 ", Some(60)),
            ("until=2026-11-21T10:00:30Z", Some(30)),
            ("until=2026-11-21T12:00:30+02:00", Some(30)),
            ("until=+604801", None),
            ("until=+0", None),
            ("until=+-1", None),
            ("until=++1", None),
            ("until=+", None),
            ("until=+99999999999", None),
            ("until=60", None),
            ("until=2026-11-21T10:00:00Z", None),
            ("until=2026-11-28T10:00:01Z", None),
            ("until=2026-11-22", None),
            ("until=", None),
            ("until", None),
            ("2026-11-21T10:00:30Z", None),
            ("", None),
        ] {
            let read = queueing(text, SendEdge::Messages, now).ok();
            let expected = waits.map(|seconds| now + Span::seconds(seconds));
            assert_eq!(read.map(|queueing| queueing.until), expected, "{text:?}");
        }
    }
}
