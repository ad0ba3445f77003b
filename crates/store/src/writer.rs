//! The one writer: takes operations in batches, one transaction a batch, and answers after the
//! commit.
//!
//! Order within a batch: intake first, as one group, so that a stop is in force before any send of
//! the same batch is judged; then the rest, each in a savepoint of its own, so that an operation
//! that fails, or panics, costs only itself.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use domain::time::Timestamp;
use rusqlite::Connection;
use tokio::sync::mpsc;
use tokio::sync::oneshot;

use crate::dialect;
use crate::error::StoreError;
use crate::intake::intake;
use crate::operation::Intake;
use crate::operation::IntakeReply;
use crate::registry::Registry;
use crate::roll::Rolled;
use crate::store::NOTHING_BEHIND;
use crate::store::Shared;
use crate::tx::Effects;
use crate::tx::State;
use crate::tx::Tx;

/// How many operations one transaction takes.
const BATCH: usize = 256;

/// After how many transactions the write-ahead log is moved into the database.
const CHECKPOINT_EVERY: u32 = 256;

/// How many pages the writer itself moves after a pass, at the most: a few milliseconds' work.
const NEARLY_ALL: i64 = 4_096;

/// An operation on its way to the writer.
pub(crate) enum Op {
    Intake(Intake, oneshot::Sender<Result<IntakeReply, StoreError>>),
    /// Nobody waits for it: it goes with the next transaction that somebody waits for, or with the
    /// next [`Op::Now`].
    Later(Box<dyn Job>),
    /// Writes what was put off.
    Now,
    Roll(oneshot::Sender<Result<Rolled, StoreError>>),
    Run(Box<dyn Job>),
}

impl std::fmt::Debug for Op {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Intake(..) => "Intake",
            Self::Later(_) => "Later",
            Self::Now => "Now",
            Self::Roll(_) => "Roll",
            Self::Run(_) => "Run",
        })
    }
}

/// An operation that is not intake.
pub(crate) trait Job: Send {
    /// Runs it and keeps its result.
    fn run(&mut self, tx: &mut Tx<'_>) -> Result<(), StoreError>;
    /// Answers: with the kept result, or with what kept it from lasting.
    fn answer(self: Box<Self>, lasting: Result<(), StoreError>);
}

/// A closure with its way back.
pub(crate) struct Closure<F, T> {
    work: F,
    result: Option<T>,
    reply: oneshot::Sender<Result<T, StoreError>>,
}

impl<F, T> Closure<F, T>
where
    F: Fn(&mut Tx<'_>) -> Result<T, StoreError> + Send + 'static,
    T: Send + 'static,
{
    pub(crate) fn boxed(work: F, reply: oneshot::Sender<Result<T, StoreError>>) -> Box<dyn Job> {
        Box::new(Self {
            work,
            result: None,
            reply,
        })
    }
}

impl<F, T> Job for Closure<F, T>
where
    F: Fn(&mut Tx<'_>) -> Result<T, StoreError> + Send,
    T: Send,
{
    fn run(&mut self, tx: &mut Tx<'_>) -> Result<(), StoreError> {
        self.result = Some((self.work)(tx)?);
        Ok(())
    }

    fn answer(self: Box<Self>, lasting: Result<(), StoreError>) {
        let Self { result, reply, .. } = *self;
        // Whoever asked may have gone away meanwhile; the write stands all the same.
        let answer = lasting.and_then(|()| result.ok_or(StoreError::Stopped));
        if let Err(Err(error)) = reply.send(answer) {
            tracing::error!(%error, "a write that nobody waits for failed");
        }
    }
}

/// The writer's own side: its connection and memory.
pub(crate) struct Writer {
    pub(crate) connection: Connection,
    pub(crate) state: State,
    pub(crate) shared: Arc<Shared>,
}

impl Writer {
    /// Works until every sender is gone.
    pub(crate) fn run(mut self, mut queue: mpsc::Receiver<Op>) {
        let mut batch = Vec::with_capacity(BATCH);
        let mut since_checkpoint = 0;
        while queue.blocking_recv_many(&mut batch, BATCH) > 0 {
            if batch.len() < BATCH && batch.iter().all(|op| matches!(op, Op::Later(_))) {
                self.shared.later.notify_one();
                continue;
            }
            self.transact(std::mem::take(&mut batch));
            since_checkpoint += 1;
            if since_checkpoint >= CHECKPOINT_EVERY {
                since_checkpoint = 0;
                self.shared.checkpoint.notify_one();
            }
            self.bound_wal();
        }
        self.transact(batch);
        let _ = dialect::truncate_wal(&self.connection);
    }

    /// Keeps the write-ahead log short. Once a pass beside the writer has moved nearly all of it,
    /// the writer moves the rest, so that the next transaction writes over the file from its
    /// beginning instead of making it longer; if passes cannot keep up, it empties the log.
    fn bound_wal(&self) {
        let behind = self
            .shared
            .wal_behind
            .swap(NOTHING_BEHIND, Ordering::Relaxed);
        let nearly = (0..=NEARLY_ALL).contains(&behind);
        if nearly && dialect::checkpoint(&self.connection).is_ok() {
            return;
        }
        let pages = self.shared.wal_pages.load(Ordering::Relaxed);
        if dialect::wal_outgrown(pages) && dialect::truncate_wal(&self.connection).is_ok() {
            self.shared.wal_pages.store(0, Ordering::Relaxed);
        }
    }

    fn transact(&mut self, batch: Vec<Op>) {
        let Split {
            intakes,
            jobs,
            rolls,
        } = Split::of(batch);
        if !intakes.is_empty() || !jobs.is_empty() {
            self.write(intakes, jobs);
        }
        for reply in rolls {
            // Between two transactions of the writer: nobody writes under a key that is going away.
            let result = crate::roll::roll(&self.connection, &mut self.state, &self.shared);
            let _ = reply.send(result);
            self.shared.announce(Effects {
                leaves: true,
                ..Effects::default()
            });
        }
    }

    fn write(&mut self, intakes: Vec<IntakeOp>, jobs: Vec<Box<dyn Job>>) {
        if self.shared.keyring.keys().old_epochs().next().is_some() {
            // A roll broke off: until the next start finishes it, people stand under two keys and
            // would not be found.
            return refuse(intakes, jobs);
        }
        let mark = self.state.mark();
        let registry = Arc::clone(&self.state.registry);
        if let Err(error) = self.connection.execute_batch(dialect::BEGIN) {
            tracing::error!(%error, "cannot begin a transaction");
            return refuse(intakes, jobs);
        }
        let mut batch = Batch {
            connection: &self.connection,
            state: &mut self.state,
            shared: &self.shared,
            now: self.shared.clock.now(),
            effects: Effects::default(),
        };
        let intakes = batch.take_in(intakes);
        let jobs: Vec<_> = jobs
            .into_iter()
            .map(|mut job| {
                let result = batch.alone(&mut |tx| job.run(tx));
                (job, result)
            })
            .collect();
        let effects = batch.effects;
        if let Err(error) = self.state.tags.merge(&self.connection) {
            tracing::error!(%error, "cannot bring the index of tags up to date");
        }
        if let Err(error) = commit(&self.connection) {
            tracing::error!(%error, "cannot commit; nothing of the batch was written");
            self.state.forget(mark);
            self.state.registry = registry;
            let (intakes, jobs) = (intakes.into_iter().map(|(i, _)| i), jobs.into_iter());
            return refuse(intakes.collect(), jobs.map(|(job, _)| job).collect());
        }
        self.state.committed();
        if effects.registry {
            // Visible to everybody before anybody is answered.
            self.shared.set_registry(Arc::clone(&self.state.registry));
        }
        for ((_, reply), result) in intakes {
            let _ = reply.send(result);
        }
        for (job, result) in jobs {
            job.answer(result);
        }
        self.shared.announce(effects);
    }
}

/// The transaction of a batch.
struct Batch<'w> {
    connection: &'w Connection,
    state: &'w mut State,
    shared: &'w Shared,
    now: Timestamp,
    effects: Effects,
}

/// Work of one operation.
type Work<'w> = dyn FnMut(&mut Tx<'_>) -> Result<(), StoreError> + 'w;

impl Batch<'_> {
    /// Takes in all POSTs of the batch together; if that fails, each by itself, so that the one at
    /// fault stands alone.
    fn take_in(
        &mut self,
        intakes: Vec<IntakeOp>,
    ) -> Vec<(IntakeOp, Result<IntakeReply, StoreError>)> {
        if intakes.is_empty() {
            return Vec::new();
        }
        let mut replies = Vec::new();
        let together = self.first(&mut |tx| {
            let all: Vec<&Intake> = intakes.iter().map(|(intake, _)| intake).collect();
            replies = intake(tx, &all)?;
            Ok(())
        });
        if together.is_ok() && replies.len() == intakes.len() {
            let replies = replies.into_iter().map(Ok);
            return intakes.into_iter().zip(replies).collect();
        }
        let alone = |op: IntakeOp| {
            let mut reply = IntakeReply::default();
            let result = self.alone(&mut |tx| {
                reply = intake(tx, &[&op.0])?.into_iter().next().unwrap_or_default();
                Ok(())
            });
            (op, result.map(|()| reply))
        };
        intakes.into_iter().map(alone).collect()
    }

    /// Runs the first work of the transaction. It needs no savepoint: if it fails, the transaction
    /// begins again.
    fn first(&mut self, work: &mut Work<'_>) -> Result<(), StoreError> {
        let mark = self.state.mark();
        let result = self.run(work);
        if result.is_err() {
            self.state.forget(mark);
            if !self.connection.is_autocommit() {
                self.connection.execute_batch("ROLLBACK")?;
            }
            self.connection.execute_batch(dialect::BEGIN)?;
        }
        result
    }

    /// Runs work in a savepoint: an error or a panic takes back what it did, and nothing else.
    fn alone(&mut self, work: &mut Work<'_>) -> Result<(), StoreError> {
        // A full disk ends a transaction by itself; what came after would stand outside of it.
        if self.connection.is_autocommit() {
            return Err(StoreError::Busy);
        }
        let execute = |sql| self.connection.prepare_cached(sql)?.execute([]);
        execute("SAVEPOINT operation")?;
        let mark = self.state.mark();
        let result = self.run(work);
        let connection = self.connection;
        if result.is_err() {
            self.state.forget(mark);
            if connection.is_autocommit() {
                return result;
            }
            connection
                .prepare_cached("ROLLBACK TO operation")?
                .execute([])?;
        }
        connection
            .prepare_cached("RELEASE operation")?
            .execute([])?;
        result
    }

    fn run(&mut self, work: &mut Work<'_>) -> Result<(), StoreError> {
        let mut tx = Tx::new(
            self.connection,
            self.state,
            &self.shared.keyring,
            &self.shared.random,
            self.now,
        );
        let outcome = std::panic::catch_unwind(AssertUnwindSafe(|| {
            work(&mut tx)?;
            tx.flush()
        }));
        let effects = tx.effects;
        outcome.unwrap_or_else(|_| {
            tracing::error!("an operation of the store panicked");
            Err(StoreError::Stopped)
        })?;
        if effects.registry {
            // What was configured holds for whatever comes after it, in this batch already.
            let registry = Registry::load(self.connection, &self.shared.keyring)?;
            self.state.registry = Arc::new(registry);
        }
        self.effects = self.effects.and(effects);
        Ok(())
    }
}

/// Commits. A transaction that ended by itself, as it does on a full disk, was not committed.
fn commit(connection: &Connection) -> Result<(), StoreError> {
    if connection.is_autocommit() {
        return Err(StoreError::Busy);
    }
    let committed = connection.execute_batch("COMMIT");
    if committed.is_err() && !connection.is_autocommit() {
        connection.execute_batch("ROLLBACK")?;
    }
    Ok(committed?)
}

type IntakeOp = (Intake, oneshot::Sender<Result<IntakeReply, StoreError>>);

type RollReply = oneshot::Sender<Result<Rolled, StoreError>>;

/// A batch by kind.
#[derive(Default)]
struct Split {
    intakes: Vec<IntakeOp>,
    jobs: Vec<Box<dyn Job>>,
    rolls: Vec<RollReply>,
}

impl Split {
    fn of(batch: Vec<Op>) -> Self {
        let mut split = Self::default();
        for op in batch {
            match op {
                Op::Intake(intake, reply) => split.intakes.push((intake, reply)),
                Op::Roll(reply) => split.rolls.push(reply),
                Op::Later(job) | Op::Run(job) => split.jobs.push(job),
                Op::Now => {}
            }
        }
        split
    }
}

fn refuse(intakes: Vec<IntakeOp>, jobs: Vec<Box<dyn Job>>) {
    for (_, reply) in intakes {
        let _ = reply.send(Err(StoreError::Busy));
    }
    for job in jobs {
        job.answer(Err(StoreError::Busy));
    }
}
