//! Why somebody got a message: from the message to its decision, to the consent it rests on, to the
//! notice, to the evidence.

use domain::consent::Method;
use domain::decision::Outcome;
use domain::ids::DecisionId;
use domain::ids::MessageId;
use domain::ids::NumberId;
use domain::ids::PurposeId;
use domain::ids::SubjectId;
use domain::purpose::LegalBasis;
use domain::purpose::PurposeClass;
use seal::Zeroizing;

use crate::error::StoreError;
use crate::known::Known;
use crate::read::MessageRow;
use crate::read::Reader;
use crate::record;
use crate::record::ConsentView;
use crate::record::DecisionView;
use crate::registry::Notice;
use crate::registry::PurposeEntry;
use crate::tx::Tx;

/// What lies behind a message.
#[derive(Debug)]
pub struct Why {
    /// The message without its content.
    pub message: MessageRow,
    /// What the gate said of it; none for what came in, or went out beside the gateway.
    pub decision: Option<DecisionView>,
    /// What it was for.
    pub purpose: Option<PurposeEntry>,
    /// Where the ledger of the person and the purpose stood when it was judged.
    pub consent: Option<ConsentView>,
    /// The notice version behind that; without one, the newest that explains the purpose.
    pub notice: Option<Notice>,
    /// What proves the consent, in clear: personal data.
    pub evidence: Option<Zeroizing<String>>,
}

impl Reader<'_> {
    /// What lies behind a message, evidence in clear among it: read inside of
    /// [`crate::Store::reveal`].
    ///
    /// # Errors
    /// What the database says; [`StoreError::Damaged`] where the evidence does not open.
    pub fn why(&self, id: MessageId) -> Result<Option<Why>, StoreError> {
        let Some(message) = self.message(id)? else {
            return Ok(None);
        };
        let decision = match message.decision {
            Some(id) => self.decision(DecisionId(id))?,
            None => None,
        };
        let judged = decision
            .as_ref()
            .and_then(|decision| Some((decision.purpose?, decision.leaf)));
        let consent = match judged {
            Some((purpose, leaf)) => {
                record::consent_before(self.connection, (message.subject, purpose), leaf)?
            }
            None => None,
        };
        let purpose = judged.and_then(|(purpose, _)| self.registry.purpose(purpose));
        let language = consent
            .as_ref()
            .map_or("en", |consent| consent.language.as_str());
        let under = consent.as_ref().and_then(|consent| consent.notice);
        let notice = match (under, purpose) {
            (Some(id), _) => self.registry.notice(id),
            (None, Some(entry)) => self.registry.notice_of(entry.purpose.id, language),
            (None, None) => None,
        };
        let evidence = match &consent {
            Some(consent) => self.evidence_of(consent.id)?,
            None => None,
        };
        Ok(Some(Why {
            purpose: purpose.cloned(),
            notice: notice.cloned(),
            message,
            decision,
            consent,
            evidence,
        }))
    }
}

/// What the answer to "why did I get this?" is put together from, in one language. What is filled in
/// stands in braces: `{purpose}`, `{date}`, `{method}`, `{notice}`, `{version}`.
#[derive(Clone, Copy)]
pub struct WhyTexts {
    /// What the last message was about.
    pub about: &'static str,
    /// When and how the person agreed.
    pub agreed: &'static str,
    /// Under which notice.
    pub notice: &'static str,
    /// That it rests on a sale.
    pub customer: &'static str,
    /// That it rests on a contract.
    pub contract: &'static str,
    /// That it rests on an obligation by law.
    pub duty: &'static str,
    /// That it rests on a legitimate interest.
    pub interest: &'static str,
    /// How to end promotions.
    pub stop: &'static str,
    /// Where the person's page is.
    pub page: &'static str,
    /// How consent came about.
    pub method: fn(Method) -> &'static str,
}

/// How a person is answered who asks why.
#[derive(Clone, Copy)]
pub struct WhyAnswer {
    /// The texts.
    pub texts: &'static WhyTexts,
    /// Whether people have a page.
    pub page: bool,
}

impl std::fmt::Debug for WhyAnswer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WhyAnswer").finish_non_exhaustive()
    }
}

impl std::fmt::Debug for WhyTexts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WhyTexts").finish_non_exhaustive()
    }
}

/// So many of a person's newest decisions are looked at for one that let out a message of ours.
const LOOK: u32 = 64;

/// Answers a person who asks why: what the last message was for that we sent by ourselves, what it rests
/// on, and how to end it. Whoever got none is left to those who answer in the chat.
pub(crate) fn answer(
    tx: &mut Tx<'_>,
    known: &mut Known,
    (subject, number): (SubjectId, NumberId),
    asked: WhyAnswer,
) -> Result<(), StoreError> {
    let registry = tx.registry();
    let sql = "SELECT purpose_id, leaf FROM decisions WHERE subject_id = $1 AND outcome = $2 \
               AND purpose_id IS NOT NULL ORDER BY id DESC LIMIT $3";
    let newest: Vec<(i64, i64)> = tx
        .connection
        .prepare_cached(sql)?
        .query_map((subject.0, Outcome::Allow.code(), LOOK), |row| {
            Ok((row.get(0)?, row.get(1)?))
        })?;
    let started = newest.iter().find_map(|(purpose, leaf)| {
        let entry = registry.purpose(PurposeId(*purpose))?;
        (entry.purpose.class != PurposeClass::Care).then_some((entry, *leaf))
    });
    let Some((entry, leaf)) = started else {
        return Ok(());
    };
    let consent = record::consent_before(tx.connection, (subject, entry.purpose.id), leaf)?;
    let notice = consent.as_ref().and_then(|consent| consent.notice);
    let text = told(asked, entry, consent.as_ref(), |texts| {
        let notice = registry.notice(notice?)?;
        Some(
            texts
                .notice
                .replace("{notice}", &notice.title)
                .replace("{version}", &notice.version.to_string()),
        )
    });
    let body = serde_json::json!({
        "messaging_product": "whatsapp",
        "type": "text",
        "text": {"body": text},
    });
    crate::send::confirm(tx, known, (subject, number), body.to_string().as_bytes())
}

/// The answer's text.
fn told(
    asked: WhyAnswer,
    entry: &PurposeEntry,
    consent: Option<&ConsentView>,
    notice: impl FnOnce(&WhyTexts) -> Option<String>,
) -> String {
    let texts = asked.texts;
    let agreed = consent.filter(|consent| consent.state.is_sendable());
    let ground = match (entry.purpose.basis, agreed) {
        (_, Some(consent)) => {
            let date = consent.at.to_string();
            texts
                .agreed
                .replace("{date}", date.get(..10).unwrap_or(&date))
                .replace("{method}", (texts.method)(consent.method))
        }
        (LegalBasis::Consent, None) => texts.customer.to_owned(),
        (LegalBasis::Contract, None) => texts.contract.to_owned(),
        (LegalBasis::LegalObligation, None) => texts.duty.to_owned(),
        (LegalBasis::LegitimateInterest, None) => texts.interest.to_owned(),
    };
    [
        Some(texts.about.replace("{purpose}", &entry.title)),
        Some(ground),
        notice(texts),
        Some(texts.stop.to_owned()),
        asked.page.then(|| texts.page.to_owned()),
    ]
    .into_iter()
    .flatten()
    .collect::<Vec<_>>()
    .join(" ")
}
