//! What is not kept is nowhere: session descriptions, old chats, address books.
//!
//! A canary stands in everything of that kind. Whatever comes out of the parser is gathered as text,
//! in every form in which it could be stored, and must not hold it; neither must what an app gets.

use proptest::prelude::*;
use whatsapp::relay::CallBeside;
use whatsapp::relay::RelayCall;
use whatsapp::relay::render_call;
use whatsapp::webhook::DroppedKind;
use whatsapp::webhook::Item;
use whatsapp::webhook::keepable;
use whatsapp::webhook::parse;

use crate::leak;
use crate::samples;

const CANARY: &str = "CANARY";
const SDP: &str =
    r"v=0\r\no=- CANARY 2 IN IP4 192.0.2.77\r\nc=IN IP4 CANARY\r\na=candidate:1 1 udp 1 CANARY";

/// Everything that an item would have stored.
fn stored(item: &Item<'_>) -> Vec<String> {
    let text = |raw: &str| vec![raw.to_owned()];
    match item {
        Item::Call(call) => text(call.raw.as_str()),
        Item::CallStatus(status) => text(status.raw.as_str()),
        Item::Dropped(_) => Vec::new(),
        Item::Echo(echo) => text(echo.raw.as_str()),
        Item::Errors(errors) => text(errors.raw.as_str()),
        Item::Group(change) => text(change.raw.as_str()),
        Item::Health(health) => text(health.raw.as_str()),
        Item::IdentityChange(change) => text(change.raw.as_str()),
        Item::Message(message) => text(message.raw.as_str()),
        Item::Notice(notice) => text(notice.raw.as_str()),
        Item::Preference(preference) => text(preference.raw.as_str()),
        Item::Status(status) => text(status.raw.as_str()),
        Item::TemplateChange(change) => text(change.raw.as_str()),
        Item::Unhandled { raw, .. } | Item::Unknown { raw, .. } | Item::Unreadable { raw, .. } => {
            text(raw.as_str())
        }
        other => panic!("{other:?}"),
    }
}

fn assert_clean(body: &str) -> usize {
    let Ok(items) = parse(body.as_bytes()) else {
        let kept = String::from_utf8_lossy(&keepable(body.as_bytes())).into_owned();
        assert!(!kept.contains(CANARY), "{kept} of {body}");
        return 0;
    };
    for item in &items {
        assert!(!format!("{item:?}").contains(CANARY));
        for text in stored(item) {
            assert!(!text.contains(CANARY), "{text} of {body}");
        }
    }
    items.len()
}

fn session() -> String {
    format!(r#""session":{{"sdp":"{SDP}","sdp_type":"offer"}}"#)
}

fn connect(session: &str) -> String {
    format!(
        r#"{{"id":"wacid.1","from":"27825550123","to":"27115550100","event":"connect","direction":"USER_INITIATED","timestamp":"1758254144",{session}}}"#
    )
}

#[test]
fn a_session_is_not_kept() {
    let session = session();
    let good = connect(&session);
    for call in [
        good.clone(),
        // Unreadable in every way.
        good.replace(r#""id":"wacid.1","#, ""),
        good.replace(r#""id":"wacid.1""#, r#""id":[7]"#),
        good.replace(r#""from":"27825550123","#, ""),
        good.replace(r#""event""#, r#""event":"x","event""#),
        format!("[{good}]"),
        format!("{}{good}{}", "[".repeat(90), "]".repeat(90)),
        // Other places for the same thing.
        connect(&format!(r#""connection":{{"webrtc":{{"sdp":"{SDP}"}}}}"#)),
        connect(&format!(r#""\u0073ession":{{"a":"{SDP}"}}"#)),
        connect(&format!(r#""Session":["{SDP}"]"#)),
        connect(&format!(r#""hologram":"{SDP}""#)),
        connect(&format!(r#""session":"CANARY",{session}"#)),
        connect(&format!(
            r#""deep":[{{"json":"{{\"sdp\":\"{}\"}}"}}]"#,
            SDP.replace('\\', r"\\")
        )),
        good.replace("connect", "terminate"),
        good.replace("USER_INITIATED", "BUSINESS_INITIATED"),
    ] {
        for field in [
            "calls",
            "messages",
            "standby",
            "hologram",
            "smb_message_echoes",
        ] {
            for members in [
                format!(r#""calls":[{call}]"#),
                format!(r#""calls":{call}"#),
                format!(r#""calls":[{call}],"calls":[{call}]"#),
                format!(r#""statuses":[{call}]"#),
                format!(r#""standby":{{"calls":[{call}]}}"#),
                format!(r#""standby":{{"standby":{{"calls":[{call}]}}}}"#),
            ] {
                let body = samples::envelope(field, &members);
                assert!(0 < assert_clean(&body), "{body}");
                // A broken entry, a broken change, another object, and no JSON at all.
                let broken = body.replace(r#""changes":"#, r#""changes":7,"changes":"#);
                assert!(0 < assert_clean(&broken), "{broken}");
                let broken = body.replace(r#""field":"#, r#""field":[],"field":"#);
                assert!(0 < assert_clean(&broken), "{broken}");
                assert_clean(&body.replace("whatsapp_business_account", "page"));
                assert_clean(body.get(..body.len() - 3).unwrap());
            }
        }
    }
}

#[test]
fn the_rest_of_a_call_is_kept() {
    let body = samples::envelope("calls", &format!(r#""calls":[{}]"#, connect(&session())));
    let items = parse(body.as_bytes()).unwrap();
    let [Item::Call(call)] = &items[..] else {
        panic!("{items:?}");
    };
    assert_eq!(
        call.raw.as_str(),
        r#"{"direction":"USER_INITIATED","event":"connect","from":"27825550123","id":"wacid.1","timestamp":"1758254144","to":"27115550100"}"#
    );
    let map = |_: &str| None;
    // Even of a call that was not cleaned no app gets more.
    for raw in [call.raw.as_str(), &connect(&session())] {
        let stored = RelayCall {
            waba_id: "102290129340398",
            phone_number_id: "106540352242922",
            display_phone_number: "27 11 555 0100",
            call_raw: raw,
            contact_raw: None,
        };
        let rendered = render_call(&stored, &leak::alias(&map), CallBeside::default()).unwrap();
        assert!(!rendered.contains(CANARY) && !rendered.contains("session"));
    }
}

#[test]
fn chats_and_address_books_are_counted() {
    #[rustfmt::skip]
    let cases: &[(&str, &str, (DroppedKind, usize, bool))] = &[
        ("history", r#"{"metadata":{"phone_number_id":"7"},"history":[{"metadata":{"phase":0},"threads":[{"id":"CANARY","messages":[{"text":{"body":"CANARY"}},7]},{"messages":[{}]}]},{"threads":[]}]}"#, (DroppedKind::History, 3, false)),
        ("history", r#"{"history":[{"errors":[{"code":2593109,"title":"CANARY"}]}]}"#, (DroppedKind::History, 0, true)),
        ("history", r#"{"messages":[{"id":"CANARY"}]}"#, (DroppedKind::History, 1, false)),
        ("history", r#""CANARY""#, (DroppedKind::History, 0, false)),
        ("smb_app_state_sync", r#"{"state_sync":[{"contact":{"full_name":"CANARY"}},{}]}"#, (DroppedKind::AddressBook, 2, false)),
        ("smb_app_state_sync", r#"{"state_sync":"CANARY"}"#, (DroppedKind::AddressBook, 0, false)),
        ("automatic_events", r#"{"automatic_events":[{"id":"CANARY"}]}"#, (DroppedKind::InferredEvents, 1, false)),
    ];
    for (field, value, expected) in cases {
        let body = format!(
            r#"{{"object":"whatsapp_business_account","entry":[{{"id":"1","changes":[{{"field":"{field}","value":{value}}}]}}]}}"#
        );
        let items = parse(body.as_bytes()).unwrap();
        let [Item::Dropped(dropped)] = &items[..] else {
            panic!("{items:?}");
        };
        let found = (dropped.kind, dropped.pieces, dropped.declined);
        assert_eq!(found, *expected, "{value}");
        assert_clean(&body);
    }
    let lists = r#"{"history":[{"threads":[{"id":"CANARY"}]}],"state_sync":["CANARY"]}"#;
    for body in [
        format!(
            r#"{{"object":"whatsapp_business_account","entry":[{{"id":"1","changes":[{{"field":"history","value":{lists},"value":7}}]}}]}}"#
        ),
        format!(
            r#"{{"object":"whatsapp_business_account","entry":[{{"id":"1","changes":[{{"field":"hologram","value":{lists}}}]}}]}}"#
        ),
        format!(r#"{{"object":"page","x":{lists}}}"#),
    ] {
        assert_clean(&body);
    }
    let deep = format!(
        r#"{{"object":"whatsapp_business_account","entry":[{{"id":"1","changes":[{{"field":"history","value":{}"CANARY"{}}}]}}]}}"#,
        "[".repeat(20_000),
        "]".repeat(20_000)
    );
    assert_eq!(assert_clean(&deep), 1);
}

proptest! {
    #[test]
    fn bent_calls(at in 0_usize..900, byte in 0x20_u8..0x7f) {
        let call = connect(&format!(r#""session":{{"sdp":"{SDP}"}},"x":{{"session":{{"a":"v=0\r\nCANARY IN IP4"}}}}"#));
        let mut body = samples::envelope("calls", &format!(r#""calls":[{call}]"#)).into_bytes();
        let at = at % body.len();
        let canary = String::from_utf8(body.clone()).unwrap();
        // The key of the description itself stays, and so do the words by which one is told.
        let kept = ["session", "sdp", SDP, "v=0"]
            .iter()
            .any(|word| canary.match_indices(word).any(|(from, _)| (from..from + word.len()).contains(&at)));
        prop_assume!(!kept);
        body[at] = byte;
        assert_clean(std::str::from_utf8(&body).unwrap());
    }
}
