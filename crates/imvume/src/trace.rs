//! How the process tells what it does: lines on the standard error.

use std::io;

use tracing::level_filters::LevelFilter;

use crate::config::Format;
use crate::config::Level;
use crate::config::Trace;

/// Starts telling. A second call changes nothing.
pub(crate) fn start(trace: Trace) {
    let level = match trace.level {
        Level::Debug => LevelFilter::DEBUG,
        Level::Error => LevelFilter::ERROR,
        Level::Info => LevelFilter::INFO,
        Level::Trace => LevelFilter::TRACE,
        Level::Warn => LevelFilter::WARN,
    };
    let lines = tracing_subscriber::fmt()
        .with_writer(io::stderr)
        .with_ansi(false)
        .with_max_level(level);
    let _ = match trace.format {
        Format::Json => lines.json().flatten_event(true).try_init(),
        Format::Text => lines.try_init(),
    };
}
