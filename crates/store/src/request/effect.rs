//! What a request brings about at once, whatever is decided about the rest of it.

use domain::audit::Actor;
use domain::consent::Channel;
use domain::consent::ConsentState;
use domain::consent::EvidenceGrade;
use domain::consent::Method;
use domain::ids::RequestId;
use domain::purpose::LegalBasis;
use domain::purpose::Purpose;
use domain::purpose::PurposeClass;
use domain::request::RequestKind;
use domain::request::RequestSource;
use domain::suppression::SuppressionScope;
use domain::suppression::SuppressionSource;

use super::NewRequest;
use crate::confirmation::jurisdictions;
use crate::consent;
use crate::consent::NewConsent;
use crate::error::StoreError;
use crate::tx::Tx;

/// An objection ends promotion without anybody weighing it (GDPR Art 21(3), POPIA s11(3)(b) and s69), and
/// consent ends when it is taken back (GDPR Art 7(3), POPIA s11(2)(b)).
pub(super) fn at_once(
    tx: &mut Tx<'_>,
    actor: Actor,
    (new, id): (&NewRequest, RequestId),
) -> Result<(), StoreError> {
    let rule = match new.kind {
        RequestKind::Objection => "request/objection",
        RequestKind::OptOut => "request/opt-out",
        RequestKind::Withdrawal => "request/withdrawal",
        RequestKind::Access
        | RequestKind::Complaint
        | RequestKind::Correction
        | RequestKind::Deletion
        | RequestKind::Portability
        | RequestKind::Restriction => return Ok(()),
    };
    let scope = (SuppressionScope::Promotional, SuppressionSource::Own);
    tx.suppress(new.subject, scope, actor, rule)?;
    let registry = tx.registry();
    for entry in &registry.purposes {
        if ends(&entry.purpose, new.kind) {
            say_no(tx, actor, (new, id), (&entry.purpose, rule))?;
        }
    }
    tx.flush()
}

fn ends(purpose: &Purpose, kind: RequestKind) -> bool {
    let promotional = purpose.class == PurposeClass::Promotional;
    promotional || (kind == RequestKind::Withdrawal && purpose.basis == LegalBasis::Consent)
}

/// A no in the ledger, unless it says so already.
fn say_no(
    tx: &mut Tx<'_>,
    actor: Actor,
    (new, id): (&NewRequest, RequestId),
    (purpose, rule): (&Purpose, &str),
) -> Result<(), StoreError> {
    let registry = tx.registry();
    let channel = Channel::WhatsApp;
    let before = consent::current(tx.connection, &registry, new.subject, purpose.id, channel)?;
    let state = match before.map_or(ConsentState::Unknown, |before| before.state) {
        ConsentState::Refused | ConsentState::Withdrawn => return Ok(()),
        ConsentState::Given | ConsentState::Renewed | ConsentState::Expired => {
            ConsentState::Withdrawn
        }
        ConsentState::Invalidated | ConsentState::Requested | ConsentState::Unknown => {
            ConsentState::Refused
        }
    };
    let (method, grade) = by(new.source);
    let event = NewConsent {
        purpose: purpose.id,
        channel,
        state,
        method,
        grade,
        notice: None,
        language: new.language.clone(),
        jurisdictions: jurisdictions(tx, new.subject)?,
        rule: rule.to_owned(),
        evidence: format!(r#"{{"request":{id}}}"#),
        expires: None,
    };
    tx.append_consent(new.subject, actor, &event).map(drop)
}

const fn by(source: RequestSource) -> (Method, EvidenceGrade) {
    match source {
        RequestSource::Chat => (Method::ChatKeyword, EvidenceGrade::Direct),
        RequestSource::Portal => (Method::WebForm, EvidenceGrade::Recorded),
        RequestSource::Staff => (Method::Staff, EvidenceGrade::Recorded),
        RequestSource::Api => (Method::App, EvidenceGrade::Recorded),
    }
}
