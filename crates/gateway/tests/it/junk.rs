//! Meta answers with anything but what it should. The app gets an error of Graph's it can act on, no
//! call is made twice, and nothing large is held.

use std::sync::atomic::Ordering;

use domain::message::MessageState;
use domain::time::Span;
use serde_json::Value;
use serde_json::json;
use testkit::Answer;
use testkit::Heard;
use testkit::NUMBER;
use testkit::THANDI;
use testkit::TestGateway;
use url::Url;

use crate::adversary::Act;
use crate::adversary::Adversary;
use crate::adversary::graph;
use crate::adversary::http;
use crate::faults::newest;
use crate::media::try_picture;
use crate::sends::text;

const HTML: &str = "<html><body><h1>Sorry, something went wrong.</h1></body></html>";
const GOOD: &str = r#"{"messaging_product":"whatsapp","contacts":[{"input":"+27825550142","wa_id":"27825550142"}],"messages":[{"id":"wamid.HBgLMjc4MjU1NTAxNDIVAgARGBI"}]}"#;
/// More than is ever read of an answer, with what the kernel holds of it on its way.
const MOST: usize = 16 * 1024 * 1024;

/// What an app is told, and what is known of the message.
type Row = (
    &'static str,
    Act,
    (u16, u64),
    Option<&'static str>,
    MessageState,
);

pub(crate) async fn against(adversary: &Adversary) -> TestGateway {
    let url = Url::parse(&adversary.url()).unwrap();
    adversary.does(&http(503, "", ""));
    let gateway = TestGateway::start_told(|settings| settings.graph = url).await;
    adversary.take();
    gateway
}

#[expect(clippy::too_many_lines, reason = "a table")]
fn refusals() -> Vec<Row> {
    use MessageState::Rejected;
    vec![
        (
            "429 with a pause",
            http(429, "retry-after: 17\r\n", HTML),
            (400, 4),
            Some("17"),
            Rejected,
        ),
        (
            "429 of Graph's with a pause",
            graph(429, "retry-after: 9\r\n", 130_429),
            (400, 130_429),
            Some("9"),
            Rejected,
        ),
        (
            "429 with a long pause",
            http(429, "retry-after: 99999999\r\n", ""),
            (400, 4),
            Some("3600"),
            Rejected,
        ),
        (
            "429 with no pause at all",
            http(429, "retry-after: 0\r\n", ""),
            (400, 4),
            Some("1"),
            Rejected,
        ),
        (
            "429 with a date",
            http(429, "retry-after: Wed, 21 Oct 2026 07:28:00 GMT\r\n", ""),
            (400, 4),
            None,
            Rejected,
        ),
        (
            "429 with nonsense",
            http(429, "retry-after: -5\r\n", ""),
            (400, 4),
            None,
            Rejected,
        ),
        (
            "429 without a pause",
            http(429, "", HTML),
            (400, 4),
            None,
            Rejected,
        ),
        (
            "throughput",
            graph(400, "", 130_429),
            (400, 130_429),
            Some("2"),
            Rejected,
        ),
        (
            "pair rate",
            graph(400, "", 131_056),
            (400, 131_056),
            Some("6"),
            Rejected,
        ),
        (
            "spam rate",
            graph(400, "", 131_048),
            (400, 131_048),
            None,
            Rejected,
        ),
        (
            "blocked for policy",
            graph(403, "", 368),
            (403, 368),
            None,
            Rejected,
        ),
        (
            "token expired",
            graph(401, "", 190),
            (503, 2),
            Some("2"),
            Rejected,
        ),
        (
            "token refused",
            graph(401, "", 0),
            (503, 2),
            Some("2"),
            Rejected,
        ),
        (
            "maintenance",
            graph(500, "", 131_057),
            (500, 131_057),
            Some("2"),
            Rejected,
        ),
        (
            "went wrong at Meta",
            graph(500, "", 131_000),
            (500, 131_000),
            None,
            Rejected,
        ),
        (
            "a code nobody knows",
            graph(400, "", 4_000_000_000),
            (400, 4_000_000_000),
            None,
            Rejected,
        ),
        ("400 in HTML", http(400, "", HTML), (400, 1), None, Rejected),
        (
            "401 in HTML",
            http(401, "", HTML),
            (503, 2),
            Some("2"),
            Rejected,
        ),
        (
            "403 in HTML",
            http(403, "", HTML),
            (403, 10),
            None,
            Rejected,
        ),
        (
            "404 in HTML",
            http(404, "", HTML),
            (400, 100),
            None,
            Rejected,
        ),
        (
            "400 of 1 GB",
            Act::Stay("HTTP/1.1 400 No\r\ncontent-length: 1073741824\r\n\r\n".to_owned()),
            (400, 1),
            None,
            Rejected,
        ),
        (
            "moved to itself",
            http(301, "location: /v23.0/me\r\n", ""),
            (400, 1),
            None,
            Rejected,
        ),
        (
            "found elsewhere",
            http(302, "location: http://127.0.0.1:1/\r\n", ""),
            (400, 1),
            None,
            Rejected,
        ),
        (
            "temporarily elsewhere",
            http(307, "location: https://example.com/\r\n", HTML),
            (400, 1),
            None,
            Rejected,
        ),
        (
            "for ever elsewhere",
            http(308, "location: ://\r\n", ""),
            (400, 1),
            None,
            Rejected,
        ),
    ]
}

#[expect(clippy::too_many_lines, reason = "a table")]
fn open_ends() -> Vec<Row> {
    let say = |text: &str| Act::Say(text.to_owned());
    let flood = |head: &str, piece| Act::Flood(format!("HTTP/1.1 200 OK\r\n{head}"), piece);
    let acts = vec![
        ("500 in HTML", http(500, "", HTML)),
        ("502 in HTML", http(502, "", HTML)),
        ("503 in HTML", http(503, "retry-after: 1\r\n", HTML)),
        ("504 without a word", http(504, "", "")),
        (
            "500 in JSON of somebody's",
            http(500, "", r#"{"error":"no"}"#),
        ),
        (
            "503 of 1 GB",
            Act::Stay("HTTP/1.1 503 No\r\ncontent-length: 1073741824\r\n\r\n".to_owned()),
        ),
        (
            "another protocol",
            say("HTTP/1.1 101 So\r\nupgrade: h2c\r\nconnection: upgrade\r\n\r\n"),
        ),
        ("200 without a word", http(200, "", "")),
        ("204", say("HTTP/1.1 204 So\r\n\r\n")),
        (
            "200 in HTML",
            http(200, "content-type: text/html\r\n", HTML),
        ),
        (
            "200 in broken JSON",
            http(200, "", r#"{"messages":[{"id":"wamid.A"#),
        ),
        (
            "200 without an id",
            http(
                200,
                "",
                r#"{"messaging_product":"whatsapp","messages":[{}]}"#,
            ),
        ),
        (
            "200 with an empty id",
            http(200, "", r#"{"messages":[{"id":""}]}"#),
        ),
        (
            "200 with a number for an id",
            http(200, "", r#"{"messages":[{"id":7}]}"#),
        ),
        ("200 without messages", http(200, "", r#"{"messages":[]}"#)),
        ("200 and null", http(200, "", "null")),
        (
            "200 and an error",
            http(200, "", r#"{"error":{"code":131056,"message":"x"}}"#),
        ),
        ("200, 100,000 deep", http(200, "", &"[".repeat(100_000))),
        (
            "200, packed",
            http(200, "content-encoding: gzip\r\n", "\u{1f}not gzip"),
        ),
        ("206 without an id", http(206, "", r#"{"messages":[]}"#)),
        (
            "half a body",
            say(&format!(
                "HTTP/1.1 200 OK\r\ncontent-length: 999\r\n\r\n{GOOD}"
            )),
        ),
        (
            "half a chunk",
            say(&format!(
                "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nfff\r\n{GOOD}"
            )),
        ),
        ("half a head", say("HTTP/1.1 200 OK\r\ncontent-le")),
        ("nothing", say("")),
        ("a reset behind the request", Act::Reset),
        ("no HTTP", say("SSH-2.0-OpenSSH_9.2\r\n\r\n")),
        ("HTTP/0.9", say(GOOD)),
        ("HTTP/2", say("HTTP/2 200\r\ncontent-length: 0\r\n\r\n")),
        (
            "two lengths",
            say("HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nxx"),
        ),
        (
            "1 GB",
            Act::Stay("HTTP/1.1 200 OK\r\ncontent-length: 1073741824\r\n\r\n".to_owned()),
        ),
        ("a body without end", flood("\r\n", "more and more ")),
        (
            "chunks without end",
            flood("transfer-encoding: chunked\r\n\r\n", "4\r\nmore\r\n"),
        ),
        ("a head without end", flood("", "x-more: of the same\r\n")),
        ("a line without end", flood("x-more: ", "of the same ")),
        (
            "a chunk's size without end",
            flood("transfer-encoding: chunked\r\n\r\n", "11111111"),
        ),
        (
            "zeros without end",
            flood("transfer-encoding: chunked\r\n\r\n", "00000000"),
        ),
        ("silence", Act::Stay(String::new())),
        (
            "silence behind 100",
            Act::Stay("HTTP/1.1 100 Continue\r\n\r\n".to_owned()),
        ),
        (
            "silence within",
            Act::Stay("HTTP/1.1 200 OK\r\ncontent-length: 999\r\n\r\n{".to_owned()),
        ),
        (
            "drop by drop",
            Act::Drip(format!(
                "HTTP/1.1 200 OK\r\ncontent-length: 999\r\n\r\n{GOOD}"
            )),
        ),
    ];
    let open = |(what, act)| (what, act, (200, 0), None, MessageState::Indeterminate);
    acts.into_iter().map(open).collect()
}

fn sound_ones() -> Vec<Row> {
    let length = GOOD.len();
    let behind = |head: &str| Act::Say(format!("{head}content-length: {length}\r\n\r\n{GOOD}"));
    let acts = [
        (
            "as it should be",
            http(200, "content-type: application/json\r\n", GOOD),
        ),
        ("HTTP/1.0", behind("HTTP/1.0 200 OK\r\n")),
        (
            "until the end of the connection",
            Act::Say(format!("HTTP/1.0 200 OK\r\n\r\n{GOOD}")),
        ),
        (
            "behind a 100",
            behind("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n"),
        ),
        (
            "behind a 103",
            behind("HTTP/1.1 103 Hints\r\nlink: </x>\r\n\r\nHTTP/1.1 200 OK\r\n"),
        ),
        (
            "behind many 100",
            behind(&format!(
                "{}HTTP/1.1 200 OK\r\n",
                "HTTP/1.1 100 C\r\n\r\n".repeat(50)
            )),
        ),
    ];
    let sound = |(what, act)| (what, act, (200, 0), None, MessageState::Accepted);
    acts.into_iter().map(sound).collect()
}

async fn check(rows: Vec<Row>) {
    let adversary = Adversary::start().await;
    let gateway = against(&adversary).await;
    gateway.hear_text(&THANDI, "Hello").await;
    for (what, act, verdict, pause, state) in rows {
        adversary.does(&act);
        let answer = gateway.send(&gateway.real, &text(THANDI.address())).await;
        assert_eq!(answer.verdict(), verdict, "{what}: {:?}", answer.body);
        assert_eq!(answer.header("retry-after"), pause, "{what}");
        assert_eq!(newest(&gateway, &THANDI).await, state, "{what}");
        is_ours(&answer, what);
        // Whatever became of it: one call, and none later.
        gateway.settle().await;
        let calls = adversary.take();
        assert_eq!(calls.len(), 1, "{what}: {calls:?}");
        let written = adversary.written();
        // Leading zeros of a chunk's size are read and forgotten until the time is over.
        let forgotten = what == "zeros without end";
        assert!(
            written < MOST || forgotten,
            "{what}: {written} bytes were taken"
        );
    }
}

/// An error of Graph's in our words: nothing of what Meta said, and nothing of the person.
fn is_ours(answer: &Answer, what: &str) {
    let body = String::from_utf8_lossy(&answer.body);
    for theirs in ["<html", "sent to", "OpenSSH"] {
        assert!(!body.contains(theirs), "{what}: {body}");
    }
    if answer.status != 200 {
        assert!(!body.contains("5550142"), "{what}: {body}");
        let error = &answer.json()["error"];
        assert!(
            error["code"].is_u64() && error["fbtrace_id"].is_string(),
            "{what}: {body}"
        );
        assert!(
            answer.header("imvume-decision").is_some() || what.contains('/'),
            "{what}"
        );
    }
}

#[tokio::test]
async fn what_meta_refuses_is_rejected() {
    check(refusals()).await;
}

#[tokio::test]
async fn what_may_have_left_stays_open() {
    check(open_ends()).await;
}

#[tokio::test]
async fn odd_and_sound_answers_are_answers() {
    check(sound_ones()).await;
}

/// What another call than a send meets, and which statuses may come of it.
fn faults() -> Vec<(&'static str, Act, &'static [u16])> {
    let flood = |head: &str, piece| Act::Flood(format!("HTTP/1.1 200 OK\r\n{head}"), piece);
    vec![
        ("html/500", http(500, "", HTML), &[503]),
        ("html/502", http(502, "", HTML), &[503]),
        ("html/404", http(404, "", HTML), &[400]),
        ("pause/429", http(429, "retry-after: 17\r\n", HTML), &[400]),
        ("throughput/400", graph(400, "", 130_429), &[400]),
        ("token/401", graph(401, "", 190), &[503]),
        (
            "redirect/307",
            http(307, "location: http://127.0.0.1:1/\r\n", ""),
            &[400],
        ),
        (
            "half/200",
            Act::Say("HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{".to_owned()),
            &[503],
        ),
        (
            "large/200",
            Act::Stay("HTTP/1.1 200 OK\r\ncontent-length: 1073741824\r\n\r\n".to_owned()),
            &[503],
        ),
        ("endless/200", flood("\r\n", "more and more "), &[503]),
        ("endless/head", flood("", "x-more: of the same\r\n"), &[503]),
        ("nothing/cut", Act::Say(String::new()), &[503]),
        ("nothing/reset", Act::Reset, &[503]),
        (
            "silence/200",
            Act::Stay("HTTP/1.1 200 OK\r\n".to_owned()),
            &[503],
        ),
        // What a read receipt is answered with beside its status is not looked at.
        ("html/200", http(200, "", HTML), &[200, 503]),
        ("empty/200", http(200, "", ""), &[200, 503]),
        ("null/200", http(200, "", "null"), &[200, 503]),
    ]
}

#[tokio::test]
async fn every_other_call_survives_it_too() {
    let adversary = Adversary::start().await;
    let gateway = against(&adversary).await;
    gateway.hear_text(&THANDI, "Hello").await;
    let heard = gateway.real.take();
    let message = heard[0].message().unwrap()["id"].clone();
    let picture = json!({"from": "thandi", "type": "image", "image": {"mime_type": "image/jpeg"}});
    gateway.hear(picture).await;
    let image = newest_picture(&gateway).await;
    let read = json!({"messaging_product": "whatsapp", "status": "read", "message_id": message});
    for (what, act, expected) in faults() {
        adversary.does(&act);
        adversary.take();
        let calls = [
            ("POST", format!("/v23.0/{NUMBER}/messages"), read.clone()),
            ("GET", format!("/v23.0/{NUMBER}"), Value::Null),
            (
                "GET",
                format!("/v23.0/{NUMBER}/whatsapp_business_profile"),
                Value::Null,
            ),
            ("GET", format!("/v23.0/{image}"), Value::Null),
        ];
        for (method, path, body) in calls {
            let answer = gateway.call(&gateway.real, method, &path, &body).await;
            judge(&answer, &format!("{what}, {method} {path}"), expected);
        }
        let answer = try_picture(&gateway, &gateway.real).await;
        judge(&answer, &format!("{what}, upload"), expected);
        assert_eq!(adversary.take().len(), 5, "{what}: each call once");
        let written = adversary.written();
        assert!(written < 5 * MOST, "{what}: {written} bytes were taken");
    }
}

fn judge(answer: &Answer, what: &str, expected: &[u16]) {
    assert!(
        expected.contains(&answer.status),
        "{what}: {} {:?}",
        answer.status,
        answer.body
    );
    is_ours(answer, what);
    let pause = answer.header("retry-after");
    assert!(
        answer.status != 503 || pause.is_some(),
        "{what}: 503 says when to come back"
    );
    assert!(
        !what.starts_with("pause") || pause == Some("17"),
        "{what}: {pause:?}"
    );
}

/// The id of the picture that cannot be fetched now. The app is told of it after a while.
pub(crate) async fn newest_picture(gateway: &TestGateway) -> String {
    for _ in 0..3 {
        gateway.advance(Span::hours(1)).await;
    }
    let heard = gateway.real.take();
    let messages = heard.iter().filter_map(Heard::message);
    let mut ids = messages.filter_map(|message| Some(message["image"]["id"].as_str()?.to_owned()));
    ids.next().unwrap()
}

#[tokio::test]
async fn without_a_connection_nothing_left() {
    let adversary = Adversary::start().await;
    // Nobody listens there; one speaks no TLS; one has a certificate nobody vouches for.
    let closed = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let free = closed.local_addr().unwrap();
    drop(closed);
    adversary.does(&http(200, "", GOOD));
    let stranger = crate::stranger::start().await;
    for (what, graph) in [
        ("refused", format!("http://{free}/")),
        ("plain", format!("https://{}/", adversary.address)),
        ("certificate", format!("https://{}/", stranger.address)),
    ] {
        let url = Url::parse(&graph).unwrap();
        let gateway = TestGateway::start_told(|settings| settings.graph = url).await;
        gateway.hear_text(&THANDI, "Hello").await;
        let answer = gateway.send(&gateway.real, &text(THANDI.address())).await;
        assert_eq!(answer.verdict(), (503, 2), "{what}: {:?}", answer.body);
        assert_eq!(answer.header("retry-after"), Some("2"), "{what}");
        assert_eq!(
            newest(&gateway, &THANDI).await,
            MessageState::Rejected,
            "{what}"
        );
        assert!(
            adversary.take().is_empty(),
            "{what}: never in plain instead"
        );
    }
    assert_eq!(stranger.heard.load(Ordering::SeqCst), 0);
}
