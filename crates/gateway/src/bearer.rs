//! The access token: in the header, nowhere else.

use axum::http::HeaderMap;
use axum::http::Uri;
use axum::http::header;
use whatsapp::error::GraphError;

/// The bearer token of a request.
///
/// # Errors
/// 400 for a token in the query string, where logs and caches would keep it; 401 for no token, two
/// of them, or something that is none.
pub(crate) fn token<'h>(uri: &Uri, headers: &'h HeaderMap) -> Result<&'h str, GraphError> {
    if uri.query().is_some_and(names_a_token) {
        return Err(GraphError::token_in_query());
    }
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return Err(GraphError::token_missing());
    };
    value
        .to_str()
        .ok()
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, token)| {
            scheme.eq_ignore_ascii_case("bearer") && !token.is_empty() && token.len() <= 512
        })
        .map(|(_, token)| token)
        .ok_or_else(GraphError::token_invalid)
}

/// Whether a query string has a member named like a token, also in escaped spelling.
fn names_a_token(query: &str) -> bool {
    query.split('&').any(|pair| {
        let name = pair.split('=').next().unwrap_or_default();
        name.contains('%') || name.to_ascii_lowercase().contains("token")
    })
}
