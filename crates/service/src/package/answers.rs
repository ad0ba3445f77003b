//! What the law asks to be told beside the data: GDPR Art 15(1)(a) to (h) and 15(2), POPIA s23(1)(b).

use std::collections::BTreeSet;

use domain::ids::PurposeId;
use domain::purpose::LegalBasis;
use domain::record_class::RecordClass;
use package::Fact;
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

impl Service {
    pub(super) fn package_answers(
        &self,
        making: &Making,
        written: &Written,
    ) -> Result<Vec<Fact>, StoreError> {
        Ok(vec![
            Fact {
                question: "What we use your data for",
                answer: self.purposes_used(making)?,
            },
            Fact {
                question: "What kinds of data these are",
                answer: vec![
                    "What identifies you: telephone numbers, WhatsApp's ids, e-mail addresses.".to_owned(),
                    "What you wrote and sent, and what we wrote, with the time and what became of it.".to_owned(),
                    "What you agreed to and refused, and what proves it.".to_owned(),
                    "What we know of you beside, as the table above has it.".to_owned(),
                ],
            },
            Fact {
                question: "Who received them",
                answer: vec![
                    "The table “Who received your data” names every recipient with how many messages it \
                     got; each message names those it was handed to."
                        .to_owned(),
                    "Meta Platforms carries the messages, and may do so outside of your country under \
                     its terms for businesses."
                        .to_owned(),
                ],
            },
            Fact {
                question: "How long they are kept",
                answer: self.retention_said()?,
            },
            Fact {
                question: "Where they come from",
                answer: vec![
                    "From you, from WhatsApp, and from us. The table “What we know of you” says where each \
                     thing comes from."
                        .to_owned(),
                ],
            },
            Fact {
                question: "Whether something is decided by a program alone",
                answer: vec![
                    "Rules decide whether a message to you may leave; each of those decisions is in this \
                     package with its reason. Nothing that has legal effect for you, or that affects you \
                     alike, is decided by a program alone, and no profile is made of you."
                        .to_owned(),
                ],
            },
            Fact {
                question: "What you can ask for",
                answer: rights(),
            },
            Fact {
                question: "To whom you can complain",
                answer: vec![self.authority_said()],
            },
            Fact {
                question: "What is not in this package",
                answer: left_out(written),
            },
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
                let basis = basis(entry.purpose.basis);
                let description = entry.terms.description.trim();
                let end = if description.is_empty() { "" } else { " " };
                format!("{}: {basis}.{end}{description}", entry.title)
            })
            .collect();
        lines.push("To answer you when you write to us.".to_owned());
        lines.push(
            "To prove that we keep to the law: the audit log and the proof of consent.".to_owned(),
        );
        Ok(lines)
    }

    fn retention_said(&self) -> Result<Vec<String>, StoreError> {
        let now = self.store.clock().now();
        let rules = self
            .store
            .read_now(|reader| reader.retention_in_force(now))?;
        let mut lines: Vec<String> = rules
            .into_iter()
            .map(|rule| {
                let class = RecordClass::from_code(rule.class).map_or("records", RecordClass::name);
                let days = |days: Option<u32>, word| {
                    days.map_or_else(String::new, |days| format!(" {word} {days} days"))
                };
                format!(
                    "{class}:{}{} ({})",
                    days(rule.minimum_days, "at least"),
                    days(rule.maximum_days, "at most"),
                    rule.provision
                )
            })
            .collect();
        if lines.is_empty() {
            lines.push("As long as they are needed for what they are used for.".to_owned());
        }
        Ok(lines)
    }

    fn authority_said(&self) -> String {
        let known = AUTHORITIES
            .iter()
            .find(|(country, _)| *country == self.settings.country);
        known.map_or_else(
            || "To the data protection authority where you live or work.".to_owned(),
            |(_, authority)| (*authority).to_owned(),
        )
    }
}

const fn basis(basis: LegalBasis) -> &'static str {
    match basis {
        LegalBasis::Consent => "because you agreed",
        LegalBasis::Contract => "because a contract with you needs it",
        LegalBasis::LegalObligation => "because the law demands it",
        LegalBasis::LegitimateInterest => {
            "because of an interest of ours that was weighed against yours"
        }
    }
}

fn rights() -> Vec<String> {
    [
        "That what is wrong is corrected.",
        "That your data are deleted, as far as no law orders to keep them.",
        "That we stop using them while something is in dispute.",
        "That we stop using them for a purpose; for advertising, at any time and without a reason.",
        "That you get what you gave us in a form that a program can read.",
    ]
    .map(str::to_owned)
    .into()
}

fn left_out(written: &Written) -> Vec<String> {
    let mut lines = Vec::new();
    if written.left_out > 0 {
        lines.push(format!(
            "{} passages about other people (GDPR Art 15(4); POPIA s23(4) with PAIA chapter 4).",
            written.left_out
        ));
    }
    if written.of_others > 0 {
        lines.push(format!(
            "{} messages of other members of groups: they are theirs.",
            written.of_others
        ));
    }
    lines.push("Keys and tokens, which say nothing about you.".to_owned());
    lines.push(
        "Files that were not fetched from WhatsApp within 30 days: it deletes them then."
            .to_owned(),
    );
    lines
}
