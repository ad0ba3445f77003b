//! Bundles, frontiers and proofs of the log, as bytes that anyone may hand over.

#![no_main]

use libfuzzer_sys::fuzz_target;
use tlog::Frontier;
use tlog::Hash;
use tlog::bundle;
use tlog::leaf_hash;
use tlog::proof::verify_consistency;
use tlog::proof::verify_inclusion;
use tlog::root_of;

fuzz_target!(|input: (u64, u64, &[u8])| {
    let (first, second, bytes) = input;
    bundles(bytes);
    frontiers(bytes);
    let (hashes, _) = bytes.as_chunks::<{ Hash::LENGTH }>();
    let hashes: Vec<Hash> = hashes.iter().copied().map(Hash).collect();
    let [root, other, proof @ ..] = hashes.as_slice() else {
        return;
    };
    let _ = verify_inclusion(root, second, first, other, proof);
    let _ = verify_consistency(first, root, second, other, proof);
});

/// The entries of a bundle make the bundle again, and its log has one root however it is reckoned.
fn bundles(bytes: &[u8]) {
    let Ok(entries) = bundle::entries(bytes).collect::<Result<Vec<_>, _>>() else {
        return;
    };
    let mut again = Vec::new();
    let mut frontier = Frontier::default();
    let mut leaves = Vec::new();
    for entry in entries {
        bundle::push(&mut again, entry).unwrap();
        frontier.push(leaf_hash(entry));
        leaves.push(leaf_hash(entry));
    }
    assert_eq!(again, bytes);
    assert_eq!(frontier.root(), root_of(&leaves));
}

fn frontiers(bytes: &[u8]) {
    if let Ok(frontier) = Frontier::from_bytes(bytes) {
        assert_eq!(frontier.to_bytes(), bytes);
        let _ = frontier.root();
    }
}
