//! The Cloud API as apps speak it.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::DefaultBodyLimit;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::Method;
use axum::http::Request;
use axum::http::Uri;
use axum::http::header;
use axum::response::IntoResponse;
use axum::response::Response;
use bytes::Bytes;
use domain::access::AppScope;
use http_body_util::BodyExt;
use http_body_util::Limited;
use service::Answer;
use service::Caller;
use service::Failure;
use service::SendHeaders;
use service::Service;
use whatsapp::error::GraphError;

use crate::answer::respond;
use crate::bearer;
use crate::path;
use crate::path::Target;
use crate::upload;

/// The largest JSON body: a template with all its parameters is far smaller.
const LARGEST: usize = 256 * 1024;
/// The largest form: a document of 100 MiB with its frame.
const LARGEST_FORM: usize = 100 * 1024 * 1024 + 64 * 1024;

/// Edges that steer the connection to Meta. Apps never reach them through the gateway.
const CONTROL_PLANE: &[&str] = &[
    "assigned_users",
    "business_compliance_info",
    "conversational_automation",
    "deregister",
    "message_qrdls",
    "migrate_message_templates",
    "phone_numbers",
    "register",
    "request_code",
    "settings",
    "smb_app_data",
    "subscribed_apps",
    "subscriptions",
    "upsert_message_templates",
    "username",
    "verify_code",
    "whatsapp_business_encryption",
    "whatsapp_commerce_settings",
];

pub(crate) fn router(service: Arc<Service>) -> Router {
    // Every body has a bound of its own here; the library's would refuse files of more than 2 MB.
    Router::new()
        .fallback(serve)
        .layer(DefaultBodyLimit::disable())
        .with_state(service)
}

/// One request: trace, token, target, verb; and one line in the log, with nothing personal in it.
async fn serve(State(service): State<Arc<Service>>, request: Request<Body>) -> Response {
    let began = service.store().clock().now();
    let method = request.method().clone();
    let trace = trace(&service);
    let response = match Box::pin(route(&service, request, &trace)).await {
        Ok(response) => response,
        Err(failure) => respond(Err(failure), &trace),
    };
    let took = service.store().clock().now().since(began);
    tracing::info!(
        door = "apps",
        %method,
        status = response.status().as_u16(),
        micros = took.as_micros(),
        trace,
        "request"
    );
    response
}

fn trace(service: &Service) -> String {
    seal::new_token("", service.store().random())
        .map(|token| token.chars().take(20).collect())
        .unwrap_or_default()
}

async fn route(
    service: &Arc<Service>,
    request: Request<Body>,
    trace: &str,
) -> Result<Response, Failure> {
    let uri = request.uri().clone();
    let token = bearer::token(&uri, request.headers())?;
    let target = path::read(uri.path()).ok_or_else(GraphError::not_found)?;
    let caller = service.authenticate(token)?;
    let method = request.method().clone();
    let answer = match (target, method) {
        (Target::Media(id), Method::GET) => return fetch(service, &caller, id).await,
        (Target::Edge(id, "messages"), Method::POST) => {
            caller.needs(AppScope::Send)?;
            let (headers, body) = json(request).await?;
            let headers = send_headers(&headers)?;
            service.messages(&caller, id, &body, headers).await
        }
        (Target::Edge(id, "media"), Method::POST) => upload(service, &caller, id, request).await,
        (Target::Edge(id, "imvume_aliases"), Method::POST) => {
            let (_, body) = json(request).await?;
            service.mint(&caller, id, &body).await
        }
        (Target::Edge(id, "message_templates"), Method::GET) => {
            let limit = query(&uri, "limit").and_then(|limit| limit.parse().ok());
            service.templates(&caller, id, query(&uri, "name"), limit)
        }
        (Target::Edge(id, "whatsapp_business_profile"), Method::GET) => {
            let fields = query(&uri, "fields").map(unescape);
            service.profile(&caller, id, fields.as_deref()).await
        }
        (Target::Node(id), Method::GET) if is_number(id) => {
            let fields = query(&uri, "fields").map(unescape);
            service.number_fields(&caller, id, fields.as_deref()).await
        }
        (Target::Node(id), Method::GET) => service.locate(&caller, id).await,
        (Target::Node(id), Method::DELETE) if !is_number(id) => {
            service.delete_media(&caller, id).await
        }
        (target, method) => Err(elsewhere(target, &method).into()),
    };
    Ok(respond(answer, trace))
}

/// What is not served: another method of a path that is, the control plane, or nothing at all.
fn elsewhere(target: Target<'_>, method: &Method) -> GraphError {
    match target {
        Target::Edge(_, edge) if CONTROL_PLANE.contains(&edge) => GraphError::control_plane(),
        Target::Edge(
            _,
            "messages"
            | "media"
            | "imvume_aliases"
            | "message_templates"
            | "whatsapp_business_profile",
        )
        | Target::Media(_) => match (target, method) {
            // Creating and deleting templates, and writing the profile, steer the account.
            (Target::Edge(_, "message_templates" | "whatsapp_business_profile"), m)
                if [Method::POST, Method::DELETE].contains(m) =>
            {
                GraphError::control_plane()
            }
            _ => GraphError::method(),
        },
        Target::Node(_) if [Method::POST, Method::DELETE].contains(method) => {
            GraphError::control_plane()
        }
        Target::Node(_) => GraphError::method(),
        Target::Edge(..) => GraphError::not_found(),
    }
}

/// Numbers and accounts have decimal ids at Meta; media ids here begin with a letter.
/// Meta's ids are digits, and so are the ids of media objects here, which are longer.
fn is_number(id: &str) -> bool {
    id.len() <= 32 && id.bytes().all(|byte| byte.is_ascii_digit())
}

async fn fetch(service: &Arc<Service>, caller: &Caller, id: &str) -> Result<Response, Failure> {
    let fetched = service.fetch(caller, id).await?;
    let headers = [
        (header::CONTENT_TYPE, fetched.mime_type),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
        (header::CONTENT_DISPOSITION, "attachment".to_owned()),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    Ok((headers, fetched.bytes.to_vec()).into_response())
}

async fn upload(
    service: &Arc<Service>,
    caller: &Caller,
    id: &str,
    request: Request<Body>,
) -> Result<Answer, Failure> {
    caller.needs(AppScope::Media)?;
    check_length(request.headers(), LARGEST_FORM)?;
    let request = request.map(|body| Body::new(Limited::new(body, LARGEST_FORM)));
    let file = upload::read(request).await?;
    service
        .upload(caller, id, (&file.mime, &file.name), file.bytes)
        .await
}

/// The body of a JSON call, within its bound.
async fn json(request: Request<Body>) -> Result<(HeaderMap, Bytes), GraphError> {
    let (parts, body) = request.into_parts();
    check_length(&parts.headers, LARGEST)?;
    let kind = parts
        .headers
        .get(header::CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok());
    let kind = kind
        .unwrap_or_default()
        .split(';')
        .next()
        .unwrap_or_default()
        .trim();
    if !kind.eq_ignore_ascii_case("application/json")
        || parts.headers.contains_key(header::CONTENT_ENCODING)
    {
        return Err(GraphError {
            status: 415,
            ..GraphError::invalid("The body must be application/json, not encoded otherwise.")
        });
    }
    let body = Limited::new(body, LARGEST)
        .collect()
        .await
        .map_err(|_| too_large())?;
    Ok((parts.headers, body.to_bytes()))
}

fn check_length(headers: &HeaderMap, largest: usize) -> Result<(), GraphError> {
    let length = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok());
    match length.and_then(|length| length.parse::<usize>().ok()) {
        Some(length) if length > largest => Err(too_large()),
        _ => Ok(()),
    }
}

fn too_large() -> GraphError {
    GraphError {
        status: 413,
        ..GraphError::invalid("The body is too large.")
    }
}

fn send_headers(headers: &HeaderMap) -> Result<SendHeaders<'_>, GraphError> {
    let one = |name: &str| -> Result<Option<&str>, GraphError> {
        let mut values = headers.get_all(name).iter();
        match (values.next(), values.next()) {
            (None, _) => Ok(None),
            (Some(value), None) => value
                .to_str()
                .ok()
                .filter(|value| !value.is_empty() && value.len() <= 255)
                .map(Some)
                .ok_or_else(|| GraphError::invalid("A header of ours is empty or too long.")),
            (Some(_), Some(_)) => Err(GraphError::invalid("A header of ours was given twice.")),
        }
    };
    Ok(SendHeaders {
        purpose: one("imvume-purpose")?,
        idempotency_key: one("idempotency-key")?,
    })
}

/// The first member of a query string with this name.
fn query<'u>(uri: &'u Uri, name: &str) -> Option<&'u str> {
    uri.query()?
        .split('&')
        .find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))
}

/// Lists of fields come with their commas escaped or not.
fn unescape(text: &str) -> String {
    text.replace("%2C", ",").replace("%2c", ",")
}
