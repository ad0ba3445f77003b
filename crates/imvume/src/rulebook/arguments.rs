//! What one can type behind `imvume rulebook`.

use std::path::PathBuf;

use clap::Args;
use clap::Subcommand;
use domain::time::Timestamp;

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Check packs, calendars and reviews, and say what waits for review
    Check(Files),
    /// Show what another directory would change, and when
    Diff(Diff),
    /// Say whose law may hold for a person, why, and which rules that brings
    Explain(Explain),
    /// Show all packs, one pack, or one rule
    Show(Show),
}

/// Which files are meant: those that are built in, with the directory that the configuration names, or
/// with another.
#[derive(Args, Debug)]
pub(crate) struct Files {
    /// The configuration file that names the directory and the controller's country
    #[arg(short, long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// A directory of packs, calendars and reviews, instead of the one in the configuration
    #[arg(long, value_name = "DIR")]
    pub(crate) directory: Option<PathBuf>,
    /// Answer in JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args, Debug)]
pub(crate) struct Diff {
    /// The directory that is to be put in force
    pub(crate) new: PathBuf,
    #[command(flatten)]
    pub(crate) files: Files,
}

#[derive(Args, Debug)]
pub(crate) struct Explain {
    #[command(flatten)]
    pub(crate) files: Files,
    /// Somebody who is known, by their id; the log tells that they were looked at (the gateway must
    /// not run)
    #[arg(long, value_name = "ID", conflicts_with_all = ["residence", "bsuid_countries", "phone_prefixes"])]
    pub(crate) subject: Option<i64>,
    /// Where the person lives, as declared or proved (ISO 3166: ZA, US-CA)
    #[arg(long, value_name = "PLACE")]
    pub(crate) residence: Option<String>,
    /// The country of a BSUID of theirs
    #[arg(long = "bsuid-country", value_name = "COUNTRY")]
    pub(crate) bsuid_countries: Vec<String>,
    /// The leading digits of a phone number of theirs, seven at most
    #[arg(long = "phone-prefix", value_name = "DIGITS", value_parser = prefix)]
    pub(crate) phone_prefixes: Vec<String>,
    /// The controller's country, instead of the one in the configuration
    #[arg(long, value_name = "COUNTRY")]
    pub(crate) controller: Option<String>,
    /// The instant (RFC 3339), instead of now
    #[arg(long, value_name = "INSTANT")]
    pub(crate) at: Option<Timestamp>,
}

#[derive(Args, Debug)]
pub(crate) struct Show {
    /// The id of a pack (`za`) or of a rule (`za/quiet-hours/cpa-12`); without it, all packs
    pub(crate) id: Option<String>,
    #[command(flatten)]
    pub(crate) files: Files,
}

/// More digits than this would tell who it is.
fn prefix(text: &str) -> Result<String, &'static str> {
    let digits = text.strip_prefix('+').unwrap_or(text);
    if (1..=7).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit()) {
        Ok(digits.to_owned())
    } else {
        Err("wants one to seven digits")
    }
}
