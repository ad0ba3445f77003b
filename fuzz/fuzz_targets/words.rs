//! Keywords people write, and packs of them.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use rulebook::LanguageSet;
use rulebook::WordPack;
use rulebook::key::key;

static PACK: LazyLock<WordPack> = LazyLock::new(|| WordPack::builtin().unwrap());

fuzz_target!(|text: &str| {
    let languages = LanguageSet::south_africa_and_default();
    let found = PACK.detect(text, &languages).map(|word| word.intent);
    if let Some(key) = key(text) {
        let again = PACK.detect(&key, &languages).map(|word| word.intent);
        assert!(
            found == again || rulebook::key::LONGEST < key.chars().count(),
            "the key of a word means something else"
        );
    }
    if let Ok(pack) = WordPack::parse(text) {
        assert!(pack.detect("stop", &languages).is_some());
    }
});
