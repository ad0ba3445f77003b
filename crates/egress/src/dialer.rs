//! Connections to addresses that passed the policy.

use std::error::Error;
use std::net::IpAddr;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Context;
use std::task::Poll;

use http::Uri;
use http::uri::Scheme;
use hyper_rustls::HttpsConnector;
use hyper_rustls::MaybeHttpsStream;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tower::Service;
use url::Host;

use crate::error::NotSent;
use crate::policy::Policy;
use crate::policy::literal;

/// A host with more addresses than this is tried at the first ones only.
const MAX_ADDRESSES: usize = 8;

/// Opens plain TCP connections.
#[derive(Clone)]
pub(crate) struct Dialer {
    policy: Arc<Policy>,
}

impl Dialer {
    pub(crate) fn new(policy: Arc<Policy>) -> Self {
        Self { policy }
    }

    async fn dial(self, target: Uri) -> Result<TokioIo<TcpStream>, NotSent> {
        let host = target.host().ok_or(NotSent::UrlRefused)?;
        // The parser that read the URL and the allowances: one reading of a host, not two.
        let host = Host::parse(host).map_err(|_| NotSent::UrlRefused)?;
        let port = match target.port_u16() {
            Some(port) => port,
            None if target.scheme() == Some(&Scheme::HTTPS) => 443,
            None => 80,
        };
        self.open(&host, port, |_| true).await.map(TokioIo::new)
    }

    /// A connection to an address of the host that passed and that the caller wants, too.
    pub(crate) async fn open(
        &self,
        host: &Host<String>,
        port: u16,
        wanted: impl Fn(IpAddr) -> bool,
    ) -> Result<TcpStream, NotSent> {
        let mut addresses = self.addresses(host, port).await?;
        addresses.retain(|address| wanted(*address));
        if addresses.is_empty() {
            return Err(NotSent::AddressRefused);
        }
        self.connect(&addresses, port).await
    }

    /// The addresses of the host that may be connected to; never none.
    async fn addresses(&self, host: &Host<String>, port: u16) -> Result<Vec<IpAddr>, NotSent> {
        let mut addresses = match (literal(host), host) {
            (None, Host::Domain(name)) => self
                .policy
                .resolver
                .resolve(name.clone())
                .await
                .map_err(|_| NotSent::Name)?,
            (address, _) => address.into_iter().collect(),
        };
        if addresses.is_empty() {
            return Err(NotSent::Name);
        }
        addresses.retain(|address| self.policy.admits(host, port, *address));
        addresses.truncate(MAX_ADDRESSES);
        if addresses.is_empty() {
            return Err(NotSent::AddressRefused);
        }
        Ok(addresses)
    }

    /// The first address that answers. Each has its share of the time, so that one black hole does
    /// not hide the others.
    async fn connect(&self, addresses: &[IpAddr], port: u16) -> Result<TcpStream, NotSent> {
        let shares = u32::try_from(addresses.len()).unwrap_or(u32::MAX);
        let share = self
            .policy
            .connect_timeout
            .checked_div(shares)
            .unwrap_or_default();
        let mut failure = NotSent::Connect;
        for address in addresses {
            let attempt = TcpStream::connect(SocketAddr::new(*address, port));
            match timeout(share, attempt).await {
                Ok(Ok(stream)) => {
                    // Requests are written whole; waiting for more only adds latency.
                    stream.set_nodelay(true).map_err(|_| NotSent::Connect)?;
                    return Ok(stream);
                }
                Ok(Err(_)) => failure = NotSent::Connect,
                Err(_) => failure = NotSent::ConnectTimeout,
            }
        }
        Err(failure)
    }
}

impl Service<Uri> for Dialer {
    type Response = TokioIo<TcpStream>;
    type Error = NotSent;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, NotSent>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), NotSent>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, target: Uri) -> Self::Future {
        Box::pin(self.clone().dial(target))
    }
}

/// Adds TLS where the URL asks for it, and the time limit over all of it.
#[derive(Clone)]
pub(crate) struct Connector {
    https: HttpsConnector<Dialer>,
    policy: Arc<Policy>,
}

impl Connector {
    pub(crate) fn new(https: HttpsConnector<Dialer>, policy: Arc<Policy>) -> Self {
        Self { https, policy }
    }
}

impl Service<Uri> for Connector {
    type Response = MaybeHttpsStream<TokioIo<TcpStream>>;
    type Error = NotSent;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, NotSent>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), NotSent>> {
        self.https.poll_ready(context).map_err(reason)
    }

    fn call(&mut self, target: Uri) -> Self::Future {
        let connecting = self.https.call(target);
        let limit = self.policy.connect_timeout;
        Box::pin(async move {
            match timeout(limit, connecting).await {
                Ok(connected) => connected.map_err(reason),
                Err(_) => Err(NotSent::ConnectTimeout),
            }
        })
    }
}

/// What is not from the dialer is from TLS.
fn reason(error: Box<dyn Error + Send + Sync>) -> NotSent {
    error.downcast().map_or(NotSent::Tls, |reason| *reason)
}
