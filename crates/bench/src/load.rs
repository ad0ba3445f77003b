//! The generator: requests prepared beforehand, sent over keep-alive connections in a closed loop.
//!
//! It shares the processor with what it measures, so it writes prepared bytes to bare sockets and
//! looks at no more of an answer than its status and its end.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;
use std::time::Duration;
use std::time::Instant;

use anyhow::Context as _;
use tokio::io::AsyncReadExt as _;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::aside::Aside;
use crate::clock;
use crate::figure::Times;

/// No run takes longer.
const LONGEST: Duration = Duration::from_secs(12);

/// No answer in a measurement is longer than this.
const LONGEST_ANSWER: usize = 8 * 1024;

/// Whole requests, head and body, one after another.
#[derive(Debug, Default)]
pub(crate) struct Requests {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

/// What a run of the generator saw.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// From the first request to the last answer.
    pub(crate) elapsed: Duration,
    /// Each request's time.
    pub(crate) times: Times,
    /// Processor time of the generator.
    pub(crate) cpu: Duration,
    /// Answers other than 200.
    pub(crate) failed: usize,
}

/// One keep-alive connection.
#[derive(Debug)]
pub(crate) struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Requests {
    /// Adds a POST with a JSON body. `headers` are whole lines, each with its line end.
    pub(crate) fn post(&mut self, path: &str, headers: &str, body: &[u8]) {
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: gateway.example\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\n{headers}\r\n",
            body.len()
        );
        self.bytes.extend_from_slice(head.as_bytes());
        self.bytes.extend_from_slice(body);
        self.ends.push(self.bytes.len());
    }

    /// Adds one as it is on the wire.
    pub(crate) fn raw(&mut self, request: &[u8]) {
        self.bytes.extend_from_slice(request);
        self.ends.push(self.bytes.len());
    }

    /// How many there are.
    pub(crate) const fn len(&self) -> usize {
        self.ends.len()
    }

    /// The bytes of one.
    pub(crate) fn get(&self, place: usize) -> Option<&[u8]> {
        let end = *self.ends.get(place)?;
        let start = match place.checked_sub(1) {
            Some(before) => *self.ends.get(before)?,
            None => 0,
        };
        self.bytes.get(start..end)
    }
}

/// Sends requests once each, over so many connections at a time, until `count` are sent or [`LONGEST`]
/// is over.
pub(crate) fn run(
    address: SocketAddr,
    requests: &Arc<Requests>,
    count: usize,
    connections: u16,
) -> anyhow::Result<Outcome> {
    let generator = Aside::start("generator")?;
    let queue = Arc::new(Queue {
        requests: Arc::clone(requests),
        count,
        next: AtomicUsize::new(0),
    });
    generator.run(drive(address, queue, connections))?
}

/// Requests that wait for a connection.
#[derive(Debug)]
struct Queue {
    requests: Arc<Requests>,
    count: usize,
    next: AtomicUsize,
}

impl Queue {
    fn next(&self) -> Option<&[u8]> {
        let place = self.next.fetch_add(1, Ordering::Relaxed);
        let is_due = place < self.count;
        is_due.then(|| self.requests.get(place)).flatten()
    }
}

async fn drive(
    address: SocketAddr,
    queue: Arc<Queue>,
    connections: u16,
) -> anyhow::Result<Outcome> {
    let mut open = Vec::new();
    for _ in 0..connections {
        open.push(Connection::open(address).await?);
    }
    let mut going = JoinSet::new();
    let (began, cpu) = (clock::now(), clock::thread_cpu());
    for connection in open {
        going.spawn(take_turns(connection, Arc::clone(&queue), began));
    }
    let mut outcome = Outcome {
        elapsed: Duration::ZERO,
        times: Times::default(),
        cpu: Duration::ZERO,
        failed: 0,
    };
    while let Some(ended) = going.join_next().await {
        let (times, failed) = ended.context("a connection's task has died")??;
        outcome.times.append(times);
        outcome.failed += failed;
    }
    outcome.elapsed = began.elapsed();
    outcome.cpu = clock::thread_cpu().saturating_sub(cpu);
    Ok(outcome)
}

async fn take_turns(
    mut connection: Connection,
    queue: Arc<Queue>,
    start: Instant,
) -> anyhow::Result<(Times, usize)> {
    let mut times = Times::default();
    let mut failed = 0;
    while let Some(request) = queue.next() {
        let began = clock::now();
        if LONGEST <= began.duration_since(start) {
            break;
        }
        let status = connection.exchange(request).await?;
        times.push(began.elapsed());
        failed += usize::from(status != 200);
    }
    Ok((times, failed))
}

impl Connection {
    /// Opens one.
    pub(crate) async fn open(address: SocketAddr) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            buffer: vec![0; LONGEST_ANSWER],
        })
    }

    /// Sends a request and waits for the whole answer. Returns its status.
    pub(crate) async fn exchange(&mut self, request: &[u8]) -> anyhow::Result<u16> {
        self.stream.write_all(request).await?;
        let mut filled = 0;
        loop {
            let room = self.buffer.get_mut(filled..).unwrap_or_default();
            anyhow::ensure!(!room.is_empty(), "an answer is too long");
            let read = self.stream.read(room).await?;
            anyhow::ensure!(0 < read, "a connection was closed");
            filled += read;
            let got = self.buffer.get(..filled).unwrap_or_default();
            if let Some((status, length)) = head(got)
                && length <= filled
            {
                return Ok(status);
            }
        }
    }
}

/// Status and whole length of an answer, once its head is there.
fn head(got: &[u8]) -> Option<(u16, usize)> {
    let end = got.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
    let text = std::str::from_utf8(got.get(..end)?).ok()?;
    let status = text.split(' ').nth(1)?.parse().ok()?;
    let body = text
        .lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .and_then(|(_, value)| value.trim().parse::<usize>().ok())
        .unwrap_or(0);
    Some((status, end + body))
}

#[cfg(test)]
mod tests {
    use super::Requests;
    use super::head;

    #[test]
    fn an_answer_ends_where_its_head_says() {
        for (got, expected) in [
            ("HTTP/1.1 200 OK\r\n", None),
            ("HTTP/1.1 200 OK\r\n\r\n", Some((200, 19))),
            (
                "HTTP/1.1 404 Not Found\r\nContent-Length: 7\r\n\r\nab",
                Some((404, 52)),
            ),
        ] {
            assert_eq!(head(got.as_bytes()), expected, "{got}");
        }
    }

    #[test]
    fn requests_keep_apart() {
        let mut requests = Requests::default();
        requests.post("/a", "", b"{}");
        requests.post("/b", "X: y\r\n", b"[]");
        assert!(requests.get(0).unwrap().starts_with(b"POST /a "));
        assert!(requests.get(1).unwrap().ends_with(b"X: y\r\n\r\n[]"));
        assert_eq!((requests.len(), requests.get(2)), (2, None));
    }
}
