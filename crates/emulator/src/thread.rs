//! The chats as the phone page shows them.

use serde_json::Value;
use serde_json::json;

use crate::config::Person;
use crate::json::list;
use crate::json::set;
use crate::json::set_some;
use crate::json::text;
use crate::json::text_at;
use crate::render;
use crate::statuses::Course;
use crate::world::World;

/// One bubble of a chat.
#[derive(Clone, Debug)]
pub(crate) struct Bubble {
    pub(crate) at: i64,
    pub(crate) from_business: bool,
    pub(crate) id: String,
    /// Handle of the person, which outlives a change of number.
    pub(crate) person: String,
    pub(crate) phone_number_id: String,
    reaction: Option<String>,
    tick: &'static str,
    view: Value,
}

impl Bubble {
    pub(crate) fn to_json(&self) -> Value {
        let mut shown = json!({
            "id": self.id, "from_business": self.from_business, "at": self.at, "tick": self.tick,
            "person": self.person, "number": self.phone_number_id, "view": self.view,
        });
        set_some(&mut shown, "reaction", self.reaction.clone());
        shown
    }
}

/// What a file is called where there is no room to show it.
fn file(view: &Value) -> Option<&str> {
    let name = text_at(view, "/media/name");
    name.or_else(|| match text_at(view, "/media/kind")? {
        "audio" => Some("Sound"),
        "document" => Some("Document"),
        "image" => Some("Picture"),
        "sticker" => Some("Sticker"),
        "video" => Some("Video"),
        kind => Some(kind),
    })
}

/// Ticks only ever move up.
fn rank(tick: &str) -> u8 {
    match tick {
        "sent" => 1,
        "delivered" => 2,
        "read" => 3,
        "played" => 4,
        "failed" => 5,
        _ => 0,
    }
}

impl World {
    pub(crate) fn show_outgoing(
        &mut self,
        id: &str,
        phone_number_id: &str,
        person: &Person,
        body: &Value,
        course: Course,
    ) {
        if !self.in_cast(&person.user_id) || matches!(course, Course::Fails(_)) {
            return;
        }
        if let Some(reaction) = body.get("reaction").filter(|_| course == Course::Reaction) {
            self.react(reaction);
            return;
        }
        let view = render::outgoing(self, body);
        self.show((id, phone_number_id, &person.id), true, view);
    }

    pub(crate) fn show_incoming(
        &mut self,
        phone_number_id: &str,
        person: &Person,
        message: &Value,
    ) {
        if let Some(reaction) = message.get("reaction") {
            self.react(reaction);
            return;
        }
        let view = render::incoming(self, message);
        let id = text(message, "id").unwrap_or_default();
        self.show((id, phone_number_id, &person.id), false, view);
    }

    fn show(
        &mut self,
        (id, phone_number_id, person): (&str, &str, &str),
        from_business: bool,
        view: Value,
    ) {
        let bubble = Bubble {
            at: self.now(),
            from_business,
            id: id.to_owned(),
            person: person.to_owned(),
            phone_number_id: phone_number_id.to_owned(),
            reaction: None,
            tick: if from_business { "accepted" } else { "sent" },
            view,
        };
        let shown = bubble.to_json();
        self.bubbles.push(bubble, shown.to_string().len());
        self.tell(json!({"kind": "message", "message": shown}));
    }

    fn react(&mut self, reaction: &Value) {
        let Some(target) = text(reaction, "message_id") else {
            return;
        };
        let emoji = text(reaction, "emoji").map(str::to_owned);
        let Some(bubble) = self
            .bubbles
            .iter_mut()
            .rev()
            .find(|bubble| bubble.id == target)
        else {
            return;
        };
        bubble.reaction = emoji;
        let shown = bubble.to_json();
        self.tell(json!({"kind": "message", "message": shown}));
    }

    /// Moves the ticks of a bubble up to this status.
    pub(crate) fn move_tick(&mut self, id: &str, tick: &'static str) {
        let Some(bubble) = self.bubbles.iter_mut().rev().find(|bubble| bubble.id == id) else {
            return;
        };
        if rank(tick) <= rank(bubble.tick) {
            return;
        }
        bubble.tick = tick;
        let told = json!({"kind": "tick", "id": id, "tick": tick, "person": bubble.person, "number": bubble.phone_number_id});
        self.tell(told);
    }

    /// Marks a received message and the earlier ones of its chat as read; `false` if it is unknown.
    pub(crate) fn read_up_to(&mut self, id: &str, typing: bool) -> bool {
        let Some(last) = self
            .bubbles
            .iter()
            .rev()
            .find(|bubble| bubble.id == id && !bubble.from_business)
        else {
            return false;
        };
        let (at, person, number) = (last.at, last.person.clone(), last.phone_number_id.clone());
        let read: Vec<String> = self
            .bubbles
            .iter()
            .filter(|bubble| !bubble.from_business && bubble.at <= at)
            .filter(|bubble| {
                bubble.person == person && bubble.phone_number_id == number && bubble.tick != "read"
            })
            .map(|bubble| bubble.id.clone())
            .collect();
        for id in read {
            self.move_tick(&id, "read");
        }
        if typing {
            self.tell(json!({"kind": "typing", "person": person, "number": number}));
        }
        true
    }

    /// What a quoted message says, shortened.
    pub(crate) fn quote(&self, id: &str) -> Option<String> {
        let bubble = self.bubbles.iter().rev().find(|bubble| bubble.id == id)?;
        let said = text(&bubble.view, "text").or_else(|| file(&bubble.view));
        Some(
            said.or_else(|| text(&bubble.view, "note"))
                .unwrap_or("Message")
                .chars()
                .take(80)
                .collect(),
        )
    }

    /// The newest bubble of a chat written by this side.
    pub(crate) fn last_bubble(
        &self,
        phone_number_id: &str,
        person: &str,
        from_business: bool,
    ) -> Option<&Bubble> {
        self.bubbles.iter().rev().find(|bubble| {
            bubble.person == person
                && bubble.phone_number_id == phone_number_id
                && bubble.from_business == from_business
        })
    }

    /// Where a template's quick reply or a reply button came from, so that an answer can quote it.
    pub(crate) fn bubble_with_action(
        &self,
        phone_number_id: &str,
        person: &str,
        label: &str,
    ) -> Option<String> {
        let fits = |bubble: &&Bubble| {
            bubble.from_business
                && bubble.person == person
                && bubble.phone_number_id == phone_number_id
                && list(&bubble.view, "actions")
                    .iter()
                    .any(|action| text(action, "label") == Some(label))
        };
        self.bubbles
            .iter()
            .rev()
            .find(fits)
            .map(|bubble| bubble.id.clone())
    }

    /// Everything the phone page needs to draw the list of chats.
    pub(crate) fn phone_state(&self) -> Value {
        let people: Vec<Value> = self
            .people
            .iter()
            .map(|person| {
                let mut shown = self.person_json(person);
                let last = self
                    .bubbles
                    .iter()
                    .rev()
                    .find(|bubble| bubble.person == person.id);
                set_some(&mut shown, "last", last.map(Bubble::to_json));
                shown
            })
            .collect();
        let numbers: Vec<Value> = self
            .numbers
            .iter()
            .map(|state| {
                json!({
                    "id": state.number.phone_number_id, "name": state.number.verified_name,
                    "display": state.number.display_phone_number,
                })
            })
            .collect();
        json!({"people": people, "numbers": numbers, "now": self.now(), "virtual": self.clock.is_virtual()})
    }

    pub(crate) fn person_json(&self, person: &Person) -> Value {
        let mut shown = json!({
            "id": person.id, "name": person.name, "user_id": person.user_id,
            "marketing_stopped": self.stopped.contains(&person.user_id),
            "identity_key_hash": self.identity_key_hash(person),
        });
        set_some(&mut shown, "phone", person.phone.clone());
        set_some(&mut shown, "username", person.username.clone());
        set_some(&mut shown, "parent_user_id", person.parent_user_id.clone());
        let open: Vec<&str> = self
            .numbers
            .iter()
            .map(|state| state.number.phone_number_id.as_str())
            .filter(|number| self.window_open(number, person))
            .collect();
        set(&mut shown, "window_open", open);
        shown
    }
}
