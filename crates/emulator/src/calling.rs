//! Calls as the business hears of them: ringing, taken up, ended. Nobody speaks.

use serde_json::Value;
use serde_json::json;

use crate::config::Person;
use crate::ids;
use crate::json::set;
use crate::json::set_some;
use crate::json::text;
use crate::placed_calls::Ringing;
use crate::webhook::contact;
use crate::world::World;

/// A session description with a person's address in it, as a phone would offer. The addresses are
/// those kept for documentation (RFC 5737), so that a leak is easy to look for.
const SESSION: &str = "v=0\r\no=- 7669997803033704573 2 IN IP4 192.0.2.77\r\ns=-\r\nc=IN IP4 192.0.2.77\r\nt=0 0\r\nm=audio 40012 UDP/TLS/RTP/SAVPF 111\r\na=candidate:1 1 udp 2122260223 192.0.2.77 40012 typ host\r\na=ice-ufrag:emulator\r\n";

impl World {
    /// `POST /_emulator/call`: `connect` or `terminate`, or with `progress` how far a call of the
    /// business has come.
    pub(crate) fn call_event(&mut self, body: &Value) -> Result<Value, String> {
        let phone_number_id = self.number_of(body)?;
        let person = self.known_person(body)?;
        let id = match text(body, "id") {
            Some(id) => id.to_owned(),
            None => ids::wacid(&mut self.rng),
        };
        let (key, told) = match text(body, "progress") {
            Some(progress) => ("statuses", self.call_progress(&id, progress, &person)?),
            None => (
                "calls",
                self.one_call(body, &id, &phone_number_id, &person)?,
            ),
        };
        let mut value = self.value_head(&phone_number_id)?;
        set(&mut value, "contacts", json!([contact(&person)]));
        set(&mut value, key, json!([told]));
        let webhook = self.emit("calls", Some(&phone_number_id), &value);
        Ok(json!({"id": id, "webhook": webhook}))
    }

    fn call_progress(&self, id: &str, progress: &str, person: &Person) -> Result<Value, String> {
        if !matches!(progress, "ACCEPTED" | "REJECTED" | "RINGING") {
            return Err("progress is not RINGING, ACCEPTED or REJECTED".to_owned());
        }
        let mut status = json!({
            "id": id, "timestamp": self.seconds().to_string(), "type": "call", "status": progress,
            "recipient_user_id": person.user_id,
        });
        set_some(&mut status, "recipient_id", person.phone.clone());
        Ok(status)
    }

    fn one_call(
        &mut self,
        body: &Value,
        id: &str,
        phone_number_id: &str,
        person: &Person,
    ) -> Result<Value, String> {
        let direction = text(body, "direction").unwrap_or("USER_INITIATED");
        let (ours, theirs, theirs_id, kind) = match direction {
            "BUSINESS_INITIATED" => ("from", "to", "to_user_id", "answer"),
            "USER_INITIATED" => ("to", "from", "from_user_id", "offer"),
            _ => return Err("direction is not USER_INITIATED or BUSINESS_INITIATED".to_owned()),
        };
        let event = text(body, "event").unwrap_or("connect");
        let mut call = json!({
            "id": id, "event": event, "timestamp": self.seconds().to_string(), "direction": direction,
        });
        set(&mut call, ours, self.own_digits(phone_number_id));
        set(&mut call, theirs_id, person.user_id.clone());
        set_some(&mut call, theirs, person.phone.clone());
        match event {
            "connect" => {
                let ringing = Ringing {
                    by_business: direction == "BUSINESS_INITIATED",
                    callback_data: None,
                    person: person.clone(),
                    phone_number_id: phone_number_id.to_owned(),
                };
                self.ringing.insert(id.to_owned(), ringing);
                let sdp = text(body, "sdp").unwrap_or(SESSION);
                set(&mut call, "session", json!({"sdp": sdp, "sdp_type": kind}));
                // A person's call opens the window.
                if direction == "USER_INITIATED" {
                    let pair = (phone_number_id.to_owned(), person.user_id.clone());
                    self.windows.insert(pair, self.now());
                }
            }
            "terminate" => self.end_call(&mut call, body),
            _ => return Err("event is not connect or terminate".to_owned()),
        }
        Ok(call)
    }

    /// A call that was taken up has a length; one that was not has failed.
    fn end_call(&self, call: &mut Value, body: &Value) {
        let duration = body.get("duration").and_then(Value::as_i64);
        set(
            call,
            "status",
            if duration.is_some() {
                "COMPLETED"
            } else {
                "FAILED"
            },
        );
        if let Some(seconds) = duration {
            let end = self.seconds();
            set(call, "start_time", end.saturating_sub(seconds).to_string());
            set(call, "end_time", end.to_string());
            set(call, "duration", seconds);
        }
    }
}
