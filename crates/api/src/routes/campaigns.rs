//! Messages to many, in paced batches.

use axum::Json;
use axum::http::StatusCode;
use domain::campaign::CampaignKind;
use domain::campaign::CampaignState;
use domain::ids::CampaignId;
use domain::ids::ImportId;
use domain::ids::NoticeId;
use domain::ids::NumberId;
use serde::Deserialize;
use serde::Serialize;
use serde_json::Value;
use serde_json::json;
use store::Refusal;
use store::Registry;
use store::campaign;
use store::campaign::CampaignChange;
use store::campaign::NewCampaign;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use whatsapp::outbound::parse_messages_body;

use crate::access::Allowed;
use crate::access::perm;
use crate::body::At;
use crate::body::Body;
use crate::page;
use crate::page::ListQuery;
use crate::page::Page;
use crate::problem::Problem;
use crate::state::ApiState;
use crate::words::Instant;

/// How many messages leave in a minute unless told.
pub(super) const PACE: u32 = 60;
/// The most that may: what one number can send at its ordinary throughput.
const MOST_PACE: u32 = 3_600;
/// At how many stops for a thousand messages it stops by itself unless told.
pub(super) const STOP_PERMILLE: u32 = 20;

pub(crate) fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::default()
        .routes(routes!(list_campaigns, begin_campaign))
        .routes(routes!(campaign_by_id, change_campaign))
}

/// What a message to many is for.
#[derive(Clone, Copy, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum CampaignFor {
    /// To tell people of a changed notice.
    Tell,
    /// To ask for consent anew.
    AskAnew,
}

/// A message to many, and how far it has come.
#[derive(Serialize, ToSchema)]
pub(crate) struct CampaignView {
    /// Its id.
    id: i64,
    /// What it is for: `tell`, `ask-anew`, `ask-by-email` or `ask-by-sms`.
    kind: &'static str,
    /// From which number.
    number: i64,
    /// The template's name; empty where people are asked by e-mail or SMS.
    template: String,
    /// Its language at Meta.
    language: String,
    /// The code of the purpose the template was bound to when it began.
    purpose: Option<String>,
    /// The code of the purpose it is about.
    about: Option<String>,
    /// The notice version behind it.
    notice: Option<i64>,
    /// The list whose people it is for.
    import: Option<i64>,
    /// `running`, `paused`, `stopped` (by itself: too many said stop), `done` or `cancelled`.
    state: &'static str,
    /// How many messages leave in a minute.
    pace: u32,
    /// At how many stops for a thousand messages it stops by itself, counted from 50 messages on.
    stop_permille: u32,
    /// For how many people it was when it began.
    people: u64,
    /// To how many a message left.
    sent: u64,
    /// To how many the gate let none leave.
    refused: u64,
    /// How many needed none: WhatsApp cannot reach them, or they have agreed meanwhile.
    skipped: u64,
    /// How many wait for their time.
    put_off: u64,
    /// How many of the messages failed.
    failed: u64,
    /// How many said stop after it; where people are asked by e-mail or SMS, also how many could not be
    /// reached there.
    stops: u64,
    /// When the next batch is due; null unless it runs.
    next_at: Option<Instant>,
    /// When it began.
    created_at: Instant,
    /// When it last changed.
    updated_at: Instant,
}

impl CampaignView {
    fn new(registry: &Registry, campaign: campaign::CampaignView) -> Self {
        let code = |id| {
            let entry = registry.purpose(id);
            entry.map(|entry| entry.purpose.code.clone())
        };
        Self {
            id: campaign.id.0,
            kind: campaign.kind.name(),
            number: campaign.number.0,
            purpose: code(campaign.purpose),
            about: code(campaign.about),
            notice: campaign.notice.map(|id| id.0),
            import: campaign.import.map(|id| id.0),
            state: campaign.state.name(),
            pace: campaign.pace,
            stop_permille: campaign.stop_permille,
            people: campaign.people,
            sent: campaign.sent,
            refused: campaign.refused,
            skipped: campaign.skipped,
            put_off: campaign.put_off,
            failed: campaign.failed,
            stops: campaign.stops,
            next_at: (campaign.state == CampaignState::Running).then(|| campaign.next_at.into()),
            created_at: campaign.created_at.into(),
            updated_at: campaign.updated_at.into(),
            template: campaign.template,
            language: campaign.language,
        }
    }
}

/// A message to many that is to begin.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewCampaignBody {
    /// What it is for.
    kind: CampaignFor,
    /// From which number.
    number: i64,
    /// The template's name. Its purpose has to ask for consent to `about` where it is to ask.
    template: String,
    /// Its language at Meta.
    language: String,
    /// The template's components with their variables, as the Cloud API takes them: one text for
    /// everybody.
    #[serde(default)]
    #[schema(value_type = Vec<Object>)]
    components: Vec<Value>,
    /// The code of the purpose it is about: whose notice has changed, or consent to which is asked for.
    about: String,
    /// The notice version it tells of, or asks for consent under.
    notice: Option<i64>,
    /// The list whose people it is for; without it, whoever has a consent record for the purpose
    /// (asking) or agreed to it last (telling).
    import: Option<i64>,
    /// How many messages leave in a minute: 1 to 3600, 60 unless told.
    pace: Option<u32>,
    /// At how many stops for a thousand messages it stops by itself: 1 to 1000, 20 unless told.
    stop_permille: Option<u32>,
}

/// What is to become of a message to many: exactly one of the two.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CampaignChangeBody {
    /// What to do with it.
    action: Option<CampaignAction>,
    /// How many messages leave in a minute from now on: 1 to 3600.
    pace: Option<u32>,
}

/// What to do with a message to many.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum CampaignAction {
    /// It ends.
    Cancel,
    /// It waits.
    Pause,
    /// It goes on.
    Resume,
}

/// The messages to many.
#[utoipa::path(
    get,
    path = "/campaigns",
    tag = "campaigns",
    params(ListQuery),
    responses((status = 200, description = "The messages to many", body = Page<CampaignView>)),
    security(("staff" = ["view-configuration"]))
)]
pub(crate) async fn list_campaigns(
    allowed: Allowed<perm::ViewConfiguration, ListQuery>,
) -> Result<Json<Page<CampaignView>>, Problem> {
    let (limit, before) = allowed.query.parts();
    allowed
        .read(move |reader| {
            let campaigns = reader.campaigns(before.map(CampaignId), page::clamp(limit))?;
            Ok(Json(Page::of(
                campaigns,
                (limit, before),
                |campaign| campaign.id.0,
                |campaign| CampaignView::new(reader.registry(), campaign),
            )))
        })
        .await
}

/// Begin a message to many. Each message passes the gate when its turn comes.
#[utoipa::path(
    post,
    path = "/campaigns",
    tag = "campaigns",
    request_body = NewCampaignBody,
    responses((status = 201, description = "It has begun", body = CampaignView)),
    security(("staff" = ["manage-purposes"]))
)]
pub(crate) async fn begin_campaign(
    allowed: Allowed<perm::ManagePurposes>,
    Body(body): Body<NewCampaignBody>,
) -> Result<(StatusCode, Json<CampaignView>), Problem> {
    let registry = allowed.registry();
    let about = registry
        .purpose_by_code(&body.about)
        .ok_or_else(|| Problem::value("about", "there is no such purpose"))?
        .purpose
        .id;
    let pace = checked_pace(body.pace.unwrap_or(PACE))?;
    let stop_permille = checked_share(body.stop_permille.unwrap_or(STOP_PERMILLE))?;
    let new = NewCampaign {
        kind: match body.kind {
            CampaignFor::Tell => CampaignKind::Tell,
            CampaignFor::AskAnew => CampaignKind::AskAnew,
        },
        number: NumberId(body.number),
        body: message(&body)?,
        template: body.template,
        language: body.language,
        about,
        notice: body.notice.map(NoticeId),
        import: body.import.map(ImportId),
        pace,
        stop_permille,
    };
    let id = allowed.store().begin_campaign(allowed.actor, new).await?;
    let view = one(&allowed, id).await?;
    Ok((StatusCode::CREATED, Json(view)))
}

pub(super) fn checked_share(permille: u32) -> Result<u32, Problem> {
    if (1..=1_000).contains(&permille) {
        Ok(permille)
    } else {
        Err(Problem::value("stop_permille", "takes 1 to 1000"))
    }
}

pub(super) fn checked_pace(pace: u32) -> Result<u32, Problem> {
    if (1..=MOST_PACE).contains(&pace) {
        Ok(pace)
    } else {
        Err(Problem::value("pace", "takes 1 to 3600 messages a minute"))
    }
}

/// The message without recipient, checked as the gateway checks what apps post.
fn message(body: &NewCampaignBody) -> Result<String, Problem> {
    let mut template = json!({"name": body.template, "language": {"code": body.language}});
    if let Some(object) = template.as_object_mut()
        && !body.components.is_empty()
    {
        object.insert("components".to_owned(), body.components.clone().into());
    }
    let message = json!({
        "messaging_product": "whatsapp",
        "type": "template",
        "template": template,
    });
    let mut addressed = message.clone();
    if let Some(object) = addressed.as_object_mut() {
        object.insert("to".to_owned(), "+27820000000".into());
    }
    match parse_messages_body(addressed.to_string().as_bytes()) {
        Ok(_) => Ok(message.to_string()),
        Err(error) => Err(Problem::value("components", error.to_string())),
    }
}

/// A message to many.
#[utoipa::path(
    get,
    path = "/campaigns/{id}",
    tag = "campaigns",
    params(("id" = i64, Path, description = "The message to many")),
    responses((status = 200, description = "The message to many", body = CampaignView)),
    security(("staff" = ["view-configuration"]))
)]
pub(crate) async fn campaign_by_id(
    allowed: Allowed<perm::ViewConfiguration>,
    At(id): At<i64>,
) -> Result<Json<CampaignView>, Problem> {
    one(&allowed, CampaignId(id)).await.map(Json)
}

/// Pause a message to many, let it go on, end it, or change its pace.
#[utoipa::path(
    patch,
    path = "/campaigns/{id}",
    tag = "campaigns",
    params(("id" = i64, Path, description = "The message to many")),
    request_body = CampaignChangeBody,
    responses((status = 200, description = "The message to many", body = CampaignView)),
    security(("staff" = ["manage-purposes"]))
)]
pub(crate) async fn change_campaign(
    allowed: Allowed<perm::ManagePurposes>,
    At(id): At<i64>,
    Body(body): Body<CampaignChangeBody>,
) -> Result<Json<CampaignView>, Problem> {
    let change = match (body.action, body.pace) {
        (Some(CampaignAction::Cancel), None) => CampaignChange::Cancel,
        (Some(CampaignAction::Pause), None) => CampaignChange::Pause,
        (Some(CampaignAction::Resume), None) => CampaignChange::Resume,
        (None, Some(pace)) => CampaignChange::Pace(checked_pace(pace)?),
        _ => return Err(Problem::value("action", "takes one of action and pace")),
    };
    let id = CampaignId(id);
    let changed = allowed.store().change_campaign(allowed.actor, id, change);
    changed.await?;
    one(&allowed, id).await.map(Json)
}

pub(super) async fn one<P>(allowed: &Allowed<P>, id: CampaignId) -> Result<CampaignView, Problem> {
    let read = allowed.store().read(move |reader| {
        let campaign = reader.campaign(id)?.ok_or(Refusal::Missing("campaign"))?;
        Ok(CampaignView::new(reader.registry(), campaign))
    });
    Ok(read.await?)
}
