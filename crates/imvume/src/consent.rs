//! `imvume consent`: what proves consent, to be checked by anybody and exported for a regulator.

mod arguments;
mod export;
mod verify;

use crate::Verdict;

pub(crate) use crate::consent::arguments::Command;

pub(crate) fn run(command: &Command) -> anyhow::Result<Verdict> {
    match command {
        Command::Export(arguments) => export::run(arguments),
        Command::Verify(arguments) => verify::run(arguments),
    }
}
