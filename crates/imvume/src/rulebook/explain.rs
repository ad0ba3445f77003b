//! `imvume rulebook explain`.

use std::path::Path;

use ::rulebook::Explained;
use ::rulebook::Joins;
use ::rulebook::Rulebook;
use ::rulebook::State;
use domain::audit::Actor;
use domain::ids::SubjectId;
use domain::law::Evidence;
use serde_json::json;

use crate::Verdict;
use crate::config::Config;
use crate::instance;
use crate::output;
use crate::rulebook::arguments::Explain;
use crate::rulebook::now;
use crate::rulebook::open;
use crate::rulebook::show::told;

/// Why somebody's record was looked at, in the log.
const REASON: &str = "imvume rulebook explain";

pub(super) fn run(arguments: &Explain) -> anyhow::Result<Verdict> {
    let book = open(&arguments.files, arguments.controller.as_deref())?;
    let evidence = match (arguments.subject, &arguments.files.config) {
        (Some(subject), Some(config)) => of_subject(config, SubjectId(subject))?,
        (Some(_), None) => anyhow::bail!("--subject: name the configuration with --config"),
        (None, _) => Evidence {
            residence: arguments.residence.clone(),
            bsuid_countries: arguments.bsuid_countries.clone(),
            phone_prefixes: arguments.phone_prefixes.clone(),
        },
    };
    let at = arguments.at.unwrap_or_else(now);
    tell(&book.explain(&evidence, at), arguments.files.json);
    unlisted(&book, &evidence);
    Ok(Verdict::Held)
}

/// What is known of somebody. That it was looked at is in the log before it is shown.
fn of_subject(config: &Path, subject: SubjectId) -> anyhow::Result<Evidence> {
    let store = instance::open_existing(&Config::load(config)?)?;
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let evidence = runtime.block_on(async {
        let known = store.read(move |reader| reader.subject(subject)).await?;
        anyhow::ensure!(known.is_some(), "--subject: there is no subject of this id");
        let reading = store.reveal((Actor::System, subject), REASON, move |reader| {
            reader.evidence(subject)
        });
        Ok(reading.await?)
    });
    store.close();
    evidence
}

/// Codes that are not listed count as unknown; whoever mistyped one is told.
fn unlisted(book: &Rulebook, evidence: &Evidence) {
    let codes = evidence.residence.iter().chain(&evidence.bsuid_countries);
    for _ in codes.filter(|code| !book.knows_place(code)) {
        output::note("note: a place is no ISO 3166 code that is listed, and counts as unknown");
    }
}

fn tell(explained: &Explained<'_>, json: bool) {
    if json {
        machine(explained);
        return;
    }
    output::line("Places");
    for (code, confidence, why) in &explained.places {
        let (confidence, why) = (confidence.name(), why.name());
        output::line(format_args!("    {code:<6} {confidence:<7} {why}"));
    }
    output::line("Packs");
    for (pack, joins) in &explained.packs {
        let why: Vec<String> = joins.iter().map(why).collect();
        let name = pack.versioned();
        output::line(format_args!("    {name:<24} {}", why.join("; ")));
    }
    let zones = &explained.compiled.zones;
    let zones: Vec<&str> = zones.iter().map(|zone| &*zone.name).collect();
    output::line(format_args!("Time zones\n    {}", zones.join(", ")));
    output::line("Rules (* decides)");
    for one in &explained.rules {
        let mark = if one.decides { '*' } else { ' ' };
        let waits = if one.state == State::Waits {
            " – waits for review"
        } else {
            ""
        };
        let (id, provision) = (&one.rule.id, &one.rule.provision);
        output::line(format_args!("  {mark} {id}: {provision}{waits}"));
    }
}

fn machine(explained: &Explained<'_>) {
    let places = explained.places.iter().map(|(code, confidence, why)| {
        json!({"place": &**code, "confidence": confidence.name(), "why": why.name()})
    });
    let packs = explained.packs.iter().map(|(pack, joins)| {
        let why: Vec<String> = joins.iter().map(why).collect();
        json!({"pack": pack.versioned(), "why": why})
    });
    let rules = explained.rules.iter().map(|one| {
        let mut rule = told(one.rule, one.state);
        if let Some(rule) = rule.as_object_mut() {
            rule.insert("decides".to_owned(), one.decides.into());
        }
        rule
    });
    let zones = explained.compiled.zones.iter();
    output::json(&json!({
        "places": places.collect::<Vec<_>>(),
        "packs": packs.collect::<Vec<_>>(),
        "zones": zones.map(|zone| &*zone.name).collect::<Vec<_>>(),
        "rules": rules.collect::<Vec<_>>(),
    }));
}

fn why(joins: &Joins) -> String {
    match joins {
        Joins::Establishment => "the controller is established here".to_owned(),
        Joins::Person(code) => format!("the person may be in {code}"),
        Joins::StandsIn(code) if &**code == ::rulebook::NOWHERE => {
            "nobody knows where the person is".to_owned()
        }
        Joins::StandsIn(code) => format!("no whole pack is enforced for {code}"),
    }
}
