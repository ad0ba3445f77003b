//! What the gateway adds to an app's call: the same call to the emulator directly, and through the
//! gateway, turn by turn over one connection each, with the disk asked in between.
//!
//! A disk that others use too is ten times slower in one second than in the next. So a call through
//! the gateway is held against the direct call and the `fdatasync` that were made a moment before.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use domain::audit::Actor;
use domain::consent::Channel;
use domain::consent::ConsentState;
use domain::consent::EvidenceGrade;
use domain::consent::Method;
use domain::ids::NumberId;
use domain::ids::PurposeId;
use domain::purpose::PurposeClass;
use emulator::Config;
use emulator::Limits;
use emulator::Number;
use emulator::WindowCheck;
use serde_json::Value;
use serde_json::json;
use store::NewConsent;
use store::Store;
use testkit::postgres::Cluster;
use tokio::task::JoinSet;

use crate::aside::Aside;
use crate::clock;
use crate::corpus;
use crate::corpus::Person;
use crate::corpus::Written;
use crate::database::Backend;
use crate::figure::Times;
use crate::figure::median;
use crate::figure::micros_each;
use crate::floor::Disk;
use crate::house::House;
use crate::load::Connection;
use crate::load::Requests;
use crate::process;
use crate::report;
use crate::report::Goal;
use crate::report::Report;

/// Business numbers: enough that the throughput of none, 80 a second, is reached.
const NUMBERS: u16 = 64;

/// People written to; each gets each kind of message once, so that no pair rate is reached.
const PEOPLE: u32 = 4_000;

/// Messages in a row by one way, before it is the other's turn: some milliseconds.
const TURN: usize = 20;

/// People enrolled at a time: as many as one batch of the store's takes.
const ENROLLING: usize = 200;

/// The goal: what a call through the gateway takes longer than the direct one and one `fdatasync` of
/// the same moment, milliseconds at the median.
const BEYOND: f64 = 0.2;

/// The two kinds of message that are measured.
#[derive(Clone, Copy, Debug)]
enum Kind {
    FreeForm,
    Template,
}

impl Kind {
    const fn name(self) -> &'static str {
        match self {
            Self::FreeForm => "free-form in the window",
            Self::Template => "template with consent",
        }
    }

    fn body(self, to: Person) -> Value {
        let mut body = json!({
            "messaging_product": "whatsapp",
            "recipient_type": "individual",
            "to": to.phone(),
        });
        let (kind, content) = match self {
            Self::FreeForm => (
                "text",
                json!({"body": "Your two bags are ready; we keep them until Saturday at one."}),
            ),
            Self::Template => (
                "template",
                json!({"name": "hello_world", "language": {"code": "en_US"}}),
            ),
        };
        if let Some(members) = body.as_object_mut() {
            members.insert("type".to_owned(), json!(kind));
            members.insert(kind.to_owned(), content);
        }
        body
    }
}

/// Both kinds, both ways, over one database.
pub(crate) fn run(backend: &Backend) -> anyhow::Result<Report> {
    let aside = Aside::start("emulator")?;
    let meta = aside.run(emulator::start(config()))??;
    let house = House::open(backend, &format!("{}/", meta.base_url()), NUMBERS)?;
    let token = house.add_app(None)?;
    let name = backend.name();
    report::note(&format!("send: {name}, enrolling people"));
    let store = Arc::clone(house.service.store());
    house.wait(acquaint(&store, &house.numbers()))?;
    anyhow::ensure!(
        house.wait(house.service.sync_templates()),
        "the template catalogue could not be synced"
    );
    let mut report = Report::new(format!(
        "Send over {name}: latency of one connection, emulator alone and through the gateway"
    ));
    for kind in [Kind::FreeForm, Kind::Template] {
        let ways = Ways {
            direct: (meta.addr(), requests(kind, "emulator-access-token")),
            through: (house.apps, requests(kind, &token)),
            disk: Disk::open(house.directory())?,
        };
        let generator = Aside::start("generator")?;
        let others = || anyhow::Ok(generator.cpu()? + aside.cpu()?);
        let before = (clock::process_cpu(), others()?, served(backend)?);
        let seen = generator.run(compare(ways))??;
        let after = (clock::process_cpu(), others()?, served(backend)?);
        let spent = after
            .0
            .saturating_sub(before.0 + after.1.saturating_sub(before.1));
        tell(&mut report, kind.name(), &seen);
        let count = seen.through.len();
        let cpu = |of| format!("{}: CPU of {of}, each", kind.name());
        report.figure(cpu("the gateway"), micros_each(spent, count), "µs");
        if backend.cluster().is_some() {
            let served = after.2.saturating_sub(before.2);
            report.figure(cpu("PostgreSQL"), micros_each(served, count), "µs");
        }
    }
    house.close();
    aside.run(meta.shutdown())?;
    Ok(report)
}

/// Processor time of the database server so far, if there is one.
fn served(backend: &Backend) -> anyhow::Result<Duration> {
    let server = backend.cluster().and_then(Cluster::process);
    server.map_or(Ok(Duration::ZERO), process::cpu)
}

/// The two ways, and the disk.
#[derive(Debug)]
struct Ways {
    direct: (SocketAddr, Requests),
    through: (SocketAddr, Requests),
    disk: Disk,
}

/// The times of each; those at one place were taken within some milliseconds.
#[derive(Debug, Default)]
struct Seen {
    direct: Times,
    disk: Times,
    through: Times,
}

fn tell(report: &mut Report, kind: &str, seen: &Seen) {
    for (way, times) in [
        ("floor: fdatasync of 4 KiB", &seen.disk),
        ("direct", &seen.direct),
        ("gateway", &seen.through),
    ] {
        report.figure(format!("{kind}: {way}, p50"), times.percentile(50), "ms");
        report.figure(format!("{kind}: {way}, p99"), times.percentile(99), "ms");
    }
    let added = |percent| seen.through.percentile(percent) - seen.direct.percentile(percent);
    report.figure(format!("{kind}: added p99"), added(99), "ms");
    let pairs = || seen.through.millis().zip(seen.direct.millis());
    let added = pairs().map(|(through, direct)| through - direct);
    let name = format!("{kind}: added, median of pairs");
    report.figure(name, median(added.collect()), "ms");
    let beyond = pairs().zip(seen.disk.millis());
    let beyond = beyond.map(|((through, direct), disk)| through - direct - disk);
    let name = format!("{kind}: added beyond the fdatasync, median of pairs");
    report.against(name, median(beyond.collect()), "ms", Goal::AtMost(BEYOND));
}

fn config() -> Config {
    let number = |place: u16| Number {
        display_phone_number: format!("+27 21 555 {place:04}"),
        phone_number_id: (corpus::NUMBER + u64::from(place)).to_string(),
        verified_name: "Kaapse Koffie".to_owned(),
    };
    Config {
        limits: Limits {
            magic_recipients: false,
            pair_burst: 0,
            throughput: 0,
            window: WindowCheck::Off,
            ..Limits::default()
        },
        numbers: (0..NUMBERS).map(number).collect(),
        people: Vec::new(),
        ..Config::default()
    }
}

/// Everybody has written in, and agreed to news about orders.
async fn acquaint(store: &Arc<Store>, numbers: &[NumberId]) -> anyhow::Result<()> {
    let registry = store.registry();
    let purpose = registry
        .purposes
        .iter()
        .find(|entry| entry.purpose.class == PurposeClass::Utility)
        .map(|entry| entry.purpose.id)
        .context("no purpose for news about orders")?;
    let mut going = JoinSet::new();
    for (number, place) in numbers.iter().copied().cycle().zip(0..PEOPLE) {
        if ENROLLING <= going.len()
            && let Some(ended) = going.join_next().await
        {
            ended??;
        }
        let store = Arc::clone(store);
        going.spawn(async move {
            let written = Written {
                from: Person(place),
                serial: place,
                at: store.clock().now(),
            };
            let tag = store.keyring().dedup_tag(&[&place.to_be_bytes()]);
            store.intake(written.intake(number, tag)).await?;
            let subject = store
                .enrol(Actor::System, written.from.identifiers())
                .await?;
            let event = agreed(purpose);
            store.record_consent(Actor::System, subject, event).await?;
            Ok::<(), anyhow::Error>(())
        });
    }
    while let Some(ended) = going.join_next().await {
        ended??;
    }
    Ok(())
}

fn agreed(purpose: PurposeId) -> NewConsent {
    NewConsent {
        purpose,
        channel: Channel::WhatsApp,
        state: ConsentState::Given,
        method: Method::ChatKeyword,
        grade: EvidenceGrade::Direct,
        notice: None,
        language: "en".to_owned(),
        jurisdictions: "ZA".to_owned(),
        rule: "bench/agreed".to_owned(),
        evidence: "agreed in the chat".to_owned(),
        expires: None,
    }
}

/// One message to each of the people, each from the number that person wrote to.
fn requests(kind: Kind, token: &str) -> Requests {
    let mut requests = Requests::default();
    let header = format!("Authorization: Bearer {token}\r\n");
    for (number, place) in (0..NUMBERS).cycle().zip(0..PEOPLE) {
        let id = corpus::NUMBER + u64::from(number);
        let body = kind.body(Person(place)).to_string();
        requests.post(&format!("/v23.0/{id}/messages"), &header, body.as_bytes());
    }
    requests
}

/// Sends everything both ways, taking turns with the disk.
async fn compare(ways: Ways) -> anyhow::Result<Seen> {
    let mut direct = Connection::open(ways.direct.0).await?;
    let mut through = Connection::open(ways.through.0).await?;
    let mut seen = Seen::default();
    let count = usize::try_from(PEOPLE)?;
    for first in (0..count).step_by(TURN) {
        let turn = first..(first + TURN).min(count);
        for place in turn.clone() {
            let took = exchange(&mut direct, &ways.direct.1, place).await?;
            seen.direct.push(took);
        }
        for _ in turn.clone() {
            seen.disk.push(ways.disk.ask()?);
        }
        for place in turn {
            let took = exchange(&mut through, &ways.through.1, place).await?;
            seen.through.push(took);
        }
    }
    Ok(seen)
}

async fn exchange(
    connection: &mut Connection,
    requests: &Requests,
    place: usize,
) -> anyhow::Result<Duration> {
    let request = requests.get(place).unwrap_or_default();
    let began = clock::now();
    let status = connection.exchange(request).await?;
    anyhow::ensure!(status == 200, "a message was answered {status}");
    Ok(began.elapsed())
}
