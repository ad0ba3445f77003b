//! Rolling the epoch key while the gateway serves.
//!
//! 1. *begin*: the new key is durable in the keyring, and wraps every data key that is made from then on;
//!    a row of `rolls` tells of it.
//! 2. *keys*: the data keys there are get wrapped anew.
//! 3. *index*: the tags of all identifiers under the new key go into the index, beside the old ones; then
//!    the identifiers' own rows follow ([`index::Entry`]).
//! 4. *switch*: one turn of the writer brings over what came meanwhile and changes the index epoch.
//! 5. *sweep*: the old tags leave the index, and the write-ahead log is emptied.
//! 6. *ship*: a whole key bundle goes to its places ([`Shipping`]). Until that is done the roll stands.
//! 7. *end*: the old key is destroyed; what was erased before the roll began is now out of reach in every
//!    copy, unless a place that is not configured any more holds a bundle of before.
//!
//! Reading and all cryptography happen beside the writer; the writer gets slices of a few milliseconds,
//! each a turn of its own ([`slice`]). How far the roll is stands in the database after each of them, so
//! that a roll that was killed goes on where it stood ([`course`]); whatever a slice did before and does
//! again, it does to the same effect.

mod course;
pub(crate) mod index;
mod shipping;
pub(crate) mod slice;

use std::sync::Arc;

use domain::audit::Actor;
use domain::time::Timestamp;
use seal::KeySet;

use crate::dialect::Connection;
use crate::dialect::OptionalRow;
use crate::error::StoreError;
use crate::read::Reader;
pub(crate) use crate::roll::course::Course;
pub use crate::roll::shipping::Shipped;
pub use crate::roll::shipping::Shipping;
use crate::roll::slice::Slice;
use crate::roll::slice::Sliced;
use crate::setting;
use crate::store::Store;

/// How many rows one slice takes: a few milliseconds of the writer's time.
pub(crate) const SLICE: u32 = 1_000;

/// The setting that says how far a roll is, as [`RollStage::code`].
const STAGE: &str = "roll_stage";

/// What a roll did.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Rolled {
    /// Data keys re-wrapped.
    pub keys: u64,
    /// Identifiers re-tagged.
    pub identifiers: u64,
}

/// How far a roll is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum RollStage {
    /// Data keys are being wrapped anew.
    Keys,
    /// The next index is being made.
    Index,
    /// The next index is in force; the one before it is being removed.
    Sweep,
    /// Everything stands under the new key; the key bundle is to be shipped, and then the old key goes.
    Bundle,
}

impl RollStage {
    const fn code(self) -> i64 {
        match self {
            Self::Keys => 1,
            Self::Index => 2,
            Self::Sweep => 3,
            Self::Bundle => 4,
        }
    }

    const fn from_code(code: i64) -> Option<Self> {
        match code {
            1 => Some(Self::Keys),
            2 => Some(Self::Index),
            3 => Some(Self::Sweep),
            4 => Some(Self::Bundle),
            _ => None,
        }
    }

    /// Its name in figures and answers.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Keys => "keys",
            Self::Index => "index",
            Self::Sweep => "sweep",
            Self::Bundle => "bundle",
        }
    }
}

/// What one slice of a roll came to.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Pace {
    /// No roll is under way.
    None,
    /// There is more to do.
    More(RollStage),
    /// The key bundle could not be shipped: nothing is destroyed, and the next slice tries again.
    Waits,
    /// The old key is destroyed.
    Ended(Rolled),
}

/// A roll, as it is on record.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct RollRow {
    /// The epoch it leads to.
    pub epoch: u32,
    /// What it has done so far.
    pub done: Rolled,
    /// When it began.
    pub begun_at: Timestamp,
    /// When the old key was destroyed.
    pub ended_at: Option<Timestamp>,
    /// How far it is; none once it has ended.
    pub stage: Option<RollStage>,
}

impl Store {
    /// Says who ships key bundles. Only the first call counts; without one a roll waits for nobody.
    pub fn set_shipping(&self, shipping: Arc<dyn Shipping>) {
        let _ = self.shared.rolling.shipping.set(shipping);
    }

    /// Begins a roll of the epoch key: the new one is durable, and whatever is sealed from the return on
    /// is sealed under data keys that it wraps. Returns its number. [`Store::roll_slice`] does the rest.
    ///
    /// # Errors
    /// [`StoreError::Keyring`] with [`seal::KeyringError::RollUnderWay`] while one is under way.
    pub async fn begin_roll(&self, actor: Actor) -> Result<u32, StoreError> {
        self.take_slice(Slice::Begin(actor)).await?;
        self.shared.rolling.begun.notify_one();
        Ok(self.keyring().current_epoch().id())
    }

    /// Waits until a roll was begun.
    pub async fn rolls(&self) {
        self.shared.rolling.begun.notified().await;
    }

    /// Takes the next slice of the roll that is under way. Callers take turns; one is enough.
    ///
    /// # Errors
    /// What the database or the keyring says. The roll goes on where it stood with the next call.
    pub async fn roll_slice(self: &Arc<Self>) -> Result<Pace, StoreError> {
        let mut course = self.shared.rolling.course.lock().await;
        if self.keyring().keys().old_epochs().next().is_none() {
            *course = None;
            return Ok(Pace::None);
        }
        let at = match course.take() {
            Some(at) => at,
            None => Course::resume(self).await?,
        };
        let (next, pace) = at.advance(self).await?;
        *course = next;
        Ok(pace)
    }

    /// Rolls the epoch key to the end: begins, unless a roll is under way, and takes every slice there
    /// is. What others write goes in between.
    ///
    /// # Errors
    /// As [`Store::roll_slice`]; [`StoreError::NotShipped`] when the key bundle cannot be shipped.
    pub async fn roll(self: &Arc<Self>) -> Result<Rolled, StoreError> {
        match self.begin_roll(Actor::System).await {
            Err(StoreError::Keyring(seal::KeyringError::RollUnderWay)) => {}
            begun => {
                begun?;
            }
        }
        loop {
            match self.roll_slice().await? {
                Pace::More(_) => {}
                Pace::Waits => return Err(StoreError::NotShipped),
                Pace::Ended(rolled) => return Ok(rolled),
                Pace::None => {
                    // Somebody else took the last slice.
                    let last = self.last_roll().await?;
                    return Ok(last.map(|row| row.done).unwrap_or_default());
                }
            }
        }
    }

    /// The newest roll.
    ///
    /// # Errors
    /// What the database says.
    pub async fn last_roll(self: &Arc<Self>) -> Result<Option<RollRow>, StoreError> {
        self.read(|reader| last(reader.connection)).await
    }

    pub(crate) async fn take_slice(&self, slice: Slice) -> Result<Sliced, StoreError> {
        let (reply, answer) = tokio::sync::oneshot::channel();
        self.push_slice(slice, reply)?;
        answer.await.map_err(|_| StoreError::Stopped)?
    }
}

impl Reader<'_> {
    /// The newest roll.
    ///
    /// # Errors
    /// What the database says.
    pub fn last_roll(&self) -> Result<Option<RollRow>, StoreError> {
        last(self.connection)
    }
}

/// The newest roll on record.
pub(crate) fn last(connection: &Connection) -> Result<Option<RollRow>, StoreError> {
    let sql = "SELECT epoch, keys, identifiers, begun_at, ended_at FROM rolls \
               ORDER BY id DESC LIMIT 1";
    let row = connection.query_row(sql, (), |row| {
        let ended_at: Option<i64> = row.get(4)?;
        Ok(RollRow {
            epoch: row.get(0)?,
            done: Rolled {
                keys: row.get::<i64>(1)?.unsigned_abs(),
                identifiers: row.get::<i64>(2)?.unsigned_abs(),
            },
            begun_at: Timestamp::from_micros(row.get(3)?),
            ended_at: ended_at.map(Timestamp::from_micros),
            stage: None,
        })
    });
    let Some(mut row) = row.optional()? else {
        return Ok(None);
    };
    if row.ended_at.is_none() {
        let stage = setting::get(connection, STAGE)?.and_then(RollStage::from_code);
        row.stage = Some(stage.unwrap_or(RollStage::Keys));
    }
    Ok(Some(row))
}

/// Whether no row stands under another epoch than the current one.
pub(crate) fn nothing_left(connection: &Connection, keys: &KeySet) -> Result<bool, StoreError> {
    let epoch = keys.current_epoch().id();
    for table in ["data_keys", "identifiers", "identifier_tags"] {
        let sql = format!("SELECT 1 FROM {table} WHERE epoch <> $1 LIMIT 1");
        if connection.prepare_cached(&sql)?.exists([epoch])? {
            return Ok(false);
        }
    }
    Ok(true)
}
