//! `imvume hold`: legal holds, while the gateway is stopped.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context as _;
use clap::Args;
use clap::Subcommand;
use domain::audit::Actor;
use domain::hold::Scope;
use domain::ids::NumberId;
use domain::ids::SubjectId;
use domain::record_class::RecordClass;
use domain::record_class::RecordClasses;
use domain::subject::Identifier;
use domain::subject::IdentifierKind;
use domain::time::Span;
use domain::time::Timestamp;
use serde_json::Value;
use serde_json::json;
use store::Store;
use store::hold::HoldView;
use store::hold::NewHold;
use whatsapp::recipient::E164;

use crate::Verdict;
use crate::config::Config;
use crate::instance;
use crate::output;

/// So many are shown at the most, the newest first.
const MOST: u32 = 1_000;

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Show the legal holds, those without owner or past their review first (the gateway must not run)
    List(List),
    /// Place a legal hold: all of it, or nothing (the gateway must not run)
    Place(Place),
    /// Release a legal hold (the gateway must not run)
    Release(Release),
}

#[derive(Args, Debug)]
pub(crate) struct List {
    /// Those that were released, too
    #[arg(long)]
    all: bool,
    /// The configuration file
    #[arg(long, value_name = "FILE", default_value = "imvume.toml")]
    config: PathBuf,
    /// Answer in JSON
    #[arg(long)]
    json: bool,
}

#[derive(Args, Debug)]
pub(crate) struct Place {
    /// Its short name
    code: String,
    /// The matter it is for: no personal data
    #[arg(long, value_name = "TEXT")]
    matter: String,
    /// Who answers for it
    #[arg(long, value_name = "NAME")]
    owner: String,
    /// In how many days somebody has to look at it again
    #[arg(long, value_name = "DAYS", default_value = "180", value_parser = clap::value_parser!(u32).range(1..=184))]
    review_days: u32,
    /// A record class it covers, such as conversation; all of them unless told
    #[arg(long, value_name = "CLASS")]
    class: Vec<String>,
    /// A person, by the phone number with its country code
    #[arg(long, value_name = "PHONE")]
    phone: Vec<String>,
    /// A person, by the id here
    #[arg(long, value_name = "ID")]
    subject: Vec<i64>,
    /// A number of the business, by its id here
    #[arg(long, value_name = "ID")]
    number: Vec<i64>,
    /// From when on, such as 2026-01-01T00:00:00Z
    #[arg(long, value_name = "INSTANT")]
    from: Option<Timestamp>,
    /// Until when; not included
    #[arg(long, value_name = "INSTANT")]
    to: Option<Timestamp>,
    /// The configuration file
    #[arg(long, value_name = "FILE", default_value = "imvume.toml")]
    config: PathBuf,
    /// Answer in JSON
    #[arg(long)]
    json: bool,
}

#[derive(Args, Debug)]
pub(crate) struct Release {
    /// Its short name
    code: String,
    /// Why: one line
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// The configuration file
    #[arg(long, value_name = "FILE", default_value = "imvume.toml")]
    config: PathBuf,
    /// Answer in JSON
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(command: &Command) -> anyhow::Result<Verdict> {
    match command {
        Command::List(arguments) => list(arguments),
        Command::Place(arguments) => place(arguments),
        Command::Release(arguments) => release(arguments),
    }
}

fn list(arguments: &List) -> anyhow::Result<Verdict> {
    let store = open(&Config::load(&arguments.config)?)?;
    let now = store.clock().now();
    let mut holds = store.read_now(|reader| reader.holds(!arguments.all, None, MOST))?;
    store.close();
    holds.sort_by_key(|held| held.due(now).is_none());
    if arguments.json {
        let all = holds.iter().map(|held| as_json(held, now)).collect();
        output::json(&Value::Array(all));
        return Ok(Verdict::Held);
    }
    for held in &holds {
        output::line(line(held, now));
    }
    if holds.is_empty() {
        output::line("no legal hold is in force");
    }
    Ok(Verdict::Held)
}

fn line(held: &HoldView, now: Timestamp) -> String {
    let due = held.due(now).map_or("", |due| match due {
        domain::hold::Due::Owner => "NOBODY OWNS IT: ",
        domain::hold::Due::Review => "PAST ITS REVIEW: ",
    });
    let whom = if held.everybody {
        "whoever matches".to_owned()
    } else {
        format!("{} people", held.people)
    };
    let end = held.released_at.map_or_else(
        || format!("review {}", held.review_at),
        |at| format!("released {at}"),
    );
    format!(
        "{due}{}: {}, {whom}, owner {}, {end}",
        held.code, held.matter, held.owner
    )
}

fn as_json(held: &HoldView, now: Timestamp) -> Value {
    json!({
        "id": held.id.0,
        "code": held.code,
        "matter": held.matter,
        "owner": held.owner,
        "query": held.query,
        "everybody": held.everybody,
        "people": held.people,
        "created_at": held.created_at.to_string(),
        "review_at": held.review_at.to_string(),
        "due": held.due(now).map(domain::hold::Due::name),
        "released_at": held.released_at.map(|at| at.to_string()),
    })
}

fn place(arguments: &Place) -> anyhow::Result<Verdict> {
    let names = arguments.class.iter();
    let classes: Option<RecordClasses> = names.map(|name| RecordClass::from_name(name)).collect();
    let classes = classes.context("--class: there is no such record class")?;
    let phones: Result<Vec<Identifier>, _> = arguments
        .phone
        .iter()
        .map(|phone| {
            let phone = E164::parse(phone)?;
            Ok(Identifier::new(
                IdentifierKind::Phone,
                phone.as_str().to_owned(),
            ))
        })
        .collect::<Result<_, whatsapp::recipient::RecipientError>>();
    let phones = phones.context("--phone")?;
    let store = open(&Config::load(&arguments.config)?)?;
    let found: Vec<Option<SubjectId>> =
        store.read_now(|reader| phones.iter().map(|phone| reader.find(phone)).collect())?;
    let found: Option<Vec<SubjectId>> = found.into_iter().collect();
    let mut subjects = found.context("--phone: one of them is not known here; nothing is held")?;
    subjects.extend(arguments.subject.iter().copied().map(SubjectId));
    let new = NewHold {
        code: arguments.code.clone(),
        matter: arguments.matter.clone(),
        owner: arguments.owner.clone(),
        scope: Scope {
            subjects,
            numbers: arguments.number.iter().copied().map(NumberId).collect(),
            classes: if classes.is_empty() {
                RecordClasses::ALL
            } else {
                classes
            },
            from: arguments.from,
            to: arguments.to,
        },
        review_at: store.clock().now() + Span::days(arguments.review_days),
    };
    let id = instance::runtime()?.block_on(async {
        let placed = store.place_hold(Actor::System, new).await;
        store.close();
        placed
    })?;
    if arguments.json {
        output::json(&json!({ "id": id.0 }));
    } else {
        output::line("It is in force: neither an erasure nor the retention schedule passes it.");
    }
    Ok(Verdict::Held)
}

fn release(arguments: &Release) -> anyhow::Result<Verdict> {
    let store = open(&Config::load(&arguments.config)?)?;
    let held = store.read_now(|reader| reader.hold_by_code(&arguments.code))?;
    let held = held.context("there is no hold of this name")?;
    let reason = arguments.reason.clone();
    let erased = instance::runtime()?.block_on(async {
        let which = (held.id, held.version);
        let released = store.release_hold(Actor::System, which, reason).await;
        store.close();
        released
    })?;
    if arguments.json {
        output::json(&json!({ "erased": erased }));
    } else {
        output::line(format!(
            "It is released. Of {erased} record classes of erased people something went."
        ));
    }
    Ok(Verdict::Held)
}

fn open(config: &Config) -> anyhow::Result<Arc<Store>> {
    instance::open_existing(config)
        .context("while the gateway runs, use the admin API: /api/v1/holds")
}
