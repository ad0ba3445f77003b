//! Who accepted what is known with medium confidence only.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::civil::Date;
use serde::Deserialize;
use toml::Spanned;
use toml::value::Datetime;

use crate::fault::Fault;
use crate::fault::Problem;
use crate::holidays::plain_date;
use crate::pack::Pack;
use crate::rule::Rule;
use crate::text::line_of;
use crate::words::Confidence;

/// The name of the file.
pub(crate) const NAME: &str = "reviews.toml";

/// That somebody accepted a rule or a pack.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Review {
    /// Who: a name, so that somebody answers for it.
    pub reviewer: String,
    /// From which day on it counts.
    pub on: Date,
    /// What they looked at.
    pub note: String,
}

/// Reviews by the id of the rule or pack. The newest of one id counts.
pub(crate) type Reviews = BTreeMap<Arc<str>, Review>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    review: Vec<Spanned<Row>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    rule: Option<String>,
    pack: Option<String>,
    reviewer: String,
    date: Datetime,
    #[serde(default)]
    note: String,
}

/// Reads and checks the file.
pub(crate) fn read(
    name: &str,
    text: &str,
    packs: &BTreeMap<Arc<str>, Pack>,
) -> Result<Reviews, Vec<Fault>> {
    let file: File = toml::from_str(text).map_err(|error| {
        let line = line_of(text, error.span().map_or(0, |span| span.start));
        vec![Fault::new(
            name,
            line,
            None,
            Problem::syntax(error.message()),
        )]
    })?;
    let mut reviews = Reviews::new();
    let mut faults = Vec::new();
    for row in file.review {
        let line = line_of(text, row.span().start);
        let row = row.into_inner();
        let about = row.rule.clone().or_else(|| row.pack.clone());
        let about = about.filter(|id| id.len() <= 120);
        match check(row, packs) {
            Err(problem) => faults.push(Fault::new(name, line, about.as_deref(), problem)),
            Ok((id, review)) => {
                let known = reviews.get(&id).is_some_and(|known| review.on < known.on);
                if !known {
                    reviews.insert(id, review);
                }
            }
        }
    }
    if faults.is_empty() {
        Ok(reviews)
    } else {
        Err(faults)
    }
}

fn check(row: Row, packs: &BTreeMap<Arc<str>, Pack>) -> Result<(Arc<str>, Review), Problem> {
    if row.reviewer.trim().is_empty() {
        return Err(Problem::Missing("reviewer"));
    }
    let id = match (&row.rule, &row.pack) {
        (Some(id), None) => {
            let rule = find(packs, id).ok_or(Problem::Unknown)?;
            if rule.confidence == Confidence::Low {
                return Err(Problem::Low);
            }
            id
        }
        (None, Some(id)) if packs.contains_key(id.as_str()) => id,
        (None, Some(_)) => return Err(Problem::Unknown),
        _ => return Err(Problem::Missing("rule")),
    };
    let review = Review {
        reviewer: row.reviewer,
        on: plain_date("date", row.date)?,
        note: row.note,
    };
    Ok((Arc::from(id.as_str()), review))
}

fn find<'a>(packs: &'a BTreeMap<Arc<str>, Pack>, id: &str) -> Option<&'a Rule> {
    let pack = packs.get(id.split('/').next()?)?;
    pack.rules.iter().find(|rule| rule.id.as_str() == id)
}
