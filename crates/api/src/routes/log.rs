//! The tamper-evident log.

use axum::Json;
use serde::Serialize;
use store::StoreError;
use store::record::LeafRow;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::access::Allowed;
use crate::access::perm;
use crate::page;
use crate::problem::Problem;
use crate::query::LogQuery;
use crate::state::ApiState;

pub(crate) fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::default()
        .routes(routes!(list_log_entries))
        .routes(routes!(log_checkpoint))
}

/// A part of the log.
#[derive(Serialize, ToSchema)]
pub(crate) struct LogEntries {
    /// The entries, oldest first.
    items: Vec<LogEntry>,
    /// What to pass as `from` to go on; null at the end.
    next_from: Option<u64>,
}

/// An entry of the log.
#[derive(Serialize, ToSchema)]
pub(crate) struct LogEntry {
    /// Its position.
    position: u64,
    /// The entry exactly as it is hashed: one line of JSON.
    entry: String,
}

/// The state of the log.
#[derive(Serialize, ToSchema)]
pub(crate) struct CheckpointView {
    /// How many entries there are, those that no checkpoint covers yet included.
    size: u64,
    /// The newest checkpoint, a signed note (C2SP tlog-checkpoint); null before the first.
    checkpoint: Option<String>,
}

/// Entries of the log.
#[utoipa::path(
    get,
    path = "/log/entries",
    tag = "log",
    params(LogQuery),
    responses((status = 200, description = "The entries", body = LogEntries)),
    security(("staff" = ["view-log"]))
)]
pub(crate) async fn list_log_entries(
    allowed: Allowed<perm::ViewLog, LogQuery>,
) -> Result<Json<LogEntries>, Problem> {
    let from = u64::from(allowed.query.from.unwrap_or(0));
    let limit = page::clamp(allowed.query.limit);
    allowed
        .read(move |reader| {
            let rows = reader.leaves(from, limit)?;
            let full = rows.len() == usize::try_from(limit).unwrap_or(usize::MAX);
            let last = rows.last().filter(|_| full);
            Ok(Json(LogEntries {
                next_from: last.map(|row| row.position.saturating_add(1)),
                items: rows.into_iter().map(entry).collect::<Result<_, _>>()?,
            }))
        })
        .await
}

/// The newest checkpoint.
#[utoipa::path(
    get,
    path = "/log/checkpoint",
    tag = "log",
    responses((status = 200, description = "The checkpoint", body = CheckpointView)),
    security(("staff" = ["view-log"]))
)]
pub(crate) async fn log_checkpoint(
    allowed: Allowed<perm::ViewLog>,
) -> Result<Json<CheckpointView>, Problem> {
    // Asked for first, so that the checkpoint never covers more than the size that is told.
    let checkpoint = allowed.checkpoint();
    allowed
        .read(move |reader| {
            let size = reader.log_size()?;
            Ok(Json(CheckpointView { size, checkpoint }))
        })
        .await
}

fn entry(row: LeafRow) -> Result<LogEntry, StoreError> {
    let position = row.position;
    String::from_utf8(row.entry)
        .map(|entry| LogEntry { position, entry })
        .map_err(|_| StoreError::Damaged {
            table: "leaves",
            column: "entry",
            id: position.cast_signed(),
        })
}
