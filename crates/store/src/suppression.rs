//! The suppression list: keyed hashes of identifiers, so that it can outlive the people on it.

use std::collections::HashMap;
use std::collections::HashSet;

use domain::audit::Action;
use domain::audit::Actor;
use domain::event::EventKind;
use domain::ids::PurposeId;
use domain::ids::SubjectId;
use domain::ids::SuppressionId;
use domain::subject::Identifier;
use domain::subject::IdentifierKind;
use domain::suppression::Suppression;
use domain::suppression::SuppressionScope;
use domain::suppression::SuppressionSource;
use domain::time::Timestamp;

use crate::dialect;
use crate::dialect::Connection;
use crate::dialect::Padded;
use crate::error::StoreError;
use crate::event::About;
use crate::people;
use crate::people::SealedIdentifier;
use crate::rows::v;
use crate::tables;
use crate::tx::Tx;

/// A suppression in force, with its row.
#[derive(Clone, Copy, Debug)]
pub(crate) struct InForce {
    pub(crate) group: i64,
    pub(crate) entry: Suppression,
}

/// Each once, in the order of their first coming.
fn distinct(subjects: Vec<SubjectId>) -> Vec<SubjectId> {
    let mut once = HashSet::with_capacity(subjects.len());
    let subjects = subjects.into_iter();
    subjects.filter(|subject| once.insert(*subject)).collect()
}

impl Tx<'_> {
    /// Every identifier under which a person or anybody linked to it could be on the list.
    pub(crate) fn suppressible(
        &mut self,
        subject: SubjectId,
    ) -> Result<Vec<Identifier>, StoreError> {
        let mut linked = vec![subject];
        let mut sealed = Vec::new();
        let mut next = 0;
        while let Some(subjects) = linked.get(next..).filter(|rest| !rest.is_empty()) {
            let asks = people::of_linked(subjects);
            next = linked.len();
            let texts = &mut self.state.sql;
            self.connection.ask(texts, asks, &mut |place, row| {
                if place < people::LINKS {
                    linked.push(SubjectId(row.get(0)?));
                } else {
                    sealed.push(SealedIdentifier::read(row)?);
                }
                Ok(())
            })?;
            linked = distinct(linked);
        }
        let mut all = Vec::with_capacity(sealed.len());
        for identifier in sealed {
            all.push(identifier.open(self)?);
        }
        all.retain(|identifier| identifier.kind() != IdentifierKind::CustomerKey);
        all.sort();
        all.dedup();
        Ok(all)
    }

    /// What is in force on any of these identifiers, under every version of the key.
    pub(crate) fn suppressions(
        &self,
        identifiers: &[Identifier],
    ) -> Result<Vec<InForce>, StoreError> {
        let tags: Vec<[u8; 32]> = identifiers
            .iter()
            .flat_map(|identifier| self.keys.suppression_all(identifier.value()))
            .map(|(_, tag)| tag)
            .collect();
        let found = in_force(self.connection, &tags)?;
        Ok(found.into_iter().map(|(_, held)| held).collect())
    }

    /// Suppresses a person on all identifiers of theirs and of everybody linked. What is in force
    /// already is not added again. Returns whether anything was added.
    pub(crate) fn suppress(
        &mut self,
        subject: SubjectId,
        (scope, source): (SuppressionScope, SuppressionSource),
        actor: Actor,
        rule: &str,
    ) -> Result<bool, StoreError> {
        self.flush()?;
        let identifiers = self.suppressible(subject)?;
        let mut group = None;
        for identifier in &identifiers {
            let standing = self.suppressions(std::slice::from_ref(identifier))?;
            let stands = |held: &InForce| held.entry.scope == scope && held.entry.source == source;
            if standing.iter().any(stands) {
                continue;
            }
            let id = self.id(&tables::SUPPRESSIONS);
            let group = *group.get_or_insert(id);
            let (version, tag) = self.keys.suppression(identifier.value());
            let row = [
                v(id),
                v(group),
                v(version),
                v(tag),
                v(scope.code()),
                v(scope.purpose()),
                v(source.code()),
                v(rule),
                v(self.now()),
            ];
            let told = (actor, Action::SuppressionAdded, &[rule] as &[&str]);
            self.record(&tables::SUPPRESSIONS, row, told)?;
        }
        if let Some(group) = group {
            let about = About {
                subject: Some(subject),
                purpose: scope.purpose(),
                thing: Some(group),
                detail: Some(scope.code().into()),
                ..About::default()
            };
            self.emit(EventKind::Suppressed, about)?;
            self.complained(subject)?;
        }
        self.flush()?;
        Ok(group.is_some())
    }

    /// Lifts what of a person's suppressions the rule may lift, with every entry that was made
    /// together with it.
    pub(crate) fn lift(
        &mut self,
        subject: SubjectId,
        actor: Actor,
        rule: &str,
        liftable: impl Fn(&Suppression) -> bool,
    ) -> Result<(), StoreError> {
        self.flush()?;
        let identifiers = self.suppressible(subject)?;
        let mut groups: Vec<i64> = self
            .suppressions(&identifiers)?
            .iter()
            .filter(|held| liftable(&held.entry))
            .map(|held| held.group)
            .collect();
        groups.sort_unstable();
        groups.dedup();
        for group in groups {
            let about = About {
                subject: Some(subject),
                thing: Some(group),
                ..About::default()
            };
            self.emit(EventKind::SuppressionLifted, about)?;
            for suppression in self.standing_in(group)? {
                let id = self.id(&tables::LIFTS);
                let row = [v(id), v(suppression), v(rule), v(self.now())];
                let told = (actor, Action::SuppressionLifted, &[rule] as &[&str]);
                self.record(&tables::LIFTS, row, told)?;
            }
        }
        self.flush()
    }

    fn standing_in(&self, group: i64) -> Result<Vec<SuppressionId>, StoreError> {
        let sql = "SELECT s.id FROM suppressions s \
                   LEFT JOIN suppression_lifts l ON l.suppression_id = s.id \
                   WHERE l.id IS NULL AND s.group_id = $1 ORDER BY s.id";
        let mut statement = self.connection.prepare_cached(sql)?;
        let rows = statement.query_map([group], |row| row.get(0).map(SuppressionId))?;
        Ok(rows)
    }
}

/// What is in force under these tags.
fn in_force(
    connection: &Connection,
    tags: &[[u8; 32]],
) -> Result<Vec<([u8; 32], InForce)>, StoreError> {
    let mut found = Vec::new();
    for (piece, places) in connection.pieces(tags.len()) {
        let sql = format!(
            "SELECT s.id, s.group_id, s.scope, s.purpose_id, s.source, s.since, s.tag \
             FROM suppressions s \
             LEFT JOIN suppression_lifts l ON l.suppression_id = s.id \
             WHERE l.id IS NULL AND s.tag IN ({}) ORDER BY s.id",
            dialect::list(places)
        );
        let mut statement = connection.prepare_cached(&sql)?;
        let mut rows = statement.query(Padded(tags.get(piece).unwrap_or_default(), places))?;
        while let Some(row) = rows.next()? {
            let id: i64 = row.get(0)?;
            let damaged = |column| StoreError::Damaged {
                table: "suppressions",
                column,
                id,
            };
            let purpose = row.get::<Option<i64>>(3)?.map(PurposeId);
            let entry = Suppression {
                scope: SuppressionScope::from_code(row.get(2)?, purpose)
                    .ok_or_else(|| damaged("scope"))?,
                source: SuppressionSource::from_code(row.get(4)?)
                    .ok_or_else(|| damaged("source"))?,
                since: Timestamp::from_micros(row.get(5)?),
            };
            let group = row.get(1)?;
            found.push((row.get(6)?, InForce { group, entry }));
        }
    }
    Ok(found)
}

/// What stands against whoever is under these tags.
pub(crate) fn standing(
    connection: &Connection,
    tags: &[[u8; 32]],
) -> Result<HashMap<[u8; 32], Vec<Suppression>>, StoreError> {
    let mut standing: HashMap<[u8; 32], Vec<Suppression>> = HashMap::new();
    for (tag, held) in in_force(connection, tags)? {
        standing.entry(tag).or_default().push(held.entry);
    }
    Ok(standing)
}
