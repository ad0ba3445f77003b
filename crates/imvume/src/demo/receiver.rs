//! A small program that receives webhooks for both apps and checks their signatures, as any app on
//! the Cloud API does.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::time::Duration;

use anyhow::Context as _;
use axum::Router;
use axum::body::Bytes;
use axum::extract::Path;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::StatusCode;
use axum::routing::post;
use imvume::listen;
use imvume::listen::Limits;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::demo::people::Mode;

/// A webhook comes within this, or something is wrong.
const PATIENCE: Duration = Duration::from_secs(10);

/// The receiving program.
pub(crate) struct Receiver {
    address: SocketAddr,
    shared: Arc<Shared>,
    closing: CancellationToken,
}

#[derive(Default)]
struct Shared {
    heard: Mutex<Heard>,
    news: Notify,
}

#[derive(Default)]
struct Heard {
    secrets: BTreeMap<&'static str, String>,
    bodies: Vec<(&'static str, String)>,
}

impl Shared {
    fn heard(&self) -> MutexGuard<'_, Heard> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Receiver {
    pub(crate) async fn start() -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")
            .await
            .context("the receiving program")?;
        let address = listener.local_addr()?;
        let (shared, closing) = (Arc::<Shared>::default(), CancellationToken::new());
        let app = Router::new()
            .route("/{app}", post(receive))
            .with_state(Arc::clone(&shared));
        tokio::spawn(listen::serve(
            listener,
            app,
            Limits::default(),
            closing.clone(),
        ));
        Ok(Self {
            address,
            shared,
            closing,
        })
    }

    /// Where the webhooks of an app go.
    pub(crate) fn url(&self, mode: Mode) -> String {
        format!("http://{}/{}", self.address, mode.name())
    }

    /// Tells which secret an app's webhooks are signed with.
    pub(crate) fn trust(&self, mode: Mode, secret: &str) {
        self.shared
            .heard()
            .secrets
            .insert(mode.name(), secret.to_owned());
    }

    /// How many webhooks with this text an app has heard.
    pub(crate) fn count(&self, mode: Mode, text: &str) -> usize {
        let heard = self.shared.heard();
        let bodies = heard.bodies.iter().filter(|(app, _)| *app == mode.name());
        bodies.filter(|(_, body)| body.contains(text)).count()
    }

    /// Whether anything an app has heard holds one of these texts.
    pub(crate) fn holds(&self, mode: Mode, texts: &[String]) -> bool {
        texts.iter().any(|text| self.count(mode, text) > 0)
    }

    /// The newest webhook with this text, waited for.
    pub(crate) async fn hears(&self, mode: Mode, text: &str) -> anyhow::Result<Value> {
        let found = async {
            loop {
                let news = self.shared.news.notified();
                if let Some(value) = self.newest(mode, text) {
                    return value;
                }
                news.await;
            }
        };
        tokio::time::timeout(PATIENCE, found)
            .await
            .map_err(|_| anyhow::anyhow!("the {} has not heard of it", mode.title()))
    }

    fn newest(&self, mode: Mode, text: &str) -> Option<Value> {
        let heard = self.shared.heard();
        let mut bodies = heard
            .bodies
            .iter()
            .rev()
            .filter(|(app, _)| *app == mode.name());
        let (_, body) = bodies.find(|(_, body)| body.contains(text))?;
        serde_json::from_str(body).ok()
    }

    pub(crate) fn close(&self) {
        self.closing.cancel();
    }
}

async fn receive(
    State(shared): State<Arc<Shared>>,
    Path(app): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> StatusCode {
    let Some(mode) = Mode::ALL.into_iter().find(|mode| mode.name() == app) else {
        return StatusCode::NOT_FOUND;
    };
    let signature = headers
        .get("x-hub-signature-256")
        .and_then(|value| value.to_str().ok());
    let mut heard = shared.heard();
    let secret = heard.secrets.get(mode.name()).cloned().unwrap_or_default();
    if whatsapp::signature::verify(&secret, signature, &body).is_err() {
        return StatusCode::UNAUTHORIZED;
    }
    let Ok(text) = String::from_utf8(body.into()) else {
        return StatusCode::BAD_REQUEST;
    };
    heard.bodies.push((mode.name(), text));
    drop(heard);
    shared.news.notify_waiters();
    StatusCode::OK
}
