use bytes::Bytes;
use egress::EgressError;
use egress::Policy;
use egress::Request;
use http::HeaderMap;
use http::HeaderValue;
use http::Method;
use http::StatusCode;
use http::header;

use crate::host::Host;
use crate::host::Then;
use crate::host::get;
use crate::host::policy;

const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\nx-id: 7\r\n\r\nok";

#[tokio::test]
async fn what_is_sent_arrives_and_what_is_answered_comes_back() {
    let host = Host::start(Then::Answer(OK)).await;
    let url = host.url("/v23.0/1/messages?x=1#here");
    let mut headers = HeaderMap::new();
    headers.insert(header::AUTHORIZATION, HeaderValue::from_static("Bearer t"));
    let request = Request {
        method: Method::POST,
        headers,
        body: Bytes::from_static(b"{\"to\":1}"),
        ..get(&url)
    };
    let response = host.client().send(request).await.unwrap();
    assert_eq!(response.status, StatusCode::OK);
    assert_eq!(response.headers.get("x-id").unwrap(), "7");
    assert_eq!(response.body, "ok");
    let expected = format!(
        "POST /v23.0/1/messages?x=1 HTTP/1.1\r\nauthorization: Bearer t\r\nhost: {}\r\n\
         content-length: 8\r\n\r\n{{\"to\":1}}",
        host.address,
    );
    assert_eq!(host.requests(), [expected]);
}

#[tokio::test]
async fn one_connection_serves_many_requests() {
    let host = Host::start(Then::Answer(OK)).await;
    let (client, url) = (host.client(), host.url("/"));
    for _ in 0..20 {
        // A clone shares the connections.
        client.clone().send(get(&url)).await.unwrap();
    }
    assert_eq!((host.connections(), host.requests().len()), (1, 20));
}

#[tokio::test]
async fn headers_of_the_connection_are_not_the_callers() {
    let host = Host::start(Then::Answer(OK)).await;
    let url = host.url("/");
    let mut headers = HeaderMap::new();
    for (name, value) in [
        ("host", "elsewhere.example"),
        ("content-length", "99"),
        ("transfer-encoding", "chunked"),
        ("connection", "close, x-secret"),
        ("expect", "100-continue"),
        ("upgrade", "h2c"),
        ("x-kept", "yes"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    host.client()
        .send(Request {
            headers,
            ..get(&url)
        })
        .await
        .unwrap();
    let expected = format!(
        "GET / HTTP/1.1\r\nx-kept: yes\r\nhost: {}\r\n\r\n",
        host.address
    );
    assert_eq!(host.requests(), [expected]);
}

#[tokio::test]
async fn redirects_are_answers() {
    let trap = Host::start(Then::Answer(OK)).await;
    for status in [301, 302, 303, 307, 308] {
        let head = format!(
            "HTTP/1.1 {status} Moved\r\nlocation: http://{}/\r\ncontent-length: 0\r\n\r\n",
            trap.address,
        );
        let host = Host::start(Then::Answer(Box::leak(head.into_boxed_str()))).await;
        let response = host.get().await.unwrap();
        assert_eq!(response.status.as_u16(), status);
        assert_eq!(host.requests().len(), 1);
    }
    assert_eq!(trap.connections(), 0);
}

#[tokio::test]
async fn bodies_come_back_as_they_are() {
    let gzip = "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 3\r\n\r\nabc";
    let chunked = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n\
                   2\r\nab\r\n3\r\ncde\r\n1\r\nf\r\n0\r\nx-sum: 1\r\n\r\n";
    let cases = [
        (Then::Answer(gzip), "abc"),
        (Then::Answer(chunked), "abcdef"),
        (Then::Answer("HTTP/1.1 204 No Content\r\n\r\n"), ""),
        (
            Then::Answer("HTTP/1.1 500 Oops\r\ncontent-length: 1\r\n\r\nx"),
            "x",
        ),
        (
            Then::Close("HTTP/1.1 200 OK\r\n\r\nuntil the end"),
            "until the end",
        ),
        (
            Then::Answer(
                "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\ny",
            ),
            "y",
        ),
    ];
    for (then, expected) in cases {
        let host = Host::start(then).await;
        assert_eq!(host.get().await.unwrap().body, expected);
    }
}

#[tokio::test]
async fn the_bound_is_the_smaller_of_request_and_policy() {
    let head = "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n0123456789";
    let chunked = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n\
                   5\r\n01234\r\n5\r\n56789\r\n0\r\n\r\n";
    for answer in [head, chunked] {
        let host = Host::start(Then::Answer(answer)).await;
        let url = host.url("/");
        for (asked, bound, expected) in [
            (10, 10, Ok(10)),
            (11, 99, Ok(10)),
            (9, 99, Err(9)),
            (99, 9, Err(9)),
            (0, 99, Err(0)),
        ] {
            let rules = policy(&[&host.address.to_string()]);
            let client = egress::Egress::new(Policy {
                max_response_bytes: bound,
                ..rules
            })
            .unwrap();
            let found = client
                .send(Request {
                    max_response: asked,
                    ..get(&url)
                })
                .await;
            let expected = expected.map_err(|limit| EgressError::TooLarge {
                status: StatusCode::OK,
                limit,
            });
            assert_eq!(found.map(|response| response.body.len()), expected);
        }
    }
}
