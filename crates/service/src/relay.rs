//! Relay: what apps are to hear, delivered.
//!
//! Each app has a task of its own, so one dead endpoint delays nobody else. Within an app, threads
//! go side by side, and each thread in order: a delivery waits for its forerunner.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use domain::ids::AppId;
use domain::ids::ConversationId;
use domain::message::IdentityMode;
use domain::time::Span;
use domain::time::Timestamp;
use egress::EgressError;
use egress::Request;
use egress::Response;
use http::HeaderMap;
use http::HeaderValue;
use http::Method;
use http::header;
use store::StoreError;
use store::delivery::Attempt;
use store::delivery::DeliveryState;
use store::delivery::Due;
use store::registry::App;
use tokio::sync::Notify;
use tokio::task::JoinSet;
use url::Url;
use whatsapp::signature;

use crate::Service;
use crate::render;
use crate::render::Frame;
use crate::render::Rendered;

/// How many deliveries of an app are looked at together.
const BATCH: u32 = 256;
/// How many attempts a message waits for its file.
const FILE_ATTEMPTS: u32 = 3;
/// How many threads of an app go side by side.
const THREADS: usize = 64;
/// After how many attempts a delivery is given up: about a day and a half.
const ATTEMPTS: u32 = 24;
/// The longest pause between two attempts.
const LONGEST_PAUSE: Span = Span::hours(2);
/// How often a worker looks by itself: clocks may be set, and a retry may become due.
pub(crate) const LOOK_AGAIN: Duration = Duration::from_millis(500);

impl Service {
    /// Delivers to every app that listens, for ever.
    pub(crate) async fn relay(self: &Arc<Self>) {
        let mut workers: BTreeMap<AppId, Arc<Notify>> = BTreeMap::new();
        let mut running = JoinSet::new();
        loop {
            let registry = self.store.registry();
            for app in registry.apps.iter().filter(|app| listens(app)) {
                let wake = workers.entry(app.id).or_insert_with(|| {
                    let wake = Arc::new(Notify::new());
                    running.spawn(Arc::clone(self).deliver_to(app.id, Arc::clone(&wake)));
                    wake
                });
                wake.notify_one();
            }
            tokio::select! {
                () = self.store.deliveries() => {}
                () = tokio::time::sleep(LOOK_AGAIN) => {}
            }
        }
    }

    async fn deliver_to(self: Arc<Self>, id: AppId, wake: Arc<Notify>) {
        loop {
            match self.deliver_batch(id).await {
                Ok(0) => wake.notified().await,
                Ok(_) => {}
                Err(error) => {
                    tracing::warn!(%error, "cannot look for deliveries or record them");
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
            }
        }
    }

    /// Makes every delivery that is due now. Returns how many attempts that were.
    ///
    /// # Errors
    /// What the store says; what was not recorded is delivered again.
    pub async fn relay_now(self: &Arc<Self>) -> Result<usize, StoreError> {
        let mut made = 0;
        for app in &self.store.registry().apps {
            loop {
                match self.deliver_batch(app.id).await? {
                    0 => break,
                    attempts => made += attempts,
                }
            }
        }
        Ok(made)
    }

    /// Makes the first deliveries that are due to an app. Returns how many attempts that were.
    async fn deliver_batch(self: &Arc<Self>, id: AppId) -> Result<usize, StoreError> {
        let registry = self.store.registry();
        let Some(app) = registry.app(id).filter(|app| listens(app)) else {
            return Ok(0);
        };
        let now = self.store.clock().now();
        let due = self
            .store
            .read(move |reader| reader.due(id, now, BATCH))
            .await?;
        self.deliver(app, due).await
    }

    async fn deliver(self: &Arc<Self>, app: &App, due: Vec<Due>) -> Result<usize, StoreError> {
        let mut threads: BTreeMap<ConversationId, Vec<Due>> = BTreeMap::new();
        for delivery in due {
            threads
                .entry(delivery.conversation)
                .or_default()
                .push(delivery);
        }
        let app = Arc::new(app.clone());
        let mut waiting = threads.into_values();
        let mut going = JoinSet::new();
        let mut ended: Vec<Attempt> = Vec::new();
        let mut made = 0;
        loop {
            while going.len() < THREADS
                && let Some(thread) = waiting.next()
            {
                let (service, app) = (Arc::clone(self), Arc::clone(&app));
                going.spawn(async move { service.deliver_thread(&app, thread).await });
            }
            // The next threads are on their way while those that ended are written.
            if !ended.is_empty() {
                made += ended.len();
                self.measures.attempted(app.id, &ended);
                self.store.attempted(std::mem::take(&mut ended)).await?;
            }
            let Some(first) = going.join_next().await else {
                return Ok(made);
            };
            ended.extend(first.unwrap_or_default());
            // Whatever ended meanwhile shares the commit.
            while let Some(next) = going.try_join_next() {
                ended.extend(next.unwrap_or_default());
            }
        }
    }

    /// One thread's deliveries in order, up to the first that is not accepted.
    async fn deliver_thread(&self, app: &App, thread: Vec<Due>) -> Vec<Attempt> {
        let mut attempts = Vec::with_capacity(thread.len());
        for due in thread {
            let attempt = self.attempt(app, &due).await;
            attempts.push(attempt);
            if attempt.state == DeliveryState::Waiting {
                break;
            }
        }
        attempts
    }

    async fn attempt(&self, app: &App, due: &Due) -> Attempt {
        let now = self.store.clock().now();
        let ended = |state, answer| Attempt {
            id: due.id,
            state,
            answer,
            next: now,
        };
        let body = match self.body(app, due).await {
            Ok(Ready::Body(body)) => body,
            Ok(Ready::Never) => return ended(DeliveryState::Dead, None),
            Ok(Ready::NotNow) => return self.again(due, now, None, None),
            Err(error) => {
                tracing::warn!(%error, delivery = due.id.0, "cannot render a delivery");
                return self.again(due, now, None, None);
            }
        };
        let Some(url) = app
            .relay_url
            .as_deref()
            .and_then(|url| Url::parse(url).ok())
        else {
            return ended(DeliveryState::Dead, None);
        };
        let headers = headers(&signature::sign(&app.secret, body.as_bytes()));
        let request = Request {
            method: Method::POST,
            url: &url,
            headers,
            body: Bytes::from(body),
            max_response: 64 * 1024,
            timeout: self.settings.relay_timeout,
        };
        match self.egress.send(request).await {
            Ok(response) if response.status.is_success() => {
                ended(DeliveryState::Delivered, Some(response.status.as_u16()))
            }
            Ok(response) => {
                let wait = asked(&response);
                self.again(due, now, Some(response.status.as_u16()), wait)
            }
            // It took the webhook and said more than anybody reads.
            Err(EgressError::TooLarge { status, .. }) if status.is_success() => {
                ended(DeliveryState::Delivered, Some(status.as_u16()))
            }
            Err(_) => self.again(due, now, None, None),
        }
    }

    async fn body(&self, app: &App, due: &Due) -> Result<Ready, StoreError> {
        // On this thread, as the rendering: one read by key costs less than going elsewhere for it.
        let media = self
            .store
            .read_now(|reader| render::media_of(reader, due))?;
        let sha256 = match media {
            // The hash is that of the working copy, so that has to be here first. A file that cannot
            // be had for long is no reason to keep the message back: the app can ask for it later.
            Some(media) => match self.ensure(media).await {
                Ok(reference) => reference.sha256,
                Err(_) if due.attempts < FILE_ATTEMPTS => return Ok(Ready::NotNow),
                Err(_) => None,
            },
            None => None,
        };
        for _ in 0..2 {
            match self.render(app, due, sha256.as_deref())? {
                Rendered::Body(body) => return Ok(Ready::Body(body)),
                Rendered::Gone => return Ok(Ready::Never),
                Rendered::Withheld => return Ok(Ready::NotNow),
                Rendered::NeedsAlias(subject) => drop(self.alias(app.id, subject).await?),
            }
        }
        Ok(Ready::Never)
    }

    /// Renders on this thread: a handful of reads by key, each a few microseconds.
    fn render(&self, app: &App, due: &Due, sha256: Option<&str>) -> Result<Rendered, StoreError> {
        let ids = self
            .store
            .keyring()
            .id_key(u32::try_from(app.id.0).unwrap_or(0));
        let media_url = |id: &str| self.media_url(id);
        let base64 = sha256.map(base64_of_hex);
        let frame = Frame {
            app: app.id,
            contract: (app.ended_at.is_none(), app.number),
            identity: app.identity,
            ids: &ids,
            media_url: &media_url,
            media_sha256: base64.as_deref(),
            sessions: Some((&self.sessions, self.store.clock().now()))
                .filter(|_| app.identity == IdentityMode::Real),
            now: self.store.clock().now(),
        };
        self.store
            .read_now(|reader| render::render(reader, due, frame))
    }

    fn again(
        &self,
        due: &Due,
        now: Timestamp,
        answer: Option<u16>,
        asked: Option<Span>,
    ) -> Attempt {
        let next = self.later(due.attempts, now, asked);
        Attempt {
            id: due.id,
            state: match next {
                Some(_) => DeliveryState::Waiting,
                None => DeliveryState::Dead,
            },
            answer,
            next: next.unwrap_or(now),
        }
    }

    /// The next attempt after one that failed and so many before it: twice as late as the one before,
    /// up to a bound, with a fifth of chance so that a recovering endpoint is not met by everything at
    /// once. None if it is given up.
    pub(crate) fn later(
        &self,
        attempts: u32,
        now: Timestamp,
        asked: Option<Span>,
    ) -> Option<Timestamp> {
        if attempts + 1 >= ATTEMPTS {
            return None;
        }
        let base = Span::seconds(1_u32 << attempts.min(12)).min(LONGEST_PAUSE);
        let [chance] = self.store.random().array::<1>().unwrap_or_default();
        let jitter = base.as_micros() / 5 * i64::from(chance) / 255;
        let pause = Span::micros(base.as_micros() + jitter).max(asked.unwrap_or(Span::ZERO));
        Some(now + pause.min(LONGEST_PAUSE))
    }
}

/// The pause an endpoint asks for, in seconds.
pub(crate) fn asked(response: &Response) -> Option<Span> {
    let value = response.headers.get(header::RETRY_AFTER)?;
    value.to_str().ok()?.parse().ok().map(Span::seconds)
}

/// Whether a delivery can go.
enum Ready {
    /// With this body.
    Body(String),
    /// Never: what it tells of is gone.
    Never,
    /// Later: the person is restricted, or the file is not here yet.
    NotNow,
}

fn listens(app: &App) -> bool {
    app.ended_at.is_none() && app.relay_url.is_some()
}

fn headers(signature: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json"),
    );
    headers.insert(header::USER_AGENT, HeaderValue::from_static("imvume"));
    if let Ok(value) = HeaderValue::from_str(signature) {
        headers.insert("x-hub-signature-256", value);
    }
    headers
}

/// Meta writes hashes in webhooks in base64.
fn base64_of_hex(hex: &str) -> String {
    use base64::Engine;
    let digits: Vec<u8> = hex
        .chars()
        .filter_map(|c| c.to_digit(16))
        .filter_map(|d| u8::try_from(d).ok())
        .collect();
    let bytes: Vec<u8> = digits
        .chunks_exact(2)
        .map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | digit))
        .collect();
    base64::engine::general_purpose::STANDARD.encode(bytes)
}
