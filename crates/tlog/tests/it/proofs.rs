//! Proofs and frontiers against the naive tree, for trees of every small size.

use std::convert::Infallible;

use proptest::prelude::*;
use tlog::Frontier;
use tlog::Hash;
use tlog::frontier::NotAFrontier;
use tlog::proof;
use tlog::proof::Nodes;
use tlog::proof::ProofError;

use crate::support::entries;
use crate::support::naive_root;

#[derive(Debug)]
struct Tree(Vec<Vec<u8>>);

impl Nodes for Tree {
    type Error = Infallible;

    fn node(&self, level: u32, index: u64) -> Result<Hash, Infallible> {
        let first = usize::try_from(index << level).unwrap();
        Ok(naive_root(&self.0[first..first + (1 << level)]))
    }
}

impl Tree {
    fn root(&self, size: u64) -> Hash {
        naive_root(&self.0[..usize::try_from(size).unwrap()])
    }

    fn leaf(&self, index: u64) -> Hash {
        tlog::leaf_hash(&self.0[usize::try_from(index).unwrap()])
    }
}

/// A tree, and two numbers in order that are at most its size.
fn trees() -> impl Strategy<Value = (Tree, u64, u64)> {
    (1..200_usize).prop_flat_map(|size| {
        let tree = Just(size).prop_map(|size| Tree(entries(size)));
        (tree, 0..=size as u64, 0..=size as u64).prop_map(|(t, a, b)| (t, a.min(b), a.max(b)))
    })
}

proptest! {
    #[test]
    fn inclusion_is_proved_and_only_of_what_is_there((tree, index, size) in trees()) {
        prop_assume!(index < size);
        let Ok(path) = proof::inclusion(&tree, index, size);
        let (root, leaf) = (tree.root(size), tree.leaf(index));
        let check = |index, leaf: &Hash, root: &Hash, path: &[Hash]| {
            proof::verify_inclusion(root, size, index, leaf, path)
        };
        prop_assert_eq!(check(index, &leaf, &root, &path), Ok(()));
        prop_assert!(check(index, &root, &leaf, &path).is_err() || size == 1);
        prop_assert!(check(index ^ 1, &leaf, &root, &path).is_err());
        prop_assert_eq!(
            check(size, &leaf, &root, &path),
            Err(ProofError::OutsideTree { index: size, size })
        );
        let longer = [path.as_slice(), &[leaf]].concat();
        prop_assert_eq!(check(index, &leaf, &root, &longer), Err(ProofError::WrongLength));
        for at in 0..path.len() {
            let mut other = path.clone();
            other[at].0[at % 32] ^= 1;
            prop_assert_eq!(check(index, &leaf, &root, &other), Err(ProofError::RootDiffers));
            other.remove(at);
            prop_assert!(check(index, &leaf, &root, &other).is_err());
        }
    }

    #[test]
    fn consistency_is_proved_and_only_of_prefixes((tree, old, new) in trees()) {
        let Ok(path) = proof::consistency(&tree, old, new);
        let (old_root, new_root) = (tree.root(old), tree.root(new));
        let check = |old_root: &Hash, new_root: &Hash, path: &[Hash]| {
            proof::verify_consistency(old, old_root, new, new_root, path)
        };
        prop_assert_eq!(check(&old_root, &new_root, &path), Ok(()));
        let other = tlog::leaf_hash(b"other");
        prop_assert!(check(&other, &new_root, &path).is_err());
        prop_assert!(check(&old_root, &other, &path).is_err() || old == 0);
        prop_assert!(check(&old_root, &new_root, &[path.as_slice(), &[other]].concat()).is_err());
        for at in 0..path.len() {
            let mut changed = path.clone();
            changed[at].0[at % 32] ^= 1;
            prop_assert_eq!(check(&old_root, &new_root, &changed), Err(ProofError::RootDiffers));
            changed.remove(at);
            prop_assert!(check(&old_root, &new_root, &changed).is_err());
        }
        if old < new {
            let backwards = proof::verify_consistency(new, &new_root, old, &old_root, &path);
            prop_assert_eq!(backwards, Err(ProofError::SizesOutOfOrder { old: new, new: old }));
        }
    }

    #[test]
    fn roots_agree((tree, _, size) in trees()) {
        let leaves: Vec<Hash> = (0..size).map(|index| tree.leaf(index)).collect();
        let mut frontier = Frontier::default();
        for leaf in &leaves {
            frontier.push(*leaf);
        }
        prop_assert_eq!(frontier.size(), size);
        prop_assert_eq!(frontier.root(), tree.root(size));
        prop_assert_eq!(tlog::root_of(&leaves), tree.root(size));
        prop_assert_eq!(proof::root(&tree, size), Ok(tree.root(size)));
        let bytes = frontier.to_bytes();
        prop_assert_eq!(Frontier::from_bytes(&bytes), Ok(frontier));
        prop_assert_eq!(Frontier::from_bytes(&bytes[..bytes.len() - 1]), Err(NotAFrontier));
        prop_assert_eq!(Frontier::from_bytes(&[&bytes[..], &[0; 32]].concat()), Err(NotAFrontier));
    }

    #[test]
    fn verifiers_never_panic(
        (a, b) in any::<(u64, u64)>(),
        hashes in prop::collection::vec(any::<[u8; 32]>().prop_map(Hash), 0..70),
    ) {
        let any = Hash([1; 32]);
        let _ = proof::verify_inclusion(&any, a, b, &any, &hashes);
        let _ = proof::verify_consistency(a, &any, b, &any, &hashes);
    }
}

#[test]
fn long_entries_hash_like_short_ones() {
    // Around the length where the hash leaves the stack buffer: two ways, one result.
    for length in [510, 511, 512, 513, 65_535] {
        let entry = vec![9; length];
        let digest =
            aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &[&[0][..], &entry].concat());
        assert_eq!(tlog::leaf_hash(&entry).0, digest.as_ref(), "{length}");
    }
}

#[test]
fn hashes_are_read_as_they_are_written() {
    let hash = tlog::leaf_hash(b"x");
    assert_eq!(hash.to_string().parse(), Ok(hash));
    assert_eq!(format!("{hash:?}"), hash.to_string());
    for text in ["", "AAAA", "not base64", &format!("{hash}A")] {
        assert!(text.parse::<Hash>().is_err(), "{text}");
    }
}
