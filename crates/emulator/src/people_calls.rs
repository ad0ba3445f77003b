//! Calls about people: the block list of a number, the contact book, the key of an identity.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use serde_json::json;

use crate::account::Call;
use crate::account::Step;
use crate::config::Person;
use crate::error::Refusal;
use crate::json::list;
use crate::json::set;
use crate::json::text;
use crate::rng::Rng;
use crate::send::looks_like_user_id;
use crate::send::phone_digits;
use crate::world::World;

/// People of one page unless the caller says otherwise.
const PAGE: usize = 25;
/// People a number can block.
const MOST: usize = 64_000;

/// Whom one entry of a call means, and why it cannot be done, if it cannot.
struct Named {
    input: String,
    person: Option<Person>,
    error: Option<u32>,
}

impl World {
    /// `POST` and `DELETE /{number}/block_users`.
    pub(crate) fn block(&mut self, call: &Call<'_>) -> Result<Step, Refusal> {
        if text(call.body, "messaging_product") != Some("whatsapp") {
            return Err(Refusal::parameter(
                "The parameter messaging_product is required.",
            ));
        }
        let entries = list(call.body, "block_users");
        if entries.is_empty() {
            return Err(Refusal::parameter("The parameter block_users is required."));
        }
        let adds = call.method == "POST";
        let (mut done, mut failed) = (Vec::new(), Vec::new());
        for entry in entries {
            let named = self.named(call.node, entry, adds)?;
            let mut shown = json!({"input": named.input});
            match named.person.as_ref().map(|person| &person.phone) {
                Some(Some(phone)) if text(entry, "user").is_some() => {
                    set(&mut shown, "wa_id", phone.clone());
                }
                Some(_) => set(&mut shown, "user_id", named.input.clone()),
                None => {}
            }
            if let Some(code) = named.error {
                // The real side's sentences sometimes repeat the number.
                let details = format!("{} could not be blocked", named.input);
                let error = Refusal::new(code, details).body("ABLOCK");
                let error = error.get("error").cloned().unwrap_or_default();
                set(&mut shown, "errors", json!([error]));
                failed.push(shown);
                continue;
            }
            if let Some(person) = named.person {
                let blocked = self.blocked.entry(call.node.to_owned()).or_default();
                blocked.retain(|other| *other != person.user_id);
                if adds {
                    blocked.push(person.user_id);
                }
            }
            done.push(shown);
        }
        let mut lists = json!({});
        if !done.is_empty() {
            let key = if adds { "added_users" } else { "removed_users" };
            set(&mut lists, key, done);
        }
        let mut answer = json!({"messaging_product": "whatsapp"});
        if failed.is_empty() {
            set(&mut answer, "block_users", lists);
            return Ok(Step::Answer(answer));
        }
        set(&mut lists, "failed_users", failed);
        set(&mut answer, "block_users", lists);
        let error = Refusal::new(139_100, "Failed to block some or all users.").body("ABLOCK");
        if let Some(error) = error.get("error") {
            set(&mut answer, "error", error.clone());
        }
        Ok(Step::Partly(400, answer))
    }

    fn named(&self, number: &str, entry: &Value, adds: bool) -> Result<Named, Refusal> {
        let (input, person) = match (text(entry, "user"), text(entry, "user_id")) {
            (Some(user), _) => {
                let phone = phone_digits(user);
                (user, phone.map(|phone| self.phone_owner(&phone)))
            }
            (None, Some(id)) => {
                let known = self.people.iter().find(|person| person.user_id == id);
                (id, known.cloned())
            }
            (None, None) => return Err(Refusal::parameter("The parameter user is required.")),
        };
        let own = self.number(number).map(|state| state.number.digits());
        let full = self.blocked.get(number).map_or(0, Vec::len) >= MOST;
        let error = match &person {
            _ if adds && full => Some(139_101),
            Some(person) if own == person.phone => Some(131_021),
            Some(person) if adds && !self.window_open(number, person) => Some(131_047),
            Some(_) => None,
            None => Some(131_047),
        };
        Ok(Named {
            input: input.to_owned(),
            person,
            error,
        })
    }

    /// `GET /{number}/block_users`. Its cursors are made of the people themselves, because nobody
    /// promises that the real ones are not.
    pub(crate) fn blocked_page(&self, call: &Call<'_>) -> Result<Value, Refusal> {
        let empty = Vec::new();
        let blocked = self.blocked.get(call.node).unwrap_or(&empty);
        let limit = call.query.get("limit").map(|limit| limit.parse::<usize>());
        let limit = limit
            .transpose()
            .map_err(|_| Refusal::parameter("Param limit must be an integer."))?
            .unwrap_or(PAGE)
            .clamp(1, 100);
        let place = |cursor: Option<&String>| -> Result<Option<usize>, Refusal> {
            let Some(cursor) = cursor else {
                return Ok(None);
            };
            let found = blocked.iter().position(|id| self.cursor(id) == *cursor);
            found
                .map(Some)
                .ok_or_else(|| Refusal::new(131_059, "The cursor is invalid."))
        };
        let after = place(call.query.get("after"))?;
        let before = place(call.query.get("before"))?;
        let start = match (after, before) {
            (Some(after), _) => after + 1,
            (None, Some(before)) => before.saturating_sub(limit),
            (None, None) => 0,
        };
        let end = before.unwrap_or(usize::MAX).min(start + limit);
        let page = blocked.iter().take(end).skip(start);
        let data: Vec<Value> = page.clone().map(|id| self.blocked_json(id)).collect();
        let ids: Vec<&String> = page.collect();
        let (Some(first), Some(last)) = (ids.first(), ids.last()) else {
            return Ok(json!({"data": data}));
        };
        let (first, last) = (self.cursor(first), self.cursor(last));
        let mut paging = json!({"cursors": {"before": first, "after": last}});
        let path = format!("{}/block_users", call.node);
        if start + data.len() < blocked.len() {
            let next = self.link(&path, call.query, ("after", &last));
            set(&mut paging, "next", next);
        }
        if start > 0 {
            let previous = self.link(&path, call.query, ("before", &first));
            set(&mut paging, "previous", previous);
        }
        Ok(json!({"data": data, "paging": paging}))
    }

    fn blocked_json(&self, user_id: &str) -> Value {
        let person = self.people.iter().find(|person| person.user_id == user_id);
        match person.and_then(|person| person.phone.clone()) {
            Some(phone) => json!({"messaging_product": "whatsapp", "wa_id": phone}),
            None => json!({"messaging_product": "whatsapp", "user_id": user_id}),
        }
    }

    fn cursor(&self, user_id: &str) -> String {
        let person = self.people.iter().find(|person| person.user_id == user_id);
        let phone = person.and_then(|person| person.phone.as_deref());
        STANDARD.encode(phone.unwrap_or(user_id))
    }

    /// `DELETE /{number}/contact_book`: the entry goes once, for all numbers.
    pub(crate) fn delete_contact(&mut self, call: &Call<'_>) -> Result<Value, Refusal> {
        if call.query.get("messaging_product").map(String::as_str) != Some("whatsapp") {
            return Err(Refusal::parameter(
                "The parameter messaging_product is required.",
            ));
        }
        let id = call
            .query
            .get("bsuid")
            .filter(|id| looks_like_user_id(id) && !id.contains(".ENT."))
            .ok_or_else(|| Refusal::parameter("Param bsuid is no business-scoped user id."))?;
        let mut people = self.people.iter();
        let has_entry = people.any(|person| person.user_id == *id && person.phone.is_some());
        let deleted = has_entry && self.forgotten.insert(id.clone());
        Ok(json!({"messaging_product": "whatsapp", "success": true, "deleted": deleted}))
    }

    /// What stands for the key of a person's account; it would change with the account's holder.
    pub(crate) fn identity_key_hash(&self, person: &Person) -> String {
        let mut state = self.config.seed ^ 0x4944_4b45_5948_4153;
        for byte in person.user_id.bytes() {
            state = (state ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
        STANDARD.encode(Rng::new(state).hex(8))
    }
}
