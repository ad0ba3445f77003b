//! The stream between the socket and the HTTP library: runs the guard over what comes in and keeps
//! the time limits that are about bytes.
//!
//! A head that comes in one read passes without being copied. A refused head is replaced by a
//! harmless one, so that the HTTP library answers in its order behind earlier requests; the
//! [`Link`] tells the service which request that is and what to answer.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Context;
use std::task::Poll;
use std::task::ready;
use std::time::Duration;

use tokio::io::AsyncRead;
use tokio::io::AsyncWrite;
use tokio::io::AsyncWriteExt;
use tokio::io::ReadBuf;
use tokio::net::TcpStream;
use tokio::time;
use tokio::time::Instant;
use tokio::time::Sleep;

use crate::listen::exchange::Link;
use crate::listen::guard::Guard;
use crate::listen::guard::Refusal;

/// What the HTTP library reads in place of a refused head.
const STAND_IN: &[u8] = b"GET / HTTP/1.1\r\nhost: refused\r\nconnection: close\r\n\r\n";

/// How long, and for how many bytes, a closed connection is still read. Closing a socket with unread
/// bytes in it resets the connection, and the peer may then never see the answer.
const LINGER: Duration = Duration::from_secs(1);
const LINGER_BYTES: usize = 8 << 20;

const TURNED_AWAY: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\n\
    content-type: application/json\r\ncontent-length: 64\r\nretry-after: 1\r\nconnection: close\r\n\r\n\
    {\"error\":{\"code\":503,\"message\":\"too many connections are open\"}}";

/// The time limits of a [`Wire`].
#[derive(Clone, Copy, Debug)]
pub(super) struct Patience {
    pub(super) header: Duration,
    pub(super) idle: Duration,
    pub(super) write: Duration,
}

/// A guarded stream.
#[derive(Debug)]
pub(super) struct Wire<S> {
    stream: S,
    guard: Guard,
    link: Arc<Link>,
    patience: Patience,
    /// Bytes read but not yet passed on; the first `released` of them may be.
    held: Vec<u8>,
    released: usize,
    ended: bool,
    waiting: Waiting,
    timer: Pin<Box<Sleep>>,
    stalled: Option<Pin<Box<Sleep>>>,
    lingered: usize,
}

/// What the read timer was set for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Waiting {
    /// The first byte of the connection.
    Greeting,
    /// The rest of the head behind so many others.
    Head(u64),
    /// The next request behind so many others.
    Idle(u64),
    /// The peer's own end after ours.
    Linger,
}

impl<S> Wire<S> {
    pub(super) fn new(stream: S, guard: Guard, patience: Patience, link: Arc<Link>) -> Self {
        Self {
            stream,
            guard,
            link,
            patience,
            held: Vec::new(),
            released: 0,
            ended: false,
            waiting: Waiting::Greeting,
            timer: Box::pin(time::sleep(patience.header)),
            stalled: None,
            lingered: 0,
        }
    }

    /// Moves as much as fits of what may pass.
    fn deliver(&mut self, buffer: &mut ReadBuf<'_>) {
        let length = self.released.min(buffer.remaining());
        buffer.put_slice(self.held.get(..length).unwrap_or_default());
        self.held.drain(..length);
        self.released -= length;
    }

    /// Puts the stand-in behind what may pass, once nothing else may.
    fn replace_refused(&mut self) {
        if let Some(refusal) = self.guard.refusal() {
            self.link.refuse(self.guard.heads(), refusal);
            self.held.truncate(self.released);
            self.held.extend_from_slice(STAND_IN);
            self.released = self.held.len();
        }
    }

    /// Judges what was read behind the first `before` bytes of `buffer`, and leaves in it what may
    /// pass at once.
    fn judge(&mut self, buffer: &mut ReadBuf<'_>, before: usize) {
        let fresh = buffer.filled().get(before..).unwrap_or_default();
        if self.held.is_empty() {
            let passed = self.guard.inspect(fresh);
            if passed < fresh.len() {
                self.held
                    .extend_from_slice(fresh.get(passed..).unwrap_or_default());
                buffer.set_filled(before + passed);
            }
        } else {
            self.held.extend_from_slice(fresh);
            buffer.set_filled(before);
            self.released = self.guard.inspect(&self.held);
        }
        self.replace_refused();
    }

    /// Ready when the peer has kept silent for too long, with whether it owes the rest of a head.
    ///
    /// The HTTP library does not ask again once a response is sent, so the timer for the next
    /// request must be running before. It is set once and looked at when it fires, which also saves
    /// setting it at every request.
    fn poll_impatience(&mut self, context: &mut Context<'_>) -> Poll<bool> {
        let heads = self.guard.heads();
        let wanted = if !self.held.is_empty() {
            Waiting::Head(heads)
        } else if !self.guard.awaits_head() {
            return Poll::Pending;
        } else if heads == 0 {
            Waiting::Greeting
        } else {
            Waiting::Idle(heads)
        };
        let runs_on = matches!((self.waiting, wanted), (Waiting::Idle(_), Waiting::Idle(_)));
        if self.waiting != wanted && !runs_on {
            self.set_timer(wanted);
        }
        ready!(self.timer.as_mut().poll(context));
        let answering = self.link.is_busy() || self.stalled.is_some();
        if self.waiting != wanted || answering {
            self.set_timer(wanted);
            ready!(self.timer.as_mut().poll(context));
        }
        Poll::Ready(matches!(wanted, Waiting::Head(_)))
    }

    fn set_timer(&mut self, waiting: Waiting) {
        let patience = match waiting {
            Waiting::Greeting | Waiting::Head(_) => self.patience.header,
            Waiting::Idle(_) => self.patience.idle,
            Waiting::Linger => LINGER,
        };
        self.timer.as_mut().reset(Instant::now() + patience);
        self.waiting = waiting;
    }

    /// Passes on a write's outcome, unless it has been pending for too long.
    fn timed<T>(
        &mut self,
        context: &mut Context<'_>,
        outcome: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if outcome.is_ready() {
            self.stalled = None;
            return outcome;
        }
        let patience = self.patience.write;
        let stalled = self
            .stalled
            .get_or_insert_with(|| Box::pin(time::sleep(patience)));
        ready!(stalled.as_mut().poll(context));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Wire<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let wire = self.get_mut();
        let before = buffer.filled().len();
        loop {
            if 0 < wire.released {
                wire.deliver(buffer);
                return Poll::Ready(Ok(()));
            }
            if wire.ended {
                return Poll::Ready(Ok(()));
            }
            if wire.guard.refusal().is_some() {
                // An end here would look like a peer that no longer wants its answer. Writing that
                // answer is what goes on; nothing will be read.
                return Poll::Pending;
            }
            match Pin::new(&mut wire.stream).poll_read(context, buffer) {
                Poll::Pending => {
                    if ready!(wire.poll_impatience(context)) {
                        wire.guard.refuse(Refusal::TooSlow);
                        wire.replace_refused();
                    } else {
                        wire.ended = true;
                    }
                }
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Ready(Ok(())) if buffer.filled().len() == before => wire.ended = true,
                Poll::Ready(Ok(())) => {
                    wire.judge(buffer, before);
                    if before < buffer.filled().len() {
                        return Poll::Ready(Ok(()));
                    }
                }
            }
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Wire<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let wire = self.get_mut();
        let outcome = Pin::new(&mut wire.stream).poll_write(context, bytes);
        wire.timed(context, outcome)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let wire = self.get_mut();
        let outcome = Pin::new(&mut wire.stream).poll_write_vectored(context, slices);
        wire.timed(context, outcome)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let wire = self.get_mut();
        let outcome = Pin::new(&mut wire.stream).poll_flush(context);
        wire.timed(context, outcome)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let wire = self.get_mut();
        if wire.waiting != Waiting::Linger {
            ready!(Pin::new(&mut wire.stream).poll_shutdown(context))?;
            wire.set_timer(Waiting::Linger);
        }
        let mut scratch = [0; 4096];
        while !wire.ended && wire.lingered < LINGER_BYTES {
            let mut buffer = ReadBuf::new(&mut scratch);
            match Pin::new(&mut wire.stream).poll_read(context, &mut buffer) {
                Poll::Ready(Ok(())) if !buffer.filled().is_empty() => {
                    wire.lingered += buffer.filled().len();
                }
                Poll::Ready(_) => wire.ended = true,
                Poll::Pending => {
                    ready!(wire.timer.as_mut().poll(context));
                    wire.ended = true;
                }
            }
        }
        Poll::Ready(Ok(()))
    }
}

/// Tells one connection too many so, and closes it.
pub(super) async fn turn_away(mut stream: TcpStream) {
    let told = async {
        stream.write_all(TURNED_AWAY).await?;
        stream.shutdown().await?;
        let mut unread = tokio::io::AsyncReadExt::take(stream, LINGER_BYTES as u64);
        tokio::io::copy(&mut unread, &mut tokio::io::sink()).await
    };
    // A peer that is gone or slow has lost only its own answer.
    let _ = time::timeout(LINGER, told).await;
}

#[cfg(test)]
mod tests {
    use super::TURNED_AWAY;

    #[test]
    fn the_answer_to_one_too_many_says_its_length() {
        let text = str::from_utf8(TURNED_AWAY).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        assert!(head.contains(&format!("\r\ncontent-length: {}\r\n", body.len())));
    }
}
