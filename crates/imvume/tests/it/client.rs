//! A client that sends exactly the bytes it is given and reads one response at a time.

use std::net::SocketAddr;
use std::pin::Pin;
use std::task::Context;
use std::task::Poll;
use std::task::Waker;
use std::time::Duration;

use tokio::io::AsyncRead;
use tokio::io::AsyncReadExt;
use tokio::io::AsyncWrite;
use tokio::io::AsyncWriteExt;
use tokio::io::ReadBuf;
use tokio::net::TcpStream;
use tokio::time::timeout;

/// No answer takes this long; a test that waits for it has failed.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// A connection, in plain or under TLS.
trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// One connection.
pub(crate) struct Client {
    stream: Box<dyn Stream>,
    read: Vec<u8>,
}

/// A response as it stood on the wire.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    /// The value of the first header named `name`, given in lower case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().skip(1).find_map(|line| {
            let (found, value) = line.split_once(':')?;
            found.eq_ignore_ascii_case(name).then_some(value.trim())
        })
    }
}

impl Client {
    pub(crate) async fn connect(address: SocketAddr) -> Self {
        Self::over(TcpStream::connect(address).await.unwrap())
    }

    /// One over a connection that is there.
    pub(crate) fn over(stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static) -> Self {
        Self {
            stream: Box::new(stream),
            read: Vec::new(),
        }
    }

    /// Sends `bytes`. A peer that has answered and closed meanwhile is not an error here: the answer
    /// tells.
    pub(crate) async fn send(&mut self, bytes: &[u8]) {
        let _ = timeout(PATIENCE, self.stream.write_all(bytes))
            .await
            .unwrap();
    }

    /// The next response, or `None` if the peer closed without one.
    pub(crate) async fn reply(&mut self) -> Option<Reply> {
        let end = loop {
            if let Some(end) = self.read.windows(4).position(|four| four == b"\r\n\r\n") {
                break end + 4;
            }
            if !self.more().await {
                assert!(
                    self.read.is_empty(),
                    "half a response: {:?}",
                    self.read.escape_ascii()
                );
                return None;
            }
        };
        let head = String::from_utf8(self.read.drain(..end).collect()).unwrap();
        let mut reply = Reply {
            status: head.get(9..12).unwrap().parse().unwrap(),
            head,
            body: Vec::new(),
        };
        let length = reply
            .header("content-length")
            .map_or(0, |length| length.parse().unwrap());
        while self.read.len() < length {
            assert!(self.more().await, "the body broke off");
        }
        reply.body = self.read.drain(..length).collect();
        Some(reply)
    }

    /// Whether the peer closes without saying anything more.
    pub(crate) async fn closes(&mut self) -> bool {
        !self.more().await && self.read.is_empty()
    }

    /// Whether nothing has come and the connection is open, right now.
    pub(crate) fn is_open(&mut self) -> bool {
        let mut piece = [0; 4096];
        let mut buffer = ReadBuf::new(&mut piece);
        let mut context = Context::from_waker(Waker::noop());
        match Pin::new(&mut self.stream).poll_read(&mut context, &mut buffer) {
            Poll::Ready(Ok(())) => self.read.extend_from_slice(buffer.filled()),
            Poll::Ready(Err(_)) => {}
            Poll::Pending => return true,
        }
        false
    }

    async fn more(&mut self) -> bool {
        let mut piece = [0; 4096];
        let outcome = timeout(PATIENCE, self.stream.read(&mut piece))
            .await
            .unwrap();
        // A reset closes as well as an orderly end does.
        let length = outcome.unwrap_or(0);
        self.read.extend_from_slice(piece.get(..length).unwrap());
        0 < length
    }
}
