//! An app that accepts every webhook and counts.

use std::convert::Infallible;
use std::net::Ipv4Addr;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use http::Response;
use http_body_util::BodyExt as _;
use http_body_util::Empty;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

use crate::aside::Aside;

/// An app that accepts every webhook and counts.
#[derive(Debug)]
pub(crate) struct Sink {
    address: SocketAddr,
    aside: Aside,
    taken: Arc<AtomicUsize>,
}

impl Sink {
    /// Starts it.
    pub(crate) fn start() -> anyhow::Result<Self> {
        let aside = Aside::start("sink")?;
        let listener = aside.run(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)))??;
        let address = listener.local_addr()?;
        let taken = Arc::new(AtomicUsize::new(0));
        aside.leave(accept(listener, Arc::clone(&taken)));
        Ok(Self {
            address,
            aside,
            taken,
        })
    }

    /// Where webhooks go.
    pub(crate) fn url(&self) -> String {
        format!("http://{}/webhook", self.address)
    }

    /// Webhooks taken so far.
    pub(crate) fn taken(&self) -> usize {
        self.taken.load(Ordering::Relaxed)
    }

    /// Its processor time so far.
    pub(crate) fn cpu(&self) -> anyhow::Result<Duration> {
        self.aside.cpu()
    }
}

async fn accept(listener: TcpListener, taken: Arc<AtomicUsize>) {
    while let Ok((stream, _)) = listener.accept().await {
        let taken = Arc::clone(&taken);
        let service = service_fn(move |request: Request<Incoming>| {
            let taken = Arc::clone(&taken);
            async move {
                // A body that is cut off is delivered again.
                let _ = request.into_body().collect().await;
                taken.fetch_add(1, Ordering::Relaxed);
                Ok::<_, Infallible>(Response::new(Empty::<Bytes>::new()))
            }
        });
        // What becomes of a connection is the caller's to notice.
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
    }
}
