//! `imvume people`: lists of people from elsewhere, while the gateway is stopped. While it runs, the
//! admin API does the same.

mod import;
mod permission;

use std::path::PathBuf;

use anyhow::Context as _;
use clap::Args;
use clap::Subcommand;
use domain::confirmation::Route;
use service::people::Country;
use service::people::Encoding;
use service::people::Layout;

use crate::Verdict;

/// The commands over people.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Bring in a list of people; whoever it brings is asked before anything promotional goes out
    /// (the gateway must not run)
    Import(Import),
    /// Ask the people of a list for consent by e-mail or SMS, paced, each once (the gateway must not
    /// run; they are asked while it does)
    Permission(Permission),
}

#[derive(Args, Debug)]
pub(crate) struct Permission {
    /// The list, by the number that bringing it in gave it
    #[arg(long, value_name = "ID")]
    pub(crate) import: i64,
    /// The code of the purpose that consent is asked for
    #[arg(long, value_name = "CODE")]
    pub(crate) purpose: String,
    /// How: email or sms
    #[arg(long, value_name = "ROUTE", value_parser = route)]
    pub(crate) by: Route,
    /// The language for people of whom none is known (BCP 47)
    #[arg(long, value_name = "TAG", default_value = "en")]
    pub(crate) language: String,
    /// How many are asked in a minute
    #[arg(long, value_name = "COUNT", default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..=3600))]
    pub(crate) pace: u32,
    /// At how many stops and addresses that do not take it, for a thousand, it stops by itself
    #[arg(long, value_name = "COUNT", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(crate) stop_permille: u32,
    /// The configuration file
    #[arg(long, value_name = "FILE", default_value = "imvume.toml")]
    pub(crate) config: PathBuf,
    /// Answer in JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args, Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch that one can type"
)]
pub(crate) struct Import {
    /// The list: comma, semicolon or tab separated, one person a row, titles in the first line
    pub(crate) file: PathBuf,
    /// The configuration file
    #[arg(long, value_name = "FILE", default_value = "imvume.toml")]
    pub(crate) config: PathBuf,
    /// Whose columns it has: generic, wati, braze or shopify
    #[arg(long, value_name = "LAYOUT", value_parser = layout)]
    pub(crate) layout: Layout,
    /// The code of the purpose it is about
    #[arg(long, value_name = "CODE")]
    pub(crate) purpose: String,
    /// Where it comes from: who gathered it, how, and when
    #[arg(long, value_name = "TEXT")]
    pub(crate) provenance: String,
    /// The country whose numbers are written without a country code
    #[arg(long, value_name = "CODE", value_parser = country)]
    pub(crate) country: Option<Country>,
    /// How it is written: unicode (UTF-8, or UTF-16 with a byte order mark) or windows-1252
    #[arg(long, value_name = "NAME", value_parser = encoding, default_value = "unicode")]
    pub(crate) encoding: Encoding,
    /// Bring in nothing unless every row can be read; this is what happens anyway
    #[arg(long, conflicts_with = "skip_bad")]
    pub(crate) all_or_nothing: bool,
    /// Leave out rows that cannot be read
    #[arg(long)]
    pub(crate) skip_bad: bool,
    /// Look at the whole list and bring in nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Answer in JSON
    #[arg(long)]
    pub(crate) json: bool,
}

pub(crate) fn run(command: &Command) -> anyhow::Result<Verdict> {
    match command {
        Command::Import(arguments) => import::run(arguments),
        Command::Permission(arguments) => permission::run(arguments),
    }
}

fn route(name: &str) -> anyhow::Result<Route> {
    let route = Route::from_name(name).filter(|route| *route != Route::Chat);
    route.context("want email or sms")
}

fn layout(name: &str) -> anyhow::Result<Layout> {
    Layout::from_name(name).context("want generic, wati, braze or shopify")
}

fn encoding(name: &str) -> anyhow::Result<Encoding> {
    Encoding::from_name(name).context("want unicode or windows-1252")
}

fn country(code: &str) -> anyhow::Result<Country> {
    Country::from_code(code).context("want an ISO 3166-1 code of two capital letters such as ZA")
}
