//! `imvume check`: what would keep an instance from working, each with its mend.
//!
//! Nothing is changed, and the gateway may run meanwhile. To add a check: a function in `place.rs`
//! (this machine), `data.rs` (the database), `backup.rs` (its copies), `meta.rs`, `app.rs` or
//! `sending.rs` (the other side) that returns a [`Finding`], and its line there.

mod app;
mod backup;
mod data;
mod meta;
mod place;
mod sending;

use std::fmt;

use serde_json::json;

use crate::Verdict;
use crate::cli;
use crate::config::Config;
use crate::output;

/// What one check found.
#[derive(Debug)]
pub(super) struct Finding {
    what: String,
    state: State,
}

#[derive(Debug)]
enum State {
    /// Nothing to do; what was seen.
    Fine(String),
    /// Nothing wrong, but worth knowing.
    Note(String),
    /// What is wrong, and how to mend it.
    Problem(String),
}

impl Finding {
    fn fine(what: impl Into<String>, seen: impl fmt::Display) -> Self {
        Self {
            what: what.into(),
            state: State::Fine(seen.to_string()),
        }
    }

    fn note(what: impl Into<String>, known: impl fmt::Display) -> Self {
        Self {
            what: what.into(),
            state: State::Note(known.to_string()),
        }
    }

    fn problem(what: impl Into<String>, mend: impl fmt::Display) -> Self {
        Self {
            what: what.into(),
            state: State::Problem(mend.to_string()),
        }
    }

    fn is_problem(&self) -> bool {
        matches!(self.state, State::Problem(_))
    }

    fn parts(&self) -> (&'static str, &str) {
        match &self.state {
            State::Fine(text) => ("ok", text),
            State::Note(text) => ("note", text),
            State::Problem(text) => ("problem", text),
        }
    }
}

pub(crate) fn run(arguments: &cli::Configured) -> anyhow::Result<Verdict> {
    let config = Config::load(&arguments.config)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let file = Finding::fine("configuration", arguments.config.display());
    let mut problems: usize = 0;
    let mut tell = |finding: &Finding| {
        problems += usize::from(finding.is_problem());
        let (state, text) = finding.parts();
        if arguments.json {
            output::json(&json!({"check": finding.what, "state": state, "text": text}));
        } else {
            output::line(format_args!("{state:<8} {:<20} {text}", finding.what));
        }
    };
    tell(&file);
    place::check(&config).iter().for_each(&mut tell);
    let (findings, kept) = data::check(&config);
    findings.iter().for_each(&mut tell);
    runtime
        .block_on(meta::check(&config, kept))
        .iter()
        .for_each(&mut tell);
    runtime
        .block_on(backup::reach(&config))
        .iter()
        .for_each(&mut tell);
    runtime
        .block_on(sending::check(&config))
        .iter()
        .for_each(&mut tell);
    if !arguments.json {
        output::line(match problems {
            0 => "All is well.".to_owned(),
            1 => "1 problem.".to_owned(),
            many => format!("{many} problems."),
        });
    }
    Ok(if problems == 0 {
        Verdict::Held
    } else {
        Verdict::Failed
    })
}
