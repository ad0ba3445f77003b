use proptest::collection::vec;
use proptest::prelude::Strategy;
use proptest::prop_assert;
use proptest::prop_assert_eq;
use proptest::prop_oneof;
use proptest::proptest;
use proptest::strategy::Just;

use super::Guard;
use super::HeadLimits;
use super::Refusal;

const LIMITS: HeadLimits = HeadLimits {
    bytes: 400,
    fields: 5,
    target: 40,
};

/// Hands `stream` over in pieces that end at `cuts`; what passed, and the refusal.
fn run(stream: &[u8], cuts: &[usize]) -> (Vec<u8>, Option<Refusal>, u64) {
    let mut guard = Guard::new(LIMITS);
    let (mut output, mut held) = (Vec::new(), Vec::new());
    let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut % (stream.len() + 1)).collect();
    cuts.extend([0, stream.len()]);
    cuts.sort_unstable();
    for piece in cuts.windows(2) {
        held.extend_from_slice(&stream[piece[0]..piece[1]]);
        let passed = guard.inspect(&held);
        output.extend(held.drain(..passed));
    }
    (output, guard.refusal(), guard.heads())
}

/// Heads, and bodies behind them, that pass.
#[rustfmt::skip]
const SOUND: &[&str] = &[
    "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET / HTTP/1.0\r\nHost: a\r\n\r\n",
    "GET /?a=b&c=%20 HTTP/1.1\r\nhost:a:80\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: [::1]:80\r\nX:\r\nY: a\tb\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n12\n\0z",
    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n\n\n",
];

/// Heads that break a rule of the wire.
#[rustfmt::skip]
const MALFORMED: &[&str] = &[
    "GET / HTTP/1.1\nHost: a\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: a\n\r\n",
    "GET / HTTP/1.1\r\nHost: a\r\n\n",
    "\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET / HTTP/1.1\r\n\r\n",
    "GET / HTTP/1.0\r\n\r\n",
    "GET / HTTP/1.1\r\nHost:\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: a b\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: a,a\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: a\r\nhost: a\r\n\r\n",
    "GET / HTTP/1.1\r\nHost : a\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: a\r\n b\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: a\r\nX\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: a\r\n: x\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: a\r\nX: \0\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: a\r\nX: \x7f\r\n\r\n",
    "GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET http://a/ HTTP/1.1\r\nHost: a\r\n\r\n",
    "CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n",
    "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET  / HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET /#x HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET /\u{e9} HTTP/1.1\r\nHost: a\r\n\r\n",
    " / HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET /\r\nHost: a\r\n\r\n",
    "GET / HTTP/2.0\r\nHost: a\r\n\r\n",
    "GET / http/1.1\r\nHost: a\r\n\r\n",
    "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "P / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\n",
    "P / HTTP/1.1\r\nHost: a\r\nContent-Length: 5, 5\r\n\r\n",
    "P / HTTP/1.1\r\nHost: a\r\nContent-Length: +5\r\n\r\n",
    "P / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
    "P / HTTP/1.1\r\nHost: a\r\nContent-Length:\r\n\r\n",
    "P / HTTP/1.1\r\nHost: a\r\nContent-Length: 18446744073709551616\r\n\r\n",
    "P / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
    "P / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n",
    "P / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
    "P / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: identity\r\n\r\n",
    "P / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n",
    "P / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n",
];

fn judge(stream: &str, expected: Option<Refusal>) {
    let (output, refusal, _) = run(stream.as_bytes(), &[]);
    assert_eq!(refusal, expected, "{stream:?}");
    let passed = if expected.is_none() { stream } else { "" };
    assert_eq!(output, passed.as_bytes(), "{stream:?}");
    let every: Vec<usize> = (0..stream.len()).collect();
    assert_eq!(
        run(stream.as_bytes(), &every).1,
        expected,
        "byte by byte: {stream:?}"
    );
}

#[test]
fn heads() {
    for stream in SOUND {
        judge(stream, None);
    }
    for stream in MALFORMED {
        judge(stream, Some(Refusal::Malformed));
    }
}

#[test]
fn heads_that_are_too_large() {
    let target = format!("GET /{} HTTP/1.1\r\nHost: a\r\n\r\n", "p".repeat(40));
    judge(&target, Some(Refusal::TargetTooLong));
    judge(
        &format!("GET /{}", "p".repeat(200)),
        Some(Refusal::TargetTooLong),
    );
    let field = format!("GET / HTTP/1.1\r\nHost: a\r\nX: {}", "x".repeat(400));
    judge(&field, Some(Refusal::HeadTooLarge));
    let fields = format!("GET / HTTP/1.1\r\nHost: a\r\n{}\r\n", "X: y\r\n".repeat(5));
    judge(&fields, Some(Refusal::HeadTooLarge));
}

#[test]
fn a_bad_head_behind_good_ones_stops_there() {
    let good = "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabcGET /b HTTP/1.1\r\nHost: a\r\n\r\n";
    let stream = format!("{good}GET /c HTTP/1.1\r\n\r\nGET /d HTTP/1.1\r\nHost: a\r\n\r\n");
    let (output, refusal, heads) = run(stream.as_bytes(), &[]);
    assert_eq!(
        (output.as_slice(), refusal, heads),
        (good.as_bytes(), Some(Refusal::Malformed), 2)
    );
}

#[test]
fn a_body_is_not_read_as_a_head() {
    let inner = "GET / HTTP/1.1\nnone\n\n";
    let stream = format!(
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n{inner}GET / HTTP/1.1\r\nHost: b\r\n\r\n",
        inner.len()
    );
    assert_eq!(run(stream.as_bytes(), &[]).1, None);
    assert_eq!(run(stream.as_bytes(), &[]).2, 2);
}

#[test]
fn one_line_at_its_limit_passes_and_one_byte_more_does_not() {
    for (extra, expected) in [(0, None), (1, Some(Refusal::TargetTooLong))] {
        let stream = format!(
            "GET /{} HTTP/1.1\r\nHost: a\r\n\r\n",
            "p".repeat(39 + extra)
        );
        assert_eq!(run(stream.as_bytes(), &[]).1, expected);
    }
    let fixed = "GET / HTTP/1.1\r\nHost: a\r\nX: \r\n\r\n".len();
    for (extra, expected) in [(0, None), (1, Some(Refusal::HeadTooLarge))] {
        let filler = "x".repeat(LIMITS.bytes - fixed + extra);
        let stream = format!("GET / HTTP/1.1\r\nHost: a\r\nX: {filler}\r\n\r\n");
        assert_eq!(run(stream.as_bytes(), &[]).1, expected);
    }
}

/// Streams of fragments that are close to requests, so that most of the grammar is visited.
fn fragments() -> impl Strategy<Value = Vec<u8>> {
    let fragment = prop_oneof![
        Just("GET / HTTP/1.1\r\nHost: a\r\n\r\n".to_owned()),
        Just("POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 7\r\n\r\n1234567".to_owned()),
        Just("POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n".to_owned()),
        Just("GET / HTTP/1.1\r\n".to_owned()),
        Just("Host: a\r\n".to_owned()),
        Just("Content-Length: 3\r\n".to_owned()),
        Just("X: y\r\n".to_owned()),
        Just("\r\n".to_owned()),
        Just("\n".to_owned()),
        Just(" ".to_owned()),
        "[a-z/: ]{0,60}",
        "X: [a-z]{0,300}\r\n",
        "GET /[a-z]{0,60} HTTP/1.1\r\n",
    ];
    vec(fragment, 0..8).prop_map(|fragments| fragments.concat().into_bytes())
}

proptest! {
    #[test]
    fn cuts_make_no_difference(stream in fragments(), cuts in vec(0..2000_usize, 0..12)) {
        prop_assert_eq!(run(&stream, &cuts), run(&stream, &[]));
    }

    #[test]
    fn any_bytes_are_judged_without_a_panic(stream in vec(0..=255_u8, 0..900), cuts in vec(0..900_usize, 0..6)) {
        let (output, refusal, heads) = run(&stream, &cuts);
        prop_assert!(stream.starts_with(&output));
        prop_assert_eq!((output, refusal, heads), run(&stream, &[]));
    }
}
