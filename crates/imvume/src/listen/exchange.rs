//! One request and its response: hands the request to the router with a clock on its body, answers
//! for the guard where that has refused, and keeps the account that is told at its end.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::OnceLock;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;
use std::task::Context;
use std::task::Poll;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use bytes::Bytes;
use http::HeaderValue;
use http::Request;
use http::Response;
use http::StatusCode;
use http::header;
use hyper::body::Body as HttpBody;
use hyper::body::Frame;
use hyper::body::Incoming;
use hyper::body::SizeHint;
use tokio::time;
use tokio::time::Instant;
use tokio::time::Sleep;
use tower::Service;

use crate::listen::guard::Refusal;
use crate::listen::record::Account;

/// Bytes that earn a body another second.
const LEAST_PACE: u64 = 16 * 1024;

/// What the two ends of one connection tell each other.
#[derive(Debug, Default)]
pub(super) struct Link {
    begun: AtomicU64,
    open: AtomicU64,
    overdue: AtomicBool,
    refused: OnceLock<(u64, Refusal)>,
}

impl Link {
    /// Says that the request behind `heads` others is refused. The first refusal counts.
    pub(super) fn refuse(&self, heads: u64, refusal: Refusal) {
        let _ = self.refused.set((heads, refusal));
    }

    /// Whether a request is being answered.
    pub(super) fn is_busy(&self) -> bool {
        0 < self.open.load(Ordering::Acquire)
    }
}

/// A request being answered. Its link is busy until it is dropped.
#[derive(Debug)]
pub(super) struct Exchange {
    link: Arc<Link>,
    body_timeout: Duration,
    refusal: Option<Refusal>,
    account: Account,
}

impl Exchange {
    /// Counts the connection's next request.
    pub(super) fn begin(link: &Arc<Link>, body_timeout: Duration, account: Account) -> Self {
        let link = Arc::clone(link);
        link.open.fetch_add(1, Ordering::AcqRel);
        let place = link.begun.fetch_add(1, Ordering::AcqRel);
        let refusal = link
            .refused
            .get()
            .and_then(|(refused, refusal)| (*refused == place).then_some(*refusal));
        Self {
            link,
            body_timeout,
            refusal,
            account,
        }
    }

    /// The response of `app`, or the listener's own if the request was refused or its body overdue.
    pub(super) async fn answer(
        mut self,
        mut app: Router,
        mut request: Request<Incoming>,
    ) -> Response<Attended> {
        if let Some(refusal) = self.refusal {
            return self.ended(refused(refusal), Some(refusal));
        }
        self.account.begin(&mut request);
        // Nothing behind a chunked body was looked at, so nothing behind it is served.
        let last = request.headers().contains_key(header::TRANSFER_ENCODING);
        let request = request.map(|incoming| {
            if incoming.is_end_stream() {
                Body::empty()
            } else {
                Body::new(PacedBody::new(
                    incoming,
                    Arc::clone(&self.link),
                    self.body_timeout,
                    self.account.received(),
                ))
            }
        });
        let Ok(mut response) = app.call(request).await;
        if self.link.overdue.load(Ordering::Acquire) {
            return self.ended(refused(Refusal::TooSlow), Some(Refusal::TooSlow));
        }
        if last {
            response.headers_mut().insert(header::CONNECTION, CLOSE);
        }
        self.ended(response, None)
    }

    fn ended(
        mut self,
        mut response: Response<Body>,
        refusal: Option<Refusal>,
    ) -> Response<Attended> {
        self.account.answered(&mut response, refusal);
        response.map(|body| Attended {
            body,
            exchange: self,
        })
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        self.link.open.fetch_sub(1, Ordering::AcqRel);
    }
}

const CLOSE: HeaderValue = HeaderValue::from_static("close");
const JSON: HeaderValue = HeaderValue::from_static("application/json");

fn refused(refusal: Refusal) -> Response<Body> {
    let (status, body) = match refusal {
        Refusal::HeadTooLarge => (
            StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            r#"{"error":{"code":431,"message":"the request head is too large"}}"#,
        ),
        Refusal::Malformed => (
            StatusCode::BAD_REQUEST,
            r#"{"error":{"code":400,"message":"the request is malformed"}}"#,
        ),
        Refusal::TargetTooLong => (
            StatusCode::URI_TOO_LONG,
            r#"{"error":{"code":414,"message":"the request target is too long"}}"#,
        ),
        Refusal::TooSlow => (
            StatusCode::REQUEST_TIMEOUT,
            r#"{"error":{"code":408,"message":"the request took too long to arrive"}}"#,
        ),
    };
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, JSON);
    response.headers_mut().insert(header::CONNECTION, CLOSE);
    response
}

/// A response body that keeps its exchange open until it is sent or dropped.
#[derive(Debug)]
pub(super) struct Attended {
    body: Body,
    exchange: Exchange,
}

impl HttpBody for Attended {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let frame = std::task::ready!(Pin::new(&mut self.body).poll_frame(context));
        if let Some(Ok(data)) = frame
            .as_ref()
            .map(|frame| frame.as_ref().map(Frame::data_ref))
        {
            self.exchange.account.sent(data.map_or(0, Bytes::len));
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// Why a request body ended before its end.
#[derive(Debug, thiserror::Error)]
pub(super) enum BodyError {
    /// The connection failed or its framing is broken.
    #[error("the body broke off")]
    Broken(#[source] hyper::Error),
    /// It came more slowly than it may.
    #[error("the body took too long to arrive")]
    Overdue,
}

/// A request body that must keep coming, at a least pace.
#[derive(Debug)]
struct PacedBody {
    incoming: Incoming,
    link: Arc<Link>,
    timeout: Duration,
    begun: Instant,
    received: Arc<AtomicU64>,
    timer: Option<Pin<Box<Sleep>>>,
}

impl PacedBody {
    fn new(
        incoming: Incoming,
        link: Arc<Link>,
        timeout: Duration,
        received: Arc<AtomicU64>,
    ) -> Self {
        let begun = Instant::now();
        Self {
            incoming,
            link,
            timeout,
            begun,
            received,
            timer: None,
        }
    }

    /// Ready when the next bytes are overdue. They may take as long as any pause, and no longer than
    /// the whole body may have taken.
    fn poll_overdue(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let (begun, timeout) = (self.begun, self.timeout);
        let received = self.received.load(Ordering::Relaxed);
        let timer = self.timer.get_or_insert_with(|| {
            let whole = begun + timeout + Duration::from_secs(received / LEAST_PACE);
            Box::pin(time::sleep_until(whole.min(Instant::now() + timeout)))
        });
        timer.as_mut().poll(context)
    }
}

impl HttpBody for PacedBody {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        if let Poll::Ready(frame) = Pin::new(&mut self.incoming).poll_frame(context) {
            self.timer = None;
            if let Some(Ok(data)) = frame
                .as_ref()
                .map(|frame| frame.as_ref().map(Frame::data_ref))
            {
                let length = data.map_or(0, |data| data.len() as u64);
                self.received.fetch_add(length, Ordering::Relaxed);
            }
            return Poll::Ready(frame.map(|frame| frame.map_err(BodyError::Broken)));
        }
        std::task::ready!(self.poll_overdue(context));
        self.link.overdue.store(true, Ordering::Release);
        Poll::Ready(Some(Err(BodyError::Overdue)))
    }

    fn is_end_stream(&self) -> bool {
        self.incoming.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.incoming.size_hint()
    }
}
