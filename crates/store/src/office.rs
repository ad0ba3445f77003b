//! More of the store's operations by name: what the privacy office sets and notes.

use domain::audit::Actor;
use domain::ids::AppId;
use domain::ids::BlockRegistryId;
use domain::ids::NoticeId;
use domain::ids::PurposeId;
use domain::ids::RegistryOverrideId;
use domain::ids::SubjectId;
use domain::law::Law;
use domain::person::TraitKind;
use domain::person::TraitSource;
use domain::purpose::Terms;

use crate::admin::NewNotice;
use crate::block_registry;
use crate::block_registry::NewBlockRegistry;
use crate::error::StoreError;
use crate::registry::PurposeTerms;
use crate::store::Store;
use crate::terms;
use crate::terms::NewLayers;

impl Store {
    /// The rules that hold for people.
    pub fn law(&self) -> &dyn Law {
        self.shared.law.as_ref()
    }

    /// Sets a purpose's terms.
    pub async fn set_terms(
        &self,
        actor: Actor,
        purpose: PurposeId,
        (held, shown): (Terms, PurposeTerms),
    ) -> Result<(), StoreError> {
        self.write(move |tx| terms::set(tx, actor, purpose, (held, &shown)))
            .await
    }

    /// Publishes a notice with all its layers. Returns its id and version.
    pub async fn publish_layers(
        &self,
        actor: Actor,
        new: NewNotice,
        layers: NewLayers,
    ) -> Result<(NoticeId, u32), StoreError> {
        self.write(move |tx| terms::publish(tx, actor, (&new, &layers)))
            .await
    }

    /// Has an app get people's data only with their consent to a purpose, or without asking them.
    pub async fn set_sharing(
        &self,
        actor: Actor,
        app: AppId,
        purpose: Option<PurposeId>,
    ) -> Result<(), StoreError> {
        self.write(move |tx| terms::set_sharing(tx, actor, app, purpose))
            .await
    }

    /// Notes something about a person; an empty value takes back what was known. The value has to be
    /// in the form that [`domain::traits::canonical`] gives it.
    pub async fn put_trait(
        &self,
        actor: Actor,
        subject: SubjectId,
        (kind, source): (TraitKind, TraitSource),
        value: seal::Zeroizing<String>,
    ) -> Result<(), StoreError> {
        self.write(move |tx| tx.put_trait(subject, (kind, source), &value, actor))
            .await
    }

    /// Adds an external registry.
    pub async fn add_block_registry(
        &self,
        actor: Actor,
        new: NewBlockRegistry,
    ) -> Result<BlockRegistryId, StoreError> {
        self.write(move |tx| block_registry::add(tx, actor, &new))
            .await
    }

    /// Ends an external registry: its list blocks nobody any more.
    pub async fn end_block_registry(
        &self,
        actor: Actor,
        id: BlockRegistryId,
    ) -> Result<(), StoreError> {
        self.write(move |tx| block_registry::end(tx, actor, id))
            .await
    }

    /// Decides that consent for a purpose goes before a registry: who answers for it, and why.
    pub async fn override_registry(
        &self,
        actor: Actor,
        which: (BlockRegistryId, PurposeId),
        (reviewer, reason): (String, String),
    ) -> Result<RegistryOverrideId, StoreError> {
        self.write(move |tx| block_registry::put_before(tx, actor, which, (&reviewer, &reason)))
            .await
    }

    /// Ends such a decision.
    pub async fn end_override(
        &self,
        actor: Actor,
        which: (BlockRegistryId, RegistryOverrideId),
    ) -> Result<(), StoreError> {
        self.write(move |tx| block_registry::end_override(tx, actor, which))
            .await
    }

    /// Tells of every registry whose list is out of date, once and again each week. Returns those it
    /// told of.
    pub async fn tell_overdue(&self) -> Result<Vec<BlockRegistryId>, StoreError> {
        self.write(block_registry::due).await
    }
}
