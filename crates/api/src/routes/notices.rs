//! Notices and their versions.

use std::fmt::Write;
use std::future::Ready;
use std::future::ready;

use axum::Json;
use axum::http::StatusCode;
use serde::Deserialize;
use serde::Serialize;
use store::admin::NewNotice;
use store::registry::Notice;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::access::Allowed;
use crate::access::perm;
use crate::body::Body;
use crate::check;
use crate::page::ListQuery;
use crate::page::Page;
use crate::problem::Problem;
use crate::state::ApiState;
use crate::words::Instant;
use crate::words::NoticeChange;

pub(crate) fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::default().routes(routes!(list_notices, publish_notice))
}

/// One version of a notice in one language.
#[derive(Serialize, ToSchema)]
pub(crate) struct NoticeView {
    /// Its id: what a consent event names.
    id: i64,
    /// The notice's name; all versions share it.
    code: String,
    /// Its version, counted from 1.
    version: u32,
    /// Its language, a BCP 47 tag.
    language: String,
    /// Its title.
    title: String,
    /// Its text.
    body: String,
    /// SHA-256 of the text, in hexadecimal.
    hash: String,
    /// What it means for consent under earlier versions.
    change: NoticeChange,
    /// When it was published.
    published_at: Instant,
}

impl From<&Notice> for NoticeView {
    fn from(notice: &Notice) -> Self {
        let hash = notice.hash.iter().fold(String::new(), |mut hash, byte| {
            let _ = write!(hash, "{byte:02x}");
            hash
        });
        Self {
            id: notice.id.0,
            code: notice.code.clone(),
            version: notice.version,
            language: notice.language.clone(),
            title: notice.title.clone(),
            body: notice.body.clone(),
            hash,
            change: notice.change.into(),
            published_at: notice.published_at.into(),
        }
    }
}

/// A notice to publish.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NoticeBody {
    /// The notice's name: 1 to 40 lower-case letters, digits and hyphens.
    code: String,
    /// Its language, a BCP 47 tag.
    language: String,
    /// Its title: one line.
    title: String,
    /// Its text.
    body: String,
    /// What it means for consent under earlier versions.
    change: NoticeChange,
}

/// A notice that was published.
#[derive(Serialize, ToSchema)]
pub(crate) struct NoticePublished {
    /// Its id.
    id: i64,
    /// Its version.
    version: u32,
}

/// All versions of all notices.
#[utoipa::path(
    get,
    path = "/notices",
    tag = "configuration",
    params(ListQuery),
    responses((status = 200, description = "The notices", body = Page<NoticeView>)),
    security(("staff" = ["view-configuration"]))
)]
pub(crate) fn list_notices(
    allowed: Allowed<perm::ViewConfiguration, ListQuery>,
) -> Ready<Json<Page<NoticeView>>> {
    let (registry, query) = allowed.configured();
    ready(Json(Page::of(
        registry.notices.iter().rev(),
        query.parts(),
        |notice| notice.id.0,
        NoticeView::from,
    )))
}

/// Publish a notice: the next version of its name, or the newest version in another language.
#[utoipa::path(
    post,
    path = "/notices",
    tag = "configuration",
    request_body = NoticeBody,
    responses((status = 201, description = "The notice", body = NoticePublished)),
    security(("staff" = ["manage-purposes"]))
)]
pub(crate) async fn publish_notice(
    allowed: Allowed<perm::ManagePurposes>,
    Body(body): Body<NoticeBody>,
) -> Result<(StatusCode, Json<NoticePublished>), Problem> {
    let new = NewNotice {
        code: check::code("code", &body.code)?,
        language: check::language(&body.language)?,
        title: check::line("title", &body.title, 200)?,
        body: check::text("body", &body.body, 20_000)?,
        change: body.change.into(),
    };
    let (id, version) = allowed.store().publish_notice(allowed.actor, new).await?;
    let view = NoticePublished { id: id.0, version };
    Ok((StatusCode::CREATED, Json(view)))
}
