//! A write transaction: the clock's instant, fresh ids, randomness, keys, and rows on their way.

use std::collections::HashMap;
use std::sync::Arc;

use crate::dialect::Connection;
use crate::dialect::Value;
use domain::audit::Action;
use domain::audit::Actor;
use domain::ids::NumberId;
use domain::ids::SubjectId;
use domain::law::Law;
use domain::time::Timestamp;
use seal::DataKey;
use seal::EpochKey;
use seal::KeySet;
use seal::Keyring;
use seal::Place;
use seal::Random;
use seal::RecordKind;

use crate::dialect::DbResult;
use crate::dialect::Params;
use crate::dialect::Statements;
use crate::error::StoreError;
use crate::keys::KeyCache;
use crate::leaf::OpenLeaf;
use crate::registry::Registry;
use crate::rows::Rows;
use crate::rows::v;
use crate::tables;
use crate::tables::Table;
use crate::tags::Tags;

/// What the writer keeps between transactions.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) rows: Rows,
    pub(crate) cache: KeyCache,
    pub(crate) registry: Arc<Registry>,
    pub(crate) throughput: HashMap<NumberId, Timestamp>,
    pub(crate) sql: Statements,
    pub(crate) tags: Tags,
    /// The key that tags are made with.
    pub(crate) index: Arc<EpochKey>,
    pub(crate) law: Arc<dyn Law>,
    ids: Vec<i64>,
    next_leaf: i64,
    run: i64,
}

/// Where an operation began: what it left in memory can be taken back to here.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mark {
    next_leaf: i64,
    tags: usize,
}

/// What a transaction leaves to be done once it is committed.
#[expect(
    clippy::struct_excessive_bools,
    reason = "seven things that may each have happened"
)]
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Effects {
    /// The cached registry no longer shows what is stored.
    pub(crate) registry: bool,
    /// Something waits to be delivered to an app.
    pub(crate) deliveries: bool,
    /// Something waits to be sent by the gateway itself.
    pub(crate) outbox: bool,
    /// Leaves were appended.
    pub(crate) leaves: bool,
    /// Somebody is to be told of an event.
    pub(crate) events: bool,
    /// Something waits for its time, or no longer does.
    pub(crate) queue: bool,
    /// A confirmation waits to go out by e-mail or SMS.
    pub(crate) posts: bool,
}

/// A write transaction.
#[derive(Debug)]
pub struct Tx<'a> {
    pub(crate) connection: &'a Connection,
    pub(crate) state: &'a mut State,
    pub(crate) keys: Arc<KeySet>,
    pub(crate) effects: Effects,
    keyring: &'a Keyring,
    random: &'a Random,
    now: Timestamp,
}

impl Mark {
    /// The same place once everything before `end` stands.
    pub(crate) const fn since(self, end: Self) -> Self {
        Self {
            next_leaf: self.next_leaf,
            tags: self.tags.saturating_sub(end.tags),
        }
    }
}

impl State {
    /// Reads where ids and the log stand, and counts this run of the process.
    pub(crate) fn load(
        connection: &Connection,
        keyring: &Keyring,
        cache: KeyCache,
        law: Arc<dyn Law>,
    ) -> Result<Self, StoreError> {
        connection.execute(
            "INSERT INTO settings (name, value) VALUES ('run', 1)
             ON CONFLICT (name) DO UPDATE SET value = settings.value + 1",
            (),
        )?;
        let run =
            connection.query_row("SELECT value FROM settings WHERE name = 'run'", (), |row| {
                row.get(0)
            })?;
        let newest = |sql: &str| connection.query_row(sql, (), |row| row.get(0));
        let ids = tables::ALL
            .iter()
            .map(|table| {
                let first = table.columns.first().map_or("id", |column| column.name());
                // An id of a row that was removed is not given again.
                newest(&format!(
                    "SELECT coalesce(max(id), 0) FROM (SELECT max({first}) AS id FROM {} \
                     UNION ALL SELECT value FROM settings WHERE name = '{}') AS newest",
                    table.name,
                    crate::tombstone::highest(table)
                ))
            })
            .collect::<DbResult<_>>()?;
        let keys = keyring.keys();
        let index = crate::roll::index::begin(connection, run, &keys)?;
        let next_leaf = newest("SELECT coalesce(max(position) + 1, 0) FROM leaves")?;
        Ok(Self {
            rows: Rows::new(),
            cache,
            registry: Arc::new(Registry::load(connection, keyring)?),
            throughput: HashMap::new(),
            sql: Statements::default(),
            tags: Tags::load(connection, &keys, &index)?,
            index,
            law,
            ids,
            next_leaf,
            run,
        })
    }

    /// Which run of the process this is, counted over all processes that ever wrote.
    pub(crate) const fn run(&self) -> i64 {
        self.run
    }

    /// Where an operation begins.
    pub(crate) const fn mark(&self) -> Mark {
        Mark {
            next_leaf: self.next_leaf,
            tags: self.tags.mark(),
        }
    }

    /// Takes back what a failed operation left in memory.
    pub(crate) fn forget(&mut self, mark: Mark) {
        self.rows.clear();
        self.cache.clear();
        self.next_leaf = mark.next_leaf;
        self.tags.take_back(mark.tags);
    }

    /// The transaction that ended at `end` stands. What was marked since then begins anew.
    pub(crate) fn committed(&mut self, end: Mark) {
        let newest = self.ids.get(usize::from(tables::IDENTIFIERS.code));
        let newest = newest.copied().unwrap_or_default();
        self.tags.committed(end.tags, newest);
    }
}

impl<'a> Tx<'a> {
    pub(crate) fn new(
        connection: &'a Connection,
        state: &'a mut State,
        keyring: &'a Keyring,
        random: &'a Random,
        now: Timestamp,
    ) -> Self {
        Self {
            connection,
            state,
            keys: keyring.keys(),
            effects: Effects::default(),
            keyring,
            random,
            now,
        }
    }

    /// The instant of this transaction.
    pub const fn now(&self) -> Timestamp {
        self.now
    }

    pub(crate) const fn keyring(&self) -> &'a Keyring {
        self.keyring
    }

    pub(crate) const fn random(&self) -> &'a Random {
        self.random
    }

    pub(crate) const fn run(&self) -> i64 {
        self.state.run
    }

    pub(crate) fn registry(&self) -> Arc<Registry> {
        Arc::clone(&self.state.registry)
    }

    /// The next id of a table.
    pub(crate) fn id(&mut self, table: &'static Table) -> i64 {
        match self.state.ids.get_mut(usize::from(table.code)) {
            Some(last) => {
                *last += 1;
                *last
            }
            None => 0,
        }
    }

    /// Takes the next position of the log.
    pub(crate) fn open_leaf(&mut self) -> Result<OpenLeaf, StoreError> {
        let leaf = OpenLeaf::new(self.state.next_leaf, self.random.array()?);
        self.state.next_leaf += 1;
        Ok(leaf)
    }

    /// Writes a leaf that now covers all its rows.
    pub(crate) fn close_leaf(
        &mut self,
        leaf: OpenLeaf,
        actor: Actor,
        action: Action,
        rules: &[&str],
    ) {
        let row = leaf.close(self.now, actor, action, rules);
        self.state.rows.push(&tables::LEAVES, row);
        self.effects.leaves = true;
    }

    /// Adds a row of a table that is not audited.
    pub(crate) fn put(&mut self, table: &'static Table, row: impl IntoIterator<Item = Value>) {
        debug_assert!(!table.audited, "an audited row needs its leaf");
        self.state.rows.push(table, row);
    }

    /// Adds a row of an audited table, covered by `leaf`.
    pub(crate) fn cover<const N: usize>(
        &mut self,
        leaf: &mut OpenLeaf,
        table: &'static Table,
        row: [Value; N],
    ) {
        leaf.cover(table, &row);
        self.state
            .rows
            .push(table, row.into_iter().chain([v(leaf.position())]));
    }

    /// One audited row with a leaf of its own.
    pub(crate) fn record<const N: usize>(
        &mut self,
        table: &'static Table,
        row: [Value; N],
        told: (Actor, Action, &[&str]),
    ) -> Result<(), StoreError> {
        let mut leaf = self.open_leaf()?;
        self.cover(&mut leaf, table, row);
        let (actor, action, rules) = told;
        self.close_leaf(leaf, actor, action, rules);
        Ok(())
    }

    /// A leaf whose detail is kept sealed: a read of personal data, a change of configuration.
    /// The detail stands under the instance's own key unless it speaks of a subject.
    pub(crate) fn note(
        &mut self,
        subject: Option<SubjectId>,
        detail: &str,
        told: (Actor, Action, &[&str]),
    ) -> Result<(), StoreError> {
        let mut leaf = self.open_leaf()?;
        let id = self.id(&tables::DETAILS);
        let (key_id, key) = match subject {
            Some(subject) => {
                let (key_id, key) = self.key(&mut leaf, subject, seal::RecordClass::AuditDetail)?;
                (key_id.0, Some(key))
            }
            None => (0, None),
        };
        let place = place(RecordKind::Detail, 1, id, key_id);
        let sealed = match &key {
            Some(key) => key.seal(self.random, &place, detail.as_bytes())?,
            None => self
                .keyring
                .setting_key()
                .seal(self.random, &place, detail.as_bytes())?,
        };
        let row = [v(id), v(subject), v(key_id), v(sealed), v(self.now)];
        self.cover(&mut leaf, &tables::DETAILS, row);
        let (actor, action, rules) = told;
        self.close_leaf(leaf, actor, action, rules);
        Ok(())
    }

    /// Seals a value for its place.
    pub(crate) fn seal(
        &self,
        key: &DataKey,
        place: &Place,
        value: &[u8],
    ) -> Result<Vec<u8>, StoreError> {
        Ok(key.seal(self.random, place, value)?)
    }

    /// Runs one statement that must touch exactly one row of `table`.
    pub(crate) fn update_one(
        &self,
        table: &'static Table,
        sql: &str,
        parameters: impl Params,
    ) -> Result<(), StoreError> {
        let touched = self.connection.prepare_cached(sql)?.execute(parameters)?;
        if touched == 1 {
            Ok(())
        } else {
            Err(StoreError::Touched {
                table: table.name,
                touched,
            })
        }
    }
}

impl Tx<'_> {
    /// Runs one statement that must touch the row of `table` with this id, unless that was removed in an
    /// orderly way meanwhile.
    pub(crate) fn update_or_buried(
        &self,
        table: &'static Table,
        sql: &str,
        parameters: impl Params,
        id: i64,
    ) -> Result<(), StoreError> {
        match self.update_one(table, sql, parameters) {
            Err(StoreError::Touched { touched: 0, .. })
                if crate::tombstone::is_buried(self.connection, table, id)? =>
            {
                Ok(())
            }
            other => other,
        }
    }
}

/// The place of a sealed value, from the ids of its row and its key's row.
pub(crate) const fn place(record: RecordKind, field: u8, id: i64, key: i64) -> Place {
    Place {
        record,
        field,
        id: id.cast_unsigned(),
        key: key.cast_unsigned(),
    }
}
