//! Media objects: the row with the sealed reference and the object's own key. The bytes stand in a
//! file of their own, sealed under that key.

use std::sync::Arc;

use crate::dialect::Connection;
use crate::dialect::OptionalRow;
use domain::ids::AppId;
use domain::ids::DataKeyId;
use domain::ids::MediaId;
use domain::ids::MessageId;
use domain::ids::NumberId;
use domain::ids::SubjectId;
use seal::DataKey;
use seal::KeySet;
use seal::RecordClass;
use seal::RecordKind;

use crate::error::Refusal;
use crate::error::StoreError;
use crate::read::MediaRow;
use crate::rows::v;
use crate::tables;
use crate::tx::Tx;
use crate::tx::place;

const REFERENCE: u8 = 1;
const OBJECT_KEY: u8 = 2;

/// The instance itself, as far as keys go: what belongs to nobody in particular.
pub(crate) const NOBODY: SubjectId = SubjectId(0);

/// A media object to keep.
#[derive(Clone, Debug)]
pub struct NewMedia {
    /// The app that uploaded it.
    pub app: AppId,
    /// The number it belongs to.
    pub number: NumberId,
    /// Its reference: sealed.
    pub reference: Vec<u8>,
}

/// Where a media object's bytes stand.
#[derive(Clone, Debug)]
pub struct KeptObject {
    /// The name of its file.
    pub object: String,
    /// The key it is sealed under: sealed in turn.
    pub key: Arc<DataKey>,
    /// What is known of the object from now on: sealed.
    pub reference: Vec<u8>,
    /// Its length in bytes before sealing.
    pub size: u64,
}

/// Writes the row of an uploaded object. It belongs to nobody until it is sent.
pub(crate) fn add(tx: &mut Tx<'_>, new: &NewMedia) -> Result<MediaId, StoreError> {
    let mut leaf = tx.open_leaf()?;
    let (key_id, key) = tx.key(&mut leaf, NOBODY, RecordClass::Media)?;
    let id = MediaId(tx.id(&tables::MEDIA));
    let sealed = tx.seal(
        &key,
        &place(RecordKind::Media, REFERENCE, id.0, key_id.0),
        &new.reference,
    )?;
    let row = [
        v(id),
        v(NOBODY),
        v(None::<i64>),
        v(new.app),
        v(new.number),
        v(key_id),
        v(sealed),
        v(None::<Vec<u8>>),
        v(None::<String>),
        v(None::<i64>),
        v(tx.now()),
        v(None::<i64>),
    ];
    tx.put(&tables::MEDIA, row);
    let actor = domain::audit::Actor::App(new.app);
    tx.close_leaf(
        leaf,
        actor,
        domain::audit::Action::Intake,
        &["media/upload"],
    );
    tx.flush()?;
    Ok(id)
}

/// Remembers where an object's bytes stand. The file is durable before this is called.
pub(crate) fn keep(tx: &mut Tx<'_>, id: MediaId, kept: &KeptObject) -> Result<(), StoreError> {
    let key_id: i64 = tx
        .connection
        .query_row("SELECT key_id FROM media WHERE id = $1", [id.0], |row| {
            row.get(0)
        })
        .optional()?
        .ok_or(Refusal::Missing("media object"))?;
    let key = tx.key_by_id(DataKeyId(key_id))?;
    let at = |field| place(RecordKind::Media, field, id.0, key_id);
    let reference = tx.seal(&key, &at(REFERENCE), &kept.reference)?;
    let sealed = key.seal_key(tx.random(), &at(OBJECT_KEY), &kept.key)?;
    let sql = "UPDATE media SET object = $1, sealed_key = $2, size = $3, sealed_reference = $4 \
               WHERE id = $5";
    let parameters = (
        &kept.object,
        sealed,
        kept.size.cast_signed(),
        reference,
        id.0,
    );
    tx.update_one(&tables::MEDIA, sql, parameters)
}

/// Ends a media object: it is no longer found, its key is gone with it. Returns the file to remove.
pub(crate) fn delete(tx: &mut Tx<'_>, id: MediaId) -> Result<Option<String>, StoreError> {
    let object: Option<Option<String>> = tx
        .connection
        .query_row(
            "SELECT object FROM media WHERE id = $1 AND deleted_at IS NULL",
            [id.0],
            |row| row.get(0),
        )
        .optional()?;
    let object = object.ok_or(Refusal::Missing("media object"))?;
    let sql = "UPDATE media SET deleted_at = $1, sealed_key = NULL, object = NULL WHERE id = $2";
    tx.update_one(&tables::MEDIA, sql, (tx.now().micros(), id.0))?;
    Ok(object)
}

pub(crate) fn load(
    connection: &Connection,
    keys: &KeySet,
    condition: &str,
    value: i64,
) -> Result<Option<MediaRow>, StoreError> {
    let sql = format!(
        "SELECT id, subject_id, message_id, app_id, number_id, key_id, sealed_reference, object, \
         sealed_key FROM media WHERE deleted_at IS NULL AND {condition} AND {}",
        crate::read::LIVING
    );
    let found = connection.prepare_cached(&sql)?.query_row([value], |row| {
        let raw = MediaRow {
            id: MediaId(row.get(0)?),
            subject: SubjectId(row.get(1)?),
            message: row.get::<Option<i64>>(2)?.map(MessageId),
            app: row.get::<Option<i64>>(3)?.map(AppId),
            number: NumberId(row.get(4)?),
            reference: seal::Zeroizing::new(row.get(6)?),
            object: row.get(7)?,
            object_key: None,
        };
        Ok((raw, row.get::<i64>(5)?, row.get::<Option<Vec<u8>>>(8)?))
    });
    let Some((mut row, key_id, sealed_key)) = found.optional()? else {
        return Ok(None);
    };
    let key = crate::keys::load(connection, keys, DataKeyId(key_id))?;
    let id = row.id.0;
    let at = |field| place(RecordKind::Media, field, id, key_id);
    let damaged = |column| StoreError::Damaged {
        table: "media",
        column,
        id,
    };
    row.reference = key
        .open(&at(REFERENCE), &row.reference)
        .map_err(|_| damaged("sealed_reference"))?;
    if let Some(sealed) = &sealed_key {
        let opened = key
            .open_key(&at(OBJECT_KEY), sealed)
            .map_err(|_| damaged("sealed_key"))?;
        row.object_key = Some(opened);
    }
    Ok(Some(row))
}
