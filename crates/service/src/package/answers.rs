//! What the law asks to be told beside the data: GDPR Art 15(1)(a) to (h) and 15(2), POPIA s23(1)(b).

use std::collections::BTreeSet;

use domain::ids::PurposeId;
use domain::record_class::RecordClass;
use package::Fact;
use package::Texts;
use store::StoreError;

use super::make::Making;
use super::messages::Written;
use crate::Service;

/// To whom people can complain, by the organisation's country.
const AUTHORITIES: &[(&str, &str)] = &[
    (
        "GB",
        "Information Commissioner’s Office, https://ico.org.uk",
    ),
    (
        "KE",
        "Office of the Data Protection Commissioner, https://www.odpc.go.ke",
    ),
    (
        "ZA",
        "Information Regulator (South Africa), https://inforegulator.org.za",
    ),
];

/// What kinds of data there are.
const KINDS: [&str; 4] = [
    "kinds-identify",
    "kinds-wrote",
    "kinds-agreed",
    "kinds-known",
];

/// What people can ask for.
const RIGHTS: [&str; 5] = [
    "rights-corrected",
    "rights-deleted",
    "rights-paused",
    "rights-objected",
    "rights-portable",
];

impl Service {
    pub(super) fn package_answers(
        &self,
        making: &Making,
        written: &Written,
    ) -> Result<Vec<Fact>, StoreError> {
        let texts = &making.texts;
        let say = |ids: &[&str]| -> Vec<String> {
            ids.iter().map(|id| texts.say(id).to_owned()).collect()
        };
        let fact = |question, answer| Fact { question, answer };
        Ok(vec![
            fact("question-purposes", self.purposes_used(making)?),
            fact("question-kinds", say(&KINDS)),
            fact(
                "question-recipients",
                say(&["recipients-table", "recipients-meta"]),
            ),
            fact("question-retention", self.retention_said(texts)?),
            fact("question-source", say(&["source-told"])),
            fact("question-automated", say(&["automated-told"])),
            fact("question-rights", say(&RIGHTS)),
            fact("question-complaint", vec![self.authority_said(texts)]),
            fact("question-left-out", left_out(written, texts)),
        ])
    }

    /// The purposes that touched the person, with their bases.
    fn purposes_used(&self, making: &Making) -> Result<Vec<String>, StoreError> {
        let mut purposes: BTreeSet<PurposeId> = BTreeSet::new();
        for subject in &making.source.subjects {
            let subject = *subject;
            let read = self.store.read_now(|reader| {
                let events = reader.consent_events(subject)?;
                let mut purposes: Vec<PurposeId> =
                    events.iter().map(|event| event.purpose).collect();
                purposes.extend(reader.purposes_of_decisions(subject)?);
                Ok(purposes)
            });
            purposes.extend(read?);
        }
        let mut lines: Vec<String> = purposes
            .into_iter()
            .filter_map(|id| making.registry.purpose(id))
            .map(|entry| {
                let basis = making.texts.word("basis", entry.purpose.basis.name());
                let description = entry.terms.description.trim();
                let end = if description.is_empty() { "" } else { " " };
                format!("{}: {basis}.{end}{description}", entry.title)
            })
            .collect();
        for id in ["purpose-answer", "purpose-proof"] {
            lines.push(making.texts.say(id).to_owned());
        }
        Ok(lines)
    }

    fn retention_said(&self, texts: &Texts) -> Result<Vec<String>, StoreError> {
        let now = self.store.clock().now();
        let rules = self
            .store
            .read_now(|reader| reader.retention_in_force(now))?;
        let mut lines: Vec<String> = rules
            .into_iter()
            .filter_map(|rule| {
                let class = RecordClass::from_code(rule.class).map_or("records", RecordClass::name);
                let id = match (rule.minimum_days, rule.maximum_days) {
                    (Some(_), Some(_)) => "retention-both",
                    (Some(_), None) => "retention-least",
                    (None, Some(_)) => "retention-most",
                    (None, None) => return None,
                };
                let days = |days: Option<u32>| days.unwrap_or_default().to_string();
                let (minimum, maximum) = (days(rule.minimum_days), days(rule.maximum_days));
                let values = [
                    ("class", texts.word("class", class)),
                    ("minimum", minimum.as_str()),
                    ("maximum", maximum.as_str()),
                    ("provision", rule.provision.as_str()),
                ];
                Some(texts.with(id, &values))
            })
            .collect();
        if lines.is_empty() {
            lines.push(texts.say("retention-needed").to_owned());
        }
        Ok(lines)
    }

    fn authority_said(&self, texts: &Texts) -> String {
        let known = AUTHORITIES
            .iter()
            .find(|(country, _)| *country == self.settings.country);
        known.map_or_else(
            || texts.say("complaint-own").to_owned(),
            |(_, authority)| (*authority).to_owned(),
        )
    }
}

fn left_out(written: &Written, texts: &Texts) -> Vec<String> {
    let mut lines = Vec::new();
    for (count, id) in [
        (written.left_out, "left-passages"),
        (written.of_others, "left-groups"),
    ] {
        if 0 < count {
            lines.push(texts.with(id, &[("count", count.to_string().as_str())]));
        }
    }
    for id in ["left-keys", "left-files"] {
        lines.push(texts.say(id).to_owned());
    }
    lines
}
