//! The repository's own commands: `cargo xtask test`, `fuzz`, `bench` and `dist`.
//!
//! Continuous integration runs `cargo xtask test --install` and nothing else. Whatever must hold for
//! the tree is a stage in `stages`, a rule in `rules` or an edge in `architecture`; the next one
//! goes there.

mod architecture;
mod dist;
mod fuzz;
mod output;
mod process;
mod rules;
mod stages;
mod tools;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use clap::Subcommand;
use clap::builder::PossibleValuesParser;

use crate::stages::Extent;
use crate::tools::Install;
use crate::tools::Tool;

/// Measurements that start a database server, unless told to do without.
const MEASURED_OVER_POSTGRESQL: [&str; 6] = ["all", "failover", "floor", "intake", "move", "send"];

/// The commands of this repository.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Measures: `cargo run --release -p bench -- <name> …`.
    Bench {
        /// Fetches what is missing with apt and pip. So does `CI=true`.
        #[arg(long)]
        install: bool,
        /// The measurement, and what it takes.
        #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Makes what is handed out: tarball, Debian package, container, bill of materials, sums.
    Dist {
        /// Fetches the cargo tools if they are missing. So does `CI=true`.
        #[arg(long)]
        install: bool,
        /// Where it goes.
        #[arg(long, value_name = "FOLDER", default_value = "target/dist")]
        out: PathBuf,
    },
    /// Throws inputs at every parser of outside bytes.
    Fuzz {
        /// Seconds for each target.
        #[arg(long, default_value_t = 60)]
        seconds: u32,
        /// Fetches cargo-fuzz if it is missing. So does `CI=true`.
        #[arg(long)]
        install: bool,
        /// The targets; all, if none is named.
        targets: Vec<String>,
    },
    /// Runs every check: formatting, lints, tests, repository rules, the client suites.
    Test {
        /// Fetches what is missing with apt, pip and npm. So does `CI=true`.
        #[arg(long)]
        install: bool,
        /// Also builds the documentation, makes the machine fail, and fuzzes for some minutes.
        #[arg(long)]
        all: bool,
        /// Runs this stage alone, after a look for the tools it calls. May be given more than once.
        #[arg(long, value_name = "STAGE", conflicts_with = "all", value_parser = stage_name())]
        only: Vec<String>,
    },
}

fn main() -> ExitCode {
    match Arguments::parse().command {
        Command::Bench { install, arguments } => ended(bench(install.into(), &arguments)),
        Command::Dist { install, out } => ended(dist::run(install.into(), &out)),
        Command::Fuzz {
            seconds,
            install,
            targets,
        } => ended(fuzz::run(install.into(), seconds, &targets)),
        Command::Test { install, all, only } => {
            stages::run(install.into(), &Extent::new(all, only))
        }
    }
}

fn stage_name() -> PossibleValuesParser {
    PossibleValuesParser::new(stages::names())
}

fn bench(install: Install, arguments: &[String]) -> anyhow::Result<()> {
    let names = |word: &str| arguments.iter().any(|argument| argument == word);
    let mut tools = Vec::new();
    if MEASURED_OVER_POSTGRESQL.into_iter().any(names) && !names("sqlite") {
        tools.push(Tool::PostgreSql);
    }
    if names("all") || names("--stack") {
        tools.push(Tool::Stack);
    }
    tools::prepare(install, &tools)?;
    if names("all") || names("failover") {
        // It starts the program itself, as it is now.
        let mut program = process::cargo();
        process::run(program.args(["build", "--release", "--locked", "--package", "imvume"]))?;
    }
    let mut command = process::cargo();
    command.args(["run", "--release", "--locked", "--package", "bench", "--"]);
    process::run(command.args(arguments))
}

fn ended(outcome: anyhow::Result<()>) -> ExitCode {
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            output::say(&format!("error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}
