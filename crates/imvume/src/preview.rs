//! `imvume preview`: what the gate would say of a message to many, in counts.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context as _;
use clap::Args;
use domain::audit::Actor;
use domain::gate::Content;
use domain::ids::ImportId;
use domain::tally::Shown;
use domain::tally::Tally;
use domain::time::Timestamp;
use serde_json::Value;
use serde_json::json;
use store::Audience;
use store::Planned;
use store::Registry;
use store::Store;
use store::operation::Outgoing;

use crate::Verdict;
use crate::config::Config;
use crate::instance;
use crate::output;

#[derive(Args, Debug)]
pub(crate) struct Preview {
    /// The configuration file
    #[arg(long, value_name = "FILE", default_value = "imvume.toml")]
    pub(crate) config: PathBuf,
    /// The number's id at Meta
    #[arg(long, value_name = "ID")]
    pub(crate) phone_number_id: String,
    /// The template, as `name/language`; without it, a free-form message
    #[arg(long, value_name = "NAME/LANGUAGE")]
    pub(crate) template: Option<String>,
    /// The code of the purpose it would be declared for
    #[arg(long, value_name = "CODE")]
    pub(crate) purpose: Option<String>,
    /// To whom: everyone, `purpose:CODE` (whoever has a consent record for it) or `import:ID`
    #[arg(long, value_name = "WHO", default_value = "everyone")]
    pub(crate) audience: String,
    /// Answer in JSON
    #[arg(long)]
    pub(crate) json: bool,
}

pub(crate) fn run(arguments: &Preview) -> anyhow::Result<Verdict> {
    let config = Config::load(&arguments.config)?;
    let store: Arc<Store> = instance::open_existing(&config)
        .context("while the gateway runs, use the admin API: POST /api/v1/previews")?;
    let planned = planned(arguments, &store.registry())?;
    let runtime = instance::runtime()?;
    let tally = runtime.block_on(store.preview_many(Actor::System, planned))?;
    store.close();
    if arguments.json {
        output::json(&as_json(&tally));
    } else {
        show(&tally);
    }
    Ok(Verdict::Held)
}

fn planned(arguments: &Preview, registry: &Registry) -> anyhow::Result<Planned> {
    let number = registry
        .number_by_phone_number_id(&arguments.phone_number_id)
        .context("--phone-number-id: there is no such number")?;
    let content = match &arguments.template {
        None => Outgoing::Plain(Content::FreeForm),
        Some(template) => {
            let parts = template.split_once('/');
            let (name, language) = parts.context("--template: wants name/language")?;
            Outgoing::Template {
                name: name.to_owned(),
                language: language.to_owned(),
            }
        }
    };
    let who = arguments.audience.as_str();
    let audience = match (who, who.split_once(':')) {
        ("everyone", _) => Audience::Everyone,
        (_, Some(("import", id))) => {
            let id = id
                .parse()
                .context("--audience: wants import: and a number")?;
            Audience::Import(ImportId(id))
        }
        (_, Some(("purpose", code))) => {
            let purpose = registry.purpose_by_code(code);
            let purpose = purpose.context("--audience: there is no such purpose")?;
            Audience::Purpose(purpose.purpose.id)
        }
        _ => anyhow::bail!("--audience: wants everyone, purpose:CODE or import:ID"),
    };
    Ok(Planned {
        number: number.id,
        content,
        declared: arguments.purpose.clone(),
        audience,
    })
}

const OUTCOMES: [(&str, &str); 4] = [
    ("allowed", "may leave now"),
    ("deferred", "may leave later"),
    ("refused", "may not leave"),
    ("unreachable", "cannot be reached on WhatsApp"),
];

fn hour(hour: i64) -> Timestamp {
    Timestamp::from_seconds(hour.saturating_mul(3_600))
}

fn as_json(tally: &Tally) -> Value {
    let shown = |shown: Shown| {
        let exact = match shown {
            Shown::Exactly(count) => Some(count),
            Shown::Few | Shown::Tens(_) => None,
        };
        json!({"people": exact, "shown": shown.to_string()})
    };
    let outcomes = OUTCOMES.iter().zip(tally.outcomes());
    let outcomes: serde_json::Map<String, Value> = outcomes
        .map(|((name, _), count)| ((*name).to_owned(), shown(count)))
        .collect();
    let reasons = tally.reasons.iter().map(|(against, concerned)| {
        json!({
            "rule": against.rule,
            "law": against.law.as_ref().map(domain::law::RuleId::as_str),
            "code": concerned.code,
            "reason": concerned.words,
            "concerned": shown(Shown::of(concerned.people)),
            "decisive": shown(Shown::of(concerned.first)),
        })
    });
    let hours = tally.hours.iter().map(|(at, people)| {
        json!({"hour": hour(*at).to_string(), "deferred": shown(Shown::of(*people))})
    });
    json!({
        "people": tally.people(),
        "outcomes": outcomes,
        "reasons": reasons.collect::<Vec<_>>(),
        "hours": hours.collect::<Vec<_>>(),
    })
}

fn show(tally: &Tally) {
    output::line(format_args!("{:>10}  people", tally.people()));
    for ((_, words), count) in OUTCOMES.iter().zip(tally.outcomes()) {
        output::line(format_args!("{:>10}  {words}", count.to_string()));
    }
    if !tally.reasons.is_empty() {
        output::line("What stands against it; one person can be concerned by several:");
    }
    for (against, concerned) in &tally.reasons {
        let people = Shown::of(concerned.people).to_string();
        let law = against.law.as_ref().map_or("", |law| law.as_str());
        let gap = if law.is_empty() { "" } else { " " };
        output::line(format_args!(
            "{people:>10}  {} ({}{gap}{law})",
            concerned.words, against.rule
        ));
    }
    if !tally.hours.is_empty() {
        output::line("When it may leave for those for whom it may later:");
    }
    for (at, people) in &tally.hours {
        output::line(format_args!(
            "{:>10}  {}",
            Shown::of(*people).to_string(),
            hour(*at)
        ));
    }
}
