//! `imvume rulebook show`.

use ::rulebook::Pack;
use ::rulebook::Rule;
use ::rulebook::Rulebook;
use ::rulebook::State;
use ::rulebook::rule::letter;
use domain::time::Timestamp;
use serde_json::Value as Json;
use serde_json::json;

use crate::Verdict;
use crate::output;
use crate::rulebook::arguments::Show;
use crate::rulebook::now;
use crate::rulebook::open;

pub(super) fn run(arguments: &Show) -> anyhow::Result<Verdict> {
    let book = open(&arguments.files, None)?;
    let (now, json) = (now(), arguments.files.json);
    match arguments.id.as_deref() {
        None => book
            .packs()
            .for_each(|pack| overview(&book, pack, now, json)),
        Some(id) => match (book.rule(id), book.pack(id)) {
            (Some((pack, rule)), _) => whole(&book, pack, rule, now, json),
            (None, Some(pack)) => rules(&book, pack, now, json),
            (None, None) => anyhow::bail!("there is no pack and no rule of this id"),
        },
    }
    Ok(Verdict::Held)
}

fn overview(book: &Rulebook, pack: &Pack, now: Timestamp, json: bool) {
    let in_state = |wanted| {
        let mut states = pack.rules.iter().map(|rule| book.state(pack, rule, now));
        let count = |state: &State| *state == wanted;
        states.by_ref().filter(count).count()
    };
    let (enforced, waits) = (in_state(State::Enforced), in_state(State::Waits));
    if json {
        output::json(&json!({
            "pack": &*pack.id,
            "version": pack.version,
            "title": pack.title,
            "zone": &*pack.zone.name,
            "rules": pack.rules.len(),
            "enforced": enforced,
            "waiting": waits,
        }));
        return;
    }
    output::line(format_args!("{} – {}", pack.versioned(), pack.title));
    output::line(format_args!(
        "    {} rules: {enforced} enforced, {waits} waiting for review",
        pack.rules.len()
    ));
}

fn rules(book: &Rulebook, pack: &Pack, now: Timestamp, json: bool) {
    if !json {
        output::line(format_args!("{} – {}", pack.versioned(), pack.title));
    }
    for rule in &pack.rules {
        let state = book.state(pack, rule, now);
        if json {
            output::json(&told(rule, state));
        } else {
            let (id, provision) = (&rule.id, &rule.provision);
            output::line(format_args!("{id}"));
            output::line(format_args!(
                "    {provision}; {}; {}",
                letter(rule.confidence),
                state.name()
            ));
        }
    }
}

fn whole(book: &Rulebook, pack: &Pack, rule: &Rule, now: Timestamp, json: bool) {
    let state = book.state(pack, rule, now);
    if json {
        output::json(&told(rule, state));
        return;
    }
    let until = rule.to.map_or_else(String::new, |to| format!(" to {to}"));
    let review = book.review(rule.id.as_str()).map_or_else(
        || "nobody".to_owned(),
        |review| format!("{} on {}", review.reviewer, review.on),
    );
    let rows = [
        ("rule", rule.id.to_string()),
        ("pack", pack.versioned()),
        ("says", rule.text.clone()),
        ("provision", format!("{} ({})", rule.provision, rule.regime)),
        ("sets", format!("{:?}", rule.value)),
        ("in force", format!("from {}{until}", rule.from)),
        ("status", rule.status.name().to_owned()),
        ("strength", rule.strength.name().to_owned()),
        ("confidence", letter(rule.confidence).to_owned()),
        ("now", state.name().to_owned()),
        ("source", rule.source.clone()),
        (
            "compared",
            format!("on {} by {}", rule.last_reviewed, rule.reviewer),
        ),
        ("accepted by", review),
        ("stands in", format!("{}:{}", rule.place.0, rule.place.1)),
    ];
    for (name, value) in rows {
        output::line(format_args!("{name:<12} {value}"));
    }
}

/// A rule for machines.
pub(super) fn told(rule: &Rule, state: State) -> Json {
    json!({
        "rule": rule.id.as_str(),
        "kind": rule.kind.name(),
        "regime": &*rule.regime,
        "provision": rule.provision,
        "text": rule.text,
        "value": format!("{:?}", rule.value),
        "effective_from": rule.from.to_string(),
        "effective_to": rule.to.map(|to| to.to_string()),
        "status": rule.status.name(),
        "strength": rule.strength.name(),
        "confidence": letter(rule.confidence),
        "source_ref": rule.source,
        "last_reviewed": rule.last_reviewed.to_string(),
        "reviewer": rule.reviewer,
        "state": state.name(),
    })
}
