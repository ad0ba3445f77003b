//! The template catalogue, synced from Meta.

use std::collections::BTreeSet;
use std::time::Duration;

use domain::template::Category;
use domain::template::TemplateStatus;
use http::Method;
use store::catalogue::ListedTemplate;
use whatsapp::response::Template;
use whatsapp::response::parse_template_page;

use crate::Service;

/// How often the catalogue is fetched anew; webhooks tell of changes in between.
const EVERY: Duration = Duration::from_hours(1);
/// How soon after a failure.
const AGAIN: Duration = Duration::from_secs(15);
/// How many pages of a catalogue are read: 6,000 templates is Meta's limit.
const PAGES: usize = 100;

impl Service {
    /// Keeps the catalogue current, for ever.
    pub(crate) async fn sync(&self) {
        loop {
            let whole = self.sync_templates().await;
            tokio::time::sleep(if whole { EVERY } else { AGAIN }).await;
        }
    }

    /// Fetches the catalogue of every account. Returns whether all could be had.
    pub async fn sync_templates(&self) -> bool {
        let accounts: BTreeSet<&str> = self
            .settings
            .numbers
            .iter()
            .map(|number| number.waba_id.as_str())
            .collect();
        let mut whole = true;
        for waba_id in accounts {
            let Some(listed) = self.catalogue(waba_id).await else {
                tracing::warn!("cannot fetch the template catalogue; trying again");
                whole = false;
                continue;
            };
            match self.store.sync_templates(waba_id.to_owned(), listed).await {
                Ok(changes) => tracing::info!(changes, "template catalogue synced"),
                Err(error) => {
                    tracing::warn!(%error, "cannot store the template catalogue");
                    whole = false;
                }
            }
        }
        whole
    }

    async fn catalogue(&self, waba_id: &str) -> Option<Vec<ListedTemplate>> {
        let number = self
            .settings
            .numbers
            .iter()
            .find(|number| number.waba_id == waba_id)?;
        let mut listed = Vec::new();
        let mut after: Option<String> = None;
        for _ in 0..PAGES {
            let mut url = self.graph(&[waba_id, "message_templates"]);
            url.query_pairs_mut().append_pair("limit", "100");
            if let Some(cursor) = &after {
                url.query_pairs_mut().append_pair("after", cursor);
            }
            let call = self.call((Method::GET, &url), &number.phone_number_id, None);
            let response = call
                .await
                .ok()
                .filter(|response| response.status.is_success())?;
            let page = parse_template_page(&response.body).ok()?;
            listed.extend(page.templates.iter().map(entry));
            after = page.after;
            if after.is_none() {
                break;
            }
        }
        Some(listed)
    }
}

fn entry(template: &Template) -> ListedTemplate {
    ListedTemplate {
        meta_id: template.id.clone(),
        name: template.name.clone(),
        language: template.language.clone(),
        category: Category::from_name(&template.category),
        status: TemplateStatus::from_name(&template.status),
        body: template.body_text.clone().unwrap_or_default(),
        raw: template.raw.clone(),
    }
}
