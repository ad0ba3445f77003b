//! A thread with a runtime of its own, for what is not measured but has to be there.

use std::sync::mpsc;
use std::thread;
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::Context as _;
use tokio::runtime::Builder;
use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;

use crate::clock;

/// A thread with a runtime of its own. It ends, and everything on it, when this is dropped.
#[derive(Debug)]
pub(crate) struct Aside {
    handle: Handle,
    stop: CancellationToken,
    thread: Option<JoinHandle<()>>,
}

impl Aside {
    /// Starts the thread.
    pub(crate) fn start(name: &str) -> anyhow::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let handle = runtime.handle().clone();
        let stop = CancellationToken::new();
        let stopped = stop.clone();
        let thread = thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || runtime.block_on(stopped.cancelled()))?;
        Ok(Self {
            handle,
            stop,
            thread: Some(thread),
        })
    }

    /// Runs something on the thread and waits for it.
    pub(crate) fn run<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> anyhow::Result<T> {
        let (done, result) = mpsc::channel();
        self.handle.spawn(async move {
            // Whoever asked waits below.
            let _ = done.send(work.await);
        });
        result.recv().context("a helping thread has died")
    }

    /// Leaves something running on the thread.
    pub(crate) fn leave(&self, work: impl Future<Output = ()> + Send + 'static) {
        self.handle.spawn(work);
    }

    /// The thread's processor time so far.
    pub(crate) fn cpu(&self) -> anyhow::Result<Duration> {
        self.run(async { clock::thread_cpu() })
    }
}

impl Drop for Aside {
    fn drop(&mut self) {
        self.stop.cancel();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
