//! Requests of people: taken in from wherever they come, carried on by themselves as far as nobody has to
//! decide, and looked after until they are closed.

mod advance;
mod app;
mod carry;
mod letter;
mod own;
mod reach;
mod texts;

use std::time::Duration;

use domain::audit::Actor;
use domain::ids::RequestId;
use domain::request::step::Step;
use store::StoreError;
use store::request::NewRequest;
use store::request::Opened;
use store::request::StepOrder;
use store::request::Stepped;

use crate::Service;

pub use own::OwnRequest;
pub use reach::ProofRoute;
pub use reach::Reached;
pub use reach::Reaching;

/// How often it is looked whether a case can go on.
const LOOK: Duration = Duration::from_mins(1);

impl Service {
    /// Carries cases on, for ever.
    pub(crate) async fn look_after_requests(&self) {
        loop {
            if let Err(error) = self.requests_now().await {
                tracing::warn!(%error, "cannot look after requests of people");
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Takes a request in, for staff or an app, and answers it with what happens by itself.
    ///
    /// # Errors
    /// As [`store::Store::open_request`].
    pub async fn open_request(&self, actor: Actor, new: NewRequest) -> Result<Opened, StoreError> {
        let opened = self.store.open_request(actor, new).await?;
        if !opened.is_new {
            return Ok(opened);
        }
        let request = self.carry_on(opened.request).await?;
        Ok(Opened { request, ..opened })
    }

    /// Takes a step of a case, writes the letter it calls for, and carries it on.
    ///
    /// # Errors
    /// As [`store::Store::step_request`].
    pub async fn step_request(
        &self,
        actor: Actor,
        order: StepOrder,
    ) -> Result<Stepped, StoreError> {
        let stepped = self.store.step_request(actor, order).await?;
        self.followed(stepped).await
    }

    /// Extends a case, with the reason that the person is told in the letter.
    ///
    /// # Errors
    /// As [`store::Store::extend_request`].
    pub async fn extend_request(
        &self,
        actor: Actor,
        which: (RequestId, Option<i64>),
        reason: String,
    ) -> Result<Stepped, StoreError> {
        let stepped = self.store.extend_request(actor, which, reason).await?;
        self.followed(stepped).await
    }

    /// What follows from a step: nobody has to wait for the next look.
    async fn followed(&self, stepped: Stepped) -> Result<Stepped, StoreError> {
        let request = self.carry_on(stepped.request).await?;
        Ok(Stepped { request, ..stepped })
    }

    /// A step that nobody has to decide about.
    async fn go(&self, id: RequestId, version: i64, step: Step) -> Result<Stepped, StoreError> {
        let order = StepOrder {
            id,
            version: Some(version),
            step,
            note: None,
        };
        self.store.step_request(Actor::System, order).await
    }
}
