//! Apps: client software with a contract.

use std::future::Ready;
use std::future::ready;

use axum::Json;
use axum::http::StatusCode;
use domain::ids::AppId;
use domain::ids::NumberId;
use serde::Deserialize;
use serde::Serialize;
use store::Registry;
use store::admin::NewApp;
use store::registry::App;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::access::Allowed;
use crate::access::perm;
use crate::body::At;
use crate::body::Body;
use crate::check;
use crate::page::ListQuery;
use crate::page::Page;
use crate::problem::Problem;
use crate::state::ApiState;
use crate::words;
use crate::words::IdentityMode;
use crate::words::Instant;

pub(crate) fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::default()
        .routes(routes!(list_apps, add_app))
        .routes(routes!(end_app))
}

/// An app.
#[derive(Serialize, ToSchema)]
pub(crate) struct AppView {
    /// Its id.
    id: i64,
    /// Its name.
    name: String,
    /// The one number it may use; null for all.
    number: Option<i64>,
    /// What it may know of people.
    identity: IdentityMode,
    /// Where its webhooks go.
    relay_url: Option<String>,
    /// The purpose people have to agree to before it may have their data; null if none.
    sharing: Option<String>,
    /// Since when.
    created_at: Instant,
    /// When its contract ended.
    ended_at: Option<Instant>,
}

impl AppView {
    fn new(registry: &Registry, app: &App) -> Self {
        let asked = app.sharing.and_then(|id| registry.purpose(id));
        Self {
            id: app.id.0,
            name: app.name.clone(),
            number: app.number.map(|number| number.0),
            identity: app.identity.into(),
            relay_url: app.relay_url.clone(),
            sharing: asked.map(|entry| entry.purpose.code.clone()),
            created_at: app.created_at.into(),
            ended_at: words::instant(app.ended_at),
        }
    }
}

/// An app to let in.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AppBody {
    /// Its name: one line, unlike that of any other app.
    name: String,
    /// The one number it may use; all unless told.
    number: Option<i64>,
    /// What it may know of people.
    identity: IdentityMode,
    /// Where its webhooks go; none are sent unless told.
    relay_url: Option<String>,
}

/// An app that was let in.
#[derive(Serialize, ToSchema)]
pub(crate) struct AppIssued {
    /// Its id.
    id: i64,
    /// The secret its webhooks are signed with, as Meta would. It is shown this once.
    secret: String,
}

/// The apps, those whose contract has ended included.
#[utoipa::path(
    get,
    path = "/apps",
    tag = "apps",
    params(ListQuery),
    responses((status = 200, description = "The apps", body = Page<AppView>)),
    security(("staff" = ["view-configuration"]))
)]
pub(crate) fn list_apps(
    allowed: Allowed<perm::ViewConfiguration, ListQuery>,
) -> Ready<Json<Page<AppView>>> {
    let (registry, query) = allowed.configured();
    ready(Json(Page::of(
        registry.apps.iter().rev(),
        query.parts(),
        |app| app.id.0,
        |app| AppView::new(&registry, app),
    )))
}

/// Let an app in.
#[utoipa::path(
    post,
    path = "/apps",
    tag = "apps",
    request_body = AppBody,
    responses((status = 201, description = "The app, with its secret", body = AppIssued)),
    security(("staff" = ["manage-apps"]))
)]
pub(crate) async fn add_app(
    allowed: Allowed<perm::ManageApps>,
    Body(body): Body<AppBody>,
) -> Result<(StatusCode, Json<AppIssued>), Problem> {
    let number = body.number.map(NumberId);
    if number.is_some_and(|number| allowed.registry().number(number).is_none()) {
        return Err(Problem::value("number", "there is no such number"));
    }
    let new = NewApp {
        name: check::line("name", &body.name, 100)?,
        number,
        identity: body.identity.into(),
        relay_url: body
            .relay_url
            .map(|url| check::url("relay_url", &url))
            .transpose()?,
    };
    let issued = allowed.store().add_app(allowed.actor, new).await?;
    let view = AppIssued {
        id: issued.id.0,
        secret: issued.secret.to_string(),
    };
    Ok((StatusCode::CREATED, Json(view)))
}

/// End an app's contract.
///
/// Its tokens are worth nothing from now on, and nothing more is relayed to it.
#[utoipa::path(
    delete,
    path = "/apps/{id}",
    tag = "apps",
    params(("id" = i64, Path, description = "The app")),
    responses((status = 204, description = "The contract has ended")),
    security(("staff" = ["manage-apps"]))
)]
pub(crate) async fn end_app(
    allowed: Allowed<perm::ManageApps>,
    At(id): At<i64>,
) -> Result<StatusCode, Problem> {
    allowed.store().end_app(allowed.actor, AppId(id)).await?;
    Ok(StatusCode::NO_CONTENT)
}
