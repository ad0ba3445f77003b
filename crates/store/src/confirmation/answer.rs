//! What a person answers to a confirmation.

use domain::audit::Actor;
use domain::confirmation::ConfirmationState;
use domain::confirmation::Route;
use domain::consent::Channel;
use domain::consent::ConsentState;
use domain::consent::EvidenceGrade;
use domain::consent::Method;
use domain::ids::NoticeId;
use domain::ids::PurposeId;
use domain::ids::SubjectId;
use domain::time::Timestamp;

use super::Row;
use super::mark;
use super::request::jurisdictions;
use super::rows;
use crate::consent;
use crate::consent::NewConsent;
use crate::error::StoreError;
use crate::people::Which;
use crate::preference;
use crate::tx::Tx;

/// What a person says.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Answer {
    /// No: remembered.
    No,
    /// Yes: consent is given.
    Yes,
}

/// What a link is good for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum LinkState {
    /// The notice has changed so that consent is needed anew, or the number has another holder.
    Changed,
    /// Its time is over.
    Expired,
    /// It waits for an answer.
    Open(OpenLink),
    /// It was answered, or taken back.
    Used,
    /// There is no such link.
    Unknown,
}

/// A link that waits for an answer.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct OpenLink {
    /// The purposes with the notice version of each.
    pub purposes: Vec<(PurposeId, Option<NoticeId>)>,
    /// The language of the request.
    pub language: String,
    /// Until when.
    pub expires: Timestamp,
}

/// What came of an answer.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum LinkReply {
    /// It was noted.
    Done(Answered),
    /// The link is not good for an answer.
    Not(LinkState),
}

/// An answer that was noted.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Answered {
    /// Whose.
    pub subject: SubjectId,
    /// About what.
    pub purposes: Vec<PurposeId>,
    /// The language of the request.
    pub language: String,
    /// How the link reached the person.
    pub route: Route,
    /// Whether a stop of the person's stands in the way of what they agreed to.
    pub stopped: bool,
}

pub(super) fn look(tx: &mut Tx<'_>, hash: &[u8; 32]) -> Result<LinkState, StoreError> {
    let found = rows(tx.connection, "tag = $1 ORDER BY id", [hash])?;
    Ok(state(tx, &found)?.map_or_else(|state| state, LinkState::Open))
}

pub(super) fn answer(
    tx: &mut Tx<'_>,
    hash: &[u8; 32],
    (answer, details): (Answer, &str),
) -> Result<LinkReply, StoreError> {
    let found = rows(tx.connection, "tag = $1 ORDER BY id", [hash])?;
    let open = match state(tx, &found)? {
        Ok(open) => open,
        Err(state) => return Ok(LinkReply::Not(state)),
    };
    let Some(first) = found.first() else {
        return Ok(LinkReply::Not(LinkState::Unknown));
    };
    let by = By {
        actor: Actor::Person,
        method: Method::WebForm,
        number: first.view.route != Route::Email,
        grade: EvidenceGrade::Confirmed,
        details,
    };
    let mut stopped = false;
    for row in found.iter().filter(|row| row.is_open()) {
        stopped |= settle(tx, row, answer, &by)?;
    }
    tx.flush()?;
    Ok(LinkReply::Done(Answered {
        subject: first.subject,
        purposes: open
            .purposes
            .into_iter()
            .map(|(purpose, _)| purpose)
            .collect(),
        language: open.language,
        route: first.view.route,
        stopped,
    }))
}

/// Whether rows that share a token wait for an answer.
pub(super) fn state(
    tx: &mut Tx<'_>,
    found: &[Row],
) -> Result<Result<OpenLink, LinkState>, StoreError> {
    let Some(first) = found.first() else {
        return Ok(Err(LinkState::Unknown));
    };
    let Some(open) = found.iter().find(|row| row.is_open()) else {
        let expired = found
            .iter()
            .any(|row| row.view.state == ConfirmationState::Expired);
        return Ok(Err(if expired {
            LinkState::Expired
        } else {
            LinkState::Used
        }));
    };
    if open.view.expires <= tx.now() {
        return Ok(Err(LinkState::Expired));
    }
    let registry = tx.registry();
    let valid = |row: &Row| registry.notice_valid(row.view.notice);
    let all = found.iter().filter(|row| row.is_open()).all(valid);
    if !all || !reaches(tx, first)? {
        return Ok(Err(LinkState::Changed));
    }
    Ok(Ok(OpenLink {
        purposes: found
            .iter()
            .filter(|row| row.is_open())
            .map(|row| (row.view.purpose, row.view.notice))
            .collect(),
        language: open.view.language.clone(),
        expires: open.view.expires,
    }))
}

/// Whether the number that was named still leads to the person: numbers are handed on.
fn reaches(tx: &mut Tx<'_>, row: &Row) -> Result<bool, StoreError> {
    let sealed = row.open(tx)?;
    let named = match row.view.route {
        Route::Email => sealed.phone,
        Route::Chat | Route::Sms => Some(sealed.to),
    };
    let Some(named) = named else {
        return Ok(true);
    };
    let current = tx.identifiers(row.subject, Which::Current)?;
    Ok(current.iter().any(|known| known.value() == named))
}

/// How an answer came.
pub(super) struct By<'a> {
    pub(super) actor: Actor,
    pub(super) method: Method,
    /// Whether the answer shows that the number is the person's.
    pub(super) number: bool,
    /// How well the answer can be proved, at the best.
    pub(super) grade: EvidenceGrade,
    /// Where from, as JSON.
    pub(super) details: &'a str,
}

/// Applies an answer to one purpose. Returns whether a stop stands in its way.
pub(super) fn settle(
    tx: &mut Tx<'_>,
    row: &Row,
    answer: Answer,
    by: &By<'_>,
) -> Result<bool, StoreError> {
    let (subject, purpose) = (row.subject, row.view.purpose);
    let what = (row.view.id, subject, purpose);
    match answer {
        Answer::Yes => {
            let told = (
                ConfirmationState::Confirmed,
                by.actor,
                "confirmation/confirmed",
            );
            mark(tx, what, told)?;
            give(tx, row, by)?;
            if by.number {
                preference::open_for(tx, (subject, purpose), by.actor, "confirmation/confirmed")?;
            }
            preference::is_stopped(tx, subject, purpose)
        }
        Answer::No => {
            let told = (
                ConfirmationState::Declined,
                by.actor,
                "confirmation/declined",
            );
            mark(tx, what, told)?;
            refuse(tx, row, by)?;
            Ok(false)
        }
    }
}

fn give(tx: &mut Tx<'_>, row: &Row, by: &By<'_>) -> Result<(), StoreError> {
    let before = standing(tx, row)?;
    let sendable = before.is_some_and(ConsentState::is_sendable);
    let state = if sendable {
        ConsentState::Renewed
    } else {
        ConsentState::Given
    };
    // Somebody who has a mailbox has shown nothing about the number: against a no of the person's that
    // is a record, and no proof.
    let said_no = preference::last_word_is_no(tx, row.subject, row.view.purpose)?;
    let grade = if said_no && !by.number {
        EvidenceGrade::Recorded
    } else {
        by.grade
    };
    append(tx, row, by, (state, grade))
}

/// A no is remembered. It takes nothing from consent that is in force unless it comes from whoever has
/// the number.
fn refuse(tx: &mut Tx<'_>, row: &Row, by: &By<'_>) -> Result<(), StoreError> {
    let before = standing(tx, row)?;
    if before.is_some_and(ConsentState::is_sendable) && !by.number {
        return Ok(());
    }
    append(tx, row, by, (ConsentState::Refused, by.grade))
}

fn standing(tx: &Tx<'_>, row: &Row) -> Result<Option<ConsentState>, StoreError> {
    let registry = tx.registry();
    let (subject, purpose) = (row.subject, row.view.purpose);
    let channel = Channel::WhatsApp;
    let current = consent::current(tx.connection, &registry, subject, purpose, channel)?;
    Ok(current.map(|consent| consent.state))
}

fn append(
    tx: &mut Tx<'_>,
    row: &Row,
    by: &By<'_>,
    (state, grade): (ConsentState, EvidenceGrade),
) -> Result<(), StoreError> {
    let view = &row.view;
    let asked = row.open(tx)?.details;
    let evidence = format!(
        r#"{{"confirmation":{},"route":"{}","requested_at":"{}","sent_or_changed_at":"{}","answered_at":"{}","asked":{},"answered":{}}}"#,
        view.id,
        view.route.name(),
        view.created,
        view.updated,
        tx.now(),
        asked.get(),
        by.details,
    );
    let event = NewConsent {
        purpose: view.purpose,
        channel: Channel::WhatsApp,
        state,
        method: by.method,
        grade,
        notice: view.notice,
        language: view.language.clone(),
        jurisdictions: jurisdictions(tx, row.subject)?,
        rule: format!("confirmation/{}", view.route.name()),
        evidence,
        expires: None,
    };
    tx.append_consent(row.subject, by.actor, &event).map(drop)
}
