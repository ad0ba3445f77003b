//! What follows from a word a person said.

use domain::audit::Actor;
use domain::consent::Channel;
use domain::consent::ConsentState;
use domain::ids::MessageId;
use domain::ids::NumberId;
use domain::ids::PurposeId;
use domain::ids::SubjectId;
use domain::keyword;
use domain::keyword::Keyword;
use domain::purpose::PurposeClass;
use domain::suppression::Suppression;
use domain::suppression::SuppressionScope;
use domain::suppression::SuppressionSource;

use crate::consent;
use crate::consent::NewConsent;
use crate::error::StoreError;
use crate::known::Known;
use crate::operation::Said;
use crate::tx::Tx;

/// Applies the effects of a word: suppression, ledger, the one confirmation.
pub(crate) fn apply(
    tx: &mut Tx<'_>,
    known: &mut Known,
    (subject, number, message): (SubjectId, NumberId, MessageId),
    said: &Said,
) -> Result<(), StoreError> {
    tx.flush()?;
    if let (Keyword::Why, Some(asked)) = (said.keyword, said.why) {
        return crate::why::answer(tx, known, (subject, number), asked);
    }
    if let Some(asking) = &said.ask {
        return crate::request::answer(tx, known, (subject, number), (said, asking));
    }
    let scope = match said.keyword {
        Keyword::StopEverything => SuppressionScope::BusinessInitiated,
        Keyword::Ask(_)
        | Keyword::ConfirmDeletion
        | Keyword::Help
        | Keyword::KeepData
        | Keyword::Start
        | Keyword::Stop
        | Keyword::StopAmbiguous
        | Keyword::Why => SuppressionScope::Promotional,
    };
    let identifiers = tx.suppressible(subject)?;
    let already = tx.suppressions(&identifiers)?.iter().any(|held| {
        held.entry.source == SuppressionSource::Own
            && (held.entry.scope == scope
                || held.entry.scope == SuppressionScope::BusinessInitiated)
    });
    let effects = keyword::effects(said.keyword, already);
    if let Some(scope) = effects.suppress {
        let entry = (scope, SuppressionSource::Own);
        tx.suppress(subject, entry, Actor::Meta, &said.rule)?;
    }
    if effects.lift_own {
        let lifted = Suppression::lifted_by_opt_in;
        tx.lift(subject, Actor::Meta, &said.rule, lifted)?;
    }
    if let Some((state, grade)) = effects.promotional {
        for purpose in promotional(tx) {
            let event = NewConsent {
                purpose,
                channel: Channel::WhatsApp,
                state,
                method: said.method,
                grade,
                notice: None,
                language: said.language.clone(),
                jurisdictions: String::new(),
                rule: said.rule.clone(),
                evidence: format!(r#"{{"message":{message}}}"#),
                expires: None,
            };
            record(tx, subject, event)?;
        }
    }
    if effects.confirmation.is_some()
        && let Some(body) = &said.confirmation
    {
        crate::send::confirm(tx, known, (subject, number), body)?;
    }
    Ok(())
}

fn promotional(tx: &Tx<'_>) -> Vec<PurposeId> {
    let registry = tx.registry();
    registry
        .purposes
        .iter()
        .filter(|entry| entry.purpose.class == PurposeClass::Promotional)
        .map(|entry| entry.purpose.id)
        .collect()
}

/// Appends the event, unless the ledger says the same already. Consent given in the chat is given
/// under the newest notice of the purpose.
fn record(tx: &mut Tx<'_>, subject: SubjectId, mut event: NewConsent) -> Result<(), StoreError> {
    let registry = tx.registry();
    let (purpose, channel) = (event.purpose, event.channel);
    let before = consent::current(tx.connection, &registry, subject, purpose, channel)?;
    if before.is_some_and(|before| before.state == event.state && before.notice_valid) {
        return Ok(());
    }
    if event.state == ConsentState::Given {
        let code = registry
            .purpose(purpose)
            .map(|entry| entry.purpose.code.clone());
        event.notice = code.and_then(|code| {
            registry
                .newest_notice(&code, &event.language)
                .or_else(|| registry.newest_notice("messages", &event.language))
                .map(|notice| notice.id)
        });
    }
    tx.append_consent(subject, Actor::Meta, &event).map(drop)
}
