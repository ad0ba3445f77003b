//! The facts of a decision as they are stored: canonical JSON without any identifier.

use domain::call::Permission;
use domain::gate::CatalogueEntry;
use domain::gate::Content;
use domain::gate::Declared;
use domain::gate::Facts;
use domain::health::Bar;
use domain::health::Standing;
use domain::ids::PurposeId;
use domain::law::Rules;
use domain::person::Age;
use domain::person::Asked;
use domain::person::RegistryBlock;
use domain::subject::Restriction;
use domain::time::Timestamp;
use serde::Serialize;
use serde_json::value::RawValue;

#[derive(Debug, Serialize)]
struct Row<'a> {
    content: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    category: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<&'static str>,
    emergency_stop: bool,
    restricted: bool,
    suppressions: Vec<SuppressionRow>,
    bound: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    declared: Option<&'a str>,
    consents: Vec<ConsentRow>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    registries: Vec<RegistryRow>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    packs: Vec<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    jurisdictions: Vec<JurisdictionRow<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    zones: Vec<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    age: Option<&'static str>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    special: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    sale: Option<SaleRow>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    asked: Vec<AskedRow>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    sent: Vec<String>,
    window: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    identity_key: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    health: Option<HealthRow>,
    #[serde(skip_serializing_if = "Option::is_none")]
    capped: Option<String>,
    pair: i64,
    throughput: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    behind: Option<String>,
}

#[derive(Debug, Serialize)]
struct RegistryRow {
    since: String,
    overridden: Vec<i64>,
}

#[derive(Debug, Serialize)]
struct JurisdictionRow<'a> {
    code: &'a str,
    confidence: &'static str,
}

#[derive(Debug, Serialize)]
struct SaleRow {
    at: String,
    objectable: bool,
}

#[derive(Debug, Serialize)]
struct AskedRow {
    purpose: i64,
    times: u32,
    last_no: Option<String>,
    ever_given: bool,
}

/// What Meta lets the number send; instants say until when, `open` that nobody said.
#[derive(Debug, Serialize)]
struct HealthRow {
    off: bool,
    everything: Option<String>,
    initiated: Option<String>,
    fast: bool,
}

impl HealthRow {
    fn of(standing: Standing) -> Option<Self> {
        let until = |bar: Bar| {
            bar.until
                .map_or_else(|| "open".to_owned(), |until| until.to_string())
        };
        (standing != Standing::default()).then(|| Self {
            off: standing.off,
            everything: standing.everything.map(until),
            initiated: standing.initiated.map(until),
            fast: standing.fast,
        })
    }
}

#[derive(Debug, Serialize)]
struct SuppressionRow {
    scope: &'static str,
    source: &'static str,
    since: String,
}

#[derive(Debug, Serialize)]
struct ConsentRow {
    purpose: i64,
    state: &'static str,
    grade: &'static str,
    at: String,
    expires: Option<String>,
    notice_valid: bool,
}

/// The facts of a call: those of a message, and what the person said to being called.
pub(crate) fn encode_call(facts: &Facts, permission: Option<Permission>) -> String {
    #[derive(Serialize)]
    struct Row {
        permission: Option<bool>,
        until: Option<String>,
        facts: Option<Box<RawValue>>,
    }
    let until = permission.and_then(|permission| permission.expires);
    let row = Row {
        permission: permission.map(|permission| permission.granted),
        until: until.as_ref().map(Timestamp::to_string),
        facts: raw(facts),
    };
    serde_json::to_string(&row).unwrap_or_default()
}

/// The facts of everybody in a group. Nothing tells who is who.
pub(crate) fn encode_all(first: &Facts, others: &[Facts]) -> String {
    #[derive(Serialize)]
    struct Row {
        group: Vec<Box<RawValue>>,
    }
    let mut group: Vec<_> = std::iter::once(first)
        .chain(others)
        .filter_map(raw)
        .collect();
    group.sort_by(|one, other| one.get().cmp(other.get()));
    serde_json::to_string(&Row { group }).unwrap_or_default()
}

fn raw(facts: &Facts) -> Option<Box<RawValue>> {
    RawValue::from_string(encode(facts)).ok()
}

/// The facts as canonical JSON: members in a fixed order, instants in RFC 3339.
pub(crate) fn encode(facts: &Facts) -> String {
    let (content, category, status) = content(facts);
    let row = Row {
        content,
        category,
        status,
        emergency_stop: facts.emergency_stop,
        restricted: facts.restriction != Restriction::None,
        suppressions: facts
            .suppressions
            .iter()
            .map(|entry| SuppressionRow {
                scope: entry.scope.name(),
                source: entry.source.name(),
                since: entry.since.to_string(),
            })
            .collect(),
        bound: facts.bound.as_ref().map(|purpose| purpose.code.as_str()),
        declared: match &facts.declared {
            Declared::None => None,
            Declared::Unknown => Some("unknown"),
            Declared::Known(purpose) => Some(&purpose.code),
        },
        consents: facts
            .consents
            .iter()
            .map(|(purpose, consent)| ConsentRow {
                purpose: purpose.0,
                state: consent.state.name(),
                grade: consent.grade.name(),
                at: consent.at.to_string(),
                expires: consent.expires.map(|at| at.to_string()),
                notice_valid: consent.notice_valid,
            })
            .collect(),
        registries: facts.registries.iter().map(RegistryRow::of).collect(),
        packs: facts.rules.packs.iter().map(AsRef::as_ref).collect(),
        jurisdictions: jurisdictions(&facts.rules),
        zones: zones(facts),
        age: age(facts.person.age),
        special: facts.person.special,
        sale: facts.person.sale.map(|sale| SaleRow {
            at: sale.at.to_string(),
            objectable: sale.objectable,
        }),
        asked: facts.asked.iter().map(AskedRow::of).collect(),
        sent: facts.sent.iter().map(Timestamp::to_string).collect(),
        window: facts.window.map(|at| at.to_string()),
        identity_key: identity_key(facts),
        health: HealthRow::of(facts.health),
        capped: facts.capped.map(|at| at.to_string()),
        pair: facts.pair.micros(),
        throughput: facts.throughput.micros(),
        behind: facts.behind.map(|at| at.to_string()),
    };
    serde_json::to_string(&row).unwrap_or_default()
}

impl RegistryRow {
    fn of(block: &RegistryBlock) -> Self {
        Self {
            since: block.since.to_string(),
            overridden: block.overridden.iter().map(|purpose| purpose.0).collect(),
        }
    }
}

impl AskedRow {
    fn of((purpose, asked): &(PurposeId, Asked)) -> Self {
        Self {
            purpose: purpose.0,
            times: asked.times,
            last_no: asked.last_no.map(|at| at.to_string()),
            ever_given: asked.ever_given,
        }
    }
}

fn jurisdictions(rules: &Rules) -> Vec<JurisdictionRow<'_>> {
    let rows = rules
        .jurisdictions
        .iter()
        .map(|(code, confidence)| JurisdictionRow {
            code: code.as_ref(),
            confidence: confidence.name(),
        });
    rows.collect()
}

/// The time zones whose clocks counted.
fn zones(facts: &Facts) -> Vec<&str> {
    match &facts.person.zone {
        Some(zone) => vec![zone.name.as_ref()],
        None => facts
            .rules
            .zones
            .iter()
            .map(|zone| zone.name.as_ref())
            .collect(),
    }
}

/// What is known of the age, without the year.
const fn age(age: Age) -> Option<&'static str> {
    match age {
        Age::Unknown => None,
        Age::Adult => Some("adult"),
        Age::Born(_) => Some("year-known"),
    }
}

/// Whether the message names the person's identity key, where a purpose it may be judged under wants it.
fn identity_key(facts: &Facts) -> Option<&'static str> {
    let declared = match &facts.declared {
        Declared::Known(purpose) => Some(purpose),
        Declared::None | Declared::Unknown => None,
    };
    let mut purposes = facts.bound.iter().chain(declared);
    let named = if facts.names_identity_key {
        "named"
    } else {
        "missing"
    };
    purposes
        .any(|purpose| purpose.identity_check)
        .then_some(named)
}

/// What is to be sent, with the category and the status of a template.
fn content(facts: &Facts) -> (&'static str, Option<&'static str>, Option<&'static str>) {
    match facts.content {
        Content::FreeForm => ("free-form", None, None),
        Content::Call => ("call", None, None),
        Content::Confirmation => ("confirmation", None, None),
        Content::Letter => ("letter", None, None),
        Content::Direct(category) => ("direct", Some(category.name()), None),
        Content::LetterTemplate(entry) => listed("letter-template", entry),
        Content::Template(entry) => listed("template", entry),
    }
}

const fn listed(
    content: &'static str,
    entry: CatalogueEntry,
) -> (&'static str, Option<&'static str>, Option<&'static str>) {
    match entry {
        CatalogueEntry::Missing => (content, None, Some("missing")),
        CatalogueEntry::Known { category, status } => {
            (content, Some(category.name()), Some(status.name()))
        }
    }
}
