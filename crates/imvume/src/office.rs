//! What the admin API asks of the rulebook and of the log's files, asked of those who have them.

use std::sync::Arc;

use ::rulebook::Handle;
use ::rulebook::Need;
use api::Certified;
use api::NotProved;
use api::Office;
use api::Proved;
use domain::audit::Actor;
use domain::ids::BlockRegistryId;
use domain::ids::RegistryImportId;
use domain::ids::SubjectId;
use domain::notice::Needed;
use service::PublishError;
use service::RecordForm;
use service::Service;

/// The rulebook in force, and the service that keeps the log's files.
pub(crate) struct ByRulebook {
    pub(crate) rulebook: Arc<Handle>,
    pub(crate) service: Arc<Service>,
}

impl Office for ByRulebook {
    fn needed(&self, jurisdictions: &[String]) -> Vec<Needed> {
        let book = self.rulebook.book();
        let own = self.service.settings().country.as_str();
        let places: Vec<&str> = jurisdictions
            .iter()
            .map(String::as_str)
            .chain([own])
            .collect();
        let now = self.service.store().clock().now();
        let provision = |id: &str| {
            let rule = book.rule(id);
            rule.map_or_else(String::new, |(_, rule)| rule.provision.clone())
        };
        book.notice_elements(&places, now)
            .into_iter()
            .map(|wanted| Needed {
                number: wanted.element.name().to_owned(),
                always: wanted.need == Need::Required,
                rules: wanted
                    .rules
                    .iter()
                    .map(|id| (id.as_str().to_owned(), provision(id.as_str())))
                    .collect(),
            })
            .collect()
    }

    fn certificate(&self, registry: BlockRegistryId, import: RegistryImportId) -> Certified {
        let service = Arc::clone(&self.service);
        Box::pin(async move {
            let made = service.registry_certificate(registry, import).await;
            made.unwrap_or_else(|error| {
                tracing::error!(%error, "a certificate cannot be made");
                None
            })
        })
    }

    fn consent_record(&self, who: (Actor, SubjectId), purpose: String, named: bool) -> Proved {
        let service = Arc::clone(&self.service);
        let form = if named {
            RecordForm::Named
        } else {
            RecordForm::Masked
        };
        Box::pin(async move {
            let made = service.consent_record(who, &purpose, form).await;
            made.map_err(|error| not_proved(&error))
        })
    }

    fn evidence(&self, who: (Actor, SubjectId)) -> Proved {
        let service = Arc::clone(&self.service);
        Box::pin(async move {
            let made = service.subject_evidence(who).await;
            let text = made.map(|evidence| evidence.map(|value| record::canonical::text(&value)));
            text.map_err(|error| not_proved(&error))
        })
    }

    fn remove(&self, objects: &[String]) {
        self.service.remove_objects(objects);
    }
}

fn not_proved(error: &PublishError) -> NotProved {
    tracing::error!(%error, "a consent record cannot be made");
    NotProved
}
