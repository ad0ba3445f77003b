//! A copy of everything that is kept of one person: how long it takes for two hundred messages, how fast
//! it goes for many, and how much memory that takes.

use std::fs;

use anyhow::Context as _;
use domain::audit::Actor;
use domain::ids::NumberId;
use domain::ids::PackageId;
use domain::ids::SubjectId;
use domain::subject::Identifier;
use domain::subject::IdentifierKind;
use store::operation::Dedup;
use store::operation::Intake;
use store::operation::Item;
use store::operation::Message;
use store::package::PackageState;

use crate::clock;
use crate::database::Backend;
use crate::figure::float;
use crate::house::House;
use crate::intake::NOWHERE;
use crate::report;
use crate::report::Goal;
use crate::report::Report;

/// Messages a second, warm.
const RATE: f64 = 100_000.0;
/// Milliseconds for somebody with 200 messages.
const SMALL: f64 = 10.0;
/// How many messages that is.
const FEW: u32 = 200;
/// The middle size, whose memory the large one's is held against.
const MIDDLE: u32 = 10_000;
/// How many messages one intake brings.
const BATCH: u32 = 256;
/// What people write: one in so many messages names somebody else's number.
const OTHERS: u32 = 50;

/// Measures packages of people with few, with more, and with so many messages.
pub(crate) fn run(backend: &Backend, messages: u32) -> anyhow::Result<Report> {
    let house = House::open(backend, NOWHERE, 1)?;
    let number = *house.numbers().first().context("no number")?;
    let mut report = Report::new(format!("An access package, {}", backend.name()));
    let mut first = 0;
    let mut peaks = Vec::new();
    for (person, count) in [(1, FEW), (2, MIDDLE), (3, messages)] {
        report::note(&format!("package: loading {count} messages"));
        let subject = load(&house, number, (person, first, count))?;
        first += count;
        // Once for the caches, once for the figure.
        package(&house, subject)?;
        let made = package(&house, subject)?;
        let name = format!("{count} messages");
        let rate = f64::from(count) / (made.scan + made.write);
        if count == FEW {
            let spent = (made.scan + made.write) * 1e3;
            report.against(
                format!("{name}: scanned and made"),
                spent,
                "ms",
                Goal::AtMost(SMALL),
            );
        } else {
            report.figure(
                format!("{name}: scanned"),
                f64::from(count) / made.scan,
                "/s",
            );
            report.figure(format!("{name}: made"), f64::from(count) / made.write, "/s");
            report.against(format!("{name}: both"), rate, "/s", Goal::AtLeast(RATE));
        }
        report.figure(format!("{name}: archive"), float(made.size) / 1e6, "MB");
        report.figure(format!("{name}: memory taken"), made.peak, "MB");
        peaks.push(made.peak);
    }
    if let [_, middle, large] = peaks.as_slice() {
        report.against(
            format!("memory taken, {messages} over {MIDDLE} messages"),
            large - middle,
            "MB",
            Goal::AtMost(16.0),
        );
    }
    house.close();
    Ok(report)
}

/// What a package took.
struct Made {
    /// Seconds.
    scan: f64,
    write: f64,
    /// What the peak of the process's memory meanwhile was above what it had before, in megabytes: what
    /// loading the messages left in caches is not the package's.
    peak: f64,
    size: u64,
}

fn package(house: &House, subject: SubjectId) -> anyhow::Result<Made> {
    forget_peak();
    let before = memory("VmRSS:")?;
    let store = house.service.store();
    let id = house.wait(house.service.prepare_package(Actor::System, None, subject))?;
    let began = clock::now();
    house.wait(house.service.packages_now())?;
    let scan = began.elapsed().as_secs_f64();
    let mut write = 0.0;
    if state(house, id)? == PackageState::Review {
        house.wait(store.approve_package(Actor::System, id))?;
        let began = clock::now();
        house.wait(house.service.packages_now())?;
        write = began.elapsed().as_secs_f64();
    }
    let made = house.wait(store.read(move |reader| reader.package(id)))?;
    let made = made.filter(|made| made.state == PackageState::Ready);
    let made = made.context("the package was not made")?;
    let done = Made {
        scan,
        write,
        peak: memory("VmHWM:")? - before,
        size: made.size.unwrap_or_default(),
    };
    house.wait(store.cancel_package(Actor::System, id))?;
    house.wait(house.service.packages_now())?;
    Ok(done)
}

fn state(house: &House, id: PackageId) -> anyhow::Result<PackageState> {
    let store = house.service.store();
    let found = house.wait(store.read(move |reader| reader.package(id)))?;
    Ok(found.context("no package")?.state)
}

/// Has one person write so many messages.
fn load(
    house: &House,
    number: NumberId,
    (person, first, count): (u32, u32, u32),
) -> anyhow::Result<SubjectId> {
    let store = house.service.store();
    let phone = Identifier::new(IdentifierKind::Phone, format!("+2782{person:07}"));
    for from in (first..first + count).step_by(BATCH as usize) {
        let to = (first + count).min(from + BATCH);
        let items = (from..to).map(|serial| message(store.clock().now(), number, &phone, serial));
        house.wait(store.intake(Intake {
            items: items.collect(),
        }))?;
    }
    let found = house.wait(store.read(move |reader| reader.find(&phone)))?;
    found.context("nobody wrote")
}

fn message(at: domain::time::Timestamp, number: NumberId, phone: &Identifier, serial: u32) -> Item {
    let wamid = format!("wamid.{serial:044}");
    let about = if serial.is_multiple_of(OTHERS) {
        ", and ring my sister on 083 765 4321"
    } else {
        ", and thank you for the quick answer yesterday"
    };
    let from = phone.value().trim_start_matches('+');
    let content = serde_json::json!({
        "contact": {"profile": {"name": "Thandi"}, "wa_id": from},
        "message": {
            "from": from, "id": wamid, "timestamp": "1795262400", "type": "text",
            "text": {"body": format!("Could you look at order {serial} please{about}?")},
        },
    });
    let mut tag = [0; 16];
    tag.copy_from_slice(
        seal::sha256(wamid.as_bytes())
            .first_chunk::<16>()
            .unwrap_or(&[0; 16]),
    );
    Item::Message(Box::new(Message {
        number,
        identifiers: vec![phone.clone()],
        name: None,
        kind: "text",
        meta_at: Some(at),
        dedup: Dedup {
            hour: at.hour(),
            tag,
        },
        wamid,
        content: content.to_string().into_bytes(),
        opens_window: true,
        relayed: false,
        said: None,
        media: None,
        successor: None,
    }))
}

/// Has the system forget the peak of this process's memory so far (`proc_pid_clear_refs(5)`).
fn forget_peak() {
    // Where it cannot be forgotten, the peak is that of all so far, which only makes the figure worse.
    let _ = fs::write("/proc/self/clear_refs", "5");
}

/// What the system says of this process's memory under a name, in megabytes.
fn memory(name: &str) -> anyhow::Result<f64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    let line = line.context("the system does not tell how much memory there is")?;
    let kilobytes: u64 = line.trim().trim_end_matches("kB").trim().parse()?;
    Ok(float(kilobytes) / 1e3)
}
