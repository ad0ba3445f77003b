//! A host on the loopback that says what it is told to say.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;
use egress::Egress;
use egress::EgressError;
use egress::Policy;
use egress::Request;
use egress::Response;
use http::HeaderMap;
use http::Method;
use tokio::io::AsyncReadExt;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;
use tokio::net::TcpStream;
use url::Url;

/// Long enough for any exchange that is meant to succeed.
pub(crate) const PATIENT: Duration = Duration::from_secs(20);
/// Short, for exchanges that are meant to run out of time.
pub(crate) const HASTY: Duration = Duration::from_millis(150);

/// What a host does once it has read a request.
#[derive(Clone)]
pub(crate) enum Then {
    /// Says this and waits for the next request.
    Answer(&'static str),
    /// Says this and closes.
    Close(&'static str),
    /// Says this and then nothing more.
    Hang(&'static str),
    /// Says the first and then the second for ever.
    Flood(&'static str, &'static str),
}

/// A running host.
pub(crate) struct Host {
    pub(crate) address: SocketAddr,
    connections: Arc<AtomicUsize>,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Host {
    pub(crate) async fn start(then: Then) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let host = Self {
            address: listener.local_addr().unwrap(),
            connections: Arc::default(),
            requests: Arc::default(),
        };
        let connections = Arc::clone(&host.connections);
        let requests = Arc::clone(&host.requests);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                connections.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(serve(stream, then.clone(), Arc::clone(&requests)));
            }
        });
        host
    }

    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }

    pub(crate) fn url(&self, path: &str) -> Url {
        Url::parse(&format!("http://{}{path}", self.address)).unwrap()
    }

    /// A client that may call this host.
    pub(crate) fn client(&self) -> Egress {
        client(&[&self.address.to_string()])
    }

    pub(crate) async fn get(&self) -> Result<Response, EgressError> {
        self.client().send(get(&self.url("/"))).await
    }
}

async fn serve(mut stream: TcpStream, then: Then, requests: Arc<Mutex<Vec<String>>>) {
    while let Some(request) = read_request(&mut stream).await {
        requests.lock().unwrap().push(request);
        match then {
            Then::Answer(text) => stream.write_all(text.as_bytes()).await.unwrap(),
            Then::Close(text) => {
                stream.write_all(text.as_bytes()).await.unwrap();
                return;
            }
            Then::Hang(text) => {
                stream.write_all(text.as_bytes()).await.unwrap();
                std::future::pending::<()>().await;
            }
            Then::Flood(head, piece) => {
                stream.write_all(head.as_bytes()).await.unwrap();
                while stream.write_all(piece.as_bytes()).await.is_ok() {}
                return;
            }
        }
    }
}

/// Reads one request with its body; `None` when the client has gone.
async fn read_request(stream: &mut TcpStream) -> Option<String> {
    let mut text = Vec::new();
    loop {
        // Within a character of several bytes it is not yet text.
        let so_far = std::str::from_utf8(&text).unwrap_or_default();
        if let Some((head, body)) = so_far.split_once("\r\n\r\n") {
            let length = head
                .lines()
                .find_map(|line| line.strip_prefix("content-length: "))
                .map_or(0, |length| length.parse().unwrap());
            if body.len() >= length {
                return String::from_utf8(text).ok();
            }
        }
        let mut byte = [0];
        if stream.read(&mut byte).await.ok()? == 0 {
            return None;
        }
        text.extend_from_slice(&byte);
    }
}

pub(crate) fn policy(allowances: &[&str]) -> Policy {
    let allow_private = allowances
        .iter()
        .map(|text| text.parse().unwrap())
        .collect();
    Policy {
        allow_private,
        ..Policy::default()
    }
}

pub(crate) fn client(allowances: &[&str]) -> Egress {
    Egress::new(policy(allowances)).unwrap()
}

pub(crate) fn get(url: &Url) -> Request<'_> {
    Request {
        method: Method::GET,
        url,
        headers: HeaderMap::new(),
        body: Bytes::new(),
        max_response: 1024,
        timeout: PATIENT,
    }
}
