//! One column of many rows written over, each found by its id.

use crate::dialect::columns::Column;
use crate::dialect::columns::Parameter;
use crate::dialect::connection::Connection;
use crate::dialect::error::DbResult;
use crate::dialect::value::Value;

impl Connection {
    /// Gives rows of `table` a new value of `column`, and says under which epoch it was made. A row that
    /// is gone meanwhile stays gone.
    pub(crate) fn overwrite(
        &self,
        (table, column): (&str, &str),
        epoch: u32,
        rows: Vec<(i64, Vec<u8>)>,
    ) -> DbResult<()> {
        if rows.is_empty() {
            return Ok(());
        }
        match self {
            Self::Sqlite(_) => {
                let sql = format!("UPDATE {table} SET epoch = $1, {column} = $2 WHERE id = $3");
                let mut statement = self.prepare_cached(&sql)?;
                for (id, value) in rows {
                    statement.execute((epoch, value, id))?;
                }
                Ok(())
            }
            Self::Postgres(session) => {
                let sql = format!(
                    "UPDATE {table} AS held SET epoch = $1, {column} = given.value \
                     FROM unnest($2::int8[], $3::bytea[]) AS given (id, value) \
                     WHERE held.id = given.id"
                );
                let (ids, values) = rows
                    .into_iter()
                    .map(|(id, value)| (Some(id), Some(value)))
                    .unzip();
                let parameters = vec![
                    Parameter::One(Value::Integer(i64::from(epoch))),
                    Parameter::Many(Column::Integers(ids)),
                    Parameter::Many(Column::Blobs(values)),
                ];
                session.overwrite(&sql, parameters)
            }
        }
    }
}
