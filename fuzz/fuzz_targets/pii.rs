//! Identifiers in free text: passages can be cut out, do not overlap, and have a canonical value.

#![no_main]

use libfuzzer_sys::fuzz_target;
use pii::Context;
use pii::Region;
use pii::canonical;
use pii::find;

const COUNTRIES: &[&str] = &["ZA", "GB", "US", "DE", ""];

fuzz_target!(|text: &str| {
    for country in COUNTRIES {
        let context = Context {
            region: Region::of(country),
        };
        let mut end = 0;
        for span in find(text, context) {
            assert!(end <= span.start && span.len > 0, "passages overlap");
            end = span.end();
            assert!(text.get(span.start..end).is_some(), "a character is cut");
            assert!(canonical(text, &span, context).is_some());
        }
    }
});
