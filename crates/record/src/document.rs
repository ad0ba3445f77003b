//! The record without its proof.

use std::collections::BTreeMap;

use domain::consent::Channel;
use domain::consent::ConsentState;
use domain::consent::EvidenceGrade;
use domain::consent::Method;
use domain::ids::SubjectId;
use domain::purpose::Purpose;
use domain::time::Timestamp;
use serde_json::Map;
use serde_json::Value;
use serde_json::json;

use crate::row::Row;
use crate::terms;

/// The element of a notice that says who is responsible and how to reach them.
const CONTACT: &str = "N01";

/// The element that says whether data leave the country.
const TRANSFER: &str = "N09";

/// The element that says how long data are kept.
const RETENTION: &str = "N10";

/// Said where the notice says nothing of how long.
const NO_PERIOD: &str = "The notice names no period. The record is kept while messages may rest on it, \
                         and as proof afterwards.";

/// Said where the notice says nothing of where.
const NO_PLACE: &str = "Kept by the controller, sealed under keys of the person.";

/// Everything a record is made of.
#[derive(Clone, Debug)]
pub struct Material {
    /// The name of the log.
    pub log: String,
    /// Whether it is a receipt for the person.
    pub receipt: bool,
    /// When it is made.
    pub issued: Timestamp,
    /// Who is responsible.
    pub controller: Controller,
    /// Whose.
    pub subject: SubjectId,
    /// The person's identifiers in clear, as kind and value, where these were asked for.
    pub identifiers: Option<Vec<(String, String)>>,
    /// For what.
    pub purpose: PurposeFacts,
    /// The notice it stands under: that of the last event, or else the one in force.
    pub notice: Option<NoticeFacts>,
    /// The language of the exchange (BCP 47).
    pub language: String,
    /// The places whose law may hold for the person, by their ISO 3166 codes.
    pub jurisdictions: Vec<String>,
    /// The packs of law that hold, by their ids.
    pub packs: Vec<String>,
    /// The events, oldest first, with the position of their entries.
    pub events: Vec<EventFacts>,
}

/// The organisation.
#[derive(Clone, Debug)]
pub struct Controller {
    /// Its name.
    pub name: String,
    /// Its country, two letters.
    pub country: String,
    /// The address of the pages for people, if there are any: ends without a slash.
    pub pages: Option<String>,
}

/// A purpose.
#[derive(Clone, Debug)]
pub struct PurposeFacts {
    /// As the gate sees it.
    pub purpose: Purpose,
    /// Its title.
    pub title: String,
    /// What it is, for people; may be empty.
    pub description: String,
    /// Who receives data for it.
    pub recipients: Vec<String>,
}

/// A version of a notice.
#[derive(Clone, Debug)]
pub struct NoticeFacts {
    /// Its name.
    pub code: String,
    /// Its version.
    pub version: u32,
    /// Its language (BCP 47).
    pub language: String,
    /// Its title.
    pub title: String,
    /// What consent is pinned to.
    pub hash: Vec<u8>,
    /// What it says of each element the law asks for, by the element's number.
    pub elements: BTreeMap<String, String>,
}

/// An event of the ledger.
#[derive(Clone, Debug)]
pub struct EventFacts {
    /// The row.
    pub row: Row,
    /// The notice version behind it.
    pub notice: Option<NoticeFacts>,
    /// The position of its entry in the log.
    pub position: u64,
}

impl Material {
    /// The record without its proof.
    pub fn document(&self) -> Value {
        let id = record_id(&self.log, self.subject.0, self.purpose.purpose.id.0);
        let events: Vec<Value> = (1..)
            .zip(&self.events)
            .map(|(number, event)| self.event(number, event))
            .collect();
        let mut document = json!({
            "@context": terms::context(),
            "@id": id,
            "@type": "imvume:ConsentRecord",
            "dpv_version": terms::DPV_VERSION,
            "event_count": events.len(),
            "events": events,
            "issued": self.issued.to_string(),
            "parties": [self.party()],
            "pii_principal_id": subject_id(&self.log, self.subject.0),
            "pii_processing": [self.processing()],
            "record_id": id,
            "schema_version": terms::profile(self.receipt, &self.packs),
        });
        if let (Some(members), Some(identifiers)) = (document.as_object_mut(), &self.identifiers) {
            let identifiers: Vec<String> = identifiers
                .iter()
                .map(|(kind, value)| format!("{kind}:{value}"))
                .collect();
            members.insert("identifiers".to_owned(), json!(identifiers));
        }
        document
    }

    fn processing(&self) -> Value {
        let PurposeFacts { purpose, .. } = &self.purpose;
        let last = self.events.last().map(|event| &event.row);
        let collected = last.and_then(|row| Method::from_code(u8::try_from(row.method).ok()?));
        json!({
            "@type": "imvume:Processing",
            "collection_method": collected.map_or("unknown", Method::name),
            "jurisdiction": self.places(),
            "language": self.language,
            "lawful_basis": terms::bases(purpose.basis, purpose.terms.special, &self.packs),
            "pii_controllers": [self.controller_id()],
            "pii_information": self.categories(),
            "privacy_notice": self.notice.as_ref().map_or_else(
                || json!({"@type": "imvume:NoNotice", "title": "no notice"}),
                |notice| self.notice(notice),
            ),
            "privacy_rights": terms::rights(&self.packs),
            "purpose": self.purpose(),
            "recipient_third_parties": self.recipients(),
            "retention_period": {
                "@type": "dpv:StorageDuration",
                "description": self.element(RETENTION).unwrap_or(NO_PERIOD),
            },
            "storage_locations": [{
                "description": self.element(TRANSFER).unwrap_or(NO_PLACE),
                "location": terms::place(&self.controller.country),
            }],
            "withdrawal_method": self.withdrawal(),
        })
    }

    fn purpose(&self) -> Value {
        let PurposeFacts {
            purpose,
            title,
            description,
            ..
        } = &self.purpose;
        let code = terms::escaped(&purpose.code);
        json!({
            "@id": terms::urn(&self.log, &format!("purpose:{code}")),
            "@type": terms::purpose(purpose.class),
            "code": purpose.code,
            "description": description,
            "number": purpose.id.0,
            "title": title,
        })
    }

    /// The places by their terms, that of the controller always among them.
    fn places(&self) -> Vec<String> {
        let mut places: Vec<String> = self
            .jurisdictions
            .iter()
            .chain([&self.controller.country])
            .map(|code| terms::place(code))
            .collect();
        places.sort_unstable();
        places.dedup();
        places
    }

    /// The kinds of data a message for a purpose takes.
    fn categories(&self) -> Vec<Value> {
        let special = self.purpose.purpose.terms.special;
        let kind = |name: &str, optional: bool, special: bool| {
            json!({
                "pii_optional": optional,
                "pii_type": format!("imvume:pii-{name}"),
                "special_pii_category": special,
            })
        };
        vec![
            kind("whatsapp-identifier", false, false),
            kind("message-content", false, special),
            kind("delivery-state", false, false),
            kind("consent-history", false, false),
        ]
    }

    fn recipients(&self) -> Vec<Value> {
        let named = self.purpose.recipients.iter().map(String::as_str);
        ["Meta (WhatsApp Business Platform)"]
            .into_iter()
            .chain(named)
            .map(|name| json!({"@type": "imvume:Recipient", "name": name}))
            .collect()
    }

    fn withdrawal(&self) -> Vec<Value> {
        let word = json!({
            "@id": "urn:imvume:withdrawal:stop",
            "description": "Write STOP in the chat.",
        });
        let page = self.controller.pages.as_ref().map(|pages| {
            json!({
                "@id": "urn:imvume:withdrawal:preferences",
                "description": "Switch the purpose off on the preference page.",
                "url": format!("{pages}/preferences/enter"),
            })
        });
        [Some(word), page].into_iter().flatten().collect()
    }

    fn party(&self) -> Value {
        let mut party = json!({
            "@id": self.controller_id(),
            "@type": "dpv:LegalEntity",
            "country": terms::place(&self.controller.country),
            "name": self.controller.name,
            "party_type": "organisation",
            "role": "controller",
        });
        if let (Some(members), Some(contact)) = (party.as_object_mut(), self.element(CONTACT)) {
            // The notice tells both in one text, as the law asks.
            members.insert("address".to_owned(), json!(contact));
            members.insert("contact".to_owned(), json!(contact));
        }
        party
    }

    fn controller_id(&self) -> String {
        terms::urn(&self.log, "controller")
    }

    fn element(&self, number: &str) -> Option<&str> {
        let notice = self.notice.as_ref()?;
        notice.elements.get(number).map(String::as_str)
    }

    fn notice(&self, notice: &NoticeFacts) -> Value {
        let NoticeFacts {
            code,
            version,
            language,
            ..
        } = notice;
        let path = format!(
            "{}/{version}/{}",
            terms::escaped(code),
            terms::escaped(language)
        );
        let name = terms::urn(&self.log, &format!("notice:{path}"));
        let mut view = json!({
            "@id": name,
            "@type": "imvume:Notice",
            "code": code,
            "hash": hex(&notice.hash),
            "language": language,
            "title": notice.title,
            "version": version,
        });
        if let (Some(members), Some(pages)) = (view.as_object_mut(), &self.controller.pages) {
            members.insert("url".to_owned(), json!(format!("{pages}/notices/{path}")));
        }
        view
    }

    fn event(&self, number: u64, event: &EventFacts) -> Value {
        let mut view = Value::Object(said(&self.log, &event.row));
        if let Some(members) = view.as_object_mut() {
            members.insert("@type".to_owned(), json!("imvume:ConsentEvent"));
            members.insert("log_position".to_owned(), json!(event.position));
            members.insert("number".to_owned(), json!(number));
            if let Some(notice) = &event.notice {
                members.insert("notice".to_owned(), self.notice(notice));
            }
        }
        view
    }
}

/// What a record says of an event by its row alone.
pub(crate) fn said(log: &str, row: &Row) -> Map<String, Value> {
    let code = |code: i64| u8::try_from(code).ok();
    let state = code(row.state).and_then(ConsentState::from_code);
    let method = code(row.method).and_then(Method::from_code);
    let grade = code(row.grade).and_then(EvidenceGrade::from_code);
    let channel = Channel::WhatsApp;
    let channel = (code(row.channel) == Some(channel.code())).then(|| channel.name());
    let mut said = Map::new();
    let mut say = |name: &str, value: Value| said.insert(name.to_owned(), value);
    say("@id", terms::urn(log, &format!("event:{}", row.id)).into());
    say("channel", channel.into());
    say("entity_id", row.actor.as_str().into());
    say("event_id", row.id.into());
    say("event_state", state.map(terms::state).into());
    say(
        "event_time",
        Timestamp::from_micros(row.at).to_string().into(),
    );
    say("event_type", kind(state, grade).into());
    say("evidence_grade", grade.map(EvidenceGrade::name).into());
    say("language", row.language.as_str().into());
    say("method", method.map(Method::name).into());
    say("noted_jurisdictions", row.jurisdictions.as_str().into());
    say("rule", row.rule.as_str().into());
    say("state", state.map(ConsentState::name).into());
    if let Some(expires) = row.expires_at {
        let expires = Timestamp::from_micros(expires);
        say("validity_duration", expires.to_string().into());
    }
    said
}

/// `explicit` where the person agreed in a channel of their own, or confirmed it; else `regular`.
fn kind(state: Option<ConsentState>, grade: Option<EvidenceGrade>) -> &'static str {
    let agreed = state.is_some_and(ConsentState::is_sendable);
    if agreed && grade.is_some_and(|grade| EvidenceGrade::Direct <= grade) {
        "explicit"
    } else {
        "regular"
    }
}

/// The name of a record.
pub(crate) fn record_id(log: &str, subject: i64, purpose: i64) -> String {
    terms::urn(log, &format!("consent:{subject}:{purpose}"))
}

/// The name a person has in a record.
pub(crate) fn subject_id(log: &str, subject: i64) -> String {
    terms::urn(log, &format!("subject:{subject}"))
}

/// Bytes in small hexadecimal digits, as a record shows the hash of a notice.
pub fn hex(bytes: &[u8]) -> String {
    let nibbles = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    nibbles
        .filter_map(|nibble| char::from_digit(u32::from(nibble), 16))
        .collect()
}
