//! The people's side, through the emulator's control API.

use std::time::Duration;

use http::Method;
use serde_json::Value;
use serde_json::json;

use crate::demo::http::Http;
use crate::demo::people::Who;

/// How often something is looked for that has not come yet, and how many times.
const LOOK: Duration = Duration::from_millis(10);
const LOOKS: u32 = 1000;

/// Everybody's phones, and what reached Meta.
pub(crate) struct Phones {
    http: Http,
    base: String,
}

/// A call on Meta's messages edge.
pub(crate) struct Sent {
    pub(crate) n: u64,
    pub(crate) body: Value,
}

impl Phones {
    pub(crate) fn new(http: Http, emulator: &str) -> Self {
        Self {
            http,
            base: format!("{emulator}/_emulator"),
        }
    }

    async fn post(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        let url = format!("{}/{path}", self.base);
        self.http
            .call((Method::POST, &url), None, Some(body))
            .await?
            .good(path)
    }

    async fn read(&self, path: &str) -> anyhow::Result<Value> {
        let url = format!("{}/{path}", self.base);
        self.http
            .call((Method::GET, &url), None, None)
            .await?
            .good(path)
    }

    /// Tells Meta where webhooks go, which makes the handshake.
    pub(crate) async fn subscribe(&self, url: &str, token: &str) -> anyhow::Result<()> {
        self.post("verify", &json!({"url": url, "verify_token": token}))
            .await
            .map(drop)
    }

    pub(crate) async fn writes(&self, who: Who, text: &str) -> anyhow::Result<()> {
        self.post("inbound", &json!({"from": who.handle(), "text": text}))
            .await?;
        self.settle().await
    }

    pub(crate) async fn picture(&self, who: Who, image: &str, caption: &str) -> anyhow::Result<()> {
        let image = json!({"mime_type": "image/jpeg", "data": image, "caption": caption});
        self.post(
            "inbound",
            &json!({"from": who.handle(), "type": "image", "image": image}),
        )
        .await?;
        self.settle().await
    }

    /// WhatsApp's own switch for promotions: `stop` or `resume`.
    pub(crate) async fn preference(&self, who: Who, value: &str) -> anyhow::Result<()> {
        self.post(
            "preference",
            &json!({"person": who.handle(), "value": value}),
        )
        .await?;
        self.settle().await
    }

    /// Sends the newest webhook with this text again, byte for byte. Returns whether there was one.
    pub(crate) async fn again(&self, text: &str) -> anyhow::Result<bool> {
        let log = self.read("webhooks").await?;
        let bodies = log
            .get("webhooks")
            .and_then(Value::as_array)
            .into_iter()
            .flatten();
        let body = bodies
            .rev()
            .filter_map(|webhook| webhook.get("body")?.as_str())
            .find(|body| body.contains(text))
            .and_then(|body| serde_json::from_str(body).ok());
        let Some(body) = body else { return Ok(false) };
        self.post("raw", &body).await?;
        self.settle().await?;
        Ok(true)
    }

    /// Reports every status now, and waits until every webhook is delivered.
    pub(crate) async fn settle(&self) -> anyhow::Result<()> {
        let bound = json!({"pending": true, "bound_ms": 10_000});
        let answer = self.post("deliveries/settle", &bound).await?;
        let quiet = answer.get("quiet").and_then(Value::as_bool) == Some(true);
        anyhow::ensure!(quiet, "the gateway has not taken all webhooks within 10 s");
        Ok(())
    }

    /// The messages that reached Meta after call `since`.
    pub(crate) async fn sent(&self, since: u64) -> anyhow::Result<Vec<Sent>> {
        let answer = self.read(&format!("sent?since={since}")).await?;
        let calls = answer
            .get("sent")
            .and_then(Value::as_array)
            .into_iter()
            .flatten();
        let message = |call: &&Value| call.get("kind").and_then(Value::as_str) == Some("message");
        Ok(calls
            .filter(message)
            .filter_map(|call| {
                Some(Sent {
                    n: call.get("n")?.as_u64()?,
                    body: call.get("body")?.clone(),
                })
            })
            .collect())
    }

    /// The number of the last call so far.
    pub(crate) async fn mark(&self) -> anyhow::Result<u64> {
        Ok(self.sent(0).await?.last().map_or(0, |call| call.n))
    }

    /// The first message that reaches Meta after call `since`.
    pub(crate) async fn await_sent(&self, since: u64) -> anyhow::Result<Sent> {
        let mut look = tokio::time::interval(LOOK);
        for _ in 0..LOOKS {
            look.tick().await;
            if let Some(sent) = self.sent(since).await?.into_iter().next() {
                return Ok(sent);
            }
        }
        anyhow::bail!("no message reached WhatsApp")
    }
}
