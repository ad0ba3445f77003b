//! What a caller is told when an operation fails: RFC 9457 problem details out of a closed list.

use axum::http::HeaderValue;
use axum::http::StatusCode;
use axum::http::header;
use axum::response::IntoResponse;
use axum::response::Response;
use domain::request::step::RequestFault;
use serde::Serialize;
use store::Refusal;
use store::StoreError;
use utoipa::ToSchema;

use crate::meta::NotDone;

/// The media type of a problem.
pub(crate) const MEDIA_TYPE: &str = "application/problem+json";

/// Seconds until a busy store is worth asking again.
const BUSY: u16 = 1;

/// Seconds until a store that has stopped may have been started again.
const STOPPED: u16 = 30;

/// What kinds of failure there are. Titles and types are stable.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Kind {
    Body,
    Busy,
    Changed,
    Course,
    Ended,
    Exists,
    Failed,
    Forbidden,
    Held,
    MediaType,
    Method,
    Missing,
    Query,
    Restricted,
    Step,
    TokenInQuery,
    TooLarge,
    Unauthenticated,
    Upstream,
    Value,
}

impl Kind {
    /// All kinds.
    #[cfg(test)]
    const ALL: [Self; 20] = [
        Self::Body,
        Self::Busy,
        Self::Changed,
        Self::Course,
        Self::Ended,
        Self::Exists,
        Self::Failed,
        Self::Forbidden,
        Self::Held,
        Self::MediaType,
        Self::Method,
        Self::Missing,
        Self::Query,
        Self::Restricted,
        Self::Step,
        Self::TokenInQuery,
        Self::TooLarge,
        Self::Unauthenticated,
        Self::Upstream,
        Self::Value,
    ];

    const fn uri(self) -> &'static str {
        match self {
            Self::Body => "urn:imvume:problem:body",
            Self::Busy => "urn:imvume:problem:busy",
            Self::Changed => "urn:imvume:problem:changed",
            Self::Course => "urn:imvume:problem:course",
            Self::Ended => "urn:imvume:problem:ended",
            Self::Exists => "urn:imvume:problem:exists",
            Self::Failed => "urn:imvume:problem:failed",
            Self::Forbidden => "urn:imvume:problem:forbidden",
            Self::Held => "urn:imvume:problem:held",
            Self::MediaType => "urn:imvume:problem:media-type",
            Self::Method => "urn:imvume:problem:method",
            Self::Missing => "urn:imvume:problem:missing",
            Self::Query => "urn:imvume:problem:query",
            Self::Restricted => "urn:imvume:problem:restricted",
            Self::Step => "urn:imvume:problem:step",
            Self::TokenInQuery => "urn:imvume:problem:token-in-query",
            Self::TooLarge => "urn:imvume:problem:too-large",
            Self::Unauthenticated => "urn:imvume:problem:unauthenticated",
            Self::Upstream => "urn:imvume:problem:upstream",
            Self::Value => "urn:imvume:problem:value",
        }
    }

    const fn title(self) -> &'static str {
        match self {
            Self::Body => "The body is not the JSON this operation takes",
            Self::Busy => "The service cannot answer now",
            Self::Changed => "Somebody else has changed it meanwhile",
            Self::Course => "It cannot take this step where it stands",
            Self::Ended => "The thing has ended",
            Self::Exists => "There is one already",
            Self::Failed => "Something failed inside",
            Self::Forbidden => "The token may not do this",
            Self::Held => "A legal hold covers it",
            Self::MediaType => "The body has to be application/json",
            Self::Method => "The method does not exist here",
            Self::Missing => "There is no such thing",
            Self::Query => "The query is not the one this operation takes",
            Self::Restricted => "Processing of the person's data is restricted",
            Self::Step => "The consent event does not follow from the state before it",
            Self::TokenInQuery => "A token may not stand in the query",
            Self::TooLarge => "The body is too large",
            Self::Unauthenticated => "A staff token is needed",
            Self::Upstream => "WhatsApp did not do it",
            Self::Value => "A value is not acceptable",
        }
    }

    const fn status(self) -> StatusCode {
        match self {
            Self::Body | Self::Query | Self::TokenInQuery => StatusCode::BAD_REQUEST,
            Self::Busy => StatusCode::SERVICE_UNAVAILABLE,
            Self::Changed
            | Self::Course
            | Self::Ended
            | Self::Exists
            | Self::Held
            | Self::Restricted
            | Self::Step => StatusCode::CONFLICT,
            Self::Failed => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Forbidden => StatusCode::FORBIDDEN,
            Self::MediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Method => StatusCode::METHOD_NOT_ALLOWED,
            Self::Missing => StatusCode::NOT_FOUND,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Unauthenticated => StatusCode::UNAUTHORIZED,
            Self::Upstream => StatusCode::BAD_GATEWAY,
            Self::Value => StatusCode::UNPROCESSABLE_ENTITY,
        }
    }
}

/// A failure as the caller is told of it.
#[derive(Debug)]
#[must_use]
pub(crate) struct Problem {
    kind: Kind,
    detail: Option<String>,
    field: Option<&'static str>,
    retry_after: u16,
}

/// RFC 9457 problem details.
#[derive(Serialize, ToSchema)]
#[schema(as = Problem)]
pub(crate) struct ProblemBody {
    /// What kind of failure it is; stable.
    #[serde(rename = "type")]
    #[schema(example = "urn:imvume:problem:missing")]
    uri: &'static str,
    /// The same in words; stable for each type.
    title: &'static str,
    /// The HTTP status.
    status: u16,
    /// What was wrong this time. It never repeats what came in.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    /// The member of the body or the parameter that is not acceptable.
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<&'static str>,
}

impl Problem {
    /// A failure with what was wrong this time, in the program's own words.
    pub(crate) fn new(kind: Kind, detail: impl Into<String>) -> Self {
        Self {
            detail: Some(detail.into()),
            ..Self::from(kind)
        }
    }

    /// A member of the body, or a parameter, that is not acceptable.
    pub(crate) fn value(field: &'static str, detail: impl Into<String>) -> Self {
        Self {
            field: Some(field),
            ..Self::new(Kind::Value, detail)
        }
    }
}

impl From<Kind> for Problem {
    fn from(kind: Kind) -> Self {
        Self {
            kind,
            detail: None,
            field: None,
            retry_after: BUSY,
        }
    }
}

impl From<NotDone> for Problem {
    fn from(why: NotDone) -> Self {
        match why {
            NotDone::Configured => Self::value(
                "phone_number_id",
                "it stands in the configuration file; change it there",
            ),
            NotDone::Elsewhere => Self::value("waba_id", "the number does not belong to it"),
            NotDone::Missing => Kind::Missing.into(),
            NotDone::Refused(code) => {
                Self::new(Kind::Upstream, format!("it refused with code {code}"))
            }
            NotDone::Unavailable => Self::new(Kind::Upstream, "it cannot be reached; try again"),
            NotDone::Unclear => Self::new(
                Kind::Upstream,
                "it did not say whether it was done; look before you try again",
            ),
        }
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let kind = match refusal {
            Refusal::Missing(_) => Kind::Missing,
            Refusal::Exists(_) => Kind::Exists,
            Refusal::Consent(_) => Kind::Step,
            Refusal::Ended(_) | Refusal::Request(RequestFault::Ended) => Kind::Ended,
            Refusal::Changed(_) => Kind::Changed,
            Refusal::Request(RequestFault::ProvisionMissing) => Kind::Value,
            Refusal::Request(_) => Kind::Course,
            Refusal::Held => Kind::Held,
            Refusal::Restricted => Kind::Restricted,
            Refusal::Hold(_) | Refusal::Retention(_) | Refusal::Terms(_) | Refusal::Unseen(_) => {
                Kind::Value
            }
        };
        Self::new(kind, refusal.to_string())
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Refused(refusal) => refusal.into(),
            StoreError::Busy | StoreError::Full => Kind::Busy.into(),
            StoreError::Fenced | StoreError::Stopped => Self {
                retry_after: STOPPED,
                ..Self::from(Kind::Busy)
            },
            StoreError::Damaged { .. }
            | StoreError::Touched { .. }
            | StoreError::Database(_)
            | StoreError::Seal(_)
            | StoreError::Keyring(_)
            | StoreError::File { .. }
            | StoreError::Locked
            | StoreError::Newer { .. }
            | StoreError::Foreign
            | StoreError::Moved
            | StoreError::Backup(_)
            | StoreError::NotNew
            | StoreError::Restoring
            | StoreError::NotShipped
            | StoreError::OtherInstance
            | StoreError::Unequal { .. }
            | StoreError::Server(_)
            | StoreError::Unreachable
            | StoreError::Unsafe { .. } => {
                tracing::error!(%error, "an operation of the admin API failed");
                Kind::Failed.into()
            }
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = self.kind.status();
        let body = ProblemBody {
            uri: self.kind.uri(),
            title: self.kind.title(),
            status: status.as_u16(),
            detail: self.detail,
            field: self.field,
        };
        let body = serde_json::to_vec(&body).unwrap_or_default();
        let mut response = (status, [(header::CONTENT_TYPE, MEDIA_TYPE)], body).into_response();
        let extra = match self.kind {
            Kind::Busy => Some((header::RETRY_AFTER, HeaderValue::from(self.retry_after))),
            Kind::Unauthenticated => {
                let challenge = HeaderValue::from_static("Bearer realm=\"imvume\"");
                Some((header::WWW_AUTHENTICATE, challenge))
            }
            _ => None,
        };
        response.headers_mut().extend(extra);
        response
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use axum::response::IntoResponse;
    use store::StoreError;

    use super::Kind;
    use super::Problem;

    #[test]
    fn types_and_titles_are_unlike() {
        let types: BTreeSet<&str> = Kind::ALL.iter().map(|kind| kind.uri()).collect();
        let titles: BTreeSet<&str> = Kind::ALL.iter().map(|kind| kind.title()).collect();
        assert_eq!(types.len(), Kind::ALL.len());
        assert_eq!(titles.len(), Kind::ALL.len());
        insta::assert_debug_snapshot!(
            Kind::ALL
                .iter()
                .map(|kind| (kind.status().as_u16(), kind.uri(), kind.title()))
                .collect::<Vec<_>>()
        );
    }

    #[test]
    fn what_fails_inside_stays_inside() {
        for (error, status, retry_after) in [
            (StoreError::Busy, 503, Some("1")),
            (StoreError::Stopped, 503, Some("30")),
            (StoreError::Foreign, 500, None),
            (
                StoreError::Damaged {
                    table: "messages",
                    column: "state",
                    id: 7,
                },
                500,
                None,
            ),
        ] {
            let problem = Problem::from(error);
            assert_eq!(problem.detail, None);
            let response = problem.into_response();
            assert_eq!(response.status().as_u16(), status);
            let header = response.headers().get("retry-after");
            assert_eq!(header.map(|value| value.to_str().unwrap()), retry_after);
        }
    }
}
