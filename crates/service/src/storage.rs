//! What Meta keeps of a number's messages, and where. Staff's to see and to set; no app's.

use domain::audit::Action;
use domain::audit::Actor;
use domain::ids::NumberId;
use http::Method;
use whatsapp::error::GraphError;
use whatsapp::storage::Storage;

use crate::Failure;
use crate::Service;
use crate::upstream::succeeded;

impl Service {
    /// What Meta keeps of a number's messages, and where.
    ///
    /// # Errors
    /// 404 for a number that is not known; what Meta refuses.
    pub async fn storage(&self, number: NumberId) -> Result<Storage, Failure> {
        let id = self.meta_id(number)?;
        let url = self.graph(&[&id, "settings"]);
        let body = self.fetch_from_meta(&url, &id).await?;
        Storage::parse(&body).map_err(|_| Failure::unavailable())
    }

    /// Has Meta keep a number's messages otherwise. Meta takes it only of a number that is not
    /// registered. Returns what Meta says afterwards.
    ///
    /// # Errors
    /// As [`Service::storage`].
    pub async fn set_storage(
        &self,
        (actor, reason): (Actor, &str),
        number: NumberId,
        storage: &Storage,
    ) -> Result<Storage, Failure> {
        let id = self.meta_id(number)?;
        let body = storage
            .to_upstream()
            .ok_or_else(|| GraphError::invalid("This cannot be asked of Meta."))?;
        let url = self.graph(&[&id, "settings"]);
        let leaf = (actor, Action::StorageChanged, "storage/staff");
        let detail = format!("number {number} {storage:?}: {reason}");
        self.store.note(leaf, None, detail).await?;
        let what = (Method::POST, &url);
        succeeded(self.change_at_meta(what, &id, Some(body)).await?)?;
        self.storage(number).await
    }

    fn meta_id(&self, number: NumberId) -> Result<String, GraphError> {
        let registry = self.store.registry();
        let number = registry.number(number);
        number
            .map(|number| number.phone_number_id.clone())
            .ok_or_else(GraphError::not_found)
    }
}
