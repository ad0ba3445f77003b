//! Measures what the project promises of its speed, each figure beside the physical floor of the
//! same run: the disk's `fdatasync`, a bare HTTP acknowledge, a raw append.
//!
//! Figures are printed, never asserted: a machine's mood is no reason to fail a test. Everything is
//! seeded, stays on loopback, and removes its files. Whoever generates load shares the processor
//! with what is measured, so it has a thread of its own and its time is taken off.
//!
//! Left out: networks, and other products but the comparison stack of `bench/stack`. To add a measurement: a module with one `run`, a variant
//! of [`Measurement`], a section in `docs/performance.md`.

mod alike;
mod aside;
mod backup;
mod clock;
mod corpus;
mod database;
mod decision;
mod erase;
mod failover;
mod figure;
mod floor;
mod house;
mod intake;
mod load;
mod package;
mod pass;
mod people;
mod process;
mod relocate;
mod report;
mod retention;
mod roll;
mod send;
mod sink;
mod stack;
mod start;
mod stored;
mod verify;

use std::process::ExitCode;

use clap::Parser;
use clap::Subcommand;

use crate::database::Backend;
use crate::database::Choice;
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
    /// Whether the time of an answer tells who is known: one-time codes asked for over HTTP.
    Alike,
    /// A snapshot of an instance with much in it, made and verified.
    Backup {
        /// How many messages it holds.
        #[arg(long, default_value_t = 300_000)]
        messages: u32,
    },
    /// A decision of the gate, in process.
    Decision,
    /// An erasure until the person is unreachable, with few messages and with many.
    Erase {
        /// How many messages are many.
        #[arg(long, default_value_t = 100_000)]
        messages: u32,
        /// Over this.
        #[arg(long, value_enum, default_value_t)]
        database: Choice,
    },
    /// The process that leads is killed under load, and the one that stands by takes over.
    Failover,
    /// What the machine gives: fdatasync, a bare HTTP acknowledge, a raw append.
    Floor,
    /// A list of people into the store, with ledger and log.
    Import {
        /// How many people.
        #[arg(long, default_value_t = 200_000)]
        people: u32,
        /// Over this.
        #[arg(long, value_enum, default_value_t)]
        database: Choice,
    },
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
        /// Over this.
        #[arg(long, value_enum, default_value_t)]
        database: Choice,
        /// Measure the comparison stack too.
        #[arg(long, conflicts_with = "stored")]
        stack: bool,
    },
    /// An instance moves from SQLite to PostgreSQL and back, and is proved equal.
    Move {
        /// How many messages it holds.
        #[arg(long, default_value_t = 300_000)]
        messages: u32,
    },
    /// A copy of everything that is kept of one person: its time, and its memory.
    Package {
        /// How many messages the one has who has many.
        #[arg(long, default_value_t = 1_000_000)]
        messages: u32,
        /// Over this.
        #[arg(long, value_enum, default_value_t)]
        database: Choice,
    },
    /// What the gate would say of a message to many, facts from the database.
    Preview {
        /// How many people.
        #[arg(long, default_value_t = 100_000)]
        people: u32,
        /// Over this.
        #[arg(long, value_enum, default_value_t)]
        database: Choice,
    },
    /// A run of the retention schedule: what it removes in a second, and what it leaves of intake.
    Retention {
        /// How many messages it removes.
        #[arg(long, default_value_t = 100_000)]
        messages: u32,
        /// Over this.
        #[arg(long, value_enum, default_value_t)]
        database: Choice,
    },
    /// A roll of the epoch key: what it takes in a second, and what it leaves of intake.
    Roll {
        /// How many people.
        #[arg(long, default_value_t = 200_000)]
        people: u32,
        /// Over this.
        #[arg(long, value_enum, default_value_t)]
        database: Choice,
    },
    /// What the gateway adds to a call of an app.
    Send {
        /// Over this.
        #[arg(long, value_enum, default_value_t)]
        database: Choice,
    },
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
        Measurement::Alike => tell(&alike::run()?),
        Measurement::Backup { messages } => tell(&backup::run(messages)?),
        Measurement::Decision => tell(&decision::run()),
        Measurement::Erase { messages, database } => {
            on_each(database, tell, |backend| erase::run(backend, messages))?;
        }
        Measurement::Failover => tell(&failover::run()?),
        Measurement::Floor => tell(&floor::run()?),
        Measurement::Intake {
            connections,
            relay,
            stored,
            database,
            stack,
        } => {
            let options = Options {
                connections,
                database,
                relay,
                stack,
            };
            if stored == 0 {
                tell(&intake::run(options)?);
                return Ok(());
            }
            for backend in database.backends() {
                tell(&stored::run(options, &backend, stored)?);
            }
        }
        Measurement::Import { people, database } => {
            on_each(database, tell, |backend| people::import(backend, people))?;
        }
        Measurement::Package { messages, database } => {
            on_each(database, tell, |backend| package::run(backend, messages))?;
        }
        Measurement::Preview { people, database } => {
            on_each(database, tell, |backend| people::preview(backend, people))?;
        }
        Measurement::Move { messages } => tell(&relocate::run(messages)?),
        Measurement::Retention { messages, database } => {
            on_each(database, tell, |backend| retention::run(backend, messages))?;
        }
        Measurement::Roll { people, database } => {
            on_each(database, tell, |backend| roll::run(backend, people))?;
        }
        Measurement::Send { database } => {
            on_each(database, tell, send::run)?;
        }
        Measurement::Start => tell(&start::run()?),
        Measurement::Verify => tell(&verify::run()?),
    }
    Ok(())
}

/// Measures over each database that was chosen.
fn on_each(
    database: Choice,
    tell: impl Fn(&Report),
    measure: impl Fn(&Backend) -> anyhow::Result<Report>,
) -> anyhow::Result<()> {
    for backend in database.backends() {
        tell(&measure(&backend)?);
    }
    Ok(())
}

fn all() -> impl Iterator<Item = Measurement> {
    let intake = |connections, relay, stored, stack| Measurement::Intake {
        connections,
        relay,
        stored,
        database: Choice::Both,
        stack,
    };
    [
        Measurement::Floor,
        intake(64, false, 0, true),
        intake(256, false, 0, true),
        intake(64, true, 0, false),
        intake(64, false, 3_000_000, false),
        Measurement::Send {
            database: Choice::Both,
        },
        Measurement::Backup { messages: 300_000 },
        Measurement::Move { messages: 300_000 },
        Measurement::Import {
            people: 200_000,
            database: Choice::Both,
        },
        Measurement::Package {
            messages: 1_000_000,
            database: Choice::Both,
        },
        Measurement::Preview {
            people: 100_000,
            database: Choice::Both,
        },
        Measurement::Erase {
            messages: 100_000,
            database: Choice::Both,
        },
        Measurement::Retention {
            messages: 100_000,
            database: Choice::Both,
        },
        Measurement::Roll {
            people: 200_000,
            database: Choice::Both,
        },
        Measurement::Failover,
        Measurement::Alike,
        Measurement::Decision,
        Measurement::Verify,
        Measurement::Start,
    ]
    .into_iter()
}
