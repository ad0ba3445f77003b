//! WhatsApp business numbers.

use std::future::Ready;
use std::future::ready;

use axum::Json;
use axum::http::StatusCode;
use domain::health::Told;
use domain::ids::NumberId;
use serde::Deserialize;
use serde::Deserializer;
use serde::Serialize;
use store::registry::Number;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use zeroize::Zeroizing;

use crate::access::Allowed;
use crate::access::perm;
use crate::body::At;
use crate::body::Body;
use crate::check;
use crate::meta::NumberToAdd;
use crate::page::ListQuery;
use crate::page::Page;
use crate::problem::Problem;
use crate::state::ApiState;
use crate::words;
use crate::words::HealthAspect;
use crate::words::Instant;

pub(crate) fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::default()
        .routes(routes!(list_numbers, add_number))
        .routes(routes!(change_number_token))
        .routes(routes!(clear_health))
}

/// A WhatsApp business number.
#[derive(Serialize, ToSchema)]
pub(crate) struct NumberView {
    /// Its id here.
    id: i64,
    /// Its id at Meta.
    phone_number_id: String,
    /// The WhatsApp Business Account it belongs to.
    waba_id: String,
    /// The number as people see it.
    display: String,
    /// The verified name.
    verified_name: String,
    /// Since when it is known here.
    created_at: Instant,
    /// Whether its access token is kept here; it stands in the configuration otherwise.
    token_kept: bool,
    /// What Meta told last of it or its account, of each aspect.
    health: Vec<HealthView>,
}

/// What Meta told last of one aspect of a number or its account.
#[derive(Serialize, ToSchema)]
pub(crate) struct HealthView {
    /// Of what.
    aspect: HealthAspect,
    /// What: 0 where all is in order, else by the aspect; for `limit` so many people in 24 hours, or -1
    /// for as many as one likes.
    value: i64,
    /// Until when it holds, where Meta said so.
    until: Option<Instant>,
    /// When, by Meta's clock.
    told_at: Instant,
}

impl From<&Told> for HealthView {
    fn from(told: &Told) -> Self {
        Self {
            aspect: told.aspect.into(),
            value: told.value,
            until: words::instant(told.until),
            told_at: told.at.into(),
        }
    }
}

/// A number to add.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NumberBody {
    /// Its id at Meta: digits.
    phone_number_id: String,
    /// The id of the WhatsApp Business Account it belongs to: digits.
    waba_id: String,
    /// The access token of a system user that may use it. It is sealed and never shown again.
    access_token: Secret,
}

/// A number that was added.
#[derive(Serialize, ToSchema)]
pub(crate) struct NumberAddedView {
    /// Its id here.
    id: i64,
    /// Whether the webhooks of its account come to the token's app now.
    subscribed: bool,
    /// Whether the templates of its account could be fetched; if not, that is tried again.
    synced: bool,
}

/// Another access token.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NumberTokenBody {
    /// The token. It is sealed and never shown again.
    access_token: Secret,
}

/// A secret that comes in: it is wiped when it is no longer needed.
#[derive(Deserialize, ToSchema)]
#[schema(value_type = String, format = Password)]
pub(crate) struct Secret(#[serde(deserialize_with = "wiped")] Zeroizing<String>);

fn wiped<'de, D: Deserializer<'de>>(from: D) -> Result<Zeroizing<String>, D::Error> {
    String::deserialize(from).map(Zeroizing::new)
}

impl Secret {
    fn token(self) -> Result<Zeroizing<String>, Problem> {
        let bytes = self.0.as_bytes();
        if (1..=4_096).contains(&bytes.len()) && bytes.iter().all(u8::is_ascii_graphic) {
            Ok(self.0)
        } else {
            let detail = "it has to be one line of visible ASCII without spaces";
            Err(Problem::value("access_token", detail))
        }
    }
}

/// Why Meta's restrictions are taken as over.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ClearHealthBody {
    /// Why: one line, kept sealed.
    reason: String,
}

impl From<&Number> for NumberView {
    fn from(number: &Number) -> Self {
        Self {
            id: number.id.0,
            phone_number_id: number.phone_number_id.clone(),
            waba_id: number.waba_id.clone(),
            display: number.display.clone(),
            verified_name: number.verified_name.clone(),
            created_at: number.created_at.into(),
            token_kept: number.access_token.is_some(),
            health: number.health.all().iter().map(HealthView::from).collect(),
        }
    }
}

/// The organisation's numbers.
#[utoipa::path(
    get,
    path = "/numbers",
    tag = "configuration",
    params(ListQuery),
    responses((status = 200, description = "The numbers", body = Page<NumberView>)),
    security(("staff" = ["view-configuration"]))
)]
pub(crate) fn list_numbers(
    allowed: Allowed<perm::ViewConfiguration, ListQuery>,
) -> Ready<Json<Page<NumberView>>> {
    let (registry, query) = allowed.configured();
    ready(Json(Page::of(
        registry.numbers.iter().rev(),
        query.parts(),
        |number| number.id.0,
        NumberView::from,
    )))
}

/// Add a number, or give one that is kept here another token.
///
/// Meta is asked for its names, its account's webhooks are subscribed to, its account's templates are
/// fetched.
#[utoipa::path(
    post,
    path = "/numbers",
    tag = "configuration",
    request_body = NumberBody,
    responses((status = 201, description = "The number", body = NumberAddedView)),
    security(("staff" = ["manage-numbers"]))
)]
pub(crate) async fn add_number(
    allowed: Allowed<perm::ManageNumbers>,
    Body(body): Body<NumberBody>,
) -> Result<(StatusCode, Json<NumberAddedView>), Problem> {
    let new = NumberToAdd {
        phone_number_id: check::meta_id("phone_number_id", &body.phone_number_id)?,
        waba_id: check::meta_id("waba_id", &body.waba_id)?,
        token: body.access_token.token()?,
    };
    let added = allowed.meta().add_number(allowed.actor, new).await?;
    let view = NumberAddedView {
        id: added.number.0,
        subscribed: added.subscribed,
        synced: added.synced,
    };
    Ok((StatusCode::CREATED, Json(view)))
}

/// Change the access token of a number that is kept here, once Meta has shown that it is good.
#[utoipa::path(
    put,
    path = "/numbers/{id}/token",
    tag = "configuration",
    params(("id" = i64, Path, description = "The number")),
    request_body = NumberTokenBody,
    responses((status = 204, description = "Calls are made with it from now on")),
    security(("staff" = ["manage-numbers"]))
)]
pub(crate) async fn change_number_token(
    allowed: Allowed<perm::ManageNumbers>,
    At(id): At<i64>,
    Body(body): Body<NumberTokenBody>,
) -> Result<StatusCode, Problem> {
    let token = body.access_token.token()?;
    let (meta, actor) = (allowed.meta(), allowed.actor);
    meta.change_token(actor, NumberId(id), token).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Take Meta's restrictions of a number's account as over.
///
/// Meta tells of the beginning of a restriction, not always of its end. What it tells later holds
/// again.
#[utoipa::path(
    post,
    path = "/numbers/{id}/clear-health",
    tag = "configuration",
    params(("id" = i64, Path, description = "The number")),
    request_body = ClearHealthBody,
    responses((status = 204, description = "Nothing of Meta's stands against sending")),
    security(("staff" = ["manage-numbers"]))
)]
pub(crate) async fn clear_health(
    allowed: Allowed<perm::ManageNumbers>,
    At(id): At<i64>,
    Body(body): Body<ClearHealthBody>,
) -> Result<StatusCode, Problem> {
    let reason = check::reason(&body.reason)?;
    let (store, actor) = (allowed.store(), allowed.actor);
    store.clear_health(actor, NumberId(id), reason).await?;
    Ok(StatusCode::NO_CONTENT)
}
