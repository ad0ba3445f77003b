//! Rows on their way into the database: gathered during a batch, written many at a time.

use std::collections::BTreeMap;

use crate::dialect::Connection;
use crate::dialect::Value;
use crate::dialect::Write;

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
    /// Texts of statements by their number of rows; under 0 the list of columns.
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
        let mut tables = Vec::new();
        let mut writes = Vec::new();
        for buffer in &mut self.buffers {
            buffer.drain(connection, &mut tables, &mut writes);
        }
        let touched = connection.write_all(writes)?;
        for ((table, rows), touched) in tables.into_iter().zip(touched) {
            if touched != rows {
                return Err(StoreError::Touched { table, touched });
            }
        }
        Ok(())
    }

    /// Forgets everything that waits.
    pub(crate) fn clear(&mut self) {
        for buffer in &mut self.buffers {
            buffer.values.clear();
        }
    }
}

impl Buffer {
    /// Moves the rows out, each piece with its table and how many rows it has to write.
    fn drain<'b>(
        &'b mut self,
        connection: &Connection,
        tables: &mut Vec<(&'static str, usize)>,
        writes: &mut Vec<Write<'b>>,
    ) {
        if self.values.is_empty() {
            return;
        }
        let table = self.table;
        let width = table.columns.len() + usize::from(table.audited);
        let mut values = std::mem::take(&mut self.values);
        if connection.takes_columns() {
            if !table.on_conflict.is_empty() {
                values = newest(values, width);
            }
            tables.push((table.name, values.len() / width));
            writes.push(Write::Rows {
                table: table.name,
                columns: self.statements.entry(0).or_insert_with(|| columns(table)),
                width,
                on_conflict: table.on_conflict,
                values,
            });
            return;
        }
        let pieces: Vec<usize> = dialect::pieces(values.len() / width)
            .map(|piece| piece.len())
            .collect();
        for rows in &pieces {
            let make = || insert(connection.insert(), table, *rows, width);
            self.statements.entry(*rows).or_insert_with(make);
        }
        let mut values = values.into_iter();
        for rows in pieces {
            if let Some(sql) = self.statements.get(&rows) {
                tables.push((table.name, rows));
                let values = values.by_ref().take(rows * width).collect();
                writes.push(Write::Statement { sql, values });
            }
        }
    }
}

/// The last row of each id: a statement that writes over a row must not meet it twice.
fn newest(values: Vec<Value>, width: usize) -> Vec<Value> {
    let mut rows: Vec<Vec<Value>> = Vec::with_capacity(values.len() / width);
    let mut values = values.into_iter();
    loop {
        let row: Vec<Value> = values.by_ref().take(width).collect();
        if row.is_empty() {
            return rows.into_iter().flatten().collect();
        }
        match rows.iter_mut().find(|held| held.first() == row.first()) {
            Some(held) => *held = row,
            None => rows.push(row),
        }
    }
}

fn insert(verb: &str, table: &Table, rows: usize, width: usize) -> String {
    format!(
        "{verb} INTO {} ({}) VALUES {}{}",
        table.name,
        columns(table),
        dialect::tuples(rows, width),
        table.on_conflict
    )
}

/// The columns of a table in the order of a row's values.
fn columns(table: &Table) -> String {
    let mut columns: Vec<&str> = table.columns.iter().map(|column| column.name()).collect();
    if table.audited {
        columns.push("leaf");
    }
    columns.join(",")
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
        Value::Text(dialect::storable(self).into_owned())
    }
}

impl IntoValue for String {
    fn into_value(self) -> Value {
        v(self.as_str())
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
    EventDeliveryId,
    EventEndpointId,
    EventId,
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
