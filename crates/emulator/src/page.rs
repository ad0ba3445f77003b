//! The phone page: its files, its state, its live feed, and the media it shows.

use std::convert::Infallible;

use axum::Json;
use axum::Router;
use axum::body::Body;
use axum::body::to_bytes;
use axum::extract::Path;
use axum::extract::Query;
use axum::extract::Request;
use axum::extract::State;
use axum::extract::rejection::QueryRejection;
use axum::response::IntoResponse as _;
use axum::response::Redirect;
use axum::response::Response;
use axum::response::Sse;
use axum::response::sse::Event;
use axum::response::sse::KeepAlive;
use axum::routing::get;
use axum::routing::post;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::Stream;
use futures_util::stream;
use http::HeaderMap;
use http::HeaderValue;
use http::StatusCode;
use http::header::CACHE_CONTROL;
use http::header::CONTENT_SECURITY_POLICY;
use http::header::CONTENT_TYPE;
use http::header::REFERRER_POLICY;
use http::header::X_CONTENT_TYPE_OPTIONS;
use serde::Deserialize;
use serde_json::json;
use tokio::sync::broadcast::error::RecvError;

use crate::app::App;
use crate::control::fail;
use crate::graph;
use crate::thread::Bubble;

/// Bytes of a picture sent from the page.
const PICTURE: usize = 5 << 20;

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; media-src 'self'; \
connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

pub(crate) fn router() -> Router<App> {
    Router::new()
        .route("/", get(|| async { Redirect::temporary("/_phone/") }))
        .route("/_phone", get(|| async { Redirect::temporary("/_phone/") }))
        .route(
            "/_phone/",
            get(|| async { file("text/html; charset=utf-8", include_str!("phone/index.html")) }),
        )
        .route(
            "/_phone/phone.css",
            get(|| async { file("text/css; charset=utf-8", include_str!("phone/phone.css")) }),
        )
        .route(
            "/_phone/phone.js",
            get(|| async {
                file(
                    "text/javascript; charset=utf-8",
                    include_str!("phone/phone.js"),
                )
            }),
        )
        .route(
            "/_phone/view.js",
            get(|| async {
                file(
                    "text/javascript; charset=utf-8",
                    include_str!("phone/view.js"),
                )
            }),
        )
        .route(
            "/_phone/icon.svg",
            get(|| async { file("image/svg+xml", include_str!("phone/icon.svg")) }),
        )
        .route("/_phone/state", get(state))
        .route("/_phone/chat", get(chat))
        .route("/_phone/events", get(events))
        .route("/_phone/media/{id}", get(media))
        .route("/_phone/picture", post(picture))
        .route("/_lookaside/{id}", get(lookaside))
}

fn file(mime: &'static str, content: &'static str) -> Response {
    let mut response = content.into_response();
    protect(response.headers_mut(), mime);
    response
}

fn protect(headers: &mut HeaderMap, mime: &'static str) {
    for (name, value) in [
        (CACHE_CONTROL, "no-store"),
        (CONTENT_SECURITY_POLICY, POLICY),
        (CONTENT_TYPE, mime),
        (REFERRER_POLICY, "no-referrer"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
}

async fn state(State(app): State<App>) -> Response {
    Json(app.with(|world| world.phone_state())).into_response()
}

#[derive(Deserialize)]
struct Chat {
    caption: Option<String>,
    number: String,
    person: String,
}

async fn chat(State(app): State<App>, Query(chat): Query<Chat>) -> Response {
    let bubbles = app.with(|world| {
        let mine = |bubble: &&Bubble| {
            bubble.person == chat.person && bubble.phone_number_id == chat.number
        };
        let mut newest: Vec<_> = world
            .bubbles
            .iter()
            .rev()
            .filter(mine)
            .take(500)
            .map(Bubble::to_json)
            .collect();
        newest.reverse();
        newest
    });
    Json(json!({"messages": bubbles})).into_response()
}

async fn events(State(app): State<App>) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let feed = stream::unfold((app.live.subscribe(), app), |(mut live, app)| async move {
        let what = tokio::select! {
            () = app.stop.cancelled() => return None,
            what = live.recv() => what,
        };
        let event = match what {
            Ok(what) => Event::default().data(what),
            // A page that fell behind draws everything anew.
            Err(RecvError::Lagged(_)) => Event::default().data("{\"kind\":\"reset\"}"),
            Err(RecvError::Closed) => return None,
        };
        Some((Ok(event), (live, app)))
    });
    Sse::new(feed).keep_alive(KeepAlive::default())
}

/// Pictures, sound and video as they are; anything else only as a download.
async fn media(State(app): State<App>, Path(id): Path<String>) -> Response {
    let Some((mime, bytes)) = app.with(|world| {
        world
            .live_media(&id)
            .map(|object| (object.mime.clone(), object.bytes.clone()))
    }) else {
        return fail(StatusCode::NOT_FOUND, "there is no such media");
    };
    let shown = SHOWN
        .iter()
        .find(|shown| mime.starts_with(**shown))
        .copied();
    let mut response = Body::from(bytes).into_response();
    protect(
        response.headers_mut(),
        shown.unwrap_or("application/octet-stream"),
    );
    if shown.is_none() {
        response.headers_mut().insert(
            "content-disposition",
            HeaderValue::from_static("attachment"),
        );
    }
    response
}

const SHOWN: &[&str] = &[
    "audio/aac",
    "audio/mp4",
    "audio/mpeg",
    "audio/ogg",
    "image/jpeg",
    "image/png",
    "image/webp",
    "video/3gpp",
    "video/mp4",
];

async fn picture(State(app): State<App>, Query(chat): Query<Chat>, request: Request) -> Response {
    let mime = request
        .headers()
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
        .to_owned();
    if !matches!(mime.as_str(), "image/jpeg" | "image/png") {
        return fail(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "a picture is a JPEG or PNG file",
        );
    }
    let Ok(bytes) = to_bytes(request.into_body(), PICTURE).await else {
        return fail(StatusCode::PAYLOAD_TOO_LARGE, "a picture has at most 5 MB");
    };
    let mut image = json!({"mime_type": mime, "data": STANDARD.encode(&bytes)});
    crate::json::set_some(&mut image, "caption", chat.caption);
    let body = json!({"from": chat.person, "number": chat.number, "type": "image", "image": image});
    match app.with(|world| world.inbound(&body)) {
        Ok(answer) => Json(answer).into_response(),
        Err(why) => fail(StatusCode::BAD_REQUEST, &why),
    }
}

#[derive(Deserialize)]
struct Address {
    ext: i64,
    hash: String,
}

/// What the address of a located medium leads to: with the token, and for five minutes.
async fn lookaside(
    State(app): State<App>,
    Path(id): Path<String>,
    headers: HeaderMap,
    address: Result<Query<Address>, QueryRejection>,
) -> Response {
    if !graph::is_authentic(&app, &headers) {
        return fail(
            StatusCode::UNAUTHORIZED,
            "the access token is missing or wrong",
        );
    }
    app.with(|world| world.count_call("GET lookaside"));
    let found = address.ok().and_then(|Query(address)| {
        app.with(|world| {
            let object = world.by_address(&id, address.ext, &address.hash)?;
            Some((object.mime.clone(), object.bytes.clone()))
        })
    });
    let Some((mime, bytes)) = found else {
        return fail(
            StatusCode::NOT_FOUND,
            "the address is unknown or has expired",
        );
    };
    let mut response = Body::from(bytes).into_response();
    if let Ok(mime) = HeaderValue::from_str(&mime) {
        response.headers_mut().insert(CONTENT_TYPE, mime);
    }
    response
}
