//! The retention schedule, its runs, and what it leaves to somebody answerable.

use axum::Json;
use axum::http::StatusCode;
use domain::ids::MessageId;
use domain::ids::NumberId;
use domain::ids::RetentionReviewId;
use domain::ids::RetentionRuleId;
use domain::ids::RetentionRunId;
use domain::ids::SubjectId;
use domain::retention::Scope;
use domain::retention::Term;
use serde::Deserialize;
use serde::Serialize;
use serde_json::value::RawValue;
use store::Refusal;
use store::Registry;
use store::retention::Decision;
use store::retention::Entry;
use store::retention::NewEntry;
use store::retention::ReviewView as Case;
use store::retention::RunView as Run;
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
use crate::query::ReviewQuery;
use crate::routes::block_registries::Added;
use crate::state::ApiState;
use crate::words;
use crate::words::Instant;
use crate::words::RecordClass;
use crate::words::RetentionAction;
use crate::words::RetentionStarts;
use crate::words::RunState;

pub(crate) fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::default()
        .routes(routes!(list_rules, add_rule))
        .routes(routes!(switch_on_rule))
        .routes(routes!(end_rule))
        .routes(routes!(list_runs))
        .routes(routes!(run))
        .routes(routes!(begin_preview))
        .routes(routes!(confirm_run))
        .routes(routes!(stop_run))
        .routes(routes!(list_reviews))
        .routes(routes!(decide_review))
        .routes(routes!(redact_message))
}

/// An entry of the schedule.
#[derive(Serialize, ToSchema)]
pub(crate) struct RetentionRuleView {
    /// Its id.
    id: i64,
    /// Its short name.
    code: String,
    /// The record class it is for.
    class: RecordClass,
    /// The purpose it is for; null for all.
    purpose: Option<String>,
    /// The jurisdiction it is for; null for all.
    jurisdiction: Option<String>,
    /// The number it is for; null for all.
    number: Option<i64>,
    /// The shortest time in days; null for none.
    minimum_days: Option<u32>,
    /// The longest time in days; null for none.
    maximum_days: Option<u32>,
    /// From when on it is counted.
    starts: RetentionStarts,
    /// What happens at the end.
    action: RetentionAction,
    /// What it rests on.
    provision: String,
    /// When it was proposed.
    created_at: Instant,
    /// When it was switched on; null while it is only proposed, and nothing acts on it.
    on_at: Option<Instant>,
    /// When it ended, or was taken back.
    ended_at: Option<Instant>,
}

impl RetentionRuleView {
    fn new(registry: &Registry, entry: Entry) -> Self {
        let purpose = entry.scope.purpose.and_then(|id| registry.purpose(id));
        Self {
            id: entry.id.0,
            code: entry.code,
            class: entry.scope.class.into(),
            purpose: purpose.map(|entry| entry.purpose.code.clone()),
            jurisdiction: entry.scope.jurisdiction,
            number: entry.scope.number.map(|number| number.0),
            minimum_days: entry.term.minimum,
            maximum_days: entry.term.maximum,
            starts: entry.term.starts.into(),
            action: entry.term.action.into(),
            provision: entry.provision,
            created_at: entry.created_at.into(),
            on_at: words::instant(entry.on_at),
            ended_at: words::instant(entry.ended_at),
        }
    }
}

/// An entry to add to the schedule. It is proposed until it is switched on.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RetentionRuleBody {
    /// Its short name: 1 to 40 lower-case letters, digits and hyphens, beginning with a letter.
    code: String,
    /// The record class it is for.
    class: RecordClass,
    /// The purpose it is for, by its short name.
    #[serde(default)]
    purpose: Option<String>,
    /// The jurisdiction it is for, as the rulebook names it, such as `ZA`.
    #[serde(default)]
    jurisdiction: Option<String>,
    /// The number it is for.
    #[serde(default)]
    number: Option<i64>,
    /// The shortest time in days, whatever anybody asks for.
    #[serde(default)]
    minimum_days: Option<u32>,
    /// The longest time in days.
    #[serde(default)]
    maximum_days: Option<u32>,
    /// From when on it is counted.
    starts: RetentionStarts,
    /// What happens at the end.
    action: RetentionAction,
    /// What it rests on: a provision, or a policy.
    provision: String,
}

/// A run or a preview of the schedule.
#[derive(Serialize, ToSchema)]
pub(crate) struct RetentionRunView {
    /// Its id.
    id: i64,
    /// Whether it removes nothing.
    preview: bool,
    /// What is over by this instant is over.
    as_of: Instant,
    /// When it began.
    started_at: Instant,
    /// Where it stands. `second-look`: the clock may have jumped, and it waits.
    state: RunState,
    /// How many records it has looked at.
    examined: u64,
    /// How many of them are over.
    due: u64,
    /// How many of those went, or would go.
    erased: u64,
    /// How many a rule keeps for now.
    kept: u64,
    /// How many a hold keeps.
    held: u64,
    /// How many wait for somebody to decide.
    for_review: u64,
    /// Counts by table and month, with the ids of the first records of each table that go.
    #[schema(value_type = Object)]
    counts: Box<RawValue>,
    /// When it last moved.
    updated_at: Instant,
}

impl RetentionRunView {
    fn new(run: Run) -> Result<Self, store::StoreError> {
        let place = ("retention_runs", "counts", run.id.0);
        Ok(Self {
            id: run.id.0,
            preview: run.preview,
            as_of: run.as_of.into(),
            started_at: run.started_at.into(),
            state: run.state.into(),
            examined: run.examined,
            due: run.due,
            erased: run.erased,
            kept: run.kept,
            held: run.held,
            for_review: run.for_review,
            counts: words::stored_json(run.counts, place)?,
            updated_at: run.updated_at.into(),
        })
    }
}

/// A case that the schedule leaves to somebody answerable.
#[derive(Serialize, ToSchema)]
pub(crate) struct ReviewView {
    /// Its id.
    id: i64,
    /// The entry of the schedule; null where laws contradict each other without one.
    rule: Option<i64>,
    /// Whose records.
    subject: i64,
    /// Of which class.
    class: RecordClass,
    /// From which calendar quarter, such as `2024-Q3`.
    quarter: String,
    /// When it came up.
    at: Instant,
    /// What was decided: `erase` or `keep`; null while it is open.
    decision: Option<&'static str>,
    /// Until when it is kept.
    keep_until: Option<Instant>,
    /// When it was decided.
    decided_at: Option<Instant>,
}

impl From<Case> for ReviewView {
    fn from(case: Case) -> Self {
        let (decision, keep_until) = match case.decision {
            None => (None, None),
            Some(Decision::Erase) => (Some("erase"), None),
            Some(Decision::KeepUntil(until)) => (Some("keep"), Some(until)),
        };
        Self {
            id: case.id.0,
            rule: case.rule.map(|rule| rule.0),
            subject: case.subject.0,
            class: case.class.into(),
            quarter: format!("{}-Q{}", 1970 + case.quarter.0 / 4, case.quarter.0 % 4 + 1),
            at: case.at.into(),
            decision,
            keep_until: words::instant(keep_until),
            decided_at: words::instant(case.decided_at),
        }
    }
}

/// What to do with the records of a case.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DecisionBody {
    /// Until when they stay. Without it they go with the next run.
    #[serde(default)]
    keep_until: Option<Instant>,
}

/// Why a message is taken out.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RedactionBody {
    /// Why: one line, kept sealed beside the log entry.
    reason: String,
}

/// The retention schedule: what is proposed, what is on, and what has ended.
#[utoipa::path(
    get,
    path = "/retention/rules",
    tag = "retention",
    responses((status = 200, description = "The schedule", body = [RetentionRuleView])),
    security(("staff" = ["manage-retention"]))
)]
pub(crate) async fn list_rules(
    allowed: Allowed<perm::ManageRetention>,
) -> Result<Json<Vec<RetentionRuleView>>, Problem> {
    let registry = allowed.registry();
    allowed
        .read(move |reader| {
            let entries = reader.schedule(true)?.into_iter();
            let views = entries.map(|entry| RetentionRuleView::new(&registry, entry));
            Ok(Json(views.collect()))
        })
        .await
}

/// Adds an entry to the schedule. Nothing acts on it until it is switched on.
#[utoipa::path(
    post,
    path = "/retention/rules",
    tag = "retention",
    request_body = RetentionRuleBody,
    responses((status = 201, description = "It is proposed", body = Added)),
    security(("staff" = ["manage-retention"]))
)]
pub(crate) async fn add_rule(
    allowed: Allowed<perm::ManageRetention>,
    Body(body): Body<RetentionRuleBody>,
) -> Result<(StatusCode, Json<Added>), Problem> {
    let registry = allowed.registry();
    let purpose = match &body.purpose {
        None => None,
        Some(code) => {
            let entry = registry.purpose_by_code(code);
            let unknown = || Problem::value("purpose", "there is no such purpose");
            Some(entry.ok_or_else(unknown)?.purpose.id)
        }
    };
    let jurisdiction = match &body.jurisdiction {
        None => None,
        Some(code) => Some(check::line("jurisdiction", code, 6)?),
    };
    let new = NewEntry {
        code: check::code("code", &body.code)?,
        scope: Scope {
            class: body.class.into(),
            purpose,
            jurisdiction,
            number: body.number.map(NumberId),
        },
        term: Term {
            minimum: body.minimum_days,
            maximum: body.maximum_days,
            starts: body.starts.into(),
            action: body.action.into(),
        },
        provision: check::line("provision", &body.provision, 300)?,
    };
    let added = allowed.store().add_retention_rule(allowed.actor, new);
    let id = added.await?;
    Ok((StatusCode::CREATED, Json(Added { id: id.0 })))
}

/// Switches an entry of the schedule on. A preview has to have ended since it was proposed.
#[utoipa::path(
    post,
    path = "/retention/rules/{id}/on",
    tag = "retention",
    params(("id" = i64, Path, description = "The entry")),
    responses((status = 204, description = "It is on")),
    security(("staff" = ["manage-retention"]))
)]
pub(crate) async fn switch_on_rule(
    allowed: Allowed<perm::ManageRetention>,
    At(id): At<i64>,
) -> Result<StatusCode, Problem> {
    let id = RetentionRuleId(id);
    allowed
        .store()
        .switch_on_retention_rule(allowed.actor, id)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Ends an entry of the schedule, or takes a proposal back.
#[utoipa::path(
    delete,
    path = "/retention/rules/{id}",
    tag = "retention",
    params(("id" = i64, Path, description = "The entry")),
    responses((status = 204, description = "It has ended")),
    security(("staff" = ["manage-retention"]))
)]
pub(crate) async fn end_rule(
    allowed: Allowed<perm::ManageRetention>,
    At(id): At<i64>,
) -> Result<StatusCode, Problem> {
    let id = RetentionRuleId(id);
    allowed
        .store()
        .end_retention_rule(allowed.actor, id)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The runs and previews of the schedule.
#[utoipa::path(
    get,
    path = "/retention/runs",
    tag = "retention",
    params(ListQuery),
    responses((status = 200, description = "The runs", body = Page<RetentionRunView>)),
    security(("staff" = ["manage-retention"]))
)]
pub(crate) async fn list_runs(
    allowed: Allowed<perm::ManageRetention, ListQuery>,
) -> Result<Json<Page<RetentionRunView>>, Problem> {
    let which = allowed.query.parts();
    allowed
        .read(move |reader| {
            let before = which.1.map(RetentionRunId);
            let runs = reader.retention_runs(before, page::clamp(which.0))?;
            let views: Result<Vec<_>, _> = runs.into_iter().map(RetentionRunView::new).collect();
            Ok(Json(Page::of(views?, which, |view| view.id, |view| view)))
        })
        .await
}

/// A run or a preview.
#[utoipa::path(
    get,
    path = "/retention/runs/{id}",
    tag = "retention",
    params(("id" = i64, Path, description = "The run")),
    responses((status = 200, description = "The run", body = RetentionRunView)),
    security(("staff" = ["manage-retention"]))
)]
pub(crate) async fn run(
    allowed: Allowed<perm::ManageRetention>,
    At(id): At<i64>,
) -> Result<Json<RetentionRunView>, Problem> {
    allowed
        .read(move |reader| {
            let run = reader.retention_run(RetentionRunId(id))?;
            let run = run.ok_or(Refusal::Missing("run"))?;
            Ok(Json(RetentionRunView::new(run)?))
        })
        .await
}

/// Begins a preview of the whole schedule, proposals included. It removes nothing.
#[utoipa::path(
    post,
    path = "/retention/previews",
    tag = "retention",
    responses((status = 202, description = "It is under way", body = Added)),
    security(("staff" = ["manage-retention"]))
)]
pub(crate) async fn begin_preview(
    allowed: Allowed<perm::ManageRetention>,
) -> Result<(StatusCode, Json<Added>), Problem> {
    let id = allowed.store().begin_preview(allowed.actor).await?;
    Ok((StatusCode::ACCEPTED, Json(Added { id: id.0 })))
}

/// Has a run go on that waits because the clock may have jumped: somebody has looked at it.
#[utoipa::path(
    post,
    path = "/retention/runs/{id}/confirm",
    tag = "retention",
    params(("id" = i64, Path, description = "The run")),
    responses((status = 204, description = "It goes on")),
    security(("staff" = ["manage-retention"]))
)]
pub(crate) async fn confirm_run(
    allowed: Allowed<perm::ManageRetention>,
    At(id): At<i64>,
) -> Result<StatusCode, Problem> {
    let id = RetentionRunId(id);
    allowed.store().confirm_run(allowed.actor, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Ends a run before it is through. What went stays gone; the next run begins anew.
#[utoipa::path(
    post,
    path = "/retention/runs/{id}/stop",
    tag = "retention",
    params(("id" = i64, Path, description = "The run")),
    responses((status = 204, description = "It has ended")),
    security(("staff" = ["manage-retention"]))
)]
pub(crate) async fn stop_run(
    allowed: Allowed<perm::ManageRetention>,
    At(id): At<i64>,
) -> Result<StatusCode, Problem> {
    let id = RetentionRunId(id);
    allowed.store().stop_run(allowed.actor, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The cases that the schedule leaves to somebody answerable.
#[utoipa::path(
    get,
    path = "/retention/reviews",
    tag = "retention",
    params(ReviewQuery),
    responses((status = 200, description = "The cases", body = Page<ReviewView>)),
    security(("staff" = ["manage-retention"]))
)]
pub(crate) async fn list_reviews(
    allowed: Allowed<perm::ManageRetention, ReviewQuery>,
) -> Result<Json<Page<ReviewView>>, Problem> {
    let ReviewQuery {
        open,
        limit,
        before,
    } = allowed.query;
    let which = (limit, before);
    allowed
        .read(move |reader| {
            let before = before.map(RetentionReviewId);
            let open = open.unwrap_or(false);
            let cases = reader.retention_reviews(open, before, page::clamp(limit))?;
            let id = |case: &Case| case.id.0;
            Ok(Json(Page::of(cases, which, id, ReviewView::from)))
        })
        .await
}

/// Decides a case: its records go with the next run, or stay until an instant.
#[utoipa::path(
    post,
    path = "/retention/reviews/{id}/decision",
    tag = "retention",
    params(("id" = i64, Path, description = "The case")),
    request_body = DecisionBody,
    responses((status = 204, description = "It is decided")),
    security(("staff" = ["manage-retention"]))
)]
pub(crate) async fn decide_review(
    allowed: Allowed<perm::ManageRetention>,
    At(id): At<i64>,
    Body(body): Body<DecisionBody>,
) -> Result<StatusCode, Problem> {
    let decision = match body.keep_until {
        None => Decision::Erase,
        Some(until) => Decision::KeepUntil(until.0),
    };
    let id = RetentionReviewId(id);
    allowed
        .store()
        .decide_retention_review(allowed.actor, id, decision)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Takes one message of a person out of its conversation, with its statuses and files.
///
/// Refused while a legal hold covers it.
#[utoipa::path(
    post,
    path = "/subjects/{id}/messages/{message}/redaction",
    tag = "retention",
    params(
        ("id" = i64, Path, description = "The subject"),
        ("message" = i64, Path, description = "The message")
    ),
    request_body = RedactionBody,
    responses((status = 204, description = "It is gone")),
    security(("staff" = ["manage-retention"]))
)]
pub(crate) async fn redact_message(
    allowed: Allowed<perm::ManageRetention>,
    At((id, message)): At<(i64, i64)>,
    Body(body): Body<RedactionBody>,
) -> Result<StatusCode, Problem> {
    let reason = check::reason(&body.reason)?;
    let which = (SubjectId(id), MessageId(message));
    let hanging = allowed.read(move |reader| reader.hanging(which.1)).await?;
    let objects = allowed
        .store()
        .redact_message(allowed.actor, which, hanging, reason)
        .await?;
    allowed.office().remove(&objects);
    Ok(StatusCode::NO_CONTENT)
}
