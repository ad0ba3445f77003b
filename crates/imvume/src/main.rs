//! The `imvume` command.
//!
//! It reads the configuration, opens the doors and calls into the other crates; what Imvume does
//! stands there. It ends with 0 when all is well, 1 when something that was to be checked does not
//! hold, and 2 when it was called or configured wrongly, with one line that says what, where and
//! how to mend it.
//!
//! To add a command: a variant in `cli.rs`, a module named by it with a function that returns a
//! [`Verdict`], and a line in [`run`].

mod audit;
mod backup;
mod check;
mod cli;
mod config;
mod consent;
mod demo;
mod doors;
mod emulate;
mod erasing;
mod explain;
mod files;
mod health;
mod hold;
mod instance;
mod keys;
mod known;
mod lists;
mod meta;
mod metrics;
mod moving;
mod number;
mod office;
mod output;
mod package;
mod people;
mod portal;
mod preview;
mod registry;
mod request;
mod retention;
mod rewrap;
mod rulebook;
mod serve;
mod signals;
mod standing;
mod subject;
mod trace;
mod turn;

use std::process::ExitCode;

use clap::Parser as _;
use rustix::fs::Mode;

use crate::cli::Audit;
use crate::cli::Cli;
use crate::cli::Command;
use crate::cli::ConfigCommand;
use crate::cli::Keys;
use crate::cli::Number;

/// How a command ended that could do its work.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Verdict {
    /// A second signal cut the end short.
    Cut,
    /// What was to be checked does not hold.
    Failed,
    /// All is well.
    Held,
}

fn main() -> ExitCode {
    // Whatever this process writes is for its own account only.
    rustix::process::umask(Mode::from_raw_mode(0o077));
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    match run(cli.command) {
        Ok(Verdict::Held) => ExitCode::SUCCESS,
        Ok(Verdict::Failed) => ExitCode::from(1),
        Ok(Verdict::Cut) => ExitCode::from(130),
        Err(error) => {
            output::error(&error);
            ExitCode::from(2)
        }
    }
}

fn run(command: Command) -> anyhow::Result<Verdict> {
    match command {
        Command::Audit(Audit::Certificate(arguments)) => audit::certificate(&arguments),
        Command::Audit(Audit::Export(arguments)) => audit::export(&arguments),
        Command::Audit(Audit::Reconcile(arguments)) => audit::reconcile(&arguments),
        Command::Audit(Audit::Verify(arguments)) => audit::verify(&arguments),
        Command::Backup(command) => backup::run(&command),
        Command::Check(arguments) => check::run(&arguments),
        Command::Config(ConfigCommand::Explain(arguments)) => explain::run(&arguments),
        Command::Consent(command) => consent::run(&command),
        Command::Demo(arguments) => demo::run(arguments),
        Command::Emulator(arguments) => emulate::run(arguments),
        Command::Hold(command) => hold::run(&command),
        Command::Move(arguments) => moving::run(&arguments),
        Command::Number(Number::Add(arguments)) => number::add(&arguments),
        Command::Number(Number::Token(arguments)) => number::change_token(&arguments),
        Command::Keys(Keys::Rewrap(arguments)) => rewrap::run(&arguments),
        Command::Keys(Keys::Roll(arguments)) => keys::roll(&arguments),
        Command::Keys(Keys::Status(arguments)) => keys::status(&arguments),
        Command::People(command) => people::run(&command),
        Command::Preview(arguments) => preview::run(&arguments),
        Command::Registry(command) => registry::run(&command),
        Command::Request(command) => request::run(&command),
        Command::Retention(command) => retention::run(&command),
        Command::Rulebook(command) => rulebook::run(&command),
        Command::Serve(arguments) => serve::run(&arguments),
        Command::Statistics(arguments) => retention::statistics(&arguments),
        Command::Subject(command) => subject::run(&command),
    }
}
