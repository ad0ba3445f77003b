//! What the admin API asks of whoever writes to people, asked of the service.

use std::sync::Arc;

use api::ConsentAsked;
use api::ConsentTaken;
use api::ListAsked;
use api::Portal;
use api::PortalFault;
use api::Told;
use axum::body::Bytes;
use domain::audit::Actor;
use domain::ids::CampaignId;
use domain::ids::SubjectId;
use service::AskList;
use service::Handed;
use service::NewsError;
use service::OptIn;
use service::Origin;
use service::PortalError;
use service::Service;

/// Whoever may write to people.
pub(crate) struct ByService(pub(crate) Arc<Service>);

impl Portal for ByService {
    fn request(&self, actor: Actor, asked: ConsentAsked) -> Told<ConsentTaken> {
        let service = Arc::clone(&self.0);
        let asked = OptIn {
            purposes: asked.purposes,
            phone: asked.phone,
            email: asked.email,
            language: asked.language,
            source: asked.source,
            route: asked.route,
            actor,
            origin: Origin::default(),
            reference: asked.reference,
        };
        Box::pin(async move {
            let taken = service.request_consent(asked).await.map_err(fault)?;
            let (url, svg) = taken
                .chat
                .map(|chat| (chat.url.to_string(), chat.svg))
                .unzip();
            Ok(ConsentTaken {
                route: taken.route,
                chat_url: url,
                chat_qr_svg: svg,
            })
        })
    }

    fn ask_list(&self, actor: Actor, asked: ListAsked) -> Told<CampaignId> {
        let service = Arc::clone(&self.0);
        let asked = AskList {
            import: asked.import,
            purpose: asked.purpose,
            route: asked.route,
            language: asked.language,
            pace: asked.pace,
            stop_permille: asked.stop_permille,
        };
        Box::pin(async move { service.ask_list(actor, asked).await.map_err(fault) })
    }

    fn link(&self, subject: SubjectId, language: &str) -> Result<Option<String>, PortalFault> {
        let link = self
            .0
            .preference_link((subject, None), language, Handed::Staff);
        Ok(link.map_err(fault)?.map(|url| url.to_string()))
    }

    fn bounced(&self, report: Bytes) -> Told<bool> {
        let service = Arc::clone(&self.0);
        Box::pin(async move {
            service.bounced(&report).await.map_err(|error| match error {
                NewsError::Bounce(_) | NewsError::Callback(_) | NewsError::Unknown => {
                    PortalFault::NotOurs
                }
                NewsError::Unavailable => PortalFault::Unavailable,
            })
        })
    }
}

fn fault(error: PortalError) -> PortalFault {
    match error {
        PortalError::Field(field) => PortalFault::Field(field.name()),
        PortalError::Link(_)
        | PortalError::NoSession
        | PortalError::NotSwitchable
        | PortalError::Unavailable => PortalFault::Unavailable,
    }
}
