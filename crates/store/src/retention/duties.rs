//! What orders to keep one person's records, and until when.

use domain::ids::SubjectId;
use domain::law::RuleId;
use domain::law::Rules;
use domain::person::TraitKind;
use domain::record_class::RecordClass;
use domain::retention::Duty;
use domain::retention::Keeping;
use domain::retention::Minimum;
use domain::retention::Period;
use domain::retention::Starts;
use domain::time::Timestamp;

use super::schedule::Entry;
use crate::dialect::OptionalRow;
use crate::dossier::Wanted;
use crate::error::StoreError;
use crate::tx::Tx;

/// What orders to keep a person's records of one class. Until when it holds depends on how old they are.
#[derive(Clone, Debug)]
pub(crate) struct Duties {
    class: RecordClass,
    now: Timestamp,
    /// When the processing that has to be proved ended.
    ended: Timestamp,
    contract_ended: Option<Timestamp>,
    keeping: Vec<(RuleId, Keeping)>,
    /// What was written down when the person was erased: who it was that laws protected is not known
    /// any more.
    settled: Option<Vec<Minimum>>,
}

impl Duties {
    /// No duty at all.
    pub(crate) const fn none(class: RecordClass, now: Timestamp) -> Self {
        Self {
            class,
            now,
            ended: now,
            contract_ended: None,
            keeping: Vec::new(),
            settled: None,
        }
    }

    /// Those of somebody for whom these rules hold, in a class; processing that has to be proved ended
    /// with the newest of the records.
    pub(super) const fn of(
        (class, now): (RecordClass, Timestamp),
        keeping: Vec<(RuleId, Keeping)>,
        contract_ended: Option<Timestamp>,
    ) -> Self {
        Self {
            class,
            now,
            ended: Timestamp::from_micros(0),
            contract_ended,
            keeping,
            settled: None,
        }
    }

    /// The same duties for records whose newest is of this instant.
    pub(crate) fn after(&self, newest: Timestamp) -> Vec<Minimum> {
        if let Some(settled) = &self.settled {
            return settled.clone();
        }
        let minimum = |(rule, keeping): &(RuleId, Keeping)| {
            let from = if keeping.duty == Duty::Proof {
                self.ended.max(newest)
            } else {
                // A contract of which nobody has said that it ended may still run.
                let ended = self.contract_ended.unwrap_or(self.now);
                let start = keeping.starts.of(newest, Some(ended));
                start.unwrap_or(newest)
            };
            Minimum {
                class: self.class,
                rule: rule.clone(),
                until: keeping.period.after(from),
                duty: keeping.duty,
                regime: keeping.regime.clone(),
            }
        };
        self.keeping.iter().map(minimum).collect()
    }
}

/// What orders to keep a person's records of a class.
pub(crate) fn duties(
    tx: &mut Tx<'_>,
    subject: SubjectId,
    class: RecordClass,
) -> Result<Duties, StoreError> {
    let mut duties = Duties::none(class, tx.now());
    if let Some(erased_at) = erased(tx, subject)? {
        duties.ended = erased_at;
        duties.settled = Some(settled(tx, subject, class)?);
        return Ok(duties);
    }
    let own = super::schedule::minima(tx.connection, class)?;
    if own.is_empty() && !tx.state.law.keeps().has(class) {
        return Ok(duties);
    }
    let rules = tx.dossier(subject, &Wanted::default())?.rules;
    duties.contract_ended = contract_ended(tx, subject)?;
    duties.keeping = keeping(&rules, &own, class);
    Ok(duties)
}

/// What the rules that hold for a person, and the schedule's own shortest times, order to keep.
pub(super) fn keeping(rules: &Rules, own: &[Entry], class: RecordClass) -> Vec<(RuleId, Keeping)> {
    let of_class = rules
        .minima
        .iter()
        .filter(|ruled| ruled.value.classes.has(class));
    let mut keeping: Vec<(RuleId, Keeping)> = of_class
        .map(|ruled| (ruled.rule.clone(), ruled.value.clone()))
        .collect();
    for entry in own.iter().filter(|entry| entry.scope.class == class) {
        let jurisdiction = entry.scope.jurisdiction.as_deref();
        let mut codes = rules.jurisdictions.iter();
        let here = jurisdiction.is_none_or(|wanted| codes.any(|(code, _)| &**code == wanted));
        if let Some(days) = entry.term.minimum.filter(|_| here) {
            keeping.push((entry.rule(), of_schedule(class, days, entry.term.starts)));
        }
    }
    keeping
}

/// A shortest time of the schedule's own. It names its provision, so it counts as a statute's.
fn of_schedule(class: RecordClass, days: u32, starts: Starts) -> Keeping {
    Keeping {
        classes: [class].into_iter().collect(),
        period: Period {
            months: 0,
            days: u16::try_from(days).unwrap_or(u16::MAX),
            to_year_end: false,
        },
        starts,
        duty: Duty::Statute,
        regime: String::new(),
    }
}

/// When the contract with a person ended, if that is known.
pub(crate) fn contract_ended(
    tx: &mut Tx<'_>,
    subject: SubjectId,
) -> Result<Option<Timestamp>, StoreError> {
    let traits = tx.traits(subject)?;
    let mut of_kind = traits
        .iter()
        .filter(|known| known.kind == TraitKind::ContractEnded);
    Ok(of_kind.next().and_then(|known| known.value.parse().ok()))
}

/// When a person was erased, if they were.
fn erased(tx: &Tx<'_>, subject: SubjectId) -> Result<Option<Timestamp>, StoreError> {
    let sql = "SELECT erased_at FROM subjects WHERE id = $1";
    let mut statement = tx.connection.prepare_cached(sql)?;
    let erased: Option<Option<i64>> = statement
        .query_row([subject.0], |row| row.get(0))
        .optional()?;
    Ok(erased.flatten().map(Timestamp::from_micros))
}

/// What was found to keep records of a person when they were erased.
fn settled(
    tx: &Tx<'_>,
    subject: SubjectId,
    class: RecordClass,
) -> Result<Vec<Minimum>, StoreError> {
    let sql = "SELECT k.rule, k.until FROM erasure_kept k \
               WHERE k.erasure_id IN (SELECT e.id FROM erasures e WHERE e.subject_id = $1) \
               AND k.class = $2 AND k.hold_id IS NULL AND k.ended_at IS NULL ORDER BY k.id";
    let mut statement = tx.connection.prepare_cached(sql)?;
    let kept = statement.query_map((subject.0, class.code()), |row| {
        Ok((row.get::<String>(0)?, row.get::<Option<i64>>(1)?))
    })?;
    let minimum = |(rule, until): (String, Option<i64>)| Minimum {
        class,
        rule: RuleId::new(&rule),
        // What only another state's law keeps waits for somebody to decide.
        until: Timestamp::from_micros(until.unwrap_or(i64::MAX)),
        duty: if until.is_none() {
            Duty::Foreign
        } else if class == RecordClass::ConsentProof {
            Duty::Proof
        } else {
            Duty::Statute
        },
        regime: String::new(),
    };
    Ok(kept.into_iter().map(minimum).collect())
}
