//! The facts of a decision as they are stored: canonical JSON without any identifier.

use domain::gate::CatalogueEntry;
use domain::gate::Content;
use domain::gate::Declared;
use domain::gate::Facts;
use domain::health::Bar;
use domain::health::Standing;
use domain::subject::Restriction;
use serde::Serialize;

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
    window: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    identity_key: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    health: Option<HealthRow>,
    pair: i64,
    throughput: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    behind: Option<String>,
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

/// The facts as canonical JSON: members in a fixed order, instants in RFC 3339.
pub(crate) fn encode(facts: &Facts) -> String {
    let (content, category, status) = match facts.content {
        Content::FreeForm => ("free-form", None, None),
        Content::Confirmation => ("confirmation", None, None),
        Content::Direct(category) => ("direct", Some(category.name()), None),
        Content::Template(CatalogueEntry::Missing) => ("template", None, Some("missing")),
        Content::Template(CatalogueEntry::Known { category, status }) => {
            ("template", Some(category.name()), Some(status.name()))
        }
    };
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
        window: facts.window.map(|at| at.to_string()),
        identity_key: identity_key(facts),
        health: HealthRow::of(facts.health),
        pair: facts.pair.micros(),
        throughput: facts.throughput.micros(),
        behind: facts.behind.map(|at| at.to_string()),
    };
    serde_json::to_string(&row).unwrap_or_default()
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
