//! What the gate would say of a message to many.

use axum::Json;
use domain::gate::Content;
use domain::ids::ImportId;
use domain::ids::NumberId;
use domain::law::RuleId;
use domain::tally;
use domain::tally::Tally;
use domain::time::Timestamp;
use serde::Deserialize;
use serde::Serialize;
use store::Audience;
use store::Planned;
use store::Registry;
use store::operation::Outgoing;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::access::Allowed;
use crate::access::perm;
use crate::body::Body;
use crate::problem::Problem;
use crate::state::ApiState;
use crate::words::Instant;

pub(crate) fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::default().routes(routes!(preview_many))
}

/// A message to many that somebody thinks of.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ManyBody {
    /// From which number.
    number: i64,
    /// The template; a free-form message unless told.
    template: Option<PlannedTemplate>,
    /// The code of the purpose an app would declare.
    purpose: Option<String>,
    /// To whom.
    audience: AudienceBody,
}

/// A template of the number's account.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PlannedTemplate {
    /// Its name.
    name: String,
    /// Its language at Meta.
    language: String,
}

/// Whom a message to many is for: everybody, unless one of the two is told.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AudienceBody {
    /// The code of a purpose: whoever has a consent record for it, whatever it says.
    purpose: Option<String>,
    /// The id of an import: whoever stood on that list.
    import: Option<i64>,
}

impl AudienceBody {
    fn read(&self, registry: &Registry) -> Result<Audience, Problem> {
        match (&self.purpose, self.import) {
            (None, None) => Ok(Audience::Everyone),
            (None, Some(import)) => Ok(Audience::Import(ImportId(import))),
            (Some(code), None) => {
                let entry = registry.purpose_by_code(code);
                let missing = || Problem::value("audience", "there is no such purpose");
                Ok(Audience::Purpose(entry.ok_or_else(missing)?.purpose.id))
            }
            (Some(_), Some(_)) => Err(Problem::value("audience", "takes one of the two")),
        }
    }
}

/// How many people. A count that is neither none nor at least five is not told, and where it could
/// be had by taking others from the whole, the largest of those is told in tens only.
#[derive(Serialize, ToSchema)]
pub(crate) struct CountView {
    /// The count; null where it is not told exactly.
    people: Option<u64>,
    /// The same as text: `12`, `<5`, or `1230+` for up to nine more.
    shown: String,
}

impl From<tally::Shown> for CountView {
    fn from(shown: tally::Shown) -> Self {
        let people = match shown {
            tally::Shown::Exactly(count) => Some(count),
            tally::Shown::Few | tally::Shown::Tens(_) => None,
        };
        Self {
            people,
            shown: shown.to_string(),
        }
    }
}

fn count(people: u64) -> CountView {
    tally::Shown::of(people).into()
}

/// What stands against the message to some people. One person can be concerned by several.
#[derive(Serialize, ToSchema)]
pub(crate) struct ReasonView {
    /// The gate's rule.
    rule: &'static str,
    /// The rule of a pack that it rests on; null if it does on none.
    law: Option<String>,
    /// What it is, in a few words.
    words: &'static str,
    /// The Cloud API error code an app would get.
    code: u32,
    /// For how many people it stands.
    concerned: CountView,
    /// For how many of them it comes first.
    decisive: CountView,
}

/// To how many the message may leave from an hour on.
#[derive(Serialize, ToSchema)]
pub(crate) struct HourView {
    /// The beginning of the hour.
    from: Instant,
    /// How many.
    deferred: CountView,
}

/// What the gate would say now, in counts. The rates of the number are left out: such a message
/// leaves in paced batches.
#[derive(Serialize, ToSchema)]
pub(crate) struct TallyView {
    /// How many people there are.
    people: u64,
    /// To whom it may leave now.
    allowed: CountView,
    /// To whom it may leave later.
    deferred: CountView,
    /// To whom it may not leave.
    refused: CountView,
    /// Whom WhatsApp cannot reach: neither a phone number nor a BSUID is known.
    unreachable: CountView,
    /// Why.
    reasons: Vec<ReasonView>,
    /// When, for those to whom it may leave later.
    hours: Vec<HourView>,
}

impl From<Tally> for TallyView {
    fn from(tally: Tally) -> Self {
        let [allowed, deferred, refused, unreachable] = tally.outcomes().map(CountView::from);
        let reasons = tally.reasons.iter().map(|(against, concerned)| ReasonView {
            rule: against.rule,
            law: against.law.as_ref().map(RuleId::to_string),
            words: concerned.words,
            code: concerned.code,
            concerned: count(concerned.people),
            decisive: count(concerned.first),
        });
        let hours = tally.hours.iter().map(|(hour, people)| HourView {
            from: Timestamp::from_seconds(hour.saturating_mul(3_600)).into(),
            deferred: count(*people),
        });
        Self {
            people: tally.people(),
            allowed,
            deferred,
            refused,
            unreachable,
            reasons: reasons.collect(),
            hours: hours.collect(),
        }
    }
}

/// What the gate would say now of a message to many. Who asked is in the log; nobody is named.
#[utoipa::path(
    post,
    path = "/previews",
    tag = "decisions",
    request_body = ManyBody,
    responses((status = 200, description = "The answer", body = TallyView)),
    security(("staff" = ["view-decisions"]))
)]
pub(crate) async fn preview_many(
    allowed: Allowed<perm::ViewDecisions>,
    Body(body): Body<ManyBody>,
) -> Result<Json<TallyView>, Problem> {
    let registry = allowed.registry();
    let number = NumberId(body.number);
    if registry.number(number).is_none() {
        return Err(Problem::value("number", "there is no such number"));
    }
    let content = match body.template {
        Some(PlannedTemplate { name, language }) => Outgoing::Template { name, language },
        None => Outgoing::Plain(Content::FreeForm),
    };
    let planned = Planned {
        number,
        content,
        declared: body.purpose,
        audience: body.audience.read(&registry)?,
    };
    let tally = allowed.store().preview_many(allowed.actor, planned).await?;
    Ok(Json(tally.into()))
}
