//! An emulator, a callback that records what it is sent, and a small HTTP client.

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::Mutex;

use aws_lc_rs::hmac;
use axum::Router;
use axum::extract::Query;
use axum::extract::State;
use axum::routing::get;
use bytes::Bytes;
use emulator::Config;
use emulator::Running;
use http::HeaderMap;
use http::Request;
use http::Response;
use http::StatusCode;
use http_body_util::BodyExt as _;
use http_body_util::Full;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;
use serde_json::json;
use tokio::net::TcpListener;

pub(crate) const NUMBER: &str = "106540352242922";
pub(crate) const ACCOUNT: &str = "102290129340398";
pub(crate) const APP: &str = "670843887433847";
pub(crate) const TOKEN: &str = "emulator-access-token";
/// 21 November 2026, 12:00 UTC, in microseconds.
pub(crate) const NOON: i64 = 1_795_262_400_000_000;

pub(crate) struct Rig {
    client: Client<HttpConnector, Full<Bytes>>,
    pub(crate) emulator: Running,
    hook: Arc<Hook>,
}

/// What the callback saw and how it answers.
#[derive(Default)]
struct Hook {
    answers: Mutex<VecDeque<u16>>,
    seen: Mutex<Vec<Webhook>>,
}

#[derive(Clone, Debug)]
pub(crate) struct Webhook {
    pub(crate) body: Bytes,
    pub(crate) signature: Option<String>,
}

impl Webhook {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(crate) fn change(&self) -> Value {
        self.json()["entry"][0]["changes"][0].clone()
    }

    pub(crate) fn is_signed(&self) -> bool {
        let key = hmac::Key::new(hmac::HMAC_SHA256, b"emulator-app-secret");
        let digest = hmac::sign(&key, &self.body);
        let hex = digest.as_ref().iter().fold(String::new(), |mut hex, byte| {
            write!(hex, "{byte:02x}").unwrap();
            hex
        });
        self.signature.as_deref() == Some(&format!("sha256={hex}"))
    }
}

pub(crate) struct Answer {
    pub(crate) body: Bytes,
    pub(crate) headers: HeaderMap,
    pub(crate) status: u16,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// HTTP status and Graph code; code 0 for success.
    pub(crate) fn verdict(&self) -> (u16, u64) {
        let body: Value = serde_json::from_slice(&self.body).unwrap_or_default();
        (self.status, body["error"]["code"].as_u64().unwrap_or(0))
    }

    pub(crate) fn wamid(&self) -> String {
        self.json()["messages"][0]["id"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    }
}

impl Rig {
    /// In virtual time, starting at noon, with a callback.
    pub(crate) async fn new() -> Self {
        Self::with(|_| {}).await
    }

    pub(crate) async fn with(change: impl FnOnce(&mut Config)) -> Self {
        let hook = Arc::new(Hook::default());
        let callback = start_hook(Arc::clone(&hook)).await;
        let mut config = Config {
            callback_url: Some(callback),
            virtual_clock: Some(NOON),
            ..Config::default()
        };
        change(&mut config);
        let emulator = emulator::start(config).await.unwrap();
        let client = Client::builder(TokioExecutor::new()).build_http();
        Self {
            client,
            emulator,
            hook,
        }
    }

    pub(crate) async fn try_request(&self, request: Request<Full<Bytes>>) -> Option<Answer> {
        let response: Response<_> = self.client.request(request).await.ok()?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let body = response.into_body().collect().await.ok()?.to_bytes();
        Some(Answer {
            body,
            headers,
            status,
        })
    }

    /// A Graph call with the right token.
    pub(crate) async fn graph(&self, method: &str, path: &str, body: &Value) -> Answer {
        self.graph_as(method, path, body, TOKEN).await
    }

    pub(crate) async fn graph_as(
        &self,
        method: &str,
        path: &str,
        body: &Value,
        token: &str,
    ) -> Answer {
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        let request = Request::builder()
            .method(method)
            .uri(self.url(path))
            .header("authorization", format!("Bearer {token}"))
            .header("content-type", "application/json")
            .body(Full::from(body))
            .unwrap();
        self.try_request(request).await.unwrap()
    }

    pub(crate) fn url(&self, path: &str) -> String {
        if path.starts_with("http") {
            path.to_owned()
        } else {
            format!("{}{path}", self.emulator.base_url())
        }
    }

    /// A plain GET without a token.
    pub(crate) async fn get(&self, path: &str) -> Answer {
        let request = Request::builder()
            .uri(self.url(path))
            .body(Full::default())
            .unwrap();
        self.try_request(request).await.unwrap()
    }

    pub(crate) async fn send(&self, body: &Value) -> Answer {
        self.graph("POST", &format!("/v23.0/{NUMBER}/messages"), body)
            .await
    }

    pub(crate) async fn send_text(&self, to: &str) -> Answer {
        self.send(&json!({"messaging_product": "whatsapp", "to": to, "type": "text", "text": {"body": "Hi"}})).await
    }

    /// A control call that must succeed.
    pub(crate) async fn control(&self, path: &str, body: &Value) -> Value {
        let answer = self.try_control(path, body).await;
        assert_eq!(
            answer.status,
            200,
            "{path}: {}",
            String::from_utf8_lossy(&answer.body)
        );
        answer.json()
    }

    pub(crate) async fn try_control(&self, path: &str, body: &Value) -> Answer {
        self.graph_as("POST", &format!("/_emulator/{path}"), body, "")
            .await
    }

    pub(crate) async fn look(&self, path: &str) -> Value {
        self.get(&format!("/_emulator/{path}")).await.json()
    }

    /// Runs every pending status and waits until all webhooks have left.
    pub(crate) async fn settle(&self) {
        let settled = self
            .control("deliveries/settle", &json!({"pending": true}))
            .await;
        assert_eq!(settled["quiet"], true);
    }

    pub(crate) async fn advance(&self, seconds: f64) {
        self.control("clock", &json!({"advance_seconds": seconds}))
            .await;
    }

    /// The next webhooks are answered so, then 200 again.
    pub(crate) fn answer_with(&self, statuses: &[u16]) {
        self.hook.answers.lock().unwrap().extend(statuses);
    }

    /// Takes what the callback has seen.
    pub(crate) fn take(&self) -> Vec<Webhook> {
        std::mem::take(&mut self.hook.seen.lock().unwrap())
    }

    /// Settles, then takes the statuses seen, as pairs of word and error code.
    pub(crate) async fn statuses(&self) -> Vec<(String, u64)> {
        self.settle().await;
        let mut found = Vec::new();
        for webhook in self.take() {
            for status in webhook.change()["value"]["statuses"]
                .as_array()
                .into_iter()
                .flatten()
            {
                let code = status["errors"][0]["code"].as_u64().unwrap_or(0);
                found.push((status["status"].as_str().unwrap().to_owned(), code));
            }
        }
        found
    }
}

async fn start_hook(hook: Arc<Hook>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = Router::new()
        .route("/hook", get(challenge).post(record))
        .with_state(hook);
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("http://{address}/hook")
}

async fn challenge(
    Query(query): Query<std::collections::HashMap<String, String>>,
) -> (StatusCode, String) {
    if query.get("hub.verify_token").map(String::as_str) == Some("emulator-verify-token") {
        (
            StatusCode::OK,
            query.get("hub.challenge").cloned().unwrap_or_default(),
        )
    } else {
        (StatusCode::FORBIDDEN, String::new())
    }
}

async fn record(State(hook): State<Arc<Hook>>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let signature = headers
        .get("x-hub-signature-256")
        .and_then(|value| value.to_str().ok())
        .map(str::to_owned);
    hook.seen.lock().unwrap().push(Webhook { body, signature });
    let status = hook.answers.lock().unwrap().pop_front().unwrap_or(200);
    StatusCode::from_u16(status).unwrap()
}
