//! The operations of one transaction of the writer's, run and not yet committed.
//!
//! Order within a batch: intake first, as one group, so that a stop is in force before any send of
//! the same batch is judged; then the rest. They run without savepoints; only when one fails after it
//! has written something does each run again in a savepoint of its own, so that an operation that
//! fails, or panics, costs only itself.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use domain::time::Timestamp;
use tokio::sync::oneshot;

use crate::dialect::Connection;
use crate::error::StoreError;
use crate::intake::Loaded;
use crate::intake::intake;
use crate::intake::load;
use crate::operation::Intake;
use crate::operation::IntakeReply;
use crate::registry::Registry;
use crate::roll::slice::Slice;
use crate::roll::slice::Sliced;
use crate::store::Shared;
use crate::tx::Effects;
use crate::tx::Mark;
use crate::tx::State;
use crate::tx::Tx;
use crate::writer::Job;
use crate::writer::Op;

/// Intake, with its way back.
pub(crate) type IntakeOp = (Intake, oneshot::Sender<Result<IntakeReply, StoreError>>);

/// A slice of a roll, with its way back.
type RollSlice = (Slice, oneshot::Sender<Result<Sliced, StoreError>>);

/// Operations that run in one transaction.
#[derive(Default)]
pub(crate) struct Ops {
    pub(crate) intakes: Vec<IntakeOp>,
    pub(crate) jobs: Vec<Box<dyn Job>>,
}

impl Ops {
    pub(crate) const fn is_empty(&self) -> bool {
        self.intakes.is_empty() && self.jobs.is_empty()
    }
}

/// What came, by kind.
#[derive(Default)]
pub(crate) struct Split {
    pub(crate) ops: Ops,
    pub(crate) rolls: Vec<RollSlice>,
}

impl Split {
    pub(crate) fn of(batch: Vec<Op>) -> Self {
        let mut split = Self::default();
        for op in batch {
            match op {
                Op::Intake(intake, reply) => split.ops.intakes.push((intake, reply)),
                Op::Roll(slice, reply) => split.rolls.push((slice, reply)),
                Op::Later(job) | Op::Run(job) => split.ops.jobs.push(job),
                Op::Now => {}
            }
        }
        split
    }
}

/// Operations whose turn it is.
pub(crate) struct Turn {
    pub(crate) ops: Ops,
    /// The instant of their transaction.
    pub(crate) now: Timestamp,
    /// What the intake among them has to know, where it was asked ahead.
    pub(crate) loaded: Option<Loaded>,
}

impl Turn {
    pub(crate) const fn new(ops: Ops, now: Timestamp) -> Self {
        Self {
            ops,
            now,
            loaded: None,
        }
    }
}

/// Operations that ran, with what each is to be told once their transaction stands.
pub(crate) struct Ran {
    pub(crate) intakes: Vec<(IntakeOp, Result<IntakeReply, StoreError>)>,
    pub(crate) jobs: Vec<(Box<dyn Job>, Result<(), StoreError>)>,
    pub(crate) effects: Effects,
    pub(crate) now: Timestamp,
    /// Whether all ran, so that they can be committed together.
    pub(crate) whole: bool,
    /// Where memory stood before they ran, and where it stood when their rows were sent.
    pub(crate) start: Mark,
    pub(crate) end: Mark,
    /// What was configured before they ran, and after.
    pub(crate) registry: Arc<Registry>,
    pub(crate) registry_after: Arc<Registry>,
    loaded: Loaded,
}

impl Ran {
    /// The operations, to run again or to be refused.
    pub(crate) fn into_ops(self) -> Ops {
        Ops {
            intakes: self.intakes.into_iter().map(|(op, _)| op).collect(),
            jobs: self.jobs.into_iter().map(|(job, _)| job).collect(),
        }
    }

    /// How many operations they were.
    pub(crate) const fn operations(&self) -> usize {
        self.intakes.len() + self.jobs.len()
    }

    /// What intake of the next transaction has to know of this one's while its rows are not in the
    /// database.
    pub(crate) fn carried(&self) -> Loaded {
        self.loaded.carried()
    }
}

/// The transaction of a batch.
pub(crate) struct Batch<'w> {
    pub(crate) connection: &'w Connection,
    pub(crate) state: &'w mut State,
    pub(crate) shared: &'w Shared,
    pub(crate) now: Timestamp,
    pub(crate) effects: Effects,
}

/// Work of one operation.
type Work<'w> = dyn FnMut(&mut Tx<'_>) -> Result<(), StoreError> + 'w;

/// Whether the rows of an operation are written at once, or with the commit.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Write {
    AtOnce,
    WithCommit,
}

type Together = (Vec<IntakeReply>, Vec<Result<(), StoreError>>, Loaded);

impl Batch<'_> {
    /// Runs everything, together if it can be.
    pub(crate) fn run(&mut self, turn: Turn) -> Ran {
        let start = self.state.mark();
        let registry = Arc::clone(&self.state.registry);
        let Ops { intakes, mut jobs } = turn.ops;
        let together = self.together(&intakes, &mut jobs, turn.loaded);
        let whole = together.is_some();
        let (replies, results, loaded) = together.unwrap_or_default();
        let replies = replies.into_iter().map(Ok);
        let replies = replies.chain(std::iter::repeat_with(|| Err(StoreError::Busy)));
        let results = results.into_iter();
        let results = results.chain(std::iter::repeat_with(|| Err(StoreError::Busy)));
        Ran {
            intakes: intakes.into_iter().zip(replies).collect(),
            jobs: jobs.into_iter().zip(results).collect(),
            effects: self.effects,
            now: self.now,
            whole,
            start,
            end: start,
            registry,
            registry_after: Arc::clone(&self.state.registry),
            loaded,
        }
    }

    /// Runs each in a savepoint of its own.
    pub(crate) fn one_by_one(&mut self, ops: Ops) -> Ran {
        let start = self.state.mark();
        let registry = Arc::clone(&self.state.registry);
        let intakes = ops.intakes.into_iter().map(|op| self.take_in(op)).collect();
        let jobs = ops.jobs.into_iter().map(|mut job| {
            let result = self.alone(&mut |tx| job.run(tx));
            (job, result)
        });
        let jobs = jobs.collect();
        Ran {
            intakes,
            jobs,
            effects: self.effects,
            now: self.now,
            whole: true,
            start,
            end: start,
            registry,
            registry_after: Arc::clone(&self.state.registry),
            loaded: Loaded::default(),
        }
    }

    /// Asks what intake has to know. None where that cannot be had now.
    pub(crate) fn load(&mut self, intakes: &[IntakeOp], before: Loaded) -> Option<Loaded> {
        let all: Vec<&Intake> = intakes.iter().map(|(intake, _)| intake).collect();
        let mut before = Some(before);
        let mut loaded = None;
        let asked = self.work(Write::WithCommit, &mut |tx| {
            loaded = Some(load(tx, &all, before.take().unwrap_or_default())?);
            Ok(())
        });
        asked.ok().and(loaded)
    }

    /// Runs everything without savepoints. None if that cannot stand.
    fn together(
        &mut self,
        intakes: &[IntakeOp],
        jobs: &mut [Box<dyn Job>],
        mut loaded: Option<Loaded>,
    ) -> Option<Together> {
        let mut replies = Vec::new();
        let last = jobs.len().checked_sub(1);
        if !intakes.is_empty() {
            // What comes behind it reads it back.
            let write = last.map_or(Write::WithCommit, |_| Write::AtOnce);
            let all: Vec<&Intake> = intakes.iter().map(|(intake, _)| intake).collect();
            let taken = self.work(write, &mut |tx| {
                if loaded.is_none() {
                    loaded = Some(load(tx, &all, Loaded::default())?);
                }
                let loaded = loaded.get_or_insert_default();
                replies = intake(tx, &all, loaded)?;
                Ok(())
            });
            if taken.is_err() || replies.len() != intakes.len() {
                return None;
            }
        }
        let mut results = Vec::with_capacity(jobs.len());
        for (place, job) in jobs.iter_mut().enumerate() {
            let mark = self.state.mark();
            let written = self.connection.writes();
            let write = if last == Some(place) {
                Write::WithCommit
            } else {
                Write::AtOnce
            };
            let result = self.work(write, &mut |tx| job.run(tx));
            if result.is_err() {
                if self.connection.writes() != written || !self.connection.is_sound() {
                    return None;
                }
                self.state.forget(mark);
            }
            results.push(result);
        }
        Some((replies, results, loaded.unwrap_or_default()))
    }

    fn take_in(&mut self, op: IntakeOp) -> (IntakeOp, Result<IntakeReply, StoreError>) {
        let mut reply = IntakeReply::default();
        let result = self.alone(&mut |tx| {
            let mut loaded = load(tx, &[&op.0], Loaded::default())?;
            let replies = intake(tx, &[&op.0], &mut loaded)?;
            reply = replies.into_iter().next().unwrap_or_default();
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
        let result = self.work(Write::AtOnce, work);
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

    fn work(&mut self, write: Write, work: &mut Work<'_>) -> Result<(), StoreError> {
        let mut tx = Tx::new(
            self.connection,
            self.state,
            &self.shared.keyring,
            &self.shared.random,
            self.now,
        );
        let outcome = std::panic::catch_unwind(AssertUnwindSafe(|| {
            work(&mut tx)?;
            if write == Write::AtOnce || tx.effects.registry {
                tx.flush()?;
            }
            Ok(())
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
