//! Whether people let a number call them, as Meta told it last.

use domain::call::Permission;
use domain::ids::ConversationId;
use domain::time::Timestamp;

use crate::dialect::OptionalRow;
use crate::error::StoreError;
use crate::known::Known;
use crate::leaf::OpenLeaf;
use crate::operation::CallPermission;
use crate::tx::Tx;

/// Keeps what a person answered, unless something newer is known.
pub(crate) fn take(
    tx: &mut Tx<'_>,
    leaf: &mut OpenLeaf,
    known: &mut Known,
    told: &CallPermission,
) -> Result<(), StoreError> {
    tx.look_up(known, told.identifiers.iter())?;
    let subject = tx.resolve(leaf, known, &told.identifiers)?;
    let conversation = tx.conversation(known, subject, told.number).id;
    let sql = "INSERT INTO call_permissions (conversation_id, granted, expires_at, told_at) \
               VALUES ($1, $2, $3, $4) ON CONFLICT (conversation_id) \
               DO UPDATE SET granted = excluded.granted, expires_at = excluded.expires_at, \
               told_at = excluded.told_at WHERE call_permissions.told_at <= excluded.told_at";
    let Permission { granted, expires } = told.permission;
    let row = (
        conversation.0,
        i64::from(granted),
        expires.map(Timestamp::micros),
        told.at.micros(),
    );
    tx.connection.prepare_cached(sql)?.execute(row)?;
    Ok(())
}

/// What holds in a conversation.
pub(crate) fn held(
    tx: &Tx<'_>,
    conversation: ConversationId,
) -> Result<Option<Permission>, StoreError> {
    let sql = "SELECT granted, expires_at FROM call_permissions WHERE conversation_id = $1";
    let found = tx
        .connection
        .prepare_cached(sql)?
        .query_row([conversation.0], |row| {
            Ok(Permission {
                granted: row.get::<i64>(0)? != 0,
                expires: row.get::<Option<i64>>(1)?.map(Timestamp::from_micros),
            })
        })
        .optional()?;
    Ok(found)
}
