//! One number in the WhatsApp Business app and in the API: old chats and the phone's address book.

use serde_json::Value;
use serde_json::json;

use crate::config::Person;
use crate::error::webhook_error;
use crate::ids;
use crate::ids::Direction;
use crate::json::set;
use crate::json::set_some;
use crate::json::text;
use crate::world::World;

/// Meta's code for a business that does not share its old chats.
const DECLINED: u32 = 2_593_109;

/// Messages one thread of old chats may have.
const MOST: u64 = 1_000;

impl World {
    /// `POST /_emulator/history`: old chats, or that the business does not share them.
    pub(crate) fn history(&mut self, body: &Value) -> Result<Value, String> {
        let phone_number_id = self.number_of(body)?;
        let mut value = self.value_head(&phone_number_id)?;
        let chunk = if body.get("declined") == Some(&Value::Bool(true)) {
            json!({"errors": [webhook_error(DECLINED, "The business does not share its old chats.")]})
        } else {
            let people = self.people_or_all(body)?;
            let count = body.get("messages").and_then(Value::as_u64).unwrap_or(2);
            let said = text(body, "text").unwrap_or("Do you still have the Ethiopian beans?");
            let threads: Vec<Value> = people
                .iter()
                .map(|person| self.thread_of(&phone_number_id, person, count.min(MOST), said))
                .collect();
            json!({"metadata": {"phase": 0, "chunk_order": 1, "progress": 100}, "threads": threads})
        };
        set(&mut value, "history", json!([chunk]));
        Ok(json!({"webhook": self.emit("history", Some(&phone_number_id), &value)}))
    }

    fn thread_of(
        &mut self,
        phone_number_id: &str,
        person: &Person,
        count: u64,
        said: &str,
    ) -> Value {
        let own = self.own_digits(phone_number_id);
        let address = person
            .phone
            .clone()
            .unwrap_or_else(|| person.user_id.clone());
        let messages: Vec<Value> = (0..count)
            .map(|index| {
                let direction = if index % 2 == 0 {
                    Direction::FromPerson
                } else {
                    Direction::FromBusiness
                };
                let mut message = json!({
                    "id": ids::wamid(&mut self.rng, &address, direction), "type": "text", "text": {"body": said},
                    "timestamp": self.seconds().saturating_sub(86_400).to_string(),
                    "history_context": {"status": "READ"},
                });
                match direction {
                    Direction::FromPerson => set(&mut message, "from", address.clone()),
                    Direction::FromBusiness => {
                        set(&mut message, "from", own.clone());
                        set(&mut message, "to", address.clone());
                    }
                }
                message
            })
            .collect();
        let mut context = json!({"user_id": person.user_id});
        set_some(&mut context, "wa_id", person.phone.clone());
        set_some(&mut context, "username", person.username.clone());
        json!({"id": address, "context": context, "messages": messages})
    }

    /// `POST /_emulator/contacts`: the address book of the phone with the WhatsApp Business app.
    pub(crate) fn address_book(&mut self, body: &Value) -> Result<Value, String> {
        let phone_number_id = self.number_of(body)?;
        let action = text(body, "action").unwrap_or("add");
        if !matches!(action, "add" | "remove") {
            return Err("action is neither add nor remove".to_owned());
        }
        let people = self.people_or_all(body)?;
        let entries: Vec<Value> = people
            .iter()
            .map(|person| {
                let first = person.name.split(' ').next().unwrap_or_default();
                let mut contact =
                    json!({"full_name": person.name, "first_name": first, "user_id": person.user_id});
                set_some(&mut contact, "phone_number", person.phone.clone());
                json!({
                    "type": "contact", "action": action, "contact": contact,
                    "metadata": {"timestamp": self.seconds().to_string()},
                })
            })
            .collect();
        let mut value = self.value_head(&phone_number_id)?;
        set(&mut value, "state_sync", entries);
        let webhook = self.emit("smb_app_state_sync", Some(&phone_number_id), &value);
        Ok(json!({"webhook": webhook}))
    }

    fn people_or_all(&self, body: &Value) -> Result<Vec<Person>, String> {
        if body.get("people").is_none() {
            return Ok(self.people.clone());
        }
        self.people_of(body)
    }
}
