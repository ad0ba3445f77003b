//! Answers in Graph's shape.

use axum::body::Body;
use axum::http::HeaderValue;
use axum::http::StatusCode;
use axum::http::header;
use axum::response::IntoResponse;
use axum::response::Response;
use service::Answer;
use service::Failure;

/// The header that names the decision behind an answer.
const DECISION: &str = "imvume-decision";

/// The header that says when a message that waits is judged again.
const QUEUED_UNTIL: &str = "imvume-queued-until";

/// A good answer or a failure, ready to go out. The trace is drawn for each answer, so that a caller
/// can name one to the operator.
pub(crate) fn respond(outcome: Result<Answer, Failure>, trace: &str) -> Response {
    match outcome {
        Ok(answer) => {
            let (decision, queued_until) = (answer.decision, answer.queued_until);
            let (status, body) = answer.into_parts(trace);
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
            let mut response = json(status, body);
            if let Some(decision) = decision {
                response
                    .headers_mut()
                    .insert(DECISION, HeaderValue::from(decision.0));
            }
            let due = queued_until.map(|due| HeaderValue::from_str(&due.to_string()));
            if let Some(Ok(due)) = due {
                response.headers_mut().insert(QUEUED_UNTIL, due);
            }
            response
        }
        Err(failure) => fail(&failure, trace),
    }
}

fn fail(failure: &Failure, trace: &str) -> Response {
    let status =
        StatusCode::from_u16(failure.error.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = json(status, failure.error.to_json(trace));
    let headers = response.headers_mut();
    if let Some(decision) = failure.decision {
        headers.insert(DECISION, HeaderValue::from(decision.0));
    }
    if let Some(seconds) = failure.retry_after {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds.max(1)));
    }
    if let Some(challenge) = failure.error.www_authenticate {
        headers.insert(
            header::WWW_AUTHENTICATE,
            HeaderValue::from_static(challenge),
        );
    }
    response
}

fn json(status: StatusCode, body: Vec<u8>) -> Response {
    let kind = [(header::CONTENT_TYPE, "application/json")];
    (status, kind, Body::from(body)).into_response()
}
