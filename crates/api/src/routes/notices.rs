//! Notices, their versions and layers.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::future::Ready;
use std::future::ready;

use axum::Json;
use axum::http::StatusCode;
use domain::notice;
use domain::notice::Needed;
use domain::notice::claims;
use serde::Deserialize;
use serde::Serialize;
use store::admin::NewNotice;
use store::registry::Notice;
use store::terms::NewLayers;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::access::Allowed;
use crate::access::perm;
use crate::body::Body;
use crate::check;
use crate::page::ListQuery;
use crate::page::Page;
use crate::problem::Problem;
use crate::state::ApiState;
use crate::words::Instant;
use crate::words::NoticeChange;

/// How many jurisdictions a notice can be checked for.
const JURISDICTIONS: usize = 60;

/// The longest text of one element, in characters.
const MOST_ELEMENT: usize = 5_000;

pub(crate) fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::default()
        .routes(routes!(list_notices, publish_notice))
        .routes(routes!(check_notice))
}

/// One version of a notice in one language.
#[derive(Serialize, ToSchema)]
pub(crate) struct NoticeView {
    /// Its id: what a consent event names.
    id: i64,
    /// The notice's name; all versions share it.
    code: String,
    /// Its version, counted from 1.
    version: u32,
    /// Its language, a BCP 47 tag.
    language: String,
    /// Its title.
    title: String,
    /// Its text.
    body: String,
    /// SHA-256 of the text, in hexadecimal.
    hash: String,
    /// What it means for consent under earlier versions.
    change: NoticeChange,
    /// When it was published.
    published_at: Instant,
    /// Its other layers; null if it has none.
    layers: Option<LayersView>,
}

/// The layers of a notice beside its page.
#[derive(Serialize, ToSchema)]
pub(crate) struct LayersView {
    /// The short text for a chat.
    short: String,
    /// What it says of each element the law asks for, by the element's number.
    elements: BTreeMap<String, String>,
    /// SHA-256 over all layers, in hexadecimal: what consent is pinned to.
    hash: String,
}

impl From<&Notice> for NoticeView {
    fn from(notice: &Notice) -> Self {
        Self {
            id: notice.id.0,
            code: notice.code.clone(),
            version: notice.version,
            language: notice.language.clone(),
            title: notice.title.clone(),
            body: notice.body.clone(),
            hash: hex(&notice.hash),
            change: notice.change.into(),
            published_at: notice.published_at.into(),
            layers: notice.layers.as_ref().map(|layers| LayersView {
                short: layers.short.clone(),
                elements: layers.elements.clone(),
                hash: hex(&layers.hash),
            }),
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

/// A notice to publish or to check.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NoticeBody {
    /// The notice's name: 1 to 40 lower-case letters, digits and hyphens.
    code: String,
    /// Its language, a BCP 47 tag.
    language: String,
    /// Its title: one line.
    title: String,
    /// Its text: the page.
    body: String,
    /// What it means for consent under earlier versions.
    change: NoticeChange,
    /// The short text for a chat: at most 1024 characters. It comes with `elements`.
    #[serde(default)]
    short: Option<String>,
    /// What the notice says of each element the law asks for, by its number (`N01` to `N21`).
    #[serde(default)]
    elements: BTreeMap<String, String>,
    /// Jurisdictions (ISO 3166 codes, or packs of the rulebook) whose elements it has to have beside
    /// those of the organisation's own.
    #[serde(default)]
    jurisdictions: Vec<String>,
    /// Whether a notice that lacks an element is refused, and not only told of; `false` unless told.
    #[serde(default)]
    strict: bool,
}

/// A notice that was published.
#[derive(Serialize, ToSchema)]
pub(crate) struct NoticePublished {
    /// Its id.
    id: i64,
    /// Its version.
    version: u32,
    /// What the law asks for and the notice does not have.
    missing: Vec<MissingView>,
}

/// What a notice would be told.
#[derive(Serialize, ToSchema)]
pub(crate) struct NoticeChecked {
    /// Whether it could be published as it is, `strict` included.
    publishable: bool,
    /// What the law asks for and the notice does not have.
    missing: Vec<MissingView>,
    /// What it claims that cannot be proved; such a notice is refused.
    claims: Vec<ClaimView>,
}

/// An element that a notice does not have.
#[derive(Serialize, ToSchema)]
pub(crate) struct MissingView {
    /// Its number.
    element: &'static str,
    /// What it is.
    what: &'static str,
    /// What to write.
    write: &'static str,
    /// Whether it is needed in any case, or only if what it tells of is the case.
    always: bool,
    /// The rules that ask for it.
    rules: Vec<RuleView>,
}

/// A rule of the rulebook with its provision.
#[derive(Serialize, ToSchema)]
#[schema(as = NoticeRule)]
pub(crate) struct RuleView {
    /// Its id.
    id: String,
    /// Where it stands in the law.
    provision: String,
}

/// Something a notice claims that cannot be proved.
#[derive(Serialize, ToSchema)]
pub(crate) struct ClaimView {
    /// The stable name of the claim.
    claim: &'static str,
    /// In which part of the notice: `title`, `body`, `short`, or an element's number.
    part: String,
    /// On which line of it, counted from 1.
    line: usize,
    /// Why it cannot be claimed.
    why: &'static str,
    /// What to say instead.
    instead: &'static str,
}

/// All versions of all notices.
#[utoipa::path(
    get,
    path = "/notices",
    tag = "configuration",
    params(ListQuery),
    responses((status = 200, description = "The notices", body = Page<NoticeView>)),
    security(("staff" = ["view-configuration"]))
)]
pub(crate) fn list_notices(
    allowed: Allowed<perm::ViewConfiguration, ListQuery>,
) -> Ready<Json<Page<NoticeView>>> {
    let (registry, query) = allowed.configured();
    ready(Json(Page::of(
        registry.notices.iter().rev(),
        query.parts(),
        |notice| notice.id.0,
        NoticeView::from,
    )))
}

/// Publish a notice: the next version of its name, or the newest version in another language.
///
/// One that claims what cannot be proved is refused. What the law asks for and it does not have is told
/// in the answer, or refused where that is wanted.
#[utoipa::path(
    post,
    path = "/notices",
    tag = "configuration",
    request_body = NoticeBody,
    responses((status = 201, description = "The notice", body = NoticePublished)),
    security(("staff" = ["manage-purposes"]))
)]
pub(crate) async fn publish_notice(
    allowed: Allowed<perm::ManagePurposes>,
    Body(body): Body<NoticeBody>,
) -> Result<(StatusCode, Json<NoticePublished>), Problem> {
    let needed = allowed.office().needed(&jurisdictions(&body)?);
    let claimed = claimed(&body);
    if let Some(first) = claimed.first() {
        return Err(unprovable(first, claimed.len()));
    }
    let missing = missing(&body.elements, &needed);
    if let Some(first) = missing.iter().find(|missing| missing.always)
        && body.strict
    {
        return Err(lacking(first));
    }
    let (new, layers) = checked(body)?;
    let (store, actor) = (allowed.store(), allowed.actor);
    let (id, version) = match layers {
        Some(layers) => store.publish_layers(actor, new, layers).await?,
        None => store.publish_notice(actor, new).await?,
    };
    let view = NoticePublished {
        id: id.0,
        version,
        missing,
    };
    Ok((StatusCode::CREATED, Json(view)))
}

/// Check a notice as publishing it would, without publishing it.
#[utoipa::path(
    post,
    path = "/notices/check",
    tag = "configuration",
    request_body = NoticeBody,
    responses((status = 200, description = "What it would be told", body = NoticeChecked)),
    security(("staff" = ["view-configuration"]))
)]
pub(crate) async fn check_notice(
    allowed: Allowed<perm::ViewConfiguration>,
    Body(body): Body<NoticeBody>,
) -> Result<Json<NoticeChecked>, Problem> {
    let needed = allowed.office().needed(&jurisdictions(&body)?);
    let (missing, claims) = (missing(&body.elements, &needed), claimed(&body));
    let lacks = body.strict && missing.iter().any(|missing| missing.always);
    checked(body)?;
    Ok(Json(NoticeChecked {
        publishable: !lacks && claims.is_empty(),
        missing,
        claims,
    }))
}

fn jurisdictions(body: &NoticeBody) -> Result<Vec<String>, Problem> {
    let fits = |code: &String| {
        (2..=20).contains(&code.len())
            && code.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'-')
    };
    if body.jurisdictions.len() <= JURISDICTIONS && body.jurisdictions.iter().all(fits) {
        Ok(body.jurisdictions.clone())
    } else {
        let detail = "they have to be codes of countries or of packs, such as ZA or eu";
        Err(Problem::value("jurisdictions", detail))
    }
}

/// The parts of a notice as the store takes them.
fn checked(body: NoticeBody) -> Result<(NewNotice, Option<NewLayers>), Problem> {
    let layers = match (body.short, body.elements) {
        (None, elements) if elements.is_empty() => None,
        (None, _) => return Err(Problem::value("short", "elements come with a short text")),
        (Some(short), elements) => Some(NewLayers {
            short: check::text("short", &short, notice::MOST_SHORT)?,
            elements: elements
                .into_iter()
                .map(element)
                .collect::<Result<_, _>>()?,
        }),
    };
    let new = NewNotice {
        code: check::code("code", &body.code)?,
        language: check::language(&body.language)?,
        title: check::line("title", &body.title, 200)?,
        body: check::text("body", &body.body, 20_000)?,
        change: body.change.into(),
    };
    Ok((new, layers))
}

fn element((number, text): (String, String)) -> Result<(String, String), Problem> {
    if notice::element(&number).is_none() {
        return Err(Problem::value("elements", "their numbers are N01 to N21"));
    }
    Ok((number, check::text("elements", &text, MOST_ELEMENT)?))
}

fn missing(elements: &BTreeMap<String, String>, needed: &[Needed]) -> Vec<MissingView> {
    let view = |missing: notice::Missing<'_>| MissingView {
        element: missing.guide.number,
        what: missing.guide.what,
        write: missing.guide.write,
        always: missing.needed.always,
        rules: missing
            .needed
            .rules
            .iter()
            .map(|(id, provision)| RuleView {
                id: id.clone(),
                provision: provision.clone(),
            })
            .collect(),
    };
    notice::missing(elements, needed)
        .into_iter()
        .map(view)
        .collect()
}

fn claimed(body: &NoticeBody) -> Vec<ClaimView> {
    let short = body.short.as_deref().unwrap_or_default();
    let parts = [
        ("title", body.title.as_str()),
        ("body", &body.body),
        ("short", short),
    ];
    let elements = body.elements.iter();
    let elements = elements.map(|(number, text)| (number.as_str(), text.as_str()));
    let mut claimed = Vec::new();
    for (part, text) in parts.into_iter().chain(elements) {
        claimed.extend(claims::find(text).into_iter().map(|found| ClaimView {
            claim: found.claim.code,
            part: part.to_owned(),
            line: found.line,
            why: found.claim.why,
            instead: found.claim.instead,
        }));
    }
    claimed
}

/// Why a notice is refused that claims what cannot be proved.
fn unprovable(first: &ClaimView, all: usize) -> Problem {
    let field = match first.part.as_str() {
        "title" => "title",
        "body" => "body",
        "short" => "short",
        _ => "elements",
    };
    let ClaimView {
        claim,
        line,
        why,
        instead,
        ..
    } = first;
    let more = match all {
        1 => String::new(),
        all => format!(" In all {all} claims; POST /notices/check lists them."),
    };
    Problem::value(
        field,
        format!("line {line} claims `{claim}`. {why} {instead}{more}"),
    )
}

/// Why a notice is refused that lacks an element.
fn lacking(first: &MissingView) -> Problem {
    let provisions: Vec<&str> = first
        .rules
        .iter()
        .map(|rule| rule.provision.as_str())
        .collect();
    let detail = format!(
        "{}, {}, is missing ({}): write {}",
        first.element,
        first.what,
        provisions.join("; "),
        first.write
    );
    Problem::value("elements", detail)
}
