//! What every page owes: headers, and forms from here alone.

use axum::body::Body;
use http::Method;
use http::StatusCode;

use crate::desk_rig::Rig;
use crate::desk_rig::SHOP;
use crate::desk_rig::SITE;
use crate::desk_rig::browser;

#[tokio::test]
async fn every_page_is_closed_to_others() {
    let rig = Rig::start().await;
    for (path, status) in [
        ("/opt-in/news", 200),
        ("/opt-in/any", 200),
        ("/opt-in/none", 404),
        ("/preferences/enter", 200),
        ("/preferences/opened", 200),
        ("/preferences/switch", 405),
        ("/notices/none/1/en", 404),
        ("/c/nothing", 404),
        ("/p/nothing", 404),
        ("/assets/desk.css", 404),
        ("/nowhere", 404),
    ] {
        let reply = rig.get(path).await;
        assert_eq!(reply.status, status, "{path}");
        let policy = reply.header("content-security-policy");
        for rule in [
            "default-src 'none'",
            "style-src 'self'",
            "script-src 'self'",
            "form-action 'self'",
            "frame-ancestors 'none'",
            "base-uri 'none'",
        ] {
            assert!(policy.contains(rule), "{path}: {policy}");
        }
        assert!(!policy.contains("unsafe"), "{path}: {policy}");
        for (name, value) in [
            ("cache-control", "no-store"),
            ("content-type", "text/html; charset=utf-8"),
            ("referrer-policy", "same-origin"),
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("x-robots-tag", "noindex"),
        ] {
            assert_eq!(reply.header(name), value, "{path}: {name}");
        }
        for loose in ["style=\"", "<style", "onclick", "<script>", "javascript:"] {
            assert!(!reply.says(loose), "{path}: {loose}");
        }
        assert!(reply.says("<!doctype html>\n<html lang=\"en\">"), "{path}");
    }
}

#[tokio::test]
async fn only_the_framed_form_may_be_framed_and_only_by_those_named() {
    let rig = Rig::start().await;
    let framed = rig.get("/opt-in/news/embed").await;
    let policy = framed.header("content-security-policy");
    assert!(
        policy.ends_with(&format!("frame-ancestors {SHOP}")),
        "{policy}"
    );
    assert_eq!(framed.header("x-frame-options"), "");
    assert!(framed.says("<body class=\"framed\">"));
    let nobody = rig.get("/opt-in/any/embed").await;
    assert!(
        nobody
            .header("content-security-policy")
            .ends_with("frame-ancestors 'none'")
    );
}

#[tokio::test]
async fn files_are_kept_for_good_under_names_of_their_own() {
    let rig = Rig::start().await;
    let page = rig.get("/opt-in/news").await;
    let style = page.between("rel=\"stylesheet\" href=\"", "\"");
    let script = page.between("<script src=\"", "\"");
    let mark = page.between("rel=\"icon\" href=\"", "\"");
    for (path, kind) in [
        (style, "text/css; charset=utf-8"),
        (script, "text/javascript; charset=utf-8"),
        (mark, "image/svg+xml"),
    ] {
        let reply = rig.get(&path).await;
        assert_eq!(reply.status, 200, "{path}");
        assert_eq!(reply.header("content-type"), kind);
        assert!(reply.header("cache-control").contains("immutable"));
        assert!(
            !reply.says("http://") || kind.starts_with("image"),
            "{path}"
        );
        assert!(!reply.says("https://"), "{path}");
    }
}

#[tokio::test]
async fn a_form_is_taken_from_here_alone() {
    let rig = Rig::start().await;
    let token = rig.token("/opt-in/news").await;
    let path = "/opt-in/news";
    let elsewhere = rig.token("/preferences/enter").await;
    let origins: [(&[(&str, &str)], u16); 6] = [
        (&[("origin", SITE)], 422),
        (&[], 403),
        (&[("origin", "null")], 403),
        (&[("origin", SHOP)], 403),
        (&[("origin", "http://people.example")], 403),
        (&[("origin", SITE), ("origin", SITE)], 403),
    ];
    for (headers, status) in origins {
        let reply = rig.post_with(path, headers, &[("token", &token)]).await;
        assert_eq!(reply.status, status, "{headers:?}");
    }
    for wrong in ["", "x", &elsewhere, &format!("{token}A")] {
        let reply = rig.post(path, &[("token", wrong)]).await;
        assert_eq!(reply.status, 403, "{wrong}");
        assert!(reply.says("That was not sent from this page"));
    }
    let twice = [("token", token.as_str()), ("token", token.as_str())];
    assert_eq!(rig.post(path, &twice).await.status, 403);
}

#[tokio::test]
async fn bodies_have_a_kind_and_an_end() {
    let rig = Rig::start().await;
    let token = rig.token("/opt-in/news").await;
    let long = "a".repeat(100 * 1024);
    let reply = rig
        .post("/opt-in/news", &[("token", &token), ("phone", &long)])
        .await;
    assert_eq!(reply.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(reply.says("That is too much"));
    let many: Vec<(&str, &str)> = vec![("purpose", "x"); 65];
    assert_eq!(rig.post("/opt-in/news", &many).await.status, 400);
    for (name, value) in [
        ("content-type", "text/plain"),
        ("content-type", "multipart/form-data; boundary=x"),
        ("content-encoding", "gzip"),
    ] {
        let request = browser(
            Method::POST,
            "/opt-in/news",
            &[("origin", SITE), (name, value)],
        );
        let reply = rig.ask(request.body(Body::from("token=x")).unwrap()).await;
        assert_eq!(reply.status, 415, "{name}: {value}");
    }
}

#[tokio::test]
async fn programs_get_a_bare_status_and_browsers_a_page() {
    let rig = Rig::start().await;
    let request = http::Request::get("/nowhere").body(Body::empty()).unwrap();
    let reply = rig.ask(request).await;
    assert_eq!(
        (reply.status, reply.body.as_str()),
        (StatusCode::NOT_FOUND, "")
    );
    let support = rig.get("/.well-known/gpc.json").await;
    assert_eq!(support.header("content-type"), "application/json");
    assert!(support.says("\"gpc\":true"));
}

#[tokio::test]
async fn one_client_cannot_go_through_many_numbers() {
    let rig = Rig::start().await;
    let token = rig.token("/opt-in/news").await;
    let mut statuses = Vec::new();
    for place in 0..70 {
        let email = format!("p{place}@example.org");
        let fields = [
            ("token", token.as_str()),
            ("purpose", "marketing"),
            ("phone", "+27825550199"),
            ("email", &email),
        ];
        let reply = rig.post("/opt-in/news", &fields).await;
        statuses.push(reply.status.as_u16());
        if reply.status == 429 {
            assert_eq!(reply.header("retry-after"), "10");
            break;
        }
    }
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 60);
    assert_eq!(statuses.last(), Some(&429));
}
