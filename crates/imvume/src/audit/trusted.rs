//! Whose word counts when something is verified from itself.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::Args;
use tlog::VerifyingKey;

use super::read_key;

/// The log's key, or the log.
#[derive(Args, Debug)]
pub(crate) struct Trusted {
    /// The log's key as you got it from its owner (`name+id+key`)
    #[arg(long, value_name = "KEY", required_unless_present = "log")]
    key: Option<String>,
    /// The log's directory: it is verified, and has to hold what is spoken of
    #[arg(long, value_name = "DIR")]
    pub(crate) log: Option<PathBuf>,
}

impl Trusted {
    /// The key that was named, or that of the log.
    pub(crate) fn key(&self) -> anyhow::Result<VerifyingKey> {
        match (&self.key, &self.log) {
            (Some(text), _) => text.trim().parse().context("--key"),
            (None, Some(directory)) => read_key(directory),
            (None, None) => anyhow::bail!("name the log's key with --key, or the log with --log"),
        }
    }
}
