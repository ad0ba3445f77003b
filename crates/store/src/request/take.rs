//! Taking a step of a case.

use std::sync::Arc;

use domain::audit::Action;
use domain::audit::Actor;
use domain::ids::RequestId;
use domain::ids::SubjectId;
use domain::request::Request;
use domain::request::step;
use domain::request::step::RequestFault;
use domain::request::step::Step;
use seal::RecordClass;
use seal::RecordKind;

use super::NOTE;
use super::RequestView;
use super::StepOrder;
use super::Stepped;
use super::open;
use super::row;
use crate::erase::is_erased;
use crate::error::Refusal;
use crate::error::StoreError;
use crate::leaf::OpenLeaf;
use crate::rows::v;
use crate::tables;
use crate::tx::Tx;
use crate::tx::place;

/// In bytes: a note is kept up to here.
const LONGEST: usize = 16 * 1024;

pub(super) fn step(
    tx: &mut Tx<'_>,
    actor: Actor,
    order: &StepOrder,
) -> Result<Stepped, StoreError> {
    let view = seen(tx, order.id, order.version)?;
    let next = step::step(&view.request, &order.step, tx.now()).map_err(Refusal::Request)?;
    let mut request = next.request;
    let mut rule = view.rule.clone();
    if request.clock() != view.request.clock() {
        let terms = open::terms(tx, request.kind, &view.jurisdictions, request.clock());
        let extended = terms.extended.filter(|_| request.extended_at.is_some());
        (request.due_at, rule) = match extended {
            Some(extended) => (extended.due_at, extended.rule),
            None => (terms.due_at, terms.rule),
        };
    } else if let Step::Extend { .. } = &order.step {
        let terms = open::terms(tx, request.kind, &view.jurisdictions, request.clock());
        rule = terms.extended.map_or(rule, |extended| extended.rule);
    }
    let provision = next.provision.or_else(|| view.provision.clone());
    save(tx, order.id, (&request, &rule, provision.as_deref()))?;
    let step = format!("request/{}", order.step.name());
    let rules = [step.as_str(), rule.as_str()];
    let mut leaf = tx.open_leaf()?;
    let which = (order.id, view.subject);
    note(
        tx,
        &mut leaf,
        which,
        (&request, actor, rules, order.note.as_deref()),
    )?;
    tx.close_leaf(leaf, actor, Action::RequestChanged, &rules);
    open::tell(tx, which, &request)?;
    if order.step == Step::Withdraw {
        super::spare(tx, order.id)?;
    }
    tx.flush()?;
    let law = Arc::clone(&tx.state.law);
    let request = row::one(tx.connection, law.as_ref(), order.id)?;
    Ok(Stepped {
        request: request.ok_or(Refusal::Missing("request"))?,
        letter: next.letter,
    })
}

pub(super) fn extend(
    tx: &mut Tx<'_>,
    actor: Actor,
    (id, version): (RequestId, Option<i64>),
    reason: &str,
) -> Result<Stepped, StoreError> {
    let view = seen(tx, id, version)?;
    let request = view.request;
    let terms = open::terms(tx, request.kind, &view.jurisdictions, request.clock());
    let fault = Refusal::Request(RequestFault::NotExtendable);
    let extended = terms.extended.ok_or(fault)?;
    let order = StepOrder {
        id,
        version,
        step: Step::Extend {
            until: extended.due_at,
        },
        note: Some(reason.to_owned()),
    };
    step(tx, actor, &order)
}

/// The case as it stands, if it is the version that was seen.
pub(super) fn seen(
    tx: &mut Tx<'_>,
    id: RequestId,
    version: Option<i64>,
) -> Result<RequestView, StoreError> {
    tx.flush()?;
    let law = Arc::clone(&tx.state.law);
    let view = row::one(tx.connection, law.as_ref(), id)?.ok_or(Refusal::Missing("request"))?;
    if version.is_some_and(|version| version != view.version) {
        return Err(Refusal::Changed("request").into());
    }
    Ok(view)
}

fn save(
    tx: &Tx<'_>,
    id: RequestId,
    (request, rule, provision): (&Request, &str, Option<&str>),
) -> Result<(), StoreError> {
    let sql = "UPDATE requests SET state = $1, assurance = $2, complete_at = $3, paused_at = $4, \
               paused_days = $5, due_at = $6, rule = $7, extended_at = $8, outcome = $9, \
               provision = $10, closed_at = $11, updated_at = $12 WHERE id = $13";
    let parameters = [
        v(request.state.code()),
        v(request.assurance.code()),
        v(request.complete_at),
        v(request.paused_at),
        v(i64::from(request.paused_days)),
        v(request.due_at),
        v(rule),
        v(request.extended_at),
        v(request.outcome.map(domain::request::Outcome::code)),
        v(provision),
        v(request.closed_at),
        v(request.updated_at),
        v(id.0),
    ];
    tx.update_one(&tables::REQUESTS, sql, parameters)
}

/// Writes a step down, covered by `leaf`.
pub(super) fn note(
    tx: &mut Tx<'_>,
    leaf: &mut OpenLeaf,
    (id, subject): (RequestId, SubjectId),
    (request, actor, rules, note): (&Request, Actor, [&str; 2], Option<&str>),
) -> Result<(), StoreError> {
    let step = tx.id(&tables::REQUEST_STEPS);
    let note = note.filter(|note| !note.trim().is_empty());
    // Nothing new is sealed about somebody who was erased: it would be all that is left of them.
    let erased = is_erased(tx.connection, subject)?;
    let note = note.filter(|_| !erased);
    let (key, sealed) = match note {
        Some(note) => {
            let (key_id, key) = tx.key(leaf, subject, RecordClass::Form)?;
            let place = place(RecordKind::Request, NOTE, step, key_id.0);
            let note = note.get(..LONGEST).unwrap_or(note);
            let sealed = tx.seal(&key, &place, note.as_bytes())?;
            (key_id.0, Some(sealed))
        }
        None => (0, None),
    };
    let [taken, rule] = rules;
    let row = [
        v(step),
        v(id.0),
        v(request.state.code()),
        v(actor.to_string()),
        v(format!("{taken} {rule}")),
        v(key),
        v(sealed),
        v(tx.now()),
    ];
    tx.cover(leaf, &tables::REQUEST_STEPS, row);
    Ok(())
}
