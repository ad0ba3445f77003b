//! Whether intake grows slower as the store grows.

use std::sync::Arc;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering;
use std::time::Duration;
use std::time::Instant;

use anyhow::Context as _;
use domain::ids::NumberId;
use store::Store;
use tokio::task::JoinSet;

use crate::clock;
use crate::corpus::Person;
use crate::corpus::Written;
use crate::database::Backend;
use crate::figure::float;
use crate::figure::rate;
use crate::floor;
use crate::house::House;
use crate::intake;
use crate::intake::NOWHERE;
use crate::intake::Options;
use crate::intake::PEOPLE;
use crate::pass::Meter;
use crate::pass::Taker;
use crate::report;
use crate::report::Goal;
use crate::report::Report;

/// Loading stops here, with what is stored by then.
const LONGEST: Duration = Duration::from_mins(6);

/// Messages on their way to the store while it is loaded.
const WORKERS: u32 = 512;

/// Measures the empty store, loads it, measures it again.
pub(crate) fn run(options: Options, backend: &Backend, wanted: u32) -> anyhow::Result<Report> {
    let connections = options.connections;
    let house = House::open(backend, NOWHERE, 1)?;
    let sink = intake::relay(&house, options.relay)?;
    let meter = Meter {
        taker: Taker::House,
        sink: sink.as_ref(),
        cluster: backend.cluster(),
    };
    let pass = |first, serial, most| {
        let requests = intake::requests(first, serial);
        meter.measure(house.public, (&requests, most), connections)
    };
    let everybody = usize::try_from(PEOPLE)?;
    let disk = floor::disk_rate(&floor::fdatasync(house.directory())?);
    let bare = floor::acknowledge(&intake::requests(0, 0), connections)?;
    let new = pass(0, 0, everybody)?;
    let known = pass(0, PEOPLE, new.count)?;
    let (loaded, loading) = load(&house, 2 * PEOPLE, wanted)?;
    let new_later = pass(PEOPLE, u32::MAX / 2, everybody)?;
    let known_later = pass(0, u32::MAX / 4, everybody)?;
    let bytes = house.bytes();
    house.close();
    let mut report = Report::new(format!(
        "Intake as the store grows: {}, {connections} connections, {loaded} messages loaded",
        backend.name()
    ));
    report.figure("floor: fdatasync of 4 KiB", disk, "/s");
    report.figure("floor: bare acknowledge", bare.rate, "/s");
    report.figure("loading, without HTTP", loading, "/s");
    report.figure("database after loading", float(bytes) / 1e9, "GB");
    for (name, before, after) in [
        ("new people", new, new_later),
        ("known people", known, known_later),
    ] {
        report.figure(format!("{name}: rate when empty"), before.rate, "/s");
        report.figure(format!("{name}: rate when loaded"), after.rate, "/s");
        let ratio = after.rate / before.rate;
        report.against(format!("{name}: ratio"), ratio, "×", Goal::AtLeast(0.8));
    }
    Ok(report)
}

/// Loads messages of the people already known, past HTTP. Returns how many, and how many a second.
pub(crate) fn load(house: &House, first: u32, wanted: u32) -> anyhow::Result<(u32, f64)> {
    report::note(&format!("intake: loading {wanted} messages"));
    let loader = Arc::new(Loader {
        store: Arc::clone(house.service.store()),
        number: *house.numbers().first().context("no number")?,
        next: AtomicU32::new(0),
        first,
        wanted,
        began: clock::now(),
    });
    let began = loader.began;
    let loaded = house.wait(async {
        let mut going = JoinSet::new();
        for _ in 0..WORKERS {
            going.spawn(Arc::clone(&loader).work());
        }
        let mut loaded = 0;
        while let Some(ended) = going.join_next().await {
            loaded += ended??;
        }
        Ok::<u32, anyhow::Error>(loaded)
    })?;
    let count = usize::try_from(loaded)?;
    Ok((loaded, rate(count, began.elapsed())))
}

/// What the workers that load share.
#[derive(Debug)]
struct Loader {
    store: Arc<Store>,
    number: NumberId,
    next: AtomicU32,
    first: u32,
    wanted: u32,
    began: Instant,
}

impl Loader {
    /// Stores one message after another. Returns how many it has stored.
    async fn work(self: Arc<Self>) -> anyhow::Result<u32> {
        let mut loaded = 0;
        while self.began.elapsed() < LONGEST {
            let place = self.next.fetch_add(1, Ordering::Relaxed);
            if self.wanted <= place {
                break;
            }
            let serial = self.first + place;
            let keyring = self.store.keyring();
            let tag = keyring.dedup_tag(&[b"load", &serial.to_be_bytes()]);
            let written = Written {
                from: Person(place.wrapping_mul(7_919) % PEOPLE),
                serial,
                at: self.store.clock().now(),
            };
            self.store.intake(written.intake(self.number, tag)).await?;
            loaded += 1;
        }
        Ok(loaded)
    }
}
