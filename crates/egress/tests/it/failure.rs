use bytes::Bytes;
use egress::Egress;
use egress::EgressError;
use egress::NotSent;
use egress::Policy;
use egress::Request;
use egress::Unknown;
use http::Method;
use http::StatusCode;
use tokio::net::TcpListener;
use url::Url;

use crate::host::HASTY;
use crate::host::Host;
use crate::host::Then;
use crate::host::client;
use crate::host::get;
use crate::host::policy;

#[tokio::test]
async fn after_the_request_the_outcome_is_unknown() {
    let cases = [
        (Then::Close(""), Unknown::Cut),
        (Then::Close("HTTP/1.1 200 OK\r\ncontent-le"), Unknown::Cut),
        (
            Then::Close("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf"),
            Unknown::Cut,
        ),
        (
            Then::Close("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhalf"),
            Unknown::Cut,
        ),
        (Then::Close("SSH-2.0-OpenSSH\r\n\r\n"), Unknown::Malformed),
        (Then::Close("\0\0\0\0\0\0\0\0\r\n\r\n"), Unknown::Malformed),
        (
            Then::Close("HTTP/1.1 200 OK\r\ncontent-length: ten\r\n\r\n"),
            Unknown::Malformed,
        ),
        (
            Then::Flood("HTTP/1.1 200 OK\r\n", "x-more: of the same\r\n"),
            Unknown::Malformed,
        ),
        (
            Then::Flood("HTTP/1.1 200 OK\r\nx: ", "yyyyyyyyyyyyyyyyyyyyyyyy"),
            Unknown::Malformed,
        ),
    ];
    for (at, (then, expected)) in cases.into_iter().enumerate() {
        let host = Host::start(then).await;
        let url = host.url("/");
        let body = Bytes::from_static(b"x");
        let request = Request {
            method: Method::POST,
            body,
            ..get(&url)
        };
        let found = host.client().send(request).await.unwrap_err();
        assert_eq!(found, EgressError::Unknown(expected), "case {at}");
        assert_eq!(host.requests().len(), 1, "case {at}: never repeated");
    }
}

#[tokio::test]
async fn a_host_that_falls_silent_is_left() {
    for text in [
        "",
        "HTTP/1.1 200",
        "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n",
        "HTTP/1.1 100 Continue\r\n\r\n",
    ] {
        let host = Host::start(Then::Hang(text)).await;
        let url = host.url("/");
        let found = host
            .client()
            .send(Request {
                timeout: HASTY,
                ..get(&url)
            })
            .await;
        assert_eq!(
            found.unwrap_err(),
            EgressError::Unknown(Unknown::TimedOut),
            "{text}"
        );
        let rules = policy(&[&host.address.to_string()]);
        let client = Egress::new(Policy {
            request_timeout: HASTY,
            ..rules
        })
        .unwrap();
        let found = client.send(get(&url)).await;
        assert_eq!(
            found.unwrap_err(),
            EgressError::Unknown(Unknown::TimedOut),
            "{text}"
        );
    }
}

#[tokio::test]
async fn a_body_without_end_is_left() {
    let cases = [
        Then::Flood("HTTP/1.1 200 OK\r\n\r\n", "more and more and more"),
        Then::Flood(
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n",
            "4\r\nmore\r\n",
        ),
        Then::Hang("HTTP/1.1 200 OK\r\ncontent-length: 18446744073709551000\r\n\r\n"),
        Then::Hang("HTTP/1.1 200 OK\r\ncontent-length: 1025\r\n\r\n"),
    ];
    for then in cases {
        let host = Host::start(then).await;
        let found = host.get().await.unwrap_err();
        assert_eq!(
            found,
            EgressError::TooLarge {
                status: StatusCode::OK,
                limit: 1024
            }
        );
    }
}

#[tokio::test]
async fn without_a_connection_nothing_is_sent() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let url = Url::parse(&format!("http://{address}/")).unwrap();
    let found = client(&["127.0.0.1"]).send(get(&url)).await;
    assert_eq!(found.unwrap_err(), EgressError::NotSent(NotSent::Connect));
}

#[tokio::test]
async fn without_tls_nothing_is_sent() {
    // It reads a hello as the start of a request and waits for the rest of it.
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = Url::parse(&format!("https://{}/", silent.local_addr().unwrap())).unwrap();
    let rules = Policy {
        connect_timeout: HASTY,
        ..policy(&["127.0.0.1"])
    };
    let found = Egress::new(rules).unwrap().send(get(&url)).await;
    assert_eq!(
        found.unwrap_err(),
        EgressError::NotSent(NotSent::ConnectTimeout)
    );
    // The same when the request's own time ends first.
    let request = Request {
        timeout: HASTY,
        ..get(&url)
    };
    let found = client(&["127.0.0.1"]).send(request).await;
    assert_eq!(
        found.unwrap_err(),
        EgressError::NotSent(NotSent::ConnectTimeout)
    );

    let plain = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = Url::parse(&format!("https://{}/", plain.local_addr().unwrap())).unwrap();
    let serving = tokio::spawn(async move {
        use tokio::io::AsyncWriteExt;
        let (mut stream, _) = plain.accept().await.unwrap();
        stream
            .write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            .await
            .unwrap();
    });
    let found = client(&["127.0.0.1"]).send(get(&url)).await;
    assert_eq!(found.unwrap_err(), EgressError::NotSent(NotSent::Tls));
    serving.await.unwrap();
}

#[tokio::test]
async fn a_kept_connection_that_broke_is_not_used_again() {
    let host = Host::start(Then::Close(
        "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 0\r\n\r\n",
    ))
    .await;
    let (client, url) = (host.client(), host.url("/"));
    for _ in 0..5 {
        client.send(get(&url)).await.unwrap();
    }
    assert_eq!((host.connections(), host.requests().len()), (5, 5));
}

#[test]
fn errors_and_values_say_nothing_of_what_was_carried() {
    let url = Url::parse("https://example.org/v1?access_token=secret").unwrap();
    let request = Request {
        body: Bytes::from_static(b"secret"),
        ..get(&url)
    };
    assert_eq!(
        format!("{request:?}"),
        "Request { method: GET, bytes: 6, .. }"
    );
    let error = EgressError::NotSent(NotSent::Name);
    assert_eq!(
        error.to_string(),
        "not sent: the host's name could not be resolved"
    );
}
