//! The verbs: receive, send, relay, disclose, publish. Load facts → ask the domain → persist → call
//! out.
//!
//! A door extracts and authenticates, calls one verb, and renders what comes back. Nothing here
//! knows HTTP servers or HTML; nothing here writes SQL.
//!
//! To add a verb: a file named by it, an `impl Service` block with one public method, its
//! background part (if any) started in [`Service::run`].

mod answer;
mod ask;
pub mod backup;
mod beside;
mod block;
mod caller;
mod calls;
mod campaign;
pub mod certificate;
mod confirm;
mod contacts;
mod erasure;
pub mod erasure_certificate;
mod events;
mod evidence;
mod groups;
mod ids;
mod intake;
mod letter;
mod look;
mod marketing;
mod measures;
mod media;
mod mint;
mod named;
mod numbers;
mod object;
mod outcome;
mod own;
mod package;
pub mod people;
mod picture;
mod portal;
mod publish;
mod queue;
mod receipt;
mod registries;
mod relay;
mod render;
mod request;
mod retention;
mod roll;
mod send;
mod sessions;
mod settings;
mod storage;
mod sync;
mod templates;
mod turns;
mod upstream;
mod why;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use domain::ids::AppId;
use domain::ids::MediaId;
use domain::ids::PackageId;
use egress::Egress;
use rulebook::LanguageSet;
use rulebook::WordPack;
use seal::IdKey;
use store::Store;
use tokio::sync::Notify;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use backup::Backups;
use sessions::Sessions;
use turns::Turns;

pub use answer::Answer;
pub use answer::Failure;
pub use block::Blocking;
pub use block::PageQuery;
pub use caller::Caller;
pub use erasure::ErasureSettings;
pub use evidence::EvidenceError;
pub use evidence::EvidenceQuery;
pub use evidence::Exported;
pub use intake::IntakeError;
pub use letter::LetterError;
pub use letter::LetterSettings;
pub use letter::META_DAYS;
pub use letter::OwnLetter;
pub use measures::Measures;
pub use media::Fetched;
pub use numbers::AddNumber;
pub use numbers::Added;
pub use numbers::NumberError;
pub use numbers::Tested;
pub use numbers::Token;
pub use package::Making;
pub use package::PackageDownload;
pub use package::PackageError;
pub use portal::Answered;
pub use portal::AskList;
pub use portal::ChatLink;
pub use portal::Field;
pub use portal::Handed;
pub use portal::LinkFault;
pub use portal::NewsError;
pub use portal::NoticeRef;
pub use portal::OptIn;
pub use portal::Origin;
pub use portal::Outbox;
pub use portal::Pending;
pub use portal::PortalError;
pub use portal::PortalSettings;
pub use portal::Preference;
pub use portal::Preferences;
pub use portal::PurposeText;
pub use portal::SESSION_SECONDS;
pub use portal::Session;
pub use portal::Switch;
pub use portal::Taken;
pub use publish::PublishError;
pub use receipt::RecordForm;
pub use request::OwnRequest;
pub use request::ProofRoute;
pub use request::Reached;
pub use request::Reaching;
pub use send::SendHeaders;
pub use settings::NumberSettings;
pub use settings::Settings;
pub use templates::TemplateQuery;

/// Everything the doors call.
#[derive(Debug)]
pub struct Service {
    store: Arc<Store>,
    egress: Egress,
    words: WordPack,
    languages: LanguageSet,
    settings: Settings,
    callback: IdKey,
    log: publish::Log,
    backups: Arc<Backups>,
    measures: Measures,
    /// Sends under an idempotency key: a repetition waits until the first one has ended.
    sending: Turns<(AppId, [u8; 16])>,
    /// Session descriptions of calls on their way to apps.
    sessions: Sessions,
    /// Media objects on their way here: two askers must not fetch the same one twice.
    fetching: Turns<MediaId>,
    /// How many files may be on their way here at once: each is held in memory whole.
    downloads: Semaphore,
    /// Where access packages stand.
    shelf: package::Shelf,
    /// Held while packages are worked on: two would write the same file.
    packing: tokio::sync::Mutex<()>,
    /// Woken when an erasure was ordered.
    erasing: Notify,
    tasks: TaskTracker,
    closing: CancellationToken,
}

/// Why the service cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The words of the rulebook cannot be read.
    #[error("rulebook: {0}")]
    Words(#[from] rulebook::PackError),
    /// Connections outwards cannot be set up.
    #[error("egress: {0}")]
    Egress(#[from] egress::SetupError),
    /// The log cannot be opened.
    #[error("log: {0}")]
    Log(#[from] PublishError),
    /// The store refused.
    #[error("store: {0}")]
    Store(#[from] store::StoreError),
    /// A secret is empty: whoever likes could sign with it.
    #[error("the {0} is empty")]
    Empty(&'static str),
    /// The media directory cannot be made.
    #[error("media directory: {0}")]
    Media(std::io::Error),
}

impl Service {
    /// Brings the configured numbers into the store and the log into files.
    ///
    /// # Errors
    /// [`StartError`], by what could not be had.
    pub async fn start(
        store: Arc<Store>,
        directory: &Path,
        settings: Settings,
    ) -> Result<Arc<Self>, StartError> {
        for (secret, what) in [
            (&settings.app_secret, "app secret"),
            (&settings.verify_token, "verify token"),
        ] {
            if secret.is_empty() {
                return Err(StartError::Empty(what));
            }
        }
        let egress = Egress::new(settings.egress.clone())?;
        let log = publish::Log::open(&store, directory, &settings)?;
        object::prepare(&settings.media).map_err(StartError::Media)?;
        let packages = store
            .read(|reader| reader.package_objects(PackageId(0)))
            .await?;
        let shelf = package::Shelf::open(directory, &packages).map_err(StartError::Media)?;
        for number in &settings.numbers {
            store.put_number(number.to_store()).await?;
        }
        let backups = Backups::new(
            Arc::clone(&store),
            settings.backup.clone(),
            (directory, &settings.media),
        );
        if !settings.backup.places.is_empty()
            && let Err(error) = backups.tidy()
        {
            tracing::warn!(%error, "cannot remove what a backup that was cut off has left");
        }
        store.keep_copies(settings.backup.copies).await?;
        if backups.has_bundle() {
            store.set_shipping(Arc::clone(&backups) as Arc<dyn store::Shipping>);
        }
        Ok(Arc::new(Self {
            backups,
            egress,
            words: WordPack::builtin()?,
            languages: LanguageSet::south_africa_and_default(),
            callback: store.keyring().callback_key(),
            log,
            measures: Measures::default(),
            sending: Turns::default(),
            sessions: Sessions::default(),
            fetching: Turns::default(),
            downloads: Semaphore::new(media::DOWNLOADS),
            shelf,
            packing: tokio::sync::Mutex::default(),
            erasing: Notify::new(),
            tasks: TaskTracker::new(),
            closing: CancellationToken::new(),
            settings,
            store,
        }))
    }

    /// The store behind it.
    pub const fn store(&self) -> &Arc<Store> {
        &self.store
    }

    /// What it was started with.
    pub const fn settings(&self) -> &Settings {
        &self.settings
    }

    /// What it counts.
    pub const fn measures(&self) -> &Measures {
        &self.measures
    }

    /// The key bundle and the snapshots.
    pub const fn backups(&self) -> &Arc<Backups> {
        &self.backups
    }

    /// The newest signed checkpoint of the log.
    pub fn checkpoint(&self) -> Option<String> {
        self.log.checkpoint()
    }

    /// Starts what goes on in the background: the log's files, deliveries, events, messages that
    /// wait and the gateway's own, the template catalogue, tidying up.
    pub fn run(self: &Arc<Self>) {
        let spawn = |service: Arc<Self>, name: Job| {
            let closing = self.closing.clone();
            self.tasks.spawn(async move {
                tokio::select! {
                    () = closing.cancelled() => {}
                    () = service.job(name) => {}
                }
            });
        };
        for name in [
            Job::Bundle,
            Job::Campaigns,
            Job::Checkpoints,
            Job::Erase,
            Job::Events,
            Job::Own,
            Job::Packages,
            Job::Posts,
            Job::Publish,
            Job::Queue,
            Job::Registries,
            Job::Relay,
            Job::Requests,
            Job::Retention,
            Job::Roll,
            Job::Settle,
            Job::Snapshots,
            Job::Sync,
            Job::Tidy,
        ] {
            spawn(Arc::clone(self), name);
        }
        self.tasks.close();
    }

    async fn job(self: Arc<Self>, job: Job) {
        match job {
            Job::Bundle => self.keep_bundle().await,
            Job::Snapshots => self.make_snapshots().await,
            Job::Campaigns => self.step_campaigns().await,
            Job::Checkpoints => self.store.checkpoints().await,
            Job::Erase => self.erase().await,
            Job::Settle => self.store.settle().await,
            Job::Events => self.tell().await,
            Job::Own => self.send_own().await,
            Job::Packages => self.make_packages().await,
            Job::Posts => self.send_posts().await,
            Job::Publish => self.publish().await,
            Job::Queue => self.send_queued().await,
            Job::Registries => self.watch_registries().await,
            Job::Relay => self.relay().await,
            Job::Requests => self.look_after_requests().await,
            Job::Retention => self.retain().await,
            Job::Roll => self.roll_keys().await,
            Job::Sync => self.sync().await,
            Job::Tidy => self.tidy().await,
        }
    }

    /// Ends the background work, lets calls under way finish within `bound`, and writes the rest of
    /// the log to its files.
    pub async fn close(&self, bound: Duration) {
        self.closing.cancel();
        self.tasks.close();
        if tokio::time::timeout(bound, self.tasks.wait())
            .await
            .is_err()
        {
            tracing::warn!("some work was cut off at the end; it goes on at the next start");
        }
        if let Err(error) = self.publish_now().await {
            tracing::error!(%error, "cannot write the rest of the log; it follows at the next start");
        }
        self.store.close();
    }

    /// Ends the background work at once, because another process has taken over: neither rows nor the
    /// log's files are written any more. What was under way is left to the other.
    pub fn abandon(&self) {
        self.closing.cancel();
        self.tasks.close();
    }

    async fn tidy(&self) {
        loop {
            if let Err(error) = self.store.tidy().await {
                tracing::warn!(%error, "cannot tidy up");
            }
            tokio::time::sleep(Duration::from_mins(10)).await;
        }
    }
}

#[derive(Clone, Copy, Debug)]
enum Job {
    Bundle,
    Snapshots,
    Campaigns,
    Checkpoints,
    Erase,
    Events,
    Own,
    Packages,
    Posts,
    Publish,
    Queue,
    Registries,
    Relay,
    Requests,
    Retention,
    Roll,
    Settle,
    Sync,
    Tidy,
}
