//! An admin API behind which nobody stands: neither Meta nor the office, lists or portal.

use std::future::ready;

use api::Asked;
use api::Certified;
use api::ConsentAsked;
use api::ConsentTaken;
use api::ListAsked;
use api::ListFault;
use api::ListOnItsWay;
use api::ListToTake;
use api::Lists;
use api::Meta;
use api::NotDone;
use api::NotProved;
use api::NumberAdded;
use api::NumberToAdd;
use api::Office;
use api::Portal;
use api::PortalFault;
use api::Proved;
use api::Told;
use axum::body::Bytes;
use domain::audit::Actor;
use domain::ids::BlockRegistryId;
use domain::ids::CampaignId;
use domain::ids::NumberId;
use domain::ids::RegistryImportId;
use domain::ids::SubjectId;
use domain::notice::Needed;
use seal::Zeroizing;
use whatsapp::storage::Storage;

/// Nobody who reads lists.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NoLists;

impl Lists for NoLists {
    fn take(&self, _: ListToTake) -> Result<Box<dyn ListOnItsWay>, ListFault> {
        Err(ListFault::Unavailable)
    }
}

/// Nobody who may call Meta.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NoMeta;

impl Meta for NoMeta {
    fn storage(&self, _: NumberId) -> Asked<Storage> {
        Box::pin(ready(Err(NotDone::Unavailable)))
    }

    fn set_storage(&self, _: (Actor, String), _: NumberId, _: Storage) -> Asked<Storage> {
        Box::pin(ready(Err(NotDone::Unavailable)))
    }

    fn add_number(&self, _: Actor, _: NumberToAdd) -> Asked<NumberAdded> {
        Box::pin(ready(Err(NotDone::Unavailable)))
    }

    fn change_token(&self, _: Actor, _: NumberId, _: Zeroizing<String>) -> Asked<()> {
        Box::pin(ready(Err(NotDone::Unavailable)))
    }
}

/// No rulebook and no log's files.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NoOffice;

impl Office for NoOffice {
    fn needed(&self, _: &[String]) -> Vec<Needed> {
        Vec::new()
    }

    fn certificate(&self, _: BlockRegistryId, _: RegistryImportId) -> Certified {
        Box::pin(ready(None))
    }

    fn consent_record(&self, _: (Actor, SubjectId), _: String, _: bool) -> Proved {
        Box::pin(ready(Ok(None)))
    }

    fn evidence(&self, _: (Actor, SubjectId)) -> Proved {
        Box::pin(ready(Ok(None)))
    }

    fn remove(&self, _: &[String]) {}
}

/// Nobody who writes to people.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NoPortal;

impl Portal for NoPortal {
    fn request(&self, _: Actor, _: ConsentAsked) -> Told<ConsentTaken> {
        Box::pin(ready(Err(PortalFault::Unavailable)))
    }

    fn ask_list(&self, _: Actor, _: ListAsked) -> Told<CampaignId> {
        Box::pin(ready(Err(PortalFault::Unavailable)))
    }

    fn link(&self, _: SubjectId, _: &str) -> Result<Option<String>, PortalFault> {
        Ok(None)
    }

    fn bounced(&self, _: Bytes) -> Told<bool> {
        Box::pin(ready(Err(PortalFault::Unavailable)))
    }
}

/// Nobody who carries requests of people on.
pub(crate) struct NoRequests;

impl api::Requests for NoRequests {
    fn open(
        &self,
        _: Actor,
        _: store::request::NewRequest,
    ) -> api::Carried<store::request::Opened> {
        Box::pin(ready(Err(store::StoreError::Busy)))
    }

    fn step(
        &self,
        _: Actor,
        _: store::request::StepOrder,
    ) -> api::Carried<store::request::Stepped> {
        Box::pin(ready(Err(store::StoreError::Busy)))
    }

    fn extend(
        &self,
        _: Actor,
        _: (domain::ids::RequestId, Option<i64>),
        _: String,
    ) -> api::Carried<store::request::Stepped> {
        Box::pin(ready(Err(store::StoreError::Busy)))
    }

    fn mailbox(
        &self,
        _: Actor,
        _: domain::ids::RequestId,
        _: domain::email::Email,
    ) -> api::Carried<api::Reach> {
        Box::pin(ready(Err(store::StoreError::Busy)))
    }

    fn proof(&self, _: Actor, _: domain::ids::RequestId, _: bool) -> api::Carried<api::Reach> {
        Box::pin(ready(Err(store::StoreError::Busy)))
    }
}

/// Nobody who erases people.
pub(crate) struct NoErasing;

impl api::Erasing for NoErasing {
    fn begin(
        &self,
        _: Actor,
        _: SubjectId,
        _: (Option<domain::ids::RequestId>, domain::erasure::EraseReason),
    ) -> api::OrderOnItsWay {
        Box::pin(ready(Err(store::StoreError::Busy)))
    }

    fn certificate(&self, _: domain::ids::ErasureId) -> Proved {
        Box::pin(ready(Err(NotProved)))
    }

    fn certificate_page(&self, _: domain::ids::ErasureId) -> Option<String> {
        None
    }
}
