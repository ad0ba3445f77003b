//! Data subjects: found, enrolled, seen masked, restricted, and with a reason seen in clear.

use axum::Json;
use axum::http::StatusCode;
use domain::gate;
use domain::ids::AppId;
use domain::ids::SubjectId;
use domain::subject::Identifier;
use domain::time::Timestamp;
use serde::Deserialize;
use serde::Serialize;
use store::Reader;
use store::Refusal;
use store::StoreError;
use store::read::ConversationView as Thread;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::access::Allowed;
use crate::access::perm;
use crate::body::At;
use crate::body::Body;
use crate::check;
use crate::person;
use crate::person::Named;
use crate::problem::Problem;
use crate::routes::consent;
use crate::routes::consent::ConsentView;
use crate::routes::suppressions;
use crate::routes::suppressions::SuppressionView;
use crate::state::ApiState;
use crate::words;
use crate::words::IdentifierKind;
use crate::words::Instant;
use crate::words::RestrictedUse;

/// How many of a subject's links, identifiers or threads one answer shows at the most.
const MOST: usize = 200;

pub(crate) fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::default()
        .routes(routes!(enrol_subject))
        .routes(routes!(look_up_subject))
        .routes(routes!(subject))
        .routes(routes!(reveal_subject))
        .routes(routes!(restrict_subject))
}

/// How a person is named: exactly one of `phone`, `bsuid`, and `alias` with `app`.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LookupBody {
    /// A phone number with its country code.
    phone: Option<String>,
    /// A business-scoped id.
    bsuid: Option<String>,
    /// The alias under which an app knows the person.
    alias: Option<String>,
    /// The app the alias belongs to.
    app: Option<i64>,
}

/// What a person is known by: at least one of the two.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct EnrolBody {
    /// A phone number with its country code.
    phone: Option<String>,
    /// A business-scoped id.
    bsuid: Option<String>,
}

/// A subject by its id.
#[derive(Serialize, ToSchema)]
pub(crate) struct SubjectFound {
    /// The subject.
    subject: i64,
}

/// A subject, masked.
#[derive(Serialize, ToSchema)]
pub(crate) struct SubjectView {
    /// The subject.
    id: i64,
    /// What it is known by, newest first.
    identifiers: Vec<MaskedIdentifier>,
    /// Since when it is known here.
    created_at: Instant,
    /// Since when it is restricted; null if it is not.
    restricted_since: Option<Instant>,
    /// The subjects that are linked with it.
    linked: Vec<i64>,
    /// Its threads, one for each number.
    conversations: Vec<ConversationView>,
    /// The suppressions in force on it or anybody linked.
    suppressions: Vec<SuppressionView>,
    /// The last consent event for each purpose.
    consent: Vec<ConsentView>,
}

/// An identifier, masked.
#[derive(Serialize, ToSchema)]
pub(crate) struct MaskedIdentifier {
    /// Its kind.
    kind: IdentifierKind,
    /// Enough to recognise it, too little to use it.
    masked: String,
}

/// A subject's thread on a number.
#[derive(Serialize, ToSchema)]
pub(crate) struct ConversationView {
    /// Its id.
    id: i64,
    /// The number.
    number: i64,
    /// Until when free-form messages may be sent; null if the person never wrote in.
    window_until: Option<Instant>,
    /// Whether the window is open.
    window_open: bool,
    /// Its newest message.
    last_message: Option<i64>,
}

/// Why personal data are to be shown.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReasonBody {
    /// Why: one line, kept sealed beside the log entry of this read.
    pub(crate) reason: String,
}

/// Why a person is to be shown.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RevealSubjectBody {
    /// Why: one line, kept sealed beside the log entry of this read.
    reason: String,
    /// For what it is read although the person is restricted; it stands in the log. Without it a
    /// restricted person is not shown.
    restricted_use: Option<RestrictedUse>,
}

/// A subject in clear.
#[derive(Serialize, ToSchema)]
pub(crate) struct SubjectRevealed {
    /// The subject.
    id: i64,
    /// What it is known by, newest first.
    identifiers: Vec<ClearIdentifier>,
    /// The profile name it gave itself.
    name: Option<String>,
}

/// An identifier in clear.
#[derive(Serialize, ToSchema)]
pub(crate) struct ClearIdentifier {
    /// Its kind.
    kind: IdentifierKind,
    /// Its value.
    value: String,
}

/// Whether a subject is to be restricted.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RestrictionBody {
    /// Whether it is to be.
    restricted: bool,
    /// Why: one line, kept sealed.
    reason: String,
}

impl ConversationView {
    fn new(thread: &Thread, now: Timestamp) -> Self {
        // The gate takes a minute off the window; what is told here is what it will hold to.
        let until = thread
            .opened_at
            .map(|opened| opened + gate::WINDOW - gate::WINDOW_MARGIN);
        Self {
            id: thread.id.0,
            number: thread.number.0,
            window_until: words::instant(until),
            window_open: until.is_some_and(|until| now < until),
            last_message: thread.last_message.map(|message| message.0),
        }
    }
}

/// Add a person.
///
/// Somebody who is known under one of the identifiers already is found instead.
#[utoipa::path(
    post,
    path = "/subjects",
    tag = "subjects",
    request_body = EnrolBody,
    responses((status = 200, description = "The subject", body = SubjectFound)),
    security(("staff" = ["record-consent"]))
)]
pub(crate) async fn enrol_subject(
    allowed: Allowed<perm::RecordConsent>,
    Body(body): Body<EnrolBody>,
) -> Result<Json<SubjectFound>, Problem> {
    let phone = body.phone.as_deref().map(person::phone).transpose()?;
    let bsuid = body.bsuid.as_deref().map(person::bsuid).transpose()?;
    let identifiers: Vec<Identifier> = phone.into_iter().chain(bsuid).collect();
    if identifiers.is_empty() {
        return Err(Problem::value(
            "phone",
            "a phone or a bsuid has to be there",
        ));
    }
    let subject = allowed.store().enrol(allowed.actor, identifiers).await?;
    Ok(Json(SubjectFound { subject: subject.0 }))
}

/// Find a person.
///
/// It is a POST so that no number stands in an address.
#[utoipa::path(
    post,
    path = "/subjects/lookup",
    tag = "subjects",
    request_body = LookupBody,
    responses((status = 200, description = "The subject", body = SubjectFound)),
    security(("staff" = ["view-subjects"]))
)]
pub(crate) async fn look_up_subject(
    allowed: Allowed<perm::ViewSubjects>,
    Body(body): Body<LookupBody>,
) -> Result<Json<SubjectFound>, Problem> {
    let alias = match (body.alias, body.app) {
        (Some(alias), Some(app)) => Some(Named::Alias(AppId(app), alias)),
        (None, None) => None,
        (Some(_), None) | (None, Some(_)) => {
            return Err(Problem::value(
                "app",
                "an alias and its app belong together",
            ));
        }
    };
    let phone = body.phone.as_deref().map(person::phone).transpose()?;
    let bsuid = body.bsuid.as_deref().map(person::bsuid).transpose()?;
    let names = [
        alias,
        phone.map(Named::Identifier),
        bsuid.map(Named::Identifier),
    ];
    let subject = person::exactly_one(names.into_iter().flatten(), "phone")?
        .resolve(&allowed)
        .await?;
    Ok(Json(SubjectFound { subject: subject.0 }))
}

/// A subject's record, masked.
#[utoipa::path(
    get,
    path = "/subjects/{id}",
    tag = "subjects",
    params(("id" = i64, Path, description = "The subject")),
    responses((status = 200, description = "The record", body = SubjectView)),
    security(("staff" = ["view-subjects"]))
)]
pub(crate) async fn subject(
    allowed: Allowed<perm::ViewSubjects>,
    At(id): At<i64>,
) -> Result<Json<SubjectView>, Problem> {
    let (id, now) = (SubjectId(id), allowed.now());
    let mut view = allowed.read(move |reader| record(reader, id, now)).await?;
    let registry = allowed.registry();
    let in_force = allowed.store().suppressions(id).await?;
    view.suppressions = suppressions::views(&registry, in_force);
    Ok(Json(view))
}

/// A subject in clear.
///
/// The read is in the log, with a reason, before anything is shown.
#[utoipa::path(
    post,
    path = "/subjects/{id}/reveal",
    tag = "subjects",
    params(("id" = i64, Path, description = "The subject")),
    request_body = RevealSubjectBody,
    responses((status = 200, description = "The subject in clear", body = SubjectRevealed)),
    security(("staff" = ["reveal-subjects"]))
)]
pub(crate) async fn reveal_subject(
    allowed: Allowed<perm::RevealSubjects>,
    At(id): At<i64>,
    Body(body): Body<RevealSubjectBody>,
) -> Result<Json<SubjectRevealed>, Problem> {
    let reason = check::reason(&body.reason)?;
    let why = (reason.as_str(), body.restricted_use.map(Into::into));
    let id = Named::Subject(SubjectId(id)).resolve(&allowed).await?;
    let (identifiers, name) = allowed
        .store()
        .reveal_for((allowed.actor, id), why, move |reader| {
            Ok((reader.identifiers(id)?, reader.name(id)?))
        })
        .await?;
    let clear = |identifier: &Identifier| ClearIdentifier {
        kind: identifier.kind().into(),
        value: identifier.value().to_owned(),
    };
    Ok(Json(SubjectRevealed {
        id: id.0,
        identifiers: identifiers.iter().take(MOST).map(clear).collect(),
        name,
    }))
}

/// Restrict a subject, or lift the restriction.
///
/// While it stands nothing is sent to the person and nothing of them is handed to an app; staff see them in
/// clear only for what they name. It holds for everybody who is linked as the same person.
#[utoipa::path(
    put,
    path = "/subjects/{id}/restriction",
    tag = "subjects",
    params(("id" = i64, Path, description = "The subject")),
    request_body = RestrictionBody,
    responses((status = 204, description = "It is done")),
    security(("staff" = ["restrict-subjects"]))
)]
pub(crate) async fn restrict_subject(
    allowed: Allowed<perm::RestrictSubjects>,
    At(id): At<i64>,
    Body(body): Body<RestrictionBody>,
) -> Result<StatusCode, Problem> {
    let reason = check::reason(&body.reason)?;
    allowed
        .store()
        .set_restriction(allowed.actor, SubjectId(id), body.restricted, reason)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

fn record(reader: &Reader<'_>, id: SubjectId, now: Timestamp) -> Result<SubjectView, StoreError> {
    let (created_at, restricted) = reader.subject(id)?.ok_or(Refusal::Missing("subject"))?;
    let masked = |identifier: &Identifier| MaskedIdentifier {
        kind: identifier.kind().into(),
        masked: identifier.masked(),
    };
    let threads = reader.conversations(id)?;
    let events = reader.consent_events(id)?;
    Ok(SubjectView {
        id: id.0,
        identifiers: reader
            .identifiers(id)?
            .iter()
            .take(MOST)
            .map(masked)
            .collect(),
        created_at: created_at.into(),
        restricted_since: words::instant(restricted),
        linked: reader
            .linked(id)?
            .into_iter()
            .filter(|other| *other != id)
            .take(MOST)
            .map(|other| other.0)
            .collect(),
        conversations: threads
            .iter()
            .take(MOST)
            .map(|thread| ConversationView::new(thread, now))
            .collect(),
        suppressions: Vec::new(),
        consent: consent::current(reader.registry(), &events, now),
    })
}
