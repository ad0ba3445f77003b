//! The retention schedule, holds and statistics, behind everything else.
//!
//! A run takes the writer for a few milliseconds at a time and then leaves it alone for at least as
//! long, so that whatever people wait for has at least half of the writer's time.

use std::time::Duration;

use domain::audit::Actor;
use domain::ids::DataKeyId;
use domain::record_class::RecordClass;
use domain::time::Span;
use domain::time::Timestamp;
use store::Refusal;
use store::StoreError;
use store::retention::Entry;
use store::retention::RunState;
use store::retention::RunView;
use store::retention::Stepped;

use crate::Service;
use crate::object;

/// How often it is looked whether there is something to do.
const LOOK: Duration = Duration::from_secs(10);

/// How often the schedule is run.
const EVERY: Span = Span::hours(24);

/// How long a slice should keep the writer: others wait behind it.
const SLICE: Duration = Duration::from_millis(5);

/// The fewest and the most rows of a slice. A slice asks some dozen questions however few rows it has,
/// and on a server that is busy these alone take longer than a slice should.
const ROWS: (u32, u32) = (256, 2_000);

/// How many spent data keys one transaction destroys.
const KEYS: usize = 256;

impl Service {
    /// Runs the schedule once a day, goes on with what was begun, counts, and tells of holds; for ever.
    pub(crate) async fn retain(&self) {
        loop {
            if let Err(error) = self.retention_now().await {
                tracing::warn!(%error, "cannot go on with the retention schedule");
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Does everything of the kind that is due now.
    ///
    /// # Errors
    /// What the store says; what was not done is done later.
    pub async fn retention_now(&self) -> Result<(), StoreError> {
        self.store.propose_schedule().await?;
        self.store.tell_of_holds().await?;
        self.count_now().await?;
        self.begin_if_due().await?;
        let read = self.store.read(|reader| {
            let mut open = reader.open_runs()?;
            // For a preview somebody waits.
            open.sort_by_key(|run| !run.preview);
            Ok(open)
        });
        let open = read.await?;
        for run in open {
            let goes = match run.state {
                RunState::SecondLook => self.store.look_again(run.id).await?,
                RunState::Running => true,
                RunState::Done | RunState::Stopped => false,
            };
            if goes {
                self.drive(&run).await?;
            }
        }
        Ok(())
    }

    /// Counts whatever is not counted yet.
    ///
    /// # Errors
    /// What the store says.
    pub async fn count_now(&self) -> Result<(), StoreError> {
        while self.store.count().await? {
            tokio::time::sleep(SLICE).await;
        }
        Ok(())
    }

    async fn begin_if_due(&self) -> Result<(), StoreError> {
        let now = self.store.clock().now();
        let due = self.store.read(move |reader| {
            if !reader.schedule(false)?.iter().any(Entry::is_on) {
                return Ok(false);
            }
            let mut before = None;
            loop {
                let page = reader.retention_runs(before, 64)?;
                let Some(last) = page.last() else {
                    return Ok(true);
                };
                before = Some(last.id);
                if let Some(run) = page.iter().find(|run| !run.preview) {
                    let open = matches!(run.state, RunState::Running | RunState::SecondLook);
                    // A run that lies ahead began while the clock was wrong: it puts nothing off.
                    let due = now < run.started_at || run.started_at + EVERY <= now;
                    return Ok(!open && due);
                }
            }
        });
        if due.await? {
            match self.store.begin_retention_run(Actor::System).await {
                // Somebody was quicker.
                Err(StoreError::Refused(Refusal::Exists(_))) | Ok(_) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Takes a run to its end.
    async fn drive(&self, run: &RunView) -> Result<(), StoreError> {
        let mut rows = ROWS.0;
        loop {
            let took = match self.store.step_run(run.id, rows).await? {
                Stepped::Moved { objects, took, .. } => {
                    self.remove_objects(&objects);
                    took
                }
                Stepped::Idle => return Ok(()),
                Stepped::Through => break,
            };
            rows = if took <= SLICE { rows * 2 } else { rows / 2 };
            rows = rows.clamp(ROWS.0, ROWS.1);
            // Others have the writer for at least as long.
            tokio::time::sleep(took).await;
        }
        if !run.preview {
            self.destroy_spent_keys(run).await?;
        }
        self.store.end_run(run.id).await
    }

    /// Destroys the keys of quarters that are over and under which nothing stands any more.
    async fn destroy_spent_keys(&self, run: &RunView) -> Result<(), StoreError> {
        for class in RecordClass::ALL {
            let as_of = run.as_of;
            let read = self.store.read(move |reader| {
                let entries = reader.schedule(false)?;
                let of_class = entries.iter().filter(|entry| entry.is_on());
                let of_class = of_class.filter(|entry| entry.scope.class == class);
                let shortest = of_class.filter_map(|entry| entry.term.maximum).min();
                let over: Option<Timestamp> = shortest.map(|days| as_of - Span::days(days));
                match over {
                    Some(over) => reader.spent_keys(class, over, usize::MAX),
                    None => Ok(Vec::new()),
                }
            });
            let spent: Vec<DataKeyId> = read.await?;
            for keys in spent.chunks(KEYS) {
                self.store.destroy_spent_keys(run.id, keys.to_vec()).await?;
                tokio::time::sleep(SLICE).await;
            }
        }
        Ok(())
    }

    /// Removes files of media objects whose rows are gone. One that cannot be removed is met again by whoever looks for
    /// files that nothing points at.
    pub fn remove_objects(&self, objects: &[String]) {
        for name in objects {
            // Names are random: each stands among media, or among packages.
            let media = object::remove(&self.settings.media, name);
            if let Err(error) = media.and_then(|()| self.shelf.remove(name)) {
                tracing::warn!(%error, "cannot remove a file");
            }
        }
    }
}
