//! Looking after cases: reminders, and clocks that stand still.

use std::sync::Arc;

use domain::event::EventKind;
use domain::ids::RequestId;
use domain::request::Clock;
use domain::request::reminder::reminder;
use domain::time::Span;
use domain::time::Timestamp;

use super::RequestView;
use super::open;
use super::row;
use crate::error::StoreError;
use crate::event::About;
use crate::tables;
use crate::tx::Tx;

/// So many are read at a time.
pub(super) const PAGE: u32 = 500;

/// So many are looked after in one transaction, so that nobody waits for it.
pub(super) const SLICE: usize = 50;

/// What a look at the cases found.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Looked {
    /// Of how many somebody was reminded.
    pub reminded: u32,
    /// How many clocks stood still.
    pub paused: u32,
}

/// Whether there is anything to be done about a case.
pub(super) fn needs(view: &RequestView, now: Timestamp) -> bool {
    view.request.paused_at.is_some() || reminder(&view.request, view.reminded_at, now).is_some()
}

/// Looks after these cases.
pub(super) fn look(tx: &mut Tx<'_>, cases: &[RequestId]) -> Result<Looked, StoreError> {
    tx.flush()?;
    let mut looked = Looked::default();
    let law = Arc::clone(&tx.state.law);
    for id in cases {
        let Some(mut view) = row::one(tx.connection, law.as_ref(), *id)? else {
            continue;
        };
        looked.paused += u32::from(stand(tx, &mut view)?);
        looked.reminded += u32::from(remind(tx, &view)?);
    }
    tx.flush()?;
    Ok(looked)
}

/// While a question is open, and a law lets its clock stand, the last day moves along.
fn stand(tx: &Tx<'_>, view: &mut RequestView) -> Result<bool, StoreError> {
    let Some(since) = view.request.paused_at else {
        return Ok(false);
    };
    let days = tx.now().since(since).as_micros() / Span::days(1).as_micros();
    let days = u16::try_from(days).unwrap_or(u16::MAX);
    let clock = Clock {
        paused_days: view.request.paused_days.saturating_add(days),
        ..view.request.clock()
    };
    let terms = open::terms(tx, view.request.kind, &view.jurisdictions, clock);
    let extended = terms
        .extended
        .filter(|_| view.request.extended_at.is_some());
    let due = extended.map_or(terms.due_at, |extended| extended.due_at);
    if due <= view.request.due_at {
        return Ok(false);
    }
    view.request.due_at = due;
    let sql = "UPDATE requests SET due_at = $1 WHERE id = $2";
    tx.update_one(&tables::REQUESTS, sql, (due.micros(), view.id.0))?;
    Ok(true)
}

fn remind(tx: &mut Tx<'_>, view: &RequestView) -> Result<bool, StoreError> {
    let now = tx.now();
    let Some(reminder) = reminder(&view.request, view.reminded_at, now) else {
        return Ok(false);
    };
    let sql = "UPDATE requests SET reminded_at = $1 WHERE id = $2";
    tx.update_one(&tables::REQUESTS, sql, (now.micros(), view.id.0))?;
    let about = About {
        subject: Some(view.subject),
        thing: Some(view.id.0),
        detail: Some(reminder.code().into()),
        ..About::default()
    };
    tx.emit(EventKind::RequestDue, about)?;
    Ok(true)
}
