//! A whole gateway in one process.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::Uri;
use axum::response::Redirect;
use domain::access::AppScopes;
use domain::audit::Actor;
use domain::consent::Channel;
use domain::consent::ConsentState;
use domain::consent::EvidenceGrade;
use domain::consent::Method;
use domain::ids::NumberId;
use domain::ids::SubjectId;
use domain::ids::TokenId;
use domain::message::IdentityMode;
use domain::time::Span;
use domain::time::Timestamp;
use emulator::Config;
use emulator::Number;
use http::Request;
use seal::Keyring;
use seal::Random;
use seal::RootKey;
use seal::Zeroizing;
use serde_json::Value;
use serde_json::json;
use service::NumberSettings;
use service::Service;
use service::Settings;
use store::Clock;
use store::NewConsent;
use store::Options;
use store::Store;
use store::admin::NewApp;
use store::admin::NewToken;
use tempfile::TempDir;
use tokio::net::TcpListener;
use url::Url;

use crate::Answer;
use crate::Client;
use crate::Person;
use crate::TestApp;
use crate::app::Endpoint;
use crate::app::sign;

/// The number both apps use.
pub const NUMBER: &str = "106540352242922";
/// A number neither app may use.
pub const OTHER_NUMBER: &str = "106540352242930";
/// The account of both numbers.
pub const ACCOUNT: &str = "102290129340398";

/// 21 November 2026, 12:00 UTC, in microseconds.
const NOON: i64 = 1_795_262_400_000_000;
const APP_SECRET: &str = "emulator-app-secret";
const VERIFY_TOKEN: &str = "emulator-verify-token";
const ACCESS_TOKEN: &str = "emulator-access-token";

/// An emulator, a gateway in front of it, and two apps behind it.
#[derive(Debug)]
pub struct TestGateway {
    /// Calls anything.
    pub client: Client,
    /// The emulator, as the gateway calls it.
    pub emulator: emulator::Running,
    /// What the gateway keeps.
    pub store: Arc<Store>,
    /// What the gateway does.
    pub service: Arc<Service>,
    /// The gateway's time.
    pub clock: Clock,
    /// The app that sees people as they are.
    pub real: TestApp,
    /// The app that knows people by alias.
    pub alias: TestApp,
    /// The number both apps use, in the store.
    pub number: NumberId,
    /// Where apps reach the gateway.
    pub apps_url: String,
    /// Where Meta reaches the gateway.
    pub public_url: String,
    directory: TempDir,
}

impl TestGateway {
    /// Everything started, the template catalogue synced, the background jobs not.
    pub async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    /// The same with other settings of the emulator.
    pub async fn start_with(change: impl FnOnce(&mut Config)) -> Self {
        Self::start_as(change, |_| {}).await
    }

    /// The same with other settings of the gateway.
    pub async fn start_told(change: impl FnOnce(&mut Settings)) -> Self {
        Self::start_as(|_| {}, change).await
    }

    /// The same, but sends meet a redirect to the emulator instead of the emulator.
    pub async fn start_behind_redirect() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        Self::start_told(move |settings| {
            let emulator = settings.graph.as_str().trim_end_matches('/').to_owned();
            let redirect = async move |uri: Uri| Redirect::temporary(&format!("{emulator}{uri}"));
            serve(listener, Router::new().fallback(redirect));
            settings.graph = Url::parse(&format!("http://{address}")).unwrap();
        })
        .await
    }

    /// Everything started, both with other settings.
    pub async fn start_as(
        change: impl FnOnce(&mut Config),
        tell: impl FnOnce(&mut Settings),
    ) -> Self {
        Self::start_on(store::Database::default(), change, tell).await
    }

    /// The same over a database of the test's own.
    pub async fn start_on(
        database: store::Database,
        change: impl FnOnce(&mut Config),
        tell: impl FnOnce(&mut Settings),
    ) -> Self {
        crate::capture::start();
        let public = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let apps = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let public_url = format!("http://{}", public.local_addr().unwrap());
        let apps_url = format!("http://{}", apps.local_addr().unwrap());
        let mut config = emulator_config(&public_url);
        change(&mut config);
        let emulator = emulator::start(config).await.unwrap();
        let directory = tempfile::tempdir().unwrap();
        let clock = Clock::manual(Timestamp::from_micros(NOON));
        let store = Arc::new(open_store(&directory, database, &clock));
        let mut settings = settings(&directory, &emulator.base_url(), &apps_url);
        tell(&mut settings);
        let data = directory.path().join("data");
        let service = Service::start(Arc::clone(&store), &data, settings)
            .await
            .unwrap();
        serve(public, gateway::public(Arc::clone(&service)));
        serve(apps, gateway::apps(Arc::clone(&service)));
        service.sync_templates().await;
        let number = store
            .registry()
            .number_by_phone_number_id(NUMBER)
            .unwrap()
            .id;
        let real = add_app(&store, "shop", number, IdentityMode::Real).await;
        let alias = add_app(&store, "bot", number, IdentityMode::Alias).await;
        Self {
            client: Client::default(),
            emulator,
            store,
            service,
            clock,
            real,
            alias,
            number,
            apps_url,
            public_url,
            directory,
        }
    }

    /// The data directory.
    pub fn data(&self) -> PathBuf {
        self.directory.path().join("data")
    }

    /// Every file of the data directory, with its bytes.
    pub fn files(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let mut files = Vec::new();
        let mut directories = vec![self.data()];
        while let Some(directory) = directories.pop() {
            for entry in std::fs::read_dir(directory).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    directories.push(path);
                } else {
                    let bytes = std::fs::read(&path).unwrap();
                    files.push((path, bytes));
                }
            }
        }
        files
    }

    /// Another app with an endpoint of its own.
    pub async fn add_app(&self, name: &str, identity: IdentityMode) -> TestApp {
        add_app(&self.store, name, self.number, identity).await
    }

    /// Another token of an app.
    pub async fn issue(&self, app: &TestApp, scopes: AppScopes, lasts: Span) -> (TokenId, String) {
        let token = NewToken {
            app: Some(app.id),
            name: "another".to_owned(),
            scopes,
            expires: self.clock.now() + lasts,
        };
        let issued = self.store.issue_token(staff(), token).await.unwrap();
        (issued.id, issued.secret.to_string())
    }

    /// A call of the emulator's control API that must succeed.
    pub async fn control(&self, path: &str, body: &Value) -> Value {
        let url = format!("{}/_emulator/{path}", self.emulator.base_url());
        let answer = self.client.post(&url, body).await;
        assert_eq!(answer.status, 200, "{path}: {:?}", answer.body);
        answer.json()
    }

    /// What the emulator tells about itself.
    pub async fn look(&self, path: &str) -> Value {
        let url = format!("{}/_emulator/{path}", self.emulator.base_url());
        self.client.get(&url).await.json()
    }

    /// The calls of a messages edge the emulator has got, in order, without read receipts.
    pub async fn sent(&self) -> Vec<Value> {
        let sent = self.look("sent").await;
        let sent = sent["sent"].as_array().or_else(|| sent.as_array());
        let messages = |call: &&Value| call["kind"] == "message";
        sent.into_iter()
            .flatten()
            .filter(messages)
            .cloned()
            .collect()
    }

    /// A person writes, and everything that follows happens. Returns Meta's id of the message.
    pub async fn hear(&self, body: Value) -> String {
        let told = self.control("inbound", &body).await;
        self.settle().await;
        told["id"].as_str().unwrap_or_default().to_owned()
    }

    /// A person writes a text.
    pub async fn hear_text(&self, person: &Person, text: &str) -> String {
        self.hear(json!({"from": person.handle, "text": text}))
            .await
    }

    /// Runs every status, webhook, confirmation, delivery, event and message that is due until nothing is left to do now.
    pub async fn settle(&self) {
        for _ in 0..64 {
            let quiet = self
                .control(
                    "deliveries/settle",
                    &json!({"pending": true, "bound_ms": 120_000}),
                )
                .await;
            assert_eq!(quiet["quiet"], true);
            let own = self.service.own_now().await.unwrap();
            let waited = self.service.queue_now().await.unwrap();
            let relayed = self.service.relay_now().await.unwrap();
            let told = self.service.events_now().await.unwrap();
            if own + waited + relayed + told == 0 {
                return;
            }
        }
        panic!("it never comes to rest");
    }

    /// Both clocks go on, and what is due then happens.
    pub async fn advance(&self, span: Span) {
        self.clock.set(self.clock.now() + span);
        let seconds = Duration::from_micros(span.as_micros().unsigned_abs()).as_secs_f64();
        self.control("clock", &json!({"advance_seconds": seconds}))
            .await;
        self.settle().await;
    }

    /// A call of an app. What it is answered is noted as got by the app.
    pub async fn call(&self, app: &TestApp, method: &str, path: &str, body: &Value) -> Answer {
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        let request = Request::builder()
            .method(method)
            .header("content-type", "application/json");
        self.request(app, path, request, body).await
    }

    /// A call of an app with headers of its own.
    pub async fn request(
        &self,
        app: &TestApp,
        path: &str,
        request: http::request::Builder,
        body: impl Into<bytes::Bytes>,
    ) -> Answer {
        let url = if path.starts_with("http") {
            path.to_owned()
        } else {
            format!("{}{path}", self.apps_url)
        };
        let request = request
            .uri(url)
            .header("authorization", format!("Bearer {}", app.token));
        let answer = self.client.call(request, body).await;
        app.note(&answer.raw());
        answer
    }

    /// A send from the number both apps use.
    pub async fn send(&self, app: &TestApp, body: &Value) -> Answer {
        let path = format!("/v23.0/{NUMBER}/messages");
        self.call(app, "POST", &path, body).await
    }

    /// A webhook as Meta would sign it.
    pub async fn webhook(&self, body: &str) -> Answer {
        let request = Request::post(format!("{}/webhook", self.public_url))
            .header("content-type", "application/json")
            .header("x-hub-signature-256", sign(APP_SECRET, body.as_bytes()));
        self.client.call(request, body.to_owned()).await
    }

    /// A person's subject; made if nobody has written or been written to.
    pub async fn subject(&self, person: &Person) -> SubjectId {
        self.store
            .enrol(staff(), person.identifiers())
            .await
            .unwrap()
    }

    /// Records that a person agreed to a purpose.
    pub async fn consent(&self, person: &Person, purpose: &str) {
        let subject = self.subject(person).await;
        self.consent_of(subject, purpose).await;
    }

    /// Records that a subject agreed to a purpose.
    pub async fn consent_of(&self, subject: SubjectId, purpose: &str) {
        let registry = self.store.registry();
        let event = NewConsent {
            purpose: registry.purpose_by_code(purpose).unwrap().purpose.id,
            channel: Channel::WhatsApp,
            state: ConsentState::Given,
            method: Method::WebForm,
            grade: EvidenceGrade::Confirmed,
            notice: registry.notices.first().map(|notice| notice.id),
            language: "en".to_owned(),
            jurisdictions: "ZA".to_owned(),
            rule: "staff/record".to_owned(),
            evidence: "ticked a box".to_owned(),
            expires: None,
        };
        self.store
            .record_consent(staff(), subject, event)
            .await
            .unwrap();
    }

    /// Restricts a person, or lifts the restriction.
    pub async fn restrict(&self, person: &Person, restricted: bool) {
        let subject = self.subject(person).await;
        let reason = "asked for it".to_owned();
        self.store
            .set_restriction(staff(), subject, restricted, reason)
            .await
            .unwrap();
    }

    /// Stops all sending, or lets it go on.
    pub async fn emergency_stop(&self, stop: bool) {
        let reason = "a drill".to_owned();
        self.store
            .set_emergency_stop(staff(), stop, reason)
            .await
            .unwrap();
    }
}

fn staff() -> Actor {
    Actor::Staff(TokenId(1))
}

fn serve(listener: TcpListener, router: Router) {
    tokio::spawn(async move { axum::serve(listener, router).await });
}

fn emulator_config(public_url: &str) -> Config {
    let mut config = Config {
        callback_url: Some(format!("{public_url}/webhook")),
        virtual_clock: Some(NOON),
        ..Config::default()
    };
    config.numbers.push(Number {
        display_phone_number: "+27 21 555 0200".to_owned(),
        phone_number_id: OTHER_NUMBER.to_owned(),
        verified_name: "Kaapse Koffie Roastery".to_owned(),
    });
    config
}

fn open_store(directory: &TempDir, database: store::Database, clock: &Clock) -> Store {
    let random = Random::seeded(11);
    let root = RootKey::create_file(&directory.path().join("root.key"), &random).unwrap();
    let keyring = Keyring::create(&directory.path().join("keyring"), &root, &random, NOON).unwrap();
    Store::open(Options {
        directory: directory.path().join("data"),
        database,
        keyring: Arc::new(keyring),
        random,
        clock: clock.clone(),
        law: Arc::new(domain::law::Lawless),
    })
    .unwrap()
}

fn settings(directory: &TempDir, graph: &str, apps_url: &str) -> Settings {
    let number = |id: &str, display: &str, name: &str| NumberSettings {
        phone_number_id: id.to_owned(),
        waba_id: ACCOUNT.to_owned(),
        display: display.to_owned(),
        verified_name: name.to_owned(),
        access_token: secret(ACCESS_TOKEN),
    };
    Settings {
        graph: Url::parse(graph).unwrap(),
        version: "v23.0".to_owned(),
        appsecret_proof: false,
        activity_sharing: false,
        creative_features: false,
        groups: false,
        calls: false,
        app_secret: secret(APP_SECRET),
        verify_token: secret(VERIFY_TOKEN),
        numbers: vec![
            number(NUMBER, "+27 21 555 0100", "Kaapse Koffie"),
            number(OTHER_NUMBER, "+27 21 555 0200", "Kaapse Koffie Roastery"),
        ],
        log_name: "test.example".to_owned(),
        backup: service::backup::BackupSettings::default(),
        publish_every: Duration::from_millis(10),
        apps_url: Url::parse(apps_url).unwrap(),
        country: "ZA".to_owned(),
        language: "en".to_owned(),
        organisation: "Kaapse Koffie".to_owned(),
        media: directory.path().join("data").join("media"),
        package_days: 14,
        egress: egress::Policy {
            allow_private: vec!["127.0.0.1".parse().unwrap()],
            ..egress::Policy::default()
        },
        portal: service::PortalSettings {
            even: Duration::ZERO,
            ..service::PortalSettings::default()
        },
        erasure: service::ErasureSettings::default(),
        call_timeout: Duration::from_secs(1),
        epoch: None,
        relay_timeout: Duration::from_secs(1),
    }
}

fn secret(text: &str) -> Zeroizing<String> {
    Zeroizing::new(text.to_owned())
}

async fn add_app(store: &Store, name: &str, number: NumberId, identity: IdentityMode) -> TestApp {
    let endpoint = Arc::new(Endpoint::default());
    let app = NewApp {
        name: name.to_owned(),
        number: Some(number),
        identity,
        relay_url: Some(endpoint.start().await),
    };
    let app = store.add_app(staff(), app).await.unwrap();
    let token = NewToken {
        app: Some(app.id),
        name: "everything".to_owned(),
        scopes: AppScopes::from_bits(i64::MAX),
        expires: Timestamp::from_micros(NOON) + Span::days(365),
    };
    let token = store.issue_token(staff(), token).await.unwrap();
    TestApp::new(
        app.id,
        token.secret.to_string(),
        app.secret.to_string(),
        endpoint,
    )
}
