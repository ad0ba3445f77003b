//! The messages of a conversation: masked, and with a reason in clear.

use axum::Json;
use domain::ids::ConversationId;
use domain::ids::MessageId;
use domain::ids::SubjectId;
use serde::Deserialize;
use serde::Serialize;
use serde_json::value::RawValue;
use store::Reader;
use store::Refusal;
use store::StoreError;
use store::read::MessageRow;
use store::redact::RedactedView;
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
use crate::problem::Problem;
use crate::state::ApiState;
use crate::words;
use crate::words::Direction;
use crate::words::Instant;
use crate::words::MessageState;
use crate::words::RestrictedUse;

pub(crate) fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::default()
        .routes(routes!(list_messages))
        .routes(routes!(reveal_messages))
        .routes(routes!(list_removed))
}

/// A message, masked.
#[derive(Serialize, ToSchema)]
pub(crate) struct MessageView {
    /// Its id.
    id: i64,
    /// Which way it went.
    direction: Direction,
    /// Its type on the wire.
    #[serde(rename = "type")]
    kind: String,
    /// Where it stands.
    state: MessageState,
    /// When it was received or judged.
    at: Instant,
    /// When, by Meta's clock.
    meta_at: Option<Instant>,
    /// The app that sent it.
    app: Option<i64>,
    /// The decision behind it.
    decision: Option<i64>,
    /// Meta's error code.
    code: Option<u32>,
    /// How much is sealed of it, in bytes.
    length: u64,
}

/// A message in clear.
#[derive(Serialize, ToSchema)]
pub(crate) struct MessageRevealed {
    /// Everything but its content.
    #[serde(flatten)]
    message: MessageView,
    /// What was sealed when it was written. Inbound: `message` and `contact` as Meta sent them.
    /// Outbound: the body without its recipient.
    #[schema(value_type = Object)]
    content: Box<RawValue>,
}

/// What stands in for a message that was removed.
#[derive(Serialize, ToSchema)]
pub(crate) struct RemovedView {
    /// The id it had.
    id: i64,
    /// Which way it went.
    direction: Direction,
    /// When it had been received or judged.
    at: Instant,
    /// When it was removed.
    removed_at: Instant,
    /// Under which rule.
    rule: String,
}

/// Which messages are to be shown, and why.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RevealBody {
    /// Why: one line, kept sealed beside the log entry of this read.
    reason: String,
    /// How many at the most: 1 to 200, 50 unless told.
    limit: Option<u32>,
    /// Only messages older than this one of the conversation.
    before: Option<i64>,
    /// For what they are read although the person is restricted; it stands in the log. Without it nothing
    /// of a restricted person is shown.
    restricted_use: Option<RestrictedUse>,
}

/// The messages of a conversation, newest first, without their content.
#[utoipa::path(
    get,
    path = "/conversations/{id}/messages",
    tag = "conversations",
    params(("id" = i64, Path, description = "The conversation"), ListQuery),
    responses((status = 200, description = "The messages", body = Page<MessageView>)),
    security(("staff" = ["view-subjects"]))
)]
pub(crate) async fn list_messages(
    allowed: Allowed<perm::ViewSubjects, ListQuery>,
    At(id): At<i64>,
) -> Result<Json<Page<MessageView>>, Problem> {
    let (id, which) = (ConversationId(id), allowed.query.parts());
    allowed
        .read(move |reader| {
            let views = messages(reader, id, which)?
                .into_iter()
                .map(|row| view(reader, row))
                .collect::<Result<Vec<_>, _>>()?;
            Ok(Json(Page::of(views, which, |view| view.id, |view| view)))
        })
        .await
}

/// The messages of a conversation, newest first, in clear.
///
/// The read is in the log, with a reason, before anything is shown.
#[utoipa::path(
    post,
    path = "/conversations/{id}/messages/reveal",
    tag = "conversations",
    params(("id" = i64, Path, description = "The conversation")),
    request_body = RevealBody,
    responses((status = 200, description = "The messages in clear", body = Page<MessageRevealed>)),
    security(("staff" = ["reveal-subjects"]))
)]
pub(crate) async fn reveal_messages(
    allowed: Allowed<perm::RevealSubjects>,
    At(id): At<i64>,
    Body(body): Body<RevealBody>,
) -> Result<Json<Page<MessageRevealed>>, Problem> {
    let reason = check::reason(&body.reason)?;
    let why = (reason.as_str(), body.restricted_use.map(Into::into));
    let (id, which) = (ConversationId(id), (body.limit, body.before));
    let subject = allowed
        .read(move |reader| {
            // What cannot be shown leaves no entry.
            messages(reader, id, (Some(1), which.1))?;
            owner(reader, id)
        })
        .await?;
    let revealed = allowed
        .store()
        .reveal_for((allowed.actor, subject), why, move |reader| {
            messages(reader, id, which)?
                .into_iter()
                .map(|row| reveal(reader, row))
                .collect::<Result<Vec<_>, _>>()
        })
        .await?;
    let id = |revealed: &MessageRevealed| revealed.message.id;
    Ok(Json(Page::of(revealed, which, id, |revealed| revealed)))
}

/// The messages that were taken out of a conversation, newest first: that there was one, and under which
/// rule it went.
#[utoipa::path(
    get,
    path = "/conversations/{id}/removed-messages",
    tag = "conversations",
    params(("id" = i64, Path, description = "The conversation"), ListQuery),
    responses((status = 200, description = "What stands in for them", body = Page<RemovedView>)),
    security(("staff" = ["view-subjects"]))
)]
pub(crate) async fn list_removed(
    allowed: Allowed<perm::ViewSubjects, ListQuery>,
    At(id): At<i64>,
) -> Result<Json<Page<RemovedView>>, Problem> {
    let (id, which) = (ConversationId(id), allowed.query.parts());
    allowed
        .read(move |reader| {
            owner(reader, id)?;
            let before = which.1.map(MessageId);
            let removed = reader.redacted(id, before, page::clamp(which.0))?;
            let key = |removed: &RedactedView| removed.message.0;
            Ok(Json(Page::of(removed, which, key, |removed| RemovedView {
                id: removed.message.0,
                direction: removed.direction.into(),
                at: removed.at.into(),
                removed_at: removed.redacted_at.into(),
                rule: removed.rule,
            })))
        })
        .await
}

fn owner(reader: &Reader<'_>, id: ConversationId) -> Result<SubjectId, StoreError> {
    let found = reader.conversation(id)?;
    Ok(found.ok_or(Refusal::Missing("conversation"))?.0)
}

/// A part of a thread. A message of another thread is none to begin before.
fn messages(
    reader: &Reader<'_>,
    id: ConversationId,
    (limit, before): (Option<u32>, Option<i64>),
) -> Result<Vec<MessageRow>, StoreError> {
    let (_, thread) = reader
        .conversation(id)?
        .ok_or(Refusal::Missing("conversation"))?;
    let from = match before {
        None => thread.last_message,
        Some(before) => {
            reader
                .message(MessageId(before))?
                .filter(|row| row.conversation == id)
                .ok_or(Refusal::Missing("message"))?
                .previous
        }
    };
    let limit = usize::try_from(page::clamp(limit)).unwrap_or(usize::MAX);
    reader.thread(from, limit)
}

fn view(reader: &Reader<'_>, row: MessageRow) -> Result<MessageView, StoreError> {
    Ok(MessageView {
        id: row.id.0,
        direction: row.direction.into(),
        state: row.state.into(),
        at: row.at.into(),
        meta_at: words::instant(row.meta_at),
        app: row.app.map(|app| app.0),
        decision: row.decision,
        code: row.code,
        length: reader.sealed_length(row.id)?,
        kind: row.kind,
    })
}

fn reveal(reader: &Reader<'_>, row: MessageRow) -> Result<MessageRevealed, StoreError> {
    let place = ("messages", "sealed_content", row.id.0);
    let opened = reader.content(&row)?;
    let content = String::from_utf8_lossy(&opened.content).into_owned();
    Ok(MessageRevealed {
        content: words::stored_json(content, place)?,
        message: view(reader, row)?,
    })
}
