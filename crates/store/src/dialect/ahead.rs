//! A transaction's end on its way to the server: its last rows, its commit, and the beginning of the
//! next one, sent behind one another without waiting in between.
//!
//! The commit is sent only after every row is. A server that refuses a row takes the whole transaction
//! back when it comes to the commit; so what was sent is either committed whole, or not at all.

use std::future::Future;
use std::future::poll_fn;
use std::pin::Pin;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use futures_util::FutureExt;
use futures_util::StreamExt;
use futures_util::future::Either;
use futures_util::future::MaybeDone;
use futures_util::future::maybe_done;
use futures_util::future::select;
use futures_util::future::try_join_all;
use tokio_postgres::Client;
use tokio_postgres::Error;
use tokio_postgres::SimpleQueryMessage;
use tokio_postgres::Statement;
use tokio_postgres::types::Type;

use crate::dialect::columns::Column;
use crate::dialect::columns::transpose;
use crate::dialect::connection::Connection;
use crate::dialect::connection::Given;
use crate::dialect::connection::Held;
use crate::dialect::connection::Shape;
use crate::dialect::connection::Write;
use crate::dialect::error::DbError;
use crate::dialect::error::DbResult;
use crate::dialect::postgres::Phase;
use crate::dialect::postgres::Session;
use crate::dialect::value::Value;

/// How a transaction that was sent off ended, and whether the one behind it began.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// Whether its last rows were taken. If not, it was not committed.
    pub(crate) written: DbResult<()>,
    /// Whether it was committed.
    pub(crate) committed: DbResult<()>,
    /// Whether the next one began, if one was to.
    pub(crate) begun: DbResult<()>,
}

impl Outcome {
    /// Nothing was sent but what could be taken back.
    pub(crate) const fn unsent(fault: DbError) -> Self {
        Self {
            written: Err(fault),
            committed: Err(DbError::Ended),
            begun: Err(DbError::Ended),
        }
    }

    /// Whether it was committed.
    pub(crate) const fn stands(&self) -> bool {
        self.written.is_ok() && self.committed.is_ok()
    }
}

/// How a writer's transaction begins: nobody can take over, which counts `run` up, while it is held.
pub(super) const BEGIN: &str = "BEGIN; SELECT value FROM settings WHERE name = 'run' FOR SHARE";

/// The same behind the commit of the one before.
const COMMIT_AND_BEGIN: &str =
    "COMMIT; BEGIN; SELECT value FROM settings WHERE name = 'run' FOR SHARE";

/// That nobody has taken over since `run` began.
pub(super) fn check_run(run: i64, messages: &[SimpleQueryMessage]) -> DbResult<()> {
    let held = messages.iter().find_map(|message| match message {
        SimpleQueryMessage::Row(row) => row.get(0),
        _ => None,
    });
    if held.and_then(|held| held.parse().ok()) == Some(run) {
        Ok(())
    } else {
        Err(DbError::Fenced)
    }
}

/// What is ready to be sent.
pub(super) enum Ready {
    Columns(Statement, Vec<Column>),
    Statement(Statement, Vec<Value>),
}

impl Ready {
    /// Sends it when it is first polled. Returns how many rows it touched.
    pub(super) async fn run(self, client: &Client) -> Result<u64, Error> {
        match self {
            Self::Columns(statement, columns) => client.execute_raw(&statement, columns).await,
            Self::Statement(statement, values) => client.execute_raw(&statement, values).await,
        }
    }
}

/// What the server told of it.
pub(super) struct Told {
    /// How many rows each statement touched.
    pub(super) written: Result<Vec<u64>, Error>,
    /// None where no commit was sent.
    pub(super) committed: Option<Result<(), Error>>,
    pub(super) begun: Option<Result<Vec<SimpleQueryMessage>, Error>>,
}

/// What was sent and is not answered yet.
pub(super) struct Flight {
    pub(super) told: Pin<Box<dyn Future<Output = Told> + Send>>,
    /// How many rows each statement has to touch.
    pub(super) expected: Vec<Expected>,
    /// The run of the transaction that begins behind it.
    pub(super) next: Option<i64>,
}

/// Of which table how many rows have to be touched.
type Expected = (&'static str, usize);

/// How many statements for rows of several tables are kept prepared; beyond it, it starts over.
const PARTS: usize = 128;

/// How often the socket gets its turn when something is sent off.
const TURNS: usize = 3;

impl Connection {
    /// Whether a transaction can be sent off, to be waited for while the next one is made.
    pub(crate) const fn overlaps(&self) -> bool {
        matches!(self, Self::Postgres(_))
    }

    /// Writes the transaction's last rows and commits it; on a server another one begins behind it if
    /// `next` gives its run. Says how it ended, or nothing where that is not known yet: then
    /// [`Connection::settle`] waits for it, and so does whatever is asked before.
    pub(crate) fn send_off(&self, writes: Vec<Write<'_>>, next: Option<i64>) -> Option<Outcome> {
        match self {
            Self::Sqlite(_) => Some(match self.write_all(writes) {
                Ok(None) => Outcome {
                    written: Ok(()),
                    committed: self.commit(),
                    begun: next.map_or(Ok(()), |run| self.begin(run)),
                },
                Ok(Some(_)) => Outcome::unsent(DbError::Ended),
                Err(fault) => Outcome::unsent(fault),
            }),
            Self::Postgres(session) => session.send_off(writes, next),
        }
    }

    /// How what was sent off ended.
    pub(crate) fn settle(&self) -> Outcome {
        match self {
            Self::Sqlite(_) => Outcome::unsent(DbError::Ended),
            Self::Postgres(session) => session.settle(),
        }
    }

    /// Waits for something else, at the longest until what was sent off has ended. None where it has.
    pub(crate) fn meanwhile<T>(&self, other: impl Future<Output = T>) -> Option<T> {
        match self {
            Self::Sqlite(_) => None,
            Self::Postgres(session) => session.meanwhile(other),
        }
    }
}

impl Session {
    /// Sends everything at once and then waits for all answers: one journey instead of many. Returns
    /// the table that did not take as many rows as it was given, with how many it took.
    pub(super) fn write_all(
        &self,
        writes: Vec<Write<'_>>,
    ) -> DbResult<Option<(&'static str, usize)>> {
        let (ready, expected) = self.prepare_all(writes)?;
        self.started()?;
        let sent = ready.into_iter().map(|ready| ready.run(&self.client));
        let touched = self.wait(try_join_all(sent))?;
        Ok(unexpected(&touched, &expected))
    }

    /// Everything ready to be sent, with how many rows of which table each has to touch. Rows of
    /// several tables go with one statement: what a server does around each costs more than a table.
    fn prepare_all(&self, writes: Vec<Write<'_>>) -> DbResult<(Vec<Ready>, Vec<Expected>)> {
        let mut prepared = Vec::new();
        let mut expected = Vec::new();
        let mut together: Vec<Given<'_>> = Vec::new();
        let mut behind: Vec<Given<'_>> = Vec::new();
        for write in writes {
            match write {
                Write::Rows(given) if together.iter().any(|other| other.table == given.table) => {
                    // One statement does not see what another part of it does.
                    behind.push(given);
                }
                Write::Rows(given) => together.push(given),
                Write::Statement {
                    table,
                    sql,
                    rows,
                    values,
                } => {
                    expected.push((table, rows));
                    prepared.push(Ready::Statement(self.prepare_cached(sql)?, values));
                }
            }
        }
        // It is the last one of a statement whose count is told: that of rows which have to stand.
        together.sort_by_key(|given| given.held == Held::All);
        let mut parts = vec![together];
        parts.extend(behind.into_iter().map(|given| vec![given]));
        for part in parts {
            let Some(last) = part.last() else { continue };
            expected.push((last.table, last.values.len() / last.width));
            let statement = self.by_column(&part)?;
            let mut columns = Vec::new();
            for given in part {
                let types = self.types(given.table, &given.shape.columns)?;
                columns.extend(transpose(&types, given.width, given.values)?);
            }
            prepared.push(Ready::Columns(statement, columns));
        }
        Ok((prepared, expected))
    }

    /// The statement that takes rows of these tables column by column.
    fn by_column(&self, part: &[Given<'_>]) -> DbResult<Statement> {
        self.writes.set(self.writes.get() + 1);
        let key: Vec<_> = part.iter().map(|given| (given.table, given.held)).collect();
        if let Some(statement) = self.tables.borrow().get(&key) {
            return Ok(statement.clone());
        }
        let mut sql = String::new();
        let mut place = 0;
        for (number, given) in part.iter().enumerate() {
            let types = self.types(given.table, &given.shape.columns)?;
            let mut arrays = Vec::with_capacity(types.len());
            for ty in types.iter() {
                place += 1;
                arrays.push(format!("${place}::{}[]", ty.name()));
            }
            let Shape { head, tail, .. } = given.shape;
            let insert = format!("{head} unnest({}){tail}", arrays.join(", "));
            sql = match (number, number + 1 == part.len()) {
                (0, true) => insert,
                (0, false) => format!("WITH part_0 AS ({insert})"),
                (_, false) => format!("{sql}, part_{number} AS ({insert})"),
                (_, true) => format!("{sql} {insert}"),
            };
        }
        self.clear()?;
        let statement = self.wait(self.client.prepare(&sql))?;
        let mut statements = self.tables.borrow_mut();
        if statements.len() >= PARTS {
            statements.clear();
        }
        statements.insert(key, statement.clone());
        Ok(statement)
    }

    /// The types of a table's columns.
    fn types(&self, table: &'static str, columns: &str) -> DbResult<Arc<[Type]>> {
        if let Some(types) = self.types.borrow().get(table) {
            return Ok(Arc::clone(types));
        }
        self.clear()?;
        let row = format!("SELECT {columns} FROM {table}");
        let row = self.wait(self.client.prepare(&row))?;
        let types: Arc<[Type]> = row.columns().iter().map(|c| c.type_().clone()).collect();
        self.types.borrow_mut().insert(table, Arc::clone(&types));
        Ok(types)
    }

    /// Sends the transaction's last rows, its commit, and the beginning of the next one with `next` as
    /// its run, and waits for nothing. None, or how it ended where nothing could be sent.
    pub(super) fn send_off(&self, writes: Vec<Write<'_>>, next: Option<i64>) -> Option<Outcome> {
        let ready = self.started().and_then(|()| self.prepare_all(writes));
        let (ready, expected) = match ready {
            Ok(ready) if self.phase.get() == Phase::Open => ready,
            Ok(_) => return Some(Outcome::unsent(DbError::Ended)),
            Err(fault) => return Some(Outcome::unsent(fault)),
        };
        let told = send(Arc::clone(&self.client), ready, next.is_some());
        let mut flight = Flight {
            told: Box::pin(told),
            expected,
            next,
        };
        let told = self.drive(async {
            let mut told = None;
            // The first turn hands everything to whoever drives the socket, the others let it write.
            for _ in 0..TURNS {
                if told.is_none() {
                    told = (&mut flight.told).now_or_never();
                }
                tokio::task::yield_now().await;
            }
            told
        });
        match told {
            Err(fault) => Some(Outcome::unsent(fault)),
            Ok(Some(told)) => Some(self.landed(told, &flight)),
            Ok(None) => {
                let phase = next.map_or(Phase::Idle, |_| Phase::Open);
                self.phase.set(phase);
                *self.flight.borrow_mut() = Some(flight);
                None
            }
        }
    }

    /// Waits until it is known how what was sent off ended.
    pub(super) fn settle(&self) -> Outcome {
        match self.outcome.take() {
            Some(outcome) => outcome,
            None => self.land(),
        }
    }

    /// Waits for something else, at the longest until what was sent off has ended. None where it has.
    pub(super) fn meanwhile<T>(&self, other: impl Future<Output = T>) -> Option<T> {
        let mut flight = self.flight.take()?;
        let outcome = match self.drive(select(pin!(other), &mut flight.told)) {
            Ok(Either::Left((came, _))) => {
                *self.flight.borrow_mut() = Some(flight);
                return Some(came);
            }
            Ok(Either::Right((told, _))) => self.landed(told, &flight),
            Err(fault) => Outcome::unsent(fault),
        };
        *self.outcome.borrow_mut() = Some(outcome);
        None
    }

    pub(super) fn land(&self) -> Outcome {
        let Some(mut flight) = self.flight.take() else {
            return Outcome::unsent(DbError::Ended);
        };
        match self.drive(&mut flight.told) {
            Ok(told) => self.landed(told, &flight),
            Err(fault) => Outcome::unsent(fault),
        }
    }

    fn landed(&self, told: Told, flight: &Flight) -> Outcome {
        let written = told.written.map_err(|error| self.fault(error));
        let committed = match (&written, told.committed) {
            (Ok(touched), Some(Ok(()))) if unexpected(touched, &flight.expected).is_some() => {
                // Committed, but not what was meant to be: everything in memory is read anew.
                tracing::error!("the server did not keep every row");
                self.lost.set(true);
                Err(DbError::Lost)
            }
            (Ok(_), Some(answer)) => answer.map_err(|error| self.fault(error)),
            (Ok(_), None) | (Err(_), _) => Err(DbError::Ended),
        };
        let begun = match (flight.next, told.begun) {
            (None, _) => Ok(()),
            (Some(run), Some(answer)) => answer
                .map_err(|error| self.fault(error))
                .and_then(|messages| check_run(run, &messages)),
            (Some(_), None) => Err(DbError::Ended),
        };
        if committed.is_ok() && begun.is_ok() {
            let phase = flight.next.map_or(Phase::Idle, |_| Phase::Open);
            self.phase.set(phase);
        } else {
            // Nothing may happen in the transaction behind it, nor without one.
            let _ = self.drive(self.client.simple_query("ROLLBACK"));
            self.phase.set(Phase::Barred);
        }
        Outcome {
            written: written.map(drop),
            committed,
            begun,
        }
    }
}

/// The first table that was not touched as it has to be, with how many of its rows were.
fn unexpected(touched: &[u64], expected: &[Expected]) -> Option<Expected> {
    let count = |touched: &u64| usize::try_from(*touched).unwrap_or(usize::MAX);
    let touched = touched.iter().map(count).zip(expected);
    let mut other = touched.filter(|(touched, (_, expected))| touched != expected);
    other.next().map(|(touched, (table, _))| (*table, touched))
}

type Sending<F> = Pin<Box<MaybeDone<F>>>;

/// Sends statements, the commit, and the beginning of the next transaction where there is one: when it
/// is first polled.
pub(super) async fn send(client: Arc<Client>, ready: Vec<Ready>, begins: bool) -> Told {
    let client = &client;
    let mut writes: Vec<_> = ready
        .into_iter()
        .map(|ready| Box::pin(maybe_done(ready.run(client))))
        .collect();
    if let Err(error) = sent(&mut writes).await {
        return Told {
            written: Err(error),
            committed: None,
            begun: None,
        };
    }
    let mut end = pin!(maybe_done(end(client, begins)));
    poll_fn(|context| {
        let _ = end.as_mut().poll(context);
        Poll::Ready(())
    })
    .await;
    let mut written = Ok(Vec::with_capacity(writes.len()));
    for mut write in writes {
        write.as_mut().await;
        match (&mut written, write.as_mut().take_output()) {
            (Ok(all), Some(Ok(touched))) => all.push(touched),
            (Ok(_), Some(Err(error))) => written = Err(error),
            (Ok(_), None) | (Err(_), _) => {}
        }
    }
    end.as_mut().await;
    let (committed, begun) = end.take_output().unzip();
    Told {
        written,
        committed,
        begun: begun.flatten(),
    }
}

type Messages = Result<Vec<SimpleQueryMessage>, Error>;

/// Commits, and begins the next transaction where there is one: what is told of the first, and of the
/// other.
async fn end(client: &Client, begins: bool) -> (Result<(), Error>, Option<Messages>) {
    let sql = if begins { COMMIT_AND_BEGIN } else { "COMMIT" };
    let mut committed = None;
    let mut messages = Vec::new();
    let mut told = match client.simple_query_raw(sql).await {
        Ok(told) => Box::pin(told),
        Err(error) => return (Err(error), None),
    };
    while let Some(message) = told.next().await {
        match message {
            Ok(SimpleQueryMessage::CommandComplete(_)) if committed.is_none() => {
                committed = Some(());
            }
            Ok(message) => messages.push(message),
            Err(error) if committed.is_none() => return (Err(error), None),
            Err(error) => return (Ok(()), Some(Err(error))),
        }
    }
    (Ok(()), begins.then_some(Ok(messages)))
}

/// Sends each, in order. Whatever cannot be sent fails at once.
async fn sent<F>(writes: &mut [Sending<F>]) -> Result<(), Error>
where
    F: Future<Output = Result<u64, Error>>,
{
    poll_fn(|context| {
        for write in &mut *writes {
            if write.as_mut().poll(context).is_ready()
                && matches!(write.as_mut().output_mut(), Some(Err(_)))
                && let Some(Err(error)) = write.as_mut().take_output()
            {
                return Poll::Ready(Err(error));
            }
        }
        Poll::Ready(Ok(()))
    })
    .await
}
