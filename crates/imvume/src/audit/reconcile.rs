//! `imvume audit reconcile`: the database against the log.

use std::path::Path;
use std::sync::mpsc;
use std::thread;

use serde_json::json;
use store::Store;
use store::reconcile::Difference;
use tlog::Verified;
use tlog::VerifyError;
use tlog::VerifyingKey;

use crate::Verdict;
use crate::audit::progress::Progress;
use crate::audit::verify::causes;
use crate::audit::verify::read_key;
use crate::cli;
use crate::config::Config;
use crate::instance;
use crate::output;

/// Entries that are read ahead of the comparison.
const AHEAD: usize = 1024;

/// What a comparison found.
pub(crate) struct Reconciled {
    /// What verifying the files came to.
    pub(crate) verified: Result<Verified, VerifyError>,
    /// Leaves that were compared.
    pub(crate) leaves: u64,
    /// Sealed values that were opened.
    pub(crate) sealed: u64,
    /// How many differences were told.
    pub(crate) differences: u64,
}

pub(crate) fn run(arguments: &cli::Configured) -> anyhow::Result<Verdict> {
    let config = Config::load(&arguments.config)?;
    let key = read_key(&config.log())?;
    let store = instance::open_existing(&config)?;
    let json = arguments.json;
    let found = compare(&store, &config.log(), &key, &mut |difference| {
        if json {
            output::json(&json!({"difference": difference.to_string()}));
        } else {
            output::line(difference);
        }
    })?;
    store.close();
    let log = found.verified.as_ref().err().map(|error| causes(error));
    let whole = found.differences == 0 && log.is_none();
    if json {
        output::json(&json!({
            "whole": whole,
            "leaves": found.leaves,
            "sealed_values": found.sealed,
            "differences": found.differences,
            "log": log,
        }));
    } else {
        if let Some(cause) = log {
            output::line(format_args!("The log is not whole: {cause}."));
        }
        let verdict = if whole { "agree" } else { "do not agree" };
        output::line(format_args!(
            "The database and the log {verdict}: {} leaves compared, {} sealed values opened, {} \
             differences.",
            found.leaves, found.sealed, found.differences
        ));
    }
    Ok(if whole {
        Verdict::Held
    } else {
        Verdict::Failed
    })
}

/// Verifies the log's files and compares the database with their entries, in one pass.
pub(crate) fn compare(
    store: &Store,
    log: &Path,
    key: &VerifyingKey,
    report: &mut dyn FnMut(&Difference),
) -> anyhow::Result<Reconciled> {
    let (sender, entries) = mpsc::sync_channel::<Vec<u8>>(AHEAD);
    thread::scope(|scope| {
        let files = scope.spawn(move || {
            let mut progress = Progress::default();
            // Whoever compares may have stopped; the files are verified all the same.
            let mut visit = |_, entry: &[u8]| drop(sender.send(entry.to_vec()));
            let verified = tlog::verify(log, key, &[], &mut visit, &mut |done| progress.at(done));
            progress.done();
            verified
        });
        let mut differences = 0;
        // The store asks for every position once, in order, as the files give them.
        let compared = store.reconcile(&mut |_| entries.recv().ok(), &mut |difference| {
            differences += 1;
            report(&difference);
        });
        drop(entries);
        let verified = files
            .join()
            .map_err(|_| anyhow::anyhow!("verifying the log was cut off"))?;
        let (leaves, sealed) = compared?;
        Ok(Reconciled {
            verified,
            leaves,
            sealed,
            differences,
        })
    })
}
