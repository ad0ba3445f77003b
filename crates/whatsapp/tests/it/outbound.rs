//! Bodies of apps: what passes, what does not and why, and what goes to Meta.

use std::fmt::Write as _;

use serde_json::Value;
use whatsapp::outbound::DirectCategory;
use whatsapp::outbound::MediaSource;
use whatsapp::outbound::MessagesBody;
use whatsapp::outbound::SendBody;
use whatsapp::outbound::Upstream;
use whatsapp::outbound::parse_marketing_body;
use whatsapp::outbound::parse_messages_body;
use whatsapp::outbound::read_body;
use whatsapp::outbound::visible_text;
use whatsapp::recipient::Bsuid;
use whatsapp::recipient::Recipient;

fn body(rest: &str) -> String {
    format!(r#"{{"messaging_product":"whatsapp","to":"+27 82 555 0123",{rest}}}"#)
}

fn send(rest: &str) -> Box<SendBody> {
    send_whole(&body(rest))
}

fn send_whole(body: &str) -> Box<SendBody> {
    match parse_messages_body(body.as_bytes()) {
        Ok(MessagesBody::Send(send)) => send,
        other => panic!("{body}: {other:?}"),
    }
}

#[test]
fn valid_bodies() {
    let mut out = String::new();
    for body in include_str!("valid_bodies.txt").lines() {
        let send = send_whole(body);
        let upstream = send.to_upstream(&Upstream {
            context_id: Some("wamid.META"),
            reaction_id: Some("wamid.META"),
            callback: Some("token"),
            ..Upstream::default()
        });
        let text = visible_text(&send);
        let _ = writeln!(out, "{} {text:?} {:?}", send.kind.as_str(), send.media);
        let _ = writeln!(out, "{}", String::from_utf8(upstream).unwrap());
    }
    insta::assert_snapshot!(out);
}

/// One case a line: code and sentence, a tab, the body. `<n>` in a body stands for n letters.
#[test]
fn invalid_bodies() {
    for line in include_str!("invalid_bodies.txt").lines() {
        let (expected, body) = line.split_once('\t').unwrap();
        let body = [513, 1025, 4097, 10_000]
            .iter()
            .fold(body.to_owned(), |body, &count| {
                body.replace(&format!("<{count}>"), &"x".repeat(count))
            });
        let error = parse_messages_body(body.as_bytes()).unwrap_err();
        assert_eq!(format!("{} {error}", error.code()), expected, "{body}");
        let graph = error.graph();
        let status = if error.code() == 131_005 { 403 } else { 400 };
        assert_eq!((graph.status, graph.code), (status, error.code()));
        assert_eq!(graph.details, error.to_string());
    }
}

/// Bodies as a widely used client (pywa 4.5) writes them, `null` members and capitals included.
#[test]
fn client_bodies() {
    for body in include_str!("client_bodies.txt").lines() {
        parse_messages_body(body.as_bytes()).unwrap_or_else(|error| panic!("{body}: {error}"));
    }
}

#[test]
fn read_receipts() {
    let check = |body: &str, expected: (&str, bool)| match parse_messages_body(body.as_bytes()) {
        Ok(MessagesBody::Read { message_id, typing }) => {
            let own = String::from_utf8(read_body(&message_id, typing)).unwrap();
            let again = parse_messages_body(own.as_bytes());
            assert!(matches!(again, Ok(MessagesBody::Read { typing: t, .. }) if t == typing));
            assert_eq!((message_id.as_str(), typing), expected);
        }
        other => panic!("{other:?}"),
    };
    check(
        r#"{"messaging_product":"whatsapp","status":"read","message_id":"wamid.a"}"#,
        ("wamid.a", false),
    );
    check(
        r#"{"messaging_product":"whatsapp","status":"read","message_id":"wamid.a","typing_indicator":{"type":"text"}}"#,
        ("wamid.a", true),
    );
}

#[test]
fn marketing_bodies() {
    let template = r#""type":"template","template":{"name":"sale","language":{"code":"en"}}"#;
    let check = |rest: &str, expected: Result<Value, u32>| {
        let parsed = parse_marketing_body(body(rest).as_bytes());
        let sent = parsed.map(|mut parsed| {
            parsed.withhold_activity();
            let sent = parsed.to_upstream(&Upstream::default());
            let sent: Value = serde_json::from_slice(&sent).unwrap();
            assert_eq!(sent["message_activity_sharing"], false);
            sent["product_policy"].clone()
        });
        assert_eq!(sent.map_err(|error| error.code()), expected, "{rest}");
    };
    check(template, Ok(Value::Null));
    check(
        &format!(r#"{template},"message_activity_sharing":true,"product_policy":"STRICT""#),
        Ok("STRICT".into()),
    );
    check(&format!(r#"{template},"product_policy":"x""#), Err(131_009));
    check(
        &format!(r#"{template},"message_activity_sharing":"yes""#),
        Err(100),
    );
    check(&format!(r#"{template},"more":1"#), Err(100));
    check(r#""type":"text","text":{"body":"x"}"#, Err(134_100));
    check(r#""text":{"body":"x"}"#, Err(134_100));
    let group = format!(r#"{template},"recipient_type":"group""#);
    check(&group, Err(131_005));
    let read = br#"{"messaging_product":"whatsapp","status":"read","message_id":"wamid.a"}"#;
    assert_eq!(parse_marketing_body(read).unwrap_err().code(), 131_008);
    let plain = body(&format!(r#"{template},"product_policy":"STRICT""#));
    let other = parse_messages_body(plain.as_bytes()).unwrap_err();
    assert_eq!(other.code(), 100, "it belongs to the other path");
}

#[test]
fn facts() {
    let direct = send(
        r#""type":"text","text":{"body":"x"},"category":"authentication","context":{"message_id":"wamid.a"},"biz_opaque_callback_data":"c","recipient_identity_key_hash":"h""#,
    );
    assert_eq!(direct.category, Some(DirectCategory::Authentication));
    assert_eq!(direct.context_message_id.as_deref(), Some("wamid.a"));
    assert_eq!(direct.callback_data.as_deref(), Some("c"));
    assert_eq!(direct.identity_key_hash.as_deref(), Some("h"));
    assert_eq!(
        (direct.recipient.as_str(), direct.input.as_str()),
        ("+27825550123", "+27 82 555 0123")
    );
    assert_eq!(
        format!("{direct:?}"),
        "SendBody { recipient: Phone(E164(+27…)), kind: Text, template: None, category: Some(Authentication), .. }"
    );
    let hello =
        send(r#""type":"template","template":{"name":"order_update","language":{"code":"en"}}"#);
    assert_eq!(
        hello
            .template
            .as_ref()
            .map(|t| (t.name.as_str(), t.language.as_str())),
        Some(("order_update", "en"))
    );
    let cta = send(
        r#""type":"interactive","interactive":{"type":"cta_url","body":{"text":"b"},"action":{"name":"cta_url","parameters":{"display_text":"Go","url":"https://shop.example.org/x"}}}"#,
    );
    assert_eq!(cta.links, ["https://shop.example.org/x"]);
}

#[test]
fn upstream_carries_no_id_of_the_app() {
    let image = send(
        r#""type":"image","image":{"link":"https://shop.example.org/a.jpg"},"context":{"message_id":"wamid.app"},"biz_opaque_callback_data":"mine""#,
    );
    assert!(matches!(&image.media[0].source, MediaSource::Link(link) if link.ends_with("a.jpg")));
    let scoped = Recipient::Scoped(Bsuid::parse("ZA.13491208655302741918").unwrap());
    let upstream = Upstream {
        recipient: Some(&scoped),
        media: &[(&image.media[0].pointer, "77")],
        ..Upstream::default()
    };
    assert_eq!(
        String::from_utf8(image.to_upstream(&upstream)).unwrap(),
        r#"{"image":{"id":"77"},"messaging_product":"whatsapp","recipient":"ZA.13491208655302741918","recipient_type":"individual","type":"image"}"#
    );
}
