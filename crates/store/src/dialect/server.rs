//! A PostgreSQL server: how it is reached, what it must promise, its schema, and whose turn it is.

use std::ffi::OsStr;
use std::ffi::OsString;
use std::fmt;
use std::net::IpAddr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use rustls::ClientConfig;
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use tokio::runtime::Builder;
use tokio::runtime::Runtime;
use tokio_postgres::Client;
use tokio_postgres::Config;
use tokio_postgres::NoTls;
use tokio_postgres::config::Host;
use tokio_postgres::config::SslMode;
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::dialect::error::DbError;
use crate::dialect::postgres::Driver;
use crate::dialect::postgres::Io;
use crate::dialect::postgres::Session;
use crate::error::StoreError;

/// The newest schema this program knows, with its migrations in order.
pub(crate) const MIGRATIONS: &[&str] = &[
    include_str!("../../migrations/postgres/0001_init.sql"),
    include_str!("../../migrations/postgres/0002_breadth.sql"),
    include_str!("../../migrations/postgres/0003_consent.sql"),
    include_str!("../../migrations/postgres/0004_rights.sql"),
];

/// The oldest server that is known to work, as `server_version_num` has it.
const OLDEST: u32 = 130_000;

/// How long a connection may take.
const CONNECT: Duration = Duration::from_secs(5);

/// The lock whose holder writes: `IMVU` as a number, and one.
const LOCK: &str = "(1229805141, 1)";

/// The lock of whoever puts a dump into the database: `IMVU` as a number, and two.
pub(super) const LOADING: &str = "(1229805141, 2)";

/// How long a statement waits for a lock.
const LOCK_TIMEOUT: &str = "SET lock_timeout = '10s'";

/// How long the turn is waited for while somebody has it, in milliseconds.
const MOMENT: u32 = 500;

/// How often whoever stands by asks for the turn.
const ASK_EVERY: Duration = Duration::from_millis(100);

/// What the server says when a lock was waited for too long (PostgreSQL, appendix A).
const LOCK_NOT_AVAILABLE: &str = "55P03";

/// What every session sets. Plans are made once: every statement has one good plan, by key. A holder
/// of the lock whose host is gone is noticed within half a minute.
const SESSION: &str = "SET plan_cache_mode = force_generic_plan; SET jit = off; \
     SET lock_timeout = '10s'; SET idle_in_transaction_session_timeout = '60s'; \
     SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3";

/// What the session that writes sets beside it: a plan that was made while a table was small must not
/// read it whole once it is large.
const BY_KEY: &str = "SET enable_seqscan = off; SET enable_bitmapscan = off; \
     SET enable_hashjoin = off; SET enable_mergejoin = off";

/// What the server must promise, with what it has to say.
const PROMISES: [(&str, &[&str]); 4] = [
    ("fsync", &["on"]),
    ("full_page_writes", &["on"]),
    (
        "synchronous_commit",
        &["on", "local", "remote_write", "remote_apply"],
    ),
    ("server_encoding", &["UTF8"]),
];

/// Where a PostgreSQL database is.
#[derive(Clone)]
pub struct Server {
    config: Config,
    tls: Option<MakeRustlsConnect>,
    authorities: Option<PathBuf>,
    io: Arc<Io>,
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server")
            .field("hosts", &self.config.get_hosts())
            .field("database", &self.config.get_dbname())
            .finish_non_exhaustive()
    }
}

impl Server {
    /// Reads where a database is from a URL, `postgres://account:password@host/database`, or from
    /// `key=value` pairs (PostgreSQL 15, section 34.1.1).
    ///
    /// A server on this host is spoken to as it is, any other by TLS: its certificate has to be
    /// issued by one of the authorities in `authorities`, a PEM file, or by a public one.
    /// `sslmode=require` asks for TLS on this host too, `sslmode=disable` does without.
    ///
    /// # Errors
    /// [`StoreError::Server`], with nothing of the URL in it.
    pub fn new(url: &str, authorities: Option<&Path>) -> Result<Self, StoreError> {
        let mut config: Config = url
            .parse()
            .map_err(|_| StoreError::Server("the address of the database cannot be read"))?;
        if config.get_hosts().is_empty() {
            return Err(StoreError::Server(
                "the address of the database names no host",
            ));
        }
        if config.get_dbname().is_none() {
            return Err(StoreError::Server(
                "the address of the database names no database",
            ));
        }
        config
            .application_name("imvume")
            .connect_timeout(CONNECT)
            .keepalives_idle(Duration::from_secs(10))
            .keepalives_interval(Duration::from_secs(5))
            .keepalives_retries(3);
        let tls = match config.get_ssl_mode() {
            SslMode::Disable => None,
            SslMode::Prefer if config.get_hosts().iter().all(here) => None,
            _ => {
                config.ssl_mode(SslMode::Require);
                Some(tls(authorities)?)
            }
        };
        let io = runtime(&mut Builder::new_multi_thread())?;
        Ok(Self {
            config,
            tls,
            authorities: authorities.map(Path::to_owned),
            io: Arc::new(Io::new(io)),
        })
    }

    /// Opens the session that writes, and brings the schema up to date: only once it is this
    /// process's turn, which is until its session ends. `wait` says whether to wait for it.
    pub(super) fn open_writer(&self, wait: bool) -> Result<Session, StoreError> {
        let session = self.session()?;
        if wait {
            await_turn(&session)?;
        } else {
            take_turn(&session)?;
        }
        migrate(&session)?;
        Ok(session)
    }

    /// Opens the session that writes anew.
    pub(super) fn reopen_writer(&self, run: i64) -> Result<Session, StoreError> {
        let session = self.session()?;
        still_ours(&session, run)?;
        take_turn(&session)?;
        // Whoever had the turn in between may have given it back.
        still_ours(&session, run)?;
        Ok(session)
    }

    /// What the server's own programs have to be told, as they read it from their environment
    /// (PostgreSQL 15, section 34.15).
    pub(super) fn environment(&self) -> Vec<(&'static str, OsString)> {
        let hosts = self.config.get_hosts().iter().map(|host| match host {
            Host::Tcp(name) => OsString::from(name),
            Host::Unix(path) => path.clone().into_os_string(),
        });
        let ports = self.config.get_ports().iter();
        let ports = ports.map(|port| OsString::from(port.to_string()));
        let mut all = vec![
            ("PGAPPNAME", OsString::from("imvume backup")),
            ("PGCONNECT_TIMEOUT", OsString::from("10")),
            ("PGHOST", hosts.collect::<Vec<_>>().join(OsStr::new(","))),
            ("PGPORT", ports.collect::<Vec<_>>().join(OsStr::new(","))),
        ];
        let texts = [
            ("PGDATABASE", self.config.get_dbname()),
            ("PGOPTIONS", self.config.get_options()),
            ("PGUSER", self.config.get_user()),
        ];
        let texts = texts
            .into_iter()
            .filter_map(|(name, text)| Some((name, text?.into())));
        all.extend(texts);
        if let Some(password) = self.config.get_password() {
            all.push(("PGPASSWORD", OsStr::from_bytes(password).to_owned()));
        }
        if self.tls.is_some() {
            // Without a file of authorities the system's are asked, which old programs refuse.
            let roots = self.authorities.clone().map(PathBuf::into_os_string);
            all.push(("PGSSLMODE", "verify-full".into()));
            all.push(("PGSSLROOTCERT", roots.unwrap_or_else(|| "system".into())));
        }
        all
    }

    /// What tells this database from others: where it is, and not who speaks to it.
    pub(super) fn place(&self) -> String {
        let parts = self.environment().into_iter();
        let parts = parts.filter(|(name, _)| ["PGHOST", "PGPORT", "PGDATABASE"].contains(name));
        let parts: Vec<String> = parts
            .map(|(_, value)| value.to_string_lossy().into_owned())
            .collect();
        parts.join(" ")
    }

    /// Whether there is any table.
    pub(super) fn holds_anything(&self) -> Result<bool, StoreError> {
        let count = self.session()?.batch(
            "SELECT CAST(count(*) AS TEXT) FROM pg_tables WHERE schemaname = current_schema()",
        )?;
        Ok(count.as_deref() != Some("0"))
    }

    /// Opens the session that a database is restored through, once it is this process's turn: it holds
    /// nothing yet, or what an earlier attempt left, which is taken away.
    pub(super) fn open_restorer(&self, again: bool) -> Result<Session, StoreError> {
        let session = self.session()?;
        take_turn(&session)?;
        // A program of an attempt that was killed may still be putting in what it was given.
        session.batch("SET lock_timeout = 0")?;
        session.batch(&format!("SELECT pg_advisory_lock{LOADING}"))?;
        session.batch(&format!("SELECT pg_advisory_unlock{LOADING}"))?;
        session.batch(LOCK_TIMEOUT)?;
        let tables = session.batch(
            "SELECT string_agg(quote_ident(tablename), ', ') FROM pg_tables \
             WHERE schemaname = current_schema()",
        )?;
        match tables.as_deref() {
            None | Some("") => {}
            Some(tables) if again => {
                session.batch(&format!("DROP TABLE {tables}"))?;
            }
            Some(_) => return Err(StoreError::NotNew),
        }
        Ok(session)
    }

    /// Brings the schema of a database that was restored up to date.
    pub(super) fn migrate(session: &Session) -> Result<(), StoreError> {
        check_schema(session)?;
        migrate(session)
    }

    /// A session that the thread which uses it drives itself.
    fn session(&self) -> Result<Session, StoreError> {
        let io = runtime(&mut Builder::new_current_thread())?;
        let client = io.block_on(self.connect()).map_err(unreachable)?;
        let session = Session::new(client, Driver::Own(Io::new(io)));
        check(&session)?;
        session.batch(BY_KEY)?;
        Ok(session)
    }

    /// Opens a session that asks on the writer's thread while the one that writes is waited for: it
    /// changes nothing.
    pub(super) fn open_beside(&self) -> Result<Session, StoreError> {
        let session = self.session()?;
        session.batch("SET default_transaction_read_only = on")?;
        Ok(session)
    }

    /// Opens a session to look around with: it takes no turn and changes nothing. Tells the server's
    /// version, and the schema of the database, 0 for none.
    pub(super) fn open_to_look(&self) -> Result<(Session, String, usize), StoreError> {
        let session = self.open_beside()?;
        let version = session.batch("SHOW server_version")?.unwrap_or_default();
        let schema = schema(&session)?.unwrap_or_default();
        Ok((session, version, usize::try_from(schema).unwrap_or(0)))
    }

    /// Opens a session that can only read.
    pub(super) fn open_reader(&self) -> Result<Session, StoreError> {
        let server = self.clone();
        let io = self.io.runtime().ok_or(StoreError::Stopped)?;
        let (sender, receiver) = std::sync::mpsc::channel();
        io.spawn(async move {
            let _ = sender.send(server.connect().await);
        });
        let client = receiver.recv().map_err(|_| StoreError::Stopped)?;
        let client = client.map_err(unreachable)?;
        let driver = Driver::Shared {
            _io: Arc::clone(&self.io),
        };
        let session = Session::new(client, driver);
        session.batch("SET default_transaction_read_only = on")?;
        Ok(session)
    }

    /// Connects; the connection is driven by the runtime this runs on.
    async fn connect(&self) -> Result<Client, tokio_postgres::Error> {
        let client = if let Some(tls) = &self.tls {
            let (client, connection) = self.config.connect(tls.clone()).await?;
            tokio::spawn(connection);
            client
        } else {
            let (client, connection) = self.config.connect(NoTls).await?;
            tokio::spawn(connection);
            client
        };
        client.batch_execute(SESSION).await?;
        Ok(client)
    }
}

/// Takes the turn, if nobody has it. A session that has just ended, or was cut off, has it for a moment
/// longer: that moment is waited for.
fn take_turn(session: &Session) -> Result<(), StoreError> {
    session.batch(&format!("SET lock_timeout = {MOMENT}"))?;
    match session.batch(&format!("SELECT pg_advisory_lock{LOCK}")) {
        Ok(_) => {}
        Err(DbError::Postgres { code, .. }) if code == LOCK_NOT_AVAILABLE => {
            return Err(StoreError::Locked);
        }
        Err(error) => return Err(error.into()),
    }
    session.batch(LOCK_TIMEOUT)?;
    Ok(())
}

/// Takes the turn as soon as nobody has it, by asking again and again: a statement that waited for it
/// would keep dead rows of the whole database from being cleared away for as long.
fn await_turn(session: &Session) -> Result<(), StoreError> {
    session.batch("SET application_name = 'imvume standing by'")?;
    let ask = format!("SELECT pg_try_advisory_lock{LOCK}");
    while session.batch(&ask)?.as_deref() != Some("t") {
        session.rest(ASK_EVERY)?;
    }
    session.batch("SET application_name = 'imvume'")?;
    Ok(())
}

/// That nobody has written since `run` began.
fn still_ours(session: &Session, run: i64) -> Result<(), StoreError> {
    let newest = session.batch("SELECT value FROM settings WHERE name = 'run'")?;
    if newest.and_then(|newest| newest.parse().ok()) == Some(run) {
        Ok(())
    } else {
        Err(StoreError::Fenced)
    }
}

/// Whether a host is this one, so that what is said to it passes no network.
fn here(host: &Host) -> bool {
    match host {
        Host::Tcp(name) if name == "localhost" => true,
        Host::Tcp(name) => name
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback()),
        Host::Unix(_) => true,
    }
}

fn tls(authorities: Option<&Path>) -> Result<MakeRustlsConnect, StoreError> {
    let mut roots = RootCertStore::empty();
    if let Some(path) = authorities {
        let unreadable = |_| StoreError::Server("the file of authorities cannot be read as PEM");
        for certificate in CertificateDer::pem_file_iter(path).map_err(unreadable)? {
            roots
                .add(certificate.map_err(unreadable)?)
                .map_err(|_| StoreError::Server("an authority's certificate is malformed"))?;
        }
    } else {
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|_| StoreError::Server("TLS cannot be set up"))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(MakeRustlsConnect::new(config))
}

fn runtime(builder: &mut Builder) -> Result<Runtime, StoreError> {
    let made = builder
        .worker_threads(1)
        .thread_name("store-io")
        .enable_io()
        .enable_time()
        .build();
    made.map_err(|source| StoreError::File {
        what: "starting the thread of the database's sessions",
        source,
    })
}

/// What a connection that cannot be had means. The driver names the kinds of its errors only in what
/// they say.
fn unreachable(error: tokio_postgres::Error) -> StoreError {
    let told = error.to_string();
    if told.starts_with("error performing TLS handshake") {
        return StoreError::Server(
            "no TLS with the database server: it offers none, or its certificate is of an authority \
             that is not known here",
        );
    }
    if told.starts_with("authentication error") || told.starts_with("invalid configuration") {
        return StoreError::Server(
            "the database server asks for a password that its address here does not have",
        );
    }
    match DbError::from(error) {
        DbError::Lost | DbError::Type => StoreError::Unreachable,
        error => error.into(),
    }
}

/// That the server is one that keeps what it says it keeps.
fn check(session: &Session) -> Result<(), StoreError> {
    let names: Vec<String> = PROMISES
        .iter()
        .map(|(name, _)| format!("current_setting('{name}')"))
        .collect();
    let sql = format!(
        "SELECT current_setting('server_version_num'), pg_is_in_recovery(), \
         current_setting('transaction_read_only'), {}",
        names.join(", ")
    );
    let told = session.texts(&sql)?;
    let mut told = told.iter().map(String::as_str);
    let version: u32 = told
        .next()
        .and_then(|version| version.parse().ok())
        .unwrap_or_default();
    if version < OLDEST {
        return Err(StoreError::Server(
            "the server is older than PostgreSQL 13; use a newer one",
        ));
    }
    if told.next() != Some("f") {
        return Err(StoreError::Server(
            "the server only reads, because it follows another; name the one that leads",
        ));
    }
    if told.next() != Some("off") {
        return Err(StoreError::Server(
            "the account of the database only reads; set default_transaction_read_only off for it",
        ));
    }
    for ((name, good), value) in PROMISES.iter().zip(told) {
        if !good.contains(&value) {
            return Err(StoreError::Unsafe {
                setting: name,
                needed: good.first().copied().unwrap_or_default(),
            });
        }
    }
    Ok(())
}

/// The schema of the database; none where it is empty.
fn schema(session: &Session) -> Result<Option<i64>, StoreError> {
    let known = i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX);
    let tables = session.batch(
        "SELECT string_agg(tablename, ' ') FROM pg_tables WHERE schemaname = current_schema()",
    )?;
    let found = match tables.as_deref() {
        None | Some("") => return Ok(None),
        Some(tables) if tables.split(' ').any(|table| table == "imvume_schema") => session
            .batch("SELECT version FROM imvume_schema")?
            .and_then(|version| version.parse().ok())
            .ok_or(StoreError::Foreign)?,
        Some(_) => return Err(StoreError::Foreign),
    };
    if found > known {
        return Err(StoreError::Newer { found, known });
    }
    Ok(Some(found))
}

/// That what was restored is a database of ours.
fn check_schema(session: &Session) -> Result<(), StoreError> {
    schema(session)?.map(drop).ok_or(StoreError::Foreign)
}

/// Brings the schema up to date, one transaction a step: a kill leaves a step done or not begun.
fn migrate(session: &Session) -> Result<(), StoreError> {
    let found = if let Some(found) = schema(session)? {
        found
    } else {
        session.batch(
            "BEGIN; CREATE TABLE imvume_schema (version BIGINT NOT NULL); \
             INSERT INTO imvume_schema VALUES (0); COMMIT",
        )?;
        0
    };
    let done = usize::try_from(found).unwrap_or(0);
    for (step, sql) in MIGRATIONS.iter().enumerate().skip(done) {
        let version = step + 1;
        session.batch(&format!(
            "BEGIN; {sql}; UPDATE imvume_schema SET version = {version}; COMMIT"
        ))?;
    }
    Ok(())
}
