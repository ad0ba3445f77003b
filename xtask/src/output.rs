//! The one place that prints.

/// Prints one line on standard output.
#[expect(
    clippy::print_stdout,
    reason = "the commands here talk to the person who runs them"
)]
pub(crate) fn say(line: &str) {
    println!("{line}");
}
