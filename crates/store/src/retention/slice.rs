//! One slice of a run: load, decide in order, remove.

use std::collections::BTreeSet;
use std::time::Duration;

use domain::audit::Action as Told;
use domain::audit::Actor;
use domain::ids::RetentionRunId;
use tokio::time::Instant;

use super::judge::Judge;
use super::judge::Verdict;
use super::review;
use super::run;
use super::run::RunState;
use super::run::RunView;
use super::stage::Candidate;
use super::stage::Stage;
use super::tally::Tally;
use crate::erase;
use crate::erase::EraseOrder;
use crate::error::Refusal;
use crate::error::StoreError;
use crate::leaf::OpenLeaf;
use crate::redact;
use crate::tombstone;
use crate::tx::Tx;

/// The bits of a cursor below the stage: the id up to which that stage's table was gone over.
const PLACE: u32 = 48;

/// What came of a step.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Stepped {
    /// A slice was dealt with; there may be more.
    Moved {
        /// How many rows were looked at.
        rows: u32,
        /// The files of media and packages that went: they are to be removed.
        objects: Vec<String>,
        /// How long the writer was kept.
        took: Duration,
    },
    /// All tables were gone over.
    Through,
    /// It does not go on: it has ended, or waits.
    Idle,
}

/// What goes of a slice.
#[derive(Default)]
struct Going {
    ids: Vec<i64>,
    people: Vec<i64>,
    new: Vec<review::Matter>,
    again: Vec<i64>,
    rules: Vec<String>,
}

pub(super) fn step(tx: &mut Tx<'_>, id: RetentionRunId, rows: u32) -> Result<Stepped, StoreError> {
    // By the steady clock: the other may be set meanwhile.
    let begun = Instant::now();
    tx.flush()?;
    let mut run = run::one(tx.connection, id)?.ok_or(Refusal::Missing("run"))?;
    if run.state != RunState::Running {
        return Ok(Stepped::Idle);
    }
    let mut judge = Judge::load(tx, &run)?;
    let (mut stage, mut after) = place(run.cursor);
    while let Some(current) = Stage::ALL.get(stage).copied() {
        if judge.is_wanted(current) {
            let page = current.page(tx.connection, after, rows)?;
            let all = page.len() < rows as usize;
            let younger =
                current.is_by_age() && page.iter().all(|one| judge.is_young(current, one));
            if let Some(last) = page.last() {
                let next = if all || younger {
                    cursor(stage + 1, 0)
                } else {
                    cursor(stage, last.id)
                };
                run.cursor = next;
                let looked = u32::try_from(page.len()).unwrap_or(rows);
                let objects = deal(tx, &mut run, &mut judge, (current, page))?;
                run::put(tx, &run)?;
                tx.flush()?;
                return Ok(Stepped::Moved {
                    rows: looked,
                    objects,
                    took: begun.elapsed(),
                });
            }
        }
        stage += 1;
        after = 0;
    }
    run.cursor = cursor(stage, 0);
    run::put(tx, &run)?;
    Ok(Stepped::Through)
}

fn place(cursor: i64) -> (usize, i64) {
    let stage = usize::try_from(cursor >> PLACE).unwrap_or(usize::MAX);
    (stage, cursor & ((1 << PLACE) - 1))
}

fn cursor(stage: usize, after: i64) -> i64 {
    i64::try_from(stage).unwrap_or(i64::MAX >> PLACE) << PLACE | after
}

/// Decides on a page of rows, and does what follows. Returns the files that are to be removed.
fn deal(
    tx: &mut Tx<'_>,
    run: &mut RunView,
    judge: &mut Judge,
    (stage, mut page): (Stage, Vec<Candidate>),
) -> Result<Vec<String>, StoreError> {
    run.examined += page.len() as u64;
    page.retain(|one| !judge.is_young(stage, one));
    for one in &mut page {
        stage.complete(tx.connection, one, run.as_of)?;
    }
    judge.meet(tx, stage, &page)?;
    let mut tally = Tally::read(&run.counts);
    let mut going = Going::default();
    for one in &page {
        let (verdict, rule) = judge.decide(tx, stage, one)?;
        if verdict == Verdict::Young {
            continue;
        }
        run.due += 1;
        tally.count(stage, one, verdict);
        match verdict {
            Verdict::Young => {}
            Verdict::Gone => {
                run.erased += 1;
                going.take(stage, one, rule);
            }
            Verdict::Kept => run.kept += 1,
            Verdict::Held => run.held += 1,
            Verdict::Review(matter, state) => {
                run.for_review += 1;
                match state {
                    review::Standing::New if !going.new.contains(&matter) => going.new.push(matter),
                    review::Standing::Again(id) => going.again.push(id),
                    _ => {}
                }
            }
        }
    }
    run.counts = tally.write();
    if run.preview {
        return Ok(Vec::new());
    }
    going.go(tx, stage)
}

impl Going {
    fn take(&mut self, stage: Stage, one: &Candidate, rule: Option<String>) {
        if stage == Stage::People {
            self.people.push(one.subject);
        } else {
            self.ids.push(one.id);
        }
        if let Some(rule) = rule.filter(|rule| !self.rules.contains(rule)) {
            self.rules.push(rule);
        }
    }

    /// Removes what goes and brings up what somebody has to decide.
    fn go(mut self, tx: &mut Tx<'_>, stage: Stage) -> Result<Vec<String>, StoreError> {
        for id in &self.again {
            review::reopen(tx, *id)?;
        }
        if !self.new.is_empty() {
            let mut leaf = tx.open_leaf()?;
            self.new.sort_unstable();
            for matter in &self.new {
                review::raise(tx, &mut leaf, matter);
            }
            let rules = &["retention/review"] as &[&str];
            tx.close_leaf(leaf, Actor::System, Told::RetentionChanged, rules);
        }
        let mut objects = Vec::new();
        if !self.ids.is_empty() {
            objects = files(tx, stage, &self.ids)?;
            let mut leaf = tx.open_leaf()?;
            for (table, ids) in below(tx, stage, &self.ids)? {
                tombstone::bury(tx, &mut leaf, table, &ids)?;
            }
            if stage == Stage::Messages {
                hold_together(tx, &mut leaf, &self.ids)?;
            }
            tombstone::bury(tx, &mut leaf, stage.table(), &self.ids)?;
            self.rules.sort_unstable();
            let rules: Vec<&str> = self.rules.iter().map(String::as_str).collect();
            tx.close_leaf(leaf, Actor::System, Told::RetentionRun, &rules);
        }
        for subject in self.people {
            let order = EraseOrder {
                subject: domain::ids::SubjectId(subject),
                request: None,
                reason: domain::erasure::EraseReason::NoLongerNeeded,
                recipients_within: EraseOrder::RECIPIENTS_WITHIN,
            };
            erase::erase(tx, Actor::System, order)?;
        }
        Ok(objects)
    }
}

/// Where an older message of a thread outlives one that goes, something has to stand in for it: otherwise
/// nobody would find what is behind.
fn hold_together(tx: &mut Tx<'_>, leaf: &mut OpenLeaf, ids: &[i64]) -> Result<(), StoreError> {
    let links = redact::links(tx, ids)?;
    let behind: Vec<i64> = links.iter().filter_map(|link| link.previous).collect();
    let mut there: BTreeSet<i64> = BTreeSet::new();
    for (table, id) in [("messages", "id"), ("redacted_messages", "message_id")] {
        let text = |list: &str| format!("SELECT {id} FROM {table} WHERE {id} IN ({list})");
        crate::dossier::each(tx.connection, &behind, text, |row| {
            there.insert(row.get(0)?);
            Ok(())
        })?;
    }
    for id in ids {
        there.remove(id);
    }
    for link in links {
        if link
            .previous
            .is_some_and(|previous| there.contains(&previous))
        {
            redact::stand_in(tx, leaf, &link, "retention/with-the-schedule");
            there.insert(link.id);
        }
    }
    Ok(())
}

/// The rows that go with those of a stage.
fn below(
    tx: &Tx<'_>,
    stage: Stage,
    ids: &[i64],
) -> Result<Vec<(&'static crate::tables::Table, Vec<i64>)>, StoreError> {
    if stage != Stage::Requests {
        return Ok(Vec::new());
    }
    let mut below = Vec::new();
    for (table, of) in [
        (&crate::tables::REQUEST_STEPS, "request_id"),
        (&crate::tables::LETTERS, "request_id"),
        (&crate::tables::PACKAGES, "request_id"),
    ] {
        let found = children(tx, table.name, of, ids)?;
        if table.name == "packages" {
            let redactions = children(tx, "redactions", "package_id", &found)?;
            below.push((&crate::tables::REDACTIONS, redactions));
        }
        below.push((table, found));
    }
    Ok(below)
}

fn children(tx: &Tx<'_>, table: &str, of: &str, ids: &[i64]) -> Result<Vec<i64>, StoreError> {
    let mut found = Vec::new();
    let text = |list: &str| format!("SELECT id FROM {table} WHERE {of} IN ({list})");
    crate::dossier::each(tx.connection, ids, text, |row| {
        found.push(row.get(0)?);
        Ok(())
    })?;
    Ok(found)
}

/// The files that go with the rows of a stage.
fn files(tx: &Tx<'_>, stage: Stage, ids: &[i64]) -> Result<Vec<String>, StoreError> {
    let (table, of) = match stage {
        Stage::Media => ("media", "id"),
        Stage::Requests => ("packages", "request_id"),
        _ => return Ok(Vec::new()),
    };
    let mut objects = Vec::new();
    let text = |list: &str| {
        format!("SELECT object FROM {table} WHERE {of} IN ({list}) AND object IS NOT NULL")
    };
    crate::dossier::each(tx.connection, ids, text, |row| {
        objects.push(row.get(0)?);
        Ok(())
    })?;
    Ok(objects)
}
