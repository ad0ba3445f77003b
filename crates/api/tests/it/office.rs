//! Terms, layers of notices, traits, block registries, consent to sharing.

use axum::body::Body;
use axum::http::Request;
use axum::http::StatusCode;
use domain::ids::SubjectId;
use serde_json::Value;
use serde_json::json;

use crate::rig::PHONE;
use crate::rig::Reply;
use crate::rig::Rig;
use crate::rig::WA_ID;

impl Rig {
    /// Sends a file to a registry.
    pub(crate) async fn upload(&self, path: &str, pieces: Vec<&'static str>) -> Reply {
        let pieces = pieces.into_iter().map(Ok::<_, std::io::Error>);
        let request = Request::builder()
            .method("POST")
            .uri(format!("/api/v1{path}"))
            .header("authorization", format!("Bearer {}", self.staff))
            .header("content-type", "text/csv")
            .body(Body::from_stream(futures_util::stream::iter(pieces)));
        self.raw(request.unwrap()).await
    }

    /// Whether a promotion to the one person would be refused, and under which rules.
    async fn promotion(&self) -> Vec<String> {
        let body = json!({
            "number": 1, "phone": PHONE, "template": {"name": "offer", "language": "en"},
        });
        let told = self
            .post("/decisions/preview", body)
            .await
            .ok(StatusCode::OK);
        serde_json::from_value(told["rules"].clone()).unwrap()
    }
}

#[tokio::test]
async fn terms_are_set_shown_and_held_to_the_law() {
    let rig = Rig::new().await;
    let asking = json!({
        "code": "asking", "title": "Asking", "class": "utility", "basis": "contract",
        "grade": "asserted",
    });
    rig.post("/purposes", asking).await.ok(StatusCode::CREATED);
    let set = async |code: &str, body: Value| {
        let path = format!("/purposes/{code}/terms");
        rig.put(&path, body).await
    };
    let terms = json!({
        "notice": "messages", "description": "Offers, twice a month",
        "recipients": ["Meta", "The shop"], "record_class": "form", "confirm": true,
        "any_hour": true, "cap": {"count": 2, "days": 30}, "lapse_days": 730,
    });
    set("marketing", terms).await.ok(StatusCode::NO_CONTENT);
    assert_eq!(rig.last_entry()["action"], "purpose.changed");
    set("asking", json!({"asks_for": "marketing"}))
        .await
        .ok(StatusCode::NO_CONTENT);
    let shown = rig.get("/purposes").await.ok(StatusCode::OK);
    insta::assert_json_snapshot!(shown);
    let mut told = Vec::new();
    for (code, body) in [
        ("nothing", json!({})),
        ("marketing", json!({"asks_for": "asking"})),
        ("marketing", json!({"asks_for": "nothing"})),
        ("marketing", json!({"cap": {"count": 0, "days": 1}})),
        ("marketing", json!({"lapse_days": 0})),
        ("marketing", json!({"notice": "nothing"})),
        ("marketing", json!({"any_hour": true})),
        ("marketing", json!({"record_class": "notes"})),
        ("marketing", json!({"recipients": [""]})),
        ("customer-care", json!({"soft_opt_in": true})),
    ] {
        let asked = format!("{code} {body}");
        let problem = set(code, body).await.problem();
        told.push(json!({"asked": asked, "told": problem}));
    }
    insta::assert_json_snapshot!(told);
}

fn notice(more: &Value) -> Value {
    let mut body = json!({
        "code": "offers", "language": "en", "title": "Offers", "body": "The page.\nTwo lines.",
        "change": "consent-anew",
    });
    let members = more.as_object().unwrap().clone();
    body.as_object_mut().unwrap().extend(members);
    body
}

#[tokio::test]
async fn a_notice_is_told_what_it_lacks_and_refused_what_it_cannot_prove() {
    let rig = Rig::new().await;
    let layers = json!({
        "short": "The shop may send you offers. Write STOP at any time.",
        "elements": {"N01": "The shop, 1 Long Street, Cape Town", "N03": "Offers"},
    });
    let checked = rig.post("/notices/check", notice(&layers)).await;
    let checked = checked.ok(StatusCode::OK);
    assert_eq!(checked["publishable"], true);
    assert_eq!(
        rig.store.registry().notices.len(),
        1,
        "nothing is published"
    );
    let claiming = json!({
        "body": "Hello.\nOur chat is end-to-end\nencrypted, and your number is never shared.",
        "strict": true,
    });
    let claiming = notice(&claiming);
    let found = rig.post("/notices/check", claiming.clone()).await;
    insta::assert_json_snapshot!(found.ok(StatusCode::OK));
    let size = rig.log_size();
    let refused = rig.post("/notices", claiming).await.problem();
    insta::assert_json_snapshot!(refused);
    let strict = json!({"strict": true});
    let refused = rig.post("/notices", notice(&strict)).await.problem();
    insta::assert_json_snapshot!(refused);
    assert_eq!(rig.log_size(), size);
    let published = rig.post("/notices", notice(&layers)).await;
    let published = published.ok(StatusCode::CREATED);
    let missing: Vec<&str> = published["missing"]
        .as_array()
        .unwrap()
        .iter()
        .map(|missing| missing["element"].as_str().unwrap())
        .collect();
    assert_eq!(missing, ["N12", "N14"]);
    let shown = rig.get("/notices?limit=1").await.ok(StatusCode::OK);
    insta::assert_json_snapshot!(shown);
    for more in [
        json!({"elements": {"N01": "x"}}),
        json!({"short": "x", "elements": {"N22": "x"}}),
        json!({"short": "x".repeat(1_025)}),
        json!({"jurisdictions": ["nowhere at all"]}),
    ] {
        assert_eq!(
            rig.post("/notices", notice(&more)).await.status,
            422,
            "{more}"
        );
    }
}

#[tokio::test]
async fn traits_are_noted_read_under_the_eye_of_the_log_and_taken_back() {
    let rig = Rig::busy().await;
    let id = rig.subject().0;
    let path = |kind: &str| format!("/subjects/{id}/traits/{kind}");
    let put = async |kind: &str, value: &str| {
        let body = json!({"value": value, "source": "person"});
        rig.put(&path(kind), body).await
    };
    for (kind, value) in [
        ("residence", "za"),
        ("age", "1990"),
        ("sale", "2026-11-20T12:00:00Z objectable"),
        ("languages", "zu-ZA en"),
        ("special", "yes"),
    ] {
        put(kind, value).await.ok(StatusCode::NO_CONTENT);
    }
    assert_eq!(rig.last_entry()["action"], "trait.changed");
    let size = rig.log_size();
    for (kind, value) in [
        ("residence", "Zuid-Afrika-canary"),
        ("zone", "Mars/Olympus-canary"),
        ("age", "1890"),
        ("sale", "2027-01-01T00:00:00Z"),
        ("special", "no-canary"),
    ] {
        let reply = put(kind, value).await;
        assert_eq!(reply.problem()["field"], "value", "{kind}");
        assert!(!reply.text.contains(value), "{kind}");
    }
    assert_eq!(put("shoe-size", "43").await.status, 404);
    let listed = rig.get(&format!("/subjects/{id}/traits")).await;
    insta::assert_json_snapshot!(listed.ok(StatusCode::OK));
    assert_eq!(rig.log_size(), size, "what it says was not shown");
    let shown = rig.get(&path("residence")).await.ok(StatusCode::OK);
    assert_eq!(shown["value"], "ZA");
    assert_eq!(rig.last_entry()["action"], "personal-data.read");
    rig.delete(&path("residence"))
        .await
        .ok(StatusCode::NO_CONTENT);
    for reply in [
        rig.get(&path("residence")).await,
        rig.delete(&path("residence")).await,
    ] {
        assert_eq!(reply.status, 404);
    }
    let traits = rig.store.read_now(|reader| reader.traits(SubjectId(id)));
    assert_eq!(traits.unwrap().len(), 4);
    assert_eq!(rig.get("/subjects/999/traits").await.status, 404);
}

#[tokio::test]
async fn a_registry_blocks_is_overridden_and_releases() {
    const BLOCKED: &str = "gate/2/registry";
    let rig = Rig::busy().await;
    let consent = json!({
        "purpose": "marketing", "state": "given", "method": "paper", "grade": "recorded",
        "language": "en", "evidence": "form 12", "notice": 1,
    });
    let id = rig.subject().0;
    rig.post(&format!("/subjects/{id}/consent"), consent)
        .await
        .ok(StatusCode::CREATED);
    let refused = async |rig: &Rig| rig.promotion().await.iter().any(|rule| rule == BLOCKED);
    assert!(!refused(&rig).await);
    let registry = json!({"code": "ncc", "name": "Opt-out register"});
    rig.post("/block-registries", registry.clone())
        .await
        .ok(StatusCode::CREATED);
    assert_eq!(rig.post("/block-registries", registry).await.status, 409);
    let imports = "/block-registries/ncc/imports";
    let national = format!("{imports}?country=ZA");
    // The file comes in pieces that end anywhere.
    let pieces = vec!["Name;Cell num", "ber\nT;082 55", "5 0123\nN;+27825550199\n"];
    let first = rig.upload(&national, pieces).await.ok(StatusCode::OK);
    assert_eq!((&first["rows"], &first["blocked"]), (&json!(2), &json!(2)));
    assert!(refused(&rig).await);
    let over =
        json!({"purpose": "marketing", "reviewer": "N. Dube", "reason": "Counsel's opinion"});
    let over = rig.post("/block-registries/ncc/overrides", over).await;
    let over = over.ok(StatusCode::CREATED)["id"].clone();
    assert!(!refused(&rig).await);
    rig.delete(&format!("/block-registries/ncc/overrides/{over}"))
        .await
        .ok(StatusCode::NO_CONTENT);
    assert!(refused(&rig).await);
    let overrides = rig.get("/block-registries/ncc/overrides").await;
    insta::assert_json_snapshot!("overrides", overrides.ok(StatusCode::OK));
    let second = rig.upload(imports, vec!["+27825550199\n"]).await;
    assert_eq!(second.ok(StatusCode::OK)["lifted"], 1);
    assert!(!refused(&rig).await);
    insta::assert_json_snapshot!("imports", rig.get(imports).await.ok(StatusCode::OK));
    let listed = rig.get("/block-registries").await.ok(StatusCode::OK);
    insta::assert_json_snapshot!("block_registries", listed);
    let certificate = rig.get(&format!("{imports}/1/certificate")).await;
    assert_eq!(
        (certificate.status, certificate.text.as_str()),
        (200, "1 1")
    );
    assert_eq!(
        rig.get(&format!("{imports}/9/certificate")).await.status,
        404
    );
    rig.delete("/block-registries/ncc")
        .await
        .ok(StatusCode::NO_CONTENT);
    assert_eq!(
        rig.upload(imports, vec!["+27825550199\n"]).await.status,
        409
    );
}

#[tokio::test]
async fn a_file_that_cannot_be_read_changes_nothing() {
    let rig = Rig::busy().await;
    let registry = json!({"code": "ncc", "name": "Opt-out register", "every_days": 30});
    rig.post("/block-registries", registry)
        .await
        .ok(StatusCode::CREATED);
    let imports = "/block-registries/ncc/imports";
    rig.upload(imports, vec!["+27825550123\n"])
        .await
        .ok(StatusCode::OK);
    let size = rig.log_size();
    let mut told = Vec::new();
    for (query, file) in [
        ("", ""),
        ("", "phone\n"),
        (
            "",
            "phone\n0825550124\n+27825550125\n2.78E+10\nnot a number\n",
        ),
        ("", "Naam,Van\nThandi,Mokoena\n"),
        ("?country=DE", "+27825550123\n"),
        ("?country=ZA&skip_bad=maybe", "+27825550123\n"),
    ] {
        let reply = rig.upload(&format!("{imports}{query}"), vec![file]).await;
        for number in ["0825550124", "27825550125", WA_ID, "Mokoena"] {
            assert!(!reply.text.contains(number), "{file}");
        }
        told.push(json!({"query": query, "file": file, "told": reply.problem()}));
    }
    insta::assert_json_snapshot!(told);
    assert_eq!(rig.log_size(), size);
    let skipping = format!("{imports}?skip_bad=true");
    let skipped = rig.upload(&skipping, vec!["+27825550125\nx\n"]);
    let skipped = skipped.await.ok(StatusCode::OK);
    assert_eq!(
        (&skipped["bad"], &skipped["lifted"]),
        (&json!(1), &json!(0))
    );
    assert_eq!(
        rig.upload("/block-registries/none/imports", vec!["x"])
            .await
            .status,
        404
    );
}

#[tokio::test]
async fn sharing_takes_a_purpose_that_exists() {
    let rig = Rig::new().await;
    let set = async |body: Value| rig.put("/apps/1/sharing", body).await;
    set(json!({"purpose": "marketing"}))
        .await
        .ok(StatusCode::NO_CONTENT);
    assert_eq!(rig.last_entry()["action"], "app.changed");
    let shown = rig.get("/apps").await.ok(StatusCode::OK);
    assert_eq!(shown["items"][0]["sharing"], "marketing");
    assert_eq!(
        set(json!({"purpose": "nothing"})).await.problem()["field"],
        "purpose"
    );
    // Whoever forgets to say what is wanted must not open a door.
    assert_eq!(set(json!({})).await.status, 400);
    set(json!({"purpose": null}))
        .await
        .ok(StatusCode::NO_CONTENT);
    let shown = rig.get("/apps").await.ok(StatusCode::OK);
    assert_eq!(shown["items"][0]["sharing"], Value::Null);
    assert_eq!(
        rig.put("/apps/9/sharing", json!({"purpose": null}))
            .await
            .status,
        404
    );
}
