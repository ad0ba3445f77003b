//! `imvume backup create`.

use std::sync::Arc;
use std::time::Duration;

use domain::audit::Actor;
use serde_json::json;
use service::backup::Backups;
use service::backup::Wish;
use store::StoreError;

use crate::Verdict;
use crate::cli::Configured;
use crate::config::Config;
use crate::instance;
use crate::output;

/// How often it is looked whether the gateway has answered.
const LOOK: Duration = Duration::from_millis(250);

/// How long the gateway has to begin.
const BEGIN: u32 = 240;

pub(super) async fn run(arguments: &Configured) -> anyhow::Result<Verdict> {
    let config = Config::load(&arguments.config)?;
    anyhow::ensure!(
        !config.settings.backup.places.is_empty(),
        "backup.place: name a place that keeps backups"
    );
    let opened = tokio::task::block_in_place(|| instance::open_existing(&config));
    let name = match opened {
        Ok(store) => {
            let settings = config.settings.backup.clone();
            let at = (config.directory.as_path(), config.settings.media.as_path());
            let backups = Backups::new(Arc::clone(&store), settings, at);
            let made = backups.snapshot(Actor::System).await;
            store.close();
            made?.name
        }
        Err(error) if is_locked(&error) => ask(&config).await?,
        Err(error) => return Err(error),
    };
    if arguments.json {
        output::json(&json!({"snapshot": name}));
    } else {
        output::line(format_args!("Made snapshot {name}."));
    }
    Ok(Verdict::Held)
}

fn is_locked(error: &anyhow::Error) -> bool {
    error
        .chain()
        .any(|cause| matches!(cause.downcast_ref(), Some(StoreError::Locked)))
}

/// Has the gateway make it, which runs on this data directory.
async fn ask(config: &Config) -> anyhow::Result<String> {
    let wish = Wish::of(&config.directory)?;
    wish.ask()?;
    let asked = config.directory.join("backup").join("snapshot.asked");
    let mut looks = 0;
    loop {
        if let Some(answer) = wish.answered() {
            return answer.map_err(|told| anyhow::anyhow!("the gateway says: {told}"));
        }
        looks += 1;
        if looks > BEGIN && asked.exists() {
            wish.withdraw();
            anyhow::bail!("another process uses the data directory and does not answer");
        }
        output::progress("the gateway makes the snapshot");
        tokio::time::sleep(LOOK).await;
    }
}
