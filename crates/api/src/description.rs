//! The OpenAPI 3.1 description, made from the handlers.

use utoipa::PartialSchema;
use utoipa::openapi::ContentBuilder;
use utoipa::openapi::Info;
use utoipa::openapi::OpenApi;
use utoipa::openapi::OpenApiBuilder;
use utoipa::openapi::Ref;
use utoipa::openapi::RefOr;
use utoipa::openapi::Response;
use utoipa::openapi::ResponseBuilder;
use utoipa::openapi::path::Operation;
use utoipa::openapi::path::PathItem;
use utoipa::openapi::security::HttpAuthScheme;
use utoipa::openapi::security::HttpBuilder;
use utoipa::openapi::security::SecurityScheme;

use crate::problem;
use crate::problem::ProblemBody;

const ABOUT: &str = "Everything staff do with an instance. Each operation names the permission it \
takes as the scope of its security requirement. Failures are RFC 9457 problems. People are masked \
except in the reveal operations.";

/// The description before any operation is in it.
pub(crate) fn bare() -> OpenApi {
    let mut info = Info::new("Imvume admin API", "1");
    info.description = Some(ABOUT.to_owned());
    OpenApiBuilder::new().info(info).build()
}

/// The description with what holds for all operations.
pub(crate) fn complete(mut description: OpenApi) -> OpenApi {
    let mut components = description.components.take().unwrap_or_default();
    let token = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("imvume_staff_…")
        .build();
    components.add_security_scheme("staff", SecurityScheme::Http(token));
    components
        .schemas
        .insert("Problem".to_owned(), ProblemBody::schema());
    description.components = Some(components);
    for operation in description.paths.paths.values_mut().flat_map(operations) {
        operation
            .responses
            .responses
            .insert("default".to_owned(), RefOr::T(failure()));
    }
    description
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    [
        &mut item.get,
        &mut item.put,
        &mut item.post,
        &mut item.delete,
        &mut item.patch,
    ]
    .into_iter()
    .filter_map(Option::as_mut)
}

fn failure() -> Response {
    let content = ContentBuilder::new()
        .schema(Some(Ref::from_schema_name("Problem")))
        .build();
    ResponseBuilder::new()
        .description("What went wrong")
        .content(problem::MEDIA_TYPE, content)
        .build()
}
