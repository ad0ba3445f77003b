//! Blocking, and the contact book: people are named as the app knows them, and nobody else is.

use domain::message::IdentityMode;
use domain::time::Span;
use serde_json::Value;
use serde_json::json;
use testkit::ANNELIE;
use testkit::Answer;
use testkit::NUMBER;
use testkit::Needles;
use testkit::PEOPLE;
use testkit::SIPHO;
use testkit::THANDI;
use testkit::TestApp;
use testkit::TestGateway;
use testkit::ZOE;

fn path() -> String {
    format!("/v23.0/{NUMBER}/block_users")
}

fn body(people: &Value) -> Value {
    json!({"messaging_product": "whatsapp", "block_users": people})
}

async fn block(gateway: &TestGateway, app: &TestApp, method: &str, people: Value) -> Answer {
    gateway.call(app, method, &path(), &body(&people)).await
}

async fn list(gateway: &TestGateway, app: &TestApp, query: &str) -> Answer {
    let path = format!("{}{query}", path());
    gateway.call(app, "GET", &path, &Value::Null).await
}

/// The alias under which the alias app has heard of whoever wrote last.
fn alias(gateway: &TestGateway) -> Value {
    gateway.alias.take().last().unwrap().message().unwrap()["from_user_id"].clone()
}

fn newest_entry(gateway: &TestGateway) -> Value {
    gateway
        .store
        .read_now(|reader| {
            let last = reader.log_size()? - 1;
            let entry = reader.leaves(last, 1)?.remove(0).entry;
            Ok(serde_json::from_slice(&entry).unwrap())
        })
        .unwrap()
}

/// How many calls of the block list have reached Meta.
async fn calls(gateway: &TestGateway) -> u64 {
    let counted = gateway.look("calls/count").await;
    let calls = counted["calls"].as_object().unwrap();
    let of = |(kind, count): (&String, &Value)| {
        kind.ends_with("block_users")
            .then(|| count.as_u64().unwrap())
    };
    calls.iter().filter_map(of).sum()
}

#[tokio::test]
async fn an_app_blocks_whom_it_knows_and_sees_whom_it_blocked() {
    let gateway = TestGateway::start().await;
    gateway.hear_text(&THANDI, "Hello").await;
    gateway.hear_text(&ZOE, "Hello").await;
    let people = json!([{"user": "27 82 555 0142"}, {"user_id": ZOE.user_id}]);
    let answer = block(&gateway, &gateway.real, "POST", people.clone()).await;
    assert_eq!(
        answer.json(),
        json!({"messaging_product": "whatsapp", "block_users": {"added_users": [
            {"input": "27 82 555 0142", "wa_id": "27825550142"},
            {"input": ZOE.user_id, "user_id": ZOE.user_id}]}})
    );
    let entry = newest_entry(&gateway);
    assert_eq!(entry["action"], "person.blocked");
    assert_eq!(entry["actor"], json!(format!("app/{}", gateway.real.id)));
    let listed = list(&gateway, &gateway.real, "").await.json();
    assert_eq!(
        listed["data"],
        json!([{"messaging_product": "whatsapp", "wa_id": "27825550142"},
            {"messaging_product": "whatsapp", "user_id": ZOE.user_id}])
    );
    let answer = block(&gateway, &gateway.real, "DELETE", people).await;
    let removed = &answer.json()["block_users"]["removed_users"];
    assert_eq!(removed.as_array().map(Vec::len), Some(2));
    let listed = list(&gateway, &gateway.real, "").await.json();
    assert_eq!(listed["data"], json!([]));
}

#[tokio::test]
async fn an_alias_app_blocks_by_alias_and_learns_nothing() {
    let gateway = TestGateway::start().await;
    gateway.hear_text(&THANDI, "Hello").await;
    let thandi = alias(&gateway);
    gateway.hear_text(&SIPHO, "Hello").await;
    let sipho = alias(&gateway);
    let named = json!([{"user_id": thandi}, {"user_id": sipho}]);
    let answer = block(&gateway, &gateway.alias, "POST", named).await;
    assert_eq!(
        answer.json()["block_users"],
        json!({"added_users": [{"input": thandi, "user_id": thandi},
            {"input": sipho, "user_id": sipho}]})
    );
    // At Meta it is the people themselves.
    let listed = list(&gateway, &gateway.real, "").await.json();
    assert_eq!(listed["data"][0]["wa_id"], "27825550142");
    // Whom the app does not know is not shown to it.
    gateway.hear_text(&ANNELIE, "Hello").await;
    let other = gateway.add_app("other", IdentityMode::Alias).await;
    assert_eq!(list(&gateway, &other, "").await.json()["data"], json!([]));
    // Page by page, with links that lead through the gateway.
    let mut path = format!("{}?limit=1", path());
    let mut seen = Vec::new();
    loop {
        let page = gateway
            .call(&gateway.alias, "GET", &path, &Value::Null)
            .await
            .json();
        seen.extend(page["data"].as_array().unwrap().clone());
        let Some(next) = page["paging"]["next"].as_str() else {
            assert!(page["paging"]["previous"].is_string(), "{page}");
            break;
        };
        assert!(next.starts_with(&gateway.apps_url), "{next}");
        next.clone_into(&mut path);
    }
    let entry = |alias: &Value| json!({"messaging_product": "whatsapp", "user_id": alias});
    assert_eq!(seen, [entry(&thandi), entry(&sipho)]);
    let needles = PEOPLE
        .iter()
        .fold(Needles::default(), Needles::person)
        .text("Meta's token", "emulator-access-token")
        .text("Meta's address", &gateway.emulator.base_url());
    let got = gateway.alias.got();
    assert_eq!(needles.found_in(&got), Vec::<&str>::new());
    assert_ne!(needles.found_in(&gateway.real.got()), Vec::<&str>::new());
}

#[tokio::test]
async fn nobody_is_blocked_unless_everybody_is_known() {
    let gateway = TestGateway::start().await;
    gateway.hear_text(&THANDI, "Hello").await;
    let known = alias(&gateway);
    let thandi = json!({"user": THANDI.address()});
    let alias = json!({"user_id": known});
    let (real, other) = (&gateway.real, &gateway.alias);
    for (app, people, verdict) in [
        (
            real,
            json!([thandi, {"user": SIPHO.address()}]),
            (400, 131_009),
        ),
        (real, json!([{"user_id": SIPHO.user_id}]), (400, 131_009)),
        (real, json!([alias]), (400, 131_009)),
        (real, json!([]), (400, 131_009)),
        (real, json!([{"user": "0825550142"}]), (400, 131_009)),
        (real, json!([thandi, thandi]), (400, 131_009)),
        (real, json!([{}]), (400, 131_008)),
        (
            real,
            json!([{"user": THANDI.address(), "more": 1}]),
            (400, 100),
        ),
        (other, json!([thandi]), (400, 131_009)),
        (other, json!([{"user_id": THANDI.user_id}]), (400, 131_009)),
        (
            other,
            json!([alias, {"user_id": "ZA.00000000000000000001"}]),
            (400, 131_009),
        ),
    ] {
        for method in ["POST", "DELETE"] {
            let answer = block(&gateway, app, method, people.clone()).await;
            assert_eq!(answer.verdict(), verdict, "{method} {people}");
        }
    }
    assert_eq!(calls(&gateway).await, 0, "nothing reached Meta");
}

#[tokio::test]
async fn what_meta_does_for_some_is_told_person_by_person() {
    let gateway = TestGateway::start().await;
    gateway.hear_text(&THANDI, "Hello").await;
    gateway.advance(Span::hours(25)).await;
    gateway.hear_text(&SIPHO, "Hello").await;
    let people = json!([{"user": THANDI.address()}, {"user": SIPHO.address()}]);
    let answer = block(&gateway, &gateway.real, "POST", people).await;
    assert_eq!(answer.verdict(), (400, 139_100), "{:?}", answer.body);
    let answer = answer.json();
    assert!(
        answer["error"]["fbtrace_id"]
            .as_str()
            .is_some_and(|id| !id.is_empty())
    );
    let lists = &answer["block_users"];
    assert_eq!(lists["added_users"][0]["input"], SIPHO.address());
    let failed = &lists["failed_users"][0];
    assert_eq!(failed["input"], THANDI.address());
    assert_eq!(failed["errors"][0]["code"], 131_047);
    let words = failed["errors"].to_string();
    assert!(!words.contains("0142"), "in our words: {words}");
}

#[tokio::test]
async fn a_cursor_is_one_apps_own() {
    let gateway = TestGateway::start().await;
    for person in [&THANDI, &SIPHO] {
        gateway.hear_text(person, "Hello").await;
        let people = json!([{"user": person.address()}]);
        block(&gateway, &gateway.real, "POST", people).await;
    }
    let page = list(&gateway, &gateway.real, "?limit=1").await.json();
    let after = page["paging"]["cursors"]["after"].as_str().unwrap();
    let query = format!("?limit=1&after={after}");
    let next = list(&gateway, &gateway.real, &query).await.json();
    assert_eq!(next["data"][0]["wa_id"], "27835550117");
    assert_eq!(
        list(&gateway, &gateway.alias, &query).await.verdict(),
        (400, 131_059)
    );
    for query in ["?after=Mjc4MjU1NTAxNDI=", "?before=x", "?after="] {
        let answer = list(&gateway, &gateway.real, query).await;
        assert_eq!(answer.verdict(), (400, 131_059), "{query}");
    }
    for query in ["?limit=many", "?fields=id", "?limit=1&limit=2", "?pretty=1"] {
        let answer = list(&gateway, &gateway.real, query).await;
        assert_eq!(answer.verdict(), (400, 100), "{query}");
    }
}

#[tokio::test]
async fn meta_misbehaves() {
    let gateway = TestGateway::start().await;
    gateway.hear_text(&THANDI, "Hello").await;
    let people = json!([{"user": THANDI.address()}]);
    for (kind, changing, reading) in [
        ("cut", (500, 131_000), (503, 2)),
        ("cut_before_accept", (500, 131_000), (503, 2)),
        ("html", (500, 131_000), (503, 2)),
        ("wrong_body", (500, 131_000), (503, 2)),
        ("500", (500, 131_000), (500, 131_000)),
        ("429", (400, 4), (400, 4)),
    ] {
        let before = calls(&gateway).await;
        let order = json!({"kind": kind, "on": "other", "count": 1});
        gateway.control("faults", &order).await;
        let answer = block(&gateway, &gateway.real, "POST", people.clone()).await;
        assert_eq!(answer.verdict(), changing, "{kind}: {:?}", answer.body);
        gateway.control("faults", &order).await;
        let answer = list(&gateway, &gateway.real, "").await;
        assert_eq!(answer.verdict(), reading, "{kind}: {:?}", answer.body);
        assert_eq!(
            calls(&gateway).await,
            before + 2,
            "{kind}: each is made once"
        );
    }
}

#[tokio::test]
async fn the_contact_book_forgets_whom_the_app_knows() {
    let gateway = TestGateway::start().await;
    gateway.hear_text(&THANDI, "Hello").await;
    let known = alias(&gateway);
    let delete = |app: &'static str, query: String| {
        let gateway = &gateway;
        async move {
            let app = if app == "alias" {
                &gateway.alias
            } else {
                &gateway.real
            };
            let path = format!("/v23.0/{NUMBER}/contact_book{query}");
            gateway.call(app, "DELETE", &path, &Value::Null).await
        }
    };
    let query = |id: &str| format!("?messaging_product=whatsapp&bsuid={id}");
    let deleted = |deleted: bool| json!({"messaging_product": "whatsapp", "success": true, "deleted": deleted});
    let by_alias = delete("alias", query(known.as_str().unwrap())).await;
    assert_eq!(by_alias.json(), deleted(true));
    let again = delete("real", query(THANDI.user_id)).await;
    assert_eq!(again.json(), deleted(false), "it was the same entry");
    let none = String::new();
    for (app, query, verdict) in [
        ("real", query(SIPHO.user_id), (400, 131_009)),
        ("real", query("ZA.ENT.11815799212886844830"), (400, 131_009)),
        ("real", query(THANDI.address()), (400, 131_009)),
        ("alias", query(THANDI.user_id), (400, 131_009)),
        ("real", none, (400, 131_008)),
        ("real", "?bsuid=ZA.1".to_owned(), (400, 131_008)),
    ] {
        let answer = delete(app, query.clone()).await;
        assert_eq!(answer.verdict(), verdict, "{app} {query}");
    }
    let needles = Needles::default().person(&THANDI);
    assert_eq!(needles.found_in(&gateway.alias.got()), Vec::<&str>::new());
}
