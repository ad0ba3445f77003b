//! What the admin API asks of the service about erasures.

use std::sync::Arc;

use api::Erasing;
use api::NotProved;
use api::OrderOnItsWay;
use api::Proved;
use domain::audit::Actor;
use domain::erasure::EraseReason;
use domain::ids::ErasureId;
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

    fn certificate(&self, erasure: ErasureId) -> Proved {
        let service = Arc::clone(&self.0);
        Box::pin(async move {
            // The note names what was done in words of its own; the language is that of the page.
            let made = service.erasure_certificate(erasure, "en").await;
            let made = made.map_err(|error| {
                tracing::error!(%error, "a certificate cannot be made");
                NotProved
            })?;
            Ok(made.map(|forms| forms.note))
        })
    }

    fn certificate_page(&self, erasure: ErasureId) -> Option<String> {
        let link = self.0.certificate_link_of(erasure);
        link.ok().flatten().map(String::from)
    }
}
