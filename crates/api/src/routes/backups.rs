//! Backups: which snapshots there are, and how far the key bundle is. Nothing of either is shown.

use axum::Json;
use serde::Serialize;
use store::snapshot::SnapshotRow;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::access::Allowed;
use crate::access::perm;
use crate::problem::Problem;
use crate::state::ApiState;
use crate::words::Instant;

/// How many snapshots are listed at the most.
const LISTED: u32 = 100;

pub(crate) fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::default().routes(routes!(backups))
}

/// Snapshots and the key bundle.
#[derive(Serialize, ToSchema)]
pub(crate) struct BackupsView {
    /// How far the key bundle is at each place that has one.
    bundle: Vec<BundleView>,
    /// The newest snapshots, the newest first, once for each place.
    snapshots: Vec<SnapshotView>,
}

/// The key bundle at a place.
#[derive(Serialize, ToSchema)]
pub(crate) struct BundleView {
    /// The place, by a number made of its address.
    place: String,
    /// The number of its newest part.
    part: u64,
    /// The number of its whole part.
    whole: u64,
    /// The epoch in which the whole part was made.
    epoch: u32,
    /// Since when the newest part is there.
    shipped_at: Instant,
}

/// A snapshot at a place.
#[derive(Serialize, ToSchema)]
pub(crate) struct SnapshotView {
    /// Its name.
    name: String,
    /// The place, by a number made of its address.
    place: String,
    /// How far it is: `making`, `made`, `failed` or `removed`.
    state: &'static str,
    /// Its length in bytes.
    bytes: u64,
    /// How many media objects belong to it.
    objects: u64,
    /// How many entries of the log it has.
    entries: u64,
    /// When it was begun.
    started_at: Instant,
    /// When it was last restored into a scratch place and found whole.
    verified_at: Option<Instant>,
}

impl From<SnapshotRow> for SnapshotView {
    fn from(row: SnapshotRow) -> Self {
        Self {
            name: row.name,
            place: place(row.place),
            state: row.state.name(),
            bytes: row.size,
            objects: row.objects,
            entries: row.head,
            started_at: row.started_at.into(),
            verified_at: row.verified_at.map(Into::into),
        }
    }
}

fn place(code: i64) -> String {
    format!("{code:016x}")
}

/// Which snapshots there are, and how far the key bundle is at each place.
#[utoipa::path(
    get,
    path = "/backups",
    tag = "backups",
    responses((status = 200, description = "Snapshots and the key bundle", body = BackupsView)),
    security(("staff" = ["view-backups"]))
)]
pub(crate) async fn backups(
    allowed: Allowed<perm::ViewBackups>,
) -> Result<Json<BackupsView>, Problem> {
    let (bundle, snapshots) = allowed
        .read(|reader| Ok((reader.shipped_all()?, reader.snapshots(LISTED)?)))
        .await?;
    let bundle = bundle.into_iter().map(|(code, part)| BundleView {
        place: place(code),
        part: part.sequence,
        whole: part.whole,
        epoch: part.whole_epoch,
        shipped_at: part.at.into(),
    });
    Ok(Json(BackupsView {
        bundle: bundle.collect(),
        snapshots: snapshots.into_iter().map(Into::into).collect(),
    }))
}
