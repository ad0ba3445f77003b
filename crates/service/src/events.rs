//! The event channel: what happened, told to whoever asked for it.
//!
//! A cloud event (`CloudEvents` 1.0.2, JSON in structured mode) goes to each endpoint in order, signed
//! as Standard Webhooks 1.0 has it. It says what happened and to what, by our ids; never an identifier,
//! a name or a text. An endpoint that answers 410 wants no more: it is ended.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use domain::audit::Actor;
use domain::disclose;
use domain::ids::EventEndpointId;
use domain::ids::EventId;
use domain::subject::Restriction;
use domain::time::Timestamp;
use egress::EgressError;
use egress::Request;
use egress::Response;
use http::HeaderMap;
use http::HeaderValue;
use http::Method;
use http::StatusCode;
use http::header;
use seal::Zeroizing;
use serde_json::Value;
use serde_json::json;
use store::Reader;
use store::Registry;
use store::StoreError;
use store::delivery::DeliveryState;
use store::event::CONTRACT;
use store::event::EventAttempt;
use store::event::EventDue;
use store::event::EventView;
use store::registry::EventEndpoint;
use tokio::sync::Notify;
use tokio::task::JoinSet;
use url::Url;

use crate::Service;
use crate::relay::LOOK_AGAIN;
use crate::relay::asked;

/// How many events of an endpoint are looked at together, and recorded together at the most: what was
/// not recorded is told again after a crash.
const BATCH: u32 = 16;
/// What a secret begins with (Standard Webhooks 1.0, "Secret encoding").
const SECRET: &str = "whsec_";

/// A delivery that is due, with its event as it may be told now.
struct Ready {
    due: EventDue,
    /// None where the person it is about is restricted by now, or a newer program wrote it.
    event: Option<EventView>,
}

impl Service {
    /// Tells every endpoint, for ever.
    pub(crate) async fn tell(self: &Arc<Self>) {
        let mut workers: BTreeMap<EventEndpointId, Arc<Notify>> = BTreeMap::new();
        let mut running = JoinSet::new();
        loop {
            for endpoint in in_force(&self.store.registry()) {
                let wake = workers.entry(endpoint.id).or_insert_with(|| {
                    let wake = Arc::new(Notify::new());
                    running.spawn(Arc::clone(self).tell_endpoint(endpoint.id, Arc::clone(&wake)));
                    wake
                });
                wake.notify_one();
            }
            tokio::select! {
                () = self.store.events() => {}
                () = tokio::time::sleep(LOOK_AGAIN) => {}
            }
        }
    }

    async fn tell_endpoint(self: Arc<Self>, id: EventEndpointId, wake: Arc<Notify>) {
        loop {
            match self.tell_batch(id).await {
                Ok(0) => wake.notified().await,
                Ok(_) => {}
                Err(error) => {
                    tracing::warn!(%error, "cannot look for events or record that they were told");
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
            }
        }
    }

    /// Tells every endpoint whatever is due now. Returns how many attempts that were.
    ///
    /// # Errors
    /// What the store says; what was not recorded is told again.
    pub async fn events_now(&self) -> Result<usize, StoreError> {
        let mut made = 0;
        for endpoint in in_force(&self.store.registry()) {
            loop {
                match self.tell_batch(endpoint.id).await? {
                    0 => break,
                    attempts => made += attempts,
                }
            }
        }
        Ok(made)
    }

    /// Tells an endpoint the first events that are due, up to the first that it does not take. Returns
    /// how many attempts that were.
    async fn tell_batch(&self, id: EventEndpointId) -> Result<usize, StoreError> {
        let registry = self.store.registry();
        let Some(endpoint) = in_force(&registry).find(|endpoint| endpoint.id == id) else {
            return Ok(0);
        };
        let now = self.store.clock().now();
        let due = self.store.read(move |reader| due(reader, id, now)).await?;
        let mut attempts = Vec::with_capacity(due.len());
        let mut gone = false;
        for ready in due {
            let attempt = self.tell_one(&registry, endpoint, &ready).await;
            attempts.push(attempt);
            gone = attempt.answer == Some(StatusCode::GONE.as_u16());
            if gone || attempt.state == DeliveryState::Waiting {
                break;
            }
        }
        let made = attempts.len();
        if made > 0 {
            self.measures.told(id, &attempts);
            self.store.events_attempted(attempts).await?;
        }
        if gone {
            tracing::warn!(endpoint = id.0, "an endpoint of the event channel is gone");
            self.store.end_event_endpoint(Actor::System, id).await?;
        }
        Ok(made)
    }

    async fn tell_one(
        &self,
        registry: &Registry,
        endpoint: &EventEndpoint,
        ready: &Ready,
    ) -> EventAttempt {
        let now = self.store.clock().now();
        let ended = |state, answer| EventAttempt {
            id: ready.due.id,
            state,
            answer,
            next: now,
        };
        let again = |answer, wait| {
            let next = self.later(ready.due.attempts, now, wait);
            EventAttempt {
                next: next.unwrap_or(now),
                ..ended(
                    next.map_or(DeliveryState::Dead, |_| DeliveryState::Waiting),
                    answer,
                )
            }
        };
        let body = ready
            .event
            .as_ref()
            .and_then(|event| cloud_event(registry, &self.settings.log_name, event));
        let (Some(body), Ok(url)) = (body, Url::parse(&endpoint.url)) else {
            return ended(DeliveryState::Dead, None);
        };
        match self
            .post_event((endpoint, &url), ready.due.event, body)
            .await
        {
            Ok(response) => {
                let answer = Some(response.status.as_u16());
                match response.status {
                    status if status.is_success() => ended(DeliveryState::Delivered, answer),
                    StatusCode::GONE => ended(DeliveryState::Dead, answer),
                    _ => again(answer, asked(&response)),
                }
            }
            // It took the event and said more than anybody reads.
            Err(EgressError::TooLarge { status, .. }) if status.is_success() => {
                ended(DeliveryState::Delivered, Some(status.as_u16()))
            }
            Err(_) => again(None, None),
        }
    }

    async fn post_event(
        &self,
        (endpoint, url): (&EventEndpoint, &Url),
        event: EventId,
        body: String,
    ) -> Result<Response, EgressError> {
        let at = self.store.clock().now();
        let headers = headers(&endpoint.secret, &name(event), at, &body);
        let request = Request {
            method: Method::POST,
            url,
            headers,
            body: Bytes::from(body),
            max_response: 64 * 1024,
            timeout: self.settings.relay_timeout,
        };
        self.egress.send(request).await
    }
}

fn in_force(registry: &Registry) -> impl Iterator<Item = &EventEndpoint> {
    let endpoints = registry.event_endpoints.iter();
    endpoints.filter(|endpoint| endpoint.ended_at.is_none())
}

/// What an endpoint is to be told now, in order.
fn due(
    reader: &Reader<'_>,
    endpoint: EventEndpointId,
    now: Timestamp,
) -> Result<Vec<Ready>, StoreError> {
    let waiting = reader.events_waiting(endpoint, BATCH)?;
    let due = waiting.into_iter().take_while(|due| due.next_at <= now);
    due.map(|due| {
        let event = match reader.event(due.event)? {
            Some(event) if may_be_told(reader, &event)? => Some(event),
            _ => None,
        };
        Ok(Ready { due, event })
    })
    .collect()
}

/// Whether an endpoint may have an event by now.
fn may_be_told(reader: &Reader<'_>, event: &EventView) -> Result<bool, StoreError> {
    let since = match event.about.subject {
        // Nothing more is told of somebody who was erased.
        Some(subject) => match reader.subject(subject)? {
            Some((_, since)) => since,
            None => return Ok(false),
        },
        None => None,
    };
    let restriction = since.map_or(Restriction::None, |since| Restriction::Restricted { since });
    Ok(disclose::decide(CONTRACT, restriction).is_ok())
}

/// An event's id outside.
fn name(event: EventId) -> String {
    format!("evt_{event}")
}

/// The event as it is told. None for a kind that this program does not know.
fn cloud_event(registry: &Registry, log: &str, event: &EventView) -> Option<String> {
    let mut told = json!({
        "specversion": "1.0",
        "id": name(event.id),
        "source": format!("urn:imvume:{log}"),
        "type": event.kind?.name(),
        "time": event.at.to_string(),
        "datacontenttype": "application/json",
        "data": event.members(registry),
    });
    if let (Some(subject), Value::Object(told)) = (event.subject(), &mut told) {
        told.insert("subject".to_owned(), subject.into());
    }
    Some(whatsapp::ascii_json(&told))
}

fn headers(secret: &str, id: &str, at: Timestamp, body: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/cloudevents+json"),
    );
    headers.insert(header::USER_AGENT, HeaderValue::from_static("imvume"));
    let at = at.seconds();
    headers.insert("webhook-timestamp", HeaderValue::from(at));
    for (name, value) in [
        ("webhook-id", id),
        ("webhook-signature", &sign(secret, id, at, body)),
    ] {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(name, value);
        }
    }
    headers
}

/// The signature of a webhook: HMAC-SHA256 over id, instant in seconds and body, joined by full stops
/// (Standard Webhooks 1.0, "Signature scheme").
fn sign(secret: &str, id: &str, at: i64, body: &str) -> String {
    let text = secret.strip_prefix(SECRET).unwrap_or(secret);
    let key = Zeroizing::new(STANDARD.decode(text).unwrap_or_default());
    let hash = seal::hmac_sha256(&key, format!("{id}.{at}.{body}").as_bytes());
    format!("v1,{}", STANDARD.encode(hash))
}

#[cfg(test)]
mod tests {
    use super::sign;

    /// The example of the specification's own libraries.
    #[test]
    fn the_known_signature() {
        let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
        let body = r#"{"test": 2432232314}"#;
        assert_eq!(
            sign(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, body),
            "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
        );
    }
}
