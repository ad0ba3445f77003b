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
use crate::tools::Tool;

/// The stages after the look for their tools. The first that fails is the last that runs.
const STAGES: &[Stage] = &[
    Stage {
        name: "formatting",
        tools: &[],
        when: When::Always,
        work: formatting,
    },
    Stage {
        name: "lints",
        tools: &[],
        when: When::Always,
        work: lints,
    },
    Stage {
        name: "documentation",
        tools: &[],
        when: When::All,
        work: documentation,
    },
    Stage {
        name: "tests",
        tools: &[Tool::Age, Tool::Poppler, Tool::PostgreSql],
        when: When::Always,
        work: tests,
    },
    Stage {
        name: "rules",
        tools: &[],
        when: When::Always,
        work: rules,
    },
    Stage {
        name: "clients",
        tools: &[Tool::Age, Tool::Node, Tool::Python],
        when: When::Always,
        work: clients,
    },
    Stage {
        name: "browser",
        tools: &[Tool::Browser, Tool::Node, Tool::Python],
        when: When::Always,
        work: browser,
    },
    Stage {
        name: "faults",
        tools: &[Tool::Strace],
        when: When::All,
        work: faults,
    },
    Stage {
        name: "fuzzing",
        tools: &[],
        when: When::All,
        work: fuzzing,
    },
];

/// Seconds for each fuzz target: enough to read all seeds and to find what lies near them.
const FUZZING: u32 = 10;

/// The name of the look for tools. It comes before the first stage.
const TOOLS: &str = "tools";

struct Stage {
    name: &'static str,
    tools: &'static [Tool],
    when: When,
    work: fn(Install) -> anyhow::Result<()>,
}

enum When {
    All,
    Always,
}

/// Which stages to run.
#[derive(Debug)]
pub(crate) enum Extent {
    /// All, with those that cost more than they usually find.
    All,
    /// Those with these names.
    Only(Vec<String>),
    /// All but those that cost more than they usually find.
    Usual,
}

impl Extent {
    /// What the command line asks for. Without names, `only` means nothing.
    pub(crate) fn new(all: bool, only: Vec<String>) -> Self {
        match (all, only.is_empty()) {
            (true, _) => Self::All,
            (false, true) => Self::Usual,
            (false, false) => Self::Only(only),
        }
    }
}

impl Stage {
    fn is_due(&self, extent: &Extent) -> bool {
        match (&self.when, extent) {
            (_, Extent::Only(names)) => names.iter().any(|name| name == self.name),
            (When::All, _) => matches!(extent, Extent::All),
            (When::Always, _) => true,
        }
    }
}

/// The names by which stages are asked for.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    std::iter::once(TOOLS).chain(STAGES.iter().map(|stage| stage.name))
}

/// Runs the stages, then says how long each took and how many passed.
pub(crate) fn run(install: Install, extent: &Extent) -> ExitCode {
    let mut report = Report::default();
    let mut whole = report.stage(TOOLS, || tools::prepare(install, &called(extent)));
    for stage in STAGES.iter().filter(|stage| stage.is_due(extent)) {
        whole = whole && report.stage(stage.name, || (stage.work)(install));
    }
    report.close()
}

/// The tools that the stages call; those of all stages, if the look for them is asked for by name.
fn called(extent: &Extent) -> Vec<Tool> {
    let every = matches!(extent, Extent::Only(names) if names.iter().any(|name| name == TOOLS));
    let stages = STAGES.iter().filter(|stage| every || stage.is_due(extent));
    let mut tools = Vec::new();
    for tool in stages.flat_map(|stage| stage.tools) {
        if !tools.contains(tool) {
            tools.push(*tool);
        }
    }
    tools
}

/// What has been run, and how it went.
#[derive(Default)]
struct Report {
    times: Vec<String>,
    failed: usize,
}

impl Report {
    /// Runs a stage. Returns whether it passed.
    fn stage(&mut self, name: &str, work: impl FnOnce() -> anyhow::Result<()>) -> bool {
        say(&format!("== {name}"));
        let begun = now();
        let outcome = work();
        let word = if outcome.is_ok() { "ok" } else { "failed" };
        let seconds = since(begun).as_secs_f64();
        self.times
            .push(format!("{name:<14} {word:<7} {seconds:>8.1} s"));
        match &outcome {
            Ok(()) => say(&format!("== {name} took {seconds:.1} s")),
            Err(error) => {
                self.failed += 1;
                say(&format!("error: stage `{name}` failed: {error:#}"));
            }
        }
        outcome.is_ok()
    }

    fn close(self) -> ExitCode {
        say("");
        for line in &self.times {
            say(line);
        }
        let passed = self.times.len() - self.failed;
        say(&format!("{passed} passed, {} failed", self.failed));
        if self.failed == 0 {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        }
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

/// Every SDK against the gateway, in both identity modes; consent records in others' libraries; backups
/// in a bucket of somebody else's server.
fn clients(_: Install) -> anyhow::Result<()> {
    build()?;
    process::run(process::program(tools::node()).args([
        "--test",
        "--test-reporter=spec",
        "--test-timeout=120000",
        "tests/clients/*.test.mjs",
    ]))?;
    process::run(process::program(tools::python()).args(["-B", "tests/clients/run.py"]))?;
    process::run(process::program(tools::python()).args(["-B", "tests/clients/records.py"]))?;
    process::run(process::program(tools::python()).args(["-B", "tests/clients/buckets.py"]))
}

fn build() -> anyhow::Result<()> {
    process::run(process::cargo().args(["build", "--package", "imvume", "--locked"]))
}

fn browser(_: Install) -> anyhow::Result<()> {
    build()?;
    process::run(process::program("node").arg("tests/browser/run.mjs"))
}

/// What needs a namespace of its own or a tracer: full and read-only disks, syncs that fail.
fn faults(_: Install) -> anyhow::Result<()> {
    process::run(process::cargo().args([
        "test",
        "--package",
        "imvume",
        "--test",
        "it",
        "--locked",
        "--",
        "--ignored",
        "faults::",
    ]))
}

fn fuzzing(install: Install) -> anyhow::Result<()> {
    fuzz::run(install, FUZZING, &[])
}

#[cfg(test)]
mod tests {
    use super::Extent;
    use super::STAGES;
    use super::called;
    use super::names;
    use crate::tools::Tool;

    fn due(extent: &Extent) -> Vec<&'static str> {
        let due = STAGES.iter().filter(|stage| stage.is_due(extent));
        due.map(|stage| stage.name).collect()
    }

    fn only(names: &[&str]) -> Extent {
        Extent::new(false, names.iter().map(|&name| name.to_owned()).collect())
    }

    #[test]
    fn stages_are_chosen_by_name_or_by_cost() {
        let all = due(&Extent::new(true, Vec::new()));
        let usual = due(&Extent::new(false, Vec::new()));
        assert_eq!(all.len(), STAGES.len());
        assert!(all.contains(&"fuzzing") && !usual.contains(&"fuzzing"));
        assert!(usual.contains(&"clients"));
        assert_eq!(due(&only(&["rules", "fuzzing"])), ["rules", "fuzzing"]);
        assert!(due(&only(&["tools"])).is_empty());
    }

    #[test]
    fn a_stage_asks_for_its_own_tools_only() {
        let clients = [Tool::Age, Tool::Node, Tool::Python];
        assert_eq!(called(&only(&["clients"])), clients);
        assert!(called(&only(&["rules"])).is_empty());
        assert_eq!(
            called(&only(&["tools"])),
            called(&Extent::new(true, Vec::new()))
        );
    }

    #[test]
    fn every_name_stands_for_one_stage() {
        let mut sorted: Vec<_> = names().collect();
        sorted.sort_unstable();
        sorted.dedup();
        assert_eq!(sorted.len(), names().count());
    }
}
