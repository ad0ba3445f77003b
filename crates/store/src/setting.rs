//! Numbers that the store keeps about itself, by name.

use crate::dialect::Connection;
use crate::dialect::OptionalRow;
use crate::error::StoreError;

pub(crate) fn get(connection: &Connection, name: &str) -> Result<Option<i64>, StoreError> {
    let sql = "SELECT value FROM settings WHERE name = $1";
    let mut statement = connection.prepare_cached(sql)?;
    Ok(statement.query_row([name], |row| row.get(0)).optional()?)
}

pub(crate) fn set(connection: &Connection, name: &str, value: i64) -> Result<(), StoreError> {
    let sql = "INSERT INTO settings (name, value) VALUES ($1, $2) \
               ON CONFLICT (name) DO UPDATE SET value = excluded.value";
    connection.prepare_cached(sql)?.execute((name, value))?;
    Ok(())
}

pub(crate) fn clear(connection: &Connection, name: &str) -> Result<(), StoreError> {
    let sql = "DELETE FROM settings WHERE name = $1";
    connection.prepare_cached(sql)?.execute([name])?;
    Ok(())
}
