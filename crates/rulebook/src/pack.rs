//! Packs of rules: how a file is read, and what is refused.

use std::collections::BTreeMap;
use std::collections::HashMap;
use std::sync::Arc;

use domain::law::RuleId;
use domain::law::Zone;
use jiff::civil::Date;
use serde::Deserialize;
use toml::Spanned;
use toml::Table;
use toml::value::Datetime;

use crate::conflict;
use crate::fault::Fault;
use crate::fault::Problem;
use crate::holidays::HolidaySets;
use crate::holidays::plain_date;
use crate::kind::Kind;
use crate::kind::Value;
use crate::place::PlaceId;
use crate::place::Places;
use crate::rule::Applies;
use crate::rule::ClockStart;
use crate::rule::PauseOn;
use crate::rule::Rule;
use crate::rule::Status;
use crate::rule::Strength;
use crate::text::line_of;
use crate::text::rule_at;
use crate::value;
use crate::words::Confidence;

/// The id of the pack for everywhere that no other is for.
pub(crate) const DEFAULT: &str = "xx-default";

/// The rules of a jurisdiction.
#[derive(Clone, Debug)]
pub struct Pack {
    /// Its id, such as `za`.
    pub id: Arc<str>,
    /// Its version: the newer one is greater.
    pub version: String,
    /// What people call the jurisdiction.
    pub title: String,
    /// Whether its rules are acted on.
    pub enforced: bool,
    /// The authority's time zone: dates and deadlines are in it.
    pub zone: Zone,
    /// Its rules in the order of the file.
    pub rules: Vec<Rule>,
    /// The file it was read from.
    pub file: Arc<str>,
    /// Places all of whose law is here.
    pub(crate) covers: Vec<PlaceId>,
    /// Places some of whose law is here; the rest is as good as unknown.
    pub(crate) touches: Vec<PlaceId>,
}

impl Pack {
    /// How decisions name it.
    pub fn versioned(&self) -> String {
        format!("{}@{}", self.id, self.version)
    }
}

/// A pack file as it was read: a whole pack, or rules beside those of another.
#[derive(Clone, Debug)]
pub(crate) struct Loaded {
    pub(crate) pack: Pack,
    pub(crate) adds: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    id: String,
    version: Datetime,
    title: Option<String>,
    enforced: Option<bool>,
    zone: Option<String>,
    #[serde(default)]
    adds: bool,
    #[serde(default)]
    covers: Vec<String>,
    #[serde(default)]
    touches: Vec<String>,
    last_reviewed: Datetime,
    reviewer: String,
    #[serde(default)]
    rule: Vec<Spanned<Row>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    id: String,
    kind: Kind,
    regime: String,
    provision: String,
    text: String,
    #[serde(default)]
    applies_if: Applies,
    #[serde(default)]
    value: Table,
    #[serde(default)]
    clock_start: ClockStart,
    #[serde(default)]
    clock_pause_on: Vec<PauseOn>,
    effective_from: Datetime,
    effective_to: Option<Datetime>,
    status: Status,
    strength: Strength,
    confidence: Confidence,
    source_ref: String,
    last_reviewed: Option<Datetime>,
    reviewer: Option<String>,
    enforced: Option<bool>,
}

/// What a file is checked against.
#[derive(Clone, Copy)]
pub(crate) struct Around<'a> {
    pub(crate) places: &'a Places,
    pub(crate) holidays: &'a HolidaySets,
    /// The packs that are there already.
    pub(crate) packs: &'a BTreeMap<Arc<str>, Pack>,
}

/// Reads and checks a file.
pub(crate) fn read(name: &str, text: &str, around: Around<'_>) -> Result<Loaded, Vec<Fault>> {
    let file: File = toml::from_str(text).map_err(|error| {
        let line = line_of(text, error.span().map_or(0, |span| span.start));
        let problem = Problem::syntax(error.message());
        vec![Fault::new(name, line, rule_at(text, line), problem)]
    })?;
    let mut faults = Vec::new();
    let adds = file.adds;
    let (mut pack, rows, by) =
        head(name, file, around).map_err(|problem| vec![Fault::new(name, 1, None, problem)])?;
    let mut seen: HashMap<RuleId, usize> = HashMap::new();
    for row in rows {
        let line = line_of(text, row.span().start);
        let row = row.into_inner();
        let id = row.id.clone();
        let mut refuse = |problem| faults.push(Fault::new(name, line, Some(&id), problem));
        match rule(&pack, row, line, &by, around) {
            Err(problem) => refuse(problem),
            Ok(rule) => {
                if seen.insert(rule.id.clone(), line).is_some() {
                    refuse(Problem::Duplicate);
                }
                pack.rules.push(rule);
            }
        }
    }
    if !adds {
        faults.extend(conflict::faults(&pack));
    }
    if faults.is_empty() {
        Ok(Loaded { pack, adds })
    } else {
        Err(faults)
    }
}

/// Who reviewed the file, and when: what holds for rules that do not say themselves.
struct Reviewed {
    reviewer: String,
    on: Date,
}

type Head = (Pack, Vec<Spanned<Row>>, Reviewed);

fn head(name: &str, file: File, around: Around<'_>) -> Result<Head, Problem> {
    let plain = |c: char| c.is_ascii_lowercase() || c == '-';
    if file.id.is_empty() || 40 < file.id.len() || !file.id.chars().all(plain) {
        return Err(Problem::Id);
    }
    let version = plain_date("version", file.version)?.to_string();
    let by = Reviewed {
        reviewer: file.reviewer,
        on: plain_date("last_reviewed", file.last_reviewed)?,
    };
    let place = |codes: &[String]| -> Result<Vec<PlaceId>, Problem> {
        codes
            .iter()
            .map(|code| place(around.places, code))
            .collect()
    };
    let covers = place(&file.covers)?;
    let touches = place(&file.touches)?;
    if file.adds {
        let base = around.packs.get(file.id.as_str()).ok_or(Problem::Base)?;
        let pack = Pack {
            version,
            rules: Vec::new(),
            file: Arc::from(name),
            ..base.clone()
        };
        return Ok((pack, file.rule, by));
    }
    let zone = file.zone.ok_or(Problem::Missing("zone"))?;
    let pack = Pack {
        id: Arc::from(file.id),
        version,
        title: file.title.ok_or(Problem::Missing("title"))?,
        enforced: file.enforced.ok_or(Problem::Missing("enforced"))?,
        zone: around.places.zone(&zone).ok_or(Problem::Zone)?,
        rules: Vec::new(),
        file: Arc::from(name),
        covers,
        touches,
    };
    Ok((pack, file.rule, by))
}

fn place(places: &Places, code: &str) -> Result<PlaceId, Problem> {
    let listed = places.of(code).filter(|_| places.knows(code));
    listed.ok_or(Problem::Place)
}

fn rule(
    pack: &Pack,
    row: Row,
    line: usize,
    by: &Reviewed,
    around: Around<'_>,
) -> Result<Rule, Problem> {
    let start = format!("{}/{}/", pack.id, row.kind.name());
    let named = row.id.strip_prefix(&start);
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if !named.is_some_and(|name| !name.is_empty() && name.len() <= 60 && name.chars().all(plain)) {
        return Err(Problem::RuleId {
            pack: pack.id.to_string(),
            kind: row.kind.name(),
        });
    }
    for (field, text) in [
        ("regime", &row.regime),
        ("provision", &row.provision),
        ("text", &row.text),
        ("source_ref", &row.source_ref),
    ] {
        if text.trim().is_empty() {
            return Err(Problem::Missing(field));
        }
    }
    for code in &row.applies_if.residence {
        place(around.places, code)?;
    }
    if row.enforced == Some(true) && row.confidence == Confidence::Low {
        return Err(Problem::Low);
    }
    let value = value::read(row.kind, row.value)?;
    if holidays(&value).is_some_and(|set| !around.holidays.contains_key(set)) {
        return Err(Problem::Holidays);
    }
    let dates = dates(row.effective_from, row.effective_to, row.status)?;
    let last_reviewed = match row.last_reviewed {
        Some(on) => plain_date("last_reviewed", on)?,
        None => by.on,
    };
    Ok(Rule {
        id: RuleId::new(&row.id),
        kind: row.kind,
        regime: Arc::from(row.regime),
        provision: row.provision,
        text: row.text,
        applies: row.applies_if,
        value,
        clock_start: row.clock_start,
        clock_pause_on: row.clock_pause_on,
        from: dates.0,
        to: dates.1,
        status: row.status,
        strength: row.strength,
        confidence: row.confidence,
        source: row.source_ref,
        last_reviewed,
        reviewer: row.reviewer.unwrap_or_else(|| by.reviewer.clone()),
        enforced: row.enforced.unwrap_or(row.confidence != Confidence::Low),
        place: (Arc::clone(&pack.file), line),
    })
}

fn dates(
    from: Datetime,
    to: Option<Datetime>,
    status: Status,
) -> Result<(Date, Option<Date>), Problem> {
    let from = plain_date("effective_from", from)?;
    let to = match to {
        Some(to) => Some(plain_date("effective_to", to)?),
        None if status == Status::Repealed => return Err(Problem::Missing("effective_to")),
        None => None,
    };
    if to.is_some_and(|to| to < from) {
        return Err(Problem::Ended);
    }
    Ok((from, to))
}

/// The calendar that a value names.
fn holidays(value: &Value) -> Option<&Arc<str>> {
    match value {
        Value::Breach {
            within: Some(term), ..
        }
        | Value::Latency(term) => term.holidays.as_ref(),
        Value::Deadline(deadline) => deadline.term.holidays.as_ref(),
        Value::Quiet(quiet) => quiet.holidays.as_ref(),
        Value::Age(_)
        | Value::Asking(_)
        | Value::Breach { within: None, .. }
        | Value::Cleansing(_)
        | Value::Data
        | Value::Grade(_)
        | Value::Lapse(_)
        | Value::Notice { .. }
        | Value::Retention(_)
        | Value::SoftOptIn(_)
        | Value::Special(_) => None,
    }
}
