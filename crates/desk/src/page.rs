//! What the frame of every page shows.

use std::sync::Arc;

use domain::time::Timestamp;

use crate::language::Language;
use crate::language::Text;
use crate::state::Desk;

/// A message that is chosen by a state. The tests look for its ids as for those in templates.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Id(pub(crate) &'static str);

/// What the frame of every page shows, and what every template may ask.
#[derive(Debug)]
pub(crate) struct Page {
    /// The words.
    pub(crate) text: Text,
    /// The heading, and what stands in the tab.
    pub(crate) title: String,
    /// The languages the reader may go over to; none where that would lose what was sent.
    pub(crate) languages: Vec<Arc<Language>>,
    /// Whether it stands within a page of somebody else's.
    pub(crate) framed: bool,
    desk: Desk,
    now: Timestamp,
}

impl Page {
    pub(crate) fn new(desk: &Desk, text: &Text, title: &str) -> Self {
        Self {
            text: text.clone(),
            title: title.to_owned(),
            languages: Vec::new(),
            framed: false,
            desk: desk.clone(),
            now: desk.now(),
        }
    }

    /// The same page, from which the reader may go over to another language of `limit`, or to any if
    /// that names none.
    pub(crate) fn in_other_languages(mut self, limit: &[String]) -> Self {
        let fits = |language: &&Arc<Language>| {
            limit.is_empty() || limit.iter().any(|tag| tag == language.tag)
        };
        let on = self.desk.languages.on().iter();
        self.languages = on.filter(fits).cloned().collect();
        self
    }

    /// Who writes to people.
    pub(crate) fn organisation(&self) -> &str {
        self.desk.organisation()
    }

    /// The language of the page, a BCP 47 tag.
    pub(crate) fn tag(&self) -> &'static str {
        self.text.language.tag
    }

    /// What stands in the tab.
    pub(crate) fn heading(&self) -> String {
        if self.title.contains(self.organisation()) {
            return self.title.clone();
        }
        self.text.with("page-title", "title", &self.title)
    }

    /// A message without values.
    pub(crate) fn say(&self, id: &str) -> String {
        self.text.say(id)
    }

    /// A message that was chosen by a state.
    pub(crate) fn tell(&self, id: &Id) -> String {
        self.text.say(id.0)
    }

    /// The address of a page of ours.
    pub(crate) fn link(&self, path: &str) -> String {
        format!("{}{path}", self.desk.base)
    }

    /// The address a form goes to: the answer is in the language of the page.
    pub(crate) fn action(&self, path: &str) -> String {
        format!("{}{path}?language={}", self.desk.base, self.tag())
    }

    /// What a form to `path` carries.
    pub(crate) fn token(&self, path: &str) -> String {
        self.desk.tokens.make(path, self.now)
    }

    /// The address of the style sheet.
    pub(crate) fn style(&self) -> String {
        self.link(&format!("/assets/{}", self.desk.assets.style))
    }

    /// The address of the script.
    pub(crate) fn script(&self) -> String {
        self.link(&format!("/assets/{}", self.desk.assets.script))
    }

    /// The address of the tab's mark.
    pub(crate) fn mark(&self) -> String {
        self.link(&format!("/assets/{}", self.desk.assets.mark))
    }

    /// The address of a notice.
    pub(crate) fn notice(&self, notice: &service::NoticeRef) -> String {
        let mut address = String::from("/notices");
        for part in [&notice.code, &notice.version.to_string(), &notice.language] {
            address.push('/');
            address.extend(url::form_urlencoded::byte_serialize(part.as_bytes()));
        }
        self.link(&address)
    }
}
