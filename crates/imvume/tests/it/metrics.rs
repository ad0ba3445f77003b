//! `/metrics`: what is shown, to whom, and that its page says the same; and that neither figures nor
//! lines hold anything of anybody.
#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    reason = "what is not there is a failed test"
)]

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::routing::post;
use rustls::version::TLS13;
use serde_json::Value;
use serde_json::json;
use testkit::Needles;
use testkit::Person;
use tokio::net::TcpListener;

use crate::ask::Ask;
use crate::client::Client;
use crate::instance::APP_SECRET;
use crate::instance::Instance;
use crate::instance::Serving;
use crate::tls::Identity;
use crate::tls::shake;
use crate::tls::trusting;
use crate::traffic::Writer;
use crate::traffic::app;
use crate::traffic::message;
use crate::traffic::send;
use crate::traffic::webhook;

const PAGE: &str = include_str!("../../../../docs/operating.md");

const WRITER: Writer<'static> = Writer {
    phone: "27825550142",
    user_id: "ZA.13491208655302741918",
    name: "Thandi Mokoena",
};

async fn status(address: SocketAddr, ask: Ask<'_>) -> u16 {
    ask.of(address).await.unwrap().0
}

fn figures() -> Ask<'static> {
    Ask::get("/metrics")
}

async fn shown(staff: SocketAddr) -> String {
    match figures().of(staff).await {
        Some((200, Value::String(text))) => text,
        other => panic!("{other:?}"),
    }
}

/// Waits until a figure is shown.
async fn await_figure(staff: SocketAddr, line: &str) -> String {
    let mut look = tokio::time::interval(Duration::from_millis(20));
    for _ in 0..1500 {
        look.tick().await;
        let text = shown(staff).await;
        if text.lines().any(|shown| shown == line) {
            return text;
        }
    }
    panic!("{line} is not in {}", shown(staff).await)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_figures_are_for_those_who_may_read_them() {
    let instance = Instance::new().await;
    instance.write("scrape", "a-word-for-prometheus\n");
    let with = |metrics: &'static str| {
        move |text: String| format!("{text}\n[metrics]\n{metrics}\ntoken_file = \"scrape\"\n")
    };
    instance.configure(with(""));
    let mut serving = instance.serve().await;
    let staff = serving.token.take().unwrap();
    let (_, app_token) = app(&serving, &staff, None).await;
    assert_eq!(status(serving.staff, figures()).await, 200);
    for claim in [
        "X-Forwarded-For: 127.0.0.1",
        "Forwarded: for=127.0.0.1",
        "X-Real-IP: ::1",
    ] {
        assert_eq!(
            status(serving.staff, figures().field(claim)).await,
            401,
            "{claim}"
        );
    }
    for elsewhere in [serving.public, serving.apps] {
        assert_ne!(status(elsewhere, figures().bearer(&staff)).await, 200);
    }
    assert_eq!(serving.stop().await, Some(0));

    instance.configure(with("allow = [\"10.0.0.0/8\"]"));
    let serving = instance.serve().await;
    let of = async |ask| status(serving.staff, ask).await;
    assert_eq!(of(figures()).await, 401);
    assert_eq!(of(figures().bearer("a-word-for-prometheus")).await, 200);
    assert_eq!(of(figures().bearer(&staff)).await, 200);
    assert_eq!(of(figures().bearer(&app_token)).await, 401);
    assert_eq!(of(figures().bearer("a-word-for-Prometheus")).await, 401);
    let twice = figures().bearer("a-word-for-prometheus").bearer("x");
    assert_eq!(of(twice).await, 401);
    let elsewhere = Ask::get("/api/v1/numbers").bearer("a-word-for-prometheus");
    assert_eq!(of(elsewhere).await, 401);
    assert_eq!(of(Ask::get("/healthz")).await, 200);
    assert_eq!(of(Ask::get("/readyz")).await, 200);
    assert_eq!(serving.stop().await, Some(0));
}

/// Each figure that is shown, with the names of its labels.
fn of_exposition(text: &str) -> BTreeMap<String, BTreeSet<String>> {
    let mut figures = BTreeMap::new();
    for line in text.lines() {
        let Some((name, kind)) = line
            .strip_prefix("# TYPE ")
            .and_then(|rest| rest.split_once(' '))
        else {
            continue;
        };
        let suffix = match kind {
            "counter" => "_total",
            "info" => "_info",
            _ => "",
        };
        let sample = match kind {
            "histogram" => format!("{name}_count"),
            _ => format!("{name}{suffix}"),
        };
        let labels = text
            .lines()
            .filter_map(|line| line.strip_prefix(&format!("{sample}{{")))
            .filter_map(|rest| rest.rsplit_once("} "))
            .flat_map(|(labels, _)| labels.split("\","))
            .filter_map(|label| label.split_once('='))
            .map(|(label, _)| label.to_owned());
        figures.insert(format!("{name}{suffix}"), labels.collect());
    }
    figures
}

/// The same out of the page's table.
fn of_page() -> BTreeMap<String, BTreeSet<String>> {
    let rows = PAGE.lines().filter(|line| line.starts_with("| `imvume_"));
    let cells = rows.map(|row| row.split('|').map(str::trim).collect::<Vec<_>>());
    let words = |cell: &str| {
        cell.split('`')
            .skip(1)
            .step_by(2)
            .map(str::to_owned)
            .collect()
    };
    cells
        .filter(|cells| cells.len() == 5 && !cells[1].contains(' '))
        .filter(|cells| !cells[1].contains('{'))
        .map(|cells| (cells[1].trim_matches('`').to_owned(), words(cells[2])))
        .collect()
}

/// An app that takes whatever it is told.
async fn receiver() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    let app = Router::new().route("/hook", post(async || "taken"));
    tokio::spawn(async move { axum::serve(listener, app).await });
    url
}

/// Waits until a figure is shown whatever it is.
async fn await_some(staff: SocketAddr, begins: &str) {
    let mut look = tokio::time::interval(Duration::from_millis(50));
    for _ in 0..600 {
        look.tick().await;
        if shown(staff)
            .await
            .lines()
            .any(|line| line.starts_with(begins))
        {
            return;
        }
    }
    panic!("{begins} is not in {}", shown(staff).await)
}

/// A backup place, and whoever can open what is there.
fn backed_up(instance: &Instance) -> String {
    std::fs::create_dir(instance.path("place")).unwrap();
    let recipient = backup::age::Identity::from_secret(&[7; 32])
        .unwrap()
        .recipient();
    format!("[backup]\nrecipients = [\"{recipient}\"]\n[[backup.place]]\ndirectory = \"place\"\n")
}

/// Something of every kind that is counted. Returns the app's id.
async fn traffic(serving: &Serving, staff: &str, identity: &Identity) -> i64 {
    let (id, token) = app(serving, staff, Some(&receiver().await)).await;
    let endpoint = json!({"name": "crm", "url": receiver().await,
        "kinds": ["imvume.message.received"]});
    let endpoint = Ask::post("/api/v1/event-endpoints", &endpoint).bearer(staff);
    assert_eq!(status(serving.staff, endpoint).await, 201);
    assert_eq!(
        status(serving.public, webhook(&WRITER, "wamid.one", "Hello")).await,
        200
    );
    assert_eq!(
        status(serving.public, webhook(&WRITER, "wamid.one", "Hello")).await,
        200
    );
    let unsigned = Ask::post("/webhook", &message(&WRITER, "wamid.two", "Hello"));
    assert_eq!(status(serving.public, unsigned.signed("wrong")).await, 401);
    let connector = trusting(&[identity], &[&TLS13], &[]);
    for (to, wanted) in [("+27825550142", 200), ("+27825550143", 400)] {
        let mut client = Client::over(shake(&connector, serving.apps).await.unwrap());
        client.send(&send(&token, to, "Hello").bytes()).await;
        assert_eq!(client.reply().await.unwrap().status, wanted);
    }
    let mut plain = Client::connect(serving.apps).await;
    plain
        .send(&send(&token, "+27825550142", "Hello").bytes())
        .await;
    id
}

/// What that traffic comes to.
const COUNTED: &[&str] = &[
    "imvume_webhooks_total{outcome=\"taken\"} 2",
    "imvume_webhooks_total{outcome=\"signature\"} 1",
    "imvume_webhook_items_total{outcome=\"stored\"} 1",
    "imvume_webhook_items_total{outcome=\"duplicate\"} 1",
    "imvume_sends_total{outcome=\"allowed\"} 1",
    "imvume_sends_total{outcome=\"refused\"} 1",
    "imvume_send_calls_total{outcome=\"accepted\"} 1",
    "imvume_http_requests_total{listener=\"public\",route=\"/webhook\",status=\"2xx\"} 2",
    "imvume_http_requests_total{listener=\"apps\",route=\"/{id}/messages\",status=\"4xx\"} 1",
    "imvume_tls_renewals_total{listener=\"apps\",outcome=\"kept\"} 0",
    "imvume_store_up 1",
    "# EOF",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_page_has_every_figure_and_no_other() {
    let instance = Instance::new().await;
    let identity = Identity::new();
    instance.write("certificate", &identity.certificate);
    instance.write("key", &identity.key);
    let tls = "[listen.tls]\ncertificate = \"certificate\"\nkey = \"key\"\npublic = false\nstaff = false\n";
    let backup = backed_up(&instance);
    instance.configure(|text| format!("{text}\n{tls}\n{backup}"));
    let mut serving = instance.serve().await;
    let staff = serving.token.take().unwrap();
    await_figure(serving.staff, "imvume_backup_place_away{place=\"1\"} 0").await;
    await_some(serving.staff, "imvume_backup_snapshot_age_seconds{").await;
    let id = traffic(&serving, &staff, &identity).await;
    let delivered =
        format!("imvume_delivery_attempts_total{{app=\"{id}\",outcome=\"delivered\"}} 1");
    await_figure(serving.staff, &delivered).await;
    let told = "imvume_event_attempts_total{endpoint=\"1\",outcome=\"delivered\"} 1";
    let text = await_figure(serving.staff, told).await;
    for line in COUNTED {
        assert!(
            text.lines().any(|shown| shown == *line),
            "{line} is not in {text}"
        );
    }
    for name in [
        "process_resident_memory_bytes",
        "process_open_files",
        "database_bytes",
    ] {
        let line = text
            .lines()
            .find(|line| line.starts_with(&format!("imvume_{name} ")));
        assert!(!line.unwrap().ends_with(" 0"), "{line:?}");
    }
    assert!(20 < of_page().len(), "the page's table is not read");
    assert_eq!(of_exposition(&text), of_page());
    assert_eq!(serving.stop().await, Some(0));
}

/// A person, and words, that are nowhere else.
const CANARY: Person = Person {
    handle: "canary",
    name: "Nomvula Canary-Radebe",
    phone: Some("+27736194825"),
    user_id: "ZA.77310526948837164025",
};

/// Says what must not be told again, at every door and in every place of a request.
async fn say_everywhere(
    serving: &Serving,
    (staff, token): (&str, &str),
    writer: &Writer<'_>,
    text: &str,
) {
    let (public, apps) = (serving.public, serving.apps);
    let wamid = "wamid.canary";
    assert_eq!(status(public, webhook(writer, wamid, text)).await, 200);
    let unsigned = Ask::post("/webhook", &message(writer, wamid, text));
    assert_eq!(status(public, unsigned.signed(token)).await, 401);
    let mut broken = webhook(writer, wamid, text);
    broken.body.push('}');
    let broken = broken.signed(APP_SECRET);
    assert_eq!(status(public, broken).await, 401, "two signatures are none");
    let phone = CANARY.phone.unwrap();
    let told = send(token, phone, text)
        .field("X-Forwarded-For: 203.0.113.77")
        .field(&format!("X-Request-Id: {phone}"));
    assert_eq!(status(apps, told).await, 200);
    assert_eq!(status(apps, send(token, "+27736194826", text)).await, 400);
    assert_eq!(status(apps, send(token, text, text)).await, 400);
    assert_eq!(status(apps, send(text, phone, text)).await, 401);
    for path in [
        &*format!("/v23.0/{}/messages?access_token={token}", writer.phone),
        &format!("/v23.0/{}/{}", writer.phone, writer.phone),
        &format!("/api/v1/subjects/lookup?phone={}", writer.phone),
    ] {
        for door in [public, apps, serving.staff] {
            let asked = Ask::get(path).bearer(token);
            assert!(400 <= status(door, asked).await, "{path}");
        }
    }
    let seen = serde_json::json!({"phone": phone});
    let seen = Ask::post("/api/v1/subjects/lookup", &seen).bearer(staff);
    assert_eq!(status(serving.staff, seen).await, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_line_and_no_figure_holds_anything_of_anybody() {
    let instance = Instance::new().await;
    instance.configure(|text| format!("{text}\n[trace]\nformat = \"json\"\nlevel = \"trace\"\n"));
    let mut serving = instance.serve().await;
    let staff = serving.token.take().unwrap();
    let (id, token) = app(&serving, &staff, Some(&receiver().await)).await;
    let text = "a canary sings of avocados";
    let writer = Writer {
        phone: "27736194825",
        user_id: CANARY.user_id,
        name: CANARY.name,
    };
    let needles = Needles::default()
        .person(&CANARY)
        .text("a text", text)
        .text("the app's token", &token)
        .text("the staff token", &staff)
        .text("the app secret", APP_SECRET)
        .text("the verify token", "emulator-verify-token")
        .text("an address", "203.0.113.77");
    let wild = message(&writer, text, text).to_string().into_bytes();
    assert!(
        !needles.found_in(&wild).is_empty(),
        "a needle in a haystack is found"
    );

    say_everywhere(&serving, (&staff, &token), &writer, text).await;
    let delivered =
        format!("imvume_delivery_attempts_total{{app=\"{id}\",outcome=\"delivered\"}} 1");
    let figures = await_figure(serving.staff, &delivered).await;
    assert_eq!(serving.stop().await, Some(0));

    assert!(needles.found_in(figures.as_bytes()).is_empty(), "{figures}");
    let told = instance.told();
    assert_eq!(needles.found_in(told.as_bytes()), Vec::<&str>::new());
    lines(&told, id);
}

/// The lines of that traffic say what they should.
fn lines(told: &str, app: i64) {
    let lines: Vec<Value> = told
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .filter(|line: &Value| line.get("target").is_some_and(|target| target == "request"))
        .collect();
    let find = |listener: &str, route: &str, status: u16| -> &Value {
        let found = lines.iter().find(|line| {
            line["listener"] == listener && line["route"] == route && line["status"] == status
        });
        found.unwrap_or_else(|| panic!("{listener} {route} {status} is not in {lines:?}"))
    };
    let sent = find("apps", "/{id}/messages", 200);
    assert_eq!(
        (&sent["app"], &sent["method"]),
        (&Value::from(app), &Value::from("POST"))
    );
    assert_eq!(sent["network"], "127.0.0.0/24");
    assert!(
        sent["decision"].is_i64() && sent["staff"].is_null(),
        "{sent}"
    );
    assert!(sent["bytes_in"].as_u64().unwrap() > 50 && sent["bytes_out"].as_u64().unwrap() > 50);
    let refused = find("apps", "/{id}/messages", 401);
    assert!(
        refused["app"].is_null() && refused["decision"].is_null(),
        "{refused}"
    );
    let taken = find("public", "/webhook", 200);
    assert!(
        taken["network"].is_null() && taken["app"].is_null(),
        "{taken}"
    );
    let looked = find("staff", "/api/v1/subjects/lookup", 200);
    assert!(
        looked["staff"].is_i64() && looked["app"].is_null(),
        "{looked}"
    );
    find("public", "none", 404);
}
