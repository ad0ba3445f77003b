//! Tokens of staff.

use std::future::Ready;
use std::future::ready;

use axum::Json;
use axum::http::StatusCode;
use domain::access::AppScopes;
use domain::ids::TokenId;
use serde::Deserialize;
use store::Refusal;
use store::admin::NewToken;
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
use crate::routes::tokens::TokenIssued;
use crate::routes::tokens::TokenView;
use crate::state::ApiState;
use crate::words::Instant;

pub(crate) fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::default()
        .routes(routes!(list_staff_tokens, issue_staff_token))
        .routes(routes!(revoke_staff_token))
}

/// A token to issue to staff.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct StaffTokenBody {
    /// What it is called: one line.
    name: String,
    /// Until when; either this or `expires_in_days`.
    expires_at: Option<Instant>,
    /// For how many days, 730 at the most; either this or `expires_at`.
    expires_in_days: Option<u32>,
}

/// The tokens of staff.
#[utoipa::path(
    get,
    path = "/staff-tokens",
    tag = "staff",
    params(ListQuery),
    responses((status = 200, description = "The tokens", body = Page<TokenView>)),
    security(("staff" = ["view-configuration"]))
)]
pub(crate) fn list_staff_tokens(
    allowed: Allowed<perm::ViewConfiguration, ListQuery>,
) -> Ready<Json<Page<TokenView>>> {
    let (registry, query) = allowed.configured();
    let tokens = registry.tokens.iter().rev();
    ready(Json(Page::of(
        tokens.filter(|token| token.app.is_none()),
        query.parts(),
        |token| token.id.0,
        TokenView::from,
    )))
}

/// Issue a token to staff. It may do everything this API offers.
#[utoipa::path(
    post,
    path = "/staff-tokens",
    tag = "staff",
    request_body = StaffTokenBody,
    responses((status = 201, description = "The token", body = TokenIssued)),
    security(("staff" = ["manage-apps"]))
)]
pub(crate) async fn issue_staff_token(
    allowed: Allowed<perm::ManageApps>,
    Body(body): Body<StaffTokenBody>,
) -> Result<(StatusCode, Json<TokenIssued>), Problem> {
    let expires = check::expiry(allowed.now(), body.expires_at, body.expires_in_days)?;
    let new = NewToken {
        app: None,
        name: check::line("name", &body.name, 100)?,
        scopes: AppScopes::default(),
        expires,
    };
    let issued = allowed.store().issue_token(allowed.actor, new).await?;
    let view = TokenIssued::new(&issued, expires.into());
    Ok((StatusCode::CREATED, Json(view)))
}

/// Revoke a staff token, at once.
#[utoipa::path(
    delete,
    path = "/staff-tokens/{id}",
    tag = "staff",
    params(("id" = i64, Path, description = "The token")),
    responses((status = 204, description = "The token is worth nothing")),
    security(("staff" = ["manage-apps"]))
)]
pub(crate) async fn revoke_staff_token(
    allowed: Allowed<perm::ManageApps>,
    At(id): At<i64>,
) -> Result<StatusCode, Problem> {
    let id = TokenId(id);
    let registry = allowed.registry();
    if !registry
        .tokens
        .iter()
        .any(|token| token.id == id && token.app.is_none())
    {
        return Err(Refusal::Missing("token").into());
    }
    allowed.store().revoke_token(allowed.actor, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
