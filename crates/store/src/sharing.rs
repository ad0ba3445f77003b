//! Whether people agree to their data being shared with an app whose contract asks for that.

use std::collections::HashMap;
use std::collections::HashSet;

use domain::consent::Channel;
use domain::consent::Consent;
use domain::disclose::Sharing;
use domain::ids::AppId;
use domain::ids::PurposeId;
use domain::ids::SubjectId;
use domain::time::Timestamp;

use crate::consent;
use crate::dialect;
use crate::dialect::Connection;
use crate::dialect::Each;
use crate::error::StoreError;
use crate::known::Known;
use crate::read::Reader;
use crate::registry::App;
use crate::registry::Registry;
use crate::tx::Tx;

/// The answers a batch has looked up, where any app asks.
#[derive(Debug, Default)]
pub(crate) struct Shared {
    found: HashMap<(SubjectId, PurposeId), Sharing>,
    /// Whose answers may have changed since.
    spoke: HashSet<SubjectId>,
}

impl Shared {
    /// A person said something that may have changed what they agree to.
    pub(crate) fn spoke(&mut self, subject: SubjectId) {
        self.spoke.insert(subject);
    }
}

impl Tx<'_> {
    /// Looks up the answers of everybody in a batch: nothing where no app asks, otherwise one query
    /// for what people said and one for who is linked with others.
    pub(crate) fn look_up_sharing(&mut self, known: &mut Known) -> Result<(), StoreError> {
        let registry = self.registry();
        let purposes = asked_for(&registry);
        if purposes.is_empty() {
            return Ok(());
        }
        let mut subjects: Vec<SubjectId> = known.subjects.values().copied().collect();
        subjects.sort_unstable();
        subjects.dedup();
        let mut said = consents(self, &subjects)?;
        let mut agreed = Vec::new();
        for subject in subjects {
            for purpose in &purposes {
                let place = (subject, *purpose);
                let sharing = judged(
                    &registry,
                    said.remove(&place).as_ref(),
                    *purpose,
                    self.now(),
                );
                known.shared.found.insert(place, sharing);
                if sharing == Sharing::Agreed {
                    agreed.push(subject);
                }
            }
        }
        agreed.dedup();
        // A no of somebody linked counts as well: those few are asked about one by one.
        for subject in linked(self, &agreed)? {
            known.shared.spoke(subject);
        }
        Ok(())
    }

    /// Whether a person agrees to what an app's contract asks for; none if it asks for nothing.
    pub(crate) fn sharing(
        &self,
        known: &Known,
        app: &App,
        subject: SubjectId,
    ) -> Result<Option<Sharing>, StoreError> {
        let Some(purpose) = app.sharing else {
            return Ok(None);
        };
        if !known.shared.spoke.contains(&subject) {
            if let Some(sharing) = known.shared.found.get(&(subject, purpose)) {
                return Ok(Some(*sharing));
            }
            if known.is_fresh(subject) {
                return Ok(Some(Sharing::NotAgreed));
            }
        }
        self.sharing_of(app.id, subject)
    }

    /// The same, asked of the database.
    pub(crate) fn sharing_of(
        &self,
        app: AppId,
        subject: SubjectId,
    ) -> Result<Option<Sharing>, StoreError> {
        let registry = self.registry();
        let Some(purpose) = registry.app(app).and_then(|app| app.sharing) else {
            return Ok(None);
        };
        let linked = self.linked(subject)?;
        let whose = (subject, linked.as_slice());
        of(self.connection, &registry, whose, (purpose, self.now())).map(Some)
    }
}

impl Reader<'_> {
    /// Whether a person agrees to what an app's contract asks for; none if it asks for nothing.
    pub fn sharing(
        &self,
        app: AppId,
        subject: SubjectId,
        now: Timestamp,
    ) -> Result<Option<Sharing>, StoreError> {
        let Some(purpose) = self.registry.app(app).and_then(|app| app.sharing) else {
            return Ok(None);
        };
        let linked = self.linked(subject)?;
        let whose = (subject, linked.as_slice());
        of(self.connection, &self.registry, whose, (purpose, now)).map(Some)
    }
}

/// The purposes that apps in force ask for.
fn asked_for(registry: &Registry) -> Vec<PurposeId> {
    let apps = registry.apps.iter().filter(|app| app.ended_at.is_none());
    let mut purposes: Vec<PurposeId> = apps.filter_map(|app| app.sharing).collect();
    purposes.sort_unstable();
    purposes.dedup();
    purposes
}

fn of(
    connection: &Connection,
    registry: &Registry,
    whose: (SubjectId, &[SubjectId]),
    (purpose, now): (PurposeId, Timestamp),
) -> Result<Sharing, StoreError> {
    let (subject, linked) = whose;
    let newest =
        |subject| consent::current(connection, registry, subject, purpose, Channel::WhatsApp);
    let mut theirs = Vec::new();
    for other in linked.iter().filter(|other| **other != subject) {
        theirs.extend(newest(*other)?);
    }
    let consent = consent::standing(newest(subject)?, theirs.into_iter());
    Ok(judged(registry, consent.as_ref(), purpose, now))
}

fn judged(
    registry: &Registry,
    consent: Option<&Consent>,
    purpose: PurposeId,
    now: Timestamp,
) -> Sharing {
    let lapse = registry
        .purpose(purpose)
        .and_then(|entry| entry.purpose.terms.lapse_days);
    Sharing::of(consent, lapse, now)
}

/// The newest consent of each of these people for each purpose.
fn consents(
    tx: &mut Tx<'_>,
    subjects: &[SubjectId],
) -> Result<HashMap<(SubjectId, PurposeId), Consent>, StoreError> {
    let registry = tx.registry();
    let mut found = HashMap::new();
    for (piece, places) in tx.connection.pieces(subjects.len()) {
        let sql = tx.state.sql.of("sharing", places, |rows| {
            format!(
                "SELECT {}, subject_id, purpose_id FROM consent_events \
                 WHERE channel = {} AND subject_id IN ({}) ORDER BY id",
                consent::COLUMNS,
                Channel::WhatsApp.code(),
                dialect::list(rows)
            )
        });
        let mut statement = tx.connection.prepare_cached(sql)?;
        let mut rows = statement.query(Each(padded(subjects.get(piece), places)))?;
        while let Some(row) = rows.next()? {
            let place = (SubjectId(row.get(6)?), PurposeId(row.get(7)?));
            found.insert(place, consent::read(&row, 0, &registry)?);
        }
    }
    Ok(found)
}

/// Which of these people are linked with others.
fn linked(tx: &mut Tx<'_>, subjects: &[SubjectId]) -> Result<Vec<SubjectId>, StoreError> {
    let mut found = Vec::new();
    for (name, column) in [("linked-from", "from_subject"), ("linked-to", "to_subject")] {
        for (piece, places) in tx.connection.pieces(subjects.len()) {
            let sql = tx.state.sql.of(name, places, |rows| {
                format!(
                    "SELECT {column} FROM subject_links WHERE {column} IN ({})",
                    dialect::list(rows)
                )
            });
            let mut statement = tx.connection.prepare_cached(sql)?;
            let mut rows = statement.query(Each(padded(subjects.get(piece), places)))?;
            while let Some(row) = rows.next()? {
                found.push(SubjectId(row.get(0)?));
            }
        }
    }
    Ok(found)
}

/// The ids, the last one repeated until every place is taken.
fn padded(subjects: Option<&[SubjectId]>, places: usize) -> impl Iterator<Item = i64> {
    let subjects = subjects.unwrap_or_default();
    let last = subjects.last().copied();
    subjects
        .iter()
        .copied()
        .chain(std::iter::repeat_with(move || last.unwrap_or(SubjectId(0))))
        .take(places)
        .map(|subject| subject.0)
}
