//! What holds of any text.

use pii::Context;
use pii::Kind;
use pii::Region;
use pii::canonical;
use pii::find;
use proptest::prelude::*;

const SOUTH_AFRICA: Context = Context {
    region: Region::SouthAfrica,
};

fn sane(text: &str, context: Context) {
    let mut end = 0;
    for span in find(text, context) {
        assert!(end <= span.start && span.len > 0, "passages overlap");
        end = span.end();
        assert!(text.get(span.start..end).is_some(), "a character is cut");
        assert!((50..=100).contains(&span.confidence));
        assert!(canonical(text, &span, context).is_some());
    }
}

proptest! {
    #[test]
    fn any_text_has_passages_that_can_be_cut_out(text in any::<String>()) {
        for region in ["ZA", "GB", "US", "DE", ""] {
            sane(&text, Context { region: Region::of(region) });
        }
    }

    #[test]
    fn so_has_a_text_of_what_numbers_are_made_of(
        text in "[0-9０-９+＋@.:/() \\-a-zGBVCARDéß\u{200f}\u{a0}]{0,80}",
    ) {
        sane(&text, SOUTH_AFRICA);
    }

    #[test]
    fn a_number_is_found_whatever_stands_between_its_digits(
        number in 600_000_000_u64..899_999_999,
        marks in prop::collection::vec(prop::sample::select(vec!["", " ", "-", ".", "\u{a0}", "\u{200e}"]), 8),
        before in "(|hi |see: |\n)",
        after in "(|, bye|\\.| soon|\n)",
    ) {
        let digits = number.to_string();
        let mut written = String::from("0");
        for (place, digit) in digits.chars().enumerate() {
            written.push(digit);
            written.push_str(marks.get(place).copied().unwrap_or_default());
        }
        let text = format!("{before}{written}{after}");
        let found = find(&text, SOUTH_AFRICA);
        prop_assert_eq!(found.len(), 1, "{}", &text);
        prop_assert_eq!(found[0].kind, Kind::Phone);
        let value = canonical(&text, &found[0], SOUTH_AFRICA);
        prop_assert_eq!(value, Some(format!("+27{digits}")));
    }

    #[test]
    fn an_address_is_found(local in "[a-z][a-z0-9._-]{0,20}[a-z0-9]", host in "[a-z]{2,12}\\.(com|co\\.za|org)") {
        let text = format!("mail {local}@{host}, thanks");
        let found = find(&text, SOUTH_AFRICA);
        prop_assert_eq!(found.len(), 1, "{}", &text);
        prop_assert_eq!(&text[found[0].start..found[0].end()], format!("{local}@{host}"));
    }
}

/// Texts that could make a reader look far ahead from every place: so much of each is through in moments,
/// or this does not end.
#[test]
fn hostile_texts_come_to_an_end() {
    for piece in [
        "1 ",
        "0 ",
        "+1",
        "@",
        "a@",
        "a@a.",
        "DE89 ",
        "BEGIN:VCARD",
        "(0)",
        "\u{200f}1",
    ] {
        let text = piece.repeat(200_000 / piece.len());
        sane(&text, SOUTH_AFRICA);
    }
}
