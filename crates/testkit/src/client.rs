//! A small HTTP client.

use bytes::Bytes;
use http::HeaderMap;
use http::Request;
use http::request::Builder;
use http_body_util::BodyExt;
use http_body_util::Full;
use hyper_util::client::legacy::Client as Pool;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;

/// Calls over plain HTTP.
#[derive(Clone, Debug)]
pub struct Client(Pool<HttpConnector, Full<Bytes>>);

/// What came back.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

impl Default for Client {
    fn default() -> Self {
        Self(Pool::builder(TokioExecutor::new()).build_http())
    }
}

impl Client {
    /// Makes a call; a connection that breaks is a failed test.
    pub async fn call(&self, request: Builder, body: impl Into<Bytes>) -> Answer {
        let request: Request<Full<Bytes>> = request.body(Full::new(body.into())).unwrap();
        let response = self.0.request(request).await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let body = response.into_body().collect().await.unwrap().to_bytes();
        Answer {
            status,
            headers,
            body,
        }
    }

    /// A `POST` of JSON.
    pub async fn post(&self, url: &str, body: &Value) -> Answer {
        let request = Request::post(url).header("content-type", "application/json");
        self.call(request, body.to_string()).await
    }

    /// A `GET`.
    pub async fn get(&self, url: &str) -> Answer {
        self.call(Request::get(url), "").await
    }
}

impl Answer {
    /// The body as JSON; `null` if it is none.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// The status and Graph's code, 0 for none.
    pub fn verdict(&self) -> (u16, u64) {
        let code = self.json()["error"]["code"].as_u64().unwrap_or_default();
        (self.status, code)
    }

    /// The id of the message a send was answered with.
    pub fn message_id(&self) -> String {
        let body = self.json();
        body["messages"][0]["id"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    }

    /// A header as text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// Status line, headers and body as bytes: everything a client could keep.
    pub fn raw(&self) -> Vec<u8> {
        let mut raw = format!("{}\r\n", self.status).into_bytes();
        write_headers(&mut raw, &self.headers);
        raw.extend_from_slice(&self.body);
        raw
    }
}

pub(crate) fn write_headers(raw: &mut Vec<u8>, headers: &HeaderMap) {
    for (name, value) in headers {
        raw.extend_from_slice(name.as_str().as_bytes());
        raw.extend_from_slice(b": ");
        raw.extend_from_slice(value.as_bytes());
        raw.extend_from_slice(b"\r\n");
    }
    raw.extend_from_slice(b"\r\n");
}
