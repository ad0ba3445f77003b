//! A Meta that means no good: it takes a request and then does what it was told.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::io::AsyncReadExt;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;
use tokio::net::TcpStream;

/// What it does with a request.
#[derive(Clone, Debug)]
pub(crate) enum Act {
    /// Says this byte after byte, with pauses.
    Drip(String),
    /// Says the first and then the second for ever.
    Flood(String, &'static str),
    /// Resets the connection.
    Reset,
    /// Says this and closes.
    Say(String),
    /// Says this and then nothing more.
    Stay(String),
}

/// What it does with each path.
type Script = dyn Fn(&str) -> Act + Send + Sync;

struct State {
    script: Mutex<Arc<Script>>,
    requests: Mutex<Vec<String>>,
    connections: AtomicUsize,
    written: AtomicUsize,
}

/// A running one.
#[derive(Clone)]
pub(crate) struct Adversary {
    pub(crate) address: SocketAddr,
    state: Arc<State>,
}

impl Adversary {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let adversary = Self {
            address: listener.local_addr().unwrap(),
            state: Arc::new(State {
                script: Mutex::new(Arc::new(|_: &str| Act::Reset)),
                requests: Mutex::default(),
                connections: AtomicUsize::new(0),
                written: AtomicUsize::new(0),
            }),
        };
        let state = Arc::clone(&adversary.state);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                state.connections.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(serve(stream, Arc::clone(&state)));
            }
        });
        adversary
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/", self.address)
    }

    /// From now on it does this, whatever it is asked.
    pub(crate) fn does(&self, act: &Act) {
        let act = act.clone();
        self.does_by_path(move |_| act.clone());
    }

    pub(crate) fn does_by_path(&self, script: impl Fn(&str) -> Act + Send + Sync + 'static) {
        *self.state.script.lock().unwrap() = Arc::new(script);
    }

    pub(crate) fn connections(&self) -> usize {
        self.state.connections.load(Ordering::SeqCst)
    }

    /// The heads of the requests that came whole since the last time.
    pub(crate) fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.state.requests.lock().unwrap())
    }

    /// How many bytes it got rid of since the last time; what the kernel holds counts.
    pub(crate) fn written(&self) -> usize {
        self.state.written.swap(0, Ordering::SeqCst)
    }
}

async fn serve(mut stream: TcpStream, state: Arc<State>) {
    while let Some(head) = read(&mut stream).await {
        let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
        state.requests.lock().unwrap().push(head);
        let script = Arc::clone(&state.script.lock().unwrap());
        let act = script(&path);
        if act.play(&mut stream, &state.written).await.is_err() {
            return;
        }
        if !matches!(act, Act::Stay(_)) {
            return;
        }
    }
}

impl Act {
    async fn play(&self, stream: &mut TcpStream, written: &AtomicUsize) -> std::io::Result<()> {
        match self {
            Self::Drip(text) => {
                let mut pace = tokio::time::interval(Duration::from_millis(50));
                for byte in text.as_bytes() {
                    pace.tick().await;
                    stream.write_all(&[*byte]).await?;
                }
            }
            Self::Flood(head, piece) => {
                stream.write_all(head.as_bytes()).await?;
                let block = piece.repeat(65_536 / piece.len());
                loop {
                    stream.write_all(block.as_bytes()).await?;
                    written.fetch_add(block.len(), Ordering::SeqCst);
                }
            }
            Self::Reset => stream.set_zero_linger()?,
            Self::Say(text) | Self::Stay(text) => {
                stream.write_all(text.as_bytes()).await?;
                written.fetch_add(text.len(), Ordering::SeqCst);
            }
        }
        Ok(())
    }
}

/// Reads one request with its body and returns its head; `None` when the client has gone.
async fn read(stream: &mut TcpStream) -> Option<String> {
    let mut bytes = Vec::new();
    let mut piece = [0; 4096];
    loop {
        let end = bytes.windows(4).position(|window| window == b"\r\n\r\n");
        if let Some(end) = end {
            let head = String::from_utf8(bytes[..end].to_vec()).ok()?;
            let length = head
                .lines()
                .find_map(|line| line.strip_prefix("content-length: "))
                .map_or(0, |length| length.parse().unwrap());
            if bytes.len() >= end + 4 + length {
                return Some(head);
            }
        }
        match stream.read(&mut piece).await.ok()? {
            0 => return None,
            length => bytes.extend_from_slice(&piece[..length]),
        }
    }
}

/// A whole answer with a length.
pub(crate) fn http(status: u16, fields: &str, body: &str) -> Act {
    Act::Say(format!(
        "HTTP/1.1 {status} So\r\n{fields}content-length: {}\r\n\r\n{body}",
        body.len()
    ))
}

/// An error of Graph's.
pub(crate) fn graph(status: u16, fields: &str, code: u32) -> Act {
    let details = "sent to +27825550142";
    let body = format!(
        r#"{{"error":{{"message":"(#{code}) {details}","type":"OAuthException","code":{code},"error_data":{{"messaging_product":"whatsapp","details":"{details}"}},"fbtrace_id":"A"}}}}"#
    );
    http(status, fields, &body)
}
