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

    /// What keeps the log, where it was named, from bearing an entry out.
    pub(crate) fn differs(
        &self,
        key: &VerifyingKey,
        (position, entry): (u64, &[u8]),
    ) -> Option<String> {
        let directory = self.log.as_ref()?;
        let mut found = false;
        let mut visit = |at: u64, read: &[u8]| {
            found |= at == position && read == entry;
        };
        match tlog::verify(directory, key, &[], &mut visit, &mut |_| {}) {
            Err(error) => Some(format!("the log is not whole: {error}")),
            Ok(_) if found => None,
            Ok(_) => Some("the log holds another entry at its place".to_owned()),
        }
    }
}
