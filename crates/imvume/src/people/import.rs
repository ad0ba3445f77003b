//! `imvume people import`.

use std::fs::File;
use std::io::Read;
use std::sync::Arc;

use anyhow::Context as _;
use domain::audit::Actor;
use serde_json::Value;
use serde_json::json;
use service::people;
use service::people::Bad;
use service::people::Ended;
use service::people::Open;
use service::people::Options;
use service::people::Progress;
use service::people::Report;
use service::people::Stage;
use store::Store;

use super::Import;
use crate::Verdict;
use crate::config::Config;
use crate::instance;
use crate::output;

/// How many rows one transaction takes: nobody else waits for the store.
const SLICE: usize = 512;

/// How many bad rows are shown to people; machines get all that are told of.
const SHOWN: usize = 100;

pub(super) fn run(arguments: &Import) -> anyhow::Result<Verdict> {
    let config = Config::load(&arguments.config)?;
    let named = arguments.file.display().to_string();
    File::open(&arguments.file).with_context(|| format!("`{named}`"))?;
    let store = instance::open_existing(&config)
        .context("while the gateway runs, use the admin API: POST /api/v1/imports")?;
    let registry = store.registry();
    let purpose = registry
        .purpose_by_code(&arguments.purpose)
        .context("--purpose: there is no such purpose")?
        .purpose
        .id;
    let options = Options {
        actor: Actor::System,
        layout: arguments.layout,
        encoding: arguments.encoding,
        country: arguments.country,
        purpose,
        provenance: arguments.provenance.clone(),
        skip_bad: arguments.skip_bad,
        slice: SLICE,
    };
    let path = arguments.file.clone();
    let open: Arc<Open> =
        Arc::new(move || File::open(&path).map(|file| Box::new(file) as Box<dyn Read + Send>));
    let report = bring(&store, open, options, arguments.dry_run);
    output::progress_done();
    let report = report.with_context(|| format!("`{named}`"))?;
    store.close();
    if arguments.json {
        output::json(&as_json(&report));
    } else {
        show(&report);
    }
    Ok(match report.ended {
        Ended::Refused => Verdict::Failed,
        Ended::Checked if report.checked.bad > 0 => Verdict::Failed,
        Ended::Before | Ended::Checked | Ended::Done => Verdict::Held,
    })
}

fn bring(
    store: &Arc<Store>,
    open: Arc<Open>,
    options: Options,
    dry: bool,
) -> anyhow::Result<Report> {
    let runtime = instance::runtime()?;
    runtime.block_on(async {
        let work = people::bring(store, open, options, (Arc::new(watch), dry));
        tokio::select! {
            // Keeps the write-ahead log short meanwhile.
            () = store.checkpoints() => anyhow::bail!("the store has stopped"),
            done = work => Ok(done?),
        }
    })
}

fn watch(progress: Progress) {
    let verb = match progress.stage {
        Stage::Checking => "Checking",
        Stage::Writing => "Bringing in",
    };
    output::progress(format_args!("{verb}: {} rows", progress.rows));
}

fn as_json(report: &Report) -> Value {
    let ended = match report.ended {
        Ended::Before => "before",
        Ended::Checked => "checked",
        Ended::Done => "done",
        Ended::Refused => "refused",
    };
    let row = |bad: &Bad| json!({"line": bad.line, "reason": bad.fault.words()});
    let import = report.import.as_ref();
    json!({
        "outcome": ended,
        "import": import.map(|import| import.id.0),
        "rows": report.checked.rows,
        "bad": report.checked.bad,
        "resumed_at": report.resumed,
        "new_people": import.map(|import| import.people),
        "known_people": import.map(|import| import.known),
        "said_no": import.map(|import| import.denied),
        "bad_rows": report.checked.faults.iter().map(row).collect::<Vec<_>>(),
    })
}

fn show(report: &Report) {
    let checked = &report.checked;
    for bad in checked.faults.iter().take(SHOWN) {
        output::line(format_args!("line {}: {}", bad.line, bad.fault.words()));
    }
    if checked.bad > SHOWN as u64 {
        let more = checked.bad - SHOWN as u64;
        output::line(format_args!("… and {more} more rows that cannot be read"));
    }
    let rows = checked.rows;
    match (report.ended, &report.import) {
        (Ended::Refused, _) => output::line(format_args!(
            "Nothing was brought in: {} of {rows} rows cannot be read. Mend them, or leave them out \
             with --skip-bad.",
            checked.bad
        )),
        (Ended::Checked, _) => output::line(format_args!(
            "{rows} rows, {} of them cannot be read, {} people say no. Nothing was brought in.",
            checked.bad, checked.denied
        )),
        (Ended::Before, Some(import)) => output::line(format_args!(
            "This list was brought in before, as import {}.",
            import.id
        )),
        (Ended::Done, Some(import)) => {
            if report.resumed > 0 {
                output::line(format_args!(
                    "Went on after row {}, where it was broken off.",
                    report.resumed
                ));
            }
            output::line(format_args!(
                "Import {}: {} new people, {} rows about people who were known, {} who said no.",
                import.id, import.people, import.known, import.denied
            ));
            output::line(
                "None of the new ones gets anything promotional until they have said yes here.",
            );
        }
        (Ended::Before | Ended::Done, None) => output::line("The list is here."),
    }
}
