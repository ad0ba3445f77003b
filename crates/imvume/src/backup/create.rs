//! `imvume backup create`.

use std::sync::Arc;
use std::time::Duration;

use domain::audit::Actor;
use serde_json::json;
use service::backup::BackupFault;
use service::backup::Backups;
use service::backup::Wish;
use store::Store;
use store::StoreError;

use crate::Verdict;
use crate::cli::Configured;
use crate::config::Config;
use crate::instance;
use crate::output;
use crate::signals::Signals;

/// How often it is looked whether the gateway has answered.
const LOOK: Duration = Duration::from_millis(250);

/// So many looks in a row at which nobody makes a snapshot, and what was asked for is not begun, mean that
/// nobody will: a gateway that is idle begins within seconds.
const BEGIN: u32 = 60;

/// The same for what was begun.
const IDLE: u32 = 12;

/// What a signal cut off.
const CUT: &str = "Interrupted. A snapshot counts at each place at which it is whole: `imvume backup list` \
                   shows what there is. The snapshots before stand.";
const WITHDRAWN: &str = "Interrupted before the gateway began; the snapshots before stand.";
const GOES_ON: &str = "Nobody waits any more, but the gateway has begun the snapshot and goes on: `imvume \
                       backup list` shows it.";

pub(super) async fn run(arguments: &Configured) -> anyhow::Result<Verdict> {
    let config = Config::load(&arguments.config)?;
    anyhow::ensure!(
        !config.settings.backup.places.is_empty(),
        "backup.place: name a place that keeps backups"
    );
    let mut signals = Signals::listen()?;
    let opened = tokio::task::block_in_place(|| instance::open_existing(&config));
    let told = match opened {
        Ok(store) => {
            let _alone = Wish::of(&config.directory)?.alone()?;
            let made = tokio::select! {
                biased;
                made = make(&config, &store) => Some(made),
                () = signals.next() => None,
            };
            store.close();
            made.transpose()?.ok_or(CUT)
        }
        Err(error) if is_locked(&error) => {
            let wish = Wish::of(&config.directory)?;
            let _alone = wish.alone()?;
            tokio::select! {
                biased;
                made = ask(&wish) => Ok(made?),
                () = signals.next() => Err(if wish.withdraw() { WITHDRAWN } else { GOES_ON }),
            }
        }
        Err(error) => return Err(error),
    };
    output::progress_done();
    let (name, faults) = match told {
        Ok(made) => made,
        Err(cut) => {
            output::note(cut);
            return Ok(Verdict::Cut);
        }
    };
    if arguments.json {
        output::json(&json!({"snapshot": name, "faults": faults}));
    } else {
        output::line(format_args!("Made snapshot {name}."));
    }
    for fault in &faults {
        output::note(format_args!("imvume: it is not everywhere: {fault}"));
    }
    Ok(if faults.is_empty() {
        Verdict::Held
    } else {
        Verdict::Failed
    })
}

/// The name of the snapshot, and what stands in the way of places that do not have it.
async fn make(config: &Config, store: &Arc<Store>) -> Result<(String, Vec<String>), BackupFault> {
    let settings = config.settings.backup.clone();
    let at = (config.directory.as_path(), config.settings.media.as_path());
    let backups = Backups::new(Arc::clone(store), settings, at);
    let made = backups.snapshot(Actor::System).await?;
    Ok((made.name, made.faults))
}

fn is_locked(error: &anyhow::Error) -> bool {
    error
        .chain()
        .any(|cause| matches!(cause.downcast_ref(), Some(StoreError::Locked)))
}

/// Has the gateway make it, which runs on this data directory.
async fn ask(wish: &Wish) -> anyhow::Result<(String, Vec<String>)> {
    let id = wish.ask()?;
    let mut idle = 0;
    loop {
        if let Some(answer) = wish.answered(&id) {
            return answer.map_err(|told| anyhow::anyhow!("the gateway says: {told}"));
        }
        idle = if wish.is_made()? { 0 } else { idle + 1 };
        if wish.waits() {
            if idle > BEGIN {
                wish.withdraw();
                anyhow::bail!("another process uses the data directory and does not answer");
            }
        } else {
            anyhow::ensure!(
                idle < IDLE,
                "the gateway ended before it said that the snapshot is whole; `imvume backup list` \
                 shows what there is, and the snapshots before stand"
            );
        }
        output::progress("the gateway makes the snapshot");
        tokio::time::sleep(LOOK).await;
    }
}
