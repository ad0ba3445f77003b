//! The form: nothing ticked beforehand, the same answer for everybody, what is typed stays text.

use axum::body::Body;
use http::Method;
use serde_json::Value;
use serde_json::json;
use testkit::SIPHO;
use testkit::THANDI;

use crate::desk_rig::Reply;
use crate::desk_rig::Rig;
use crate::desk_rig::SHOP;
use crate::desk_rig::browser;

const EMAIL: &str = "thandi@example.org";

async fn fill(rig: &Rig, phone: &str, email: &str) -> Reply {
    let token = rig.token("/opt-in/news").await;
    let fields = [
        ("token", token.as_str()),
        ("purpose", "marketing"),
        ("phone", phone),
        ("email", email),
    ];
    rig.post("/opt-in/news", &fields).await
}

#[tokio::test]
async fn nothing_is_chosen_beforehand() {
    let rig = Rig::start().await;
    for path in ["/opt-in/news", "/opt-in/news/embed", "/opt-in/any"] {
        let page = rig.get(path).await;
        assert!(page.says("type=\"checkbox\""), "{path}");
        assert!(!page.says(" checked"), "{path}");
        assert!(page.says("Offers and promotions"), "{path}");
        assert!(page.says("/notices/messages/1/en"), "{path}");
    }
}

#[tokio::test]
async fn known_and_unknown_people_are_answered_alike() {
    let rig = Rig::start().await;
    rig.gateway.hear_text(&THANDI, "Molo").await;
    rig.gateway.hear_text(&SIPHO, "STOP").await;
    rig.gateway.consent(&THANDI, "marketing").await;
    let unknown = fill(&rig, "+27 82 555 0199", "nobody@example.org").await;
    assert_eq!(unknown.status, 200);
    assert!(unknown.says("If that e-mail address is right"));
    let plain = |headers: &http::HeaderMap| format!("{headers:?}");
    for (phone, email) in [
        (THANDI.phone.unwrap(), EMAIL),
        (SIPHO.phone.unwrap(), "sipho@example.org"),
        // Again, and again: the limits show no more.
        (THANDI.phone.unwrap(), EMAIL),
        (THANDI.phone.unwrap(), EMAIL),
        (THANDI.phone.unwrap(), EMAIL),
        (THANDI.phone.unwrap(), EMAIL),
    ] {
        let known = fill(&rig, phone, email).await;
        assert_eq!(known.status, unknown.status);
        assert_eq!(known.body, unknown.body);
        assert_eq!(plain(&known.headers), plain(&unknown.headers));
    }
}

/// What is filled in, which fields are marked for it, and what of it stays.
type Case = (
    &'static [(&'static str, &'static str)],
    &'static [&'static str],
    &'static [&'static str],
);

const PURPOSE: (&str, &str) = ("purpose", "marketing");
const PHONE: (&str, &str) = ("phone", "+27825550142");
const NATIONAL: (&str, &str) = ("phone", "0825550142");
const BY_EMAIL: (&str, &str) = ("route", "email");

const WRONG: &[Case] = &[
    (&[], &["purposes", "phone", "route"], &[]),
    (
        &[PURPOSE, NATIONAL, BY_EMAIL, ("email", EMAIL)],
        &["phone"],
        &[
            "value=\"0825550142\"",
            "value=\"thandi@example.org\"",
            "value=\"marketing\" checked",
            "value=\"email\" checked",
        ],
    ),
    (
        &[PURPOSE, PHONE, BY_EMAIL, ("email", "thandi")],
        &["email"],
        &["value=\"thandi\""],
    ),
    (&[PURPOSE, PHONE, BY_EMAIL], &["email"], &[]),
    (
        &[("purpose", "customer-care"), PHONE, ("route", "chat")],
        &["purposes"],
        &[],
    ),
    (&[PURPOSE, PHONE, ("route", "sms")], &["route"], &[]),
];

#[tokio::test]
async fn what_is_wrong_is_said_at_its_field_and_what_was_typed_stays() {
    let rig = Rig::start().await;
    let token = rig.token("/opt-in/any").await;
    for (fields, problems, kept) in WRONG {
        let mut all = vec![("token", token.as_str())];
        all.extend_from_slice(fields);
        let reply = rig.post("/opt-in/any", &all).await;
        assert_eq!(reply.status, 422, "{fields:?}");
        for field in ["purposes", "phone", "route", "email"] {
            let marked = reply.says(&format!("id=\"{field}-problem\""));
            assert_eq!(marked, problems.contains(&field), "{fields:?}: {field}");
        }
        for text in *kept {
            assert!(reply.says(text), "{fields:?}: {text}");
        }
        assert!(reply.says("role=\"alert\""));
    }
}

#[tokio::test]
async fn what_is_typed_stays_text() {
    let rig = Rig::start().await;
    for (typed, shown) in [
        ("\"><script>alert(1)</script>", "&#34;&#62;&#60;script&#62;"),
        ("=HYPERLINK(\"x\")", "=HYPERLINK(&#34;x&#34;)"),
        ("{{ 7 * 7 }}", "{{ 7 * 7 }}"),
        ("😀 ' & <b>", "😀 &#39; &#38; &#60;b&#62;"),
    ] {
        let reply = fill(&rig, typed, EMAIL).await;
        assert_eq!(reply.status, 422, "{typed}");
        assert!(reply.says(shown), "{typed}: {}", reply.body);
        assert!(!reply.says("<script>alert"), "{typed}");
        assert!(!reply.says("<b>"), "{typed}");
    }
}

#[tokio::test]
async fn in_the_chat_route_a_link_and_a_code_open_it() {
    let rig = Rig::start().await;
    let token = rig.token("/opt-in/any").await;
    let fields = [
        ("token", token.as_str()),
        ("purpose", "marketing"),
        ("phone", "+27825550142"),
        ("route", "chat"),
    ];
    let reply = rig.post("/opt-in/any", &fields).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    assert!(reply.says("href=\"https://wa.me/"));
    assert!(reply.says("src=\"data:image/svg+xml;base64,"));
}

async fn send(rig: &Rig, origin: Option<&str>, body: &Value) -> Reply {
    let mut headers = vec![("content-type", "application/json")];
    headers.extend(origin.map(|origin| ("origin", origin)));
    let request = browser(Method::POST, "/v1/opt-in", &headers);
    rig.ask(request.body(Body::from(body.to_string())).unwrap())
        .await
}

fn own_form() -> Value {
    json!({
        "form": "news",
        "purposes": ["marketing"],
        "phone": "+27825550142",
        "email": EMAIL,
        "language": "af",
        "reference": "<b>till 4</b>",
    })
}

#[tokio::test]
async fn forms_of_ones_own_send_json() {
    let rig = Rig::start().await;
    let good = own_form();
    let taken = send(&rig, Some(SHOP), &good).await;
    assert_eq!(
        (taken.status.as_u16(), taken.body.as_str()),
        (202, r#"{"chat":null,"route":"email"}"#)
    );
    assert_eq!(taken.header("access-control-allow-origin"), SHOP);
    let with = |name: &str, value: Value| {
        let mut body = good.clone();
        body[name] = value;
        body
    };
    let cases = [
        (None, good.clone(), 403, "origin"),
        (Some("null"), good.clone(), 403, "origin"),
        (Some("https://other.example"), good.clone(), 403, "origin"),
        (Some(SHOP), with("form", json!("any")), 403, "origin"),
        (
            Some(SHOP),
            with("phone", json!("082 555 0142")),
            400,
            "phone",
        ),
        (Some(SHOP), with("email", json!("thandi")), 400, "email"),
        (Some(SHOP), with("purposes", json!([])), 400, "purposes"),
        (
            Some(SHOP),
            with("purposes", json!(["customer-care"])),
            400,
            "purposes",
        ),
        (Some(SHOP), with("route", json!("chat")), 400, "route"),
        (
            Some(SHOP),
            with("reference", json!("x".repeat(201))),
            400,
            "reference",
        ),
        (Some(SHOP), with("extra", json!(1)), 400, "body"),
        (Some(SHOP), json!(null), 400, "body"),
        (
            Some(SHOP),
            with("reference", json!("x".repeat(20_000))),
            413,
            "body",
        ),
    ];
    for (origin, body, status, field) in cases {
        let reply = send(&rig, origin, &body).await;
        assert_eq!(reply.status, status, "{origin:?} {field}: {}", reply.body);
        let told: Value = serde_json::from_str(&reply.body).unwrap();
        assert_eq!(told["field"], field, "{}", reply.body);
        assert!(!reply.says("0142") && !reply.says("thandi"));
    }
}

#[tokio::test]
async fn browsers_are_told_who_may_send_json() {
    let rig = Rig::start().await;
    for (origin, status) in [(SHOP, 200), ("https://other.example", 403), ("null", 403)] {
        let request = browser(Method::OPTIONS, "/v1/opt-in", &[("origin", origin)]);
        let reply = rig.ask(request.body(Body::empty()).unwrap()).await;
        assert_eq!(reply.status, status, "{origin}");
        let allowed = reply.header("access-control-allow-origin");
        assert_eq!(allowed, if status == 200 { origin } else { "" });
    }
}
