//! What the admin API asks of the service about erasures.

use std::sync::Arc;

use api::Erasing;
use api::OrderOnItsWay;
use domain::audit::Actor;
use domain::erasure::EraseReason;
use domain::ids::RequestId;
use domain::ids::SubjectId;
use service::Service;

/// Whoever erases people.
pub(crate) struct ByService(pub(crate) Arc<Service>);

impl Erasing for ByService {
    fn begin(
        &self,
        actor: Actor,
        subject: SubjectId,
        why: (Option<RequestId>, EraseReason),
    ) -> OrderOnItsWay {
        let service = Arc::clone(&self.0);
        Box::pin(async move { service.begin_erasure(actor, subject, why).await })
    }
}
