//! `/metrics`: the figures of this process, in the text format that Prometheus reads (OpenMetrics
//! 1.0), for the staff listener.
//!
//! `docs/operating.md` lists every figure, and a test holds the page to what is shown. Who counts a
//! thing registers it; what nobody counts but can be looked up (the process, files, queues) is looked
//! up when somebody asks. To add a figure: register it, and add its row to the page.

mod backups;
mod keys;
mod process;
mod readers;

use std::fmt;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::OnceLock;
use std::sync::atomic::AtomicU64;

use axum::Router;
use axum::extract::Extension;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::StatusCode;
use axum::http::header;
use axum::response::IntoResponse as _;
use axum::response::Response;
use axum::routing::get;
use domain::request::RequestKind;
use imvume::listen;
use imvume::listen::Client;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode_eof;
use prometheus_client::encoding::text::encode_registry;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;
use prometheus_client::registry::Unit;
use service::Service;
use store::Clock;
use store::Store;
use store::StoreError;

use crate::config::Config;
use crate::metrics::backups::Backups;
use crate::metrics::keys::Keys;
use crate::metrics::process::Process;
use crate::metrics::readers::Gate;

/// Upper bounds of the histogram of the writer's transactions, in seconds.
const COMMITS: [f64; 9] = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 1.0];

/// Upper bounds of the histogram of operations that share a transaction: 256 at the most.
const SHARED: [f64; 9] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0];

const TEXT: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
struct App {
    app: i64,
}

#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
struct Kind {
    kind: &'static str,
}

#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
struct Outcome {
    listener: &'static str,
    outcome: &'static str,
}

/// Everything that is shown.
pub(crate) struct Metrics {
    gate: Gate,
    leading: OnceLock<Leading>,
    listeners: listen::Measures,
    process: Process,
    registry: Registry,
    renewals: Family<Outcome, Counter>,
    standby: Gauge,
    /// Where the database stands, unless a server keeps it.
    database: Option<PathBuf>,
}

/// What is shown of the service, once this process leads.
struct Leading {
    looked_up: LookedUp,
    registry: Registry,
    service: Arc<Service>,
}

/// What is looked up when somebody asks.
#[derive(Default)]
struct LookedUp {
    backlog: Family<App, Gauge>,
    backups: Backups,
    checkpoint_age: Gauge<f64, AtomicU64>,
    database: Gauge,
    entries: Gauge,
    holds: Gauge,
    holds_due: Gauge,
    keys: Keys,
    overdue: Gauge,
    queued: Gauge,
    erasures_overdue: Gauge,
    erasures_undecided: Gauge,
    requests_open: Family<Kind, Gauge>,
    requests_overdue: Family<Kind, Gauge>,
    store: Gauge,
    unpublished: Gauge,
    write_ahead: Gauge,
}

impl Metrics {
    /// Those of a process that stands by.
    pub(crate) fn new(config: &Config) -> Self {
        let mut registry = Registry::with_prefix("imvume");
        let listeners = listen::Measures::default();
        let (process, renewals, standby) =
            (Process::default(), Family::default(), Gauge::default());
        let version = Info::new([("version", env!("CARGO_PKG_VERSION"))]);
        registry.register("build", "The program that runs", version);
        listeners.register(&mut registry);
        registry.register(
            "tls_renewals",
            "New certificate files that were seen, by whether they could be put in force",
            renewals.clone(),
        );
        registry.register(
            "store_standby",
            "Whether this process waits for its turn to write",
            standby.clone(),
        );
        standby.set(1);
        process.register(&mut registry);
        process.started(Clock::default().now());
        Self {
            gate: Gate::new(&config.metrics),
            leading: OnceLock::new(),
            listeners,
            process,
            registry,
            renewals,
            standby,
            database: config.database_file(),
        }
    }

    /// Shows the figures of the service from now on, too.
    pub(crate) fn lead(&self, service: &Arc<Service>) {
        let mut registry = Registry::with_prefix("imvume");
        let looked_up = LookedUp::default();
        service.measures().register(&mut registry);
        looked_up.register(&mut registry);
        looked_up.backups.register(&mut registry);
        looked_up.keys.register(&mut registry);
        count_commits(service.store(), &mut registry);
        let _ = self.leading.set(Leading {
            looked_up,
            registry,
            service: Arc::clone(service),
        });
        self.standby.set(0);
    }

    /// The route, for the staff listener.
    pub(crate) fn router(self: &Arc<Self>) -> Router {
        Router::new()
            .route("/metrics", get(show))
            .with_state(Arc::clone(self))
    }

    /// Where the listeners count.
    pub(crate) const fn listeners(&self) -> &listen::Measures {
        &self.listeners
    }

    /// Counts new certificate files of a listener.
    pub(crate) fn renewed(&self, listener: &'static str, renewal: &listen::Renewal) {
        let outcome = match renewal {
            listen::Renewal::Kept(_) => "kept",
            listen::Renewal::Renewed => "renewed",
            listen::Renewal::Unchanged => return,
        };
        self.renewals
            .get_or_create(&Outcome { listener, outcome })
            .inc();
    }

    /// Makes the count of a listener's renewals begin at zero.
    pub(crate) fn expect_renewals(&self, listener: &'static str) {
        for outcome in ["kept", "renewed"] {
            drop(self.renewals.get_or_create(&Outcome { listener, outcome }));
        }
    }

    async fn look_up(&self) {
        self.process.look();
        if let Some(leading) = self.leading.get() {
            leading.look_up(self.database.as_deref()).await;
        }
    }

    /// The text of everything there is to show.
    fn text(&self) -> Result<String, fmt::Error> {
        let mut text = String::new();
        encode_registry(&mut text, &self.registry)?;
        if let Some(leading) = self.leading.get() {
            encode_registry(&mut text, &leading.registry)?;
        }
        encode_eof(&mut text)?;
        Ok(text)
    }
}

impl Leading {
    async fn look_up(&self, database: Option<&Path>) {
        let seen = &self.looked_up;
        if let Some(database) = database {
            let length = |path: &Path| {
                let length = std::fs::metadata(path).map_or(0, |metadata| metadata.len());
                length.cast_signed()
            };
            seen.database.set(length(database));
            seen.write_ahead
                .set(length(&database.with_extension("db-wal")));
        }
        let answered = self.ask_store().await;
        seen.store.set(i64::from(answered.is_ok()));
        if let Err(error) = seen.backups.look_up(&self.service).await {
            tracing::warn!(%error, "cannot look up the figures of the backups");
        }
        if let Err(error) = answered {
            tracing::warn!(%error, "cannot look up the store's figures");
        }
    }

    async fn ask_store(&self) -> Result<(), StoreError> {
        let store = self.service.store();
        let seen = &self.looked_up;
        seen.queued
            .set(i64::try_from(store.backlog()).unwrap_or(i64::MAX));
        let asked = store.read(|reader| Ok((reader.log_size()?, reader.backlog()?)));
        let (entries, backlog) = asked.await?;
        for app in &store.registry().apps {
            // One that has nothing waiting any more stands at zero.
            let waiting = backlog.iter().find(|waiting| waiting.app == app.id);
            let waiting = waiting.map_or(0, |waiting| waiting.waiting);
            seen.backlog
                .get_or_create(&App { app: app.id.0 })
                .set(waiting);
        }
        seen.entries.set(entries.cast_signed());
        let overdue = store.registry().overdue(store.clock().now()).count();
        seen.overdue.set(i64::try_from(overdue).unwrap_or(i64::MAX));
        self.count_requests(store).await?;
        self.count_holds(store).await?;
        seen.keys.look_up(store).await?;
        let now = store.clock().now();
        let late = store
            .read(move |reader| Ok((reader.erasures_overdue(now)?, reader.kept_to_weigh()?)))
            .await?;
        seen.erasures_overdue.set(late.0.cast_signed());
        seen.erasures_undecided.set(late.1.cast_signed());
        if let Some((published, at)) = self.service.measures().last_published() {
            let age = store.clock().now().since(at).as_micros();
            #[expect(clippy::cast_precision_loss, reason = "microseconds fit for centuries")]
            seen.checkpoint_age.set(age as f64 / 1e6);
            let unpublished = entries.saturating_sub(published);
            seen.unpublished.set(unpublished.cast_signed());
        }
        Ok(())
    }
}

impl Leading {
    /// Legal holds, and those that somebody has to see to.
    async fn count_holds(&self, store: &Arc<Store>) -> Result<(), StoreError> {
        let now = store.clock().now();
        let counts = store.read(move |reader| reader.hold_counts(now)).await?;
        let seen = &self.looked_up;
        seen.holds.set(counts.in_force.cast_signed());
        let due = counts.ownerless + counts.review_due;
        seen.holds_due.set(due.cast_signed());
        Ok(())
    }

    /// Requests of people that are open, and overdue, of each kind: none stands at zero.
    async fn count_requests(&self, store: &Arc<Store>) -> Result<(), StoreError> {
        let now = store.clock().now();
        let asked = store
            .read(move |reader| Ok((reader.requests_open_count()?, reader.requests_overdue(now)?)));
        let (open, overdue) = asked.await?;
        let seen = &self.looked_up;
        for (counted, family) in [
            (open, &seen.requests_open),
            (overdue, &seen.requests_overdue),
        ] {
            for kind in RequestKind::ALL {
                let count = counted.iter().find(|(counted, _)| counted == kind);
                let count = count.map_or(0, |(_, count)| count.cast_signed());
                let kind = kind.name();
                family.get_or_create(&Kind { kind }).set(count);
            }
        }
        Ok(())
    }
}

impl LookedUp {
    fn register_holds(&self, registry: &mut Registry) {
        registry.register("holds", "Legal holds in force", self.holds.clone());
        registry.register(
            "holds_due",
            "Legal holds in force without an owner, or past their review",
            self.holds_due.clone(),
        );
    }

    fn register_erasures(&self, registry: &mut Registry) {
        registry.register(
            "erasures_overdue",
            "Recipients who were to erase, too, and have not said in time that they have",
            self.erasures_overdue.clone(),
        );
        registry.register(
            "erasures_undecided",
            "Record classes of people who were erased that wait for somebody to decide",
            self.erasures_undecided.clone(),
        );
    }

    fn register(&self, registry: &mut Registry) {
        self.register_erasures(registry);
        self.register_holds(registry);
        registry.register(
            "requests_open",
            "Requests of people that are not done, by what is asked for",
            self.requests_open.clone(),
        );
        registry.register(
            "requests_overdue",
            "Requests of people whose time is over, by what is asked for",
            self.requests_overdue.clone(),
        );
        registry.register(
            "deliveries_waiting",
            "Deliveries that wait, by app",
            self.backlog.clone(),
        );
        registry.register_with_unit(
            "log_checkpoint_age",
            "Since the log's files were last seen to be under a checkpoint whole",
            Unit::Seconds,
            self.checkpoint_age.clone(),
        );
        registry.register(
            "store_queued",
            "Operations that wait for the writer of the store",
            self.queued.clone(),
        );
        registry.register(
            "block_registries_overdue",
            "Block registries whose list is out of date",
            self.overdue.clone(),
        );
        registry.register("log_entries", "Entries of the log", self.entries.clone());
        registry.register(
            "log_entries_unpublished",
            "Entries of the log that no checkpoint covers yet",
            self.unpublished.clone(),
        );
        registry.register_with_unit(
            "database",
            "The file of the database, where it is one",
            Unit::Bytes,
            self.database.clone(),
        );
        registry.register_with_unit(
            "database_wal",
            "The write-ahead log of the database, where it is a file",
            Unit::Bytes,
            self.write_ahead.clone(),
        );
        registry.register(
            "store_up",
            "Whether the store answered when these figures were asked for",
            self.store.clone(),
        );
    }
}

/// Counts the transactions of the store's writer.
fn count_commits(store: &Store, registry: &mut Registry) {
    let took = Histogram::new(COMMITS);
    let operations = Histogram::new(SHARED);
    registry.register_with_unit(
        "store_commit_duration",
        "A transaction of the store's writer, until it is durable",
        Unit::Seconds,
        took.clone(),
    );
    registry.register(
        "store_commit_operations",
        "Operations that share a transaction of the store's writer",
        operations.clone(),
    );
    #[expect(clippy::cast_precision_loss, reason = "neither comes near 2^52")]
    store.on_commit(move |commit| {
        took.observe(commit.took.as_micros() as f64 / 1e6);
        operations.observe(commit.operations as f64);
    });
}

async fn show(
    State(metrics): State<Arc<Metrics>>,
    client: Option<Extension<Client>>,
    headers: HeaderMap,
) -> Response {
    let client = client.map(|Extension(client)| client);
    let store = metrics
        .leading
        .get()
        .map(|leading| &**leading.service.store());
    if !metrics.gate.admits(client, &headers, store) {
        let challenge = [(header::WWW_AUTHENTICATE, "Bearer")];
        let told = "these figures take a token, or an address that is allowed to read them\n";
        return (StatusCode::UNAUTHORIZED, challenge, told).into_response();
    }
    metrics.look_up().await;
    let Ok(text) = metrics.text() else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let head = [
        (header::CONTENT_TYPE, TEXT),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (head, text).into_response()
}
