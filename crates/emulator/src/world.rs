//! The emulated world: one value behind one lock. Every change happens here, in order, at a known
//! instant; only the HTTP exchanges are outside.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::collections::VecDeque;

use serde_json::Value;
use serde_json::json;

use crate::bucket::Bucket;
use crate::clock::Clock;
use crate::config::Config;
use crate::config::Limits;
use crate::config::Number;
use crate::config::Person;
use crate::config::Template;
use crate::config::digits;
use crate::fault::Fault;
use crate::group_sends::Groups;
use crate::ids;
use crate::media::MediaStore;
use crate::placed_calls::Ringing;
use crate::ring::Recent;
use crate::ring::Ring;
use crate::rng::Rng;
use crate::send::looks_like_user_id;
use crate::statuses::Record;
use crate::statuses::Status;
use crate::statuses::StatusSettings;
use crate::thread::Bubble;
use crate::webhook::Delivery;
use crate::webhook::Job;
use crate::webhook::Subscription;

/// Entries kept in each log.
const LOG_ENTRIES: usize = 10_000;
/// Bytes kept in each log.
const LOG_BYTES: usize = 64 << 20;
/// People, pairs and messages remembered for the rules.
const REMEMBERED: usize = 100_000;
/// Events waiting for their instant; beyond it new ones are forgotten.
const MOST_EVENTS: usize = 1_000_000;
/// People one may add to the cast.
const MOST_PEOPLE: usize = 500;

/// A pair of business number and person.
pub(crate) type Pair = (String, String);

/// Something that happens later.
#[derive(Clone, Debug)]
pub(crate) enum Event {
    Approve { template: u64 },
    Retry(Job),
    Status { id: String, status: Status },
}

/// A business number and what was set on it.
#[derive(Clone, Debug)]
pub(crate) struct NumberState {
    pub(crate) number: Number,
    /// Whether it can send.
    pub(crate) registered: bool,
    pub(crate) settings: Value,
    pub(crate) override_url: Option<String>,
    pub(crate) profile: Value,
}

/// One send call as it came in.
#[derive(Clone, Debug)]
pub(crate) struct SentCall {
    pub(crate) at: i64,
    pub(crate) body: Value,
    pub(crate) code: Option<u32>,
    pub(crate) id: Option<String>,
    pub(crate) n: u64,
    pub(crate) path: String,
    pub(crate) phone_number_id: String,
    pub(crate) status: u16,
}

#[derive(Debug)]
pub(crate) struct World {
    /// Where the emulator itself can be reached, without a slash at the end.
    pub(crate) base_url: String,
    /// BSUIDs of the people each number has blocked, oldest first.
    pub(crate) blocked: BTreeMap<String, Vec<String>>,
    pub(crate) bubbles: Ring<Bubble>,
    pub(crate) calls: BTreeMap<String, u64>,
    pub(crate) clock: Clock,
    pub(crate) config: Config,
    pub(crate) deliveries: Ring<Delivery>,
    pub(crate) events: BTreeMap<(i64, u64), Event>,
    pub(crate) faults: VecDeque<Fault>,
    /// BSUIDs whose entry in the contact book was deleted.
    pub(crate) forgotten: BTreeSet<String>,
    pub(crate) groups: Groups,
    pub(crate) held_statuses: Vec<(String, Value, Option<Value>)>,
    pub(crate) in_flight: usize,
    pub(crate) limits: Limits,
    /// What the phone pages are told, oldest first.
    pub(crate) live: Vec<Value>,
    pub(crate) media: MediaStore,
    pub(crate) numbers: Vec<NumberState>,
    /// Faults for the calls that are neither sends nor uploads.
    pub(crate) other_faults: VecDeque<Fault>,
    pub(crate) outbox: VecDeque<Job>,
    pub(crate) pairs: Recent<Pair, Bucket>,
    pub(crate) people: Vec<Person>,
    /// Until when each person may be called by each number, in Unix seconds.
    pub(crate) permissions: BTreeMap<Pair, i64>,
    pub(crate) records: Recent<String, Record>,
    /// Calls that are under way, by their ids.
    pub(crate) ringing: Recent<String, Ringing>,
    pub(crate) rng: Rng,
    pub(crate) sent: Ring<SentCall>,
    sequence: u64,
    pub(crate) status_settings: StatusSettings,
    /// BSUIDs of people who used WhatsApp's own "stop promotions".
    pub(crate) stopped: BTreeSet<String>,
    pub(crate) subscription: Subscription,
    /// The creative features of templates that were told some.
    pub(crate) template_specs: BTreeMap<u64, Value>,
    pub(crate) templates: Vec<Template>,
    pub(crate) throughput: BTreeMap<String, Bucket>,
    /// When each person last wrote to each number.
    pub(crate) windows: Recent<Pair, i64>,
}

impl World {
    pub(crate) fn new(config: Config, base_url: String) -> Self {
        let numbers = config
            .numbers
            .iter()
            .cloned()
            .map(NumberState::new)
            .collect();
        let mut world = Self {
            base_url,
            blocked: BTreeMap::new(),
            bubbles: Ring::new(LOG_ENTRIES, LOG_BYTES),
            calls: BTreeMap::new(),
            clock: Clock::new(config.virtual_clock),
            deliveries: Ring::new(LOG_ENTRIES, LOG_BYTES),
            events: BTreeMap::new(),
            faults: VecDeque::new(),
            forgotten: BTreeSet::new(),
            groups: Groups::new(),
            held_statuses: Vec::new(),
            in_flight: 0,
            limits: config.limits,
            live: Vec::new(),
            media: MediaStore::new(),
            numbers,
            other_faults: VecDeque::new(),
            outbox: VecDeque::new(),
            pairs: Recent::new(REMEMBERED),
            people: config.people.clone(),
            permissions: BTreeMap::new(),
            records: Recent::new(REMEMBERED),
            ringing: Recent::new(REMEMBERED),
            rng: Rng::new(config.seed),
            sent: Ring::new(LOG_ENTRIES, LOG_BYTES),
            sequence: 0,
            status_settings: StatusSettings::default(),
            stopped: BTreeSet::new(),
            subscription: Subscription::new(&config),
            template_specs: BTreeMap::new(),
            templates: Vec::new(),
            throughput: BTreeMap::new(),
            windows: Recent::new(REMEMBERED),
            config,
        };
        for mut template in world.config.templates.clone() {
            if template.id == 0 {
                template.id = world.template_id();
            }
            world.templates.push(template);
        }
        world
    }

    /// Back to how it started. Deliveries under way finish unrecorded.
    pub(crate) fn reset(&mut self) {
        let fresh = Self::new(self.config.clone(), self.base_url.clone());
        let before = std::mem::replace(self, fresh);
        self.in_flight = before.in_flight;
        self.sequence = before.sequence;
        self.tell(json!({"kind": "reset"}));
    }

    pub(crate) fn now(&self) -> i64 {
        self.clock.now()
    }

    /// Seconds since 1970, as webhooks write instants.
    pub(crate) fn seconds(&self) -> i64 {
        self.now().div_euclid(1_000_000)
    }

    /// The next number of the run, never used twice.
    pub(crate) fn next_number(&mut self) -> u64 {
        self.sequence += 1;
        self.sequence
    }

    pub(crate) fn schedule(&mut self, at: i64, event: Event) {
        if self.events.len() < MOST_EVENTS {
            let number = self.next_number();
            self.events.insert((at, number), event);
        }
    }

    /// When the earliest event is due.
    pub(crate) fn next_due(&self) -> Option<i64> {
        self.events.first_key_value().map(|((at, _), _)| *at)
    }

    /// Runs the earliest event if it is due; tells whether there was one.
    pub(crate) fn run_due(&mut self) -> bool {
        let now = self.now();
        match self.events.first_entry() {
            Some(entry) if entry.key().0 <= now => {
                let event = entry.remove();
                self.run(event);
                true
            }
            _ => false,
        }
    }

    fn run(&mut self, event: Event) {
        match event {
            Event::Approve { template } => self.approve(template),
            Event::Retry(job) => self.outbox.push_back(job),
            Event::Status { id, status } => self.report_status(&id, status),
        }
    }

    /// Runs every pending status now, in order, without moving the clock.
    pub(crate) fn tick_statuses(&mut self) {
        let due: Vec<_> = self
            .events
            .extract_if(.., |_, event| matches!(event, Event::Status { .. }))
            .map(|(_, event)| event)
            .collect();
        for event in due {
            self.run(event);
        }
        self.release_statuses();
    }

    /// Whether nothing is due, queued or under way.
    pub(crate) fn is_quiet(&self) -> bool {
        let now = self.now();
        self.in_flight == 0 && self.outbox.is_empty() && self.next_due().is_none_or(|due| due > now)
    }

    pub(crate) fn tell(&mut self, what: Value) {
        self.live.push(what);
    }

    pub(crate) fn number(&self, phone_number_id: &str) -> Option<&NumberState> {
        self.numbers
            .iter()
            .find(|state| state.number.phone_number_id == phone_number_id)
    }

    pub(crate) fn number_mut(&mut self, phone_number_id: &str) -> Option<&mut NumberState> {
        self.numbers
            .iter_mut()
            .find(|state| state.number.phone_number_id == phone_number_id)
    }

    /// Somebody of the cast by handle, BSUID, or number in any writing.
    pub(crate) fn person(&self, who: &str) -> Option<&Person> {
        let phone = digits(who);
        self.people.iter().find(|person| {
            person.id == who
                || person.user_id == who
                || (!who.contains('.')
                    && !phone.is_empty()
                    && person.phone.as_ref() == Some(&phone))
        })
    }

    /// Whoever has this number: somebody of the cast, or a stranger with a derived BSUID.
    pub(crate) fn phone_owner(&self, phone: &str) -> Person {
        self.people
            .iter()
            .find(|person| person.phone.as_deref() == Some(phone))
            .cloned()
            .unwrap_or_else(|| {
                let user_id = ids::stranger_user_id(self.config.seed, phone);
                Person::stranger(Some(phone.to_owned()), user_id)
            })
    }

    /// As [`World::person`], but somebody unknown joins the cast.
    pub(crate) fn person_or_new(&mut self, who: &str) -> Option<Person> {
        if let Some(person) = self.person(who) {
            return Some(person.clone());
        }
        let phone = digits(who);
        let mut person = if looks_like_user_id(who) {
            Person::stranger(None, who.to_owned())
        } else if (7..=15).contains(&phone.len()) && !who.chars().any(char::is_alphabetic) {
            self.phone_owner(&phone)
        } else {
            return None;
        };
        if self.people.len() >= MOST_PEOPLE {
            return None;
        }
        person.name = format!("Guest {}", self.people.len() + 1);
        self.people.push(person.clone());
        self.tell(json!({"kind": "people"}));
        Some(person)
    }

    /// Whether this is one of the people that can be played.
    pub(crate) fn in_cast(&self, user_id: &str) -> bool {
        self.people.iter().any(|person| person.user_id == user_id)
    }

    pub(crate) fn count_call(&mut self, kind: &str) {
        *self.calls.entry(kind.to_owned()).or_insert(0) += 1;
    }
}

impl NumberState {
    fn new(number: Number) -> Self {
        let profile = json!({
            "messaging_product": "whatsapp", "about": number.verified_name, "address": "",
            "description": "", "email": "", "vertical": "RESTAURANT", "websites": [],
        });
        Self {
            number,
            override_url: None,
            profile,
            registered: true,
            settings: json!({}),
        }
    }

    pub(crate) fn metadata(&self) -> Value {
        json!({
            "display_phone_number": self.number.digits(),
            "phone_number_id": self.number.phone_number_id,
        })
    }
}
