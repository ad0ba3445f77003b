//! What one can type behind `imvume consent`.

use std::path::PathBuf;

use clap::Args;
use clap::Subcommand;
use domain::time::Timestamp;

use crate::audit::Trusted;

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Write records, notices and the log for a regulator (the gateway must not run)
    Export(Export),
    /// Verify a consent record or receipt, or a file of them, from nothing but itself and the log's key
    Verify(Verify),
}

#[derive(Args, Debug)]
pub(crate) struct Export {
    /// The codes of the purposes; without one, all
    #[arg(long = "purpose", value_name = "CODE")]
    pub(crate) purposes: Vec<String>,
    /// One person, by the number the admin API has for them; without it, everybody
    #[arg(long, value_name = "ID")]
    pub(crate) subject: Option<i64>,
    /// Only people with an event from this instant on (RFC 3339); their record is whole all the same
    #[arg(long, value_name = "INSTANT")]
    pub(crate) from: Option<Timestamp>,
    /// And before this one
    #[arg(long, value_name = "INSTANT")]
    pub(crate) until: Option<Timestamp>,
    /// Name the people: their identifiers stand there in clear
    #[arg(long)]
    pub(crate) with_identifiers: bool,
    /// The folder to write, which must not exist
    #[arg(long, value_name = "DIR")]
    pub(crate) to: PathBuf,
    /// The configuration file
    #[arg(long, value_name = "FILE", default_value = "imvume.toml")]
    pub(crate) config: PathBuf,
    /// Answer in JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args, Debug)]
pub(crate) struct Verify {
    /// The record; or a file with one record a line, as an export has it
    pub(crate) file: PathBuf,
    #[command(flatten)]
    pub(crate) trusted: Trusted,
    /// Answer in JSON
    #[arg(long)]
    pub(crate) json: bool,
}
