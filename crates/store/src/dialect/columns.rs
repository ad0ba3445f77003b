//! Values of many rows as a server takes them: one array for each column.

use bytes::BytesMut;
use tokio_postgres::types::IsNull;
use tokio_postgres::types::ToSql;
use tokio_postgres::types::Type;
use tokio_postgres::types::to_sql_checked;

use crate::dialect::error::DbError;
use crate::dialect::error::DbResult;
use crate::dialect::value::Value;

type Fault = Box<dyn std::error::Error + Sync + Send>;

/// The values of one column of many rows.
#[derive(Debug)]
pub(super) enum Column {
    Blobs(Vec<Option<Vec<u8>>>),
    Integers(Vec<Option<i64>>),
    Texts(Vec<Option<String>>),
}

/// Turns rows into columns.
pub(super) fn transpose(types: &[Type], width: usize, values: Vec<Value>) -> DbResult<Vec<Column>> {
    let rows = values.len() / width.max(1);
    let mut columns: Vec<Column> = types
        .iter()
        .map(|ty| match *ty {
            Type::BYTEA => Column::Blobs(Vec::with_capacity(rows)),
            Type::INT8 => Column::Integers(Vec::with_capacity(rows)),
            _ => Column::Texts(Vec::with_capacity(rows)),
        })
        .collect();
    let mut values = values.into_iter();
    for _ in 0..rows {
        for (column, value) in columns.iter_mut().zip(values.by_ref()) {
            match (column, value) {
                (Column::Blobs(all), Value::Blob(blob)) => all.push(Some(blob)),
                (Column::Blobs(all), Value::Null) => all.push(None),
                (Column::Integers(all), Value::Integer(number)) => all.push(Some(number)),
                (Column::Integers(all), Value::Null) => all.push(None),
                (Column::Texts(all), Value::Text(text)) => all.push(Some(text)),
                (Column::Texts(all), Value::Null) => all.push(None),
                _ => return Err(DbError::Type),
            }
        }
    }
    Ok(columns)
}

impl ToSql for Column {
    fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> Result<IsNull, Fault> {
        match self {
            Self::Blobs(all) => all.to_sql(ty, out),
            Self::Integers(all) => all.to_sql(ty, out),
            Self::Texts(all) => all.to_sql(ty, out),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

/// A parameter: one value, or those of many rows.
#[derive(Debug)]
pub(super) enum Parameter {
    Many(Column),
    One(Value),
}

impl ToSql for Parameter {
    fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> Result<IsNull, Fault> {
        match self {
            Self::Many(column) => column.to_sql(ty, out),
            Self::One(value) => value.to_sql(ty, out),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}
