//! Webhooks: every type, every field, and what is broken.

use std::fmt::Write as _;

use whatsapp::webhook::InboundMessage;
use whatsapp::webhook::Item;
use whatsapp::webhook::PreferenceValue;
use whatsapp::webhook::StatusKind;
use whatsapp::webhook::SystemKind;
use whatsapp::webhook::TemplateEvent;
use whatsapp::webhook::Unreadable;
use whatsapp::webhook::WebhookError;
use whatsapp::webhook::parse;

use crate::samples;

fn only(body: &str) -> Item<'_> {
    let mut items = parse(body.as_bytes()).unwrap();
    assert_eq!(items.len(), 1, "{items:?}");
    items.remove(0)
}

fn only_message(body: &str) -> Box<InboundMessage<'_>> {
    match only(body) {
        Item::Message(message) => message,
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_type() {
    let mut out = String::new();
    for (name, payload) in samples::PAYLOADS {
        let post = samples::post(payload);
        let message = only_message(&post);
        let _ = writeln!(
            out,
            "{name}: {:?}, opens {}",
            message.kind,
            message.opens_window()
        );
        facts(&message, &mut out);
        assert_eq!(message.id, samples::WAMID);
        assert_eq!(message.from.as_deref(), Some("27825550123"));
        assert_eq!(message.timestamp, Some(1_758_254_144));
        assert_eq!(message.profile_name.as_deref(), Some("Sipho Canary"));
        assert_eq!(message.has_referral, *name == "advert");
        assert_eq!(message.raw.as_str(), samples::message(payload));
        assert_eq!(message.contact_raw.unwrap().as_str(), samples::CONTACT);
    }
    insta::assert_snapshot!(out);
}

fn facts(message: &InboundMessage<'_>, out: &mut String) {
    if let Some(text) = &message.text {
        let _ = writeln!(out, "  text {:?} ({})", text.as_str(), message.text_len());
    }
    for signal in message.signals() {
        let button = signal.source.is_button();
        let _ = writeln!(
            out,
            "  {:?} {:?} {button}",
            signal.source,
            signal.text.as_str()
        );
    }
    if let Some(media) = &message.media {
        let _ = writeln!(out, "  file {} voice {}", media.id.as_str(), media.voice);
    }
    let facts = [
        (
            "context",
            message
                .context
                .as_ref()
                .and_then(|context| context.id.as_deref()),
        ),
        (
            "target",
            message
                .reaction
                .as_ref()
                .map(|reaction| reaction.target.as_str()),
        ),
        ("original", message.original_id.as_deref()),
        (
            "to",
            message
                .system
                .as_ref()
                .and_then(|system| system.new_phone.as_deref()),
        ),
    ];
    for (name, fact) in facts {
        if let Some(fact) = fact {
            let _ = writeln!(out, "  {name} {fact}");
        }
    }
}

#[test]
fn debug_tells_nothing() {
    for (_, payload) in samples::PAYLOADS {
        let debug = format!("{:?}", parse(samples::post(payload).as_bytes()).unwrap());
        for secret in ["5550", "Sipho", "1349", "STOP", "wamid"] {
            assert!(!debug.contains(secret), "{debug}");
        }
    }
}

#[test]
fn scope_and_standby() {
    let post = samples::post(samples::PAYLOADS[0].1);
    let message = only_message(&post);
    assert_eq!(message.scope.waba_id, "102290129340398");
    assert_eq!(
        message.scope.phone_number_id.as_deref(),
        Some("106540352242922")
    );
    assert!(!message.standby);
    let standby = post.replace(r#""field":"messages""#, r#""field":"standby""#);
    assert!(only_message(&standby).standby);
}

#[test]
fn senders() {
    let check = |members: &str, expected: Option<(Option<&str>, Option<&str>)>| {
        let body = samples::envelope("messages", members);
        let found = match only(&body) {
            Item::Message(message) => {
                let text = |text: &Option<whatsapp::Text<'_>>| {
                    text.as_ref().map(|text| text.as_str().to_owned())
                };
                Some((text(&message.from), text(&message.user_id)))
            }
            Item::Unreadable {
                why: Unreadable::Sender,
                ..
            } => None,
            other => panic!("{other:?}"),
        };
        let owned = |text: Option<&str>| text.map(ToOwned::to_owned);
        assert_eq!(
            found,
            expected.map(|(a, b)| (owned(a), owned(b))),
            "{members}"
        );
    };
    let text = r#""id":"wamid.1","timestamp":"1758254144","type":"text","text":{"body":"x"}"#;
    check(
        &format!(r#""messages":[{{"from":"278",{text}}}]"#),
        Some((Some("278"), None)),
    );
    check(
        &format!(r#""messages":[{{"from":"","from_user_id":"ZA.1",{text}}}]"#),
        Some((None, Some("ZA.1"))),
    );
    check(
        &format!(
            r#""contacts":[{{"wa_id":"279"}},{{"wa_id":"278","user_id":"ZA.2"}}],"messages":[{{"from":"278",{text}}}]"#
        ),
        Some((Some("278"), Some("ZA.2"))),
    );
    check(
        &format!(
            r#""contacts":[{{"wa_id":"","user_id":"ZA.2"}}],"messages":[{{"from":null,{text}}}]"#
        ),
        Some((None, Some("ZA.2"))),
    );
    check(
        &format!(
            r#""contacts":[7,{{"wa_id":"279","user_id":"ZA.3"}}],"messages":[{{"from":"278",{text}}}]"#
        ),
        Some((Some("278"), None)),
    );
    check(&format!(r#""messages":[{{"from":"",{text}}}]"#), None);
    check(
        &format!(r#""contacts":[{{}},{{"wa_id":"1"}}],"messages":[{{{text}}}]"#),
        None,
    );
}

#[test]
fn timestamps() {
    let check = |written: &str, expected: (Option<i64>, bool)| {
        let post = samples::post(samples::PAYLOADS[0].1).replace(
            r#""timestamp":"1758254144""#,
            &format!(r#""timestamp":{written}"#),
        );
        let message = only_message(&post);
        assert_eq!(
            (message.timestamp, message.timestamp_odd),
            expected,
            "{written}"
        );
    };
    check("\"1758254144\"", (Some(1_758_254_144), false));
    check("1758254144", (Some(1_758_254_144), false));
    check("null", (None, false));
    check("\"\"", (None, false));
    for odd in [
        "\"0\"",
        "0",
        "-1",
        "\"-1\"",
        "9223372036854775808",
        "\"abc\"",
        "253402300799",
    ] {
        check(odd, (None, true));
    }
    for odd in [
        "1758254144.5",
        "1e300",
        "\"1758254144 \"",
        "99999999999999999999999999",
    ] {
        check(odd, (None, true));
    }
}

#[test]
fn system_changes() {
    let post = samples::post(
        samples::PAYLOADS
            .iter()
            .find(|row| row.0 == "new number")
            .unwrap()
            .1,
    );
    let system = only_message(&post).system.unwrap();
    assert_eq!(system.kind, SystemKind::UserChangedNumber);
    assert_eq!(system.old_phone.as_deref(), Some("27825550123"));
    assert_eq!(
        system.old_user_id.as_deref(),
        Some("ZA.13491208655302741918")
    );
    assert_eq!(system.new_phone.as_deref(), Some("27825550999"));
    assert_eq!(
        system.new_user_id.as_deref(),
        Some("ZA.22222222222222222222")
    );
    let ids_only = samples::envelope(
        "messages",
        r#""messages":[{"id":"wamid.1","timestamp":"1753851315","type":"system","system":{"type":"user_changed_user_id","body":"b","user_id":"ZA.2","previous_user_id":"ZA.1"}}]"#,
    );
    let message = only_message(&ids_only);
    assert_eq!(message.user_id.as_deref(), Some("ZA.1"));
    assert_eq!(message.system.unwrap().kind, SystemKind::UserChangedUserId);
}

#[test]
fn statuses() {
    let body = samples::envelope(
        "messages",
        r#""statuses":[
            {"id":"wamid.1","status":"delivered","timestamp":"1758254150","recipient_id":"27825550123","recipient_user_id":"ZA.1","biz_opaque_callback_data":"corr-42","pricing":{"billable":true,"pricing_model":"PMP","type":"regular","category":"utility"}},
            {"id":"wamid.2","status":"failed","timestamp":1758254150,"recipient_id":"","errors":[{"code":"131050","title":"t","message":"m","error_data":{"details":"d"},"href":"h"}]},
            {"id":"wamid.3","status":"teleported"},
            {"id":"wamid.4"},
            {"status":"read"}]"#,
    );
    let items = parse(body.as_bytes()).unwrap();
    let [
        Item::Status(first),
        Item::Status(failed),
        Item::Status(other),
        rest @ ..,
    ] = &items[..]
    else {
        panic!("{items:?}");
    };
    assert_eq!(first.kind, StatusKind::Delivered);
    assert_eq!(first.biz_opaque_callback_data.as_deref(), Some("corr-42"));
    assert_eq!(
        first.pricing.as_ref().unwrap().category.as_deref(),
        Some("utility")
    );
    assert_eq!(failed.errors[0].code, 131_050);
    assert_eq!(failed.errors[0].details.as_deref(), Some("d"));
    assert_eq!(failed.recipient_id, None);
    assert_eq!(other.kind, StatusKind::Other);
    assert!(matches!(
        rest[0],
        Item::Unreadable {
            why: Unreadable::Shape,
            ..
        }
    ));
    assert!(matches!(
        rest[1],
        Item::Unreadable {
            why: Unreadable::Id,
            ..
        }
    ));
}

#[test]
fn preferences() {
    let check = |member: &str, expected: PreferenceValue| {
        let body = samples::envelope(
            "user_preferences",
            &format!(r#""user_preferences":[{member}]"#),
        );
        match only(&body) {
            Item::Preference(preference) => {
                assert_eq!(preference.value, expected);
                assert_eq!(preference.timestamp, Some(1_731_705_721));
            }
            other => panic!("{other:?}"),
        }
    };
    check(
        r#"{"wa_id":"278","category":"marketing_messages","value":"stop","timestamp":1731705721}"#,
        PreferenceValue::Stop,
    );
    check(
        r#"{"user_id":"ZA.1","value":"resume","timestamp":1731705721}"#,
        PreferenceValue::Resume,
    );
    check(
        r#"{"user_id":"ZA.1","value":"signup","signup_id":"9","timestamp":"1731705721"}"#,
        PreferenceValue::Signup,
    );
    check(
        r#"{"user_id":"ZA.1","value":"maybe","timestamp":1731705721}"#,
        PreferenceValue::Other,
    );
}

/// Field, value, and what is read of it.
#[rustfmt::skip]
const FIELDS: &[(&str, &str, &str)] = &[
    ("message_template_status_update", r#"{"event":"PAUSED","reason":null,"message_template_id":12345678901234567,"message_template_name":"promo","message_template_language":"en","other_info":{"title":"FIRST_PAUSE","description":"x"}}"#, r#"template promo Some(12345678901234567) PAUSED Some("FIRST_PAUSE")"#),
    ("message_template_status_update", r#"{"message_template_id":12345678901234567,"message_template_name":"promo","message_template_language":"en"}"#, "unreadable: not the expected shape"),
    ("template_category_update", r#"{"message_template_id":12345678901234567,"message_template_name":"promo","message_template_language":"en","previous_category":"UTILITY","new_category":"MARKETING"}"#, "template promo Some(12345678901234567) now MARKETING"),
    ("template_category_update", r#"{"message_template_id":12345678901234567,"message_template_name":"promo","message_template_language":"en","correct_category":"MARKETING","new_category":"UTILITY","category_update_timestamp":1758254144}"#, r#"template promo Some(12345678901234567) to be Some("MARKETING") Some(1758254144)"#),
    ("message_template_quality_update", r#"{"message_template_id":12345678901234567,"message_template_name":"promo","message_template_language":"en","previous_quality_score":"GREEN","new_quality_score":"RED"}"#, r#"template promo Some(12345678901234567) is Some("RED")"#),
    ("message_template_components_update", r#"{"message_template_id":12345678901234567,"message_template_name":"promo","message_template_language":"en","message_template_element":"Hi"}"#, r#"template promo Some(12345678901234567) body Some("Hi")"#),
    ("messages", r#"{"errors":[{"code":131035,"title":"x"}]}"#, "errors [131035]"),
    ("messages", r#"{"metadata":{}}"#, "unknown messages"),
    ("messages", "[]", "unreadable: not the expected shape"),
    ("messages", "null", "unreadable: not the expected shape"),
    ("smb_message_echoes", "{}", "unknown smb_message_echoes"),
    ("group_settings_update", "{}", "unknown group_settings_update"),
    ("consumer_profile", r#"{"x":1}"#, "unhandled consumer_profile"),
    ("messaging_handovers", r#"{"type":"control_passed"}"#, "unhandled handover"),
    ("partner_solutions", "[]", "unhandled partner_solutions"),
    ("payment_configuration_update", "7", "unhandled payment"),
    ("flows", "{}", "unhandled flows"),
    ("hologram", "7", "unknown hologram"),
];

fn describe(item: Item<'_>) -> String {
    match item {
        Item::Errors(errors) => {
            let codes: Vec<u32> = errors.errors.iter().map(|error| error.code).collect();
            format!("errors {codes:?}")
        }
        Item::TemplateChange(change) => {
            let event = match &change.event {
                TemplateEvent::CategoryChanged { new, .. } => format!("now {}", new.as_str()),
                TemplateEvent::CategoryPending { correct, at, .. } => {
                    format!("to be {:?} {at:?}", correct.as_deref())
                }
                TemplateEvent::Components { body, .. } => format!("body {:?}", body.as_deref()),
                TemplateEvent::Quality { new, .. } => format!("is {:?}", new.as_deref()),
                TemplateEvent::Status { status, pause, .. } => {
                    format!("{} {:?}", status.as_str(), pause.as_deref())
                }
            };
            format!("template {} {:?} {event}", change.name.as_str(), change.id)
        }
        Item::Unhandled { field, .. } => format!("unhandled {field}"),
        Item::Unknown { field, .. } => format!("unknown {}", field.as_str()),
        Item::Unreadable { why, .. } => format!("unreadable: {why}"),
        other => panic!("{other:?}"),
    }
}

fn change(field: &str, value: &str) -> String {
    format!(
        r#"{{"object":"whatsapp_business_account","entry":[{{"id":"1","time":1739321024,"changes":[{{"field":"{field}","value":{value}}}]}}]}}"#
    )
}

#[test]
fn other_fields() {
    for (field, value, expected) in FIELDS {
        let body = change(field, value);
        assert_eq!(describe(only(&body)), *expected, "{field} {value}");
    }
    let deep = change(
        "hologram",
        &format!("{}{}", "[".repeat(500), "]".repeat(500)),
    );
    assert_eq!(describe(only(&deep)), "unreadable: nested too deep");
    let flat = change("hologram", &format!("\"{}\"", "[".repeat(500)));
    assert_eq!(describe(only(&flat)), "unknown hologram");
}

#[test]
fn whole_bodies_refused() {
    let check = |body: &[u8], expected: WebhookError| {
        assert_eq!(
            parse(body).unwrap_err(),
            expected,
            "{:?}",
            body.escape_ascii().to_string()
        );
    };
    for body in [
        "[]",
        "null",
        "{}",
        "\"x\"",
        "7",
        r#"{"object":"whatsapp_business_account"}"#,
    ] {
        check(body.as_bytes(), WebhookError::Shape);
    }
    check(
        br#"["whatsapp_business_account",[["1",[["x",{}]]]]]"#,
        WebhookError::Shape,
    );
    check(br#"{"object":"page","entry":[]}"#, WebhookError::Object);
    check(
        br#"{"object":"whatsapp_business_account","entry":[]}"#,
        WebhookError::Empty,
    );
    check(
        br#"{"object":"whatsapp_business_account","entry":[{"id":"1","changes":[]}]}"#,
        WebhookError::Empty,
    );
    for body in [
        "",
        " ",
        "{",
        "NaN",
        "\u{feff}{}",
        "{}x",
        r#"{"a":"\ud800"}"#,
        "<html>",
    ] {
        assert!(parse(body.as_bytes()).is_err(), "{body}");
    }
    check(b"{\"object\":\"\xff\"}", WebhookError::Encoding);
    assert!(parse("[".repeat(100_000).as_bytes()).is_err());
    assert!(parse("{\"a\":".repeat(100_000).as_bytes()).is_err());
}

#[test]
fn one_broken_piece_costs_only_itself() {
    let good = samples::message(samples::PAYLOADS[0].1);
    let deep = format!(
        r#"{{"from":"278","id":"wamid.1","type":"x","x":{}1{}}}"#,
        "[".repeat(99),
        "]".repeat(99)
    );
    for broken in [
        deep.as_str(),
        "7",
        "null",
        "[]",
        "{}",
        "\"x\"",
        r#"{"from":"278","id":"wamid.1","type":"text","text":7}"#,
        r#"{"from":"278","id":"wamid.1","type":"text"}"#,
        r#"{"from":"278","id":"wamid.1","id":"wamid.2","type":"text","text":{"body":"x"}}"#,
        r#"{"from":"278","id":"a\u0000b","type":"text","text":{"body":"x"}}"#,
        r#"{"from":"278","id":"'; drop","type":"text","text":{"body":"x"}}"#,
        r#"{"from":"278","type":"text","text":{"body":"x"}}"#,
        r#"["278","ZA.1",null,"wamid.1"]"#,
    ] {
        let mut list = vec![good.as_str(); 999];
        list.insert(500, broken);
        let body = samples::envelope("messages", &format!(r#""messages":[{}]"#, list.join(",")));
        let items = parse(body.as_bytes()).unwrap();
        assert_eq!(items.len(), 1000);
        for (index, item) in items.iter().enumerate() {
            match item {
                Item::Unreadable { raw, .. } => {
                    assert_eq!((index, raw.as_str()), (500, broken));
                }
                Item::Message(_) => assert_ne!(index, 500, "{broken}"),
                other => panic!("{other:?}"),
            }
        }
    }
}

#[test]
fn one_broken_change_or_entry_costs_only_itself() {
    let good = r#"{"field":"messages","value":{"statuses":[{"id":"wamid.1","status":"read"}]}}"#;
    let deep = format!(
        r#"{{"from":"278","id":"wamid.1","type":"x","x":{}1{}}}"#,
        "[".repeat(99),
        "]".repeat(99)
    );
    for broken in [
        deep.as_str(),
        "7",
        "{}",
        r#"{"field":"messages"}"#,
        r#"{"field":7.5,"value":[[{}]],"x":{}}"#,
        "[]",
    ] {
        let body = format!(
            r#"{{"object":"whatsapp_business_account","entry":[{{"id":"1","changes":[{good},{broken},{good}]}},{broken},{{"id":"2","changes":[{good}]}}]}}"#
        );
        let items = parse(body.as_bytes()).unwrap();
        let statuses = items
            .iter()
            .filter(|item| matches!(item, Item::Status(_)))
            .count();
        assert_eq!((items.len(), statuses), (5, 3), "{broken} {items:?}");
    }
}
