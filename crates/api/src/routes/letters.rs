//! Letters about what people ask for by right: which went out, how, and which did not arrive.

use axum::Json;
use domain::ids::RequestId;
use serde::Serialize;
use store::Refusal;
use store::letter;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::access::Allowed;
use crate::access::perm;
use crate::body::At;
use crate::problem::Problem;
use crate::state::ApiState;
use crate::words::Instant;
use crate::words::LetterKind;
use crate::words::LetterRoute;
use crate::words::LetterState;

pub(crate) fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::default().routes(routes!(letters_of_request))
}

/// A letter, without what it says.
#[derive(Serialize, ToSchema)]
pub(crate) struct LetterView {
    /// Its number.
    id: i64,
    /// What it tells.
    kind: LetterKind,
    /// Its language (BCP 47).
    language: String,
    /// How it goes out.
    route: LetterRoute,
    /// Where it stands. `on-page`, `undeliverable` and `unknown`: the person has to be told another way,
    /// or comes to their page.
    state: LetterState,
    /// How many times it was tried by e-mail.
    attempts: u32,
    /// What the mail server answered last, as an SMTP code.
    fault: Option<u32>,
    /// When it was written.
    created_at: Instant,
    /// When it last changed.
    updated_at: Instant,
}

impl From<letter::LetterView> for LetterView {
    fn from(view: letter::LetterView) -> Self {
        Self {
            id: view.id.0,
            kind: view.kind.into(),
            language: view.language,
            route: view.route.into(),
            state: view.state.into(),
            attempts: view.attempts,
            fault: view.fault,
            created_at: view.created_at.into(),
            updated_at: view.updated_at.into(),
        }
    }
}

/// The letters about a case, oldest first.
#[utoipa::path(
    get,
    path = "/requests/{id}/letters",
    tag = "requests",
    params(("id" = i64, Path, description = "The case")),
    responses((status = 200, description = "The letters", body = Vec<LetterView>)),
    security(("staff" = ["view-requests"]))
)]
pub(crate) async fn letters_of_request(
    allowed: Allowed<perm::ViewRequests>,
    At(id): At<i64>,
) -> Result<Json<Vec<LetterView>>, Problem> {
    allowed
        .read(move |reader| {
            let id = RequestId(id);
            reader.request(id)?.ok_or(Refusal::Missing("request"))?;
            let letters = reader.letters(id)?.into_iter();
            Ok(Json(letters.map(LetterView::from).collect()))
        })
        .await
}
