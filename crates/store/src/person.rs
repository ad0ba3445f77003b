//! What is known of a person beside identifiers and name, and what the gate asks about it.

use std::collections::HashMap;
use std::sync::Arc;

use domain::audit::Action;
use domain::audit::Actor;
use domain::ids::BlockRegistryId;
use domain::ids::DataKeyId;
use domain::ids::SubjectId;
use domain::law::Evidence;
use domain::law::Law;
use domain::law::Rules;
use domain::person::Age;
use domain::person::Person;
use domain::person::RegistryBlock;
use domain::person::Sale;
use domain::person::TraitKind;
use domain::person::TraitSource;
use domain::subject::Identifier;
use domain::subject::IdentifierKind;
use domain::time::Timestamp;
use seal::RecordClass;
use seal::RecordKind;
use seal::Zeroizing;

use crate::dialect;
use crate::dialect::Connection;
use crate::dialect::Padded;
use crate::dossier;
use crate::error::StoreError;
use crate::keys;
use crate::people;
use crate::read::Reader;
use crate::registry::Registry;
use crate::rows::v;
use crate::tables;
use crate::tx::Tx;
use crate::tx::place;

/// How many leading digits of a phone number may tell where its holder lives.
const PREFIX: usize = 7;

/// Something known of a person, in clear.
#[derive(Clone, Debug)]
pub struct Trait {
    /// What it is about.
    pub kind: TraitKind,
    /// Where it is known from.
    pub source: TraitSource,
    /// What it says, in the form [`TraitKind`] describes: personal data.
    pub value: Zeroizing<String>,
    /// Since when it is known.
    pub at: Timestamp,
}

/// The newest of a kind of a person's traits, with its place in the database.
pub(crate) struct Row {
    id: i64,
    subject: SubjectId,
    kind: TraitKind,
    source: TraitSource,
    key: DataKeyId,
    sealed: Vec<u8>,
    at: Timestamp,
}

/// The newest of each kind of each of these people's traits.
pub(crate) fn rows(connection: &Connection, subjects: &[i64]) -> Result<Vec<Row>, StoreError> {
    let text = |list: &str| {
        format!(
            "SELECT id, kind, source, key_id, sealed_value, at, subject_id FROM traits \
             WHERE subject_id IN ({list}) ORDER BY subject_id, id"
        )
    };
    let mut newest: Vec<Row> = Vec::new();
    dossier::each(connection, subjects, text, |row| {
        let id: i64 = row.get(0)?;
        let damaged = |column| StoreError::Damaged {
            table: "traits",
            column,
            id,
        };
        let row = Row {
            id,
            subject: SubjectId(row.get(6)?),
            kind: TraitKind::from_code(row.get(1)?).ok_or_else(|| damaged("kind"))?,
            source: TraitSource::from_code(row.get(2)?).ok_or_else(|| damaged("source"))?,
            key: DataKeyId(row.get(3)?),
            sealed: row.get(4)?,
            at: Timestamp::from_micros(row.get(5)?),
        };
        // One person's stand together, and there are few kinds.
        let own = newest.iter().rev();
        let mut own = own.take_while(|held| held.subject == row.subject);
        if let Some(behind) = own.position(|held| held.kind == row.kind) {
            newest.remove(newest.len() - 1 - behind);
        }
        newest.push(row);
        Ok(())
    })?;
    Ok(newest)
}

impl Row {
    /// Whose.
    pub(crate) const fn subject(&self) -> SubjectId {
        self.subject
    }

    /// The key it opens with.
    pub(crate) const fn key(&self) -> DataKeyId {
        self.key
    }

    /// The trait in clear; none if it was taken back.
    pub(crate) fn open(self, key: &seal::DataKey) -> Result<Option<Trait>, StoreError> {
        let damaged = || StoreError::Damaged {
            table: "traits",
            column: "sealed_value",
            id: self.id,
        };
        let place = place(RecordKind::Trait, self.kind.code(), self.id, self.key.0);
        let value = key.open(&place, &self.sealed).map_err(|_| damaged())?;
        let value = String::from_utf8(value.to_vec()).map_err(|_| damaged())?;
        Ok((!value.is_empty()).then(|| Trait {
            kind: self.kind,
            source: self.source,
            value: Zeroizing::new(value),
            at: self.at,
        }))
    }
}

impl Tx<'_> {
    /// What is known of a person, the newest of each kind.
    pub(crate) fn traits(&mut self, subject: SubjectId) -> Result<Vec<Trait>, StoreError> {
        let rows = rows(self.connection, &[subject.0])?;
        let mut traits = Vec::with_capacity(rows.len());
        for row in rows {
            let key = self.key_by_id(row.key)?;
            traits.extend(row.open(&key)?);
        }
        Ok(traits)
    }

    /// Notes something about a person; an empty value takes back what was known.
    pub(crate) fn put_trait(
        &mut self,
        subject: SubjectId,
        (kind, source): (TraitKind, TraitSource),
        value: &str,
        actor: Actor,
    ) -> Result<(), StoreError> {
        people::exists(self.connection, subject)?;
        let mut leaf = self.open_leaf()?;
        let (key_id, key) = self.key(&mut leaf, subject, RecordClass::Profile)?;
        let id = self.id(&tables::TRAITS);
        let place = place(RecordKind::Trait, kind.code(), id, key_id.0);
        let sealed = self.seal(&key, &place, value.as_bytes())?;
        let row = [
            v(id),
            v(subject),
            v(kind.code()),
            v(source.code()),
            v(key_id),
            v(sealed),
            v(self.now()),
        ];
        self.cover(&mut leaf, &tables::TRAITS, row);
        self.close_leaf(leaf, actor, Action::TraitChanged, &["trait/noted"]);
        self.flush()
    }
}

/// Blocks of external registries by the tag they stand under, each with the instant since when.
pub(crate) type Blocked = HashMap<[u8; 32], Vec<(BlockRegistryId, Timestamp)>>;

/// Where these tags of the permanent key stand in external registries that count, with the instants
/// since when.
pub(crate) fn blocked(
    connection: &Connection,
    registry: &Registry,
    tags: &[[u8; 32]],
) -> Result<Blocked, StoreError> {
    let mut found = Blocked::new();
    let counts = |id| {
        let mut held = registry.block_registries.iter();
        held.find(|held| held.id == id && held.ended_at.is_none())
    };
    if !registry
        .block_registries
        .iter()
        .any(|held| held.ended_at.is_none())
    {
        return Ok(found);
    }
    for (piece, places) in connection.pieces(tags.len()) {
        let sql = format!(
            "SELECT registry_id, at, import_id, last_import, tag FROM registry_blocks \
             WHERE tag IN ({}) ORDER BY id",
            dialect::list(places)
        );
        let mut statement = connection.prepare_cached(&sql)?;
        let mut rows = statement.query(Padded(tags.get(piece).unwrap_or_default(), places))?;
        while let Some(row) = rows.next()? {
            let id = BlockRegistryId(row.get(0)?);
            let (first, last) = (row.get(2)?, row.get(3)?);
            if counts(id).is_some_and(|held| held.has(first, last)) {
                let since = Timestamp::from_micros(row.get(1)?);
                found.entry(row.get(4)?).or_default().push((id, since));
            }
        }
    }
    Ok(found)
}

/// One block for each registry, the earliest.
pub(crate) fn blocks(
    registry: &Registry,
    mut found: Vec<(BlockRegistryId, Timestamp)>,
) -> Vec<RegistryBlock> {
    found.sort_unstable();
    found.dedup_by_key(|(id, _)| *id);
    let block = |(id, since)| {
        let mut held = registry.block_registries.iter();
        held.find(|held| held.id == id).map(|held| RegistryBlock {
            since,
            overridden: held.overridden.clone(),
        })
    };
    found.into_iter().filter_map(block).collect()
}

/// What the gate makes of traits. One that this program cannot read says nothing; they are checked
/// where they come in.
pub(crate) fn person(traits: &[Trait], law: &dyn Law) -> Person {
    let mut person = Person::default();
    for known in traits {
        let value = known.value.as_str();
        match known.kind {
            TraitKind::Zone => person.zone = law.zone(value),
            TraitKind::Age if value == "adult" => person.age = Age::Adult,
            TraitKind::Age => person.age = value.parse().map_or(Age::Unknown, Age::Born),
            TraitKind::Special => person.special = value == "yes",
            TraitKind::Sale => person.sale = sale(value),
            TraitKind::ContractEnded | TraitKind::Residence | TraitKind::Languages => {}
        }
    }
    person
}

fn sale(value: &str) -> Option<Sale> {
    let (at, objectable) = value
        .strip_suffix(" objectable")
        .map_or((value, false), |at| (at, true));
    let at = at.parse().ok()?;
    Some(Sale { at, objectable })
}

pub(crate) fn evidence<'i>(
    traits: &[Trait],
    identifiers: impl Iterator<Item = &'i Identifier>,
) -> Evidence {
    let residence = traits
        .iter()
        .find(|known| known.kind == TraitKind::Residence);
    let mut evidence = Evidence {
        residence: residence.map(|known| known.value.to_string()),
        ..Evidence::default()
    };
    for identifier in identifiers {
        let value = identifier.value();
        match identifier.kind() {
            IdentifierKind::Bsuid | IdentifierKind::ParentBsuid => {
                let country = value.split('.').next().unwrap_or_default();
                evidence.bsuid_countries.push(country.to_owned());
            }
            IdentifierKind::Phone => {
                let digits = value.trim_start_matches('+');
                let prefix = digits.get(..PREFIX).unwrap_or(digits);
                evidence.phone_prefixes.push(prefix.to_owned());
            }
            IdentifierKind::CustomerKey | IdentifierKind::Email => {}
        }
    }
    evidence.bsuid_countries.sort_unstable();
    evidence.bsuid_countries.dedup();
    evidence.phone_prefixes.sort_unstable();
    evidence.phone_prefixes.dedup();
    evidence
}

impl Reader<'_> {
    /// What is known of a person beside identifiers and name, the newest of each kind.
    pub fn traits(&self, subject: SubjectId) -> Result<Vec<Trait>, StoreError> {
        let mut traits = Vec::new();
        for row in rows(self.connection, &[subject.0])? {
            let key = keys::load(self.connection, &self.keys, row.key)?;
            traits.extend(row.open(&key)?);
        }
        Ok(traits)
    }

    /// The rules that hold for a person.
    pub fn rules(&self, subject: SubjectId, at: Timestamp) -> Result<Arc<Rules>, StoreError> {
        Ok(self.law.rules(&self.evidence(subject)?, at))
    }

    /// What tells which law holds for a person.
    pub fn evidence(&self, subject: SubjectId) -> Result<Evidence, StoreError> {
        let traits = self.traits(subject)?;
        Ok(evidence(&traits, self.identifiers(subject)?.iter()))
    }
}
