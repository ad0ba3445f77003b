//! Who has to erase, too: every app that may have had the person's data, and every endpoint that
//! listens for it.

use std::collections::BTreeSet;

use domain::audit::Action;
use domain::audit::Actor;
use domain::event::EventKind;
use domain::ids::AppId;
use domain::ids::ErasureId;
use domain::ids::EventEndpointId;
use domain::ids::SubjectId;
use domain::message::Direction;
use domain::time::Span;

use super::ids;
use crate::error::StoreError;
use crate::event::About;
use crate::read;
use crate::rows::v;
use crate::tables;
use crate::tx::Tx;

/// What precedes the id of a message in place of an alias.
pub(super) const MESSAGE: &str = "message/";

/// How many of the newest messages of a thread are looked at for one that an app knows.
const NEWEST: u32 = 50;

/// Writes down who is told and tells them, before the aliases go.
pub(super) fn tell(
    tx: &mut Tx<'_>,
    (erasure, subject): (ErasureId, SubjectId),
    within: Span,
) -> Result<(), StoreError> {
    let registry = tx.registry();
    let sql = "SELECT number_id FROM conversations WHERE subject_id = $1";
    let numbers: BTreeSet<i64> = ids(tx.connection, sql, [subject.0])?.into_iter().collect();
    let mut told = Vec::new();
    for app in &registry.apps {
        let alias = read::alias(tx.connection, app.id, subject)?;
        let mut covers = numbers.iter();
        let covered = covers.any(|number| app.number.is_none_or(|own| own.0 == *number));
        if alias.is_none() && !covered {
            continue;
        }
        let known = match alias {
            Some(alias) => Some(alias),
            None => shared_message(tx, app.id, subject)?,
        };
        told.push((Some(app.id), None, known));
    }
    let listening = registry.event_endpoints.iter().filter(|endpoint| {
        endpoint.ended_at.is_none() && endpoint.kinds.has(EventKind::ErasureDue)
    });
    told.extend(listening.map(|endpoint| (None, Some(endpoint.id), None)));
    record(tx, erasure, told, within)?;
    // The person is restricted from here on, so that nothing about them is told; what is told is that
    // they are to be erased. The event names the case only, and the case names whom.
    let about = About {
        thing: Some(erasure.0),
        detail: Some(subject.0),
        ..About::default()
    };
    tx.emit(EventKind::ErasureDue, about)
}

type Told = (Option<AppId>, Option<EventEndpointId>, Option<String>);

fn record(
    tx: &mut Tx<'_>,
    erasure: ErasureId,
    told: Vec<Told>,
    within: Span,
) -> Result<(), StoreError> {
    let (now, due) = (tx.now(), tx.now() + within);
    let mut rows = Vec::with_capacity(told.len());
    for (app, endpoint, known) in told {
        let id = tx.id(&tables::ERASURE_RECIPIENTS);
        rows.push([
            v(id),
            v(erasure),
            v(app),
            v(endpoint),
            v(known),
            v(now),
            v(due),
            v(None::<i64>),
        ]);
    }
    if rows.is_empty() {
        return Ok(());
    }
    let mut leaf = tx.open_leaf()?;
    for row in rows {
        tx.cover(&mut leaf, &tables::ERASURE_RECIPIENTS, row);
    }
    tx.close_leaf(
        leaf,
        Actor::System,
        Action::Disclosed,
        &["disclose/erasure"],
    );
    Ok(())
}

/// A message that an app knows by an id of its own, as `message/` and its id here: for an app that
/// knows the person by nothing we could keep. The newest of those that came in or that it sent.
fn shared_message(
    tx: &Tx<'_>,
    app: AppId,
    subject: SubjectId,
) -> Result<Option<String>, StoreError> {
    let sql = "SELECT last_message FROM conversations \
               WHERE subject_id = $1 AND last_message IS NOT NULL ORDER BY last_message DESC";
    for newest in ids(tx.connection, sql, [subject.0])? {
        let sql = "WITH RECURSIVE chain (id, previous, direction, app_id, n) AS (\
                   SELECT id, previous, direction, app_id, 1 FROM messages WHERE id = $1 \
                   UNION ALL SELECT m.id, m.previous, m.direction, m.app_id, c.n + 1 \
                   FROM messages m JOIN chain c ON m.id = c.previous WHERE c.n < $2) \
                   SELECT id FROM chain WHERE direction = $3 OR app_id = $4 ORDER BY n LIMIT 1";
        let parameters = (newest, NEWEST, Direction::Inbound.code(), app.0);
        if let Some(message) = ids(tx.connection, sql, parameters)?.first() {
            return Ok(Some(format!("{MESSAGE}{message}")));
        }
    }
    Ok(None)
}
