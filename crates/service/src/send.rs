//! Send: parse strictly, judge and store in one transaction, then one call to Meta.

use std::borrow::Cow;
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
use domain::time::Timestamp;
use egress::EgressError;
use egress::Response;
use http::Method;
use http::header;
use seal::Zeroizing;
use store::operation::Address;
use store::operation::Called;
use store::operation::Judged;
use store::operation::Outgoing;
use store::operation::Recipient as To;
use store::operation::Repeated;
use store::operation::Send;
use store::operation::SendReply;
use store::registry::Number;
use whatsapp::error::GraphError;
use whatsapp::error::UpstreamError;
use whatsapp::error::code::Retry;
use whatsapp::error::parse_upstream;
use whatsapp::outbound::Addressee;
use whatsapp::outbound::BodyError;
use whatsapp::outbound::DirectCategory;
use whatsapp::outbound::Fault;
use whatsapp::outbound::MediaSource;
use whatsapp::outbound::MessagesBody;
use whatsapp::outbound::SendBody;
use whatsapp::outbound::SendEdge;
use whatsapp::outbound::Upstream;
use whatsapp::outbound::parse_messages_body;
use whatsapp::recipient::Bsuid;
use whatsapp::recipient::E164;
use whatsapp::recipient::Recipient;
use whatsapp::response::AnsweredPerson;
use whatsapp::response::SendAnswer;

use crate::Answer;
use crate::Caller;
use crate::Failure;
use crate::Service;
use crate::groups::unknown_group;
use crate::ids;
use crate::outcome::Outbound;
use crate::outcome::conclusion;
use crate::queue;

/// The longest pause that is passed on from Meta to an app, in seconds.
const LONGEST_WAIT: i64 = 3_600;
/// How soon one person can be written to again: Meta takes one message in six seconds.
const PAIR_WAIT: i64 = 6;

/// What came with the body of a send.
#[derive(Clone, Copy, Debug, Default)]
pub struct SendHeaders<'a> {
    /// `Imvume-Purpose`: narrows the purpose, never widens it.
    pub purpose: Option<&'a str>,
    /// `Idempotency-Key`.
    pub idempotency_key: Option<&'a str>,
    /// `Imvume-Queue`: until when the message may wait, if it has to.
    pub queue: Option<&'a str>,
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
            MessagesBody::Read { .. } if headers.queue.is_some() => Err(GraphError::invalid(
                "Imvume-Queue is for messages; marking one as read does not wait.",
            )
            .into()),
            MessagesBody::Read { message_id, typing } => {
                self.mark_read(caller, &number, &message_id, typing).await
            }
            MessagesBody::Send(message) => {
                self.submit(caller, number, *message, (headers, body)).await
            }
        }
    }

    /// Sends a checked message, whichever path it was posted to.
    pub(crate) async fn submit(
        self: &Arc<Self>,
        caller: &Caller,
        number: Number,
        message: SendBody,
        (headers, raw): (SendHeaders<'_>, &[u8]),
    ) -> Result<Answer, Failure> {
        let message = self.personal(caller, &number, message).await?;
        let request = self.request(caller, &number, &message, (headers, raw))?;
        let message = Arc::new(message);
        let (service, sending) = (Arc::clone(self), Arc::clone(&message));
        let sending = async move { service.send(request, &number, &sending).await };
        let ended = self.tasks.spawn(sending).await;
        let sent = ended.map_err(|_| Failure::unavailable())??;
        Ok(answer(caller, &message, &sent))
    }

    /// What the store is asked.
    fn request(
        &self,
        caller: &Caller,
        number: &Number,
        body: &SendBody,
        (headers, raw): (SendHeaders<'_>, &[u8]),
    ) -> Result<Send, GraphError> {
        let mut elsewhere = Vec::new();
        if body.edge != SendEdge::Messages {
            elsewhere.push(body.edge.as_str());
        }
        if let Some(queue) = headers.queue {
            elsewhere.extend(["queue", queue]);
        }
        let repetition = self.repetition(number, (headers, raw), &elsewhere);
        let to = match &body.recipient {
            Addressee::Group(_) if !self.settings.groups => {
                return Err(BodyError::new("recipient_type", Fault::Group).graph());
            }
            Addressee::Group(_) if headers.queue.is_some() => {
                return Err(GraphError::invalid(
                    "A message to a group does not wait; send it without Imvume-Queue.",
                ));
            }
            Addressee::Group(id) => To::Group(id.clone()),
            Addressee::Person(person) => recipient(caller, person)?,
        };
        let now = self.store.clock().now();
        let queueing = headers
            .queue
            .map(|text| queue::queueing(text, body.edge, now));
        Ok(Send {
            app: Some(caller.app),
            number: number.id,
            recipient: to,
            content: outgoing(body),
            declared: headers.purpose.map(str::to_owned),
            kind: body.kind.as_str(),
            body: serde_json::to_vec(&body.value).unwrap_or_default(),
            references: references(caller, body)?,
            media: media(caller, body)?,
            idempotency: repetition,
            queue: queueing.transpose()?,
        })
    }

    /// By what a repetition of a request is known. The same body from another number, for another
    /// purpose or on another path is another request.
    pub(crate) fn repetition(
        &self,
        number: &Number,
        (headers, raw): (SendHeaders<'_>, &[u8]),
        elsewhere: &[&str],
    ) -> Option<([u8; 16], [u8; 32])> {
        let key = headers.idempotency_key?;
        let hash = seal::sha256(raw);
        let mut asked = vec![
            number.phone_number_id.as_bytes(),
            headers.purpose.unwrap_or_default().as_bytes(),
            &hash,
        ];
        asked.extend(elsewhere.iter().map(|part| part.as_bytes()));
        let tag = |parts: &[&[u8]]| self.store.keyring().dedup_tag(parts);
        Some((
            tag(&[b"idempotency", key.as_bytes()]),
            seal::sha256(&asked.join(&0)),
        ))
    }

    async fn send(&self, request: Send, number: &Number, body: &SendBody) -> Result<Sent, Failure> {
        // Whoever repeats the request while it is under way waits for this to be dropped.
        let _turn = match (request.app, &request.idempotency) {
            (Some(app), Some((tag, _))) => Some(self.sending.take(&(app, *tag)).await),
            _ => None,
        };
        // What may wait may also be put back by Meta's answer, and is needed whole for that.
        let waits = request.queue.is_some().then(|| request.clone());
        let reply = match &body.recipient {
            Addressee::Group(group) => self.send_to_group(request, number, group).await?,
            Addressee::Person(_) => {
                let reply = self.store.send(request).await;
                self.measures.send(&reply);
                reply?
            }
        };
        match reply {
            SendReply::Judged(judged) => self.judged(number, body, (&judged, waits)).await,
            SendReply::Repeated(repeated) => answered_before(&repeated),
            other => Err(refused_early(&other)),
        }
    }

    async fn judged(
        &self,
        number: &Number,
        body: &SendBody,
        (judged, waits): (&Judged, Option<Send>),
    ) -> Result<Sent, Failure> {
        let decision = Some(judged.decision_id);
        let sent = |queued_until| Sent {
            message: judged.message,
            decision,
            queued_until,
        };
        match judged.decision.outcome {
            Outcome::Allow => {}
            Outcome::Defer { until } if judged.queued => return Ok(sent(Some(until))),
            Outcome::Defer { .. } | Outcome::Refuse => {
                return Err(refused(judged, self.store.clock().now()));
            }
        }
        let ready = Ready {
            message: judged.message,
            address: &judged.address,
            references: &judged.references,
            media: &judged.media,
        };
        let (called, outbound) =
            conclusion(judged.message, self.call_meta(number, body, &ready).await);
        let failure = match outbound {
            Outbound::Accepted => {
                self.note(called).await;
                return Ok(sent(None));
            }
            Outbound::Refused(failure) => failure,
        };
        if let Some(request) = waits
            && let Some(due) = self.join_queue(judged.message, request, &failure).await
        {
            return Ok(sent(Some(due)));
        }
        self.note(called).await;
        Err(Failure {
            decision,
            ..failure
        })
    }

    /// The one call. A crash before its outcome is recorded leaves the message indeterminate, which
    /// its first status resolves.
    pub(crate) async fn call_meta(
        &self,
        number: &Number,
        body: &SendBody,
        ready: &Ready<'_>,
    ) -> Result<Response, EgressError> {
        let uploads = uploads(ready.media);
        let media: Vec<(&str, &str)> = body
            .media
            .iter()
            .filter(|used| matches!(used.source, MediaSource::Id(_)))
            .zip(&uploads)
            .map(|(used, id)| (used.pointer.as_str(), id.as_str()))
            .collect();
        let mut references = ready.references.iter().map(|id| id.as_str());
        let context_id = body
            .context_message_id
            .as_ref()
            .and_then(|_| references.next());
        let reaction_id = body
            .reaction_target
            .as_ref()
            .and_then(|_| references.next());
        let callback = ids::callback(&self.callback, ready.message);
        let recipient = real(&ready.address.identifiers);
        let upstream = Upstream {
            recipient: recipient.as_ref(),
            context_id,
            reaction_id,
            callback: Some(&callback),
            media: &media,
        };
        self.post_to(number, body.edge, body.to_upstream(&upstream))
            .await
    }

    /// Posts a body to Meta's `messages`.
    pub(crate) async fn post_message(
        &self,
        number: &Number,
        body: Vec<u8>,
    ) -> Result<Response, EgressError> {
        self.post_to(number, SendEdge::Messages, body).await
    }

    async fn post_to(
        &self,
        number: &Number,
        edge: SendEdge,
        body: Vec<u8>,
    ) -> Result<Response, EgressError> {
        let url = self.graph(&[&number.phone_number_id, edge.as_str()]);
        let body = Some(("application/json", Bytes::from(body)));
        self.call((Method::POST, &url), &number.phone_number_id, body)
            .await
    }

    /// Records how a call ended: in the writer's hands when this returns, and durable soon after.
    pub(crate) async fn note(&self, called: Called) {
        self.measures.concluded(called.state);
        if let Err(error) = self.store.note_called(called).await {
            tracing::error!(%error, "cannot record how a call ended; a status will tell");
        }
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
            Ok(response) => Err(mapped(&response)),
            Err(_) => Err(Failure::unavailable()),
        }
    }
}

/// A message that may go, with what its body lacks.
#[derive(Debug)]
pub(crate) struct Ready<'a> {
    pub(crate) message: MessageId,
    /// Where it goes.
    pub(crate) address: &'a Address,
    /// Meta's ids of the messages it refers to.
    pub(crate) references: &'a [Zeroizing<String>],
    /// The references of the media objects it carries.
    pub(crate) media: &'a [Zeroizing<Vec<u8>>],
}

/// A message that was sent or waits, with the decision behind it.
#[derive(Debug)]
pub(crate) struct Sent {
    pub(crate) message: MessageId,
    pub(crate) decision: Option<DecisionId>,
    /// When it is judged again, while it waits.
    pub(crate) queued_until: Option<Timestamp>,
}

/// What is said to a request that was not judged.
pub(crate) fn refused_early(reply: &SendReply) -> Failure {
    match reply {
        SendReply::KeyReused => GraphError {
            status: 409,
            ..GraphError::invalid(
                "This Idempotency-Key was used for another request; use a new key.",
            )
        },
        SendReply::UnknownGroup => unknown_group(),
        SendReply::UnknownRecipient => GraphError::invalid(
            "The recipient is not an alias of this app; register the person first.",
        ),
        SendReply::Judged(_) | SendReply::Repeated(_) | SendReply::UnknownReference => {
            GraphError::invalid(
                "The message or media id is not known on this number; use ids from this gateway.",
            )
        }
    }
    .into()
}

/// Answers a repeated request as the first one was answered.
pub(crate) fn answered_before(repeated: &Repeated) -> Result<Sent, Failure> {
    let decision = repeated.decision_id;
    match repeated.state {
        MessageState::Refused | MessageState::Rejected if !repeated.waited => {
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
        _ => Ok(Sent {
            message: repeated.message,
            decision,
            queued_until: repeated.due,
        }),
    }
}

/// Meta's refusal in our words: its code, without its details, which sometimes repeat the number;
/// and when to try again, if Meta says or its code tells.
pub(crate) fn mapped(response: &Response) -> Failure {
    let upstream = parse_upstream(response.status.as_u16(), &response.body);
    if upstream.code == 0 || upstream.code == 190 {
        // Our own token at Meta is not the app's business, but it is the operator's.
        tracing::error!(
            code = upstream.code,
            "Meta refuses the access token of a number"
        );
        return Failure::unavailable();
    }
    let asked = response
        .headers
        .get(header::RETRY_AFTER)
        .and_then(|value| value.to_str().ok()?.parse::<u32>().ok());
    let wait = match (asked, upstream.code, upstream.retry) {
        (Some(seconds), ..) => Some(i64::from(seconds).clamp(1, LONGEST_WAIT)),
        (None, 131_056, _) => Some(PAIR_WAIT),
        (None, _, Retry::Backoff) => Failure::unavailable().retry_after,
        (None, ..) => None,
    };
    Failure {
        error: GraphError::of(upstream.code, told(&upstream)),
        decision: None,
        retry_after: wait,
    }
}

/// What to do about a refusal, where the code alone does not say it.
fn told(upstream: &UpstreamError) -> Cow<'static, str> {
    match (upstream.code, upstream.subcode) {
        (137_000, _) => "The person's identity key is not the one you named: the account may be \
                         in other hands; verify the person by another channel before you send."
            .into(),
        (_, Some(subcode)) => format!(
            "WhatsApp refused the call; see the code, and Meta's list for its subcode {subcode}."
        )
        .into(),
        (_, None) => "WhatsApp refused the call; see the code.".into(),
    }
}

pub(crate) fn refused(judged: &Judged, now: Timestamp) -> Failure {
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
pub(crate) fn recipient(caller: &Caller, recipient: &Recipient) -> Result<To, GraphError> {
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

fn answer(caller: &Caller, body: &SendBody, sent: &Sent) -> Answer {
    // The app is told whom it wrote to as it named the person itself.
    let person = match &body.recipient {
        Addressee::Group(id) => AnsweredPerson::Group(id),
        Addressee::Person(Recipient::Phone(phone)) => AnsweredPerson::WaId(phone.wa_id()),
        Addressee::Person(Recipient::Scoped(id)) => AnsweredPerson::UserId(id.as_str()),
    };
    let id = ids::message(&caller.ids, sent.message);
    let answer = SendAnswer {
        input: &body.input,
        person,
        message_id: &id,
        status: None,
    };
    Answer {
        decision: sent.decision,
        queued_until: sent.queued_until,
        ..Answer::plain(answer.to_json())
    }
}
