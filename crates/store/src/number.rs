//! Numbers whose access token is kept here, sealed, and not in the configuration.

use domain::audit::Action;
use domain::audit::Actor;
use domain::health::Health;
use domain::ids::NumberId;
use domain::time::Timestamp;
use seal::Keyring;
use seal::RecordKind;
use seal::Zeroizing;

use crate::dialect::Connection;
use crate::error::Refusal;
use crate::error::StoreError;
use crate::health;
use crate::registry::Number;
use crate::tables;
use crate::tx::Tx;
use crate::tx::place;

/// The field of a setting that holds a number's token.
const TOKEN: u8 = 2;

/// Keeps the token a number's calls to Meta are made with, or another one in its place. It is sealed
/// and never shown again.
pub(crate) fn set_token(
    tx: &mut Tx<'_>,
    actor: Actor,
    number: NumberId,
    token: &str,
) -> Result<(), StoreError> {
    let registry = tx.registry();
    registry.number(number).ok_or(Refusal::Missing("number"))?;
    let place = place(RecordKind::Setting, TOKEN, number.0, 0);
    let sealed = tx
        .keyring()
        .setting_key()
        .seal(tx.random(), &place, token.as_bytes())?;
    let sql = "UPDATE numbers SET sealed_token = $1 WHERE id = $2";
    tx.update_one(&tables::NUMBERS, sql, (sealed, number.0))?;
    let detail = format!("number {number}");
    tx.note(
        None,
        &detail,
        (actor, Action::NumberChanged, &["number/token"]),
    )?;
    tx.effects.registry = true;
    tx.flush()
}

/// The numbers, with what was told of their health.
pub(crate) fn load(connection: &Connection, keyring: &Keyring) -> Result<Vec<Number>, StoreError> {
    let sql = "SELECT id, phone_number_id, waba_id, display, verified_name, created_at, \
               sealed_token FROM numbers ORDER BY id";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(())?;
    let mut numbers = Vec::new();
    while let Some(row) = rows.next()? {
        let id: i64 = row.get(0)?;
        let place = place(RecordKind::Setting, TOKEN, id, 0);
        let access_token = match row.get::<Option<Vec<u8>>>(6)? {
            Some(sealed) => Some(
                keyring
                    .setting_key()
                    .open(&place, &sealed)
                    .ok()
                    .and_then(|token| String::from_utf8(token.to_vec()).ok())
                    .map(Zeroizing::new)
                    .ok_or(StoreError::Damaged {
                        table: "numbers",
                        column: "sealed_token",
                        id,
                    })?,
            ),
            None => None,
        };
        numbers.push(Number {
            id: NumberId(id),
            phone_number_id: row.get(1)?,
            waba_id: row.get(2)?,
            display: row.get(3)?,
            verified_name: row.get(4)?,
            created_at: Timestamp::from_micros(row.get(5)?),
            access_token,
            health: Health::default(),
        });
    }
    drop(rows);
    health::load(connection, &mut numbers)?;
    Ok(numbers)
}
