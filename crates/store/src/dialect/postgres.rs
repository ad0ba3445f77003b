//! PostgreSQL: one session that writes, a few that read.
//!
//! A session is used from one thread at a time, without async. The writer's drives its own socket;
//! those of readers, which may be asked from within a runtime, are driven by a thread of the server's
//! own.

use std::cell::Cell;
use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::pin::pin;
use std::sync::Arc;
use std::task::Context;
use std::task::Poll;
use std::task::Wake;
use std::task::Waker;
use std::thread::Thread;
use std::time::Duration;

use bytes::Bytes;
use bytes::BytesMut;
use futures_util::TryStreamExt;
use futures_util::future::join;
use futures_util::future::try_join_all;
use tokio::runtime::Runtime;
use tokio_postgres::Client;
use tokio_postgres::SimpleQueryMessage;
use tokio_postgres::Statement;
use tokio_postgres::binary_copy::BinaryCopyInWriter;
use tokio_postgres::types::FromSql;
use tokio_postgres::types::IsNull;
use tokio_postgres::types::ToSql;
use tokio_postgres::types::Type;
use tokio_postgres::types::to_sql_checked;

use crate::dialect::ahead::BEGIN;
use crate::dialect::ahead::Flight;
use crate::dialect::ahead::Outcome;
use crate::dialect::ahead::check_run;
use crate::dialect::columns::Parameter;
use crate::dialect::connection::Ask;
use crate::dialect::connection::Held;
use crate::dialect::error::DbError;
use crate::dialect::error::DbResult;
use crate::dialect::value::Params;
use crate::dialect::value::Value;
use crate::dialect::value::ValueRef;

/// How many statements a session keeps prepared; beyond it, it starts over.
const PREPARED: usize = 512;

/// How many rows a scan fetches at a time.
const PAGE: u32 = 1_024;

/// Where a session's transaction stands.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Phase {
    Idle,
    Open,
    /// A statement failed: the server ignores everything until the transaction is taken back.
    Failed,
    /// There is no transaction where the writer believes one: nothing is asked until it takes it back.
    Barred,
}

/// A runtime that may be dropped anywhere.
#[derive(Debug)]
pub(super) struct Io(Option<Runtime>);

impl Io {
    pub(super) const fn new(runtime: Runtime) -> Self {
        Self(Some(runtime))
    }

    pub(super) const fn runtime(&self) -> Option<&Runtime> {
        self.0.as_ref()
    }
}

impl Drop for Io {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

/// Who drives a session's socket.
#[derive(Debug)]
pub(super) enum Driver {
    /// The thread that asks.
    Own(Io),
    /// A thread beside it.
    Shared {
        /// Kept for as long as the session is.
        _io: Arc<Io>,
    },
}

/// A session on the server.
pub(crate) struct Session {
    pub(super) client: Arc<Client>,
    driver: Driver,
    statements: RefCell<HashMap<String, Statement>>,
    /// Statements that take rows column by column, by their tables, and the types of those.
    pub(super) tables: RefCell<HashMap<Vec<(&'static str, Held)>, Statement>>,
    pub(super) types: RefCell<HashMap<&'static str, Arc<[Type]>>>,
    pub(super) phase: Cell<Phase>,
    /// The run of the transaction that is to begin with what is asked next.
    begins: Cell<Option<i64>>,
    /// The end of a transaction that is on its way, and how it ended once that is known.
    pub(super) flight: RefCell<Option<Flight>>,
    pub(super) outcome: RefCell<Option<Outcome>>,
    pub(super) lost: Cell<bool>,
    scans: Cell<u32>,
    pub(super) writes: Cell<u64>,
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("phase", &self.phase.get())
            .field("lost", &self.lost.get())
            .finish_non_exhaustive()
    }
}

impl Session {
    pub(super) fn new(client: Client, driver: Driver) -> Self {
        Self {
            client: Arc::new(client),
            driver,
            statements: RefCell::default(),
            tables: RefCell::default(),
            types: RefCell::default(),
            phase: Cell::new(Phase::Idle),
            begins: Cell::new(None),
            flight: RefCell::new(None),
            outcome: RefCell::new(None),
            lost: Cell::new(false),
            scans: Cell::new(0),
            writes: Cell::new(0),
        }
    }

    /// Waits on this thread.
    pub(super) fn drive<T>(&self, answer: impl Future<Output = T>) -> DbResult<T> {
        match &self.driver {
            Driver::Own(io) => match io.runtime() {
                Some(runtime) => Ok(runtime.block_on(answer)),
                None => Err(DbError::Lost),
            },
            Driver::Shared { .. } => Ok(park_on(answer)),
        }
    }

    /// Remembers what a failure means for the transaction.
    fn judge<T>(&self, answer: Result<T, tokio_postgres::Error>) -> DbResult<T> {
        answer.map_err(|error| {
            if self.phase.get() == Phase::Open {
                self.phase.set(Phase::Failed);
            }
            self.fault(error)
        })
    }

    /// What a failure was, and whether the connection is gone with it.
    pub(super) fn fault(&self, error: tokio_postgres::Error) -> DbError {
        let error = DbError::from(error);
        if matches!(error, DbError::Lost) || self.client.is_closed() {
            self.lost.set(true);
            return DbError::Lost;
        }
        error
    }

    /// Waits on this thread for an answer, and remembers what a failure means for the transaction.
    pub(super) fn wait<T>(
        &self,
        answer: impl Future<Output = Result<T, tokio_postgres::Error>>,
    ) -> DbResult<T> {
        self.judge(self.drive(answer)?)
    }

    /// That what is asked now is asked in the transaction the writer believes in: the one before it has
    /// ended well.
    pub(super) fn clear(&self) -> DbResult<()> {
        if self.flight.borrow().is_some() {
            let outcome = self.land();
            *self.outcome.borrow_mut() = Some(outcome);
        }
        if self.phase.get() == Phase::Barred {
            return Err(DbError::Ended);
        }
        Ok(())
    }

    /// The same, and that it has begun.
    pub(super) fn started(&self) -> DbResult<()> {
        self.clear()?;
        let Some(run) = self.begins.take() else {
            return Ok(());
        };
        let begun = self.drive(self.client.simple_query(BEGIN))?;
        self.check_begun(run, begun)
    }

    fn check_begun(
        &self,
        run: i64,
        begun: Result<Vec<SimpleQueryMessage>, tokio_postgres::Error>,
    ) -> DbResult<()> {
        let checked = begun
            .map_err(|error| self.fault(error))
            .and_then(|messages| check_run(run, &messages));
        if checked.is_err() {
            // Whatever fails after `BEGIN` leaves it to be taken back.
            let _ = self.drive(self.client.simple_query("ROLLBACK"));
            self.phase.set(Phase::Barred);
        }
        checked
    }

    /// Reads, behind the beginning of the transaction where that is not made yet.
    fn read<T>(
        &self,
        answer: impl Future<Output = Result<T, tokio_postgres::Error>>,
    ) -> DbResult<T> {
        self.clear()?;
        let Some(run) = self.begins.take() else {
            return self.wait(answer);
        };
        let begin = self.client.simple_query(BEGIN);
        let (begun, answer) = self.drive(join(begin, answer))?;
        self.check_begun(run, begun)?;
        self.judge(answer)
    }

    /// Asks nothing for a while. Only for a session whose thread drives it.
    pub(super) fn rest(&self, pause: Duration) -> DbResult<()> {
        self.wait(async {
            tokio::time::sleep(pause).await;
            Ok(())
        })
    }

    /// Runs statements without parameters. Returns the first column of the first row, as text.
    pub(super) fn batch(&self, sql: &str) -> DbResult<Option<String>> {
        self.started()?;
        self.say(sql)
    }

    fn say(&self, sql: &str) -> DbResult<Option<String>> {
        let messages = self.wait(self.client.simple_query(sql))?;
        Ok(messages.iter().find_map(|message| match message {
            SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
            _ => None,
        }))
    }

    /// The columns of the one row of a statement without parameters, as text.
    pub(super) fn texts(&self, sql: &str) -> DbResult<Vec<String>> {
        let messages = self.wait(self.client.simple_query(sql))?;
        let row = messages.iter().find_map(|message| match message {
            SimpleQueryMessage::Row(row) => Some(row),
            _ => None,
        });
        let row = row.ok_or(DbError::NoRow)?;
        let column = |place| row.get(place).unwrap_or_default().to_owned();
        Ok((0..row.len()).map(column).collect())
    }

    pub(super) fn prepare_cached(&self, sql: &str) -> DbResult<Statement> {
        if !sql.starts_with("SELECT") {
            self.writes.set(self.writes.get() + 1);
            // Nothing is written before it is known that the transaction has begun.
            self.started()?;
        }
        if let Some(statement) = self.statements.borrow().get(sql) {
            return Ok(statement.clone());
        }
        self.clear()?;
        let statement = self.wait(self.client.prepare(sql))?;
        let mut statements = self.statements.borrow_mut();
        if statements.len() >= PREPARED {
            statements.clear();
        }
        statements.insert(sql.to_owned(), statement.clone());
        Ok(statement)
    }

    pub(super) fn execute(&self, statement: &Statement, values: Vec<Value>) -> DbResult<usize> {
        self.started()?;
        let touched = self.wait(self.client.execute_raw(statement, values))?;
        Ok(usize::try_from(touched).unwrap_or(usize::MAX))
    }

    /// Runs a statement that takes the values of many rows as arrays.
    pub(super) fn overwrite(&self, sql: &str, parameters: Vec<Parameter>) -> DbResult<()> {
        let statement = self.prepare_cached(sql)?;
        self.started()?;
        self.wait(self.client.execute_raw(&statement, parameters))
            .map(drop)
    }

    pub(super) fn query(
        &self,
        statement: &Statement,
        values: Vec<Value>,
    ) -> DbResult<Vec<tokio_postgres::Row>> {
        self.read(async {
            let rows = self.client.query_raw(statement, values).await?;
            rows.try_collect().await
        })
    }

    /// Asks everything at once and then waits for all answers: one journey instead of many.
    pub(super) fn ask(&self, asks: Vec<Ask>) -> DbResult<Vec<Vec<tokio_postgres::Row>>> {
        let mut prepared = Vec::with_capacity(asks.len());
        for ask in asks {
            let (sql, parameters) = ask.by_column();
            prepared.push((self.prepare_cached(&sql)?, parameters));
        }
        let asked = prepared
            .into_iter()
            .map(|(statement, parameters)| self.rows_of(statement, parameters));
        self.read(try_join_all(asked))
    }

    async fn rows_of(
        &self,
        statement: Statement,
        parameters: Vec<Parameter>,
    ) -> Result<Vec<tokio_postgres::Row>, tokio_postgres::Error> {
        let rows = self.client.query_raw(&statement, parameters).await?;
        rows.try_collect().await
    }

    /// Begins to copy rows into a table.
    pub(super) fn copy_into(
        &self,
        table: &str,
        columns: &str,
    ) -> DbResult<Pin<Box<BinaryCopyInWriter>>> {
        self.started()?;
        let shape = self.wait(
            self.client
                .prepare(&format!("SELECT {columns} FROM {table}")),
        )?;
        let types: Vec<Type> = shape.columns().iter().map(|c| c.type_().clone()).collect();
        let sql = format!("COPY {table} ({columns}) FROM STDIN BINARY");
        let sink = self.wait(self.client.copy_in::<_, Bytes>(&sql))?;
        Ok(Box::pin(BinaryCopyInWriter::new(sink, &types)))
    }

    pub(super) fn copy_rows(
        &self,
        mut writer: Pin<&mut BinaryCopyInWriter>,
        rows: Vec<Vec<Value>>,
    ) -> DbResult<()> {
        self.wait(async {
            for row in rows {
                writer.as_mut().write_raw(row).await?;
            }
            Ok(())
        })
    }

    pub(super) fn copied(&self, writer: Pin<&mut BinaryCopyInWriter>) -> DbResult<()> {
        self.wait(writer.finish()).map(drop)
    }

    /// Begins a transaction in a database that nobody writes to yet.
    pub(super) fn begin_new(&self) -> DbResult<()> {
        self.batch("BEGIN")?;
        self.phase.set(Phase::Open);
        Ok(())
    }

    /// Begins to fetch rows of a query without parameters, a page at a time.
    pub(super) fn scan(&self, sql: &str) -> DbResult<Rows<'_>> {
        let name = self.scans.get();
        self.scans.set(name.wrapping_add(1));
        self.batch(&format!("DECLARE scan_{name} NO SCROLL CURSOR FOR {sql}"))?;
        let fetch = format!("FETCH FORWARD {PAGE} FROM scan_{name}");
        Ok(Rows {
            more: Some((self, self.wait(self.client.prepare(&fetch))?)),
            page: Vec::new().into_iter(),
            current: None,
        })
    }

    /// Begins the writer's transaction, if nobody has taken over: whoever does counts `run` up, and
    /// cannot while a transaction holds it.
    pub(super) fn begin(&self, run: i64) -> DbResult<()> {
        self.begin_soon(run)?;
        let begun = self.started();
        if begun.is_err() {
            self.rollback()?;
        }
        begun
    }

    /// The same, together with what is read next.
    pub(super) fn begin_soon(&self, run: i64) -> DbResult<()> {
        self.clear()?;
        self.phase.set(Phase::Open);
        self.begins.set(Some(run));
        Ok(())
    }

    pub(super) fn begin_read(&self) -> DbResult<()> {
        self.batch("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")?;
        self.phase.set(Phase::Open);
        Ok(())
    }

    pub(super) fn commit(&self) -> DbResult<()> {
        let _ = self.started();
        // The server answers the commit of a failed transaction by taking it back, without an error.
        if self.phase.get() != Phase::Open {
            self.rollback()?;
            return Err(DbError::Ended);
        }
        let committed = self.batch("COMMIT").map(drop);
        self.phase.set(Phase::Idle);
        committed
    }

    pub(super) fn rollback(&self) -> DbResult<()> {
        let waits = self.begins.take().is_some();
        match self.phase.replace(Phase::Idle) {
            Phase::Open | Phase::Failed if !waits && !self.lost.get() => {
                self.say("ROLLBACK").map(drop)
            }
            _ => Ok(()),
        }
    }

    pub(super) fn in_transaction(&self) -> bool {
        matches!(self.phase.get(), Phase::Open | Phase::Failed) && !self.lost.get()
    }

    /// What failed was taken back: the transaction goes on.
    pub(super) fn mended(&self) {
        self.phase.set(Phase::Open);
    }

    pub(super) fn is_sound(&self) -> bool {
        self.phase.get() == Phase::Open && !self.is_lost()
    }

    pub(super) const fn writes(&self) -> u64 {
        self.writes.get()
    }

    pub(super) fn is_lost(&self) -> bool {
        self.lost.get() || self.client.is_closed()
    }
}

/// Rows that came back.
pub(crate) struct Rows<'s> {
    more: Option<(&'s Session, Statement)>,
    page: std::vec::IntoIter<tokio_postgres::Row>,
    current: Option<tokio_postgres::Row>,
}

impl Rows<'_> {
    pub(super) fn held(rows: Vec<tokio_postgres::Row>) -> Self {
        Self {
            more: None,
            page: rows.into_iter(),
            current: None,
        }
    }

    pub(super) fn next(&mut self) -> DbResult<Option<&tokio_postgres::Row>> {
        self.current = self.page.next();
        if self.current.is_none()
            && let Some((session, fetch)) = &self.more
        {
            self.page = session.query(fetch, Vec::new())?.into_iter();
            self.current = self.page.next();
            if self.current.is_none() {
                self.more = None;
            }
        }
        Ok(self.current.as_ref())
    }
}

/// Parameters as they are kept until they are sent.
pub(super) fn gather(parameters: impl Params) -> DbResult<Vec<Value>> {
    let mut values = Vec::new();
    parameters.bind(&mut |value| {
        values.push(value.to_owned());
        Ok(())
    })?;
    Ok(values)
}

/// A column's value where the row keeps it.
pub(super) fn value(row: &tokio_postgres::Row, column: usize) -> DbResult<ValueRef<'_>> {
    row.try_get(column).map_err(|_| DbError::Type)
}

type Fault = Box<dyn std::error::Error + Sync + Send>;

impl ToSql for Value {
    fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> Result<IsNull, Fault> {
        match self {
            Self::Null => Ok(IsNull::Yes),
            Self::Integer(number) => match *ty {
                Type::INT8 => number.to_sql(ty, out),
                Type::INT4 => i32::try_from(*number)?.to_sql(ty, out),
                _ => Err(Fault::from(DbError::Type)),
            },
            Self::Text(text) if <&str as ToSql>::accepts(ty) => text.to_sql(ty, out),
            Self::Blob(blob) if *ty == Type::BYTEA => blob.to_sql(ty, out),
            Self::Blob(_) | Self::Real(_) | Self::Text(_) => Err(Fault::from(DbError::Type)),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

impl<'a> FromSql<'a> for ValueRef<'a> {
    fn from_sql(ty: &Type, raw: &'a [u8]) -> Result<Self, Fault> {
        Ok(match *ty {
            Type::INT8 => Self::Integer(i64::from_sql(ty, raw)?),
            Type::INT4 => Self::Integer(i32::from_sql(ty, raw)?.into()),
            Type::BOOL => Self::Integer(bool::from_sql(ty, raw)?.into()),
            Type::BYTEA => Self::Blob(raw),
            _ => Self::Text(<&str>::from_sql(ty, raw)?),
        })
    }

    fn from_sql_null(_: &Type) -> Result<Self, Fault> {
        Ok(Self::Null)
    }

    fn accepts(ty: &Type) -> bool {
        matches!(*ty, Type::INT8 | Type::INT4 | Type::BOOL | Type::BYTEA)
            || <&str as FromSql<'_>>::accepts(ty)
    }
}

/// Waits on this thread for something that others drive.
fn park_on<T>(future: impl Future<Output = T>) -> T {
    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let mut context = Context::from_waker(&waker);
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(answer) = future.as_mut().poll(&mut context) {
            return answer;
        }
        std::thread::park();
    }
}
