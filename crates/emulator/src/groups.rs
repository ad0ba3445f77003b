//! Groups as the business hears of them. What is written in one comes through `inbound`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use serde_json::Value;
use serde_json::json;

use crate::config::Person;
use crate::json::list;
use crate::json::set;
use crate::json::set_some;
use crate::json::text;
use crate::world::World;

/// What can happen to a group, and the field that tells.
const CHANGES: &[(&str, &str)] = &[
    ("group_create", "group_lifecycle_update"),
    ("group_delete", "group_lifecycle_update"),
    ("group_join_request_created", "group_participants_update"),
    ("group_join_request_revoked", "group_participants_update"),
    ("group_participants_add", "group_participants_update"),
    ("group_participants_remove", "group_participants_update"),
    ("group_settings_update", "group_settings_update"),
    ("group_suspend", "group_status_update"),
    ("group_suspend_cleared", "group_status_update"),
];

impl World {
    /// `POST /_emulator/group`: something happens to a group.
    pub(crate) fn group_change(&mut self, body: &Value) -> Result<Value, String> {
        let phone_number_id = self.number_of(body)?;
        let kind = text(body, "type").unwrap_or("group_create");
        let Some((_, field)) = CHANGES.iter().find(|(name, _)| *name == kind) else {
            return Err("type is not known".to_owned());
        };
        let group_id = match text(body, "group_id") {
            Some(id) => id.to_owned(),
            None => self.new_group_id(&phone_number_id),
        };
        let people = self.people_of(body)?;
        self.change_group(&group_id, &phone_number_id, kind, &people);
        if body.get("silent") == Some(&Value::Bool(true)) {
            return Ok(json!({"group_id": group_id}));
        }
        let mut change = json!({
            "timestamp": self.seconds().to_string(), "group_id": group_id, "type": kind,
        });
        match kind {
            "group_create" => {
                let link = format!("https://chat.whatsapp.com/{}", self.rng.hex(22));
                set(
                    &mut change,
                    "subject",
                    text(body, "subject").unwrap_or("Regulars"),
                );
                set(&mut change, "invite_link", link);
                set(&mut change, "join_approval_mode", "auto_approve");
            }
            "group_join_request_created" | "group_join_request_revoked" => {
                let person = people.first().ok_or("people is missing")?;
                set(&mut change, "join_request_id", self.rng.digits(15));
                for (key, id) in member(person).as_object().into_iter().flatten() {
                    set(&mut change, key, id.clone());
                }
            }
            "group_participants_add" => {
                let members: Vec<Value> = people.iter().map(member).collect();
                set(&mut change, "reason", "invite_link");
                set(&mut change, "added_participants", members);
            }
            "group_participants_remove" => {
                let members: Vec<Value> = people.iter().map(member).collect();
                let by = text(body, "initiated_by").unwrap_or("participant");
                set(&mut change, "removed_participants", members);
                set(&mut change, "initiated_by", by);
            }
            "group_settings_update" => {
                let subject = text(body, "subject").unwrap_or("Regulars of Bree Street");
                let setting = json!({"text": subject, "update_successful": true});
                set(&mut change, "group_subject", setting);
            }
            _ => {}
        }
        set_some(&mut change, "request_id", text(body, "request_id"));
        let mut value = self.value_head(&phone_number_id)?;
        set(&mut value, "groups", json!([change]));
        let webhook = self.emit(field, Some(&phone_number_id), &value);
        Ok(json!({"group_id": group_id, "webhook": webhook}))
    }

    /// As the real ones look: the business's number is in it, no person's.
    fn new_group_id(&mut self, phone_number_id: &str) -> String {
        let own = self.own_digits(phone_number_id);
        let plain = format!("capi_group:{own}:{}", self.rng.digits(18));
        format!("{}ZD", STANDARD_NO_PAD.encode(plain))
    }

    /// The people named in `people`, all of the cast.
    pub(crate) fn people_of(&self, body: &Value) -> Result<Vec<Person>, String> {
        let named = list(body, "people").iter();
        named
            .map(|who| {
                let found = who.as_str().and_then(|who| self.person(who));
                found
                    .cloned()
                    .ok_or_else(|| "people names somebody who is nobody of the cast".to_owned())
            })
            .collect()
    }
}

fn member(person: &Person) -> Value {
    let mut member = json!({"user_id": person.user_id});
    set_some(&mut member, "wa_id", person.phone.clone());
    set_some(&mut member, "parent_user_id", person.parent_user_id.clone());
    set_some(&mut member, "username", person.username.clone());
    member
}
