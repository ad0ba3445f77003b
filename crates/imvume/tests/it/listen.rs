use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::DefaultBodyLimit;
use axum::routing::get;
use axum::routing::post;
use imvume::listen::Door;
use imvume::listen::Limits;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::client::Client;
use crate::client::Reply;

pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    pub(crate) shutdown: CancellationToken,
    pub(crate) task: JoinHandle<std::io::Result<()>>,
}

/// Limits so short that a test which reaches one is quick, for the clocks not under test long.
pub(crate) fn limits() -> Limits {
    Limits {
        max_connections: 8,
        ..Limits::default()
    }
}

async fn serve(limits: Limits) -> Server {
    open(Door::plain("plain", limits)).await
}

/// A door with a few routes behind it.
pub(crate) async fn open(door: Door) -> Server {
    let release = CancellationToken::new();
    let app = Router::new()
        .route("/", get(async || "hello"))
        .route("/echo", post(async |body: Bytes| body))
        .route("/early", post(async || "without the body"))
        .route("/large", get(async || vec![b'x'; 64 << 20]))
        .route("/never", get(async move || release.cancelled().await))
        .layer(DefaultBodyLimit::max(1 << 20));
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let shutdown = CancellationToken::new();
    let task = tokio::spawn(door.serve(listener, app, shutdown.clone()));
    Server {
        address,
        shutdown,
        task,
    }
}

/// What one connection saw: each status in turn, and whether it ended there.
async fn talk(mut client: Client, bytes: &[u8]) -> (Vec<u16>, bool) {
    client.send(bytes).await;
    let mut statuses = Vec::new();
    while let Some(reply) = client.reply().await {
        // A last request that is known to be served tells an open connection from a closed one.
        if reply.body == b"hello" {
            return (statuses, false);
        }
        statuses.push(reply.status);
    }
    (statuses, true)
}

pub(crate) const HELLO: &str = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

/// Name, request, status, and whether the connection closes behind it.
#[rustfmt::skip]
pub(crate) const REQUESTS: &[(&str, &str, u16, bool)] = &[
    ("plain", "GET /x HTTP/1.1\r\nHost: a\r\n\r\n", 404, false),
    ("close asked for", "GET /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", 404, true),
    ("HTTP/1.0", "GET /x HTTP/1.0\r\nHost: a\r\n\r\n", 404, true),
    ("body by length", "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc", 200, false),
    ("chunked body", "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", 200, true),
    ("body left unread", "POST /early HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc", 200, false),
    ("no host", "GET /x HTTP/1.1\r\n\r\n", 400, true),
    ("two hosts", "GET /x HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400, true),
    ("absolute target", "GET http://b/x HTTP/1.1\r\nHost: a\r\n\r\n", 400, true),
    ("bare line feeds", "GET /x HTTP/1.1\nHost: a\n\n", 400, true),
    ("space before the colon", "GET /x HTTP/1.1\r\nHost: a\r\nX : y\r\n\r\n", 400, true),
    ("folded field", "GET /x HTTP/1.1\r\nHost: a\r\nX: y\r\n z\r\n\r\n", 400, true),
    ("NUL in a field", "GET /x HTTP/1.1\r\nHost: a\r\nX: \0\r\n\r\n", 400, true),
    ("length and coding", "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400, true),
    ("coding and length", "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n", 400, true),
    ("two lengths", "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", 400, true),
    ("one length twice", "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc", 400, true),
    ("other coding", "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 400, true),
    ("broken chunk", "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nz\r\n", 400, true),
    ("HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400, true),
    ("not HTTP", "\u{16}\u{3}\u{1}\r\n\r\n", 400, true),
];

async fn judge(server: &Server, name: &str, request: &str, expected: (u16, bool)) {
    let client = Client::connect(server.address).await;
    judge_over(client, name, request, expected).await;
}

/// Holds what a connection answers to a request against what it should.
pub(crate) async fn judge_over(client: Client, name: &str, request: &str, expected: (u16, bool)) {
    let (statuses, closed) = talk(client, format!("{request}{HELLO}").as_bytes()).await;
    assert_eq!((statuses, closed), (vec![expected.0], expected.1), "{name}");
}

#[tokio::test]
async fn requests_are_answered_or_refused_by_the_table() {
    let server = serve(limits()).await;
    for (name, request, status, closes) in REQUESTS {
        judge(&server, name, request, (*status, *closes)).await;
    }
}

#[tokio::test]
async fn sizes_are_bounded() {
    let server = serve(limits()).await;
    let field = |length| {
        format!(
            "GET /x HTTP/1.1\r\nHost: a\r\nX: {}\r\n\r\n",
            "x".repeat(length)
        )
    };
    judge(&server, "500 kB field", &field(500_000), (431, true)).await;
    judge(&server, "60 kB field", &field(60_000), (404, false)).await;
    let fields = |count| {
        format!(
            "GET /x HTTP/1.1\r\nHost: a\r\n{}\r\n",
            "X: y\r\n".repeat(count)
        )
    };
    judge(&server, "101 fields", &fields(100), (431, true)).await;
    judge(&server, "100 fields", &fields(99), (404, false)).await;
    let target = |length| format!("GET /{} HTTP/1.1\r\nHost: a\r\n\r\n", "x".repeat(length));
    judge(&server, "70 kB target", &target(70_000), (414, true)).await;
    judge(&server, "8 KiB target", &target(8191), (404, false)).await;
}

#[tokio::test]
async fn a_refusal_waits_its_turn_and_says_nothing_of_the_request() {
    let server = serve(limits()).await;
    let mut client = Client::connect(server.address).await;
    let echo = "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc";
    client
        .send(format!("{HELLO}{echo}GET /secret HTTP/1.1\r\n\r\n{HELLO}").as_bytes())
        .await;
    assert_eq!(client.reply().await.unwrap().body, b"hello");
    assert_eq!(client.reply().await.unwrap().body, b"abc");
    let refusal: Reply = client.reply().await.unwrap();
    assert_eq!(refusal.status, 400);
    assert_eq!(refusal.header("connection"), Some("close"));
    assert_eq!(refusal.header("content-type"), Some("application/json"));
    assert_eq!(
        refusal.body,
        br#"{"error":{"code":400,"message":"the request is malformed"}}"#
    );
    assert!(client.closes().await);
}

#[tokio::test]
async fn a_head_sent_byte_by_byte_is_served() {
    let server = serve(limits()).await;
    let mut client = Client::connect(server.address).await;
    for byte in HELLO.bytes() {
        client.send(&[byte]).await;
    }
    assert_eq!(client.reply().await.unwrap().body, b"hello");
}

/// Long enough for a busy machine to do its part within, short enough to wait for.
const SHORT: Duration = Duration::from_millis(400);

#[tokio::test]
async fn a_slow_head_is_told_so() {
    let server = serve(Limits {
        header_timeout: SHORT,
        ..limits()
    })
    .await;
    let mut client = Client::connect(server.address).await;
    client.send(b"GET / HTTP/1.1\r\nHo").await;
    assert_eq!(client.reply().await.unwrap().status, 408);
    assert!(client.closes().await);
}

#[tokio::test]
async fn a_connection_that_says_nothing_is_closed() {
    let server = serve(Limits {
        header_timeout: SHORT,
        ..limits()
    })
    .await;
    assert!(Client::connect(server.address).await.closes().await);
}

#[tokio::test]
async fn an_idle_connection_is_closed() {
    let server = serve(Limits {
        idle_timeout: SHORT,
        ..limits()
    })
    .await;
    let mut client = Client::connect(server.address).await;
    for _ in 0..3 {
        client.send(HELLO.as_bytes()).await;
        assert_eq!(client.reply().await.unwrap().status, 200);
    }
    assert!(client.closes().await);
}

#[tokio::test]
async fn a_request_being_answered_is_not_idle() {
    let limits = Limits {
        header_timeout: SHORT,
        idle_timeout: SHORT,
        ..limits()
    };
    let server = serve(limits).await;
    let mut client = Client::connect(server.address).await;
    client.send(b"GET /never HTTP/1.1\r\nHost: a\r\n\r\n").await;
    // Another connection's idle life is the measure of time.
    let mut other = Client::connect(server.address).await;
    other.send(HELLO.as_bytes()).await;
    assert_eq!(other.reply().await.unwrap().status, 200);
    assert!(other.closes().await);
    assert!(client.is_open());
}

#[tokio::test]
async fn a_slow_body_is_told_so() {
    let server = serve(Limits {
        body_timeout: SHORT,
        ..limits()
    })
    .await;
    for body in [
        "Content-Length: 9\r\n\r\nabc",
        "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
    ] {
        let mut client = Client::connect(server.address).await;
        client
            .send(format!("POST /echo HTTP/1.1\r\nHost: a\r\n{body}").as_bytes())
            .await;
        let reply = client.reply().await.unwrap();
        assert_eq!(
            (reply.status, reply.header("connection")),
            (408, Some("close")),
            "{body}"
        );
        assert!(client.closes().await);
    }
}

#[tokio::test]
async fn a_body_that_trickles_is_overdue_all_the_same() {
    let limits = Limits {
        body_timeout: Duration::from_millis(300),
        ..limits()
    };
    let server = serve(limits).await;
    let mut client = Client::connect(server.address).await;
    client
        .send(b"POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
        .await;
    let mut pace = tokio::time::interval(Duration::from_millis(50));
    let trickle = async {
        loop {
            pace.tick().await;
            client.send(b"1\r\nx\r\n").await;
            if !client.is_open() {
                return client.reply().await;
            }
        }
    };
    assert_eq!(trickle.await.unwrap().status, 408);
}

#[tokio::test]
async fn a_peer_that_does_not_read_its_answer_is_cut_off() {
    let limits = Limits {
        body_timeout: SHORT,
        max_connections: 1,
        ..limits()
    };
    let server = serve(limits).await;
    let mut client = Client::connect(server.address).await;
    client.send(b"GET /large HTTP/1.1\r\nHost: a\r\n\r\n").await;
    // The one place is free again when somebody else is served.
    loop {
        let mut other = Client::connect(server.address).await;
        other.send(HELLO.as_bytes()).await;
        if other.reply().await.is_some_and(|reply| reply.status == 200) {
            break;
        }
    }
}

#[tokio::test]
async fn one_connection_too_many_is_turned_away() {
    let server = serve(Limits {
        max_connections: 1,
        ..limits()
    })
    .await;
    let mut first = Client::connect(server.address).await;
    first.send(HELLO.as_bytes()).await;
    assert_eq!(first.reply().await.unwrap().status, 200);
    let mut second = Client::connect(server.address).await;
    let reply = second.reply().await.unwrap();
    assert_eq!(
        (reply.status, reply.header("retry-after")),
        (503, Some("1"))
    );
    assert!(second.closes().await);
    first.send(HELLO.as_bytes()).await;
    assert_eq!(first.reply().await.unwrap().status, 200);
}

#[tokio::test]
async fn a_shutdown_lets_the_last_request_finish() {
    let server = serve(limits()).await;
    let mut idle = Client::connect(server.address).await;
    idle.send(HELLO.as_bytes()).await;
    assert_eq!(idle.reply().await.unwrap().status, 200);
    let mut busy = Client::connect(server.address).await;
    busy.send(
        b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n",
    )
    .await;
    assert_eq!(busy.reply().await.unwrap().status, 100);
    server.shutdown.cancel();
    assert!(idle.closes().await);
    busy.send(b"last").await;
    assert_eq!(busy.reply().await.unwrap().body, b"last");
    assert!(busy.closes().await);
    server.task.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_shutdown_cuts_off_what_does_not_finish() {
    let server = serve(Limits {
        drain_timeout: SHORT,
        ..limits()
    })
    .await;
    let mut client = Client::connect(server.address).await;
    client.send(b"GET /never HTTP/1.1\r\nHost: a\r\n\r\n").await;
    let mut other = Client::connect(server.address).await;
    other.send(HELLO.as_bytes()).await;
    assert_eq!(other.reply().await.unwrap().status, 200);
    server.shutdown.cancel();
    server.task.await.unwrap().unwrap();
    assert!(client.closes().await);
}
