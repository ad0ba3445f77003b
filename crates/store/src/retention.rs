//! How long what is kept, as far as it stands in the database: the schedule, its runs, what they leave
//! to somebody answerable, and what a law orders to keep of one person.
//!
//! A run goes over the records in slices, oldest first, and remembers in the same transaction how far
//! it has come, so a kill neither repeats nor skips anything. What is over is removed row by row, each
//! audited row leaving its tombstone; once nothing is left under a data key of a quarter that is over,
//! the key is destroyed. A preview does the same and removes nothing.

mod duties;
mod judge;
mod keys;
mod look;
mod review;
mod run;
mod schedule;
mod slice;
mod stage;
mod tally;

use domain::audit::Actor;
use domain::ids::DataKeyId;
use domain::ids::RetentionReviewId;
use domain::ids::RetentionRuleId;
use domain::ids::RetentionRunId;
use domain::record_class::RecordClass;
use domain::time::Timestamp;

pub(crate) use self::duties::duties;
pub use self::look::Look;
pub use self::review::Decision;
pub use self::review::ReviewView;
pub use self::run::RunState;
pub use self::run::RunView;
pub use self::schedule::Entry;
pub use self::schedule::NewEntry;
pub use self::slice::Stepped;
use crate::dialect::Connection;
use crate::error::StoreError;
use crate::read::Reader;
use crate::store::Store;
use crate::tx::Tx;

/// The schedule: what is proposed, and what is on.
pub(crate) fn entries(connection: &Connection) -> Result<Vec<Entry>, StoreError> {
    schedule::list(connection, false)
}

/// Looks whether the clock can be trusted with what cannot be undone.
pub(crate) fn look(tx: &Tx<'_>) -> Result<Look, StoreError> {
    look::look(tx.connection, tx.now())
}

impl Store {
    /// Proposes the default schedule, once in an instance's life. Returns how many entries are new.
    pub async fn propose_schedule(&self) -> Result<u64, StoreError> {
        self.write(schedule::propose).await
    }

    /// Adds an entry to the schedule: proposed, until it is switched on.
    ///
    /// # Errors
    /// [`crate::Refusal::Retention`] for a term that cannot be, [`crate::Refusal::Exists`] for a code
    /// that is in use, [`crate::Refusal::Missing`] for a purpose or number that there is not.
    pub async fn add_retention_rule(
        &self,
        actor: Actor,
        new: NewEntry,
    ) -> Result<RetentionRuleId, StoreError> {
        self.write(move |tx| schedule::add(tx, actor, &new)).await
    }

    /// Switches an entry of the schedule on.
    ///
    /// # Errors
    /// [`crate::Refusal::Unseen`] as long as no preview has ended since it was proposed,
    /// [`crate::Refusal::Ended`] if it has ended or is on.
    pub async fn switch_on_retention_rule(
        &self,
        actor: Actor,
        id: RetentionRuleId,
    ) -> Result<(), StoreError> {
        self.write(move |tx| schedule::switch_on(tx, actor, id))
            .await
    }

    /// Ends an entry of the schedule, or takes a proposal back.
    ///
    /// # Errors
    /// [`crate::Refusal::Ended`] if it has ended.
    pub async fn end_retention_rule(
        &self,
        actor: Actor,
        id: RetentionRuleId,
    ) -> Result<(), StoreError> {
        self.write(move |tx| schedule::end(tx, actor, id)).await
    }

    /// Begins a preview of the whole schedule, proposals included.
    ///
    /// # Errors
    /// [`crate::Refusal::Exists`] while another is under way.
    pub async fn begin_preview(&self, actor: Actor) -> Result<RetentionRunId, StoreError> {
        self.write(move |tx| run::begin(tx, actor, true)).await
    }

    /// Begins a run of what is switched on. Where the clock may have jumped it waits for a second look.
    ///
    /// # Errors
    /// [`crate::Refusal::Exists`] while another is under way or waits.
    pub async fn begin_retention_run(&self, actor: Actor) -> Result<RetentionRunId, StoreError> {
        self.write(move |tx| run::begin(tx, actor, false)).await
    }

    /// Looks once more whether the clock can be trusted, and lets a run that waits for that go on.
    /// Returns whether it does.
    pub async fn look_again(&self, id: RetentionRunId) -> Result<bool, StoreError> {
        self.write(move |tx| run::look_again(tx, id)).await
    }

    /// Somebody has looked at the clock: a run that waits for that goes on.
    ///
    /// # Errors
    /// [`crate::Refusal::Ended`] for a run that does not wait.
    pub async fn confirm_run(&self, actor: Actor, id: RetentionRunId) -> Result<(), StoreError> {
        self.write(move |tx| run::confirm(tx, actor, id)).await
    }

    /// Ends a run before it is through. The next begins anew.
    ///
    /// # Errors
    /// [`crate::Refusal::Ended`] for one that has ended.
    pub async fn stop_run(&self, actor: Actor, id: RetentionRunId) -> Result<(), StoreError> {
        self.write(move |tx| run::stop(tx, actor, id)).await
    }

    /// Takes the next slice of a run, of at most so many rows.
    pub async fn step_run(&self, id: RetentionRunId, rows: u32) -> Result<Stepped, StoreError> {
        self.write(move |tx| slice::step(tx, id, rows)).await
    }

    /// Destroys data keys under which nothing stands any more (see [`Reader::spent_keys`]).
    pub async fn destroy_spent_keys(
        &self,
        run: RetentionRunId,
        keys: Vec<DataKeyId>,
    ) -> Result<u64, StoreError> {
        self.write(move |tx| keys::destroy(tx, run, &keys)).await
    }

    /// Ends a run that is through.
    pub async fn end_run(&self, id: RetentionRunId) -> Result<(), StoreError> {
        self.write(move |tx| run::end(tx, id)).await
    }

    /// Decides a case that the schedule leaves to somebody answerable. The next run acts on it.
    ///
    /// # Errors
    /// [`crate::Refusal::Ended`] if it is decided already.
    pub async fn decide_retention_review(
        &self,
        actor: Actor,
        id: RetentionReviewId,
        decision: Decision,
    ) -> Result<(), StoreError> {
        self.write(move |tx| review::decide(tx, actor, id, decision))
            .await
    }
}

impl Reader<'_> {
    /// The schedule: what is proposed, and what is on; what has ended, too, if wanted.
    pub fn schedule(&self, ended: bool) -> Result<Vec<Entry>, StoreError> {
        schedule::list(self.connection, ended)
    }

    /// Runs and previews, newest first, from below `before`.
    pub fn retention_runs(
        &self,
        before: Option<RetentionRunId>,
        limit: u32,
    ) -> Result<Vec<RunView>, StoreError> {
        run::list(self.connection, before, limit)
    }

    /// A run or a preview.
    pub fn retention_run(&self, id: RetentionRunId) -> Result<Option<RunView>, StoreError> {
        run::one(self.connection, id)
    }

    /// The runs and previews that have not ended, oldest first.
    pub fn open_runs(&self) -> Result<Vec<RunView>, StoreError> {
        run::open(self.connection)
    }

    /// Cases for somebody to decide, newest first, from below `before`; only the open ones if wanted.
    pub fn retention_reviews(
        &self,
        open: bool,
        before: Option<RetentionReviewId>,
        limit: u32,
    ) -> Result<Vec<ReviewView>, StoreError> {
        review::list(self.connection, open, before, limit)
    }

    /// Data keys of a class, of quarters that are over before `over`, under which nothing stands any
    /// more; at most `limit`.
    pub fn spent_keys(
        &self,
        class: RecordClass,
        over: Timestamp,
        limit: usize,
    ) -> Result<Vec<DataKeyId>, StoreError> {
        keys::spent(self.connection, class, over, limit)
    }
}
