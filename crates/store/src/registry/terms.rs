//! What holds for purposes and notices beside their first row, and the external registries.

use std::collections::BTreeMap;

use domain::ids::BlockRegistryId;
use domain::ids::NoticeId;
use domain::ids::PurposeId;
use domain::ids::RegistryImportId;
use domain::purpose::Cap;
use domain::purpose::Terms;
use domain::time::Span;
use domain::time::Timestamp;
use seal::RecordClass;

use super::Notice;
use super::Registry;
use super::all;
use crate::dialect::Connection;
use crate::dialect::DbResult;
use crate::dialect::Row;
use crate::error::StoreError;

/// What people read of a purpose, and how consent to it comes about.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct PurposeTerms {
    /// The notice it is explained in; none: the instance's general one.
    pub notice: Option<String>,
    /// What it is, in a sentence or two, for people.
    pub description: String,
    /// Who receives data for it, one a line, for people.
    pub recipients: String,
    /// The class its messages are kept under; none: conversation.
    pub record_class: Option<RecordClass>,
    /// Whether consent asked for outside of the chat has to be confirmed a second time.
    pub confirm: bool,
}

/// The layers of a notice version beside its page.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct NoticeLayers {
    /// The short text for a chat.
    pub short: String,
    /// What the notice says of each element the law asks for, by the element's number (`N01`).
    pub elements: BTreeMap<String, String>,
    /// SHA-256 over page, short text and elements, as they were published.
    pub hash: Vec<u8>,
}

/// A list, kept outside, of people whom promotion must not reach.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct BlockRegistry {
    /// Its id.
    pub id: BlockRegistryId,
    /// Its short name.
    pub code: String,
    /// Its name.
    pub name: String,
    /// How often the list has to be brought up to date, in days.
    pub every_days: u32,
    /// Since when it is known here.
    pub created_at: Timestamp,
    /// The import whose list is in force.
    pub import: Option<RegistryImportId>,
    /// When it was last brought up to date.
    pub imported_at: Option<Timestamp>,
    /// When it stopped counting.
    pub ended_at: Option<Timestamp>,
    /// The purposes for which somebody answerable has put consent before it.
    pub overridden: Vec<PurposeId>,
}

impl BlockRegistry {
    /// From when on its list is out of date.
    pub fn due_at(&self) -> Timestamp {
        self.imported_at.unwrap_or(self.created_at) + Span::days(self.every_days)
    }

    /// Whether a row of the list that was brought by import `first`, and by `last` once more, counts.
    pub(crate) fn has(&self, first: i64, last: i64) -> bool {
        let in_force = |import: RegistryImportId| first <= import.0 && import.0 <= last;
        self.ended_at.is_none() && self.import.is_some_and(in_force)
    }
}

impl Registry {
    /// The newest notice that explains a purpose: the one it names, else the one of its own code, else
    /// the instance's general one; in `language` if there is one.
    pub fn notice_of(&self, purpose: PurposeId, language: &str) -> Option<&Notice> {
        let entry = self.purpose(purpose)?;
        let named = entry.terms.notice.as_deref();
        let codes = [named, Some(entry.purpose.code.as_str()), Some("messages")];
        codes
            .into_iter()
            .flatten()
            .find_map(|code| self.newest_notice(code, language))
    }
}

/// Puts the newest terms to the purposes, and the layers to the notices.
pub(super) fn load(connection: &Connection, registry: &mut Registry) -> Result<(), StoreError> {
    let terms = all(
        connection,
        "SELECT purpose_id, notice, description, recipients, record_class, soft_opt_in, special, \
         any_hour, confirm, cap_count, cap_days, lapse_days, asks_for FROM purpose_terms ORDER BY id",
        terms,
    )?;
    for (purpose, terms, shown) in terms {
        let held = registry.purposes.iter_mut();
        if let Some(entry) = held.into_iter().find(|entry| entry.purpose.id == purpose) {
            entry.purpose.terms = terms;
            entry.terms = shown;
        }
    }
    let layers = all(
        connection,
        "SELECT notice_id, short, elements, hash FROM notice_layers ORDER BY notice_id",
        layers,
    )?;
    for (notice, layers) in layers {
        let held = registry.notices.iter_mut();
        if let Some(held) = held.into_iter().find(|held| held.id == notice) {
            held.layers = Some(layers);
        }
    }
    Ok(())
}

fn terms(row: &Row<'_>) -> DbResult<(PurposeId, Terms, PurposeTerms)> {
    let count: Option<u32> = row.get(9)?;
    let days: Option<u32> = row.get(10)?;
    let terms = Terms {
        soft_opt_in: row.get::<i64>(5)? != 0,
        special: row.get::<i64>(6)? != 0,
        any_hour: row.get::<i64>(7)? != 0,
        cap: count.zip(days).map(|(count, days)| Cap { count, days }),
        lapse_days: row.get(11)?,
        asks_for: row.get::<Option<i64>>(12)?.map(PurposeId),
    };
    let shown = PurposeTerms {
        notice: row.get(1)?,
        description: row.get(2)?,
        recipients: row.get(3)?,
        record_class: RecordClass::from_code(row.get(4)?),
        confirm: row.get::<i64>(8)? != 0,
    };
    Ok((PurposeId(row.get(0)?), terms, shown))
}

fn layers(row: &Row<'_>) -> DbResult<(NoticeId, NoticeLayers)> {
    let elements: String = row.get(2)?;
    let layers = NoticeLayers {
        short: row.get(1)?,
        elements: serde_json::from_str(&elements).unwrap_or_default(),
        hash: row.get(3)?,
    };
    Ok((NoticeId(row.get(0)?), layers))
}

/// The registries with their last import, and what was put before them.
pub(crate) fn block_registries(connection: &Connection) -> Result<Vec<BlockRegistry>, StoreError> {
    let mut registries = all(
        connection,
        "SELECT r.id, r.code, r.name, r.every_days, r.created_at, r.ended_at, \
         (SELECT max(i.id) FROM registry_imports i WHERE i.registry_id = r.id), \
         (SELECT max(i.at) FROM registry_imports i WHERE i.registry_id = r.id) \
         FROM registries r ORDER BY r.id",
        |row| {
            Ok(BlockRegistry {
                id: BlockRegistryId(row.get(0)?),
                code: row.get(1)?,
                name: row.get(2)?,
                every_days: row.get(3)?,
                created_at: Timestamp::from_micros(row.get(4)?),
                ended_at: row.get::<Option<i64>>(5)?.map(Timestamp::from_micros),
                import: row.get::<Option<i64>>(6)?.map(RegistryImportId),
                imported_at: row.get::<Option<i64>>(7)?.map(Timestamp::from_micros),
                overridden: Vec::new(),
            })
        },
    )?;
    let overrides = all(
        connection,
        "SELECT registry_id, purpose_id FROM registry_overrides WHERE ended_at IS NULL ORDER BY id",
        |row| Ok((BlockRegistryId(row.get(0)?), PurposeId(row.get(1)?))),
    )?;
    for (registry, purpose) in overrides {
        let held = registries.iter_mut().find(|held| held.id == registry);
        if let Some(held) = held {
            held.overridden.push(purpose);
        }
    }
    Ok(registries)
}
