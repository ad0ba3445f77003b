//! External registries of people whom promotion must not reach.

use std::future::Ready;
use std::future::ready;

use axum::Json;
use axum::http::HeaderValue;
use axum::http::StatusCode;
use axum::http::header;
use axum::response::IntoResponse as _;
use axum::response::Response;
use domain::ids::RegistryImportId;
use domain::ids::RegistryOverrideId;
use domain::time::Timestamp;
use serde::Deserialize;
use serde::Serialize;
use store::Registry;
use store::block_registry::NewBlockRegistry;
use store::block_registry::RegistryImport;
use store::block_registry::RegistryOverride;
use store::registry::BlockRegistry;
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
use crate::page::Page;
use crate::problem::Kind;
use crate::problem::Problem;
use crate::routes::block_lists;
use crate::state::ApiState;
use crate::words;
use crate::words::Instant;

pub(crate) fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::default()
        .routes(routes!(list_block_registries, add_block_registry))
        .routes(routes!(end_block_registry))
        .routes(routes!(list_imports, block_lists::bring_in))
        .routes(routes!(certificate))
        .routes(routes!(list_overrides, add_override))
        .routes(routes!(end_override))
}

/// An external registry.
#[derive(Serialize, ToSchema)]
pub(crate) struct BlockRegistryView {
    /// Its id.
    id: i64,
    /// Its short name.
    code: String,
    /// Its name.
    name: String,
    /// How often its list has to be brought up to date, in days.
    every_days: u32,
    /// Since when it is known here.
    created_at: Instant,
    /// When its list was last brought up to date; null if it never was.
    imported_at: Option<Instant>,
    /// From when on its list is out of date.
    due_at: Instant,
    /// Whether it is out of date.
    overdue: bool,
    /// The purposes for which consent goes before it.
    overridden: Vec<String>,
    /// When it stopped counting.
    ended_at: Option<Instant>,
}

impl BlockRegistryView {
    fn new(registry: &Registry, held: &BlockRegistry, now: Timestamp) -> Self {
        let codes = held
            .overridden
            .iter()
            .filter_map(|id| registry.purpose(*id));
        Self {
            id: held.id.0,
            code: held.code.clone(),
            name: held.name.clone(),
            every_days: held.every_days,
            created_at: held.created_at.into(),
            imported_at: words::instant(held.imported_at),
            due_at: held.due_at().into(),
            overdue: held.ended_at.is_none() && held.due_at() <= now,
            overridden: codes.map(|entry| entry.purpose.code.clone()).collect(),
            ended_at: words::instant(held.ended_at),
        }
    }
}

/// A registry to add.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BlockRegistryBody {
    /// Its short name: 1 to 40 lower-case letters, digits and hyphens.
    code: String,
    /// Its name: one line.
    name: String,
    /// How often its list has to be brought up to date, in days: 1 to 366. Unless told, as often as the
    /// law wants that holds where the organisation is, or monthly where it says nothing.
    #[serde(default)]
    every_days: Option<u32>,
}

/// Something that was added.
#[derive(Serialize, ToSchema)]
#[schema(as = BlockRegistryAdded)]
pub(crate) struct Added {
    /// Its id.
    pub(crate) id: i64,
}

/// A list that was brought in.
#[derive(Serialize, ToSchema)]
pub(crate) struct ImportView {
    /// Its id.
    id: i64,
    /// SHA-256 of the file, in hexadecimal.
    file_hash: String,
    /// How many lines the file had, those that could not be read included.
    rows: u64,
    /// How many identifiers are blocked that were not before.
    blocked: u64,
    /// How many are no longer.
    lifted: u64,
    /// How many lines could not be read.
    bad: u64,
    /// Who brought it in.
    actor: String,
    /// When it came into force.
    at: Instant,
    /// The position of its log entry.
    leaf: i64,
}

impl From<&RegistryImport> for ImportView {
    fn from(import: &RegistryImport) -> Self {
        let hex = import.file_hash.iter().map(|byte| format!("{byte:02x}"));
        Self {
            id: import.id.0,
            file_hash: hex.collect(),
            rows: import.rows,
            blocked: import.blocked,
            lifted: import.lifted,
            bad: import.bad,
            actor: import.actor.clone(),
            at: import.at.into(),
            leaf: import.leaf,
        }
    }
}

/// A decision that consent goes before a registry.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OverrideBody {
    /// The purpose it holds for, by its short name.
    purpose: String,
    /// Who answers for it: a name or a role, one line.
    reviewer: String,
    /// Why.
    reason: String,
}

/// A decision that consent goes before a registry, as it was recorded.
#[derive(Serialize, ToSchema)]
pub(crate) struct OverrideView {
    /// Its id.
    id: i64,
    /// The purpose it holds for.
    purpose: Option<String>,
    /// Who answers for it.
    reviewer: String,
    /// Why.
    reason: String,
    /// Since when.
    at: Instant,
    /// Until when it held; null if it does still.
    ended_at: Option<Instant>,
    /// The position of its log entry.
    leaf: i64,
}

impl OverrideView {
    fn new(registry: &Registry, held: &RegistryOverride) -> Self {
        let purpose = registry.purpose(held.purpose);
        Self {
            id: held.id.0,
            purpose: purpose.map(|entry| entry.purpose.code.clone()),
            reviewer: held.reviewer.clone(),
            reason: held.reason.clone(),
            at: held.at.into(),
            ended_at: words::instant(held.ended_at),
            leaf: held.leaf,
        }
    }
}

/// Overrides.
#[derive(Serialize, ToSchema)]
pub(crate) struct Overrides {
    /// The overrides, newest first.
    items: Vec<OverrideView>,
}

/// The registry of a code.
pub(crate) fn named(registry: &Registry, code: &str) -> Result<BlockRegistry, Problem> {
    let held = registry.block_registry(code);
    held.cloned().ok_or_else(|| Kind::Missing.into())
}

/// The external registries, those that have ended included.
#[utoipa::path(
    get,
    path = "/block-registries",
    tag = "block registries",
    params(ListQuery),
    responses((status = 200, description = "The registries", body = Page<BlockRegistryView>)),
    security(("staff" = ["view-configuration"]))
)]
pub(crate) fn list_block_registries(
    allowed: Allowed<perm::ViewConfiguration, ListQuery>,
) -> Ready<Json<Page<BlockRegistryView>>> {
    let now = allowed.now();
    let (registry, query) = allowed.configured();
    ready(Json(Page::of(
        registry.block_registries.iter().rev(),
        query.parts(),
        |held| held.id.0,
        |held| BlockRegistryView::new(&registry, held, now),
    )))
}

/// Add an external registry. It blocks nobody until a list is brought in.
#[utoipa::path(
    post,
    path = "/block-registries",
    tag = "block registries",
    request_body = BlockRegistryBody,
    responses((status = 201, description = "The registry", body = Added)),
    security(("staff" = ["manage-purposes"]))
)]
pub(crate) async fn add_block_registry(
    allowed: Allowed<perm::ManagePurposes>,
    Body(body): Body<BlockRegistryBody>,
) -> Result<(StatusCode, Json<Added>), Problem> {
    if body
        .every_days
        .is_some_and(|days| !(1..=366).contains(&days))
    {
        return Err(Problem::value("every_days", "it has to be 1 to 366"));
    }
    let new = NewBlockRegistry {
        code: check::code("code", &body.code)?,
        name: check::line("name", &body.name, 200)?,
        every_days: body.every_days,
    };
    let (store, actor) = (allowed.store(), allowed.actor);
    let id = store.add_block_registry(actor, new).await?;
    Ok((StatusCode::CREATED, Json(Added { id: id.0 })))
}

/// End an external registry: its list blocks nobody any more.
#[utoipa::path(
    delete,
    path = "/block-registries/{code}",
    tag = "block registries",
    params(("code" = String, Path, description = "The registry's short name")),
    responses((status = 204, description = "It has ended")),
    security(("staff" = ["manage-purposes"]))
)]
pub(crate) async fn end_block_registry(
    allowed: Allowed<perm::ManagePurposes>,
    At(code): At<String>,
) -> Result<StatusCode, Problem> {
    let id = named(&allowed.registry(), &code)?.id;
    let (store, actor) = (allowed.store(), allowed.actor);
    store.end_block_registry(actor, id).await?;
    store.sweep_registry(id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The lists that were brought in.
#[utoipa::path(
    get,
    path = "/block-registries/{code}/imports",
    tag = "block registries",
    params(("code" = String, Path, description = "The registry's short name"), ListQuery),
    responses((status = 200, description = "The imports", body = Page<ImportView>)),
    security(("staff" = ["view-configuration"]))
)]
pub(crate) async fn list_imports(
    allowed: Allowed<perm::ViewConfiguration, ListQuery>,
    At(code): At<String>,
) -> Result<Json<Page<ImportView>>, Problem> {
    let id = named(&allowed.registry(), &code)?.id;
    let (limit, before) = allowed.query.parts();
    let limit = page::clamp(limit);
    let before = before.map(RegistryImportId);
    let look = move |reader: &store::Reader<'_>| reader.registry_imports(id, before, limit);
    let rows = allowed.read(look).await?;
    Ok(Json(Page::of(
        &rows,
        (Some(limit), None),
        |row| row.id.0,
        ImportView::from,
    )))
}

/// The certificate of an import.
///
/// It is a signed note that can be verified offline: `imvume registry verify`.
#[utoipa::path(
    get,
    path = "/block-registries/{code}/imports/{id}/certificate",
    tag = "block registries",
    params(
        ("code" = String, Path, description = "The registry's short name"),
        ("id" = i64, Path, description = "The import"),
    ),
    responses((status = 200, description = "The certificate", body = String,
               content_type = "text/plain")),
    security(("staff" = ["view-configuration"]))
)]
pub(crate) async fn certificate(
    allowed: Allowed<perm::ViewConfiguration>,
    At((code, id)): At<(String, i64)>,
) -> Result<Response, Problem> {
    let registry = named(&allowed.registry(), &code)?.id;
    let id = RegistryImportId(id);
    let below = RegistryImportId(id.0.saturating_add(1));
    let look = move |reader: &store::Reader<'_>| reader.registry_imports(registry, Some(below), 1);
    let found = allowed.read(look).await?;
    if found.first().map(|import| import.id) != Some(id) {
        return Err(Kind::Missing.into());
    }
    let certificate = allowed.office().certificate(registry, id).await;
    let note = certificate.ok_or_else(|| Problem::from(Kind::Busy))?;
    let text = HeaderValue::from_static("text/plain; charset=utf-8");
    Ok(([(header::CONTENT_TYPE, text)], note).into_response())
}

/// The decisions that consent goes before a registry, those that have ended included.
#[utoipa::path(
    get,
    path = "/block-registries/{code}/overrides",
    tag = "block registries",
    params(("code" = String, Path, description = "The registry's short name")),
    responses((status = 200, description = "The overrides", body = Overrides)),
    security(("staff" = ["view-configuration"]))
)]
pub(crate) async fn list_overrides(
    allowed: Allowed<perm::ViewConfiguration>,
    At(code): At<String>,
) -> Result<Json<Overrides>, Problem> {
    let registry = allowed.registry();
    let id = named(&registry, &code)?.id;
    let held = allowed
        .read(move |reader| reader.registry_overrides(id))
        .await?;
    let view = |held: &RegistryOverride| OverrideView::new(&registry, held);
    let items = held.iter().map(view).collect();
    Ok(Json(Overrides { items }))
}

/// Decide that consent for a purpose goes before a registry.
///
/// Who answers for it and why stand in the record; it holds until it is ended.
#[utoipa::path(
    post,
    path = "/block-registries/{code}/overrides",
    tag = "block registries",
    params(("code" = String, Path, description = "The registry's short name")),
    request_body = OverrideBody,
    responses((status = 201, description = "The override", body = Added)),
    security(("staff" = ["manage-purposes"]))
)]
pub(crate) async fn add_override(
    allowed: Allowed<perm::ManagePurposes>,
    At(code): At<String>,
    Body(body): Body<OverrideBody>,
) -> Result<(StatusCode, Json<Added>), Problem> {
    let registry = allowed.registry();
    let id = named(&registry, &code)?.id;
    let purpose = registry
        .purpose_by_code(&body.purpose)
        .ok_or_else(|| Problem::value("purpose", "there is no such purpose"))?
        .purpose
        .id;
    let words = (
        check::line("reviewer", &body.reviewer, 200)?,
        check::text("reason", &body.reason, 2_000)?,
    );
    let (store, actor) = (allowed.store(), allowed.actor);
    let new = store.override_registry(actor, (id, purpose), words).await?;
    Ok((StatusCode::CREATED, Json(Added { id: new.0 })))
}

/// End a decision that consent goes before a registry.
#[utoipa::path(
    delete,
    path = "/block-registries/{code}/overrides/{id}",
    tag = "block registries",
    params(
        ("code" = String, Path, description = "The registry's short name"),
        ("id" = i64, Path, description = "The override"),
    ),
    responses((status = 204, description = "It has ended")),
    security(("staff" = ["manage-purposes"]))
)]
pub(crate) async fn end_override(
    allowed: Allowed<perm::ManagePurposes>,
    At((code, id)): At<(String, i64)>,
) -> Result<StatusCode, Problem> {
    let registry = named(&allowed.registry(), &code)?.id;
    let which = (registry, RegistryOverrideId(id));
    let (store, actor) = (allowed.store(), allowed.actor);
    store.end_override(actor, which).await?;
    Ok(StatusCode::NO_CONTENT)
}
