//! A roll of the epoch key: how much it takes in a second, and what it leaves of intake meanwhile.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;
use std::time::Duration;

use anyhow::Context as _;
use domain::audit::Actor;
use domain::ids::NumberId;
use domain::subject::Identifier;
use domain::subject::IdentifierKind;
use domain::time::Span;
use store::RollStage;
use store::Rolled;
use store::Store;
use store::operation::Dedup;
use store::operation::Intake;
use store::operation::Item;
use store::operation::Message;

use crate::clock;
use crate::database::Backend;
use crate::figure::float;
use crate::figure::rate;
use crate::floor;
use crate::house::House;
use crate::intake::NOWHERE;
use crate::report;
use crate::report::Goal;
use crate::report::Report;

/// What a roll should leave of intake.
const LEFT: Goal = Goal::AtLeast(0.5);
/// For how long a key is used.
const EPOCH: Span = Span::days(7);
/// How many messages one operation of the load brings, and how many operations wait at once.
const POST: u32 = 16;
const AT_ONCE: u32 = 32;
/// How long intake is measured without a roll.
const ALONE: Duration = Duration::from_secs(5);
/// For how long a roll, or a run, is looked at under load, at the most.
pub(crate) const MEANWHILE: Duration = Duration::from_secs(20);
/// How many data keys and identifiers a person of this measurement has.
const EACH: f64 = 4.0;
/// How often it is looked how far a roll is.
const LOOK: Duration = Duration::from_millis(5);
/// How often somebody new is among those who write.
const ONE_NEW_IN: u64 = 8;

/// Measures a roll with so many people, at rest and under load.
pub(crate) fn run(backend: &Backend, people: u32) -> anyhow::Result<Report> {
    let house = House::open(backend, NOWHERE, 1)?;
    let disk = floor::disk_rate(&floor::fdatasync(house.directory())?);
    let store = Arc::clone(house.service.store());
    let number = *house.numbers().first().context("no number")?;
    report::note(&format!(
        "roll: loading {people} people, {}",
        backend.name()
    ));
    house.wait(load(&store, number, people))?;

    let mut report = Report::new(format!("Roll with {people} people: {}", backend.name()));
    report.figure("floor: fdatasync of 4 KiB", disk, "/s");
    let began = clock::now();
    let (rolled, [keys, index]) = house.wait(parts(&store))?;
    let whole = began.elapsed();
    report.figure(
        "the whole roll, nobody else writing",
        whole.as_secs_f64(),
        "s",
    );
    let keys = rate(usize::try_from(rolled.keys)?, keys);
    let identifiers = rate(usize::try_from(rolled.identifiers)?, index);
    report.figure("data keys", keys, "/s");
    report.figure("identifiers", identifiers, "/s");

    let load = Arc::new(Load::new(&store, number, people));
    let alone = house.wait(load.rate(alone()))?;
    let (meanwhile, rolled) = house.wait(under_load(&house, &load))?;
    report.figure("intake without a roll", alone, "/s");
    report.figure("intake during a roll", meanwhile, "/s");
    report.against("intake left during a roll", meanwhile / alone, "×", LEFT);
    report.figure("keys and identifiers under that load", rolled, "/s");
    let seconds = float(EPOCH.as_micros().unsigned_abs()) / 1e6;
    report.figure(
        "people that fit, rolled under load in 7 days",
        seconds * rolled / EACH / 1e6,
        "M",
    );
    house.close();
    Ok(report)
}

/// For how long intake is measured alone.
pub(crate) async fn alone() {
    tokio::time::sleep(ALONE).await;
}

/// How long a roll takes for data keys, and for identifiers, while the service's own job takes its
/// slices.
async fn parts(store: &Arc<Store>) -> anyhow::Result<(Rolled, [Duration; 2])> {
    let mut at = clock::now();
    store.begin_roll(Actor::System).await?;
    let mut parts = [Duration::ZERO; 2];
    let mut stage = Some(RollStage::Keys);
    loop {
        tokio::time::sleep(LOOK).await;
        let row = store.last_roll().await?;
        let row = row.context("no roll is on record")?;
        let now = clock::now();
        let [keys, index] = &mut parts;
        match stage {
            Some(RollStage::Keys) => *keys += now - at,
            Some(RollStage::Index | RollStage::Sweep) => *index += now - at,
            Some(RollStage::Bundle) | None => {}
        }
        (at, stage) = (now, row.stage);
        if row.ended_at.is_some() {
            return Ok((row.done, parts));
        }
    }
}

/// Intake while the service's own job takes the slices of a roll, and what the roll brings over
/// meanwhile, keys and identifiers. The load brings new ones nearly as fast, so that the end is not
/// waited for.
async fn under_load(house: &House, load: &Arc<Load>) -> anyhow::Result<(f64, f64)> {
    let store = Arc::clone(house.service.store());
    let began = clock::now();
    store.begin_roll(Actor::System).await?;
    let ended = async {
        while began.elapsed() < MEANWHILE && store.keyring().keys().old_epochs().next().is_some() {
            tokio::time::sleep(LOOK).await;
        }
    };
    let meanwhile = load.rate(ended).await?;
    let elapsed = began.elapsed();
    let row = store.last_roll().await?;
    let done = row.context("no roll is on record")?.done;
    let rows = usize::try_from(done.keys + done.identifiers)?;
    Ok((meanwhile, rate(rows, elapsed)))
}

fn identifiers(n: u64) -> Vec<Identifier> {
    vec![
        Identifier::new(IdentifierKind::Phone, format!("+2782{n:08}")),
        Identifier::new(IdentifierKind::Bsuid, format!("ZA.{n:020}")),
    ]
}

fn message(store: &Store, number: NumberId, person: u64, serial: u64) -> Item {
    let now = store.clock().now();
    let wamid = format!("wamid.{serial}");
    let hash = seal::sha256(wamid.as_bytes());
    Item::Message(Box::new(Message {
        number,
        identifiers: identifiers(person),
        name: Some("Thandi".to_owned()),
        kind: "text",
        meta_at: Some(now),
        dedup: Dedup {
            hour: now.hour(),
            tag: hash.first_chunk().copied().unwrap_or_default(),
        },
        wamid,
        content: br#"{"text":{"body":"Is the shop open on Sunday?"}}"#.to_vec(),
        opens_window: true,
        relayed: false,
        said: None,
        media: None,
        successor: None,
    }))
}

/// Everybody writes once.
pub(crate) async fn load(store: &Arc<Store>, number: NumberId, people: u32) -> anyhow::Result<()> {
    let mut going = tokio::task::JoinSet::new();
    for first in (0..people).step_by(256) {
        let last = people.min(first + 256);
        let items = (first..last).map(|n| message(store, number, n.into(), n.into()));
        let intake = Intake {
            items: items.collect(),
        };
        let store = Arc::clone(store);
        going.spawn(async move { store.intake(intake).await });
        if going.len() >= 16 {
            going.join_next().await.transpose()?.transpose()?;
        }
    }
    while let Some(done) = going.join_next().await {
        done??;
    }
    Ok(())
}

/// People who write on and on, in a closed loop.
pub(crate) struct Load {
    store: Arc<Store>,
    number: NumberId,
    people: u64,
    serial: AtomicU64,
}

impl Load {
    pub(crate) fn new(store: &Arc<Store>, number: NumberId, people: u32) -> Self {
        Self {
            store: Arc::clone(store),
            number,
            people: people.into(),
            serial: AtomicU64::new(u64::from(people)),
        }
    }

    /// Messages a second until something has ended.
    pub(crate) async fn rate(
        self: &Arc<Self>,
        ended: impl Future<Output = ()>,
    ) -> anyhow::Result<f64> {
        let stop = Arc::new(AtomicBool::new(false));
        let mut going = tokio::task::JoinSet::new();
        let began = clock::now();
        for _ in 0..AT_ONCE {
            let (load, stop) = (Arc::clone(self), Arc::clone(&stop));
            going.spawn(async move {
                let mut taken = 0_usize;
                while !stop.load(Ordering::Relaxed) {
                    load.post().await?;
                    taken += POST as usize;
                }
                anyhow::Ok(taken)
            });
        }
        ended.await;
        stop.store(true, Ordering::Relaxed);
        let mut taken = 0;
        while let Some(done) = going.join_next().await {
            taken += done??;
        }
        Ok(rate(taken, began.elapsed()))
    }

    /// Some write, a few of them for the first time.
    async fn post(&self) -> anyhow::Result<()> {
        let first = self.serial.fetch_add(POST.into(), Ordering::Relaxed);
        let write = |serial: u64| {
            // Neighbours in time are no neighbours by number.
            let known = serial.wrapping_mul(7_919) % self.people;
            let is_new = serial.is_multiple_of(ONE_NEW_IN);
            let person = if is_new { serial } else { known };
            message(&self.store, self.number, person, serial)
        };
        let items = (first..first + u64::from(POST)).map(write).collect();
        self.store.intake(Intake { items }).await?;
        Ok(())
    }
}
