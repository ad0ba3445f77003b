//! `imvume audit certificate`: the certificate of an erasure from itself and the log's key.

use std::fs::File;
use std::io::Read as _;
use std::path::PathBuf;

use anyhow::Context as _;
use clap::Args;
use domain::record_class::RecordClass;
use serde_json::json;
use service::certificate::LONGEST;
use service::erasure_certificate::ErasureNote;
use service::erasure_certificate::Horizon;

use crate::Verdict;
use crate::audit::Trusted;
use crate::output;

#[derive(Args, Debug)]
pub(crate) struct Certificate {
    /// The signed note of the certificate
    #[arg(value_name = "CERTIFICATE")]
    file: PathBuf,
    #[command(flatten)]
    trusted: Trusted,
    /// Answer in JSON
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &Certificate) -> anyhow::Result<Verdict> {
    let place = || format!("`{}`", arguments.file.display());
    let mut signed = String::new();
    File::open(&arguments.file)
        .and_then(|file| file.take(LONGEST as u64 + 1).read_to_string(&mut signed))
        .with_context(place)?;
    let key = arguments.trusted.key()?;
    let note = match ErasureNote::verify(&signed, &key) {
        Ok(note) => note,
        Err(error) => return Ok(failed(arguments, &error.to_string())),
    };
    let entry = (note.position, note.proof.entry.as_slice());
    if let Some(difference) = arguments.trusted.differs(&key, entry) {
        return Ok(failed(arguments, &difference));
    }
    held(arguments, &note);
    Ok(Verdict::Held)
}

fn failed(arguments: &Certificate, why: &str) -> Verdict {
    if arguments.json {
        output::json(&json!({"holds": false, "difference": why}));
    } else {
        output::line(format_args!("The certificate does not hold: {why}."));
    }
    Verdict::Failed
}

fn held(arguments: &Certificate, note: &ErasureNote) {
    let facts = &note.facts;
    let (word, horizon) = match note.horizon {
        Horizon::Expected(at) => ("expected", Some(at)),
        Horizon::Open => ("open", None),
        Horizon::Reached(at) => ("reached", Some(at)),
    };
    if arguments.json {
        output::json(&json!({
            "holds": true,
            "log": note.origin,
            "organisation": note.organisation,
            "erasure": facts.id.0,
            "request": facts.request.map(|request| request.0),
            "reason": facts.reason.name(),
            "erased_at": facts.at.to_string(),
            "keys": facts.keys,
            "classes": facts.classes.iter().map(RecordClass::name).collect::<Vec<_>>(),
            "kept": note.kept.len(),
            "horizon": word,
            "horizon_at": horizon.map(|at| at.to_string()),
            "position": note.position,
            "made": note.made.to_string(),
        }));
        return;
    }
    let horizon = horizon.map_or_else(String::new, |at| format!(" {at}"));
    output::line(format_args!(
        "The certificate holds: {} erased somebody at {} (erasure {}), {} data keys destroyed, {} kinds \
         of records kept; erasure horizon {word}{horizon}; entry {} of the log {}.",
        note.organisation,
        facts.at,
        facts.id,
        facts.keys,
        note.kept.len(),
        note.position,
        note.origin,
    ));
}
