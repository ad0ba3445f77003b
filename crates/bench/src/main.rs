//! Measures what the project promises of its speed, each figure beside the physical floor of the
//! same run: the disk's `fdatasync`, a bare HTTP acknowledge, a raw append.
//!
//! Figures are printed, never asserted: a machine's mood is no reason to fail a test. Everything is
//! seeded, stays on loopback, and removes its files. Whoever generates load shares the processor
//! with what is measured, so it has a thread of its own and its time is taken off.
//!
//! Left out: other products, and networks. To add a measurement: a module with one `run`, a variant
//! of [`Measurement`], a section in `docs/performance.md`.

mod aside;
mod clock;
mod corpus;
mod decision;
mod figure;
mod floor;
mod house;
mod intake;
mod load;
mod report;
mod send;
mod sink;
mod start;
mod stored;
mod verify;

use std::process::ExitCode;

use clap::Parser;
use clap::Subcommand;

use crate::intake::Options;
use crate::report::Report;

/// Measures Imvume on this machine.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask bench")]
struct Arguments {
    #[command(subcommand)]
    measurement: Measurement,
    /// One JSON document a measurement, for machines.
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Clone, Copy, Debug, Subcommand)]
enum Measurement {
    /// Everything, one after another.
    All,
    /// A decision of the gate, in process.
    Decision,
    /// What the machine gives: fdatasync, a bare HTTP acknowledge, a raw append.
    Floor,
    /// Signed webhooks into the store, over HTTP, durable.
    Intake {
        /// How many connections bring them.
        #[arg(long, default_value_t = 64)]
        connections: u16,
        /// Relay every message to one app meanwhile.
        #[arg(long)]
        relay: bool,
        /// Measure again with this many messages stored.
        #[arg(long, default_value_t = 0)]
        stored: u32,
    },
    /// What the gateway adds to a call of an app.
    Send,
    /// Cold start, idle memory and size of the release binary.
    Start,
    /// Offline verification of a log.
    Verify,
}

fn main() -> ExitCode {
    let Arguments { measurement, json } = Arguments::parse();
    match measure(measurement, json) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            report::note(&format!("bench: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn measure(measurement: Measurement, json: bool) -> anyhow::Result<()> {
    let tell = |report: &Report| report.tell(json);
    match measurement {
        Measurement::All => {
            for part in all() {
                measure(part, json)?;
            }
        }
        Measurement::Decision => tell(&decision::run()),
        Measurement::Floor => tell(&floor::run()?),
        Measurement::Intake {
            connections,
            relay,
            stored: 0,
        } => tell(&intake::run(Options { connections, relay })?),
        Measurement::Intake {
            connections,
            relay,
            stored,
        } => tell(&stored::run(Options { connections, relay }, stored)?),
        Measurement::Send => tell(&send::run()?),
        Measurement::Start => tell(&start::run()?),
        Measurement::Verify => tell(&verify::run()?),
    }
    Ok(())
}

fn all() -> impl Iterator<Item = Measurement> {
    let intake = |connections, relay, stored| Measurement::Intake {
        connections,
        relay,
        stored,
    };
    [
        Measurement::Floor,
        intake(64, false, 0),
        intake(256, false, 0),
        intake(64, true, 0),
        intake(64, false, 3_000_000),
        Measurement::Send,
        Measurement::Decision,
        Measurement::Verify,
        Measurement::Start,
    ]
    .into_iter()
}
