//! What a transaction looked up of people, one query for each kind of fact.

use std::collections::BTreeMap;
use std::collections::HashMap;
use std::collections::HashSet;
use std::sync::Arc;

use crate::dialect::Ask;
use crate::dialect::Connection;
use crate::dialect::DbResult;
use crate::dialect::Keys;
use crate::dialect::Row;
use crate::dialect::Statements;
use domain::ids::ConversationId;
use domain::ids::DataKeyId;
use domain::ids::MessageId;
use domain::ids::NumberId;
use domain::ids::SubjectId;
use domain::subject::Identifier;
use domain::time::Quarter;
use domain::time::Timestamp;
use seal::DataKey;
use seal::Zeroizing;

use crate::error::StoreError;
use crate::keys;
use crate::keys::KeyRow;
use crate::keys::Use;
use crate::people::open_name;
use crate::sharing::Shared;
use crate::tx::State;
use crate::tx::Tx;

/// A subject's thread on one number, as it stands in the transaction.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Conversation {
    pub(crate) id: ConversationId,
    /// When the person last opened the customer service window.
    pub(crate) opened_at: Option<Timestamp>,
    pub(crate) last_message: Option<MessageId>,
    pub(crate) pair_at: Timestamp,
    /// Until when WhatsApp holds promotions off. Never written with the rest of the row: see
    /// [`crate::status`].
    pub(crate) capped_until: Option<Timestamp>,
    pub(crate) changed: bool,
    pub(crate) written: Written,
}

/// A data key as it stands in the transaction.
#[derive(Clone, Debug)]
struct HeldKey {
    id: DataKeyId,
    key: Arc<DataKey>,
    written: Written,
}

/// Where the row of a conversation, or of a data key, is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Written {
    /// Nowhere yet.
    Never,
    /// In the database, or on its way there ahead of this transaction.
    Before,
    /// Among the rows of this transaction.
    Now,
}

/// What a transaction knows of people without asking the database again.
#[derive(Debug, Default)]
pub(crate) struct Known {
    pub(crate) subjects: HashMap<[u8; 16], SubjectId>,
    /// Which tags were looked up, so that a miss is known to be one.
    pub(crate) asked: HashSet<[u8; 16]>,
    restricted: HashMap<SubjectId, Timestamp>,
    /// Subjects that have no rows in the database that could be found there.
    fresh: HashSet<SubjectId>,
    /// Those of them that were made in this transaction.
    made: HashSet<SubjectId>,
    /// Those whose name was written in this transaction.
    named: HashSet<SubjectId>,
    keys: HashMap<Use, HeldKey>,
    /// Whose keys of the quarter were looked up, so that a miss is known to be one.
    keyed: HashSet<(SubjectId, Quarter)>,
    pub(crate) conversations: BTreeMap<(SubjectId, NumberId), Conversation>,
    names: HashMap<SubjectId, Zeroizing<String>>,
    profiles: HashMap<SubjectId, (DataKeyId, Vec<u8>)>,
    pub(crate) shared: Shared,
}

impl Known {
    pub(crate) fn restricted_since(&self, subject: SubjectId) -> Option<Timestamp> {
        self.restricted.get(&subject).copied()
    }

    /// Remembers a restriction that this transaction sets.
    pub(crate) fn restrict(&mut self, subject: SubjectId, since: Timestamp) {
        self.restricted.insert(subject, since);
    }

    /// Remembers a name that is on its way into the database. Returns whether it is known to be the
    /// subject's first.
    pub(crate) fn named(&mut self, subject: SubjectId, name: &str) -> bool {
        let before = self.names.insert(subject, Zeroizing::new(name.to_owned()));
        self.named.insert(subject);
        before.is_none() && self.made.contains(&subject)
    }

    /// Remembers a subject that is made in this transaction.
    pub(crate) fn made(&mut self, subject: SubjectId) {
        self.made.insert(subject);
        self.fresh.insert(subject);
    }

    /// Whether a subject's rows are on their way into the database, so that they need not be looked
    /// for there.
    pub(crate) fn is_fresh(&self, subject: SubjectId) -> bool {
        self.fresh.contains(&subject)
    }

    /// The key of this use, if it is held here.
    pub(crate) fn key(&self, usage: Use) -> Option<(DataKeyId, Arc<DataKey>)> {
        let held = self.keys.get(&usage)?;
        Some((held.id, Arc::clone(&held.key)))
    }

    /// Remembers a key that is made in this transaction.
    pub(crate) fn made_key(&mut self, usage: Use, id: DataKeyId, key: &Arc<DataKey>) {
        let (key, written) = (Arc::clone(key), Written::Now);
        self.keys.insert(usage, HeldKey { id, key, written });
    }

    /// Whether a key that is not held here is nowhere, so that it need not be looked for.
    pub(crate) fn has_all_keys(&self, (subject, class, quarter): Use) -> bool {
        let looked_up = keys::CLASSES.iter().any(|looked| looked.code() == class);
        self.is_fresh(subject) || looked_up && self.keyed.contains(&(subject, quarter))
    }

    /// What the next transaction has to know while this one's rows are on their way.
    pub(crate) fn carried(&self) -> Self {
        let keys = self.keys.iter();
        let conversations = self.conversations.iter();
        let names = self.names.iter();
        Self {
            fresh: self.made.clone(),
            keys: keys
                .filter(|(_, held)| held.written == Written::Now)
                .map(|(usage, held)| {
                    let written = Written::Before;
                    (
                        *usage,
                        HeldKey {
                            written,
                            ..held.clone()
                        },
                    )
                })
                .collect(),
            conversations: conversations
                .filter(|(_, conversation)| conversation.written == Written::Now)
                .map(|(place, conversation)| {
                    let written = Written::Before;
                    (
                        *place,
                        Conversation {
                            written,
                            ..*conversation
                        },
                    )
                })
                .collect(),
            names: names
                .filter(|(subject, _)| self.named.contains(subject))
                .map(|(subject, name)| (*subject, name.clone()))
                .collect(),
            ..Self::default()
        }
    }

    /// Notes that WhatsApp holds promotions off in a conversation, if it is known here.
    pub(crate) fn capped(&mut self, id: ConversationId, until: Timestamp) {
        let mut all = self.conversations.values_mut();
        if let Some(conversation) = all.find(|conversation| conversation.id == id) {
            conversation.capped_until = conversation.capped_until.max(Some(until));
        }
    }

    fn read_standing(&mut self, row: &Row<'_>, quarter: Quarter) -> DbResult<()> {
        let subject = SubjectId(row.get(0)?);
        if let Some(since) = row.get::<Option<i64>>(1)? {
            self.restricted
                .insert(subject, Timestamp::from_micros(since));
        }
        if row.get::<Option<i64>>(2)?.is_some() {
            // Somebody who was erased has no key, and gets none.
            self.keyed.remove(&(subject, quarter));
        }
        Ok(())
    }

    fn read_conversation(&mut self, row: &Row<'_>) -> DbResult<()> {
        let conversation = Conversation {
            id: ConversationId(row.get(2)?),
            opened_at: row.get::<Option<i64>>(3)?.map(Timestamp::from_micros),
            last_message: row.get::<Option<i64>>(4)?.map(MessageId),
            pair_at: Timestamp::from_micros(row.get(5)?),
            capped_until: row.get::<Option<i64>>(6)?.map(Timestamp::from_micros),
            changed: false,
            written: Written::Before,
        };
        let place = (SubjectId(row.get(0)?), NumberId(row.get(1)?));
        self.conversations.entry(place).or_insert(conversation);
        Ok(())
    }

    fn read_profile(&mut self, row: &Row<'_>) -> DbResult<()> {
        let subject = SubjectId(row.get(0)?);
        if !self.names.contains_key(&subject) {
            let profile = (DataKeyId(row.get(1)?), row.get(2)?);
            self.profiles.insert(subject, profile);
        }
        Ok(())
    }
}

/// The items among two arrays that came before.
const OF_ITEMS: &str = " UNION ALL SELECT d.tag, d.second, 1 \
     FROM unnest($2::int8[], $3::bytea[]) AS k (second, tag) \
     JOIN dedup d ON d.second = k.second AND d.tag = k.tag";

/// An item as the list of what came before knows it: the second of Meta's timestamp (the hour where
/// it bears none) and the keyed hash.
pub(crate) type Seen = (i64, [u8; 16]);

impl Tx<'_> {
    /// Looks up many identifiers, their subjects' restrictions and conversations: one query for each
    /// kind of fact.
    pub(crate) fn look_up<'i>(
        &mut self,
        known: &mut Known,
        identifiers: impl Iterator<Item = &'i Identifier>,
    ) -> Result<(), StoreError> {
        self.look_up_with(known, identifiers, Vec::new()).map(drop)
    }

    /// The same, and which of these items came before.
    pub(crate) fn look_up_with<'i>(
        &mut self,
        known: &mut Known,
        identifiers: impl Iterator<Item = &'i Identifier>,
        items: Vec<Seen>,
    ) -> Result<HashSet<Seen>, StoreError> {
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
        let (keys, tail) = if items.is_empty() {
            (Keys::Tags(tags), "")
        } else {
            (Keys::TagsAndItems(tags, items), OF_ITEMS)
        };
        let asked = Ask {
            head: "SELECT tag, subject_id, 0 FROM identifier_tags WHERE tag",
            keys,
            tail,
            last: None,
        };
        let mut before = HashSet::new();
        let (connection, state) = (self.connection, &mut *self.state);
        ask(connection, &mut state.sql, [asked], &mut |_, row| {
            let (tag, found_there) = (row.get(0)?, row.get(1)?);
            if row.get::<i64>(2)? == 0 {
                let subject = SubjectId(found_there);
                known.subjects.insert(tag, subject);
                found.push(subject);
            } else {
                before.insert((found_there, tag));
            }
            Ok(())
        })?;
        found.sort_unstable();
        found.dedup();
        self.look_up_subjects(known, &found)?;
        Ok(before)
    }

    /// Looks up what is kept per subject: restriction, conversations, name, keys of the quarter.
    pub(crate) fn look_up_subjects(
        &mut self,
        known: &mut Known,
        subjects: &[SubjectId],
    ) -> Result<(), StoreError> {
        let quarter = self.now().quarter();
        let about = |head, tail, last| Ask {
            head,
            keys: Keys::Ids(subjects.iter().map(|subject| subject.0).collect()),
            tail,
            last,
        };
        let asks = [
            about(
                "SELECT id, restricted_at, erased_at FROM subjects \
                 WHERE (restricted_at IS NOT NULL OR erased_at IS NOT NULL) AND id",
                "",
                None,
            ),
            about(
                "SELECT subject_id, number_id, id, opened_at, last_message, pair_at, \
                 capped_until \
                 FROM conversations WHERE subject_id",
                "",
                None,
            ),
            about(
                "SELECT subject_id, key_id, sealed_name FROM profiles WHERE subject_id",
                "",
                None,
            ),
            about(
                keys::BY_SUBJECT,
                keys::OF_QUARTER,
                Some(i64::from(quarter.0)),
            ),
        ];
        let (connection, epochs) = (self.connection, &self.keys);
        let State { sql, cache, .. } = &mut *self.state;
        let looked_up = subjects.iter().map(|subject| (*subject, quarter));
        known.keyed.extend(looked_up);
        ask(connection, sql, asks, &mut |place, row| {
            match place {
                0 => known.read_standing(row, quarter)?,
                1 => known.read_conversation(row)?,
                2 => known.read_profile(row)?,
                _ => {
                    let row = KeyRow::read(row)?;
                    let (key, written) = (cache.warm(&row, epochs)?, Written::Before);
                    let held = HeldKey {
                        id: row.id,
                        key,
                        written,
                    };
                    known.keys.entry(row.usage()).or_insert(held);
                }
            }
            Ok(())
        })?;
        self.look_up_older_keys(known)
    }

    /// Looks up the keys of names that stand under the key of an earlier quarter.
    fn look_up_older_keys(&mut self, known: &Known) -> Result<(), StoreError> {
        let (connection, epochs) = (self.connection, &self.keys);
        let State { sql, cache, .. } = &mut *self.state;
        let names = known.profiles.values().map(|(key, _)| *key);
        let older = names.filter(|key| !cache.holds(*key)).map(|key| key.0);
        let asked = Ask {
            head: keys::BY_ID,
            keys: Keys::Ids(older.collect()),
            tail: "",
            last: None,
        };
        ask(connection, sql, [asked], &mut |_, row| {
            cache.warm(&KeyRow::read(row)?, epochs).map(drop)
        })
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

/// Asks what there is to ask; a question keeps its place.
fn ask<const N: usize>(
    connection: &Connection,
    texts: &mut Statements,
    asks: [Ask; N],
    read: &mut dyn FnMut(usize, &Row<'_>) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let asks = asks.into_iter().enumerate();
    let (places, asks): (Vec<_>, Vec<_>) = asks.filter(|(_, ask)| !ask.keys.is_empty()).unzip();
    if asks.is_empty() {
        return Ok(());
    }
    connection.ask(texts, asks, &mut |place, row| {
        read(places.get(place).copied().unwrap_or_default(), row)
    })
}
