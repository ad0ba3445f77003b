//! The HTTP/1.1 listener behind each of the binary's addresses.
//!
//! A bare `axum::serve` keeps slow and silent connections for ever and lets through heads that two
//! parsers may read differently. This listener sets a bound on everything a stranger controls:
//!
//! | What | Bound | At the bound |
//! |---|---|---|
//! | connections | [`Limits::max_connections`] | 503 with `Retry-After`, then closed |
//! | a request head's time | [`Limits::header_timeout`] from its first byte | 408, then closed |
//! | a request head's size | [`Limits::max_header_bytes`], [`Limits::max_headers`] | 431, then closed |
//! | a request target's size | [`Limits::max_uri_bytes`] | 414, then closed |
//! | a head's form | the wire guard's rules | 400, then closed |
//! | a body's time | [`Limits::body_timeout`] and a least pace | 408, then closed |
//! | a response's time | [`Limits::body_timeout`] without progress | closed |
//! | silence between requests | [`Limits::idle_timeout`] | closed |
//! | the drain at shutdown | [`Limits::drain_timeout`] | closed |
//!
//! A [`Door`] may speak TLS ([`Certificates`]); the handshake has the time of a request head, and its
//! connection one of the places. At the bound of connections such a listener closes without a word:
//! saying one would cost it a handshake. Behind proxies, `proxy` finds out who asks; `record` counts
//! and tells what was asked.
//!
//! It leaves out limits on a body's size and limits on methods: those are the routes' own.
//! A new rule about the form of a head belongs in `guard`, a new time limit in `wire` (bytes) or
//! `exchange` (requests), a new field of a request's line in `record` and in `docs/operating.md`.

mod exchange;
mod guard;
mod proxy;
mod record;
mod tls;
mod wire;

use std::convert::Infallible;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use seal::Random;
use tokio::io::AsyncRead;
use tokio::io::AsyncWrite;
use tokio::net::TcpListener;
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::time;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::listen::exchange::Exchange;
use crate::listen::exchange::Link;
use crate::listen::guard::Guard;
use crate::listen::guard::HeadLimits;
use crate::listen::record::Account;
use crate::listen::record::Turned;
use crate::listen::wire::Patience;
use crate::listen::wire::Wire;

pub use crate::listen::proxy::Client;
pub use crate::listen::proxy::Field;
pub use crate::listen::proxy::Network;
pub use crate::listen::proxy::NetworkError;
pub use crate::listen::proxy::Proxies;
pub use crate::listen::record::Known;
pub use crate::listen::record::Measures;
pub use crate::listen::record::RequestId;
pub use crate::listen::tls::CertificateError;
pub use crate::listen::tls::Certificates;
pub use crate::listen::tls::Pair;
pub use crate::listen::tls::Read;
pub use crate::listen::tls::Renewal;

/// Connections beyond the cap that are told so at one time. Any more are dropped without a word.
const TURNED_AWAY_AT_ONCE: usize = 64;

/// How long accepting rests when the system has no descriptor or memory for another connection.
const ACCEPT_REST: Duration = Duration::from_millis(100);

/// The number of header fields the HTTP library takes without being told.
const FIELDS_BY_DEFAULT: usize = 100;

/// The smallest buffer the HTTP library agrees to.
const LEAST_BUFFER: usize = 8 * 1024;

/// What one listener grants its peers.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Limits {
    /// Longest silence while a body or a response should be moving. A body may also take no longer
    /// in all than this and a second for every 16 KiB received.
    pub body_timeout: Duration,
    /// How long open connections may finish their request once a shutdown has begun.
    pub drain_timeout: Duration,
    /// Longest time from the first byte of a request head to its last, and from a connection's
    /// opening to its first byte.
    pub header_timeout: Duration,
    /// Shortest silence between two requests that closes a connection; it may last twice as long.
    pub idle_timeout: Duration,
    /// Connections open at one time.
    pub max_connections: usize,
    /// Bytes of a request head, request line included.
    pub max_header_bytes: usize,
    /// Header fields of a request.
    pub max_headers: usize,
    /// Bytes of a request target.
    pub max_uri_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body_timeout: Duration::from_secs(20),
            drain_timeout: Duration::from_secs(10),
            header_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_secs(75),
            max_connections: 1024,
            max_header_bytes: 64 * 1024,
            max_headers: FIELDS_BY_DEFAULT,
            max_uri_bytes: 8 * 1024,
        }
    }
}

/// One listener, as it stands towards its peers.
pub struct Door {
    /// Its name in lines and figures.
    pub name: &'static str,
    /// What it grants.
    pub limits: Limits,
    /// The certificate it shows; without one it speaks in plain.
    pub certificates: Option<Arc<Certificates>>,
    /// The proxies it believes.
    pub proxies: Proxies,
    /// Where it counts.
    pub measures: Measures,
    /// Whether a request's line names the network of its client: for software, not for people.
    pub tells_networks: bool,
    /// Where the names of requests come from.
    pub random: Random,
}

impl fmt::Debug for Door {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Door")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

impl Door {
    /// One in plain, behind no proxies, that counts for itself.
    pub fn plain(name: &'static str, limits: Limits) -> Self {
        Self {
            name,
            limits,
            certificates: None,
            proxies: Proxies::default(),
            measures: Measures::default(),
            tells_networks: false,
            random: Random::system(),
        }
    }

    /// Serves `app` on `listener` until `shutdown`, then lets open requests finish within
    /// [`Limits::drain_timeout`] and cuts off the rest.
    ///
    /// # Errors
    ///
    /// The listener itself cannot be used, or TLS cannot be spoken at all. What befalls one
    /// connection ends that connection only.
    pub async fn serve(
        self,
        listener: TcpListener,
        app: Router,
        shutdown: CancellationToken,
    ) -> io::Result<()> {
        let tls = match &self.certificates {
            Some(certificates) => {
                let server = certificates.server().map_err(io::Error::other)?;
                Some(TlsAcceptor::from(server))
            }
            None => None,
        };
        let limits = self.limits;
        self.measures.begin(self.name);
        let house = House {
            app,
            cut_off: CancellationToken::new(),
            door: Arc::new(self),
            places: Arc::new(Semaphore::new(limits.max_connections)),
            shutdown,
            standing: Arc::new(Semaphore::new(TURNED_AWAY_AT_ONCE)),
            tasks: TaskTracker::new(),
            tls,
        };
        let outcome = house.accept(&listener).await;
        drop(listener);
        house.tasks.close();
        if time::timeout(limits.drain_timeout, house.tasks.wait())
            .await
            .is_err()
        {
            house.cut_off.cancel();
            house.tasks.wait().await;
        }
        outcome
    }
}

/// Serves `app` on `listener` in plain; see [`Door::serve`].
///
/// # Errors
///
/// The listener itself cannot be used.
pub async fn serve(
    listener: TcpListener,
    app: Router,
    limits: Limits,
    shutdown: CancellationToken,
) -> io::Result<()> {
    Door::plain("plain", limits)
        .serve(listener, app, shutdown)
        .await
}

/// What every connection of one listener shares.
struct House {
    app: Router,
    cut_off: CancellationToken,
    door: Arc<Door>,
    places: Arc<Semaphore>,
    shutdown: CancellationToken,
    standing: Arc<Semaphore>,
    tasks: TaskTracker,
    tls: Option<TlsAcceptor>,
}

impl House {
    async fn accept(&self, listener: &TcpListener) -> io::Result<()> {
        loop {
            let accepted = tokio::select! {
                biased;
                () = self.shutdown.cancelled() => return Ok(()),
                accepted = listener.accept() => accepted,
            };
            match accepted {
                Ok((stream, peer)) => self.admit(stream, peer),
                Err(error) if error.kind() == io::ErrorKind::InvalidInput => return Err(error),
                Err(error) if concerns_one_peer(&error) => {}
                Err(error) => {
                    tracing::warn!(%error, "cannot accept a connection");
                    tokio::select! {
                        () = self.shutdown.cancelled() => return Ok(()),
                        () = time::sleep(ACCEPT_REST) => {}
                    }
                }
            }
        }
    }

    fn admit(&self, stream: TcpStream, peer: SocketAddr) {
        let cut_off = self.cut_off.clone();
        let door = &self.door;
        if let Ok(place) = Arc::clone(&self.places).try_acquire_owned() {
            let opened = door.measures.opened(door.name);
            // Only a socket that is already gone refuses this, and its first read says so.
            let _ = stream.set_nodelay(true);
            let connection = self.connection(peer);
            self.tasks.spawn(async move {
                tokio::select! {
                    () = cut_off.cancelled() => {}
                    () = connection.run(stream) => {}
                }
                drop((place, opened));
            });
            return;
        }
        door.measures.turned_away(door.name, Turned::Full);
        if self.tls.is_none()
            && let Ok(place) = Arc::clone(&self.standing).try_acquire_owned()
        {
            self.tasks.spawn(async move {
                tokio::select! {
                    () = cut_off.cancelled() => {}
                    () = wire::turn_away(stream) => {}
                }
                drop(place);
            });
        }
    }

    fn connection(&self, peer: SocketAddr) -> Connection {
        Connection {
            app: self.app.clone(),
            door: Arc::clone(&self.door),
            peer,
            shutdown: self.shutdown.clone(),
            tls: self.tls.clone(),
        }
    }
}

/// TLS over a connection, if it comes about in its time.
async fn shake(
    tls: &TlsAcceptor,
    stream: TcpStream,
    patience: Duration,
) -> Option<tokio_rustls::server::TlsStream<TcpStream>> {
    match time::timeout(patience, tls.accept(stream)).await {
        Ok(Ok(stream)) => Some(stream),
        Ok(Err(error)) => {
            tracing::debug!(%error, "a TLS handshake failed");
            None
        }
        Err(_) => None,
    }
}

/// One connection, before it is known whether TLS is spoken on it.
struct Connection {
    app: Router,
    door: Arc<Door>,
    peer: SocketAddr,
    shutdown: CancellationToken,
    tls: Option<TlsAcceptor>,
}

impl Connection {
    async fn run(self, stream: TcpStream) {
        let Some(tls) = &self.tls else {
            return self.serve(stream).await;
        };
        let patience = self.door.limits.header_timeout;
        let shaken = tokio::select! {
            () = self.shutdown.cancelled() => return,
            shaken = shake(tls, stream, patience) => shaken,
        };
        match shaken {
            // A session holds its buffers; the task that awaits it should not hold them twice.
            Some(stream) => Box::pin(self.serve(stream)).await,
            None => self
                .door
                .measures
                .turned_away(self.door.name, Turned::Handshake),
        }
    }

    async fn serve<S: AsyncRead + AsyncWrite + Send + Unpin>(&self, stream: S) {
        let limits = self.door.limits;
        let link = Arc::new(Link::default());
        let patience = Patience {
            header: limits.header_timeout,
            idle: limits.idle_timeout,
            write: limits.body_timeout,
        };
        let guard = Guard::new(HeadLimits {
            bytes: limits.max_header_bytes,
            fields: limits.max_headers,
            target: limits.max_uri_bytes,
        });
        let wire = Wire::new(stream, guard, patience, Arc::clone(&link));
        let service = service_fn(|request| {
            let account = Account::open(&self.door, self.peer.ip(), self.tls.is_some());
            let exchange = Exchange::begin(&link, limits.body_timeout, account);
            let app = self.app.clone();
            async move { Ok::<_, Infallible>(exchange.answer(app, request).await) }
        });
        let mut connection =
            std::pin::pin!(builder(limits).serve_connection(TokioIo::new(wire), service));
        let ended = tokio::select! {
            biased;
            ended = connection.as_mut() => ended,
            () = self.shutdown.cancelled() => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        if let Err(error) = ended {
            tracing::debug!(%error, "a connection ended early");
        }
    }
}

/// The guard owns every limit of the head and the wire every time limit, so that there is one place
/// each; the HTTP library is told nothing it would enforce a second time.
fn builder(limits: Limits) -> http1::Builder {
    let mut builder = http1::Builder::new();
    builder.header_read_timeout(None);
    // Room for the largest head and no more than as much again, for each open connection.
    builder.max_buf_size((2 * limits.max_header_bytes).max(LEAST_BUFFER));
    if FIELDS_BY_DEFAULT < limits.max_headers {
        builder.max_headers(limits.max_headers);
    }
    builder
}

fn concerns_one_peer(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionRefused
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::Interrupted
    )
}
