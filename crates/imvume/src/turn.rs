//! Whose turn it is to write to the instance's database, and waiting for it.

use std::path::Path;
use std::pin::pin;
use std::time::Duration;

use anyhow::Context as _;
use store::Database;
use store::Lease;
use store::StoreError;
use tokio::time::sleep;
use tokio::time::timeout;

use crate::config::Config;
use crate::instance;

/// How long a server that is not there is left alone.
const PAUSE: Duration = Duration::from_millis(500);

/// Whoever has waited for this long has reached the server.
const REACHED: Duration = Duration::from_secs(10);

/// Takes the right to write. None where another process has it and this one can stand by for it: a
/// server has room for both. A server that is not there is waited for as long as the configuration
/// says.
pub(crate) async fn take(config: &Config) -> anyhow::Result<Option<Lease>> {
    instance::private_directory(&config.directory).context("instance.directory")?;
    let told = timeout(config.wait, attempts(config)).await;
    match told.unwrap_or(Err(StoreError::Unreachable)) {
        Ok(lease) => Ok(Some(lease)),
        Err(StoreError::Locked) if on_server(config) => Ok(None),
        Err(error) => Err(error).with_context(|| instance::place(config)),
    }
}

/// Waits until no other process has the right, and takes it. Ends only with the right, or where
/// waiting longer would not help.
pub(crate) async fn wait(config: &Config) -> anyhow::Result<Lease> {
    let mut told = false;
    loop {
        let mut attempt = pin!(attempt(config, Lease::wait));
        let answer = if let Ok(answer) = timeout(REACHED, &mut attempt).await {
            answer
        } else {
            told = false;
            attempt.await
        };
        match answer {
            Err(error) if passes(&error) => {
                if !told {
                    tracing::warn!("the database is not there; standing by goes on");
                }
                told = true;
                sleep(PAUSE).await;
            }
            settled => return settled.with_context(|| instance::place(config)),
        }
    }
}

async fn attempts(config: &Config) -> Result<Lease, StoreError> {
    let mut told = false;
    loop {
        match attempt(config, Lease::take).await {
            Err(error) if passes(&error) && on_server(config) => {
                if !told {
                    let seconds = config.wait.as_secs();
                    tracing::warn!(seconds, "the database is not there; waiting for it");
                }
                told = true;
                sleep(PAUSE).await;
            }
            settled => return settled,
        }
    }
}

async fn attempt(
    config: &Config,
    take: fn(&Path, &Database) -> Result<Lease, StoreError>,
) -> Result<Lease, StoreError> {
    let (directory, database) = (config.directory.clone(), config.database.clone());
    let taken = tokio::task::spawn_blocking(move || take(&directory, &database));
    taken.await.unwrap_or(Err(StoreError::Stopped))
}

/// Whether the server may be there in a moment.
pub(crate) const fn passes(error: &StoreError) -> bool {
    matches!(error, StoreError::Busy | StoreError::Unreachable)
}

const fn on_server(config: &Config) -> bool {
    matches!(config.database, Database::Server(_))
}
