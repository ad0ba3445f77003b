//! Groups as the business writes to them, and who is in one.

use std::collections::BTreeMap;

use serde_json::Value;
use serde_json::json;

use crate::account::Call;
use crate::account::Step;
use crate::config::Person;
use crate::config::WindowCheck;
use crate::error::Refusal;
use crate::ids;
use crate::ids::Direction;
use crate::json::set;
use crate::json::set_some;
use crate::json::text;
use crate::send::Accepted;
use crate::send::DAY;
use crate::statuses::Course;
use crate::statuses::Pricing;
use crate::statuses::Record;
use crate::template_check;
use crate::validate;
use crate::world::World;

/// A group of a number.
#[derive(Clone, Debug, Default)]
pub(crate) struct Group {
    pub(crate) ended: bool,
    /// When somebody in it last wrote.
    pub(crate) heard: Option<i64>,
    pub(crate) members: Vec<Person>,
    pub(crate) phone_number_id: String,
    pub(crate) subject: String,
    pub(crate) suspended: bool,
}

/// Groups by their ids.
pub(crate) type Groups = BTreeMap<String, Group>;

impl World {
    /// What happened to a group, done to it.
    pub(crate) fn change_group(&mut self, id: &str, number: &str, kind: &str, people: &[Person]) {
        let group = self.groups.entry(id.to_owned()).or_default();
        number.clone_into(&mut group.phone_number_id);
        let named = |member: &Person| people.iter().any(|one| one.user_id == member.user_id);
        match kind {
            "group_delete" => group.ended = true,
            "group_participants_add" | "group_participants_remove" => {
                group.members.retain(|member| !named(member));
                if kind == "group_participants_add" {
                    group.members.extend_from_slice(people);
                }
            }
            "group_suspend" => group.suspended = true,
            "group_suspend_cleared" => group.suspended = false,
            _ => {}
        }
    }

    /// Somebody wrote in a group, so they are in it.
    pub(crate) fn heard_in_group(&mut self, id: &str, number: &str, person: &Person) {
        let now = self.now();
        self.change_group(
            id,
            number,
            "group_participants_add",
            std::slice::from_ref(person),
        );
        if let Some(group) = self.groups.get_mut(id) {
            group.heard = Some(now);
        }
    }

    /// `GET /{group}`.
    pub(crate) fn group_call(&self, call: &Call<'_>) -> Result<Option<Step>, Refusal> {
        let group = self.groups.get(call.node).filter(|group| !group.ended);
        let Some(group) = group else {
            return Err(Refusal::no_node(call.method, call.node));
        };
        if (call.method, call.edge) != ("GET", None) {
            return Ok(None);
        }
        let people: Vec<Value> = group
            .members
            .iter()
            .map(|person| {
                let mut shown = json!({});
                set_some(&mut shown, "wa_id", person.phone.clone());
                if person.phone.is_none() {
                    set(&mut shown, "user_id", person.user_id.clone());
                }
                shown
            })
            .collect();
        let mut node = json!({"id": call.node, "messaging_product": "whatsapp"});
        let fields = call.query.get("fields").map_or("subject", String::as_str);
        for field in fields.split(',') {
            match field {
                "participants" => set(&mut node, field, people.clone()),
                "subject" => set(&mut node, field, group.subject.clone()),
                "suspended" => set(&mut node, field, group.suspended),
                "total_participant_count" => set(&mut node, field, group.members.len()),
                _ => {}
            }
        }
        Ok(Some(Step::Answer(node)))
    }

    /// A message to everybody in a group.
    pub(crate) fn send_to_group(
        &mut self,
        phone_number_id: &str,
        body: &Value,
        kind: &str,
    ) -> Result<Accepted, Refusal> {
        let types = [
            "audio", "document", "image", "sticker", "template", "text", "video",
        ];
        if !types.contains(&kind) {
            return Err(Refusal::new(131_051, "Groups do not take this type."));
        }
        let id = text(body, "to").unwrap_or_default();
        let group = self.groups.get(id);
        let group = group.filter(|group| group.phone_number_id == phone_number_id && !group.ended);
        let Some(group) = group.cloned() else {
            return Err(Refusal::new(131_041, "to is no group of this number."));
        };
        if group.suspended {
            return Err(Refusal::new(131_207, "The group is suspended."));
        }
        let Some(first) = group.members.first().cloned() else {
            return Err(Refusal::new(131_020, "Nobody else is in the group."));
        };
        let category = match kind {
            "template" => Some(template_check::check(self, body, false)?),
            _ => None,
        };
        validate::referenced_media(body, kind, &self.media)?;
        let open = group.heard.is_some_and(|last| self.now() - last < DAY);
        let closed = category.is_none() && !open;
        let course = match self.limits.window {
            WindowCheck::Sync if closed => {
                return Err(Refusal::new(
                    131_047,
                    "Nobody in the group wrote in 24 hours.",
                ));
            }
            WindowCheck::Async if closed => Course::Fails(131_047),
            _ => Course::Message,
        };
        let wamid = ids::wamid(&mut self.rng, id, Direction::FromBusiness);
        let record = Record {
            callback_data: text(body, "biz_opaque_callback_data").map(str::to_owned),
            group: Some(id.to_owned()),
            person: first,
            phone_number_id: phone_number_id.to_owned(),
            pricing: Some(Pricing {
                category: category.as_deref().map_or_else(
                    || "group_service".to_owned(),
                    |category| format!("group_{}", category.to_ascii_lowercase()),
                ),
                free: category.is_none(),
            }),
        };
        self.records.insert(wamid.clone(), record);
        self.plan_statuses(&wamid, course);
        let response = json!({
            "messaging_product": "whatsapp",
            "contacts": [{"input": id, "wa_id": id}],
            "messages": [{"id": wamid, "group_id": id}],
        });
        Ok(Accepted {
            id: wamid,
            response,
        })
    }
}
