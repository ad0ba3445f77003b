//! What people do: messages of every type, WhatsApp's own marketing switch, changes of number.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::Value;
use serde_json::json;

use crate::config::Person;
use crate::error::webhook_error;
use crate::ids;
use crate::ids::Direction;
use crate::json::set;
use crate::json::set_default;
use crate::json::set_some;
use crate::json::text;
use crate::media;
use crate::sample;
use crate::send::looks_like_user_id;
use crate::send::phone_digits;
use crate::webhook::contact;
use crate::world::NumberState;
use crate::world::World;

/// Messages one webhook may carry.
const MOST_IN_BATCH: usize = 1000;

/// A message on its way in: where, from whom, and the object of `messages[]`.
struct Incoming {
    field: String,
    message: Value,
    person: Person,
    phone_number_id: String,
}

impl World {
    /// `POST /_emulator/inbound`: one message, or `batch` in one webhook.
    pub(crate) fn inbound(&mut self, body: &Value) -> Result<Value, String> {
        let batch = match body.get("batch") {
            None => vec![body.clone()],
            Some(batch) => batch.as_array().cloned().ok_or("batch is no array")?,
        };
        if batch.is_empty() || batch.len() > MOST_IN_BATCH {
            return Err(format!(
                "batch has not between 1 and {MOST_IN_BATCH} messages"
            ));
        }
        let incoming = batch
            .iter()
            .map(|one| self.incoming(one))
            .collect::<Result<Vec<_>, _>>()?;
        let Some(first) = incoming.first() else {
            return Err("batch is empty".to_owned());
        };
        let (field, phone_number_id) = (first.field.clone(), first.phone_number_id.clone());
        let ids: Vec<Value> = incoming
            .iter()
            .filter_map(|one| one.message.get("id").cloned())
            .collect();
        let mut content = json!({});
        let mut contacts: Vec<Value> = Vec::new();
        for one in &incoming {
            let shown = contact(&one.person);
            if !contacts.contains(&shown) {
                contacts.push(shown);
            }
        }
        set(&mut content, "contacts", contacts);
        set(
            &mut content,
            "messages",
            incoming
                .into_iter()
                .map(|one| one.message)
                .collect::<Vec<_>>(),
        );
        let value = self.filled(&field, &phone_number_id, content)?;
        let webhook = self.emit(&field, Some(&phone_number_id), &value);
        let mut answer = json!({"ids": ids, "webhook": webhook});
        set_some(&mut answer, "id", ids.first().cloned());
        Ok(answer)
    }

    fn incoming(&mut self, body: &Value) -> Result<Incoming, String> {
        let phone_number_id = self.number_of(body)?;
        let who = text(body, "from").ok_or("from is missing")?;
        let person = self
            .person_or_new(who)
            .ok_or("from is nobody: give a handle, a phone number or a BSUID")?;
        let field = text(body, "field").unwrap_or("messages");
        if !matches!(field, "messages" | "standby") {
            return Err("field is neither messages nor standby".to_owned());
        }
        let message = self.message(body, &phone_number_id, &person)?;
        self.show_incoming(&phone_number_id, &person, &message);
        self.hear_permission(&phone_number_id, &person, &message);
        if let Some(group) = text(body, "group_id") {
            self.heard_in_group(group, &phone_number_id, &person);
        }
        // What is written in a group opens no window of one person, and a reaction none either.
        if text(body, "type") != Some("reaction") && body.get("group_id").is_none() {
            let pair = (phone_number_id.clone(), person.user_id.clone());
            self.windows.insert(pair, self.now());
        }
        Ok(Incoming {
            field: field.to_owned(),
            message,
            person,
            phone_number_id,
        })
    }

    /// The object of `messages[]`: the given payload over a ready-made one.
    fn message(
        &mut self,
        body: &Value,
        phone_number_id: &str,
        person: &Person,
    ) -> Result<Value, String> {
        let asked = text(body, "type").unwrap_or("text");
        let kind = match asked {
            "button_reply" | "call_permission_reply" | "list_reply" | "nfm_reply" => "interactive",
            kind => kind,
        };
        let given = body.get(kind).or_else(|| body.get(asked)).cloned();
        let content = self.content((asked, kind), given, phone_number_id, person)?;
        let address = person.phone.as_deref().unwrap_or(&person.user_id);
        let id = ids::wamid(&mut self.rng, address, Direction::FromPerson);
        let mut message = json!({
            "id": id, "timestamp": self.seconds().to_string(), "type": kind, "from_user_id": person.user_id,
        });
        set_some(&mut message, "from", person.phone.clone());
        set_some(
            &mut message,
            "from_parent_user_id",
            person.parent_user_id.clone(),
        );
        set_some(&mut message, kind, content);
        if matches!(kind, "unknown" | "unsupported") {
            set(
                &mut message,
                "errors",
                json!([webhook_error(
                    131_051,
                    "Message type is currently not supported."
                )]),
            );
        }
        for key in [
            "context",
            "errors",
            "group_id",
            "identity",
            "origin",
            "referral",
            "timestamp",
        ] {
            set_some(&mut message, key, body.get(key).cloned());
        }
        self.complete_context(&mut message, kind, phone_number_id, person);
        Ok(message)
    }

    /// A tapped button quotes the message it belongs to (a reply to an interactive message always
    /// quotes one); a quote names the business number.
    fn complete_context(
        &mut self,
        message: &mut Value,
        kind: &str,
        phone_number_id: &str,
        person: &Person,
    ) {
        let label = match kind {
            "button" => message.pointer("/button/text").and_then(Value::as_str),
            "interactive" => ["button_reply", "list_reply"].iter().find_map(|reply| {
                message
                    .pointer(&format!("/interactive/{reply}/title"))
                    .and_then(Value::as_str)
            }),
            _ => None,
        };
        let tapped =
            label.and_then(|label| self.bubble_with_action(phone_number_id, &person.id, label));
        if message.get("context").is_none() {
            let quoted = match tapped {
                None if kind == "interactive" => Some(self.last_id(phone_number_id, person, true)),
                tapped => tapped,
            };
            set_some(message, "context", quoted.map(|id| json!({"id": id})));
        }
        let own = self.own_digits(phone_number_id);
        if let Some(context) = message
            .get_mut("context")
            .filter(|context| context.get("id").is_some())
        {
            set_default(context, "from", own);
        }
    }

    fn content(
        &mut self,
        (asked, kind): (&str, &str),
        given: Option<Value>,
        phone_number_id: &str,
        person: &Person,
    ) -> Result<Option<Value>, String> {
        if media::KINDS.contains(&kind) {
            return self
                .media_content(kind, given.unwrap_or_else(|| json!({})))
                .map(Some);
        }
        let given = match (kind, given) {
            ("text", Some(Value::String(text))) => Some(json!({"body": text})),
            ("interactive", Some(given)) if given.get("type").is_none() => {
                Some(json!({"type": asked, asked: given}))
            }
            (_, given) => given,
        };
        if let Some(given) = given {
            return Ok(Some(given));
        }
        Ok(match kind {
            "edit" => {
                let inner = json!({"type": "text", "text": {"body": "What I meant to write"}});
                Some(
                    json!({"original_message_id": self.last_id(phone_number_id, person, false), "message": inner}),
                )
            }
            "reaction" => Some(
                json!({"message_id": self.last_id(phone_number_id, person, true), "emoji": "\u{1f44d}"}),
            ),
            "revoke" => {
                Some(json!({"original_message_id": self.last_id(phone_number_id, person, false)}))
            }
            "contacts" => Some(sample::contact_card(person)),
            "request_welcome" | "unknown" => None,
            _ => Some(sample::content(asked).ok_or("type is not known")?),
        })
    }

    /// Id of the newest message of one side, or one of a message long forgotten.
    fn last_id(&mut self, phone_number_id: &str, person: &Person, from_business: bool) -> String {
        if let Some(bubble) = self.last_bubble(phone_number_id, &person.id, from_business) {
            return bubble.id.clone();
        }
        let address = person.phone.as_deref().unwrap_or(&person.user_id);
        let direction = if from_business {
            Direction::FromBusiness
        } else {
            Direction::FromPerson
        };
        ids::wamid(&mut self.rng, address, direction)
    }

    /// Media by `data` (base64), or a small sample of the kind.
    fn media_content(&mut self, kind: &str, mut given: Value) -> Result<Value, String> {
        let (sample_mime, sample_bytes) = sample::media(kind);
        let mime = text(&given, "mime_type").unwrap_or(sample_mime).to_owned();
        let bytes = match text(&given, "data") {
            Some(data) => Bytes::from(STANDARD.decode(data).map_err(|_| "data is not base64")?),
            None => Bytes::from_static(sample_bytes),
        };
        if let Some(object) = given.as_object_mut() {
            object.remove("data");
        }
        let stored = self.store_inbound(&mime, bytes);
        for (key, value) in stored.as_object().into_iter().flatten() {
            set_default(&mut given, key, value.clone());
        }
        match kind {
            "audio" => set_default(&mut given, "voice", true),
            "document" => set_default(&mut given, "filename", "order.pdf"),
            "sticker" => set_default(&mut given, "animated", false),
            _ => {}
        }
        Ok(given)
    }

    /// `POST /_emulator/preference`: WhatsApp's own "stop promotions" and "resume".
    pub(crate) fn preference(&mut self, body: &Value) -> Result<Value, String> {
        let phone_number_id = self.number_of(body)?;
        let person = self.known_person(body)?;
        let value = text(body, "value").ok_or("value is missing")?;
        let detail = match value {
            "resume" => "User requested to resume marketing messages",
            "signup" => "User signed up for marketing messages",
            "stop" => "User requested to stop marketing messages",
            _ => return Err("value is not stop, resume or signup".to_owned()),
        };
        if value == "stop" {
            self.stopped.insert(person.user_id.clone());
        } else {
            self.stopped.remove(&person.user_id);
        }
        let mut preference = json!({
            "user_id": person.user_id, "category": "marketing_messages", "value": value, "detail": detail,
            "timestamp": self.seconds(),
        });
        set_some(&mut preference, "wa_id", person.phone.clone());
        if value == "signup" {
            set(
                &mut preference,
                "signup_id",
                text(body, "signup_id").unwrap_or("100200300400500"),
            );
        }
        let mut hook = self.value_head(&phone_number_id)?;
        set(&mut hook, "contacts", json!([contact(&person)]));
        set(&mut hook, "user_preferences", json!([preference]));
        self.tell(json!({"kind": "people"}));
        Ok(json!({"webhook": self.emit("user_preferences", Some(&phone_number_id), &hook)}))
    }

    /// `POST /_emulator/system`: a new number, or a new BSUID.
    pub(crate) fn system(&mut self, body: &Value) -> Result<Value, String> {
        let phone_number_id = self.number_of(body)?;
        let old = self.known_person(body)?;
        let kind = text(body, "type").unwrap_or("user_changed_number");
        let mut new = old.clone();
        if matches!(kind, "customer_changed_number" | "user_changed_number") {
            let phone = match text(body, "phone") {
                Some(phone) => phone_digits(phone).ok_or("phone is no phone number")?,
                None => format!("27{}", self.rng.digits(9)),
            };
            new.phone = Some(phone);
        }
        if matches!(kind, "user_changed_number" | "user_changed_user_id") {
            let country = old.user_id.split('.').next().unwrap_or("ZA").to_owned();
            new.user_id = match text(body, "user_id") {
                Some(user_id) if looks_like_user_id(user_id) => user_id.to_owned(),
                Some(_) => return Err("user_id is no BSUID".to_owned()),
                None => format!("{country}.{}", self.rng.digits(20)),
            };
        }
        let message = self.system_message(kind, &old, &new)?;
        if let Some(person) = self.people.iter_mut().find(|person| person.id == old.id) {
            *person = new.clone();
        }
        let mut value = self.value_head(&phone_number_id)?;
        set(&mut value, "messages", json!([message]));
        self.tell(json!({"kind": "people"}));
        let webhook = self.emit("messages", Some(&phone_number_id), &value);
        Ok(json!({"person": self.person_json(&new), "webhook": webhook}))
    }

    fn system_message(&mut self, kind: &str, old: &Person, new: &Person) -> Result<Value, String> {
        let said = |person: &Person| {
            person
                .phone
                .clone()
                .unwrap_or_else(|| person.user_id.clone())
        };
        let mut system = json!({"type": kind});
        match kind {
            "customer_changed_number" => set_some(&mut system, "new_wa_id", new.phone.clone()),
            "customer_identity_changed" => set(&mut system, "customer", old.user_id.clone()),
            "user_changed_number" | "user_changed_user_id" => {
                if kind == "user_changed_number" {
                    set_some(&mut system, "wa_id", new.phone.clone());
                }
                set(&mut system, "user_id", new.user_id.clone());
                set(&mut system, "previous_user_id", old.user_id.clone());
                set_some(&mut system, "parent_user_id", new.parent_user_id.clone());
            }
            _ => return Err("type is not known".to_owned()),
        }
        let text = match kind {
            "customer_identity_changed" => format!("{} changed their security code", old.name),
            "user_changed_user_id" => format!(
                "User {} changed from {} to {}",
                old.name, old.user_id, new.user_id
            ),
            _ => format!(
                "User {} changed from {} to {}",
                old.name,
                said(old),
                said(new)
            ),
        };
        set(&mut system, "body", text);
        let id = ids::wamid(&mut self.rng, &said(old), Direction::FromPerson);
        let mut message = json!({"id": id, "timestamp": self.seconds().to_string(), "type": "system", "system": system});
        set_some(&mut message, "from", old.phone.clone());
        if kind != "customer_changed_number" {
            set(&mut message, "from_user_id", old.user_id.clone());
        }
        if kind == "customer_identity_changed" {
            let hash = self.rng.hex(12);
            set(
                &mut message,
                "identity",
                json!({"acknowledged": false, "created_timestamp": self.seconds().to_string(), "hash": hash}),
            );
        }
        Ok(message)
    }

    /// `POST /_emulator/echo`: what was sent past the API by staff in the WhatsApp Business app
    /// (coexistence), by another app, or by whoever holds the thread.
    pub(crate) fn echo(&mut self, body: &Value) -> Result<Value, String> {
        let phone_number_id = self.number_of(body)?;
        let person = self.known_person(body)?;
        let field = text(body, "field").unwrap_or("smb_message_echoes");
        if !matches!(field, "message_echoes" | "smb_message_echoes" | "standby") {
            return Err("field is not smb_message_echoes, message_echoes or standby".to_owned());
        }
        let kind = text(body, "type").unwrap_or("text").to_owned();
        let given = body.get(&kind).cloned();
        let content = self.content((&kind, &kind), given, &phone_number_id, &person)?;
        let own = self.own_digits(&phone_number_id);
        let address = person.phone.as_deref().unwrap_or(&person.user_id);
        let id = ids::wamid(&mut self.rng, address, Direction::FromBusiness);
        let mut echo = json!({
            "from": own, "id": id, "timestamp": self.seconds().to_string(), "type": kind, "to_user_id": person.user_id,
        });
        set_some(&mut echo, "to", person.phone.clone());
        set_some(&mut echo, &kind, content);
        let content = json!({"contacts": [contact(&person)], "message_echoes": [echo]});
        let value = self.filled(field, &phone_number_id, content)?;
        let webhook = self.emit(field, Some(&phone_number_id), &value);
        Ok(json!({"id": id, "webhook": webhook}))
    }

    /// A `value` with these members. On `standby` they stand one level deeper.
    fn filled(&self, field: &str, phone_number_id: &str, content: Value) -> Result<Value, String> {
        let mut value = self.value_head(phone_number_id)?;
        if field == "standby" {
            set(&mut value, "standby", content);
            return Ok(value);
        }
        for (key, member) in content.as_object().into_iter().flatten() {
            set(&mut value, key, member.clone());
        }
        Ok(value)
    }

    /// A webhook value that carries only an error.
    pub(crate) fn emit_value_error(&mut self, code: u32) {
        let Some(number) = self.numbers.first() else {
            return;
        };
        let phone_number_id = number.number.phone_number_id.clone();
        let value = json!({
            "messaging_product": "whatsapp", "metadata": number.metadata(),
            "errors": [webhook_error(code, "Asked for by the recipient's number.")],
        });
        self.emit("messages", Some(&phone_number_id), &value);
    }

    pub(crate) fn value_head(&self, phone_number_id: &str) -> Result<Value, String> {
        let number = self.number(phone_number_id).ok_or("number is not known")?;
        Ok(json!({"messaging_product": "whatsapp", "metadata": number.metadata()}))
    }

    /// The digits of a business number.
    pub(crate) fn own_digits(&self, phone_number_id: &str) -> String {
        self.number(phone_number_id)
            .map(|state| state.number.digits())
            .unwrap_or_default()
    }

    /// The business number asked for, or the first one.
    pub(crate) fn number_of(&self, body: &Value) -> Result<String, String> {
        let found = match text(body, "number") {
            Some(id) => self.number(id),
            None => self.numbers.first(),
        };
        let id = |state: &NumberState| state.number.phone_number_id.clone();
        found
            .map(id)
            .ok_or_else(|| "number is not known".to_owned())
    }

    pub(crate) fn known_person(&self, body: &Value) -> Result<Person, String> {
        let who = text(body, "person").ok_or("person is missing")?;
        self.person(who)
            .cloned()
            .ok_or_else(|| "person is nobody of the cast".to_owned())
    }
}
