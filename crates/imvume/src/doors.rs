//! The three listeners and what stands behind them: what `serve` and `demo` both run.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use api::ApiState;
use axum::Router;
use imvume::listen;
use imvume::listen::Limits;
use service::Service;
use store::Store;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::config::Config;
use crate::health;

/// A gateway that is open.
pub(crate) struct Doors {
    /// Where Meta reaches it.
    pub(crate) public: SocketAddr,
    /// Where apps reach it.
    pub(crate) apps: SocketAddr,
    /// Where staff reach it.
    pub(crate) staff: SocketAddr,
    /// What stands behind the doors.
    pub(crate) service: Arc<Service>,
    closing: CancellationToken,
    tasks: TaskTracker,
    drain: Duration,
}

impl Doors {
    /// Binds the three listeners, starts the service, and serves.
    pub(crate) async fn open(config: &Config, store: Arc<Store>) -> anyhow::Result<Self> {
        let (public, apps, staff) = (
            bind("listen.public", config.public).await?,
            bind("listen.apps", config.apps).await?,
            bind("listen.staff", config.staff).await?,
        );
        let mut settings = config.settings.clone();
        if settings.apps_url.port() == Some(0) {
            // Whichever port the system gave.
            let _ = settings.apps_url.set_port(Some(apps.local_addr()?.port()));
        }
        let service = Service::start(Arc::clone(&store), &config.directory, settings).await?;
        let doors = Self {
            public: public.local_addr()?,
            apps: apps.local_addr()?,
            staff: staff.local_addr()?,
            closing: CancellationToken::new(),
            tasks: TaskTracker::new(),
            drain: config.limits.drain_timeout,
            service: Arc::clone(&service),
        };
        let checkpoints = Arc::clone(&service);
        let state = ApiState {
            store,
            checkpoint: Arc::new(move || checkpoints.checkpoint()),
        };
        let office = api::router(state).merge(health::router(Arc::clone(&service)));
        doors.serve(
            "public",
            public,
            gateway::public(Arc::clone(&service)),
            config.limits,
        );
        doors.serve(
            "apps",
            apps,
            gateway::apps(Arc::clone(&service)),
            config.limits,
        );
        doors.serve("staff", staff, office, config.limits);
        doors.tasks.close();
        service.run();
        Ok(doors)
    }

    fn serve(&self, name: &'static str, listener: TcpListener, app: Router, limits: Limits) {
        let closing = self.closing.clone();
        self.tasks.spawn(async move {
            if let Err(error) = listen::serve(listener, app, limits, closing).await {
                tracing::error!(%error, listener = name, "a listener has failed");
            }
        });
    }

    /// Takes no more connections, lets open requests finish, and ends the service; all within a
    /// bound.
    pub(crate) async fn close(self) {
        self.closing.cancel();
        self.tasks.wait().await;
        self.service.close(self.drain).await;
    }
}

async fn bind(key: &str, address: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address)
        .await
        .with_context(|| format!("{key}: cannot listen on {address}"))
}
