//! Made-up people and what they write, the same at every run.

use std::fmt::Write as _;

use domain::ids::NumberId;
use domain::subject::Identifier;
use domain::subject::IdentifierKind;
use domain::time::Timestamp;
use store::operation::Dedup;
use store::operation::Intake;
use store::operation::Item;
use store::operation::Message;

use crate::load::Requests;

/// The id at Meta of the first number; further ones count up.
pub(crate) const NUMBER: u64 = 106_540_352_242_922;
/// The account of all of them.
pub(crate) const ACCOUNT: &str = "102290129340398";
/// The secret webhooks are signed with.
pub(crate) const SECRET: &str = "emulator-app-secret";

/// None of these is a word with effects: those are rare, and tests look after them.
const TEXTS: [&str; 6] = [
    "Hi, is the medium roast from Ethiopia back yet? I would take two bags, ground for a moka pot please.",
    "Dankie! Ek kom dit m\\u00f4re om tien haal, as dit vir julle pas.",
    "Good morning, my order has not arrived and the tracking page says it was delivered on Tuesday. Can you look into it?",
    "Perfect \\ud83d\\ude4f",
    "Ngiyabonga, see you on Saturday then. Do you still have the table by the window for four people at half past nine?",
    "Could you send me the receipt once more? I need it for the office, with our company name on it.",
];
const GIVEN: [&str; 5] = ["Thandi", "Sipho", "Annelie", "Zo\\u00eb", "Mohammed"];
const FAMILY: [&str; 4] = ["Mokoena", "van Wyk", "Adams", "Naidoo"];

/// One of the people, by number.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Person(pub(crate) u32);

impl Person {
    /// Digits with country code.
    pub(crate) fn phone(self) -> String {
        format!("27{:09}", 600_000_000 + self.0)
    }

    fn bsuid(self) -> String {
        format!("ZA.{:020}", scatter(u64::from(self.0)))
    }

    fn name(self) -> String {
        let (given, family) = (pick(&GIVEN, self.0), pick(&FAMILY, self.0 / 5));
        format!("{given} {family}")
    }

    /// How the store knows the person.
    pub(crate) fn identifiers(self) -> Vec<Identifier> {
        vec![
            Identifier::new(IdentifierKind::Phone, format!("+{}", self.phone())),
            Identifier::new(IdentifierKind::Bsuid, self.bsuid()),
        ]
    }
}

/// A text message; no two with the same serial number.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Written {
    /// Who wrote it.
    pub(crate) from: Person,
    /// Its serial number.
    pub(crate) serial: u32,
    /// When.
    pub(crate) at: Timestamp,
}

impl Written {
    fn wamid(self) -> String {
        let high = scatter(u64::from(self.serial));
        let low = scatter(high ^ u64::from(self.from.0));
        format!("wamid.HBgLMjc2MDAwMDAwMDAVAgASGBQz{high:016X}{low:016X}AA==")
    }

    fn message(self) -> String {
        format!(
            r#"{{"from":"{}","from_user_id":"{}","id":"{}","timestamp":"{}","text":{{"body":"{}"}},"type":"text"}}"#,
            self.from.phone(),
            self.from.bsuid(),
            self.wamid(),
            self.at.seconds(),
            pick(&TEXTS, self.serial),
        )
    }

    fn contact(self) -> String {
        format!(
            r#"{{"profile":{{"name":"{}"}},"wa_id":"{}","user_id":"{}"}}"#,
            self.from.name(),
            self.from.phone(),
            self.from.bsuid(),
        )
    }

    /// The body of the webhook that brings it.
    pub(crate) fn webhook(self) -> String {
        let mut body = String::with_capacity(1_024);
        // Writing to a string cannot fail.
        let _ = write!(
            body,
            r#"{{"object":"whatsapp_business_account","entry":[{{"id":"{ACCOUNT}","changes":[{{"value":{{"messaging_product":"whatsapp","metadata":{{"display_phone_number":"27215550100","phone_number_id":"{NUMBER}"}},"contacts":[{}],"messages":[{}]}},"field":"messages"}}]}}]}}"#,
            self.contact(),
            self.message(),
        );
        body
    }

    /// The same, as the store takes it in.
    pub(crate) fn intake(self, number: NumberId, tag: [u8; 16]) -> Intake {
        let content = format!(
            r#"{{"message":{},"contact":{}}}"#,
            self.message(),
            self.contact()
        );
        let message = Message {
            number,
            identifiers: self.from.identifiers(),
            name: Some(self.from.name()),
            kind: "text",
            meta_at: Some(self.at),
            dedup: Dedup {
                hour: self.at.hour(),
                tag,
            },
            wamid: self.wamid(),
            content: content.into_bytes(),
            opens_window: true,
            relayed: false,
            said: None,
            media: None,
            successor: None,
        };
        Intake {
            items: vec![Item::Message(Box::new(message))],
        }
    }
}

/// Signed webhooks, one a message.
pub(crate) fn webhooks(messages: impl Iterator<Item = Written>) -> Requests {
    let mut requests = Requests::default();
    for message in messages {
        let body = message.webhook();
        let signature = whatsapp::signature::sign(SECRET, body.as_bytes());
        let header = format!("X-Hub-Signature-256: {signature}\r\n");
        requests.post("/webhook", &header, body.as_bytes());
    }
    requests
}

fn pick<'t>(texts: &[&'t str], place: u32) -> &'t str {
    let count = u32::try_from(texts.len()).unwrap_or(1);
    let place = usize::try_from(place % count).unwrap_or(0);
    texts.get(place).copied().unwrap_or_default()
}

/// Numbers in a row to numbers all over the place, one to one (the finaliser of `SplitMix64`).
fn scatter(n: u64) -> u64 {
    let n = n.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let n = (n ^ (n >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let n = (n ^ (n >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    n ^ (n >> 31)
}

#[cfg(test)]
mod tests {
    use super::Person;
    use super::Written;
    use domain::time::Timestamp;

    #[test]
    fn every_webhook_is_one_message_of_a_person_known_by_number_and_bsuid() {
        for serial in 0..30 {
            let written = Written {
                from: Person(serial),
                serial,
                at: Timestamp::from_seconds(1_795_255_200),
            };
            let body = written.webhook();
            assert!(body.is_ascii());
            let items = whatsapp::webhook::parse(body.as_bytes()).unwrap();
            let [whatsapp::webhook::Item::Message(message)] = items.as_slice() else {
                panic!("not one message")
            };
            assert!(message.from.is_some() && message.user_id.is_some());
            assert!(message.profile_name.is_some());
        }
    }
}
