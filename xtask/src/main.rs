//! The repository's own commands: `cargo xtask test`, `cargo xtask fuzz` and `cargo xtask bench`.
//!
//! Continuous integration runs `cargo xtask test --install` and nothing else. Whatever must hold for
//! the tree is a stage in `stages`, a rule in `rules` or an edge in `architecture`; the next one
//! goes there. This crate leaves out releases.

mod architecture;
mod fuzz;
mod output;
mod process;
mod rules;
mod stages;
mod tools;

use std::process::ExitCode;

use clap::Parser;
use clap::Subcommand;

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
        /// The measurement, and what it takes.
        #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
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
        /// Also builds the documentation and fuzzes for some minutes.
        #[arg(long)]
        all: bool,
    },
}

fn main() -> ExitCode {
    match Arguments::parse().command {
        Command::Bench { arguments } => ended(bench(&arguments)),
        Command::Fuzz {
            seconds,
            install,
            targets,
        } => ended(fuzz::run(install.into(), seconds, &targets)),
        Command::Test { install, all } => stages::run(install.into(), all.into()),
    }
}

fn bench(arguments: &[String]) -> anyhow::Result<()> {
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
