//! Two processes on one PostgreSQL database: the one that leads is killed under load, and the other
//! takes over.
//!
//! Whoever brings webhooks does as a balancer would: it goes on to the other door when one does not
//! answer 200. What was acknowledged is sent once more at the end; whatever of it counts as new then
//! was lost.

use std::net::SocketAddr;
use std::path::Path;
use std::path::PathBuf;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;
use std::time::Duration;
use std::time::Instant;

use anyhow::Context as _;
use store::Clock;
use testkit::postgres::Cluster;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::clock;
use crate::corpus;
use crate::corpus::Person;
use crate::corpus::Written;
use crate::database;
use crate::figure::float;
use crate::figure::median;
use crate::house;
use crate::load;
use crate::load::Connection;
use crate::load::Requests;
use crate::process;
use crate::report::Goal;
use crate::report::Report;
use crate::start::Doors;
use crate::start::configure;

/// Kills a median is taken of.
const ROUNDS: u32 = 5;
/// How many connections bring webhooks.
const CONNECTIONS: u16 = 16;
/// Webhooks at hand for a round: more than can be brought in it.
const WEBHOOKS: u32 = 100_000;
/// How long there is load before the kill, and behind the take-over.
const LOAD: Duration = Duration::from_secs(2);
/// How long a door that does not answer 200 is left alone.
const PAUSE: Duration = Duration::from_millis(2);
const PATIENCE: Duration = Duration::from_mins(1);

/// What a round saw.
struct Round {
    ready: Duration,
    first: Duration,
    acknowledged: usize,
    missing: u64,
}

/// What was acknowledged, and when, by which of the two doors.
#[derive(Default)]
struct Acknowledged {
    all: Mutex<Vec<(usize, Instant, usize)>>,
}

/// Kills the one that leads a few times.
pub(crate) fn run() -> anyhow::Result<Report> {
    let binary = std::env::current_exe()?.with_file_name("imvume");
    anyhow::ensure!(
        binary.exists(),
        "the release binary is not there: cargo build --release -p imvume"
    );
    let cluster = database::cluster();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let mut rounds = Vec::new();
    for round in 0..ROUNDS {
        rounds.push(once(&runtime, &binary, &cluster, round)?);
    }
    let millis = |of: fn(&Round) -> Duration| {
        median(
            rounds
                .iter()
                .map(|round| of(round).as_secs_f64() * 1e3)
                .collect(),
        )
    };
    let acknowledged: usize = rounds.iter().map(|round| round.acknowledged).sum();
    let missing: u64 = rounds.iter().map(|round| round.missing).sum();
    let mut report = Report::new(format!(
        "Failover over PostgreSQL, median of {ROUNDS} kills"
    ));
    report.figure("kill to standby ready", millis(|round| round.ready), "ms");
    report.figure(
        "kill to first webhook acknowledged",
        millis(|round| round.first),
        "ms",
    );
    let slowest = rounds.iter().map(|round| round.first.as_secs_f64() * 1e3);
    report.figure("the same, slowest", slowest.fold(0.0, f64::max), "ms");
    report.figure(
        "webhooks acknowledged, all rounds",
        float(acknowledged as u64),
        "",
    );
    report.against("of these not found", float(missing), "", Goal::AtMost(0.0));
    Ok(report)
}

fn once(
    runtime: &tokio::runtime::Runtime,
    binary: &Path,
    cluster: &Cluster,
    round: u32,
) -> anyhow::Result<Round> {
    let directory = house::directory()?;
    let url = database::create(cluster);
    let more = format!("\n[store]\nurl = \"{url}\"\n");
    let (leading, first) = configure(directory.path(), "leading.toml", &more)?;
    let (following, second) = configure(directory.path(), "following.toml", &more)?;
    let requests = Arc::new(webhooks(round));
    let mut leader = Gateway::start(binary, &leading)?;
    runtime.block_on(ready(first.staff))?;
    let follower = Gateway::start(binary, &following)?;
    runtime.block_on(opened(second.staff))?;

    let (seen, stop) = (Arc::new(Acknowledged::default()), CancellationToken::new());
    let bringing = runtime.spawn(bring(
        [first.public, second.public],
        Arc::clone(&requests),
        Arc::clone(&seen),
        stop.clone(),
    ));
    let (killed, ready) = runtime.block_on(async {
        tokio::time::sleep(LOAD).await;
        let killed = clock::now();
        leader.kill()?;
        ready(second.staff).await?;
        let took = killed.elapsed();
        tokio::time::sleep(LOAD).await;
        anyhow::Ok((killed, took))
    })?;
    stop.cancel();
    runtime.block_on(bringing)?;
    let all = std::mem::take(&mut *seen.all.lock().unwrap_or_else(PoisonError::into_inner));
    let after = all
        .iter()
        .filter(|(_, at, door)| *door == 1 && killed <= *at);
    let first = after.map(|(_, at, _)| at.duration_since(killed)).min();
    let missing = missing(cluster, &url, second, &requests, &all)?;
    follower.end()?;
    database::remove(cluster, &url);
    Ok(Round {
        ready,
        first: first.context("the standby acknowledged nothing")?,
        acknowledged: all.len(),
        missing,
    })
}

fn webhooks(round: u32) -> Requests {
    let now = Clock::default().now();
    corpus::webhooks((0..WEBHOOKS).map(|place| {
        let serial = round * WEBHOOKS + place;
        Written {
            from: Person(serial),
            serial,
            at: now,
        }
    }))
}

/// Sends everything that was acknowledged once more: what is new to the database was not in it.
fn missing(
    cluster: &Cluster,
    url: &str,
    doors: Doors,
    requests: &Requests,
    all: &[(usize, Instant, usize)],
) -> anyhow::Result<u64> {
    let count = || -> anyhow::Result<u64> {
        let count = cluster.psql(url, "select count(*) from messages");
        count.parse().context("a count is a number")
    };
    let mut again = Requests::default();
    for (place, ..) in all {
        again.raw(requests.get(*place).unwrap_or_default());
    }
    let before = count()?;
    let outcome = load::run(doors.public, &Arc::new(again), all.len(), CONNECTIONS)?;
    anyhow::ensure!(outcome.failed == 0, "what was sent once more was refused");
    anyhow::ensure!(
        outcome.times.len() == all.len(),
        "not all could be sent once more"
    );
    Ok(count()? - before)
}

/// Brings webhooks until told to stop: each by whichever door answers 200.
async fn bring(
    doors: [SocketAddr; 2],
    requests: Arc<Requests>,
    seen: Arc<Acknowledged>,
    stop: CancellationToken,
) {
    let next = Arc::new(AtomicUsize::new(0));
    let mut going = JoinSet::new();
    for _ in 0..CONNECTIONS {
        let lane = Lane {
            doors,
            door: 0,
            open: None,
        };
        let (requests, seen) = (Arc::clone(&requests), Arc::clone(&seen));
        going.spawn(lane.bring(requests, Arc::clone(&next), seen, stop.clone()));
    }
    while going.join_next().await.is_some() {}
}

/// One connection that goes on to the other door when one does not answer 200.
struct Lane {
    doors: [SocketAddr; 2],
    door: usize,
    open: Option<Connection>,
}

impl Lane {
    async fn bring(
        mut self,
        requests: Arc<Requests>,
        next: Arc<AtomicUsize>,
        seen: Arc<Acknowledged>,
        stop: CancellationToken,
    ) {
        loop {
            let place = next.fetch_add(1, Ordering::Relaxed);
            let Some(request) = requests.get(place) else {
                return;
            };
            while !self.is_taken(request).await {
                if stop.is_cancelled() {
                    return;
                }
            }
            let mut all = seen.all.lock().unwrap_or_else(PoisonError::into_inner);
            all.push((place, clock::now(), self.door));
            if stop.is_cancelled() {
                return;
            }
        }
    }

    async fn is_taken(&mut self, request: &[u8]) -> bool {
        let [one, other] = self.doors;
        let address = if self.door == 0 { one } else { other };
        if exchange(&mut self.open, address, request).await == Some(200) {
            return true;
        }
        (self.open, self.door) = (None, 1 - self.door);
        tokio::time::sleep(PAUSE).await;
        false
    }
}

async fn exchange(
    open: &mut Option<Connection>,
    address: SocketAddr,
    request: &[u8],
) -> Option<u16> {
    if open.is_none() {
        *open = Connection::open(address).await.ok();
    }
    open.as_mut()?.exchange(request).await.ok()
}

/// Waits until a gateway leads.
async fn ready(staff: SocketAddr) -> anyhow::Result<()> {
    until(staff, "/readyz").await
}

/// Waits until a gateway lives, whether it leads or not.
async fn opened(staff: SocketAddr) -> anyhow::Result<()> {
    until(staff, "/healthz").await
}

async fn until(staff: SocketAddr, path: &str) -> anyhow::Result<()> {
    let began = clock::now();
    let request = format!("GET {path} HTTP/1.1\r\nHost: bench\r\n\r\n");
    loop {
        if exchange(&mut None, staff, request.as_bytes()).await == Some(200) {
            return Ok(());
        }
        anyhow::ensure!(began.elapsed() < PATIENCE, "a gateway does not come up");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// A gateway that runs; killed when dropped.
struct Gateway(Child);

impl Gateway {
    fn start(binary: &Path, config: &PathBuf) -> anyhow::Result<Self> {
        let child = Command::new(binary)
            .args(["serve", "--config"])
            .arg(config)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        Ok(Self(child))
    }

    /// As `kill -9` does.
    fn kill(&mut self) -> anyhow::Result<()> {
        Ok(self.0.kill()?)
    }

    fn end(mut self) -> anyhow::Result<()> {
        process::end(&mut self.0)
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        // One that has ended already cannot be killed.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
