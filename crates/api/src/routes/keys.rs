//! The keys: which there are, and rolling the epoch key. No key is ever shown.

use axum::Json;
use axum::http::StatusCode;
use domain::time::Timestamp;
use seal::KeyringError;
use serde::Serialize;
use store::RollRow;
use store::StoreError;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::access::Allowed;
use crate::access::perm;
use crate::problem::Kind;
use crate::problem::Problem;
use crate::state::ApiState;
use crate::words::Instant;

pub(crate) fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::default()
        .routes(routes!(keys))
        .routes(routes!(roll_keys))
}

/// The keys of the instance, by number and age.
#[derive(Serialize, ToSchema)]
pub(crate) struct KeysView {
    /// The instance's name.
    instance: String,
    /// The epoch keys, the current one first: one, or two while a roll is under way.
    epochs: Vec<EpochView>,
    /// The version of the newest suppression key.
    suppression_key: u32,
    /// The newest roll; null if there was none.
    roll: Option<RollView>,
}

/// An epoch key.
#[derive(Serialize, ToSchema)]
pub(crate) struct EpochView {
    /// Its number.
    id: u32,
    /// When it was made.
    created_at: Instant,
}

/// A roll of the epoch key.
#[derive(Serialize, ToSchema)]
pub(crate) struct RollView {
    /// The epoch it leads to.
    epoch: u32,
    /// How far it is: `keys`, `index`, `sweep`, or `bundle` while it waits for the key bundle to be at its
    /// places; null once it has ended.
    stage: Option<&'static str>,
    /// How many data keys were wrapped anew.
    keys: u64,
    /// How many identifiers were indexed anew.
    identifiers: u64,
    /// When it began.
    begun_at: Instant,
    /// When the old key was destroyed.
    ended_at: Option<Instant>,
}

impl From<RollRow> for RollView {
    fn from(row: RollRow) -> Self {
        Self {
            epoch: row.epoch,
            stage: row.stage.map(store::RollStage::name),
            keys: row.done.keys,
            identifiers: row.done.identifiers,
            begun_at: row.begun_at.into(),
            ended_at: row.ended_at.map(Into::into),
        }
    }
}

/// Which keys there are, and how far a roll is.
#[utoipa::path(
    get,
    path = "/keys",
    tag = "keys",
    responses((status = 200, description = "The keys, by number and age", body = KeysView)),
    security(("staff" = ["view-configuration"]))
)]
pub(crate) async fn keys(
    allowed: Allowed<perm::ViewConfiguration>,
) -> Result<Json<KeysView>, Problem> {
    let roll = allowed.store().last_roll().await?;
    let keyring = allowed.store().keyring();
    let keys = keyring.keys();
    let epochs = keys.epochs().map(|epoch| EpochView {
        id: epoch.id(),
        created_at: Timestamp::from_micros(epoch.created_micros()).into(),
    });
    Ok(Json(KeysView {
        instance: keyring.instance_id().to_owned(),
        epochs: epochs.collect(),
        // What stands under a suppression key depends on a text; how many keys there are does not.
        suppression_key: keys.suppression("").0,
        roll: roll.map(Into::into),
    }))
}

/// Begin a roll of the epoch key. It goes on by itself while the gateway serves; the old key is destroyed
/// when everything stands under the new one and the key bundle is at its places.
#[utoipa::path(
    post,
    path = "/keys/rolls",
    tag = "keys",
    responses((status = 202, description = "It has begun", body = RollView)),
    security(("staff" = ["manage-keys"]))
)]
pub(crate) async fn roll_keys(
    allowed: Allowed<perm::ManageKeys>,
) -> Result<(StatusCode, Json<RollView>), Problem> {
    match allowed.store().begin_roll(allowed.actor).await {
        Err(StoreError::Keyring(KeyringError::RollUnderWay)) => {
            return Err(Problem::new(Kind::Exists, "a roll is under way"));
        }
        begun => begun?,
    };
    let roll = allowed.store().last_roll().await?;
    let roll = roll.ok_or_else(|| Problem::from(Kind::Missing))?;
    Ok((StatusCode::ACCEPTED, Json(roll.into())))
}
