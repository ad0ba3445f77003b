//! Rows on their way into the database: gathered during a batch, written many at a time.

use std::collections::BTreeMap;

use rusqlite::Connection;
use rusqlite::params_from_iter;
use rusqlite::types::Value;

use crate::dialect;
use crate::error::StoreError;
use crate::tables;
use crate::tables::Table;

/// The rows that wait, by table.
#[derive(Debug)]
pub(crate) struct Rows {
    buffers: Vec<Buffer>,
}

#[derive(Debug)]
struct Buffer {
    table: &'static Table,
    values: Vec<Value>,
    statements: BTreeMap<usize, String>,
}

impl Rows {
    pub(crate) fn new() -> Self {
        let buffer = |table: &&'static Table| Buffer {
            table,
            values: Vec::new(),
            statements: BTreeMap::new(),
        };
        Self {
            buffers: tables::ALL.iter().map(buffer).collect(),
        }
    }

    /// Adds a row: one value for each column of the table, and for an audited table the position
    /// of its leaf.
    pub(crate) fn push(&mut self, table: &'static Table, row: impl IntoIterator<Item = Value>) {
        if let Some(buffer) = self.buffers.get_mut(usize::from(table.code)) {
            buffer.values.extend(row);
        }
    }

    /// Writes everything that waits.
    pub(crate) fn flush(&mut self, connection: &Connection) -> Result<(), StoreError> {
        self.buffers
            .iter_mut()
            .try_for_each(|buffer| buffer.flush(connection))
    }

    /// Forgets everything that waits.
    pub(crate) fn clear(&mut self) {
        for buffer in &mut self.buffers {
            buffer.values.clear();
        }
    }
}

impl Buffer {
    fn flush(&mut self, connection: &Connection) -> Result<(), StoreError> {
        if self.values.is_empty() {
            return Ok(());
        }
        let width = self.table.columns.len() + usize::from(self.table.audited);
        let rows = self.values.len() / width;
        let mut values = std::mem::take(&mut self.values).into_iter();
        for piece in dialect::pieces(rows) {
            let table = self.table;
            let sql = self
                .statements
                .entry(piece.len())
                .or_insert_with(|| insert(table, piece.len(), width));
            let touched = connection
                .prepare_cached(sql)?
                .execute(params_from_iter(values.by_ref().take(piece.len() * width)))?;
            if touched != piece.len() {
                return Err(StoreError::Touched {
                    table: table.name,
                    touched,
                });
            }
        }
        Ok(())
    }
}

fn insert(table: &Table, rows: usize, width: usize) -> String {
    let mut columns: Vec<&str> = table.columns.iter().map(|column| column.name()).collect();
    if table.audited {
        columns.push("leaf");
    }
    format!(
        "{} INTO {} ({}) VALUES {}{}",
        dialect::INSERT,
        table.name,
        columns.join(","),
        dialect::tuples(rows, width),
        table.on_conflict
    )
}

/// A value of a row.
pub(crate) fn v<T: IntoValue>(value: T) -> Value {
    value.into_value()
}

/// What can stand in a row.
pub(crate) trait IntoValue {
    fn into_value(self) -> Value;
}

impl IntoValue for i64 {
    fn into_value(self) -> Value {
        Value::Integer(self)
    }
}

impl IntoValue for u8 {
    fn into_value(self) -> Value {
        Value::Integer(i64::from(self))
    }
}

impl IntoValue for u32 {
    fn into_value(self) -> Value {
        Value::Integer(i64::from(self))
    }
}

impl IntoValue for domain::time::Timestamp {
    fn into_value(self) -> Value {
        Value::Integer(self.micros())
    }
}

impl IntoValue for &str {
    fn into_value(self) -> Value {
        Value::Text(self.to_owned())
    }
}

impl IntoValue for String {
    fn into_value(self) -> Value {
        Value::Text(self)
    }
}

impl IntoValue for Vec<u8> {
    fn into_value(self) -> Value {
        Value::Blob(self)
    }
}

impl<const N: usize> IntoValue for [u8; N] {
    fn into_value(self) -> Value {
        Value::Blob(self.to_vec())
    }
}

impl<T: IntoValue> IntoValue for Option<T> {
    fn into_value(self) -> Value {
        self.map_or(Value::Null, IntoValue::into_value)
    }
}

macro_rules! ids {
    ($($id:ident),+) => {$(
        impl IntoValue for domain::ids::$id {
            fn into_value(self) -> Value {
                Value::Integer(self.0)
            }
        }
    )+};
}

ids!(
    AppId,
    ConsentEventId,
    ConversationId,
    DataKeyId,
    DecisionId,
    DeliveryId,
    IdentifierId,
    MediaId,
    MessageId,
    NoticeId,
    NumberId,
    PurposeId,
    QuarantineId,
    StatusId,
    SubjectId,
    SuppressionId,
    TokenId
);
