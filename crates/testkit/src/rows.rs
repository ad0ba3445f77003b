//! A database past the store: its rows as whoever gets hold of it would read them.

use std::path::Path;

use rusqlite::Connection;
use rusqlite::OpenFlags;

use crate::postgres::Cluster;

/// A look into a database. Nothing is changed by it.
#[derive(Debug)]
pub enum Rows {
    /// A file of SQLite.
    File(Connection),
    /// A database of the cluster that tests share, by its URL.
    Server(String),
}

/// A table with the names of its columns, in order.
#[derive(Clone, Debug)]
pub struct Columns {
    /// The table.
    pub table: String,
    /// Its columns.
    pub columns: Vec<String>,
}

/// Bytes of a row, with numbers of it.
#[derive(Clone, Debug)]
pub struct Bytes {
    /// The numbers asked for, in order.
    pub numbers: Vec<i64>,
    /// The bytes.
    pub bytes: Vec<u8>,
}

impl Rows {
    /// Those of a database file. Another process, or this one, may use it meanwhile.
    pub fn file(path: &Path) -> Self {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        Self::File(Connection::open_with_flags(path, flags).unwrap())
    }

    /// Every table.
    pub fn tables(&self) -> Vec<Columns> {
        let sql = match self {
            Self::File(_) => {
                "SELECT m.name || '|' || group_concat(c.name, '|' ORDER BY c.cid) FROM sqlite_master m \
                 JOIN pragma_table_info(m.name) c WHERE m.type = 'table' \
                 GROUP BY m.name ORDER BY m.name"
            }
            Self::Server(_) => {
                "SELECT table_name || '|' || string_agg(column_name, '|' ORDER BY ordinal_position) \
                 FROM information_schema.columns WHERE table_schema = 'public' \
                 GROUP BY table_name ORDER BY table_name"
            }
        };
        let columns = |line: String| {
            let mut parts = line.split('|').map(str::to_owned);
            Columns {
                table: parts.next().unwrap(),
                columns: parts.collect(),
            }
        };
        self.lines(sql).into_iter().map(columns).collect()
    }

    /// A column of bytes where there are any, with columns of numbers, or numbers, of the same row.
    pub fn bytes(&self, table: &str, column: &str, numbers: &[&str]) -> Vec<Bytes> {
        let encoded = match self {
            Self::File(_) => format!("hex({column})"),
            Self::Server(_) => format!("encode({column}, 'hex')"),
        };
        let numbers = numbers.join(" || '|' || ");
        let sql =
            format!("SELECT {numbers} || '|' || {encoded} FROM {table} WHERE {column} IS NOT NULL");
        let bytes = |line: String| {
            let (numbers, encoded) = line.rsplit_once('|').unwrap();
            Bytes {
                numbers: numbers.split('|').map(|one| one.parse().unwrap()).collect(),
                bytes: decoded(encoded),
            }
        };
        self.lines(&sql).into_iter().map(bytes).collect()
    }

    fn lines(&self, sql: &str) -> Vec<String> {
        match self {
            Self::File(connection) => {
                let mut statement = connection.prepare(sql).unwrap();
                let rows = statement.query_map([], |row| row.get(0)).unwrap();
                rows.map(Result::unwrap).collect()
            }
            Self::Server(url) => {
                let told = Cluster::shared().psql(url, sql);
                told.lines().map(str::to_owned).collect()
            }
        }
    }
}

fn decoded(hex: &str) -> Vec<u8> {
    let digit = |digit: u8| u8::try_from(char::from(digit).to_digit(16).unwrap()).unwrap();
    let pairs = hex.as_bytes().chunks_exact(2);
    pairs
        .map(|pair| digit(pair[0]) << 4 | digit(pair[1]))
        .collect()
}
