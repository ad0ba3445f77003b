//! The one writer: takes operations in batches, one transaction a batch, and answers after the
//! commit.
//!
//! Order within a batch: intake first, as one group, so that a stop is in force before any send of
//! the same batch is judged; then the rest, each in a savepoint of its own, so that an operation
//! that fails, or panics, costs only itself.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use rusqlite::Connection;
use tokio::sync::mpsc;
use tokio::sync::oneshot;

use crate::dialect;
use crate::error::StoreError;
use crate::intake::intake;
use crate::operation::Intake;
use crate::operation::IntakeReply;
use crate::registry::Registry;
use crate::store::Shared;
use crate::tx::Effects;
use crate::tx::State;
use crate::tx::Tx;

/// How many operations one transaction takes.
const BATCH: usize = 256;

/// After how many transactions the write-ahead log is moved into the database.
const CHECKPOINT_EVERY: u32 = 512;

/// An operation on its way to the writer.
pub(crate) enum Op {
    Intake(Intake, oneshot::Sender<Result<IntakeReply, StoreError>>),
    Run(Box<dyn Job>),
}

impl std::fmt::Debug for Op {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Intake(..) => "Intake",
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
        let _ = reply.send(lasting.and_then(|()| result.ok_or(StoreError::Stopped)));
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
            self.transact(std::mem::take(&mut batch));
            since_checkpoint += 1;
            if since_checkpoint >= CHECKPOINT_EVERY {
                since_checkpoint = 0;
                self.shared.checkpoint.notify_one();
            }
            self.bound_wal();
        }
        let _ = dialect::truncate_wal(&self.connection);
    }

    /// Empties the write-ahead log itself when the checkpointer cannot keep up.
    fn bound_wal(&self) {
        let pages = self
            .shared
            .wal_pages
            .load(std::sync::atomic::Ordering::Relaxed);
        if dialect::wal_outgrown(pages) && dialect::truncate_wal(&self.connection).is_ok() {
            self.shared
                .wal_pages
                .store(0, std::sync::atomic::Ordering::Relaxed);
        }
    }

    fn transact(&mut self, batch: Vec<Op>) {
        let (intakes, jobs) = split(batch);
        let next_leaf = self.state.next_leaf();
        let begun = self.connection.execute_batch(dialect::BEGIN);
        if let Err(error) = begun {
            tracing::error!(%error, "cannot begin a transaction");
            return refuse(intakes, jobs);
        }
        let now = self.shared.clock.now();
        let mut effects = Effects::default();
        let mut run =
            |state: &mut State, work: &mut dyn FnMut(&mut Tx<'_>) -> Result<(), StoreError>| {
                let mut tx = Tx::new(
                    &self.connection,
                    state,
                    &self.shared.keyring,
                    &self.shared.random,
                    now,
                );
                let result = guarded(&mut tx, work);
                if result.is_ok() {
                    effects = effects.and(tx.effects);
                }
                result
            };
        let intakes = take_in(&mut self.state, intakes, &mut run);
        let jobs: Vec<_> = jobs
            .into_iter()
            .map(|mut job| {
                let result = run(&mut self.state, &mut |tx| job.run(tx));
                (job, result)
            })
            .collect();

        let committed = self.connection.execute_batch("COMMIT");
        if let Err(error) = committed {
            tracing::error!(%error, "cannot commit; nothing of the batch was written");
            let _ = self.connection.execute_batch("ROLLBACK");
            self.state.forget(next_leaf);
            let (intakes, jobs) = (intakes.into_iter().map(|(i, _)| i), jobs.into_iter());
            return refuse(intakes.collect(), jobs.map(|(job, _)| job).collect());
        }
        self.publish(effects);
        for ((_, reply), result) in intakes {
            let _ = reply.send(result);
        }
        for (job, result) in jobs {
            job.answer(result);
        }
        self.shared.announce(effects);
    }

    /// Makes what is configured visible to everybody, before anybody is answered.
    fn publish(&mut self, effects: Effects) {
        if !effects.registry {
            return;
        }
        match Registry::load(&self.connection, &self.shared.keyring) {
            Ok(registry) => {
                self.state.registry = Arc::new(registry);
                self.shared.set_registry(Arc::clone(&self.state.registry));
            }
            Err(error) => tracing::error!(%error, "cannot reload what is configured"),
        }
    }
}

type IntakeOp = (Intake, oneshot::Sender<Result<IntakeReply, StoreError>>);

fn split(batch: Vec<Op>) -> (Vec<IntakeOp>, Vec<Box<dyn Job>>) {
    let (mut intakes, mut jobs) = (Vec::new(), Vec::new());
    for op in batch {
        match op {
            Op::Intake(intake, reply) => intakes.push((intake, reply)),
            Op::Run(job) => jobs.push(job),
        }
    }
    (intakes, jobs)
}

type Run<'r> = dyn FnMut(
        &mut State,
        &mut dyn FnMut(&mut Tx<'_>) -> Result<(), StoreError>,
    ) -> Result<(), StoreError>
    + 'r;

/// Takes in all POSTs of the batch together; if that fails, each by itself, so that the one at fault
/// stands alone.
fn take_in(
    state: &mut State,
    intakes: Vec<IntakeOp>,
    run: &mut Run<'_>,
) -> Vec<(IntakeOp, Result<IntakeReply, StoreError>)> {
    if intakes.is_empty() {
        return Vec::new();
    }
    let mut replies = Vec::new();
    let together = run(state, &mut |tx| {
        let all: Vec<&Intake> = intakes.iter().map(|(intake, _)| intake).collect();
        replies = intake(tx, &all)?;
        Ok(())
    });
    if together.is_ok() && replies.len() == intakes.len() {
        return intakes
            .into_iter()
            .zip(replies.into_iter().map(Ok))
            .collect();
    }
    intakes
        .into_iter()
        .map(|op| {
            let mut reply = IntakeReply::default();
            let result = run(state, &mut |tx| {
                reply = intake(tx, &[&op.0])?.into_iter().next().unwrap_or_default();
                Ok(())
            });
            (op, result.map(|()| reply))
        })
        .collect()
}

/// Runs work in a savepoint: an error or a panic takes back what it did, and nothing else.
fn guarded(
    tx: &mut Tx<'_>,
    work: &mut dyn FnMut(&mut Tx<'_>) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let next_leaf = tx.state.next_leaf();
    tx.connection
        .prepare_cached("SAVEPOINT operation")?
        .execute([])?;
    let outcome = std::panic::catch_unwind(AssertUnwindSafe(|| {
        work(tx)?;
        tx.flush()
    }));
    let result = outcome.unwrap_or_else(|_| {
        tracing::error!("an operation of the store panicked");
        Err(StoreError::Stopped)
    });
    if result.is_err() {
        tx.connection
            .prepare_cached("ROLLBACK TO operation")?
            .execute([])?;
        tx.state.forget(next_leaf);
        tx.effects = Effects::default();
    }
    tx.connection
        .prepare_cached("RELEASE operation")?
        .execute([])?;
    result
}

fn refuse(intakes: Vec<IntakeOp>, jobs: Vec<Box<dyn Job>>) {
    for (_, reply) in intakes {
        let _ = reply.send(Err(StoreError::Busy));
    }
    for job in jobs {
        job.answer(Err(StoreError::Busy));
    }
}
