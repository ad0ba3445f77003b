//! Links in confirmations: looking, and answering.

use std::future::Future;

use domain::confirmation::Route;
use domain::ids::NoticeId;
use domain::ids::PurposeId;
use serde_json::json;
use store::confirmation::Answer;
use store::confirmation::LinkReply;
use store::confirmation::LinkState;
use store::confirmation::OpenLink;

use super::Answered;
use super::Handed;
use super::LinkFault;
use super::NoticeRef;
use super::Origin;
use super::Pending;
use super::PortalError;
use super::PurposeText;
use super::texts;
use crate::Service;

/// The longest browser name that is kept, in characters.
const MAX_AGENT: usize = 400;

/// A token of ours: 32 hexadecimal digits.
fn is_token(text: &str) -> bool {
    text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

impl Service {
    /// Answers no sooner than always, so that the time tells nothing.
    pub(super) async fn evenly<T>(&self, work: impl Future<Output = T>) -> T {
        let (done, ()) = tokio::join!(work, tokio::time::sleep(self.settings.portal.even));
        done
    }

    pub(super) async fn pending(&self, token: &str) -> Result<Pending, PortalError> {
        let open = self.open_link_of(token).await?;
        Ok(Pending {
            purposes: self.explained(&open.purposes, &open.language),
            language: open.language,
            organisation: self.settings.organisation.clone(),
            expires: open.expires,
        })
    }

    async fn open_link_of(&self, token: &str) -> Result<OpenLink, PortalError> {
        if !is_token(token) {
            return Err(PortalError::Link(LinkFault::Altered));
        }
        match self.store.link(token).await? {
            LinkState::Open(open) => Ok(open),
            other => Err(fault(&other)),
        }
    }

    pub(super) async fn answer_link(
        &self,
        token: &str,
        answer: Answer,
        origin: Origin,
    ) -> Result<Answered, PortalError> {
        let open = self.open_link_of(token).await?;
        let asked = self.explained(&open.purposes, &open.language);
        let details = json!({
            "from": evidence(&origin),
            "text": texts::fingerprint(&open.language, &self.settings.organisation, &asked),
        });
        let answered = self.store.answer_link(token, answer, details.to_string());
        let done = match answered.await? {
            LinkReply::Done(done) => done,
            LinkReply::Not(state) => return Err(fault(&state)),
        };
        let registry = self.store.registry();
        let code = |id: &PurposeId| {
            registry
                .purpose(*id)
                .map(|entry| entry.purpose.code.clone())
        };
        let session = (done.route == Route::Sms)
            .then(|| self.begin((done.subject, None), &done.language, Handed::Sent));
        Ok(Answered {
            purposes: done.purposes.iter().filter_map(code).collect(),
            language: done.language,
            stopped: done.stopped,
            session,
        })
    }

    /// What a form offers: the purposes with these codes, as people read of them, each with its newest
    /// notice. What is not there is left out.
    pub fn offered(&self, codes: &[String], language: &str) -> Vec<PurposeText> {
        let registry = self.store.registry();
        let known = codes
            .iter()
            .filter_map(|code| registry.purpose_by_code(code));
        known
            .filter_map(|entry| self.explain(entry.purpose.id, language))
            .collect()
    }

    /// Purposes as people read of them, each with a notice version.
    pub(super) fn explained(
        &self,
        purposes: &[(PurposeId, Option<NoticeId>)],
        language: &str,
    ) -> Vec<PurposeText> {
        let registry = self.store.registry();
        let explain = |(id, notice): &(PurposeId, Option<NoticeId>)| {
            let mut text = self.explain(*id, language)?;
            if let Some(notice) = notice.and_then(|id| registry.notice(id)) {
                text.notice = Some(NoticeRef::of(notice));
            }
            Some(text)
        };
        purposes.iter().filter_map(explain).collect()
    }

    /// A purpose as people read of it, with its newest notice.
    pub(super) fn explain(&self, id: PurposeId, language: &str) -> Option<PurposeText> {
        let registry = self.store.registry();
        let entry = registry.purpose(id)?;
        Some(PurposeText {
            code: entry.purpose.code.clone(),
            title: entry.title.clone(),
            description: entry.terms.description.clone(),
            recipients: entry.terms.recipients.lines().map(str::to_owned).collect(),
            class: entry.purpose.class,
            basis: entry.purpose.basis,
            shares: registry.apps.iter().any(|app| app.sharing == Some(id)),
            notice: registry.notice_of(id, language).map(NoticeRef::of),
        })
    }
}

impl NoticeRef {
    pub(super) fn of(notice: &store::registry::Notice) -> Self {
        Self {
            code: notice.code.clone(),
            version: notice.version,
            language: notice.language.clone(),
            title: notice.title.clone(),
            short: notice.layers.as_ref().map(|layers| layers.short.clone()),
        }
    }
}

const fn fault(state: &LinkState) -> PortalError {
    PortalError::Link(match state {
        LinkState::Changed => LinkFault::Changed,
        LinkState::Expired => LinkFault::Expired,
        LinkState::Open(_) | LinkState::Used => LinkFault::Used,
        LinkState::Unknown => LinkFault::Altered,
    })
}

/// From where somebody acted, as it is sealed.
pub(super) fn evidence(origin: &Origin) -> serde_json::Value {
    let agent = origin.agent.as_ref();
    json!({
        "address": origin.address.map(|address| address.to_string()),
        "agent": agent.map(|agent| agent.chars().take(MAX_AGENT).collect::<String>()),
        "form": origin.form,
    })
}
