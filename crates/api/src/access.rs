//! Who may do what: a handler's argument type is its permission.

use std::marker::PhantomData;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::extract::Query;
use axum::extract::Request;
use axum::http::HeaderMap;
use axum::http::HeaderValue;
use axum::http::Uri;
use axum::http::header;
use axum::http::request::Parts;
use axum::middleware::Next;
use axum::response::IntoResponse;
use axum::response::Response;
use domain::access;
use domain::access::Permission;
use domain::access::Role;
use domain::audit::Actor;
use domain::time::Timestamp;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use store::Reader;
use store::Registry;
use store::Store;
use store::StoreError;

use crate::erasing::Erasing;
use crate::lists::Lists;
use crate::meta::Meta;
use crate::office::Office;
use crate::portal::Portal;
use crate::problem::Kind;
use crate::problem::Problem;
use crate::requests::Requests;
use crate::state::ApiState;

/// How every token of ours begins.
const TOKEN: &str = "imvume_";

/// Names under which callers are tempted to put a token into the query.
const TOKEN_PARAMETERS: [&str; 3] = ["access_token", "authorization", "token"];

/// A permission as a type.
pub(crate) trait Permitted: 'static {
    /// The permission.
    const PERMISSION: Permission;
}

macro_rules! permissions {
    ($($name:ident),+ $(,)?) => {
        /// One type for each permission; none of them has a value.
        pub(crate) mod perm {
            $(
                #[doc = concat!("[`Permission::", stringify!($name), "`](super::Permission).")]
                pub(crate) enum $name {}

                impl super::Permitted for $name {
                    const PERMISSION: super::Permission = super::Permission::$name;
                }
            )+
        }
    };
}

permissions!(
    CancelQueued,
    EraseSubjects,
    ExportSubjects,
    ManageApps,
    ManageEmergencyStop,
    ManageHolds,
    ManageKeys,
    ManageNumbers,
    ManagePurposes,
    ManageRequests,
    ManageRetention,
    RecordConsent,
    ReplayDeliveries,
    RestrictSubjects,
    RevealSubjects,
    ViewBackups,
    ViewConfiguration,
    ViewDecisions,
    ViewLog,
    ViewRequests,
    ViewStatistics,
    ViewSubjects,
);

/// Leave to do what `P` permits, with the checked query `Q`: the only way to the store.
pub(crate) struct Allowed<P, Q = NoQuery> {
    /// Who asks.
    pub(crate) actor: Actor,
    /// The checked query.
    pub(crate) query: Q,
    state: ApiState,
    permission: PhantomData<fn() -> P>,
}

/// The query of an operation that takes none.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NoQuery {}

impl<P, Q> Allowed<P, Q> {
    /// Everything Imvume keeps.
    pub(crate) fn store(&self) -> &Arc<Store> {
        &self.state.store
    }

    /// What is configured.
    pub(crate) fn registry(&self) -> Arc<Registry> {
        self.state.store.registry()
    }

    /// What is configured, and the query, for an operation that needs nothing else.
    pub(crate) fn configured(self) -> (Arc<Registry>, Q) {
        (self.state.store.registry(), self.query)
    }

    /// The present instant.
    pub(crate) fn now(&self) -> Timestamp {
        self.state.store.clock().now()
    }

    /// What can be asked of Meta.
    pub(crate) fn meta(&self) -> &dyn Meta {
        self.state.meta.as_ref()
    }

    /// The rulebook, and what the log's files prove.
    pub(crate) fn office(&self) -> &dyn Office {
        self.state.office.as_ref()
    }

    /// Whoever erases people.
    pub(crate) fn erasing(&self) -> &dyn Erasing {
        self.state.erasing.as_ref()
    }

    /// Whoever reads lists of people.
    pub(crate) fn lists(&self) -> &dyn Lists {
        self.state.lists.as_ref()
    }

    /// Whoever writes to people outside of WhatsApp.
    pub(crate) fn portal(&self) -> &dyn Portal {
        self.state.portal.as_ref()
    }

    /// Whoever carries requests of people on.
    pub(crate) fn requests(&self) -> &dyn Requests {
        self.state.requests.as_ref()
    }

    /// The newest signed checkpoint.
    pub(crate) fn checkpoint(&self) -> Option<String> {
        (self.state.checkpoint)()
    }

    /// Reads what is not personal data, or masks it.
    pub(crate) async fn read<T, F>(&self, work: F) -> Result<T, Problem>
    where
        F: FnOnce(&Reader<'_>) -> Result<T, StoreError> + Send + 'static,
        T: Send + 'static,
    {
        Ok(self.state.store.read(work).await?)
    }
}

impl<P: Permitted, Q: DeserializeOwned> FromRequestParts<ApiState> for Allowed<P, Q> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &ApiState) -> Result<Self, Problem> {
        let actor = authorise(&parts.headers, state, P::PERMISSION)?;
        let query = Query::try_from_uri(&parts.uri)
            .map(|Query(query)| query)
            .map_err(|_| Problem::from(Kind::Query))?;
        Ok(Self {
            actor,
            query,
            state: state.clone(),
            permission: PhantomData,
        })
    }
}

/// Who stands behind the request, if they may do it.
fn authorise(
    headers: &HeaderMap,
    state: &ApiState,
    permission: Permission,
) -> Result<Actor, Problem> {
    let unauthenticated = || Problem::from(Kind::Unauthenticated);
    let token = bearer(headers).ok_or_else(unauthenticated)?;
    let hash = state.store.keyring().token_hash(token);
    let registry = state.store.registry();
    let held = registry
        .token(&hash, state.store.clock().now())
        .ok_or_else(unauthenticated)?;
    // An app's token is nobody's role here, so nothing is permitted to it.
    let role = held.app.is_none().then_some(Role::Bootstrap);
    if role.is_some_and(|role| access::permits(role, permission)) {
        Ok(Actor::Staff(held.id))
    } else {
        let detail = format!("this takes the permission `{}`", permission.name());
        Err(Problem::new(Kind::Forbidden, detail))
    }
}

/// The one token of the request (RFC 6750 §2.1); two are none.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let value = values.next()?;
    if values.next().is_some() {
        return None;
    }
    let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token)
}

/// Stands before every request: refuses tokens in the query, which would end up in logs and
/// histories, and lets nothing be cached.
pub(crate) async fn guard(request: Request, next: Next) -> Response {
    let mut response = if has_token(request.uri()) {
        Problem::from(Kind::TokenInQuery).into_response()
    } else {
        next.run(request).await
    };
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn has_token(uri: &Uri) -> bool {
    Query::<Vec<(String, String)>>::try_from_uri(uri).is_ok_and(|Query(pairs)| {
        pairs.iter().any(|(name, value)| {
            value.contains(TOKEN)
                || name.contains(TOKEN)
                || TOKEN_PARAMETERS.contains(&name.to_ascii_lowercase().as_str())
        })
    })
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderMap;
    use axum::http::header;

    use super::bearer;
    use super::has_token;

    #[test]
    fn one_bearer_token_or_none() {
        for (values, expected) in [
            (
                &["Bearer imvume_staff_x"] as &[&str],
                Some("imvume_staff_x"),
            ),
            (&["bearer imvume_staff_x"], Some("imvume_staff_x")),
            (&["Basic aW12dW1lOg=="], None),
            (&["imvume_staff_x"], None),
            (&["Bearer a", "Bearer b"], None),
            (&[], None),
        ] {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(header::AUTHORIZATION, value.parse().unwrap());
            }
            assert_eq!(bearer(&headers), expected, "{values:?}");
        }
    }

    #[test]
    fn tokens_in_the_query_are_seen() {
        for (uri, seen) in [
            ("/api/v1/apps", false),
            ("/api/v1/apps?limit=3", false),
            ("/api/v1/apps?access_token=x", true),
            ("/api/v1/apps?Token=x", true),
            ("/api/v1/apps?limit=imvume%5fstaff%5fabc", true),
            ("/api/v1/apps?imvume_app_abc", true),
        ] {
            assert_eq!(has_token(&uri.parse().unwrap()), seen, "{uri}");
        }
    }
}
