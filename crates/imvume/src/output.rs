//! The one place that writes to the terminal.

use std::fmt::Display;
use std::io;
use std::io::IsTerminal as _;
use std::io::Write as _;

use serde_json::Value;

/// Writes a line for whoever called. A reader that has gone away is not an error.
pub(crate) fn line(text: impl Display) {
    let _ = writeln!(io::stdout().lock(), "{text}");
}

/// Writes a line of JSON for a machine.
pub(crate) fn json(value: &Value) {
    line(value);
}

/// Writes a line beside the output: what went wrong, or what somebody must know.
pub(crate) fn note(text: impl Display) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// Writes why a command did not do what it was asked, as one line.
pub(crate) fn error(error: &anyhow::Error) {
    let mut told = String::new();
    for cause in error.chain().map(ToString::to_string) {
        // One that has said its cause already does not say it twice.
        if told.ends_with(&cause) {
            continue;
        }
        if !told.is_empty() {
            told.push_str(": ");
        }
        told.push_str(&cause);
    }
    note(format_args!("imvume: {}", one_line(&told)));
}

/// Shows how far something long has come, where somebody watches.
pub(crate) fn progress(text: impl Display) {
    let mut terminal = io::stderr().lock();
    if terminal.is_terminal() {
        let _ = write!(terminal, "\r{text}\u{1b}[K");
        let _ = terminal.flush();
    }
}

/// Ends a line of [`progress`].
pub(crate) fn progress_done() {
    let mut terminal = io::stderr().lock();
    if terminal.is_terminal() {
        let _ = write!(terminal, "\r\u{1b}[K");
    }
}

fn one_line(text: &str) -> String {
    text.split(['\n', '\r'])
        .map(str::trim)
        .collect::<Vec<_>>()
        .join(" ")
}
