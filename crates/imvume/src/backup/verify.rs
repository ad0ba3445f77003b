//! `imvume backup verify`.

use std::sync::Arc;

use anyhow::Context as _;
use seal::Random;
use serde_json::json;
use service::backup::Checking;
use service::backup::VERIFYING;
use service::backup::Wish;
use store::Clock;
use store::Database;
use store::Server;

use crate::Verdict;
use crate::backup::Verify;
use crate::backup::pace;
use crate::config::Config;
use crate::config::read_private;
use crate::instance;
use crate::output;

pub(super) async fn run(arguments: &Verify) -> anyhow::Result<Verdict> {
    let config = Config::load(&arguments.config)?;
    let keyring = instance::open_keyring(&config)?;
    let wish = Wish::of(&config.directory)?;
    let _alone = wish.alone_to_verify()?;
    let scratch = arguments.scratch.clone();
    let scratch = scratch.unwrap_or_else(|| config.directory.join("backup").join(VERIFYING));
    anyhow::ensure!(
        !scratch.exists(),
        "`{}` exists; remove it, or name another folder with `--scratch`",
        scratch.display()
    );
    let order = Checking {
        database: database(&config, arguments)?,
        live: (config.directory.clone(), config.database.clone()),
        keyring: Arc::new(keyring),
        places: config.settings.backup.places.clone(),
        programs: config.settings.backup.programs.clone(),
        snapshot: arguments.snapshot.clone(),
        log: config.log(),
        clock: Clock::default(),
        random: Random::system(),
        scratch,
    };
    let law = instance::law(&config)?;
    let checked = match Box::pin(service::backup::check(&order, law)).await {
        Ok(checked) => checked,
        Err(error) => {
            output::note(format_args!("imvume: the snapshot does not hold: {error}"));
            return Ok(Verdict::Failed);
        }
    };
    wish.leave_verified(&checked.snapshot);
    let pace = pace(checked.size, checked.took);
    if arguments.json {
        output::json(&json!({
            "snapshot": checked.snapshot,
            "bytes": checked.size,
            "rows": checked.manifest.rows,
            "opened": checked.opened,
            "leaves": checked.leaves,
            "keys_destroyed_since": checked.gone,
            "log": checked.log,
            "megabytes_per_second": pace,
        }));
    } else {
        output::line(format_args!(
            "Snapshot {} holds: {} leaves, {} sealed values opened, {} data keys destroyed since; \
             its head is that of the log ({} entries now). {pace:.1} MB/s.",
            checked.snapshot, checked.leaves, checked.opened, checked.gone, checked.log
        ));
    }
    Ok(Verdict::Held)
}

/// Where the snapshot is restored.
fn database(config: &Config, arguments: &Verify) -> anyhow::Result<Database> {
    match (&config.database, &arguments.into) {
        (Database::File, None) => Ok(Database::File),
        (Database::File, Some(_)) => {
            anyhow::bail!("--into: the database of this instance is a file")
        }
        (Database::Server(_), None) => {
            anyhow::bail!("--into: name a file with the URL of an empty database")
        }
        (Database::Server(_), Some(file)) => {
            let url = read_private(file).with_context(|| file.display().to_string())?;
            let server =
                Server::new(url.trim_end(), None).with_context(|| file.display().to_string())?;
            Ok(Database::Server(server))
        }
    }
}
