//! `imvume audit verify`: the log from its files alone.

use std::path::Path;
use std::path::PathBuf;

use anyhow::Context as _;
use serde_json::json;
use tlog::Verified;
use tlog::VerifyError;
use tlog::VerifyingKey;

use crate::Verdict;
use crate::audit::progress::Progress;
use crate::cli;
use crate::output;

/// The file in a log that holds its key.
const KEY: &str = "key.vkey";

/// A checkpoint is a few lines; nothing near this many bytes.
const CHECKPOINT: u64 = 64 * 1024;

pub(crate) fn run(arguments: &cli::Verify) -> anyhow::Result<Verdict> {
    let directory = log(&arguments.directory)?;
    let key = match &arguments.key {
        Some(text) => text.trim().parse().context("--key")?,
        None => read_key(&directory)?,
    };
    let earlier: Vec<String> = arguments
        .checkpoints
        .iter()
        .map(|path| checkpoint(path))
        .collect::<Result<_, _>>()?;
    let mut progress = Progress::default();
    let verified = tlog::verify(&directory, &key, &earlier, &mut |_, _| {}, &mut |done| {
        progress.at(done);
    });
    progress.done();
    match &verified {
        Ok(verified) => held(arguments, &key, *verified),
        Err(error) => failed(arguments, error),
    }
    Ok(if verified.is_ok() {
        Verdict::Held
    } else {
        Verdict::Failed
    })
}

fn held(arguments: &cli::Verify, key: &VerifyingKey, verified: Verified) {
    let Verified {
        size,
        root,
        checkpoints,
    } = verified;
    if arguments.json {
        output::json(&json!({
            "whole": true,
            "entries": size,
            "root": root.to_string(),
            "checkpoints": checkpoints,
            "key": key.to_string(),
        }));
        return;
    }
    output::line(format_args!(
        "The log is whole: {size} entries, root {root}."
    ));
    output::line(format_args!(
        "It agrees with {checkpoints} signed checkpoints of {key}."
    ));
    if arguments.key.is_none() {
        output::line(
            "That key lies with the log itself; compare it with the one its owner gave you, or \
             pass that with --key.",
        );
    }
}

fn failed(arguments: &cli::Verify, error: &VerifyError) {
    let cause = causes(error);
    if arguments.json {
        output::json(&json!({"whole": false, "difference": cause}));
    } else {
        output::line(format_args!("The log is not whole: {cause}."));
    }
}

/// An error of a library with what lies behind it.
pub(super) fn causes(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        next = cause.source();
    }
    text
}

/// The log's directory: this one, or the one in it.
fn log(directory: &Path) -> anyhow::Result<PathBuf> {
    let within = directory.join("log");
    if directory.join(KEY).exists() {
        Ok(directory.to_owned())
    } else if within.join(KEY).exists() {
        Ok(within)
    } else {
        anyhow::bail!(
            "`{}` holds no log: there is no `{KEY}` in it; name the directory that has one",
            directory.display()
        )
    }
}

/// The key that lies with a log.
pub(crate) fn read_key(directory: &Path) -> anyhow::Result<VerifyingKey> {
    let path = directory.join(KEY);
    let text = std::fs::read_to_string(&path)
        .with_context(|| format!("`{}` cannot be read", path.display()))?;
    text.trim()
        .parse()
        .with_context(|| format!("`{}`", path.display()))
}

fn checkpoint(path: &Path) -> anyhow::Result<String> {
    let place = || format!("--checkpoint `{}`", path.display());
    let metadata = std::fs::metadata(path).with_context(place)?;
    let sound = metadata.is_file() && metadata.len() <= CHECKPOINT;
    anyhow::ensure!(sound, "{}: is not a checkpoint", place());
    std::fs::read_to_string(path).with_context(place)
}
