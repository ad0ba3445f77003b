//! Packs of law, calendars and reviews, as somebody puts them beside those built in.

#![no_main]

use std::sync::LazyLock;

use domain::law::Evidence;
use domain::law::Law;
use domain::time::Timestamp;
use libfuzzer_sys::fuzz_target;
use rulebook::Clock;
use rulebook::RequestKind;
use rulebook::Rulebook;
use rulebook::files::Source;

/// 22 November 2026, noon.
const NOW: Timestamp = Timestamp::from_seconds(1_795_348_800);

static PLACES: LazyLock<Vec<Evidence>> = LazyLock::new(|| {
    let living_in = |place: &str| Evidence {
        residence: Some(place.to_owned()),
        ..Evidence::default()
    };
    ["", "ZA", "US-CA", "LS"].map(living_in).to_vec()
});

fuzz_target!(|text: &str| {
    // A calendar and a review say what they are by their tables.
    let name = if text.starts_with("[[set]]") {
        "holidays.toml"
    } else if text.starts_with("[[review]]") {
        "reviews.toml"
    } else {
        "pack.toml"
    };
    let source = Source {
        name: name.to_owned(),
        text: text.to_owned(),
    };
    let book = match Rulebook::load("ZA", &[source]) {
        Ok(book) => book,
        Err(refused) => {
            assert!(!refused.0.is_empty(), "refused without a reason");
            for fault in refused.0 {
                assert!((1..=text.lines().count() + 1).contains(&fault.line));
                assert!(!fault.to_string().contains('\n'), "a fault of two lines");
            }
            return;
        }
    };
    for evidence in PLACES.iter() {
        let rules = book.rules(evidence, NOW);
        assert!(!rules.packs.is_empty(), "somebody has no law");
        assert!(rules == book.rules(evidence, NOW), "law changes by asking");
        for one in book.deadlines(RequestKind::Access, &["LS", "ZA"], Clock::from(NOW)) {
            let complete = one.complete.map_or(NOW, |due| due.at);
            let extended = one.extended.map_or(complete, |due| due.at);
            assert!(NOW <= complete && complete <= extended, "an earlier end");
        }
    }
    book.warnings(NOW);
});
