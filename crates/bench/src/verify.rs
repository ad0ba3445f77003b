//! Offline verification of a log, as `imvume audit verify` does it.

use std::path::Path;

use domain::audit::Action;
use domain::audit::Actor;
use domain::audit::Leaf;
use domain::ids::AppId;
use domain::time::Span;
use domain::time::Timestamp;
use tlog::Checkpoint;
use tlog::Directory;
use tlog::SigningKey;
use tlog::VerifyingKey;

use crate::clock;
use crate::figure::float;
use crate::figure::median;
use crate::house;
use crate::report;
use crate::report::Goal;
use crate::report::Report;

const NAME: &str = "bench.example";
const ENTRIES: u32 = 2_000_000;
/// Entries that are written in one go, as many as the service takes.
const SLICE: u32 = 4_096;
const RUNS: usize = 3;

/// Builds a log and verifies it.
pub(crate) fn run() -> anyhow::Result<Report> {
    let directory = house::directory()?;
    report::note("verify: building the log");
    let (began, cpu) = (clock::now(), clock::process_cpu());
    let (key, bytes) = build(directory.path())?;
    let (built, building) = (began.elapsed(), clock::process_cpu().saturating_sub(cpu));
    let entries = f64::from(ENTRIES);
    let mut report = Report::new(format!("Verification of a log of {ENTRIES} entries"));
    report.figure("mean entry", float(bytes) / entries, "bytes");
    report.figure(
        "floor: leaf and node hashes alone",
        floor(),
        "entries/CPU s",
    );
    report.figure(
        "written durably",
        entries / built.as_secs_f64(),
        "entries/s",
    );
    report.figure("written", entries / building.as_secs_f64(), "entries/CPU s");
    let mut rates = Vec::new();
    for _ in 0..RUNS {
        let began = clock::process_cpu();
        let verified = tlog::verify(directory.path(), &key, &[], &mut |_, _| {}, &mut |_| {})?;
        anyhow::ensure!(verified.size == u64::from(ENTRIES), "the log is short");
        rates.push(entries / clock::process_cpu().saturating_sub(began).as_secs_f64());
    }
    let rate = median(rates);
    report.against("verified", rate, "entries/CPU s", Goal::AtLeast(2e6));
    Ok(report)
}

/// Writes the log and signs its head. Returns the key it verifies under and the bytes of all entries.
fn build(path: &Path) -> anyhow::Result<(VerifyingKey, u64)> {
    let key = SigningKey::from_seed(NAME, &[7; 32])?;
    let mut directory = Directory::create(path, &key.verifying_key())?;
    let mut bytes = 0;
    for first in (0..ENTRIES).step_by(usize::try_from(SLICE)?) {
        let entries: Vec<Vec<u8>> = (first..ENTRIES.min(first + SLICE)).map(entry).collect();
        bytes += entries.iter().map(|entry| entry.len() as u64).sum::<u64>();
        directory.append_at(u64::from(first), entries.iter().map(Vec::as_slice))?;
    }
    let head = Checkpoint {
        origin: NAME.to_owned(),
        size: directory.size(),
        root: directory.root(),
    };
    directory.write_checkpoint(&key.sign(&head)?)?;
    Ok((key.verifying_key(), bytes))
}

/// What stands in a log: mostly intake, some decisions.
fn entry(place: u32) -> Vec<u8> {
    let (actor, action, rules): (_, _, &[&str]) = match place % 8 {
        0 => (
            Actor::App(AppId(2)),
            Action::DecisionAllowed,
            &["gate/5/window"],
        ),
        1 => (
            Actor::App(AppId(2)),
            Action::DecisionRefused,
            &["gate/2/suppression", "gate/4/consent"],
        ),
        _ => (Actor::Meta, Action::Intake, &["intake/webhook"]),
    };
    let mut commitment = [0x5a; 32];
    for (to, from) in commitment.iter_mut().zip(place.to_be_bytes()) {
        *to = from;
    }
    Leaf {
        at: Timestamp::from_seconds(1_795_255_200) + Span::micros(i64::from(place) * 50),
        actor,
        action,
        rules,
        commitment,
    }
    .encode()
}

/// The hashing that no verification can do without: a leaf hash and a node hash an entry.
fn floor() -> f64 {
    let entry = entry(1);
    let mut last = tlog::empty_root();
    let began = clock::thread_cpu();
    for _ in 0..ENTRIES {
        last = tlog::node_hash(&last, &tlog::leaf_hash(&entry));
    }
    std::hint::black_box(last);
    f64::from(ENTRIES) / clock::thread_cpu().saturating_sub(began).as_secs_f64()
}
