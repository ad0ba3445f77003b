//! The right edge of a growing tree: all that is needed to append and to know the root.

use thiserror::Error;

use crate::hash::Hash;
use crate::hash::empty_root;
use crate::hash::node_hash;

/// A compact range from leaf 0: the roots of the largest complete subtrees, left to right. At most
/// 64 hashes, however long the log.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Frontier {
    // INVARIANT: one node for each one bit of `size`, highest bit first.
    size: u64,
    nodes: Vec<Hash>,
}

/// The bytes are not a frontier.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error("not a frontier: a size and one hash for each of its one bits expected")]
pub struct NotAFrontier;

impl Frontier {
    /// Appends the hash of one leaf.
    pub fn push(&mut self, leaf: Hash) {
        self.push_subtree(0, leaf);
    }

    /// The number of leaves so far.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The root over all leaves so far.
    pub fn root(&self) -> Hash {
        let right_to_left = self.nodes.iter().rev().copied();
        right_to_left
            .reduce(|right, left| node_hash(&left, &right))
            .unwrap_or_else(empty_root)
    }

    /// The frontier as bytes: the size as eight bytes, big end first, then the hashes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = self.size.to_be_bytes().to_vec();
        bytes.extend(self.nodes.iter().flat_map(|node| node.0));
        bytes
    }

    /// Reads what [`Frontier::to_bytes`] wrote.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, NotAFrontier> {
        let (size, hashes) = bytes.split_first_chunk::<8>().ok_or(NotAFrontier)?;
        let size = u64::from_be_bytes(*size);
        let (hashes, rest) = hashes.as_chunks::<{ Hash::LENGTH }>();
        if !rest.is_empty() || hashes.len() != size.count_ones() as usize {
            return Err(NotAFrontier);
        }
        let nodes = hashes.iter().copied().map(Hash).collect();
        Ok(Self { size, nodes })
    }

    /// Appends a complete subtree of 2^`height` leaves. The size must be a multiple of that.
    pub(crate) fn push_subtree(&mut self, height: u32, root: Hash) {
        debug_assert!(self.size.trailing_zeros() >= height, "subtree out of place");
        let mut root = root;
        for _ in 0..(self.size >> height).trailing_ones() {
            if let Some(left) = self.nodes.pop() {
                root = node_hash(&left, &root);
            }
        }
        self.nodes.push(root);
        self.size += 1 << height;
    }
}
