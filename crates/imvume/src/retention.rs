//! `imvume retention` and `imvume statistics`: the schedule and the counts, while the gateway is
//! stopped. Runs are the gateway's.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context as _;
use clap::Args;
use clap::Subcommand;
use domain::audit::Actor;
use domain::statistic;
use domain::statistic::Counted;
use domain::time::Timestamp;
use serde_json::Value;
use serde_json::json;
use store::Store;
use store::retention::Entry;
use store::retention::Stepped;

use crate::Verdict;
use crate::cli::Configured;
use crate::config::Config;
use crate::instance;
use crate::output;

/// How many rows of a preview are looked at at once.
const ROWS: u32 = 2_000;

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Show the retention schedule: what is proposed, and what is on (the gateway must not run)
    Show(Configured),
    /// Count what the whole schedule would remove, proposals included; nothing goes (the gateway must
    /// not run)
    Preview(Configured),
    /// Switch an entry of the schedule on, after a preview (the gateway must not run)
    On(On),
}

#[derive(Args, Debug)]
pub(crate) struct On {
    /// Its short name
    code: String,
    /// The configuration file
    #[arg(long, value_name = "FILE", default_value = "imvume.toml")]
    config: PathBuf,
}

/// The arguments of `imvume statistics`.
#[derive(Args, Debug)]
pub(crate) struct Statistics {
    /// The first day, in UTC, such as 2026-11-01
    #[arg(long, value_name = "DATE")]
    from: String,
    /// The last day
    #[arg(long, value_name = "DATE")]
    to: String,
    /// The configuration file
    #[arg(long, value_name = "FILE", default_value = "imvume.toml")]
    config: PathBuf,
    /// Answer in JSON
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(command: &Command) -> anyhow::Result<Verdict> {
    match command {
        Command::On(arguments) => on(arguments),
        Command::Preview(arguments) => preview(arguments),
        Command::Show(arguments) => show(arguments),
    }
}

fn show(arguments: &Configured) -> anyhow::Result<Verdict> {
    let store = open(&Config::load(&arguments.config)?)?;
    let entries = store.read_now(|reader| reader.schedule(false))?;
    store.close();
    if arguments.json {
        output::json(&Value::Array(entries.iter().map(as_json).collect()));
        return Ok(Verdict::Held);
    }
    for entry in &entries {
        let state = if entry.is_on() {
            "on"
        } else {
            "PROPOSED ONLY: nothing acts on it"
        };
        let days = |days: Option<u32>| days.map_or_else(|| "–".to_owned(), |days| days.to_string());
        output::line(format!(
            "{} ({}): at least {}, at most {} days from {}, then {}: {state}",
            entry.code,
            entry.scope.class.name(),
            days(entry.term.minimum),
            days(entry.term.maximum),
            entry.term.starts.name(),
            entry.term.action.name(),
        ));
    }
    if entries.is_empty() {
        output::line("there is no schedule: one is proposed when the gateway starts");
    }
    Ok(Verdict::Held)
}

fn as_json(entry: &Entry) -> Value {
    json!({
        "id": entry.id.0,
        "code": entry.code,
        "class": entry.scope.class.name(),
        "jurisdiction": entry.scope.jurisdiction,
        "number": entry.scope.number.map(|number| number.0),
        "minimum_days": entry.term.minimum,
        "maximum_days": entry.term.maximum,
        "starts": entry.term.starts.name(),
        "action": entry.term.action.name(),
        "provision": entry.provision,
        "on": entry.is_on(),
    })
}

fn preview(arguments: &Configured) -> anyhow::Result<Verdict> {
    let store = open(&Config::load(&arguments.config)?)?;
    let run = instance::runtime()?.block_on(async {
        store.propose_schedule().await?;
        let id = store.begin_preview(Actor::System).await?;
        while let Stepped::Moved { .. } = store.step_run(id, ROWS).await? {}
        store.end_run(id).await?;
        store.read_now(|reader| reader.retention_run(id))
    });
    store.close();
    let run = run?.context("the preview is not there")?;
    let counts: Value = serde_json::from_str(&run.counts).unwrap_or_default();
    if arguments.json {
        output::json(&json!({
            "examined": run.examined,
            "due": run.due,
            "erased": run.erased,
            "kept": run.kept,
            "held": run.held,
            "for_review": run.for_review,
            "counts": counts,
        }));
        return Ok(Verdict::Held);
    }
    output::line(format!(
        "{} records looked at, {} over: {} would go, {} kept by a rule, {} held, {} to be decided",
        run.examined, run.due, run.erased, run.kept, run.held, run.for_review
    ));
    for (table, of) in counts.as_object().into_iter().flatten() {
        for (month, counts) in of["months"].as_object().into_iter().flatten() {
            output::line(format!(
                "{table} {month}: {} of {} would go",
                counts["erased"], counts["due"]
            ));
        }
    }
    Ok(Verdict::Held)
}

fn on(arguments: &On) -> anyhow::Result<Verdict> {
    let store = open(&Config::load(&arguments.config)?)?;
    let entries = store.read_now(|reader| reader.schedule(false))?;
    let entry = entries.iter().find(|entry| entry.code == arguments.code);
    let id = entry.context("there is no entry of this name")?.id;
    let switched = instance::runtime()?.block_on(async {
        let switched = store.switch_on_retention_rule(Actor::System, id).await;
        store.close();
        switched
    });
    switched?;
    output::line("It is on. The gateway runs the schedule once a day.");
    Ok(Verdict::Held)
}

/// `imvume statistics`.
pub(crate) fn statistics(arguments: &Statistics) -> anyhow::Result<Verdict> {
    let day = |text: &str| -> anyhow::Result<i64> {
        let at: Result<Timestamp, _> = format!("{text}T00:00:00Z").parse();
        Ok(at.context("a day is a date such as 2026-11-01")?.day())
    };
    let (from, to) = (day(&arguments.from)?, day(&arguments.to)?);
    let store = open(&Config::load(&arguments.config)?)?;
    let counts = store.read_now(|reader| reader.statistics(from, to))?;
    store.close();
    let mut tables = serde_json::Map::new();
    for counted in Counted::ALL {
        let mut cells = std::collections::BTreeMap::new();
        for count in counts.iter().filter(|count| count.counted == counted) {
            let name = store::statistics::outcome(counted, count.outcome);
            *cells.entry(name).or_insert(0_u64) += count.many;
        }
        let many: Vec<u64> = cells.values().copied().collect();
        let (shown, total) = statistic::shown(&many);
        let mut table: serde_json::Map<String, Value> = cells
            .into_keys()
            .zip(shown)
            .map(|(name, shown)| (name, shown.to_string().into()))
            .collect();
        table.insert("total".to_owned(), total.to_string().into());
        tables.insert(counted.name().to_owned(), Value::Object(table));
    }
    if arguments.json {
        output::json(&Value::Object(tables));
        return Ok(Verdict::Held);
    }
    for (counted, table) in &tables {
        for (outcome, count) in table.as_object().into_iter().flatten() {
            output::line(format!(
                "{counted} {outcome}: {}",
                count.as_str().unwrap_or_default()
            ));
        }
    }
    Ok(Verdict::Held)
}

fn open(config: &Config) -> anyhow::Result<Arc<Store>> {
    instance::open_existing(config)
        .context("while the gateway runs, use the admin API: /api/v1/retention, /api/v1/statistics")
}
