//! Lists of people that are brought in.

use axum::Json;
use axum::extract::Request;
use axum::http::StatusCode;
use domain::confirmation::Route;
use domain::ids::ImportId;
use futures_util::StreamExt as _;
use serde::Deserialize;
use serde::Serialize;
use store::Refusal;
use store::Registry;
use store::import;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::access::Allowed;
use crate::access::perm;
use crate::body::At;
use crate::body::Body;
use crate::lists::ListFault;
use crate::lists::ListToTake;
use crate::page;
use crate::page::ListQuery;
use crate::page::Page;
use crate::portal::ListAsked;
use crate::problem::Kind;
use crate::problem::Problem;
use crate::routes::campaigns;
use crate::routes::campaigns::CampaignView;
use crate::routes::confirmations;
use crate::state::ApiState;
use crate::words::Instant;

/// How large a list may be, in bytes.
const MOST_BYTES: u64 = 1 << 30;
/// How long a provenance may be, in characters.
const MOST_PROVENANCE: usize = 1_000;

pub(crate) fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::default()
        .routes(routes!(list_imports, take_list))
        .routes(routes!(import_by_id))
        .routes(routes!(ask_people))
}

/// A list that was brought in, or is.
#[derive(Serialize, ToSchema)]
pub(crate) struct PeopleImportView {
    /// Its id.
    id: i64,
    /// Whose layout its columns have.
    layout: String,
    /// Where it comes from.
    provenance: String,
    /// The code of the purpose it is about.
    purpose: Option<String>,
    /// Who brought it.
    actor: String,
    /// `checking`, `writing`, `done`, `refused` (not all rows can be read) or `interrupted` (the same
    /// file goes on where it stopped).
    state: &'static str,
    /// How many of its rows were dealt with, bad ones included.
    rows: u64,
    /// How many people it brought who were not known.
    new_people: u64,
    /// How many of its rows are about people who were known.
    known_people: u64,
    /// How many of its people it says said no.
    said_no: u64,
    /// How many of its rows cannot be read.
    bad: u64,
    /// The first thousand of those.
    bad_rows: Vec<BadRowView>,
    /// When it began.
    started_at: Instant,
    /// When it last changed.
    updated_at: Instant,
}

/// A row that cannot be read. What stands in it is not repeated.
#[derive(Serialize, ToSchema)]
pub(crate) struct BadRowView {
    /// The line of the file on which it begins.
    line: u64,
    /// What is wrong with it.
    reason: String,
}

impl PeopleImportView {
    fn new(registry: &Registry, import: import::ImportView) -> Self {
        let rows: Vec<(u64, String)> = serde_json::from_str(&import.faults).unwrap_or_default();
        let purpose = registry.purpose(import.purpose);
        Self {
            id: import.id.0,
            purpose: purpose.map(|entry| entry.purpose.code.clone()),
            state: import.state.name(),
            rows: import.rows,
            new_people: import.people,
            known_people: import.known,
            said_no: import.denied,
            bad: import.bad,
            bad_rows: rows
                .into_iter()
                .map(|(line, reason)| BadRowView { line, reason })
                .collect(),
            started_at: import.started_at.into(),
            updated_at: import.updated_at.into(),
            layout: import.layout,
            provenance: import.provenance,
            actor: import.actor,
        }
    }
}

/// How a list is to be read.
#[derive(Clone, Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct TakeQuery {
    /// Whose columns it has: `generic`, `wati`, `braze` or `shopify`.
    layout: String,
    /// The code of the purpose it is about.
    purpose: String,
    /// Where it comes from: who gathered it, how, and when.
    provenance: String,
    /// The country whose numbers are written without a country code: `ZA`.
    country: Option<String>,
    /// `unicode` (UTF-8, or UTF-16 with a byte order mark), which it is unless told, or `windows-1252`.
    encoding: Option<String>,
    /// Whether rows that cannot be read are left out. Otherwise nothing is brought in where there are
    /// any. `false` unless told.
    #[serde(default)]
    skip_bad: bool,
}

/// The lists that were brought in.
#[utoipa::path(
    get,
    path = "/imports",
    tag = "imports",
    params(ListQuery),
    responses((status = 200, description = "The lists", body = Page<PeopleImportView>)),
    security(("staff" = ["view-configuration"]))
)]
pub(crate) async fn list_imports(
    allowed: Allowed<perm::ViewConfiguration, ListQuery>,
) -> Result<Json<Page<PeopleImportView>>, Problem> {
    let (limit, before) = allowed.query.parts();
    allowed
        .read(move |reader| {
            let imports = reader.imports(before.map(ImportId), page::clamp(limit))?;
            Ok(Json(Page::of(
                imports,
                (limit, before),
                |import| import.id.0,
                |import| PeopleImportView::new(reader.registry(), import),
            )))
        })
        .await
}

/// A list that was brought in, or how far it is.
#[utoipa::path(
    get,
    path = "/imports/{id}",
    tag = "imports",
    params(("id" = i64, Path, description = "The import")),
    responses((status = 200, description = "The import", body = PeopleImportView)),
    security(("staff" = ["view-configuration"]))
)]
pub(crate) async fn import_by_id(
    allowed: Allowed<perm::ViewConfiguration>,
    At(id): At<i64>,
) -> Result<Json<PeopleImportView>, Problem> {
    allowed
        .read(move |reader| {
            let import = reader.import(ImportId(id))?;
            let import = import.ok_or(Refusal::Missing("import"))?;
            Ok(Json(PeopleImportView::new(reader.registry(), import)))
        })
        .await
}

/// Bring in a list of people.
///
/// The body is the file. Once all of it is here it is looked at and brought in while nobody waits:
/// ask for the import to see how far it is. Whoever it brings is unknown until asked; what it tells of
/// a no counts. The same file goes on where it was broken off.
#[utoipa::path(
    post,
    path = "/imports",
    tag = "imports",
    params(TakeQuery),
    request_body(content = String, content_type = "text/csv"),
    responses((status = 202, description = "It is on its way", body = PeopleImportView)),
    security(("staff" = ["record-consent"]))
)]
pub(crate) async fn take_list(
    allowed: Allowed<perm::RecordConsent, TakeQuery>,
    request: Request,
) -> Result<(StatusCode, Json<PeopleImportView>), Problem> {
    let query = allowed.query.clone();
    let length = query.provenance.chars().count();
    if query.provenance.trim().is_empty() || length > MOST_PROVENANCE {
        return Err(Problem::value("provenance", "takes 1 to 1000 characters"));
    }
    let asked = ListToTake {
        actor: allowed.actor,
        layout: query.layout,
        encoding: query.encoding,
        country: query.country,
        purpose: query.purpose,
        provenance: query.provenance,
        skip_bad: query.skip_bad,
    };
    let mut list = allowed.lists().take(asked)?;
    let mut body = request.into_body().into_data_stream();
    let mut bytes = 0;
    while let Some(piece) = body.next().await {
        let piece = piece.map_err(|_| Problem::new(Kind::Body, "it broke off"))?;
        bytes += piece.len() as u64;
        if bytes > MOST_BYTES {
            return Err(Kind::TooLarge.into());
        }
        list.put(&piece)?;
    }
    let id = list.end().await?;
    let read = allowed.store().read(move |reader| {
        let import = reader.import(id)?.ok_or(Refusal::Missing("import"))?;
        Ok(PeopleImportView::new(reader.registry(), import))
    });
    Ok((StatusCode::ACCEPTED, Json(read.await?)))
}

/// How the people of a list are asked for consent.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PermissionBody {
    /// The code of the purpose.
    purpose: String,
    /// How the confirmations go out.
    by: AskedBy,
    /// The language for people of whom none is known (BCP 47); `en` unless told.
    language: Option<String>,
    /// How many are asked in a minute: 1 to 3600, 60 unless told.
    pace: Option<u32>,
    /// At how many stops and addresses that do not take it, for a thousand, it stops by itself, counted
    /// from 50 people on: 1 to 1000, 20 unless told.
    stop_permille: Option<u32>,
}

/// How people are asked who are not asked in WhatsApp.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum AskedBy {
    /// By e-mail.
    Email,
    /// By SMS.
    Sms,
}

/// Ask the people of a list for consent.
///
/// Each who has an address and a number gets a confirmation of their own, paced, once: whoever was asked
/// before, said no or said stop is left in peace. Look at it, pause it, let it go on or end it as any
/// other message to many, under `/campaigns`.
#[utoipa::path(
    post,
    path = "/imports/{id}/permission",
    tag = "imports",
    params(("id" = i64, Path, description = "The import")),
    request_body = PermissionBody,
    responses((status = 201, description = "It has begun", body = CampaignView)),
    security(("staff" = ["manage-purposes"]))
)]
pub(crate) async fn ask_people(
    allowed: Allowed<perm::ManagePurposes>,
    At(id): At<i64>,
    Body(body): Body<PermissionBody>,
) -> Result<(StatusCode, Json<CampaignView>), Problem> {
    let import = ImportId(id);
    let known = allowed.store().read(move |reader| reader.import(import));
    known.await?.ok_or(Refusal::Missing("import"))?;
    let asked = ListAsked {
        import,
        purpose: body.purpose,
        route: match body.by {
            AskedBy::Email => Route::Email,
            AskedBy::Sms => Route::Sms,
        },
        language: body.language.unwrap_or_else(|| "en".to_owned()),
        pace: campaigns::checked_pace(body.pace.unwrap_or(campaigns::PACE))?,
        stop_permille: campaigns::checked_share(
            body.stop_permille.unwrap_or(campaigns::STOP_PERMILLE),
        )?,
    };
    let begun = allowed.portal().ask_list(allowed.actor, asked);
    let id = begun.await.map_err(confirmations::problem)?;
    let view = campaigns::one(&allowed, id).await?;
    Ok((StatusCode::CREATED, Json(view)))
}

impl From<ListFault> for Problem {
    fn from(fault: ListFault) -> Self {
        match fault {
            ListFault::Before(id) => Self::new(
                Kind::Exists,
                format!("this list was brought in as import {id}"),
            ),
            ListFault::File(detail) => Self::new(Kind::Body, detail),
            ListFault::Unavailable => Kind::Busy.into(),
            ListFault::Value(field, detail) => Self::value(field, detail),
        }
    }
}
