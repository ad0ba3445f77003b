//! What the gateway adds to an app's call: the same call to the emulator directly, and through the
//! gateway, turn by turn over one connection.

use std::net::SocketAddr;
use std::sync::Arc;

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
use tokio::task::JoinSet;

use crate::aside::Aside;
use crate::clock;
use crate::corpus;
use crate::corpus::Person;
use crate::corpus::Written;
use crate::figure::Times;
use crate::figure::micros_each;
use crate::floor;
use crate::house::House;
use crate::load::Connection;
use crate::load::Requests;
use crate::report;
use crate::report::Goal;
use crate::report::Report;

/// Business numbers: enough that the throughput of none, 80 a second, is reached.
const NUMBERS: u16 = 64;

/// People written to; each gets each kind of message once, so that no pair rate is reached.
const PEOPLE: u32 = 4_000;

/// Messages in a row by one way, before it is the other's turn.
const TURN: usize = 200;

/// The goal: this much and one `fdatasync` of the same run, milliseconds at the median.
const ADDED: f64 = 0.2;

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

/// Both kinds, both ways.
pub(crate) fn run() -> anyhow::Result<Report> {
    let aside = Aside::start("emulator")?;
    let meta = aside.run(emulator::start(config()))??;
    let house = House::open(&format!("{}/", meta.base_url()), NUMBERS)?;
    let token = house.add_app(None)?;
    report::note("send: enrolling people");
    let store = Arc::clone(house.service.store());
    house.wait(acquaint(&store, &house.numbers()))?;
    anyhow::ensure!(
        house.wait(house.service.sync_templates()),
        "the template catalogue could not be synced"
    );
    let disk = floor::fdatasync(house.directory())?;
    let fdatasync = disk.percentile(50);
    let mut report =
        Report::new("Send: latency of one connection, emulator alone and through the gateway");
    report.figure("floor: fdatasync of 4 KiB, p50", fdatasync, "ms");
    report.figure("floor: fdatasync of 4 KiB, p99", disk.percentile(99), "ms");
    for kind in [Kind::FreeForm, Kind::Template] {
        let direct = (meta.addr(), requests(kind, "emulator-access-token"));
        let through = (house.apps, requests(kind, &token));
        let generator = Aside::start("generator")?;
        let others = || anyhow::Ok(generator.cpu()? + aside.cpu()?);
        let before = (clock::process_cpu(), others()?);
        let (direct, through) = generator.run(compare(direct, through))??;
        let after = (clock::process_cpu(), others()?);
        let spent = after
            .0
            .saturating_sub(before.0 + after.1.saturating_sub(before.1));
        let name = kind.name();
        for (way, times) in [("direct", &direct), ("gateway", &through)] {
            report.figure(format!("{name}: {way} p50"), times.percentile(50), "ms");
            report.figure(format!("{name}: {way} p99"), times.percentile(99), "ms");
        }
        let added = |percent| through.percentile(percent) - direct.percentile(percent);
        let goal = Goal::AtMost(ADDED + fdatasync);
        report.against(format!("{name}: added p50"), added(50), "ms", goal);
        report.figure(format!("{name}: added p99"), added(99), "ms");
        let cpu = micros_each(spent, through.len());
        report.figure(format!("{name}: CPU of the gateway, each"), cpu, "µs");
    }
    house.close();
    aside.run(meta.shutdown())?;
    Ok(report)
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
        // As many at a time as one batch of the store's takes.
        if TURN <= going.len()
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

/// Sends everything both ways, taking turns, and returns the times of each.
async fn compare(
    direct: (SocketAddr, Requests),
    through: (SocketAddr, Requests),
) -> anyhow::Result<(Times, Times)> {
    let mut ways = [
        (
            Connection::open(direct.0).await?,
            direct.1,
            Times::default(),
        ),
        (
            Connection::open(through.0).await?,
            through.1,
            Times::default(),
        ),
    ];
    let count = usize::try_from(PEOPLE)?;
    for first in (0..count).step_by(TURN) {
        for (connection, requests, times) in &mut ways {
            for place in first..(first + TURN).min(count) {
                let request = requests.get(place).unwrap_or_default();
                let began = clock::now();
                let status = connection.exchange(request).await?;
                times.push(began.elapsed());
                anyhow::ensure!(status == 200, "a message was answered {status}");
            }
        }
    }
    let [(_, _, direct), (_, _, through)] = ways;
    Ok((direct, through))
}
