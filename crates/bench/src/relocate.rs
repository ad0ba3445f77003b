//! An instance with much in it moves from SQLite to PostgreSQL, and back.

use std::fs;
use std::path::Path;

use store::Database;
use store::Lease;
use store::Server;
use store::relocate;
use store::relocate::Moved;

use crate::clock;
use crate::database;
use crate::database::Backend;
use crate::figure::float;
use crate::floor;
use crate::house::House;
use crate::intake::NOWHERE;
use crate::report::Goal;
use crate::report::Report;
use crate::stored;

/// What an operator should be able to count on, messages a second.
const GOAL: Goal = Goal::AtLeast(20_000.0);

/// Loads so many messages and moves them there and back. Each move copies all rows, and reads both
/// sides again to compare them.
pub(crate) fn run(messages: u32) -> anyhow::Result<Report> {
    let house = House::open(&Backend::Sqlite, NOWHERE, 1)?;
    let (loaded, _) = stored::load(&house, 0, messages)?;
    let bytes = house.bytes();
    let directory = house.leave();
    let disk = floor::disk_rate(&floor::fdatasync(directory.path())?);
    let cluster = database::cluster();
    let url = database::create(&cluster);
    let server = Database::Server(Server::new(&url, None)?);
    let data = directory.path().join("data");
    let mut report = Report::new(format!("Moving {loaded} messages"));
    report.figure("floor: fdatasync of 4 KiB", disk, "/s");
    report.figure("the file before", float(bytes) / 1e9, "GB");
    let there = timed(&data, &Database::File, &server)?;
    tell(&mut report, "to PostgreSQL", there);
    for name in ["imvume.db", "imvume.db-wal", "imvume.db-shm"] {
        // The two beside the file go with its last connection, as a rule.
        let _ = fs::remove_file(data.join(name));
    }
    let back = timed(&data, &server, &Database::File)?;
    tell(&mut report, "to SQLite", back);
    Ok(report)
}

fn tell(report: &mut Report, name: &str, (moved, seconds): (Moved, f64)) {
    let rows = float(moved.rows) / seconds;
    let messages = float(moved.messages) / seconds;
    report.figure(format!("{name}: rows"), rows, "/s");
    report.against(format!("{name}: messages"), messages, "/s", GOAL);
}

/// Moves, and says how many seconds it took.
fn timed(data: &Path, from: &Database, to: &Database) -> anyhow::Result<(Moved, f64)> {
    let mut from = Lease::take(data, from)?;
    let mut to = Lease::take(data, to)?;
    let began = clock::now();
    let moved = relocate::relocate(&mut from, &mut to, &mut |_| {})?;
    Ok((moved, began.elapsed().as_secs_f64()))
}
