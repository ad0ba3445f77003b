//! Answers, Meta's and ours.

use whatsapp::recipient::E164;
use whatsapp::response::AnsweredPerson;
use whatsapp::response::MessageStatus;
use whatsapp::response::SendAnswer;
use whatsapp::response::parse_media_info;
use whatsapp::response::parse_media_upload;
use whatsapp::response::parse_send;
use whatsapp::response::parse_template_page;

#[test]
fn sends() {
    let answer = parse_send(br#"{"messaging_product":"whatsapp","contacts":[{"input":"+27825550123","wa_id":"27825550123"}],"messages":[{"id":"wamid.1","message_status":"accepted"}]}"#).unwrap();
    assert_eq!(answer.wamid, "wamid.1");
    assert_eq!(answer.wa_id.as_deref(), Some("27825550123"));
    assert_eq!(answer.status, Some(MessageStatus::Accepted));
    assert!(!format!("{answer:?}").contains("2782"));
    let answer = parse_send(
        br#"{"contacts":[{"input":"ZA.1","user_id":"ZA.1"}],"messages":[{"id":"wamid.1"}]}"#,
    )
    .unwrap();
    assert_eq!(
        (answer.user_id.as_deref(), answer.wa_id, answer.status),
        (Some("ZA.1"), None, None)
    );
    for broken in [
        "",
        "{}",
        "[]",
        "<html>",
        r#"{"messages":[]}"#,
        r#"{"messages":[{"id":""}]}"#,
    ] {
        assert!(parse_send(broken.as_bytes()).is_err(), "{broken}");
    }
}

#[test]
fn own_answers() {
    let check = |person, status, expected: &str| {
        let answer = SendAnswer {
            input: "+27 82",
            person,
            message_id: "wamid.a",
            status,
        };
        assert_eq!(String::from_utf8(answer.to_json()).unwrap(), expected);
    };
    check(
        AnsweredPerson::WaId("27825550123"),
        Some(MessageStatus::Held),
        r#"{"contacts":[{"input":"+27 82","wa_id":"27825550123"}],"messages":[{"id":"wamid.a","message_status":"held_for_quality_assessment"}],"messaging_product":"whatsapp"}"#,
    );
    check(
        AnsweredPerson::UserId("ZA.1"),
        None,
        r#"{"contacts":[{"input":"+27 82","user_id":"ZA.1"}],"messages":[{"id":"wamid.a"}],"messaging_product":"whatsapp"}"#,
    );
    assert_eq!(E164::parse("27825550123").unwrap().wa_id(), "27825550123");
}

#[test]
fn media() {
    let info = parse_media_info(br#"{"messaging_product":"whatsapp","url":"https://x/y","mime_type":"image/jpeg","sha256":"ab","file_size":"303833","id":"1"}"#).unwrap();
    assert_eq!(
        (info.size, info.url.as_str()),
        (Some(303_833), "https://x/y")
    );
    assert_eq!(
        parse_media_info(br#"{"url":"u","file_size":7}"#)
            .unwrap()
            .size,
        Some(7)
    );
    assert!(parse_media_info(b"{}").is_err());
    assert_eq!(parse_media_upload(br#"{"id":"9"}"#).unwrap(), "9");
    assert!(parse_media_upload(br#"{"id":""}"#).is_err());
}

#[test]
fn templates() {
    let page = parse_template_page(br#"{"data":[
        {"id":"1","name":"promo","language":"en","status":"APPROVED","category":"MARKETING","parameter_format":"POSITIONAL","components":[
            {"type":"HEADER","format":"TEXT","text":"Sale"},{"type":"BODY","text":"Hi {{1}}"},
            {"type":"BUTTONS","buttons":[{"type":"QUICK_REPLY","text":"Stop promotions"},{"type":"URL","text":"Shop","url":"https://example.org/{{1}}"}]}]},
        {"id":7},
        {"id":"2","name":"otp","language":"en_US","status":"PAUSED","category":"AUTHENTICATION"}],
        "paging":{"cursors":{"before":"b","after":"a"},"next":"https://graph.facebook.com/x?access_token=secret"}}"#).unwrap();
    assert_eq!(
        (page.templates.len(), page.unreadable, page.after.as_deref()),
        (2, 1, Some("a"))
    );
    let promo = &page.templates[0];
    assert_eq!(promo.body_text.as_deref(), Some("Hi {{1}}"));
    let buttons: Vec<_> = promo
        .buttons
        .iter()
        .map(|b| (b.kind.as_str(), b.text.as_str()))
        .collect();
    assert_eq!(
        buttons,
        [("QUICK_REPLY", "Stop promotions"), ("URL", "Shop")]
    );
    assert!(promo.components.contains("HEADER"));
    assert!(page.templates[1].buttons.is_empty());
    let last = parse_template_page(br#"{"data":[],"paging":{"cursors":{"after":"a"}}}"#).unwrap();
    assert_eq!(last.after, None);
    assert!(parse_template_page(b"{}").is_err());
}
