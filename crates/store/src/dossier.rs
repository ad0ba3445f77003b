//! What lies behind people as the gate asks about it: for one who is to get a message, or for many
//! in a preview, the same facts out of the same queries, one for each kind of fact.

use std::collections::HashMap;
use std::sync::Arc;

use domain::consent::Channel;
use domain::consent::Consent;
use domain::ids::DataKeyId;
use domain::ids::PurposeId;
use domain::ids::SubjectId;
use domain::law::Law;
use domain::law::Rules;
use domain::person::Asked;
use domain::person::Person;
use domain::person::RegistryBlock;
use domain::subject::Identifier;
use domain::subject::IdentifierKind;
use domain::suppression::Suppression;
use domain::suppression::distinct;
use domain::time::Timestamp;
use seal::DataKey;
use seal::KeySet;

use crate::consent;
use crate::dialect;
use crate::dialect::Connection;
use crate::dialect::Each;
use crate::dialect::Padded;
use crate::dialect::Row;
use crate::error::Refusal;
use crate::error::StoreError;
use crate::people;
use crate::person;
use crate::person::Blocked;
use crate::person::Trait;
use crate::registry::Registry;
use crate::suppression;
use crate::tx::Tx;

/// Data keys by the ids of their rows.
pub(crate) type Opened = HashMap<DataKeyId, Arc<DataKey>>;

/// The identifiers of some people, and the traits of some, by the ids of those they are about.
type InClear = (HashMap<i64, Vec<Held>>, HashMap<i64, Vec<Trait>>);

/// Opens the keys of many rows at once.
pub(crate) type Opener<'o> = dyn FnMut(&[DataKeyId]) -> Result<Opened, StoreError> + 'o;

/// Where the facts are read from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Source<'a> {
    pub(crate) connection: &'a Connection,
    pub(crate) keys: &'a KeySet,
    pub(crate) registry: &'a Registry,
    pub(crate) law: &'a dyn Law,
    pub(crate) now: Timestamp,
}

/// Which part of people's past a question touches.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wanted {
    /// The purposes whose consent counts.
    pub(crate) ledgers: Vec<PurposeId>,
    /// The purposes for which it counts how often somebody was asked.
    pub(crate) asked: Vec<PurposeId>,
    /// The purpose whose messages are counted, and since when.
    pub(crate) sent: Option<(PurposeId, Timestamp)>,
}

/// What lies behind one person.
#[derive(Debug)]
pub(crate) struct Dossier {
    pub(crate) subject: SubjectId,
    /// Whether WhatsApp can reach the person at all: a phone number or a BSUID is known.
    pub(crate) reachable: bool,
    pub(crate) suppressions: Vec<Suppression>,
    pub(crate) registries: Vec<RegistryBlock>,
    pub(crate) person: Person,
    pub(crate) rules: Arc<Rules>,
    pub(crate) consents: Vec<(PurposeId, Consent)>,
    pub(crate) asked: Vec<(PurposeId, Asked)>,
    pub(crate) sent: Vec<Timestamp>,
}

/// An identifier of somebody, and whether it still leads to them.
struct Held {
    identifier: Identifier,
    current: bool,
}

/// What was read of a slice of people, by the ids of those it is about.
struct Slice {
    held: HashMap<i64, Vec<Held>>,
    tags: HashMap<i64, Vec<[u8; 32]>>,
    traits: HashMap<i64, Vec<Trait>>,
    suppressed: HashMap<[u8; 32], Vec<Suppression>>,
    blocked: Blocked,
    recorded: HashMap<(i64, PurposeId), Vec<Consent>>,
    sent: HashMap<i64, Vec<Timestamp>>,
}

/// Loads what lies behind these people, in their order.
pub(crate) fn load(
    source: &Source<'_>,
    subjects: &[SubjectId],
    wanted: &Wanted,
    open: &mut Opener<'_>,
) -> Result<Vec<Dossier>, StoreError> {
    let circles = circles(source.connection, subjects)?;
    let slice = Slice::read(source, &circles, wanted, open)?;
    Ok(circles
        .iter()
        .filter_map(|circle| slice.dossier(source, circle, wanted))
        .collect())
}

impl Tx<'_> {
    /// What lies behind one person.
    pub(crate) fn dossier(
        &mut self,
        subject: SubjectId,
        wanted: &Wanted,
    ) -> Result<Dossier, StoreError> {
        let dossiers = self.dossiers(&[subject], wanted)?;
        let dossier = dossiers.into_iter().next();
        Ok(dossier.ok_or(Refusal::Missing("subject"))?)
    }

    /// What lies behind some people, in their order.
    pub(crate) fn dossiers(
        &mut self,
        subjects: &[SubjectId],
        wanted: &Wanted,
    ) -> Result<Vec<Dossier>, StoreError> {
        let (registry, keys, law) = (
            self.registry(),
            Arc::clone(&self.keys),
            Arc::clone(&self.state.law),
        );
        let source = Source {
            connection: self.connection,
            keys: &keys,
            registry: &registry,
            law: law.as_ref(),
            now: self.now(),
        };
        let mut open = |ids: &[DataKeyId]| {
            let opened = |id: &DataKeyId| Ok((*id, self.key_by_id(*id)?));
            ids.iter().map(opened).collect()
        };
        load(&source, subjects, wanted, &mut open)
    }
}

/// For each person: the person and everybody linked, in either direction, itself first.
fn circles(connection: &Connection, subjects: &[SubjectId]) -> Result<Vec<Vec<i64>>, StoreError> {
    let mut links: HashMap<i64, Vec<i64>> = HashMap::new();
    let mut known: Vec<i64> = subjects.iter().map(|subject| subject.0).collect();
    known.sort_unstable();
    known.dedup();
    let mut frontier = known.clone();
    while !frontier.is_empty() {
        let mut found = Vec::new();
        let text = |list: &str| {
            format!(
                "SELECT from_subject, to_subject FROM subject_links WHERE from_subject IN ({list}) \
                 UNION SELECT from_subject, to_subject FROM subject_links \
                 WHERE to_subject IN ({list})"
            )
        };
        each(connection, &frontier, text, |row| {
            let (from, to): (i64, i64) = (row.get(0)?, row.get(1)?);
            links.entry(from).or_default().push(to);
            links.entry(to).or_default().push(from);
            found.extend([from, to]);
            Ok(())
        })?;
        found.retain(|id| known.binary_search(id).is_err());
        found.sort_unstable();
        found.dedup();
        known.extend(&found);
        known.sort_unstable();
        frontier = found;
    }
    let circle = |subject: &SubjectId| {
        let mut circle = vec![subject.0];
        let mut next = 0;
        while let Some(current) = circle.get(next).copied() {
            next += 1;
            for other in links.get(&current).into_iter().flatten() {
                if !circle.contains(other) {
                    circle.push(*other);
                }
            }
        }
        circle
    };
    Ok(subjects.iter().map(circle).collect())
}

/// Runs a statement over the ids, as many at once as one takes.
pub(crate) fn each(
    connection: &Connection,
    ids: &[i64],
    sql: impl Fn(&str) -> String,
    mut take: impl FnMut(&Row<'_>) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    for (piece, places) in connection.pieces(ids.len()) {
        let sql = sql(&dialect::list(places));
        let mut statement = connection.prepare_cached(&sql)?;
        let ids = Padded(ids.get(piece).unwrap_or_default(), places);
        let mut rows = statement.query(Each(ids.iter()))?;
        while let Some(row) = rows.next()? {
            take(&row)?;
        }
    }
    Ok(())
}

/// Ids of purposes as part of a statement's text.
fn purposes(of: impl Iterator<Item = PurposeId>) -> String {
    let mut ids: Vec<i64> = of.map(|purpose| purpose.0).collect();
    ids.sort_unstable();
    ids.dedup();
    let ids: Vec<String> = ids.iter().map(i64::to_string).collect();
    ids.join(",")
}

impl Slice {
    fn read(
        source: &Source<'_>,
        circles: &[Vec<i64>],
        wanted: &Wanted,
        open: &mut Opener<'_>,
    ) -> Result<Self, StoreError> {
        let connection = source.connection;
        let own: Vec<i64> = circles
            .iter()
            .filter_map(|circle| circle.first().copied())
            .collect();
        let mut everybody: Vec<i64> = circles.iter().flatten().copied().collect();
        everybody.sort_unstable();
        everybody.dedup();
        let (held, traits) = opened(connection, (&everybody, &own), open)?;
        let mut tags: HashMap<i64, Vec<[u8; 32]>> = HashMap::with_capacity(held.len());
        let mut all = Vec::with_capacity(held.len());
        for subject in &everybody {
            let list = held.get(subject).into_iter().flatten();
            let list: Vec<[u8; 32]> = list
                .filter(|held| held.identifier.kind() != IdentifierKind::CustomerKey)
                .flat_map(|held| source.keys.suppression_all(held.identifier.value()))
                .map(|(_, tag)| tag)
                .collect();
            all.extend(&list);
            tags.insert(*subject, list);
        }
        // In the order of the index: neighbours stand on one page.
        all.sort_unstable();
        all.dedup();
        Ok(Self {
            suppressed: suppression::standing(connection, &all)?,
            blocked: person::blocked(connection, source.registry, &all)?,
            recorded: recorded(source, &everybody, wanted)?,
            sent: sent(connection, &own, wanted)?,
            held,
            tags,
            traits,
        })
    }

    /// What it holds of the first of a circle.
    fn dossier(&self, source: &Source<'_>, circle: &[i64], wanted: &Wanted) -> Option<Dossier> {
        let subject = *circle.first()?;
        let tags = || circle.iter().filter_map(|one| self.tags.get(one)).flatten();
        let suppressions = tags().filter_map(|tag| self.suppressed.get(tag));
        let blocks = tags().filter_map(|tag| self.blocked.get(tag));
        let traits = self.traits.get(&subject).map_or(&[][..], Vec::as_slice);
        let current: Vec<&Identifier> = self
            .held
            .get(&subject)
            .into_iter()
            .flatten()
            .filter(|held| held.current)
            .map(|held| &held.identifier)
            .collect();
        let evidence = person::evidence(traits, current.iter().copied());
        Some(Dossier {
            subject: SubjectId(subject),
            reachable: current.iter().any(|identifier| {
                matches!(
                    identifier.kind(),
                    IdentifierKind::Phone | IdentifierKind::Bsuid
                )
            }),
            suppressions: distinct(suppressions.flatten().copied().collect()),
            registries: person::blocks(source.registry, blocks.flatten().copied().collect()),
            person: person::person(traits, source.law),
            rules: source.law.rules(&evidence, source.now),
            consents: self.consents(circle, wanted),
            asked: self.asked(circle, wanted),
            sent: self.sent.get(&subject).cloned().unwrap_or_default(),
        })
    }

    fn consents(&self, circle: &[i64], wanted: &Wanted) -> Vec<(PurposeId, Consent)> {
        let newest =
            |subject: &i64, purpose| self.recorded.get(&(*subject, purpose))?.last().copied();
        let standing = |purpose: &PurposeId| {
            let (own, others) = circle.split_first()?;
            let theirs = others.iter().filter_map(|other| newest(other, *purpose));
            consent::standing(newest(own, *purpose), theirs).map(|consent| (*purpose, consent))
        };
        wanted.ledgers.iter().filter_map(standing).collect()
    }

    /// How often they were asked for consent, everybody linked counted in.
    fn asked(&self, circle: &[i64], wanted: &Wanted) -> Vec<(PurposeId, Asked)> {
        let of = |purpose: &PurposeId| {
            let all = circle.iter().filter_map(|one| {
                let recorded = self.recorded.get(&(*one, *purpose))?;
                Some(consent::asked(recorded))
            });
            (*purpose, all.fold(Asked::default(), Asked::and))
        };
        wanted.asked.iter().map(of).collect()
    }
}

/// The identifiers of everybody and the traits of some, in clear.
fn opened(
    connection: &Connection,
    (everybody, own): (&[i64], &[i64]),
    open: &mut Opener<'_>,
) -> Result<InClear, StoreError> {
    let mut sealed = Vec::with_capacity(everybody.len());
    let text = |list: &str| {
        format!(
            "SELECT subject_id, id, kind, key_id, sealed_value, ended_at FROM identifiers \
             WHERE subject_id IN ({list}) ORDER BY id DESC"
        )
    };
    each(connection, everybody, text, |row| {
        let ended: Option<i64> = row.get(5)?;
        let identifier: (i64, u8, i64, Vec<u8>) =
            (row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?);
        sealed.push((row.get::<i64>(0)?, identifier, ended.is_none()));
        Ok(())
    })?;
    let known = person::rows(connection, own)?;
    let mut ids: Vec<DataKeyId> = sealed.iter().map(|(_, row, _)| DataKeyId(row.2)).collect();
    ids.extend(known.iter().map(person::Row::key));
    ids.sort_unstable();
    ids.dedup();
    let keys = open(&ids)?;
    let key = |id: DataKeyId| {
        keys.get(&id).ok_or(StoreError::Damaged {
            table: "data_keys",
            column: "id",
            id: id.0,
        })
    };
    let mut held: HashMap<i64, Vec<Held>> = HashMap::with_capacity(everybody.len());
    for (subject, (id, kind, key_id, value), current) in sealed {
        let key = key(DataKeyId(key_id))?;
        let identifier = people::open_identifier(id, kind, (key_id, key), Some(&value))?;
        let list = held.entry(subject).or_default();
        list.push(Held {
            identifier,
            current,
        });
    }
    let mut traits: HashMap<i64, Vec<Trait>> = HashMap::new();
    for row in known {
        let (subject, key) = (row.subject().0, key(row.key())?);
        traits.entry(subject).or_default().extend(row.open(key)?);
    }
    Ok((held, traits))
}

/// The ledgers of everybody for the purposes that count, each in order.
fn recorded(
    source: &Source<'_>,
    everybody: &[i64],
    wanted: &Wanted,
) -> Result<HashMap<(i64, PurposeId), Vec<Consent>>, StoreError> {
    let mut recorded: HashMap<(i64, PurposeId), Vec<Consent>> = HashMap::new();
    let counted = purposes(wanted.ledgers.iter().chain(&wanted.asked).copied());
    if counted.is_empty() {
        return Ok(recorded);
    }
    let text = |list: &str| {
        format!(
            "SELECT subject_id, purpose_id, {} FROM consent_events \
             WHERE subject_id IN ({list}) AND purpose_id IN ({counted}) AND channel = {} \
             ORDER BY id",
            consent::COLUMNS,
            Channel::WhatsApp.code()
        )
    };
    each(source.connection, everybody, text, |row| {
        let whose = (row.get(0)?, PurposeId(row.get(1)?));
        let event = consent::read(row, 2, source.registry)?;
        recorded.entry(whose).or_default().push(event);
        Ok(())
    })?;
    Ok(recorded)
}

/// When messages for the purpose that is counted left, and messages beside the gateway.
fn sent(
    connection: &Connection,
    own: &[i64],
    wanted: &Wanted,
) -> Result<HashMap<i64, Vec<Timestamp>>, StoreError> {
    let mut sent: HashMap<i64, Vec<Timestamp>> = HashMap::new();
    let Some((purpose, since)) = wanted.sent else {
        return Ok(sent);
    };
    for (piece, places) in connection.pieces(own.len()) {
        let (list, last) = (dialect::list(places), places + 1);
        let sql = format!(
            "SELECT d.subject_id, d.at FROM decisions d JOIN messages m ON m.id = d.message_id \
             WHERE d.subject_id IN ({list}) AND d.purpose_id = {purpose} AND d.at > ${last} \
             AND d.outcome = 1 AND m.state <> {} \
             UNION ALL \
             SELECT o.subject_id, o.at FROM outside o \
             WHERE o.subject_id IN ({list}) AND o.at > ${last}",
            domain::message::MessageState::Rejected.code()
        );
        let mut statement = connection.prepare_cached(&sql)?;
        let ids = Padded(own.get(piece).unwrap_or_default(), places);
        let parameters = ids.iter().copied().chain([since.micros()]);
        let mut rows = statement.query(Each(parameters))?;
        while let Some(row) = rows.next()? {
            let at = Timestamp::from_micros(row.get(1)?);
            sent.entry(row.get(0)?).or_default().push(at);
        }
    }
    Ok(sent)
}
