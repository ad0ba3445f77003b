//! The status engine: `sent`, `delivered`, `read`, `played` and `failed` after seeded delays.

use serde_json::Value;
use serde_json::json;

use crate::config::Person;
use crate::error::webhook_error;
use crate::json::set;
use crate::json::set_some;
use crate::webhook::contact;
use crate::world::Event;
use crate::world::World;

/// One delivery status.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Status {
    Delivered,
    /// With the code of the error.
    Failed(u32),
    Played,
    Read,
    Sent,
}

impl Status {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Failed(_) => "failed",
            Self::Played => "played",
            Self::Read => "read",
            Self::Sent => "sent",
        }
    }

    /// Reads a status that can be ordered by name.
    pub(crate) fn parse(word: &str) -> Option<Self> {
        [Self::Delivered, Self::Played, Self::Read, Self::Sent]
            .into_iter()
            .find(|status| status.word() == word)
    }
}

/// How statuses are reported, set through the control API.
#[derive(Clone, Debug)]
pub(crate) struct StatusSettings {
    /// Statuses in one webhook.
    pub(crate) batch: usize,
    /// Whether `failed` statuses name the person in `contacts`, as the other statuses do.
    pub(crate) contacts_on_failed: bool,
    /// Extra copies of each status.
    pub(crate) duplicates: u32,
    /// Which statuses come, in this order; `None` is the ordinary course.
    pub(crate) order: Option<Vec<Status>>,
}

impl Default for StatusSettings {
    fn default() -> Self {
        Self {
            batch: 1,
            contacts_on_failed: false,
            duplicates: 0,
            order: None,
        }
    }
}

/// What is remembered of an accepted message.
#[derive(Clone, Debug)]
pub(crate) struct Record {
    /// Caller's value, echoed on every status.
    pub(crate) callback_data: Option<String>,
    /// The group, for a message to one; `person` is then the first in it.
    pub(crate) group: Option<String>,
    pub(crate) person: Person,
    pub(crate) phone_number_id: String,
    /// `None` where no price applies (reactions).
    pub(crate) pricing: Option<Pricing>,
}

#[derive(Clone, Debug)]
pub(crate) struct Pricing {
    pub(crate) category: String,
    pub(crate) free: bool,
}

/// The ordinary course of a message.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Course {
    /// Accepted, then failed with this code.
    Fails(u32),
    Message,
    Reaction,
    Voice,
}

impl Course {
    fn statuses(self) -> Vec<Status> {
        match self {
            Self::Fails(code) => vec![Status::Failed(code)],
            Self::Message => vec![Status::Sent, Status::Delivered, Status::Read],
            Self::Reaction => vec![Status::Sent],
            Self::Voice => vec![
                Status::Sent,
                Status::Delivered,
                Status::Read,
                Status::Played,
            ],
        }
    }
}

impl World {
    /// Plans the statuses of an accepted message.
    pub(crate) fn plan_statuses(&mut self, id: &str, course: Course) {
        let statuses = match (&self.status_settings.order, course) {
            (Some(order), Course::Message | Course::Voice) => order.clone(),
            _ => course.statuses(),
        };
        let delays = self.config.status_delays;
        let mut at = self.now();
        for status in statuses {
            let range = match status {
                Status::Delivered => delays.delivered,
                Status::Failed(_) => delays.failed,
                Status::Played | Status::Read => delays.read,
                Status::Sent => delays.sent,
            };
            at += i64::from(self.rng.between(range)) * 1000;
            for _ in 0..=self.status_settings.duplicates {
                self.schedule(
                    at,
                    Event::Status {
                        id: id.to_owned(),
                        status,
                    },
                );
                at += 1;
            }
        }
    }

    pub(crate) fn report_status(&mut self, id: &str, status: Status) {
        self.move_tick(id, status.word());
        let Some(record) = self.records.get(&id.to_owned()) else {
            return;
        };
        let value = status_value(record, id, status, self.seconds());
        let names_person =
            self.status_settings.contacts_on_failed || !matches!(status, Status::Failed(_));
        let shown = names_person.then(|| contact(&record.person));
        let phone_number_id = record.phone_number_id.clone();
        self.held_statuses.push((phone_number_id, value, shown));
        if self.held_statuses.len() >= self.status_settings.batch.max(1) {
            self.release_statuses();
        }
    }

    /// Sends the statuses held back for a batch, one webhook per number.
    pub(crate) fn release_statuses(&mut self) {
        let mut held = std::mem::take(&mut self.held_statuses);
        while let Some((phone_number_id, _, _)) = held.first() {
            let phone_number_id = phone_number_id.clone();
            let (mine, others) = held
                .into_iter()
                .partition(|(id, _, _)| *id == phone_number_id);
            held = others;
            self.emit_statuses(&phone_number_id, mine);
        }
    }

    fn emit_statuses(&mut self, phone_number_id: &str, batch: Vec<(String, Value, Option<Value>)>) {
        let Some(number) = self.number(phone_number_id) else {
            return;
        };
        let mut value = json!({"messaging_product": "whatsapp", "metadata": number.metadata()});
        let mut statuses = Vec::new();
        let mut contacts: Vec<Value> = Vec::new();
        for (_, status, shown) in batch {
            statuses.push(status);
            contacts.extend(shown.filter(|shown| !contacts.contains(shown)));
        }
        set(&mut value, "statuses", statuses);
        if !contacts.is_empty() {
            set(&mut value, "contacts", contacts);
        }
        self.emit("messages", Some(phone_number_id), &value);
    }
}

/// Of a message to a group, who got or read it is told beside the group.
fn name_recipient(value: &mut Value, record: &Record, status: Status) {
    let person = &record.person;
    let (phone, user_id, parent) = match &record.group {
        Some(group) => {
            set(value, "recipient_type", "group");
            set(value, "recipient_id", group.clone());
            if !matches!(status, Status::Delivered | Status::Played | Status::Read) {
                return;
            }
            (
                "recipient_participant_id",
                "recipient_participant_user_id",
                "recipient_participant_parent_user_id",
            )
        }
        None => (
            "recipient_id",
            "recipient_user_id",
            "recipient_parent_user_id",
        ),
    };
    set(value, user_id, person.user_id.clone());
    set_some(value, phone, person.phone.clone());
    set_some(value, parent, person.parent_user_id.clone());
}

fn status_value(record: &Record, id: &str, status: Status, seconds: i64) -> Value {
    let mut value = json!({"id": id, "status": status.word(), "timestamp": seconds.to_string()});
    name_recipient(&mut value, record, status);
    set_some(
        &mut value,
        "biz_opaque_callback_data",
        record.callback_data.clone(),
    );
    match (status, &record.pricing) {
        (Status::Failed(code), _) => {
            let details = "Reported by the emulator; see the table of codes in its documentation.";
            set(&mut value, "errors", json!([webhook_error(code, details)]));
        }
        (Status::Delivered | Status::Sent, Some(pricing)) => {
            let kind = if pricing.free {
                "free_customer_service"
            } else {
                "regular"
            };
            let price = json!({
                "billable": !pricing.free, "pricing_model": "PMP", "type": kind, "category": pricing.category,
            });
            set(&mut value, "pricing", price);
        }
        _ => {}
    }
    value
}
