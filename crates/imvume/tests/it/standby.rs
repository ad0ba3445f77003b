//! Two gateways on one database: one leads, one stands by; and a database that goes away.

use std::time::Duration;

use serde_json::Value;
use testkit::postgres::Cluster;
use testkit::postgres::Options;
use testkit::postgres::Stop;

use crate::ask::Ask;
use crate::client::Client;
use crate::client::Reply;
use crate::instance::Instance;
use crate::instance::Serving;
use crate::instance::Standby;
use crate::instance::signal;
use crate::load::Load;
use crate::load::goes_on_from;
use crate::load::keep_checkpoint;
use crate::load::webhook;
use crate::load::whole;

/// Ends the session that has the right to write to a database.
const CUT: &str = "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE granted \
                   AND locktype = 'advisory' AND database = \
                   (SELECT oid FROM pg_database WHERE datname = current_database())";

/// How many calls to Meta are under way, or will be.
const CALLS: &str = "SELECT (SELECT count(*) FROM calls) + (SELECT count(*) FROM outbox)";

/// What a write would change.
const ROWS: &str = "SELECT (SELECT count(*) FROM leaves), (SELECT count(*) FROM messages), \
                    (SELECT count(*) FROM calls), (SELECT value FROM settings WHERE name = 'run')";

/// An instance on a server, and its database.
async fn on(cluster: &Cluster) -> (Instance, String) {
    let instance = Instance::new().await;
    let url = cluster.database();
    instance.on_server(&url);
    (instance, url)
}

async fn get(address: std::net::SocketAddr, path: &str) -> (u16, Value) {
    Ask::get(path).of(address).await.unwrap()
}

async fn told(client: &mut Client, ask: &Ask<'_>) -> Reply {
    client.send(&ask.bytes()).await;
    client.reply().await.unwrap()
}

/// Every door of a gateway that stands by says so in its own shape.
async fn stands_by(standby: &Standby) {
    let (staff, apps, public) = (standby.staff, standby.apps, standby.public);
    let text = |text: &str| Value::String(text.to_owned());
    assert_eq!(get(staff, "/healthz").await, (200, text("ok\n")));
    assert_eq!(get(staff, "/readyz").await, (503, text("standing by\n")));
    let (status, figures) = get(staff, "/metrics").await;
    let figures = figures.as_str().unwrap();
    assert_eq!(status, 200);
    assert!(figures.contains("\nimvume_store_standby 1\n"), "{figures}");
    assert!(!figures.contains("imvume_store_up"), "{figures}");
    assert!(figures.ends_with("# EOF\n"), "{figures}");

    let api = told(&mut Client::connect(staff).await, &Ask::get("/api/v1/apps")).await;
    assert_eq!((api.status, api.header("retry-after")), (503, Some("1")));
    assert_eq!(api.header("content-type"), Some("application/problem+json"));
    let send = Ask::post("/v23.0/1/messages", &Value::Null).bearer("x");
    let send = told(&mut Client::connect(apps).await, &send).await;
    assert_eq!((send.status, send.header("retry-after")), (503, Some("2")));
    let error: Value = serde_json::from_slice(&send.body).unwrap();
    assert_eq!(error.pointer("/error/code"), Some(&Value::from(2)));
    let named = error.pointer("/error/fbtrace_id").and_then(Value::as_str);
    assert_eq!(named, send.header("x-request-id"));
    let unsigned = Ask::post("/webhook", &Value::Null);
    for webhook in [unsigned, webhook(1)] {
        let told = told(&mut Client::connect(public).await, &webhook).await;
        assert_eq!((told.status, told.header("retry-after")), (503, Some("2")));
        assert!(told.body.is_empty());
    }
}

/// A request on a connection that stays.
fn staying(path: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nHost: test\r\n\r\n").into_bytes()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_stands_by_takes_over_when_the_first_is_killed() {
    let (instance, _) = on(Cluster::shared()).await;
    let mut first = instance.serve().await;
    let staff = first.token.take().unwrap();
    let load = Load::of(&first, &staff).await;
    let standby = instance.stand_by().await;
    stands_by(&standby).await;
    let mut connected = Client::connect(standby.staff).await;
    connected.send(&staying("/readyz")).await;
    assert_eq!(connected.reply().await.unwrap().status, 503);

    let doors = [(first.public, first.apps), (standby.public, standby.apps)];
    let working = load.start(&doors);
    working.acknowledges(100).await;
    let checkpoint = keep_checkpoint(&instance, "before").await;
    let clock = store::Clock::default();
    let killed = clock.now();
    first.process.kill().await.unwrap();
    let mut look = tokio::time::interval(Duration::from_millis(2));
    while get(standby.staff, "/readyz").await.0 != 200 {
        look.tick().await;
    }
    let took = clock.now().since(killed).as_micros();
    println!("taken over after {took} microseconds");
    working.acknowledges(100).await;
    working.end().await;

    let second = standby.leads().await;
    assert_eq!(second.token, None, "the token is shown once");
    connected.send(&staying("/readyz")).await;
    assert_eq!(connected.reply().await.unwrap().status, 200);
    let (_, figures) = get(second.staff, "/metrics").await;
    let figures = figures.as_str().unwrap();
    for line in ["imvume_store_standby 0", "imvume_store_up 1"] {
        assert!(figures.lines().any(|shown| shown == line), "{figures}");
    }
    load.stands(&instance, &second, &staff).await;
    assert_eq!(second.stop().await, Some(0));
    goes_on_from(&instance, &[checkpoint]).await;
}

/// Waits for a gateway to end by itself.
async fn ended(mut serving: Serving) -> Option<i32> {
    let ended = serving.process.wait();
    let ended = tokio::time::timeout(Duration::from_secs(30), ended).await;
    ended.unwrap().unwrap().code()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_was_asleep_when_it_was_overtaken_writes_nothing_more_and_ends() {
    let cluster = Cluster::shared();
    let (instance, database) = on(cluster).await;
    let mut first = instance.serve().await;
    let staff = first.token.take().unwrap();
    let load = Load::of(&first, &staff).await;
    let standby = instance.stand_by().await;
    let working = load.start(&[(first.public, first.apps)]);
    working.acknowledges(50).await;
    signal(&first.process, "STOP").await;
    cluster.psql(&database, CUT);
    let second = standby.leads().await;
    let after = load.start(&[(second.public, second.apps)]);
    after.acknowledges(50).await;
    after.end().await;
    let checkpoint = keep_checkpoint(&instance, "before").await;
    // The second one is through with what it had begun itself.
    let mut look = tokio::time::interval(Duration::from_millis(20));
    while cluster.psql(&database, CALLS) != "0" {
        look.tick().await;
    }
    let before = cluster.psql(&database, ROWS);
    let asked = tokio::spawn(webhook(9_000_001).of(first.public));

    signal(&first.process, "CONT").await;
    assert_eq!(ended(first).await, Some(2));
    instance.tells("another process has taken over").await;
    working.end().await;
    assert_ne!(asked.await.unwrap().map(|(status, _)| status), Some(200));
    // What was durable before it fell asleep may still be acknowledged; nothing is written.
    assert_eq!(cluster.psql(&database, ROWS), before);
    load.stands(&instance, &second, &staff).await;
    assert_eq!(second.stop().await, Some(0));
    goes_on_from(&instance, &[checkpoint]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_stands_by_ends_when_it_is_asked_to_and_follows_one_that_ends() {
    let (instance, _) = on(Cluster::shared()).await;
    let first = instance.serve().await;
    let standby = instance.stand_by().await;
    let mut half = Client::connect(standby.public).await;
    half.send(b"POST /webhook HTTP/1.1\r\nHost: a\r\nContent-")
        .await;
    signal(&standby.process, "TERM").await;
    let mut process = standby.process;
    assert_eq!(process.wait().await.unwrap().code(), Some(0));

    let standby = instance.stand_by().await;
    for command in [&["keys", "roll"][..], &["audit", "reconcile"]] {
        instance.run(command).await.refused("stop it first");
    }
    assert_eq!(first.stop().await, Some(0));
    let second = standby.leads().await;
    assert_eq!(get(second.staff, "/readyz").await.0, 200);
    assert_eq!(second.stop().await, Some(0));
    whole(&instance).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_goes_away_under_load_is_waited_for() {
    let cluster = Cluster::start(Options::default());
    let (instance, _) = on(&cluster).await;
    let mut serving = instance.serve().await;
    let staff = serving.token.take().unwrap();
    let load = Load::of(&serving, &staff).await;
    let working = load.start(&[(serving.public, serving.apps)]);
    for how in [Stop::Fast, Stop::Immediate] {
        working.acknowledges(40).await;
        cluster.stop(how);
        working.hears(503, 20).await;
        assert_eq!(get(serving.staff, "/healthz").await.0, 200);
        assert_eq!(get(serving.staff, "/readyz").await.0, 503);
        let mut client = Client::connect(serving.public).await;
        let reply = told(&mut client, &webhook(9_000_001)).await;
        assert_eq!(
            (reply.status, reply.header("retry-after")),
            (503, Some("2"))
        );
        cluster.start_again();
    }
    working.acknowledges(40).await;
    working.end().await;
    let statuses: Vec<u16> = load.statuses().into_keys().collect();
    assert_eq!(statuses, [200, 503]);
    load.stands(&instance, &serving, &staff).await;
    assert_eq!(serving.stop().await, Some(0));
    whole(&instance).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_stands_by_outlasts_the_database() {
    let cluster = Cluster::start(Options::default());
    let (instance, _) = on(&cluster).await;
    let mut first = instance.serve().await;
    let standby = instance.stand_by().await;
    // Asleep it keeps its turn until the server is gone.
    signal(&first.process, "STOP").await;
    cluster.stop(Stop::Immediate);
    first.process.kill().await.unwrap();
    instance.tells("standing by goes on").await;
    assert_eq!(get(standby.staff, "/readyz").await.0, 503);
    cluster.start_again();
    assert_eq!(standby.leads().await.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_start_waits_for_the_database_and_not_for_ever() {
    let cluster = Cluster::start(Options::default());
    let (instance, url) = on(&cluster).await;
    assert_eq!(instance.serve().await.stop().await, Some(0));
    cluster.stop(Stop::Fast);
    instance.configure(|text| format!("{text}\n[store]\nurl = \"{url}\"\nwait_seconds = 5\n"));
    let ended = instance.run(&["serve"]).await;
    assert_eq!(ended.code, Some(2), "{ended:?}");
    let mut lines = ended.err.lines();
    let waiting = "the database is not there; waiting for it";
    assert!(lines.next().unwrap().contains(waiting), "{ended:?}");
    let refusal = "store.url: the database server cannot be reached";
    assert!(lines.next().unwrap().contains(refusal), "{ended:?}");
    assert_eq!(lines.next(), None);

    instance.on_server(&url);
    let (serving, ()) = tokio::join!(instance.serve(), async {
        instance.tells(waiting).await;
        cluster.start_again();
    });
    assert_eq!(serving.stop().await, Some(0));
}
