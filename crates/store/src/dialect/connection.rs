//! One connection, whichever database it leads to: statements, parameters, rows, transactions.

use rusqlite::CachedStatement;

use crate::dialect;
use crate::dialect::Statements;
use crate::dialect::columns::Column;
use crate::dialect::columns::Parameter;
use crate::dialect::error::DbError;
use crate::dialect::error::DbResult;
use crate::dialect::postgres;
use crate::dialect::postgres::Session;
use crate::dialect::sqlite;
use crate::dialect::value::Each;
use crate::dialect::value::FromValue;
use crate::dialect::value::Params;
use crate::dialect::value::Value;
use crate::dialect::value::ValueRef;
use crate::error::StoreError;

/// How many values a server is asked about at a time. A power of two.
const PLACES: usize = 256;

/// A connection to the database.
#[derive(Debug)]
pub(crate) enum Connection {
    Sqlite(rusqlite::Connection),
    Postgres(Box<Session>),
}

/// Something to write, with its values.
#[derive(Debug)]
pub(crate) enum Write<'a> {
    /// Rows of a table, for a database that takes them by column.
    Rows(Given<'a>),
    /// A statement that writes so many rows of a table.
    Statement {
        table: &'static str,
        sql: &'a str,
        rows: usize,
        values: Vec<Value>,
    },
}

/// Rows of a table, one behind the other.
#[derive(Debug)]
pub(crate) struct Given<'a> {
    pub(crate) table: &'static str,
    pub(crate) held: Held,
    pub(crate) shape: &'a Shape,
    /// How many values a row has.
    pub(crate) width: usize,
    pub(crate) values: Vec<Value>,
}

/// Whether rows that are written stand in their table already.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(crate) enum Held {
    /// All do: they are written over.
    All,
    /// None does.
    None,
    /// Perhaps: the table says what happens to those that do.
    Perhaps,
}

/// The statement that takes rows column by column: what stands before the columns' values and behind.
#[derive(Debug)]
pub(crate) struct Shape {
    pub(crate) columns: String,
    pub(crate) head: String,
    pub(crate) tail: String,
}

/// A question about many rows at once.
#[derive(Debug)]
pub(crate) struct Ask {
    /// The query up to the column that has one of the values.
    pub(crate) head: &'static str,
    pub(crate) keys: Keys,
    /// What follows the values.
    pub(crate) tail: &'static str,
    /// The value that `tail` ends with.
    pub(crate) last: Option<i64>,
}

/// Values that rows are looked up by.
#[derive(Debug)]
pub(crate) enum Keys {
    Ids(Vec<i64>),
    Tags(Vec<[u8; 16]>),
    /// Tags, and what the second half of a union is asked about, as two arrays: only where rows are
    /// taken by column.
    TagsAndItems(Vec<[u8; 16]>, Vec<(i64, [u8; 16])>),
}

impl Keys {
    pub(crate) const fn is_empty(&self) -> bool {
        match self {
            Self::Ids(ids) => ids.is_empty(),
            Self::Tags(tags) => tags.is_empty(),
            Self::TagsAndItems(tags, items) => tags.is_empty() && items.is_empty(),
        }
    }
}

impl Ask {
    /// The statement as a server takes it, with its parameters.
    pub(super) fn by_column(self) -> (String, Vec<Parameter>) {
        let Self {
            head,
            keys,
            tail,
            last,
        } = self;
        let blobs = |tags: Vec<[u8; 16]>| {
            let tags = tags.iter().map(|tag| Some(tag.to_vec()));
            Parameter::Many(Column::Blobs(tags.collect()))
        };
        let integers = |ids: Vec<i64>| {
            let ids = ids.into_iter().map(Some);
            Parameter::Many(Column::Integers(ids.collect()))
        };
        let (mut sql, mut parameters) = match keys {
            Keys::Ids(ids) => (format!("{head} = ANY($1){tail}"), vec![integers(ids)]),
            Keys::Tags(tags) => (format!("{head} = ANY($1){tail}"), vec![blobs(tags)]),
            Keys::TagsAndItems(tags, items) => {
                let (first, second) = items.into_iter().unzip();
                (
                    format!("{head} = ANY($1){tail}"),
                    vec![blobs(tags), integers(first), blobs(second)],
                )
            }
        };
        if let Some(last) = last {
            parameters.push(Parameter::One(Value::Integer(last)));
            sql = format!("{sql}${}", parameters.len());
        }
        (sql, parameters)
    }

    /// The statement for so many values.
    fn by_value(&self, places: usize) -> String {
        let Self { head, tail, .. } = self;
        let mut sql = format!("{head} IN ({}){tail}", dialect::list(places));
        if self.last.is_some() {
            sql = format!("{sql}${}", places + 1);
        }
        sql
    }
}

impl Connection {
    /// Prepares a statement, or takes it from those that are.
    pub(crate) fn prepare_cached(&self, sql: &str) -> DbResult<Statement<'_>> {
        match self {
            Self::Sqlite(connection) => Ok(Statement::Sqlite(connection.prepare_cached(sql)?)),
            Self::Postgres(session) => {
                Ok(Statement::Postgres(session, session.prepare_cached(sql)?))
            }
        }
    }

    /// Runs one statement. Returns how many rows it touched.
    pub(crate) fn execute(&self, sql: &str, parameters: impl Params) -> DbResult<usize> {
        self.prepare_cached(sql)?.execute(parameters)
    }

    /// The first row of a query.
    pub(crate) fn query_row<T>(
        &self,
        sql: &str,
        parameters: impl Params,
        read: impl FnOnce(&Row<'_>) -> DbResult<T>,
    ) -> DbResult<T> {
        self.prepare_cached(sql)?.query_row(parameters, read)
    }

    /// Writes much that does not wait for one another. Returns the table that did not take as many
    /// rows as it was given, with how many it took.
    pub(crate) fn write_all(
        &self,
        writes: Vec<Write<'_>>,
    ) -> DbResult<Option<(&'static str, usize)>> {
        match self {
            Self::Sqlite(_) => {
                for write in writes {
                    let Write::Statement {
                        table,
                        sql,
                        rows,
                        values,
                    } = write
                    else {
                        return Err(DbError::Type);
                    };
                    let touched = self.execute(sql, values.as_slice())?;
                    if touched != rows {
                        return Ok(Some((table, touched)));
                    }
                }
                Ok(None)
            }
            Self::Postgres(session) => session.write_all(writes),
        }
    }

    /// Begins the writer's transaction: nobody else writes until it ends, and on a shared database
    /// nobody has taken over since `run` began.
    ///
    /// # Errors
    /// [`DbError::Fenced`] where another process writes by now.
    pub(crate) fn begin(&self, run: i64) -> DbResult<()> {
        match self {
            Self::Sqlite(connection) => Ok(connection.execute_batch(sqlite::BEGIN)?),
            Self::Postgres(session) => session.begin(run),
        }
    }

    /// The same, but what a server says to it is heard with the first thing that is read or written.
    pub(crate) fn begin_soon(&self, run: i64) -> DbResult<()> {
        match self {
            Self::Sqlite(_) => self.begin(run),
            Self::Postgres(session) => session.begin_soon(run),
        }
    }

    /// Asks several questions, which do not wait for one another, and hands each row over with its
    /// question's place.
    pub(crate) fn ask(
        &self,
        texts: &mut Statements,
        asks: Vec<Ask>,
        read: &mut dyn FnMut(usize, &Row<'_>) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(_) => {
                for (place, ask) in asks.iter().enumerate() {
                    self.ask_one(texts, ask, &mut |row| read(place, row))?;
                }
            }
            Self::Postgres(session) => {
                for (place, rows) in session.ask(asks)?.iter().enumerate() {
                    for row in rows {
                        read(place, &Row::Postgres(row))?;
                    }
                }
            }
        }
        Ok(())
    }

    fn ask_one(
        &self,
        texts: &mut Statements,
        ask: &Ask,
        read: &mut dyn FnMut(&Row<'_>) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let keys: Vec<ValueRef<'_>> = match &ask.keys {
            Keys::Ids(ids) => ids.iter().map(|id| ValueRef::Integer(*id)).collect(),
            Keys::Tags(tags) => tags.iter().map(|tag| ValueRef::Blob(tag)).collect(),
            Keys::TagsAndItems(..) => return Err(DbError::Type.into()),
        };
        for piece in dialect::pieces(keys.len()) {
            let make = |places| ask.by_value(places);
            let sql = texts.between(ask.head, ask.tail, piece.len(), make);
            let keys = keys.get(piece).unwrap_or_default();
            let last = ask.last.map(ValueRef::Integer);
            let mut statement = self.prepare_cached(sql)?;
            let mut rows = statement.query(Each(keys.iter().copied().chain(last)))?;
            while let Some(row) = rows.next()? {
                read(&row)?;
            }
        }
        Ok(())
    }

    /// Begins a transaction in a database that nobody writes to yet.
    pub(crate) fn begin_new(&self) -> DbResult<()> {
        match self {
            Self::Sqlite(connection) => Ok(connection.execute_batch(sqlite::BEGIN)?),
            Self::Postgres(session) => session.begin_new(),
        }
    }

    /// Begins a consistent view of what is committed.
    pub(crate) fn begin_read(&self) -> DbResult<()> {
        match self {
            Self::Sqlite(connection) => {
                connection.prepare_cached("BEGIN")?.execute([])?;
                Ok(())
            }
            Self::Postgres(session) => session.begin_read(),
        }
    }

    /// Commits. A transaction that ended by itself, as one does on a full disk, was not committed.
    pub(crate) fn commit(&self) -> DbResult<()> {
        match self {
            Self::Sqlite(connection) if connection.is_autocommit() => Err(DbError::Ended),
            Self::Sqlite(connection) => {
                let committed = connection.execute_batch("COMMIT");
                if committed.is_err() && !connection.is_autocommit() {
                    connection.execute_batch("ROLLBACK")?;
                }
                Ok(committed?)
            }
            Self::Postgres(session) => session.commit(),
        }
    }

    /// Takes the transaction back, if one is open.
    pub(crate) fn rollback(&self) -> DbResult<()> {
        match self {
            Self::Sqlite(connection) if connection.is_autocommit() => Ok(()),
            Self::Sqlite(connection) => Ok(connection.execute_batch("ROLLBACK")?),
            Self::Postgres(session) => session.rollback(),
        }
    }

    /// Whether a transaction is open.
    pub(crate) fn in_transaction(&self) -> bool {
        match self {
            Self::Sqlite(connection) => !connection.is_autocommit(),
            Self::Postgres(session) => session.in_transaction(),
        }
    }

    /// Marks a place that [`Connection::rollback_to`] goes back to.
    pub(crate) fn savepoint(&self) -> DbResult<()> {
        self.marker("SAVEPOINT operation")
    }

    /// Takes back what was done since the mark.
    pub(crate) fn rollback_to(&self) -> DbResult<()> {
        self.marker("ROLLBACK TO operation")?;
        if let Self::Postgres(session) = self {
            session.mended();
        }
        Ok(())
    }

    /// Forgets the mark.
    pub(crate) fn release(&self) -> DbResult<()> {
        self.marker("RELEASE operation")
    }

    fn marker(&self, sql: &str) -> DbResult<()> {
        match self {
            Self::Sqlite(connection) => {
                connection.prepare_cached(sql)?.execute([])?;
                Ok(())
            }
            Self::Postgres(session) => session.batch(sql).map(drop),
        }
    }

    /// Whether an open transaction can go on.
    pub(crate) fn is_sound(&self) -> bool {
        match self {
            Self::Sqlite(connection) => !connection.is_autocommit(),
            Self::Postgres(session) => session.is_sound(),
        }
    }

    /// A count that grows with everything that writes.
    pub(crate) fn writes(&self) -> u64 {
        match self {
            Self::Sqlite(connection) => connection.total_changes(),
            Self::Postgres(session) => session.writes(),
        }
    }

    /// Whether the connection is gone.
    pub(crate) fn is_lost(&self) -> bool {
        match self {
            Self::Sqlite(_) => false,
            Self::Postgres(session) => session.is_lost(),
        }
    }

    /// Whether rows are written column by column, in one statement however many they are
    /// ([`Write::Rows`]).
    pub(crate) const fn takes_columns(&self) -> bool {
        matches!(self, Self::Postgres(_))
    }

    /// Cuts values into pieces, each with the number of places its statement has. SQLite gets pieces
    /// whose lengths are powers of two; a server one piece, rounded up, because journeys are what
    /// costs there: the last value fills the places that are left ([`Padded`]).
    pub(crate) fn pieces(&self, length: usize) -> Vec<(std::ops::Range<usize>, usize)> {
        match self {
            Self::Sqlite(_) => dialect::pieces(length)
                .map(|piece| (piece.clone(), piece.len()))
                .collect(),
            Self::Postgres(_) => (0..length)
                .step_by(PLACES)
                .map(|start| {
                    let end = length.min(start + PLACES);
                    (start..end, (end - start).next_power_of_two())
                })
                .collect(),
        }
    }

    /// How a statement that inserts begins. SQLite need not be able to take back a single statement,
    /// because whoever runs it takes the whole operation back; so it copies no page it touches first.
    pub(crate) const fn insert(&self) -> &'static str {
        match self {
            Self::Sqlite(_) => "INSERT OR FAIL",
            Self::Postgres(_) => "INSERT",
        }
    }

    /// The names of a table's columns, in order.
    pub(crate) fn columns(&self, table: &str) -> DbResult<Vec<String>> {
        let statement = self.prepare_cached(&format!("SELECT * FROM {table}"))?;
        Ok(match &statement {
            Statement::Sqlite(statement) => {
                let names = statement.column_names();
                names.into_iter().map(str::to_owned).collect()
            }
            Statement::Postgres(_, statement) => {
                let columns = statement.columns().iter();
                columns.map(|column| column.name().to_owned()).collect()
            }
        })
    }
}

/// A prepared statement.
pub(crate) enum Statement<'c> {
    Sqlite(CachedStatement<'c>),
    Postgres(&'c Session, tokio_postgres::Statement),
}

impl Statement<'_> {
    /// Runs it. Returns how many rows it touched.
    pub(crate) fn execute(&mut self, parameters: impl Params) -> DbResult<usize> {
        match self {
            Self::Sqlite(statement) => {
                sqlite::bind(statement, parameters)?;
                Ok(statement.raw_execute()?)
            }
            Self::Postgres(session, statement) => {
                session.execute(statement, postgres::gather(parameters)?)
            }
        }
    }

    /// Runs it and gives its rows.
    pub(crate) fn query(&mut self, parameters: impl Params) -> DbResult<Rows<'_>> {
        match self {
            Self::Sqlite(statement) => {
                sqlite::bind(statement, parameters)?;
                Ok(Rows::Sqlite(statement.raw_query()))
            }
            Self::Postgres(session, statement) => {
                let rows = session.query(statement, postgres::gather(parameters)?)?;
                Ok(Rows::Postgres(postgres::Rows::held(rows)))
            }
        }
    }

    /// The first of its rows.
    pub(crate) fn query_row<T>(
        &mut self,
        parameters: impl Params,
        read: impl FnOnce(&Row<'_>) -> DbResult<T>,
    ) -> DbResult<T> {
        let mut rows = self.query(parameters)?;
        let row = rows.next()?.ok_or(DbError::NoRow)?;
        read(&row)
    }

    /// All its rows, each read as one value.
    pub(crate) fn query_map<T>(
        &mut self,
        parameters: impl Params,
        mut read: impl FnMut(&Row<'_>) -> DbResult<T>,
    ) -> DbResult<Vec<T>> {
        let mut rows = self.query(parameters)?;
        let mut all = Vec::new();
        while let Some(row) = rows.next()? {
            all.push(read(&row)?);
        }
        Ok(all)
    }

    /// Whether it gives any row.
    pub(crate) fn exists(&mut self, parameters: impl Params) -> DbResult<bool> {
        Ok(self.query(parameters)?.next()?.is_some())
    }
}

/// A query whose rows are fetched as they are asked for, within a transaction: for tables of any
/// length.
pub(crate) enum Scan<'c> {
    Sqlite(CachedStatement<'c>),
    Postgres(&'c Session, String),
}

impl<'c> Scan<'c> {
    pub(crate) fn new(connection: &'c Connection, sql: &str) -> DbResult<Self> {
        Ok(match connection {
            Connection::Sqlite(connection) => Self::Sqlite(connection.prepare_cached(sql)?),
            Connection::Postgres(session) => Self::Postgres(session, sql.to_owned()),
        })
    }

    /// Its rows from the beginning.
    pub(crate) fn rows(&mut self) -> DbResult<Rows<'_>> {
        Ok(match self {
            Self::Sqlite(statement) => Rows::Sqlite(statement.raw_query()),
            Self::Postgres(session, sql) => Rows::Postgres(session.scan(sql)?),
        })
    }
}

/// Rows of a query.
pub(crate) enum Rows<'s> {
    Sqlite(rusqlite::Rows<'s>),
    Postgres(postgres::Rows<'s>),
}

impl Rows<'_> {
    /// The next row.
    pub(crate) fn next(&mut self) -> DbResult<Option<Row<'_>>> {
        Ok(match self {
            Self::Sqlite(rows) => rows.next()?.map(Row::Sqlite),
            Self::Postgres(rows) => rows.next()?.map(Row::Postgres),
        })
    }
}

/// One row.
#[derive(Debug)]
pub(crate) enum Row<'r> {
    Sqlite(&'r rusqlite::Row<'r>),
    Postgres(&'r tokio_postgres::Row),
}

impl Row<'_> {
    /// The value of a column.
    pub(crate) fn get<T: FromValue>(&self, column: usize) -> DbResult<T> {
        T::from_value(self.get_ref(column)?)
    }

    /// The value of a column where it stands.
    pub(crate) fn get_ref(&self, column: usize) -> DbResult<ValueRef<'_>> {
        match self {
            Self::Sqlite(row) => sqlite::value(row.get_ref(column)?),
            Self::Postgres(row) => postgres::value(row, column),
        }
    }

    /// The bytes of a column; none where it holds something else.
    pub(crate) fn blob(&self, column: usize) -> Option<&[u8]> {
        match self.get_ref(column) {
            Ok(ValueRef::Blob(blob)) => Some(blob),
            _ => None,
        }
    }
}
