//! What a transaction looked up of people, one query for each kind of fact.

use std::collections::BTreeMap;
use std::collections::HashMap;
use std::collections::HashSet;
use std::sync::Arc;

use crate::dialect::Each;
use crate::dialect::Padded;
use domain::ids::ConversationId;
use domain::ids::DataKeyId;
use domain::ids::MessageId;
use domain::ids::NumberId;
use domain::ids::SubjectId;
use domain::subject::Identifier;
use domain::time::Timestamp;
use seal::DataKey;
use seal::RecordClass;
use seal::Zeroizing;

use crate::dialect;
use crate::error::StoreError;
use crate::people::open_name;
use crate::tx::Tx;

/// A subject's thread on one number, as it stands in the transaction.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Conversation {
    pub(crate) id: ConversationId,
    /// When the person last opened the customer service window.
    pub(crate) opened_at: Option<Timestamp>,
    pub(crate) last_message: Option<MessageId>,
    pub(crate) pair_at: Timestamp,
    pub(crate) changed: bool,
}

/// What a transaction knows of people without asking the database again.
#[derive(Debug, Default)]
pub(crate) struct Known {
    pub(crate) subjects: HashMap<[u8; 16], SubjectId>,
    /// Which tags were looked up, so that a miss is known to be one.
    pub(crate) asked: HashSet<[u8; 16]>,
    restricted: HashMap<SubjectId, Timestamp>,
    pub(crate) fresh: HashSet<SubjectId>,
    pub(crate) keys: HashMap<(SubjectId, RecordClass), (DataKeyId, Arc<DataKey>)>,
    pub(crate) conversations: BTreeMap<(SubjectId, NumberId), Conversation>,
    names: HashMap<SubjectId, Zeroizing<String>>,
    profiles: HashMap<SubjectId, (DataKeyId, Vec<u8>)>,
}

impl Known {
    pub(crate) fn restricted_since(&self, subject: SubjectId) -> Option<Timestamp> {
        self.restricted.get(&subject).copied()
    }

    /// Remembers a name that is on its way into the database.
    pub(crate) fn named(&mut self, subject: SubjectId, name: &str) {
        self.names.insert(subject, Zeroizing::new(name.to_owned()));
    }

    pub(crate) fn is_fresh(&self, subject: SubjectId) -> bool {
        self.fresh.contains(&subject)
    }
}

impl Tx<'_> {
    /// Looks up many identifiers, their subjects' restrictions and conversations: one query for each
    /// kind of fact.
    pub(crate) fn look_up<'i>(
        &mut self,
        known: &mut Known,
        identifiers: impl Iterator<Item = &'i Identifier>,
    ) -> Result<(), StoreError> {
        let mut tags: Vec<[u8; 16]> = identifiers.map(|identifier| self.tag(identifier)).collect();
        tags.retain(|tag| known.asked.insert(*tag));
        let mut found = Vec::new();
        tags.retain(|tag| match self.state.tags.get(tag) {
            Some(subject) => {
                known.subjects.insert(*tag, subject);
                found.push(subject);
                false
            }
            None => true,
        });
        // In the order of the index: neighbours stand on one page.
        tags.sort_unstable();
        for (piece, places) in self.connection.pieces(tags.len()) {
            let sql = self.state.sql.of("identifiers", places, |rows| {
                format!(
                    "SELECT tag, subject_id FROM identifier_tags WHERE tag IN ({})",
                    dialect::list(rows)
                )
            });
            let mut statement = self.connection.prepare_cached(sql)?;
            let mut rows = statement.query(Padded(tags.get(piece).unwrap_or_default(), places))?;
            while let Some(row) = rows.next()? {
                let subject = SubjectId(row.get(1)?);
                known.subjects.insert(row.get(0)?, subject);
                found.push(subject);
            }
        }
        found.sort_unstable();
        found.dedup();
        self.look_up_subjects(known, &found)
    }

    /// Looks up what is kept per subject: restriction, conversations, keys of the quarter.
    pub(crate) fn look_up_subjects(
        &mut self,
        known: &mut Known,
        subjects: &[SubjectId],
    ) -> Result<(), StoreError> {
        for (piece, places) in self.connection.pieces(subjects.len()) {
            let ids = Padded(subjects.get(piece).unwrap_or_default(), places);
            self.look_up_restrictions(known, &ids)?;
            self.look_up_conversations(known, &ids)?;
            self.look_up_profiles(known, &ids)?;
        }
        self.warm_keys(subjects)
    }

    fn look_up_restrictions(
        &mut self,
        known: &mut Known,
        subjects: &Padded<'_, SubjectId>,
    ) -> Result<(), StoreError> {
        let sql = self.state.sql.of("restrictions", subjects.1, |rows| {
            format!(
                "SELECT id, restricted_at FROM subjects \
                 WHERE restricted_at IS NOT NULL AND id IN ({})",
                dialect::list(rows)
            )
        });
        let mut statement = self.connection.prepare_cached(sql)?;
        let mut rows = statement.query(Each(ids(subjects)))?;
        while let Some(row) = rows.next()? {
            let since = Timestamp::from_micros(row.get(1)?);
            known.restricted.insert(SubjectId(row.get(0)?), since);
        }
        Ok(())
    }

    fn look_up_conversations(
        &mut self,
        known: &mut Known,
        subjects: &Padded<'_, SubjectId>,
    ) -> Result<(), StoreError> {
        let sql = self.state.sql.of("conversations", subjects.1, |rows| {
            format!(
                "SELECT subject_id, number_id, id, opened_at, last_message, pair_at \
                 FROM conversations WHERE subject_id IN ({})",
                dialect::list(rows)
            )
        });
        let mut statement = self.connection.prepare_cached(sql)?;
        let mut rows = statement.query(Each(ids(subjects)))?;
        while let Some(row) = rows.next()? {
            let conversation = Conversation {
                id: ConversationId(row.get(2)?),
                opened_at: row.get::<Option<i64>>(3)?.map(Timestamp::from_micros),
                last_message: row.get::<Option<i64>>(4)?.map(MessageId),
                pair_at: Timestamp::from_micros(row.get(5)?),
                changed: false,
            };
            let place = (SubjectId(row.get(0)?), NumberId(row.get(1)?));
            known.conversations.entry(place).or_insert(conversation);
        }
        Ok(())
    }

    fn look_up_profiles(
        &mut self,
        known: &mut Known,
        subjects: &Padded<'_, SubjectId>,
    ) -> Result<(), StoreError> {
        let sql = self.state.sql.of("profiles", subjects.1, |rows| {
            format!(
                "SELECT subject_id, key_id, sealed_name FROM profiles WHERE subject_id IN ({})",
                dialect::list(rows)
            )
        });
        let mut statement = self.connection.prepare_cached(sql)?;
        let mut rows = statement.query(Each(ids(subjects)))?;
        while let Some(row) = rows.next()? {
            let profile = (DataKeyId(row.get(1)?), row.get(2)?);
            known.profiles.insert(SubjectId(row.get(0)?), profile);
        }
        Ok(())
    }

    /// Whether this is the subject's name already. A subject that was neither looked up nor made
    /// here counts as having another.
    pub(crate) fn has_name(
        &mut self,
        known: &mut Known,
        subject: SubjectId,
        name: &str,
    ) -> Result<bool, StoreError> {
        if let Some((key_id, sealed)) = known.profiles.remove(&subject) {
            let key = self.key_by_id(key_id)?;
            let held = open_name(subject, (key_id, &key), &sealed)?;
            known.names.entry(subject).or_insert(held);
        }
        Ok(known.names.get(&subject).is_some_and(|held| **held == name))
    }
}

fn ids(subjects: &Padded<'_, SubjectId>) -> impl Iterator<Item = i64> {
    subjects.iter().map(|subject| subject.0)
}
