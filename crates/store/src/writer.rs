//! The one writer: takes operations in batches, one transaction a batch, and answers after the
//! commit.
//!
//! Order within a batch: intake first, as one group, so that a stop is in force before any send of
//! the same batch is judged; then the rest, each in a savepoint of its own, so that an operation
//! that fails, or panics, costs only itself.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use crate::dialect::Connection;
use domain::time::Timestamp;
use tokio::sync::mpsc;
use tokio::sync::oneshot;

use crate::dialect;
use crate::error::StoreError;
use crate::intake::intake;
use crate::operation::Intake;
use crate::operation::IntakeReply;
use crate::registry::Registry;
use crate::roll::Rolled;
use crate::store::Commit;
use crate::store::NOTHING_BEHIND;
use crate::store::Shared;
use crate::store::begin;
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
    /// Whether it is tried again with a later batch when its own cannot be had: nobody waits for it,
    /// so nobody would.
    fn is_tried_again(&self) -> bool;
    /// Answers: with the kept result, or with what kept it from lasting.
    fn answer(self: Box<Self>, lasting: Result<(), StoreError>);
}

/// A closure with its way back.
pub(crate) struct Closure<F, T> {
    work: F,
    result: Option<T>,
    tried_again: bool,
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
            tried_again: false,
            reply,
        })
    }

    /// One that nobody waits for.
    pub(crate) fn later(work: F) -> Box<dyn Job> {
        let (reply, _) = oneshot::channel();
        Box::new(Self {
            work,
            result: None,
            tried_again: true,
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

    fn is_tried_again(&self) -> bool {
        self.tried_again
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
    /// What is tried again with the next batch.
    pub(crate) again: Vec<Box<dyn Job>>,
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
        if !batch.is_empty() || !self.again.is_empty() {
            self.transact(batch);
        }
        if !self.again.is_empty() {
            tracing::error!(
                writes = self.again.len(),
                "the database did not come back; outcomes of calls are not recorded"
            );
        }
        let _ = self.connection.scrub(&[]);
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
        if nearly && self.connection.checkpoint().is_ok() {
            return;
        }
        let pages = self.shared.wal_pages.load(Ordering::Relaxed);
        if dialect::wal_outgrown(pages) && self.connection.scrub(&[]).is_ok() {
            self.shared.wal_pages.store(0, Ordering::Relaxed);
        }
    }

    fn transact(&mut self, batch: Vec<Op>) {
        let Split {
            intakes,
            jobs,
            rolls,
        } = Split::of(batch);
        let mut all = std::mem::take(&mut self.again);
        all.extend(jobs);
        let jobs = all;
        if self.connection.is_lost()
            && let Err(error) = self.reconnect()
        {
            self.refuse(intakes, jobs, &error);
            for reply in rolls {
                let _ = reply.send(Err(error.again()));
            }
            return;
        }
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

    /// Connects anew after the connection was lost. What was under way then may have been committed
    /// or not; so everything held in memory is read again, and calls that were open are adopted, as
    /// at a start.
    fn reconnect(&mut self) -> Result<(), StoreError> {
        let shared = &self.shared;
        let begun = shared
            .source
            .reopen_writer(self.state.run())
            .and_then(|connection| {
                let around = (&*shared.keyring, &shared.random, &shared.clock);
                Ok((begin(&connection, around)?, connection))
            });
        let (mut state, connection) = match begun {
            Ok(begun) => begun,
            Err(StoreError::Fenced) => {
                shared.overtaken();
                return Err(StoreError::Fenced);
            }
            Err(error) => {
                tracing::warn!(%error, "the database is not there");
                return Err(StoreError::Busy);
            }
        };
        state.tags.share(&shared.recent);
        self.state = state;
        self.connection = connection;
        self.shared.set_registry(Arc::clone(&self.state.registry));
        tracing::info!("the database is there again");
        Ok(())
    }

    fn write(&mut self, intakes: Vec<IntakeOp>, jobs: Vec<Box<dyn Job>>) {
        if self.shared.keyring.keys().old_epochs().next().is_some() {
            // A roll broke off: until the next start finishes it, people stand under two keys and
            // would not be found.
            return self.refuse(intakes, jobs, &StoreError::Busy);
        }
        let mark = self.state.mark();
        let registry = Arc::clone(&self.state.registry);
        if let Err(error) = self.connection.begin(self.state.run()) {
            return self.broken(intakes, jobs, &error.into());
        }
        let now = self.shared.clock.now();
        let mut batch = Batch {
            connection: &self.connection,
            state: &mut self.state,
            shared: &self.shared,
            now,
            effects: Effects::default(),
        };
        let outcome = batch.run(intakes, jobs);
        let effects = batch.effects;
        let (intakes, jobs) = match outcome {
            Ok(outcome) => outcome,
            Err((intakes, jobs)) => return self.broken(intakes, jobs, &StoreError::Busy),
        };
        if let Err(error) = self.state.tags.merge(&self.connection) {
            tracing::error!(%error, "cannot bring the index of tags up to date");
        }
        if let Err(error) = self.connection.commit() {
            tracing::error!(%error, "cannot commit; nothing of the batch counts as written");
            self.state.forget(mark);
            self.state.registry = registry;
            let (intakes, jobs) = (intakes.into_iter().map(|(i, _)| i), jobs.into_iter());
            let jobs = jobs.map(|(job, _)| job).collect();
            return self.refuse(intakes.collect(), jobs, &StoreError::Busy);
        }
        self.shared.away.store(false, Ordering::Relaxed);
        self.state.committed();
        self.shared.committed(Commit {
            operations: intakes.len() + jobs.len(),
            took: self.shared.clock.now().since(now),
        });
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

    /// Answers a batch whose transaction could not be had.
    fn broken(&mut self, intakes: Vec<IntakeOp>, jobs: Vec<Box<dyn Job>>, error: &StoreError) {
        tracing::error!(%error, "cannot have a transaction");
        if matches!(error, StoreError::Fenced) {
            self.shared.overtaken();
        }
        self.refuse(intakes, jobs, error);
    }

    /// Answers a batch of which nothing was written; what nobody waits for is tried again.
    fn refuse(&mut self, intakes: Vec<IntakeOp>, jobs: Vec<Box<dyn Job>>, error: &StoreError) {
        for (_, reply) in intakes {
            let _ = reply.send(Err(error.again()));
        }
        let fenced = matches!(error, StoreError::Fenced);
        for job in jobs {
            if job.is_tried_again() && !fenced {
                self.again.push(job);
            } else {
                job.answer(Err(error.again()));
            }
        }
        if !self.again.is_empty() {
            self.shared.away.store(true, Ordering::Relaxed);
            self.shared.later.notify_one();
        }
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

type Taken = Vec<(IntakeOp, Result<IntakeReply, StoreError>)>;
type Done = Vec<(Box<dyn Job>, Result<(), StoreError>)>;
type Together = (Vec<IntakeReply>, Vec<Result<(), StoreError>>);
type Untaken = (Vec<IntakeOp>, Vec<Box<dyn Job>>);

impl Batch<'_> {
    /// Runs everything, together if it can be. What fails after it has written something cannot be
    /// taken back by itself; then everything begins again, each operation in a savepoint of its own,
    /// so that only the one at fault falls.
    ///
    /// # Errors
    /// The batch, where no transaction could be had to begin again.
    fn run(
        &mut self,
        intakes: Vec<IntakeOp>,
        mut jobs: Vec<Box<dyn Job>>,
    ) -> Result<(Taken, Done), Untaken> {
        let mark = self.state.mark();
        let registry = Arc::clone(&self.state.registry);
        if let Some((replies, results)) = self.together(&intakes, &mut jobs) {
            let intakes = intakes.into_iter().zip(replies.into_iter().map(Ok));
            return Ok((intakes.collect(), jobs.into_iter().zip(results).collect()));
        }
        self.state.forget(mark);
        self.state.registry = registry;
        self.effects = Effects::default();
        let again = self.connection.rollback();
        if again
            .and_then(|()| self.connection.begin(self.state.run()))
            .is_err()
        {
            return Err((intakes, jobs));
        }
        let intakes = intakes.into_iter().map(|op| self.take_in(op)).collect();
        let jobs = jobs.into_iter().map(|mut job| {
            let result = self.alone(&mut |tx| job.run(tx));
            (job, result)
        });
        Ok((intakes, jobs.collect()))
    }

    /// Runs everything without savepoints. None if that cannot stand.
    fn together(&mut self, intakes: &[IntakeOp], jobs: &mut [Box<dyn Job>]) -> Option<Together> {
        let mut replies = Vec::new();
        if !intakes.is_empty() {
            let taken = self.work(&mut |tx| {
                let all: Vec<&Intake> = intakes.iter().map(|(intake, _)| intake).collect();
                replies = intake(tx, &all)?;
                Ok(())
            });
            if taken.is_err() || replies.len() != intakes.len() {
                return None;
            }
        }
        let mut results = Vec::with_capacity(jobs.len());
        for job in jobs {
            let mark = self.state.mark();
            let written = self.connection.writes();
            let result = self.work(&mut |tx| job.run(tx));
            if result.is_err() {
                if self.connection.writes() != written || !self.connection.is_sound() {
                    return None;
                }
                self.state.forget(mark);
            }
            results.push(result);
        }
        Some((replies, results))
    }

    fn take_in(&mut self, op: IntakeOp) -> (IntakeOp, Result<IntakeReply, StoreError>) {
        let mut reply = IntakeReply::default();
        let result = self.alone(&mut |tx| {
            reply = intake(tx, &[&op.0])?.into_iter().next().unwrap_or_default();
            Ok(())
        });
        (op, result.map(|()| reply))
    }

    /// Runs work in a savepoint: an error or a panic takes back what it did, and nothing else.
    fn alone(&mut self, work: &mut Work<'_>) -> Result<(), StoreError> {
        // A full disk ends a transaction by itself; what came after would stand outside of it.
        if !self.connection.in_transaction() {
            return Err(StoreError::Busy);
        }
        self.connection.savepoint()?;
        let mark = self.state.mark();
        let result = self.work(work);
        if result.is_err() {
            self.state.forget(mark);
            if !self.connection.in_transaction() {
                return result;
            }
            self.connection.rollback_to()?;
        }
        self.connection.release()?;
        result
    }

    fn work(&mut self, work: &mut Work<'_>) -> Result<(), StoreError> {
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
