//! Calls to Meta.

use bytes::Bytes;
use egress::EgressError;
use egress::Request;
use egress::Response;
use http::HeaderMap;
use http::HeaderValue;
use http::Method;
use http::header;
use url::Url;

use crate::Service;

/// How much of an ordinary answer is read.
const ANSWER: usize = 1024 * 1024;

impl Service {
    /// The address of an object of the Graph API.
    pub(crate) fn graph(&self, path: &[&str]) -> Url {
        let mut url = self.settings.graph.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments
                .pop_if_empty()
                .push(&self.settings.version)
                .extend(path);
        }
        url
    }

    /// Calls Meta with the token of a number.
    pub(crate) async fn call(
        &self,
        (method, url): (Method, &Url),
        phone_number_id: &str,
        body: Option<(&str, Bytes)>,
    ) -> Result<Response, EgressError> {
        let mut headers = HeaderMap::new();
        headers.insert(header::AUTHORIZATION, self.bearer(phone_number_id));
        let body = body.map(|(content_type, body)| {
            if let Ok(value) = HeaderValue::from_str(content_type) {
                headers.insert(header::CONTENT_TYPE, value);
            }
            body
        });
        self.egress
            .send(Request {
                method,
                url,
                headers,
                body: body.unwrap_or_default(),
                max_response: ANSWER,
                timeout: self.settings.call_timeout,
            })
            .await
    }

    /// The `Authorization` header of a number's calls.
    pub(crate) fn bearer(&self, phone_number_id: &str) -> HeaderValue {
        let number = self
            .settings
            .numbers
            .iter()
            .find(|number| number.phone_number_id == phone_number_id);
        let token = number.map_or("", |number| number.access_token.as_str());
        let mut value = HeaderValue::from_str(&format!("Bearer {token}"))
            .unwrap_or_else(|_| HeaderValue::from_static("Bearer"));
        value.set_sensitive(true);
        value
    }
}
