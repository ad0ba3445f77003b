//! `imvume backup`: snapshots and the key bundle, made, listed, verified, restored.

mod create;
mod list;
mod restore;
mod verify;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use clap::Subcommand;
use service::backup::Backups;
use store::Store;

use crate::Verdict;
use crate::cli::Configured;
use crate::config::Config;

/// What is still running when a signal has cut the work off gets this long.
const CUT: Duration = Duration::from_secs(2);

/// The commands over backups.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make a snapshot now and put it at every place; a gateway that runs is asked to
    Create(Configured),
    /// List the snapshots and the newest part of the key bundle at each place
    List(List),
    /// Bring an instance back from a snapshot and the key bundle, onto an empty machine
    Restore(Restore),
    /// Restore a snapshot into a scratch place and look whether everything is there and opens; the
    /// gateway may run
    Verify(Verify),
}

#[derive(Args, Debug)]
pub(crate) struct List {
    /// The instance, where several keep their backups at the places
    #[arg(long, value_name = "ID")]
    pub(crate) instance: Option<String>,
    /// The configuration file
    #[arg(long, value_name = "FILE", default_value = "imvume.toml")]
    pub(crate) config: PathBuf,
    /// Answer in JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args, Debug)]
pub(crate) struct Restore {
    /// A file, closed to others, with the age identity of a recovery recipient
    #[arg(long, value_name = "FILE")]
    pub(crate) identity: PathBuf,
    /// The snapshot; without one the newest
    #[arg(long, value_name = "NAME")]
    pub(crate) snapshot: Option<String>,
    /// The instance, where several keep their backups at the places
    #[arg(long, value_name = "ID")]
    pub(crate) instance: Option<String>,
    /// The configuration file
    #[arg(long, value_name = "FILE", default_value = "imvume.toml")]
    pub(crate) config: PathBuf,
    /// Answer in JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args, Debug)]
pub(crate) struct Verify {
    /// The snapshot; without one the newest
    #[arg(long, value_name = "NAME")]
    pub(crate) snapshot: Option<String>,
    /// The folder it is restored into, which must not exist; it is gone afterwards
    #[arg(long, value_name = "FOLDER")]
    pub(crate) scratch: Option<PathBuf>,
    /// With a database of PostgreSQL: a file, closed to others, with the URL of an empty one
    #[arg(long, value_name = "FILE")]
    pub(crate) into: Option<PathBuf>,
    /// The configuration file
    #[arg(long, value_name = "FILE", default_value = "imvume.toml")]
    pub(crate) config: PathBuf,
    /// Answer in JSON
    #[arg(long)]
    pub(crate) json: bool,
}

pub(crate) fn run(command: &Command) -> anyhow::Result<Verdict> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let verdict = match command {
        Command::Create(arguments) => runtime.block_on(create::run(arguments)),
        Command::List(arguments) => runtime.block_on(list::run(arguments)),
        Command::Restore(arguments) => runtime.block_on(restore::run(arguments)),
        Command::Verify(arguments) => runtime.block_on(verify::run(arguments)),
    };
    // A file that is being copied is not waited for when a signal has cut the work off: it does not
    // count before it is whole.
    runtime.shutdown_timeout(CUT);
    verdict
}

/// Has the rolls of a store ship the key bundle, if there is one.
pub(crate) fn ship_for(config: &Config, store: &Arc<Store>) {
    let settings = config.settings.backup.clone();
    let at = (config.directory.as_path(), config.settings.media.as_path());
    let backups = Backups::new(Arc::clone(store), settings, at);
    if backups.has_bundle() {
        store.set_shipping(backups);
    }
}

/// Bytes and time as megabytes a second.
#[expect(clippy::cast_precision_loss, reason = "for people to read")]
fn pace(bytes: u64, took: domain::time::Span) -> f64 {
    let seconds = (took.as_micros() as f64 / 1e6).max(1e-6);
    bytes as f64 / 1e6 / seconds
}
