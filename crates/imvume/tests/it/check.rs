//! What `imvume check` finds at the other side.

use std::net::SocketAddr;

use serde_json::json;
use testkit::postgres::Cluster;
use testkit::postgres::Options;
use testkit::postgres::Stop;

use crate::ask::Ask;
use crate::instance::Instance;
use crate::instance::NUMBER_ID;

const APP: &str = "670843887433847";

/// Everything the gateway acts on.
const FIELDS: &str = "account_alerts,account_review_update,account_update,business_capability_update,calls,\
    message_template_components_update,message_template_quality_update,message_template_status_update,\
    messages,phone_number_name_update,phone_number_quality_update,security,smb_message_echoes,standby,\
    template_category_update,user_preferences";

/// Tells the configuration of the app, and how Meta reaches the gateway.
fn tell(instance: &Instance, public: &str) {
    instance.configure(|text| {
        let text = text.replace("[meta]\n", &format!("[meta]\napp_id = \"{APP}\"\n"));
        text.replace(
            "[listen]\n",
            &format!("[listen]\npublic_url = \"{public}\"\n"),
        )
    });
}

/// Subscribes the app, as somebody does in the App Dashboard.
async fn subscribe(instance: &Instance, public: SocketAddr, fields: &str) {
    let meta = instance.meta.base_url();
    let meta: SocketAddr = meta.trim_start_matches("http://").parse().unwrap();
    let body = json!({"object": "whatsapp_business_account", "fields": fields,
        "callback_url": format!("http://{public}/webhook"), "verify_token": "emulator-verify-token"});
    let path = format!("/v23.0/{APP}/subscriptions");
    let ask = Ask::post(&path, &body).bearer(&format!("{APP}|emulator-app-secret"));
    let (status, told) = ask.of(meta).await.unwrap();
    assert_eq!(status, 200, "{told}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_app_at_meta_is_looked_at() {
    let instance = Instance::new().await;
    let serving = instance.serve().await;
    let check = instance.run(&["check"]).await;
    check.found(0, "meta.app_id          is not given");
    assert!(check.out.contains("for up to 30 days"), "{}", check.out);

    let public = format!("http://{}/", serving.public);
    tell(&instance, &public);
    let check = instance.run(&["check"]).await;
    check.found(1, "the app gets no webhooks");
    assert!(check.out.contains("leads to this gateway"), "{}", check.out);
    assert!(check.out.contains("and does not end"), "{}", check.out);

    subscribe(&instance, serving.public, "messages,history").await;
    let check = instance.run(&["check"]).await;
    check.found(1, "the app is not subscribed to account_alerts, ");

    subscribe(&instance, serving.public, &format!("{FIELDS},history")).await;
    let check = instance.run(&["check"]).await;
    check.found(0, "the app gets history, which is dropped unread");

    subscribe(&instance, serving.public, FIELDS).await;
    let check = instance.run(&["check"]).await;
    check.found(0, "the app gets everything the gateway acts on");
    assert!(check.out.contains("All is well."), "{}", check.out);

    // Somebody else's gateway, or none.
    tell(&instance, &format!("{}/", instance.meta.base_url()));
    let check = instance.run(&["check"]).await;
    check.found(1, "the app's webhooks go to http://");
    assert!(
        check.out.contains("not as this gateway does"),
        "{}",
        check.out
    );
    tell(&instance, &public);
    assert_eq!(serving.stop().await, Some(0));
    let check = instance.run(&["check"]).await;
    check.found(1, "cannot be reached from here");
    for secret in [
        "emulator-verify-token",
        "emulator-access-token",
        "emulator-app-secret",
    ] {
        assert!(!check.out.contains(secret), "{}", check.out);
    }
}

/// A letter that finds no open window goes by a template, from each account.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_template_of_letters_is_looked_at() {
    let instance = Instance::new().await;
    instance.configure(|text| without_number(&text));
    let body = json!([{"type": "BODY", "text": "There is an answer: {{1}}"}]);
    for (name, category) in [("about_your_data", "UTILITY"), ("our_offers", "MARKETING")] {
        let template = json!({"name": name, "category": category, "components": &body});
        let ask = Ask::post("/_emulator/template", &template);
        let (status, answer) = ask.of(instance.meta.addr()).await.unwrap();
        assert_eq!(status, 200, "{answer}");
    }
    assert_eq!(instance.serve().await.stop().await, Some(0));
    let add = ["number", "add", "--phone-number-id", NUMBER_ID];
    let whose = ["--waba-id", "102290129340398"];
    let token = ["--token-file", "access-token"];
    let added = instance.run(&[&add[..], &whose, &token].concat()).await;
    added.found(0, "templates of its account are here");
    let here = "public = \"127.0.0.1:0\"\n";
    let known = "public = \"0.0.0.0:0\"\npublic_url = \"https://koffie.example\"\n";
    for (name, public, wanted) in [
        ("no_such_template", known, "has no approved template"),
        ("our_offers", known, "has no approved template"),
        // Of two variables.
        ("order_update", known, "has no approved template"),
        ("about_your_data", known, "has `about_your_data`"),
        (
            "about_your_data",
            "public = \"0.0.0.0:0\"\n",
            "nobody reaches that",
        ),
    ] {
        let letters = format!("\n[letters]\ntemplate = \"{name}\"\n");
        instance.configure(|text| without_number(&text).replacen(here, public, 1) + &letters);
        let check = instance.run(&["check"]).await;
        assert!(check.out.contains(wanted), "{name}: {}", check.out);
    }
}

/// The configuration without its number.
fn without_number(text: &str) -> String {
    let (before, rest) = text.split_once("[[number]]").unwrap();
    let (_, after) = rest.split_once("[egress]").unwrap();
    format!("{before}[egress]{after}")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn numbers_of_the_database_are_looked_at_with_their_tokens() {
    let instance = Instance::new().await;
    instance.configure(|text| without_number(&text));
    let check = instance.run(&["check"]).await;
    check.found(0, "none is set up: put one into the file");
    assert_eq!(instance.serve().await.stop().await, Some(0));
    let add = ["number", "add", "--phone-number-id", NUMBER_ID];
    let rest = [
        "--waba-id",
        "102290129340398",
        "--token-file",
        "access-token",
    ];
    let added = instance.run(&[&add[..], &rest].concat()).await;
    assert_eq!(added.code, Some(0), "{added:?}");
    let check = instance.run(&["check"]).await;
    check.found(0, "number +27 21 555 0100");
    assert!(
        check.out.contains("its access token is good"),
        "{}",
        check.out
    );
    assert!(!check.out.contains("none is set up"), "{}", check.out);
    assert!(
        !check.out.contains("emulator-access-token"),
        "{}",
        check.out
    );

    // One that stood in the file has left no token behind.
    let bare = Instance::new().await;
    assert_eq!(bare.serve().await.stop().await, Some(0));
    bare.configure(|text| without_number(&text));
    let check = bare.run(&["check"]).await;
    check.found(
        1,
        "has no access token, neither in the file nor in the database",
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_is_asked_whether_it_keeps_what_it_acknowledges() {
    let cluster = Cluster::start(Options::default());
    let instance = Instance::new().await;
    let url = cluster.database();
    instance.on_server(&url);
    let check = instance.run(&["check"]).await;
    check.found(
        0,
        "store.url            is not looked at: its keys cannot be opened",
    );
    let serving = instance.serve().await;
    // Nobody's turn is taken: the gateway goes on.
    let check = instance.run(&["check"]).await;
    check.found(
        0,
        "keeps what it acknowledges, in UTF-8; its schema is current",
    );
    assert!(check.out.contains("PostgreSQL "), "{}", check.out);
    assert_eq!(serving.stop().await, Some(0));

    let role = "ALTER ROLE ALL SET synchronous_commit = off";
    cluster.psql("postgres", role);
    let check = instance.run(&["check"]).await;
    check.found(1, "must run with `synchronous_commit = on`");
    cluster.psql("postgres", "ALTER ROLE ALL RESET synchronous_commit");
    for (statement, wanted) in [
        (
            "UPDATE imvume_schema SET version = 99",
            "use the newer program",
        ),
        (
            "UPDATE imvume_schema SET version = 1",
            "brought up to date at the next start",
        ),
        ("DROP TABLE imvume_schema", "this is not an Imvume database"),
    ] {
        cluster.psql(&url, statement);
        let check = instance.run(&["check"]).await;
        assert!(check.out.contains(wanted), "{statement}: {}", check.out);
    }
    let latin = cluster.psql(
        "postgres",
        "CREATE DATABASE latin ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0",
    );
    assert_eq!(latin, "");
    let name = url.rsplit('/').next().unwrap();
    instance.on_server(&url.replace(name, "latin"));
    let check = instance.run(&["check"]).await;
    check.found(1, "must run with `server_encoding = UTF8`");
    cluster.stop(Stop::Fast);
    let check = instance.run(&["check"]).await;
    check.found(1, "the database server cannot be reached");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_listener_in_plain_is_told_of() {
    let instance = Instance::new().await;
    instance.configure(|text| text.replace("apps = \"127.0.0.1:0\"", "apps = \"0.0.0.0:0\""));
    let check = instance.run(&["check"]).await;
    check.found(1, "other machines reach listen.apps in plain");
    instance.configure(|text| {
        let text = text.replace("apps = \"127.0.0.1:0\"", "apps = \"0.0.0.0:0\"");
        text.replace("[listen]\n", "[listen]\ntrusted_proxies = [\"10.0.0.1\"]\n")
    });
    let check = instance.run(&["check"]).await;
    check.found(0, "1 believed about who asks");
}
