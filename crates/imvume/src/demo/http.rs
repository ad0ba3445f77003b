//! Calls to the stage's own listeners.

use std::time::Duration;

use anyhow::Context as _;
use bytes::Bytes;
use egress::Allowance;
use egress::Egress;
use egress::Policy;
use egress::Request;
use http::HeaderMap;
use http::HeaderValue;
use http::Method;
use http::header;
use serde_json::Value;
use url::Url;

/// The header in which the gateway names the decision behind an answer.
const DECISION: &str = "imvume-decision";

/// No call on the stage takes longer.
const PATIENCE: Duration = Duration::from_secs(20);

/// No answer on the stage is longer, in bytes.
const LONGEST: usize = 64 << 20;

/// A client for this machine only.
#[derive(Clone)]
pub(crate) struct Http(Egress);

/// An answer.
pub(crate) struct Reply {
    pub(crate) status: u16,
    /// The decision the gateway names.
    pub(crate) decision: Option<i64>,
    pub(crate) body: Bytes,
}

impl Reply {
    /// The body as JSON; null if it is none.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// The body of an answer that must be good.
    pub(crate) fn good(self, what: &str) -> anyhow::Result<Value> {
        let body = String::from_utf8_lossy(&self.body);
        anyhow::ensure!(
            (200..300).contains(&self.status),
            "{what}: {} {body}",
            self.status
        );
        Ok(self.json())
    }
}

impl Http {
    pub(crate) fn new() -> anyhow::Result<Self> {
        let loopback: Allowance = "127.0.0.1".parse().context("loopback")?;
        Ok(Self(Egress::new(Policy {
            allow_private: vec![loopback],
            ..Policy::default()
        })?))
    }

    /// Calls with a token and a JSON body, where given.
    pub(crate) async fn call(
        &self,
        (method, url): (Method, &str),
        token: Option<&str>,
        body: Option<&Value>,
    ) -> anyhow::Result<Reply> {
        let url = Url::parse(url).with_context(|| format!("`{url}`"))?;
        let mut headers = HeaderMap::new();
        if let Some(token) = token {
            let value = HeaderValue::from_str(&format!("Bearer {token}"))?;
            headers.insert(header::AUTHORIZATION, value);
        }
        let body = body.map_or_else(Bytes::new, |body| {
            let kind = HeaderValue::from_static("application/json");
            headers.insert(header::CONTENT_TYPE, kind);
            Bytes::from(body.to_string())
        });
        let request = Request {
            method,
            url: &url,
            headers,
            body,
            max_response: LONGEST,
            timeout: PATIENCE,
        };
        let response = self
            .0
            .send(request)
            .await
            .with_context(|| url.path().to_owned())?;
        let decision = response.headers.get(DECISION);
        Ok(Reply {
            status: response.status.as_u16(),
            decision: decision.and_then(|value| value.to_str().ok()?.parse().ok()),
            body: response.body,
        })
    }
}
