//! What is known of a person beside identifiers and name.

use axum::Json;
use axum::http::StatusCode;
use domain::ids::SubjectId;
use domain::person;
use domain::traits::canonical;
use serde::Deserialize;
use serde::Serialize;
use store::person::Trait;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use zeroize::Zeroizing;

use crate::access::Allowed;
use crate::access::perm;
use crate::body::At;
use crate::body::Body;
use crate::check;
use crate::person::Named;
use crate::problem::Kind;
use crate::problem::Problem;
use crate::query::RestrictedQuery;
use crate::state::ApiState;
use crate::words::Instant;
use crate::words::TraitKind;
use crate::words::TraitSource;

pub(crate) fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::default()
        .routes(routes!(list_traits))
        .routes(routes!(reveal_trait, put_trait, take_trait_back))
}

/// Something known of a person, without what it says.
#[derive(Serialize, ToSchema)]
pub(crate) struct TraitView {
    /// What it is about.
    kind: TraitKind,
    /// Where it is known from.
    source: TraitSource,
    /// Since when it is known.
    since: Instant,
}

/// Something known of a person, with what it says.
#[derive(Serialize, ToSchema)]
pub(crate) struct TraitRevealed {
    /// What it is about.
    kind: TraitKind,
    /// Where it is known from.
    source: TraitSource,
    /// Since when it is known.
    since: Instant,
    /// What it says.
    value: String,
}

/// What is known of a person.
#[derive(Serialize, ToSchema)]
pub(crate) struct Traits {
    /// The newest of each kind.
    items: Vec<TraitView>,
}

/// Something to note about a person.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TraitBody {
    /// What it says. `residence`: an ISO 3166 code, with a subdivision where one matters (`US-CA`).
    /// `zone`: the name of a time zone. `age`: a year of birth, or `adult`. `special`: `yes`. `sale`:
    /// the instant of the last sale, with ` objectable` behind it if the person could object at it.
    /// `languages`: language tags, best first, parted by spaces.
    value: String,
    /// Where it is known from; `staff` unless told.
    #[serde(default)]
    source: Option<TraitSource>,
}

/// What is known of a person, without what it says.
#[utoipa::path(
    get,
    path = "/subjects/{id}/traits",
    tag = "subjects",
    params(("id" = i64, Path, description = "The subject")),
    responses((status = 200, description = "What is known", body = Traits)),
    security(("staff" = ["view-subjects"]))
)]
pub(crate) async fn list_traits(
    allowed: Allowed<perm::ViewSubjects>,
    At(id): At<i64>,
) -> Result<Json<Traits>, Problem> {
    let id = Named::Subject(SubjectId(id)).resolve(&allowed).await?;
    let known = allowed.read(move |reader| reader.traits(id)).await?;
    let view = |known: &Trait| TraitView {
        kind: known.kind.into(),
        source: known.source.into(),
        since: known.at.into(),
    };
    let items = known.iter().map(view).collect();
    Ok(Json(Traits { items }))
}

/// What is known of a person, with what it says.
///
/// The read is in the log before anything is shown.
#[utoipa::path(
    get,
    path = "/subjects/{id}/traits/{kind}",
    tag = "subjects",
    params(
        ("id" = i64, Path, description = "The subject"),
        ("kind" = TraitKind, Path, description = "What it is about"),
        RestrictedQuery,
    ),
    responses((status = 200, description = "What is known", body = TraitRevealed)),
    security(("staff" = ["reveal-subjects"]))
)]
pub(crate) async fn reveal_trait(
    allowed: Allowed<perm::RevealSubjects, RestrictedQuery>,
    At((id, kind)): At<(i64, TraitKind)>,
) -> Result<Json<TraitRevealed>, Problem> {
    let id = Named::Subject(SubjectId(id)).resolve(&allowed).await?;
    let kind: person::TraitKind = kind.into();
    let reason = format!("what is noted of the person: {}", kind.name());
    let who = (allowed.actor, id);
    let despite = allowed.query.restricted_use.map(Into::into);
    let known = allowed
        .store()
        .reveal_for(who, (&reason, despite), move |reader| reader.traits(id));
    let known = known.await?;
    let found = known.into_iter().find(|known| known.kind == kind);
    let found = found.ok_or_else(|| Problem::from(Kind::Missing))?;
    Ok(Json(TraitRevealed {
        kind: found.kind.into(),
        source: found.source.into(),
        since: found.at.into(),
        value: found.value.to_string(),
    }))
}

/// Note something about a person, in place of what was known.
#[utoipa::path(
    put,
    path = "/subjects/{id}/traits/{kind}",
    tag = "subjects",
    params(
        ("id" = i64, Path, description = "The subject"),
        ("kind" = TraitKind, Path, description = "What it is about"),
    ),
    request_body = TraitBody,
    responses((status = 204, description = "It is noted")),
    security(("staff" = ["record-consent"]))
)]
pub(crate) async fn put_trait(
    allowed: Allowed<perm::RecordConsent>,
    At((id, kind)): At<(i64, TraitKind)>,
    Body(body): Body<TraitBody>,
) -> Result<StatusCode, Problem> {
    let value = check::line("value", &body.value, 400)?;
    let (store, kind) = (allowed.store(), kind.into());
    let value = canonical(kind, &value, store.law(), allowed.now())
        .map_err(|fault| Problem::value("value", fault.to_string()))?;
    let source = body.source.map_or(person::TraitSource::Staff, Into::into);
    let (actor, value) = (allowed.actor, Zeroizing::new(value));
    store
        .put_trait(actor, SubjectId(id), (kind, source), value)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Take back what was noted about a person.
#[utoipa::path(
    delete,
    path = "/subjects/{id}/traits/{kind}",
    tag = "subjects",
    params(
        ("id" = i64, Path, description = "The subject"),
        ("kind" = TraitKind, Path, description = "What it is about"),
    ),
    responses((status = 204, description = "Nothing is known of it any more")),
    security(("staff" = ["record-consent"]))
)]
pub(crate) async fn take_trait_back(
    allowed: Allowed<perm::RecordConsent>,
    At((id, kind)): At<(i64, TraitKind)>,
) -> Result<StatusCode, Problem> {
    let (subject, kind) = (SubjectId(id), kind.into());
    let known = allowed.read(move |reader| reader.traits(subject)).await?;
    if !known.iter().any(|known| known.kind == kind) {
        return Err(Kind::Missing.into());
    }
    let what = (kind, person::TraitSource::Staff);
    let (store, actor) = (allowed.store(), allowed.actor);
    store
        .put_trait(actor, subject, what, Zeroizing::default())
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
