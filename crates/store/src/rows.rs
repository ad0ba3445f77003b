//! Rows on their way into the database: gathered during a batch, written many at a time.

use std::collections::BTreeMap;
use std::collections::HashMap;

use crate::dialect;
use crate::dialect::Connection;
use crate::dialect::Given;
use crate::dialect::Held;
use crate::dialect::Outcome;
use crate::dialect::Shape;
use crate::dialect::Value;
use crate::dialect::Write;
use crate::error::StoreError;
use crate::tables;
use crate::tables::Column;
use crate::tables::Table;

/// What came before, and when: derived from nothing, covered by no leaf.
static DEDUP: Table = Table {
    code: 0,
    name: "dedup",
    columns: &[Column::Fixed("second"), Column::Fixed("tag")],
    audited: false,
    on_conflict: "",
};

/// The index of tags.
static TAGS: Table = Table {
    code: 1,
    name: "identifier_tags",
    columns: &[
        Column::Fixed("tag"),
        Column::Changing("subject_id"),
        Column::Changing("epoch"),
    ],
    audited: false,
    on_conflict: " ON CONFLICT (tag) DO UPDATE SET subject_id = excluded.subject_id, \
                  epoch = excluded.epoch",
};

/// Tables whose rows the next batch of intake knows of from memory, or need not know of, while they are
/// on their way: [`crate::known::Known::carried`].
static CARRIED: [&Table; 13] = [
    &tables::CONVERSATIONS,
    &tables::DATA_KEYS,
    &tables::DELIVERIES,
    &tables::DETAILS,
    &tables::EVENTS,
    &tables::EVENT_DELIVERIES,
    &tables::IDENTIFIERS,
    &tables::LEAVES,
    &tables::MEDIA,
    &tables::MESSAGES,
    &tables::PROFILES,
    &tables::QUARANTINE,
    &tables::SUBJECTS,
];

/// The rows that wait, by table.
#[derive(Debug)]
pub(crate) struct Rows {
    buffers: Vec<Buffer>,
    /// Those of tables that are not written through ids of their own.
    aside: Vec<Buffer>,
}

#[derive(Debug)]
struct Buffer {
    table: &'static Table,
    /// Rows of which it is known that they are new, that they stand already, or neither.
    new: Vec<Value>,
    over: Vec<Value>,
    values: Vec<Value>,
    /// Texts of statements by their number of rows.
    statements: BTreeMap<usize, String>,
    shapes: [Option<Shape>; 3],
}

impl Rows {
    pub(crate) fn new() -> Self {
        Self {
            buffers: tables::ALL.iter().copied().map(Buffer::new).collect(),
            aside: [&DEDUP, &TAGS].into_iter().map(Buffer::new).collect(),
        }
    }

    /// Adds a row: one value for each column of the table, and for an audited table the position
    /// of its leaf.
    pub(crate) fn push(&mut self, table: &'static Table, row: impl IntoIterator<Item = Value>) {
        self.push_as(table, Held::Perhaps, row);
    }

    /// The same for a row of which it is known whether it stands in its table already.
    pub(crate) fn push_as(
        &mut self,
        table: &'static Table,
        held: Held,
        row: impl IntoIterator<Item = Value>,
    ) {
        if let Some(buffer) = self.buffers.get_mut(usize::from(table.code)) {
            buffer.rows(held).extend(row);
        }
    }

    /// Whether no row waits but those that the next batch of intake can do without.
    pub(crate) fn are_carried(&self) -> bool {
        let waits = self.buffers.iter().filter(|buffer| !buffer.is_empty());
        let carried = |table: &Table| CARRIED.iter().any(|carried| carried.code == table.code);
        waits.map(|buffer| buffer.table).all(carried)
    }

    /// Remembers an item that had not come before.
    pub(crate) fn remember(&mut self, second: i64, tag: [u8; 16]) {
        if let Some(buffer) = self.aside.get_mut(usize::from(DEDUP.code)) {
            let row = [Value::Integer(second), Value::Blob(tag.to_vec())];
            buffer.values.extend(row);
        }
    }

    /// Puts a tag, made under the key of an epoch, into the index.
    pub(crate) fn index(&mut self, (tag, epoch): ([u8; 16], u32), subject: i64, held: Held) {
        if let Some(buffer) = self.aside.get_mut(usize::from(TAGS.code)) {
            let row = [
                Value::Blob(tag.to_vec()),
                Value::Integer(subject),
                Value::Integer(i64::from(epoch)),
            ];
            buffer.rows(held).extend(row);
        }
    }

    /// Writes everything that waits.
    pub(crate) fn flush(&mut self, connection: &Connection) -> Result<(), StoreError> {
        let writes = self.drain(connection);
        if writes.is_empty() {
            return Ok(());
        }
        match connection.write_all(writes)? {
            Some((table, touched)) => Err(StoreError::Touched { table, touched }),
            None => Ok(()),
        }
    }

    /// Writes everything that waits and ends the transaction, as [`Connection::send_off`] does.
    pub(crate) fn send_off(
        &mut self,
        connection: &Connection,
        next: Option<i64>,
    ) -> Result<Option<Outcome>, StoreError> {
        if !connection.overlaps() {
            self.flush(connection)?;
            return Ok(connection.send_off(Vec::new(), next));
        }
        Ok(connection.send_off(self.drain(connection), next))
    }

    fn drain(&mut self, connection: &Connection) -> Vec<Write<'_>> {
        let mut writes = Vec::new();
        for buffer in self.buffers.iter_mut().chain(&mut self.aside) {
            buffer.drain(connection, &mut writes);
        }
        writes
    }

    /// Forgets everything that waits.
    pub(crate) fn clear(&mut self) {
        for buffer in self.buffers.iter_mut().chain(&mut self.aside) {
            for rows in [&mut buffer.new, &mut buffer.over, &mut buffer.values] {
                rows.clear();
            }
        }
    }
}

impl Buffer {
    const fn new(table: &'static Table) -> Self {
        Self {
            table,
            new: Vec::new(),
            over: Vec::new(),
            values: Vec::new(),
            statements: BTreeMap::new(),
            shapes: [const { None }; 3],
        }
    }

    const fn is_empty(&self) -> bool {
        self.new.is_empty() && self.over.is_empty() && self.values.is_empty()
    }

    const fn rows(&mut self, held: Held) -> &mut Vec<Value> {
        match held {
            Held::All => &mut self.over,
            Held::None => &mut self.new,
            Held::Perhaps => &mut self.values,
        }
    }

    const fn width(&self) -> usize {
        self.table.columns.len() + if self.table.audited { 1 } else { 0 }
    }

    /// Moves the rows out, each piece with how many it has to write.
    fn drain<'b>(&'b mut self, connection: &Connection, writes: &mut Vec<Write<'b>>) {
        if connection.takes_columns() {
            self.drain_columns(writes);
            return;
        }
        // One way for all: the table says what happens to what stands already.
        let mut values = std::mem::take(&mut self.new);
        values.append(&mut self.values);
        values.append(&mut self.over);
        if values.is_empty() {
            return;
        }
        let (table, width) = (self.table, self.width());
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
                let values = values.by_ref().take(rows * width).collect();
                writes.push(Write::Statement {
                    table: table.name,
                    sql,
                    rows,
                    values,
                });
            }
        }
    }

    fn drain_columns<'b>(&'b mut self, writes: &mut Vec<Write<'b>>) {
        let (table, width) = (self.table, self.width());
        let all = [
            (Held::None, std::mem::take(&mut self.new)),
            (Held::Perhaps, std::mem::take(&mut self.values)),
            (Held::All, std::mem::take(&mut self.over)),
        ];
        for ((held, mut values), shape) in all.into_iter().zip(&mut self.shapes) {
            if values.is_empty() {
                continue;
            }
            if held == Held::All || !table.on_conflict.is_empty() {
                values = newest(values, width);
            }
            writes.push(Write::Rows(Given {
                table: table.name,
                held,
                shape: shape.get_or_insert_with(|| by_column(table, held)),
                width,
                values,
            }));
        }
    }
}

/// The last row of each id: a statement that writes over a row must not meet it twice.
fn newest(values: Vec<Value>, width: usize) -> Vec<Value> {
    let mut places = HashMap::new();
    let mut rows: Vec<Vec<Value>> = Vec::with_capacity(values.len() / width);
    let mut values = values.into_iter();
    loop {
        let row: Vec<Value> = values.by_ref().take(width).collect();
        let id = match row.first() {
            Some(Value::Integer(id)) => Some(*id),
            Some(_) => None,
            None => return rows.into_iter().flatten().collect(),
        };
        let place = id.and_then(|id| places.insert(id, rows.len()));
        match place.and_then(|place| rows.get_mut(place).map(|held| (place, held))) {
            Some((place, held)) => {
                *held = row;
                places.extend(id.map(|id| (id, place)));
            }
            None => rows.push(row),
        }
    }
}

/// The statement that takes rows of a table column by column.
fn by_column(table: &Table, held: Held) -> Shape {
    let (name, columns) = (table.name, columns(table));
    let insert = |tail: &str| {
        (
            format!("INSERT INTO {name} ({columns}) SELECT * FROM"),
            tail.to_owned(),
        )
    };
    let (head, tail) = match held {
        Held::None => insert(""),
        Held::Perhaps => insert(table.on_conflict),
        Held::All => {
            let id = table.columns.first().map_or("id", |column| column.name());
            let changing = table.columns.iter().filter(|column| !column.is_fixed());
            let set: Vec<String> = changing
                .map(|column| format!("{0} = given.{0}", column.name()))
                .collect();
            (
                format!("UPDATE {name} AS held SET {} FROM", set.join(", ")),
                format!(" AS given ({columns}) WHERE held.{id} = given.{id}"),
            )
        }
    };
    Shape {
        columns,
        head,
        tail,
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
    BlockRegistryId,
    BundleId,
    CampaignId,
    ConfirmationId,
    ConsentEventId,
    ConversationId,
    DataKeyId,
    DecisionId,
    DeliveryId,
    ErasureId,
    ErrandId,
    HoldId,
    EventDeliveryId,
    EventEndpointId,
    EventId,
    IdentifierId,
    ImportId,
    MediaId,
    MessageId,
    NoticeId,
    NumberId,
    PackageId,
    PurposeId,
    QuarantineId,
    RegistryImportId,
    RegistryOverrideId,
    RequestId,
    RetentionReviewId,
    RetentionRuleId,
    RetentionRunId,
    SnapshotId,
    StatusId,
    SubjectId,
    SuppressionId,
    TokenId
);
