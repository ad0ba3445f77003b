//! The databases that are measured, and the PostgreSQL server of our own.

use std::env;
use std::sync::Arc;

use clap::ValueEnum;
use testkit::postgres::Cluster;
use testkit::postgres::Options;

/// Which databases are measured.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, ValueEnum)]
pub(crate) enum Choice {
    /// Both, in the same run.
    #[default]
    Both,
    /// PostgreSQL alone.
    Postgres,
    /// SQLite alone.
    Sqlite,
}

/// A database to run on.
#[derive(Clone, Debug)]
pub(crate) enum Backend {
    Postgres(Arc<Cluster>),
    Sqlite,
}

impl Choice {
    /// The databases, with a server started for the one that needs it.
    pub(crate) fn backends(self) -> Vec<Backend> {
        let postgres = || Backend::Postgres(Arc::new(cluster()));
        match self {
            Self::Both => vec![Backend::Sqlite, postgres()],
            Self::Postgres => vec![postgres()],
            Self::Sqlite => vec![Backend::Sqlite],
        }
    }
}

impl Backend {
    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::Postgres(_) => "PostgreSQL",
            Self::Sqlite => "SQLite",
        }
    }

    /// The server, if there is one.
    pub(crate) fn cluster(&self) -> Option<&Cluster> {
        match self {
            Self::Postgres(cluster) => Some(cluster),
            Self::Sqlite => None,
        }
    }
}

/// A server with its files on the disk that SQLite's are on, as durable as it comes, and with room
/// enough that no checkpoint falls into a pass.
pub(crate) fn cluster() -> Cluster {
    let options = Options::default()
        .within(&env::temp_dir())
        .with("shared_buffers", "512MB")
        .with("max_wal_size", "4GB");
    Cluster::start(options)
}

/// An empty database on a server that has nothing left to write from before. Returns its URL.
pub(crate) fn create(cluster: &Cluster) -> String {
    cluster.psql("postgres", "checkpoint");
    cluster.database()
}

/// Bytes of a database on a server.
pub(crate) fn bytes(cluster: &Cluster, url: &str) -> u64 {
    let size = cluster.psql(url, "select pg_database_size(current_database())");
    size.parse().unwrap_or_default()
}

/// Removes a database, whoever is still connected to it.
pub(crate) fn remove(cluster: &Cluster, url: &str) {
    let statement = format!("drop database {} with (force)", name(url));
    cluster.psql("postgres", &statement);
}

/// The name of a database in its URL.
pub(crate) fn name(url: &str) -> &str {
    url.rsplit('/').next().unwrap_or(url)
}
