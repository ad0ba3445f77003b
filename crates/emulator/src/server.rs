//! Listening, serving, stopping.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use hyper_util::rt::TokioTimer;
use thiserror::Error;
use tokio::net::TcpListener;
use tokio::net::TcpStream;
use tower::ServiceExt as _;
use url::Url;

use crate::app::App;
use crate::config::Config;
use crate::control;
use crate::deliver;
use crate::graph;
use crate::graph::Cut;
use crate::page;
use crate::world::World;

/// How long a client may take over its request head.
const HEAD: Duration = Duration::from_secs(30);

/// Why an emulator did not start.
#[derive(Debug, Error)]
pub enum StartError {
    /// The callback is no `http` URL; the emulator speaks no TLS.
    #[error("callback_url is not a plain http address")]
    Callback,
    /// The address could not be listened on.
    #[error("cannot listen on {address}")]
    Listen {
        /// The address asked for.
        address: SocketAddr,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// There is no business number to send from.
    #[error("there is no business number")]
    NoNumber,
}

/// A started emulator. Dropping it leaves it running until the process ends; see
/// [`Running::shutdown`].
#[derive(Debug)]
pub struct Running {
    address: SocketAddr,
    app: App,
}

impl Running {
    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.address
    }

    /// Base URL of the Graph side, without a slash at the end.
    pub fn base_url(&self) -> String {
        base_url(self.address)
    }

    /// Stops taking connections, ends the open ones, and waits for every task.
    pub async fn shutdown(self) {
        self.app.stop.cancel();
        self.app.tasks.close();
        self.app.tasks.wait().await;
    }
}

/// Starts an emulator. Several may run in one process: nothing is global.
pub async fn start(config: Config) -> Result<Running, StartError> {
    if config.numbers.is_empty() {
        return Err(StartError::NoNumber);
    }
    let is_http =
        |url: &String| Url::parse(url).is_ok_and(|url| url.scheme() == "http" && url.has_host());
    if !config.callback_url.as_ref().is_none_or(is_http) {
        return Err(StartError::Callback);
    }
    let asked = config.listen;
    let listening = |source| StartError::Listen {
        address: asked,
        source,
    };
    let listener = TcpListener::bind(asked).await.map_err(listening)?;
    let address = listener.local_addr().map_err(listening)?;
    let public = config
        .public_url
        .clone()
        .map(|url| url.trim_end_matches('/').to_owned());
    let lanes = config.retry.lanes.clamp(1, 64);
    let app = App::new(World::new(
        config,
        public.unwrap_or_else(|| base_url(address)),
    ));
    let router = control::router()
        .merge(page::router())
        .fallback(graph::handle)
        .with_state(app.clone());
    app.tasks.spawn(deliver::run_events(app.clone()));
    for _ in 0..lanes {
        app.tasks.spawn(deliver::run_lane(app.clone()));
    }
    app.tasks.spawn(accept(app.clone(), listener, router));
    Ok(Running { address, app })
}

/// `0.0.0.0` and `::` are written as loopback, because nobody can call them.
fn base_url(mut address: SocketAddr) -> String {
    if address.ip().is_unspecified() {
        address.set_ip(std::net::Ipv4Addr::LOCALHOST.into());
    }
    format!("http://{address}")
}

async fn accept(app: App, listener: TcpListener, router: Router) {
    loop {
        let accepted = tokio::select! {
            () = app.stop.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, _)) => {
                app.tasks.spawn(serve(app.clone(), stream, router.clone()));
            }
            // Out of file descriptors, most likely: give the others time to close some.
            Err(error) => {
                tracing::warn!(%error, "cannot accept a connection");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

async fn serve(app: App, stream: TcpStream, router: Router) {
    // Small answers should leave at once; a socket that cannot do so still works.
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        let router = router.clone();
        async move {
            let result: Result<_, Infallible> = router.oneshot(request.map(Body::new)).await;
            let Ok(response) = result;
            if response.extensions().get::<Cut>().is_some() {
                return Err(io::Error::other("the connection is cut on purpose"));
            }
            Ok(response)
        }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .serve_connection(TokioIo::new(stream), service);
    tokio::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = app.stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            let rest = tokio::time::timeout(Duration::from_secs(2), connection);
            rest.await.unwrap_or(Ok(()))
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection ended early");
    }
}
