//! The template catalogue, synced from Meta.

use std::collections::BTreeSet;
use std::time::Duration;

use domain::template::Category;
use domain::template::TemplateStatus;
use http::Method;
use store::catalogue::ListedTemplate;
use store::registry::Number;
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
        let registry = self.store.registry();
        let accounts: BTreeSet<&str> = registry
            .numbers
            .iter()
            .filter(|number| self.has_token(number))
            .map(|number| number.waba_id.as_str())
            .collect();
        let mut whole = true;
        for waba_id in accounts {
            whole &= self.sync_account(waba_id).await;
        }
        whole
    }

    /// Whether Meta can be called for a number: one that was taken out of the configuration has no
    /// token any more.
    fn has_token(&self, number: &Number) -> bool {
        number.access_token.is_some() || self.is_configured(&number.phone_number_id)
    }

    /// Fetches the catalogue of one account. Returns whether it could be had.
    pub(crate) async fn sync_account(&self, waba_id: &str) -> bool {
        let Some(listed) = self.catalogue(waba_id).await else {
            tracing::warn!("cannot fetch the template catalogue; trying again");
            return false;
        };
        match self.store.sync_templates(waba_id.to_owned(), listed).await {
            Ok(changes) => {
                tracing::info!(changes, "template catalogue synced");
                true
            }
            Err(error) => {
                tracing::warn!(%error, "cannot store the template catalogue");
                false
            }
        }
    }

    async fn catalogue(&self, waba_id: &str) -> Option<Vec<ListedTemplate>> {
        let registry = self.store.registry();
        let number = registry
            .numbers
            .iter()
            .find(|number| number.waba_id == waba_id && self.has_token(number))?;
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
