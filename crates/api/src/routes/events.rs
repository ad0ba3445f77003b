//! The event channel: what happened, and whom it is told to.

use std::future::Ready;
use std::future::ready;

use axum::Json;
use axum::http::StatusCode;
use domain::event;
use domain::event::EventKinds;
use domain::ids::EventDeliveryId;
use domain::ids::EventEndpointId;
use domain::ids::EventId;
use serde::Deserialize;
use serde::Serialize;
use serde_json::Map;
use serde_json::Value;
use store::Registry;
use store::event::EventDeliveryView as Held;
use store::event::EventView as Event;
use store::event::NewEndpoint;
use store::registry::EventEndpoint;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::access::Allowed;
use crate::access::perm;
use crate::body::At;
use crate::body::Body;
use crate::check;
use crate::page;
use crate::page::ListQuery;
use crate::page::Onward;
use crate::page::OnwardQuery;
use crate::page::Page;
use crate::problem::Problem;
use crate::query::EventDeliveryQuery;
use crate::state::ApiState;
use crate::words;
use crate::words::DeliveryState;
use crate::words::Instant;

pub(crate) fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::default()
        .routes(routes!(list_event_kinds))
        .routes(routes!(list_events))
        .routes(routes!(list_event_endpoints, add_event_endpoint))
        .routes(routes!(end_event_endpoint))
        .routes(routes!(replay_events))
        .routes(routes!(list_event_deliveries))
}

/// The kinds of events there are.
#[derive(Serialize, ToSchema)]
pub(crate) struct EventKindNames {
    /// Their names: the `type` of their events.
    items: Vec<&'static str>,
}

/// An event: ids and codes, nothing by which a person is recognised.
#[derive(Serialize, ToSchema)]
pub(crate) struct EventView {
    /// Its id here.
    id: i64,
    /// The kind; null if a newer program wrote it.
    #[serde(rename = "type")]
    kind: Option<&'static str>,
    /// When it happened.
    time: Instant,
    /// What it says, by name, as endpoints are told it.
    #[schema(value_type = Object)]
    data: Map<String, Value>,
}

impl EventView {
    fn of(event: &Event, registry: &Registry) -> Self {
        Self {
            id: event.id.0,
            kind: event.kind.map(event::EventKind::name),
            time: event.at.into(),
            data: event.members(registry),
        }
    }
}

/// An endpoint of the event channel.
#[derive(Serialize, ToSchema)]
pub(crate) struct EventEndpointView {
    /// Its id.
    id: i64,
    /// Its name.
    name: String,
    /// Where events are posted to.
    url: String,
    /// Which kinds it is told.
    kinds: Vec<&'static str>,
    /// Since when.
    created_at: Instant,
    /// When it was ended.
    ended_at: Option<Instant>,
}

impl From<&EventEndpoint> for EventEndpointView {
    fn from(endpoint: &EventEndpoint) -> Self {
        Self {
            id: endpoint.id.0,
            name: endpoint.name.clone(),
            url: endpoint.url.clone(),
            kinds: endpoint.kinds.iter().map(event::EventKind::name).collect(),
            created_at: endpoint.created_at.into(),
            ended_at: words::instant(endpoint.ended_at),
        }
    }
}

/// An endpoint to add.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct EventEndpointBody {
    /// Its name: one line, unlike that of any other endpoint in force.
    name: String,
    /// Where events are posted to.
    url: String,
    /// Which kinds it is told; at least one.
    kinds: Vec<String>,
}

/// An endpoint that was added.
#[derive(Serialize, ToSchema)]
pub(crate) struct EventEndpointIssued {
    /// Its id.
    id: i64,
    /// The secret its events are signed with (Standard Webhooks). It is shown this once.
    secret: String,
}

/// Which events to tell again: those from one instant up to another, which is not in it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReplayBody {
    /// The first instant.
    from: Instant,
    /// The instant after the last.
    to: Instant,
}

/// How many events wait for their turn now.
#[derive(Serialize, ToSchema)]
pub(crate) struct Replayed {
    /// How many were put into the queue.
    queued: usize,
}

/// A delivery of an event.
#[derive(Serialize, ToSchema)]
pub(crate) struct EventDeliveryView {
    /// Its id.
    id: i64,
    /// To which endpoint.
    endpoint: i64,
    /// Which event.
    event: i64,
    /// Where it stands.
    state: DeliveryState,
    /// How often it was tried.
    attempts: u32,
    /// The last HTTP status the endpoint answered with.
    last_status: Option<u16>,
    /// When it will be tried again; null unless it waits.
    next_at: Option<Instant>,
}

impl From<Held> for EventDeliveryView {
    fn from(held: Held) -> Self {
        let waits = held.state == store::delivery::DeliveryState::Waiting;
        Self {
            id: held.due.id.0,
            endpoint: held.endpoint.0,
            event: held.due.event.0,
            state: held.state.into(),
            attempts: held.due.attempts,
            last_status: held.last_status,
            next_at: waits.then_some(Instant(held.due.next_at)),
        }
    }
}

/// The kinds of events.
#[utoipa::path(
    get,
    path = "/event-kinds",
    tag = "events",
    responses((status = 200, description = "The kinds", body = EventKindNames)),
    security(("staff" = ["view-configuration"]))
)]
pub(crate) fn list_event_kinds(
    _allowed: Allowed<perm::ViewConfiguration>,
) -> Ready<Json<EventKindNames>> {
    let items = event::EventKind::ALL.map(event::EventKind::name).to_vec();
    ready(Json(EventKindNames { items }))
}

/// What happened since somebody listens, oldest first.
///
/// An event of a kind nobody listens for is not kept.
#[utoipa::path(
    get,
    path = "/events",
    tag = "events",
    params(OnwardQuery),
    responses((status = 200, description = "The events", body = Onward<EventView>)),
    security(("staff" = ["view-subjects"]))
)]
pub(crate) async fn list_events(
    allowed: Allowed<perm::ViewSubjects, OnwardQuery>,
) -> Result<Json<Onward<EventView>>, Problem> {
    let (limit, after) = allowed.query.parts();
    let registry = allowed.registry();
    allowed
        .read(move |reader| {
            let rows = reader.events(after.map(EventId), limit)?;
            let view = |event: Event| EventView::of(&event, &registry);
            Ok(Json(Onward::of(rows, limit, |row| row.id.0, view)))
        })
        .await
}

/// The endpoints, those that were ended included.
#[utoipa::path(
    get,
    path = "/event-endpoints",
    tag = "events",
    params(ListQuery),
    responses((status = 200, description = "The endpoints", body = Page<EventEndpointView>)),
    security(("staff" = ["view-configuration"]))
)]
pub(crate) fn list_event_endpoints(
    allowed: Allowed<perm::ViewConfiguration, ListQuery>,
) -> Ready<Json<Page<EventEndpointView>>> {
    let (registry, query) = allowed.configured();
    ready(Json(Page::of(
        registry.event_endpoints.iter().rev(),
        query.parts(),
        |endpoint| endpoint.id.0,
        EventEndpointView::from,
    )))
}

/// Add an endpoint.
///
/// It is told what happens from now on; what happened before can be replayed.
#[utoipa::path(
    post,
    path = "/event-endpoints",
    tag = "events",
    request_body = EventEndpointBody,
    responses(
        (status = 201, description = "The endpoint, with its secret", body = EventEndpointIssued)
    ),
    security(("staff" = ["manage-apps"]))
)]
pub(crate) async fn add_event_endpoint(
    allowed: Allowed<perm::ManageApps>,
    Body(body): Body<EventEndpointBody>,
) -> Result<(StatusCode, Json<EventEndpointIssued>), Problem> {
    let new = NewEndpoint {
        name: check::line("name", &body.name, 100)?,
        url: check::url("url", &body.url)?,
        kinds: kinds(&body.kinds)?,
    };
    let issued = allowed
        .store()
        .add_event_endpoint(allowed.actor, new)
        .await?;
    let view = EventEndpointIssued {
        id: issued.id.0,
        secret: issued.secret.to_string(),
    };
    Ok((StatusCode::CREATED, Json(view)))
}

fn kinds(names: &[String]) -> Result<EventKinds, Problem> {
    let known: Option<EventKinds> = names
        .iter()
        .map(|name| event::EventKind::from_name(name))
        .collect();
    known
        .filter(|kinds| kinds.iter().next().is_some())
        .ok_or_else(|| Problem::value("kinds", "it has to name one kind of event or more"))
}

/// End an endpoint.
///
/// Nothing more goes to it, not even what waits.
#[utoipa::path(
    delete,
    path = "/event-endpoints/{id}",
    tag = "events",
    params(("id" = i64, Path, description = "The endpoint")),
    responses((status = 204, description = "It is ended")),
    security(("staff" = ["manage-apps"]))
)]
pub(crate) async fn end_event_endpoint(
    allowed: Allowed<perm::ManageApps>,
    At(id): At<i64>,
) -> Result<StatusCode, Problem> {
    let id = EventEndpointId(id);
    allowed
        .store()
        .end_event_endpoint(allowed.actor, id)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Tell an endpoint again what happened between two instants.
///
/// Events of its kinds that it was never told are among them, 10,000 of those at the most. A replayed
/// event keeps its id.
#[utoipa::path(
    post,
    path = "/event-endpoints/{id}/replay",
    tag = "events",
    params(("id" = i64, Path, description = "The endpoint")),
    request_body = ReplayBody,
    responses((status = 202, description = "They wait for their turn", body = Replayed)),
    security(("staff" = ["replay-deliveries"]))
)]
pub(crate) async fn replay_events(
    allowed: Allowed<perm::ReplayDeliveries>,
    At(id): At<i64>,
    Body(body): Body<ReplayBody>,
) -> Result<(StatusCode, Json<Replayed>), Problem> {
    if body.to.0 <= body.from.0 {
        return Err(Problem::value("to", "it has to lie after `from`"));
    }
    let range = (body.from.0, body.to.0);
    let queued = allowed
        .store()
        .replay_events(allowed.actor, EventEndpointId(id), range)
        .await?;
    Ok((StatusCode::ACCEPTED, Json(Replayed { queued })))
}

/// Deliveries of events.
#[utoipa::path(
    get,
    path = "/event-deliveries",
    tag = "events",
    params(EventDeliveryQuery),
    responses((status = 200, description = "The deliveries", body = Page<EventDeliveryView>)),
    security(("staff" = ["view-configuration"]))
)]
pub(crate) async fn list_event_deliveries(
    allowed: Allowed<perm::ViewConfiguration, EventDeliveryQuery>,
) -> Result<Json<Page<EventDeliveryView>>, Problem> {
    let query = &allowed.query;
    let endpoint = query.endpoint.map(EventEndpointId);
    let which = (endpoint, query.state.map(Into::into));
    let (limit, before) = (query.limit, query.before);
    allowed
        .read(move |reader| {
            let before_id = before.map(EventDeliveryId);
            let rows = reader.event_deliveries(which, before_id, page::clamp(limit))?;
            let id = |row: &Held| row.due.id.0;
            Ok(Json(Page::of(
                rows,
                (limit, before),
                id,
                EventDeliveryView::from,
            )))
        })
        .await
}
