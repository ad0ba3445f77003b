//! Double opt-in: requests for consent, where they stand, and links to people's own pages.

use axum::Json;
use axum::body::Bytes;
use axum::http::StatusCode;
use domain::ids::ConfirmationId;
use domain::ids::SubjectId;
use serde::Deserialize;
use serde::Serialize;
use store::Registry;
use store::confirmation::ConfirmationView;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::access::Allowed;
use crate::access::perm;
use crate::body::At;
use crate::body::Body;
use crate::person::Named;
use crate::portal::ConsentAsked;
use crate::portal::PortalFault;
use crate::problem::Kind;
use crate::problem::Problem;
use crate::state::ApiState;
use crate::words::AskedBy;
use crate::words::ConfirmationRoute;
use crate::words::ConfirmationState;
use crate::words::Instant;

pub(crate) fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::default()
        .routes(routes!(request_consent))
        .routes(routes!(list_confirmations))
        .routes(routes!(cancel_confirmation))
        .routes(routes!(preference_link))
        .routes(routes!(report_bounce))
}

/// A request for consent that was made outside of the chat.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConsentRequestBody {
    /// The codes of the purposes, at most 20.
    purposes: Vec<String>,
    /// The phone number in international form.
    phone: Option<String>,
    /// The e-mail address.
    email: Option<String>,
    /// The language, a BCP 47 tag.
    language: String,
    /// Where the request comes from: `staff`, `till` or `import`.
    source: AskedBy,
    /// How the confirmation goes out; by SMS, then e-mail, then the chat, unless told.
    route: Option<ConfirmationRoute>,
    /// A word of your own for it, at most 200 characters; it is sealed.
    reference: Option<String>,
}

/// That a request was taken: the same for people who are known, unknown, stopped or asked too often.
#[derive(Serialize, ToSchema)]
pub(crate) struct ConsentRequestTaken {
    /// How the confirmation goes out.
    route: ConfirmationRoute,
    /// For the chat: the link that opens it.
    chat_url: Option<String>,
    /// The same as a QR code, an SVG document.
    chat_qr_svg: Option<String>,
}

/// A request for consent.
#[derive(Serialize, ToSchema)]
pub(crate) struct ConfirmationItem {
    /// Its id.
    id: i64,
    /// The code of the purpose.
    purpose: Option<String>,
    /// The notice version that is agreed to.
    notice: Option<i64>,
    /// The language.
    language: String,
    /// Where it comes from.
    source: AskedBy,
    /// How the confirmation goes out.
    route: ConfirmationRoute,
    /// Where it stands.
    state: ConfirmationState,
    /// How often it was tried to send the confirmation.
    attempts: u32,
    /// The code of the mail server's or provider's refusal, if there was one.
    fault: Option<u32>,
    /// Until when it counts.
    expires_at: Instant,
    /// Since when.
    created_at: Instant,
    /// When it last changed.
    updated_at: Instant,
}

/// A person's requests.
#[derive(Serialize, ToSchema)]
pub(crate) struct Confirmations {
    /// The newest first.
    items: Vec<ConfirmationItem>,
}

/// What a link is to be in.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PreferenceLinkBody {
    /// The language of the page, a BCP 47 tag; the person's own unless told.
    language: Option<String>,
}

/// A link to a person's own page.
#[derive(Serialize, ToSchema)]
pub(crate) struct PreferenceLink {
    /// The link. Whoever has it sees what the person agreed to, and can end it; it lifts no stop, as
    /// nobody knows on which way it reaches the person.
    url: String,
}

/// What a report did.
#[derive(Serialize, ToSchema)]
pub(crate) struct BounceTaken {
    /// Whether it is a report on a confirmation from here. Whatever else arrives in the mailbox of
    /// reports may be handed over, too.
    ours: bool,
    /// Whether a request is known to be undeliverable by it.
    undeliverable: bool,
}

/// Ask a person for consent.
///
/// A confirmation goes out, and only what it brings is consent. Who has stopped, or may not be asked
/// again by law, is not written to; the answer does not tell.
#[utoipa::path(
    post,
    path = "/consent-requests",
    tag = "consent",
    request_body = ConsentRequestBody,
    responses((status = 202, description = "It was taken", body = ConsentRequestTaken)),
    security(("staff" = ["record-consent"]))
)]
pub(crate) async fn request_consent(
    allowed: Allowed<perm::RecordConsent>,
    Body(body): Body<ConsentRequestBody>,
) -> Result<(StatusCode, Json<ConsentRequestTaken>), Problem> {
    if !matches!(
        body.source,
        AskedBy::Staff | AskedBy::Till | AskedBy::Import
    ) {
        return Err(Problem::value(
            "source",
            "it has to be staff, till or import",
        ));
    }
    let asked = ConsentAsked {
        purposes: body.purposes,
        phone: body.phone,
        email: body.email,
        language: body.language,
        source: body.source.into(),
        route: body.route.map(Into::into),
        reference: body.reference,
    };
    let taken = allowed.portal().request(allowed.actor, asked);
    let taken = taken.await.map_err(problem)?;
    let view = ConsentRequestTaken {
        route: taken.route.into(),
        chat_url: taken.chat_url,
        chat_qr_svg: taken.chat_qr_svg,
    };
    Ok((StatusCode::ACCEPTED, Json(view)))
}

/// A person's requests for consent, and where they stand.
#[utoipa::path(
    get,
    path = "/subjects/{id}/confirmations",
    tag = "consent",
    params(("id" = i64, Path, description = "The subject")),
    responses((status = 200, description = "Their requests", body = Confirmations)),
    security(("staff" = ["view-subjects"]))
)]
pub(crate) async fn list_confirmations(
    allowed: Allowed<perm::ViewSubjects>,
    At(id): At<i64>,
) -> Result<Json<Confirmations>, Problem> {
    let id = Named::Subject(SubjectId(id)).resolve(&allowed).await?;
    let found = allowed.read(move |reader| reader.confirmations(id)).await?;
    let registry = allowed.registry();
    let items = found.into_iter().map(|view| item(&registry, view));
    Ok(Json(Confirmations {
        items: items.collect(),
    }))
}

/// Take a request for consent back: its link is good for nothing any more.
#[utoipa::path(
    delete,
    path = "/subjects/{id}/confirmations/{confirmation}",
    tag = "consent",
    params(
        ("id" = i64, Path, description = "The subject"),
        ("confirmation" = i64, Path, description = "The request"),
    ),
    responses((status = 204, description = "It was taken back")),
    security(("staff" = ["record-consent"]))
)]
pub(crate) async fn cancel_confirmation(
    allowed: Allowed<perm::RecordConsent>,
    At((id, confirmation)): At<(i64, i64)>,
) -> Result<StatusCode, Problem> {
    let which = (SubjectId(id), ConfirmationId(confirmation));
    let store = allowed.store();
    store.cancel_confirmation(allowed.actor, which).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Make a link to a person's own page.
#[utoipa::path(
    post,
    path = "/subjects/{id}/preference-link",
    tag = "consent",
    params(("id" = i64, Path, description = "The subject")),
    request_body = PreferenceLinkBody,
    responses((status = 200, description = "The link", body = PreferenceLink)),
    security(("staff" = ["reveal-subjects"]))
)]
pub(crate) async fn preference_link(
    allowed: Allowed<perm::RevealSubjects>,
    At(id): At<i64>,
    Body(body): Body<PreferenceLinkBody>,
) -> Result<Json<PreferenceLink>, Problem> {
    let id = Named::Subject(SubjectId(id)).resolve(&allowed).await?;
    let language = body.language.unwrap_or_default();
    let made = allowed.portal().link(id, &language).map_err(problem)?;
    let url = made.ok_or_else(|| {
        let detail = "there is no public address; set listen.public_url";
        Problem::new(Kind::Missing, detail)
    })?;
    // Whoever holds it can look at the page: that is a read, and in the log before it is shown.
    let who = (allowed.actor, id);
    let reason = "a link to the person's own page";
    allowed.store().reveal(who, reason, |_| Ok(())).await?;
    Ok(Json(PreferenceLink { url }))
}

/// Tell of a confirmation that a mail server could not deliver.
///
/// The body is the report as it came (RFC 3464), at most 256 KiB.
#[utoipa::path(
    post,
    path = "/bounces",
    tag = "consent",
    request_body(content = String, content_type = "message/rfc822"),
    responses((status = 200, description = "It was read", body = BounceTaken)),
    security(("staff" = ["record-consent"]))
)]
pub(crate) async fn report_bounce(
    allowed: Allowed<perm::RecordConsent>,
    report: Bytes,
) -> Result<Json<BounceTaken>, Problem> {
    let told = allowed.portal().bounced(report);
    let (ours, undeliverable) = match told.await {
        Ok(undeliverable) => (true, undeliverable),
        Err(PortalFault::NotOurs) => (false, false),
        Err(fault) => return Err(problem(fault)),
    };
    Ok(Json(BounceTaken {
        ours,
        undeliverable,
    }))
}

fn item(registry: &Registry, view: ConfirmationView) -> ConfirmationItem {
    let purpose = registry.purpose(view.purpose);
    ConfirmationItem {
        id: view.id.0,
        purpose: purpose.map(|entry| entry.purpose.code.clone()),
        notice: view.notice.map(|notice| notice.0),
        language: view.language,
        source: view.source.into(),
        route: view.route.into(),
        state: view.state.into(),
        attempts: view.attempts,
        fault: view.fault,
        expires_at: view.expires.into(),
        created_at: view.created.into(),
        updated_at: view.updated.into(),
    }
}

pub(super) fn problem(fault: PortalFault) -> Problem {
    match fault {
        PortalFault::Field(field) => Problem::value(field, "it cannot be used"),
        PortalFault::NotOurs | PortalFault::Unavailable => Problem::from(Kind::Busy),
    }
}
