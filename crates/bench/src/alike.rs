//! Whether the time of an answer tells who is known: one-time codes asked for over HTTP, for numbers that
//! somebody here has and for numbers that nobody has, in a random order.
//!
//! Once as people meet it, where every answer is held back until the same moment, and once with
//! nothing held back: what there would be to see.

use std::net::IpAddr;
use std::net::Ipv4Addr;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;
use std::time::Duration;

use anyhow::Context as _;
use axum::extract::Request;
use axum::middleware;
use axum::middleware::Next;
use desk::Caller;
use domain::audit::Actor;
use domain::subject::Identifier;
use domain::subject::IdentifierKind;
use egress::sms::SmsProvider;
use jiff::tz::TimeZone;
use seal::Random;
use seal::Zeroizing;
use service::Settings;
use tokio::io::AsyncReadExt as _;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use url::Url;

use crate::clock;
use crate::database::Backend;
use crate::figure::Times;
use crate::figure::float;
use crate::house::House;
use crate::intake::NOWHERE;
use crate::load::Connection;
use crate::report;
use crate::report::Report;
use crate::sink::Sink;

/// Numbers of each kind; each is asked about once, as the third time within an hour is bounded.
const NUMBERS: u32 = 2_000;
/// How long an answer is held back.
const EVEN: Duration = Duration::from_millis(300);
/// Connections at a time, held back and not.
const CONNECTIONS: [(Duration, u16); 2] = [(EVEN, 32), (Duration::ZERO, 4)];
/// Where people come.
const SITE: &str = "https://people.example";
/// Who asks, told by the request itself: one client may ask about so many numbers only.
const CLIENT: &str = "x-bench-client";

/// Both ways.
pub(crate) fn run() -> anyhow::Result<Report> {
    let mut report = Report::new("A one-time code asked for: known and unknown numbers");
    for (even, connections) in CONNECTIONS {
        let held = if even.is_zero() {
            "nothing held back".to_owned()
        } else {
            format!("held back to {} ms", even.as_millis())
        };
        report::note(&format!("alike: {held}"));
        let (known, unknown) = measure(even, connections)?;
        tell(&mut report, &held, &known, &unknown);
    }
    Ok(report)
}

fn tell(report: &mut Report, held: &str, known: &Times, unknown: &Times) {
    for (name, times) in [("known", known), ("unknown", unknown)] {
        for percent in [50, 99] {
            let name = format!("{held}: {name}, p{percent}");
            report.figure(name, times.percentile(percent), "ms");
        }
    }
    for percent in [50, 99] {
        let apart = known.percentile(percent) - unknown.percentile(percent);
        let name = format!("{held}: p{percent}, known less unknown");
        report.figure(name, apart * 1e3, "µs");
    }
    let (known, unknown): (Vec<f64>, Vec<f64>) =
        (known.millis().collect(), unknown.millis().collect());
    report.figure(format!("{held}: Welch's t"), welch(&known, &unknown), "");
    let (share, z) = mann_whitney(&known, &unknown);
    report.figure(
        format!("{held}: a known one takes longer"),
        share * 100.0,
        "%",
    );
    report.figure(format!("{held}: Mann–Whitney's z"), z, "");
}

/// The times of known and of unknown numbers.
fn measure(even: Duration, connections: u16) -> anyhow::Result<(Times, Times)> {
    let sink = Sink::start()?;
    let provider = Url::parse(&sink.url())?;
    let told = move |settings: &mut Settings| {
        settings.portal.even = even;
        settings.portal.public_url = Url::parse(SITE).ok();
        settings.portal.outbox.sms = Some(SmsProvider::Generic {
            url: provider,
            token: Zeroizing::new("bench".to_owned()),
            from: None,
        });
    };
    let house = House::open_told(&Backend::Sqlite, NOWHERE, 1, told)?;
    house.wait(enrol(&house))?;
    let pages = desk::Settings {
        address: Url::parse(SITE)?,
        languages: Vec::new(),
        language: "en".to_owned(),
        zone: TimeZone::UTC,
        forms: Vec::new(),
    };
    let router = desk::router(Arc::clone(&house.service), pages)?;
    let address = house.serve(router.layer(middleware::from_fn(name_client)))?;
    let token = house.wait(form_token(address))?;
    let requests = Arc::new(Requests::new(&token)?);
    let times = house.wait(drive(address, requests, connections))?;
    house.close();
    Ok(times)
}

async fn name_client(mut request: Request, next: Next) -> axum::response::Response {
    let named = request.headers().get(CLIENT);
    let number: u32 = named
        .and_then(|value| value.to_str().ok()?.parse().ok())
        .unwrap_or_default();
    let client = IpAddr::V4(Ipv4Addr::from(0x0A00_0000 | number));
    request.extensions_mut().insert(Caller(client));
    next.run(request).await
}

/// Half of the numbers get somebody.
async fn enrol(house: &House) -> anyhow::Result<()> {
    let store = house.service.store();
    let mut going = JoinSet::new();
    for n in 0..NUMBERS {
        let store = Arc::clone(store);
        let phone = Identifier::new(IdentifierKind::Phone, number(n, true));
        going.spawn(async move { store.enrol(Actor::System, vec![phone]).await });
    }
    while let Some(done) = going.join_next().await {
        done??;
    }
    Ok(())
}

fn number(n: u32, known: bool) -> String {
    format!("+2782{}{n:06}", if known { 1 } else { 2 })
}

/// What the form on the page carries.
async fn form_token(address: SocketAddr) -> anyhow::Result<String> {
    let mut stream = TcpStream::connect(address).await?;
    let head =
        "GET /preferences/enter HTTP/1.1\r\nHost: people.example\r\nConnection: close\r\n\r\n";
    stream.write_all(head.as_bytes()).await?;
    let mut page = String::new();
    stream.read_to_string(&mut page).await?;
    let (_, rest) = page
        .split_once("name=\"token\" value=\"")
        .context("the page has no form")?;
    let (token, _) = rest.split_once('"').context("the form has no token")?;
    Ok(token.to_owned())
}

/// Requests in a random order, and which are about a number that somebody has.
struct Requests {
    all: Vec<(bool, Vec<u8>)>,
    next: AtomicUsize,
}

impl Requests {
    fn new(token: &str) -> anyhow::Result<Self> {
        let mut all: Vec<(bool, Vec<u8>)> = (0..NUMBERS)
            .flat_map(|n| [(true, n), (false, n)])
            .map(|(known, n)| (known, post(token, &number(n, known), n)))
            .collect();
        // Fisher and Yates.
        let random = Random::seeded(3);
        for place in (1..all.len()).rev() {
            let drawn = u64::from_be_bytes(random.array()?);
            let other = usize::try_from(drawn % (place as u64 + 1))?;
            all.swap(place, other);
        }
        Ok(Self {
            all,
            next: AtomicUsize::new(0),
        })
    }

    fn next(&self) -> Option<&(bool, Vec<u8>)> {
        self.all.get(self.next.fetch_add(1, Ordering::Relaxed))
    }
}

fn post(token: &str, phone: &str, client: u32) -> Vec<u8> {
    let body = format!("token={token}&phone=%2B{}", phone.trim_start_matches('+'));
    let head = format!(
        "POST /preferences/enter HTTP/1.1\r\nHost: people.example\r\nOrigin: {SITE}\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nAccept: text/html\r\n\
         {CLIENT}: {client}\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    head.into_bytes()
}

async fn drive(
    address: SocketAddr,
    requests: Arc<Requests>,
    connections: u16,
) -> anyhow::Result<(Times, Times)> {
    let mut going = JoinSet::new();
    for _ in 0..connections {
        let mut connection = Connection::open(address).await?;
        let requests = Arc::clone(&requests);
        going.spawn(async move {
            let (mut known, mut unknown) = (Times::default(), Times::default());
            while let Some((is_known, request)) = requests.next() {
                let began = clock::now();
                let status = connection.exchange(request).await?;
                let took = began.elapsed();
                anyhow::ensure!(status == 200, "a code was answered {status}");
                if *is_known {
                    known.push(took);
                } else {
                    unknown.push(took);
                }
            }
            Ok((known, unknown))
        });
    }
    let (mut known, mut unknown) = (Times::default(), Times::default());
    while let Some(ended) = going.join_next().await {
        let (some, others) = ended.context("a connection's task has died")??;
        known.append(some);
        unknown.append(others);
    }
    Ok((known, unknown))
}

fn mean_and_spread(values: &[f64]) -> (f64, f64, f64) {
    let count = float(values.len() as u64);
    let mean = values.iter().sum::<f64>() / count;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    (mean, squares / (count - 1.0), count)
}

/// Welch's t of two samples: how many standard errors their means are apart.
fn welch(one: &[f64], other: &[f64]) -> f64 {
    let (mean, spread, count) = mean_and_spread(one);
    let (other_mean, other_spread, other_count) = mean_and_spread(other);
    (mean - other_mean) / (spread / count + other_spread / other_count).sqrt()
}

/// The share of pairs in which `one` is the larger (ties count half), and Mann and Whitney's statistic
/// in standard deviations. Ties are too few in nanoseconds to be corrected for.
fn mann_whitney(one: &[f64], other: &[f64]) -> (f64, f64) {
    let mut all: Vec<(f64, bool)> = one
        .iter()
        .map(|value| (*value, true))
        .chain(other.iter().map(|value| (*value, false)))
        .collect();
    all.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut ranks = 0.0;
    let mut place = 1_u64;
    for tied in all.chunk_by(|a, b| a.0.total_cmp(&b.0).is_eq()) {
        let length = tied.len() as u64;
        let rank = float(place) + (float(length) - 1.0) / 2.0;
        let ours = tied.iter().filter(|(_, ours)| *ours).count();
        ranks += rank * float(ours as u64);
        place += length;
    }
    let (n, m) = (float(one.len() as u64), float(other.len() as u64));
    let wins = ranks - n * (n + 1.0) / 2.0;
    let deviation = (n * m * (n + m + 1.0) / 12.0).sqrt();
    (wins / (n * m), (wins - n * m / 2.0) / deviation)
}

#[cfg(test)]
mod tests {
    use super::mann_whitney;
    use super::welch;

    fn near(found: f64, expected: f64) {
        assert!((found - expected).abs() < 1e-3, "{found}, not {expected}");
    }

    #[test]
    fn statistics() {
        let (low, high) = ([1.0, 2.0, 3.0, 4.0], [3.0, 4.0, 5.0, 6.0]);
        near(welch(&low, &low), 0.0);
        near(welch(&high, &low), 2.190_89);
        // Sixteen pairs: two are lost to ties halved twice, one is won by the lower.
        let (share, z) = mann_whitney(&high, &low);
        near(share, 0.875);
        near(z, 6.0 / (4.0_f64 * 4.0 * 9.0 / 12.0).sqrt());
        near(mann_whitney(&low, &high).0, 0.125);
        near(mann_whitney(&low, &low).1, 0.0);
    }
}
