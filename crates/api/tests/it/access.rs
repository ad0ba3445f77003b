//! Who may do what: every operation with every kind of token.

use axum::body::Body;
use axum::http::Request;
use domain::time::Span;
use serde_json::json;

use crate::description::operations;
use crate::rig::Rig;

#[tokio::test]
async fn every_operation_asks_for_its_permission_first() {
    let rig = Rig::new().await;
    let stranger = format!("imvume_staff_{}", "A".repeat(43));
    let shorter = rig.staff.chars().skip(1).collect::<String>();
    for operation in operations(&rig).await {
        // Neither a place that does not exist nor a body that is missing is told of to strangers.
        let path = operation.at("x");
        let what = (operation.method.as_str(), path.as_str());
        for token in [
            None,
            Some(stranger.as_str()),
            Some(""),
            Some(shorter.as_str()),
        ] {
            let reply = rig.ask_as(token, what, None).await;
            assert_eq!(reply.status, 401, "{what:?}");
            assert_eq!(reply.headers["www-authenticate"], "Bearer realm=\"imvume\"");
            assert_eq!(
                reply.problem()["type"],
                "urn:imvume:problem:unauthenticated"
            );
        }
        let reply = rig.ask_as(Some(&rig.app), what, None).await;
        assert_eq!(reply.status, 403, "{what:?}");
        let detail = format!("this takes the permission `{}`", operation.permission);
        assert_eq!(reply.problem()["detail"], detail, "{what:?}");

        let reply = rig.ask_as(Some(&rig.staff), what, None).await;
        // One that cannot do without a query says so once it has let somebody in.
        let asks = reply.status == 400 && reply.problem()["type"] == "urn:imvume:problem:query";
        let lets_in = asks || [200, 202, 204, 404, 415].contains(&reply.status);
        assert!(lets_in, "{what:?}: {}", reply.status);
    }
}

#[tokio::test]
async fn every_operation_refuses_tokens_and_strangers_in_the_query() {
    let rig = Rig::new().await;
    for operation in operations(&rig).await {
        let path = operation.at("1");
        for (query, problem) in [
            (format!("access_token={}", rig.staff), "token-in-query"),
            (format!("limit={}", rig.staff), "token-in-query"),
            ("nonsense=1".to_owned(), "query"),
            ("limit=1&limit=2".to_owned(), "query"),
        ] {
            let path = format!("{path}?{query}");
            let reply = rig.ask(&operation.method, &path, Some(json!({}))).await;
            assert_eq!(reply.status, 400, "{} {path}", operation.method);
            let uri = format!("urn:imvume:problem:{problem}");
            assert_eq!(reply.problem()["type"], uri, "{} {path}", operation.method);
            assert!(!reply.text.contains("imvume_staff"));
        }
    }
}

#[tokio::test]
async fn every_body_is_read_strictly() {
    let rig = Rig::new().await;
    let mut bodies = 0;
    for operation in operations(&rig).await {
        let path = operation.at("99");
        let what = (operation.method.as_str(), path.as_str());
        let reply = rig.ask_as(Some(&rig.staff), what, None).await;
        if reply.status != 415 {
            continue;
        }
        bodies += 1;
        for body in [
            "",
            "null",
            "[]",
            "[true,\"reason\"]",
            "{",
            "{\"nonsense\":1}",
            "{\"reason\":1}",
            "{} {}",
        ] {
            let reply = rig
                .ask_as(Some(&rig.staff), what, Some(body.to_owned()))
                .await;
            assert_eq!(reply.status, 400, "{what:?} {body}");
            assert_eq!(reply.problem()["type"], "urn:imvume:problem:body");
            assert!(!reply.text.contains("nonsense"));
        }
        let long = format!("\"{}\"", "x".repeat(256 * 1024));
        let reply = rig.ask_as(Some(&rig.staff), what, Some(long)).await;
        assert_eq!(reply.status, 413, "{what:?}");
    }
    assert_eq!(bodies, 53);
}

#[tokio::test]
async fn a_member_that_comes_twice_is_refused() {
    let rig = Rig::new().await;
    let body = r#"{"stop":false,"reason":"a","stop":true}"#.to_owned();
    let reply = rig
        .ask_as(Some(&rig.staff), ("PUT", "/emergency-stop"), Some(body))
        .await;
    assert_eq!(reply.status, 400);
    assert!(!rig.store.registry().emergency_stop);
}

#[tokio::test]
async fn a_token_ends_with_its_time() {
    let rig = Rig::new().await;
    rig.pass(Span::seconds(30 * 86_400 - 1));
    assert_eq!(rig.get("/apps").await.status, 200);
    rig.pass(Span::seconds(1));
    assert_eq!(rig.get("/apps").await.status, 401);
}

#[tokio::test]
async fn two_tokens_are_none() {
    let rig = Rig::new().await;
    let bearer = format!("Bearer {}", rig.staff);
    let request = Request::get("/api/v1/apps")
        .header("authorization", &bearer)
        .header("authorization", &bearer);
    let reply = rig.raw(request.body(Body::empty()).unwrap()).await;
    assert_eq!(reply.status, 401);
}

#[tokio::test]
async fn what_is_not_there() {
    let rig = Rig::new().await;
    for (method, path, status) in [
        ("GET", "/nothing", 404),
        ("GET", "/", 404),
        ("GET", "", 404),
        ("GET", "/subjects/x", 404),
        ("GET", "/subjects/99999999999999999999", 404),
        ("PATCH", "/apps", 405),
        ("DELETE", "/numbers", 405),
        ("POST", "/openapi.json", 405),
    ] {
        let reply = rig.ask(method, path, None).await;
        assert_eq!(reply.status, status, "{method} {path}");
        let _ = reply.problem();
        assert_eq!(reply.headers.contains_key("allow"), status == 405, "{path}");
    }
}
