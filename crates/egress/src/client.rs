//! One exchange.

use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::HeaderMap;
use http::HeaderName;
use http::Method;
use http::header;
use http_body_util::Full;
use hyper_rustls::HttpsConnectorBuilder;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::capture_connection;
use hyper_util::rt::TokioExecutor;
use hyper_util::rt::TokioTimer;
use rustls::ClientConfig;
use rustls::RootCertStore;
use rustls::crypto::aws_lc_rs;
use tokio::time::timeout;
use url::Url;
use webpki_roots::TLS_SERVER_ROOTS;

use crate::dialer::Connector;
use crate::dialer::Dialer;
use crate::error::EgressError;
use crate::error::NotSent;
use crate::error::SetupError;
use crate::error::Unknown;
use crate::policy::Policy;
use crate::response;
use crate::response::Response;

/// How long an unused connection is kept. Short, because a host that closes one at the moment it is
/// used again leaves the outcome unknown.
const IDLE: Duration = Duration::from_secs(20);
/// Unused connections kept for one host.
const MAX_IDLE: usize = 64;
/// Bound of a response head, in bytes.
const MAX_HEAD: usize = 64 * 1024;

/// Headers that belong to the connection and not to the caller.
const OURS: [HeaderName; 10] = [
    header::CONNECTION,
    header::CONTENT_LENGTH,
    header::EXPECT,
    header::HOST,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
];

/// The client. Cloning is cheap, and clones share their connections.
#[derive(Clone)]
pub struct Egress {
    client: Client<Connector, Full<Bytes>>,
    policy: Arc<Policy>,
}

impl fmt::Debug for Egress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Egress")
            .field("policy", &self.policy)
            .finish_non_exhaustive()
    }
}

/// What to send.
pub struct Request<'a> {
    /// The method.
    pub method: Method,
    /// Where to; a fragment is not sent.
    pub url: &'a Url,
    /// The caller's headers. `Host`, `Content-Length` and whatever else belongs to the connection
    /// are taken out and set by the client.
    pub headers: HeaderMap,
    /// The body, sent with its length.
    pub body: Bytes,
    /// The most bytes of body to read; the policy may say less.
    pub max_response: usize,
    /// The time from the call to the last byte of the response; the policy may say less.
    pub timeout: Duration,
}

impl fmt::Debug for Request<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Path, query, headers and body may hold personal data or credentials.
        f.debug_struct("Request")
            .field("method", &self.method)
            .field("bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

impl Egress {
    /// A client under this policy.
    ///
    /// # Errors
    ///
    /// [`SetupError`], by what was refused.
    pub fn new(policy: Policy) -> Result<Self, SetupError> {
        let policy = Arc::new(policy);
        let https = HttpsConnectorBuilder::new()
            .with_tls_config(tls(&policy)?)
            .https_or_http()
            .enable_http1()
            .wrap_connector(Dialer::new(Arc::clone(&policy)));
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE)
            .pool_max_idle_per_host(MAX_IDLE)
            .http1_max_buf_size(MAX_HEAD)
            .build(Connector::new(https, Arc::clone(&policy)));
        Ok(Self { client, policy })
    }

    /// Sends a request once and reads the whole response.
    ///
    /// A request that no connection has begun to write may be moved to another connection; beyond
    /// that nothing is repeated.
    ///
    /// # Errors
    ///
    /// [`EgressError`]; its variant says whether the request can have arrived.
    pub async fn send(&self, request: Request<'_>) -> Result<Response, EgressError> {
        self.policy
            .check(request.url)
            .map_err(EgressError::NotSent)?;
        let limit = request.max_response.min(self.policy.max_response_bytes);
        let time = request.timeout.min(self.policy.request_timeout);
        let mut request = assemble(request)?;
        let connection = capture_connection(&mut request);
        match timeout(time, self.exchange(request, limit)).await {
            Ok(outcome) => outcome,
            // Without a connection nothing can have been written.
            Err(_) if connection.connection_metadata().is_none() => {
                Err(EgressError::NotSent(NotSent::ConnectTimeout))
            }
            Err(_) => Err(EgressError::Unknown(Unknown::TimedOut)),
        }
    }

    async fn exchange(
        &self,
        request: http::Request<Full<Bytes>>,
        limit: usize,
    ) -> Result<Response, EgressError> {
        match self.client.request(request).await {
            Ok(response) => response::read(response, limit).await,
            Err(error) => Err(consequence(&error)),
        }
    }
}

/// TLS 1.2 and 1.3 with aws-lc; Mozilla's roots and those of the policy.
pub(crate) fn tls(policy: &Policy) -> Result<ClientConfig, SetupError> {
    let mut roots = RootCertStore {
        roots: TLS_SERVER_ROOTS.to_vec(),
    };
    for root in &policy.extra_roots {
        roots.add(root.clone()).map_err(|_| SetupError::Root)?;
    }
    let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|_| SetupError::Tls)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(config)
}

fn assemble(request: Request<'_>) -> Result<http::Request<Full<Bytes>>, EgressError> {
    let target = request.url.as_str();
    let mut assembled = http::Request::new(Full::new(request.body));
    *assembled.method_mut() = request.method;
    *assembled.uri_mut() = target
        .parse()
        .map_err(|_| EgressError::NotSent(NotSent::UrlRefused))?;
    *assembled.headers_mut() = request.headers;
    for name in OURS {
        assembled.headers_mut().remove(name);
    }
    Ok(assembled)
}

/// Sorts the client's errors by whether the request can have been written.
fn consequence(error: &hyper_util::client::legacy::Error) -> EgressError {
    if error.is_connect() {
        let reason = find::<NotSent>(error).copied();
        return EgressError::NotSent(reason.unwrap_or(NotSent::Connect));
    }
    match find::<hyper::Error>(error) {
        // hyper says so only when it hands the request back untouched.
        Some(cause) if cause.is_canceled() => EgressError::NotSent(NotSent::Closed),
        Some(cause) => EgressError::Unknown(response::cause(cause)),
        None => EgressError::Unknown(Unknown::Cut),
    }
}

/// The first cause of this type.
fn find<T: Error + 'static>(error: &dyn Error) -> Option<&T> {
    let mut cause = error.source();
    while let Some(error) = cause {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        cause = error.source();
    }
    None
}
