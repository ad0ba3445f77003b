//! Messages to many, in paced batches: each of them passes the gate like any other message of the
//! gateway's own, and leaves through the outbox.
//!
//! How far it has come stands in the same transaction as the messages it brought about, so a kill
//! neither sends twice nor leaves anybody out. Somebody who is put off is tried again before it ends.

mod outside;
mod row;
mod step;

pub use self::outside::NewAsking;
pub use self::row::CampaignChange;
pub use self::row::CampaignView;
pub use self::row::NewCampaign;
pub use self::step::Stepped;

use domain::audit::Actor;
use domain::consent::ConsentState;
use domain::ids::CampaignId;
use domain::ids::ConfirmationId;
use domain::ids::SubjectId;
use domain::time::Timestamp;

use crate::error::StoreError;
use crate::read::Reader;
use crate::store::Store;
use crate::tx::Tx;

impl Store {
    /// Begins a message to many. The first batch goes at the next step.
    ///
    /// # Errors
    /// [`crate::Refusal::Missing`] for a number, template, purpose, notice or import that does not
    /// exist, or a template whose purpose does not ask for consent where it has to.
    pub async fn begin_campaign(
        &self,
        actor: Actor,
        new: NewCampaign,
    ) -> Result<CampaignId, StoreError> {
        self.write(move |tx| row::begin(tx, actor, &new)).await
    }

    /// Begins to ask the people of a list for consent by e-mail or SMS. The first are asked at the next
    /// step.
    ///
    /// # Errors
    /// [`crate::Refusal::Missing`] for a purpose or an import that does not exist, a purpose that
    /// nobody agrees to, or while there is no number.
    pub async fn begin_asking(
        &self,
        actor: Actor,
        new: NewAsking,
    ) -> Result<CampaignId, StoreError> {
        self.write(move |tx| outside::begin(tx, actor, &new)).await
    }

    /// Pauses a message to many, lets it go on, ends it, or changes its pace.
    ///
    /// # Errors
    /// [`crate::Refusal::Ended`] for one that has ended, or stopped by itself.
    pub async fn change_campaign(
        &self,
        actor: Actor,
        id: CampaignId,
        change: CampaignChange,
    ) -> Result<(), StoreError> {
        self.write(move |tx| row::change(tx, actor, id, change))
            .await
    }

    /// Takes the next batch of the message to many that is due first.
    pub async fn step_campaign(&self) -> Result<Stepped, StoreError> {
        self.write(step::step).await
    }
}

impl Reader<'_> {
    /// The messages to many, newest first, from below `before`.
    pub fn campaigns(
        &self,
        before: Option<CampaignId>,
        limit: u32,
    ) -> Result<Vec<CampaignView>, StoreError> {
        row::list(self.connection, before, limit)
    }

    /// A message to many.
    pub fn campaign(&self, id: CampaignId) -> Result<Option<CampaignView>, StoreError> {
        row::one(self.connection, id)
    }

    /// When the next batch of any message to many is due; none if none is under way.
    pub fn campaign_due(&self) -> Result<Option<Timestamp>, StoreError> {
        row::due(self.connection)
    }
}

impl Tx<'_> {
    /// Somebody has answered. A no counts as in [`Tx::complained`].
    pub(crate) fn answered(
        &mut self,
        subject: SubjectId,
        state: ConsentState,
    ) -> Result<(), StoreError> {
        if state.is_denial() {
            self.complained(subject)
        } else {
            Ok(())
        }
    }

    /// Somebody said no. Where it is after a message to many, it counts against that.
    pub(crate) fn complained(&mut self, subject: SubjectId) -> Result<(), StoreError> {
        row::complained(self, subject)
    }

    /// A confirmation could not be delivered. Where somebody of a list was asked by it, it counts like
    /// a stop: addresses that are wrong or do not want it are how a list shows that it is bad.
    pub(crate) fn undelivered(&mut self, id: ConfirmationId) -> Result<(), StoreError> {
        row::undelivered(self, id)
    }
}
