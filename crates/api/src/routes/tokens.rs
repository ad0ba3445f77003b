//! Tokens of apps.

use axum::Json;
use axum::http::StatusCode;
use domain::access;
use domain::ids::AppId;
use domain::ids::TokenId;
use serde::Deserialize;
use serde::Serialize;
use store::Refusal;
use store::admin::Issued;
use store::admin::NewToken;
use store::registry::Token;
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
use crate::words::AppScope;
use crate::words::Instant;

pub(crate) fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::default()
        .routes(routes!(list_app_tokens, issue_app_token))
        .routes(routes!(revoke_app_token))
}

/// A token. The token itself is nowhere kept.
#[derive(Serialize, ToSchema)]
pub(crate) struct TokenView {
    /// Its id; it stands in the log as `staff/…` for what was done with a staff token.
    id: i64,
    /// What it is called.
    name: String,
    /// What it may be used for at the gateway; empty for staff.
    scopes: Vec<AppScope>,
    /// Since when.
    created_at: Instant,
    /// Until when.
    expires_at: Instant,
    /// When it was revoked.
    revoked_at: Option<Instant>,
}

impl From<&Token> for TokenView {
    fn from(token: &Token) -> Self {
        Self {
            id: token.id.0,
            name: token.name.clone(),
            scopes: access::AppScope::ALL
                .into_iter()
                .filter(|scope| token.scopes.has(*scope))
                .map(AppScope::from)
                .collect(),
            created_at: token.created_at.into(),
            expires_at: token.expires_at.into(),
            revoked_at: words::instant(token.revoked_at),
        }
    }
}

/// A token to issue to an app.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AppTokenBody {
    /// What it is called: one line.
    name: String,
    /// What it may be used for at the gateway.
    #[schema(min_items = 1)]
    scopes: Vec<AppScope>,
    /// Until when; either this or `expires_in_days`.
    expires_at: Option<Instant>,
    /// For how many days, 730 at the most; either this or `expires_at`.
    expires_in_days: Option<u32>,
}

/// A token that was issued.
#[derive(Serialize, ToSchema)]
pub(crate) struct TokenIssued {
    /// Its id.
    id: i64,
    /// The token. It is shown this once.
    token: String,
    /// Until when.
    expires_at: Instant,
}

impl TokenIssued {
    pub(crate) fn new(issued: &Issued<TokenId>, expires_at: Instant) -> Self {
        Self {
            id: issued.id.0,
            token: issued.secret.to_string(),
            expires_at,
        }
    }
}

/// An app's tokens.
#[utoipa::path(
    get,
    path = "/apps/{id}/tokens",
    tag = "apps",
    params(("id" = i64, Path, description = "The app"), ListQuery),
    responses((status = 200, description = "The tokens", body = Page<TokenView>)),
    security(("staff" = ["view-configuration"]))
)]
pub(crate) async fn list_app_tokens(
    allowed: Allowed<perm::ViewConfiguration, ListQuery>,
    At(id): At<i64>,
) -> Result<Json<Page<TokenView>>, Problem> {
    let (app, query) = (AppId(id), allowed.query);
    allowed
        .read(move |reader| {
            let registry = reader.registry();
            registry.app(app).ok_or(Refusal::Missing("app"))?;
            let tokens = registry.tokens.iter().rev();
            Ok(Json(Page::of(
                tokens.filter(|token| token.app == Some(app)),
                query.parts(),
                |token| token.id.0,
                TokenView::from,
            )))
        })
        .await
}

/// Issue a token to an app.
#[utoipa::path(
    post,
    path = "/apps/{id}/tokens",
    tag = "apps",
    params(("id" = i64, Path, description = "The app")),
    request_body = AppTokenBody,
    responses((status = 201, description = "The token", body = TokenIssued)),
    security(("staff" = ["manage-apps"]))
)]
pub(crate) async fn issue_app_token(
    allowed: Allowed<perm::ManageApps>,
    At(id): At<i64>,
    Body(body): Body<AppTokenBody>,
) -> Result<(StatusCode, Json<TokenIssued>), Problem> {
    if body.scopes.is_empty() {
        return Err(Problem::value(
            "scopes",
            "at least one scope has to be there",
        ));
    }
    let expires = check::expiry(allowed.now(), body.expires_at, body.expires_in_days)?;
    let new = NewToken {
        app: Some(AppId(id)),
        name: check::line("name", &body.name, 100)?,
        scopes: body.scopes.into_iter().map(Into::into).collect(),
        expires,
    };
    let issued = allowed.store().issue_token(allowed.actor, new).await?;
    let view = TokenIssued::new(&issued, expires.into());
    Ok((StatusCode::CREATED, Json(view)))
}

/// Revoke an app's token, at once.
#[utoipa::path(
    delete,
    path = "/tokens/{id}",
    tag = "apps",
    params(("id" = i64, Path, description = "The token")),
    responses((status = 204, description = "The token is worth nothing")),
    security(("staff" = ["manage-apps"]))
)]
pub(crate) async fn revoke_app_token(
    allowed: Allowed<perm::ManageApps>,
    At(id): At<i64>,
) -> Result<StatusCode, Problem> {
    let id = TokenId(id);
    let registry = allowed.registry();
    if !registry
        .tokens
        .iter()
        .any(|token| token.id == id && token.app.is_some())
    {
        return Err(Refusal::Missing("token").into());
    }
    allowed.store().revoke_token(allowed.actor, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
