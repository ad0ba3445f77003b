//! What one can type behind `imvume registry`.

use std::path::PathBuf;

use clap::Args;
use clap::Subcommand;

use crate::audit::Trusted;

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Add a registry (the gateway must not run)
    Add(Add),
    /// Bring in a registry's list, which is complete: whoever is no longer on it is released (the
    /// gateway must not run)
    Import(Import),
    /// Verify the certificate of an import, from nothing but itself and the log's key
    Verify(Verify),
}

#[derive(Args, Debug)]
pub(crate) struct Add {
    /// Its short name
    pub(crate) code: String,
    /// Its name
    #[arg(long, value_name = "NAME")]
    pub(crate) name: String,
    /// How often its list has to be brought up to date, in days; as often as the law wants that holds
    /// where the organisation is, unless told
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(1..=366))]
    pub(crate) every_days: Option<u32>,
    /// The configuration file
    #[arg(long, value_name = "FILE", default_value = "imvume.toml")]
    pub(crate) config: PathBuf,
    /// Answer in JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args, Debug)]
pub(crate) struct Import {
    /// The registry's short name
    pub(crate) code: String,
    /// The file: one number or e-mail address a line, or a table whose first line names its columns
    pub(crate) file: PathBuf,
    /// The country whose national numbers are read as such: ZA
    #[arg(long, value_name = "COUNTRY")]
    pub(crate) country: Option<String>,
    /// Bring in the other lines where some cannot be read; nobody is released then
    #[arg(long)]
    pub(crate) skip_bad: bool,
    /// Write the certificate into this file, which must not exist
    #[arg(long, value_name = "FILE")]
    pub(crate) certificate: Option<PathBuf>,
    /// The configuration file
    #[arg(long, value_name = "FILE", default_value = "imvume.toml")]
    pub(crate) config: PathBuf,
    /// Answer in JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args, Debug)]
pub(crate) struct Verify {
    /// The certificate
    pub(crate) certificate: PathBuf,
    #[command(flatten)]
    pub(crate) trusted: Trusted,
    /// The file that was brought in: it has to be the one the certificate speaks of
    #[arg(long, value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
    /// Answer in JSON
    #[arg(long)]
    pub(crate) json: bool,
}
