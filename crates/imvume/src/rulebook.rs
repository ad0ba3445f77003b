//! `imvume rulebook`: the law as data. What is in force, what waits for review, what another directory
//! would change, and whose law holds for a person.

mod arguments;
mod diff;
mod explain;
mod show;

use ::rulebook::Refused;
use ::rulebook::Rulebook;
use ::rulebook::Warning;
use ::rulebook::files::read_directory;
use domain::time::Timestamp;
use serde_json::json;
use store::Clock;

use crate::Verdict;
use crate::config::Config;
use crate::output;
use crate::rulebook::arguments::Files;

pub(crate) use crate::rulebook::arguments::Command;

pub(crate) fn run(command: &Command) -> anyhow::Result<Verdict> {
    match command {
        Command::Check(files) => check(files),
        Command::Diff(arguments) => diff::run(arguments),
        Command::Explain(arguments) => explain::run(arguments),
        Command::Show(arguments) => show::run(arguments),
    }
}

fn now() -> Timestamp {
    Clock::default().now()
}

/// The rulebook that is meant, for a controller in a country; why it is refused, if it is.
fn load(files: &Files, country: Option<&str>) -> anyhow::Result<Result<Rulebook, Refused>> {
    let config = files.config.as_deref().map(Config::load).transpose()?;
    let directory = files
        .directory
        .as_deref()
        .or_else(|| config.as_ref()?.rulebook.as_deref());
    let own = config
        .as_ref()
        .map(|config| config.settings.country.as_str());
    let country = country.or(own).unwrap_or(::rulebook::NOWHERE);
    let sources = match directory.map(read_directory).transpose() {
        Ok(sources) => sources.unwrap_or_default(),
        Err(refused) => return Ok(Err(refused)),
    };
    let regimes = config.as_ref().map_or(&[][..], |config| &config.regimes);
    Ok(Rulebook::load(country, &sources).and_then(|book| book.bound_by(regimes)))
}

/// The same for commands that need one that holds.
fn open(files: &Files, country: Option<&str>) -> anyhow::Result<Rulebook> {
    load(files, country)?.map_err(|refused| anyhow::anyhow!("{refused}"))
}

fn check(files: &Files) -> anyhow::Result<Verdict> {
    let book = match load(files, None)? {
        Ok(book) => book,
        Err(Refused(faults)) => {
            for fault in &faults {
                if files.json {
                    output::json(&json!({
                        "state": "problem",
                        "file": fault.file,
                        "line": fault.line,
                        "rule": fault.rule,
                        "text": fault.problem.to_string(),
                    }));
                } else {
                    output::line(fault);
                }
            }
            if !files.json {
                output::line(match faults.len() {
                    1 => "1 problem.".to_owned(),
                    many => format!("{many} problems."),
                });
            }
            return Ok(Verdict::Failed);
        }
    };
    let warnings = book.warnings(now());
    for Warning { about, matter } in &warnings {
        if files.json {
            output::json(&json!({"state": "warning", "about": about, "text": matter.to_string()}));
        } else {
            output::line(format_args!("warning: `{about}`: {matter}"));
        }
    }
    for pack in book.packs() {
        if files.json {
            output::json(&json!({
                "state": "ok",
                "pack": pack.versioned(),
                "rules": pack.rules.len(),
                "enforced": pack.enforced,
            }));
        } else {
            let (name, rules) = (pack.versioned(), pack.rules.len());
            output::line(format_args!("ok       {name:<28} {rules:>3} rules"));
        }
    }
    if !files.json {
        output::line(match warnings.len() {
            0 => "All is well.".to_owned(),
            1 => "No problem, 1 warning.".to_owned(),
            many => format!("No problem, {many} warnings."),
        });
    }
    Ok(Verdict::Held)
}
