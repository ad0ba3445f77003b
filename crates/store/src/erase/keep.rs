//! What an erasure leaves, why, and until when; and its going by itself when that ends.

use domain::audit::Action;
use domain::audit::Actor;
use domain::ids::DataKeyId;
use domain::ids::ErasureId;
use domain::ids::HoldId;
use domain::ids::SubjectId;
use domain::record_class::RecordClass;
use domain::record_class::RecordClasses;
use domain::retention::Copy;
use domain::retention::Fate;
use domain::retention::Held;
use domain::retention::Keep;
use domain::retention::Kept;
use domain::time::Span;
use domain::time::Timestamp;

use super::destroy_keys;
use crate::error::StoreError;
use crate::retention;
use crate::retention::Look;
use crate::rows::v;
use crate::store::Store;
use crate::tables;
use crate::tx::Tx;

/// A data key is for a calendar quarter, so what it seals is not older than it and at most so much
/// younger.
const QUARTER: Span = Span::days(92);

/// How many kept classes one transaction looks at.
const SLICE: u32 = 64;

/// A person's data keys, by what becomes of them.
pub(crate) struct Split {
    /// Those to destroy.
    pub(crate) erased: Vec<DataKeyId>,
    /// The classes of the others, with what keeps them.
    pub(crate) kept: Vec<Kept>,
}

impl Split {
    /// Takes a key up by what becomes of what it seals.
    fn take(&mut self, sealing: &Sealing, fate: Option<Fate>) {
        let Some(Fate::Keep(why) | Fate::Escalate(why)) = fate else {
            return self.erased.push(sealing.key);
        };
        let class = sealing.copy.class;
        let kept = why.into_iter().map(|why| Kept { class, why });
        for kept in kept {
            if !self.kept.contains(&kept) {
                self.kept.push(kept);
            }
        }
    }

    /// The classes of which nothing is kept.
    pub(crate) fn whole(&self) -> RecordClasses {
        let kept = self.kept.iter();
        kept.fold(RecordClasses::ALL, |all, kept| all.without(kept.class))
    }
}

/// A data key, and from when what it seals is.
struct Sealing {
    key: DataKeyId,
    copy: Copy,
}

/// What becomes of a person's data keys, or of those of one class, now that their erasure is granted.
pub(crate) fn split(
    tx: &mut Tx<'_>,
    subject: SubjectId,
    only: Option<RecordClass>,
) -> Result<Split, StoreError> {
    let mut split = Split {
        erased: Vec::new(),
        kept: Vec::new(),
    };
    let now = tx.now();
    for class in RecordClass::ALL {
        if only.is_some_and(|only| only != class) {
            continue;
        }
        let sealing = sealing(tx, subject, class)?;
        if sealing.is_empty() {
            continue;
        }
        let duties = retention::duties(tx, subject, class)?;
        for sealing in sealing {
            let span = (sealing.copy.from, sealing.copy.until);
            let holds = crate::hold::on(tx, &[subject], class, span)?;
            let held: Vec<Held> = holds.into_iter().map(|hold| Held { class, hold }).collect();
            let minima = duties.after(sealing.copy.until);
            let fates = domain::retention::arbitrate(&[sealing.copy], &held, &minima, now);
            split.take(&sealing, fates.into_iter().next().map(|(_, fate)| fate));
        }
    }
    Ok(split)
}

fn sealing(
    tx: &Tx<'_>,
    subject: SubjectId,
    class: RecordClass,
) -> Result<Vec<Sealing>, StoreError> {
    let sql = "SELECT id, created_at FROM data_keys WHERE subject_id = $1 AND class = $2 \
               ORDER BY id";
    let now = tx.now();
    let mut statement = tx.connection.prepare_cached(sql)?;
    let keys = statement.query_map((subject.0, class.code()), |row| {
        let from = Timestamp::from_micros(row.get(1)?);
        Ok(Sealing {
            key: DataKeyId(row.get(0)?),
            copy: Copy {
                class,
                from,
                until: (from + QUARTER).min(now).max(from),
            },
        })
    })?;
    Ok(keys)
}

/// Writes down what stays, under a leaf that names the rules.
pub(crate) fn record(
    tx: &mut Tx<'_>,
    (erasure, subject): (ErasureId, SubjectId),
    kept: &[Kept],
) -> Result<(), StoreError> {
    if kept.is_empty() {
        return Ok(());
    }
    let mut leaf = tx.open_leaf()?;
    let mut rules: Vec<&str> = kept.iter().map(|kept| kept.why.rule()).collect();
    rules.sort_unstable();
    rules.dedup();
    for kept in kept {
        let id = tx.id(&tables::ERASURE_KEPT);
        let row = [
            v(id),
            v(erasure),
            v(subject),
            v(kept.class.code()),
            v(kept.why.rule()),
            v(kept.why.hold()),
            v(ends(&kept.why)),
            v(None::<i64>),
        ];
        tx.cover(&mut leaf, &tables::ERASURE_KEPT, row);
    }
    tx.close_leaf(leaf, Actor::System, Action::RecordsKept, &rules);
    Ok(())
}

/// When something that is kept goes by itself. What only the law of another state keeps is for
/// somebody to decide.
const fn ends(why: &Keep) -> Option<Timestamp> {
    match why {
        Keep::Foreign { .. } => None,
        Keep::Hold(_) | Keep::Minimum { .. } | Keep::Proof { .. } => why.until(),
    }
}

/// A class of an erased person's records that stayed.
pub(super) struct Waiting {
    pub(super) erasure: ErasureId,
    pub(super) subject: SubjectId,
    pub(super) class: RecordClass,
}

impl Store {
    /// Erases what an erasure left once nothing keeps it any more, unless the clock may have jumped ahead:
    /// a message that comes in, or a run of the schedule, bears it out. Returns whether there may be more.
    pub async fn erase_kept(&self) -> Result<bool, StoreError> {
        self.write(|tx| {
            let sql = "SELECT DISTINCT erasure_id, subject_id, class FROM erasure_kept \
                       WHERE until <= $1 AND ended_at IS NULL LIMIT $2";
            let waiting = waiting(tx, sql, (tx.now().micros(), SLICE))?;
            if !waiting.is_empty() && retention::look(tx)? != Look::Sane {
                tracing::warn!(
                    "by the clock, what erasures left has come to its end, but nobody outside bears \
                     the clock out: it stays"
                );
                return Ok(false);
            }
            for waiting in &waiting {
                again(tx, waiting)?;
            }
            Ok(!waiting.is_empty())
        })
        .await
    }
}

/// Looks again at what a hold kept of people who were erased: the hold was released. Returns of how
/// many classes something went.
pub(crate) fn recheck(tx: &mut Tx<'_>, hold: HoldId) -> Result<u64, StoreError> {
    tx.flush()?;
    let sql = "SELECT DISTINCT k.erasure_id, k.subject_id, k.class FROM erasure_kept k \
               WHERE k.hold_id = $1 AND k.ended_at IS NULL";
    let waiting = waiting(tx, sql, [hold.0])?;
    let mut gone = 0;
    for waiting in &waiting {
        gone += u64::from(again(tx, waiting)?);
    }
    Ok(gone)
}

fn waiting(
    tx: &Tx<'_>,
    sql: &str,
    parameters: impl crate::dialect::Params,
) -> Result<Vec<Waiting>, StoreError> {
    let mut statement = tx.connection.prepare_cached(sql)?;
    let found = statement.query_map(parameters, |row| {
        Ok((
            ErasureId(row.get(0)?),
            SubjectId(row.get(1)?),
            row.get::<u8>(2)?,
        ))
    })?;
    let waiting = found.into_iter().filter_map(|(erasure, subject, class)| {
        Some(Waiting {
            erasure,
            subject,
            class: RecordClass::from_code(class)?,
        })
    });
    Ok(waiting.collect())
}

/// Decides once more about a class that stayed: what nothing keeps any more goes, what something else
/// keeps by now is written down. Returns whether anything went.
pub(super) fn again(tx: &mut Tx<'_>, waiting: &Waiting) -> Result<bool, StoreError> {
    let place = (waiting.erasure.0, waiting.class.code());
    let split = split(tx, waiting.subject, Some(waiting.class))?;
    let held: Vec<(i64, String, Option<i64>, Option<i64>)> = {
        let sql = "SELECT id, rule, hold_id, until FROM erasure_kept \
                   WHERE erasure_id = $1 AND class = $2 AND ended_at IS NULL";
        let mut statement = tx.connection.prepare_cached(sql)?;
        statement.query_map(place, |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
        })?
    };
    let is = |(_, rule, hold, until): &(i64, String, Option<i64>, Option<i64>), kept: &Kept| {
        rule == kept.why.rule()
            && *hold == kept.why.hold().map(|hold| hold.0)
            && *until == ends(&kept.why).map(Timestamp::micros)
    };
    for row in &held {
        if !split.kept.iter().any(|kept| is(row, kept)) {
            let sql = "UPDATE erasure_kept SET ended_at = $1 WHERE id = $2";
            tx.update_one(&tables::ERASURE_KEPT, sql, (tx.now().micros(), row.0))?;
        }
    }
    let mut new = split.kept;
    new.retain(|kept| !held.iter().any(|row| is(row, kept)));
    record(tx, (waiting.erasure, waiting.subject), &new)?;
    if split.erased.is_empty() {
        return Ok(false);
    }
    let mut leaf = tx.open_leaf()?;
    destroy_keys(tx, &mut leaf, &split.erased)?;
    let rules = &["erase/kept-ended"] as &[&str];
    tx.close_leaf(leaf, Actor::System, Action::SubjectErased, rules);
    // What its keys sealed is swept, and the horizon counts from now.
    let sql = "UPDATE erasures SET state = 1, cursor = 0, swept_at = NULL, horizon_at = NULL, \
               updated_at = $1 WHERE id = $2";
    let parameters = (tx.now().micros(), waiting.erasure.0);
    tx.update_one(&tables::ERASURES, sql, parameters)?;
    tx.flush()?;
    Ok(true)
}
