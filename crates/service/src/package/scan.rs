//! Looking through messages for passages about others. Only their places are kept.

use package::Other;
use package::others;
use store::StoreError;
use store::package::Decision;
use store::package::FullMessage;
use store::package::NewRedaction;
use store::package::PackageView;
use tokio::runtime::Handle;

use super::PackageError;
use super::source::Source;
use super::source::Thread;
use super::source::parsed;
use crate::Service;

/// How many passages are written at once: a write keeps the writer for no longer than it must.
const SLICE: usize = 1_000;
/// After how many messages it is said how far the work is, and asked whether to go on.
pub(super) const STEP: u64 = 20_000;

impl Service {
    pub(super) fn scan_package(
        &self,
        runtime: &Handle,
        package: &PackageView,
    ) -> Result<(), PackageError> {
        runtime.block_on(self.store.rescan_package(package.id))?;
        let source = Source::read(self, package)?;
        let (mut found, mut seen, mut told) = (Vec::new(), 0, 0);
        self.walk(package, &source, &mut |thread, messages| {
            for message in messages {
                passages(&source, thread, message, &mut found);
            }
            seen += messages.len() as u64;
            if told + STEP <= seen {
                told = seen;
                runtime.block_on(self.store.package_progress(package.id, seen))?;
            }
            if SLICE <= found.len() {
                self.note_passages(runtime, package, &mut found)?;
            }
            Ok::<_, StoreError>(())
        })?;
        self.note_passages(runtime, package, &mut found)?;
        runtime.block_on(self.store.package_scanned(package.id))?;
        Ok(())
    }

    fn note_passages(
        &self,
        runtime: &Handle,
        package: &PackageView,
        found: &mut Vec<NewRedaction>,
    ) -> Result<(), StoreError> {
        for slice in found.chunks(SLICE) {
            runtime.block_on(self.store.note_redactions(package.id, slice.to_vec()))?;
        }
        found.clear();
        Ok(())
    }
}

fn passages(
    source: &Source,
    thread: &Thread,
    message: &FullMessage,
    found: &mut Vec<NewRedaction>,
) {
    let content = parsed(message);
    if !source.holds(thread, &content) {
        return;
    }
    let others = others(&content, source.context, &|value| source.is_own(value));
    found.extend(others.into_iter().map(|other| NewRedaction {
        message: message.id,
        kind: other.what.code(),
        start: other.start,
        length: other.length,
        proposed: proposed(other.what),
    }));
}

const fn proposed(what: Other) -> Decision {
    if what.is_left_out() {
        Decision::LeaveOut
    } else {
        Decision::Keep
    }
}
