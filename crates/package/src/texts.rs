//! What the pages say, in the person's language: Project Fluent, files compiled in, as for the pages on
//! the public listener.
//!
//! A package of a million messages asks for the same words a million times: whatever has nothing to be
//! filled in is formatted once.

use std::collections::HashMap;
use std::fmt;

use fluent_bundle::FluentArgs;
use fluent_bundle::FluentResource;
use fluent_bundle::FluentValue;
use fluent_bundle::concurrent::FluentBundle;
use unic_langid::LanguageIdentifier;

/// The texts of each language. isiZulu is not there: nobody has reviewed it.
const FILES: &[(&str, &str)] = &[
    ("en", include_str!("../locales/en/package.ftl")),
    ("af", include_str!("../locales/af/package.ftl")),
    ("de", include_str!("../locales/de/package.ftl")),
    ("fr", include_str!("../locales/fr/package.ftl")),
];

/// The texts of one language.
pub struct Texts {
    tag: &'static str,
    /// Those with nothing to be filled in.
    words: HashMap<&'static str, String>,
    bundle: FluentBundle<FluentResource>,
}

impl fmt::Debug for Texts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Texts").field(&self.tag).finish()
    }
}

impl Texts {
    /// The texts in the language of a BCP 47 tag: `de` for `de-AT`. English where there are none.
    pub fn of(wanted: &str) -> Self {
        let first = wanted.split(['-', '_']).next().unwrap_or_default();
        let mut files = FILES.iter();
        let found = files.find(|(tag, _)| tag.eq_ignore_ascii_case(first));
        let (tag, file) = found.or(FILES.first()).copied().unwrap_or_default();
        Self::read(tag, file)
    }

    /// The languages there are (BCP 47).
    pub fn languages() -> impl Iterator<Item = &'static str> {
        FILES.iter().map(|(tag, _)| *tag)
    }

    fn read(tag: &'static str, file: &'static str) -> Self {
        let languages: Vec<LanguageIdentifier> = tag.parse().into_iter().collect();
        let mut bundle = FluentBundle::new_concurrent(languages);
        // All languages here are written from left to right; marks of direction around each value would
        // only stand in what people copy.
        bundle.set_use_isolating(false);
        // All files are compiled in, and a test reads each of them.
        if let Ok(texts) = FluentResource::try_new(file.to_owned()) {
            let _ = bundle.add_resource(texts);
        }
        let mut texts = Self {
            tag,
            words: HashMap::new(),
            bundle,
        };
        let words = ids(file).filter_map(|id| Some((id, texts.format(id, None)?)));
        texts.words = words.collect();
        texts
    }

    /// The language (BCP 47).
    pub const fn tag(&self) -> &'static str {
        self.tag
    }

    /// A text.
    pub fn say<'a>(&'a self, id: &'a str) -> &'a str {
        self.words.get(id).map_or(id, String::as_str)
    }

    /// A text with values in it.
    pub fn with(&self, id: &str, values: &[(&str, &str)]) -> String {
        let mut arguments = FluentArgs::with_capacity(values.len());
        for (name, value) in values {
            arguments.set((*name).to_owned(), FluentValue::from(*value));
        }
        self.format(id, Some(&arguments))
            .unwrap_or_else(|| id.to_owned())
    }

    /// The word for a code of a group; the code itself where nobody has a word for it.
    pub fn word<'a>(&'a self, group: &str, code: &'a str) -> &'a str {
        let id = format!("{group}-{code}");
        self.words.get(id.as_str()).map_or(code, String::as_str)
    }

    /// A message, unless something is missing.
    fn format(&self, id: &str, arguments: Option<&FluentArgs<'_>>) -> Option<String> {
        let pattern = self.bundle.get_message(id)?.value()?;
        let mut errors = Vec::new();
        let text = self.bundle.format_pattern(pattern, arguments, &mut errors);
        errors.is_empty().then(|| text.into_owned())
    }
}

/// The ids of a file.
fn ids(file: &'static str) -> impl Iterator<Item = &'static str> {
    let lines = file.lines();
    lines.filter_map(|line| {
        let (id, _) = line.split_once(" = ")?;
        let fits = |c: char| c.is_ascii_lowercase() || c == '-';
        id.chars().all(fits).then_some(id)
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::FILES;
    use super::Texts;
    use super::ids;

    /// The names of the variables of a text.
    fn variables<'t>(file: &'t str, id: &str) -> BTreeSet<&'t str> {
        let before = format!("{id} = ");
        let line = file.lines().find_map(|line| line.strip_prefix(&before));
        let parts = line.unwrap().split("{ $").skip(1);
        parts.map(|part| part.split(' ').next().unwrap()).collect()
    }

    #[test]
    fn every_language_says_the_same() {
        let (_, english) = FILES[0];
        let all: BTreeSet<&str> = ids(english).collect();
        assert!(all.len() > 200, "{}", all.len());
        for (tag, file) in FILES {
            assert_eq!(ids(file).collect::<BTreeSet<_>>(), all, "{tag}");
            let texts = Texts::of(tag);
            assert_eq!(texts.tag(), *tag);
            for id in &all {
                let wanted = variables(english, id);
                assert_eq!(variables(file, id), wanted, "{tag}: {id}");
                assert_eq!(
                    texts.words.contains_key(id),
                    wanted.is_empty(),
                    "{tag}: {id}"
                );
                let filled: Vec<(&str, &str)> = wanted.iter().map(|name| (*name, "42")).collect();
                let text = texts.with(id, &filled);
                assert!(
                    !text.is_empty() && !text.contains(['{', '$']),
                    "{tag}: {text}"
                );
                assert!(text.contains("42") || filled.is_empty(), "{tag}: {text}");
            }
        }
    }

    #[test]
    fn the_nearest_language_is_taken() {
        for (wanted, expected) in [
            ("de-AT", "de"),
            ("fr_CA", "fr"),
            ("AF", "af"),
            ("zu", "en"),
            ("", "en"),
        ] {
            assert_eq!(Texts::of(wanted).tag(), expected, "{wanted}");
        }
    }

    #[test]
    fn a_code_without_a_word_stands_for_itself() {
        let texts = Texts::of("de");
        assert_eq!(texts.word("state", "read"), "gelesen");
        assert_eq!(texts.word("state", "lost"), "lost");
    }
}
