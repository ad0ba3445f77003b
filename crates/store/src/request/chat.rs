//! Requests in a chat: taken in, answered once, and the question whether everything is really to go.

use std::sync::Arc;

use domain::audit::Actor;
use domain::ids::NumberId;
use domain::ids::SubjectId;
use domain::keyword::Keyword;
use domain::request::Assurance;
use domain::request::RequestKind;
use domain::request::RequestSource;
use domain::request::RequestState;
use domain::request::identity::wanted;
use domain::request::step::Step;
use domain::time::Span;
use serde_json::json;

use super::AskTexts;
use super::NO_DELETE;
use super::NewRequest;
use super::Opened;
use super::RequestView;
use super::StepOrder;
use super::YES_DELETE;
use super::open;
use super::risk;
use super::row;
use super::take;
use crate::error::StoreError;
use crate::known::Known;
use crate::operation::Asking;
use crate::operation::Said;
use crate::tx::Tx;

/// How long a yes counts after the question: as long as the window that it stands in.
const GOOD_FOR: Span = Span::hours(24);

/// Who is answered, and where.
type Whom = (SubjectId, NumberId);

/// Takes in what a person asks for by right, or answers to a question about it.
pub(crate) fn answer(
    tx: &mut Tx<'_>,
    known: &mut Known,
    whom: Whom,
    (said, asking): (&Said, &Asking),
) -> Result<(), StoreError> {
    match said.keyword {
        Keyword::Ask(kind) => ask(tx, known, whom, (kind, said, asking)),
        Keyword::ConfirmDeletion => confirm(tx, known, whom, asking),
        Keyword::KeepData => keep(tx, known, whom, asking),
        Keyword::Help
        | Keyword::Start
        | Keyword::Stop
        | Keyword::StopAmbiguous
        | Keyword::StopEverything
        | Keyword::Why => Ok(()),
    }
}

fn ask(
    tx: &mut Tx<'_>,
    known: &mut Known,
    whom: Whom,
    (kind, said, asking): (RequestKind, &Said, &Asking),
) -> Result<(), StoreError> {
    let new = NewRequest {
        subject: whom.0,
        kind,
        source: RequestSource::Chat,
        assurance: Assurance::Channel,
        language: said.language.clone(),
        text: asking.text.clone(),
        received_at: None,
    };
    let Opened { request, is_new } = open::open(tx, Actor::Meta, &new)?;
    let texts = asking.answer.texts;
    let mut lines = vec![filled(
        if is_new { texts.taken } else { texts.known },
        &request,
    )];
    if !is_new && request.request.state != RequestState::IdentityPending {
        return say(tx, known, whom, (asking, lines, false));
    }
    if is_new {
        go(tx, &request, Step::Acknowledge)?;
    }
    if kind == RequestKind::Deletion {
        // Whoever holds the phone for a moment may write; whoever answers holds the chat.
        go(tx, &request, Step::AskIdentity)?;
        lines.push(texts.sure.to_owned());
        return say(tx, known, whom, (asking, lines, true));
    }
    if is_sure(tx, whom.0, &request)? {
        if is_new {
            go(tx, &request, Step::Search)?;
        }
        lines.push((texts.promise)(kind).to_owned());
    } else {
        if is_new {
            go(tx, &request, Step::AskIdentity)?;
        }
        lines.push(texts.more.to_owned());
    }
    say(tx, known, whom, (asking, lines, false))
}

/// A yes to the question. One that comes late, or without a question, is asked for anew.
fn confirm(
    tx: &mut Tx<'_>,
    known: &mut Known,
    whom: Whom,
    asking: &Asking,
) -> Result<(), StoreError> {
    let Some(request) = deletion(tx, whom.0)? else {
        return Ok(());
    };
    let texts = asking.answer.texts;
    if request.request.state != RequestState::IdentityPending {
        let lines = vec![filled(texts.known, &request)];
        return say(tx, known, whom, (asking, lines, false));
    }
    if request.request.updated_at + GOOD_FOR <= tx.now() {
        go(tx, &request, Step::AskIdentity)?;
        let lines = vec![filled(texts.known, &request), texts.sure.to_owned()];
        return say(tx, known, whom, (asking, lines, true));
    }
    let request = go(tx, &request, Step::ProveIdentity(Assurance::Channel))?;
    let text = if is_sure(tx, whom.0, &request)? {
        go(tx, &request, Step::Decide)?;
        texts.going
    } else {
        go(tx, &request, Step::AskIdentity)?;
        texts.more
    };
    let lines = vec![filled(text, &request)];
    say(tx, known, whom, (asking, lines, false))
}

/// A no to the question: the person takes the request back.
fn keep(tx: &mut Tx<'_>, known: &mut Known, whom: Whom, asking: &Asking) -> Result<(), StoreError> {
    let Some(request) = deletion(tx, whom.0)? else {
        return Ok(());
    };
    let request = go(tx, &request, Step::Withdraw)?;
    go(tx, &request, Step::Close)?;
    let lines = vec![filled(asking.answer.texts.kept, &request)];
    say(tx, known, whom, (asking, lines, false))
}

fn deletion(tx: &Tx<'_>, subject: SubjectId) -> Result<Option<RequestView>, StoreError> {
    let law = Arc::clone(&tx.state.law);
    row::same(tx.connection, law.as_ref(), subject, RequestKind::Deletion)
}

fn go(tx: &mut Tx<'_>, request: &RequestView, step: Step) -> Result<RequestView, StoreError> {
    let order = StepOrder {
        id: request.id,
        version: None,
        step,
        note: None,
    };
    Ok(take::step(tx, Actor::Meta, &order)?.request)
}

fn is_sure(tx: &mut Tx<'_>, subject: SubjectId, request: &RequestView) -> Result<bool, StoreError> {
    let risk = risk::risk(tx, subject)?;
    Ok(wanted(request.request.kind, risk) <= request.request.assurance)
}

fn filled(text: &str, request: &RequestView) -> String {
    text.replace("{case}", &request.id.to_string())
        .replace("{date}", &request.due_on)
}

fn say(
    tx: &mut Tx<'_>,
    known: &mut Known,
    whom: Whom,
    (asking, mut lines, question): (&Asking, Vec<String>, bool),
) -> Result<(), StoreError> {
    let texts = asking.answer.texts;
    if asking.answer.page && !question {
        lines.push(texts.page.to_owned());
    }
    let body = body(texts, &lines.join("\n\n"), question);
    crate::send::confirm(tx, known, whom, body.to_string().as_bytes())
}

fn body(texts: &AskTexts, text: &str, question: bool) -> serde_json::Value {
    if !question {
        return json!({
            "messaging_product": "whatsapp",
            "type": "text",
            "text": {"body": text},
        });
    }
    let button = |id, title| json!({"type": "reply", "reply": {"id": id, "title": title}});
    json!({
        "messaging_product": "whatsapp",
        "type": "interactive",
        "interactive": {
            "type": "button",
            "body": {"text": text},
            "action": {
                "buttons": [button(YES_DELETE, texts.yes), button(NO_DELETE, texts.no)],
            },
        },
    })
}
