//! Passages in what a message says: found by their place, cut out by it.
//!
//! A message is JSON. Its readable strings, in the order of their keys, stand one behind the other with
//! one byte between them; a place is an offset into that. What a message holds never changes, so a
//! place found once is the same place later, and nothing of the text has to be kept with it.

use pii::Context;
use pii::Kind;
use serde_json::Value;

/// What is about somebody else. Codes are stored.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[repr(u8)]
pub enum Other {
    /// A contact card.
    ContactCard = 1,
    /// An e-mail address.
    Email = 2,
    /// A phone number.
    Phone = 3,
    /// The number of a payment card.
    PaymentCard = 4,
    /// A bank account.
    BankAccount = 5,
    /// An identity number.
    IdentityNumber = 6,
}

/// A passage that may be about somebody else.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Found {
    /// What it is.
    pub what: Other,
    /// Where it begins.
    pub start: u32,
    /// How long it is, in bytes.
    pub length: u32,
}

/// A passage to cut out.
pub type Cut = Found;

impl Other {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::ContactCard,
        Self::Email,
        Self::Phone,
        Self::PaymentCard,
        Self::BankAccount,
        Self::IdentityNumber,
    ];

    /// The code under which it is stored.
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// The one with this code.
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|other| other.code() == code)
    }

    /// Its name in the admin API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::BankAccount => "bank-account",
            Self::ContactCard => "contact-card",
            Self::Email => "email",
            Self::IdentityNumber => "identity-number",
            Self::PaymentCard => "payment-card",
            Self::Phone => "phone",
        }
    }

    /// Whether it is left out unless somebody says otherwise. Cards, accounts and identity numbers in a
    /// person's own messages are mostly their own.
    pub const fn is_left_out(self) -> bool {
        matches!(self, Self::ContactCard | Self::Email | Self::Phone)
    }

    /// What stands in its place.
    pub const fn label(self) -> &'static str {
        match self {
            Self::BankAccount => "[left out: bank account of another person]",
            Self::ContactCard => "[left out: contact card of another person]",
            Self::Email => "[left out: e-mail address of another person]",
            Self::IdentityNumber => "[left out: identity number of another person]",
            Self::PaymentCard => "[left out: payment card of another person]",
            Self::Phone => "[left out: phone number of another person]",
        }
    }

    const fn of(kind: Kind) -> Self {
        match kind {
            Kind::ContactCard => Self::ContactCard,
            Kind::Email => Self::Email,
            Kind::Iban => Self::BankAccount,
            Kind::PaymentCard => Self::PaymentCard,
            Kind::Phone => Self::Phone,
            Kind::SouthAfricanId => Self::IdentityNumber,
        }
    }
}

/// Keys whose values are for machines: ids, instants, types. Everything else is read.
const MACHINES: [&str; 22] = [
    "biz_opaque_callback_data",
    "contact",
    "context",
    "event",
    "from",
    "from_parent_user_id",
    "from_user_id",
    "group_id",
    "id",
    "language",
    "message_id",
    "messaging_product",
    "mime_type",
    "recipient",
    "recipient_type",
    "sha256",
    "status",
    "timestamp",
    "to",
    "type",
    "user_id",
    "wa_id",
];

/// The key of contact cards in a message.
const CARDS: &str = "contacts";

/// Passages of a message that may be about somebody else. `is_own` says of a canonical value whether
/// it is the person's, or the organisation's.
pub fn others(content: &Value, context: Context, is_own: &dyn Fn(&str) -> bool) -> Vec<Found> {
    let mut found = Vec::new();
    let mut at = 0;
    look(content, &mut at, &mut |place, passage| match passage {
        Passage::Card(card) => {
            if !has_own(card, context, is_own) {
                found.extend(at_place(Other::ContactCard, place, measure(card)));
            }
        }
        Passage::Text(text) => {
            for span in pii::find(text, context) {
                let value = pii::canonical(text, &span, context);
                if !value.is_some_and(|value| is_own(&value)) {
                    let what = Other::of(span.kind);
                    found.extend(at_place(what, place + span.start, span.len));
                }
            }
        }
    });
    found
}

/// Cuts passages out of a message and says there what they were. Returns how many it has cut.
pub fn cut(content: &mut Value, cuts: &[Cut]) -> usize {
    let mut state = Cutting { cuts, done: 0 };
    let mut at = 0;
    state.value(content, &mut at);
    state.done
}

/// A passage as somebody sees it who decides about it.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Shown {
    /// What stands before it.
    pub before: String,
    /// The passage.
    pub passage: String,
    /// What stands behind it.
    pub after: String,
}

/// A passage of a message with what stands around it; none where there is none at this place.
pub fn show(content: &Value, wanted: Found) -> Option<Shown> {
    let (start, mut shown, mut at) = (wanted.start as usize, None, 0);
    look(content, &mut at, &mut |place, passage| match passage {
        Passage::Card(card) if place == start && wanted.what == Other::ContactCard => {
            let mut lines = Vec::new();
            strings(card, &mut lines);
            shown = Some(Shown {
                passage: lines.join(" · "),
                ..Shown::default()
            });
        }
        Passage::Text(text) if (place..=place + text.len()).contains(&start) => {
            let from = start - place;
            let end = from + wanted.length as usize;
            shown = text.get(from..end).map(|passage| Shown {
                before: text.get(..from).map(last).unwrap_or_default(),
                passage: passage.to_owned(),
                after: text.get(end..).map(first).unwrap_or_default(),
            });
        }
        Passage::Card(_) | Passage::Text(_) => {}
    });
    shown
}

/// How many characters are shown on either side.
const AROUND: usize = 60;

fn first(text: &str) -> String {
    text.chars().take(AROUND).collect()
}

fn last(text: &str) -> String {
    let from = text.char_indices().rev().nth(AROUND - 1);
    let from = from.map_or(0, |(at, _)| at);
    text.get(from..).unwrap_or_default().to_owned()
}

fn strings<'v>(value: &'v Value, out: &mut Vec<&'v str>) {
    match value {
        Value::String(text) => out.push(text),
        Value::Array(values) => values.iter().for_each(|value| strings(value, out)),
        Value::Object(members) => members.values().for_each(|value| strings(value, out)),
        Value::Bool(_) | Value::Null | Value::Number(_) => {}
    }
}

/// Something that is read.
enum Passage<'v> {
    Card(&'v Value),
    Text(&'v str),
}

fn look<'v>(value: &'v Value, at: &mut usize, see: &mut dyn FnMut(usize, Passage<'v>)) {
    match value {
        Value::String(text) => {
            see(*at, Passage::Text(text));
            *at += text.len() + 1;
        }
        Value::Array(values) => {
            for value in values {
                look(value, at, see);
            }
        }
        Value::Object(members) => {
            for (key, value) in members {
                match value {
                    Value::Array(cards) if key == CARDS => {
                        for card in cards {
                            see(*at, Passage::Card(card));
                            *at += measure(card) + 1;
                        }
                    }
                    _ if MACHINES.contains(&key.as_str()) => {}
                    value => look(value, at, see),
                }
            }
        }
        Value::Bool(_) | Value::Null | Value::Number(_) => {}
    }
}

struct Cutting<'c> {
    cuts: &'c [Cut],
    done: usize,
}

impl Cutting<'_> {
    /// The passages that begin in so many bytes from a place on.
    fn within(&self, at: usize, length: usize) -> impl DoubleEndedIterator<Item = &Cut> {
        let begins = move |cut: &&Cut| (at..at + length.max(1)).contains(&(cut.start as usize));
        self.cuts.iter().filter(begins)
    }

    fn value(&mut self, value: &mut Value, at: &mut usize) {
        match value {
            Value::String(text) => {
                let length = text.len();
                self.text(text, *at);
                *at += length + 1;
            }
            Value::Array(values) => {
                for value in values {
                    self.value(value, at);
                }
            }
            Value::Object(members) => {
                for (key, value) in members {
                    self.member(key, value, at);
                }
            }
            Value::Bool(_) | Value::Null | Value::Number(_) => {}
        }
    }

    fn member(&mut self, key: &str, value: &mut Value, at: &mut usize) {
        match value {
            Value::Array(cards) if key == CARDS => {
                for card in cards {
                    self.card(card, at);
                }
            }
            _ if MACHINES.contains(&key) => {}
            value => self.value(value, at),
        }
    }

    fn card(&mut self, card: &mut Value, at: &mut usize) {
        let length = measure(card);
        if self.within(*at, length).next().is_some() {
            *card = Value::String(Other::ContactCard.label().to_owned());
            self.done += 1;
        }
        *at += length + 1;
    }

    /// From the last passage to the first, so that the places of those before stay right.
    fn text(&mut self, text: &mut String, at: usize) {
        let mut cuts: Vec<Cut> = self.within(at, text.len()).copied().collect();
        cuts.sort_unstable_by_key(|cut| cut.start);
        for cut in cuts.iter().rev() {
            let start = (cut.start as usize).saturating_sub(at);
            let end = start + cut.length as usize;
            // A place that does not fit cuts the whole text: rather too much than too little.
            let whole = text.get(start..end).is_none();
            let range = if whole { 0..text.len() } else { start..end };
            text.replace_range(range, cut.what.label());
            self.done += 1;
            if whole {
                break;
            }
        }
    }
}

fn at_place(what: Other, start: usize, length: usize) -> Option<Found> {
    Some(Found {
        what,
        start: u32::try_from(start).ok()?,
        length: u32::try_from(length).ok()?,
    })
}

/// How much a card takes of the places: all of its strings.
fn measure(card: &Value) -> usize {
    match card {
        Value::String(text) => text.len(),
        Value::Array(values) => values.iter().map(|value| measure(value) + 1).sum(),
        Value::Object(members) => members.values().map(|value| measure(value) + 1).sum(),
        Value::Bool(_) | Value::Null | Value::Number(_) => 0,
    }
}

/// Whether a card is the person's own.
fn has_own(card: &Value, context: Context, is_own: &dyn Fn(&str) -> bool) -> bool {
    match card {
        Value::String(text) => pii::find(text, context).iter().any(|span| {
            let value = pii::canonical(text, span, context);
            value.is_some_and(|value| is_own(&value))
        }),
        Value::Array(values) => values.iter().any(|value| has_own(value, context, is_own)),
        Value::Object(members) => members
            .values()
            .any(|value| has_own(value, context, is_own)),
        Value::Bool(_) | Value::Null | Value::Number(_) => false,
    }
}
