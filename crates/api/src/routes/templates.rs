//! The template catalogue, as synced from Meta.

use std::future::Ready;
use std::future::ready;

use axum::Json;
use serde::Deserialize;
use serde::Serialize;
use store::Refusal;
use store::Registry;
use store::registry::Template;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::access::Allowed;
use crate::access::perm;
use crate::body::At;
use crate::body::Body;
use crate::page::ListQuery;
use crate::page::Page;
use crate::problem::Problem;
use crate::state::ApiState;
use crate::words::Category;
use crate::words::Instant;
use crate::words::TemplateStatus;

pub(crate) fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::default()
        .routes(routes!(list_templates))
        .routes(routes!(bind_template))
}

/// A template of the catalogue.
#[derive(Serialize, ToSchema)]
pub(crate) struct TemplateView {
    /// Its id here.
    id: i64,
    /// The account it belongs to.
    waba_id: String,
    /// Its name.
    name: String,
    /// Its language at Meta.
    language: String,
    /// Its category.
    category: Category,
    /// Whether Meta lets it out.
    status: TemplateStatus,
    /// Its body with placeholders.
    body: String,
    /// The code of the purpose it is sent under: its own, or its category's.
    purpose: Option<String>,
    /// Whether the purpose is its own.
    bound: bool,
    /// When it was last synced.
    synced_at: Instant,
}

impl TemplateView {
    fn new(registry: &Registry, template: &Template) -> Self {
        let purpose = match template.purpose {
            Some(id) => registry.purpose(id),
            None => registry.default_purpose(template.category.class()),
        };
        Self {
            id: template.id.0,
            waba_id: template.waba_id.clone(),
            name: template.name.clone(),
            language: template.language.clone(),
            category: template.category.into(),
            status: template.status.into(),
            body: template.body.clone(),
            purpose: purpose.map(|entry| entry.purpose.code.clone()),
            bound: template.purpose.is_some(),
            synced_at: template.synced_at.into(),
        }
    }
}

/// What a template is to be bound to.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BindingBody {
    /// The code of a purpose that demands at least what the template's category does; null to go
    /// back to the category's own.
    #[serde(deserialize_with = "Option::deserialize")]
    #[schema(required)]
    purpose: Option<String>,
}

/// The templates.
#[utoipa::path(
    get,
    path = "/templates",
    tag = "configuration",
    params(ListQuery),
    responses((status = 200, description = "The templates", body = Page<TemplateView>)),
    security(("staff" = ["view-configuration"]))
)]
pub(crate) fn list_templates(
    allowed: Allowed<perm::ViewConfiguration, ListQuery>,
) -> Ready<Json<Page<TemplateView>>> {
    let (registry, query) = allowed.configured();
    ready(Json(Page::of(
        registry.templates.iter().rev(),
        query.parts(),
        |template| template.id.0,
        |template| TemplateView::new(&registry, template),
    )))
}

/// Bind a template to a purpose.
#[utoipa::path(
    put,
    path = "/templates/{waba_id}/{name}/{language}/purpose",
    tag = "configuration",
    params(
        ("waba_id" = String, Path, description = "The account"),
        ("name" = String, Path, description = "The template's name"),
        ("language" = String, Path, description = "The template's language at Meta")
    ),
    request_body = BindingBody,
    responses((status = 200, description = "The template", body = TemplateView)),
    security(("staff" = ["manage-purposes"]))
)]
pub(crate) async fn bind_template(
    allowed: Allowed<perm::ManagePurposes>,
    At((waba_id, name, language)): At<(String, String, String)>,
    Body(body): Body<BindingBody>,
) -> Result<Json<TemplateView>, Problem> {
    let missing = || Refusal::Missing("template");
    let registry = allowed.registry();
    let template = registry
        .template(&waba_id, &name, &language)
        .ok_or_else(missing)?;
    let purpose = match &body.purpose {
        None => None,
        Some(code) => {
            let entry = registry
                .purpose_by_code(code)
                .ok_or_else(|| Problem::value("purpose", "there is no such purpose"))?;
            if entry.purpose.class < template.category.class() {
                let detail = "it demands less than the template's category";
                return Err(Problem::value("purpose", detail));
            }
            Some(entry.purpose.id)
        }
    };
    let place = (waba_id.clone(), name.clone(), language.clone());
    allowed
        .store()
        .bind_template(allowed.actor, place, purpose)
        .await?;
    let registry = allowed.registry();
    let template = registry
        .template(&waba_id, &name, &language)
        .ok_or_else(missing)?;
    Ok(Json(TemplateView::new(&registry, template)))
}
