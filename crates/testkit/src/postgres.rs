//! A PostgreSQL server of the test's own: made in a fresh directory, reached over a Unix socket or
//! loopback, gone with the process that made it, however that process ends.
//!
//! [`Cluster::shared`] is what most tests take: one server for the process, a fresh database for each
//! test. A test that stops or kills the server starts its own with [`Cluster::start`]. Nothing here
//! weakens durability: `fsync` and `synchronous_commit` stay on, and speed comes from keeping the
//! files in memory (`/dev/shm`) where there is room.
//!
//! PostgreSQL refuses to run as root. A process of root runs it under the account `postgres`, which
//! the Debian package `postgresql` makes; any other account runs it itself.

mod account;
mod installed;
mod server;
mod watcher;

use std::fs;
use std::fs::File;
use std::io::Read as _;
use std::net::Ipv4Addr;
use std::net::TcpListener;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::process::Stdio;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::OnceLock;
use std::sync::PoisonError;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering;

use rustix::process::Signal;

use crate::postgres::account::Account;
use crate::postgres::server::Server;
use crate::postgres::watcher::Watcher;

/// The account that administers a cluster.
const ADMINISTRATOR: &str = "postgres";
/// The account that owns the databases; it may do nothing else.
const OWNER: &str = "imvume";
/// Room in memory below which files go to the disk after all: 1 GiB.
const ROOM: u64 = 1 << 30;
/// Another program may take a port between our looking and our taking it.
const PORTS: usize = 5;
/// What would lead a client elsewhere than to the cluster.
const MISLEADING: [&str; 6] = [
    "PGDATABASE",
    "PGHOSTADDR",
    "PGOPTIONS",
    "PGPASSFILE",
    "PGSERVICE",
    "PGSSLMODE",
];

static SHARED: OnceLock<Cluster> = OnceLock::new();

/// How a cluster is made.
#[derive(Clone, Debug)]
pub struct Options {
    /// The folder its own folder is made in; without one, memory if there is room, else the system's
    /// folder for temporary files.
    pub within: Option<PathBuf>,
    settings: Vec<(String, String)>,
}

/// How a server is stopped.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Stop {
    /// Running transactions are rolled back, a checkpoint is written, clients are let go.
    Fast,
    /// At once, without a checkpoint; the next start recovers.
    Immediate,
}

/// A PostgreSQL server of our own. When it is dropped, or the process dies, it ends and its files go.
#[derive(Debug)]
pub struct Cluster {
    directory: PathBuf,
    programs: PathBuf,
    account: Account,
    password: String,
    port: u16,
    databases: AtomicU32,
    server: Mutex<Option<Server>>,
    // After the server: fields are dropped in this order, and the watcher takes the files away.
    _watcher: Watcher,
}

impl Default for Options {
    /// Small, for tests.
    fn default() -> Self {
        let settings = [
            // Files of the cluster's folder, so that a killed server leaves nothing elsewhere.
            ("dynamic_shared_memory_type", "mmap"),
            ("max_connections", "100"),
            ("max_wal_size", "256MB"),
            ("shared_buffers", "32MB"),
        ];
        Self {
            within: None,
            settings: settings
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into(),
        }
    }
}

impl Options {
    /// Sets a parameter of `postgresql.conf`; the last value of a name counts.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.settings.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Keeps the files in a folder below this one, which has to be reachable by every account.
    #[must_use]
    pub fn within(mut self, folder: &Path) -> Self {
        self.within = Some(folder.to_owned());
        self
    }
}

impl Cluster {
    /// Makes a cluster and waits until it answers.
    ///
    /// # Panics
    ///
    /// If PostgreSQL is not installed or does not start; the message says what is wrong.
    pub fn start(options: Options) -> Self {
        let Options { within, settings } = options;
        let programs = installed::programs();
        let directory = tempfile::Builder::new()
            .prefix("imvume-postgres-")
            .tempdir_in(within.unwrap_or_else(folder))
            .unwrap()
            .keep();
        let watcher = Watcher::start(&directory);
        let account = Account::owning(&directory);
        let mut cluster = Self {
            directory,
            programs,
            account,
            password: password(),
            port: 0,
            databases: AtomicU32::new(0),
            server: Mutex::new(None),
            _watcher: watcher,
        };
        cluster.initialise(&settings);
        let started = (0..PORTS).find_map(|_| {
            cluster.port = free_port();
            cluster.launch().ok()
        });
        *cluster.slot() = Some(started.unwrap_or_else(|| {
            let log = cluster.launch().err().unwrap_or_default();
            panic!("PostgreSQL does not start: {log}")
        }));
        let role = format!("create role {OWNER} login password '{}'", cluster.password);
        cluster.psql("postgres", &role);
        cluster
    }

    /// The one cluster that the tests of this process share. Do not stop it.
    pub fn shared() -> &'static Self {
        SHARED.get_or_init(|| Self::start(Options::default()))
    }

    /// Creates an empty database and returns its URL, over the Unix socket, for the account that owns
    /// it and nothing else.
    pub fn database(&self) -> String {
        let name = self.create();
        let sockets = self.directory.display().to_string().replace('/', "%2F");
        format!("postgres://{OWNER}@{sockets}:{}/{name}", self.port)
    }

    /// Like [`database`](Self::database), over TCP with a password: for tests that stand between client
    /// and server.
    pub fn database_over_tcp(&self) -> String {
        let (name, password) = (self.create(), &self.password);
        format!(
            "postgres://{OWNER}:{password}@127.0.0.1:{}/{name}",
            self.port
        )
    }

    /// The port on 127.0.0.1, the same over restarts.
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Runs a statement as administrator in a database, named or by its URL. Returns what `psql`
    /// prints: columns apart by `|`, a row a line.
    ///
    /// # Panics
    ///
    /// If the statement fails.
    pub fn psql(&self, database: &str, statement: &str) -> String {
        let database = database.rsplit('/').next().unwrap_or(database);
        let mut psql = self.client("psql");
        psql.args(["--no-psqlrc", "--quiet", "--tuples-only", "--no-align"])
            .args(["--set", "ON_ERROR_STOP=1", "--dbname", database])
            .args(["--command", statement]);
        output(&mut psql).trim_end().to_owned()
    }

    /// A client program of the installation (`pgbench`, `pg_dump`, …), led to this cluster as its
    /// administrator.
    pub fn client(&self, program: &str) -> Command {
        let mut command = Command::new(self.programs.join(program));
        for name in MISLEADING {
            command.env_remove(name);
        }
        command
            .env("PGHOST", &self.directory)
            .env("PGPORT", self.port.to_string())
            .env("PGUSER", ADMINISTRATOR)
            .env("LC_ALL", "C")
            .stdin(Stdio::null());
        command
    }

    /// The process id of the server, if it runs.
    pub fn process(&self) -> Option<u32> {
        self.slot().as_ref().map(Server::process)
    }

    /// Starts the server again after [`stop`](Self::stop) or [`kill9`](Self::kill9), and waits until it
    /// answers. Does nothing if it runs.
    ///
    /// # Panics
    ///
    /// If it does not start.
    pub fn start_again(&self) {
        let mut slot = self.slot();
        if slot.is_none() {
            let server = self.launch();
            *slot = Some(server.unwrap_or_else(|log| panic!("PostgreSQL does not start: {log}")));
        }
    }

    /// Stops the server and waits until all its processes are gone.
    pub fn stop(&self, how: Stop) {
        if let Some(server) = self.slot().take() {
            server.stop(match how {
                Stop::Fast => Signal::INT,
                Stop::Immediate => Signal::QUIT,
            });
        }
    }

    /// Kills the server and all its processes with SIGKILL and waits until they are gone.
    pub fn kill9(&self) {
        if let Some(server) = self.slot().take() {
            server.kill9();
        }
    }

    /// Stops the server fast and starts it again.
    pub fn restart(&self) {
        self.stop(Stop::Fast);
        self.start_again();
    }

    fn data(&self) -> PathBuf {
        self.directory.join("data")
    }

    fn slot(&self) -> MutexGuard<'_, Option<Server>> {
        self.server.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A program of the installation that works on the files, under the account that owns them.
    fn tool(&self, program: &str) -> Command {
        let mut command = Command::new(self.programs.join(program));
        command
            .current_dir(&self.directory)
            .env("LC_ALL", "C")
            .stdin(Stdio::null());
        self.account.take_on(&mut command);
        command
    }

    fn initialise(&self, settings: &[(String, String)]) {
        let mut initdb = self.tool("initdb");
        initdb
            .args(["--no-sync", "--encoding=UTF8", "--locale=C.UTF-8"])
            // The sockets lie in a folder that is closed to others; loopback is open to all.
            .args(["--auth-local=trust", "--auth-host=scram-sha-256"])
            .args(["--username", ADMINISTRATOR])
            .arg("--pgdata")
            .arg(self.data());
        output(&mut initdb);
        let own = [
            ("fsync", "on"),
            ("full_page_writes", "on"),
            ("listen_addresses", "127.0.0.1"),
            ("logging_collector", "off"),
            ("synchronous_commit", "on"),
            (
                "unix_socket_directories",
                &self.directory.display().to_string(),
            ),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
        let lines = own.iter().chain(settings);
        let lines = lines.map(|(name, value)| format!("{name} = '{value}'\n"));
        let path = self.data().join("postgresql.auto.conf");
        fs::write(path, lines.collect::<String>()).unwrap();
    }

    /// Starts the server; what it logged, if it does not come up.
    fn launch(&self) -> Result<Server, String> {
        let mut postgres = self.tool("postgres");
        postgres
            .args(["-p", &self.port.to_string(), "-D"])
            .arg(self.data());
        Server::start(&mut postgres)
    }

    fn create(&self) -> String {
        let name = format!("imvume_{}", self.databases.fetch_add(1, Ordering::Relaxed));
        output(self.client("createdb").args(["--owner", OWNER, &name]));
        name
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.stop(Stop::Immediate);
    }
}

/// Memory if there is room, else where temporary files go.
fn folder() -> PathBuf {
    let memory = Path::new("/dev/shm");
    let room = rustix::fs::statvfs(memory).map_or(0, |found| found.f_bavail * found.f_frsize);
    if ROOM <= room {
        memory.to_owned()
    } else {
        std::env::temp_dir()
    }
}

fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    listener.local_addr().unwrap().port()
}

/// 128 random bits: the port is open to every account of the machine.
fn password() -> String {
    let mut bytes = [0_u8; 16];
    File::open("/dev/urandom")
        .unwrap()
        .read_exact(&mut bytes)
        .unwrap();
    format!("{:032x}", u128::from_ne_bytes(bytes))
}

/// Runs a program to its end and returns what it prints; one that fails is a failed test.
fn output(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(
        output.status.success(),
        "{} failed: {}",
        command.get_program().to_string_lossy(),
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

#[cfg(test)]
mod tests;
