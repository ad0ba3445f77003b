//! What a listener tells of a request: its line, its name, its figures, and who is told to have asked.

use axum::Router;
use axum::body::Bytes;
use axum::extract::Extension;
use axum::http::HeaderMap;
use axum::response::IntoResponse as _;
use axum::response::Response;
use axum::routing::get;
use axum::routing::post;
use imvume::listen::Client;
use imvume::listen::Door;
use imvume::listen::Field;
use imvume::listen::Known;
use imvume::listen::Limits;
use imvume::listen::Measures;
use imvume::listen::Proxies;
use imvume::listen::RequestId;
use prometheus_client::encoding::text::encode;
use prometheus_client::registry::Registry;
use tokio::net::TcpListener;
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;

use crate::client;
use crate::listen::HELLO;

/// Where the request came from, in the words of a route behind the listener.
async fn whence(
    Extension(client): Extension<Client>,
    Extension(RequestId(id)): Extension<RequestId>,
    headers: HeaderMap,
) -> String {
    let scheme = if client.secure { "https" } else { "http" };
    let left = headers.contains_key("x-forwarded-for") || headers.contains_key("x-request-id");
    format!("{} {scheme} {} {left} {id}", client.address, client.veiled)
}

async fn known(body: Bytes) -> Response {
    let mut response = body.into_response();
    response.extensions_mut().insert(Known {
        route: Some("/known/{id}".into()),
        app: Some(7),
        staff: None,
        decision: Some(9),
    });
    response
}

struct Server {
    address: std::net::SocketAddr,
    measures: Measures,
    shutdown: CancellationToken,
    task: tokio::task::JoinHandle<std::io::Result<()>>,
}

async fn serve(name: &'static str, proxies: Proxies) -> Server {
    testkit::capture::start();
    let never = CancellationToken::new();
    let app = Router::new()
        .route("/", get(whence))
        .route("/known/{id}", post(known))
        .route("/never", get(async move || never.cancelled().await));
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let measures = Measures::default();
    let door = Door {
        proxies,
        measures: measures.clone(),
        tells_networks: true,
        ..Door::plain(name, Limits::default())
    };
    let shutdown = CancellationToken::new();
    let task = tokio::spawn(door.serve(listener, app, shutdown.clone()));
    Server {
        address,
        measures,
        shutdown,
        task,
    }
}

impl Server {
    /// Everything of all requests is told once the listener has ended.
    async fn end(self) -> (Vec<String>, String) {
        self.shutdown.cancel();
        self.task.await.unwrap().unwrap();
        let mut registry = Registry::with_prefix("imvume");
        self.measures.register(&mut registry);
        let mut shown = String::new();
        encode(&mut shown, &registry).unwrap();
        let told = String::from_utf8(testkit::capture::logged()).unwrap();
        let lines = told
            .lines()
            .filter(|line| line.contains("request: request"));
        (lines.map(str::to_owned).collect(), shown)
    }
}

/// The lines of one listener.
fn of<'l>(lines: &'l [String], listener: &str) -> Vec<&'l String> {
    let field = format!("listener=\"{listener}\"");
    lines.iter().filter(|line| line.contains(&field)).collect()
}

/// What the requests of the next test come to.
const COUNTED: &[&str] = &[
    r#"imvume_http_requests_total{listener="lines",route="/known/{id}",status="2xx"} 1"#,
    r#"imvume_http_requests_total{listener="lines",route="none",status="4xx"} 2"#,
    r#"imvume_http_request_duration_seconds_count{listener="lines",route="/known/{id}"} 1"#,
    r#"imvume_http_refused_total{listener="lines",reason="malformed"} 1"#,
    r#"imvume_http_refused_total{listener="lines",reason="too_slow"} 0"#,
    r#"imvume_connections_total{listener="lines"} 1"#,
    r#"imvume_connections_open{listener="lines"} 0"#,
    r#"imvume_connections_turned_away_total{listener="lines",reason="full"} 0"#,
];

#[tokio::test]
async fn one_line_and_one_count_for_each_request() {
    let server = serve("lines", Proxies::default()).await;
    let mut client = client::Client::connect(server.address).await;
    client
        .send(b"POST /known/canary?q=canary HTTP/1.1\r\nHost: canary\r\nContent-Length: 6\r\nX-Request-Id: canary\r\n\r\ncanary")
        .await;
    let reply = client.reply().await.unwrap();
    let name = reply.header("x-request-id").unwrap().to_owned();
    assert!(name.len() == 20 && name.bytes().all(|byte| byte.is_ascii_hexdigit()));
    client
        .send(b"CANARY /canary HTTP/1.1\r\nHost: a\r\n\r\n")
        .await;
    assert_eq!(client.reply().await.unwrap().status, 404);
    client.send(b"GET /canary HTTP/9\r\n\r\n").await;
    let refused = client.reply().await.unwrap();
    assert_eq!(refused.status, 400);
    assert_ne!(refused.header("x-request-id"), Some(&*name));
    assert!(client.closes().await);

    let (lines, figures) = server.end().await;
    let lines = of(&lines, "lines");
    let [first, second, third] = lines.as_slice() else {
        panic!("{lines:?}")
    };
    for field in [
        &*format!("id=\"{name}\""),
        "method=\"POST\"",
        "route=\"/known/{id}\"",
        "status=200",
        "bytes_in=6",
        "bytes_out=6",
        "app=7",
        "decision=9",
        "network=127.0.0.0/24",
        "micros=",
    ] {
        assert!(first.contains(field), "{field} is not in {first}");
    }
    assert!(!first.contains("staff="), "{first}");
    assert!(
        second.contains("method=\"other\" route=\"none\" status=404"),
        "{second}"
    );
    assert!(
        third.contains("method=\"none\" route=\"none\" status=400 refused=\"malformed\""),
        "{third}"
    );
    for line in COUNTED {
        assert!(
            figures.lines().any(|shown| shown == *line),
            "{line}\n{figures}"
        );
    }
    let all = lines.iter().map(|line| line.as_str()).collect::<String>();
    assert!(
        !format!("{all}{figures}").to_lowercase().contains("canary"),
        "{all}"
    );
}

#[tokio::test]
async fn a_client_that_goes_away_is_told_of_too() {
    let server = serve("leaver", Proxies::default()).await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    tokio::io::AsyncWriteExt::write_all(&mut stream, b"GET /never HTTP/1.1\r\nHost: a\r\n\r\n")
        .await
        .unwrap();
    // Somebody else's answer shows that the request was taken in; its end shows in the figures.
    let mut other = client::Client::connect(server.address).await;
    other.send(HELLO.as_bytes()).await;
    assert_eq!(other.reply().await.unwrap().status, 200);
    drop(stream);
    let (lines, figures) = server.end().await;
    let lines = of(&lines, "leaver");
    let left: Vec<_> = lines
        .iter()
        .filter(|line| !line.contains("status="))
        .collect();
    assert_eq!(left.len(), 1, "{lines:?}");
    let line = r#"imvume_http_requests_total{listener="leaver",route="none",status="none"} 1"#;
    assert!(figures.lines().any(|shown| shown == line), "{figures}");
}

#[tokio::test]
async fn a_proxy_on_the_list_is_believed_and_nobody_else() {
    let list = |networks: &[&str]| Proxies {
        networks: networks.iter().map(|text| text.parse().unwrap()).collect(),
        field: Field::XForwardedFor,
    };
    let request = "GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 198.51.100.1, 203.0.113.9\r\n\
                   X-Forwarded-Proto: https\r\nX-Request-Id: mine\r\n\r\n";
    for (name, proxies, wanted, network) in [
        (
            "believed",
            list(&["127.0.0.0/8"]),
            "203.0.113.9 https false false ",
            "203.0.113.0/24",
        ),
        (
            "stranger",
            list(&["10.0.0.0/8"]),
            "127.0.0.1 http true false ",
            "127.0.0.0/24",
        ),
        (
            "nobody",
            list(&[]),
            "127.0.0.1 http true false ",
            "127.0.0.0/24",
        ),
    ] {
        let server = serve(name, proxies).await;
        let mut client = client::Client::connect(server.address).await;
        client.send(request.as_bytes()).await;
        let reply = client.reply().await.unwrap();
        let id = reply.header("x-request-id").unwrap().to_owned();
        let body = String::from_utf8(reply.body).unwrap();
        assert_eq!(body, format!("{wanted}{id}"), "{name}");
        drop(client);
        let (lines, _) = server.end().await;
        let lines = of(&lines, name);
        assert!(
            lines[0].contains(&format!("network={network}")),
            "{lines:?}"
        );
        assert!(!lines[0].contains("203.0.113.9"), "{lines:?}");
    }
}
