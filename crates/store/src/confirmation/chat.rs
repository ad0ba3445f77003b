//! Confirmation in a chat that the person opened by a link of ours.

use domain::audit::Actor;
use domain::confirmation::AskedBy;
use domain::confirmation::ConfirmationState;
use domain::confirmation::Route;
use domain::consent::EvidenceGrade;
use domain::consent::Method;
use domain::ids::MessageId;
use domain::ids::SubjectId;
use domain::subject::IdentifierKind;
use domain::time::Span;

use super::ChatSaid;
use super::ChatStep;
use super::GROUP;
use super::NewRequest;
use super::Row;
use super::answer;
use super::answer::By;
use super::request;
use super::rows;
use crate::error::StoreError;
use crate::known::Known;
use crate::leaf::OpenLeaf;
use crate::operation::Asked;
use crate::tx::Tx;

/// How long a question in a chat may be answered: as long as the window that it stands in.
const GOOD_FOR: Span = Span::hours(24);

/// Takes in what a person said by a reference of ours. A reference that is somebody else's, or whose
/// time is over, does nothing.
pub(crate) fn take(
    tx: &mut Tx<'_>,
    leaf: &mut OpenLeaf,
    known: &mut Known,
    asked: &Asked,
) -> Result<(), StoreError> {
    tx.look_up(known, asked.identifiers.iter())?;
    let subject = tx.resolve(leaf, known, &asked.identifiers)?;
    tx.flush()?;
    let said = &asked.said;
    let message = tx.conversation(known, subject, asked.number).last_message;
    let mut open = match said.step {
        ChatStep::Choices(_) => Vec::new(),
        ChatStep::Answered(_) | ChatStep::Opened(_) => waiting(tx, subject, said)?,
    };
    match &said.step {
        ChatStep::Opened(question) => {
            if open.is_empty() && said.request.is_none() {
                open = begin(tx, subject, said, message)?;
            }
            if !open.is_empty() {
                crate::send::confirm(tx, known, (subject, asked.number), question)?;
            }
        }
        ChatStep::Answered(answer) => {
            let details = details(message);
            for row in &open {
                // Who was named when the request was made, and answers from that number, has
                // confirmed it a second time.
                let grade = match said.request {
                    Some(_) => EvidenceGrade::Confirmed,
                    None => EvidenceGrade::Direct,
                };
                let by = By {
                    actor: Actor::Meta,
                    method: Method::ChatButton,
                    number: true,
                    grade,
                    details: &details,
                };
                answer::settle(tx, row, *answer, &by)?;
            }
        }
        ChatStep::Choices(body) => {
            crate::send::confirm(tx, known, (subject, asked.number), body)?;
        }
    }
    tx.flush()
}

/// The requests of this person that wait for an answer in the chat.
fn waiting(tx: &mut Tx<'_>, subject: SubjectId, said: &ChatSaid) -> Result<Vec<Row>, StoreError> {
    let found = if let Some(id) = said.request {
        rows(tx.connection, GROUP, [id.0])?
    } else {
        let sent = ConfirmationState::Sent.code();
        let link = AskedBy::Link.code();
        let open = "subject_id = $1 AND state = $2 AND source = $3 ORDER BY id";
        rows(tx.connection, open, (subject.0, sent, link))?
    };
    let asked = |row: &Row| {
        row.is_open()
            && row.subject == subject
            && row.view.route == Route::Chat
            && said.purposes.contains(&row.view.purpose)
    };
    let open: Vec<Row> = found.into_iter().filter(asked).collect();
    Ok(match answer::state(tx, &open)? {
        Ok(_) => open,
        Err(_) => Vec::new(),
    })
}

/// The message that somebody came or answered with, as JSON.
fn details(message: Option<MessageId>) -> String {
    serde_json::json!({"message": message.map(|id| id.0)}).to_string()
}

/// Notes that somebody came by a link that names nobody.
fn begin(
    tx: &mut Tx<'_>,
    subject: SubjectId,
    said: &ChatSaid,
    message: Option<MessageId>,
) -> Result<Vec<Row>, StoreError> {
    let named = tx.identifiers(subject, crate::people::Which::Current)?;
    let first = |kind| named.iter().find(|known| known.kind() == kind).cloned();
    let Some(identifier) = first(IdentifierKind::Phone).or_else(|| first(IdentifierKind::Bsuid))
    else {
        return Ok(Vec::new());
    };
    let new = NewRequest {
        purposes: said.purposes.clone(),
        phone: Some(identifier),
        email: None,
        language: said.language.clone(),
        source: AskedBy::Link,
        route: Route::Chat,
        good_for: GOOD_FOR,
        details: details(message),
    };
    request::request(tx, Actor::Meta, &new)?;
    waiting(tx, subject, said)
}
