//! What the machine gives at this moment, without Imvume: the floor under every other figure.

use std::cell::Cell;
use std::convert::Infallible;
use std::fs::File;
use std::net::Ipv4Addr;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use bytes::Bytes;
use http::Request;
use http::Response;
use http::StatusCode;
use http_body_util::BodyExt as _;
use http_body_util::Empty;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use rusqlite::Connection;
use testkit::postgres::Cluster;
use tokio::net::TcpListener;

use crate::clock;
use crate::corpus;
use crate::corpus::Person;
use crate::corpus::Written;
use crate::database;
use crate::figure;
use crate::figure::Times;
use crate::house;
use crate::load;
use crate::load::Requests;
use crate::report::Report;

/// How long the disk is asked.
const DISK: Duration = Duration::from_secs(1);
/// Rows of the raw append, and how many of them one transaction takes.
const ROWS: usize = 100_000;
const BATCH: usize = 64;
/// Bytes of such a row: a sealed message with what is plain beside it.
const ROW: usize = 900;

/// Clients that commit one row at a time, and for how many seconds.
const CLIENTS: &str = "16";
const COMMITTING: &str = "4";
/// A row with a primary key and three further indexes: what a receiver that commits each message
/// writes at the least.
const COMMITS: &str = "create table commits (
    id bigint generated always as identity primary key,
    wamid text not null unique, subject bigint not null, at timestamptz not null default now(),
    tag bytea not null, content bytea not null);
    create index on commits (subject, at);
    create index on commits (tag)";
const COMMIT: &str = r"\set subject random(1, 500000)
insert into commits (wamid, subject, tag, content) values (md5(random()::text), :subject,
    decode(md5(random()::text), 'hex'), decode(repeat('5a', 550), 'hex'));
";

/// What a bare server does.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Acknowledged {
    /// Requests a second.
    pub(crate) rate: f64,
    /// Processor time of each, without the generator, microseconds.
    pub(crate) micros: f64,
}

/// All of them.
pub(crate) fn run() -> anyhow::Result<Report> {
    let directory = house::directory()?;
    let at = store::Clock::default().now();
    let from = |serial| Written {
        from: Person(serial),
        serial,
        at,
    };
    let requests = Arc::new(corpus::webhooks((0..200_000).map(from)));
    let mut report = Report::new("Floors of this machine, at this moment");
    let disk = fdatasync(directory.path())?;
    report.figure("fdatasync of 4 KiB: rate", disk_rate(&disk), "/s");
    report.figure("fdatasync of 4 KiB: p50", disk.percentile(50), "ms");
    report.figure("fdatasync of 4 KiB: p99", disk.percentile(99), "ms");
    for connections in [64, 256] {
        let bare = acknowledge(&requests, connections)?;
        let name = format!("bare acknowledge, {connections} connections");
        report.figure(format!("{name}: rate"), bare.rate, "/s");
        report.figure(format!("{name}: CPU each"), bare.micros, "µs");
    }
    let rows = append(directory.path())?;
    report.figure(format!("raw append, {BATCH} rows a commit"), rows, "rows/s");
    let rows = commits(&database::cluster())?;
    let name = format!("PostgreSQL, one row a commit, {CLIENTS} clients");
    report.figure(name, rows, "rows/s");
    Ok(report)
}

/// A preallocated file that is overwritten 4 KiB at a time.
#[derive(Debug)]
pub(crate) struct Disk {
    file: File,
    path: PathBuf,
    next: Cell<u64>,
}

impl Disk {
    const BLOCK: [u8; 4_096] = [0x5a; 4_096];
    const BLOCKS: u64 = 1_024;

    /// Makes the file.
    pub(crate) fn open(directory: &Path) -> anyhow::Result<Self> {
        let path = directory.join("floor");
        let disk = Self {
            file: File::create(&path)?,
            path,
            next: Cell::new(0),
        };
        for _ in 0..Self::BLOCKS {
            disk.write()?;
        }
        disk.file.sync_all()?;
        Ok(disk)
    }

    /// Writes a block and waits until it is durable. Returns how long that took.
    pub(crate) fn ask(&self) -> anyhow::Result<Duration> {
        let began = clock::now();
        self.write()?;
        self.file.sync_data()?;
        Ok(began.elapsed())
    }

    fn write(&self) -> anyhow::Result<()> {
        let place = self.next.get();
        self.next.set((place + 1) % Self::BLOCKS);
        let offset = place * Self::BLOCK.len() as u64;
        Ok(self.file.write_all_at(&Self::BLOCK, offset)?)
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // Its folder goes as well.
        let _ = std::fs::remove_file(&self.path);
    }
}

/// How long `fdatasync` takes, time and again.
pub(crate) fn fdatasync(directory: &Path) -> anyhow::Result<Times> {
    let disk = Disk::open(directory)?;
    let mut times = Times::default();
    let began = clock::now();
    while began.elapsed() < DISK {
        times.push(disk.ask()?);
    }
    Ok(times)
}

/// How often a second the disk was asked.
pub(crate) fn disk_rate(times: &Times) -> f64 {
    figure::rate(times.len(), DISK)
}

/// A server that checks the signature, parses, and answers: no store, no privacy, no routes.
pub(crate) fn acknowledge(
    requests: &Arc<Requests>,
    connections: u16,
) -> anyhow::Result<Acknowledged> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let listener = runtime.block_on(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)))?;
    let address = listener.local_addr()?;
    runtime.spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            // Only a socket that is already gone refuses this.
            let _ = stream.set_nodelay(true);
            let connection = http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service_fn(acknowledged));
            tokio::spawn(connection);
        }
    });
    let before = clock::process_cpu();
    let outcome = load::run(address, requests, requests.len(), connections)?;
    let spent = clock::process_cpu().saturating_sub(before + outcome.cpu);
    anyhow::ensure!(outcome.failed == 0, "the bare server refused something");
    runtime.shutdown_background();
    Ok(Acknowledged {
        rate: figure::rate(outcome.times.len(), outcome.elapsed),
        micros: figure::micros_each(spent, outcome.times.len()),
    })
}

async fn acknowledged(request: Request<Incoming>) -> Result<Response<Empty<Bytes>>, Infallible> {
    let (parts, body) = request.into_parts();
    let signature = parts.headers.get("x-hub-signature-256");
    let signature = signature.and_then(|value| value.to_str().ok());
    let mut response = Response::new(Empty::new());
    let Ok(body) = body.collect().await else {
        *response.status_mut() = StatusCode::BAD_REQUEST;
        return Ok(response);
    };
    let body = body.to_bytes();
    let is_signed = whatsapp::signature::verify(corpus::SECRET, signature, &body).is_ok();
    if !is_signed || whatsapp::webhook::parse(&body).is_err() {
        *response.status_mut() = StatusCode::BAD_REQUEST;
    }
    Ok(response)
}

/// Rows a second into one table without a further index, as durable as the store is.
pub(crate) fn append(directory: &Path) -> anyhow::Result<f64> {
    let path = directory.join("floor.db");
    #[expect(
        clippy::disallowed_methods,
        reason = "the floor is the database without the store"
    )]
    let connection = Connection::open(&path)?;
    connection.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
         CREATE TABLE rows (id INTEGER PRIMARY KEY, at INTEGER, content BLOB)",
    )?;
    let content = [0x5a_u8; ROW];
    let began = clock::now();
    for _ in 0..ROWS.div_ceil(BATCH) {
        connection.execute_batch("BEGIN IMMEDIATE")?;
        let mut insert =
            connection.prepare_cached("INSERT INTO rows (at, content) VALUES (1, ?1)")?;
        for _ in 0..BATCH {
            insert.execute([&content[..]])?;
        }
        connection.execute_batch("COMMIT")?;
    }
    let rate = figure::rate(ROWS, began.elapsed());
    drop(connection);
    for name in ["floor.db", "floor.db-wal", "floor.db-shm"] {
        // The last connection has taken the other two away already.
        let _ = std::fs::remove_file(directory.join(name));
    }
    Ok(rate)
}

/// Rows a second of PostgreSQL, each with a commit of its own, by its own tool.
pub(crate) fn commits(cluster: &Cluster) -> anyhow::Result<f64> {
    let directory = house::directory()?;
    let script = directory.path().join("commit.sql");
    std::fs::write(&script, COMMIT)?;
    let url = database::create(cluster);
    cluster.psql(&url, COMMITS);
    let output = cluster
        .client("pgbench")
        .args(["--no-vacuum", "--protocol=prepared", "--jobs=2"])
        .args(["--client", CLIENTS, "--time", COMMITTING, "--file"])
        .arg(&script)
        .arg(database::name(&url))
        .output()?;
    database::remove(cluster, &url);
    anyhow::ensure!(
        output.status.success(),
        "pgbench failed: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8_lossy(&output.stdout)
        .lines()
        .find_map(|line| line.strip_prefix("tps = "))
        .and_then(|rest| rest.split(' ').next()?.parse().ok())
        .context("pgbench does not tell its rate")
}
