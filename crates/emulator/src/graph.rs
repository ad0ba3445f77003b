//! The Graph side: authentication, the two writings of every path, dispatch, headers.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::body::Body;
use axum::body::to_bytes;
use axum::extract::DefaultBodyLimit;
use axum::extract::FromRequest as _;
use axum::extract::Multipart;
use axum::extract::Request;
use axum::extract::State;
use axum::response::IntoResponse as _;
use axum::response::Response;
use bytes::Bytes;
use http::HeaderMap;
use http::HeaderValue;
use http::StatusCode;
use http::header::AUTHORIZATION;
use http::header::CONTENT_TYPE;
use http::header::WWW_AUTHENTICATE;
use serde_json::Value;
use serde_json::json;
use tower::Layer as _;
use tower::ServiceExt as _;
use url::form_urlencoded;

use crate::account::Call;
use crate::account::Step;
use crate::app::App;
use crate::deliver;
use crate::error::Refusal;
use crate::fault::Fault;
use crate::fault::Kind;
use crate::media;
use crate::send::Edge;
use crate::webhook::signature;
use crate::world::SentCall;

/// Bytes of a body that is no upload.
const BODY: usize = 4 << 20;
/// Bytes of an upload with its multipart frame.
const UPLOAD: usize = 101 << 20;
const NEWEST: &str = "v23.0";

/// Marks a response that must not be sent: the connection is cut instead.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cut;

/// Answers every path that is not the emulator's own.
pub(crate) async fn handle(State(app): State<App>, request: Request) -> Response {
    let path = request.uri().path().to_owned();
    let mut segments: Vec<&str> = path
        .split('/')
        .filter(|segment| !segment.is_empty())
        .collect();
    let version = match segments.first().filter(|first| is_version(first)).copied() {
        Some(version) => {
            segments.remove(0);
            version
        }
        None => NEWEST,
    };
    let trace = app.with(|world| format!("A{}", world.rng.hex(22)));
    let result = route(&app, &segments, request).await;
    let mut response = match result {
        Ok(response) => response,
        Err(refusal) => refused(&refusal, &trace),
    };
    decorate(response.headers_mut(), version, &trace);
    response
}

fn is_version(segment: &str) -> bool {
    segment
        .strip_prefix('v')
        .and_then(|rest| rest.split_once('.'))
        .is_some_and(|(major, minor)| major.parse::<u8>().is_ok() && minor.parse::<u8>().is_ok())
}

fn refused(refusal: &Refusal, trace: &str) -> Response {
    let mut response = answer(refusal.status, &refusal.body(trace));
    if refusal.status == 401 {
        let value = HeaderValue::from_static(
            "OAuth \"Facebook Platform\" \"invalid_token\" \"Invalid OAuth access token\"",
        );
        response.headers_mut().insert(WWW_AUTHENTICATE, value);
    }
    response
}

fn answer(status: u16, body: &Value) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
    (status, axum::Json(body)).into_response()
}

fn decorate(headers: &mut HeaderMap, version: &str, trace: &str) {
    let usage = "{\"call_count\":1,\"total_cputime\":1,\"total_time\":1}";
    for (name, value) in [
        ("facebook-api-version", version),
        ("x-fb-trace-id", trace),
        ("x-fb-request-id", trace),
        ("x-app-usage", usage),
        ("x-business-use-case-usage", "{}"),
    ] {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(name, value);
        }
    }
}

async fn route(app: &App, segments: &[&str], request: Request) -> Result<Response, Refusal> {
    let method = request.method().as_str().to_owned();
    let query: BTreeMap<String, String> =
        form_urlencoded::parse(request.uri().query().unwrap_or_default().as_bytes())
            .into_owned()
            .collect();
    if let ("GET", ["oauth", "access_token"]) = (method.as_str(), segments) {
        return app_token(app, &query);
    }
    authenticate(app, request.headers(), &query)?;
    if let ("GET", ["debug_token"]) = (method.as_str(), segments) {
        return inspected(app, &query);
    }
    let (node, edge) = match segments {
        [node] => (*node, None),
        [node, edge] => (*node, Some(*edge)),
        _ => return Err(Refusal::no_path(&format!("/{}", segments.join("/")))),
    };
    let pattern = edge.map_or_else(
        || format!("{method} /{{node}}"),
        |edge| format!("{method} /{{node}}/{edge}"),
    );
    app.with(|world| world.count_call(&pattern));
    prove(app, request.headers(), &query)?;
    match (method.as_str(), edge) {
        ("POST", Some("marketing_messages")) => {
            send(app, Edge::MarketingMessages, node, request).await
        }
        ("POST", Some("messages")) => send(app, Edge::Messages, node, request).await,
        ("POST", Some("media")) => upload(app, node, request).await,
        _ => {
            let body = read_body(request).await?;
            let call = Call {
                body: &body,
                edge,
                method: &method,
                node,
                query: &query,
            };
            other(app, &call).await
        }
    }
}

fn app_token(app: &App, query: &BTreeMap<String, String>) -> Result<Response, Refusal> {
    let expected = app.with(|world| (world.config.app_id.clone(), world.config.app_secret.clone()));
    let (Some(id), Some(secret)) = (query.get("client_id"), query.get("client_secret")) else {
        return Err(Refusal::parameter("The parameter client_id is required."));
    };
    if (id, secret) != (&expected.0, &expected.1) {
        return Err(Refusal::parameter("Error validating client secret."));
    }
    Ok(answer(
        200,
        &json!({"access_token": format!("{id}|{secret}"), "token_type": "bearer"}),
    ))
}

/// `GET /debug_token`: what a token is good for.
fn inspected(app: &App, query: &BTreeMap<String, String>) -> Result<Response, Refusal> {
    let Some(token) = query.get("input_token") else {
        return Err(Refusal::parameter("The parameter input_token is required."));
    };
    let data = app.with(|world| {
        let config = &world.config;
        if !config.access_token.contains(token) {
            let error = json!({"code": 190, "message": "Malformed access token"});
            return json!({"error": error, "is_valid": false, "scopes": []});
        }
        json!({
            "app_id": config.app_id, "type": "SYSTEM_USER", "application": "Emulator", "is_valid": true,
            "expires_at": config.token_expires_at, "scopes": config.token_scopes,
        })
    });
    Ok(answer(200, &json!({"data": data})))
}

/// The token of the header, or of the query as Meta's examples show.
fn authenticate(
    app: &App,
    headers: &HeaderMap,
    query: &BTreeMap<String, String>,
) -> Result<(), Refusal> {
    let header = headers
        .get(AUTHORIZATION)
        .and_then(|value| value.to_str().ok());
    let bearer = header.and_then(|value| {
        value
            .strip_prefix("Bearer ")
            .or_else(|| value.strip_prefix("OAuth "))
    });
    let Some(token) = bearer.or_else(|| query.get("access_token").map(String::as_str)) else {
        return Err(Refusal::unauthorized(
            "An access token is required to request this resource.",
        ));
    };
    let known = app.with(|world| {
        let config = &world.config;
        config.access_token.iter().any(|known| known == token)
            || token == format!("{}|{}", config.app_id, config.app_secret)
    });
    if known {
        Ok(())
    } else {
        Err(Refusal::unauthorized(
            "Invalid OAuth access token - Cannot parse access token",
        ))
    }
}

/// The `appsecret_proof` of the query: HMAC-SHA256 over the token under the app secret.
fn prove(app: &App, headers: &HeaderMap, query: &BTreeMap<String, String>) -> Result<(), Refusal> {
    let (secret, needed) = app.with(|world| {
        let config = &world.config;
        (config.app_secret.clone(), config.require_appsecret_proof)
    });
    let header = headers
        .get(AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split_once(' '));
    let token = header.map_or_else(
        || query.get("access_token").cloned().unwrap_or_default(),
        |(_, token)| token.to_owned(),
    );
    match query.get("appsecret_proof") {
        None if needed => Err(Refusal::parameter(
            "API calls from the server require an appsecret_proof argument",
        )),
        Some(proof) if format!("sha256={proof}") != signature(&secret, token.as_bytes()) => Err(
            Refusal::parameter("Invalid appsecret_proof provided in the API argument"),
        ),
        Some(_) | None => Ok(()),
    }
}

/// Whether a request may fetch media.
pub(crate) fn is_authentic(app: &App, headers: &HeaderMap) -> bool {
    authenticate(app, headers, &BTreeMap::new()).is_ok()
}

/// JSON, or a form whose values may be JSON.
async fn read_body(request: Request) -> Result<Value, Refusal> {
    let is_form = request
        .headers()
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.starts_with("application/x-www-form-urlencoded"));
    let bytes = to_bytes(request.into_body(), BODY)
        .await
        .map_err(|_| Refusal::parameter("The request is too large."))?;
    if !is_form {
        // As Meta does, a body that is no JSON counts as one without parameters.
        return Ok(serde_json::from_slice(&bytes).unwrap_or(Value::Null));
    }
    let value = |text: String| match text.chars().next() {
        Some('[' | '{') => serde_json::from_str(&text).unwrap_or(Value::String(text)),
        _ => Value::String(text),
    };
    Ok(form_urlencoded::parse(&bytes)
        .into_owned()
        .map(|(key, text)| (key, value(text)))
        .collect())
}

async fn other(app: &App, call: &Call<'_>) -> Result<Response, Refusal> {
    let fault = app.with(|world| world.other_faults.pop_front());
    if let Some(response) = strike(fault).await {
        return Ok(response);
    }
    let response = match app.with(|world| world.call(call))? {
        Step::Answer(body) => answer(200, &body),
        Step::Partly(status, body) => answer(status, &body),
        Step::Verify { change, token, url } => {
            deliver::verify(app, &url, &token)
                .await
                .map_err(Refusal::unverified)?;
            app.with(|world| world.apply(change, url, token));
            answer(200, &json!({"success": true}))
        }
    };
    Ok(spoil(fault, response))
}

async fn send(app: &App, edge: Edge, node: &str, request: Request) -> Result<Response, Refusal> {
    let path = request.uri().path().to_owned();
    let body = read_body(request).await?;
    if app.with(|world| world.number(node).is_none()) {
        return Err(Refusal::no_node("POST", node));
    }
    let fault = if body.get("status").is_some() {
        None
    } else {
        app.with(|world| world.faults.pop_front())
    };
    if let Some(response) = strike(fault).await {
        return Ok(response);
    }
    let response = app.with(|world| {
        let (result, id) = if body.get("status").is_some() {
            (world.mark_read(&body), None)
        } else {
            match world.send(edge, node, &body) {
                Ok(accepted) => (Ok(accepted.response), Some(accepted.id)),
                Err(refusal) => (Err(refusal), None),
            }
        };
        let n = world.next_number();
        let size = body.to_string().len();
        let call = SentCall {
            at: world.now(),
            body,
            code: result.as_ref().err().map(|refusal| refusal.code),
            id,
            n,
            path,
            phone_number_id: node.to_owned(),
            status: result
                .as_ref()
                .map_or_else(|refusal| refusal.status, |_| 200),
        };
        world.sent.push(call, size);
        result
    })?;
    Ok(spoil(fault, answer(200, &response)))
}

/// What a fault does before a call is looked at: its answer, or a delay.
async fn strike(fault: Option<Fault>) -> Option<Response> {
    let fault = fault?;
    if fault.kind == Kind::Slow {
        tokio::time::sleep(Duration::from_millis(fault.delay_ms)).await;
    }
    before_accepting(fault)
}

/// What a fault does to the answer of a call that was done.
fn spoil(fault: Option<Fault>, response: Response) -> Response {
    match fault.map(|fault| fault.kind) {
        Some(Kind::CutAfter) => cut(),
        Some(Kind::WrongBody) => answer(200, &json!({"ok": true})),
        _ => response,
    }
}

/// The answer of a fault that strikes before anything is accepted.
fn before_accepting(fault: Fault) -> Option<Response> {
    match fault.kind {
        Kind::CutAfter | Kind::Slow | Kind::WrongBody => None,
        Kind::CutBefore => Some(cut()),
        Kind::Html => {
            let page = "<!DOCTYPE html><title>Error</title><p>Sorry, something went wrong.</p>";
            Some((StatusCode::BAD_GATEWAY, [(CONTENT_TYPE, "text/html")], page).into_response())
        }
        Kind::ServerError => Some(refused(
            &Refusal::new(131_000, "Ordered by a fault."),
            "AFAULT",
        )),
        Kind::TooMany => {
            let mut response = refused(&Refusal::new(4, "Ordered by a fault."), "AFAULT");
            *response.status_mut() = StatusCode::TOO_MANY_REQUESTS;
            Some(response)
        }
    }
}

fn cut() -> Response {
    let mut response = Response::new(Body::empty());
    response.extensions_mut().insert(Cut);
    response
}

async fn upload(app: &App, node: &str, request: Request) -> Result<Response, Refusal> {
    if app.with(|world| world.number(node).is_none()) {
        return Err(Refusal::no_node("POST", node));
    }
    let form = read_upload(request).await?;
    if form.product.as_deref() != Some("whatsapp") {
        return Err(Refusal::parameter(
            "The parameter messaging_product is required.",
        ));
    }
    let Some((declared, bytes)) = form.file else {
        return Err(Refusal::parameter("The parameter file is required."));
    };
    let mime = form
        .mime
        .filter(|mime| mime.contains('/'))
        .unwrap_or(declared);
    let Some(most) = media::upload_limit(&mime) else {
        return Err(Refusal::parameter(format!(
            "Param file must be a file with one of the supported types - got {mime}."
        )));
    };
    if bytes.is_empty() || bytes.len() > most {
        return Err(Refusal::parameter(format!(
            "Param file must have between 1 and {most} bytes."
        )));
    }
    let id = app.with(|world| world.store_upload(&mime, bytes));
    Ok(answer(200, &json!({"id": id})))
}

#[derive(Default)]
struct Upload {
    file: Option<(String, Bytes)>,
    mime: Option<String>,
    product: Option<String>,
}

async fn read_upload(request: Request) -> Result<Upload, Refusal> {
    let broken = |_| Refusal::parameter("The request is no valid multipart form.");
    let (parts, body) = request.into_parts();
    let bytes = to_bytes(body, UPLOAD)
        .await
        .map_err(|_| Refusal::parameter("The file is too large."))?;
    let request = Request::from_parts(parts, Body::from(bytes));
    let unlimited =
        DefaultBodyLimit::disable().layer(tower::service_fn(|request: Request| async move {
            Ok::<_, std::convert::Infallible>(Multipart::from_request(request, &()).await)
        }));
    let Ok(form) = unlimited.oneshot(request).await;
    let mut form = form.map_err(|_| Refusal::parameter("The request is no multipart form."))?;
    let mut upload = Upload::default();
    while let Some(field) = form.next_field().await.map_err(broken)? {
        match field.name().unwrap_or_default() {
            "file" => {
                let mime = field
                    .content_type()
                    .unwrap_or("application/octet-stream")
                    .to_owned();
                upload.file = Some((mime, field.bytes().await.map_err(broken)?));
            }
            "messaging_product" => upload.product = Some(field.text().await.map_err(broken)?),
            "type" => upload.mime = Some(field.text().await.map_err(broken)?),
            _ => {}
        }
    }
    Ok(upload)
}
