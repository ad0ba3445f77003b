//! `imvume rulebook diff`.

use ::rulebook::Change;
use ::rulebook::State;
use ::rulebook::What;
use ::rulebook::diff;
use serde_json::json;

use crate::Verdict;
use crate::output;
use crate::rulebook::arguments::Diff;
use crate::rulebook::arguments::Files;
use crate::rulebook::now;
use crate::rulebook::open;

pub(super) fn run(arguments: &Diff) -> anyhow::Result<Verdict> {
    let Diff { new, files } = arguments;
    let old = open(files, None)?;
    let new = open(
        &Files {
            config: None,
            directory: Some(new.clone()),
            json: files.json,
        },
        None,
    )?;
    let changes = diff(&old, &new, now());
    for change in &changes {
        tell(change, files.json);
    }
    if !files.json {
        output::line(match changes.len() {
            0 => "Nothing changes.".to_owned(),
            1 => "1 rule changes.".to_owned(),
            many => format!("{many} rules change."),
        });
    }
    Ok(Verdict::Held)
}

fn tell(change: &Change, json: bool) {
    let (what, members) = match &change.what {
        What::Added => ("added", &[][..]),
        What::Changed(members) => ("changed", members.as_slice()),
        What::Removed => ("removed", &[][..]),
    };
    let effect = change.takes_effect.map(|day| day.to_string());
    if json {
        output::json(&json!({
            "rule": change.rule,
            "what": what,
            "members": members,
            "before": change.before.map(State::name),
            "after": change.after.map(State::name),
            "takes_effect": effect,
        }));
        return;
    }
    let effect = effect.map_or_else(|| "at once".to_owned(), |day| format!("on {day}"));
    let state = |state: Option<State>| state.map_or("not there", State::name);
    let (before, after) = (state(change.before), state(change.after));
    output::line(format_args!(
        "{what:<8} {}: {before} -> {after}, {effect}",
        change.rule
    ));
    if !members.is_empty() {
        output::line(format_args!("         differs in {}", members.join(", ")));
    }
}
