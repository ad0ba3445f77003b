//! Data keys: one per subject × record class × quarter, made on first use.

use std::collections::HashMap;
use std::sync::Arc;

use crate::dialect::Connection;
use crate::dialect::OptionalRow;
use crate::dialect::Row;
use domain::ids::DataKeyId;
use domain::ids::SubjectId;
use domain::time::Quarter;
use seal::Binding;
use seal::DataKey;
use seal::EpochKey;
use seal::KeySet;
use seal::RecordClass;

use crate::dialect::DbResult;
use crate::error::Refusal;
use crate::error::StoreError;
use crate::leaf::OpenLeaf;
use crate::rows::v;
use crate::tables;
use crate::tombstone;
use crate::tx::Tx;

/// How many keys are held open at once; beyond it the cache starts over.
const HELD: usize = 4_096;

/// What a key is for: subject, record class, quarter.
pub(crate) type Use = (SubjectId, u8, Quarter);

/// Data keys that were opened. Valid only while their rows exist: whoever deletes a row clears the
/// cache in the same breath.
#[derive(Debug, Default)]
pub(crate) struct KeyCache {
    by_use: HashMap<Use, (DataKeyId, Arc<DataKey>)>,
    by_id: HashMap<DataKeyId, Arc<DataKey>>,
}

impl KeyCache {
    pub(crate) fn clear(&mut self) {
        self.by_use.clear();
        self.by_id.clear();
    }

    fn make_room(&mut self) {
        if self.by_id.len() >= HELD {
            self.clear();
        }
    }

    /// Holds the key of a row open.
    pub(crate) fn warm(&mut self, row: &KeyRow, keys: &KeySet) -> Result<Arc<DataKey>, StoreError> {
        if let Some(key) = self.by_id.get(&row.id) {
            return Ok(Arc::clone(key));
        }
        let key = Arc::new(row.open(keys)?);
        self.hold(row.usage(), row.id, &key);
        Ok(key)
    }

    pub(crate) fn holds(&self, id: DataKeyId) -> bool {
        self.by_id.contains_key(&id)
    }

    fn hold(&mut self, usage: Use, id: DataKeyId, key: &Arc<DataKey>) {
        self.make_room();
        self.by_use.insert(usage, (id, Arc::clone(key)));
        self.by_id.insert(id, Arc::clone(key));
    }
}

/// A row of the table `data_keys`.
#[derive(Debug)]
pub(crate) struct KeyRow {
    pub(crate) id: DataKeyId,
    pub(crate) subject: SubjectId,
    pub(crate) class: u8,
    pub(crate) quarter: Quarter,
    epoch: u32,
    wrapped: Vec<u8>,
    commitment: Vec<u8>,
}

pub(crate) const COLUMNS: &str = "id, subject_id, class, quarter, epoch, wrapped, commitment";

/// The keys that intake needs, those of messages and profiles of a quarter, of these subjects.
pub(crate) const BY_SUBJECT: &str = "SELECT id, subject_id, class, quarter, epoch, wrapped, \
     commitment FROM data_keys WHERE subject_id";
pub(crate) const OF_QUARTER: &str = " AND class IN (1, 3) AND quarter = ";

/// The classes that [`OF_QUARTER`] names.
pub(crate) const CLASSES: [RecordClass; 2] = [RecordClass::Conversation, RecordClass::Profile];

/// Keys by their ids.
pub(crate) const BY_ID: &str = "SELECT id, subject_id, class, quarter, epoch, wrapped, commitment \
     FROM data_keys WHERE id";

impl KeyRow {
    pub(crate) fn read(row: &Row<'_>) -> DbResult<Self> {
        Ok(Self {
            id: DataKeyId(row.get(0)?),
            subject: SubjectId(row.get(1)?),
            class: row.get(2)?,
            quarter: Quarter(row.get(3)?),
            epoch: row.get(4)?,
            wrapped: row.get(5)?,
            commitment: row.get(6)?,
        })
    }

    /// What the key is for.
    pub(crate) const fn usage(&self) -> Use {
        (self.subject, self.class, self.quarter)
    }

    pub(crate) fn open(&self, keys: &KeySet) -> Result<DataKey, StoreError> {
        let damaged = |column| StoreError::Damaged {
            table: "data_keys",
            column,
            id: self.id.0,
        };
        let class = RecordClass::from_code(self.class).ok_or_else(|| damaged("class"))?;
        let epoch = keys.epoch(self.epoch).ok_or_else(|| damaged("epoch"))?;
        let commitment = self
            .commitment
            .as_slice()
            .try_into()
            .map_err(|_| damaged("commitment"))?;
        let binding = binding(self.id, self.subject, class, self.quarter);
        epoch
            .unwrap_committed(&self.wrapped, &binding, commitment)
            .map_err(|_| damaged("wrapped"))
    }
}

impl KeyRow {
    /// The key, wrapped under another epoch key.
    pub(crate) fn wrapped_by(
        &self,
        keys: &KeySet,
        epoch: &EpochKey,
    ) -> Result<Vec<u8>, StoreError> {
        let key = self.open(keys)?;
        let class = RecordClass::from_code(self.class).ok_or(StoreError::Damaged {
            table: "data_keys",
            column: "class",
            id: self.id.0,
        })?;
        let place = binding(self.id, self.subject, class, self.quarter);
        Ok(epoch.wrap(&key, &place)?)
    }
}

/// What a data key is bound to.
pub(crate) const fn binding(
    id: DataKeyId,
    subject: SubjectId,
    class: RecordClass,
    quarter: Quarter,
) -> Binding {
    Binding {
        key: id.0.cast_unsigned(),
        subject: subject.0.cast_unsigned(),
        class,
        period: quarter.0,
    }
}

/// The data key with this id, opened.
pub(crate) fn load(
    connection: &Connection,
    keys: &KeySet,
    id: DataKeyId,
) -> Result<DataKey, StoreError> {
    let sql = "SELECT id, subject_id, class, quarter, epoch, wrapped, commitment FROM data_keys \
               WHERE id = $1";
    connection
        .prepare_cached(sql)?
        .query_row([id.0], KeyRow::read)
        .optional()?
        .ok_or_else(|| gone(connection, id))?
        .open(keys)
}

/// Why there is no data key with this id: it was destroyed, so that what it sealed is not there for
/// anybody, or somebody took its row away.
fn gone(connection: &Connection, id: DataKeyId) -> StoreError {
    match tombstone::is_buried(connection, &tables::DATA_KEYS, id.0) {
        Ok(true) => Refusal::Missing("record").into(),
        Ok(false) => StoreError::Damaged {
            table: "data_keys",
            column: "id",
            id: id.0,
        },
        Err(error) => error,
    }
}

impl Tx<'_> {
    /// The data key for new content of a subject in a record class, made on first use and then
    /// covered by `leaf`.
    pub(crate) fn key(
        &mut self,
        leaf: &mut OpenLeaf,
        subject: SubjectId,
        class: RecordClass,
    ) -> Result<(DataKeyId, Arc<DataKey>), StoreError> {
        let quarter = self.now().quarter();
        if let Some((id, key)) = self
            .state
            .cache
            .by_use
            .get(&(subject, class.code(), quarter))
        {
            return Ok((*id, Arc::clone(key)));
        }
        let sql = "SELECT id, subject_id, class, quarter, epoch, wrapped, commitment \
                   FROM data_keys WHERE subject_id = $1 AND class = $2 AND quarter = $3";
        let stored = self
            .connection
            .prepare_cached(sql)?
            .query_row((subject.0, class.code(), quarter.0), KeyRow::read)
            .optional()?;
        let (id, key) = match stored {
            Some(row) => (row.id, Arc::new(row.open(&self.keys)?)),
            // Nothing new is kept of somebody who was erased.
            None if crate::erase::is_erased(self.connection, subject)? => {
                return Err(Refusal::Missing("subject").into());
            }
            None => self.new_key(leaf, subject, class)?,
        };
        self.state
            .cache
            .hold((subject, class.code(), quarter), id, &key);
        Ok((id, key))
    }

    /// A new data key, for a subject that is known to have none of this class and quarter. It is not
    /// held open: most people who are new write once.
    pub(crate) fn new_key(
        &mut self,
        leaf: &mut OpenLeaf,
        subject: SubjectId,
        class: RecordClass,
    ) -> Result<(DataKeyId, Arc<DataKey>), StoreError> {
        let quarter = self.now().quarter();
        let id = DataKeyId(self.id(&tables::DATA_KEYS));
        let key = DataKey::generate(self.random())?;
        let epoch = Arc::clone(self.keys.current_epoch());
        let row = KeyRow {
            id,
            subject,
            class: class.code(),
            quarter,
            epoch: epoch.id(),
            wrapped: epoch.wrap(&key, &binding(id, subject, class, quarter))?,
            commitment: key.commitment().to_vec(),
        };
        let values = [
            v(id),
            v(subject),
            v(row.class),
            v(quarter.0),
            v(row.epoch),
            v(row.wrapped),
            v(row.commitment),
            v(self.now()),
        ];
        self.cover(leaf, &tables::DATA_KEYS, values);
        Ok((id, Arc::new(key)))
    }

    /// The data key with this id.
    pub(crate) fn key_by_id(&mut self, id: DataKeyId) -> Result<Arc<DataKey>, StoreError> {
        if let Some(key) = self.state.cache.by_id.get(&id) {
            return Ok(Arc::clone(key));
        }
        let key = Arc::new(load(self.connection, &self.keys, id)?);
        self.state.cache.make_room();
        self.state.cache.by_id.insert(id, Arc::clone(&key));
        Ok(key)
    }
}

#[cfg(test)]
mod tests {
    use super::CLASSES;
    use super::OF_QUARTER;
    use super::RecordClass;

    #[test]
    fn the_classes_that_intake_needs_are_named_by_their_codes() {
        let [messages, profiles] = CLASSES.map(RecordClass::code);
        let list = format!(" class IN ({messages}, {profiles}) ");
        assert!(OF_QUARTER.contains(&list));
    }

    #[test]
    fn the_domain_and_the_keys_mean_the_same_classes() {
        let kept = RecordClass::ALL.map(|class| (class.code(), class.name()));
        let meant =
            domain::record_class::RecordClass::ALL.map(|class| (class.code(), class.name()));
        assert_eq!(kept, meant);
    }
}
