//! The store's operations by name: each one transaction, durable when it returns.

use domain::audit::Action;
use domain::audit::Actor;
use domain::decision::Decision;
use domain::ids::AppId;
use domain::ids::ConsentEventId;
use domain::ids::DeliveryId;
use domain::ids::EventEndpointId;
use domain::ids::MediaId;
use domain::ids::MessageId;
use domain::ids::NoticeId;
use domain::ids::NumberId;
use domain::ids::PurposeId;
use domain::ids::SubjectId;
use domain::ids::TokenId;
use domain::message::MessageState;
use domain::subject::Identifier;
use domain::suppression::Suppression;
use domain::suppression::SuppressionScope;
use domain::suppression::SuppressionSource;
use domain::time::Timestamp;

use crate::admin;
use crate::admin::Issued;
use crate::admin::NewApp;
use crate::admin::NewNotice;
use crate::admin::NewNumber;
use crate::admin::NewPurpose;
use crate::admin::NewToken;
use crate::catalogue;
use crate::catalogue::ListedTemplate;
use crate::consent::NewConsent;
use crate::delivery;
use crate::delivery::Attempt;
use crate::error::StoreError;
use crate::event;
use crate::event::EventAttempt;
use crate::event::NewEndpoint;
use crate::health;
use crate::known::Known;
use crate::media;
use crate::media::KeptObject;
use crate::media::NewMedia;
use crate::number;
use crate::operation::Called;
use crate::operation::Outgoing;
use crate::operation::OwnCall;
use crate::operation::Send;
use crate::operation::SendReply;
use crate::people;
use crate::question::Question;
use crate::queue;
use crate::queue::Turn;
use crate::record;
use crate::send;
use crate::status;
use crate::store::PUT_OFF;
use crate::store::Store;

impl Store {
    /// Judges a message and stores the judgement. If it was allowed, exactly one call to Meta
    /// follows, and then [`Store::called`].
    pub async fn send(&self, request: Send) -> Result<SendReply, StoreError> {
        self.write(move |tx| send::send(tx, &request)).await
    }

    /// Records how a call to Meta ended.
    pub async fn called(&self, called: Called) -> Result<(), StoreError> {
        self.write(move |tx| status::called(tx, &called)).await
    }

    /// Hands over how a call ended and returns as soon as the writer has it in its queue: whatever
    /// is asked of the store from then on sees it. It is durable soon after.
    pub async fn note_called(&self, called: Called) -> Result<(), StoreError> {
        loop {
            let noted = called.clone();
            match self.post(move |tx| status::called(tx, &noted)) {
                // The writer empties a full queue within one transaction, if the database is there.
                Err(StoreError::Busy) => tokio::time::sleep(PUT_OFF).await,
                other => return other,
            }
        }
    }

    /// Adds an endpoint of the event channel. The secret its events are signed with is shown once.
    pub async fn add_event_endpoint(
        &self,
        actor: Actor,
        new: NewEndpoint,
    ) -> Result<Issued<EventEndpointId>, StoreError> {
        self.write(move |tx| event::add_endpoint(tx, actor, &new))
            .await
    }

    /// Ends an endpoint of the event channel.
    pub async fn end_event_endpoint(
        &self,
        actor: Actor,
        id: EventEndpointId,
    ) -> Result<(), StoreError> {
        self.write(move |tx| event::end_endpoint(tx, actor, id))
            .await
    }

    /// Puts the events of a range of instants back into an endpoint's queue. Returns how many.
    pub async fn replay_events(
        &self,
        actor: Actor,
        id: EventEndpointId,
        range: (Timestamp, Timestamp),
    ) -> Result<usize, StoreError> {
        self.write(move |tx| event::replay(tx, actor, id, range))
            .await
    }

    /// Records how attempts at delivering events ended.
    pub async fn events_attempted(&self, attempts: Vec<EventAttempt>) -> Result<(), StoreError> {
        self.write(move |tx| event::attempted(tx, &attempts)).await
    }

    /// Appends a leaf with a sealed detail, for what is about to be done elsewhere: durable before it
    /// is begun.
    pub async fn note(
        &self,
        told: (Actor, Action, &'static str),
        subject: Option<SubjectId>,
        detail: String,
    ) -> Result<(), StoreError> {
        let (actor, action, rule) = told;
        self.write(move |tx| tx.note(subject, &detail, (actor, action, &[rule])))
            .await
    }

    /// Judges the next message that waits and is due.
    pub async fn next_queued(&self) -> Result<Turn, StoreError> {
        self.write(queue::next).await
    }

    /// Records how the call of a message that waited has ended; `again` says when to try once more,
    /// for a call of which Meta said that it did nothing.
    pub async fn queued_called(
        &self,
        called: Called,
        again: Option<Timestamp>,
    ) -> Result<(), StoreError> {
        self.write(move |tx| {
            if again.is_none() && called.state == MessageState::Rejected {
                return queue::refused_upstream(tx, &called);
            }
            queue::called(tx, &called, again)
        })
        .await
    }

    /// Takes a message out of the queue before its call, and says why; of one app if given.
    pub async fn cancel_queued(
        &self,
        actor: Actor,
        message: MessageId,
        (app, why): (Option<AppId>, String),
    ) -> Result<(), StoreError> {
        self.write(move |tx| queue::cancel(tx, actor, message, (app, &why)))
            .await
    }

    /// Puts a message into the queue whose call Meta answered by doing nothing: it is due then.
    pub async fn queue_called(
        &self,
        message: MessageId,
        request: Send,
        (code, due): (Option<u32>, Timestamp),
    ) -> Result<(), StoreError> {
        self.write(move |tx| queue::put_back(tx, message, &request, (code, due)))
            .await
    }

    /// Removes what has served its time: keys of repetitions after 8 days, raw webhooks kept aside
    /// and their keys after 30, idempotency keys after 8.
    pub async fn tidy(&self) -> Result<(), StoreError> {
        while self.write(crate::tidy::tidy).await? {}
        Ok(())
    }

    /// The next of the gateway's own messages, with its call begun.
    pub async fn next_own(&self) -> Result<Option<OwnCall>, StoreError> {
        self.write(send::next_own).await
    }

    /// What the gate would say now of a message to a person. Nothing is written.
    pub async fn preview(
        &self,
        subject: SubjectId,
        number: NumberId,
        content: Outgoing,
        declared: Option<String>,
    ) -> Result<(Decision, String), StoreError> {
        self.write(move |tx| {
            let question = Question {
                number,
                content: &content,
                declared: declared.as_deref(),
                body: None,
            };
            send::preview(tx, subject, &question)
        })
        .await
    }

    /// Meta's id of a message on a number, for a read receipt.
    pub async fn wamid(
        &self,
        message: MessageId,
        number: NumberId,
    ) -> Result<Option<seal::Zeroizing<String>>, StoreError> {
        self.write(move |tx| send::wamid(tx, message, number)).await
    }

    /// The subject of an identifier; made if nobody has it.
    pub async fn enrol(
        &self,
        actor: Actor,
        identifiers: Vec<Identifier>,
    ) -> Result<SubjectId, StoreError> {
        self.write(move |tx| {
            let mut known = Known::default();
            let mut leaf = tx.open_leaf()?;
            tx.look_up(&mut known, identifiers.iter())?;
            let subject = tx.resolve(&mut leaf, &mut known, &identifiers)?;
            tx.close_leaf(leaf, actor, Action::Intake, &["subject/enrol"]);
            tx.flush()?;
            Ok(subject)
        })
        .await
    }

    /// Appends a consent event.
    pub async fn record_consent(
        &self,
        actor: Actor,
        subject: SubjectId,
        event: NewConsent,
    ) -> Result<ConsentEventId, StoreError> {
        self.write(move |tx| {
            people::exists(tx.connection, subject)?;
            tx.append_consent(subject, actor, &event)
        })
        .await
    }

    /// Suppresses a person, as staff were asked to. Returns whether anything was added.
    pub async fn suppress(
        &self,
        actor: Actor,
        subject: SubjectId,
        scope: SuppressionScope,
    ) -> Result<bool, StoreError> {
        self.write(move |tx| {
            people::exists(tx.connection, subject)?;
            tx.suppress(
                subject,
                (scope, SuppressionSource::Own),
                actor,
                "staff/suppress",
            )
        })
        .await
    }

    /// Lifts a person's own suppressions, as staff were asked to. WhatsApp's native stop stays.
    pub async fn lift(&self, actor: Actor, subject: SubjectId) -> Result<(), StoreError> {
        self.write(move |tx| {
            people::exists(tx.connection, subject)?;
            tx.lift(subject, actor, "staff/lift", Suppression::lifted_by_opt_in)
        })
        .await
    }

    /// The suppressions in force on a person.
    pub async fn suppressions(&self, subject: SubjectId) -> Result<Vec<Suppression>, StoreError> {
        self.write(move |tx| record::suppressions(tx, subject))
            .await
    }

    /// Restricts a subject, or lifts the restriction.
    pub async fn set_restriction(
        &self,
        actor: Actor,
        subject: SubjectId,
        restricted: bool,
        reason: String,
    ) -> Result<(), StoreError> {
        self.write(move |tx| admin::set_restriction(tx, actor, (subject, restricted), &reason))
            .await
    }

    /// Makes a number known, or brings its names up to date.
    pub async fn put_number(&self, new: NewNumber) -> Result<NumberId, StoreError> {
        self.write(move |tx| admin::put_number(tx, &new)).await
    }

    /// Keeps the token a number's calls to Meta are made with, or another one in its place.
    pub async fn set_number_token(
        &self,
        actor: Actor,
        number: NumberId,
        token: seal::Zeroizing<String>,
    ) -> Result<(), StoreError> {
        self.write(move |tx| number::set_token(tx, actor, number, &token))
            .await
    }

    /// Takes it from staff that Meta's restrictions of a number's account are over.
    pub async fn clear_health(
        &self,
        actor: Actor,
        number: NumberId,
        reason: String,
    ) -> Result<(), StoreError> {
        self.write(move |tx| health::clear(tx, actor, number, &reason))
            .await
    }

    /// Changes whether messages for a purpose have to name the person's identity key.
    pub async fn set_identity_check(
        &self,
        actor: Actor,
        purpose: PurposeId,
        wanted: bool,
    ) -> Result<(), StoreError> {
        self.write(move |tx| admin::set_identity_check(tx, actor, purpose, wanted))
            .await
    }

    /// Lets an app in. The secret its webhooks are signed with is shown once.
    pub async fn add_app(&self, actor: Actor, new: NewApp) -> Result<Issued<AppId>, StoreError> {
        self.write(move |tx| admin::add_app(tx, actor, &new)).await
    }

    /// Ends an app's contract.
    pub async fn end_app(&self, actor: Actor, app: AppId) -> Result<(), StoreError> {
        self.write(move |tx| admin::end_app(tx, actor, app)).await
    }

    /// Issues a token. It is shown once.
    pub async fn issue_token(
        &self,
        actor: Actor,
        new: NewToken,
    ) -> Result<Issued<TokenId>, StoreError> {
        self.write(move |tx| admin::issue_token(tx, actor, &new))
            .await
    }

    /// Revokes a token, at once.
    pub async fn revoke_token(&self, actor: Actor, token: TokenId) -> Result<(), StoreError> {
        self.write(move |tx| admin::revoke_token(tx, actor, token))
            .await
    }

    /// Adds a purpose.
    pub async fn add_purpose(
        &self,
        actor: Actor,
        new: NewPurpose,
    ) -> Result<PurposeId, StoreError> {
        self.write(move |tx| admin::add_purpose(tx, actor, &new))
            .await
    }

    /// Publishes a notice. Returns its id and version.
    pub async fn publish_notice(
        &self,
        actor: Actor,
        new: NewNotice,
    ) -> Result<(NoticeId, u32), StoreError> {
        self.write(move |tx| admin::publish_notice(tx, actor, &new))
            .await
    }

    /// Stops all sending, or lets it go on.
    pub async fn set_emergency_stop(
        &self,
        actor: Actor,
        stop: bool,
        reason: String,
    ) -> Result<(), StoreError> {
        self.write(move |tx| admin::set_emergency_stop(tx, actor, stop, &reason))
            .await
    }

    /// Brings the catalogue of an account to what Meta lists. Returns how many entries changed.
    pub async fn sync_templates(
        &self,
        waba_id: String,
        listed: Vec<ListedTemplate>,
    ) -> Result<usize, StoreError> {
        self.write(move |tx| catalogue::sync(tx, &waba_id, &listed))
            .await
    }

    /// Binds a template to a purpose of its own, or back to its category's.
    pub async fn bind_template(
        &self,
        actor: Actor,
        (waba_id, name, language): (String, String, String),
        purpose: Option<PurposeId>,
    ) -> Result<(), StoreError> {
        self.write(move |tx| catalogue::bind(tx, actor, (&waba_id, &name, &language), purpose))
            .await
    }

    /// The alias under which an app knows a subject; drawn on first use.
    pub async fn alias(
        &self,
        app: AppId,
        subject: SubjectId,
        country: String,
    ) -> Result<String, StoreError> {
        self.write(move |tx| admin::alias(tx, (app, subject), &country))
            .await
    }

    /// Writes the row of an uploaded media object.
    pub async fn add_media(&self, new: NewMedia) -> Result<MediaId, StoreError> {
        self.write(move |tx| media::add(tx, &new)).await
    }

    /// Remembers where a media object's bytes stand.
    pub async fn keep_media(&self, id: MediaId, kept: KeptObject) -> Result<(), StoreError> {
        self.write(move |tx| media::keep(tx, id, &kept)).await
    }

    /// Ends a media object. Returns the file to remove.
    pub async fn delete_media(&self, id: MediaId) -> Result<Option<String>, StoreError> {
        self.write(move |tx| media::delete(tx, id)).await
    }

    /// Records how attempts at deliveries ended.
    pub async fn attempted(&self, attempts: Vec<Attempt>) -> Result<(), StoreError> {
        self.write(move |tx| delivery::attempted(tx, &attempts))
            .await
    }

    /// Puts a delivery that was made or given up back into the queue.
    pub async fn replay(&self, actor: Actor, id: DeliveryId) -> Result<(), StoreError> {
        self.write(move |tx| delivery::replay(tx, actor, id)).await
    }
}
