//! The gateway in this process, as the binary runs it: store, service, background work, and the
//! real listener at each door.

use std::net::Ipv4Addr;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use domain::access::AppScope;
use domain::audit::Actor;
use domain::ids::NumberId;
use domain::message::IdentityMode;
use domain::time::Span;
use egress::Policy;
use imvume::listen;
use imvume::listen::Limits;
use seal::Keyring;
use seal::Random;
use seal::RootKey;
use seal::Zeroizing;
use service::NumberSettings;
use service::Service;
use service::Settings;
use store::Clock;
use store::Server;
use store::Store;
use store::admin::NewApp;
use store::admin::NewToken;
use tempfile::TempDir;
use testkit::postgres::Cluster;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::corpus;
use crate::database;
use crate::database::Backend;

/// How long open work may take at the end.
const DRAIN: Duration = Duration::from_secs(5);

/// The gateway in this process. Its files go when it is dropped.
#[derive(Debug)]
pub(crate) struct House {
    /// What the doors call.
    pub(crate) service: Arc<Service>,
    /// Where Meta's webhooks come in.
    pub(crate) public: SocketAddr,
    /// Where apps call.
    pub(crate) apps: SocketAddr,
    runtime: Runtime,
    stop: CancellationToken,
    directory: TempDir,
    database: Database,
}

/// Where the rows are.
#[derive(Debug)]
enum Database {
    File,
    Server(Arc<Cluster>, String),
}

impl House {
    /// Opens one with nothing in it, that calls `graph` and has so many numbers.
    pub(crate) fn open(backend: &Backend, graph: &str, numbers: u16) -> anyhow::Result<Self> {
        Self::open_told(backend, graph, numbers, |_| {})
    }

    /// Opens one with nothing in it and a number, that goes by this clock.
    pub(crate) fn open_at(backend: &Backend, graph: &str, clock: Clock) -> anyhow::Result<Self> {
        Self::open_by(backend, graph, 1, (clock, |_| {}))
    }

    /// Opens one that is told more.
    pub(crate) fn open_told(
        backend: &Backend,
        graph: &str,
        numbers: u16,
        tell: impl FnOnce(&mut Settings),
    ) -> anyhow::Result<Self> {
        Self::open_by(backend, graph, numbers, (Clock::default(), tell))
    }

    fn open_by(
        backend: &Backend,
        graph: &str,
        numbers: u16,
        (clock, tell): (Clock, impl FnOnce(&mut Settings)),
    ) -> anyhow::Result<Self> {
        let directory = directory()?;
        let database = Database::create(backend);
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()?;
        let store = Arc::new(store(directory.path(), &database, clock)?);
        let mut settings = settings(directory.path(), graph, numbers)?;
        tell(&mut settings);
        let data = directory.path().join("data");
        let service = runtime.block_on(Service::start(store, &data, settings))?;
        let stop = CancellationToken::new();
        let public = serve(&runtime, &stop, gateway::public(Arc::clone(&service)))?;
        let apps = serve(&runtime, &stop, gateway::apps(Arc::clone(&service)))?;
        {
            let _inside = runtime.enter();
            service.run();
        }
        Ok(Self {
            service,
            public,
            apps,
            runtime,
            stop,
            directory,
            database,
        })
    }

    /// Serves something more, on a listener of its own.
    pub(crate) fn serve(&self, app: Router) -> anyhow::Result<SocketAddr> {
        serve(&self.runtime, &self.stop, app)
    }

    /// Waits for something that has to happen on the gateway's own threads.
    pub(crate) fn wait<T>(&self, work: impl Future<Output = T>) -> T {
        self.runtime.block_on(work)
    }

    /// The numbers.
    pub(crate) fn numbers(&self) -> Vec<NumberId> {
        let registry = self.service.store().registry();
        registry.numbers.iter().map(|number| number.id).collect()
    }

    /// Bytes of the database.
    pub(crate) fn bytes(&self) -> u64 {
        if let Database::Server(cluster, url) = &self.database {
            return database::bytes(cluster, url);
        }
        let data = self.directory.path().join("data");
        ["imvume.db", "imvume.db-wal"]
            .into_iter()
            .filter_map(|name| std::fs::metadata(data.join(name)).ok())
            .map(|metadata| metadata.len())
            .sum()
    }

    /// The folder all files are in.
    pub(crate) fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// Lets an app in that knows people by their real ids. Returns its token.
    pub(crate) fn add_app(&self, relay_url: Option<String>) -> anyhow::Result<Zeroizing<String>> {
        let store = self.service.store();
        self.wait(async {
            let new = NewApp {
                name: "bench".to_owned(),
                number: None,
                identity: IdentityMode::Real,
                relay_url,
            };
            let app = store.add_app(Actor::System, new).await?;
            let new = NewToken {
                app: Some(app.id),
                name: "bench".to_owned(),
                scopes: AppScope::ALL.into_iter().collect(),
                expires: store.clock().now() + Span::days(1),
            };
            Ok(store.issue_token(Actor::System, new).await?.secret)
        })
    }

    /// Ends it and leaves what it has written.
    pub(crate) fn leave(self) -> TempDir {
        self.stop.cancel();
        self.runtime.block_on(self.service.close(DRAIN));
        self.runtime.shutdown_timeout(DRAIN);
        self.directory
    }

    /// Ends it.
    pub(crate) fn close(self) {
        self.stop.cancel();
        self.runtime.block_on(self.service.close(DRAIN));
        self.runtime.shutdown_timeout(DRAIN);
        if let Database::Server(cluster, url) = &self.database {
            database::remove(cluster, url);
        }
    }
}

fn serve(runtime: &Runtime, stop: &CancellationToken, app: Router) -> anyhow::Result<SocketAddr> {
    let listener = runtime.block_on(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)))?;
    let address = listener.local_addr()?;
    // The listener of a loopback port works until it is told to stop.
    runtime.spawn(listen::serve(
        listener,
        app,
        Limits::default(),
        stop.clone(),
    ));
    Ok(address)
}

impl Database {
    fn create(backend: &Backend) -> Self {
        match backend {
            Backend::Postgres(cluster) => {
                let url = database::create(cluster);
                Self::Server(Arc::clone(cluster), url)
            }
            Backend::Sqlite => Self::File,
        }
    }
}

/// A fresh folder, on the disk the figures are about.
pub(crate) fn directory() -> anyhow::Result<TempDir> {
    Ok(tempfile::Builder::new().prefix("imvume-bench-").tempdir()?)
}

fn store(directory: &Path, database: &Database, clock: Clock) -> anyhow::Result<Store> {
    let random = Random::system();
    let root = RootKey::create_file(&directory.join("root.key"), &random)?;
    let path = directory.join("keyring");
    let keyring = Keyring::create(&path, &root, &random, clock.now().micros())?;
    let database = match database {
        Database::File => store::Database::File,
        Database::Server(_, url) => store::Database::Server(Server::new(url, None)?),
    };
    Ok(Store::open(store::Options {
        directory: directory.join("data"),
        database,
        keyring: Arc::new(keyring),
        random,
        clock,
        law: Arc::new(domain::law::Lawless),
    })?)
}

fn settings(directory: &Path, graph: &str, numbers: u16) -> anyhow::Result<Settings> {
    let number = |place: u16| NumberSettings {
        phone_number_id: (corpus::NUMBER + u64::from(place)).to_string(),
        waba_id: corpus::ACCOUNT.to_owned(),
        display: format!("+27 21 555 {place:04}"),
        verified_name: "Kaapse Koffie".to_owned(),
        access_token: Zeroizing::new("emulator-access-token".to_owned()),
    };
    Ok(Settings {
        graph: Url::parse(graph)?,
        version: "v23.0".to_owned(),
        appsecret_proof: true,
        activity_sharing: false,
        creative_features: false,
        groups: false,
        calls: false,
        app_secret: Zeroizing::new(corpus::SECRET.to_owned()),
        verify_token: Zeroizing::new("bench".to_owned()),
        numbers: (0..numbers).map(number).collect(),
        log_name: "bench.example".to_owned(),
        backup: service::backup::BackupSettings::default(),
        publish_every: Duration::from_secs(1),
        apps_url: Url::parse("http://127.0.0.1/")?,
        country: "ZA".to_owned(),
        language: "en".to_owned(),
        organisation: "Kaapse Koffie".to_owned(),
        media: directory.join("data").join("media"),
        package_days: 14,
        egress: Policy {
            allow_private: vec!["127.0.0.1".parse()?],
            ..Policy::default()
        },
        portal: service::PortalSettings::default(),
        erasure: service::ErasureSettings::default(),
        call_timeout: Duration::from_secs(30),
        epoch: None,
        relay_timeout: Duration::from_secs(10),
    })
}
