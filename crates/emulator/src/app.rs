//! The handle everything shares: the world behind its lock, and the bells that wake the tasks.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use tokio::sync::Notify;
use tokio::sync::broadcast;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::world::World;

/// Messages a slow phone page may lag behind before it loses some.
const LIVE_BACKLOG: usize = 1024;

pub(crate) type HttpClient = Client<HttpConnector, Full<Bytes>>;

#[derive(Clone, Debug)]
pub(crate) struct App(Arc<Shared>);

#[derive(Debug)]
pub(crate) struct Shared {
    /// Held while virtual time moves, so that two moves do not mix.
    pub(crate) advancing: tokio::sync::Mutex<()>,
    pub(crate) client: HttpClient,
    /// Rung when a delivery ended.
    pub(crate) idle: Notify,
    pub(crate) live: broadcast::Sender<String>,
    /// Rung when a webhook was queued.
    pub(crate) outgoing: Notify,
    pub(crate) stop: CancellationToken,
    pub(crate) tasks: TaskTracker,
    pub(crate) timeout: Duration,
    /// Rung when the next due instant may have changed.
    pub(crate) wake: Notify,
    world: Mutex<World>,
}

impl App {
    pub(crate) fn new(world: World) -> Self {
        let (live, _) = broadcast::channel(LIVE_BACKLOG);
        Self(Arc::new(Shared {
            advancing: tokio::sync::Mutex::new(()),
            client: Client::builder(TokioExecutor::new()).build_http(),
            idle: Notify::new(),
            live,
            outgoing: Notify::new(),
            stop: CancellationToken::new(),
            tasks: TaskTracker::new(),
            timeout: Duration::from_millis(world.config.retry.timeout_ms),
            wake: Notify::new(),
            world: Mutex::new(world),
        }))
    }

    /// Does something with the world, then rings every bell.
    pub(crate) fn with<R>(&self, act: impl FnOnce(&mut World) -> R) -> R {
        let result = self.look(act);
        self.0.wake.notify_one();
        result
    }

    /// As [`App::with`], but does not wake the task that runs due events: for that task itself.
    pub(crate) fn look<R>(&self, act: impl FnOnce(&mut World) -> R) -> R {
        // A panic elsewhere leaves data of an emulator, not an invariant to protect.
        let mut world = self.0.world.lock().unwrap_or_else(PoisonError::into_inner);
        let result = act(&mut world);
        let live = std::mem::take(&mut world.live);
        let queued = !world.outbox.is_empty();
        drop(world);
        for what in live {
            // Nobody watching is no failure.
            let _ = self.0.live.send(what.to_string());
        }
        if queued {
            self.0.outgoing.notify_one();
        }
        result
    }
}

impl std::ops::Deref for App {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}
