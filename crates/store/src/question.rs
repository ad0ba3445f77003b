//! What the gate is asked, and the facts it looks at.

use domain::consent::Channel;
use domain::gate::CatalogueEntry;
use domain::gate::Content;
use domain::gate::Declared;
use domain::gate::Facts;
use domain::health::Standing;
use domain::ids::NumberId;
use domain::ids::SubjectId;
use domain::purpose::Purpose;
use domain::purpose::PurposeClass;
use domain::subject::Restriction;
use domain::suppression::distinct;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::consent;
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

/// Gathers everything the gate looks at.
pub(crate) fn gather(
    tx: &mut Tx<'_>,
    known: &mut Known,
    subject: SubjectId,
    question: &Question<'_>,
) -> Result<Facts, StoreError> {
    let registry = tx.registry();
    let (content, bound) = bind(&registry, question);
    let declared = match question.declared {
        None => Declared::None,
        Some(code) => registry
            .purpose_by_code(code)
            .map_or(Declared::Unknown, |entry| {
                Declared::Known(entry.purpose.clone())
            }),
    };
    tx.flush()?;
    let identifiers = tx.suppressible(subject)?;
    let standing = tx.suppressions(&identifiers)?;
    let suppressions = distinct(standing.into_iter().map(|held| held.entry).collect());
    let mut consents = Vec::new();
    let narrowed = match &declared {
        Declared::Known(purpose) => Some(purpose),
        Declared::None | Declared::Unknown => None,
    };
    for purpose in bound.iter().chain(narrowed) {
        let channel = Channel::WhatsApp;
        let found = consent::current(tx.connection, &registry, subject, purpose.id, channel)?;
        consents.extend(found.map(|consent| (purpose.id, consent)));
    }
    let keyed = bound.iter().chain(narrowed);
    let names_identity_key =
        keyed.clone().any(|purpose| purpose.identity_check) && question.names_identity_key();
    let health = registry.number(question.number);
    let health = health.map_or_else(Standing::default, |number| number.health.at(tx.now()));
    let restriction = known
        .restricted_since(subject)
        .map_or(Restriction::None, |since| Restriction::Restricted { since });
    let conversation = tx.conversation(known, subject, question.number);
    let (window, pair) = (conversation.opened_at, conversation.pair_at);
    let throughput = tx
        .state
        .throughput
        .get(&question.number)
        .copied()
        .unwrap_or_default();
    Ok(Facts {
        emergency_stop: registry.emergency_stop,
        restriction,
        suppressions,
        content,
        bound,
        declared,
        consents,
        window,
        names_identity_key,
        health,
        pair,
        throughput,
        behind: None,
    })
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
