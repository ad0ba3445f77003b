//! The Cloud API as apps speak it.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::DefaultBodyLimit;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::Method;
use axum::http::Request;
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

use crate::RequestId;
use crate::answer::respond;
use crate::bearer;
use crate::calls::Call;
use crate::path;
use crate::path::Target;
use crate::query::Query;
use crate::refused::elsewhere;
use crate::upload;

/// The largest JSON body: a template with all its parameters is far smaller.
const LARGEST: usize = 256 * 1024;
/// The largest form: a document of 100 MiB with its frame.
const LARGEST_FORM: usize = 100 * 1024 * 1024 + 64 * 1024;

pub(crate) fn router(service: Arc<Service>) -> Router {
    // Every body has a bound of its own here; the library's would refuse files of more than 2 MB.
    Router::new()
        .fallback(serve)
        .layer(DefaultBodyLimit::disable())
        .with_state(service)
}

/// One request: trace, token, target, verb.
async fn serve(State(service): State<Arc<Service>>, request: Request<Body>) -> Response {
    let trace = match request.extensions().get::<RequestId>() {
        Some(RequestId(id)) => id.to_string(),
        None => trace(&service),
    };
    match Box::pin(route(&service, request, &trace)).await {
        Ok(response) => response,
        Err(failure) => respond(Err(failure), &trace),
    }
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
    let query = Query::read(&uri)?;
    if let Some(proof) = query.proof() {
        service.prove(&caller, token, proof)?;
    }
    let call = Call {
        service,
        caller: &caller,
        query: &query,
        request,
    };
    let answer = match target {
        Target::Edge(id, edge) => call.edge(id, edge).await,
        Target::Media(id) if call.request.method() == Method::GET => {
            query.only(&[])?;
            return fetch(service, &caller, id).await;
        }
        Target::Media(_) => Err(elsewhere(target, call.request.method()).into()),
        Target::Node(id) => call.node(id).await,
    };
    Ok(respond(answer, trace))
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

pub(crate) async fn upload(
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
pub(crate) async fn json(request: Request<Body>) -> Result<(HeaderMap, Bytes), GraphError> {
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

pub(crate) fn send_headers(headers: &HeaderMap) -> Result<SendHeaders<'_>, GraphError> {
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
        queue: one("imvume-queue")?,
    })
}
