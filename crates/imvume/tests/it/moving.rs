//! `imvume move`: a day's data to a server and back, what is refused, and kills in between.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;
use serde_json::json;
use tempfile::TempDir;
use testkit::postgres::Cluster;

use crate::ask::Ask;
use crate::instance::APP_SECRET;
use crate::instance::Ended;
use crate::instance::Instance;
use crate::instance::Serving;
use crate::instance::chmod;
use crate::instance::imvume;
use crate::load::Load;
use crate::traffic::app;
use crate::traffic::send;

/// Where the rows of the demo's day stand, at the least.
const KEPT: [&str; 24] = [
    "aliases",
    "apps",
    "audit_details",
    "consent_events",
    "conversations",
    "data_keys",
    "decisions",
    "dedup",
    "deliveries",
    "identifiers",
    "leaves",
    "media",
    "messages",
    "notices",
    "numbers",
    "profiles",
    "purposes",
    "settings",
    "statuses",
    "subjects",
    "suppression_lifts",
    "suppressions",
    "templates",
    "tokens",
];

/// Where rows stand of what the demo does not show.
const BESIDE: [&str; 15] = [
    "call_permissions",
    "chat_groups",
    "event_deliveries",
    "event_endpoints",
    "events",
    "group_members",
    "health",
    "idempotency",
    "identifier_tags",
    "outside",
    "quarantine",
    "queue",
    "retention_rules",
    "rolls",
    "subject_links",
];

/// Where nothing stands in either, and why. The store's own test of a move fills every table there is.
const EMPTY: [(&str, &str); 34] = [
    ("bundles", "a recovery recipient is configured"),
    ("calls", "only while a call to Meta is under way"),
    ("campaign_sends", "staff begin a campaign"),
    ("campaigns", "staff begin a campaign"),
    ("codes", "a person asks for one on the preference page"),
    ("confirmations", "a form was filled in"),
    ("erasure_kept", "somebody is erased"),
    ("erasure_recipients", "somebody is erased"),
    ("erasures", "somebody is erased"),
    ("errands", "somebody is erased"),
    ("hold_numbers", "staff place a hold"),
    ("hold_subjects", "staff place a hold"),
    ("holds", "staff place a hold"),
    ("import_people", "staff bring a list in"),
    ("imports", "staff bring a list in"),
    ("letters", "somebody asks by right"),
    ("notice_layers", "staff publish a notice with layers"),
    (
        "outbox",
        "only until the gateway has sent a message of its own",
    ),
    ("packages", "somebody asks for their data"),
    ("purpose_terms", "staff set the terms of a purpose"),
    ("redacted_messages", "staff take a message out"),
    ("redactions", "somebody asks for their data"),
    ("registries", "staff set up a block registry"),
    ("registry_blocks", "staff bring a cleansing file in"),
    ("registry_imports", "staff bring a cleansing file in"),
    ("registry_overrides", "staff decide against a registry"),
    ("request_steps", "somebody asks by right"),
    ("requests", "somebody asks by right"),
    ("retention_reviews", "a rule leaves it to somebody"),
    ("retention_runs", "staff switch the schedule on"),
    ("snapshots", "a place for backups is configured"),
    ("statistics", "the count comes behind"),
    ("tombstones", "something is removed"),
    ("traits", "staff or a form tell of a person"),
];

/// A folder in which the demo has played its day.
struct Day {
    folder: TempDir,
    config: String,
}

impl Day {
    async fn played() -> Self {
        let folder = TempDir::new().unwrap();
        let mut demo = imvume(&["demo", "--once", "--dir"]);
        let ended = Ended::of(demo.arg(folder.path()).output().await.unwrap());
        assert_eq!(ended.code, Some(0), "{ended:?}");
        let config = std::fs::read_to_string(folder.path().join("imvume.toml")).unwrap();
        Self { folder, config }
    }

    async fn run(&self, arguments: &[&str]) -> Ended {
        let mut command = imvume(arguments);
        let command = command.current_dir(self.folder.path());
        Ended::of(command.output().await.unwrap())
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        chmod(&path, 0o600);
    }

    /// Names the database in the file `url` as the instance's own.
    fn on_server(&self) {
        let text = format!("{}\n[store]\nurl_file = \"url\"\n", self.config);
        self.write("imvume.toml", &text);
    }

    fn on_file(&self) {
        self.write("imvume.toml", &self.config);
    }

    async fn is_whole(&self) {
        let reconciled = self.run(&["audit", "reconcile"]).await;
        reconciled.found(0, "0 differences");
        let verified = self.run(&["audit", "verify", "data"]).await;
        verified.found(0, "The log is whole");
    }

    async fn moved(&self, to: &[&str]) -> Value {
        let mut words = vec!["move", "--json"];
        words.extend(to);
        let moved = self.run(&words).await;
        assert_eq!(moved.code, Some(0), "{moved:?}");
        serde_json::from_str(&moved.out).unwrap()
    }
}

const TO_SERVER: [&str; 2] = ["--to-server", "url"];

/// How many rows each table of a database on the server holds.
fn rows(cluster: &Cluster, database: &str) -> BTreeMap<String, u64> {
    let tables = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'";
    let tables = cluster.psql(database, tables);
    let count = |table: &str| {
        let count = format!("SELECT count(*) FROM {table}");
        let count = cluster.psql(database, &count).parse().unwrap();
        (table.to_owned(), count)
    };
    tables.lines().map(count).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_day_moves_to_a_server_and_back() {
    let (cluster, day) = (Cluster::shared(), Day::played().await);
    let database = cluster.database();
    day.write("url", &database);
    let there = day.moved(&TO_SERVER).await;
    let origin = day.run(&["audit", "reconcile"]).await;
    origin.refused("this instance was moved to another database; name that one");
    let again = day.run(&["move", "--to-server", "url"]).await;
    again.refused("this instance was moved to another database; name that one");

    let held = rows(cluster, &database);
    for table in KEPT {
        assert!(
            held.get(table).is_some_and(|rows| 0 < *rows),
            "{table}: {held:?}"
        );
    }
    let moved = held
        .iter()
        .filter(|(table, _)| !["settings", "imvume_schema"].contains(&table.as_str()));
    let moved: u64 = moved.map(|(_, rows)| rows).sum();
    assert_eq!(there.get("rows"), Some(&Value::from(moved)));
    assert_eq!(
        there.get("messages"),
        Some(&Value::from(*held.get("messages").unwrap()))
    );
    day.on_server();
    day.is_whole().await;

    let back = day.run(&["move", "--to-file"]).await;
    back.refused("the database to move into is not empty; name an empty one");
    for name in ["imvume.db", "imvume.db-wal", "imvume.db-shm"] {
        let _ = std::fs::remove_file(day.folder.path().join("data").join(name));
    }
    let held = rows(cluster, &database);
    let moved = held
        .iter()
        .filter(|(table, _)| !["settings", "imvume_schema"].contains(&table.as_str()));
    let moved: u64 = moved.map(|(_, rows)| rows).sum();
    let back = day.moved(&["--to-file"]).await;
    assert_eq!(back.get("rows"), Some(&Value::from(moved)));
    let origin = day.run(&["serve"]).await;
    origin.refused("this instance was moved to another database; name that one");
    day.on_file();
    day.is_whole().await;
}

/// A call to the emulated Meta that must succeed.
async fn at_meta(instance: &Instance, ask: Ask<'_>) {
    let meta = instance.meta.base_url();
    let meta = meta.trim_start_matches("http://").parse().unwrap();
    let (status, told) = ask.of(meta).await.unwrap();
    assert_eq!(status, 200, "{told}");
}

/// Something happens at Meta, and the gateway hears of it.
async fn happens(instance: &Instance, path: &str, body: &Value) {
    at_meta(instance, Ask::post(&format!("/_emulator/{path}"), body)).await;
    let settle = json!({"pending": true});
    at_meta(instance, Ask::post("/_emulator/deliveries/settle", &settle)).await;
}

/// What the demo does not show: everything that Meta tells beside messages, and what waits.
async fn a_day_beside(instance: &Instance, serving: &Serving, staff: &str) {
    let webhook = format!("http://{}/webhook", serving.public);
    let subscription = json!({"object": "whatsapp_business_account", "callback_url": webhook,
        "verify_token": "emulator-verify-token",
        "fields": "calls,group_lifecycle_update,group_participants_update,messages,\
                   phone_number_quality_update,smb_message_echoes"});
    let subscribe = Ask::post("/v23.0/670843887433847/subscriptions", &subscription);
    at_meta(
        instance,
        subscribe.bearer("670843887433847|emulator-app-secret"),
    )
    .await;
    let endpoint = json!({"name": "desk", "url": "http://127.0.0.1:9/events",
        "kinds": ["imvume.message.received"]});
    let endpoint = Ask::post("/api/v1/event-endpoints", &endpoint).bearer(staff);
    assert_eq!(endpoint.of(serving.staff).await.unwrap().0, 201);

    let group = "Y2FwaV9ncm91cDoyNzIxNTU1MDEwMDoxMjMZD";
    for (path, body) in [
        ("inbound", json!({"from": "thandi", "text": "Hello"})),
        ("inbound", json!({"from": "sipho", "text": "Hello"})),
        (
            "inbound",
            json!({"from": "thandi", "type": "call_permission_reply"}),
        ),
        (
            "account",
            json!({"field": "phone_number_quality_update", "value": {"event": "FLAGGED"}}),
        ),
        (
            "echo",
            json!({"person": "thandi", "type": "text", "text": {"body": "From the shop"}}),
        ),
        ("group", json!({"type": "group_create", "group_id": group})),
        (
            "group",
            json!({"type": "group_participants_add", "group_id": group, "people": ["thandi", "zoe"]}),
        ),
        (
            "system",
            json!({"person": "sipho", "type": "user_changed_number"}),
        ),
    ] {
        happens(instance, path, &body).await;
    }
    let unknown = json!({"object": "whatsapp_business_account", "entry": [
        {"id": "1", "changes": [{"field": "nobody_knows", "value": {"a": 1}}]}]});
    let unknown = Ask::post("/webhook", &unknown).signed(APP_SECRET);
    assert_eq!(unknown.of(serving.public).await.unwrap().0, 200);
    let (_, token) = app(serving, staff, None).await;
    // More than one person may be sent at once: the last ones wait.
    for key in 0..56 {
        let text = send(&token, "+27825550142", "Your coffee is ready");
        let text = text.field("Imvume-Queue: until=+3600");
        let text = text.field(&format!("Idempotency-Key: key-{key}"));
        assert_eq!(text.of(serving.apps).await.unwrap().0, 200);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_demo_does_not_show_moves_as_well() {
    let (cluster, instance) = (Cluster::shared(), Instance::new().await);
    instance.configure(|text| format!("{text}\n[outbound]\ngroups = true\ncalls = true\n"));
    let mut serving = instance.serve().await;
    let staff = serving.token.take().unwrap();
    a_day_beside(&instance, &serving, &staff).await;
    assert_eq!(serving.stop().await, Some(0));
    let rolled = instance.run(&["keys", "roll"]).await;
    assert_eq!(rolled.code, Some(0), "{rolled:?}");
    let database = cluster.database();
    instance.write("url", &database);
    let moved = instance.run(&["move", "--to-server", "url"]).await;
    assert_eq!(moved.code, Some(0), "{moved:?}");

    let held = rows(cluster, &database);
    for table in BESIDE {
        assert!(
            held.get(table).is_some_and(|rows| 0 < *rows),
            "{table}: {held:?}"
        );
    }
    let empty = EMPTY.map(|(table, _)| table);
    let mut known: Vec<&str> = [&KEPT[..], &BESIDE, &empty].concat();
    known.sort_unstable();
    let all = held.keys().map(String::as_str);
    let all: Vec<&str> = all.filter(|table| *table != "imvume_schema").collect();
    assert_eq!(known, all, "each table stands in exactly one of the lists");

    instance.on_server(&database);
    let reconciled = instance.run(&["audit", "reconcile"]).await;
    reconciled.found(0, "0 differences");
    let verified = instance.run(&["audit", "verify", "data"]).await;
    verified.found(0, "The log is whole");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_moved_to_where_it_does_not_belong() {
    let (cluster, instance) = (Cluster::shared(), Instance::new().await);
    let taken = cluster.database();
    instance.write("taken", &taken);
    let new = instance.run(&["move", "--to-server", "taken"]).await;
    new.refused("there is nothing to move: this instance has not been started yet");
    assert!(!instance.path("data").exists(), "looking makes nothing");

    let other = Instance::new().await;
    other.on_server(&taken);
    assert_eq!(other.serve().await.stop().await, Some(0));
    let foreign = cluster.database();
    cluster.psql(&foreign, "CREATE TABLE orders (id BIGINT)");
    instance.write("foreign", &foreign);
    instance.write(
        "nowhere",
        "postgres://imvume@127.0.0.1:1/imvume?sslmode=disable",
    );
    instance.write("nothing", "canary");
    let serving = instance.serve().await;
    let busy = instance.run(&["move", "--to-server", "taken"]).await;
    busy.refused("another process uses this data directory; stop it first");
    assert_eq!(serving.stop().await, Some(0));
    for (file, wanted) in [
        ("foreign", "this is not an Imvume database"),
        ("missing", "missing"),
        ("nothing", "the address of the database"),
        ("nowhere", "the database server cannot be reached"),
        (
            "taken",
            "the database to move into is not empty; name an empty one",
        ),
    ] {
        let refused = instance.run(&["move", "--to-server", file]).await;
        refused.refused(wanted);
    }
    let here = instance.run(&["move", "--to-file"]).await;
    here.refused("the rows stand in the file already");
    assert_eq!(instance.serve().await.stop().await, Some(0));
    assert_eq!(other.serve().await.stop().await, Some(0));
}

/// An instance with some traffic in it, and its administrator's token.
async fn busy(instance: &Instance) -> (Serving, String, std::sync::Arc<Load>) {
    let mut serving = instance.serve().await;
    let staff = serving.token.take().unwrap();
    let load = Load::of(&serving, &staff).await;
    let working = load.start(&[(serving.public, serving.apps)]);
    working.acknowledges(200).await;
    working.end().await;
    (serving, staff, load)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_move_that_is_killed_leaves_one_good_database() {
    let (cluster, instance) = (Cluster::shared(), Instance::new().await);
    let (serving, staff, load) = busy(&instance).await;
    assert_eq!(serving.stop().await, Some(0));
    let mut killed = 0;
    let mut database = cluster.database();
    for moment in (5..).step_by(7) {
        instance.write("url", &database);
        let mut command = instance.command(&["move", "--to-server", "url"]);
        let mut moving = command
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        tokio::time::sleep(Duration::from_millis(moment)).await;
        moving.kill().await.unwrap();
        let reconciled = instance.run(&["audit", "reconcile"]).await;
        if reconciled.code != Some(0) {
            reconciled.refused("this instance was moved to another database; name that one");
            break;
        }
        reconciled.found(0, "0 differences");
        killed += 1;
        if rows(cluster, &database)
            .get("leaves")
            .is_some_and(|rows| 0 < *rows)
        {
            // It was whole, and the origin not marked yet: another takes its place.
            let again = instance.run(&["move", "--to-server", "url"]).await;
            again.refused("the database to move into is not empty; name an empty one");
            database = cluster.database();
        }
    }
    assert!(3 < killed, "only {killed} kills came in time");
    instance.on_server(&database);
    let serving = instance.serve().await;
    load.stands(&instance, &serving, &staff).await;
    let working = load.start(&[(serving.public, serving.apps)]);
    working.acknowledges(20).await;
    working.end().await;
    assert_eq!(serving.stop().await, Some(0));
    let reconciled = instance.run(&["audit", "reconcile"]).await;
    reconciled.found(0, "0 differences");
    assert!(Path::exists(&instance.path("data/imvume.db")));
}
