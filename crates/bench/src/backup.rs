//! A snapshot of an instance with much in it: made, and verified by restoring it.

use std::fs;
use std::sync::Arc;
use std::time::Duration;

use backup::age::Identity;
use domain::audit::Actor;
use domain::law::Lawless;
use egress::place::Place;
use seal::Keyring;
use seal::Random;
use seal::RootKey;
use service::backup::BackupSettings;
use service::backup::Checking;
use store::Clock;
use store::Database;

use crate::clock;
use crate::database::Backend;
use crate::figure::float;
use crate::floor;
use crate::house;
use crate::house::House;
use crate::intake::NOWHERE;
use crate::report;
use crate::report::Report;
use crate::stored;

/// Loads so many messages, makes a snapshot of them beside the gateway, and verifies it.
pub(crate) fn run(messages: u32) -> anyhow::Result<Report> {
    let around = house::directory()?;
    let place = around.path().join("place");
    fs::create_dir(&place)?;
    let recipient = Identity::from_secret(&Random::seeded(1).array()?)?.recipient();
    let places = vec![Place::Directory(place)];
    let settings = BackupSettings {
        recipients: vec![recipient],
        places: places.clone(),
        bundle_every: Duration::from_mins(5),
        every: None,
        keep: 1,
        programs: None,
        copies: domain::time::Span::ZERO,
    };
    let tell = |told: &mut service::Settings| told.backup = settings;
    let house = House::open_told(&Backend::Sqlite, NOWHERE, 1, tell)?;
    report::note("backup: loading");
    let (loaded, _) = stored::load(&house, 0, messages)?;
    house.wait(house.service.publish_now())?;
    let disk = floor::disk_rate(&floor::fdatasync(house.directory())?);
    let mut report = Report::new(format!("Backup of {loaded} messages"));
    report.figure("floor: fdatasync of 4 KiB", disk, "/s");
    let began = clock::now();
    let made = house.wait(house.service.backups().snapshot(Actor::System))?;
    let taken = began.elapsed().as_secs_f64();
    report.figure("the snapshot", float(made.size) / 1e9, "GB");
    report.figure("made", float(made.size) / 1e6 / taken, "MB/s");
    let base = house.directory().to_owned();
    let root = RootKey::read_file(&base.join("root.key"))?;
    let order = Checking {
        scratch: around.path().join("scratch"),
        database: Database::File,
        live: (base.join("data"), Database::File),
        keyring: Arc::new(Keyring::open(&base.join("keyring"), &root)?),
        places,
        programs: None,
        snapshot: None,
        log: base.join("data").join("log"),
        clock: Clock::default(),
        random: Random::system(),
    };
    let began = clock::now();
    let checked = house.wait(Box::pin(service::backup::check(&order, Arc::new(Lawless))))?;
    let taken = began.elapsed().as_secs_f64();
    report.figure("verified", float(checked.size) / 1e6 / taken, "MB/s");
    report.figure(
        "verified: sealed values",
        float(checked.opened) / taken,
        "/s",
    );
    house.close();
    Ok(report)
}
