//! Calls to Meta.

use bytes::Bytes;
use egress::EgressError;
use egress::Request;
use egress::Response;
use http::HeaderMap;
use http::HeaderValue;
use http::Method;
use http::header;
use seal::Zeroizing;
use tokio::time::Instant;
use url::Url;
use whatsapp::error::parse_upstream;
use whatsapp::signature;

use crate::Failure;
use crate::Service;
use crate::numbers;
use crate::send::mapped;

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

    /// Reads something at Meta with the token of a number: the body of a success.
    pub(crate) async fn fetch_from_meta(
        &self,
        url: &Url,
        phone_number_id: &str,
    ) -> Result<Bytes, Failure> {
        match self.call((Method::GET, url), phone_number_id, None).await {
            Ok(response) => succeeded(response),
            Err(_) => Err(Failure::unavailable()),
        }
    }

    /// Changes something at Meta with the token of a number, once: whatever Graph says to it. Where
    /// it cannot be known whether it was done, nothing is tried again; the caller is told so.
    pub(crate) async fn change_at_meta(
        &self,
        (method, url): (Method, &Url),
        phone_number_id: &str,
        body: Option<Vec<u8>>,
    ) -> Result<Response, Failure> {
        let body = body.map(|body| ("application/json", Bytes::from(body)));
        match self.call((method, url), phone_number_id, body).await {
            Ok(response) => {
                let status = response.status;
                let unclear = status.is_server_error() || status.is_informational();
                let upstream = parse_upstream(status.as_u16(), &response.body);
                if unclear && !upstream.from_graph {
                    return Err(Failure::unclear());
                }
                Ok(response)
            }
            Err(EgressError::NotSent(_)) => Err(Failure::unavailable()),
            Err(EgressError::Unknown(_) | EgressError::TooLarge { .. }) => Err(Failure::unclear()),
        }
    }

    /// Calls Meta with the token of a number.
    pub(crate) async fn call(
        &self,
        (method, url): (Method, &Url),
        phone_number_id: &str,
        body: Option<(&str, Bytes)>,
    ) -> Result<Response, EgressError> {
        let token = self.access_token(phone_number_id);
        self.call_as((method, url), &token, body).await
    }

    /// Calls Meta with a token.
    pub(crate) async fn call_as(
        &self,
        (method, url): (Method, &Url),
        token: &str,
        body: Option<(&str, Bytes)>,
    ) -> Result<Response, EgressError> {
        let mut headers = HeaderMap::new();
        headers.insert(header::AUTHORIZATION, numbers::bearer(token));
        let proved = self.proved(url, token);
        let url = proved.as_ref().unwrap_or(url);
        let body = body.map(|(content_type, body)| {
            if let Ok(value) = HeaderValue::from_str(content_type) {
                headers.insert(header::CONTENT_TYPE, value);
            }
            body
        });
        let began = Instant::now();
        let ended = self
            .egress
            .send(Request {
                method,
                url,
                headers,
                body: body.unwrap_or_default(),
                max_response: ANSWER,
                timeout: self.settings.call_timeout,
            })
            .await;
        self.measures.called(began, &ended);
        ended
    }

    /// The address with a proof that its token is used by who holds the app secret, if that is
    /// wanted.
    fn proved(&self, url: &Url, token: &str) -> Option<Url> {
        if !self.settings.appsecret_proof {
            return None;
        }
        let secret = &self.settings.app_secret;
        let proof = signature::appsecret_proof(secret, token);
        let mut url = url.clone();
        url.query_pairs_mut().append_pair("appsecret_proof", &proof);
        Some(url)
    }

    /// The token of a number: the configuration's, or the one that is kept here.
    fn access_token(&self, phone_number_id: &str) -> Zeroizing<String> {
        let mut configured = self.settings.numbers.iter();
        if let Some(number) = configured.find(|n| n.phone_number_id == phone_number_id) {
            return number.access_token.clone();
        }
        let registry = self.store.registry();
        let kept = registry.number_by_phone_number_id(phone_number_id);
        kept.and_then(|number| number.access_token.clone())
            .unwrap_or_default()
    }

    /// The `Authorization` header of a number's calls.
    pub(crate) fn bearer(&self, phone_number_id: &str) -> HeaderValue {
        numbers::bearer(&self.access_token(phone_number_id))
    }
}

/// The body of a success; what Meta refused otherwise.
pub(crate) fn succeeded(response: Response) -> Result<Bytes, Failure> {
    if response.status.is_success() {
        Ok(response.body)
    } else {
        Err(mapped(&response))
    }
}
