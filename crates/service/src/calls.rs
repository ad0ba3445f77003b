//! Calls: placing one, and answering or ending one that is under way.
//!
//! A call the organisation places is judged like a message it starts, and needs the person's
//! permission besides. What an app does with a call that is under way was begun by the person, or
//! judged when it was placed. Session descriptions pass through and are kept nowhere.

use std::sync::Arc;

use bytes::Bytes;
use domain::access::AppScope;
use domain::decision::Outcome;
use domain::gate::Content;
use domain::message::MessageState;
use domain::subject::Identifier;
use domain::subject::IdentifierKind;
use http::Method;
use serde_json::json;
use store::operation::Called;
use store::operation::Judged;
use store::operation::Outgoing;
use store::operation::Send;
use store::operation::SendReply;
use store::registry::Number;
use whatsapp::error::GraphError;
use whatsapp::outbound::CallBody;
use whatsapp::outbound::parse_call_body;
use whatsapp::response::parse_call;

use crate::Answer;
use crate::Caller;
use crate::Failure;
use crate::SendHeaders;
use crate::Service;
use crate::ids;
use crate::outcome::Outbound;
use crate::outcome::concluded;
use crate::render::CALL;
use crate::send::Sent;
use crate::send::answered_before;
use crate::send::recipient;
use crate::send::refused;
use crate::send::refused_early;
use crate::upstream::succeeded;

/// Meta's code for somebody who cannot be called.
const UNCALLABLE: u32 = 138_001;

impl Service {
    /// Whether apps may place and answer calls.
    pub const fn allows_calls(&self) -> bool {
        self.settings.calls
    }

    /// `POST /{phone-number-id}/calls`.
    ///
    /// A caller who goes away does not cancel a call that is being placed.
    ///
    /// # Errors
    /// What Graph would answer: a body that is not right, a decision that does not allow, a refusal
    /// of Meta's.
    pub async fn calls(
        self: &Arc<Self>,
        caller: &Caller,
        phone_number_id: &str,
        body: &[u8],
        headers: SendHeaders<'_>,
    ) -> Result<Answer, Failure> {
        caller.needs(AppScope::Send)?;
        let number = self.number(caller, phone_number_id)?;
        if headers.queue.is_some() {
            return Err(
                GraphError::invalid("Imvume-Queue is for messages; a call does not wait.").into(),
            );
        }
        let call = parse_call_body(body).map_err(|error| error.graph())?;
        let (person, kept) = match &call {
            CallBody::Step { call_id, .. } => {
                let call_id = call_id.clone();
                return self.step(caller, number, call, &call_id).await;
            }
            CallBody::Connect { person, .. } => (recipient(caller, person)?, call.kept()),
        };
        let request = Send {
            app: Some(caller.app),
            number: number.id,
            recipient: person,
            content: Outgoing::Plain(Content::Call),
            declared: headers.purpose.map(str::to_owned),
            kind: CALL,
            body: kept,
            references: Vec::new(),
            media: Vec::new(),
            idempotency: self.repetition(&number, (headers, body), &["calls"]),
            queue: None,
        };
        let service = Arc::clone(self);
        let placing = async move { service.place(request, &number, &call).await };
        let ended = self.tasks.spawn(placing).await;
        let sent = ended.map_err(|_| Failure::unavailable())??;
        let id = ids::call(&caller.ids, sent.message);
        let body = json!({"messaging_product": "whatsapp", "calls": [{"id": id}]});
        Ok(Answer {
            decision: sent.decision,
            ..Answer::json(&body)
        })
    }

    async fn place(
        &self,
        request: Send,
        number: &Number,
        call: &CallBody,
    ) -> Result<Sent, Failure> {
        let _turn = match (request.app, &request.idempotency) {
            (Some(app), Some((tag, _))) => Some(self.sending.take(&(app, *tag)).await),
            _ => None,
        };
        let reply = self.store.send(request).await;
        self.measures.send(&reply);
        match reply? {
            SendReply::Judged(judged) => self.ring_up(number, call, &judged).await,
            SendReply::Repeated(repeated) => answered_before(&repeated),
            other => Err(refused_early(&other)),
        }
    }

    async fn ring_up(
        &self,
        number: &Number,
        call: &CallBody,
        judged: &Judged,
    ) -> Result<Sent, Failure> {
        if judged.decision.outcome != Outcome::Allow {
            return Err(refused(judged, self.store.clock().now()));
        }
        let (message, decision) = (judged.message, Some(judged.decision_id));
        let Some(phone) = phone(&judged.address.identifiers) else {
            let failure = GraphError::of(
                UNCALLABLE,
                "WhatsApp has told no phone number of this person, and calls go to numbers.",
            );
            self.note(Called {
                message,
                state: MessageState::Rejected,
                wamid: None,
                code: Some(UNCALLABLE),
            })
            .await;
            return Err(Failure {
                decision,
                ..failure.into()
            });
        };
        let callback = ids::callback(&self.callback, message);
        let body = Bytes::from(call.to_upstream(phone, Some(&callback)));
        let url = self.graph(&[&number.phone_number_id, "calls"]);
        let body = Some(("application/json", body));
        let placed = self
            .call((Method::POST, &url), &number.phone_number_id, body)
            .await;
        let read = |body: &[u8]| parse_call(body).ok().map(whatsapp::Text::into_string);
        let (called, outbound) = concluded(message, placed, read);
        self.note(called).await;
        match outbound {
            Outbound::Accepted => Ok(Sent {
                message,
                decision,
                queued_until: None,
            }),
            Outbound::Refused(failure) => Err(Failure {
                decision,
                ..failure
            }),
        }
    }

    /// Something is done with a call that is under way.
    async fn step(
        self: &Arc<Self>,
        caller: &Caller,
        number: Number,
        call: CallBody,
        id: &str,
    ) -> Result<Answer, Failure> {
        let unknown = || GraphError::invalid("The call id is not known on this number.");
        let message = ids::open_call(&caller.ids, id).ok_or_else(unknown)?;
        let upstream = self.store.wamid(message, number.id).await?;
        let upstream = upstream.ok_or_else(unknown)?;
        let url = self.graph(&[&number.phone_number_id, "calls"]);
        let body = call.to_upstream(&upstream, None);
        let service = Arc::clone(self);
        let done = self.tasks.spawn(async move {
            let what = (Method::POST, &url);
            service
                .change_at_meta(what, &number.phone_number_id, Some(body))
                .await
        });
        succeeded(done.await.map_err(|_| Failure::unavailable())??)?;
        let done = json!({"messaging_product": "whatsapp", "success": true});
        Ok(Answer::json(&done))
    }
}

fn phone(identifiers: &[Identifier]) -> Option<&str> {
    let mut phones = identifiers.iter();
    let found = phones.find(|identifier| identifier.kind() == IdentifierKind::Phone);
    found.map(Identifier::value)
}
