//! Where a person wants the answer to a request, and proof over a second channel of who asks.

use axum::Json;
use axum::http::StatusCode;
use domain::email::Email;
use domain::ids::RequestId;
use serde::Deserialize;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::access::Allowed;
use crate::access::perm;
use crate::body::At;
use crate::body::Body;
use crate::problem::Problem;
use crate::requests::Reach;
use crate::state::ApiState;

pub(crate) fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::default()
        .routes(routes!(ask_mailbox))
        .routes(routes!(ask_proof))
}

/// Where the answers about a case are wanted.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MailboxBody {
    /// The e-mail address. Kept sealed.
    email: String,
}

/// How somebody is asked who they are.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum ProofRoute {
    /// At the newest e-mail address that was known for a month when the request came in.
    Email,
    /// By SMS to the number that was known for a month.
    Sms,
}

/// A question over a second channel.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProofBody {
    /// Where.
    route: ProofRoute,
}

/// A link that is on its way.
#[derive(Serialize, ToSchema)]
pub(crate) struct OnItsWay {
    /// For how many hours it is good.
    hours: u32,
}

/// Take down the e-mail address at which a person wants the answers about a case.
///
/// A link goes there; nothing else does before somebody there has opened it. What may tell of the person
/// goes there only if it was sure enough who asks when the address was given. At most five for a case.
#[utoipa::path(
    post,
    path = "/requests/{id}/mailbox",
    tag = "requests",
    params(("id" = i64, Path, description = "The case")),
    request_body = MailboxBody,
    responses((status = 202, description = "The link is on its way", body = OnItsWay)),
    security(("staff" = ["manage-requests"]))
)]
pub(crate) async fn ask_mailbox(
    allowed: Allowed<perm::ManageRequests>,
    At(id): At<i64>,
    Body(body): Body<MailboxBody>,
) -> Result<(StatusCode, Json<OnItsWay>), Problem> {
    let address: Result<Email, _> = body.email.trim().parse();
    let address = address.map_err(|error| Problem::value("email", error.to_string()))?;
    let asked = allowed
        .requests()
        .mailbox(allowed.actor, RequestId(id), address);
    told("email", asked.await?, 7 * 24)
}

/// Ask a person over a second channel who they are.
///
/// A link goes to an address or a number that was known for a month when the request came in. Whoever opens
/// it has proved it (`second-channel`), and the case goes on. Identity has to be what the case waits for:
/// see the step `ask-identity`. At most five for a case.
#[utoipa::path(
    post,
    path = "/requests/{id}/proof",
    tag = "requests",
    params(("id" = i64, Path, description = "The case")),
    request_body = ProofBody,
    responses((status = 202, description = "The link is on its way", body = OnItsWay)),
    security(("staff" = ["manage-requests"]))
)]
pub(crate) async fn ask_proof(
    allowed: Allowed<perm::ManageRequests>,
    At(id): At<i64>,
    Body(body): Body<ProofBody>,
) -> Result<(StatusCode, Json<OnItsWay>), Problem> {
    let by_sms = matches!(body.route, ProofRoute::Sms);
    let asked = allowed
        .requests()
        .proof(allowed.actor, RequestId(id), by_sms);
    told("route", asked.await?, 24)
}

fn told(
    field: &'static str,
    reach: Reach,
    hours: u32,
) -> Result<(StatusCode, Json<OnItsWay>), Problem> {
    let why = match reach {
        Reach::Sent => return Ok((StatusCode::ACCEPTED, Json(OnItsWay { hours }))),
        Reach::NotSetUp => "what carries it, or `listen.public_url`, is not set up",
        Reach::Unknown => "nothing of the person is known there, or not for a month",
    };
    Err(Problem::value(field, why))
}
