//! `imvume move`: everything to another database, proved equal.

use anyhow::Context as _;
use serde_json::json;
use store::Clock;
use store::Database;
use store::Lease;
use store::Server;
use store::StoreError;
use store::relocate;
use store::relocate::Progress;
use store::relocate::Step;

use crate::Verdict;
use crate::cli;
use crate::config::Config;
use crate::config::read_private;
use crate::instance;
use crate::output;

/// Progress is shown once in so many rows.
const STEP: u64 = 65_536;

pub(crate) fn run(arguments: &cli::Move) -> anyhow::Result<Verdict> {
    let config = Config::load(&arguments.config)?;
    let target = target(arguments)?;
    let same = matches!(
        (&config.database, &target),
        (Database::File, Database::File)
    );
    anyhow::ensure!(!same, "the rows stand in the file already");
    let nothing = "there is nothing to move: this instance has not been started yet";
    if let Some(file) = config.database_file() {
        // Looking must not make one.
        anyhow::ensure!(file.exists(), nothing);
    }
    let mut from = instance::take(&config)?;
    anyhow::ensure!(!from.is_new(), nothing);
    let mut to = take_target(&config, &target)?;
    let clock = Clock::default();
    let began = clock.now();
    let moved = relocate::relocate(&mut from, &mut to, &mut show)?;
    output::progress_done();
    let took = clock.now().since(began);
    #[expect(clippy::cast_precision_loss, reason = "microseconds fit for centuries")]
    let seconds = took.as_micros() as f64 / 1e6;
    if arguments.json {
        output::json(&json!({
            "rows": moved.rows,
            "messages": moved.messages,
            "seconds": seconds,
        }));
        return Ok(Verdict::Held);
    }
    output::line(format_args!(
        "Moved {} rows, {} messages among them, in {took}; every table was read back and is equal.",
        moved.rows, moved.messages
    ));
    output::line(match target {
        Database::Server(_) => {
            "Now name the new database in the configuration, `[store]`, `url_file`. The old file is \
             marked as moved and is not opened any more; remove it once the gateway runs."
        }
        Database::File => {
            "Now take `[store]` out of the configuration. The old database is marked as moved and \
             is not opened any more; drop it once the gateway runs."
        }
    });
    Ok(Verdict::Held)
}

fn target(arguments: &cli::Move) -> anyhow::Result<Database> {
    let Some(file) = &arguments.to_server else {
        return Ok(Database::File);
    };
    let url = read_private(file).with_context(|| file.display().to_string())?;
    let authorities = arguments.authorities.as_deref();
    let server =
        Server::new(url.trim_end(), authorities).with_context(|| file.display().to_string())?;
    Ok(Database::Server(server))
}

fn take_target(config: &Config, target: &Database) -> anyhow::Result<Lease> {
    match Lease::take(&config.directory, target) {
        // What was moved from there before would be mixed with what is moved into it.
        Err(StoreError::Moved) => Err(StoreError::NotNew.into()),
        taken => taken.context("the database to move into"),
    }
}

fn show(progress: Progress) {
    if progress.rows % STEP < 1_024 {
        let verb = match progress.step {
            Step::Compare => "Comparing",
            Step::Copy => "Copying",
        };
        output::progress(format_args!(
            "{verb} {}: {} rows",
            progress.table, progress.rows
        ));
    }
}
