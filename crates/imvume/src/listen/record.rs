//! What a listener tells of itself: figures, and one line for each request.
//!
//! The line is an event of the target `request` at level `info`, told when the response has been
//! handed to the connection whole, or when that has been given up. `docs/operating.md` lists its
//! fields. Nothing of a request stands in it as it came: the route is the pattern that matched, the
//! method one of a closed list, the client's address a network or nothing. The figures have labels
//! from closed sets only.

use std::fmt::Write as _;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;

use axum::body::Body;
use http::HeaderValue;
use http::Method;
use http::Request;
use http::Response;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
use prometheus_client::registry::Unit;
use tokio::time::Instant;

use crate::listen::Client;
use crate::listen::Door;
use crate::listen::guard::Refusal;

/// The header that names a request to whoever made it.
const REQUEST_ID: &str = "x-request-id";

/// Upper bounds of the latency histogram's buckets, in seconds.
const BUCKETS: [f64; 12] = [
    0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0,
];

/// A request's random name. It stands among the extensions of every request, and in the header
/// `X-Request-Id` of every response; one that a client brings is ignored.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RequestId(pub Arc<str>);

/// What the routes know of a request. They leave it among the extensions of the response.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Known {
    /// The pattern of the route that matched, never the path itself.
    pub route: Option<Arc<str>>,
    /// The app whose token came with the request.
    pub app: Option<i64>,
    /// The staff token that came with it.
    pub staff: Option<i64>,
    /// The decision behind the answer.
    pub decision: Option<i64>,
}

#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
struct Listener {
    listener: &'static str,
}

#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
struct Reason {
    listener: &'static str,
    reason: &'static str,
}

#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
struct Route {
    listener: &'static str,
    route: Arc<str>,
}

#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
struct Outcome {
    listener: &'static str,
    route: Arc<str>,
    status: &'static str,
}

/// Why a connection got no service.
#[derive(Clone, Copy, Debug)]
pub(super) enum Turned {
    /// As many as may be were open.
    Full,
    /// TLS did not come about.
    Handshake,
}

impl Turned {
    const ALL: [Self; 2] = [Self::Full, Self::Handshake];

    const fn name(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Handshake => "handshake",
        }
    }
}

impl Refusal {
    const ALL: [Self; 4] = [
        Self::HeadTooLarge,
        Self::Malformed,
        Self::TargetTooLong,
        Self::TooSlow,
    ];

    const fn name(self) -> &'static str {
        match self {
            Self::HeadTooLarge => "head_too_large",
            Self::Malformed => "malformed",
            Self::TargetTooLong => "target_too_long",
            Self::TooSlow => "too_slow",
        }
    }
}

/// The figures of all listeners. Clones count together.
#[derive(Clone, Debug)]
pub struct Measures {
    connections: Family<Listener, Counter>,
    durations: Family<Route, Histogram, fn() -> Histogram>,
    open: Family<Listener, Gauge>,
    refused: Family<Reason, Counter>,
    requests: Family<Outcome, Counter>,
    turned_away: Family<Reason, Counter>,
}

impl Default for Measures {
    fn default() -> Self {
        Self {
            connections: Family::default(),
            durations: Family::new_with_constructor(|| Histogram::new(BUCKETS)),
            open: Family::default(),
            refused: Family::default(),
            requests: Family::default(),
            turned_away: Family::default(),
        }
    }
}

impl Measures {
    /// Shows the figures in `registry`.
    pub fn register(&self, registry: &mut Registry) {
        registry.register(
            "http_requests",
            "Requests answered, by listener, route and class of status",
            self.requests.clone(),
        );
        registry.register_with_unit(
            "http_request_duration",
            "From a request's head to its response's end",
            Unit::Seconds,
            self.durations.clone(),
        );
        registry.register(
            "http_refused",
            "Requests refused before any route saw them, by reason",
            self.refused.clone(),
        );
        registry.register(
            "connections",
            "Connections taken in",
            self.connections.clone(),
        );
        registry.register(
            "connections_open",
            "Connections open now",
            self.open.clone(),
        );
        registry.register(
            "connections_turned_away",
            "Connections that got no service, by reason",
            self.turned_away.clone(),
        );
    }

    /// Makes the figures of a listener that are not of one route begin at zero.
    pub(super) fn begin(&self, listener: &'static str) {
        let at = Listener { listener };
        drop(self.connections.get_or_create(&at));
        drop(self.open.get_or_create(&at));
        for turned in Turned::ALL {
            let reason = turned.name();
            drop(self.turned_away.get_or_create(&Reason { listener, reason }));
        }
        for refusal in Refusal::ALL {
            let reason = refusal.name();
            drop(self.refused.get_or_create(&Reason { listener, reason }));
        }
    }

    /// Counts a connection as open until what this returns is dropped.
    pub(super) fn opened(&self, listener: &'static str) -> Opened {
        let at = Listener { listener };
        self.connections.get_or_create(&at).inc();
        let open = self.open.get_or_create_owned(&at);
        open.inc();
        Opened(open)
    }

    pub(super) fn turned_away(&self, listener: &'static str, turned: Turned) {
        let reason = turned.name();
        self.turned_away
            .get_or_create(&Reason { listener, reason })
            .inc();
    }
}

/// A connection that counts as open.
#[derive(Debug)]
pub(super) struct Opened(Gauge);

impl Drop for Opened {
    fn drop(&mut self) {
        self.0.dec();
    }
}

/// What is told of one request at its end.
#[derive(Debug)]
pub(super) struct Account {
    door: Arc<Door>,
    id: Arc<str>,
    began: Instant,
    method: &'static str,
    client: Option<Client>,
    peer: (IpAddr, bool),
    bytes_in: Arc<AtomicU64>,
    bytes_out: u64,
    status: Option<u16>,
    refusal: Option<Refusal>,
    known: Known,
}

impl Account {
    /// Opens one for a request from `peer`, over TLS if `secure`.
    pub(super) fn open(door: &Arc<Door>, peer: IpAddr, secure: bool) -> Self {
        Self {
            door: Arc::clone(door),
            id: id(&door.random),
            began: Instant::now(),
            method: "none",
            client: None,
            peer: (peer, secure),
            bytes_in: Arc::default(),
            bytes_out: 0,
            status: None,
            refusal: None,
            known: Known::default(),
        }
    }

    /// Tells the routes who asks, and under which name.
    pub(super) fn begin<B>(&mut self, request: &mut Request<B>) {
        self.method = method(request.method());
        let (peer, secure) = self.peer;
        let client = self
            .door
            .proxies
            .client(peer, secure, request.headers_mut());
        self.client = Some(client);
        request.headers_mut().remove(REQUEST_ID);
        request.extensions_mut().insert(client);
        request
            .extensions_mut()
            .insert(RequestId(Arc::clone(&self.id)));
    }

    /// Where the bytes of the request's body are counted.
    pub(super) fn received(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.bytes_in)
    }

    /// Counts bytes of the response's body.
    pub(super) fn sent(&mut self, length: usize) {
        self.bytes_out += length as u64;
    }

    /// Takes down what was answered, and names the request to whoever made it.
    pub(super) fn answered(&mut self, response: &mut Response<Body>, refusal: Option<Refusal>) {
        self.refusal = refusal;
        self.status = Some(response.status().as_u16());
        if let Some(known) = response.extensions_mut().remove::<Known>() {
            self.known = known;
        }
        if let Ok(id) = HeaderValue::from_str(&self.id) {
            response.headers_mut().insert(REQUEST_ID, id);
        }
    }

    fn count(&self, route: &Arc<str>) {
        let (measures, listener) = (&self.door.measures, self.door.name);
        if let Some(refusal) = self.refusal {
            let reason = refusal.name();
            measures
                .refused
                .get_or_create(&Reason { listener, reason })
                .inc();
        }
        let at = Route {
            listener,
            route: Arc::clone(route),
        };
        measures
            .durations
            .get_or_create(&at)
            .observe(self.began.elapsed().as_secs_f64());
        let outcome = Outcome {
            listener,
            route: Arc::clone(route),
            status: class(self.status),
        };
        measures.requests.get_or_create(&outcome).inc();
    }
}

impl Drop for Account {
    fn drop(&mut self) {
        let unmatched = || Arc::from("none");
        let route = self.known.route.take().unwrap_or_else(unmatched);
        self.count(&route);
        let network = self
            .client
            .filter(|_| self.door.tells_networks)
            .map(|client| tracing::field::display(client.network()));
        tracing::info!(
            target: "request",
            id = &*self.id,
            listener = self.door.name,
            method = self.method,
            route = &*route,
            status = self.status,
            refused = self.refusal.map(Refusal::name),
            micros = u64::try_from(self.began.elapsed().as_micros()).unwrap_or(u64::MAX),
            bytes_in = self.bytes_in.load(Ordering::Relaxed),
            bytes_out = self.bytes_out,
            app = self.known.app,
            staff = self.known.staff,
            decision = self.known.decision,
            network,
            "request"
        );
    }
}

/// Twenty hexadecimal digits of chance. A system that has none to give names nothing.
fn id(random: &seal::Random) -> Arc<str> {
    let bytes = random.array::<10>().unwrap_or_default();
    let mut text = String::with_capacity(20);
    for byte in bytes {
        let _ = write!(text, "{byte:02x}");
    }
    Arc::from(text)
}

fn method(method: &Method) -> &'static str {
    match *method {
        Method::CONNECT => "CONNECT",
        Method::DELETE => "DELETE",
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::OPTIONS => "OPTIONS",
        Method::PATCH => "PATCH",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::TRACE => "TRACE",
        _ => "other",
    }
}

const fn class(status: Option<u16>) -> &'static str {
    match status {
        Some(..200) => "1xx",
        Some(200..300) => "2xx",
        Some(300..400) => "3xx",
        Some(400..500) => "4xx",
        Some(500..) => "5xx",
        None => "none",
    }
}
