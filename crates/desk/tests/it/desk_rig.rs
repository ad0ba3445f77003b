//! A desk over a whole gateway, and a browser as far as these tests need one.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::Router;
use axum::body::Body;
use axum::routing::post;
use desk::Form;
use domain::confirmation::Route;
use egress::mail::MailServer;
use egress::mail::Mailer;
use egress::mail::Security;
use egress::sms::SmsProvider;
use http::HeaderMap;
use http::Method;
use http::Request;
use http::StatusCode;
use http_body_util::BodyExt as _;
use jiff::tz::TimeZone;
use seal::Zeroizing;
use serde_json::Value;
use serde_json::json;
use testkit::TestGateway;
use testkit::smtp::Door;
use testkit::smtp::SmtpServer;
use tokio::net::TcpListener;
use tokio::sync::Mutex;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::sync::mpsc::unbounded_channel;
use tower::ServiceExt as _;
use url::Host;
use url::Url;
use url::form_urlencoded;

/// Where people come.
pub(crate) const SITE: &str = "https://people.example";
/// Who may frame the form.
pub(crate) const SHOP: &str = "https://shop.example";

pub(crate) struct Rig {
    pub(crate) gateway: TestGateway,
    pub(crate) mail: SmtpServer,
    sms: Mutex<UnboundedReceiver<(String, String)>>,
    router: Router,
}

/// A provider of SMS that hands on what it takes: to whom, and what.
async fn provider() -> (Url, UnboundedReceiver<(String, String)>) {
    let (keep, taken) = unbounded_channel();
    let take = post(async move |Json(sms): Json<Value>| {
        let text = |name: &str| sms[name].as_str().unwrap().to_owned();
        keep.send((text("to"), text("text"))).unwrap();
        Json(json!({ "id": "1" }))
    });
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/sms", listener.local_addr().unwrap());
    let router = Router::new().route("/sms", take);
    tokio::spawn(async move { axum::serve(listener, router).await });
    (Url::parse(&url).unwrap(), taken)
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Rig {
    pub(crate) async fn start() -> Self {
        Self::start_in(&[]).await
    }

    /// With these languages.
    pub(crate) async fn start_in(languages: &[&str]) -> Self {
        Self::start_as(languages, true).await
    }

    /// Where no provider of SMS is set up.
    pub(crate) async fn start_without_sms() -> Self {
        Self::start_as(&[], false).await
    }

    async fn start_as(languages: &[&str], texts: bool) -> Self {
        let mail = SmtpServer::start(Door::Plain, &[]).await;
        let port = mail.address.port();
        let (url, sms) = provider().await;
        let gateway = TestGateway::start_told(|settings| {
            let server = MailServer {
                host: Host::parse("127.0.0.1").unwrap(),
                port,
                security: Security::Plain,
                login: None,
                timeout: Duration::from_secs(10),
            };
            let sender = "Kaapse Koffie <news@kaapsekoffie.example>".parse().unwrap();
            let mailer = Mailer::new(settings.egress.clone(), server, sender).unwrap();
            settings.portal.public_url = Some(Url::parse(SITE).unwrap());
            settings.portal.outbox.mail = Some(mailer);
            settings.portal.outbox.sms = texts.then(|| SmsProvider::Generic {
                url,
                token: Zeroizing::new("a-token".to_owned()),
                from: None,
            });
        })
        .await;
        let form = |code: &str, routes: &[Route], embed: &[&str]| Form {
            code: code.to_owned(),
            purposes: vec!["marketing".to_owned()],
            languages: Vec::new(),
            embed: embed.iter().map(|origin| (*origin).to_owned()).collect(),
            routes: routes.to_vec(),
        };
        let settings = desk::Settings {
            address: Url::parse(SITE).unwrap(),
            languages: languages.iter().map(|tag| (*tag).to_owned()).collect(),
            language: "en".to_owned(),
            zone: TimeZone::get("Africa/Johannesburg").unwrap(),
            forms: vec![
                form("news", &[Route::Email], &[SHOP]),
                form("any", &[Route::Email, Route::Chat], &[]),
            ],
        };
        let router = desk::router(Arc::clone(&gateway.service), settings).unwrap();
        Self {
            gateway,
            mail,
            sms: Mutex::new(sms),
            router,
        }
    }

    pub(crate) async fn ask(&self, request: Request<Body>) -> Reply {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        Reply {
            status: parts.status,
            headers: parts.headers,
            body: String::from_utf8_lossy(&bytes).into_owned(),
        }
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.get_with(path, &[]).await
    }

    pub(crate) async fn get_with(&self, path: &str, headers: &[(&str, &str)]) -> Reply {
        let request = browser(Method::GET, path, headers);
        self.ask(request.body(Body::empty()).unwrap()).await
    }

    /// A form as this site's own page sends it.
    pub(crate) async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Reply {
        self.post_with(path, &[("origin", SITE)], fields).await
    }

    pub(crate) async fn post_with(
        &self,
        path: &str,
        headers: &[(&str, &str)],
        fields: &[(&str, &str)],
    ) -> Reply {
        let body = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(fields)
            .finish();
        let request = browser(Method::POST, path, headers)
            .header("content-type", "application/x-www-form-urlencoded");
        self.ask(request.body(Body::from(body)).unwrap()).await
    }

    /// The token of the form that a page shows.
    pub(crate) async fn token(&self, page: &str) -> String {
        self.get(page).await.token()
    }

    /// The next SMS: to whom, and what.
    pub(crate) async fn next_sms(&self) -> (String, String) {
        let mut sms = self.sms.lock().await;
        let next = tokio::time::timeout(Duration::from_secs(10), sms.recv());
        next.await.unwrap().unwrap()
    }

    /// Whether no further SMS has come.
    pub(crate) async fn no_more_sms(&self) -> bool {
        self.sms.lock().await.try_recv().is_err()
    }

    /// Sends what waits, and gives back the path of the newest link.
    pub(crate) async fn newest_link(&self) -> String {
        self.gateway.service.posts_now().await.unwrap();
        let mail = self.mail.received();
        let message = unfold(&mail.last().unwrap().message);
        let (_, rest) = message.split_once(&format!("{SITE}/c/")).unwrap();
        let end = |c: char| !(c.is_ascii_alphanumeric() || "_-".contains(c));
        format!("/c/{}", rest.split(end).next().unwrap())
    }
}

/// Quoted-printable text with its soft line ends taken out (RFC 2045 §6.7).
pub(crate) fn unfold(message: &str) -> String {
    message.replace("=\r\n", "").replace("=\n", "")
}

pub(crate) fn browser(
    method: Method,
    path: &str,
    headers: &[(&str, &str)],
) -> http::request::Builder {
    let mut request = Request::builder()
        .method(method)
        .uri(path)
        .header("accept", "text/html,application/xhtml+xml")
        .header("user-agent", "a browser");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request
}

impl Reply {
    pub(crate) fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name);
        value.map_or("", |value| value.to_str().unwrap())
    }

    /// The first form's token.
    pub(crate) fn token(&self) -> String {
        self.between("name=\"token\" value=\"", "\"")
    }

    pub(crate) fn between(&self, before: &str, after: &str) -> String {
        let (_, rest) = self.body.split_once(before).unwrap_or_else(|| {
            panic!("no {before} in {}", self.body);
        });
        rest.split_once(after).unwrap().0.to_owned()
    }

    /// The name and value of the cookie that is set.
    pub(crate) fn cookie(&self) -> String {
        let set = self.header("set-cookie");
        set.split(';').next().unwrap().to_owned()
    }

    pub(crate) fn says(&self, text: &str) -> bool {
        self.body.contains(text)
    }
}
