//! What becomes of a record: the schedule, what laws order, and holds, asked in order.

use std::collections::HashMap;
use std::sync::Arc;

use domain::ids::HoldId;
use domain::ids::SubjectId;
use domain::law::Rules;
use domain::record_class::RecordClass;
use domain::record_class::RecordClasses;
use domain::retention;
use domain::retention::Action;
use domain::retention::Asked;
use domain::retention::Claims;
use domain::retention::Fate;
use domain::retention::Maximum;
use domain::retention::Starts;
use domain::time::Span;
use domain::time::Timestamp;

use super::duties;
use super::duties::Duties;
use super::review;
use super::review::Matter;
use super::review::Standing;
use super::run::RunView;
use super::schedule;
use super::schedule::Entry;
use super::stage::Candidate;
use super::stage::Stage;
use crate::dossier::Wanted;
use crate::error::StoreError;
use crate::hold;
use crate::statistics;
use crate::tx::Tx;

/// What becomes of a record.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Verdict {
    /// Its time is not over, or nothing says that it ever is.
    Young,
    /// It goes.
    Gone,
    /// A law or the schedule keeps it for now.
    Kept,
    /// A hold keeps it.
    Held,
    /// Somebody answerable decides.
    Review(Matter, Standing),
}

/// Somebody whose records are looked at.
struct Person {
    rules: Arc<Rules>,
    contract_ended: Option<Timestamp>,
}

/// What decides in one slice.
pub(super) struct Judge {
    entries: Vec<Entry>,
    as_of: Timestamp,
    preview: bool,
    holds: bool,
    /// The classes that some law limits: whom it protects is not known before one looks.
    caps: RecordClasses,
    counted: HashMap<&'static str, i64>,
    people: HashMap<i64, Person>,
}

impl Judge {
    pub(super) fn load(tx: &Tx<'_>, run: &RunView) -> Result<Self, StoreError> {
        let mut entries = schedule::list(tx.connection, false)?;
        entries.retain(|entry| run.preview || entry.is_on());
        let sql = "SELECT 1 FROM holds WHERE released_at IS NULL LIMIT 1";
        let mut counted = HashMap::new();
        for stage in Stage::ALL {
            let name = stage.table().name;
            counted.insert(name, statistics::counted(tx.connection, stage.table())?);
        }
        Ok(Self {
            entries,
            as_of: run.as_of,
            preview: run.preview,
            holds: tx.connection.prepare_cached(sql)?.exists(())?,
            caps: tx.state.law.caps(),
            counted,
            people: HashMap::new(),
        })
    }

    /// The shortest longest time of anything in a class.
    fn shortest(&self, class: RecordClass) -> Option<u32> {
        let of_class = self
            .entries
            .iter()
            .filter(|entry| entry.scope.class == class);
        of_class.filter_map(|entry| entry.term.maximum).min()
    }

    /// Whether anything of a stage can be over at all.
    pub(super) fn is_wanted(&self, stage: Stage) -> bool {
        // What goes along with messages cannot be told while they are still there.
        let told = !(self.preview && stage.hangs_on_messages());
        told && self.shortest(stage.class()).is_some()
    }

    /// Whether something is too young to be over, whatever else is known of it. A law may have it end
    /// before the schedule does.
    pub(super) fn is_young(&self, stage: Stage, one: &Candidate) -> bool {
        let shortest = self.shortest(stage.class());
        let young = shortest.is_none_or(|days| self.as_of < one.at + Span::days(days));
        young && !self.caps.has(stage.class())
    }

    /// Looks up whose records these are, where that can matter.
    pub(super) fn meet(
        &mut self,
        tx: &mut Tx<'_>,
        stage: Stage,
        page: &[Candidate],
    ) -> Result<(), StoreError> {
        let class = stage.class();
        let of_class = || {
            self.entries
                .iter()
                .filter(|entry| entry.scope.class == class)
        };
        let by_place = of_class().any(|entry| entry.scope.jurisdiction.is_some());
        let by_contract = of_class().any(|entry| entry.term.starts == Starts::ContractEnded);
        let by_law = tx.state.law.keeps().has(class) || self.caps.has(class);
        if stage.hangs_on_messages() || !(by_place || by_contract || by_law) {
            return Ok(());
        }
        let mut unknown: Vec<SubjectId> = page
            .iter()
            .filter(|one| one.subject != 0 && !one.serves)
            .filter(|one| !self.people.contains_key(&one.subject))
            .map(|one| SubjectId(one.subject))
            .collect();
        unknown.sort_unstable();
        unknown.dedup();
        for dossier in tx.dossiers(&unknown, &Wanted::default())? {
            let contract = duties::contract_ended(tx, dossier.subject)?;
            let person = Person {
                rules: dossier.rules,
                contract_ended: contract,
            };
            self.people.insert(dossier.subject.0, person);
        }
        Ok(())
    }

    /// What becomes of a record, and by which rule it goes.
    pub(super) fn decide(
        &self,
        tx: &Tx<'_>,
        stage: Stage,
        one: &Candidate,
    ) -> Result<(Verdict, Option<String>), StoreError> {
        if one.serves || self.is_young(stage, one) {
            return Ok((Verdict::Young, None));
        }
        if stage.hangs_on_messages() {
            return Ok((Verdict::Gone, Some("retention/with-its-message".to_owned())));
        }
        let class = stage.class();
        let entry = self.entry(class, one);
        let maxima = self.maxima(class, one, entry);
        if maxima.iter().all(|maximum| self.as_of < maximum.at) {
            return Ok((Verdict::Young, None));
        }
        let holds = self.holds(tx, class, one)?;
        let claims = Claims {
            holds: &holds,
            minima: &self.duties(class, one).after(one.at),
            maxima: &maxima,
            asked: Asked::Nobody,
        };
        let rule = maxima.first().map(|maximum| maximum.rule.to_string());
        let verdict = match retention::decide(&claims, self.as_of) {
            Fate::Keep(_) if !holds.is_empty() => Verdict::Held,
            Fate::Keep(_) => Verdict::Kept,
            Fate::Stay => Verdict::Young,
            // Laws contradict each other: it never goes by itself.
            Fate::Escalate(_) => self.review(tx, matter(class, one, entry))?,
            Fate::Erase => self.act(tx, stage, one, entry)?,
        };
        Ok((verdict, rule))
    }

    /// The entry of the schedule that decides on a record.
    fn entry(&self, class: RecordClass, one: &Candidate) -> Option<&Entry> {
        let person = self.people.get(&one.subject);
        let codes: Vec<&str> = person
            .map(|person| &person.rules.jurisdictions)
            .into_iter()
            .flatten()
            .map(|(code, _)| &**code)
            .collect();
        retention::term(
            self.entries.iter(),
            |entry| (&entry.scope, &entry.term),
            |scope| scope.covers(class, (one.purpose, one.number), &codes),
        )
    }

    fn contract_ended(&self, one: &Candidate) -> Option<Timestamp> {
        let person = self.people.get(&one.subject)?;
        person.contract_ended
    }

    fn maxima(&self, class: RecordClass, one: &Candidate, entry: Option<&Entry>) -> Vec<Maximum> {
        let of_schedule = entry.and_then(|entry| {
            let starts = entry.term.starts.of(one.at, self.contract_ended(one))?;
            Some(Maximum {
                class,
                rule: entry.rule(),
                at: starts + Span::days(entry.term.maximum?),
                regime: String::new(),
            })
        });
        let rules = self.people.get(&one.subject).map(|person| &person.rules);
        let of_law = rules.into_iter().flat_map(|rules| &rules.maxima);
        let of_law = of_law.filter(|ruled| ruled.value.classes.has(class));
        let of_law = of_law.filter_map(|ruled| {
            let starts = ruled.value.starts.of(one.at, self.contract_ended(one))?;
            Some(Maximum {
                class,
                rule: ruled.rule.clone(),
                at: ruled.value.period.after(starts),
                regime: ruled.value.regime.clone(),
            })
        });
        of_schedule.into_iter().chain(of_law).collect()
    }

    fn duties(&self, class: RecordClass, one: &Candidate) -> Duties {
        let rules = match self.people.get(&one.subject) {
            Some(person) => Arc::clone(&person.rules),
            None => Arc::default(),
        };
        let on: Vec<Entry> = self
            .entries
            .iter()
            .filter(|entry| entry.is_on())
            .cloned()
            .collect();
        let keeping = duties::keeping(&rules, &on, class);
        Duties::of((class, self.as_of), keeping, self.contract_ended(one))
    }

    fn holds(
        &self,
        tx: &Tx<'_>,
        class: RecordClass,
        one: &Candidate,
    ) -> Result<Vec<HoldId>, StoreError> {
        if !self.holds || one.subject == 0 {
            return Ok(Vec::new());
        }
        hold::on(tx, &[SubjectId(one.subject)], class, (one.at, one.at))
    }

    /// What happens at the end of its time.
    fn act(
        &self,
        tx: &Tx<'_>,
        stage: Stage,
        one: &Candidate,
        entry: Option<&Entry>,
    ) -> Result<Verdict, StoreError> {
        match entry.map_or(Action::Erase, |entry| entry.term.action) {
            Action::Erase => Ok(Verdict::Gone),
            Action::Statistics => {
                let counted = self.counted.get(stage.table().name).copied();
                let waits = counted.is_some_and(|counted| counted < one.id);
                Ok(if waits { Verdict::Kept } else { Verdict::Gone })
            }
            Action::Review => self.review(tx, matter(stage.class(), one, entry)),
        }
    }

    /// How somebody decided.
    fn review(&self, tx: &Tx<'_>, matter: Matter) -> Result<Verdict, StoreError> {
        Ok(
            match review::standing(tx.connection, &matter, self.as_of)? {
                Standing::Erase => Verdict::Gone,
                Standing::Kept => Verdict::Kept,
                open => Verdict::Review(matter, open),
            },
        )
    }
}

fn matter(class: RecordClass, one: &Candidate, entry: Option<&Entry>) -> Matter {
    Matter {
        rule: entry.map_or(0, |entry| entry.id.0),
        subject: one.subject,
        class,
        quarter: one.at.quarter().0,
    }
}
