//! The key bundle and content snapshots: what is shipped to which place, and when.
//!
//! Each place has a chain of its own: one whole part of the key bundle, and appended parts behind it,
//! each naming the one it goes on from. So a place that was away is brought up to date by one part, and
//! no other place waits for it but when a whole part replaces everything, at a roll.
//!
//! Names at a place: `imvume-<instance>/bundle/<number>-whole.age` or `-part.age`,
//! `imvume-<instance>/snapshots/<instant>.imvume`, `imvume-<instance>/media/<object>`.
//!
//! Nothing of what is shipped is kept here but while it is on its way, in the folder `backup` of the data
//! directory.

mod bring;
mod check;
mod lock;
mod make;
mod names;
mod put;
mod restore;
mod ship;
mod target;
mod wish;
mod work;

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use ::backup::BackupError;
use ::backup::age::Recipient;
use domain::time::Span;
use domain::time::Timestamp;
use egress::place::Place;
use egress::place::PlaceError;
use seal::SealError;
use store::Store;
use store::StoreError;
use thiserror::Error;

use lock::lock;

pub use bring::Available;
pub use bring::available;
pub use check::Checked;
pub use check::Checking;
pub use check::check;
pub use make::Made;
pub use names::code as place_code;
pub use restore::Back;
pub use restore::Came;
pub use restore::Restoring;
pub use restore::Root;
pub use restore::restore;
pub use ship::Shipment;
pub use wish::Alone;
pub use wish::Wish;

/// How backups are made.
#[derive(Clone, Debug, Default)]
pub struct BackupSettings {
    /// Whoever can open the key bundle. None: there is no bundle.
    pub recipients: Vec<Recipient>,
    /// Where bundle and snapshots go.
    pub places: Vec<Place>,
    /// How soon a new data key is in the bundle.
    pub bundle_every: Duration,
    /// How often a snapshot is made; without one, only when staff asks for it.
    pub every: Option<Span>,
    /// How many snapshots are kept at each place.
    pub keep: usize,
    /// The folder of a server's programs, where they are not found as any program is.
    pub programs: Option<PathBuf>,
    /// How long after its removal a copy of an older key bundle can still be at a place, because the place
    /// keeps versions by itself.
    pub copies: Span,
}

/// Why a backup could not be made, read or restored.
#[derive(Debug, Error)]
pub enum BackupFault {
    /// The bundle at hand is older than the snapshot.
    #[error("the key bundle (part {bundle}) is older than the snapshot (part {needed})")]
    BundleOlder {
        /// The newest part at hand.
        bundle: u64,
        /// The part that was the newest when the snapshot was made.
        needed: u64,
    },
    /// What the rows of the log lead to is not what was signed.
    #[error("the rows of the log do not lead to the head that was signed")]
    Head,
    /// A file of the system could not be used.
    #[error("{what}: {source}")]
    File {
        /// What was tried.
        what: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// The file cannot be used.
    #[error("{what}: {source}")]
    Format {
        /// Which file.
        what: &'static str,
        /// What is wrong with it.
        source: BackupError,
    },
    /// The keyring could not be made.
    #[error("keyring: {0}")]
    Keyring(#[from] seal::KeyringError),
    /// There is nothing of that kind.
    #[error("no {0} at any place that can be reached")]
    Missing(&'static str),
    /// A part of the bundle is missing in the middle.
    #[error("a part of the key bundle is missing after part {0}")]
    Gap(u64),
    /// The target holds something.
    #[error(
        "the target is not empty ({0}); restore onto a machine and into a database that hold nothing"
    )]
    NotEmpty(&'static str),
    /// What is not as it should be, after it was restored.
    #[error("what was restored is not whole: {0} differences, the first is {1}")]
    NotWhole(usize, String),
    /// An earlier restore was cut off that went into another database.
    #[error(
        "a restore into another database was cut off here; name that one, or empty the data directory"
    )]
    OtherTarget,
    /// The backup is of another instance.
    #[error("this is a backup of another instance")]
    OtherInstance,
    /// More than one instance keeps its backups there.
    #[error("several instances keep their backups there; name one of {0}")]
    Several(String),
    /// A place did not do what it was asked.
    #[error("backup place {place}: {source}")]
    Place {
        /// Which one, counted from 1 in the order of the configuration.
        place: usize,
        /// What it said.
        source: PlaceError,
    },
    /// A cipher failed.
    #[error("sealing: {0}")]
    Seal(#[from] SealError),
    /// The snapshot has a newer schema.
    #[error("the snapshot has schema {found}, this program knows {known}; use the newer program")]
    Schema {
        /// The schema found.
        found: u64,
        /// The newest schema this program knows.
        known: u64,
    },
    /// The database failed.
    #[error("{0}")]
    Store(#[from] StoreError),
    /// It was cut off.
    #[error("cut off; begin again")]
    Stopped,
    /// Another backup is being made.
    #[error("another backup is being made; wait until it has ended")]
    Under,
    /// Another restore is under way.
    #[error("another restore into this data directory is under way; wait until it has ended")]
    UnderRestore,
    /// Another look at a snapshot is under way.
    #[error("another snapshot is being verified; wait until that has ended")]
    UnderVerify,
    /// The snapshot is of another kind of database.
    #[error("the snapshot is of a database of kind {found}, and the configuration names {wanted}")]
    WrongKind {
        /// The kind it is.
        found: String,
        /// The kind that is configured.
        wanted: &'static str,
    },
}

impl BackupFault {
    fn file(what: &'static str) -> impl Fn(io::Error) -> Self {
        move |source| Self::File { what, source }
    }

    fn format(what: &'static str) -> impl Fn(BackupError) -> Self {
        move |source| Self::Format { what, source }
    }

    fn place(place: usize) -> impl Fn(PlaceError) -> Self {
        move |source| Self::Place {
            place: place + 1,
            source,
        }
    }
}

/// How it stands with a place.
#[derive(Clone, Debug, Default)]
pub struct Standing {
    /// When it last took what was meant for it.
    pub reached_at: Option<Timestamp>,
    /// What it said when it did not, since then.
    pub fault: Option<String>,
}

/// Ships the bundle and makes snapshots.
pub struct Backups {
    store: Arc<Store>,
    settings: BackupSettings,
    /// The data directory.
    directory: PathBuf,
    media: PathBuf,
    standing: Mutex<BTreeMap<usize, Standing>>,
    /// What was last shipped of the keys that no id tells the age of, by place.
    lasting: Mutex<BTreeMap<usize, [u8; 32]>>,
    /// One part at a time, so that parts are in order.
    shipping: tokio::sync::Mutex<()>,
    /// One snapshot at a time.
    making: tokio::sync::Mutex<()>,
    /// Whether the last snapshot could not be made.
    failing: AtomicBool,
}

impl fmt::Debug for Backups {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Backups")
            .field("places", &self.settings.places.len())
            .finish_non_exhaustive()
    }
}

impl Backups {
    /// For an instance whose data directory and media are there.
    pub fn new(
        store: Arc<Store>,
        settings: BackupSettings,
        (directory, media): (&Path, &Path),
    ) -> Arc<Self> {
        Arc::new(Self {
            store,
            settings,
            directory: directory.to_owned(),
            media: media.to_owned(),
            standing: Mutex::default(),
            lasting: Mutex::default(),
            shipping: tokio::sync::Mutex::default(),
            making: tokio::sync::Mutex::default(),
            failing: AtomicBool::new(false),
        })
    }

    /// What it was told.
    pub const fn settings(&self) -> &BackupSettings {
        &self.settings
    }

    /// Whether there is a key bundle.
    pub fn has_bundle(&self) -> bool {
        !self.settings.recipients.is_empty() && !self.settings.places.is_empty()
    }

    /// How it stands with each place, in the order of the configuration.
    pub fn standing(&self) -> Vec<Standing> {
        let standing = self.standing.lock().unwrap_or_else(PoisonError::into_inner);
        let places = 0..self.settings.places.len();
        places
            .map(|place| standing.get(&place).cloned().unwrap_or_default())
            .collect()
    }

    /// Remembers how an exchange with a place went. Says whether that is news.
    fn met(&self, place: usize, outcome: &Result<(), BackupFault>) -> bool {
        let mut all = self.standing.lock().unwrap_or_else(PoisonError::into_inner);
        let standing = all.entry(place).or_default();
        let before = standing.fault.is_some();
        match outcome {
            Ok(()) => {
                standing.reached_at = Some(self.store.clock().now());
                standing.fault = None;
            }
            Err(error) => standing.fault = Some(error.to_string()),
        }
        before != standing.fault.is_some()
    }

    /// The prefix of everything of this instance at a place.
    fn prefix(&self) -> String {
        names::instance(self.store.keyring().instance_id())
    }
}

/// Makes the folder for what is on its way, closed to others; it is on the disk of the data.
fn scratch(directory: &Path) -> Result<PathBuf, BackupFault> {
    let folder = directory.join("backup");
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(&folder)
        .map_err(BackupFault::file("making the folder of backups"))?;
    Ok(folder)
}

/// What is on its way while a part or a snapshot is made or comes back, and what SQLite puts beside a copy.
const ON_ITS_WAY: [&str; 11] = [
    "part.new",
    "snapshot.new",
    "database.new",
    "database.new-journal",
    "part.fetched",
    "snapshot.fetched",
    "database.fetched",
    "objects.new",
    "objects.fetched",
    "snapshot.told.new",
    "restore.lock",
];

/// The folder in which a snapshot is verified, unless another is named.
pub const VERIFYING: &str = "verify";

/// Removes what an earlier process that was cut off has left in the folder of what is on its way. Whoever
/// calls makes backups here, and nobody else does.
fn tidy(directory: &Path) -> Result<(), BackupFault> {
    let folder = scratch(directory)?;
    for name in ON_ITS_WAY {
        match fs::remove_file(folder.join(name)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(BackupFault::file("removing what was cut off")(error));
            }
            _ => {}
        }
    }
    // Unless somebody is at it just now.
    if let Some(_alone) = lock(&folder, "verify.lock")? {
        match fs::remove_dir_all(folder.join(VERIFYING)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(BackupFault::file("removing what was cut off")(error));
            }
            _ => {}
        }
    }
    Ok(())
}

/// A file on its way, which goes when it is let go of.
#[derive(Debug)]
struct Scratch(PathBuf);

impl Drop for Scratch {
    fn drop(&mut self) {
        // Gone already, or removed by whoever comes next.
        let _ = fs::remove_file(&self.0);
    }
}

impl Scratch {
    fn new(folder: &Path, name: &str) -> Self {
        let path = folder.join(name);
        let _ = fs::remove_file(&path);
        Self(path)
    }

    fn path(&self) -> &Path {
        &self.0
    }

    /// A new file there, closed to others.
    fn create(&self) -> io::Result<fs::File> {
        use std::os::unix::fs::OpenOptionsExt as _;
        fs::File::options()
            .read(true)
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&self.0)
    }
}

/// Runs work that waits for disks away from the runtime's threads.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, BackupFault> + Send + 'static,
) -> Result<T, BackupFault> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|_| BackupFault::Stopped)?
}
