//! Nothing that is configured or sent makes the gateway call where it must not. The list is
//! `tests/ssrf.toml`; egress itself is held against it in its own tests.

use std::collections::BTreeMap;
use std::io;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::Mutex;

use api::ApiState;
use domain::access::AppScopes;
use domain::audit::Actor;
use domain::ids::AppId;
use domain::message::MessageState;
use domain::time::Span;
use egress::Resolver;
use service::Service;
use service::Settings;
use store::admin::NewToken;
use store::delivery::DeliveryState;
use testkit::NUMBER;
use testkit::THANDI;
use testkit::TestGateway;
use url::Url;

use crate::adversary::Act;
use crate::adversary::Adversary;
use crate::adversary::http;
use crate::faults::newest;
use crate::nobody::NoErasing;
use crate::nobody::NoLists;
use crate::nobody::NoMeta;
use crate::nobody::NoOffice;
use crate::nobody::NoPortal;
use crate::nobody::NoRequests;
use crate::sends::text;
use crate::targets::Refused;
use crate::targets::Target;
use crate::targets::targets;

/// Answers names from a table, in turn and the last for ever.
#[derive(Debug, Default)]
struct Names {
    table: Mutex<BTreeMap<String, Vec<Vec<IpAddr>>>>,
    asked: Mutex<Vec<String>>,
}

impl Names {
    /// What the list says, and what these say.
    fn of(targets: &[Target], more: &[(&str, &[&str])]) -> Arc<Self> {
        let mut table = BTreeMap::new();
        for target in targets.iter().filter(|target| !target.addresses.is_empty()) {
            let url = Url::parse(&target.url).unwrap();
            let name = url.host_str().unwrap().to_owned();
            table.insert(name, vec![target.addresses.clone()]);
        }
        for (name, answers) in more {
            let parse = |answer: &&str| answer.split(' ').map(|one| one.parse().unwrap()).collect();
            table.insert((*name).to_owned(), answers.iter().map(parse).collect());
        }
        Arc::new(Self {
            table: Mutex::new(table),
            ..Self::default()
        })
    }

    fn asked(&self, name: &str) -> usize {
        let asked = self.asked.lock().unwrap();
        asked.iter().filter(|asked| *asked == name).count()
    }
}

impl Resolver for Names {
    fn resolve(
        &self,
        host: String,
    ) -> Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send>> {
        let mut table = self.table.lock().unwrap();
        let answer = table.get_mut(&host).map(|answers| {
            if answers.len() > 1 {
                answers.remove(0)
            } else {
                answers[0].clone()
            }
        });
        self.asked.lock().unwrap().push(host);
        Box::pin(async move { answer.ok_or_else(|| io::Error::other("no such name")) })
    }
}

/// Only this may be called inside.
fn allow(settings: &mut Settings, names: &Arc<Names>, allowed: &[String]) {
    settings.egress = egress::Policy {
        allow_private: allowed.iter().map(|one| one.parse().unwrap()).collect(),
        resolver: Arc::<Names>::clone(names),
        ..settings.egress.clone()
    };
}

fn own(graph: &Url) -> String {
    format!("127.0.0.1:{}", graph.port().unwrap())
}

/// The administrator lets an app in that listens at `url`; none if the address is refused at once.
async fn add_app(gateway: &TestGateway, admin: &str, url: &str) -> Option<AppId> {
    let body = serde_json::json!({
        "name": format!("app {}", gateway.store.registry().apps.len()),
        "identity": "real", "relay_url": url,
    });
    let request = http::Request::post(format!("{}/api/v1/apps", admin_url(gateway).await))
        .header("content-type", "application/json")
        .header("authorization", format!("Bearer {admin}"));
    let answer = gateway.client.call(request, body.to_string()).await;
    match answer.status {
        201 => Some(AppId(answer.json()["id"].as_i64().unwrap())),
        status => {
            assert!(
                [400, 422].contains(&status),
                "{url}: {status} {:?}",
                answer.body
            );
            None
        }
    }
}

/// The admin API of a gateway, on a listener of its own.
async fn admin_url(gateway: &TestGateway) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = api::router(ApiState {
        store: Arc::clone(&gateway.store),
        checkpoint: Arc::new(|| None),
        meta: Arc::new(NoMeta),
        office: Arc::new(NoOffice),
        lists: Arc::new(NoLists),
        portal: Arc::new(NoPortal),
        requests: Arc::new(NoRequests),
        erasing: Arc::new(NoErasing),
    });
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("http://{address}")
}

async fn admin_token(gateway: &TestGateway) -> String {
    let token = NewToken {
        app: None,
        name: "administrator".to_owned(),
        scopes: AppScopes::default(),
        expires: gateway.clock.now() + Span::days(1),
    };
    let issued = gateway.store.issue_token(Actor::System, token).await;
    issued.unwrap().secret.to_string()
}

/// How the deliveries to an app stand: state, and the status it was answered with.
fn deliveries(gateway: &TestGateway, app: AppId) -> Vec<(DeliveryState, Option<u16>)> {
    let listed = gateway
        .store
        .read_now(|reader| reader.deliveries((Some(app), None), None, 99))
        .unwrap();
    listed
        .iter()
        .map(|delivery| (delivery.state, delivery.last_status))
        .collect()
}

#[tokio::test]
async fn no_webhook_goes_inside() {
    let trap = Adversary::start().await;
    trap.does(&http(200, "", ""));
    let targets = targets(trap.address.port());
    let names = Names::of(&targets, &[]);
    let mut graph = String::new();
    let gateway = TestGateway::start_told(|settings| {
        graph = own(&settings.graph);
        allow(settings, &names, &[graph.clone()]);
    })
    .await;
    let admin = admin_token(&gateway).await;
    let mut apps = Vec::new();
    for target in &targets {
        apps.push((&target.url, add_app(&gateway, &admin, &target.url).await));
    }
    let taken = apps.iter().filter(|(_, app)| app.is_some()).count();
    assert!(taken > 100, "only {taken} addresses were taken at all");
    // And one that may be called, so that the others are not silent for another reason.
    let open = add_app(&gateway, &admin, &format!("http://{graph}/hook")).await;
    gateway.hear_text(&THANDI, "Hello").await;
    gateway.advance(Span::minutes(10)).await;
    for (url, app) in apps {
        let Some(app) = app else { continue };
        let found = deliveries(&gateway, app);
        assert_eq!(found.len(), 1, "{url}");
        assert!(
            [DeliveryState::Waiting, DeliveryState::Dead].contains(&found[0].0)
                && found[0].1.is_none(),
            "{url}: {found:?}"
        );
    }
    let (_, answer) = deliveries(&gateway, open.unwrap())[0];
    assert!(answer.is_some(), "the one that may be called was called");
    assert_eq!(trap.connections(), 0);
}

#[tokio::test]
async fn a_name_that_moves_inside_is_not_followed() {
    let (outside, inside) = (Adversary::start().await, Adversary::start().await);
    outside.does(&http(200, "connection: close\r\n", ""));
    let port = outside.address.port();
    let moving: (&str, &[&str]) = (
        "moving.example.com",
        &["127.0.0.1", "169.254.169.254", "0.0.0.0"],
    );
    let names = Names::of(&[], &[moving]);
    let gateway = TestGateway::start_told(|settings| {
        let graph = own(&settings.graph);
        allow(
            settings,
            &names,
            &[graph, format!("moving.example.com:{port}")],
        );
    })
    .await;
    let admin = admin_token(&gateway).await;
    let app = add_app(
        &gateway,
        &admin,
        &format!("http://moving.example.com:{port}/hook"),
    )
    .await;
    for message in 1..=3_usize {
        gateway.hear_text(&THANDI, "Hello").await;
        // One look-up for each connection: what was checked is what was called.
        assert_eq!(names.asked("moving.example.com"), message.min(2));
        assert_eq!(outside.take().len(), usize::from(message == 1));
    }
    gateway.advance(Span::minutes(1)).await;
    assert_eq!(names.asked("moving.example.com"), 3);
    let mut found = deliveries(&gateway, app.unwrap());
    found.sort_by_key(|(state, _)| *state == DeliveryState::Delivered);
    assert_eq!(found[2], (DeliveryState::Delivered, Some(200)));
    assert!(
        found[..2]
            .iter()
            .all(|(state, answer)| { *state == DeliveryState::Waiting && answer.is_none() })
    );
    assert_eq!((outside.connections(), inside.connections()), (1, 0));
}

#[tokio::test]
async fn no_media_is_fetched_from_inside() {
    let (meta, trap) = (Adversary::start().await, Adversary::start().await);
    trap.does(&http(200, "", "secret"));
    let port = trap.address.port();
    let targets = targets(port);
    // Names of Meta's own may lead inside as well.
    let theirs: [(&str, &[&str]); 3] = [
        ("lookaside.fbsbx.com", &["127.0.0.1"]),
        ("mmg.whatsapp.net", &["169.254.169.254"]),
        ("scontent.fbcdn.net", &["::1"]),
    ];
    let names = Names::of(&targets, &theirs);
    // Meta cannot give the picture at first, so that it has to be fetched later.
    let gateway = crate::junk::against(&meta).await;
    let picture = serde_json::json!({"from": "thandi", "type": "image", "image": {"mime_type": "image/jpeg"}});
    gateway.hear(picture).await;
    let image = crate::junk::newest_picture(&gateway).await;
    let strict = strict(&gateway, &names, &[own(&gateway.service.settings().graph)]).await;
    let path = format!("{strict}/v23.0/{image}");
    let foreign = theirs
        .iter()
        .map(|(name, _)| format!("https://{name}:{port}/x"));
    let look_alikes = [
        format!("https://evil-facebook.com:{port}/x"),
        format!("https://graph.facebook.com.example.com:{port}/x"),
        format!("https://x.whatsapp.net@127.0.0.1:{port}/x"),
        format!("http://lookaside.fbsbx.com:{port}/x"),
        format!("http://{}/x", trap.address),
    ];
    let all = targets.iter().map(|target| target.url.clone());
    for url in all.chain(foreign).chain(look_alikes) {
        let body = serde_json::json!({"url": url, "mime_type": "image/jpeg", "id": "1"});
        let located = http(200, "", &body.to_string());
        meta.take();
        meta.does(&located);
        let answer = gateway
            .call(&gateway.real, "GET", &path, &serde_json::Value::Null)
            .await;
        assert_eq!(answer.verdict(), (503, 2), "{url}: {:?}", answer.body);
        assert!(answer.header("retry-after").is_some(), "{url}");
        let calls = meta.take();
        assert_eq!(calls.len(), 1, "{url}: {calls:?}");
    }
    assert!(
        names.asked("lookaside.fbsbx.com") == 1,
        "it was asked and refused"
    );
    assert_eq!(trap.connections(), 0);
    // The same picture from where it may come: so the refusals had no other reason.
    let file = format!("{}file", meta.url());
    let located =
        serde_json::json!({"url": file, "mime_type": "text/plain", "id": "1"}).to_string();
    meta.does_by_path(move |path| match path {
        "/file" => http(200, "", "a file"),
        _ => http(200, "", &located),
    });
    let answer = gateway
        .call(&gateway.real, "GET", &path, &serde_json::Value::Null)
        .await;
    assert_eq!(answer.status, 200, "{:?}", answer.body);
}

/// The door for apps of a second service over the same store, which may call these and nothing else
/// inside.
async fn strict(gateway: &TestGateway, names: &Arc<Names>, allowed: &[String]) -> String {
    let mut settings = gateway.service.settings().clone();
    allow(&mut settings, names, allowed);
    let (store, data) = (Arc::clone(&gateway.store), gateway.data());
    let service = Service::start(store, &data, settings).await.unwrap();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, gateway::apps(service)).await });
    format!("http://{address}")
}

#[tokio::test]
async fn no_link_inside_is_sent() {
    let gateway = TestGateway::start().await;
    gateway.hear_text(&THANDI, "Hello").await;
    let mut passed = 0;
    for target in targets(8443) {
        let link = serde_json::json!({"link": target.url});
        let mut body = text(THANDI.address());
        body.as_object_mut().unwrap().remove("text");
        for kind in ["image", "document"] {
            let mut body = body.clone();
            body["type"] = kind.into();
            body[kind] = link.clone();
            let answer = gateway.send(&gateway.real, &body).await;
            let expected = if target.link { 400 } else { 200 };
            assert_eq!(answer.status, expected, "{}: {:?}", target.url, answer.body);
            passed += usize::from(!target.link);
        }
        let action = serde_json::json!({"name": "cta_url", "parameters":
            {"display_text": "Open", "url": target.url}});
        body["type"] = "interactive".into();
        body["interactive"] =
            serde_json::json!({"type": "cta_url", "body": {"text": "Look"}, "action": action});
        let answer = gateway.send(&gateway.real, &body).await;
        assert!(
            !target.link || answer.status == 400,
            "{}: {:?}",
            target.url,
            answer.body
        );
        passed += usize::from(answer.status == 200);
    }
    // What only a name server can tell is Meta's to fetch, not ours.
    assert_eq!(gateway.sent().await.len(), passed);
}

#[tokio::test]
async fn no_graph_address_leads_inside() {
    let trap = Adversary::start().await;
    trap.does(&http(200, "", r#"{"data":[]}"#));
    let targets = targets(trap.address.port());
    let names = Names::of(&targets, &[]);
    let gateway = TestGateway::start().await;
    gateway.hear_text(&THANDI, "Hello").await;
    let told = |url: Url, allowed: &[String]| {
        let mut settings = gateway.service.settings().clone();
        allow(&mut settings, &names, allowed);
        settings.graph = url;
        let (store, data) = (Arc::clone(&gateway.store), gateway.data());
        async move { Service::start(store, &data, settings).await.unwrap() }
    };
    let mut tried = 0;
    for target in &targets {
        // What is no URL is refused where the configuration is read.
        let Ok(url) = Url::parse(&target.url) else {
            assert_eq!(target.refused, Refused::Syntax, "{}", target.group);
            continue;
        };
        if url.cannot_be_a_base() {
            continue;
        }
        assert!(
            !told(url, &[]).await.sync_templates().await,
            "{}",
            target.url
        );
        tried += 1;
    }
    assert!(tried > 130, "only {tried}");
    assert_eq!(trap.connections(), 0);
    let open = Url::parse(&trap.url()).unwrap();
    let allowed = [own(&open)];
    assert!(told(open, &allowed).await.sync_templates().await);
    assert_eq!(trap.connections(), 1);
}

/// A send whose Graph address is refused never left, and the app is told so.
#[tokio::test]
async fn a_send_to_a_refused_address_is_rejected() {
    let gateway = TestGateway::start_told(|settings| {
        settings.graph = Url::parse("https://169.254.169.254/").unwrap();
    })
    .await;
    gateway.hear_text(&THANDI, "Hello").await;
    let answer = gateway.send(&gateway.real, &text(THANDI.address())).await;
    assert_eq!(answer.verdict(), (503, 2), "{NUMBER}");
    assert_eq!(newest(&gateway, &THANDI).await, MessageState::Rejected);
}

/// An endpoint that takes a webhook and then says too much has taken it.
#[tokio::test]
async fn a_talkative_endpoint_is_not_asked_twice() {
    let endpoint = Adversary::start().await;
    let gateway = TestGateway::start().await;
    let admin = admin_token(&gateway).await;
    let app = add_app(&gateway, &admin, &format!("{}hook", endpoint.url()))
        .await
        .unwrap();
    let large = |status: &str| format!("HTTP/1.1 {status}\r\ncontent-length: 1073741824\r\n\r\n");
    let endless = |status: &str| format!("HTTP/1.1 {status}\r\n\r\n");
    for (act, expected) in [
        (Act::Stay(large("200 OK")), DeliveryState::Delivered),
        (
            Act::Flood(endless("200 OK"), "thanks "),
            DeliveryState::Delivered,
        ),
        (Act::Stay(large("500 No")), DeliveryState::Waiting),
        (
            http(307, "location: /elsewhere\r\n", ""),
            DeliveryState::Waiting,
        ),
        (
            Act::Say("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf".to_owned()),
            DeliveryState::Waiting,
        ),
        (Act::Reset, DeliveryState::Waiting),
    ] {
        endpoint.does(&act);
        // A thread of its own, so that none waits for another.
        let person = format!("+2782555{:04}", endpoint.connections() + 1);
        gateway
            .hear(serde_json::json!({"from": person, "text": "Hello"}))
            .await;
        let newest = deliveries(&gateway, app)[0];
        assert_eq!(newest.0, expected, "{act:?}");
        assert_eq!(endpoint.take().len(), 1, "{act:?}");
        assert!(endpoint.written() < 8 * 1024 * 1024, "{act:?}");
    }
}
