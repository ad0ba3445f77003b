//! A gateway with two backup places, and an empty machine to come back on.

use std::fs;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use backup::age::Identity;
use domain::audit::Actor;
use domain::erasure::EraseReason;
use domain::ids::MessageId;
use domain::ids::SubjectId;
use domain::ids::TokenId;
use domain::law::Lawless;
use domain::time::Span;
use egress::place::Place;
use seal::Keyring;
use seal::Random;
use seal::RootKey;
use service::Settings;
use service::backup::Back;
use service::backup::BackupFault;
use service::backup::BackupSettings;
use service::backup::Came;
use service::backup::Checking;
use service::backup::Restoring;
use store::Clock;
use store::Database;
use store::Server;
use store::Store;
use store::erase::EraseOrder;
use tempfile::TempDir;
use testkit::Person;
use testkit::Rows;
use testkit::TestGateway;
use testkit::postgres::Cluster;

pub(crate) const STAFF: Actor = Actor::Staff(TokenId(1));

/// Which database an instance has.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Kind {
    File,
    Server,
}

impl Kind {
    pub(crate) fn fresh(self) -> Database {
        self.base().database
    }

    pub(crate) fn base(self) -> Base {
        match self {
            Self::File => Base {
                database: Database::File,
                url: None,
            },
            Self::Server => {
                let url = Cluster::shared().database();
                Base {
                    database: Database::Server(Server::new(&url, None).unwrap()),
                    url: Some(url),
                }
            }
        }
    }
}

/// An empty database.
#[derive(Clone, Debug)]
pub(crate) struct Base {
    pub(crate) database: Database,
    /// Where it is, on a server.
    pub(crate) url: Option<String>,
}

impl Base {
    /// What lies in it, past the store; `data` is the data directory.
    pub(crate) fn rows(&self, data: &Path) -> Rows {
        match &self.url {
            Some(url) => Rows::Server(url.clone()),
            None => Rows::file(&data.join("imvume.db")),
        }
    }
}

/// The recovery identity: never on the host.
pub(crate) fn recovery(seed: u64) -> Identity {
    Identity::from_secret(&Random::seeded(seed).array().unwrap()).unwrap()
}

/// A gateway, its places, and what else stands around.
pub(crate) struct Rig {
    pub(crate) gateway: TestGateway,
    pub(crate) kind: Kind,
    pub(crate) database: Database,
    pub(crate) base: Base,
    pub(crate) around: TempDir,
}

impl Rig {
    pub(crate) async fn start(kind: Kind) -> Self {
        Self::start_told(kind, |_| {}).await
    }

    /// The same with other settings of the gateway.
    pub(crate) async fn start_told(kind: Kind, change: impl FnOnce(&mut Settings)) -> Self {
        let around = tempfile::tempdir().unwrap();
        for name in ["one", "two"] {
            fs::create_dir(around.path().join(name)).unwrap();
        }
        let base = kind.base();
        let settings = BackupSettings {
            recipients: vec![recovery(7).recipient(), recovery(8).recipient()],
            places: places(around.path()),
            bundle_every: Duration::from_mins(5),
            every: None,
            keep: 2,
            programs: None,
            copies: Span::ZERO,
        };
        let tell = |told: &mut Settings| {
            told.backup = settings;
            change(told);
        };
        let gateway = TestGateway::start_on(base.database.clone(), |_| {}, tell).await;
        Self {
            gateway,
            kind,
            database: base.database.clone(),
            base,
            around,
        }
    }

    pub(crate) fn place(&self, name: &str) -> PathBuf {
        self.around.path().join(name)
    }

    /// Every file at a place whose name has this in it, by name.
    pub(crate) fn files(&self, place: &str, part: &str) -> Vec<PathBuf> {
        let mut files = Vec::new();
        let mut folders = vec![self.place(place)];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.to_str().unwrap().contains(part) {
                    files.push(path);
                }
            }
        }
        files.sort();
        files
    }

    pub(crate) async fn snapshot(&self) -> String {
        self.gateway.service.publish_now().await.unwrap();
        let made = self.gateway.service.backups().snapshot(STAFF).await;
        made.unwrap().name
    }

    pub(crate) async fn append(&self) {
        self.gateway.service.backups().append().await.unwrap();
    }

    pub(crate) async fn erase(&self, person: &Person) -> SubjectId {
        let subject = self.gateway.subject(person).await;
        let order = EraseOrder {
            subject,
            request: None,
            reason: EraseReason::Requested,
            recipients_within: EraseOrder::RECIPIENTS_WITHIN,
        };
        self.gateway.store.erase(STAFF, order).await.unwrap();
        subject
    }

    /// Rolls the key, with everything that waits for it.
    pub(crate) async fn roll(&self) {
        self.gateway.store.roll().await.unwrap();
    }

    /// An empty machine, which knows the places.
    pub(crate) fn machine(&self, name: &str) -> Machine {
        let root = self.around.path().join(name);
        fs::create_dir(&root).unwrap();
        let base = self.kind.base();
        Machine {
            order: Restoring {
                directory: root.join("data"),
                media: root.join("data").join("media"),
                keyring: root.join("keyring"),
                root: Box::new({
                    let path = root.join("root.key");
                    move || {
                        if path.exists() {
                            return RootKey::read_file(&path);
                        }
                        RootKey::create_file(&path, &Random::system())
                    }
                }),
                root_file: None,
                database: base.database.clone(),
                places: places(self.around.path()),
                programs: None,
                identities: vec![recovery(8)],
                instance: None,
                snapshot: None,
                log_name: "test.example".to_owned(),
                clock: self.gateway.clock.clone(),
                random: Random::system(),
            },
            root,
            base,
        }
    }

    /// What is wanted to verify a snapshot beside the gateway.
    pub(crate) fn checking(&self, snapshot: Option<String>) -> Checking {
        let base = self.gateway.data();
        let base = base.parent().unwrap();
        let root = RootKey::read_file(&base.join("root.key")).unwrap();
        Checking {
            scratch: self.around.path().join("scratch"),
            database: self.kind.fresh(),
            live: (self.gateway.data(), self.database.clone()),
            keyring: Arc::new(Keyring::open(&base.join("keyring"), &root).unwrap()),
            places: places(self.around.path()),
            programs: None,
            snapshot,
            log: self.gateway.data().join("log"),
            clock: Clock::default(),
            random: Random::system(),
        }
    }
}

fn places(around: &Path) -> Vec<Place> {
    let place = |name| Place::Directory(around.join(name));
    ["one", "two"].into_iter().map(place).collect()
}

/// A machine on which an instance comes back.
pub(crate) struct Machine {
    pub(crate) order: Restoring,
    pub(crate) root: PathBuf,
    pub(crate) base: Base,
}

impl Machine {
    pub(crate) async fn restore(&self) -> Result<Came, BackupFault> {
        self.back().await?.open()
    }

    /// The same, before its last step.
    pub(crate) async fn back(&self) -> Result<Back, BackupFault> {
        let law = Arc::new(Lawless);
        Box::pin(service::backup::restore(&self.order, law, &|_| {})).await
    }

    pub(crate) fn keyring(&self) -> Keyring {
        let root = RootKey::read_file(&self.root.join("root.key")).unwrap();
        Keyring::open(&self.order.keyring, &root).unwrap()
    }

    /// The instance, opened as `serve` opens it.
    pub(crate) fn open(&self) -> Arc<Store> {
        let keyring = self.keyring();
        let options = store::Options {
            directory: self.order.directory.clone(),
            database: self.order.database.clone(),
            keyring: Arc::new(keyring),
            random: Random::system(),
            clock: self.order.clock.clone(),
            law: Arc::new(Lawless),
        };
        Arc::new(Store::open(options).unwrap())
    }
}

/// Whom the identifiers of a person lead to.
pub(crate) fn found(store: &Store, person: &Person) -> Option<SubjectId> {
    let identifiers = person.identifiers();
    store
        .read_now(|reader| {
            for identifier in &identifiers {
                if let Some(subject) = reader.find(identifier)? {
                    return Ok(Some(subject));
                }
            }
            Ok(None)
        })
        .unwrap()
}

/// The contents of all messages that open, and how many there are that do not.
pub(crate) fn contents(store: &Store) -> (Vec<String>, usize) {
    store
        .read_now(|reader| {
            let (mut open, mut shut) = (Vec::new(), 0);
            for id in 1..200 {
                let Some(row) = reader.message(MessageId(id))? else {
                    continue;
                };
                match reader.content(&row) {
                    Ok(content) => open.push(String::from_utf8(content.content.to_vec()).unwrap()),
                    Err(_) => shut += 1,
                }
            }
            Ok((open, shut))
        })
        .unwrap()
}
