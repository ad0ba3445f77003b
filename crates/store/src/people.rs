//! Subjects: finding the one a set of identifiers belongs to, or making a new one.

use std::sync::Arc;

use crate::dialect::Ask;
use crate::dialect::Connection;
use crate::dialect::DbResult;
use crate::dialect::Held;
use crate::dialect::Keys;
use crate::dialect::OptionalRow;
use crate::dialect::Row;
use domain::audit::Action;
use domain::audit::Actor;
use domain::ids::ConversationId;
use domain::ids::DataKeyId;
use domain::ids::IdentifierId;
use domain::ids::NumberId;
use domain::ids::SubjectId;
use domain::subject::Identifier;
use domain::subject::IdentifierKind;
use domain::subject::LinkKind;
use domain::subject::Restriction;
use domain::time::Timestamp;
use seal::DataKey;
use seal::KeySet;
use seal::RecordClass;
use seal::RecordKind;
use seal::Zeroizing;

use crate::error::Refusal;
use crate::error::StoreError;
use crate::known::Conversation;
use crate::known::Known;
use crate::known::Written;
use crate::leaf::OpenLeaf;
use crate::rows::v;
use crate::tables;
use crate::tx::Tx;
use crate::tx::place;

/// An identifier with the value it is found under.
#[derive(Clone, Copy, Debug)]
struct Tagged<'i> {
    identifier: &'i Identifier,
    tag: [u8; 16],
}

impl Tx<'_> {
    pub(crate) fn tag(&self, identifier: &Identifier) -> [u8; 16] {
        let index = &self.state.index;
        index.index(identifier.kind().code(), identifier.value())
    }

    /// Takes an identifier out of the index: under both keys while a roll goes on. Returns its tags.
    fn unindex(&mut self, identifier: &Identifier) -> Result<Vec<[u8; 16]>, StoreError> {
        let keys = Arc::clone(&self.keys);
        let tags: Vec<[u8; 16]> = keys
            .epochs()
            .map(|epoch| epoch.index(identifier.kind().code(), identifier.value()))
            .collect();
        for tag in &tags {
            self.state.tags.remove(self.connection, tag)?;
        }
        Ok(tags)
    }

    /// The subject these identifiers belong to; made if nobody has them.
    ///
    /// The BSUID decides where it and the phone tell of two subjects, because it stands for an
    /// account while a number can be handed on; the two are then linked. A phone that comes with
    /// another BSUID than the one on record has a new holder: a new subject, linked as successor.
    pub(crate) fn resolve(
        &mut self,
        leaf: &mut OpenLeaf,
        known: &mut Known,
        identifiers: &[Identifier],
    ) -> Result<SubjectId, StoreError> {
        let tagged: Vec<Tagged<'_>> = identifiers
            .iter()
            .map(|identifier| Tagged {
                identifier,
                tag: self.tag(identifier),
            })
            .collect();
        let by = |kind| {
            let mut tagged = tagged.iter();
            tagged.find(|tagged| tagged.identifier.kind() == kind)
        };
        let phone = by(IdentifierKind::Phone);
        let bsuid = by(IdentifierKind::Bsuid);
        let holder = |tagged: &Tagged<'_>| known.subjects.get(&tagged.tag).copied();
        let phone_subject = phone.and_then(holder);
        let bsuid_subject = bsuid.and_then(holder);

        let subject = match (bsuid_subject, phone_subject) {
            (Some(account), Some(holder)) if account != holder => {
                self.unite(Actor::Meta, known, (account, holder))?;
                return Ok(account);
            }
            (Some(subject), _) => subject,
            (None, Some(holder)) => match (phone, bsuid) {
                (Some(phone), Some(_)) if self.has_other(holder, IdentifierKind::Bsuid)? => {
                    self.succeed(leaf, known, holder, phone)?
                }
                _ => holder,
            },
            (None, None) => self.new_subject(known),
        };
        for tagged in &tagged {
            if !known.subjects.contains_key(&tagged.tag) {
                self.attach(leaf, known, subject, tagged)?;
            }
        }
        Ok(subject)
    }

    fn has_other(&mut self, subject: SubjectId, kind: IdentifierKind) -> Result<bool, StoreError> {
        // Another item of the batch may have brought it.
        self.flush()?;
        let sql = "SELECT 1 FROM identifiers \
                   WHERE subject_id = $1 AND kind = $2 AND ended_at IS NULL LIMIT 1";
        let mut statement = self.connection.prepare_cached(sql)?;
        Ok(statement.exists((subject.0, kind.code()))?)
    }

    /// A new subject that takes over `phone` from `holder`. Stops follow the number by themselves,
    /// because they stand on it; they are copied to the new account by the caller's look-up of
    /// linked people.
    fn succeed(
        &mut self,
        leaf: &mut OpenLeaf,
        known: &mut Known,
        holder: SubjectId,
        phone: &Tagged<'_>,
    ) -> Result<SubjectId, StoreError> {
        self.flush()?;
        self.end_identifier(known, holder, phone.identifier)?;
        let subject = self.new_subject(known);
        self.attach(leaf, known, subject, phone)?;
        self.link(holder, subject, LinkKind::Successor)?;
        Ok(subject)
    }

    /// Ends an identifier: it no longer leads to its subject.
    pub(crate) fn end_identifier(
        &mut self,
        known: &mut Known,
        subject: SubjectId,
        identifier: &Identifier,
    ) -> Result<(), StoreError> {
        let tag = self.tag(identifier);
        known.subjects.remove(&tag);
        let sql = "UPDATE identifiers SET ended_at = $1 \
                   WHERE subject_id = $2 AND tag = $3 AND ended_at IS NULL";
        for tag in self.unindex(identifier)? {
            let mut statement = self.connection.prepare_cached(sql)?;
            statement.execute((self.now().micros(), subject.0, tag))?;
        }
        crate::group::unlist(self.connection, subject)
    }

    pub(crate) fn new_subject(&mut self, known: &mut Known) -> SubjectId {
        let subject = SubjectId(self.id(&tables::SUBJECTS));
        self.put(
            &tables::SUBJECTS,
            [v(subject), v(self.now()), v(None::<i64>), v(None::<i64>)],
        );
        known.made(subject);
        subject
    }

    /// Adds an identifier that leads to nobody yet to a subject.
    pub(crate) fn attach_identifier(
        &mut self,
        leaf: &mut OpenLeaf,
        known: &mut Known,
        subject: SubjectId,
        identifier: &Identifier,
    ) -> Result<(), StoreError> {
        let tag = self.tag(identifier);
        self.attach(leaf, known, subject, &Tagged { identifier, tag })
    }

    /// Adds an identifier to a subject.
    fn attach(
        &mut self,
        leaf: &mut OpenLeaf,
        known: &mut Known,
        subject: SubjectId,
        tagged: &Tagged<'_>,
    ) -> Result<(), StoreError> {
        let Tagged { identifier, tag } = *tagged;
        let (key_id, key) = self.class_key(leaf, known, subject, RecordClass::Profile)?;
        let id = IdentifierId(self.id(&tables::IDENTIFIERS));
        let place = place(
            RecordKind::Identifier,
            identifier.kind().code(),
            id.0,
            key_id.0,
        );
        let sealed = self.seal(&key, &place, identifier.value().as_bytes())?;
        let row = [
            v(id),
            v(subject),
            v(identifier.kind().code()),
            v(self.state.index.id()),
            v(tag),
            v(key_id),
            v(sealed),
            v(self.now()),
            v(None::<i64>),
        ];
        self.put(&tables::IDENTIFIERS, row);
        self.state.tags.add(tag, subject);
        known.subjects.insert(tag, subject);
        known.asked.insert(tag);
        Ok(())
    }

    /// The data key for new content. The database is not asked where it is known to have none.
    pub(crate) fn class_key(
        &mut self,
        leaf: &mut OpenLeaf,
        known: &mut Known,
        subject: SubjectId,
        class: RecordClass,
    ) -> Result<(DataKeyId, Arc<DataKey>), StoreError> {
        let usage = (subject, class.code(), self.now().quarter());
        if let Some(held) = known.key(usage) {
            return Ok(held);
        }
        if !known.has_all_keys(usage) {
            return self.key(leaf, subject, class);
        }
        let (id, key) = self.new_key(leaf, subject, class)?;
        known.made_key(usage, id, &key);
        Ok((id, key))
    }

    /// Links two subjects, unless they are linked already.
    pub(crate) fn link(
        &mut self,
        from: SubjectId,
        to: SubjectId,
        kind: LinkKind,
    ) -> Result<(), StoreError> {
        self.link_as(Actor::Meta, (from, to), kind).map(drop)
    }

    /// Links two subjects as the same person, unless they are already. A restriction of one of them is
    /// one of the person.
    pub(crate) fn unite(
        &mut self,
        actor: Actor,
        known: &mut Known,
        (from, to): (SubjectId, SubjectId),
    ) -> Result<(), StoreError> {
        if !self.link_as(actor, (from, to), LinkKind::SamePerson)? {
            return Ok(());
        }
        let circle = crate::erase::same_person(self.connection, from)?;
        let mut free = Vec::new();
        for subject in &circle {
            if restriction(self.connection, Some(*subject))? == Restriction::None {
                free.push(*subject);
            }
        }
        if free.len() == circle.len() {
            return Ok(());
        }
        let now = self.now();
        for subject in free {
            // From now on, not since the other's: what tells backups of restrictions goes by the instant.
            let sql = "UPDATE subjects SET restricted_at = $1 WHERE id = $2";
            self.update_one(&tables::SUBJECTS, sql, (now.micros(), subject.0))?;
            known.restrict(subject, now);
            let rules = &["restriction/same-person"] as &[&str];
            let told = (actor, Action::RestrictionChanged, rules);
            self.note(Some(subject), "linked with somebody restricted", told)?;
        }
        self.flush()
    }

    /// Links two subjects as somebody tells of it. Returns whether the link is new.
    fn link_as(
        &mut self,
        actor: Actor,
        (from, to): (SubjectId, SubjectId),
        kind: LinkKind,
    ) -> Result<bool, StoreError> {
        self.flush()?;
        let sql = "SELECT 1 FROM subject_links \
                   WHERE from_subject = $1 AND to_subject = $2 AND kind = $3";
        if self
            .connection
            .prepare_cached(sql)?
            .exists((from.0, to.0, kind.code()))?
        {
            return Ok(false);
        }
        let id = self.id(&tables::LINKS);
        let row = [v(id), v(from), v(to), v(kind.code()), v(self.now())];
        self.record(
            &tables::LINKS,
            row,
            (actor, Action::SubjectsLinked, &["subject/link"]),
        )?;
        self.flush()?;
        Ok(true)
    }

    /// The subject and everybody linked to it, in either direction.
    pub(crate) fn linked(&self, subject: SubjectId) -> Result<Vec<SubjectId>, StoreError> {
        linked(self.connection, subject)
    }

    /// The identifiers of a subject in clear, those that have ended included if wanted.
    pub(crate) fn identifiers(
        &mut self,
        subject: SubjectId,
        which: Which,
    ) -> Result<Vec<Identifier>, StoreError> {
        let mut sealed = Vec::new();
        let texts = &mut self.state.sql;
        self.connection
            .ask(texts, vec![which.of(&[subject])], &mut |_, row| {
                sealed.push(SealedIdentifier::read(row)?);
                Ok(())
            })?;
        let sealed = sealed.into_iter();
        sealed.map(|identifier| identifier.open(self)).collect()
    }

    /// The subject an app knows under an alias.
    pub(crate) fn by_alias(
        &self,
        app: domain::ids::AppId,
        alias: &str,
    ) -> Result<Option<SubjectId>, StoreError> {
        let sql = "SELECT subject_id FROM aliases WHERE app_id = $1 AND alias = $2";
        let mut statement = self.connection.prepare_cached(sql)?;
        Ok(statement
            .query_row((app.0, alias), |row| row.get(0))
            .optional()?
            .map(SubjectId))
    }

    /// The thread of a subject on a number, as it stands; made if there is none.
    pub(crate) fn conversation<'k>(
        &mut self,
        known: &'k mut Known,
        subject: SubjectId,
        number: NumberId,
    ) -> &'k mut Conversation {
        let conversation = known
            .conversations
            .entry((subject, number))
            .or_insert_with(|| Conversation {
                id: ConversationId(self.id(&tables::CONVERSATIONS)),
                opened_at: None,
                last_message: None,
                pair_at: Timestamp::default(),
                capped_until: None,
                changed: true,
                written: Written::Never,
            });
        conversation.changed = true;
        conversation
    }

    /// Puts the conversations that changed among the rows to write.
    pub(crate) fn put_conversations(&mut self, known: &mut Known) {
        for ((subject, number), conversation) in &mut known.conversations {
            if std::mem::take(&mut conversation.changed) {
                let row = [
                    v(conversation.id),
                    v(*subject),
                    v(*number),
                    v(conversation.opened_at),
                    v(conversation.last_message),
                    v(conversation.pair_at),
                    v(conversation.capped_until),
                ];
                let held = match std::mem::replace(&mut conversation.written, Written::Now) {
                    Written::Never => Held::None,
                    Written::Before | Written::Now => Held::All,
                };
                self.state.rows.push_as(&tables::CONVERSATIONS, held, row);
            }
        }
    }

    /// Writes all waiting rows now, because what follows reads them back.
    pub(crate) fn flush(&mut self) -> Result<(), StoreError> {
        self.state.rows.flush(self.connection)
    }
}

/// How many of the questions of [`of_linked`] are about links.
pub(crate) const LINKS: usize = 2;

/// Asks whom these subjects are linked to, in either direction, and what identifiers they ever had.
pub(crate) fn of_linked(subjects: &[SubjectId]) -> Vec<Ask> {
    let links = [
        "SELECT to_subject FROM subject_links WHERE from_subject",
        "SELECT from_subject FROM subject_links WHERE to_subject",
    ];
    let mut asks: Vec<Ask> = links.map(|head| about(subjects, head, "")).into();
    asks.push(Which::Ever.of(subjects));
    asks
}

fn about(subjects: &[SubjectId], head: &'static str, tail: &'static str) -> Ask {
    Ask {
        head,
        keys: Keys::Ids(subjects.iter().map(|subject| subject.0).collect()),
        tail,
        last: None,
    }
}

/// An identifier as it is kept.
pub(crate) struct SealedIdentifier {
    id: i64,
    kind: u8,
    key_id: i64,
    sealed: Vec<u8>,
}

impl SealedIdentifier {
    pub(crate) fn read(row: &Row<'_>) -> DbResult<Self> {
        Ok(Self {
            id: row.get(0)?,
            kind: row.get(1)?,
            key_id: row.get(2)?,
            sealed: row.get(3)?,
        })
    }

    pub(crate) fn open(&self, tx: &mut Tx<'_>) -> Result<Identifier, StoreError> {
        let key = tx.key_by_id(DataKeyId(self.key_id))?;
        open_identifier(self.id, self.kind, (self.key_id, &key), Some(&self.sealed))
    }
}

/// The subject and everybody linked to it, in either direction, itself first.
pub(crate) fn linked(
    connection: &Connection,
    subject: SubjectId,
) -> Result<Vec<SubjectId>, StoreError> {
    let sql = "SELECT to_subject FROM subject_links WHERE from_subject = $1 \
               UNION SELECT from_subject FROM subject_links WHERE to_subject = $1";
    let mut all = vec![subject];
    let mut next = 0;
    while let Some(current) = all.get(next).copied() {
        next += 1;
        let mut statement = connection.prepare_cached(sql)?;
        let mut rows = statement.query([current.0])?;
        while let Some(row) = rows.next()? {
            let other = SubjectId(row.get(0)?);
            if !all.contains(&other) {
                all.push(other);
            }
        }
    }
    Ok(all)
}

/// Whether a subject is restricted, and since when. What is about nobody is not.
pub(crate) fn restriction(
    connection: &Connection,
    subject: Option<SubjectId>,
) -> Result<Restriction, StoreError> {
    let Some(subject) = subject else {
        return Ok(Restriction::None);
    };
    let sql = "SELECT restricted_at FROM subjects WHERE id = $1";
    let since: Option<i64> = connection
        .prepare_cached(sql)?
        .query_row([subject.0], |row| row.get(0))
        .optional()?
        .flatten();
    Ok(
        since.map_or(Restriction::None, |since| Restriction::Restricted {
            since: Timestamp::from_micros(since),
        }),
    )
}

/// That there is such a subject, who was not erased.
pub(crate) fn exists(connection: &Connection, subject: SubjectId) -> Result<(), StoreError> {
    let sql = "SELECT 1 FROM subjects WHERE id = $1 AND erased_at IS NULL";
    if connection.prepare_cached(sql)?.exists([subject.0])? {
        Ok(())
    } else {
        Err(Refusal::Missing("subject").into())
    }
}

/// The profile name of a subject in clear.
pub(crate) fn name(
    connection: &Connection,
    keys: &KeySet,
    subject: SubjectId,
) -> Result<Option<String>, StoreError> {
    let sql = "SELECT key_id, sealed_name FROM profiles WHERE subject_id = $1";
    let row = connection
        .prepare_cached(sql)?
        .query_row([subject.0], |row| {
            Ok((row.get::<i64>(0)?, row.get::<Vec<u8>>(1)?))
        })
        .optional()?;
    let Some((key_id, sealed)) = row else {
        return Ok(None);
    };
    let key_id = DataKeyId(key_id);
    let key = crate::keys::load(connection, keys, key_id)?;
    let name = open_name(subject, (key_id, &key), &sealed)?;
    Ok(Some(name.to_string()))
}

pub(crate) fn open_name(
    subject: SubjectId,
    (key_id, key): (DataKeyId, &DataKey),
    sealed: &[u8],
) -> Result<Zeroizing<String>, StoreError> {
    let place = place(RecordKind::Profile, 1, subject.0, key_id.0);
    key.open(&place, sealed)
        .ok()
        .and_then(|name| String::from_utf8(name.to_vec()).ok())
        .map(Zeroizing::new)
        .ok_or(StoreError::Damaged {
            table: "profiles",
            column: "sealed_name",
            id: subject.0,
        })
}

/// Which identifiers of a subject.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Which {
    /// Those that lead to the subject now.
    Current,
    /// All it ever had.
    Ever,
}

impl Which {
    /// Asks for them.
    fn of(self, subjects: &[SubjectId]) -> Ask {
        let head = "SELECT id, kind, key_id, sealed_value FROM identifiers WHERE subject_id";
        let tail = match self {
            Self::Current => " AND ended_at IS NULL ORDER BY id DESC",
            Self::Ever => " ORDER BY id DESC",
        };
        about(subjects, head, tail)
    }
}

/// Opens a sealed identifier.
pub(crate) fn open_identifier(
    id: i64,
    kind: u8,
    (key_id, key): (i64, &DataKey),
    sealed: Option<&[u8]>,
) -> Result<Identifier, StoreError> {
    let damaged = |column| StoreError::Damaged {
        table: "identifiers",
        column,
        id,
    };
    let place = place(RecordKind::Identifier, kind, id, key_id);
    let value = key
        .open(&place, sealed.unwrap_or_default())
        .ok()
        .and_then(|value| String::from_utf8(value.to_vec()).ok())
        .ok_or_else(|| damaged("sealed_value"))?;
    let kind = IdentifierKind::from_code(kind).ok_or_else(|| damaged("kind"))?;
    Ok(Identifier::new(kind, value))
}
