//! The one writer: takes operations in batches, one transaction a batch, and answers after the
//! commit.
//!
//! Over a server, a batch gathers and is decided while the one before it is on its way into the
//! database: its last rows and its commit have been sent, and are not answered yet. What it needs to
//! know is asked beside that, of what is committed, and what the batch before it did is at hand in
//! memory. Nobody is answered before the commit of their own batch is known. If it fails, what was
//! built on it is thrown away and runs again from what is committed.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use tokio::sync::mpsc;
use tokio::sync::oneshot;

use crate::batch::Batch;
use crate::batch::Ops;
use crate::batch::Ran;
use crate::batch::Split;
use crate::batch::Turn;
use crate::begin::begin;
use crate::dialect;
use crate::dialect::Connection;
use crate::dialect::DbError;
use crate::dialect::Outcome;
use crate::error::StoreError;
use crate::intake::Loaded;
use crate::operation::Intake;
use crate::operation::IntakeReply;
use crate::registry::Registry;
use crate::roll;
use crate::roll::slice::Slice;
use crate::roll::slice::Sliced;
use crate::store::Commit;
use crate::store::NOTHING_BEHIND;
use crate::store::Shared;
use crate::tx::Effects;
use crate::tx::Mark;
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
    /// A slice of a roll: a turn of its own.
    Roll(Slice, oneshot::Sender<Result<Sliced, StoreError>>),
    Run(Box<dyn Job>),
}

impl std::fmt::Debug for Op {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Intake(..) => "Intake",
            Self::Later(_) => "Later",
            Self::Now => "Now",
            Self::Roll(..) => "Roll",
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
    /// Asks while what was sent off is on its way. None where a commit is waited for, and after it was
    /// lost.
    pub(crate) beside: Option<Connection>,
    pub(crate) state: State,
    pub(crate) shared: Arc<Shared>,
    /// What is tried again with the next batch.
    pub(crate) again: Vec<Box<dyn Job>>,
    /// What was taken out of the queue and waits for its batch.
    pub(crate) held: Vec<Op>,
}

/// What became of a batch whose end was on its way, as it concerns the batch behind it.
enum Landed {
    /// It does not stand: what was built on it has to run again.
    Fell,
    /// It stands, but no transaction could be had behind it.
    Last(StoreError),
    Stands,
}

impl Writer {
    /// Works until every sender is gone.
    pub(crate) fn run(mut self, mut queue: mpsc::Receiver<Op>) {
        let mut since_checkpoint = 0;
        loop {
            if self.only_later() {
                if !self.held.is_empty() {
                    self.shared.later.notify_one();
                }
                if queue.blocking_recv_many(&mut self.held, BATCH) == 0 {
                    break;
                }
                if self.held.len() < BATCH && self.only_later() {
                    continue;
                }
            }
            let batch = std::mem::take(&mut self.held);
            self.transact(batch, &mut queue);
            since_checkpoint += 1;
            if since_checkpoint >= CHECKPOINT_EVERY {
                since_checkpoint = 0;
                self.shared.checkpoint.notify_one();
            }
            self.bound_wal();
        }
        if !self.held.is_empty() || !self.again.is_empty() {
            let batch = std::mem::take(&mut self.held);
            self.transact(batch, &mut queue);
        }
        if !self.again.is_empty() {
            tracing::error!(
                writes = self.again.len(),
                "the database did not come back; outcomes of calls are not recorded"
            );
        }
        let _ = self.connection.scrub(&[]);
    }

    /// Whether nobody waits for anything that was taken out of the queue.
    fn only_later(&self) -> bool {
        self.held.iter().all(|op| matches!(op, Op::Later(_)))
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

    fn transact(&mut self, batch: Vec<Op>, queue: &mut mpsc::Receiver<Op>) {
        let Split { mut ops, rolls } = Split::of(batch);
        let jobs = std::mem::take(&mut ops.jobs);
        ops.jobs = std::mem::take(&mut self.again);
        ops.jobs.extend(jobs);
        if self.connection.is_lost()
            && let Err(error) = self.reconnect()
        {
            self.refuse(ops, &error);
            for (_, reply) in rolls {
                let _ = reply.send(Err(error.again()));
            }
            return;
        }
        if self.beside.as_ref().is_some_and(Connection::is_lost) {
            self.beside = self.shared.source.open_beside().ok().flatten();
        }
        if !ops.is_empty() {
            self.write(ops, rolls.is_empty().then_some(queue));
        }
        for (slice, reply) in rolls {
            // Between two transactions of the writer: nobody writes under a key that is going away.
            let (connection, state) = (&self.connection, &mut self.state);
            let _ = reply.send(roll::slice::take(connection, state, &self.shared, slice));
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
                Ok((begin(&connection, around, &shared.law)?, connection))
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
        self.beside = shared.source.open_beside().ok().flatten();
        self.shared.set_registry(Arc::clone(&self.state.registry));
        tracing::info!("the database is there again");
        Ok(())
    }

    /// Runs a batch in a transaction, and over a server whatever comes meanwhile in transactions behind
    /// it.
    fn write(&mut self, ops: Ops, mut queue: Option<&mut mpsc::Receiver<Op>>) {
        let mut turn = Turn::new(ops, self.shared.clock.now());
        let mut ahead: Option<Ran> = None;
        loop {
            if ahead.is_none()
                && let Err(error) = self.connection.begin_soon(self.state.run())
            {
                return self.broken(turn.ops, &error.into());
            }
            let now = turn.now;
            let mut ran = self.batch(now).run(turn);
            if let Some(before) = ahead.take() {
                match self.land(before, &mut ran) {
                    Landed::Fell if self.connection.is_lost() => {
                        return self.refuse(ran.into_ops(), &StoreError::Busy);
                    }
                    Landed::Fell => {
                        turn = Turn::new(ran.into_ops(), self.shared.clock.now());
                        continue;
                    }
                    Landed::Last(error) => return self.broken(ran.into_ops(), &error),
                    Landed::Stands => {}
                }
            }
            if !ran.whole {
                self.take_back(ran.start, &ran.registry);
                return self.one_by_one(ran.into_ops());
            }
            let queue = queue.as_deref_mut();
            let queue = queue.filter(|queue| self.is_followed(queue, &ran));
            let carried = ran.jobs.is_empty() && self.state.rows.are_carried();
            let outcome = self.send_off(&mut ran, queue.is_some());
            let queue = queue.filter(|_| outcome.is_none());
            let next = queue.and_then(|queue| self.next(queue, &ran, carried));
            let Some(next) = next else {
                let outcome = outcome.unwrap_or_else(|| self.connection.settle());
                self.end(ran, &outcome);
                // Nobody came for the transaction that was begun behind it.
                let _ = self.connection.rollback();
                return;
            };
            ahead = Some(ran);
            turn = next;
        }
    }

    /// Whether a transaction is worth beginning behind a batch that ran, because others are likely to
    /// come for it while the batch is on its way.
    fn is_followed(&self, queue: &mpsc::Receiver<Op>, ran: &Ran) -> bool {
        self.beside.is_some() && (ran.operations() > 1 || !queue.is_empty())
    }

    /// What is to run behind a batch that was sent off, with what it has to know: as many operations as
    /// that one had, or what came until it ended. None where nobody waits for anything.
    fn next(&mut self, queue: &mut mpsc::Receiver<Op>, ran: &Ran, carried: bool) -> Option<Turn> {
        let waits = |op: &&Op| matches!(op, Op::Intake(..) | Op::Run(_));
        loop {
            while self.held.len() < BATCH
                && let Ok(op) = queue.try_recv()
            {
                self.held.push(op);
            }
            if self.held.iter().any(|op| matches!(op, Op::Roll(..))) {
                return None;
            }
            let room = BATCH - self.held.len();
            if room == 0 || self.held.iter().filter(waits).count() >= ran.operations() {
                break;
            }
            let came = queue.recv_many(&mut self.held, room);
            if matches!(self.connection.meanwhile(came), None | Some(0)) {
                break;
            }
        }
        if !self.held.iter().any(|op| waits(&op)) {
            return None;
        }
        let Split { ops, .. } = Split::of(std::mem::take(&mut self.held));
        let mut turn = Turn::new(ops, self.shared.clock.now());
        // What is not held in memory is asked once it is committed.
        if carried && !turn.ops.intakes.is_empty() {
            turn.loaded = self.ask_beside(&turn, ran.carried());
        }
        Some(turn)
    }

    /// Asks what the intake of a turn has to know while the batch before it is on its way.
    fn ask_beside(&mut self, turn: &Turn, carried: Loaded) -> Option<Loaded> {
        let mut batch = Batch {
            connection: self.beside.as_ref()?,
            state: &mut self.state,
            shared: &self.shared,
            now: turn.now,
            effects: Effects::default(),
        };
        batch.load(&turn.ops.intakes, carried)
    }

    /// Writes the rows that wait and commits, and begins a transaction behind it if one is wanted.
    fn send_off(&mut self, ran: &mut Ran, begins: bool) -> Option<Outcome> {
        let run = begins.then_some(self.state.run());
        let State {
            rows, tags, index, ..
        } = &mut self.state;
        let merged = tags.merge(&self.connection, rows, index.id());
        ran.end = self.state.mark();
        let sent = merged.and_then(|()| self.state.rows.send_off(&self.connection, run));
        sent.unwrap_or_else(|error| {
            tracing::warn!(%error, "a batch cannot be written as a whole");
            Some(Outcome::unsent(DbError::Ended))
        })
    }

    /// Ends a batch with nothing behind it.
    fn end(&mut self, ran: Ran, outcome: &Outcome) {
        if outcome.stands() {
            self.stand(ran);
        } else {
            self.fall(ran, outcome);
        }
    }

    /// Waits for the end of the batch before one that ran.
    fn land(&mut self, before: Ran, ran: &mut Ran) -> Landed {
        let outcome = self.connection.settle();
        if !outcome.stands() {
            self.fall(before, &outcome);
            return Landed::Fell;
        }
        ran.start = ran.start.since(before.end);
        self.stand(before);
        match outcome.begun {
            Ok(()) => Landed::Stands,
            Err(fault) => {
                self.take_back(ran.start, &ran.registry);
                let _ = self.connection.rollback();
                Landed::Last(fault.into())
            }
        }
    }

    /// A batch is committed: everybody is answered.
    fn stand(&mut self, ran: Ran) {
        self.shared.away.store(false, Ordering::Relaxed);
        self.state.committed(ran.end);
        self.shared.committed(Commit {
            operations: ran.operations(),
            took: self.shared.clock.now().since(ran.now),
        });
        if ran.effects.registry {
            // Visible to everybody before anybody is answered.
            self.shared.set_registry(ran.registry_after);
        }
        for ((_, reply), result) in ran.intakes {
            let _ = reply.send(result);
        }
        for (job, result) in ran.jobs {
            job.answer(result);
        }
        self.shared.announce(ran.effects);
    }

    /// A batch is not committed: what it and whatever was built on it left in memory goes. If its rows
    /// were not taken, its operations run again one by one.
    fn fall(&mut self, ran: Ran, outcome: &Outcome) {
        self.take_back(ran.start, &ran.registry);
        self.state.tags.fell();
        let _ = self.connection.rollback();
        if outcome.written.is_err() && !self.connection.is_lost() {
            return self.one_by_one(ran.into_ops());
        }
        if let Err(error) = &outcome.committed {
            tracing::error!(%error, "cannot commit; nothing of the batch counts as written");
        }
        self.refuse(ran.into_ops(), &StoreError::Busy);
    }

    fn take_back(&mut self, mark: Mark, registry: &Arc<Registry>) {
        self.state.forget(mark);
        self.state.registry = Arc::clone(registry);
    }

    /// Runs operations of which one failed after it had written something, each in a savepoint of its
    /// own, so that only the one at fault falls.
    fn one_by_one(&mut self, ops: Ops) {
        let again = self.connection.rollback();
        let run = self.state.run();
        if let Err(error) = again.and_then(|()| self.connection.begin(run)) {
            let error = match error {
                DbError::Fenced => StoreError::Fenced,
                _ => StoreError::Busy,
            };
            return self.broken(ops, &error);
        }
        let now = self.shared.clock.now();
        let mut ran = self.batch(now).one_by_one(ops);
        ran.end = self.state.mark();
        let committed = self.connection.commit();
        let outcome = Outcome {
            written: Ok(()),
            committed,
            begun: Ok(()),
        };
        self.end(ran, &outcome);
    }

    fn batch(&mut self, now: domain::time::Timestamp) -> Batch<'_> {
        Batch {
            connection: &self.connection,
            state: &mut self.state,
            shared: &self.shared,
            now,
            effects: Effects::default(),
        }
    }

    /// Answers a batch whose transaction could not be had.
    fn broken(&mut self, ops: Ops, error: &StoreError) {
        tracing::error!(%error, "cannot have a transaction");
        if matches!(error, StoreError::Fenced) {
            self.shared.overtaken();
        }
        self.refuse(ops, error);
    }

    /// Answers a batch of which nothing was written; what nobody waits for is tried again.
    fn refuse(&mut self, ops: Ops, error: &StoreError) {
        for (_, reply) in ops.intakes {
            let _ = reply.send(Err(error.again()));
        }
        let fenced = matches!(error, StoreError::Fenced);
        for job in ops.jobs {
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
