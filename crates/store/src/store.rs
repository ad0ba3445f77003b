//! The store: one writer, a few readers, and what they share.

use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::OnceLock;
use std::sync::PoisonError;
use std::sync::RwLock;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::AtomicI64;
use std::sync::atomic::Ordering;
use std::thread::JoinHandle;
use std::time::Duration;

use crate::dialect::Connection;
use domain::audit::Actor;
use domain::ids::SubjectId;
use domain::law::Law;
use domain::time::Span;
use seal::Keyring;
use seal::Random;
use tokio::sync::Notify;
use tokio::sync::mpsc;
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use crate::begin::begin;
use crate::clock::Clock;
use crate::dialect::Source;
use crate::error::StoreError;
use crate::lease::Database;
use crate::lease::Lease;
use crate::lease::apart;
use crate::operation::Intake;
use crate::operation::IntakeReply;
use crate::read::Reader;
use crate::reconcile::Difference;
use crate::registry::Registry;
use crate::roll::Course;
use crate::roll::Shipping;
use crate::roll::slice::Slice;
use crate::roll::slice::Sliced;
use crate::tags::Recent;
use crate::tx::Effects;
use crate::tx::Tx;
use crate::writer::Closure;
use crate::writer::Op;
use crate::writer::Writer;

/// How many operations wait for the writer before callers are told to come back later.
const QUEUE: usize = 4_096;

/// What `wal_behind` says when there is nothing new to see.
pub(crate) const NOTHING_BEHIND: i64 = -1;

/// How long a write that nobody waits for is put off, so that it shares the next transaction.
pub(crate) const PUT_OFF: Duration = Duration::from_millis(4);

/// The same while the database is away: how often it is looked for when nobody asks for anything.
const LOOK: Duration = Duration::from_millis(250);

/// What opening a store takes.
#[derive(Debug)]
pub struct Options {
    /// The data directory: it holds the log and the media, and the database unless a server does.
    pub directory: PathBuf,
    /// The database.
    pub database: Database,
    /// The keys.
    pub keyring: Arc<Keyring>,
    /// The randomness.
    pub random: Random,
    /// The time.
    pub clock: Clock,
    /// The rules that hold for people.
    pub law: Arc<dyn Law>,
}

/// Everything Imvume keeps.
#[derive(Debug)]
pub struct Store {
    pub(crate) shared: Arc<Shared>,
    queue: Mutex<Option<mpsc::Sender<Op>>>,
    threads: Mutex<Vec<JoinHandle<()>>>,
    readers: Mutex<Vec<Connection>>,
    _lock: Option<File>,
}

/// What the writer, the readers and the callers share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) source: Source,
    pub(crate) keyring: Arc<Keyring>,
    pub(crate) random: Random,
    pub(crate) clock: Clock,
    pub(crate) law: Arc<dyn Law>,
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
    queued: Notify,
    events: Notify,
    posts: Notify,
    ended: CancellationToken,
    observer: OnceLock<Observer>,
    /// Whether the database was not there when the writer last needed it.
    pub(crate) away: AtomicBool,
    pub(crate) rolling: Rolling,
}

/// What rolls of the epoch key need beside the writer.
#[derive(Debug, Default)]
pub(crate) struct Rolling {
    pub(crate) course: tokio::sync::Mutex<Option<Course>>,
    pub(crate) shipping: OnceLock<Arc<dyn Shipping>>,
    pub(crate) begun: Notify,
}

/// A transaction of the writer's that was committed.
#[derive(Clone, Copy, Debug)]
pub struct Commit {
    /// How many operations it took.
    pub operations: usize,
    /// How long it took, from its beginning until it was durable.
    pub took: Span,
}

struct Observer(Box<dyn Fn(Commit) + Send + Sync>);

impl std::fmt::Debug for Observer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Observer")
    }
}

impl Effects {
    /// Both.
    pub(crate) const fn and(self, other: Self) -> Self {
        Self {
            registry: self.registry || other.registry,
            deliveries: self.deliveries || other.deliveries,
            outbox: self.outbox || other.outbox,
            leaves: self.leaves || other.leaves,
            events: self.events || other.events,
            queue: self.queue || other.queue,
            posts: self.posts || other.posts,
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

    /// Tells who watches of a commit.
    pub(crate) fn committed(&self, commit: Commit) {
        if let Some(Observer(heard)) = self.observer.get() {
            heard(commit);
        }
    }

    /// Another process writes by now: this one must end.
    pub(crate) fn overtaken(&self) {
        self.ended.cancel();
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
            (effects.queue, &self.queued),
            (effects.events, &self.events),
            (effects.posts, &self.posts),
        ] {
            if happened {
                notify.notify_one();
            }
        }
    }
}

impl Store {
    /// Opens the store in a data directory, which is locked against any other process; adopts calls an
    /// earlier run left open.
    ///
    /// # Errors
    /// As [`Lease::take`].
    pub fn open(options: Options) -> Result<Self, StoreError> {
        let lease = Lease::take(&options.directory, &options.database)?;
        let Options {
            keyring,
            random,
            clock,
            law,
            ..
        } = options;
        Self::lead(lease, keyring, random, clock, law)
    }

    /// The same where the right to write has been taken already.
    pub fn lead(
        lease: Lease,
        keyring: Arc<Keyring>,
        random: Random,
        clock: Clock,
        law: Arc<dyn Law>,
    ) -> Result<Self, StoreError> {
        apart(|| Self::start(lease, keyring, random, clock, law))
    }

    fn start(
        lease: Lease,
        keyring: Arc<Keyring>,
        random: Random,
        clock: Clock,
        law: Arc<dyn Law>,
    ) -> Result<Self, StoreError> {
        let Lease {
            connection,
            source,
            lock,
            ..
        } = lease;
        let state = begin(&connection, (&keyring, &random, &clock), &law)?;
        let beside = source.open_beside()?;
        let registry = RwLock::new(Arc::clone(&state.registry));
        let shared = Arc::new(Shared {
            source,
            keyring,
            random,
            clock,
            law,
            checkpoint: Notify::new(),
            later: Notify::new(),
            recent: Arc::clone(state.tags.recent()),
            wal_pages: AtomicI64::new(0),
            wal_behind: AtomicI64::new(NOTHING_BEHIND),
            registry,
            deliveries: Notify::new(),
            outbox: Notify::new(),
            leaves: Notify::new(),
            queued: Notify::new(),
            events: Notify::new(),
            posts: Notify::new(),
            ended: CancellationToken::new(),
            observer: OnceLock::new(),
            away: AtomicBool::new(false),
            rolling: Rolling::default(),
        });
        let (sender, receiver) = mpsc::channel(QUEUE);
        let writer = Writer {
            connection,
            beside,
            state,
            shared: Arc::clone(&shared),
            again: Vec::new(),
            held: Vec::new(),
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
            readers: Mutex::new(Vec::new()),
            _lock: lock,
        })
    }

    /// Has every commit of the writer's told to `heard`, on the writer's thread: it must not wait.
    /// Only the first call counts.
    pub fn on_commit(&self, heard: impl Fn(Commit) + Send + Sync + 'static) {
        let _ = self.shared.observer.set(Observer(Box::new(heard)));
    }

    /// How many operations wait for the writer.
    pub fn backlog(&self) -> usize {
        let queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        queue
            .as_ref()
            .map_or(0, |sender| sender.max_capacity() - sender.capacity())
    }

    /// Whether another process is known to have taken over.
    pub fn is_overtaken(&self) -> bool {
        self.shared.ended.is_cancelled()
    }

    /// Waits until another process has taken over, so that this one can do nothing any more.
    pub async fn overtaken(&self) {
        self.shared.ended.cancelled().await;
    }

    /// Moves the write-ahead log into the database whenever the writer asks, away from the
    /// committing thread; runs until dropped.
    pub async fn checkpoints(&self) {
        loop {
            self.shared.checkpoint.notified().await;
            let (source, shared) = (self.shared.source.clone(), Arc::clone(&self.shared));
            let done = tokio::task::spawn_blocking(move || source.checkpoint());
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

    /// Waits until somebody is to be told of an event.
    pub async fn events(&self) {
        self.shared.events.notified().await;
    }

    /// Waits until something joined the queue of messages that wait, or left it.
    pub async fn queued(&self) {
        self.shared.queued.notified().await;
    }

    /// Waits until a confirmation waits to go out by e-mail or SMS.
    pub async fn posts(&self) {
        self.shared.posts.notified().await;
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
            let away = self.shared.away.load(Ordering::Relaxed);
            tokio::time::sleep(if away { LOOK } else { PUT_OFF }).await;
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
        self.push(Op::Later(Closure::later(work)))
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
        let connection = self.reader()?;
        let reader = Reader {
            connection: &connection,
            keys: self.shared.keyring.keys(),
            registry: self.registry(),
            recent: Arc::clone(&self.shared.recent),
            law: Arc::clone(&self.shared.law),
        };
        let result = work(&reader);
        if connection.commit().is_ok() && !connection.is_lost() {
            let mut readers = self.readers.lock().unwrap_or_else(PoisonError::into_inner);
            if readers.len() < 4 {
                readers.push(connection);
            }
        }
        result
    }

    /// A reader with its view of what is committed: one that is held, unless its server went away
    /// meanwhile.
    fn reader(&self) -> Result<Connection, StoreError> {
        let held = || {
            let mut readers = self.readers.lock().unwrap_or_else(PoisonError::into_inner);
            readers.pop()
        };
        while let Some(connection) = held() {
            match connection.begin_read() {
                Err(_) if connection.is_lost() => {}
                begun => return Ok(begun.map(|()| connection)?),
            }
        }
        let connection = match self.shared.source.open_reader() {
            Err(StoreError::Unreachable) => return Err(StoreError::Busy),
            opened => opened?,
        };
        connection.begin_read()?;
        Ok(connection)
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
        let connection = self.shared.source.open_reader()?;
        connection.begin_read()?;
        let leaves = crate::reconcile::reconcile(&connection, log, report)?;
        let opened = crate::reconcile::sealed::open_all(&connection, &self.shared.keyring, report)?;
        Ok((leaves, opened))
    }

    /// Has the writer take a slice of a roll.
    pub(crate) fn push_slice(
        &self,
        slice: Slice,
        reply: oneshot::Sender<Result<Sliced, StoreError>>,
    ) -> Result<(), StoreError> {
        self.push(Op::Roll(slice, reply))
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
