//! What a listener has behind it: nothing at first, then the gateway, and nothing again once another
//! process has taken over.
//!
//! As long as there is nothing, each door answers 503 in its own shape, and reads nothing. Whoever is
//! connected stays connected when the gateway comes.

use std::sync::Arc;
use std::sync::OnceLock;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;

use axum::Router;
use axum::extract::Request;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use imvume::listen::RequestId;
use tower::ServiceExt as _;

/// What stands behind a listener.
#[derive(Clone)]
pub(crate) struct Behind {
    /// What answers while there is nothing.
    away: Router,
    app: Arc<OnceLock<Router>>,
    ended: Arc<AtomicBool>,
}

impl Behind {
    /// Nothing yet; `away` answers.
    pub(crate) fn nothing(away: Router) -> Self {
        Self {
            away,
            app: Arc::default(),
            ended: Arc::default(),
        }
    }

    /// Puts the gateway behind the listener.
    pub(crate) fn begin(&self, app: Router) {
        let _ = self.app.set(app);
    }

    /// Takes it away for good.
    pub(crate) fn end(&self) {
        self.ended.store(true, Ordering::Release);
    }

    /// What the listener serves.
    pub(crate) fn router(&self) -> Router {
        Router::new().fallback(answer).with_state(self.clone())
    }
}

async fn answer(State(behind): State<Behind>, request: Request) -> Response {
    let app = match behind.app.get() {
        Some(app) if !behind.ended.load(Ordering::Acquire) => app,
        _ => &behind.away,
    };
    match app.clone().oneshot(request).await {
        Ok(response) => response,
        Err(never) => match never {},
    }
}

/// The public door with nothing behind it: Meta comes again.
pub(crate) fn public() -> Router {
    Router::new().fallback(async || gateway::unavailable_to_meta())
}

/// The door of apps with nothing behind it.
pub(crate) fn apps() -> Router {
    Router::new().fallback(async |request: Request| {
        let name = request.extensions().get::<RequestId>();
        gateway::unavailable(name.map_or("", |RequestId(name)| name))
    })
}

/// The staff door with nothing behind it but the figures of the process.
pub(crate) fn staff(figures: Router) -> Router {
    let ready = async || (StatusCode::SERVICE_UNAVAILABLE, "standing by\n");
    Router::new()
        .route("/healthz", get(async || "ok\n"))
        .route("/readyz", get(ready))
        .merge(figures)
        .fallback(async || api::unavailable())
}
