//! What `cargo xtask test` does, in its order.

use std::process::ExitCode;
use std::time::Duration;
use std::time::Instant;

use anyhow::bail;

use crate::fuzz;
use crate::output::say;
use crate::process;
use crate::rules;
use crate::tools;
use crate::tools::Install;

/// The stages. The first that fails is the last that runs.
const STAGES: &[Stage] = &[
    Stage {
        name: "tools",
        when: When::Always,
        work: tools::prepare,
    },
    Stage {
        name: "formatting",
        when: When::Always,
        work: formatting,
    },
    Stage {
        name: "lints",
        when: When::Always,
        work: lints,
    },
    Stage {
        name: "documentation",
        when: When::All,
        work: documentation,
    },
    Stage {
        name: "tests",
        when: When::Always,
        work: tests,
    },
    Stage {
        name: "rules",
        when: When::Always,
        work: rules,
    },
    Stage {
        name: "clients",
        when: When::Always,
        work: clients,
    },
    Stage {
        name: "browser",
        when: When::Always,
        work: browser,
    },
    Stage {
        name: "fuzzing",
        when: When::All,
        work: fuzzing,
    },
];

/// Seconds for each fuzz target: enough to read all seeds and to find what lies near them.
const FUZZING: u32 = 10;

struct Stage {
    name: &'static str,
    when: When,
    work: fn(Install) -> anyhow::Result<()>,
}

enum When {
    All,
    Always,
}

/// Whether to run the stages that cost more than they usually find.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Extent {
    Usual,
    All,
}

impl From<bool> for Extent {
    fn from(all: bool) -> Self {
        if all { Self::All } else { Self::Usual }
    }
}

impl Stage {
    fn is_due(&self, extent: Extent) -> bool {
        match self.when {
            When::All => extent == Extent::All,
            When::Always => true,
        }
    }
}

/// Runs the stages, then says how long each took and how many passed.
pub(crate) fn run(install: Install, extent: Extent) -> ExitCode {
    let mut times = Vec::new();
    let mut failed = 0;
    for stage in STAGES.iter().filter(|stage| stage.is_due(extent)) {
        say(&format!("== {}", stage.name));
        let begun = now();
        let outcome = (stage.work)(install);
        let word = if outcome.is_ok() { "ok" } else { "failed" };
        let seconds = since(begun).as_secs_f64();
        times.push(format!("{:<14} {word:<7} {seconds:>8.1} s", stage.name));
        if let Err(error) = outcome {
            failed = 1;
            say(&format!("error: stage `{}` failed: {error:#}", stage.name));
            break;
        }
        say(&format!("== {} took {seconds:.1} s", stage.name));
    }
    say("");
    for line in &times {
        say(line);
    }
    say(&format!("{} passed, {failed} failed", times.len() - failed));
    if failed == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "how long a stage took is all that is asked"
)]
fn now() -> Instant {
    Instant::now()
}

fn since(begun: Instant) -> Duration {
    now().duration_since(begun)
}

fn formatting(_: Install) -> anyhow::Result<()> {
    process::run(process::cargo().args(["fmt", "--all", "--check"]))
}

fn lints(_: Install) -> anyhow::Result<()> {
    process::run(process::cargo().args([
        "clippy",
        "--workspace",
        "--all-targets",
        "--locked",
        "--",
        "-D",
        "warnings",
    ]))
}

fn documentation(_: Install) -> anyhow::Result<()> {
    process::run(
        process::cargo()
            .args(["doc", "--workspace", "--no-deps", "--locked"])
            .env("RUSTDOCFLAGS", "-D warnings"),
    )
}

/// Snapshots are compared, never written: a new one is reviewed by the person who wrote the test.
fn tests(_: Install) -> anyhow::Result<()> {
    process::run(
        process::cargo()
            .args(["test", "--workspace", "--locked"])
            .env("CI", "true")
            .env("INSTA_UPDATE", "no"),
    )
}

fn rules(_: Install) -> anyhow::Result<()> {
    let faults = rules::faults(process::root())?;
    for fault in &faults {
        say(&fault.to_string());
    }
    if !faults.is_empty() {
        bail!("{} rules of the repository are broken", faults.len());
    }
    Ok(())
}

fn clients(_: Install) -> anyhow::Result<()> {
    process::run(process::cargo().args(["build", "--package", "imvume", "--locked"]))?;
    process::run(process::program(tools::python()).args(["-B", "tests/clients/run.py"]))
}

fn browser(_: Install) -> anyhow::Result<()> {
    process::run(process::program("node").arg("tests/browser/run.mjs"))
}

fn fuzzing(install: Install) -> anyhow::Result<()> {
    fuzz::run(install, FUZZING, &[])
}
