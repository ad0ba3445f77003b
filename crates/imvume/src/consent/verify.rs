//! `imvume consent verify`: records from themselves, the log's key, and the log if it is at hand.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::BufRead as _;
use std::io::BufReader;
use std::io::Read as _;
use std::path::Path;

use anyhow::Context as _;
use record::Verified;
use serde_json::json;
use tlog::VerifyingKey;

use crate::Verdict;
use crate::consent::arguments::Verify;
use crate::output;

/// Progress is shown once in so many records.
const STEP: u64 = 256;

/// What the records of a file rest on.
#[derive(Default)]
struct Held {
    records: u64,
    last: Option<Verified>,
    /// Entries by their positions, where the log is at hand.
    entries: BTreeMap<u64, Vec<u8>>,
    checkpoints: Vec<String>,
}

pub(super) fn run(arguments: &Verify) -> anyhow::Result<Verdict> {
    let key = arguments.trusted.key()?;
    let held = match records(arguments, &key)? {
        Ok(held) => held,
        Err(difference) => return Ok(failed(arguments, &difference)),
    };
    if let Some(directory) = &arguments.trusted.log
        && let Some(difference) = log_differs(directory, &key, &held)
    {
        return Ok(failed(arguments, &difference));
    }
    told(arguments, &key, &held);
    Ok(Verdict::Held)
}

/// Checks the records of a file, one after the other. A record that is not on one line is the only one.
fn records(arguments: &Verify, key: &VerifyingKey) -> anyhow::Result<Result<Held, String>> {
    let place = || format!("`{}`", arguments.file.display());
    let mut file = BufReader::new(File::open(&arguments.file).with_context(place)?);
    let mut held = Held::default();
    let mut line = Vec::new();
    for number in 1_u64.. {
        line.clear();
        let longest = record::LONGEST as u64 + 1;
        let read = file.by_ref().take(longest).read_until(b'\n', &mut line);
        if read.with_context(place)? == 0 {
            break;
        }
        if number == 1 && record::canonical::parse(&line).is_none() {
            file.by_ref()
                .take(longest)
                .read_to_end(&mut line)
                .with_context(place)?;
        }
        match record::verify(&line, key) {
            Ok(verified) => held.take(verified, arguments.trusted.log.is_some()),
            Err(error) if held.records == 0 && at_end(&mut file) => {
                output::progress_done();
                return Ok(Err(error.to_string()));
            }
            Err(error) => {
                output::progress_done();
                return Ok(Err(format!("record {number}: {error}")));
            }
        }
        if number % STEP == 0 {
            output::progress(format_args!("{number} records"));
        }
    }
    output::progress_done();
    if held.records == 0 {
        return Ok(Err("there is no record in it".to_owned()));
    }
    Ok(Ok(held))
}

fn at_end(file: &mut BufReader<File>) -> bool {
    file.fill_buf().is_ok_and(<[u8]>::is_empty)
}

impl Held {
    fn take(&mut self, verified: Verified, log: bool) {
        self.records += 1;
        if log {
            self.entries.extend(verified.entries.iter().cloned());
            if !self.checkpoints.contains(&verified.checkpoint) {
                self.checkpoints.push(verified.checkpoint.clone());
            }
        }
        self.last = Some(verified);
    }
}

/// What keeps the log's files from bearing the records out.
fn log_differs(directory: &Path, key: &VerifyingKey, held: &Held) -> Option<String> {
    let mut found = 0;
    let mut other = None;
    let mut visit = |at: u64, entry: &[u8]| {
        if let Some(wanted) = held.entries.get(&at) {
            found += 1;
            if wanted != entry && other.is_none() {
                other = Some(at);
            }
        }
    };
    let checked = tlog::verify(directory, key, &held.checkpoints, &mut visit, &mut |_| {});
    match (checked, other) {
        (Err(error), _) => Some(format!("the log is not whole: {error}")),
        (Ok(_), Some(at)) => Some(format!("the log holds another entry at {at}")),
        (Ok(_), None) if found < held.entries.len() => {
            Some("the log does not hold all entries the records rest on".to_owned())
        }
        (Ok(_), None) => None,
    }
}

fn told(arguments: &Verify, key: &VerifyingKey, held: &Held) {
    let log = arguments.trusted.log.is_some();
    let only = held.last.as_ref().filter(|_| held.records == 1);
    if arguments.json {
        let mut answer = json!({
            "holds": true,
            "records": held.records,
            "log": log,
            "key": key.to_string(),
        });
        if let (Some(members), Some(only)) = (answer.as_object_mut(), only) {
            members.insert("record".to_owned(), json!(only.record));
            members.insert("purpose".to_owned(), json!(only.purpose));
            members.insert("state".to_owned(), json!(only.state.name()));
            members.insert("since".to_owned(), json!(only.since.to_string()));
            members.insert("entries".to_owned(), json!(only.size));
        }
        return output::json(&answer);
    }
    match only {
        Some(only) => output::line(format_args!(
            "The record holds: `{}` is {} since {}, by {} events that stand in the log of {} entries.",
            only.purpose,
            only.state.name(),
            only.since,
            only.entries.len(),
            only.size
        )),
        None => output::line(format_args!("All {} records hold.", held.records)),
    }
    output::line(if log {
        "The log is whole and holds the same entries."
    } else {
        "Whoever has the log's files can hold them against it as well: --log."
    });
}

fn failed(arguments: &Verify, difference: &str) -> Verdict {
    if arguments.json {
        output::json(&json!({"holds": false, "difference": difference}));
    } else {
        output::line(format_args!("It does not hold: {difference}."));
    }
    Verdict::Failed
}
