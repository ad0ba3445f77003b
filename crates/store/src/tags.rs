//! Finding people by keyed tag, without a random-key index on the acknowledging path.
//!
//! Tags are random, so each would touch a page of its own if it went into an index at once. Instead
//! the newest stand in memory and go into the index behind, in the order of their values and in
//! small slices, each with a transaction that is being made anyway. How far the index reaches is
//! stored with it: what it does not cover yet is read from the identifiers themselves at the start.

use std::collections::HashMap;
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::PoisonError;
use std::sync::RwLock;
use std::sync::RwLockWriteGuard;

use crate::dialect::Connection;
use crate::dialect::Held;
use domain::ids::SubjectId;
use seal::EpochKey;
use seal::KeySet;

use crate::error::StoreError;
use crate::roll::index::gather;
use crate::rows::Rows;
use crate::setting;

/// The setting that says how far the index reaches.
const COVERED: &str = "tags";

/// How many tags gather in memory before they are merged.
const GATHER: usize = 16_384;

/// How many of them one transaction takes along.
const SLICE: usize = 512;

/// The tags that the index may not have yet, for the writer and all readers.
#[derive(Debug, Default)]
pub(crate) struct Recent(RwLock<Found>);

#[derive(Debug, Default)]
struct Found {
    now: HashMap<Tag, SubjectId>,
    /// Those under the index key before, while readers may still look with it.
    before: HashMap<Tag, SubjectId>,
}

impl Recent {
    pub(crate) fn get(&self, tag: &[u8; 16]) -> Option<SubjectId> {
        let found = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let newest = found.now.get(tag);
        newest.or_else(|| found.before.get(tag)).copied()
    }

    fn found(&self) -> RwLockWriteGuard<'_, Found> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The writer's side: what has to be taken back if a transaction fails, and the merge under way.
#[derive(Debug)]
pub(crate) struct Tags {
    recent: Arc<Recent>,
    journal: Vec<(Tag, Option<SubjectId>)>,
    merging: Vec<(Tag, SubjectId)>,
    /// What transactions took along that are not known to stand yet, in their order.
    under_way: VecDeque<Vec<Tag>>,
    merged: Vec<Tag>,
    covers: i64,
    /// Whether the index may have some of what is merged already.
    twice: bool,
    /// The same of the next merge.
    twice_next: bool,
}

type Tag = [u8; 16];

impl Tags {
    /// Reads the tags that the index does not cover.
    pub(crate) fn load(
        connection: &Connection,
        keys: &KeySet,
        index: &EpochKey,
    ) -> Result<Self, StoreError> {
        let mut tags = Self {
            recent: Arc::default(),
            journal: Vec::new(),
            merging: Vec::new(),
            under_way: VecDeque::new(),
            merged: Vec::new(),
            covers: 0,
            twice: true,
            twice_next: true,
        };
        tags.read(connection, keys, index)?;
        Ok(tags)
    }

    fn read(
        &mut self,
        connection: &Connection,
        keys: &KeySet,
        index: &EpochKey,
    ) -> Result<(), StoreError> {
        let covered = setting::get(connection, COVERED)?.unwrap_or(0);
        let sql = "SELECT tag, subject_id FROM identifiers \
                   WHERE id > $1 AND ended_at IS NULL AND epoch = $2";
        let mut statement = connection.prepare_cached(sql)?;
        let mut rows = statement.query((covered, index.id()))?;
        let map = &mut self.recent.found().now;
        while let Some(row) = rows.next()? {
            map.insert(row.get(0)?, SubjectId(row.get(1)?));
        }
        // A roll that is under way has brought some over already: their rows have the next tag.
        let sql = "SELECT 1 FROM identifiers WHERE id > $1 AND epoch <> $2 LIMIT 1";
        let mut ahead = connection.prepare_cached(sql)?;
        let mut after = covered;
        while ahead.exists((after, index.id()))? {
            let entries = gather(connection, keys, (index, index), after)?;
            let Some(last) = entries.last() else { break };
            after = last.id;
            let live = entries.iter().filter(|entry| entry.live);
            map.extend(live.map(|entry| (entry.old, entry.subject)));
        }
        Ok(())
    }

    /// Another index key is in force, and the index covers everything under it. Readers that began
    /// before still find what they look for.
    pub(crate) fn switched(&mut self) {
        self.journal.clear();
        self.merging.clear();
        self.under_way.clear();
        self.merged.clear();
        self.twice_next = true;
        let mut found = self.recent.found();
        let now = std::mem::take(&mut found.now);
        found.before.extend(now);
    }

    /// Nobody looks with the index key before any more.
    pub(crate) fn settled(&mut self) {
        self.recent.found().before.clear();
    }

    /// Keeps its tags where readers look, after it was loaded anew beside another.
    pub(crate) fn share(&mut self, recent: &Arc<Recent>) {
        std::mem::swap(&mut *recent.found(), &mut *self.recent.found());
        self.recent = Arc::clone(recent);
    }

    pub(crate) fn recent(&self) -> &Arc<Recent> {
        &self.recent
    }

    pub(crate) fn get(&self, tag: &Tag) -> Option<SubjectId> {
        self.recent.get(tag)
    }

    /// A tag leads to a subject from now on.
    pub(crate) fn add(&mut self, tag: Tag, subject: SubjectId) {
        let before = self.recent.found().now.insert(tag, subject);
        self.journal.push((tag, before));
    }

    /// A tag leads nowhere from now on.
    pub(crate) fn remove(&mut self, connection: &Connection, tag: &Tag) -> Result<(), StoreError> {
        if let Some(before) = self.recent.found().now.remove(tag) {
            self.journal.push((*tag, Some(before)));
        }
        // It may lead to somebody else before the next merge begins.
        self.merged.retain(|merged| merged != tag);
        for slice in &mut self.under_way {
            slice.retain(|merged| merged != tag);
        }
        let sql = "DELETE FROM identifier_tags WHERE tag = $1";
        connection.prepare_cached(sql)?.execute([tag])?;
        Ok(())
    }

    /// Where the changes of an operation begin.
    pub(crate) const fn mark(&self) -> usize {
        self.journal.len()
    }

    /// Takes back what was changed since the mark.
    pub(crate) fn take_back(&mut self, mark: usize) {
        // A slice of the merge may have gone with it; the next merge takes everything again.
        self.merging.clear();
        self.twice_next = true;
        let map = &mut self.recent.found().now;
        for (tag, before) in self.journal.drain(mark.min(self.journal.len())..).rev() {
            match before {
                Some(subject) => map.insert(tag, subject),
                None => map.remove(&tag),
            };
        }
    }

    /// Forgets what the transactions took along that do not stand.
    pub(crate) fn fell(&mut self) {
        self.under_way.clear();
    }

    /// The oldest transaction that was not known to stand does: all that was changed before `mark`.
    /// Begins a merge once enough has gathered.
    pub(crate) fn committed(&mut self, mark: usize, newest: i64) {
        self.journal.drain(..mark.min(self.journal.len()));
        self.merged
            .extend(self.under_way.pop_front().into_iter().flatten());
        if !self.merging.is_empty() || !self.under_way.is_empty() {
            return;
        }
        let map = &mut self.recent.found().now;
        if map.len().saturating_sub(self.merged.len()) < GATHER {
            return;
        }
        // Readers that began before the last slice was committed have had a whole merge to end.
        for tag in self.merged.drain(..) {
            map.remove(&tag);
        }
        self.merging
            .extend(map.iter().map(|(tag, subject)| (*tag, *subject)));
        self.merging.sort_unstable_by(|one, other| other.cmp(one));
        self.covers = newest;
        self.twice = std::mem::take(&mut self.twice_next);
    }

    /// Takes the next slice of a merge into the transaction that is being made.
    pub(crate) fn merge(
        &mut self,
        connection: &Connection,
        rows: &mut Rows,
        epoch: u32,
    ) -> Result<(), StoreError> {
        let rest = self.merging.len().saturating_sub(SLICE);
        let mut slice = self.merging.split_off(rest);
        slice.reverse();
        let last = self.merging.is_empty() && !slice.is_empty();
        slice.retain(|(tag, subject)| self.recent.get(tag) == Some(*subject));
        let held = if self.twice {
            Held::Perhaps
        } else {
            Held::None
        };
        for (tag, subject) in &slice {
            rows.index((*tag, epoch), subject.0, held);
        }
        let taken = slice.into_iter().map(|(tag, _)| tag).collect();
        self.under_way.push_back(taken);
        if last {
            cover(connection, self.covers)?;
        }
        Ok(())
    }
}

/// Makes the whole index anew, after every tag has changed.
pub(crate) fn rebuild(connection: &Connection, epoch: u32) -> Result<(), StoreError> {
    connection.execute("DELETE FROM identifier_tags", ())?;
    connection.execute(
        "INSERT INTO identifier_tags (tag, subject_id, epoch) \
         SELECT tag, subject_id, epoch FROM identifiers \
         WHERE ended_at IS NULL AND epoch = $1 ORDER BY tag ON CONFLICT (tag) DO NOTHING",
        [epoch],
    )?;
    let newest: i64 =
        connection.query_row("SELECT coalesce(max(id), 0) FROM identifiers", (), |row| {
            row.get(0)
        })?;
    cover(connection, newest)
}

/// The index covers the identifiers up to this one.
pub(crate) fn cover(connection: &Connection, newest: i64) -> Result<(), StoreError> {
    setting::set(connection, COVERED, newest)
}
