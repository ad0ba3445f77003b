//! `POST /{number}/messages`: from a checked body to an accepted message with its course planned.

use serde_json::Value;
use serde_json::json;

use crate::bucket::Bucket;
use crate::codes;
use crate::codes::Path;
use crate::config::Person;
use crate::config::WindowCheck;
use crate::config::digits;
use crate::error::Refusal;
use crate::ids;
use crate::ids::Direction;
use crate::json::set;
use crate::json::text;
use crate::statuses::Course;
use crate::statuses::Pricing;
use crate::statuses::Record;
use crate::template_check;
use crate::validate;
use crate::world::World;

const MICROS: i64 = 1_000_000;
pub(crate) const DAY: i64 = 24 * 3600 * MICROS;

/// An accepted message and what the caller is told.
#[derive(Debug)]
pub(crate) struct Accepted {
    pub(crate) id: String,
    pub(crate) response: Value,
}

/// Which edge was called.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Edge {
    MarketingMessages,
    Messages,
}

struct Recipient {
    by_user_id: bool,
    /// Whether there is nobody to deliver to.
    doomed: bool,
    input: String,
    person: Person,
}

impl World {
    pub(crate) fn send(
        &mut self,
        edge: Edge,
        phone_number_id: &str,
        body: &Value,
    ) -> Result<Accepted, Refusal> {
        let kind = validate::message(body)?;
        if edge == Edge::MarketingMessages {
            validate::marketing(body)?;
        }
        if self
            .number(phone_number_id)
            .is_some_and(|state| !state.registered)
        {
            return Err(Refusal::new(133_010, "The number is not registered."));
        }
        if text(body, "recipient_type") == Some("group") {
            if edge == Edge::MarketingMessages {
                return Err(Refusal::new(131_009, "recipient_type is no individual"));
            }
            return self.send_to_group(phone_number_id, body, kind);
        }
        let recipient = self.recipient(phone_number_id, body)?;
        let category = match kind {
            "template" => Some(template_check::check(self, body, recipient.by_user_id)?),
            _ if edge == Edge::MarketingMessages => {
                return Err(Refusal::new(134_100, "Send a MARKETING template."));
            }
            _ => self.direct_send_category(body)?,
        };
        if edge == Edge::MarketingMessages && category.as_deref() != Some("MARKETING") {
            return Err(Refusal::new(134_100, "Send a MARKETING template."));
        }
        let wrong_media = validate::referenced_media(body, kind, &self.media)?;
        let magic = self.magic(&recipient)?;
        self.check_rates(phone_number_id, &recipient.person)?;
        let course = match magic {
            Some(code) => Course::Fails(code),
            None if recipient.doomed => Course::Fails(131_026),
            None if wrong_media => Course::Fails(131_053),
            None => self.course(
                phone_number_id,
                &recipient.person,
                body,
                category.as_deref(),
            )?,
        };
        Ok(self.accept(
            phone_number_id,
            body,
            &recipient,
            category.as_deref(),
            course,
        ))
    }

    fn recipient(&self, phone_number_id: &str, body: &Value) -> Result<Recipient, Refusal> {
        if let Some(to) = text(body, "to") {
            return self.phone_recipient(phone_number_id, to);
        }
        let Some(user_id) = text(body, "recipient") else {
            return Err(Refusal::parameter("The parameter to is required."));
        };
        if !looks_like_user_id(user_id) {
            return Err(Refusal::new(
                131_009,
                "recipient is no business-scoped user id",
            ));
        }
        let known = self.people.iter().find(|person| {
            person.user_id == user_id || person.parent_user_id.as_deref() == Some(user_id)
        });
        let person = known
            .cloned()
            .unwrap_or_else(|| Person::stranger(None, user_id.to_owned()));
        Ok(Recipient {
            by_user_id: true,
            doomed: known.is_none(),
            input: user_id.to_owned(),
            person,
        })
    }

    fn phone_recipient(&self, phone_number_id: &str, to: &str) -> Result<Recipient, Refusal> {
        let separators = |symbol: char| matches!(symbol, ' ' | '-' | '(' | ')' | '.');
        let bare: String = to
            .trim_start_matches('+')
            .chars()
            .filter(|symbol| !separators(*symbol))
            .collect();
        if !(7..=15).contains(&bare.len()) || !bare.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(Refusal::new(131_009, "to is no phone number"));
        }
        let own = self
            .number(phone_number_id)
            .map(|state| state.number.digits())
            .unwrap_or_default();
        // A national form goes to the business's own country code plus all its digits: to nobody.
        let doomed = bare.starts_with('0');
        let phone = if doomed {
            format!("{}{bare}", ids::dialling_code(&own))
        } else {
            bare
        };
        if phone == own {
            return Err(Refusal::new(
                131_021,
                "The recipient is the sending number itself.",
            ));
        }
        Ok(Recipient {
            by_user_id: false,
            doomed,
            input: to.to_owned(),
            person: self.phone_owner(&phone),
        })
    }

    /// Direct Send: `category` on a message that is no template.
    fn direct_send_category(&self, body: &Value) -> Result<Option<String>, Refusal> {
        let Some(category) = body.get("category") else {
            return Ok(None);
        };
        if !self.limits.direct_send {
            return Err(Refusal::new(
                139_200,
                "Direct Send is not enabled for this number.",
            ));
        }
        match category.as_str() {
            Some(word @ ("authentication" | "utility")) => Ok(Some(word.to_ascii_uppercase())),
            _ => Err(Refusal::parameter(
                "Param category must be one of {AUTHENTICATION, UTILITY}",
            )),
        }
    }

    /// The error the recipient's number asks for: at once as a refusal, or later as a code.
    fn magic(&mut self, recipient: &Recipient) -> Result<Option<u32>, Refusal> {
        let phone = recipient.person.phone.as_deref().unwrap_or_default();
        let Some((row, path)) = codes::magic(phone).filter(|_| self.limits.magic_recipients) else {
            return Ok(None);
        };
        match path {
            Path::Async => Ok(Some(row.number)),
            Path::Both | Path::Sync => Err(Refusal::new(
                row.number,
                "Asked for by the recipient's number.",
            )),
            Path::Inbound | Path::ValueErrors => {
                self.emit_value_error(row.number);
                Ok(None)
            }
        }
    }

    fn check_rates(&mut self, phone_number_id: &str, person: &Person) -> Result<(), Refusal> {
        let now = self.now();
        let limits = self.limits;
        if limits.throughput > 0 {
            let bucket = self
                .throughput
                .entry(phone_number_id.to_owned())
                .or_insert_with(|| Bucket::full(now));
            if !bucket.take(
                now,
                limits.throughput,
                MICROS / i64::from(limits.throughput),
            ) {
                return Err(Refusal::new(
                    130_429,
                    "Cloud API message throughput has been reached.",
                ));
            }
        }
        if limits.pair_burst > 0 {
            let pair = (phone_number_id.to_owned(), person.user_id.clone());
            let refill = i64::from(limits.pair_refill_seconds) * MICROS;
            let mut bucket = self
                .pairs
                .get(&pair)
                .copied()
                .unwrap_or_else(|| Bucket::full(now));
            let fits = bucket.take(now, limits.pair_burst, refill);
            self.pairs.insert(pair, bucket);
            if !fits {
                let details = "Message failed to send because there were too many messages sent from this phone number to the same phone number in a short period of time.";
                return Err(Refusal::new(131_056, details));
            }
        }
        Ok(())
    }

    fn course(
        &self,
        phone_number_id: &str,
        person: &Person,
        body: &Value,
        category: Option<&str>,
    ) -> Result<Course, Refusal> {
        if let Some(hash) = text(body, "recipient_identity_key_hash")
            && hash != self.identity_key_hash(person)
        {
            return Ok(Course::Fails(137_000));
        }
        if category == Some("MARKETING") && self.stopped.contains(&person.user_id) {
            return Ok(Course::Fails(131_050));
        }
        if category.is_none() && !self.window_open(phone_number_id, person) {
            let details = "Message failed to send because more than 24 hours have passed since the customer last replied to this number.";
            match self.limits.window {
                WindowCheck::Async => return Ok(Course::Fails(131_047)),
                WindowCheck::Off => {}
                WindowCheck::Sync => return Err(Refusal::new(131_047, details)),
            }
        }
        Ok(match text(body, "type") {
            Some("reaction") => Course::Reaction,
            Some("audio") if body.pointer("/audio/voice") == Some(&Value::Bool(true)) => {
                Course::Voice
            }
            _ => Course::Message,
        })
    }

    pub(crate) fn window_open(&self, phone_number_id: &str, person: &Person) -> bool {
        let pair = (phone_number_id.to_owned(), person.user_id.clone());
        self.windows
            .get(&pair)
            .is_some_and(|last| self.now() - last < DAY)
    }

    fn accept(
        &mut self,
        phone_number_id: &str,
        body: &Value,
        recipient: &Recipient,
        category: Option<&str>,
        course: Course,
    ) -> Accepted {
        let person = &recipient.person;
        let address = person.phone.as_deref().unwrap_or(&person.user_id);
        let id = ids::wamid(&mut self.rng, address, Direction::FromBusiness);
        let in_window = self.window_open(phone_number_id, person);
        let pricing = Pricing {
            category: category.map_or_else(|| "service".to_owned(), str::to_ascii_lowercase),
            free: category.is_none() || (category == Some("UTILITY") && in_window),
        };
        let record = Record {
            callback_data: text(body, "biz_opaque_callback_data").map(str::to_owned),
            group: None,
            person: person.clone(),
            phone_number_id: phone_number_id.to_owned(),
            pricing: (course != Course::Reaction).then_some(pricing),
        };
        self.records.insert(id.clone(), record);
        self.show_outgoing(&id, phone_number_id, person, body, course);
        self.plan_statuses(&id, course);
        let mut contact = json!({"input": recipient.input});
        match &person.phone {
            Some(phone) if !recipient.by_user_id => set(&mut contact, "wa_id", phone.clone()),
            _ => set(&mut contact, "user_id", person.user_id.clone()),
        }
        let mut message = json!({"id": id});
        if text(body, "type") == Some("template") {
            set(&mut message, "message_status", "accepted");
        }
        let response =
            json!({"messaging_product": "whatsapp", "contacts": [contact], "messages": [message]});
        Accepted { id, response }
    }

    /// `{"status":"read","message_id":…}`, with or without a typing indicator.
    pub(crate) fn mark_read(&mut self, body: &Value) -> Result<Value, Refusal> {
        let Some(id) = text(body, "message_id") else {
            return Err(Refusal::parameter("The parameter message_id is required."));
        };
        if text(body, "status") != Some("read") {
            return Err(Refusal::parameter("Param status must be one of {READ}"));
        }
        let typing = body.get("typing_indicator");
        if typing.is_some_and(|typing| text(typing, "type") != Some("text")) {
            return Err(Refusal::parameter(
                "Param typing_indicator['type'] must be one of {TEXT}",
            ));
        }
        if !id.starts_with("wamid.") || !self.read_up_to(id, typing.is_some()) {
            return Err(Refusal::new(
                131_009,
                "message_id names no message that was received.",
            ));
        }
        Ok(json!({"success": true}))
    }
}

/// `CC.` and up to 128 letters and digits, with `ENT.` between for a parent id.
pub(crate) fn looks_like_user_id(text: &str) -> bool {
    let Some((country, rest)) = text.split_once('.') else {
        return false;
    };
    let rest = rest.strip_prefix("ENT.").unwrap_or(rest);
    country.len() == 2
        && country.bytes().all(|byte| byte.is_ascii_uppercase())
        && (1..=128).contains(&rest.len())
        && rest.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// Digits of a number as the control API accepts it.
pub(crate) fn phone_digits(phone: &str) -> Option<String> {
    let phone = digits(phone);
    (7..=15).contains(&phone.len()).then_some(phone)
}
