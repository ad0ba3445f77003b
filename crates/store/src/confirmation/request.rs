//! Taking a request in.

use domain::audit::Action;
use domain::audit::Actor;
use domain::confirmation::AskedBy;
use domain::confirmation::ConfirmationState;
use domain::confirmation::Route;
use domain::consent::Channel;
use domain::consent::ConsentState;
use domain::consent::EvidenceGrade;
use domain::consent::Method;
use domain::ids::ConfirmationId;
use domain::ids::PurposeId;
use domain::ids::SubjectId;
use domain::law::Pause;
use domain::subject::Identifier;
use domain::time::Span;
use domain::time::Timestamp;
use seal::RecordClass;
use seal::RecordKind;
use serde_json::value::RawValue;

use super::NewRequest;
use super::Requested;
use super::Sealed;
use super::mark;
use super::rows;
use super::tell;
use crate::consent;
use crate::consent::NewConsent;
use crate::dialect::Params;
use crate::error::Refusal;
use crate::error::StoreError;
use crate::known::Known;
use crate::people::Which;
use crate::person;
use crate::preference;
use crate::rows::v;
use crate::tables;
use crate::tx::Tx;
use crate::tx::place;

/// So many requests may name one number or address in a span.
const LIMITS: [(Span, usize); 2] = [(Span::hours(1), 3), (Span::days(1), 10)];

/// How long it is tried to send a confirmation.
const PATIENCE: Span = Span::days(7);

pub(crate) fn request(
    tx: &mut Tx<'_>,
    actor: Actor,
    request: &NewRequest,
) -> Result<Requested, StoreError> {
    let registry = tx.registry();
    for purpose in &request.purposes {
        registry
            .purpose(*purpose)
            .ok_or(Refusal::Missing("purpose"))?;
    }
    let to = destination(request).ok_or(Refusal::Missing("address"))?;
    let named = request.phone.as_ref().unwrap_or(to);
    let mut known = Known::default();
    tx.look_up(&mut known, std::iter::once(named))?;
    let held = known.subjects.get(&tx.tag(named)).copied();
    if limited(tx, to, held)? {
        return Ok(Requested::Limited);
    }
    let mut leaf = tx.open_leaf()?;
    // An address that is not proved is no identifier: whoever confirms there has shown nothing about
    // the number.
    let subject = tx.resolve(&mut leaf, &mut known, std::slice::from_ref(named))?;
    tx.flush()?;
    let mut open = Vec::new();
    let mut shut = Vec::new();
    for purpose in distinct(&request.purposes) {
        if may_ask(tx, subject, purpose, request.source)? {
            open.push(purpose);
        } else {
            shut.push(purpose);
        }
    }
    let (asked, state) = if open.is_empty() {
        (shut, ConfirmationState::Cancelled)
    } else {
        (open, first_state(request.route))
    };
    supersede(tx, subject, &asked)?;
    let ids = write(tx, &mut leaf, (subject, to, request), (&asked, state))?;
    let rule = match state {
        ConfirmationState::Cancelled => "confirmation/not-asked",
        _ => "confirmation/requested",
    };
    tx.close_leaf(leaf, actor, Action::ConfirmationChanged, &[rule]);
    tx.flush()?;
    for (id, purpose) in ids.iter().zip(&asked) {
        tell(tx, (*id, subject, *purpose), state)?;
    }
    if state == ConfirmationState::Cancelled {
        tx.flush()?;
        return Ok(Requested::NotAsked(ids));
    }
    for (id, purpose) in ids.iter().zip(&asked) {
        note(tx, actor, (subject, *purpose), (*id, request))?;
    }
    tx.effects.posts |= state == ConfirmationState::Waiting;
    tx.flush()?;
    Ok(Requested::Taken(ids))
}

/// Where the confirmation goes.
fn destination(request: &NewRequest) -> Option<&Identifier> {
    match request.route {
        Route::Email => request.email.as_ref(),
        Route::Chat | Route::Sms => request.phone.as_ref(),
    }
}

/// In the chat nothing has to be sent: the person has the link at hand.
const fn first_state(route: Route) -> ConfirmationState {
    match route {
        Route::Chat => ConfirmationState::Sent,
        Route::Email | Route::Sms => ConfirmationState::Waiting,
    }
}

fn distinct(purposes: &[PurposeId]) -> Vec<PurposeId> {
    let mut distinct = purposes.to_vec();
    distinct.sort_unstable();
    distinct.dedup();
    distinct
}

fn limited(tx: &Tx<'_>, to: &Identifier, subject: Option<SubjectId>) -> Result<bool, StoreError> {
    let tag = tx.tag(to);
    for (span, most) in LIMITS {
        let since = (tx.now() - span).micros();
        let by_address = count(tx, "address = $1 AND created_at > $2", (tag, since))?;
        let by_person = match subject {
            Some(subject) => count(
                tx,
                "subject_id = $1 AND created_at > $2",
                (subject.0, since),
            )?,
            None => 0,
        };
        if most <= by_address.max(by_person) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// How many requests there were; all rows of one were made at one instant.
fn count(tx: &Tx<'_>, condition: &str, parameters: impl Params) -> Result<usize, StoreError> {
    let sql = format!("SELECT DISTINCT created_at FROM confirmations WHERE {condition} LIMIT 16");
    let mut statement = tx.connection.prepare_cached(&sql)?;
    let found = statement.query_map(parameters, |row| row.get::<i64>(0))?;
    Ok(found.len())
}

/// Whether somebody who did not ask by themselves may be asked. Who fills in a form, opens a link or
/// has an app do it, asks by themselves.
fn may_ask(
    tx: &mut Tx<'_>,
    subject: SubjectId,
    purpose: PurposeId,
    source: AskedBy,
) -> Result<bool, StoreError> {
    match source {
        AskedBy::App | AskedBy::Form | AskedBy::Link => return Ok(true),
        AskedBy::Import | AskedBy::Staff | AskedBy::Till => {}
    }
    let identifiers = tx.suppressible(subject)?;
    let standing = tx.suppressions(&identifiers)?;
    let registry = tx.registry();
    let stopped = registry.purpose(purpose).is_some_and(|entry| {
        let covers =
            |held: &crate::suppression::InForce| held.entry.scope.covers(&entry.purpose, true);
        standing.iter().any(covers)
    });
    if stopped {
        return Ok(false);
    }
    // At a till and on a phone the person is there; a list asks nobody who was asked before.
    if source == AskedBy::Import {
        return may_ask_again(tx, subject, purpose);
    }
    Ok(true)
}

/// What law says of asking people who did not come by themselves (POPIA s69(2) and its kind).
fn may_ask_again(
    tx: &mut Tx<'_>,
    subject: SubjectId,
    purpose: PurposeId,
) -> Result<bool, StoreError> {
    let asked = consent::asked(&preference::ledger(tx, subject, purpose)?);
    let traits = tx.traits(subject)?;
    let identifiers = tx.identifiers(subject, Which::Current)?;
    let evidence = person::evidence(&traits, identifiers.iter());
    let rules = tx.state.law.rules(&evidence, tx.now());
    let person = person::person(&traits, tx.state.law.as_ref());
    let customer = person.sale.is_some() || asked.ever_given;
    let now = tx.now();
    Ok(rules.asking.iter().all(|rule| {
        let often = rule
            .value
            .times
            .is_none_or(|times| customer || asked.times < times);
        let paused = asked
            .last_no
            .is_some_and(|no| match rule.value.after_refusal {
                Pause::Ever => true,
                Pause::For(span) => now < no + span,
            });
        often && !paused
    }))
}

/// A newer request about a purpose takes the place of those that are open.
fn supersede(
    tx: &mut Tx<'_>,
    subject: SubjectId,
    purposes: &[PurposeId],
) -> Result<(), StoreError> {
    let open = "subject_id = $1 AND state <= $2 ORDER BY id";
    let sent = ConfirmationState::Sent.code();
    for row in rows(tx.connection, open, (subject.0, sent))? {
        if purposes.contains(&row.view.purpose) {
            let what = (row.view.id, subject, row.view.purpose);
            let told = (
                ConfirmationState::Cancelled,
                Actor::System,
                "confirmation/superseded",
            );
            mark(tx, what, told)?;
        }
    }
    Ok(())
}

fn write(
    tx: &mut Tx<'_>,
    leaf: &mut crate::leaf::OpenLeaf,
    (subject, to, request): (SubjectId, &Identifier, &NewRequest),
    (purposes, state): (&[PurposeId], ConfirmationState),
) -> Result<Vec<ConfirmationId>, StoreError> {
    let (key_id, key) = tx.key(leaf, subject, RecordClass::Form)?;
    // Nobody has a token yet: it is drawn when the confirmation goes out.
    let tag: [u8; 32] = tx.random().array()?;
    let content = Sealed {
        to: to.value().to_owned(),
        phone: request
            .phone
            .as_ref()
            .filter(|phone| *phone != to)
            .map(|phone| phone.value().to_owned()),
        good_for: request.good_for.as_micros(),
        details: details(&request.details)?,
    };
    let content = serde_json::to_vec(&content).map_err(|_| Refusal::Missing("details"))?;
    let content = seal::Zeroizing::new(content);
    let now = tx.now();
    let until = match state {
        ConfirmationState::Sent => now + request.good_for,
        _ => now + PATIENCE,
    };
    let next = if state == ConfirmationState::Sent {
        until
    } else {
        now
    };
    let mut ids = Vec::with_capacity(purposes.len());
    for purpose in purposes {
        let id = ConfirmationId(tx.id(&tables::CONFIRMATIONS));
        let place = place(RecordKind::Confirmation, 1, id.0, key_id.0);
        let sealed = tx.seal(&key, &place, &content)?;
        let row = [
            v(id),
            v(subject),
            v(*purpose),
            v(notice(tx, *purpose, &request.language)),
            v(request.language.as_str()),
            v(request.source.code()),
            v(request.route.code()),
            v(state.code()),
            v(tag),
            v(tx.tag(to)),
            v(key_id),
            v(sealed),
            v(0_i64),
            v(next),
            v(until),
            v(None::<i64>),
            v(now),
            v(now),
        ];
        tx.cover(leaf, &tables::CONFIRMATIONS, row);
        ids.push(id);
    }
    Ok(ids)
}

/// Only JSON is kept as such.
fn details(text: &str) -> Result<Box<RawValue>, StoreError> {
    RawValue::from_string(text.to_owned()).map_err(|_| Refusal::Missing("details").into())
}

/// The notice version that is agreed to.
pub(super) fn notice(
    tx: &Tx<'_>,
    purpose: PurposeId,
    language: &str,
) -> Option<domain::ids::NoticeId> {
    let registry = tx.registry();
    registry
        .notice_of(purpose, language)
        .map(|notice| notice.id)
}

/// That consent was asked for. Consent that is in force stays so until the person answers: whoever
/// names somebody else's number must not end it.
fn note(
    tx: &mut Tx<'_>,
    actor: Actor,
    (subject, purpose): (SubjectId, PurposeId),
    (id, request): (ConfirmationId, &NewRequest),
) -> Result<(), StoreError> {
    let registry = tx.registry();
    let channel = Channel::WhatsApp;
    let now = tx.now();
    let before = consent::current(tx.connection, &registry, subject, purpose, channel)?;
    if before.is_some_and(|before| {
        let over = before.expires.is_some_and(|at: Timestamp| at <= now);
        before.state.is_sendable() && before.notice_valid && !over
    }) {
        return Ok(());
    }
    let event = NewConsent {
        purpose,
        channel,
        state: ConsentState::Requested,
        method: method(request.source),
        grade: EvidenceGrade::Asserted,
        notice: notice(tx, purpose, &request.language),
        language: request.language.clone(),
        jurisdictions: jurisdictions(tx, subject)?,
        rule: format!("confirmation/{}", request.route.name()),
        evidence: format!(r#"{{"confirmation":{id},"asked":{}}}"#, request.details),
        expires: None,
    };
    tx.append_consent(subject, actor, &event).map(drop)
}

const fn method(source: AskedBy) -> Method {
    match source {
        AskedBy::App => Method::App,
        AskedBy::Form => Method::WebForm,
        AskedBy::Import => Method::Import,
        AskedBy::Link => Method::ChatKeyword,
        AskedBy::Staff | AskedBy::Till => Method::Staff,
    }
}

/// The jurisdictions that may apply to a person, as the ledger keeps them.
pub(crate) fn jurisdictions(tx: &mut Tx<'_>, subject: SubjectId) -> Result<String, StoreError> {
    let traits = tx.traits(subject)?;
    let identifiers = tx.identifiers(subject, Which::Current)?;
    let evidence = person::evidence(&traits, identifiers.iter());
    let rules = tx.state.law.rules(&evidence, tx.now());
    let codes: Vec<&str> = rules
        .jurisdictions
        .iter()
        .map(|(code, _)| code.as_ref())
        .collect();
    Ok(codes.join(" "))
}
