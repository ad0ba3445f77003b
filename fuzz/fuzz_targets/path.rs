//! The gateway's paths: what is read from one names exactly it.

#![no_main]

use libfuzzer_sys::fuzz_target;

#[rustfmt::skip] // formatted with its own crate
#[path = "../../crates/gateway/src/path.rs"]
mod path;

use path::Target;

fuzz_target!(|text: &str| {
    let Some(target) = path::read(text) else {
        return;
    };
    assert!(!text.contains(['%', '.']) || text.starts_with("/v"));
    let bare = match target {
        Target::Node(id) => format!("/{id}"),
        Target::Edge(id, edge) => format!("/{id}/{edge}"),
        Target::Media(id) => format!("/_media/{id}"),
    };
    assert!(text.ends_with(&bare));
    let versioned = format!("/v23.0{bare}");
    assert!(text == bare || path::read(&versioned).is_some());
});
