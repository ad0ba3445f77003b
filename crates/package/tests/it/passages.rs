//! Passages about others: found, and cut out where they stand.

use package::Cut;
use package::Other;
use package::Texts;
use package::cut;
use package::others;
use package::readable;
use package::show;
use pii::Context;
use pii::Region;
use proptest::prelude::*;
use serde_json::Value;
use serde_json::json;

const CONTEXT: Context = Context {
    region: Region::SouthAfrica,
};

fn is_own(value: &str) -> bool {
    ["+27821234567", "me@example.com"].contains(&value)
}

fn left_out(mut content: Value) -> (Value, usize) {
    let found = others(&content, CONTEXT, &is_own);
    let cuts = cut(&mut content, &found);
    assert_eq!(cuts, found.len());
    (content, cuts)
}

fn check(content: Value, wanted: &str) {
    let (content, _) = left_out(content);
    assert_eq!(readable(&content, &Texts::of("en")), wanted);
}

#[test]
fn others_go_and_own_stays() {
    let text = |body: &str| json!({"message": {"type": "text", "text": {"body": body}}});
    for (body, wanted) in [
        ("my number is 082 123 4567", "my number is 082 123 4567"),
        (
            "ring Sipho: 083 765 4321, or mail s@example.com",
            "ring Sipho: [left out: phone number of another person], or mail \
             [left out: e-mail address of another person]",
        ),
        (
            "mine 0821234567 his 0837654321 mine ME@example.com",
            "mine 0821234567 his [left out: phone number of another person] mine ME@example.com",
        ),
    ] {
        check(text(body), wanted);
    }
}

#[test]
fn cards_go_whole_unless_they_are_the_persons() {
    let card = |name: &str, phone: &str| json!({"name": {"formatted_name": name}, "phones": [{"phone": phone, "type": "CELL"}]});
    let contacts = json!({"message": {"type": "contacts", "contacts": [
        card("Sipho", "+27 83 765 4321"), card("Thandi", "+27 82 123 4567"), card("Zoë", "x"),
    ]}});
    check(
        contacts,
        "[left out: contact card of another person]\nContact card: Thandi\n\
         [left out: contact card of another person]",
    );
}

#[test]
fn what_is_for_machines_is_left_alone() {
    let content = json!({
        "contact": {"profile": {"name": "Thandi"}, "wa_id": "27837654321"},
        "message": {
            "from": "27837654321", "id": "wamid.0837654321", "type": "image",
            "image": {"id": "27837654321", "caption": "call 0837654321", "mime_type": "image/jpeg"},
        },
    });
    let (cut, count) = left_out(content);
    assert_eq!(count, 1);
    assert_eq!(cut["message"]["from"], "27837654321");
    assert_eq!(cut["contact"]["wa_id"], "27837654321");
}

#[test]
fn a_place_that_does_not_fit_cuts_too_much() {
    let mut content = json!({"type": "text", "text": {"body": "Zoë"}});
    let place = Cut {
        what: Other::Phone,
        start: 3,
        length: 40,
    };
    assert_eq!(cut(&mut content, &[place]), 1);
    assert_eq!(readable(&content, &Texts::of("en")), Other::Phone.label());
}

#[test]
fn what_is_found_can_be_shown_with_what_is_around_it() {
    let content = json!({"type": "text", "text": {"body": "ring Zoë: 083 765 4321!"}});
    let found = others(&content, CONTEXT, &is_own);
    let shown = show(&content, found[0]).unwrap();
    assert_eq!(
        [&*shown.before, &*shown.passage, &*shown.after],
        ["ring Zoë: ", "083 765 4321", "!"]
    );
    let nowhere = Cut {
        start: 900,
        ..found[0]
    };
    assert_eq!(show(&content, nowhere), None);
}

#[test]
fn messages_are_readable() {
    for (content, wanted) in [
        (
            json!({"type": "template", "template": {"name": "sale", "components": [
                {"type": "body", "parameters": [{"type": "text", "text": "Thandi"}]}]}}),
            "Template “sale”\nFilled in: Thandi",
        ),
        (
            json!({"message": {"type": "document", "document": {"filename": "a.pdf", "caption": "b"}}}),
            "document: a.pdf\nb",
        ),
        (
            json!({"message": {"type": "reaction", "reaction": {"emoji": "👍"}}}),
            "Reaction: 👍",
        ),
        (
            json!({"message": {"type": "location", "location": {"latitude": -33.9, "longitude": 18.4, "name": "Home"}}}),
            "Location: -33.9, 18.4\nHome",
        ),
        (
            json!({"message": {"type": "interactive", "interactive": {"button_reply": {"title": "Yes"}}}}),
            "Yes",
        ),
        (Value::Null, "message"),
    ] {
        assert_eq!(readable(&content, &Texts::of("en")), wanted);
    }
}

fn tree() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        "[a-z0-9 +@.é-]{0,24}".prop_map(Value::String),
        "(083 765 4321|s@example.com|0821234567|hi)".prop_map(Value::String),
        Just(Value::Null),
        any::<i32>().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::Array),
            prop::collection::btree_map("(text|body|contacts|id|caption|from|name)", inner, 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    /// Whatever shape a message has: everything found is cut, and then nothing is found any more.
    #[test]
    fn what_is_found_is_gone_after_the_cut(content in tree()) {
        let (left, _) = left_out(content);
        let again = others(&left, CONTEXT, &is_own);
        prop_assert!(again.iter().all(|found| found.what == Other::ContactCard), "{left}");
    }

    #[test]
    fn any_places_can_be_cut(content in tree(), places in prop::collection::vec((0_u32..200, 0_u32..60), 0..6)) {
        let mut content = content;
        let cuts: Vec<Cut> = places
            .into_iter()
            .map(|(start, length)| Cut { what: Other::Phone, start, length })
            .collect();
        cut(&mut content, &cuts);
    }
}
