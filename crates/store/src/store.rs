//! The store: one writer, a few readers, and what they share.

use std::fs::File;
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::RwLock;
use std::sync::atomic::AtomicI64;
use std::sync::atomic::Ordering;
use std::thread::JoinHandle;
use std::time::Duration;

use domain::audit::Actor;
use domain::ids::SubjectId;
use rusqlite::Connection;
use seal::Keyring;
use seal::Random;
use tokio::sync::Notify;
use tokio::sync::mpsc;
use tokio::sync::oneshot;

use crate::clock::Clock;
use crate::dialect;
use crate::error::StoreError;
use crate::keys::KeyCache;
use crate::operation::Intake;
use crate::operation::IntakeReply;
use crate::read::Reader;
use crate::reconcile::Difference;
use crate::registry::Registry;
use crate::roll::Rolled;
use crate::tags::Recent;
use crate::tx::Effects;
use crate::tx::State;
use crate::tx::Tx;
use crate::writer::Closure;
use crate::writer::Op;
use crate::writer::Writer;

/// How many operations wait for the writer before callers are told to come back later.
const QUEUE: usize = 4_096;

/// What `wal_behind` says when there is nothing new to see.
pub(crate) const NOTHING_BEHIND: i64 = -1;

/// How long a write that nobody waits for is put off, so that it shares the next transaction.
const PUT_OFF: Duration = Duration::from_millis(4);

/// What opening a store takes.
#[derive(Debug)]
pub struct Options {
    /// The data directory: it holds the database, the log and the media.
    pub directory: PathBuf,
    /// The keys.
    pub keyring: Arc<Keyring>,
    /// The randomness.
    pub random: Random,
    /// The time.
    pub clock: Clock,
}

/// Everything Imvume keeps.
#[derive(Debug)]
pub struct Store {
    shared: Arc<Shared>,
    queue: Mutex<Option<mpsc::Sender<Op>>>,
    threads: Mutex<Vec<JoinHandle<()>>>,
    path: PathBuf,
    readers: Mutex<Vec<Connection>>,
    _lock: File,
}

/// What the writer, the readers and the callers share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) keyring: Arc<Keyring>,
    pub(crate) random: Random,
    pub(crate) clock: Clock,
    pub(crate) checkpoint: Notify,
    pub(crate) later: Notify,
    /// The tags that the index may not have yet.
    pub(crate) recent: Arc<Recent>,
    pub(crate) wal_pages: AtomicI64,
    /// How many pages the last pass over the write-ahead log left, until the writer has seen it.
    pub(crate) wal_behind: AtomicI64,
    registry: RwLock<Arc<Registry>>,
    deliveries: Notify,
    outbox: Notify,
    leaves: Notify,
}

impl Effects {
    /// Both.
    pub(crate) const fn and(self, other: Self) -> Self {
        Self {
            registry: self.registry || other.registry,
            deliveries: self.deliveries || other.deliveries,
            outbox: self.outbox || other.outbox,
            leaves: self.leaves || other.leaves,
        }
    }
}

impl Shared {
    pub(crate) fn set_registry(&self, registry: Arc<Registry>) {
        *self
            .registry
            .write()
            .unwrap_or_else(PoisonError::into_inner) = registry;
    }

    fn registry(&self) -> Arc<Registry> {
        Arc::clone(&self.registry.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Wakes whoever waits for what a commit brought.
    pub(crate) fn announce(&self, effects: Effects) {
        for (happened, notify) in [
            (effects.deliveries, &self.deliveries),
            (effects.outbox, &self.outbox),
            (effects.leaves, &self.leaves),
        ] {
            if happened {
                notify.notify_one();
            }
        }
    }
}

impl Store {
    /// Opens the store in a data directory, which is locked against any other process; finishes a
    /// roll of the keys that was interrupted, and adopts calls an earlier run left open.
    ///
    /// # Errors
    /// [`StoreError::Locked`] while another process holds the directory; [`StoreError::Newer`],
    /// [`StoreError::Foreign`] for a database this program must not touch.
    pub fn open(options: Options) -> Result<Self, StoreError> {
        let Options {
            directory,
            keyring,
            random,
            clock,
        } = options;
        let lock = lock(&directory)?;
        let path = directory.join("imvume.db");
        restrict(&path)?;
        let connection = dialect::open_writer(&path)?;
        let mut state = State::load(&connection, &keyring, KeyCache::default())?;
        crate::roll::finish(&connection, &keyring)?;
        state.tags.reload(&connection)?;
        begin(&connection, &mut state, (&keyring, &random, &clock))?;
        state.registry = Arc::new(Registry::load(&connection, &keyring)?);
        let registry = RwLock::new(Arc::clone(&state.registry));
        let shared = Arc::new(Shared {
            keyring,
            random,
            clock,
            checkpoint: Notify::new(),
            later: Notify::new(),
            recent: Arc::clone(state.tags.recent()),
            wal_pages: AtomicI64::new(0),
            wal_behind: AtomicI64::new(NOTHING_BEHIND),
            registry,
            deliveries: Notify::new(),
            outbox: Notify::new(),
            leaves: Notify::new(),
        });
        let (sender, receiver) = mpsc::channel(QUEUE);
        let writer = Writer {
            connection,
            state,
            shared: Arc::clone(&shared),
        };
        let thread = std::thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || writer.run(receiver))
            .map_err(|source| StoreError::File {
                what: "starting the writer",
                source,
            })?;
        Ok(Self {
            shared,
            queue: Mutex::new(Some(sender)),
            threads: Mutex::new(vec![thread]),
            path,
            readers: Mutex::new(Vec::new()),
            _lock: lock,
        })
    }

    /// Moves the write-ahead log into the database whenever the writer asks, away from the
    /// committing thread; runs until dropped.
    pub async fn checkpoints(&self) {
        loop {
            self.shared.checkpoint.notified().await;
            let (path, shared) = (self.path.clone(), Arc::clone(&self.shared));
            let done = tokio::task::spawn_blocking(move || {
                dialect::open_checkpointer(&path).and_then(|reader| dialect::checkpoint(&reader))
            });
            match done.await {
                Ok(Ok(pass)) => {
                    shared.wal_pages.store(pass.pages, Ordering::Relaxed);
                    shared.wal_behind.store(pass.behind, Ordering::Relaxed);
                }
                Ok(Err(error)) => tracing::warn!(%error, "cannot checkpoint"),
                Err(_) => return,
            }
        }
    }

    /// What is configured, as of the last commit.
    pub fn registry(&self) -> Arc<Registry> {
        self.shared.registry()
    }

    /// The keys.
    pub fn keyring(&self) -> &Keyring {
        &self.shared.keyring
    }

    /// The randomness.
    pub fn random(&self) -> &Random {
        &self.shared.random
    }

    /// The time.
    pub fn clock(&self) -> &Clock {
        &self.shared.clock
    }

    /// Waits until something is queued for an app.
    pub async fn deliveries(&self) {
        self.shared.deliveries.notified().await;
    }

    /// Waits until the gateway itself has something to send.
    pub async fn outbox(&self) {
        self.shared.outbox.notified().await;
    }

    /// Waits until leaves were appended.
    pub async fn leaves(&self) {
        self.shared.leaves.notified().await;
    }

    /// Takes in what a signed webhook brought: durable when this returns.
    ///
    /// # Errors
    /// [`StoreError::Busy`] at the bound of the queue, [`StoreError::Stopped`] after the end.
    pub async fn intake(&self, intake: Intake) -> Result<IntakeReply, StoreError> {
        let (reply, answer) = oneshot::channel();
        self.push(Op::Intake(intake, reply))?;
        answer.await.map_err(|_| StoreError::Stopped)?
    }

    /// Runs a write: durable when this returns. A caller who goes away does not cancel it.
    ///
    /// # Errors
    /// Whatever the closure returns; [`StoreError::Busy`] at the bound of the queue.
    pub async fn write<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        F: Fn(&mut Tx<'_>) -> Result<T, StoreError> + Send + 'static,
        T: Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        self.push(Op::Run(Closure::boxed(work, reply)))?;
        answer.await.map_err(|_| StoreError::Stopped)?
    }

    /// Writes what nobody waits for once a moment has passed without a transaction that took it
    /// along; runs until dropped.
    pub async fn settle(&self) {
        loop {
            self.shared.later.notified().await;
            tokio::time::sleep(PUT_OFF).await;
            if let Err(StoreError::Stopped) = self.push(Op::Now) {
                return;
            }
        }
    }

    /// Queues a write without waiting for it: it is durable with the next transaction, a moment
    /// later at the latest. Whatever the writer is asked from then on sees it.
    pub(crate) fn post<F>(&self, work: F) -> Result<(), StoreError>
    where
        F: Fn(&mut Tx<'_>) -> Result<(), StoreError> + Send + 'static,
    {
        let (reply, _) = oneshot::channel();
        self.push(Op::Later(Closure::boxed(work, reply)))
    }

    fn push(&self, op: Op) -> Result<(), StoreError> {
        let queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        let sender = queue.as_ref().ok_or(StoreError::Stopped)?;
        sender.try_send(op).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => StoreError::Busy,
            mpsc::error::TrySendError::Closed(_) => StoreError::Stopped,
        })
    }

    /// Reads, off the runtime's threads.
    ///
    /// # Errors
    /// Whatever the closure returns.
    pub async fn read<T, F>(self: &Arc<Self>, work: F) -> Result<T, StoreError>
    where
        F: FnOnce(&Reader<'_>) -> Result<T, StoreError> + Send + 'static,
        T: Send + 'static,
    {
        let store = Arc::clone(self);
        tokio::task::spawn_blocking(move || store.read_now(work))
            .await
            .map_err(|_| StoreError::Stopped)?
    }

    /// Reads on this thread.
    ///
    /// # Errors
    /// Whatever the closure returns.
    pub fn read_now<T>(
        &self,
        work: impl FnOnce(&Reader<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let held = self
            .readers
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop();
        let connection = match held {
            Some(connection) => connection,
            None => dialect::open_reader(&self.path)?,
        };
        connection.prepare_cached("BEGIN")?.execute([])?;
        let reader = Reader {
            connection: &connection,
            keys: self.shared.keyring.keys(),
            registry: self.registry(),
            recent: Arc::clone(&self.shared.recent),
        };
        let result = work(&reader);
        connection.prepare_cached("COMMIT")?.execute([])?;
        let mut readers = self.readers.lock().unwrap_or_else(PoisonError::into_inner);
        if readers.len() < 4 {
            readers.push(connection);
        }
        result
    }

    /// Reads personal data for a person: the access is in the log, durable, before anything is
    /// shown.
    ///
    /// # Errors
    /// Whatever the closure returns; nothing is read if the leaf cannot be written.
    pub async fn reveal<T, F>(
        self: &Arc<Self>,
        (actor, subject): (Actor, SubjectId),
        reason: &str,
        work: F,
    ) -> Result<T, StoreError>
    where
        F: FnOnce(&Reader<'_>) -> Result<T, StoreError> + Send + 'static,
        T: Send + 'static,
    {
        let reason = reason.to_owned();
        self.write(move |tx| crate::record::access(tx, actor, subject, &reason))
            .await?;
        self.read(work).await
    }

    /// Compares the database with the log's entries: `log` gives the entry at a position, in order,
    /// until it ends. Every difference is reported, and every sealed value that does not open.
    /// Returns how many leaves and how many sealed values were checked.
    ///
    /// # Errors
    /// What the database says when it cannot be read.
    pub fn reconcile(
        &self,
        log: &mut dyn FnMut(u64) -> Option<Vec<u8>>,
        report: &mut dyn FnMut(Difference),
    ) -> Result<(u64, u64), StoreError> {
        let connection = dialect::open_reader(&self.path)?;
        let leaves = crate::reconcile::reconcile(&connection, log, report)?;
        let opened = crate::reconcile::sealed::open_all(&connection, &self.shared.keyring, report)?;
        Ok((leaves, opened))
    }

    /// Rolls the epoch key: new key durable, everything live re-wrapped and re-tagged, old key
    /// destroyed. The writer does it between two of its transactions and takes nothing meanwhile.
    ///
    /// # Errors
    /// A roll that was interrupted goes on when the store is opened next.
    pub async fn roll(&self) -> Result<Rolled, StoreError> {
        let (reply, answer) = oneshot::channel();
        self.push(Op::Roll(reply))?;
        answer.await.map_err(|_| StoreError::Stopped)?
    }

    /// Waits for the queue to empty, then ends the writer.
    pub fn close(&self) {
        drop(
            self.queue
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .take(),
        );
        for thread in self
            .threads
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .drain(..)
        {
            let _ = thread.join();
        }
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        self.close();
    }
}

/// What a start does before anybody is served.
fn begin(
    connection: &Connection,
    state: &mut State,
    (keyring, random, clock): (&Keyring, &Random, &Clock),
) -> Result<(), StoreError> {
    connection.execute_batch(dialect::BEGIN)?;
    let mut tx = Tx::new(connection, state, keyring, random, clock.now());
    let adopted = crate::status::adopt_calls(&mut tx)?;
    crate::seed::seed(&mut tx)?;
    tx.flush()?;
    connection.execute_batch("COMMIT")?;
    if adopted > 0 {
        tracing::warn!(
            calls = adopted,
            "calls of an earlier run have an unknown outcome"
        );
    }
    Ok(())
}

fn lock(directory: &Path) -> Result<File, StoreError> {
    let at = |what| move |source| StoreError::File { what, source };
    std::fs::create_dir_all(directory).map_err(at("making the data directory"))?;
    private(directory, 0o700).map_err(at("closing the data directory to others"))?;
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
