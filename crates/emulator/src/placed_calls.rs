//! Calls as the business places, takes and ends them. Nobody speaks: who is called takes the call up
//! at once.

use serde_json::Value;
use serde_json::json;

use crate::account::Call;
use crate::config::Person;
use crate::error::Refusal;
use crate::ids;
use crate::json::set;
use crate::json::set_some;
use crate::json::text;
use crate::json::text_at;
use crate::send::phone_digits;
use crate::webhook::contact;
use crate::world::SentCall;
use crate::world::World;

/// A session description as a phone would answer with, with an address for documentation in it.
const ANSWER: &str = "v=0\r\no=- 4242 2 IN IP4 192.0.2.78\r\ns=-\r\nc=IN IP4 192.0.2.78\r\nt=0 0\r\nm=audio 40014 UDP/TLS/RTP/SAVPF 111\r\na=candidate:1 1 udp 2122260223 192.0.2.78 40014 typ host\r\n";

/// A call that is under way.
#[derive(Clone, Debug)]
pub(crate) struct Ringing {
    pub(crate) by_business: bool,
    pub(crate) callback_data: Option<String>,
    pub(crate) person: Person,
    pub(crate) phone_number_id: String,
}

impl World {
    /// What a person said to being called: until when, or for good.
    pub(crate) fn hear_permission(&mut self, number: &str, person: &Person, message: &Value) {
        let at = "/interactive/call_permission_reply";
        let Some(reply) = message.pointer(at) else {
            return;
        };
        let pair = (number.to_owned(), person.user_id.clone());
        if text(reply, "response") != Some("accept") {
            self.permissions.remove(&pair);
            return;
        }
        let until = reply.get("expiration_timestamp").and_then(Value::as_i64);
        let permanent = reply.get("is_permanent") == Some(&Value::Bool(true));
        let until = until.filter(|_| !permanent).unwrap_or(i64::MAX);
        self.permissions.insert(pair, until);
    }

    /// `POST /{number}/calls`.
    pub(crate) fn business_call(&mut self, call: &Call<'_>) -> Result<Value, Refusal> {
        let done = self.do_call(call);
        let n = self.next_number();
        let sent = SentCall {
            at: self.now(),
            body: call.body.clone(),
            code: done.as_ref().err().map(|refusal| refusal.code),
            id: None,
            n,
            path: format!("/{}/calls", call.node),
            phone_number_id: call.node.to_owned(),
            status: done.as_ref().map_or_else(|refusal| refusal.status, |_| 200),
        };
        self.sent.push(sent, call.body.to_string().len());
        done
    }

    fn do_call(&mut self, call: &Call<'_>) -> Result<Value, Refusal> {
        if text(call.body, "messaging_product") != Some("whatsapp") {
            return Err(Refusal::parameter(
                "The parameter messaging_product is required.",
            ));
        }
        let session = |kind: &str| {
            let given = text_at(call.body, "/session/sdp_type") == Some(kind)
                && text_at(call.body, "/session/sdp").is_some_and(|sdp| !sdp.is_empty());
            given.then_some(()).ok_or_else(|| {
                Refusal::parameter(format!("Param session must hold an {kind} and its sdp."))
            })
        };
        match text(call.body, "action") {
            Some("connect") => {
                session("offer")?;
                self.connect(call)
            }
            Some("accept" | "pre_accept") => {
                session("answer")?;
                self.under_way(call)?;
                Ok(done())
            }
            Some("reject" | "terminate") => {
                let (id, ringing) = self.under_way(call)?;
                self.ringing.remove(&id);
                self.tell_ended(&id, &ringing);
                Ok(done())
            }
            _ => Err(Refusal::parameter(
                "Param action must be one of {ACCEPT, CONNECT, PRE_ACCEPT, REJECT, TERMINATE}",
            )),
        }
    }

    fn connect(&mut self, call: &Call<'_>) -> Result<Value, Refusal> {
        let phone = text(call.body, "to").and_then(phone_digits);
        let Some(phone) = phone else {
            return Err(Refusal::parameter("The parameter to is required."));
        };
        let person = self.phone_owner(&phone);
        let pair = (call.node.to_owned(), person.user_id.clone());
        let until = self.permissions.get(&pair).copied().unwrap_or_default();
        if until <= self.seconds() {
            return Err(Refusal::new(138_006, "The person did not allow calls."));
        }
        let id = ids::wacid(&mut self.rng);
        let ringing = Ringing {
            by_business: true,
            callback_data: text(call.body, "biz_opaque_callback_data").map(str::to_owned),
            person,
            phone_number_id: call.node.to_owned(),
        };
        self.ringing.insert(id.clone(), ringing.clone());
        let mut told = self.call_head(&id, &ringing, "connect");
        let session = json!({"sdp": ANSWER, "sdp_type": "answer"});
        set(&mut told, "session", session);
        self.tell_call(&ringing, "calls", &told);
        Ok(json!({"messaging_product": "whatsapp", "calls": [{"id": id}]}))
    }

    fn under_way(&self, call: &Call<'_>) -> Result<(String, Ringing), Refusal> {
        let id = text(call.body, "call_id").unwrap_or_default().to_owned();
        let found = self.ringing.get(&id);
        let found = found.filter(|ringing| ringing.phone_number_id == call.node);
        let ringing = found
            .cloned()
            .ok_or_else(|| Refusal::parameter("Param call_id names no call that is under way."))?;
        Ok((id, ringing))
    }

    fn call_head(&self, id: &str, ringing: &Ringing, event: &str) -> Value {
        let (ours, theirs, theirs_id, direction) = if ringing.by_business {
            ("from", "to", "to_user_id", "BUSINESS_INITIATED")
        } else {
            ("to", "from", "from_user_id", "USER_INITIATED")
        };
        let mut told = json!({
            "id": id, "event": event, "timestamp": self.seconds().to_string(), "direction": direction,
        });
        set(&mut told, ours, self.own_digits(&ringing.phone_number_id));
        set(&mut told, theirs_id, ringing.person.user_id.clone());
        set_some(&mut told, theirs, ringing.person.phone.clone());
        told
    }

    fn tell_ended(&mut self, id: &str, ringing: &Ringing) {
        let mut told = self.call_head(id, ringing, "terminate");
        set(&mut told, "status", "COMPLETED");
        set_some(
            &mut told,
            "biz_opaque_callback_data",
            ringing.callback_data.clone(),
        );
        self.tell_call(ringing, "calls", &told);
    }

    fn tell_call(&mut self, ringing: &Ringing, key: &str, told: &Value) {
        let number = ringing.phone_number_id.clone();
        let Ok(mut value) = self.value_head(&number) else {
            return;
        };
        set(&mut value, "contacts", json!([contact(&ringing.person)]));
        set(&mut value, key, json!([told]));
        self.emit("calls", Some(&number), &value);
    }
}

fn done() -> Value {
    json!({"messaging_product": "whatsapp", "success": true})
}
