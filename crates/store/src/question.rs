//! What the gate is asked, and the facts it looks at.

use domain::gate::CatalogueEntry;
use domain::gate::Content;
use domain::gate::Declared;
use domain::gate::Facts;
use domain::health::Standing;
use domain::ids::NumberId;
use domain::ids::PurposeId;
use domain::ids::SubjectId;
use domain::purpose::Purpose;
use domain::purpose::PurposeClass;
use domain::subject::Restriction;
use domain::time::Span;
use domain::time::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::dossier::Dossier;
use crate::dossier::Wanted;
use crate::error::StoreError;
use crate::known::Known;
use crate::operation::Outgoing;
use crate::operation::Send;
use crate::registry::Registry;
use crate::tx::Tx;

/// What the gate is asked about.
#[derive(Clone, Debug)]
pub(crate) struct Question<'a> {
    pub(crate) number: NumberId,
    pub(crate) content: &'a Outgoing,
    pub(crate) declared: Option<&'a str>,
    /// The checked body; a question without one is about a message that is yet to be written.
    pub(crate) body: Option<&'a [u8]>,
}

impl<'a> Question<'a> {
    pub(crate) fn of(send: &'a Send) -> Self {
        Self {
            number: send.number,
            content: &send.content,
            declared: send.declared.as_deref(),
            body: Some(&send.body),
        }
    }

    /// Whether the message names the person's identity key.
    fn names_identity_key(&self) -> bool {
        #[derive(Deserialize)]
        struct Named<'a> {
            #[serde(borrow)]
            recipient_identity_key_hash: Option<&'a RawValue>,
        }
        self.body.is_none_or(|body| {
            serde_json::from_slice::<Named<'_>>(body)
                .is_ok_and(|named| named.recipient_identity_key_hash.is_some())
        })
    }
}

/// What a question comes down to, whoever it is about.
#[derive(Clone, Debug)]
pub(crate) struct Matter {
    content: Content,
    bound: Option<Purpose>,
    declared: Declared,
    names_identity_key: bool,
    number: NumberId,
}

impl Matter {
    pub(crate) fn of(registry: &Registry, question: &Question<'_>) -> Self {
        let (content, bound) = bind(registry, question);
        let declared = match question.declared {
            None => Declared::None,
            Some(code) => registry
                .purpose_by_code(code)
                .map_or(Declared::Unknown, |entry| {
                    Declared::Known(entry.purpose.clone())
                }),
        };
        let mut matter = Self {
            content,
            bound,
            declared,
            names_identity_key: false,
            number: question.number,
        };
        let checked = matter.purposes().any(|purpose| purpose.identity_check);
        matter.names_identity_key = checked && question.names_identity_key();
        matter
    }

    /// The purpose that binds the message.
    pub(crate) const fn bound(&self) -> Option<&Purpose> {
        self.bound.as_ref()
    }

    /// The purposes the message may be judged under: a declared one, the last, counts where there is
    /// one.
    pub(crate) fn purposes(&self) -> impl Iterator<Item = &Purpose> + Clone {
        let narrowed = match &self.declared {
            Declared::Known(purpose) => Some(purpose),
            Declared::None | Declared::Unknown => None,
        };
        self.bound.iter().chain(narrowed)
    }

    /// What of people's past it touches.
    pub(crate) fn wanted(&self, now: Timestamp) -> Wanted {
        let purposes = self.purposes();
        let targets = purposes
            .clone()
            .filter_map(|purpose| purpose.terms.asks_for);
        let soft = purposes
            .clone()
            .filter(|purpose| purpose.terms.soft_opt_in)
            .map(|purpose| purpose.id);
        let mut ledgers: Vec<PurposeId> = purposes.clone().map(|purpose| purpose.id).collect();
        ledgers.extend(targets.clone());
        ledgers.sort_unstable();
        ledgers.dedup();
        let capped = purposes.last().and_then(|purpose| {
            let cap = purpose.terms.cap?;
            Some((purpose.id, now - Span::days(cap.days)))
        });
        Wanted {
            ledgers,
            asked: targets.chain(soft).collect(),
            sent: capped,
        }
    }

    /// The facts about one person.
    pub(crate) fn facts(
        &self,
        registry: &Registry,
        now: Timestamp,
        dossier: Dossier,
        live: Live,
    ) -> Facts {
        let number = registry.number(self.number);
        Facts {
            emergency_stop: registry.emergency_stop,
            restriction: live.restriction,
            suppressions: dossier.suppressions,
            registries: dossier.registries,
            rules: dossier.rules,
            person: dossier.person,
            asked: dossier.asked,
            sent: dossier.sent,
            content: self.content,
            bound: self.bound.clone(),
            declared: self.declared.clone(),
            consents: dossier.consents,
            window: live.window,
            names_identity_key: self.names_identity_key,
            health: number.map_or_else(Standing::default, |number| number.health.at(now)),
            capped: live.capped,
            pair: live.pair,
            throughput: live.throughput,
            behind: None,
        }
    }
}

/// What changes with every message: the writer knows more of it than the database.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Live {
    pub(crate) restriction: Restriction,
    pub(crate) window: Option<Timestamp>,
    pub(crate) capped: Option<Timestamp>,
    pub(crate) pair: Timestamp,
    pub(crate) throughput: Timestamp,
}

/// Gathers everything the gate looks at.
pub(crate) fn gather(
    tx: &mut Tx<'_>,
    known: &mut Known,
    subject: SubjectId,
    question: &Question<'_>,
) -> Result<Facts, StoreError> {
    let registry = tx.registry();
    let matter = Matter::of(&registry, question);
    tx.flush()?;
    let dossier = tx.dossier(subject, &matter.wanted(tx.now()))?;
    Ok(facts(tx, known, &matter, dossier))
}

/// The facts about somebody whose dossier is at hand, as they stand in the transaction.
pub(crate) fn facts(
    tx: &mut Tx<'_>,
    known: &mut Known,
    matter: &Matter,
    dossier: Dossier,
) -> Facts {
    let subject = dossier.subject;
    let conversation = tx.conversation(known, subject, matter.number);
    let (window, pair) = (conversation.opened_at, conversation.pair_at);
    let capped = conversation.capped_until;
    let throughput = tx.state.throughput.get(&matter.number).copied();
    let live = Live {
        restriction: known
            .restricted_since(subject)
            .map_or(Restriction::None, |since| Restriction::Restricted { since }),
        window,
        capped,
        pair,
        throughput: throughput.unwrap_or_default(),
    };
    matter.facts(&tx.registry(), tx.now(), dossier, live)
}

/// What the catalogue says of the message, and the purpose that binds it: a template's own or its
/// category's, customer care for anything else. Never what the caller says.
fn bind(registry: &Registry, question: &Question<'_>) -> (Content, Option<Purpose>) {
    let default = |class| {
        registry
            .default_purpose(class)
            .map(|entry| entry.purpose.clone())
    };
    match question.content {
        Outgoing::Plain(content @ Content::Direct(category)) => {
            (*content, default(category.class()))
        }
        Outgoing::Plain(Content::Call) => (Content::Call, default(PurposeClass::Utility)),
        Outgoing::Plain(content) => (*content, default(PurposeClass::Care)),
        Outgoing::Template { name, language } => {
            let waba = registry
                .number(question.number)
                .map(|number| number.waba_id.as_str());
            let Some(template) = waba.and_then(|waba| registry.template(waba, name, language))
            else {
                return (Content::Template(CatalogueEntry::Missing), None);
            };
            let entry = CatalogueEntry::Known {
                category: template.category,
                status: template.status,
            };
            // A binding made for another category must not outlive a change to a stricter one.
            let own = template
                .purpose
                .and_then(|id| registry.purpose(id))
                .map(|entry| entry.purpose.clone())
                .filter(|purpose| purpose.class >= template.category.class());
            (
                Content::Template(entry),
                own.or_else(|| default(template.category.class())),
            )
        }
    }
}
