//! `imvume subject`: what is done about one person.

mod certificate;
mod decide;
mod erase;
mod erasures;

use std::path::PathBuf;

use clap::Args;
use clap::Subcommand;

use crate::Verdict;

/// The commands over people.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Write the certificate of an erasure into a file (the gateway must not run)
    Certificate(Certificate),
    /// Decide about a record class of somebody who was erased that only the law of another state keeps
    /// (the gateway must not run)
    Decide(Decide),
    /// Erase a person, and everybody linked as the same person (the gateway must not run)
    Erase(Erase),
    /// List erasures: what went, what stayed, and who has acknowledged (the gateway must not run)
    Erasures(Erasures),
    /// Write a copy of everything that is kept of a person into a file (the gateway must not run)
    Export(crate::package::Export),
}

#[derive(Args, Debug)]
pub(crate) struct Certificate {
    /// The configuration file
    #[arg(long, value_name = "FILE", default_value = "imvume.toml")]
    pub(crate) config: PathBuf,
    /// The number of the erasure
    #[arg(long, value_name = "ID")]
    pub(crate) erasure: i64,
    /// The file to write, which must not exist
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
    /// A PDF for people instead of the signed note
    #[arg(long)]
    pub(crate) pdf: bool,
    /// The language of the PDF, such as en
    #[arg(long, value_name = "TAG", default_value = "en")]
    pub(crate) language: String,
}

#[derive(Args, Debug)]
pub(crate) struct Decide {
    /// The configuration file
    #[arg(long, value_name = "FILE", default_value = "imvume.toml")]
    pub(crate) config: PathBuf,
    /// The number of the erasure
    #[arg(long, value_name = "ID")]
    pub(crate) erasure: i64,
    /// The record class, such as conversation
    #[arg(long, value_name = "CLASS")]
    pub(crate) class: String,
    /// Until when it stays and then goes by itself, such as 2029-01-01T00:00:00Z; without it it goes
    /// now
    #[arg(long, value_name = "INSTANT")]
    pub(crate) keep_until: Option<String>,
    /// On what that rests: kept sealed beside the log entry
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: String,
}

#[derive(Args, Debug)]
pub(crate) struct Erase {
    /// The configuration file
    #[arg(long, value_name = "FILE", default_value = "imvume.toml")]
    pub(crate) config: PathBuf,
    /// The number of the person here
    #[arg(long, value_name = "ID")]
    pub(crate) subject: i64,
    /// Why: requested, no-longer-needed, consent-withdrawn, objected, unlawful, ordered or child
    #[arg(long, value_name = "REASON")]
    pub(crate) reason: String,
    /// Erase now, without telling Meta first: it deletes what it has by its own terms
    #[arg(long)]
    pub(crate) at_once: bool,
    /// Answer in JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args, Debug)]
pub(crate) struct Erasures {
    /// The configuration file
    #[arg(long, value_name = "FILE", default_value = "imvume.toml")]
    pub(crate) config: PathBuf,
    /// Only those of which a recipient has not acknowledged in time
    #[arg(long)]
    pub(crate) overdue: bool,
    /// Only those that left something about which somebody has to decide
    #[arg(long)]
    pub(crate) undecided: bool,
    /// Answer in JSON
    #[arg(long)]
    pub(crate) json: bool,
}

pub(crate) fn run(command: &Command) -> anyhow::Result<Verdict> {
    match command {
        Command::Certificate(arguments) => certificate::run(arguments),
        Command::Decide(arguments) => decide::run(arguments),
        Command::Erase(arguments) => erase::run(arguments),
        Command::Erasures(arguments) => erasures::run(arguments),
        Command::Export(arguments) => crate::package::run(arguments),
    }
}
