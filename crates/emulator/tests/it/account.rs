//! The calls around the messages.

use serde_json::Value;
use serde_json::json;

use crate::rig::ACCOUNT;
use crate::rig::APP;
use crate::rig::NUMBER;
use crate::rig::Rig;

#[tokio::test]
async fn numbers_and_profile() {
    let rig = Rig::new().await;
    let numbers = rig
        .graph(
            "GET",
            &format!("/v23.0/{ACCOUNT}/phone_numbers"),
            &Value::Null,
        )
        .await
        .json();
    assert_eq!(numbers["data"][0]["id"], NUMBER);
    let number = rig
        .graph(
            "GET",
            &format!("/{NUMBER}?fields=verified_name"),
            &Value::Null,
        )
        .await
        .json();
    assert_eq!(
        number,
        json!({"id": NUMBER, "verified_name": "Kaapse Koffie"})
    );
    let path = format!("/{NUMBER}/whatsapp_business_profile");
    let change = json!({"messaging_product": "whatsapp", "about": "Open till six"});
    assert_eq!(
        rig.graph("POST", &path, &change).await.json(),
        json!({"success": true})
    );
    assert_eq!(
        rig.graph("POST", &path, &json!({"about": "x"}))
            .await
            .verdict(),
        (400, 100)
    );
    let long = json!({"messaging_product": "whatsapp", "about": "x".repeat(140)});
    assert_eq!(rig.graph("POST", &path, &long).await.verdict(), (400, 100));
    let profile = rig
        .graph("GET", &format!("{path}?fields=about"), &Value::Null)
        .await
        .json();
    assert_eq!(profile["data"][0]["about"], "Open till six");
}

#[tokio::test]
async fn template_catalogue() {
    let rig = Rig::new().await;
    let path = format!("/v23.0/{ACCOUNT}/message_templates");
    let list = |query: &'static str| {
        let (rig, path) = (&rig, &path);
        async move {
            rig.graph("GET", &format!("{path}{query}"), &Value::Null)
                .await
                .json()
        }
    };
    let all = list("").await["data"].as_array().unwrap().len();
    assert_eq!(all, 10);
    for (query, expected) in [
        ("?category=MARKETING", 4),
        ("?name=order_update", 2),
        ("?name=order_update&language=af", 1),
        ("?status=PAUSED", 1),
        ("?limit=3", 3),
        ("?limit=3&after=9", 1),
    ] {
        assert_eq!(
            list(query).await["data"].as_array().map(Vec::len),
            Some(expected),
            "{query}"
        );
    }
    let first = list("?limit=3&category=MARKETING&summary=total_count").await;
    assert_eq!(first["summary"]["total_count"], 4);
    let next = first["paging"]["next"].as_str().unwrap();
    let rest = rig.get(next).await.json();
    assert_eq!(rest["data"].as_array().map(Vec::len), Some(1), "{next}");
    assert!(rest["paging"].get("next").is_none());
    let id = list("?name=spring_sale").await["data"][0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(
        rig.graph("GET", &format!("/{id}"), &Value::Null)
            .await
            .json()["name"],
        "spring_sale"
    );
    assert_eq!(
        rig.graph("POST", &format!("/{id}"), &json!({"category": "UTILITY"}))
            .await
            .verdict(),
        (200, 0)
    );
    assert_eq!(
        rig.graph("DELETE", &format!("{path}?name=spring_sale"), &Value::Null)
            .await
            .verdict(),
        (200, 0)
    );
    assert_eq!(
        rig.graph("DELETE", &format!("{path}?name=spring_sale"), &Value::Null)
            .await
            .verdict(),
        (404, 132_001)
    );
    for (name, body, expected) in [
        (
            "no name",
            json!({"language": "en", "category": "UTILITY"}),
            (400, 100),
        ),
        (
            "upper case",
            json!({"name": "New", "language": "en", "category": "UTILITY"}),
            (400, 100),
        ),
        (
            "category",
            json!({"name": "new", "language": "en", "category": "SPAM"}),
            (400, 100),
        ),
        (
            "no body",
            json!({"name": "new", "language": "en", "category": "UTILITY", "components": []}),
            (400, 100),
        ),
        (
            "twice",
            json!({"name": "hello_world", "language": "en_US", "category": "UTILITY", "components": [{"type": "BODY", "text": "x"}]}),
            (400, 100),
        ),
    ] {
        assert_eq!(
            rig.graph("POST", &path, &body).await.verdict(),
            expected,
            "{name}"
        );
    }
}

#[tokio::test]
async fn account_app_and_unknown_nodes() {
    let rig = Rig::new().await;
    assert_eq!(
        rig.graph("GET", &format!("/{ACCOUNT}"), &Value::Null)
            .await
            .json()["id"],
        ACCOUNT
    );
    assert_eq!(
        rig.graph("GET", &format!("/{APP}"), &Value::Null)
            .await
            .json()["id"],
        APP
    );
    let apps = rig
        .graph("GET", &format!("/{ACCOUNT}/subscribed_apps"), &Value::Null)
        .await
        .json();
    assert_eq!(apps["data"][0]["whatsapp_business_api_data"]["id"], APP);
    for (method, path, expected) in [
        ("GET", "/12345".to_owned(), (400, 100)),
        ("GET", format!("/{NUMBER}/nothing"), (400, 2500)),
        ("GET", "/".to_owned(), (400, 2500)),
        ("GET", format!("/v23.0/{ACCOUNT}/flows"), (400, 2500)),
    ] {
        // The bare root leads to the phone page instead.
        if path != "/" {
            assert_eq!(
                rig.graph(method, &path, &Value::Null).await.verdict(),
                expected,
                "{path}"
            );
        }
    }
}

#[tokio::test]
async fn app_access_token() {
    let rig = Rig::new().await;
    let token = |secret: &str| {
        format!(
            "/v23.0/oauth/access_token?grant_type=client_credentials&client_id={APP}&client_secret={secret}"
        )
    };
    let given = rig.get(&token("emulator-app-secret")).await.json();
    assert_eq!(given["access_token"], format!("{APP}|emulator-app-secret"));
    assert_eq!(rig.get(&token("x")).await.verdict(), (400, 100));
}
