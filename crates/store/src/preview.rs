//! What the gate would say of a message to many: the same facts and the same function as for one,
//! read in slices beside the writer. Nothing is written but the entry that says who asked.
//!
//! The rates of the number are left out: a message to many leaves in paced batches. Readers look at
//! what was committed when each of them began.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::thread;

use domain::audit::Action;
use domain::audit::Actor;
use domain::gate;
use domain::ids::DataKeyId;
use domain::ids::NumberId;
use domain::ids::SubjectId;
use domain::subject::Restriction;
use domain::tally::Tally;
use domain::time::Timestamp;

use crate::audience::Audience;
use crate::dossier;
use crate::dossier::Opened;
use crate::dossier::Source;
use crate::dossier::Wanted;
use crate::error::Refusal;
use crate::error::StoreError;
use crate::keys::COLUMNS;
use crate::keys::KeyRow;
use crate::operation::Outgoing;
use crate::question::Live;
use crate::question::Matter;
use crate::question::Question;
use crate::read::Reader;
use crate::store::Store;

/// How many people are judged from one look at the database.
const SLICE: u32 = 512;

/// How many threads judge.
const THREADS: usize = 2;

/// A message to many that somebody thinks of.
#[derive(Clone, Debug)]
pub struct Planned {
    /// From which number.
    pub number: NumberId,
    /// What kind of message.
    pub content: Outgoing,
    /// The code of the purpose it would be declared for.
    pub declared: Option<String>,
    /// To whom.
    pub audience: Audience,
}

impl Store {
    /// What the gate would say now of a message to many, in counts. Who asked is in the log before
    /// anything is told.
    ///
    /// # Errors
    /// [`Refusal::Missing`] for an unknown number.
    pub async fn preview_many(
        self: &Arc<Self>,
        actor: Actor,
        planned: Planned,
    ) -> Result<Tally, StoreError> {
        if self.registry().number(planned.number).is_none() {
            return Err(Refusal::Missing("number").into());
        }
        self.write(move |tx| {
            let told = (actor, Action::PreviewMade, &["preview/many"] as &[&str]);
            tx.note(None, "preview of a message to many", told)
        })
        .await?;
        let store = Arc::clone(self);
        tokio::task::spawn_blocking(move || store.tally(&planned))
            .await
            .map_err(|_| StoreError::Stopped)?
    }

    fn tally(&self, planned: &Planned) -> Result<Tally, StoreError> {
        let at = self.clock().now();
        // Whoever is done with a slice takes the next.
        let next = Mutex::new(Some(0));
        let judge = || self.read_now(|reader| judge(reader, planned, at, &next));
        let tallies: Vec<Result<Tally, StoreError>> = thread::scope(|scope| {
            let others: Vec<_> = (1..THREADS).map(|_| scope.spawn(judge)).collect();
            let mut tallies = vec![judge()];
            tallies.extend(
                others
                    .into_iter()
                    .map(|other| other.join().unwrap_or(Err(StoreError::Stopped))),
            );
            tallies
        });
        tallies
            .into_iter()
            .try_fold(Tally::default(), |mut all, tally| {
                all.merge(tally?);
                Ok(all)
            })
    }
}

fn judge(
    reader: &Reader<'_>,
    planned: &Planned,
    now: Timestamp,
    next: &Mutex<Option<i64>>,
) -> Result<Tally, StoreError> {
    let question = Question {
        number: planned.number,
        content: &planned.content,
        declared: planned.declared.as_deref(),
        body: None,
    };
    let matter = Matter::of(&reader.registry, &question);
    let wanted = matter.wanted(now);
    let source = Source {
        connection: reader.connection,
        keys: &reader.keys,
        registry: &reader.registry,
        law: reader.law.as_ref(),
        now,
    };
    let mut tally = Tally::default();
    loop {
        let slice = take(reader, planned.audience, next)?;
        if slice.is_empty() {
            return Ok(tally);
        }
        count(
            &source,
            (&matter, &wanted, planned.number),
            &slice,
            &mut tally,
        )?;
    }
}

/// The next slice of people that nobody has taken.
fn take(
    reader: &Reader<'_>,
    audience: Audience,
    next: &Mutex<Option<i64>>,
) -> Result<Vec<SubjectId>, StoreError> {
    let mut next = next.lock().unwrap_or_else(PoisonError::into_inner);
    let Some(after) = *next else {
        return Ok(Vec::new());
    };
    let slice = audience.page(reader.connection, after, SLICE)?;
    *next = slice.last().map(|subject| subject.0);
    Ok(slice)
}

fn count(
    source: &Source<'_>,
    (matter, wanted, number): (&Matter, &Wanted, NumberId),
    slice: &[SubjectId],
    tally: &mut Tally,
) -> Result<(), StoreError> {
    let live = live(source, number, slice)?;
    let mut open = |ids: &[DataKeyId]| open(source, ids);
    for dossier in dossier::load(source, slice, wanted, &mut open)? {
        if !dossier.reachable {
            tally.unreachable += 1;
            continue;
        }
        let live = live.get(&dossier.subject.0).copied().unwrap_or(NOTHING);
        let facts = matter.facts(source.registry, source.now, dossier, live);
        tally.add(&gate::decide(&facts, source.now).decision);
    }
    Ok(())
}

/// What holds for somebody who never wrote and was never written to.
const NOTHING: Live = Live {
    restriction: Restriction::None,
    window: None,
    capped: None,
    pair: Timestamp::from_micros(0),
    throughput: Timestamp::from_micros(0),
};

/// What changes with every message, as far as it is committed.
fn live(
    source: &Source<'_>,
    number: NumberId,
    slice: &[SubjectId],
) -> Result<HashMap<i64, Live>, StoreError> {
    let ids: Vec<i64> = slice.iter().map(|subject| subject.0).collect();
    let mut live: HashMap<i64, Live> = HashMap::new();
    let threads = |list: &str| {
        format!(
            "SELECT subject_id, opened_at, pair_at, capped_until FROM conversations \
             WHERE subject_id IN ({list}) AND number_id = {number}"
        )
    };
    dossier::each(source.connection, &ids, threads, |row| {
        let opened: Option<i64> = row.get(1)?;
        let held = live.entry(row.get(0)?).or_insert(NOTHING);
        held.window = opened.map(Timestamp::from_micros);
        held.pair = Timestamp::from_micros(row.get(2)?);
        held.capped = row.get::<Option<i64>>(3)?.map(Timestamp::from_micros);
        Ok(())
    })?;
    let restricted = |list: &str| {
        format!(
            "SELECT id, restricted_at FROM subjects \
             WHERE restricted_at IS NOT NULL AND id IN ({list})"
        )
    };
    dossier::each(source.connection, &ids, restricted, |row| {
        let since = Timestamp::from_micros(row.get(1)?);
        let held = live.entry(row.get(0)?).or_insert(NOTHING);
        held.restriction = Restriction::Restricted { since };
        Ok(())
    })?;
    Ok(live)
}

fn open(source: &Source<'_>, ids: &[DataKeyId]) -> Result<Opened, StoreError> {
    let ids: Vec<i64> = ids.iter().map(|id| id.0).collect();
    let mut opened = Opened::with_capacity(ids.len());
    let text = |list: &str| format!("SELECT {COLUMNS} FROM data_keys WHERE id IN ({list})");
    dossier::each(source.connection, &ids, text, |row| {
        let row = KeyRow::read(row)?;
        opened.insert(row.id, Arc::new(row.open(source.keys)?));
        Ok(())
    })?;
    Ok(opened)
}
