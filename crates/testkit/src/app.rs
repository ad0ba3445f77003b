//! An app: a token, a secret, and an endpoint that records what is relayed to it.

use std::collections::VecDeque;
use std::fmt::Write;
use std::sync::Arc;
use std::sync::Mutex;

use aws_lc_rs::hmac;
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::StatusCode;
use axum::http::Uri;
use axum::response::IntoResponse;
use axum::response::Response;
use domain::ids::AppId;
use serde_json::Value;
use tokio::net::TcpListener;

use crate::client;

/// Client software in a test.
#[derive(Debug)]
pub struct TestApp {
    /// Its id.
    pub id: AppId,
    /// A token with every scope.
    pub token: String,
    /// The secret its webhooks are signed with.
    pub secret: String,
    endpoint: Arc<Endpoint>,
}

/// A webhook that was relayed.
#[derive(Clone, Debug)]
pub struct Heard {
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Bytes,
}

#[derive(Debug, Default)]
pub(crate) struct Endpoint {
    answers: Mutex<VecDeque<(u16, Option<u32>)>>,
    heard: Mutex<Vec<Heard>>,
    /// Every byte the app ever got, by webhook or as an answer.
    got: Mutex<Vec<u8>>,
}

impl Endpoint {
    /// Starts listening. Returns its address.
    pub(crate) async fn start(self: &Arc<Self>) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new().fallback(hear).with_state(Arc::clone(self));
        tokio::spawn(async move { axum::serve(listener, router).await });
        format!("http://{address}/hook")
    }
}

async fn hear(
    State(endpoint): State<Arc<Endpoint>>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let mut raw = uri.to_string().into_bytes();
    client::write_headers(&mut raw, &headers);
    raw.extend_from_slice(&body);
    endpoint.got.lock().unwrap().extend(raw);
    endpoint.heard.lock().unwrap().push(Heard { headers, body });
    let answer = endpoint.answers.lock().unwrap().pop_front();
    let (status, retry_after) = answer.unwrap_or((200, None));
    let status = StatusCode::from_u16(status).unwrap();
    match retry_after {
        Some(seconds) => (status, [("retry-after", seconds.to_string())]).into_response(),
        None => status.into_response(),
    }
}

impl TestApp {
    pub(crate) const fn new(
        id: AppId,
        token: String,
        secret: String,
        endpoint: Arc<Endpoint>,
    ) -> Self {
        Self {
            id,
            token,
            secret,
            endpoint,
        }
    }

    /// The next webhooks are answered so, with or without `Retry-After`; then 200 again.
    pub fn answer_with(&self, answers: &[(u16, Option<u32>)]) {
        self.endpoint.answers.lock().unwrap().extend(answers);
    }

    /// Takes what was relayed since the last time.
    pub fn take(&self) -> Vec<Heard> {
        std::mem::take(&mut self.endpoint.heard.lock().unwrap())
    }

    /// Every byte the app ever got: webhooks, and answers to its calls, with their headers.
    pub fn got(&self) -> Vec<u8> {
        self.endpoint.got.lock().unwrap().clone()
    }

    pub(crate) fn note(&self, answer: &[u8]) {
        self.endpoint.got.lock().unwrap().extend_from_slice(answer);
    }
}

impl Heard {
    /// The one change it brings.
    pub fn value(&self) -> Value {
        let mut body: Value = serde_json::from_slice(&self.body).unwrap();
        assert_eq!(body["entry"].as_array().map(Vec::len), Some(1));
        assert_eq!(
            body["entry"][0]["changes"].as_array().map(Vec::len),
            Some(1)
        );
        body["entry"][0]["changes"][0]["value"].take()
    }

    /// The one message it brings, if it brings one.
    pub fn message(&self) -> Option<Value> {
        let value = self.value();
        let messages = value["messages"].as_array()?;
        assert_eq!(messages.len(), 1);
        messages.first().cloned()
    }

    /// The one status it brings, if it brings one.
    pub fn status(&self) -> Option<Value> {
        let value = self.value();
        let statuses = value["statuses"].as_array()?;
        assert_eq!(statuses.len(), 1);
        statuses.first().cloned()
    }

    /// Whether it is ASCII, and signed over exactly its bytes.
    pub fn is_signed_with(&self, secret: &str) -> bool {
        let signature = self.headers.get("x-hub-signature-256");
        let expected = sign(secret, &self.body);
        self.body.is_ascii()
            && signature.is_some_and(|value| value.as_bytes() == expected.as_bytes())
    }
}

/// The value of `X-Hub-Signature-256`, computed apart from the code under test.
pub(crate) fn sign(secret: &str, body: &[u8]) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    format!("sha256={}", hex(hmac::sign(&key, body).as_ref()))
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02x}").unwrap();
        hex
    })
}
