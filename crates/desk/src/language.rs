//! The languages of the pages: Project Fluent, files compiled in.
//!
//! A message is named by its id. `every_language_says_the_same` (in the tests) holds all files to the
//! same ids and variables, and every template and source to ids that exist, so that looking one up
//! cannot fail at the time of a request.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use domain::time::Timestamp;
use fluent_bundle::FluentArgs;
use fluent_bundle::FluentResource;
use fluent_bundle::FluentValue;
use fluent_bundle::concurrent::FluentBundle;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::Deserialize;
use thiserror::Error;
use unic_langid::LanguageIdentifier;

/// The list of languages, with whether they were reviewed.
const MANIFEST: &str = include_str!("../locales/manifest.toml");

/// The texts of each language.
const FILES: &[(&str, &str)] = &[
    ("en", include_str!("../locales/en/desk.ftl")),
    ("af", include_str!("../locales/af/desk.ftl")),
    ("de", include_str!("../locales/de/desk.ftl")),
    ("fr", include_str!("../locales/fr/desk.ftl")),
    ("zu", include_str!("../locales/zu/desk.ftl")),
];

/// Why the texts cannot be used. All files are compiled in, so a test sees it before anybody else.
#[derive(Debug, Error)]
pub enum LanguageError {
    /// A language was asked for that there is none of.
    #[error("there are no pages in the language `{0}`")]
    Unknown(String),
    /// No language is on.
    #[error("no language is on")]
    None,
    /// A file of texts is malformed.
    #[error("the texts of `{0}` cannot be read")]
    Texts(&'static str),
    /// The list of languages is malformed.
    #[error("the list of languages cannot be read")]
    Manifest,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Manifest {
    language: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    tag: String,
    name: String,
    reviewed: bool,
}

fn manifest() -> Result<Vec<Entry>, LanguageError> {
    let manifest: Manifest = toml::from_str(MANIFEST).map_err(|_| LanguageError::Manifest)?;
    Ok(manifest.language)
}

/// The BCP 47 tags of all languages there are pages in.
pub fn languages() -> Vec<&'static str> {
    FILES.iter().map(|(tag, _)| *tag).collect()
}

/// Those whose texts were reviewed.
pub fn reviewed_languages() -> Vec<String> {
    let entries = manifest().unwrap_or_default().into_iter();
    let reviewed = entries.filter(|entry| entry.reviewed);
    reviewed.map(|entry| entry.tag).collect()
}

/// Whether there are pages in the language of this tag.
pub fn is_language(tag: &str) -> bool {
    FILES.iter().any(|(known, _)| *known == tag)
}

/// The languages that are on, in the order in which they are offered.
pub(crate) struct Languages {
    on: Vec<Arc<Language>>,
    default: Arc<Language>,
}

/// One language.
pub(crate) struct Language {
    /// Its BCP 47 tag.
    pub(crate) tag: &'static str,
    /// What its speakers call it.
    pub(crate) name: String,
    bundle: FluentBundle<FluentResource>,
}

impl fmt::Debug for Languages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.on.iter().map(|language| language.tag))
            .finish()
    }
}

impl Languages {
    /// Those named by `wanted`, or all that were reviewed if it names none. `default` is the one for
    /// people who tell nothing; where it is not on, the first one takes its place.
    ///
    /// # Errors
    /// [`LanguageError`], by what is wrong.
    pub(crate) fn load(wanted: &[String], default: &str) -> Result<Self, LanguageError> {
        let manifest = manifest()?;
        if let Some(stranger) = wanted
            .iter()
            .find(|tag| manifest.iter().all(|entry| entry.tag != **tag))
        {
            return Err(LanguageError::Unknown(stranger.clone()));
        }
        let is_on = |entry: &Entry| match wanted {
            [] => entry.reviewed,
            wanted => wanted.contains(&entry.tag),
        };
        let mut on = Vec::new();
        for entry in manifest.into_iter().filter(is_on) {
            on.push(Arc::new(Language::load(entry)?));
        }
        let default = on
            .iter()
            .find(|language| language.tag == default)
            .or_else(|| on.first())
            .cloned()
            .ok_or(LanguageError::None)?;
        Ok(Self { on, default })
    }

    /// Those that are on.
    pub(crate) fn on(&self) -> &[Arc<Language>] {
        &self.on
    }

    /// The one for people who tell nothing.
    pub(crate) const fn default(&self) -> &Arc<Language> {
        &self.default
    }

    /// The one that a BCP 47 tag names, if it is on: `de` for `de-AT`.
    pub(crate) fn by_tag(&self, tag: &str) -> Option<&Arc<Language>> {
        let first = tag.split(['-', '_']).next().unwrap_or_default();
        self.on
            .iter()
            .find(|language| language.tag.eq_ignore_ascii_case(first))
    }

    /// The one a browser likes best (RFC 9110 §12.5.4). What cannot be read counts for nothing.
    pub(crate) fn by_liking(&self, accept: &str) -> Option<&Arc<Language>> {
        let mut best: Option<(&Arc<Language>, u16)> = None;
        for part in accept.split(',').take(32) {
            let (tag, weight) = part.split_once(';').unwrap_or((part, "q=1"));
            let weight = weight.trim().strip_prefix("q=").and_then(thousandths);
            let found = self.by_tag(tag.trim()).zip(weight);
            if let Some((language, weight)) = found
                && 0 < weight
                && best.is_none_or(|(_, before)| before < weight)
            {
                best = Some((language, weight));
            }
        }
        best.map(|(language, _)| language)
    }
}

/// A weight between 0 and 1 with up to three decimals, in thousandths.
fn thousandths(text: &str) -> Option<u16> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    let whole: u16 = whole.parse().ok().filter(|whole| *whole <= 1)?;
    if 3 < decimals.len() || !decimals.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let decimals: u16 = format!("{decimals:0<3}").parse().ok()?;
    Some((1000 * whole + decimals).min(1000))
}

impl Language {
    fn load(entry: Entry) -> Result<Self, LanguageError> {
        let (tag, file) = FILES
            .iter()
            .find(|(tag, _)| *tag == entry.tag)
            .ok_or(LanguageError::Unknown(entry.tag))?;
        let unreadable = || LanguageError::Texts(tag);
        let identifier: LanguageIdentifier = tag.parse().map_err(|_| unreadable())?;
        let texts = FluentResource::try_new((*file).to_owned()).map_err(|_| unreadable())?;
        let mut bundle = FluentBundle::new_concurrent(vec![identifier]);
        // All languages here are written from left to right; marks of direction around each value
        // would only stand in titles and in what people copy.
        bundle.set_use_isolating(false);
        bundle.add_resource(texts).map_err(|_| unreadable())?;
        Ok(Self {
            tag,
            name: entry.name,
            bundle,
        })
    }

    fn format(&self, id: &str, arguments: &FluentArgs<'_>) -> String {
        let Some(pattern) = self.bundle.get_message(id).and_then(|found| found.value()) else {
            return id.to_owned();
        };
        let mut errors = Vec::new();
        self.bundle
            .format_pattern(pattern, Some(arguments), &mut errors)
            .into_owned()
    }
}

/// The texts of a page: a language, and what every message may name.
#[derive(Clone)]
pub(crate) struct Text {
    pub(crate) language: Arc<Language>,
    organisation: Arc<str>,
    zone: TimeZone,
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Text").field(&self.language.tag).finish()
    }
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "templates hand over references to what they show"
)]
impl Text {
    pub(crate) const fn new(
        language: Arc<Language>,
        organisation: Arc<str>,
        zone: TimeZone,
    ) -> Self {
        Self {
            language,
            organisation,
            zone,
        }
    }

    /// A message.
    pub(crate) fn say(&self, id: &str) -> String {
        self.language.format(id, &self.arguments())
    }

    /// A message with a value in it.
    pub(crate) fn with<'v>(&self, id: &str, name: &'v str, value: &'v str) -> String {
        let mut arguments = self.arguments();
        arguments.set(name, value);
        self.language.format(id, &arguments)
    }

    /// A message whose words depend on a number.
    pub(crate) fn count(&self, id: &str, name: &str, value: &u32) -> String {
        let mut arguments = self.arguments();
        arguments.set(Cow::Borrowed(name), FluentValue::from(*value));
        self.language.format(id, &arguments)
    }

    /// A message that names a notice by its title and version.
    pub(crate) fn notice(&self, id: &str, title: &str, version: &u32) -> String {
        let mut arguments = self.arguments();
        arguments.set("title", title);
        arguments.set("version", version.to_string());
        self.language.format(id, &arguments)
    }

    /// A message that names a version and a day.
    pub(crate) fn dated(&self, id: &str, version: &u32, at: &Timestamp) -> String {
        let mut arguments = self.arguments();
        arguments.set("version", version.to_string());
        arguments.set("date", self.date(at));
        self.language.format(id, &arguments)
    }

    /// A day, as people write it.
    pub(crate) fn date(&self, at: &Timestamp) -> String {
        self.day(at.civil(&self.zone).date())
    }

    /// A day of the calendar, as people write it.
    pub(crate) fn day(&self, date: Date) -> String {
        let mut arguments = FluentArgs::with_capacity(3);
        arguments.set("day", date.day().to_string());
        arguments.set("month", FluentValue::from(date.month()));
        arguments.set("year", date.year().to_string());
        self.language.format("date", &arguments)
    }

    fn arguments(&self) -> FluentArgs<'_> {
        let mut arguments = FluentArgs::with_capacity(3);
        arguments.set("organisation", &*self.organisation);
        arguments
    }
}

#[cfg(test)]
mod tests;
