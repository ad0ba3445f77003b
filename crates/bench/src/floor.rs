//! What the machine gives at this moment, without Imvume: the floor under every other figure.

use std::convert::Infallible;
use std::fs::File;
use std::net::Ipv4Addr;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

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
use tokio::net::TcpListener;

use crate::clock;
use crate::corpus;
use crate::corpus::Person;
use crate::corpus::Written;
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

/// What a bare server does.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Acknowledged {
    /// Requests a second.
    pub(crate) rate: f64,
    /// Processor time of each, without the generator, microseconds.
    pub(crate) micros: f64,
}

/// All of them, for 64 connections.
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
    Ok(report)
}

/// Overwrites a preallocated file 4 KiB at a time, one `fdatasync` each.
pub(crate) fn fdatasync(directory: &Path) -> anyhow::Result<Times> {
    const BLOCK: usize = 4_096;
    const BLOCKS: u64 = 1_024;
    let path = directory.join("floor");
    let file = File::create(&path)?;
    let block = [0x5a; BLOCK];
    for place in 0..BLOCKS {
        file.write_all_at(&block, place * BLOCK as u64)?;
    }
    file.sync_all()?;
    let mut times = Times::default();
    let began = clock::now();
    for place in (0..BLOCKS).cycle() {
        let each = clock::now();
        file.write_all_at(&block, place * BLOCK as u64)?;
        file.sync_data()?;
        times.push(each.elapsed());
        if DISK <= began.elapsed() {
            break;
        }
    }
    std::fs::remove_file(path)?;
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
