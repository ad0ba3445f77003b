//! The wire guard: its verdict must not depend on how the bytes were cut into reads, and what it
//! passes must be what the HTTP library reads.
//!
//! The first two bytes of the input say where the cuts are.

#![no_main]

use libfuzzer_sys::fuzz_target;

#[rustfmt::skip] // formatted with its own crate
#[path = "../../crates/imvume/src/listen/guard.rs"]
#[expect(dead_code, reason = "the listener uses more of it than is called here")]
mod guard;

use guard::Guard;
use guard::HeadLimits;
use guard::Refusal;

const LIMITS: HeadLimits = HeadLimits {
    bytes: 2_000,
    fields: 16,
    target: 200,
};

fuzz_target!(|input: (u8, u8, &[u8])| {
    let (first, step, stream) = input;
    let whole = pass(stream, 0, usize::MAX);
    let cut = pass(stream, first.into(), usize::from(step).max(1));
    assert_eq!(whole, cut, "the cuts made a difference");
    assert!(stream.starts_with(&whole.bytes), "what passed was changed");
    if 0 < whole.heads {
        agrees(&whole.bytes);
    }
});

#[derive(Debug, Eq, PartialEq)]
struct Passed {
    bytes: Vec<u8>,
    heads: u64,
    refusal: Option<Refusal>,
}

/// Hands `stream` over in pieces: the first up to `first`, then of `step` bytes each.
fn pass(stream: &[u8], first: usize, step: usize) -> Passed {
    let mut guard = Guard::new(LIMITS);
    let (mut bytes, mut held) = (Vec::new(), Vec::new());
    let (start, rest) = stream.split_at(first.min(stream.len()));
    for piece in [start].into_iter().chain(rest.chunks(step)) {
        held.extend_from_slice(piece);
        let passed = guard.inspect(&held);
        bytes.extend(held.drain(..passed));
    }
    Passed {
        bytes,
        heads: guard.heads(),
        refusal: guard.refusal(),
    }
}

/// The first head ends where the HTTP library ends it, and names one host.
fn agrees(bytes: &[u8]) {
    let mut fields = [httparse::EMPTY_HEADER; LIMITS.fields];
    let mut request = httparse::Request::new(&mut fields);
    let length = match request.parse(bytes) {
        Ok(httparse::Status::Complete(length)) => length,
        other => panic!("the HTTP library does not read what passed: {other:?}"),
    };
    let end = memchr::memmem::find(bytes, b"\r\n\r\n").map(|at| at + 4);
    assert_eq!(Some(length), end, "the head ends elsewhere");
    let named = |name: &str| {
        let fields = request.headers.iter();
        fields
            .filter(|field| field.name.eq_ignore_ascii_case(name))
            .count()
    };
    assert_eq!(named("host"), 1, "not one host");
    assert!(
        named("content-length") + named("transfer-encoding") <= 1,
        "two lengths"
    );
}
