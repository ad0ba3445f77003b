//! Decisions of the gate.

use axum::Json;
use domain::decision::Outcome as Answer;
use domain::gate::Content;
use domain::ids::DecisionId;
use domain::ids::NumberId;
use domain::ids::SubjectId;
use serde::Deserialize;
use serde::Serialize;
use serde_json::value::RawValue;
use store::Refusal;
use store::Registry;
use store::StoreError;
use store::operation::Outgoing;
use store::record;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::access::Allowed;
use crate::access::perm;
use crate::body::At;
use crate::body::Body;
use crate::page;
use crate::page::Page;
use crate::person;
use crate::person::Named;
use crate::problem::Problem;
use crate::query::DecisionQuery;
use crate::state::ApiState;
use crate::words;
use crate::words::Instant;
use crate::words::Outcome;

pub(crate) fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::default()
        .routes(routes!(list_decisions))
        .routes(routes!(preview_decision))
        .routes(routes!(decision))
}

/// A stored decision. Its facts hold no identifier.
#[derive(Serialize, ToSchema)]
pub(crate) struct DecisionView {
    /// Its id: what the gateway's answer carries in a header.
    id: i64,
    /// About whom.
    subject: i64,
    /// About which message.
    message: i64,
    /// On which number.
    number: i64,
    /// Asked by which app; null for the gateway's own answers.
    app: Option<i64>,
    /// The code of the purpose it was judged under.
    purpose: Option<String>,
    /// What the gate answered.
    outcome: Outcome,
    /// The Cloud API error code the app got.
    code: Option<u32>,
    /// The rules behind it; the first one decided.
    rules: Vec<String>,
    /// The same as sentences.
    sentences: Vec<String>,
    /// The facts it was judged by.
    #[schema(value_type = Object)]
    facts: Box<RawValue>,
    /// When.
    at: Instant,
    /// The position of its entry in the log.
    leaf: i64,
}

impl DecisionView {
    pub(crate) fn new(
        registry: &Registry,
        decision: record::DecisionView,
    ) -> Result<Self, StoreError> {
        let id = decision.id.0;
        Ok(Self {
            id,
            subject: decision.subject.0,
            message: decision.message.0,
            number: decision.number.0,
            app: decision.app.map(|app| app.0),
            purpose: decision
                .purpose
                .and_then(|id| registry.purpose(id))
                .map(|entry| entry.purpose.code.clone()),
            outcome: Outcome::from_name(decision.outcome),
            code: decision.code,
            rules: decision.rules,
            sentences: decision.sentences,
            facts: words::stored_json(decision.facts, ("decisions", "facts", id))?,
            at: decision.at.into(),
            leaf: decision.leaf,
        })
    }
}

/// A message to judge without sending it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PreviewBody {
    /// To whom: exactly one of `subject`, `phone` and `bsuid`.
    subject: Option<i64>,
    /// A phone number with its country code.
    phone: Option<String>,
    /// A business-scoped id.
    bsuid: Option<String>,
    /// From which number.
    number: i64,
    /// The template; a free-form message unless told.
    template: Option<TemplateName>,
    /// The code of the purpose an app would declare.
    purpose: Option<String>,
}

/// A template of the number's account.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TemplateName {
    /// Its name.
    name: String,
    /// Its language at Meta.
    language: String,
}

/// What the gate would answer now.
#[derive(Serialize, ToSchema)]
pub(crate) struct PreviewView {
    /// About whom.
    subject: i64,
    /// What the gate would answer.
    outcome: Outcome,
    /// For a message that has to wait: when it is worth asking again.
    until: Option<Instant>,
    /// The code of the purpose it was judged under.
    purpose: Option<String>,
    /// The Cloud API error code an app would get.
    code: Option<u32>,
    /// The rules behind it; the first one decided.
    rules: Vec<String>,
    /// The same as sentences.
    sentences: Vec<String>,
    /// The facts it was judged by.
    #[schema(value_type = Object)]
    facts: Box<RawValue>,
}

/// Decisions.
#[utoipa::path(
    get,
    path = "/decisions",
    tag = "decisions",
    params(DecisionQuery),
    responses((status = 200, description = "The decisions", body = Page<DecisionView>)),
    security(("staff" = ["view-decisions"]))
)]
pub(crate) async fn list_decisions(
    allowed: Allowed<perm::ViewDecisions, DecisionQuery>,
) -> Result<Json<Page<DecisionView>>, Problem> {
    let query = &allowed.query;
    let subject = query.subject.map(SubjectId);
    let (limit, before) = (query.limit, query.before);
    allowed
        .read(move |reader| {
            let before_id = before.map(DecisionId);
            let views = reader
                .decisions(subject, before_id, page::clamp(limit))?
                .into_iter()
                .map(|decision| DecisionView::new(reader.registry(), decision))
                .collect::<Result<Vec<_>, _>>()?;
            Ok(Json(Page::of(
                views,
                (limit, before),
                |view| view.id,
                |view| view,
            )))
        })
        .await
}

/// One decision.
#[utoipa::path(
    get,
    path = "/decisions/{id}",
    tag = "decisions",
    params(("id" = i64, Path, description = "The decision")),
    responses((status = 200, description = "The decision", body = DecisionView)),
    security(("staff" = ["view-decisions"]))
)]
pub(crate) async fn decision(
    allowed: Allowed<perm::ViewDecisions>,
    At(id): At<i64>,
) -> Result<Json<DecisionView>, Problem> {
    allowed
        .read(move |reader| {
            let decision = reader
                .decision(DecisionId(id))?
                .ok_or(Refusal::Missing("decision"))?;
            DecisionView::new(reader.registry(), decision).map(Json)
        })
        .await
}

/// What the gate would say now of a message. Nothing is written.
#[utoipa::path(
    post,
    path = "/decisions/preview",
    tag = "decisions",
    request_body = PreviewBody,
    responses((status = 200, description = "The answer", body = PreviewView)),
    security(("staff" = ["view-decisions"]))
)]
pub(crate) async fn preview_decision(
    allowed: Allowed<perm::ViewDecisions>,
    Body(body): Body<PreviewBody>,
) -> Result<Json<PreviewView>, Problem> {
    let number = NumberId(body.number);
    if allowed.registry().number(number).is_none() {
        return Err(Problem::value("number", "there is no such number"));
    }
    let phone = body.phone.as_deref().map(person::phone).transpose()?;
    let bsuid = body.bsuid.as_deref().map(person::bsuid).transpose()?;
    let names = [
        body.subject.map(SubjectId).map(Named::Subject),
        phone.map(Named::Identifier),
        bsuid.map(Named::Identifier),
    ];
    let subject = person::exactly_one(names.into_iter().flatten(), "subject")?
        .resolve(&allowed)
        .await?;
    let content = match body.template {
        Some(TemplateName { name, language }) => Outgoing::Template { name, language },
        None => Outgoing::Plain(Content::FreeForm),
    };
    let (decision, facts) = allowed
        .store()
        .preview(subject, number, content, body.purpose)
        .await?;
    let registry = allowed.registry();
    let purpose = decision.purpose.and_then(|id| registry.purpose(id));
    Ok(Json(PreviewView {
        subject: subject.0,
        outcome: Outcome::from_name(decision.outcome.name()),
        until: match decision.outcome {
            Answer::Defer { until } => Some(until.into()),
            Answer::Allow | Answer::Refuse => None,
        },
        purpose: purpose.map(|entry| entry.purpose.code.clone()),
        code: decision.code(),
        rules: decision.rules().into_iter().map(str::to_owned).collect(),
        sentences: decision.sentences(),
        facts: words::stored_json(facts, ("decisions", "facts", 0))?,
    }))
}
