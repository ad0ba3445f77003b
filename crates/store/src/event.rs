//! The event channel: what happened, for whoever is to be told.
//!
//! An event is written in the transaction of what it tells of, if anybody listens for its kind, with
//! one delivery for each endpoint that may have it. It holds ids and codes only; whoever wants more
//! reads it where reading is logged.

use domain::audit::Action;
use domain::audit::Actor;
use domain::disclose;
use domain::disclose::Contract;
use domain::event::EventKind;
use domain::event::EventKinds;
use domain::ids::AppId;
use domain::ids::EventDeliveryId;
use domain::ids::EventEndpointId;
use domain::ids::EventId;
use domain::ids::NumberId;
use domain::ids::PurposeId;
use domain::ids::SubjectId;
use domain::message::IdentityMode;
use domain::time::Timestamp;
use seal::RecordKind;

use crate::admin::Issued;
use crate::delivery::DeliveryState;
use crate::delivery::WAITING;
use crate::dialect::Connection;
use crate::dialect::DbResult;
use crate::dialect::OptionalRow;
use crate::dialect::Row;
use crate::error::Refusal;
use crate::error::StoreError;
use crate::people;
use crate::rows::v;
use crate::tables;
use crate::tx::Tx;
use crate::tx::place;

/// The field of a setting that holds an endpoint's secret.
pub(crate) const SECRET: u8 = 3;

/// How many events one replay takes at the most.
const REPLAY: u32 = 10_000;

/// What an endpoint in force was let in for: events of all numbers, with nothing in them by which a
/// person is recognised.
pub const CONTRACT: Contract = Contract {
    active: true,
    covers_number: true,
    identity: IdentityMode::Alias,
    sharing: None,
};

/// What an event is about. Everything is optional but its kind.
#[derive(Clone, Copy, Debug, Default)]
pub struct About {
    /// The person.
    pub subject: Option<SubjectId>,
    /// The business number.
    pub number: Option<NumberId>,
    /// The app.
    pub app: Option<AppId>,
    /// The purpose.
    pub purpose: Option<PurposeId>,
    /// The id of the thing it tells of: a consent event, a suppression, a decision, a message.
    pub thing: Option<i64>,
    /// A code of the kind's own: the state of consent or of a message, an error code, an aspect.
    pub detail: Option<i64>,
}

/// An event.
#[derive(Clone, Copy, Debug)]
pub struct EventView {
    /// Its id.
    pub id: EventId,
    /// What happened; none if a newer program wrote it.
    pub kind: Option<EventKind>,
    /// What it is about.
    pub about: About,
    /// When.
    pub at: Timestamp,
}

/// An endpoint to add.
#[derive(Clone, Debug)]
pub struct NewEndpoint {
    /// Its name.
    pub name: String,
    /// Where events are posted to.
    pub url: String,
    /// Which kinds.
    pub kinds: EventKinds,
}

/// A delivery of an event.
#[derive(Clone, Copy, Debug)]
pub struct EventDue {
    /// The delivery.
    pub id: EventDeliveryId,
    /// The event.
    pub event: EventId,
    /// How often it was tried.
    pub attempts: u32,
    /// When it may be tried next.
    pub next_at: Timestamp,
}

/// A delivery with its history, for those who look after it.
#[derive(Clone, Copy, Debug)]
pub struct EventDeliveryView {
    /// What.
    pub due: EventDue,
    /// To whom.
    pub endpoint: EventEndpointId,
    /// Where it stands.
    pub state: DeliveryState,
    /// The last HTTP status the endpoint answered with.
    pub last_status: Option<u16>,
}

/// How an attempt ended.
#[derive(Clone, Copy, Debug)]
pub struct EventAttempt {
    /// The delivery.
    pub id: EventDeliveryId,
    /// Where it stands now.
    pub state: DeliveryState,
    /// The HTTP status the endpoint answered with, if it answered.
    pub answer: Option<u16>,
    /// When to try again.
    pub next: Timestamp,
}

impl Tx<'_> {
    /// Tells whoever listens, if they may know.
    pub(crate) fn emit(&mut self, kind: EventKind, about: About) -> Result<(), StoreError> {
        let registry = self.registry();
        let listening: Vec<EventEndpointId> = registry
            .event_endpoints
            .iter()
            .filter(|endpoint| endpoint.ended_at.is_none() && endpoint.kinds.has(kind))
            .map(|endpoint| endpoint.id)
            .collect();
        if listening.is_empty() {
            return Ok(());
        }
        let event = EventId(self.id(&tables::EVENTS));
        let row = [
            v(event),
            v(kind.code()),
            v(about.subject),
            v(about.number),
            v(about.app),
            v(about.purpose),
            v(about.thing),
            v(about.detail),
            v(self.now()),
        ];
        self.put(&tables::EVENTS, row);
        let restriction = people::restriction(self.connection, about.subject)?;
        for endpoint in listening {
            match disclose::decide(CONTRACT, restriction) {
                Ok(leave) => self.tell(endpoint, event, leave.rule())?,
                Err(withheld) => {
                    let told = (
                        Actor::System,
                        Action::DisclosureWithheld,
                        &[withheld.rule()] as &[&str],
                    );
                    self.note(None, &format!("event {event} endpoint {endpoint}"), told)?;
                }
            }
        }
        Ok(())
    }

    /// Queues an event for an endpoint.
    fn tell(
        &mut self,
        endpoint: EventEndpointId,
        event: EventId,
        rule: &str,
    ) -> Result<(), StoreError> {
        let id = EventDeliveryId(self.id(&tables::EVENT_DELIVERIES));
        let now = self.now();
        let row = [
            v(id),
            v(endpoint),
            v(event),
            v(WAITING),
            v(0_i64),
            v(now),
            v(None::<i64>),
            v(now),
        ];
        self.effects.events = true;
        let told = (Actor::System, Action::Disclosed, &[rule] as &[&str]);
        self.record(&tables::EVENT_DELIVERIES, row, told)
    }
}

/// Adds an endpoint, with the secret its events are signed with (Standard Webhooks 1.0: `whsec_` and
/// 32 bytes in Base64).
pub(crate) fn add_endpoint(
    tx: &mut Tx<'_>,
    actor: Actor,
    new: &NewEndpoint,
) -> Result<Issued<EventEndpointId>, StoreError> {
    let registry = tx.registry();
    let mut held = registry.event_endpoints.iter();
    if held.any(|endpoint| endpoint.name == new.name && endpoint.ended_at.is_none()) {
        return Err(Refusal::Exists("event endpoint").into());
    }
    let id = EventEndpointId(tx.id(&tables::EVENT_ENDPOINTS));
    let secret = seal::new_webhook_secret(tx.random())?;
    let place = place(RecordKind::Setting, SECRET, id.0, 0);
    let sealed = tx
        .keyring()
        .setting_key()
        .seal(tx.random(), &place, secret.as_bytes())?;
    let row = [
        v(id),
        v(new.name.as_str()),
        v(new.url.as_str()),
        v(sealed),
        v(new.kinds.bits()),
        v(tx.now()),
        v(None::<i64>),
    ];
    let told = (
        actor,
        Action::EventEndpointChanged,
        &["event-endpoint/added"] as &[&str],
    );
    tx.record(&tables::EVENT_ENDPOINTS, row, told)?;
    tx.effects.registry = true;
    tx.flush()?;
    Ok(Issued { id, secret })
}

/// Ends an endpoint: nothing more goes to it, not even what waits.
pub(crate) fn end_endpoint(
    tx: &mut Tx<'_>,
    actor: Actor,
    id: EventEndpointId,
) -> Result<(), StoreError> {
    let sql = "UPDATE event_endpoints SET ended_at = $1 WHERE id = $2 AND ended_at IS NULL";
    if tx.connection.execute(sql, (tx.now().micros(), id.0))? == 0 {
        return Err(Refusal::Missing("event endpoint in force").into());
    }
    tx.effects.registry = true;
    let told = (
        actor,
        Action::EventEndpointChanged,
        &["event-endpoint/ended"] as &[&str],
    );
    tx.note(None, &format!("event endpoint {id}"), told)
}

/// Puts the events of a range of instants back into an endpoint's queue, those it never had included.
/// Returns how many.
pub(crate) fn replay(
    tx: &mut Tx<'_>,
    actor: Actor,
    endpoint: EventEndpointId,
    (from, to): (Timestamp, Timestamp),
) -> Result<usize, StoreError> {
    let registry = tx.registry();
    let held = registry
        .event_endpoints
        .iter()
        .find(|held| held.id == endpoint);
    let kinds = held
        .filter(|held| held.ended_at.is_none())
        .ok_or(Refusal::Missing("event endpoint in force"))?
        .kinds;
    tx.flush()?;
    let (from, to) = (from.micros(), to.micros());
    let sql = "UPDATE event_deliveries SET state = 1, attempts = 0, next_at = $1, updated_at = $1 \
               WHERE endpoint_id = $2 AND state <> 1 AND event_id IN \
               (SELECT id FROM events WHERE at >= $3 AND at < $4)";
    let again =
        tx.connection
            .prepare_cached(sql)?
            .execute((tx.now().micros(), endpoint.0, from, to))?;
    // Codes are small integers of ours.
    let wanted: Vec<String> = kinds.iter().map(|kind| kind.code().to_string()).collect();
    let sql = format!(
        "SELECT e.id, e.subject_id FROM events e WHERE e.at >= $1 AND e.at < $2 \
         AND e.kind IN ({}) AND NOT EXISTS (SELECT 1 FROM event_deliveries d \
         WHERE d.event_id = e.id AND d.endpoint_id = $3) ORDER BY e.id LIMIT $4",
        wanted.join(", ")
    );
    let missed: Vec<(i64, Option<i64>)> = {
        let mut statement = tx.connection.prepare_cached(&sql)?;
        statement.query_map((from, to, endpoint.0, REPLAY), |row| {
            Ok((row.get(0)?, row.get(1)?))
        })?
    };
    let mut told = 0;
    for (event, subject) in missed {
        let restriction = people::restriction(tx.connection, subject.map(SubjectId))?;
        // Whom it was not told of because of a restriction it is not told of while that lasts.
        if disclose::decide(CONTRACT, restriction).is_ok() {
            tx.tell(endpoint, EventId(event), "event/replay")?;
            told += 1;
        }
    }
    let detail = format!("event endpoint {endpoint}");
    let leaf = (
        actor,
        Action::DeliveryReplayed,
        &["event/replay"] as &[&str],
    );
    tx.note(None, &detail, leaf)?;
    tx.effects.events = true;
    tx.flush()?;
    Ok(again + told)
}

/// Records how attempts ended.
pub(crate) fn attempted(tx: &mut Tx<'_>, attempts: &[EventAttempt]) -> Result<(), StoreError> {
    let sql = "UPDATE event_deliveries SET state = $1, attempts = attempts + 1, next_at = $2, \
               last_status = $3, updated_at = $4 WHERE id = $5";
    for attempt in attempts {
        let parameters = (
            attempt.state.code(),
            attempt.next.micros(),
            attempt.answer,
            tx.now().micros(),
            attempt.id.0,
        );
        // Whom it was about may have been erased while it was on its way.
        tx.update_or_buried(&tables::EVENT_DELIVERIES, sql, parameters, attempt.id.0)?;
    }
    Ok(())
}

/// The first deliveries of an endpoint that wait, due or not, in order.
pub(crate) fn waiting(
    connection: &Connection,
    endpoint: EventEndpointId,
    limit: u32,
) -> Result<Vec<EventDue>, StoreError> {
    let sql = "SELECT id, event_id, attempts, next_at FROM event_deliveries \
               WHERE endpoint_id = $1 AND state = 1 ORDER BY id LIMIT $2";
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map((endpoint.0, limit), |row| due(row, 0))?;
    Ok(rows)
}

fn due(row: &Row<'_>, first: usize) -> DbResult<EventDue> {
    Ok(EventDue {
        id: EventDeliveryId(row.get(first)?),
        event: EventId(row.get(first + 1)?),
        attempts: row.get(first + 2)?,
        next_at: Timestamp::from_micros(row.get(first + 3)?),
    })
}

/// Deliveries of events, newest first, from below `before`; of one endpoint and in one state if
/// wanted.
pub(crate) fn deliveries(
    connection: &Connection,
    (endpoint, state): (Option<EventEndpointId>, Option<DeliveryState>),
    before: Option<EventDeliveryId>,
    limit: u32,
) -> Result<Vec<EventDeliveryView>, StoreError> {
    let sql = "SELECT endpoint_id, state, last_status, id, event_id, attempts, next_at \
               FROM event_deliveries WHERE id < $1 AND endpoint_id = coalesce($2, endpoint_id) \
               AND state = coalesce($3, state) ORDER BY id DESC LIMIT $4";
    let parameters = (
        before.map_or(i64::MAX, |id| id.0),
        endpoint.map(|id| id.0),
        state.map(DeliveryState::code),
        limit,
    );
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map(parameters, |row| {
        Ok(EventDeliveryView {
            endpoint: EventEndpointId(row.get(0)?),
            state: DeliveryState::from_code(row.get(1)?),
            last_status: row.get(2)?,
            due: due(row, 3)?,
        })
    })?;
    Ok(rows)
}

const EVENT: &str = "SELECT id, kind, subject_id, number_id, app_id, purpose_id, about, detail, at \
                     FROM events";

/// One event.
pub(crate) fn one(connection: &Connection, id: EventId) -> Result<Option<EventView>, StoreError> {
    let sql = format!("{EVENT} WHERE id = $1");
    let found = connection
        .prepare_cached(&sql)?
        .query_row([id.0], view)
        .optional()?;
    Ok(found)
}

/// Events from after an id on, oldest first.
pub(crate) fn list(
    connection: &Connection,
    after: Option<EventId>,
    limit: u32,
) -> Result<Vec<EventView>, StoreError> {
    let sql = format!("{EVENT} WHERE id > $1 ORDER BY id LIMIT $2");
    let after = after.map_or(0, |id| id.0);
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map((after, limit), view)?;
    Ok(rows)
}

fn view(row: &Row<'_>) -> DbResult<EventView> {
    Ok(EventView {
        id: EventId(row.get(0)?),
        kind: EventKind::from_code(row.get(1)?),
        about: About {
            subject: row.get::<Option<i64>>(2)?.map(SubjectId),
            number: row.get::<Option<i64>>(3)?.map(NumberId),
            app: row.get::<Option<i64>>(4)?.map(AppId),
            purpose: row.get::<Option<i64>>(5)?.map(PurposeId),
            thing: row.get(6)?,
            detail: row.get(7)?,
        },
        at: Timestamp::from_micros(row.get(8)?),
    })
}
