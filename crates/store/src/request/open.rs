//! Taking a request in.

use domain::audit::Action;
use domain::audit::Actor;
use domain::event::EventKind;
use domain::ids::RequestId;
use domain::ids::SubjectId;
use domain::request::Clock;
use domain::request::Request;
use domain::request::RequestKind;
use domain::request::Terms;
use seal::RecordClass;
use seal::RecordKind;

use super::NewRequest;
use super::Opened;
use super::TEXT;
use super::effect;
use super::row;
use super::take;
use crate::confirmation::jurisdictions;
use crate::dialect::OptionalRow;
use crate::error::Refusal;
use crate::error::StoreError;
use crate::event::About;
use crate::rows::v;
use crate::tables;
use crate::tx::Tx;
use crate::tx::place;

/// In bytes: what a person wrote is kept up to here.
const LONGEST: usize = 16 * 1024;

pub(super) fn open(tx: &mut Tx<'_>, actor: Actor, new: &NewRequest) -> Result<Opened, StoreError> {
    tx.flush()?;
    is_there(tx, new.subject)?;
    let law = std::sync::Arc::clone(&tx.state.law);
    if let Some(request) = row::same(tx.connection, law.as_ref(), new.subject, new.kind)? {
        return Ok(Opened {
            request,
            is_new: false,
        });
    }
    // A letter may have lain about; nothing arrives tomorrow.
    let received = new
        .received_at
        .map_or_else(|| tx.now(), |at| at.min(tx.now()));
    let jurisdictions = jurisdictions(tx, new.subject)?;
    let terms = terms(tx, new.kind, &jurisdictions, Clock::from(received));
    let mut request = Request::new(new.kind, new.assurance, received, &terms);
    request.updated_at = tx.now();
    let id = write(tx, actor, (new, &jurisdictions), (&request, &terms))?;
    effect::at_once(tx, actor, (new, id))?;
    tell(tx, (id, new.subject), &request)?;
    tx.flush()?;
    let request = row::one(tx.connection, law.as_ref(), id)?;
    Ok(Opened {
        request: request.ok_or(Refusal::Missing("request"))?,
        is_new: true,
    })
}

/// When a request is due, by the laws that were found when it came in.
pub(super) fn terms(tx: &Tx<'_>, kind: RequestKind, jurisdictions: &str, clock: Clock) -> Terms {
    let codes: Vec<&str> = jurisdictions.split_whitespace().collect();
    tx.state.law.request_terms(kind, &codes, clock)
}

/// An erased person asks for nothing any more: whoever writes in is somebody new.
fn is_there(tx: &Tx<'_>, subject: SubjectId) -> Result<(), StoreError> {
    let sql = "SELECT erased_at FROM subjects WHERE id = $1";
    let found = tx
        .connection
        .prepare_cached(sql)?
        .query_row([subject.0], |row| row.get::<Option<i64>>(0))
        .optional()?;
    match found {
        Some(None) => Ok(()),
        Some(Some(_)) | None => Err(Refusal::Missing("subject").into()),
    }
}

fn write(
    tx: &mut Tx<'_>,
    actor: Actor,
    (new, jurisdictions): (&NewRequest, &str),
    (request, terms): (&Request, &Terms),
) -> Result<RequestId, StoreError> {
    let mut leaf = tx.open_leaf()?;
    let (key_id, key) = tx.key(&mut leaf, new.subject, RecordClass::Form)?;
    let id = RequestId(tx.id(&tables::REQUESTS));
    let place = place(RecordKind::Request, TEXT, id.0, key_id.0);
    let text = new.text.get(..LONGEST).unwrap_or(&new.text);
    let sealed = tx.seal(&key, &place, text.as_bytes())?;
    let row = [
        v(id.0),
        v(new.subject),
        v(request.kind.code()),
        v(new.source.code()),
        v(new.language.as_str()),
        v(jurisdictions),
        v(request.received_at),
        v(key_id),
        v(sealed),
        v(request.state.code()),
        v(request.assurance.code()),
        v(request.complete_at),
        v(request.paused_at),
        v(i64::from(request.paused_days)),
        v(request.acknowledge_by),
        v(request.due_at),
        v(terms.rule.as_str()),
        v(request.extended_at),
        v(None::<i64>),
        v(None::<i64>),
        v(None::<&str>),
        v(request.closed_at),
        v(request.updated_at),
    ];
    tx.cover(&mut leaf, &tables::REQUESTS, row);
    let rules = ["request/received", terms.rule.as_str()];
    take::note(
        tx,
        &mut leaf,
        (id, new.subject),
        (request, actor, rules, None),
    )?;
    tx.close_leaf(leaf, actor, Action::RequestChanged, &rules);
    tx.flush()?;
    Ok(id)
}

/// Tells whoever listens where a case stands.
pub(super) fn tell(
    tx: &mut Tx<'_>,
    (id, subject): (RequestId, SubjectId),
    request: &Request,
) -> Result<(), StoreError> {
    let about = About {
        subject: Some(subject),
        thing: Some(id.0),
        detail: Some(request.state.code().into()),
        ..About::default()
    };
    tx.emit(EventKind::RequestChanged, about)
}
