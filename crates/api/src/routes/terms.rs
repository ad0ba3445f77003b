//! What holds for a purpose beside its class.

use axum::http::StatusCode;
use domain::purpose;
use domain::purpose::Terms;
use seal::RecordClass;
use serde::Deserialize;
use serde::Serialize;
use store::Registry;
use store::registry::PurposeEntry;
use store::registry::PurposeTerms;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::access::Allowed;
use crate::access::perm;
use crate::body::At;
use crate::body::Body;
use crate::check;
use crate::problem::Kind;
use crate::problem::Problem;
use crate::state::ApiState;

/// How many recipients a purpose may list.
const RECIPIENTS: usize = 50;

pub(crate) fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::default().routes(routes!(set_terms))
}

/// What holds for a purpose.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "four things that each hold or do not"
)]
pub(crate) struct TermsBody {
    /// The notice it is explained in, by its name; the instance's general one unless told.
    #[serde(default)]
    notice: Option<String>,
    /// What it is, in a sentence or two, for people.
    #[serde(default)]
    description: String,
    /// Who receives data for it, for people.
    #[serde(default)]
    recipients: Vec<String>,
    /// The class its messages are kept under: `conversation` unless told.
    #[serde(default)]
    record_class: Option<String>,
    /// Whether customers may get it without consent where each law that may hold for them allows that.
    #[serde(default)]
    soft_opt_in: bool,
    /// Whether its messages reveal special categories of data.
    #[serde(default)]
    special: bool,
    /// Whether people agree in its notice to messages at any hour.
    #[serde(default)]
    any_hour: bool,
    /// Whether consent asked for outside of the chat has to be confirmed a second time.
    #[serde(default)]
    confirm: bool,
    /// How many of its messages may reach one person in how many days; no limit unless told.
    #[serde(default)]
    cap: Option<Cap>,
    /// How many days consent to it lasts when the event sets no end; for ever unless told.
    #[serde(default)]
    lapse_days: Option<u32>,
    /// The purpose that its messages ask for consent to, by its short name.
    #[serde(default)]
    asks_for: Option<String>,
}

/// At most so many messages in so many days.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = FrequencyCap)]
pub(crate) struct Cap {
    /// How many.
    count: u32,
    /// In how many days.
    days: u32,
}

impl TermsBody {
    /// The terms of a purpose as they are.
    pub(crate) fn of(registry: &Registry, entry: &PurposeEntry) -> Self {
        let (held, shown) = (entry.purpose.terms, &entry.terms);
        let asked_for = held.asks_for.and_then(|id| registry.purpose(id));
        Self {
            notice: shown.notice.clone(),
            description: shown.description.clone(),
            recipients: shown.recipients.lines().map(str::to_owned).collect(),
            record_class: shown.record_class.map(|class| class.name().to_owned()),
            soft_opt_in: held.soft_opt_in,
            special: held.special,
            any_hour: held.any_hour,
            confirm: shown.confirm,
            cap: held.cap.map(|cap| Cap {
                count: cap.count,
                days: cap.days,
            }),
            lapse_days: held.lapse_days,
            asks_for: asked_for.map(|entry| entry.purpose.code.clone()),
        }
    }

    fn checked(self, registry: &Registry) -> Result<(Terms, PurposeTerms), Problem> {
        let asks_for = self
            .asks_for
            .map(|code| {
                let found = registry.purpose_by_code(&code);
                found.ok_or_else(|| Problem::value("asks_for", "there is no such purpose"))
            })
            .transpose()?
            .map(|entry| entry.purpose.id);
        let terms = Terms {
            soft_opt_in: self.soft_opt_in,
            special: self.special,
            any_hour: self.any_hour,
            cap: self.cap.map(|cap| purpose::Cap {
                count: cap.count,
                days: cap.days,
            }),
            lapse_days: self.lapse_days,
            asks_for,
        };
        let description = match self.description.trim() {
            "" => String::new(),
            text => check::text("description", text, 1_000)?,
        };
        if self.recipients.len() > RECIPIENTS {
            let detail = format!("at most {RECIPIENTS} recipients");
            return Err(Problem::value("recipients", detail));
        }
        let recipients: Vec<String> = self
            .recipients
            .iter()
            .map(|name| check::line("recipients", name, 200))
            .collect::<Result<_, _>>()?;
        let notice = self
            .notice
            .map(|code| check::code("notice", &code))
            .transpose()?;
        if let Some(code) = &notice
            && !registry.notices.iter().any(|held| held.code == *code)
        {
            return Err(Problem::value("notice", "there is no such notice"));
        }
        let shown = PurposeTerms {
            notice,
            description,
            recipients: recipients.join("\n"),
            record_class: self.record_class.as_deref().map(class).transpose()?,
            confirm: self.confirm,
        };
        Ok((terms, shown))
    }
}

/// A class under which messages can be kept.
fn class(name: &str) -> Result<RecordClass, Problem> {
    let found = RecordClass::from_name(name).filter(|class| {
        matches!(
            class,
            RecordClass::Conversation | RecordClass::Form | RecordClass::RegulatedArchive
        )
    });
    found.ok_or_else(|| {
        let detail = "it has to be conversation, form or regulated-archive";
        Problem::value("record_class", detail)
    })
}

/// Set what holds for a purpose.
///
/// It holds from now on and replaces all that was set before.
#[utoipa::path(
    put,
    path = "/purposes/{code}/terms",
    tag = "configuration",
    params(("code" = String, Path, description = "The purpose's short name")),
    request_body = TermsBody,
    responses((status = 204, description = "It holds from now on")),
    security(("staff" = ["manage-purposes"]))
)]
pub(crate) async fn set_terms(
    allowed: Allowed<perm::ManagePurposes>,
    At(code): At<String>,
    Body(body): Body<TermsBody>,
) -> Result<StatusCode, Problem> {
    let registry = allowed.registry();
    let entry = registry.purpose_by_code(&code);
    let id = entry
        .ok_or_else(|| Problem::from(Kind::Missing))?
        .purpose
        .id;
    let terms = body.checked(&registry)?;
    allowed.store().set_terms(allowed.actor, id, terms).await?;
    Ok(StatusCode::NO_CONTENT)
}
