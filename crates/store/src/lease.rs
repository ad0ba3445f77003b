//! The right to write to a database: which database, and whose turn it is.

use std::fs::File;
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::dialect::Connection;
use crate::dialect::Server;
use crate::dialect::Source;
use crate::dialect::Tools;
use crate::error::StoreError;
use crate::relocate::MOVED;
use crate::setting;

/// The file in a data directory that is being restored. While it stands nobody serves from there.
pub const MARKER: &str = "restoring";

/// The setting of a database that is being restored.
pub(crate) const RESTORING: &str = "restoring";

/// Which database an instance keeps its rows in.
#[derive(Clone, Debug, Default)]
#[expect(clippy::large_enum_variant, reason = "a process has one or two")]
pub enum Database {
    /// A file in the data directory.
    #[default]
    File,
    /// A PostgreSQL server.
    Server(Server),
}

impl Database {
    pub(crate) fn source(&self, directory: &Path) -> Source {
        match self {
            Self::File => Source::Sqlite(directory.join("imvume.db")),
            Self::Server(server) => Source::Postgres(server.clone()),
        }
    }
}

/// The right to write to a database. One process has it at a time.
#[derive(Debug)]
pub struct Lease {
    pub(crate) connection: Connection,
    pub(crate) source: Source,
    pub(crate) lock: Option<File>,
    is_new: bool,
}

impl Lease {
    /// Takes the right, and brings the schema up to date.
    ///
    /// # Errors
    /// [`StoreError::Locked`] while another process has it; [`StoreError::Newer`],
    /// [`StoreError::Foreign`] for a database this program must not touch.
    pub fn take(directory: &Path, database: &Database) -> Result<Self, StoreError> {
        apart(|| Self::get(directory, database, false))
    }

    /// Waits on this thread until no other process has the right, which with a server may take for
    /// ever, and takes it. A file is not waited for.
    ///
    /// # Errors
    /// As [`Lease::take`]; [`StoreError::Busy`] if the server went away meanwhile.
    pub fn wait(directory: &Path, database: &Database) -> Result<Self, StoreError> {
        apart(|| Self::get(directory, database, true))
    }

    /// Whether the database holds nothing yet, because no store was ever opened on it.
    pub const fn is_new(&self) -> bool {
        self.is_new
    }

    /// Puts a dump in the place of a database that holds nothing, and takes the right to write to it.
    /// The marker stands already. `again` says that an earlier attempt may have left something.
    pub(crate) fn restored(
        (directory, database): (&Path, &Database),
        dump: &Path,
        (tools, again): (&Tools, bool),
    ) -> Result<Self, StoreError> {
        make(directory)?;
        let source = database.source(directory);
        let lock = source.file().map(|_| lock(directory)).transpose()?;
        let connection = source.open_restored(dump, (tools, again))?;
        if let Some(file) = source.file() {
            restrict(file)?;
        }
        setting::set(&connection, RESTORING, 1)?;
        Ok(Self {
            connection,
            source,
            lock,
            is_new: false,
        })
    }

    fn get(directory: &Path, database: &Database, wait: bool) -> Result<Self, StoreError> {
        make(directory)?;
        let source = database.source(directory);
        // Processes that share a server may share the directory: there the server says whose turn
        // it is.
        let lock = match source.file() {
            Some(file) => {
                let lock = lock(directory)?;
                restrict(file)?;
                Some(lock)
            }
            None => None,
        };
        if directory.join(MARKER).exists() {
            return Err(StoreError::Restoring);
        }
        let connection = source.open_writer(wait)?;
        let sql = "SELECT 1 FROM settings WHERE name = $1";
        if connection.prepare_cached(sql)?.exists([MOVED])? {
            return Err(StoreError::Moved);
        }
        if setting::get(&connection, RESTORING)?.is_some() {
            return Err(StoreError::Restoring);
        }
        let any = connection
            .prepare_cached("SELECT 1 FROM leaves LIMIT 1")?
            .exists(())?;
        Ok(Self {
            connection,
            source,
            lock,
            is_new: !any,
        })
    }
}

/// Does work on a thread of its own: what it waits for may not be waited for within a runtime.
pub(crate) fn apart<T: Send>(
    work: impl FnOnce() -> Result<T, StoreError> + Send,
) -> Result<T, StoreError> {
    std::thread::scope(|scope| scope.spawn(work).join().unwrap_or(Err(StoreError::Stopped)))
}

/// Makes the data directory, and closes it to others.
fn make(directory: &Path) -> Result<(), StoreError> {
    let at = |what| move |source| StoreError::File { what, source };
    std::fs::create_dir_all(directory).map_err(at("making the data directory"))?;
    private(directory, 0o700).map_err(at("closing the data directory to others"))
}

fn lock(directory: &Path) -> Result<File, StoreError> {
    let at = |what| move |source| StoreError::File { what, source };
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .mode(0o600)
        .open(directory.join("lock"))
        .map_err(at("opening the lock of the data directory"))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(std::fs::TryLockError::WouldBlock) => Err(StoreError::Locked),
        Err(std::fs::TryLockError::Error(source)) => Err(StoreError::File {
            what: "locking the data directory",
            source,
        }),
    }
}

/// Closes the database to others before anything is in it; what the engine puts beside it gets the
/// same permissions.
fn restrict(path: &Path) -> Result<(), StoreError> {
    let made = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .mode(0o600)
        .open(path);
    made.and_then(|_| private(path, 0o600))
        .map_err(|source| StoreError::File {
            what: "closing the database to others",
            source,
        })
}

fn private(path: &Path, mode: u32) -> std::io::Result<()> {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode))
}
