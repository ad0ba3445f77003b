//! Webhooks on their way out: envelope, signature, queue, retries and the delivery log.

use aws_lc_rs::hmac;
use bytes::Bytes;
use serde_json::Value;
use serde_json::json;

use crate::config::Config;
use crate::config::Person;
use crate::json::ascii;
use crate::json::set;
use crate::json::set_some;
use crate::world::Event;
use crate::world::World;

/// Webhooks waiting for their turn; beyond it new ones are dropped and logged so.
const MOST_WAITING: usize = 100_000;

/// Where webhooks go.
#[derive(Clone, Debug)]
pub(crate) struct Subscription {
    pub(crate) callback_url: Option<String>,
    /// Subscribed fields; empty means all.
    pub(crate) fields: Vec<String>,
    pub(crate) verify_token: String,
    pub(crate) waba_override: Option<String>,
}

impl Subscription {
    pub(crate) fn new(config: &Config) -> Self {
        Self {
            callback_url: config.callback_url.clone(),
            fields: Vec::new(),
            verify_token: config.verify_token.clone(),
            waba_override: None,
        }
    }
}

/// One POST to make.
#[derive(Clone, Debug)]
pub(crate) struct Job {
    attempts: u32,
    pub(crate) body: Bytes,
    first_try: Option<i64>,
    pub(crate) n: u64,
    pub(crate) signature: Option<String>,
    pub(crate) url: String,
}

/// One line of the delivery log.
#[derive(Clone, Debug)]
pub(crate) struct Delivery {
    pub(crate) attempts: Vec<Attempt>,
    pub(crate) body: Bytes,
    pub(crate) field: String,
    /// Ids of the inbound messages inside, whose ticks move when it is delivered.
    pub(crate) messages: Vec<String>,
    pub(crate) n: u64,
    pub(crate) queued_at: i64,
    pub(crate) signature: Option<String>,
    pub(crate) state: State,
    pub(crate) url: Option<String>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum State {
    Abandoned,
    Delivered,
    Dropped,
    NoCallback,
    Queued,
    Unsubscribed,
}

impl State {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Abandoned => "abandoned",
            Self::Delivered => "delivered",
            Self::Dropped => "dropped",
            Self::NoCallback => "no_callback",
            Self::Queued => "queued",
            Self::Unsubscribed => "unsubscribed",
        }
    }
}

/// What came of one try.
#[derive(Clone, Debug)]
pub(crate) struct Attempt {
    pub(crate) at: i64,
    pub(crate) outcome: Result<u16, &'static str>,
}

/// How a webhook is signed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Signing {
    None,
    Valid,
    Wrong,
}

/// The value of `X-Hub-Signature-256` for these bytes.
pub(crate) fn signature(secret: &str, body: &[u8]) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    format!("sha256={}", hex(hmac::sign(&key, body).as_ref()))
}

/// Lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .filter_map(|digit| char::from_digit(u32::from(digit), 16))
        .collect()
}

/// A person as `contacts[]` shows them.
pub(crate) fn contact(person: &Person) -> Value {
    let mut profile = json!({});
    if !person.name.is_empty() {
        set(&mut profile, "name", person.name.clone());
    }
    set_some(&mut profile, "username", person.username.clone());
    let mut contact = json!({"profile": profile, "user_id": person.user_id});
    set_some(&mut contact, "wa_id", person.phone.clone());
    set_some(
        &mut contact,
        "parent_user_id",
        person.parent_user_id.clone(),
    );
    contact
}

impl World {
    /// Queues a webhook with one change.
    pub(crate) fn emit(
        &mut self,
        field: &str,
        phone_number_id: Option<&str>,
        value: &Value,
    ) -> u64 {
        let mut entry = json!({
            "id": self.config.waba_id,
            "changes": [{"field": field, "value": value}],
        });
        if phone_number_id.is_none() {
            set(&mut entry, "time", self.seconds());
        }
        let body = json!({"object": "whatsapp_business_account", "entry": [entry]});
        self.queue(
            field,
            self.target(field, phone_number_id),
            &body,
            Signing::Valid,
        )
    }

    /// Queues any JSON value for the app's callback.
    pub(crate) fn emit_raw(&mut self, body: &Value, signing: Signing) -> u64 {
        self.queue("raw", self.subscription.callback_url.clone(), body, signing)
    }

    /// Number before account before app, for the fields that can be redirected at all.
    fn target(&self, field: &str, phone_number_id: Option<&str>) -> Option<String> {
        let number = phone_number_id
            .and_then(|id| self.number(id))
            .and_then(|state| state.override_url.clone());
        let redirected = number.or_else(|| self.subscription.waba_override.clone());
        redirected
            .filter(|_| REDIRECTABLE.contains(&field))
            .or_else(|| self.subscription.callback_url.clone())
    }

    fn queue(&mut self, field: &str, url: Option<String>, body: &Value, signing: Signing) -> u64 {
        let n = self.next_number();
        let bytes = Bytes::from(ascii(body));
        let signature = match signing {
            Signing::None => None,
            Signing::Valid => Some(signature(&self.config.app_secret, &bytes)),
            Signing::Wrong => Some(format!("sha256={}", "0".repeat(64))),
        };
        let fields = &self.subscription.fields;
        let wanted =
            field == "raw" || fields.is_empty() || fields.iter().any(|other| other == field);
        let state = if url.is_none() {
            State::NoCallback
        } else if !wanted {
            State::Unsubscribed
        } else if self.outbox.len() >= MOST_WAITING {
            State::Dropped
        } else {
            State::Queued
        };
        let delivery = Delivery {
            attempts: Vec::new(),
            body: bytes.clone(),
            field: field.to_owned(),
            messages: message_ids(body),
            n,
            queued_at: self.now(),
            signature: signature.clone(),
            state,
            url: url.clone(),
        };
        self.deliveries.push(delivery, bytes.len());
        if let (State::Queued, Some(url)) = (state, url) {
            let job = Job {
                attempts: 0,
                body: bytes,
                first_try: None,
                n,
                signature,
                url,
            };
            self.outbox.push_back(job);
        }
        n
    }

    /// Takes the next POST to make.
    pub(crate) fn take_job(&mut self) -> Option<Job> {
        let mut job = self.outbox.pop_front()?;
        job.first_try.get_or_insert_with(|| self.clock.now());
        self.in_flight += 1;
        Some(job)
    }

    /// Records what came of a POST; anything but 200 is tried again later.
    pub(crate) fn finish_job(&mut self, mut job: Job, outcome: Result<u16, &'static str>) {
        self.in_flight = self.in_flight.saturating_sub(1);
        let now = self.now();
        let done = outcome == Ok(200);
        let retry = self.config.retry;
        let delay_ms = retry
            .first_ms
            .saturating_mul(1 << job.attempts.min(40))
            .min(retry.longest_ms);
        let again = now.saturating_add_unsigned(delay_ms.saturating_mul(1000));
        let horizon = job
            .first_try
            .unwrap_or(now)
            .saturating_add_unsigned(retry.horizon_ms.saturating_mul(1000));
        let n = job.n;
        let Some(delivery) = self
            .deliveries
            .iter_mut()
            .rev()
            .find(|delivery| delivery.n == n)
        else {
            return;
        };
        delivery.attempts.push(Attempt { at: now, outcome });
        if done {
            delivery.state = State::Delivered;
            for id in delivery.messages.clone() {
                self.move_tick(&id, "delivered");
            }
        } else if again > horizon {
            delivery.state = State::Abandoned;
        } else {
            job.attempts += 1;
            self.schedule(again, Event::Retry(job));
        }
    }
}

fn message_ids(body: &Value) -> Vec<String> {
    let places = [
        "/entry/0/changes/0/value/messages",
        "/entry/0/changes/0/value/standby/messages",
    ];
    places
        .iter()
        .filter_map(|place| body.pointer(place)?.as_array())
        .flatten()
        .filter_map(|message| message.get("id")?.as_str().map(str::to_owned))
        .collect()
}

/// The fields an override of the callback works for; `user_preferences` is not among them.
const REDIRECTABLE: &[&str] = &[
    "account_settings_update",
    "calls",
    "consumer_profile",
    "group_lifecycle_update",
    "group_participants_update",
    "group_settings_update",
    "group_status_update",
    "history",
    "message_echoes",
    "messages",
    "messaging_handovers",
    "smb_app_state_sync",
    "smb_message_echoes",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc_4231_case_2() {
        assert_eq!(
            signature("Jefe", b"what do ya want for nothing?"),
            "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
    }

    #[test]
    fn somebody_known_by_bsuid_has_no_number() {
        let person = crate::cast::people().pop().unwrap();
        let shown = contact(&person);
        assert!(shown.get("wa_id").is_none());
        assert_eq!(shown["user_id"], "ZA.48820163357790142265");
        assert_eq!(shown["profile"]["username"], "zoe.adams");
    }
}
