//! An erasure until the person is unreachable: the same for somebody with few messages and with many.

use std::sync::Arc;

use anyhow::Context as _;
use domain::audit::Actor;
use domain::erasure::EraseReason;
use domain::ids::NumberId;
use domain::ids::SubjectId;
use domain::subject::Identifier;
use domain::subject::IdentifierKind;
use store::Store;
use store::erase::EraseOrder;
use store::operation::Dedup;
use store::operation::Intake;
use store::operation::Item;
use store::operation::Message;

use crate::clock;
use crate::database::Backend;
use crate::figure::float;
use crate::figure::median;
use crate::floor;
use crate::house::House;
use crate::intake::NOWHERE;
use crate::report;
use crate::report::Goal;
use crate::report::Report;

/// Milliseconds until a person is unreachable, however many messages there are.
const UNREACHABLE: Goal = Goal::AtMost(10.0);
/// How many messages somebody with few has.
const FEW: u32 = 10;
/// How many messages one operation brings.
const POST: u32 = 64;
/// How many single messages come between the loading and the first erasure.
const QUIET: u32 = 500;
/// How many people of each kind are erased, in turns; the figure is the middle one.
const EACH: u32 = 5;

/// Measures erasures of people with few messages, and with so many.
pub(crate) fn run(backend: &Backend, many: u32) -> anyhow::Result<Report> {
    let house = House::open(backend, NOWHERE, 1)?;
    let disk = floor::disk_rate(&floor::fdatasync(house.directory())?);
    let store = Arc::clone(house.service.store());
    let number = *house.numbers().first().context("no number")?;
    let mut report = Report::new(format!("Erasure: {}", backend.name()));
    report.figure("floor: fdatasync of 4 KiB", disk, "/s");
    report::note(&format!(
        "erase: loading {EACH} × {FEW} and {EACH} × {many} messages, {}",
        backend.name()
    ));
    for pair in 0..EACH {
        house.wait(load(&store, number, (2 * pair, many)))?;
        house.wait(load(&store, number, (2 * pair + 1, FEW)))?;
    }
    // What the loading left to the disk is not the erasure's.
    house.wait(quiet(&store, number))?;
    let mut times = [Vec::new(), Vec::new()];
    for person in 0..2 * EACH {
        let took = house.wait(erase(&store, person))?;
        let [of_many, of_few] = &mut times;
        let kind = if person % 2 == 0 { of_many } else { of_few };
        kind.push(took);
    }
    let [of_many, of_few] = times;
    for (messages, times) in [(FEW, of_few), (many, of_many)] {
        let name = format!("unreachable, with {messages} messages");
        report.against(name, median(times), "ms", UNREACHABLE);
    }
    let began = clock::now();
    let rows = house.wait(sweep(&store))?;
    let spent = began.elapsed().as_secs_f64();
    report.figure("swept behind it", float(rows) / spent, "rows/s");
    house.close();
    Ok(report)
}

fn identifiers(person: u32) -> Vec<Identifier> {
    vec![
        Identifier::new(IdentifierKind::Phone, format!("+2782{person:07}")),
        Identifier::new(IdentifierKind::Bsuid, format!("ZA.{person:020}")),
    ]
}

/// Brings messages of somebody else, one at a time, until a write is an ordinary write again.
async fn quiet(store: &Arc<Store>, number: NumberId) -> anyhow::Result<()> {
    for stranger in 0..QUIET {
        load(store, number, (2 * EACH + stranger, 1)).await?;
    }
    Ok(())
}

async fn load(
    store: &Arc<Store>,
    number: NumberId,
    (person, messages): (u32, u32),
) -> anyhow::Result<()> {
    let mut serial = 0;
    while serial < messages {
        let end = (serial + POST).min(messages);
        let items = (serial..end).map(|serial| message(store, number, (person, serial)));
        let items = items.collect();
        store.intake(Intake { items }).await?;
        serial = end;
    }
    Ok(())
}

fn message(store: &Store, number: NumberId, (person, serial): (u32, u32)) -> Item {
    let now = store.clock().now();
    let wamid = format!("wamid.{person}.{serial}");
    let hash = seal::sha256(wamid.as_bytes());
    let mut tag = [0; 16];
    for (to, from) in tag.iter_mut().zip(hash) {
        *to = from;
    }
    Item::Message(Box::new(Message {
        number,
        identifiers: identifiers(person),
        name: Some("Thandi Mokoena".to_owned()),
        kind: "text",
        meta_at: Some(now),
        dedup: Dedup {
            hour: now.hour(),
            tag,
        },
        wamid,
        content: br#"{"message":{"text":{"body":"Is my order on its way?"}}}"#.to_vec(),
        opens_window: true,
        relayed: false,
        said: None,
        media: None,
        successor: None,
    }))
}

/// Erases a person. Returns how many milliseconds it took until that was durable.
async fn erase(store: &Arc<Store>, person: u32) -> anyhow::Result<f64> {
    let wanted = identifiers(person);
    let found = store.read(move |reader| {
        let first = wanted.first();
        first.map_or(Ok(None), |first| reader.find(first))
    });
    let subject: SubjectId = found.await?.context("nobody there")?;
    let order = EraseOrder {
        subject,
        request: None,
        reason: EraseReason::Requested,
        recipients_within: EraseOrder::RECIPIENTS_WITHIN,
    };
    let began = clock::now();
    store.erase(Actor::System, order).await?;
    Ok(began.elapsed().as_secs_f64() * 1e3)
}

/// Sweeps to the end. Returns how many rows went.
async fn sweep(store: &Arc<Store>) -> anyhow::Result<u64> {
    while let Some(slice) = store.to_sweep().await? {
        store.sweep(slice).await?;
    }
    let filter = store::erase::ErasureFilter::default();
    let all = store
        .read(move |reader| reader.erasures(filter, 200))
        .await?;
    Ok(all.iter().map(|erasure| erasure.rows).sum())
}
