//! How far a pass over the log has come.

use crate::output;

/// Shown once in so many entries.
const STEP: u64 = 65_536;

/// Hears of every bundle and tells of some.
#[derive(Default)]
pub(super) struct Progress {
    next: u64,
}

impl Progress {
    pub(super) fn at(&mut self, entries: u64) {
        if self.next <= entries {
            self.next = entries + STEP;
            if entries >= STEP {
                output::progress(format_args!("{entries} entries"));
            }
        }
    }

    pub(super) fn done(&self) {
        if self.next > STEP {
            output::progress_done();
        }
    }
}
