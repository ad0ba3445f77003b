//! The reader of notices finds every phrase however it is set, and reads anything; the reader of
//! cleansing files takes any bytes in any pieces.

use domain::cleansing::Country;
use domain::cleansing::Rows;
use domain::notice::claims;
use domain::notice::claims::CLAIMS;
use proptest::collection::vec;
use proptest::prelude::any;
use proptest::prop_assert;
use proptest::prop_assert_eq;
use proptest::proptest;

/// What may stand between two words.
const BETWEEN: [&str; 8] = [" ", "-", "\n", "\u{a0}", "  ", "\t", " \u{2011} ", "_"];

/// A phrase of the table set in another way: case by the bits of `cases`, words parted by what
/// `between` says.
fn set(phrase: &str, cases: u64, between: &[u8]) -> String {
    let words = phrase
        .split(' ')
        .map(|word| if word == ".." { "then" } else { word });
    let mut text = String::new();
    let mut bit = 0_u32;
    for (place, word) in words.enumerate() {
        if place > 0 {
            let which = between.iter().cycle().nth(place).map_or(0, |byte| *byte);
            let between = BETWEEN.iter().cycle().nth(usize::from(which));
            text.push_str(between.copied().unwrap_or_default());
        }
        for c in word.replace('*', "").chars() {
            if cases.rotate_right(bit) & 1 == 1 {
                text.extend(c.to_uppercase());
            } else {
                text.push(c);
            }
            bit += 1;
        }
    }
    text
}

proptest! {
    #[test]
    fn every_phrase_is_found(cases: u64, between in vec(any::<u8>(), 8)) {
        for claim in CLAIMS {
            for (_, phrase) in claim.phrases {
                let text = format!("Of data: {} .", set(phrase, cases, &between));
                let found = claims::find(&text);
                prop_assert!(
                    found.iter().any(|found| found.claim.code == claim.code),
                    "{} in {text:?}",
                    claim.code
                );
            }
        }
    }

    #[test]
    fn any_text_can_be_read(text in "\\PC{0,400}", more in any::<String>()) {
        let lines = text.lines().count().max(1);
        for found in claims::find(&text) {
            prop_assert!(1 <= found.line && found.line <= lines);
        }
        claims::find(&more);
    }

    #[test]
    fn any_file_reads_alike_in_any_pieces(
        bytes in vec(any::<u8>(), 0..600),
        step in 1_usize..40,
        national: bool,
    ) {
        let read = |step: usize| {
            let country = national.then_some(Country::SouthAfrica);
            let mut reader = Rows::new(country, |text| Some(text.to_owned()));
            let mut rows = Vec::new();
            for piece in bytes.chunks(step) {
                reader.take(piece, &mut rows).ok()?;
            }
            reader.end(&mut rows).ok()?;
            let told = rows.into_iter().map(|row| (row.number, row.found.map(|found| found.len())));
            Some(told.collect::<Vec<_>>())
        };
        prop_assert_eq!(read(step), read(bytes.len().max(1)));
    }
}
