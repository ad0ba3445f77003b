//! The languages in which a person's words are understood.

use std::collections::BTreeSet;

/// The tag of rules that count in every language (ISO 639-2 "multiple languages").
pub const EVERY: &str = "mul";

/// The official languages of South Africa that have keywords; South African Sign Language, the
/// twelfth, has none.
const SOUTH_AFRICA: [&str; 11] = [
    "af", "en", "nr", "nso", "ss", "st", "tn", "ts", "ve", "xh", "zu",
];

/// The other languages of the built-in pack.
const DEFAULT: [&str; 6] = ["de", "es", "fr", "it", "nl", "pt"];

/// A set of languages, as BCP 47 primary tags. It always holds English: everybody is told the
/// English words.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct LanguageSet {
    // INVARIANT: lower case, primary subtags only, with "en".
    tags: BTreeSet<String>,
}

impl LanguageSet {
    /// A set from tags such as `zu` or `pt-BR`, of which only the primary part counts.
    pub fn new<'a>(tags: impl IntoIterator<Item = &'a str>) -> Self {
        let primary = |tag: &str| tag.split(['-', '_']).next().map(str::to_ascii_lowercase);
        let tags = tags.into_iter().chain(["en"]);
        Self {
            tags: tags
                .filter_map(primary)
                .filter(|tag| !tag.is_empty())
                .collect(),
        }
    }

    /// All languages of the built-in pack: those of South Africa, and German, Spanish, French,
    /// Italian, Dutch and Portuguese. For people whose languages are not known.
    pub fn south_africa_and_default() -> Self {
        Self::new(SOUTH_AFRICA.into_iter().chain(DEFAULT))
    }

    /// Whether the language with this lower-case primary tag is in the set.
    pub fn contains(&self, tag: &str) -> bool {
        tag == EVERY || self.tags.contains(tag)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets() {
        let check = |tags: &[&str], language: &str, wanted: bool| {
            let set = LanguageSet::new(tags.iter().copied());
            assert_eq!(set.contains(language), wanted, "{tags:?} {language}");
        };
        check(&[], "en", true);
        check(&[], "mul", true);
        check(&[], "zu", false);
        check(&["pt-BR"], "pt", true);
        check(&["AF_za"], "af", true);
        check(&["n"], "nl", false);
        check(&["", "-"], "", false);
    }
}
