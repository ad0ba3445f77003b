//! Legal holds.

use std::collections::BTreeSet;

use axum::Json;
use axum::http::StatusCode;
use domain::hold::Scope;
use domain::ids::HoldId;
use domain::ids::NumberId;
use domain::ids::SubjectId;
use domain::subject::Identifier;
use domain::time::Timestamp;
use serde::Deserialize;
use serde::Serialize;
use store::Refusal;
use store::hold::HoldChange;
use store::hold::HoldView as Held;
use store::hold::MOST_PEOPLE;
use store::hold::NewHold;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::access::Allowed;
use crate::access::perm;
use crate::body::At;
use crate::body::Body;
use crate::check;
use crate::page;
use crate::page::Page;
use crate::person;
use crate::problem::Problem;
use crate::query::HoldQuery;
use crate::routes::block_registries::Added;
use crate::state::ApiState;
use crate::words;
use crate::words::Instant;
use crate::words::RecordClass;

pub(crate) fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::default()
        .routes(routes!(list_holds, place_hold))
        .routes(routes!(hold, change_hold))
        .routes(routes!(release_hold))
}

/// A legal hold.
#[derive(Serialize, ToSchema)]
pub(crate) struct HoldView {
    /// Its id.
    id: i64,
    /// Its short name.
    code: String,
    /// The matter it is for.
    matter: String,
    /// Who answers for it; empty where nobody does any more.
    owner: String,
    /// What was asked for when it was placed, as canonical JSON; people stand in it by their ids.
    query: String,
    /// Whether it covers whoever matches, later ones too, instead of the people it names.
    everybody: bool,
    /// How many people it names.
    people: u64,
    /// When it was placed.
    created_at: Instant,
    /// When somebody has to look at it again.
    review_at: Instant,
    /// What has to be seen to: `review` or `owner`; null if nothing.
    due: Option<&'static str>,
    /// When it was released; null while it is in force.
    released_at: Option<Instant>,
    /// Which of its states this is: to be named when it is changed or released.
    version: u32,
}

impl HoldView {
    fn new(held: Held, now: Timestamp) -> Self {
        Self {
            id: held.id.0,
            due: held.due(now).map(domain::hold::Due::name),
            code: held.code,
            matter: held.matter,
            owner: held.owner,
            query: held.query,
            everybody: held.everybody,
            people: held.people,
            created_at: held.created_at.into(),
            review_at: held.review_at.into(),
            released_at: words::instant(held.released_at),
            version: held.version,
        }
    }
}

/// A hold to place. People, numbers and dates narrow it; at least one of them has to be there.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct HoldBody {
    /// Its short name: 1 to 60 lower-case letters, digits and hyphens.
    code: String,
    /// The matter it is for: one line, no personal data.
    matter: String,
    /// Who answers for it.
    owner: String,
    /// When somebody has to look at it again: at most 184 days ahead.
    review_at: Instant,
    /// The record classes it covers; all of them unless told.
    #[serde(default)]
    classes: Vec<RecordClass>,
    /// People, by their ids.
    #[serde(default)]
    subjects: Vec<i64>,
    /// People, by their phone numbers. All of them have to be known.
    #[serde(default)]
    phones: Vec<String>,
    /// Numbers, by their ids. Without people, whoever has a thread there is covered, later ones too.
    #[serde(default)]
    numbers: Vec<i64>,
    /// From when on.
    #[serde(default)]
    from: Option<Instant>,
    /// Until when; not included.
    #[serde(default)]
    to: Option<Instant>,
}

/// What to change of a hold. What is not said stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct HoldChangeBody {
    /// The version that was seen.
    version: u32,
    /// Who answers for it from now on; empty where nobody does any more.
    #[serde(default)]
    owner: Option<String>,
    /// When somebody has to look at it again: at most 184 days ahead.
    #[serde(default)]
    review_at: Option<Instant>,
}

/// A release.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReleaseBody {
    /// The version that was seen.
    version: u32,
    /// Why: one line, kept sealed beside the log entry.
    reason: String,
}

/// What a release brought about.
#[derive(Serialize, ToSchema)]
pub(crate) struct ReleasedView {
    /// Of how many record classes of erased people something went at once, because only this hold had
    /// kept it.
    erased: u64,
}

/// The legal holds.
#[utoipa::path(
    get,
    path = "/holds",
    tag = "holds",
    params(HoldQuery),
    responses((status = 200, description = "The holds", body = Page<HoldView>)),
    security(("staff" = ["manage-holds"]))
)]
pub(crate) async fn list_holds(
    allowed: Allowed<perm::ManageHolds, HoldQuery>,
) -> Result<Json<Page<HoldView>>, Problem> {
    let HoldQuery {
        in_force,
        limit,
        before,
    } = allowed.query;
    let now = allowed.now();
    let which = (limit, before);
    allowed
        .read(move |reader| {
            let before = before.map(HoldId);
            let holds = reader.holds(in_force.unwrap_or(false), before, page::clamp(limit))?;
            let id = |held: &Held| held.id.0;
            Ok(Json(Page::of(holds, which, id, |held| {
                HoldView::new(held, now)
            })))
        })
        .await
}

/// A legal hold.
#[utoipa::path(
    get,
    path = "/holds/{id}",
    tag = "holds",
    params(("id" = i64, Path, description = "The hold")),
    responses((status = 200, description = "The hold", body = HoldView)),
    security(("staff" = ["manage-holds"]))
)]
pub(crate) async fn hold(
    allowed: Allowed<perm::ManageHolds>,
    At(id): At<i64>,
) -> Result<Json<HoldView>, Problem> {
    let now = allowed.now();
    allowed
        .read(move |reader| {
            let held = reader.hold(HoldId(id))?.ok_or(Refusal::Missing("hold"))?;
            Ok(Json(HoldView::new(held, now)))
        })
        .await
}

/// Places a legal hold: all of it, or nothing.
#[utoipa::path(
    post,
    path = "/holds",
    tag = "holds",
    request_body = HoldBody,
    responses((status = 201, description = "It is in force", body = Added)),
    security(("staff" = ["manage-holds"]))
)]
pub(crate) async fn place_hold(
    allowed: Allowed<perm::ManageHolds>,
    Body(body): Body<HoldBody>,
) -> Result<(StatusCode, Json<Added>), Problem> {
    let mut subjects: BTreeSet<SubjectId> = body.subjects.into_iter().map(SubjectId).collect();
    subjects.extend(people(&allowed, &body.phones).await?);
    let all = domain::record_class::RecordClasses::ALL;
    let classes = body.classes.into_iter().map(Into::into);
    let some: domain::record_class::RecordClasses = classes.collect();
    let new = NewHold {
        code: body.code,
        matter: check::line("matter", &body.matter, 200)?,
        owner: check::line("owner", &body.owner, 200)?,
        scope: Scope {
            subjects: subjects.into_iter().collect(),
            numbers: body.numbers.into_iter().map(NumberId).collect(),
            classes: if some.is_empty() { all } else { some },
            from: body.from.map(|at| at.0),
            to: body.to.map(|at| at.0),
        },
        review_at: body.review_at.0,
    };
    let id = allowed.store().place_hold(allowed.actor, new).await?;
    Ok((StatusCode::CREATED, Json(Added { id: id.0 })))
}

/// The people behind some phone numbers. One that is not known refuses them all.
async fn people(
    allowed: &Allowed<perm::ManageHolds>,
    phones: &[String],
) -> Result<Vec<SubjectId>, Problem> {
    if MOST_PEOPLE < phones.len() {
        return Err(Problem::value(
            "phones",
            "at most 50000 people are held at once",
        ));
    }
    let identifiers: Result<Vec<Identifier>, Problem> =
        phones.iter().map(|phone| person::phone(phone)).collect();
    let identifiers = identifiers?;
    let found = allowed.read(move |reader| {
        let found: Result<Vec<Option<SubjectId>>, _> = identifiers
            .iter()
            .map(|identifier| reader.find(identifier))
            .collect();
        found
    });
    let found: Option<Vec<SubjectId>> = found.await?.into_iter().collect();
    found.ok_or_else(|| Problem::value("phones", "a number among them is not known here"))
}

/// Gives a hold another owner, or another review.
#[utoipa::path(
    patch,
    path = "/holds/{id}",
    tag = "holds",
    params(("id" = i64, Path, description = "The hold")),
    request_body = HoldChangeBody,
    responses((status = 204, description = "It is changed")),
    security(("staff" = ["manage-holds"]))
)]
pub(crate) async fn change_hold(
    allowed: Allowed<perm::ManageHolds>,
    At(id): At<i64>,
    Body(body): Body<HoldChangeBody>,
) -> Result<StatusCode, Problem> {
    let change = HoldChange {
        owner: body.owner,
        review_at: body.review_at.map(|at| at.0),
    };
    let which = (HoldId(id), body.version);
    allowed
        .store()
        .change_hold(allowed.actor, which, change)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Releases a hold. What only it had kept of erased people goes at once.
#[utoipa::path(
    post,
    path = "/holds/{id}/release",
    tag = "holds",
    params(("id" = i64, Path, description = "The hold")),
    request_body = ReleaseBody,
    responses((status = 200, description = "It is released", body = ReleasedView)),
    security(("staff" = ["manage-holds"]))
)]
pub(crate) async fn release_hold(
    allowed: Allowed<perm::ManageHolds>,
    At(id): At<i64>,
    Body(body): Body<ReleaseBody>,
) -> Result<Json<ReleasedView>, Problem> {
    let reason = check::line("reason", &body.reason, 200)?;
    let which = (HoldId(id), body.version);
    let erased = allowed
        .store()
        .release_hold(allowed.actor, which, reason)
        .await?;
    Ok(Json(ReleasedView { erased }))
}
