//! The tasks that make time pass and webhooks leave.

use std::time::Duration;

use bytes::Bytes;
use http::Method;
use http::Request;
use http::header::CONTENT_TYPE;
use http_body_util::BodyExt as _;
use http_body_util::Full;
use http_body_util::Limited;
use url::Url;

use crate::app::App;
use crate::app::HttpClient;
use crate::webhook::Job;
use crate::world::World;

/// Bytes of a handshake answer that are read.
const ANSWER_BYTES: usize = 4096;

/// Runs due events until the emulator stops.
pub(crate) async fn run_events(app: App) {
    loop {
        let pause = app.look(|world| {
            while world.run_due() {}
            let due = world.next_due().filter(|_| !world.clock.is_virtual());
            due.map(|due| u64::try_from(due - world.now()).unwrap_or(0))
        });
        app.idle.notify_waiters();
        let timer = async {
            match pause {
                Some(micros) => tokio::time::sleep(Duration::from_micros(micros)).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = app.stop.cancelled() => return,
            () = app.wake.notified() => {}
            () = timer => {}
        }
    }
}

/// Posts queued webhooks, one after the other, until the emulator stops.
pub(crate) async fn run_lane(app: App) {
    loop {
        if let Some(job) = app.with(World::take_job) {
            let outcome = post(&app.client, &job, app.timeout).await;
            app.with(|world| world.finish_job(job, outcome));
            app.idle.notify_waiters();
        } else {
            tokio::select! {
                () = app.stop.cancelled() => return,
                () = app.outgoing.notified() => {}
            }
        }
        if app.stop.is_cancelled() {
            return;
        }
    }
}

async fn post(client: &HttpClient, job: &Job, timeout: Duration) -> Result<u16, &'static str> {
    let mut request = Request::builder()
        .method(Method::POST)
        .uri(&job.url)
        .header(CONTENT_TYPE, "application/json");
    if let Some(signature) = &job.signature {
        request = request.header("x-hub-signature-256", signature);
    }
    let request = request
        .header("user-agent", "facebookexternalua")
        .body(Full::new(job.body.clone()))
        .map_err(|_| "the callback address is not valid")?;
    let exchange = async {
        let response = client
            .request(request)
            .await
            .map_err(|_| "the callback could not be reached")?;
        let status = response.status().as_u16();
        // Read to the end so that the connection can be used again.
        let body = Limited::new(response.into_body(), 1 << 20);
        body.collect()
            .await
            .map_err(|_| "the callback's answer broke off")?;
        Ok(status)
    };
    tokio::time::timeout(timeout, exchange)
        .await
        .unwrap_or(Err("the callback took too long"))
}

/// The verification handshake: whether the callback echoes the challenge.
pub(crate) async fn verify(app: &App, callback: &str, token: &str) -> Result<(), &'static str> {
    let mut url = Url::parse(callback).map_err(|_| "the callback address is not valid")?;
    if url.scheme() != "http" {
        return Err("the emulator calls plain http only");
    }
    let challenge = app.with(|world| world.rng.digits(10));
    url.query_pairs_mut()
        .append_pair("hub.mode", "subscribe")
        .append_pair("hub.challenge", &challenge)
        .append_pair("hub.verify_token", token);
    let request = Request::builder()
        .uri(url.as_str())
        .body(Full::new(Bytes::new()))
        .map_err(|_| "the callback address is not valid")?;
    let exchange = async {
        let response = app
            .client
            .request(request)
            .await
            .map_err(|_| "the callback could not be reached")?;
        if response.status() != 200 {
            return Err("the callback did not answer 200");
        }
        let body = Limited::new(response.into_body(), ANSWER_BYTES)
            .collect()
            .await;
        let body = body
            .map_err(|_| "the callback's answer broke off")?
            .to_bytes();
        if body == challenge.as_bytes() {
            Ok(())
        } else {
            Err("the callback did not echo the challenge")
        }
    };
    tokio::time::timeout(app.timeout, exchange)
        .await
        .unwrap_or(Err("the callback took too long"))
}

/// Waits until nothing is due, queued or under way; `false` when `bound` passed first.
pub(crate) async fn settle(app: &App, bound: Duration) -> bool {
    let quiet = async {
        loop {
            let bell = app.idle.notified();
            tokio::pin!(bell);
            bell.as_mut().enable();
            // Looking must not ring the bell that makes the other task ring ours.
            let quiet = app.look(|world| {
                while world.run_due() {}
                world.is_quiet()
            });
            if quiet {
                return;
            }
            bell.await;
        }
    };
    tokio::time::timeout(bound, quiet).await.is_ok()
}

/// Moves time forward, running every due event at its own instant and delivering what it causes
/// before the next one.
pub(crate) async fn advance(app: &App, micros: i64, bound: Duration) -> bool {
    let _turn = app.advancing.lock().await;
    let target = app.with(|world| world.now().saturating_add(micros));
    if !settle(app, bound).await {
        return false;
    }
    loop {
        let more = app.with(|world| {
            let due = world.next_due().filter(|due| *due <= target);
            world.clock.move_to(due.unwrap_or(target));
            world.run_due();
            due.is_some()
        });
        if !settle(app, bound).await {
            return false;
        }
        if !more {
            return true;
        }
    }
}
