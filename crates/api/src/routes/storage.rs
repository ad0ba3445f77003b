//! What Meta keeps of a number's messages, and where.

use axum::Json;
use domain::ids::NumberId;
use serde::Deserialize;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use whatsapp::storage::REGIONS;
use whatsapp::storage::Storage;

use crate::access::Allowed;
use crate::access::perm;
use crate::body::At;
use crate::body::Body;
use crate::check;
use crate::problem::Problem;
use crate::state::ApiState;

pub(crate) fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::default().routes(routes!(storage, set_storage))
}

/// How Meta keeps messages.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum StorageMode {
    /// Up to 30 days, wherever Meta likes.
    Default,
    /// At rest in one region only.
    InCountry,
    /// An hour. Webhooks are tried again for an hour only.
    None,
}

/// What Meta keeps of a number's messages, and where.
#[derive(Serialize, ToSchema)]
pub(crate) struct StorageView {
    /// How it keeps them; null for a way this program does not know.
    mode: Option<StorageMode>,
    /// In which region, for `in-country`; `DE` stands for the European Union.
    region: Option<String>,
}

impl From<Storage> for StorageView {
    fn from(storage: Storage) -> Self {
        let (mode, region) = match storage {
            Storage::Default => (Some(StorageMode::Default), None),
            Storage::InCountry(region) => (Some(StorageMode::InCountry), Some(region)),
            Storage::None => (Some(StorageMode::None), None),
            Storage::Unknown => (None, None),
        };
        Self { mode, region }
    }
}

/// What Meta is to keep of a number's messages, and where.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct StorageBody {
    /// How it is to keep them.
    mode: StorageMode,
    /// In which region, for `in-country` and for nothing else.
    #[schema(example = "ZA")]
    region: Option<String>,
    /// Why. Sealed in the log.
    reason: String,
}

impl StorageBody {
    fn checked(self) -> Result<Storage, Problem> {
        match (self.mode, self.region) {
            (StorageMode::Default, None) => Ok(Storage::Default),
            (StorageMode::None, None) => Ok(Storage::None),
            (StorageMode::InCountry, Some(region)) if REGIONS.contains(&region.as_str()) => {
                Ok(Storage::InCountry(region))
            }
            (StorageMode::InCountry, _) => {
                let detail = format!("it has to be one of {}", REGIONS.join(", "));
                Err(Problem::value("region", detail))
            }
            (StorageMode::Default | StorageMode::None, Some(_)) => Err(Problem::value(
                "region",
                "it belongs to the mode in-country",
            )),
        }
    }
}

/// What Meta keeps of a number's messages, and where: asked of Meta now.
#[utoipa::path(
    get,
    path = "/numbers/{id}/storage",
    tag = "configuration",
    params(("id" = i64, Path, description = "The number")),
    responses((status = 200, description = "What Meta says", body = StorageView)),
    security(("staff" = ["view-configuration"]))
)]
pub(crate) async fn storage(
    allowed: Allowed<perm::ViewConfiguration>,
    At(id): At<i64>,
) -> Result<Json<StorageView>, Problem> {
    let storage = allowed.meta().storage(NumberId(id)).await?;
    Ok(Json(storage.into()))
}

/// Have Meta keep a number's messages otherwise. Meta takes it only of a number that is not
/// registered.
#[utoipa::path(
    put,
    path = "/numbers/{id}/storage",
    tag = "configuration",
    params(("id" = i64, Path, description = "The number")),
    request_body = StorageBody,
    responses((status = 200, description = "What Meta says afterwards", body = StorageView)),
    security(("staff" = ["manage-numbers"]))
)]
pub(crate) async fn set_storage(
    allowed: Allowed<perm::ManageNumbers>,
    At(id): At<i64>,
    Body(body): Body<StorageBody>,
) -> Result<Json<StorageView>, Problem> {
    let why = (allowed.actor, check::reason(&body.reason)?);
    let wanted = body.checked()?;
    let asked = allowed.meta().set_storage(why, NumberId(id), wanted);
    let storage = asked.await?;
    Ok(Json(storage.into()))
}
