//! What the routes know of a request, for its line and its figures.

use std::sync::Arc;

use axum::Router;
use axum::extract::MatchedPath;
use axum::extract::Request;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::header;
use axum::middleware;
use axum::middleware::Next;
use axum::response::Response;
use imvume::listen::Client;
use imvume::listen::Known;
use imvume::listen::RequestId;
use service::Service;

/// The header in which a door names the decision behind its answer.
const DECISION: &str = "imvume-decision";

/// Tells the pattern of a request's route.
type Pattern = fn(&Request) -> Arc<str>;

#[derive(Clone)]
struct Teller {
    pattern: Pattern,
    service: Arc<Service>,
}

/// Makes a router whose routes are matched by their paths tell what it knows.
pub(crate) fn by_path(router: Router, service: &Arc<Service>) -> Router {
    let pattern = |request: &Request| {
        let matched = request.extensions().get::<MatchedPath>();
        matched.map_or_else(|| Arc::from("none"), |path| Arc::from(path.as_str()))
    };
    telling(router, service, pattern)
}

/// The same for the door of apps, which reads paths itself.
pub(crate) fn for_apps(router: Router, service: &Arc<Service>) -> Router {
    let pattern = |request: &Request| Arc::from(gateway::pattern(request.uri().path()));
    telling(router, service, pattern)
}

fn telling(router: Router, service: &Arc<Service>, pattern: Pattern) -> Router {
    let teller = Teller {
        pattern,
        service: Arc::clone(service),
    };
    router.layer(middleware::from_fn_with_state(teller, tell))
}

async fn tell(State(teller): State<Teller>, mut request: Request, next: Next) -> Response {
    if let Some(RequestId(id)) = request.extensions().get::<RequestId>().cloned() {
        request.extensions_mut().insert(gateway::RequestId(id));
    }
    if let Some(client) = request.extensions().get::<Client>() {
        let caller = desk::Caller(client.address);
        request.extensions_mut().insert(caller);
    }
    let (app, staff) = teller.bearer(request.headers());
    let route = Some((teller.pattern)(&request));
    let mut response = next.run(request).await;
    let decision = response.headers().get(DECISION);
    let decision = decision.and_then(|id| id.to_str().ok()?.parse().ok());
    response.extensions_mut().insert(Known {
        route,
        app,
        staff,
        decision,
    });
    response
}

impl Teller {
    /// The app, or the staff token, whose token in force came with a request.
    fn bearer(&self, headers: &HeaderMap) -> (Option<i64>, Option<i64>) {
        let token = headers
            .get(header::AUTHORIZATION)
            .and_then(|value| value.to_str().ok()?.split_once(' '))
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
        let Some((_, token)) = token else {
            return (None, None);
        };
        let store = self.service.store();
        let hash = store.keyring().token_hash(token);
        let registry = store.registry();
        match registry.token(&hash, store.clock().now()) {
            Some(held) => match held.app {
                Some(app) => (Some(app.0), None),
                None => (None, Some(held.id.0)),
            },
            None => (None, None),
        }
    }
}
