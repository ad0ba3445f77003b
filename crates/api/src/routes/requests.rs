//! What people ask for by right: cases, taken in and carried on.

use axum::Json;
use axum::http::StatusCode;
use domain::ids::RequestId;
use domain::ids::SubjectId;
use domain::request;
use domain::request::step::Step;
use serde::Deserialize;
use serde::Serialize;
use store::Refusal;
use store::request as cases;
use store::request::NewRequest;
use store::request::RequestFilter;
use store::request::StepOrder;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::access::Allowed;
use crate::access::perm;
use crate::body::At;
use crate::body::Body;
use crate::check;
use crate::page;
use crate::page::Page;
use crate::problem::Problem;
use crate::query::RequestQuery;
use crate::routes::subjects::ReasonBody;
use crate::state::ApiState;
use crate::words;
use crate::words::Assurance;
use crate::words::Instant;
use crate::words::RequestKind;
use crate::words::RequestOutcome;
use crate::words::RequestSource;
use crate::words::RequestState;

/// In characters: what a person wrote, or a member of staff noted.
const TEXT: usize = 8_000;

pub(crate) fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::default()
        .routes(routes!(list_requests))
        .routes(routes!(request_by_id))
        .routes(routes!(open_request))
        .routes(routes!(reveal_request))
        .routes(routes!(step_request))
}

/// A case. It names nobody.
#[derive(Serialize, ToSchema)]
pub(crate) struct RequestView {
    /// Its number: what the person is told.
    id: i64,
    /// Whose.
    subject: i64,
    /// What is asked for.
    kind: RequestKind,
    /// How it came in.
    source: RequestSource,
    /// Where it stands.
    state: RequestState,
    /// How it ended; null while it is open.
    outcome: Option<RequestOutcome>,
    /// How sure it is who asks.
    assurance: Assurance,
    /// The language to answer in.
    language: String,
    /// The jurisdictions whose law was counted by.
    jurisdictions: Vec<String>,
    /// The rule that sets when it is due.
    rule: String,
    /// Its last day, where the authority is.
    due_on: String,
    /// The instant at which it is too late.
    due_at: Instant,
    /// By when it has to be acknowledged; null where no law says so.
    acknowledge_by: Option<Instant>,
    /// Whether it is open, and that instant lies behind.
    overdue: bool,
    /// When it was extended; null if it was not.
    extended_at: Option<Instant>,
    /// Since when a question about what is meant is open; null if none is.
    on_hold_since: Option<Instant>,
    /// The provision under which it was refused, or done in part only.
    provision: Option<String>,
    /// When it came in.
    received_at: Instant,
    /// When its newest step was taken.
    updated_at: Instant,
    /// When it was closed.
    closed_at: Option<Instant>,
    /// The version of this view: a step takes it, so that nobody goes on from an old one.
    version: i64,
}

/// A step as it was taken.
#[derive(Serialize, ToSchema)]
pub(crate) struct StepView {
    /// Its number.
    id: i64,
    /// Where the case stood afterwards.
    state: RequestState,
    /// Who took it: `staff/` or `app/` with a number, `person`, `meta` (in the chat) or `system`.
    actor: String,
    /// The step, and the rule that set the time.
    rule: String,
    /// When.
    at: Instant,
}

/// A case with its steps, oldest first.
#[derive(Serialize, ToSchema)]
pub(crate) struct RequestShown {
    /// The case.
    request: RequestView,
    /// Its steps.
    steps: Vec<StepView>,
}

/// What a case says, in clear.
#[derive(Serialize, ToSchema)]
pub(crate) struct RequestRevealed {
    /// What was asked, in the person's own words; null once the person is erased.
    text: Option<String>,
    /// What was noted at which step.
    notes: Vec<NoteView>,
}

/// What was noted at a step.
#[derive(Serialize, ToSchema)]
pub(crate) struct NoteView {
    /// The step.
    step: i64,
    /// The note.
    note: String,
}

/// A request that reached staff.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewRequestBody {
    /// What is asked for.
    kind: RequestKind,
    /// How sure staff are who asks: `claimed` unless told; `staff` where they asked what only the person
    /// knows. No copy of a document is asked for.
    assurance: Option<Assurance>,
    /// The language to answer in (BCP 47).
    language: String,
    /// What was asked, in the person's own words. Kept sealed.
    text: Option<String>,
    /// When it reached the organisation, if that was before now. Its time counts from there.
    received_at: Option<Instant>,
}

/// A step to take.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum StepName {
    /// The person is told that it came in.
    Acknowledge,
    /// The person has to show who they are.
    AskIdentity,
    /// They did; takes `assurance`.
    ProveIdentity,
    /// The person is asked what they mean; the note says what. Some laws let the clock stand.
    AskClarification,
    /// The question was answered.
    Resume,
    /// What it is about is looked for.
    Search,
    /// What was found is looked through.
    Review,
    /// It is to be done. A deletion goes ahead.
    Decide,
    /// It takes longer; the note is the reason that the person is told.
    Extend,
    /// It is done.
    Fulfil,
    /// It is done in part; takes `provision`.
    FulfilPart,
    /// It is not done; takes `provision`.
    Refuse,
    /// The person takes it back.
    Withdraw,
    /// The person has the result.
    Deliver,
    /// Nothing is left to do.
    Close,
}

/// A step to take, and from which version of the case.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct StepBody {
    /// Which.
    step: StepName,
    /// The version that was seen: if somebody has gone on meanwhile, nothing happens.
    version: i64,
    /// How sure it is now who asks.
    assurance: Option<Assurance>,
    /// The provision: an article of a law, or the id of a rule.
    provision: Option<String>,
    /// Why, or what the person is to know. Kept sealed.
    note: Option<String>,
}

impl RequestView {
    fn new(view: cases::RequestView, now: domain::time::Timestamp) -> Self {
        let request = &view.request;
        Self {
            id: view.id.0,
            subject: view.subject.0,
            kind: request.kind.into(),
            source: view.source.into(),
            state: request.state.into(),
            outcome: request.outcome.map(Into::into),
            assurance: request.assurance.into(),
            jurisdictions: view.jurisdictions.split(' ').map(str::to_owned).collect(),
            due_at: request.due_at.into(),
            acknowledge_by: words::instant(request.acknowledge_by),
            overdue: request.is_overdue(now),
            extended_at: words::instant(request.extended_at),
            on_hold_since: words::instant(request.paused_at),
            received_at: request.received_at.into(),
            updated_at: request.updated_at.into(),
            closed_at: words::instant(request.closed_at),
            version: view.version,
            language: view.language,
            rule: view.rule,
            due_on: view.due_on,
            provision: view.provision,
        }
    }
}

/// The cases, newest first.
#[utoipa::path(
    get,
    path = "/requests",
    tag = "requests",
    params(RequestQuery),
    responses((status = 200, description = "The cases", body = Page<RequestView>)),
    security(("staff" = ["view-requests"]))
)]
pub(crate) async fn list_requests(
    allowed: Allowed<perm::ViewRequests, RequestQuery>,
) -> Result<Json<Page<RequestView>>, Problem> {
    let (query, now) = (&allowed.query, allowed.now());
    let (limit, before) = (query.limit, query.before);
    let filter = RequestFilter {
        state: query.state.map(request::RequestState::from),
        kind: query.kind.map(request::RequestKind::from),
        subject: query.subject.map(SubjectId),
        open: query.open.unwrap_or_default(),
        overdue_at: query.overdue.unwrap_or_default().then_some(now),
        untold: query.untold.unwrap_or_default(),
    };
    allowed
        .read(move |reader| {
            let cases = reader.requests(&filter, before.map(RequestId), page::clamp(limit))?;
            Ok(Json(Page::of(
                cases,
                (limit, before),
                |case| case.id.0,
                |case| RequestView::new(case, now),
            )))
        })
        .await
}

/// A case with its steps.
#[utoipa::path(
    get,
    path = "/requests/{id}",
    tag = "requests",
    params(("id" = i64, Path, description = "The case")),
    responses((status = 200, description = "The case", body = RequestShown)),
    security(("staff" = ["view-requests"]))
)]
pub(crate) async fn request_by_id(
    allowed: Allowed<perm::ViewRequests>,
    At(id): At<i64>,
) -> Result<Json<RequestShown>, Problem> {
    let now = allowed.now();
    allowed
        .read(move |reader| {
            let id = RequestId(id);
            let view = reader.request(id)?.ok_or(Refusal::Missing("request"))?;
            let steps = reader.request_steps(id)?.into_iter();
            let steps = steps.map(|step| StepView {
                id: step.id,
                state: step.state.into(),
                actor: step.actor,
                rule: step.rule,
                at: step.at.into(),
            });
            Ok(Json(RequestShown {
                request: RequestView::new(view, now),
                steps: steps.collect(),
            }))
        })
        .await
}

/// Take in a request that reached staff.
///
/// Whoever asks for the same while a case is open has asked once: that case is the answer, with 200.
#[utoipa::path(
    post,
    path = "/subjects/{id}/requests",
    tag = "requests",
    params(("id" = i64, Path, description = "The subject")),
    request_body = NewRequestBody,
    responses(
        (status = 201, description = "A new case", body = RequestView),
        (status = 200, description = "The case that is open already", body = RequestView),
    ),
    security(("staff" = ["manage-requests"]))
)]
pub(crate) async fn open_request(
    allowed: Allowed<perm::ManageRequests>,
    At(subject): At<i64>,
    Body(body): Body<NewRequestBody>,
) -> Result<(StatusCode, Json<RequestView>), Problem> {
    let now = allowed.now();
    if body.received_at.is_some_and(|at| now < at.0) {
        return Err(Problem::value("received_at", "it has to lie behind"));
    }
    let text = match body.text.as_deref() {
        Some(text) if !text.trim().is_empty() => check::text("text", text, TEXT)?,
        _ => String::new(),
    };
    let new = NewRequest {
        subject: SubjectId(subject),
        kind: body.kind.into(),
        source: request::RequestSource::Staff,
        assurance: body
            .assurance
            .map_or(request::Assurance::Claimed, Into::into),
        language: check::language(&body.language)?,
        text,
        received_at: body.received_at.map(|at| at.0),
    };
    let opened = allowed.requests().open(allowed.actor, new).await?;
    let status = if opened.is_new {
        StatusCode::CREATED
    } else {
        StatusCode::OK
    };
    Ok((status, Json(RequestView::new(opened.request, now))))
}

/// What a case says, in clear.
#[utoipa::path(
    post,
    path = "/requests/{id}/reveal",
    tag = "requests",
    params(("id" = i64, Path, description = "The case")),
    request_body = ReasonBody,
    responses((status = 200, description = "What it says", body = RequestRevealed)),
    security(("staff" = ["reveal-subjects"]))
)]
pub(crate) async fn reveal_request(
    allowed: Allowed<perm::RevealSubjects>,
    At(id): At<i64>,
    Body(body): Body<ReasonBody>,
) -> Result<Json<RequestRevealed>, Problem> {
    let reason = check::reason(&body.reason)?;
    let id = RequestId(id);
    let view = allowed.read(move |reader| reader.request(id)).await?;
    let view = view.ok_or(Refusal::Missing("request"))?;
    let who = (allowed.actor, view.subject);
    let read = allowed
        .store()
        .reveal(who, &reason, move |reader| reader.request_texts(id));
    let texts = read.await?.ok_or(Refusal::Missing("request"))?;
    let notes = texts.notes.into_iter();
    Ok(Json(RequestRevealed {
        text: texts.text.map(|text| text.to_string()),
        notes: notes
            .map(|(step, note)| NoteView {
                step,
                note: note.to_string(),
            })
            .collect(),
    }))
}

/// Take a step of a case. The letter it calls for is written.
#[utoipa::path(
    post,
    path = "/requests/{id}/steps",
    tag = "requests",
    params(("id" = i64, Path, description = "The case")),
    request_body = StepBody,
    responses((status = 200, description = "The case afterwards", body = RequestView)),
    security(("staff" = ["manage-requests"]))
)]
pub(crate) async fn step_request(
    allowed: Allowed<perm::ManageRequests>,
    At(id): At<i64>,
    Body(body): Body<StepBody>,
) -> Result<Json<RequestView>, Problem> {
    let (id, version) = (RequestId(id), Some(body.version));
    let note = body.note.as_deref().map(str::trim);
    let note = note.filter(|note| !note.is_empty());
    let note = note
        .map(|note| check::text("note", note, TEXT))
        .transpose()?;
    if note.is_none() && told(body.step) {
        let missing = "it has to be there: the person is told";
        return Err(Problem::value("note", missing));
    }
    let stepped = if let Some(step) = step(&body)? {
        let order = StepOrder {
            id,
            version,
            step,
            note,
        };
        allowed.requests().step(allowed.actor, order).await?
    } else {
        let reason = note.unwrap_or_default();
        let which = (id, version);
        allowed
            .requests()
            .extend(allowed.actor, which, reason)
            .await?
    };
    Ok(Json(RequestView::new(stepped.request, allowed.now())))
}

/// Whether the person is told in the letter what stands in the note.
const fn told(step: StepName) -> bool {
    matches!(
        step,
        StepName::AskClarification | StepName::Extend | StepName::Refuse
    )
}

/// The step that a body asks for; none for an extension, whose end the law sets.
fn step(body: &StepBody) -> Result<Option<Step>, Problem> {
    let provision = || {
        let missing = "an article of a law, or the id of a rule, has to be there";
        let provision = body.provision.clone();
        provision.ok_or_else(|| Problem::value("provision", missing))
    };
    Ok(Some(match body.step {
        StepName::Acknowledge => Step::Acknowledge,
        StepName::AskIdentity => Step::AskIdentity,
        StepName::ProveIdentity => {
            let missing = || Problem::value("assurance", "how sure it is has to be there");
            Step::ProveIdentity(body.assurance.ok_or_else(missing)?.into())
        }
        StepName::AskClarification => Step::AskClarification,
        StepName::Resume => Step::Resume,
        StepName::Search => Step::Search,
        StepName::Review => Step::Review,
        StepName::Decide => Step::Decide,
        StepName::Extend => return Ok(None),
        StepName::Fulfil => Step::Fulfil,
        StepName::FulfilPart => Step::FulfilPart {
            provision: provision()?,
        },
        StepName::Refuse => Step::Refuse {
            provision: provision()?,
        },
        StepName::Withdraw => Step::Withdraw,
        StepName::Deliver => Step::Deliver,
        StepName::Close => Step::Close,
    }))
}
