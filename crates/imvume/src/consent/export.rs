//! `imvume consent export`: a folder for a regulator.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::time::Duration;

use anyhow::Context as _;
use domain::audit::Actor;
use domain::ids::PurposeId;
use domain::ids::SubjectId;
use domain::time::Timestamp;
use serde_json::json;
use service::EvidenceError;
use service::EvidenceQuery;
use service::Service;
use store::Registry;

use crate::Verdict;
use crate::config::Config;
use crate::consent::arguments::Export;
use crate::instance;
use crate::output;
use crate::signals::Signals;

/// How long what is under way may take at the end.
const END: Duration = Duration::from_secs(5);

pub(super) fn run(arguments: &Export) -> anyhow::Result<Verdict> {
    let config = Config::load(&arguments.config)?;
    anyhow::ensure!(
        !arguments.to.exists(),
        "`{}` exists and is not written to; name another",
        arguments.to.display()
    );
    let store = instance::open_existing(&config).context(
        "while the gateway runs, use the admin API: /api/v1/subjects/{id}/consent/evidence",
    )?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let service = Service::start(store, &config.directory, config.settings.clone()).await?;
        let done = export(arguments, &service, &config).await;
        service.close(END).await;
        done
    })
}

async fn export(arguments: &Export, service: &Service, config: &Config) -> anyhow::Result<Verdict> {
    let query = EvidenceQuery {
        purposes: purposes(arguments, &service.store().registry())?,
        subject: arguments.subject.map(SubjectId),
        from: arguments.from.unwrap_or(Timestamp::from_micros(i64::MIN)),
        to: arguments.until.unwrap_or(Timestamp::from_micros(i64::MAX)),
        identifiers: arguments.with_identifiers,
    };
    let stopped = Arc::new(AtomicBool::new(false));
    let mut signals = Signals::listen()?;
    let heard = Arc::clone(&stopped);
    let listener = tokio::spawn(async move {
        signals.next().await;
        heard.store(true, Ordering::Relaxed);
    });
    let mut go_on = |records: u64| {
        output::progress(format_args!("{records} records"));
        !stopped.load(Ordering::Relaxed)
    };
    let log = config.log();
    let places = (arguments.to.as_path(), log.as_path());
    let done = service
        .export_evidence((Actor::System, &query), places, &mut go_on)
        .await;
    listener.abort();
    output::progress_done();
    let exported = match done {
        Err(EvidenceError::Interrupted) => {
            output::note("Stopped; nothing was exported.");
            return Ok(Verdict::Cut);
        }
        done => done.with_context(|| format!("`{}`", arguments.to.display()))?,
    };
    if arguments.json {
        output::json(&json!({
            "records": exported.records,
            "notices": exported.notices,
            "entries": exported.entries,
        }));
    } else {
        output::line(format_args!(
            "{} records, {} notices and a log of {} entries are in `{}`; README.md there says how to \
             check them.",
            exported.records,
            exported.notices,
            exported.entries,
            arguments.to.display()
        ));
    }
    Ok(Verdict::Held)
}

fn purposes(arguments: &Export, registry: &Registry) -> anyhow::Result<Vec<PurposeId>> {
    if arguments.purposes.is_empty() {
        return Ok(registry
            .purposes
            .iter()
            .map(|entry| entry.purpose.id)
            .collect());
    }
    let named = |code: &String| {
        let entry = registry.purpose_by_code(code);
        entry
            .map(|entry| entry.purpose.id)
            .with_context(|| format!("--purpose: there is no purpose `{code}`"))
    };
    arguments.purposes.iter().map(named).collect()
}
