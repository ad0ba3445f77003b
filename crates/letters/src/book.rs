//! All templates, by language: those built in, and those of one's own that take their place.

use std::collections::BTreeMap;

use domain::notice::claims;
use domain::request::LetterKind;
use minijinja::Error;
use minijinja::Value;

use crate::certificate::Certificate;
use crate::document;
use crate::document::Document;
use crate::facts::Letter;
use crate::fault::Fault;
use crate::fault::WriteError;
use crate::language::WORDS;
use crate::language::Words;
use crate::letterhead::Letterhead;
use crate::sample;
use crate::summary::Summary;
use crate::template;
use crate::template::Template;

mod context;

/// The name of the certificate's template.
const CERTIFICATE: &str = "certificate";
/// The name of the letter that goes with a copy of the data.
const SUMMARY: &str = "package";

macro_rules! built_in {
    ($($tag:literal $reviewed:literal)+) => {
        &[$(BuiltIn {
            tag: $tag,
            reviewed: $reviewed,
            files: [
                ("words", include_str!(concat!("../templates/", $tag, "/words.txt"))),
                built_in!(@ $tag "acknowledgement"),
                built_in!(@ $tag "certificate"),
                built_in!(@ $tag "clarification-wanted"),
                built_in!(@ $tag "completion"),
                built_in!(@ $tag "expiry"),
                built_in!(@ $tag "extension"),
                built_in!(@ $tag "identity-wanted"),
                built_in!(@ $tag "package"),
                built_in!(@ $tag "package-ready"),
                built_in!(@ $tag "partial-result"),
                built_in!(@ $tag "refusal"),
            ],
        },)+]
    };
    (@ $tag:literal $name:literal) => {
        ($name, include_str!(concat!("../templates/", $tag, "/", $name, ".txt")))
    };
}

/// A language that is built in.
struct BuiltIn {
    tag: &'static str,
    /// Whether somebody read it a second time against the English one.
    reviewed: bool,
    /// Its words and templates, by name.
    files: [(&'static str, &'static str); 12],
}

const BUILT_IN: &[BuiltIn] = built_in! {
    "af" false
    "de" true
    "en" true
    "fr" false
};

/// All templates, by language.
#[derive(Clone, Debug)]
pub struct Letters {
    languages: BTreeMap<String, Language>,
}

#[derive(Clone, Debug, Default)]
struct Language {
    words: Words,
    templates: BTreeMap<String, Template>,
}

impl Letters {
    /// Those that are built in, with files of one's own in their place: the path of each below their
    /// folder, such as `en/refusal.txt`, and what it says. A file that cannot be used is told and
    /// changes nothing. A language of one's own is there if it has all files.
    pub fn load(files: &[(String, String)]) -> (Self, Vec<Fault>) {
        let (mut letters, mut faults) = (Self::built_in(), Vec::new());
        let mut tags: Vec<&str> = Vec::new();
        for (path, _) in files {
            match split(path) {
                Some((tag, _)) => tags.push(tag),
                None => faults.push(Fault::new(path, None, NOT_OURS)),
            }
        }
        tags.sort_unstable();
        tags.dedup();
        for tag in tags {
            letters.language_of_files(tag, files, &mut faults);
        }
        (letters, faults)
    }

    /// Those that are built in.
    pub fn built_in() -> Self {
        let mut languages = BTreeMap::new();
        for BuiltIn { tag, files, .. } in BUILT_IN {
            let mut language = Language::default();
            for (name, text) in files {
                // A test fills each of them; one that fails is not there, and English stands in.
                let _ = language.take(&format!("{tag}/{name}.txt"), name, text);
            }
            languages.insert((*tag).to_owned(), language);
        }
        Self { languages }
    }

    /// The languages there are (BCP 47).
    pub fn languages(&self) -> impl Iterator<Item = &str> {
        self.languages.keys().map(String::as_str)
    }

    /// The built-in languages that somebody read a second time against the English text.
    pub fn reviewed() -> impl Iterator<Item = &'static str> {
        let reviewed = BUILT_IN.iter().filter(|language| language.reviewed);
        reviewed.map(|language| language.tag)
    }

    /// The language in which a letter is written that is wanted in another: the same without its
    /// region, or English.
    pub fn language(&self, wanted: &str) -> &str {
        let wanted = wanted.to_ascii_lowercase().replace('_', "-");
        let short = wanted.split('-').next().unwrap_or_default();
        let found = [wanted.as_str(), short]
            .into_iter()
            .find_map(|tag| self.languages.get_key_value(tag));
        found.map_or("en", |(tag, _)| tag)
    }

    /// Writes a letter.
    ///
    /// # Errors
    /// [`WriteError`] where the facts do not have what the letter wants.
    pub fn write(&self, letter: &Letter<'_>) -> Result<Document, WriteError> {
        let (tag, language) = self.words(letter.language)?;
        let name = letter.kind.name();
        let context = context::letter(&language.words, letter);
        let (subject, blocks) = language.fill((tag, name), &context)?;
        let words = &language.words;
        Ok(Document {
            language: tag.to_owned(),
            subject,
            head: letter.head.clone(),
            date: words.date(letter.today),
            reference: words.case(letter.case),
            greeting: words.say("greeting").to_owned(),
            blocks,
            closing: words.say("closing").to_owned(),
            foot: words.say("foot").to_owned(),
        })
    }

    /// Writes the certificate of an erasure.
    ///
    /// # Errors
    /// [`WriteError`].
    pub fn certificate(
        &self,
        language: &str,
        certificate: &Certificate,
    ) -> Result<Document, WriteError> {
        let (tag, language) = self.words(language)?;
        let context = context::certificate(&language.words, certificate);
        let (subject, blocks) = language.fill((tag, CERTIFICATE), &context)?;
        let words = &language.words;
        Ok(Document {
            language: tag.to_owned(),
            subject,
            head: certificate.head.clone(),
            date: words.date(certificate.today),
            reference: certificate
                .case
                .map_or_else(String::new, |case| words.case(case)),
            blocks,
            foot: words.say("foot").to_owned(),
            ..Document::default()
        })
    }

    /// Writes the letter that goes with a copy of the data.
    ///
    /// # Errors
    /// [`WriteError`].
    pub fn summary(&self, language: &str, summary: &Summary) -> Result<Document, WriteError> {
        let (tag, language) = self.words(language)?;
        let context = context::summary(&language.words, summary);
        let (subject, blocks) = language.fill((tag, SUMMARY), &context)?;
        let words = &language.words;
        let case = summary.request.map(|request| words.case(request.case));
        Ok(Document {
            language: tag.to_owned(),
            subject,
            head: summary.head.clone(),
            date: words.date(summary.today),
            reference: case.unwrap_or_default(),
            greeting: words.say("greeting").to_owned(),
            blocks,
            closing: words.say("closing").to_owned(),
            foot: words.say("foot").to_owned(),
        })
    }

    /// An empty letter in a language: date, reference, greeting and end are there, subject and blocks
    /// are the caller's.
    ///
    /// # Errors
    /// [`WriteError`].
    pub fn blank(
        &self,
        wanted: &str,
        head: &Letterhead,
        (today, case): (jiff::civil::Date, Option<i64>),
    ) -> Result<Document, WriteError> {
        let (tag, language) = self.words(wanted)?;
        let words = &language.words;
        Ok(Document {
            language: tag.to_owned(),
            head: head.clone(),
            date: words.date(today),
            reference: case.map_or_else(String::new, |case| words.case(case)),
            greeting: words.say("greeting").to_owned(),
            closing: words.say("closing").to_owned(),
            foot: words.say("foot").to_owned(),
            ..Document::default()
        })
    }

    fn words(&self, wanted: &str) -> Result<(&str, &Language), WriteError> {
        let tag = self.language(wanted);
        let found = self.languages.get_key_value(tag);
        found
            .map(|(tag, language)| (tag.as_str(), language))
            .ok_or_else(|| WriteError::Unknown(tag.to_owned()))
    }

    fn language_of_files(
        &mut self,
        tag: &str,
        files: &[(String, String)],
        faults: &mut Vec<Fault>,
    ) {
        let known = self.languages.get(tag).cloned();
        let mut language = known.clone().unwrap_or_default();
        let of_tag = |wanted: &'static str| {
            let files = files.iter();
            files.filter(move |(path, _)| {
                split(path)
                    .is_some_and(|(of, name)| of == tag && (name == "words") == (wanted == "words"))
            })
        };
        let before = faults.len();
        for (path, text) in of_tag("words").chain(of_tag("letters")) {
            let name = split(path).map_or("", |(_, name)| name);
            if let Err(fault) = language.take_checked(path, name, text) {
                faults.push(fault);
            }
        }
        if known.is_none() {
            let missing = names().find(|name| !language.templates.contains_key(*name));
            if let Some(name) = missing {
                let cause = "is missing or cannot be used, so the language is not there";
                faults.push(Fault::new(&format!("{tag}/{name}.txt"), None, cause));
            }
            if before < faults.len() {
                return;
            }
        }
        self.languages.insert(tag.to_owned(), language);
    }
}

const NOT_OURS: &str = "is not the place of a template: wants a language and a letter, such as \
                        `en/refusal.txt`";

impl Language {
    fn take(&mut self, file: &str, name: &str, text: &str) -> Result<(), Fault> {
        if name == "words" {
            self.words = std::mem::take(&mut self.words).read(file, text)?;
            return Ok(());
        }
        let template = Template::compile(text).map_err(|error| told(file, &error))?;
        self.templates.insert(name.to_owned(), template);
        Ok(())
    }

    /// Takes a file in if it comes out with every sample and claims nothing that cannot be proved. If
    /// not, what was there before stays.
    fn take_checked(&mut self, file: &str, name: &str, text: &str) -> Result<(), Fault> {
        if template::LONGEST < text.len() {
            return Err(Fault::new(file, None, "is longer than 64 KiB"));
        }
        if let Some(found) = claims::find(text).first() {
            let cause = format!(
                "claims `{}`: {} {}",
                found.phrase, found.claim.why, found.claim.instead
            );
            return Err(Fault::new(file, Some(found.line), cause));
        }
        let mut tried = self.clone();
        tried.take(file, name, text)?;
        if let Some(template) = tried.templates.get(name) {
            for context in samples(&tried.words, name) {
                let filled = template
                    .fill(&context)
                    .map_err(|error| told(file, &error))?;
                if document::read(&filled).is_none() {
                    let cause = "wants `subject:` and a subject in its first line";
                    return Err(Fault::new(file, Some(1), cause));
                }
            }
        }
        *self = tried;
        Ok(())
    }

    fn fill(
        &self,
        (tag, name): (&str, &str),
        context: &Value,
    ) -> Result<(String, Vec<document::Block>), WriteError> {
        let place = || format!("{tag}/{name}");
        let template = self.templates.get(name);
        let template = template.ok_or_else(|| WriteError::Unknown(place()))?;
        let failed = |line| WriteError::Template {
            template: place(),
            line,
        };
        let filled = template
            .fill(context)
            .map_err(|error| failed(error.line()))?;
        document::read(&filled).ok_or_else(|| failed(Some(1)))
    }
}

/// What is wrong with a template. What minijinja says names parts of the template, never of a person:
/// it is filled with samples alone.
fn told(file: &str, error: &Error) -> Fault {
    let detail = error
        .detail()
        .map_or_else(String::new, |detail| format!(": {detail}"));
    Fault::new(file, error.line(), format!("{}{detail}", error.kind()))
}

fn samples(words: &Words, name: &str) -> Vec<Value> {
    if name == CERTIFICATE {
        let certificates = sample::certificates();
        return certificates
            .iter()
            .map(|certificate| context::certificate(words, certificate))
            .collect();
    }
    if name == SUMMARY {
        let summaries = sample::summaries();
        return summaries
            .iter()
            .map(|summary| context::summary(words, summary))
            .collect();
    }
    let head = sample::head();
    let Some(kind) = LetterKind::from_name(name) else {
        return Vec::new();
    };
    let cases = sample::cases();
    let of_kind = cases.iter().filter(|case| case.kind == kind);
    of_kind
        .map(|case| context::letter(words, &case.letter("en", &head)))
        .collect()
}

/// The language and the name of a file; none for what is not the place of one.
fn split(path: &str) -> Option<(&str, &str)> {
    let (tag, file) = path.split_once('/')?;
    let name = file.strip_suffix(".txt")?;
    let is_tag = (2..=35).contains(&tag.len())
        && tag
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    let known = file == WORDS || names().any(|known| known == name);
    (is_tag && known).then_some((tag, name))
}

fn names() -> impl Iterator<Item = &'static str> {
    let kinds = LetterKind::ALL.iter().map(|kind| kind.name());
    kinds.chain([CERTIFICATE, SUMMARY])
}
