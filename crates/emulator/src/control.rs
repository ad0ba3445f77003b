//! The control API under `/_emulator/`: JSON in, JSON out, errors as `{"error": "…"}`.

use std::time::Duration;

use axum::Json;
use axum::Router;
use axum::body::to_bytes;
use axum::extract::FromRequest;
use axum::extract::Query;
use axum::extract::Request;
use axum::extract::State;
use axum::response::IntoResponse as _;
use axum::response::Response;
use axum::routing::get;
use axum::routing::post;
use http::StatusCode;
use http::header::CONTENT_TYPE;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;
use serde_json::json;

use crate::app::App;
use crate::config::WindowCheck;
use crate::deliver;
use crate::fault::Fault;
use crate::json::list;
use crate::json::set_some;
use crate::json::text;
use crate::statuses::Status;
use crate::webhook::Delivery;
use crate::webhook::Signing;
use crate::world::SentCall;
use crate::world::World;

/// Bytes of a control call; media may be inside as base64.
const BODY: usize = 24 << 20;
/// Faults one may order at once.
const MOST_FAULTS: u64 = 10_000;
/// How long waiting calls wait unless they say otherwise, milliseconds.
const BOUND: u64 = 10_000;

pub(crate) fn router() -> Router<App> {
    Router::new()
        .route("/_emulator/account", post(account))
        .route("/_emulator/call", post(call))
        .route("/_emulator/calls/count", get(calls))
        .route("/_emulator/clock", get(clock).post(advance))
        .route("/_emulator/contacts", post(contacts))
        .route("/_emulator/deliveries/settle", post(settle))
        .route("/_emulator/echo", post(echo))
        .route("/_emulator/faults", post(faults))
        .route("/_emulator/group", post(group))
        .route("/_emulator/history", post(history))
        .route("/_emulator/inbound", post(inbound))
        .route("/_emulator/limits", get(limits).post(set_limits))
        .route("/_emulator/people", get(people))
        .route("/_emulator/preference", post(preference))
        .route("/_emulator/raw", post(raw))
        .route("/_emulator/reset", post(reset))
        .route("/_emulator/sent", get(sent))
        .route("/_emulator/statuses", post(statuses))
        .route("/_emulator/statuses/tick", post(tick))
        .route("/_emulator/system", post(system))
        .route("/_emulator/template", post(template))
        .route("/_emulator/verify", post(verify))
        .route("/_emulator/webhooks", get(webhooks))
        .route("/_emulator/{*rest}", get(nothing).post(nothing))
}

/// A JSON body; an empty one counts as `{}`. The content type must say JSON, which also keeps
/// other pages of the same browser from calling.
pub(crate) struct Body(Value);

impl<S: Send + Sync> FromRequest<S> for Body {
    type Rejection = Response;

    async fn from_request(request: Request, _: &S) -> Result<Self, Response> {
        let declared = request
            .headers()
            .get(CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default();
        if declared
            .split(';')
            .next()
            .is_none_or(|essence| essence.trim() != "application/json")
        {
            return Err(fail(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "the content type is not application/json",
            ));
        }
        let Ok(bytes) = to_bytes(request.into_body(), BODY).await else {
            return Err(fail(StatusCode::PAYLOAD_TOO_LARGE, "the body is too large"));
        };
        if bytes.is_empty() {
            return Ok(Self(json!({})));
        }
        serde_json::from_slice(&bytes)
            .map(Self)
            .map_err(|_| fail(StatusCode::BAD_REQUEST, "the body is no JSON"))
    }
}

pub(crate) fn fail(status: StatusCode, why: &str) -> Response {
    (status, Json(json!({"error": why}))).into_response()
}

fn reply(result: Result<Value, String>) -> Response {
    match result {
        Ok(body) => Json(body).into_response(),
        Err(why) => fail(StatusCode::BAD_REQUEST, &why),
    }
}

async fn nothing() -> Response {
    fail(StatusCode::NOT_FOUND, "there is no such control call")
}

async fn inbound(State(app): State<App>, Body(body): Body) -> Response {
    reply(app.with(|world| world.inbound(&body)))
}

async fn preference(State(app): State<App>, Body(body): Body) -> Response {
    reply(app.with(|world| world.preference(&body)))
}

async fn system(State(app): State<App>, Body(body): Body) -> Response {
    reply(app.with(|world| world.system(&body)))
}

async fn echo(State(app): State<App>, Body(body): Body) -> Response {
    reply(app.with(|world| world.echo(&body)))
}

async fn account(State(app): State<App>, Body(body): Body) -> Response {
    reply(app.with(|world| world.account_notice(&body)))
}

async fn call(State(app): State<App>, Body(body): Body) -> Response {
    reply(app.with(|world| world.call_event(&body)))
}

async fn contacts(State(app): State<App>, Body(body): Body) -> Response {
    reply(app.with(|world| world.address_book(&body)))
}

async fn group(State(app): State<App>, Body(body): Body) -> Response {
    reply(app.with(|world| world.group_change(&body)))
}

async fn history(State(app): State<App>, Body(body): Body) -> Response {
    reply(app.with(|world| world.history(&body)))
}

async fn template(State(app): State<App>, Body(body): Body) -> Response {
    reply(app.with(|world| world.upsert_template(&body)))
}

#[derive(Deserialize)]
struct RawQuery {
    signature: Option<String>,
}

async fn raw(State(app): State<App>, Query(query): Query<RawQuery>, Body(body): Body) -> Response {
    let signing = match query.signature.as_deref() {
        None | Some("valid") => Signing::Valid,
        Some("none") => Signing::None,
        Some("wrong") => Signing::Wrong,
        Some(_) => {
            return fail(
                StatusCode::BAD_REQUEST,
                "signature is not valid, wrong or none",
            );
        }
    };
    reply(Ok(
        json!({"webhook": app.with(|world| world.emit_raw(&body, signing))}),
    ))
}

async fn faults(State(app): State<App>, Body(body): Body) -> Response {
    if body.get("clear") == Some(&Value::Bool(true)) {
        app.with(|world| {
            world.faults.clear();
            world.other_faults.clear();
        });
        return reply(Ok(json!({"waiting": 0})));
    }
    let Some(fault) = Fault::parse(&body) else {
        return fail(
            StatusCode::BAD_REQUEST,
            "kind is not cut, cut_before_accept, 500, 429, html, slow or wrong_body",
        );
    };
    let other = match text(&body, "on") {
        None | Some("sends") => false,
        Some("other") => true,
        Some(_) => return fail(StatusCode::BAD_REQUEST, "on is not sends or other"),
    };
    let count = body
        .get("count")
        .and_then(Value::as_u64)
        .unwrap_or(1)
        .min(MOST_FAULTS);
    let waiting = app.with(|world| {
        let faults = if other {
            &mut world.other_faults
        } else {
            &mut world.faults
        };
        faults.extend((0..count).map(|_| fault));
        faults.truncate(usize::try_from(MOST_FAULTS).unwrap_or(usize::MAX));
        faults.len()
    });
    reply(Ok(json!({"waiting": waiting})))
}

async fn settle(State(app): State<App>, Body(body): Body) -> Response {
    if body.get("pending") == Some(&Value::Bool(true)) {
        app.with(World::tick_statuses);
    }
    reply(Ok(
        json!({"quiet": deliver::settle(&app, bound(&body)).await}),
    ))
}

fn bound(body: &Value) -> Duration {
    Duration::from_millis(
        body.get("bound_ms")
            .and_then(Value::as_u64)
            .unwrap_or(BOUND)
            .min(600_000),
    )
}

async fn tick(State(app): State<App>) -> Response {
    app.with(World::tick_statuses);
    reply(Ok(json!({})))
}

async fn statuses(State(app): State<App>, Body(body): Body) -> Response {
    let order = match body.get("order") {
        None | Some(Value::Null) => None,
        Some(order) => {
            let words = order
                .as_array()
                .into_iter()
                .flatten()
                .map(|word| Status::parse(word.as_str().unwrap_or_default()));
            match words.collect::<Option<Vec<_>>>() {
                Some(order) => Some(order),
                None => {
                    return fail(
                        StatusCode::BAD_REQUEST,
                        "order has a word that is not sent, delivered, read or played",
                    );
                }
            }
        }
    };
    let number = |key: &str| body.get(key).and_then(Value::as_u64);
    app.with(|world| {
        world.status_settings.order = order;
        world.status_settings.contacts_on_failed =
            body.get("contacts_on_failed") == Some(&Value::Bool(true));
        world.status_settings.duplicates =
            u32::try_from(number("duplicates").unwrap_or(0).min(100)).unwrap_or(0);
        world.status_settings.batch =
            usize::try_from(number("batch").unwrap_or(1).clamp(1, 1000)).unwrap_or(1);
    });
    reply(Ok(json!({})))
}

async fn limits(State(app): State<App>) -> Response {
    reply(Ok(app.with(|world| limits_json(world))))
}

async fn set_limits(State(app): State<App>, Body(body): Body) -> Response {
    reply(app.with(|world| change_limits(world, &body)))
}

fn change_limits(world: &mut World, body: &Value) -> Result<Value, String> {
    let mut limits = world.limits;
    let flag = |key: &str, old| body.get(key).and_then(Value::as_bool).unwrap_or(old);
    let number = |key: &str, old: u32| {
        let given = body.get(key).and_then(Value::as_u64);
        given
            .and_then(|given| u32::try_from(given).ok())
            .unwrap_or(old)
    };
    limits.direct_send = flag("direct_send", limits.direct_send);
    limits.magic_recipients = flag("magic_recipients", limits.magic_recipients);
    limits.pair_burst = number("pair_burst", limits.pair_burst);
    limits.pair_refill_seconds = number("pair_refill_seconds", limits.pair_refill_seconds);
    limits.throughput = number("throughput", limits.throughput).min(1_000_000);
    limits.window = match text(body, "window") {
        None => limits.window,
        Some("async") => WindowCheck::Async,
        Some("off") => WindowCheck::Off,
        Some("sync") => WindowCheck::Sync,
        Some(_) => return Err("window is not async, off or sync".to_owned()),
    };
    world.limits = limits;
    Ok(limits_json(world))
}

fn limits_json(world: &World) -> Value {
    let limits = world.limits;
    let window = match limits.window {
        WindowCheck::Async => "async",
        WindowCheck::Off => "off",
        WindowCheck::Sync => "sync",
    };
    json!({
        "direct_send": limits.direct_send, "magic_recipients": limits.magic_recipients, "pair_burst": limits.pair_burst,
        "pair_refill_seconds": limits.pair_refill_seconds, "throughput": limits.throughput, "window": window,
    })
}

async fn clock(State(app): State<App>) -> Response {
    reply(Ok(app.with(|world| clock_json(world))))
}

fn clock_json(world: &World) -> Value {
    let now = world.now();
    let text = Timestamp::from_microsecond(now)
        .map(|instant| instant.to_string())
        .unwrap_or_default();
    json!({"now": text, "now_micros": now, "virtual": world.clock.is_virtual()})
}

async fn advance(State(app): State<App>, Body(body): Body) -> Response {
    let Some(seconds) = body
        .get("advance_seconds")
        .and_then(Value::as_f64)
        .filter(|seconds| (0.0..=1e9).contains(seconds))
    else {
        return fail(
            StatusCode::BAD_REQUEST,
            "advance_seconds is not a number between 0 and 1e9",
        );
    };
    let micros = i64::try_from(Duration::from_secs_f64(seconds).as_micros()).unwrap_or(i64::MAX);
    let quiet = deliver::advance(&app, micros, bound(&body)).await;
    app.with(|world| world.tell(json!({"kind": "clock"})));
    let mut answer = app.with(|world| clock_json(world));
    set_some(&mut answer, "quiet", Some(quiet));
    reply(Ok(answer))
}

#[derive(Deserialize)]
struct Since {
    #[serde(default)]
    since: u64,
}

async fn sent(State(app): State<App>, Query(query): Query<Since>) -> Response {
    let calls = app.with(|world| {
        let calls = world.sent.iter().filter(|call| call.n > query.since);
        calls.map(sent_json).collect::<Vec<_>>()
    });
    reply(Ok(json!({"sent": calls})))
}

fn sent_json(call: &SentCall) -> Value {
    let mut shown = json!({
        "n": call.n, "at_micros": call.at, "path": call.path, "number": call.phone_number_id, "body": call.body,
        "status": call.status, "kind": kind_of(call),
    });
    set_some(&mut shown, "id", call.id.clone());
    set_some(&mut shown, "code", call.code);
    shown
}

fn kind_of(call: &SentCall) -> &'static str {
    if call.path.ends_with("/calls") {
        "call"
    } else if call.body.get("status").is_some() {
        "read"
    } else {
        "message"
    }
}

async fn webhooks(State(app): State<App>, Query(query): Query<Since>) -> Response {
    let log = app.with(|world| {
        let log = world
            .deliveries
            .iter()
            .filter(|delivery| delivery.n > query.since);
        log.map(delivery_json).collect::<Vec<_>>()
    });
    reply(Ok(json!({"webhooks": log})))
}

fn delivery_json(delivery: &Delivery) -> Value {
    let attempts: Vec<Value> = delivery
        .attempts
        .iter()
        .map(|attempt| match attempt.outcome {
            Ok(status) => json!({"at_micros": attempt.at, "status": status}),
            Err(error) => json!({"at_micros": attempt.at, "error": error}),
        })
        .collect();
    let mut shown = json!({
        "n": delivery.n, "field": delivery.field, "state": delivery.state.word(), "queued_at_micros": delivery.queued_at,
        "attempts": attempts, "body": String::from_utf8_lossy(&delivery.body),
    });
    set_some(&mut shown, "url", delivery.url.clone());
    set_some(&mut shown, "signature", delivery.signature.clone());
    shown
}

async fn calls(State(app): State<App>) -> Response {
    let counts = app.with(|world| world.calls.clone());
    let total: u64 = counts.values().sum();
    reply(Ok(json!({"calls": counts, "total": total})))
}

async fn people(State(app): State<App>) -> Response {
    let people = app.with(|world| {
        world
            .people
            .iter()
            .map(|person| world.person_json(person))
            .collect::<Vec<_>>()
    });
    reply(Ok(json!({"people": people})))
}

async fn reset(State(app): State<App>) -> Response {
    app.with(World::reset);
    reply(Ok(json!({})))
}

async fn verify(State(app): State<App>, Body(body): Body) -> Response {
    let (url, token) = app.with(|world| {
        (
            world.subscription.callback_url.clone(),
            world.subscription.verify_token.clone(),
        )
    });
    let url = text(&body, "url").map(str::to_owned).or(url);
    let Some(url) = url else {
        return fail(
            StatusCode::BAD_REQUEST,
            "there is no callback yet, give url",
        );
    };
    let token = text(&body, "verify_token").map_or(token, str::to_owned);
    match deliver::verify(&app, &url, &token).await {
        Ok(()) => {
            let keep = list(&body, "fields")
                .iter()
                .filter_map(Value::as_str)
                .map(str::to_owned)
                .collect();
            app.with(|world| world.apply(crate::account::Change::App { fields: keep }, url, token));
            reply(Ok(json!({"verified": true})))
        }
        Err(why) => fail(StatusCode::BAD_GATEWAY, why),
    }
}
