//! A store over a database of its own with a clock that stands still, and short ways to make things
//! happen in it.

use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;

use domain::audit::Actor;
use domain::consent::Channel;
use domain::consent::ConsentState;
use domain::consent::EvidenceGrade;
use domain::consent::Method;
use domain::gate::Content;
use domain::ids::AppId;
use domain::ids::MessageId;
use domain::ids::NumberId;
use domain::ids::PurposeId;
use domain::ids::SubjectId;
use domain::ids::TokenId;
use domain::keyword::Keyword;
use domain::message::IdentityMode;
use domain::message::MessageState;
use domain::subject::Identifier;
use domain::subject::IdentifierKind;
use domain::template::Category;
use domain::template::TemplateStatus;
use domain::time::Span;
use domain::time::Timestamp;
use seal::Keyring;
use seal::Random;
use seal::RootKey;
use store::Clock;
use store::Lease;
use store::NewConsent;
use store::Reader;
use store::Store;
use store::StoreError;
use store::admin::NewApp;
use store::admin::NewNumber;
use store::catalogue::ListedTemplate;
use store::operation::Called;
use store::operation::Dedup;
use store::operation::Intake;
use store::operation::IntakeReply;
use store::operation::Item;
use store::operation::Judged;
use store::operation::Message;
use store::operation::Outgoing;
use store::operation::Preference;
use store::operation::Recipient;
use store::operation::Said;
use store::operation::Send;
use store::operation::SendReply;
use store::operation::Status;
use store::reconcile::Difference;
use tempfile::TempDir;

use crate::base::Base;
use crate::base::Kind;
use crate::base::Raw;

pub(crate) const START: &str = "2026-11-21T10:00:00Z";
pub(crate) const STAFF: Actor = Actor::Staff(TokenId(9));
pub(crate) const WABA: &str = "102290129340398";

pub(crate) struct TestStore {
    pub(crate) directory: TempDir,
    pub(crate) base: Base,
    pub(crate) store: Arc<Store>,
    pub(crate) clock: Clock,
    pub(crate) number: NumberId,
    pub(crate) other_number: NumberId,
}

pub(crate) fn start() -> Timestamp {
    START.parse().unwrap()
}

pub(crate) fn phone(n: u32) -> Identifier {
    Identifier::new(IdentifierKind::Phone, format!("+2782{n:07}"))
}

pub(crate) fn bsuid(n: u32) -> Identifier {
    Identifier::new(IdentifierKind::Bsuid, format!("ZA.{n:020}"))
}

/// The phone and the BSUID of one person.
pub(crate) fn both(n: u32) -> Vec<Identifier> {
    vec![phone(n), bsuid(n)]
}

impl TestStore {
    pub(crate) async fn new() -> Self {
        Self::over(Base::fresh(super::KIND)).await
    }

    /// A store over a database that is empty as yet.
    pub(crate) async fn over(base: Base) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let clock = Clock::manual(start());
        let random = Random::seeded(7);
        let root = RootKey::create_file(&directory.path().join("root.key"), &random).unwrap();
        Keyring::create(
            &directory.path().join("keyring"),
            &root,
            &random,
            start().micros(),
        )
        .unwrap();
        let store = Arc::new(open(directory.path(), &base, &clock).unwrap());
        let number = |id: &str| NewNumber {
            phone_number_id: id.to_owned(),
            waba_id: WABA.to_owned(),
            display: "+27 21 555 0000".to_owned(),
            verified_name: "Shop".to_owned(),
        };
        Self {
            number: store.put_number(number("1001")).await.unwrap(),
            other_number: store.put_number(number("1002")).await.unwrap(),
            directory,
            base,
            store,
            clock,
        }
    }

    /// Ends the store in order and opens what it left behind.
    pub(crate) fn reopen(&mut self) {
        self.store.close();
        if self.base.kind() == Kind::File {
            self.directory = self.snapshot();
        }
        self.store = Arc::new(self.open().unwrap());
    }

    /// Opens what a kill at this moment would leave behind.
    pub(crate) fn crash(&mut self) {
        match self.base.kind() {
            Kind::File => {
                let left = self.snapshot();
                self.store.close();
                self.directory = left;
            }
            Kind::Server => self.cut(),
        }
        let lease = Lease::wait(&data(self.directory.path()), &self.base.database()).unwrap();
        let next = lead(lease, self.directory.path(), &self.clock).unwrap();
        std::mem::replace(&mut self.store, Arc::new(next)).close();
    }

    /// Cuts the sessions of a server's database, as when their process dies.
    pub(crate) fn cut(&self) {
        let cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                   WHERE application_name = 'imvume' AND datname = current_database()";
        self.raw().rows(cut);
    }

    /// What is on disk at this moment, in a directory of its own: what a kill would leave behind.
    pub(crate) fn snapshot(&self) -> TempDir {
        let copied = tempfile::tempdir().unwrap();
        copy(&data(self.directory.path()), &data(copied.path()));
        copy_file(self.directory.path(), copied.path(), "root.key");
        copy_file(self.directory.path(), copied.path(), "keyring");
        copied
    }

    /// A second store over the same database.
    pub(crate) fn open(&self) -> Result<Store, StoreError> {
        open(self.directory.path(), &self.base, &self.clock)
    }

    /// A connection past the store, for tampering.
    pub(crate) fn raw(&self) -> Raw {
        self.base.raw(self.directory.path())
    }

    /// Whether these bytes stand anywhere in the database's files.
    pub(crate) fn holds(&self, needle: &[u8]) -> bool {
        self.base.holds(self.directory.path(), needle)
    }

    pub(crate) fn pass(&self, span: Span) {
        self.clock.set(self.clock.now() + span);
    }

    pub(crate) fn read<T>(&self, work: impl FnOnce(&Reader<'_>) -> Result<T, StoreError>) -> T {
        self.store.read_now(work).unwrap()
    }

    pub(crate) fn find(&self, identifier: &Identifier) -> Option<SubjectId> {
        self.read(|reader| reader.find(identifier))
    }

    pub(crate) async fn take(&self, items: Vec<Item>) -> IntakeReply {
        self.store.intake(Intake { items }).await.unwrap()
    }

    /// A text message, told apart from others by `serial`.
    pub(crate) fn message(&self, identifiers: &[Identifier], serial: u32) -> Message {
        let wamid = format!("wamid.{serial}");
        Message {
            number: self.number,
            identifiers: identifiers.to_vec(),
            name: Some("Thandi".to_owned()),
            kind: "text",
            meta_at: Some(self.clock.now()),
            dedup: self.dedup(&wamid),
            wamid,
            content: format!(r#"{{"text":{{"body":"hello {serial}"}}}}"#).into_bytes(),
            opens_window: true,
            relayed: false,
            said: None,
            media: None,
            successor: None,
        }
    }

    pub(crate) fn dedup(&self, what: &str) -> Dedup {
        let hash = seal::sha256(what.as_bytes());
        let mut tag = [0; 16];
        tag.copy_from_slice(&hash[..16]);
        Dedup {
            hour: self.clock.now().hour(),
            tag,
        }
    }

    /// Takes in one message and returns its subject.
    pub(crate) async fn hear(&self, identifiers: &[Identifier], serial: u32) -> SubjectId {
        let message = self.message(identifiers, serial);
        let reply = self.take(vec![Item::Message(Box::new(message))]).await;
        assert_eq!((reply.stored, reply.duplicates), (1, 0), "{serial}");
        let newest = identifiers.last().unwrap();
        self.find(newest).unwrap()
    }

    /// Takes in one message with a word.
    pub(crate) async fn say(&self, identifiers: &[Identifier], serial: u32, keyword: Keyword) {
        let message = Message {
            said: Some(Said {
                keyword,
                rule: "words/test".to_owned(),
                language: "en".to_owned(),
                method: Method::ChatKeyword,
                confirmation: Some(b"{\"type\":\"text\"}".to_vec()),
                why: None,
                ask: None,
            }),
            ..self.message(identifiers, serial)
        };
        self.take(vec![Item::Message(Box::new(message))]).await;
    }

    pub(crate) async fn prefer(&self, identifiers: &[Identifier], serial: u32, stop: bool) {
        let preference = Preference {
            identifiers: identifiers.to_vec(),
            stop,
            dedup: self.dedup(&format!("preference {serial}")),
        };
        self.take(vec![Item::Preference(preference)]).await;
    }

    pub(crate) fn status(&self, message: MessageId, state: MessageState) -> Status {
        let serial = format!("status {message} {state:?}");
        Status {
            message,
            wamid: format!("wamid.out.{message}"),
            state,
            code: None,
            at: self.clock.now(),
            dedup: self.dedup(&serial),
            raw: serial.into_bytes(),
        }
    }

    pub(crate) fn request(&self, to: &Identifier, content: Outgoing) -> Send {
        Send {
            app: Some(AppId(1)),
            number: self.number,
            recipient: Recipient::Identifier(to.clone()),
            content,
            declared: None,
            kind: "text",
            body: b"{\"text\":{\"body\":\"our answer\"}}".to_vec(),
            references: Vec::new(),
            media: Vec::new(),
            idempotency: None,
            queue: None,
        }
    }

    /// Has a message judged.
    pub(crate) async fn judge(&self, send: Send) -> Judged {
        match self.store.send(send).await.unwrap() {
            SendReply::Judged(judged) => *judged,
            other => panic!("not judged: {other:?}"),
        }
    }

    /// The code of the refusal, or none where a message to this person may leave.
    pub(crate) async fn code(&self, to: &Identifier, content: Outgoing) -> Option<u32> {
        self.judge(self.request(to, content)).await.decision.code()
    }

    pub(crate) async fn app(&self, name: &str, relayed: bool) -> AppId {
        let new = NewApp {
            name: name.to_owned(),
            number: None,
            identity: IdentityMode::Real,
            relay_url: relayed.then(|| format!("https://{name}.example/webhook")),
        };
        self.store.add_app(STAFF, new).await.unwrap().id
    }

    pub(crate) async fn accept(&self, message: MessageId) {
        let called = Called {
            message,
            state: MessageState::Accepted,
            wamid: Some(format!("wamid.out.{message}")),
            code: None,
        };
        self.store.called(called).await.unwrap();
    }

    /// Puts templates into the catalogue: name, category, status.
    pub(crate) async fn templates(&self, listed: &[(&str, Category, TemplateStatus)]) -> usize {
        let listed = listed
            .iter()
            .map(|(name, category, status)| ListedTemplate {
                meta_id: format!("id of {name}"),
                name: (*name).to_owned(),
                language: "en".to_owned(),
                category: *category,
                status: *status,
                body: "Hello {{1}}".to_owned(),
                raw: format!("{name} {category:?} {status:?}"),
            })
            .collect();
        self.store
            .sync_templates(WABA.to_owned(), listed)
            .await
            .unwrap()
    }

    pub(crate) fn purpose(&self, code: &str) -> PurposeId {
        let registry = self.store.registry();
        registry.purpose_by_code(code).unwrap().purpose.id
    }

    /// Consent to marketing, given to staff on paper, under the notice the instance began with.
    pub(crate) fn given(&self) -> NewConsent {
        let registry = self.store.registry();
        NewConsent {
            purpose: self.purpose("marketing"),
            channel: Channel::WhatsApp,
            state: ConsentState::Given,
            method: Method::Paper,
            grade: EvidenceGrade::Recorded,
            notice: registry
                .newest_notice("messages", "en")
                .map(|notice| notice.id),
            language: "en".to_owned(),
            jurisdictions: "ZA".to_owned(),
            rule: "staff/record".to_owned(),
            evidence: "form 12".to_owned(),
            expires: None,
        }
    }

    pub(crate) fn state(&self, message: MessageId) -> MessageState {
        self.read(|reader| reader.message(message)).unwrap().state
    }

    /// The newest message with a subject on the first number.
    pub(crate) fn last_message(&self, subject: SubjectId) -> MessageId {
        let threads = self.read(|reader| reader.conversations(subject));
        let thread = threads.iter().find(|thread| thread.number == self.number);
        thread.unwrap().last_message.unwrap()
    }

    /// The names of all actions in the log, in order.
    pub(crate) fn actions(&self) -> Vec<String> {
        let entries = self.read(|reader| reader.leaves(0, u32::MAX));
        let action = |entry: &[u8]| {
            let text = std::str::from_utf8(entry).unwrap();
            let (_, rest) = text.split_once(r#""action":""#).unwrap();
            rest.split_once('"').unwrap().0.to_owned()
        };
        entries.iter().map(|leaf| action(&leaf.entry)).collect()
    }

    /// How often an action stands in the log.
    pub(crate) fn count(&self, action: &str) -> usize {
        let actions = self.actions();
        actions.iter().filter(|name| *name == action).count()
    }

    /// What the reconciliation finds, the log being what the database holds.
    pub(crate) fn differences(&self) -> Vec<Difference> {
        let entries = self.read(|reader| reader.leaves(0, u32::MAX));
        let mut log = |position| {
            let found = entries.iter().find(|leaf| leaf.position == position);
            found.map(|leaf| leaf.entry.clone())
        };
        differences(&self.store, &mut log)
    }

    /// The log has no holes, and every row and sealed value is what it was written as.
    pub(crate) fn whole(&self) {
        let entries = self.read(|reader| reader.leaves(0, u32::MAX));
        for (place, leaf) in (0..).zip(&entries) {
            assert_eq!(leaf.position, place, "a hole in the log");
        }
        assert_eq!(self.differences(), []);
    }
}

pub(crate) fn open(directory: &Path, base: &Base, clock: &Clock) -> Result<Store, StoreError> {
    let lease = Lease::take(&data(directory), &base.database())?;
    lead(lease, directory, clock)
}

/// Opens the store for whoever may write.
pub(crate) fn lead(lease: Lease, directory: &Path, clock: &Clock) -> Result<Store, StoreError> {
    let root = RootKey::read_file(&directory.join("root.key")).unwrap();
    let keyring = Keyring::open(&directory.join("keyring"), &root).unwrap();
    Store::lead(
        lease,
        Arc::new(keyring),
        Random::seeded(8),
        clock.clone(),
        Arc::new(domain::law::Lawless),
    )
}

/// The data directory in a test's own.
pub(crate) fn data(directory: &Path) -> PathBuf {
    directory.join("data")
}

pub(crate) fn differences(
    store: &Store,
    log: &mut dyn FnMut(u64) -> Option<Vec<u8>>,
) -> Vec<Difference> {
    let mut found = Vec::new();
    store
        .reconcile(log, &mut |difference| found.push(difference))
        .unwrap();
    found
}

pub(crate) fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_file() {
            std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
        }
    }
}

fn copy_file(from: &Path, to: &Path, name: &str) {
    std::fs::copy(from.join(name), to.join(name)).unwrap();
}

/// A free-form text.
pub(crate) fn text() -> Outgoing {
    Outgoing::Plain(Content::FreeForm)
}

/// A template of the catalogue.
pub(crate) fn template(name: &str) -> Outgoing {
    Outgoing::Template {
        name: name.to_owned(),
        language: "en".to_owned(),
    }
}
