//! Everything that is logged, kept for a look at its end.

use std::io;
use std::io::Write;
use std::sync::Arc;
use std::sync::LazyLock;
use std::sync::Mutex;

use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::fmt::MakeWriter;

static KEPT: LazyLock<Arc<Mutex<Vec<u8>>>> = LazyLock::new(Arc::default);

/// Keeps what this process logs from now on, down to the finest level. Calling it again changes
/// nothing.
pub fn start() {
    let subscriber = tracing_subscriber::fmt()
        .with_ansi(false)
        .with_max_level(LevelFilter::TRACE)
        .with_writer(Keeper)
        .finish();
    // The second of two tests in one process finds it set.
    let _ = tracing_subscriber::util::SubscriberInitExt::try_init(subscriber);
}

/// Everything logged so far.
pub fn logged() -> Vec<u8> {
    KEPT.lock().unwrap().clone()
}

#[derive(Clone, Copy)]
struct Keeper;

impl Write for Keeper {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        KEPT.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Keeper {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        *self
    }
}
