//! The API over a store in a temporary directory, with one number, one app and one person, and a
//! clock that stands still.

use std::future::ready;
use std::sync::Arc;
use std::sync::Mutex;

use api::ApiState;
use api::Asked;
use api::Certified;
use api::Meta;
use api::NotDone;
use api::NotProved;
use api::NumberAdded;
use api::NumberToAdd;
use api::Office;
use api::Proved;
use axum::Router;
use axum::body;
use axum::body::Body;
use axum::http::HeaderMap;
use axum::http::Request;
use axum::http::StatusCode;
use axum::http::header;
use domain::access::AppScope;
use domain::access::AppScopes;
use domain::audit::Actor;
use domain::gate::Content;
use domain::ids::AppId;
use domain::ids::BlockRegistryId;
use domain::ids::MessageId;
use domain::ids::NumberId;
use domain::ids::RegistryImportId;
use domain::ids::SubjectId;
use domain::ids::TokenId;
use domain::message::IdentityMode;
use domain::message::MessageState;
use domain::notice::Needed;
use domain::subject::Identifier;
use domain::subject::IdentifierKind;
use domain::template::Category;
use domain::template::TemplateStatus;
use domain::time::Span;
use domain::time::Timestamp;
use seal::Keyring;
use seal::Random;
use seal::RootKey;
use serde_json::Value;
use store::Clock;
use store::Options;
use store::Reader;
use store::Store;
use store::admin::NewApp;
use store::admin::NewNumber;
use store::admin::NewToken;
use store::catalogue::ListedTemplate;
use store::operation::Called;
use store::operation::Dedup;
use store::operation::Intake;
use store::operation::Item;
use store::operation::Message;
use store::operation::Outgoing;
use store::operation::Recipient;
use store::operation::Send;
use store::operation::SendReply;
use tempfile::TempDir;
use tower::ServiceExt;
use whatsapp::storage::Storage;
use zeroize::Zeroizing;

pub(crate) const START: &str = "2026-11-21T10:00:00Z";
pub(crate) const PHONE: &str = "+27825550123";
pub(crate) const WA_ID: &str = "27825550123";
pub(crate) const BSUID: &str = "ZA.13491208655302741918";
pub(crate) const NAME: &str = "Thandi Mokoena";
pub(crate) const TEXT: &str = "Where is my parcel";
pub(crate) const WABA: &str = "waba-1";
pub(crate) const CHECKPOINT: &str = "imvume.example/log\n3\nhash\n\n\u{2014} imvume.example sig\n";

pub(crate) struct Rig {
    pub(crate) store: Arc<Store>,
    pub(crate) clock: Clock,
    pub(crate) staff: String,
    pub(crate) app: String,
    router: Router,
    _directory: TempDir,
}

/// Meta as it answers about the one number: a registered number is refused, as its storage starts.
#[derive(Default)]
struct FakeMeta(Mutex<Option<Storage>>);

impl Meta for FakeMeta {
    fn storage(&self, number: NumberId) -> Asked<Storage> {
        let held = self.0.lock().unwrap().clone();
        let found = match number {
            NumberId(1) => Ok(held.unwrap_or(Storage::Default)),
            _ => Err(NotDone::Missing),
        };
        Box::pin(ready(found))
    }

    fn set_storage(
        &self,
        _: (Actor, String),
        number: NumberId,
        storage: Storage,
    ) -> Asked<Storage> {
        let done = match (number, &storage) {
            (NumberId(1), Storage::Default) => Err(NotDone::Refused(100)),
            (NumberId(1), Storage::None) => Err(NotDone::Unclear),
            (NumberId(1), _) => {
                *self.0.lock().unwrap() = Some(storage.clone());
                Ok(storage)
            }
            _ => Err(NotDone::Missing),
        };
        Box::pin(ready(done))
    }

    fn add_number(&self, _: Actor, new: NumberToAdd) -> Asked<NumberAdded> {
        let added = match new.phone_number_id.as_str() {
            "1" => Err(NotDone::Configured),
            "2" => Err(NotDone::Elsewhere),
            _ => Ok(NumberAdded {
                number: NumberId(7),
                subscribed: true,
                synced: false,
            }),
        };
        Box::pin(ready(added))
    }

    fn change_token(&self, _: Actor, number: NumberId, _: Zeroizing<String>) -> Asked<()> {
        let changed = match number {
            NumberId(1) => Ok(()),
            _ => Err(NotDone::Missing),
        };
        Box::pin(ready(changed))
    }
}

/// A rulebook that asks for a few elements, and a log whose certificates say what was asked for.
struct FakeOffice;

impl Office for FakeOffice {
    fn needed(&self, _: &[String]) -> Vec<Needed> {
        let needed = |number: &str, always| Needed {
            number: number.to_owned(),
            always,
            rules: vec![("za/notice/popia-18".to_owned(), "POPIA s18(1)".to_owned())],
        };
        vec![
            needed("N01", true),
            needed("N12", true),
            needed("N14", false),
        ]
    }

    fn certificate(&self, registry: BlockRegistryId, import: RegistryImportId) -> Certified {
        Box::pin(ready(Some(format!("{registry} {import}"))))
    }

    fn consent_record(
        &self,
        (_, subject): (Actor, SubjectId),
        purpose: String,
        named: bool,
    ) -> Proved {
        let known =
            (subject.0 < 100).then(|| format!(r#"{{"{purpose}":{subject},"named":{named}}}"#));
        Box::pin(ready(Ok(known)))
    }

    fn evidence(&self, (_, subject): (Actor, SubjectId)) -> Proved {
        let known = (subject.0 < 100).then(|| format!(r#"{{"subject":{subject}}}"#));
        Box::pin(ready(if subject.0 == 99 {
            Err(NotProved)
        } else {
            Ok(known)
        }))
    }

    fn remove(&self, _: &[String]) {}
}

#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Rig {
    /// An instance nobody has written to yet.
    pub(crate) async fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let start: Timestamp = START.parse().unwrap();
        let clock = Clock::manual(start);
        let random = Random::seeded(11);
        let root = RootKey::create_file(&directory.path().join("root.key"), &random).unwrap();
        let keyring = Keyring::create(
            &directory.path().join("keyring"),
            &root,
            &random,
            start.micros(),
        );
        let options = Options {
            directory: directory.path().join("data"),
            database: store::Database::default(),
            keyring: Arc::new(keyring.unwrap()),
            random,
            clock: clock.clone(),
            law: Arc::new(domain::law::Lawless),
        };
        let store = Arc::new(Store::open(options).unwrap());
        configure(&store).await;
        let scopes = [AppScope::Send].into_iter().collect();
        let staff = token(&store, (None, "first start"), AppScopes::default()).await;
        let app = token(&store, (Some(AppId(1)), "crm"), scopes).await;
        let router = api::router(ApiState {
            store: Arc::clone(&store),
            checkpoint: Arc::new(|| Some(CHECKPOINT.to_owned())),
            meta: Arc::new(FakeMeta::default()),
            office: Arc::new(FakeOffice),
            erasing: Arc::new(crate::erasures::AtOnce(Arc::clone(&store))),
            lists: Arc::new(NoLists),
            portal: Arc::new(crate::confirmations::FakePortal),
            requests: Arc::new(crate::requests::AsTold(Arc::clone(&store))),
        });
        Self {
            store,
            clock,
            staff,
            app,
            router,
            _directory: directory,
        }
    }

    /// An instance to which one person wrote, and whose app answered: once it was allowed, once
    /// refused.
    pub(crate) async fn busy() -> Self {
        let rig = Self::new().await;
        rig.hear(1).await;
        rig.send(Outgoing::Plain(Content::FreeForm)).await;
        let offer = Outgoing::Template {
            name: "offer".to_owned(),
            language: "en".to_owned(),
        };
        rig.send(offer).await;
        rig
    }

    /// A message of the one person.
    pub(crate) async fn hear(&self, serial: u8) {
        let content = serde_json::json!({
            "message": {"type": "text", "text": {"body": format!("{TEXT} {serial}")}},
            "contact": {"profile": {"name": NAME}, "wa_id": WA_ID},
        });
        let message = Message {
            number: NumberId(1),
            identifiers: person(),
            name: Some(NAME.to_owned()),
            kind: "text",
            meta_at: Some(self.clock.now()),
            dedup: Dedup {
                hour: self.clock.now().hour(),
                tag: [serial; 16],
            },
            wamid: format!("wamid.{serial}"),
            content: content.to_string().into_bytes(),
            opens_window: true,
            relayed: true,
            said: None,
            media: None,
            successor: None,
        };
        let items = vec![Item::Message(Box::new(message))];
        self.store.intake(Intake { items }).await.unwrap();
    }

    /// Has the app send something to the one person; what is allowed is accepted by Meta.
    pub(crate) async fn send(&self, content: Outgoing) {
        let send = Send {
            app: Some(AppId(1)),
            number: NumberId(1),
            recipient: Recipient::Identifier(person().remove(0)),
            content,
            declared: None,
            kind: "text",
            body: br#"{"type":"text","text":{"body":"It is on its way"}}"#.to_vec(),
            references: Vec::new(),
            media: Vec::new(),
            idempotency: None,
            queue: None,
        };
        let SendReply::Judged(judged) = self.store.send(send).await.unwrap() else {
            panic!("not judged");
        };
        if judged.decision.reasons.is_empty() {
            self.accept(judged.message).await;
        }
    }

    async fn accept(&self, message: MessageId) {
        let called = Called {
            message,
            state: MessageState::Accepted,
            wamid: Some(format!("wamid.out.{message}")),
            code: None,
        };
        self.store.called(called).await.unwrap();
    }

    pub(crate) fn pass(&self, span: Span) {
        self.clock.set(self.clock.now() + span);
    }

    pub(crate) fn subject(&self) -> SubjectId {
        let phone = person().remove(0);
        let found = self.store.read_now(|reader| reader.find(&phone));
        found.unwrap().unwrap()
    }

    pub(crate) fn log_size(&self) -> u64 {
        let mut size = 0;
        let read = |reader: &Reader<'_>| {
            size = reader.log_size()?;
            Ok(())
        };
        self.store.read_now(read).unwrap();
        size
    }

    /// The newest entry of the log.
    pub(crate) fn last_entry(&self) -> Value {
        let last = self.log_size() - 1;
        let leaves = self.store.read_now(|reader| reader.leaves(last, 1));
        serde_json::from_slice(&leaves.unwrap()[0].entry).unwrap()
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.ask("GET", path, None).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Reply {
        self.ask("POST", path, Some(body)).await
    }

    pub(crate) async fn put(&self, path: &str, body: Value) -> Reply {
        self.ask("PUT", path, Some(body)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Reply {
        self.ask("DELETE", path, None).await
    }

    /// A request of staff.
    pub(crate) async fn ask(&self, method: &str, path: &str, body: Option<Value>) -> Reply {
        let body = body.map(|body| body.to_string());
        let token = self.staff.clone();
        self.ask_as(Some(&token), (method, path), body).await
    }

    /// A request with a token or none.
    pub(crate) async fn ask_as(
        &self,
        token: Option<&str>,
        (method, path): (&str, &str),
        body: Option<String>,
    ) -> Reply {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("/api/v1{path}"));
        if let Some(token) = token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        if body.is_some() {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        let body = body.map_or_else(Body::empty, Body::from);
        self.raw(request.body(body).unwrap()).await
    }

    /// Any request.
    pub(crate) async fn raw(&self, request: Request<Body>) -> Reply {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = body::to_bytes(body, usize::MAX).await.unwrap();
        assert_eq!(parts.headers["cache-control"], "no-store");
        Reply {
            status: parts.status.as_u16(),
            headers: parts.headers,
            text: String::from_utf8(bytes.to_vec()).unwrap(),
        }
    }
}

impl Reply {
    /// The body of a success.
    pub(crate) fn ok(&self, status: StatusCode) -> Value {
        assert_eq!(self.status, status.as_u16(), "{}", self.text);
        if self.text.is_empty() {
            return Value::Null;
        }
        assert_eq!(self.headers["content-type"], "application/json");
        serde_json::from_str(&self.text).unwrap()
    }

    /// The body of a failure.
    pub(crate) fn problem(&self) -> Value {
        assert!(400 <= self.status, "{}", self.text);
        let stated = self.headers.get("content-type");
        let stated = stated.map(|value| value.to_str().unwrap());
        assert_eq!(stated, Some("application/problem+json"), "{self:?}");
        let problem: Value = serde_json::from_str(&self.text).unwrap();
        assert_eq!(problem["status"], self.status);
        problem
    }
}

/// The one person.
pub(crate) fn person() -> Vec<Identifier> {
    vec![
        Identifier::new(IdentifierKind::Phone, PHONE.to_owned()),
        Identifier::new(IdentifierKind::Bsuid, BSUID.to_owned()),
    ]
}

async fn configure(store: &Store) {
    let number = NewNumber {
        phone_number_id: "1001".to_owned(),
        waba_id: WABA.to_owned(),
        display: "+27 21 000 0000".to_owned(),
        verified_name: "Shop".to_owned(),
    };
    store.put_number(number).await.unwrap();
    let app = NewApp {
        name: "crm".to_owned(),
        number: None,
        identity: IdentityMode::Real,
        relay_url: Some("https://crm.example/hooks".to_owned()),
    };
    store.add_app(Actor::System, app).await.unwrap();
    let listed = |name: &str, category| ListedTemplate {
        meta_id: format!("meta-{name}"),
        name: name.to_owned(),
        language: "en".to_owned(),
        category,
        status: TemplateStatus::Approved,
        body: "Dear {{1}}".to_owned(),
        raw: "{}".to_owned(),
    };
    let templates = vec![
        listed("offer", Category::Marketing),
        listed("order", Category::Utility),
    ];
    store
        .sync_templates(WABA.to_owned(), templates)
        .await
        .unwrap();
}

async fn token(store: &Store, (app, name): (Option<AppId>, &str), scopes: AppScopes) -> String {
    let new = NewToken {
        app,
        name: name.to_owned(),
        scopes,
        expires: store.clock().now() + Span::days(30),
    };
    let issued = store.issue_token(Actor::Staff(TokenId(0)), new).await;
    issued.unwrap().secret.to_string()
}

/// Nobody who reads lists.
#[derive(Clone, Copy, Debug)]
struct NoLists;

impl api::Lists for NoLists {
    fn take(&self, _: api::ListToTake) -> Result<Box<dyn api::ListOnItsWay>, api::ListFault> {
        Err(api::ListFault::Unavailable)
    }
}
