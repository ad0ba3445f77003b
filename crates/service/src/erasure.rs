//! Erasing a person: Meta is told first, while there are identifiers to name the person by; then
//! everything is cut in one transaction, and what is left falls to the sweep.

mod errands;
mod sweep;

use std::time::Duration;

use domain::access::AppScope;
use domain::audit::Actor;
use domain::erasure::EraseReason;
use domain::ids::ErasureId;
use domain::ids::RequestId;
use domain::ids::SubjectId;
use domain::time::Span;
use domain::time::Timestamp;
use serde::Deserialize;
use serde_json::Value;
use serde_json::json;
use store::Reader;
use store::Refusal;
use store::StoreError;
use store::erase::AT_META;
use store::erase::EraseOrder;
use store::erase::Errand;
use store::erase::KnownAs;
use store::erase::Ordered;
use store::erase::Recipient;
use store::erase::RecipientView;
use whatsapp::error::GraphError;

use crate::Answer;
use crate::Caller;
use crate::Failure;
use crate::Service;
use crate::ids;

/// How many erasures an app is shown at once.
const PAGE: u32 = 100;

/// How often it is looked for what is due when nobody asks.
const LOOK: Duration = Duration::from_secs(30);

/// How long to wait after the store failed.
const AGAIN: Duration = Duration::from_secs(5);

/// How an erasure is gone about.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ErasureSettings {
    /// For how long it waits at the most until Meta was told.
    pub patience: Span,
    /// How long recipients have to erase, too.
    pub recipients_within: Span,
    /// Whether the person's entry in the contact book at Meta is deleted. That takes it away from all
    /// numbers of the business portfolio, those of other software included, and for good.
    pub contact_book: bool,
}

impl Default for ErasureSettings {
    fn default() -> Self {
        Self {
            patience: Span::hours(1),
            recipients_within: EraseOrder::RECIPIENTS_WITHIN,
            contact_book: true,
        }
    }
}

impl ErasureSettings {
    /// What is to be deleted at Meta before a person is erased; nothing of nobody.
    ///
    /// # Errors
    /// The store's.
    pub fn errands(
        &self,
        reader: &Reader<'_>,
        subject: SubjectId,
        now: Timestamp,
    ) -> Result<Vec<Errand>, StoreError> {
        if reader.subject(subject)?.is_none() {
            return Ok(Vec::new());
        }
        let mut errands = reader.errands_for(subject, now - AT_META)?;
        errands.retain(|errand| errand.media.is_some() || self.contact_book);
        Ok(errands)
    }
}

impl Service {
    /// Begins a person's erasure. The person is restricted at once; where Meta has something of them, it
    /// is told first, for as long as the configured patience lasts. Asked twice, it is one case.
    ///
    /// # Errors
    /// [`Refusal::Missing`] where there is no such person.
    pub async fn begin_erasure(
        &self,
        actor: Actor,
        subject: SubjectId,
        (request, reason): (Option<RequestId>, EraseReason),
    ) -> Result<Ordered, StoreError> {
        let settings = self.settings.erasure;
        let now = self.store.clock().now();
        let errands = self
            .store
            .read(move |reader| settings.errands(reader, subject, now));
        let errands = errands.await?;
        let order = EraseOrder {
            subject,
            request,
            reason,
            recipients_within: settings.recipients_within,
        };
        let ordered = self
            .store
            .order_erasure(actor, order, (errands, settings.patience))
            .await?;
        self.erasing.notify_one();
        Ok(ordered)
    }

    /// `GET /{phone-number-id}/imvume_erasures`: whom an app has to erase, too, and has not yet said that
    /// it has; after the erasure with this id.
    ///
    /// # Errors
    /// Graph's 400 for what is no id of an erasure.
    pub async fn erasures_due(
        &self,
        caller: &Caller,
        phone_number_id: &str,
        after: Option<&str>,
    ) -> Result<Answer, Failure> {
        caller.needs(AppScope::Read)?;
        self.number(caller, phone_number_id)?;
        let after = after.map(named).transpose()?;
        let app = caller.app;
        let due = self
            .store
            .read(move |reader| reader.erasures_for(app, after, PAGE));
        let due = due.await?;
        let last = due.last().filter(|_| due.len() == PAGE as usize);
        let last = last.map(|last| last.erasure.to_string());
        let data: Vec<Value> = due.iter().map(|one| told(caller, one)).collect();
        let mut page = json!({"data": data});
        if let (Some(last), Some(members)) = (last, page.as_object_mut()) {
            let paging = json!({"cursors": {"after": last}});
            members.insert("paging".to_owned(), paging);
        }
        Ok(Answer::json(&page))
    }

    /// `POST /{phone-number-id}/imvume_erasures` with `{"erased": "12"}`: an app tells that it has erased,
    /// too. Told twice, it is told once.
    ///
    /// # Errors
    /// Graph's 400 for another body, its 404 for an erasure the app was not told of.
    pub async fn acknowledge_own_erasure(
        &self,
        caller: &Caller,
        phone_number_id: &str,
        body: &[u8],
    ) -> Result<Answer, Failure> {
        caller.needs(AppScope::Read)?;
        self.number(caller, phone_number_id)?;
        let Ok(Told { erased }) = serde_json::from_slice::<Told<'_>>(body) else {
            return Err(GraphError::invalid(
                "The body has one member, erased: the id of an erasure.",
            )
            .into());
        };
        let (app, erasure) = (caller.app, named(erased)?);
        let told = self
            .store
            .acknowledge_erasure(Actor::App(app), erasure, Recipient::App(app));
        match told.await {
            Ok(_) => Ok(Answer::success()),
            Err(StoreError::Refused(Refusal::Missing(_))) => Err(GraphError::not_found().into()),
            Err(error) => Err(error.into()),
        }
    }

    /// Does what erasures leave to be done; runs until dropped.
    pub(crate) async fn erase(&self) {
        self.remove_orphans().await;
        loop {
            let pause = match self.step_erasures().await {
                Ok(()) => LOOK,
                Err(error) => {
                    tracing::warn!(%error, "erasures cannot go on; they are tried again");
                    AGAIN
                }
            };
            tokio::select! {
                () = self.erasing.notified() => {}
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    /// Tells Meta, erases whose time has come, and sweeps, until nothing is due.
    ///
    /// # Errors
    /// What the store says.
    pub async fn step_erasures(&self) -> Result<(), StoreError> {
        self.run_errands().await?;
        let within = self.settings.erasure.recipients_within;
        while self.store.erase_ordered(within).await?.is_some() {}
        while self.store.erase_kept().await? {}
        self.sweep().await?;
        self.store.reach_horizons().await?;
        Ok(())
    }
}

/// What an app tells.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Told<'a> {
    erased: &'a str,
}

/// The erasure behind an id that an app names.
fn named(text: &str) -> Result<ErasureId, GraphError> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let id = text.parse().ok().filter(|_| digits);
    id.map(ErasureId)
        .ok_or_else(|| GraphError::invalid("This is no id of an erasure."))
}

/// An erasure as an app is told of it: by the alias it knows, or by a message that it has.
fn told(caller: &Caller, one: &RecipientView) -> Value {
    let mut told = json!({
        "id": one.erasure.0.to_string(),
        "told_at": one.told_at.to_string(),
        "due_at": one.due_at.to_string(),
    });
    let known = match &one.known {
        Some(KnownAs::Alias(alias)) => Some(("user_id", alias.clone())),
        Some(KnownAs::Message(message)) => {
            Some(("message_id", ids::message(&caller.ids, *message)))
        }
        None => None,
    };
    if let (Some((name, value)), Some(members)) = (known, told.as_object_mut()) {
        members.insert(name.to_owned(), value.into());
    }
    told
}
