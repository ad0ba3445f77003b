//! Step 4: what a message that the organisation starts can rest on.

use crate::consent::Consent;
use crate::consent::ConsentState;
use crate::consent::EvidenceGrade;
use crate::decision::Basis;
use crate::decision::Reason;
use crate::decision::SoftOptInGap;
use crate::gate::Facts;
use crate::ids::PurposeId;
use crate::law::Pause;
use crate::law::RuleId;
use crate::person::Asked;
use crate::purpose::Purpose;
use crate::purpose::PurposeClass;
use crate::time::Span;
use crate::time::Timestamp;

/// The evidence that special categories take where no pack says more.
const SPECIAL: EvidenceGrade = EvidenceGrade::Direct;

/// What the message rests on, or every reason why it rests on nothing.
pub(super) fn ground(
    facts: &Facts,
    purpose: &Purpose,
    now: Timestamp,
) -> Result<Basis, Vec<Reason>> {
    if let Some(target) = purpose.terms.asks_for {
        return asking(facts, target, now);
    }
    let on_record = facts.consent(purpose.id);
    match consent(facts, purpose, on_record, now) {
        Ok(basis) => Ok(basis),
        Err(reason) if purpose.terms.soft_opt_in && facts.never_answered(purpose.id) => {
            soft_opt_in(facts, purpose).map_err(|gap| vec![reason, Reason::SoftOptInUnmet { gap }])
        }
        Err(reason) => Err(vec![reason]),
    }
}

/// Consent for the purpose: given, current, and well enough proved.
fn consent(
    facts: &Facts,
    purpose: &Purpose,
    on_record: Option<&Consent>,
    now: Timestamp,
) -> Result<Basis, Reason> {
    let missing = |state| Reason::ConsentMissing { state };
    let consent = on_record.ok_or_else(|| missing(ConsentState::Unknown))?;
    if !consent.state.is_sendable() {
        return Err(missing(consent.state));
    }
    if let Some(at) = consent.expires
        && at <= now
    {
        return Err(Reason::ConsentExpired { at });
    }
    if consent.expires.is_none() {
        lapsed(facts, purpose, consent, now)?;
    }
    if !consent.notice_valid {
        return Err(Reason::NoticeOutdated);
    }
    if consent.grade < purpose.grade {
        return Err(Reason::EvidenceWeak {
            grade: consent.grade,
            wanted: purpose.grade,
        });
    }
    demanded(facts, purpose, consent.grade)?;
    Ok(Basis::Consent {
        at: consent.at,
        grade: consent.grade,
    })
}

/// Consent that sets no end itself ends by the purpose's terms, or by law.
fn lapsed(
    facts: &Facts,
    purpose: &Purpose,
    consent: &Consent,
    now: Timestamp,
) -> Result<(), Reason> {
    if let Some(days) = purpose.terms.lapse_days
        && consent.at + Span::days(days) <= now
    {
        let at = consent.at + Span::days(days);
        return Err(Reason::ConsentExpired { at });
    }
    let by_law = facts.rules.lapses.iter().min_by_key(|rule| rule.value);
    if let Some(rule) = by_law.filter(|_| purpose.class == PurposeClass::Promotional)
        && consent.at + rule.value <= now
    {
        return Err(Reason::ConsentLapsed {
            at: consent.at + rule.value,
            rule: rule.rule.clone(),
        });
    }
    Ok(())
}

/// The evidence that law demands, beyond what the organisation does.
fn demanded(facts: &Facts, purpose: &Purpose, grade: EvidenceGrade) -> Result<(), Reason> {
    let weak = |wanted, rule| Reason::EvidenceBelowLaw {
        grade,
        wanted,
        rule,
    };
    let promotional = purpose.class == PurposeClass::Promotional;
    let strictest = facts.rules.grades.iter().max_by_key(|rule| rule.value);
    if let Some(rule) = strictest.filter(|rule| promotional && grade < rule.value) {
        return Err(weak(rule.value, rule.rule.clone()));
    }
    if purpose.terms.special || (promotional && facts.person.special) {
        let strictest = facts.rules.special.iter().max_by_key(|rule| rule.value);
        let (wanted, rule) = strictest.map_or_else(
            || (SPECIAL, RuleId::new("gate/6/special-category")),
            |rule| (rule.value, rule.rule.clone()),
        );
        if grade < wanted {
            return Err(weak(wanted, rule));
        }
    }
    Ok(())
}

/// The soft opt-in: own similar goods and services, to customers who could object at the sale and never
/// did, where every jurisdiction allows it.
fn soft_opt_in(facts: &Facts, purpose: &Purpose) -> Result<Basis, SoftOptInGap> {
    let says = &facts.rules.soft_opt_in;
    if says.is_empty() || says.iter().any(|rule| !rule.value) {
        return Err(SoftOptInGap::NotAllowed);
    }
    let sale = facts.person.sale.ok_or(SoftOptInGap::NoSale)?;
    if !sale.objectable {
        return Err(SoftOptInGap::NoChanceToObject);
    }
    if facts.person.special || purpose.terms.special {
        return Err(SoftOptInGap::SpecialCategory);
    }
    Ok(Basis::SoftOptIn { sold: sale.at })
}

/// A message that asks for consent. WhatsApp lets nobody be asked who has neither written in nor agreed
/// before (business policy: opt-in before any message the business starts), and law lets people be asked
/// only so often.
fn asking(facts: &Facts, target: PurposeId, now: Timestamp) -> Result<Basis, Vec<Reason>> {
    let asked = facts.asked(target);
    let mut reasons = Vec::new();
    let current = facts.consent(target);
    let answered_yes = current.is_some_and(|consent| consent.state.is_sendable());
    for rule in &facts.rules.asking {
        let customer = facts.person.sale.is_some() || asked.ever_given;
        if let Some(times) = rule.value.times.filter(|_| !customer)
            && asked.times >= times
        {
            reasons.push(Reason::AskedAlready {
                times: asked.times,
                rule: rule.rule.clone(),
            });
        }
        if let Some(no) = asked.last_no.filter(|_| !answered_yes) {
            let until = match rule.value.after_refusal {
                Pause::Ever => None,
                Pause::For(span) if no + span <= now => continue,
                Pause::For(span) => Some(no + span),
            };
            reasons.push(Reason::AskPause {
                until,
                rule: rule.rule.clone(),
            });
        }
    }
    let window = facts.open_window(now);
    let basis = match (window, current) {
        (Some(opened), _) => Some(Basis::Window { opened }),
        (None, Some(consent)) if answered_yes => Some(Basis::Consent {
            at: consent.at,
            grade: consent.grade,
        }),
        (None, _) => None,
    };
    match basis {
        Some(basis) if reasons.is_empty() => Ok(basis),
        Some(_) => Err(reasons),
        None => {
            reasons.push(Reason::AskUninvited);
            Err(reasons)
        }
    }
}

impl Facts {
    /// The consent on record for a purpose.
    pub(super) fn consent(&self, purpose: PurposeId) -> Option<&Consent> {
        let found = self.consents.iter().find(|(id, _)| *id == purpose);
        found.map(|(_, consent)| consent)
    }

    /// How often the person was asked for consent to a purpose.
    fn asked(&self, purpose: PurposeId) -> Asked {
        let found = self.asked.iter().find(|(id, _)| *id == purpose);
        found.map(|(_, asked)| *asked).unwrap_or_default()
    }

    /// Whether the person has neither agreed nor objected to a purpose: only then is there room for
    /// another ground than consent.
    fn never_answered(&self, purpose: PurposeId) -> bool {
        let state = self.consent(purpose).map(|consent| consent.state);
        let open = matches!(
            state,
            None | Some(ConsentState::Unknown | ConsentState::Requested)
        );
        open && self.asked(purpose).last_no.is_none()
    }
}
