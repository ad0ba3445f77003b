//! Where a test's store keeps its rows, and a way to them past the store.

use std::future::Future;
use std::path::Path;
use std::path::PathBuf;
use std::sync::LazyLock;

use rusqlite::types::ValueRef;
use store::Database;
use store::Server;
use testkit::postgres::Cluster;
use tokio::runtime::Runtime;
use tokio_postgres::Client;
use tokio_postgres::NoTls;
use tokio_postgres::SimpleQueryMessage;

/// What drives the sessions of tests, whose own runtimes are at work meanwhile.
static IO: LazyLock<Runtime> = LazyLock::new(|| {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap()
});

/// Which database the cases run on.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Kind {
    File,
    Server,
}

/// A database of a test's own.
#[derive(Clone, Debug)]
pub(crate) enum Base {
    /// A file in the data directory.
    File,
    /// A database of a server, by its URL.
    Server(String),
}

impl Base {
    /// An empty one.
    pub(crate) fn fresh(kind: Kind) -> Self {
        match kind {
            Kind::File => Self::File,
            Kind::Server => Self::Server(Cluster::shared().database()),
        }
    }

    pub(crate) const fn kind(&self) -> Kind {
        match self {
            Self::File => Kind::File,
            Self::Server(_) => Kind::Server,
        }
    }

    /// As the store takes it.
    pub(crate) fn database(&self) -> Database {
        match self {
            Self::File => Database::File,
            Self::Server(url) => Database::Server(Server::new(url, None).unwrap()),
        }
    }

    /// Whether these bytes stand anywhere in its files.
    pub(crate) fn holds(&self, directory: &Path, needle: &[u8]) -> bool {
        match self {
            Self::File => ["db", "db-wal"].into_iter().any(|extension| {
                let path = file(directory).with_extension(extension);
                let bytes = std::fs::read(path).unwrap_or_default();
                bytes.windows(needle.len()).any(|window| window == needle)
            }),
            Self::Server(url) => on_disk(url, needle),
        }
    }

    /// A connection past the store, for looking and tampering; `directory` holds the data directory.
    pub(crate) fn raw(&self, directory: &Path) -> Raw {
        match self {
            Self::File => Raw::file(&file(directory)),
            Self::Server(url) => Raw::server(url),
        }
    }
}

/// Whether bytes stand in the files of a database: rows, indexes, and what was put aside.
fn on_disk(url: &str, needle: &[u8]) -> bool {
    let cluster = Cluster::shared();
    cluster.psql(url, "CHECKPOINT");
    let sql = format!(
        "SELECT count(*) FROM pg_class WHERE relkind IN ('r', 'i', 't') \
         AND relnamespace IN ('public'::regnamespace, 'pg_toast'::regnamespace) \
         AND position('\\x{}'::bytea IN pg_read_binary_file(pg_relation_filepath(oid))) > 0",
        hex(needle)
    );
    cluster.psql(url, &sql) != "0"
}

/// The database of a data directory.
pub(crate) fn file(directory: &Path) -> PathBuf {
    directory.join("data").join("imvume.db")
}

/// A connection past the store.
pub(crate) enum Raw {
    File(rusqlite::Connection),
    Server(Client),
}

impl Raw {
    #[expect(
        clippy::disallowed_methods,
        reason = "what nobody but the store may do is what is tried here"
    )]
    pub(crate) fn file(path: &Path) -> Self {
        Self::File(rusqlite::Connection::open(path).unwrap())
    }

    pub(crate) fn server(url: &str) -> Self {
        Self::Server(aside(async {
            let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
            tokio::spawn(connection);
            client
        }))
    }

    /// Runs statements.
    pub(crate) fn batch(&self, sql: &str) {
        match self {
            Self::File(connection) => connection.execute_batch(sql).unwrap(),
            Self::Server(_) => drop(self.ask(sql)),
        }
    }

    /// Runs a statement. Returns how many rows it touched.
    pub(crate) fn run(&self, sql: &str) -> usize {
        match self {
            Self::File(connection) => connection.execute(sql, []).unwrap(),
            Self::Server(_) => self
                .ask(sql)
                .iter()
                .find_map(|message| match message {
                    SimpleQueryMessage::CommandComplete(touched) => usize::try_from(*touched).ok(),
                    _ => None,
                })
                .unwrap(),
        }
    }

    /// The rows of a query, every value as text: bytes in hexadecimal digits, nothing as `-`.
    pub(crate) fn rows(&self, sql: &str) -> Vec<Vec<String>> {
        match self {
            Self::File(connection) => {
                let mut statement = connection.prepare(sql).unwrap();
                let columns = statement.column_count();
                let rows = statement.query_map([], |row| {
                    let cell = |column| Ok(told(row.get_ref(column)?));
                    (0..columns).map(cell).collect()
                });
                rows.unwrap().map(Result::unwrap).collect()
            }
            Self::Server(_) => self
                .ask(sql)
                .iter()
                .filter_map(|message| match message {
                    SimpleQueryMessage::Row(row) => Some(row),
                    _ => None,
                })
                .map(|row| {
                    let cell = |column| row.get(column).unwrap_or("-").to_owned();
                    (0..row.len()).map(cell).collect()
                })
                .collect(),
        }
    }

    /// The first value of a query.
    pub(crate) fn text(&self, sql: &str) -> String {
        self.rows(sql)[0][0].clone()
    }

    /// The first value of a query, a number.
    pub(crate) fn number(&self, sql: &str) -> i64 {
        self.text(sql).parse().unwrap()
    }

    /// Bytes as they are written in a statement.
    pub(crate) fn bytes(&self, bytes: &[u8]) -> String {
        match self {
            Self::File(_) => format!("x'{}'", hex(bytes)),
            Self::Server(_) => format!("'\\x{}'::bytea", hex(bytes)),
        }
    }

    /// The names of all tables but the one that counts the schema.
    pub(crate) fn tables(&self) -> Vec<String> {
        let sql = match self {
            Self::File(_) => "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name",
            Self::Server(_) => {
                "SELECT tablename FROM pg_tables WHERE schemaname = current_schema() \
                 AND tablename <> 'imvume_schema' ORDER BY tablename"
            }
        };
        self.rows(sql)
            .into_iter()
            .map(|row| row[0].clone())
            .collect()
    }

    /// The columns of a table in order: name, type, and whether it may be empty.
    pub(crate) fn columns(&self, table: &str) -> Vec<(String, String, bool)> {
        let sql = match self {
            Self::File(_) => {
                format!(
                    "SELECT name, type, \"notnull\" = 0 AND pk = 0 FROM pragma_table_info('{table}')"
                )
            }
            Self::Server(_) => format!(
                "SELECT column_name, data_type, (is_nullable = 'YES')::int \
                 FROM information_schema.columns WHERE table_schema = current_schema() \
                 AND table_name = '{table}' ORDER BY ordinal_position"
            ),
        };
        let column = |row: Vec<String>| (row[0].clone(), row[1].clone(), row[2] == "1");
        self.rows(&sql).into_iter().map(column).collect()
    }

    fn ask(&self, sql: &str) -> Vec<SimpleQueryMessage> {
        let Self::Server(client) = self else {
            panic!("not a server")
        };
        let answer = aside(client.simple_query(sql));
        answer.unwrap_or_else(|error| panic!("{sql}: {error}"))
    }
}

fn told(value: ValueRef<'_>) -> String {
    match value {
        ValueRef::Null => "-".to_owned(),
        ValueRef::Integer(number) => number.to_string(),
        ValueRef::Real(number) => number.to_string(),
        ValueRef::Text(text) => String::from_utf8_lossy(text).into_owned(),
        ValueRef::Blob(blob) => format!("\\x{}", hex(blob)),
    }
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    let digit = |nibble: u8| char::from(b"0123456789abcdef"[usize::from(nibble)]);
    let digits = |byte: &u8| [digit(byte >> 4), digit(byte & 15)];
    bytes.iter().flat_map(digits).collect()
}

/// Waits for something on a thread of its own, as the test's runtime must not be waited in.
pub(crate) fn aside<T: Send>(work: impl Future<Output = T> + Send) -> T {
    std::thread::scope(|scope| scope.spawn(|| IO.block_on(work)).join().unwrap())
}
