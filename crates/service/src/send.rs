//! Send: parse strictly, judge and store in one transaction, then one call to Meta.

use std::sync::Arc;

use bytes::Bytes;
use domain::decision::Outcome;
use domain::gate::Content;
use domain::ids::DecisionId;
use domain::ids::MediaId;
use domain::ids::MessageId;
use domain::message::IdentityMode;
use domain::message::MessageState;
use domain::subject::Identifier;
use domain::subject::IdentifierKind;
use domain::template::Category;
use egress::EgressError;
use egress::Response;
use http::Method;
use seal::Zeroizing;
use store::operation::Called;
use store::operation::Judged;
use store::operation::Outgoing;
use store::operation::Recipient as To;
use store::operation::Repeated;
use store::operation::Send;
use store::operation::SendReply;
use store::registry::Number;
use whatsapp::error::GraphError;
use whatsapp::error::parse_upstream;
use whatsapp::outbound::DirectCategory;
use whatsapp::outbound::MediaSource;
use whatsapp::outbound::MessagesBody;
use whatsapp::outbound::SendBody;
use whatsapp::outbound::Upstream;
use whatsapp::outbound::parse_messages_body;
use whatsapp::recipient::Bsuid;
use whatsapp::recipient::E164;
use whatsapp::recipient::Recipient;
use whatsapp::response::AnsweredPerson;
use whatsapp::response::SendAnswer;
use whatsapp::response::parse_send;

use crate::Answer;
use crate::Caller;
use crate::Failure;
use crate::Service;
use crate::ids;

/// What came with the body of a send.
#[derive(Clone, Copy, Debug, Default)]
pub struct SendHeaders<'a> {
    /// `Imvume-Purpose`: narrows the purpose, never widens it.
    pub purpose: Option<&'a str>,
    /// `Idempotency-Key`.
    pub idempotency_key: Option<&'a str>,
}

impl Service {
    /// `POST /{phone-number-id}/messages`: sends a message, or marks one as read.
    ///
    /// A caller who goes away does not cancel a send: from the judgement on it runs to its end.
    ///
    /// # Errors
    /// What Graph would answer: a body that is not right, a decision that does not allow, a refusal
    /// of Meta's.
    pub async fn messages(
        self: &Arc<Self>,
        caller: &Caller,
        phone_number_id: &str,
        body: &[u8],
        headers: SendHeaders<'_>,
    ) -> Result<Answer, Failure> {
        let number = self.number(caller, phone_number_id)?;
        match parse_messages_body(body).map_err(|error| error.graph())? {
            MessagesBody::Read { message_id, typing } => {
                self.mark_read(caller, &number, &message_id, typing).await
            }
            MessagesBody::Send(message) => {
                let request = self.request(caller, &number, &message, (headers, body))?;
                let message = Arc::new(*message);
                let (service, sending) = (Arc::clone(self), Arc::clone(&message));
                let sending = async move { service.send(request, &number, &sending).await };
                let ended = self.tasks.spawn(sending).await;
                let (id, decision) = ended.map_err(|_| Failure::unavailable())??;
                Ok(answer(caller, &message, id, decision))
            }
        }
    }

    /// What the store is asked.
    fn request(
        &self,
        caller: &Caller,
        number: &Number,
        body: &SendBody,
        (headers, raw): (SendHeaders<'_>, &[u8]),
    ) -> Result<Send, GraphError> {
        // The same body from another number or for another purpose is another request.
        let repetition = headers.idempotency_key.map(|key| {
            let asked = [
                number.phone_number_id.as_bytes(),
                headers.purpose.unwrap_or_default().as_bytes(),
                &seal::sha256(raw),
            ];
            let tag = |parts: &[&[u8]]| self.store.keyring().dedup_tag(parts);
            (
                tag(&[b"idempotency", key.as_bytes()]),
                seal::sha256(&asked.join(&0)),
            )
        });
        Ok(Send {
            app: Some(caller.app),
            number: number.id,
            recipient: recipient(caller, &body.recipient)?,
            content: outgoing(body),
            declared: headers.purpose.map(str::to_owned),
            kind: body.kind.as_str(),
            body: serde_json::to_vec(&body.value).unwrap_or_default(),
            references: references(caller, body)?,
            media: media(caller, body)?,
            idempotency: repetition,
        })
    }

    async fn send(&self, request: Send, number: &Number, body: &SendBody) -> Result<Sent, Failure> {
        // Whoever repeats the request while it is under way waits for this to be dropped.
        let _turn = match (request.app, &request.idempotency) {
            (Some(app), Some((tag, _))) => Some(self.sending.take(&(app, *tag)).await),
            _ => None,
        };
        match self.store.send(request).await? {
            SendReply::Judged(judged) => self.judged(number, body, &judged).await,
            SendReply::Repeated(repeated) => answered_before(&repeated),
            SendReply::KeyReused => Err(GraphError {
                status: 409,
                ..GraphError::invalid(
                    "This Idempotency-Key was used for another request; use a new key.",
                )
            }
            .into()),
            SendReply::UnknownRecipient => Err(GraphError::invalid(
                "The recipient is not an alias of this app; register the person first.",
            )
            .into()),
            SendReply::UnknownReference => Err(GraphError::invalid(
                "The message or media id is not known on this number; use ids from this gateway.",
            )
            .into()),
        }
    }

    async fn judged(
        &self,
        number: &Number,
        body: &SendBody,
        judged: &Judged,
    ) -> Result<Sent, Failure> {
        if judged.decision.outcome != Outcome::Allow {
            return Err(refused(judged, self.store.clock().now()));
        }
        let decision = Some(judged.decision_id);
        match self.call_meta(number, body, judged).await {
            Outbound::Accepted => Ok((judged.message, decision)),
            Outbound::Refused(error) => Err(Failure {
                error,
                decision,
                retry_after: None,
            }),
        }
    }

    /// The one call. Its outcome is handed to the writer before this returns, and is durable soon
    /// after; a crash in between leaves the message indeterminate, which its first status resolves.
    async fn call_meta(&self, number: &Number, body: &SendBody, judged: &Judged) -> Outbound {
        let uploads = uploads(&judged.media);
        let media: Vec<(&str, &str)> = body
            .media
            .iter()
            .filter(|used| matches!(used.source, MediaSource::Id(_)))
            .zip(&uploads)
            .map(|(used, id)| (used.pointer.as_str(), id.as_str()))
            .collect();
        let mut references = judged.references.iter().map(|id| id.as_str());
        let context_id = body
            .context_message_id
            .as_ref()
            .and_then(|_| references.next());
        let reaction_id = body
            .reaction_target
            .as_ref()
            .and_then(|_| references.next());
        let callback = ids::callback(&self.callback, judged.message);
        let recipient = real(&judged.address.identifiers);
        let upstream = Upstream {
            recipient: recipient.as_ref(),
            context_id,
            reaction_id,
            callback: Some(&callback),
            media: &media,
        };
        let sent = self.post_message(number, body.to_upstream(&upstream)).await;
        self.conclude(judged.message, sent).await
    }

    /// Posts a body to Meta's `messages`.
    pub(crate) async fn post_message(
        &self,
        number: &Number,
        body: Vec<u8>,
    ) -> Result<Response, EgressError> {
        let url = self.graph(&[&number.phone_number_id, "messages"]);
        let body = Some(("application/json", Bytes::from(body)));
        self.call((Method::POST, &url), &number.phone_number_id, body)
            .await
    }

    /// What an answer of Meta's means, recorded.
    pub(crate) async fn conclude(
        &self,
        message: MessageId,
        sent: Result<Response, EgressError>,
    ) -> Outbound {
        let (called, outbound) = conclusion(message, sent);
        if let Err(error) = self.store.note_called(called).await {
            tracing::error!(%error, "cannot record how a call ended; a status will tell");
        }
        outbound
    }

    async fn mark_read(
        &self,
        caller: &Caller,
        number: &Number,
        message_id: &str,
        typing: bool,
    ) -> Result<Answer, Failure> {
        let unknown = || GraphError::invalid("The message id is not known on this number.");
        let message = ids::open_message(&caller.ids, message_id).ok_or_else(unknown)?;
        let wamid = self
            .store
            .wamid(message, number.id)
            .await?
            .ok_or_else(unknown)?;
        let mut body = serde_json::json!({
            "messaging_product": "whatsapp",
            "status": "read",
            "message_id": wamid.as_str(),
        });
        if typing && let Some(body) = body.as_object_mut() {
            let indicator = serde_json::json!({"type": "text"});
            body.insert("typing_indicator".to_owned(), indicator);
        }
        match self
            .post_message(number, body.to_string().into_bytes())
            .await
        {
            Ok(response) if response.status.is_success() => Ok(Answer::success()),
            Ok(response) => Err(mapped(&response).into()),
            Err(_) => Err(Failure::unavailable()),
        }
    }
}

/// A message that was sent, with the decision behind it.
type Sent = (MessageId, Option<DecisionId>);

/// Answers a repeated request as the first one was answered.
fn answered_before(repeated: &Repeated) -> Result<Sent, Failure> {
    let decision = repeated.decision_id;
    match repeated.state {
        MessageState::Refused | MessageState::Rejected => {
            let code = repeated.code.unwrap_or(131_000);
            let details = match repeated.sentences.first() {
                Some(sentence) if repeated.state == MessageState::Refused => sentence.clone(),
                _ => "This request was made before and WhatsApp refused it.".to_owned(),
            };
            Err(Failure {
                error: GraphError::of(code, details),
                decision,
                retry_after: None,
            })
        }
        _ => Ok((repeated.message, decision)),
    }
}

/// What came of a call.
#[derive(Debug)]
pub(crate) enum Outbound {
    /// Meta has it, or may have it: the app gets our id, and statuses will tell.
    Accepted,
    /// Meta refused it, or it never left.
    Refused(GraphError),
}

fn conclusion(message: MessageId, sent: Result<Response, EgressError>) -> (Called, Outbound) {
    let called = |state, wamid, code| Called {
        message,
        state,
        wamid,
        code,
    };
    let indeterminate = || {
        (
            called(MessageState::Indeterminate, None, None),
            Outbound::Accepted,
        )
    };
    match sent {
        Ok(response) if response.status.is_success() => match parse_send(&response.body) {
            Ok(accepted) => {
                let wamid = Some(accepted.wamid.into_string());
                (
                    called(MessageState::Accepted, wamid, None),
                    Outbound::Accepted,
                )
            }
            Err(_) => indeterminate(),
        },
        Ok(response) => {
            let upstream = parse_upstream(response.status.as_u16(), &response.body);
            if !upstream.from_graph && response.status.is_server_error() {
                return indeterminate();
            }
            let error = mapped(&response);
            let code = Some(error.code);
            (
                called(MessageState::Rejected, None, code),
                Outbound::Refused(error),
            )
        }
        Err(EgressError::NotSent(_)) => {
            let error = GraphError::unavailable();
            let code = Some(error.code);
            (
                called(MessageState::Rejected, None, code),
                Outbound::Refused(error),
            )
        }
        Err(EgressError::Unknown(_) | EgressError::TooLarge { .. }) => indeterminate(),
    }
}

/// Meta's refusal in our words: its code, without its details, which sometimes repeat the number.
pub(crate) fn mapped(response: &Response) -> GraphError {
    let upstream = parse_upstream(response.status.as_u16(), &response.body);
    match upstream.code {
        // Our own token at Meta is not the app's business.
        0 | 190 => GraphError::unavailable(),
        code => GraphError::of(code, "WhatsApp refused the call; see the code."),
    }
}

fn refused(judged: &Judged, now: domain::time::Timestamp) -> Failure {
    let details = judged
        .decision
        .sentences()
        .into_iter()
        .next()
        .unwrap_or_default();
    Failure {
        error: GraphError::of(judged.decision.code().unwrap_or(131_000), details),
        decision: Some(judged.decision_id),
        retry_after: judged
            .decision
            .wait(now)
            .map(domain::time::Span::as_seconds_up),
    }
}

/// Whom a send is for. An app in alias mode writes to aliases only.
fn recipient(caller: &Caller, recipient: &Recipient) -> Result<To, GraphError> {
    match (caller.identity, recipient) {
        (IdentityMode::Alias, Recipient::Scoped(id)) => Ok(To::Alias(id.as_str().to_owned())),
        (IdentityMode::Alias, Recipient::Phone(_)) => Err(GraphError::invalid(
            "This app knows people by alias; register the person to get one.",
        )),
        (IdentityMode::Real, Recipient::Phone(phone)) => Ok(To::Identifier(Identifier::new(
            IdentifierKind::Phone,
            phone.as_str().to_owned(),
        ))),
        (IdentityMode::Real, Recipient::Scoped(id)) => {
            let kind = if id.is_parent() {
                IdentifierKind::ParentBsuid
            } else {
                IdentifierKind::Bsuid
            };
            Ok(To::Identifier(Identifier::new(
                kind,
                id.as_str().to_owned(),
            )))
        }
    }
}

fn outgoing(body: &SendBody) -> Outgoing {
    match (&body.template, body.category) {
        (Some(template), _) => Outgoing::Template {
            name: template.name.clone(),
            language: template.language.clone(),
        },
        (None, Some(DirectCategory::Authentication)) => {
            Outgoing::Plain(Content::Direct(Category::Authentication))
        }
        (None, Some(DirectCategory::Utility)) => {
            Outgoing::Plain(Content::Direct(Category::Utility))
        }
        (None, None) => Outgoing::Plain(Content::FreeForm),
    }
}

fn references(caller: &Caller, body: &SendBody) -> Result<Vec<MessageId>, GraphError> {
    body.context_message_id
        .iter()
        .chain(&body.reaction_target)
        .map(|id| {
            ids::open_message(&caller.ids, id).ok_or_else(|| {
                GraphError::invalid("The message id is not one of this gateway; use its ids.")
            })
        })
        .collect()
}

fn media(caller: &Caller, body: &SendBody) -> Result<Vec<MediaId>, GraphError> {
    body.media
        .iter()
        .filter_map(|used| match &used.source {
            MediaSource::Id(id) => Some(id),
            MediaSource::Link(_) => None,
        })
        .map(|id| {
            ids::open_media(&caller.ids, id).ok_or_else(|| {
                GraphError::invalid("The media id is not one of this gateway; upload through it.")
            })
        })
        .collect()
}

/// Meta's ids of media objects, from their references.
fn uploads(references: &[Zeroizing<Vec<u8>>]) -> Vec<String> {
    references
        .iter()
        .map(|reference| crate::media::upstream_id(reference))
        .collect()
}

/// Where a person is reached at Meta: by phone if it is known, by BSUID otherwise.
pub(crate) fn real(identifiers: &[Identifier]) -> Option<Recipient> {
    identifiers
        .iter()
        .find_map(|identifier| match identifier.kind() {
            IdentifierKind::Phone => E164::parse(identifier.value()).ok().map(Recipient::Phone),
            IdentifierKind::Bsuid => Bsuid::parse(identifier.value()).ok().map(Recipient::Scoped),
            _ => None,
        })
}

fn answer(
    caller: &Caller,
    body: &SendBody,
    message: MessageId,
    decision: Option<DecisionId>,
) -> Answer {
    // The app is told whom it wrote to as it named the person itself.
    let person = match &body.recipient {
        Recipient::Phone(phone) => AnsweredPerson::WaId(phone.wa_id()),
        Recipient::Scoped(id) => AnsweredPerson::UserId(id.as_str()),
    };
    let id = ids::message(&caller.ids, message);
    let answer = SendAnswer {
        input: &body.input,
        person,
        message_id: &id,
        status: None,
    };
    Answer {
        body: answer.to_json(),
        decision,
    }
}
