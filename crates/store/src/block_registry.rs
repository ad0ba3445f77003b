//! External registries of people whom promotion must not reach, and what was decided against them.
//!
//! A list is brought in beside the one in force, slice by slice, and counts from one moment on: a row
//! says which import brought it first and which brought it last, and it counts if the newest whole
//! import of its registry lies between the two. Whoever is on both lists is carried over by a change of
//! one number. The row in `registry_imports` is what makes an import whole; until then its rows stand
//! there without counting, and a next import removes them.

use domain::audit::Action;
use domain::audit::Actor;
use domain::event::EventKind;
use domain::ids::BlockRegistryId;
use domain::ids::PurposeId;
use domain::ids::RegistryImportId;
use domain::ids::RegistryOverrideId;
use domain::law::Evidence;
use domain::time::Span;
use domain::time::Timestamp;

use crate::dialect;
use crate::dialect::DbResult;
use crate::dialect::Each;
use crate::dialect::OptionalRow;
use crate::dialect::Padded;
use crate::dialect::Row;
use crate::dialect::Value;
use crate::error::Refusal;
use crate::error::StoreError;
use crate::event::About;
use crate::leaf;
use crate::read::Reader;
use crate::registry::BlockRegistry;
use crate::rows::v;
use crate::setting;
use crate::tables;
use crate::tx::Tx;

/// How long after it was told that a list is out of date it is told again.
const AGAIN: Span = Span::days(7);

/// How often a list is brought up to date where no law says, in days.
const EVERY_DAYS: u32 = 31;

/// A registry to add.
#[derive(Clone, Debug)]
pub struct NewBlockRegistry {
    /// Its short name.
    pub code: String,
    /// Its name.
    pub name: String,
    /// How often its list has to be brought up to date, in days; none: as often as the law wants that
    /// holds where the organisation is, monthly where it says nothing.
    pub every_days: Option<u32>,
}

/// A list that was brought in.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RegistryImport {
    /// Its id.
    pub id: RegistryImportId,
    /// The registry.
    pub registry: BlockRegistryId,
    /// SHA-256 of the file.
    pub file_hash: Vec<u8>,
    /// How many lines the file had, those that could not be read included.
    pub rows: u64,
    /// How many identifiers are blocked that were not before.
    pub blocked: u64,
    /// How many are no longer.
    pub lifted: u64,
    /// How many lines could not be read.
    pub bad: u64,
    /// Who brought it in.
    pub actor: String,
    /// When it came into force.
    pub at: Timestamp,
    /// The position of its leaf.
    pub leaf: i64,
}

/// A decision that consent goes before a registry.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RegistryOverride {
    /// Its id.
    pub id: RegistryOverrideId,
    /// The registry.
    pub registry: BlockRegistryId,
    /// The purpose it holds for.
    pub purpose: PurposeId,
    /// Who answers for it.
    pub reviewer: String,
    /// Why.
    pub reason: String,
    /// Since when.
    pub at: Timestamp,
    /// Until when it held.
    pub ended_at: Option<Timestamp>,
    /// The position of its leaf.
    pub leaf: i64,
}

/// What a slice of a list did.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Slice {
    /// Identifiers that were not on the list in force.
    pub(crate) new: u64,
    /// Identifiers that were.
    pub(crate) kept: u64,
}

/// What an import found.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tally {
    pub(crate) rows: u64,
    pub(crate) blocked: u64,
    pub(crate) lifted: u64,
    pub(crate) bad: u64,
}

/// Adds a registry.
pub(crate) fn add(
    tx: &mut Tx<'_>,
    actor: Actor,
    new: &NewBlockRegistry,
) -> Result<BlockRegistryId, StoreError> {
    let registry = tx.registry();
    if registry
        .block_registries
        .iter()
        .any(|held| held.code == new.code)
    {
        return Err(Refusal::Exists("block registry").into());
    }
    let id = BlockRegistryId(tx.id(&tables::REGISTRIES));
    let row = [
        v(id),
        v(new.code.as_str()),
        v(new.name.as_str()),
        v(new.every_days.unwrap_or_else(|| by_law(tx))),
        v(tx.now()),
        v(None::<i64>),
    ];
    changed(
        tx,
        (actor, "block-registry/added"),
        &tables::REGISTRIES,
        row,
    )?;
    Ok(id)
}

/// How often, in days, the law wants a list brought up to date where the organisation is.
fn by_law(tx: &Tx<'_>) -> u32 {
    let rules = tx.state.law.rules(&Evidence::default(), tx.now());
    let strictest = rules.cleansing.iter().map(|rule| rule.value).min();
    let day = Span::days(1).as_micros();
    let days = strictest.and_then(|every| u32::try_from(every.as_micros() / day).ok());
    days.map_or(EVERY_DAYS, |days| days.max(1))
}

/// Ends a registry: its list blocks nobody any more.
pub(crate) fn end(tx: &mut Tx<'_>, actor: Actor, id: BlockRegistryId) -> Result<(), StoreError> {
    in_force(tx, id)?;
    let sql = "UPDATE registries SET ended_at = $1 WHERE id = $2";
    tx.update_one(&tables::REGISTRIES, sql, (tx.now().micros(), id.0))?;
    let detail = format!("block registry {id}");
    let told = (
        actor,
        Action::BlockRegistryChanged,
        &["block-registry/ended"] as &[&str],
    );
    tx.note(None, &detail, told)?;
    tx.effects.registry = true;
    tx.flush()
}

/// Decides that consent for a purpose goes before a registry.
pub(crate) fn put_before(
    tx: &mut Tx<'_>,
    actor: Actor,
    (id, purpose): (BlockRegistryId, PurposeId),
    (reviewer, reason): (&str, &str),
) -> Result<RegistryOverrideId, StoreError> {
    let held = in_force(tx, id)?;
    if held.overridden.contains(&purpose) {
        return Err(Refusal::Exists("override for the purpose").into());
    }
    tx.registry()
        .purpose(purpose)
        .ok_or(Refusal::Missing("purpose"))?;
    let new = RegistryOverrideId(tx.id(&tables::REGISTRY_OVERRIDES));
    let row = [
        v(new),
        v(id),
        v(purpose),
        v(reviewer),
        v(reason),
        v(tx.now()),
        v(None::<i64>),
    ];
    let told = (actor, "block-registry/overridden");
    changed(tx, told, &tables::REGISTRY_OVERRIDES, row)?;
    Ok(new)
}

/// Ends such a decision.
pub(crate) fn end_override(
    tx: &mut Tx<'_>,
    actor: Actor,
    (registry, id): (BlockRegistryId, RegistryOverrideId),
) -> Result<(), StoreError> {
    let sql = "UPDATE registry_overrides SET ended_at = $1 \
               WHERE id = $2 AND registry_id = $3 AND ended_at IS NULL";
    let touched = tx
        .connection
        .execute(sql, (tx.now().micros(), id.0, registry.0))?;
    if touched == 0 {
        return Err(Refusal::Missing("override in force").into());
    }
    let detail = format!("override {id} of block registry {registry}");
    let told = (
        actor,
        Action::BlockRegistryChanged,
        &["block-registry/override-ended"] as &[&str],
    );
    tx.note(None, &detail, told)?;
    tx.effects.registry = true;
    tx.flush()
}

/// Writes a row with a leaf of its own that changes what is configured.
fn changed<const N: usize>(
    tx: &mut Tx<'_>,
    (actor, rule): (Actor, &str),
    table: &'static tables::Table,
    row: [Value; N],
) -> Result<(), StoreError> {
    tx.record(table, row, (actor, Action::BlockRegistryChanged, &[rule]))?;
    tx.effects.registry = true;
    tx.flush()
}

fn in_force(tx: &Tx<'_>, id: BlockRegistryId) -> Result<BlockRegistry, StoreError> {
    let registry = tx.registry();
    let mut held = registry.block_registries.iter();
    let held = held
        .find(|held| held.id == id)
        .ok_or(Refusal::Missing("block registry"))?;
    if held.ended_at.is_some() {
        return Err(Refusal::Ended("block registry").into());
    }
    Ok(held.clone())
}

/// The setting that holds the newest import of a registry that was begun.
fn begun_name(id: BlockRegistryId) -> String {
    format!("block-registry/{id}")
}

/// The setting that holds when it was told last that a registry's list is out of date.
fn told_name(id: BlockRegistryId) -> String {
    format!("block-registry-told/{id}")
}

/// Begins an import. One of the same registry that was under way ends here: its next slice is refused.
pub(crate) fn begin(
    tx: &mut Tx<'_>,
    id: BlockRegistryId,
) -> Result<(RegistryImportId, BlockRegistry), StoreError> {
    let held = in_force(tx, id)?;
    // Every import was begun, so this is beyond the newest of all registries.
    let sql = "SELECT coalesce(max(value), 0) + 1 FROM settings WHERE name LIKE 'block-registry/%'";
    let import: i64 = tx.connection.query_row(sql, (), |row| row.get(0))?;
    setting::set(tx.connection, &begun_name(id), import)?;
    Ok((RegistryImportId(import), held))
}

/// Refuses to go on with an import after another has begun.
fn goes_on(
    tx: &Tx<'_>,
    (registry, import): (BlockRegistryId, RegistryImportId),
) -> Result<(), StoreError> {
    if setting::get(tx.connection, &begun_name(registry))? == Some(import.0) {
        Ok(())
    } else {
        Err(Refusal::Ended("import").into())
    }
}

/// Brings a few identifiers of a list in, none of them twice: keyed hashes with their key's version.
pub(crate) fn slice(
    tx: &mut Tx<'_>,
    (registry, import): (BlockRegistryId, RegistryImportId),
    listed: &[(u32, [u8; 32])],
) -> Result<Slice, StoreError> {
    goes_on(tx, (registry, import))?;
    let held = in_force(tx, registry)?;
    let tags: Vec<[u8; 32]> = listed.iter().map(|(_, tag)| *tag).collect();
    let (mut here, mut carried) = (Vec::new(), Vec::new());
    for (piece, places) in tx.connection.pieces(tags.len()) {
        let sql = tx.state.sql.of("listed", places, |rows| {
            format!(
                "SELECT tag, registry_id, import_id, last_import, id FROM registry_blocks \
                 WHERE tag IN ({})",
                dialect::list(rows)
            )
        });
        let mut statement = tx.connection.prepare_cached(sql)?;
        let mut rows = statement.query(Padded(tags.get(piece).unwrap_or_default(), places))?;
        while let Some(row) = rows.next()? {
            let (of, first, last): (i64, i64, i64) = (row.get(1)?, row.get(2)?, row.get(3)?);
            let counts = last == import.0 || held.has(first, last);
            if of == registry.0 && counts {
                here.push(row.get::<[u8; 32]>(0)?);
                if last != import.0 {
                    carried.push(row.get::<i64>(4)?);
                }
            }
        }
    }
    here.sort_unstable();
    carry(tx, import, &carried)?;
    let mut done = Slice {
        kept: carried.len() as u64,
        new: 0,
    };
    for (version, tag) in listed {
        if here.binary_search(tag).is_err() {
            done.new += 1;
            let id = tx.id(&tables::REGISTRY_BLOCKS);
            let row = [
                v(id),
                v(registry),
                v(import),
                v(import),
                v(*version),
                v(*tag),
                v(tx.now()),
            ];
            tx.put(&tables::REGISTRY_BLOCKS, row);
        }
    }
    tx.flush()?;
    Ok(done)
}

/// Has rows that count, count under an import as well.
fn carry(tx: &mut Tx<'_>, import: RegistryImportId, rows: &[i64]) -> Result<(), StoreError> {
    for (piece, places) in tx.connection.pieces(rows.len()) {
        let sql = tx.state.sql.of("carry", places, |rows| {
            let list = dialect::list(rows + 1);
            let ids = list.trim_start_matches("$1,");
            format!("UPDATE registry_blocks SET last_import = $1 WHERE id IN ({ids})")
        });
        let ids = Padded(rows.get(piece).unwrap_or_default(), places);
        let values = std::iter::once(import.0).chain(ids.iter().copied());
        tx.connection.prepare_cached(sql)?.execute(Each(values))?;
    }
    Ok(())
}

/// Carries over whoever of a window of rows is on the list in force and not on the new one. Nobody is
/// released when lines could not be read: any of them may be about anybody.
pub(crate) fn keep(
    tx: &mut Tx<'_>,
    (registry, import): (BlockRegistryId, RegistryImportId),
    (after, to): (i64, i64),
) -> Result<(), StoreError> {
    goes_on(tx, (registry, import))?;
    let Some(current) = in_force(tx, registry)?.import else {
        return Ok(());
    };
    let sql = "UPDATE registry_blocks SET last_import = $1 WHERE id > $2 AND id <= $3 \
               AND registry_id = $4 AND import_id <= $5 AND last_import >= $5 \
               AND last_import <> $1";
    let parameters = (import.0, after, to, registry.0, current.0);
    tx.connection.prepare_cached(sql)?.execute(parameters)?;
    Ok(())
}

/// Puts an import in force: from here on its list counts, and no other of its registry.
pub(crate) fn finish(
    tx: &mut Tx<'_>,
    actor: Actor,
    (registry, import): (BlockRegistryId, RegistryImportId),
    (file_hash, tally): ([u8; 32], Tally),
) -> Result<RegistryImport, StoreError> {
    goes_on(tx, (registry, import))?;
    in_force(tx, registry)?;
    let mut leaf = tx.open_leaf()?;
    let done = RegistryImport {
        id: import,
        registry,
        file_hash: file_hash.to_vec(),
        rows: tally.rows,
        blocked: tally.blocked,
        lifted: tally.lifted,
        bad: tally.bad,
        actor: actor.to_string(),
        at: tx.now(),
        leaf: leaf.position(),
    };
    tx.cover(&mut leaf, &tables::REGISTRY_IMPORTS, done.row());
    let rule = "block-registry/imported";
    tx.close_leaf(leaf, actor, Action::BlockRegistryChanged, &[rule]);
    let sql = "DELETE FROM settings WHERE name = $1";
    tx.connection.execute(sql, [told_name(registry).as_str()])?;
    tell(tx, registry, false)?;
    tx.effects.registry = true;
    tx.flush()?;
    Ok(done)
}

fn tell(tx: &mut Tx<'_>, registry: BlockRegistryId, due: bool) -> Result<(), StoreError> {
    let about = About {
        thing: Some(registry.0),
        detail: Some(i64::from(due)),
        ..About::default()
    };
    tx.emit(EventKind::BlockRegistryDue, about)
}

/// Removes what does not count from a window of rows, while no later import has begun.
pub(crate) fn sweep(
    tx: &mut Tx<'_>,
    (registry, import): (BlockRegistryId, Option<RegistryImportId>),
    (after, to): (i64, i64),
) -> Result<(), StoreError> {
    if let Some(import) = import {
        goes_on(tx, (registry, import))?;
    }
    let known = tx.registry();
    let mut held = known.block_registries.iter();
    let current = held
        .find(|held| held.id == registry && held.ended_at.is_none())
        .and_then(|held| held.import)
        // No row was brought by import 0.
        .unwrap_or(RegistryImportId(0));
    let sql = "DELETE FROM registry_blocks WHERE id > $1 AND id <= $2 AND registry_id = $3 \
               AND (import_id > $4 OR last_import < $4)";
    let parameters = (after, to, registry.0, current.0);
    tx.connection.prepare_cached(sql)?.execute(parameters)?;
    Ok(())
}

/// Tells of every registry whose list is out of date: once, and again each week. Returns those it told
/// of.
pub(crate) fn due(tx: &mut Tx<'_>) -> Result<Vec<BlockRegistryId>, StoreError> {
    let (known, now) = (tx.registry(), tx.now());
    let mut told = Vec::new();
    for held in known.overdue(now) {
        let name = told_name(held.id);
        let before = setting::get(tx.connection, &name)?.map(Timestamp::from_micros);
        if before.is_none_or(|before| before + AGAIN <= now) {
            setting::set(tx.connection, &name, now.micros())?;
            tell(tx, held.id, true)?;
            told.push(held.id);
        }
    }
    tx.flush()?;
    Ok(told)
}

impl RegistryImport {
    fn row(&self) -> [Value; 9] {
        let count = |count: u64| v(i64::try_from(count).unwrap_or(i64::MAX));
        [
            v(self.id),
            v(self.registry),
            v(self.file_hash.clone()),
            count(self.rows),
            count(self.blocked),
            count(self.lifted),
            count(self.bad),
            v(self.actor.as_str()),
            v(self.at),
        ]
    }

    /// What the leaf of this import commits to under a salt: whoever has the salt can tell that the
    /// leaf speaks of these values and no others.
    pub fn commitment(&self, salt: &[u8; 16]) -> [u8; 32] {
        let item = leaf::item(salt, &tables::REGISTRY_IMPORTS, &self.row());
        leaf::commitment(salt, &mut [item])
    }
}

impl crate::registry::Registry {
    /// The registry of this code.
    pub fn block_registry(&self, code: &str) -> Option<&BlockRegistry> {
        self.block_registries.iter().find(|held| held.code == code)
    }

    /// The registries in force whose list is out of date.
    pub fn overdue(&self, now: Timestamp) -> impl Iterator<Item = &BlockRegistry> {
        let held = self.block_registries.iter();
        held.filter(move |held| held.ended_at.is_none() && held.due_at() <= now)
    }
}

impl Reader<'_> {
    /// The imports of a registry, newest first, from below `before`.
    pub fn registry_imports(
        &self,
        registry: BlockRegistryId,
        before: Option<RegistryImportId>,
        limit: u32,
    ) -> Result<Vec<RegistryImport>, StoreError> {
        let sql = "SELECT id, registry_id, file_hash, rows, blocked, lifted, bad, actor, at, leaf \
                   FROM registry_imports WHERE registry_id = $1 AND id < $2 \
                   ORDER BY id DESC LIMIT $3";
        let before = before.map_or(i64::MAX, |id| id.0);
        let mut statement = self.connection.prepare_cached(sql)?;
        Ok(statement.query_map((registry.0, before, limit), import)?)
    }

    /// The overrides of a registry, newest first, those that have ended included.
    pub fn registry_overrides(
        &self,
        registry: BlockRegistryId,
    ) -> Result<Vec<RegistryOverride>, StoreError> {
        let sql = "SELECT id, registry_id, purpose_id, reviewer, reason, at, ended_at, leaf \
                   FROM registry_overrides WHERE registry_id = $1 ORDER BY id DESC";
        let mut statement = self.connection.prepare_cached(sql)?;
        let rows = statement.query_map([registry.0], |row| {
            Ok(RegistryOverride {
                id: RegistryOverrideId(row.get(0)?),
                registry: BlockRegistryId(row.get(1)?),
                purpose: PurposeId(row.get(2)?),
                reviewer: row.get(3)?,
                reason: row.get(4)?,
                at: Timestamp::from_micros(row.get(5)?),
                ended_at: row.get::<Option<i64>>(6)?.map(Timestamp::from_micros),
                leaf: row.get(7)?,
            })
        })?;
        Ok(rows)
    }

    /// How many identifiers the list in force has.
    pub fn listed(&self, registry: BlockRegistryId) -> Result<u64, StoreError> {
        let mut held = self.registry.block_registries.iter();
        let current = held
            .find(|held| held.id == registry && held.ended_at.is_none())
            .and_then(|held| held.import);
        let Some(current) = current else {
            return Ok(0);
        };
        let sql = "SELECT count(*) FROM registry_blocks \
                   WHERE registry_id = $1 AND import_id <= $2 AND last_import >= $2";
        let count: i64 = self
            .connection
            .query_row(sql, (registry.0, current.0), |row| row.get(0))?;
        Ok(count.cast_unsigned())
    }

    /// The salt and the entry of a leaf: with them, whoever is shown the rows it covers can tell that
    /// they are those.
    #[expect(clippy::type_complexity, reason = "a salt and an entry, or none")]
    pub fn opening(&self, position: i64) -> Result<Option<([u8; 16], Vec<u8>)>, StoreError> {
        let sql = "SELECT salt, entry FROM leaves WHERE position = $1";
        let found = self
            .connection
            .query_row(sql, [position], |row| Ok((row.get(0)?, row.get(1)?)));
        Ok(found.optional()?)
    }
}

/// The newest row of any list.
pub(crate) fn newest(reader: &Reader<'_>) -> Result<i64, StoreError> {
    let sql = "SELECT coalesce(max(id), 0) FROM registry_blocks";
    Ok(reader.connection.query_row(sql, (), |row| row.get(0))?)
}

fn import(row: &Row<'_>) -> DbResult<RegistryImport> {
    let count = |column| row.get::<i64>(column).map(i64::cast_unsigned);
    Ok(RegistryImport {
        id: RegistryImportId(row.get(0)?),
        registry: BlockRegistryId(row.get(1)?),
        file_hash: row.get(2)?,
        rows: count(3)?,
        blocked: count(4)?,
        lifted: count(5)?,
        bad: count(6)?,
        actor: row.get(7)?,
        at: Timestamp::from_micros(row.get(8)?),
        leaf: row.get(9)?,
    })
}
