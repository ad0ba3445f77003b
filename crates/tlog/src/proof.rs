//! Inclusion and consistency proofs: making them from stored nodes (RFC 6962 §2.1.1, §2.1.2) and
//! verifying them without any (RFC 9162 §2.1.3.2, §2.1.4.2).

use thiserror::Error;

use crate::hash::Hash;
use crate::hash::empty_root;
use crate::hash::node_hash;

/// Where the prover finds the roots of complete subtrees.
pub trait Nodes {
    /// Why a node could not be had.
    type Error;

    /// The root of the complete subtree over leaves `index << level .. (index + 1) << level`.
    fn node(&self, level: u32, index: u64) -> Result<Hash, Self::Error>;
}

/// Why a proof was not made or does not hold.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum ProofError {
    /// The leaf is not in a tree of that size.
    #[error("leaf {index} is not in a tree of {size} leaves")]
    OutsideTree {
        /// Position of the leaf.
        index: u64,
        /// Leaves in the tree.
        size: u64,
    },
    /// The proof leads to another root.
    #[error("the proof leads to another root")]
    RootDiffers,
    /// The older tree is the larger one.
    #[error("the older tree has {old} leaves, the newer {new}")]
    SizesOutOfOrder {
        /// Leaves in the older tree.
        old: u64,
        /// Leaves in the newer tree.
        new: u64,
    },
    /// The proof has too many or too few hashes for these sizes.
    #[error("the proof has the wrong number of hashes")]
    WrongLength,
}

/// The root of the first `size` leaves.
pub fn root<N: Nodes>(nodes: &N, size: u64) -> Result<Hash, N::Error> {
    if size == 0 {
        return Ok(empty_root());
    }
    range_root(nodes, 0, size)
}

/// The audit path of leaf `index` in the tree of the first `size` leaves, lowest hash first; empty
/// if the leaf is not in that tree.
pub fn inclusion<N: Nodes>(nodes: &N, index: u64, size: u64) -> Result<Vec<Hash>, N::Error> {
    let mut path = Vec::new();
    if index >= size {
        return Ok(path);
    }
    let (mut low, mut high) = (0, size);
    while high - low > 1 {
        let middle = low + split(high - low);
        if index < middle {
            path.push(range_root(nodes, middle, high)?);
            high = middle;
        } else {
            path.push(range_root(nodes, low, middle)?);
            low = middle;
        }
    }
    path.reverse();
    Ok(path)
}

/// The proof that the tree of the first `old` leaves is a prefix of that of the first `new`, lowest
/// hash first. Empty if the sizes are equal, out of order, or `old` is 0.
pub fn consistency<N: Nodes>(nodes: &N, old: u64, new: u64) -> Result<Vec<Hash>, N::Error> {
    let mut path = Vec::new();
    if old == 0 || old >= new {
        return Ok(path);
    }
    let (mut low, mut high) = (0, new);
    while high != old {
        let middle = low + split(high - low);
        if old <= middle {
            path.push(range_root(nodes, middle, high)?);
            high = middle;
        } else {
            path.push(range_root(nodes, low, middle)?);
            low = middle;
        }
    }
    // The verifier knows the old root itself: it is left out when the old tree is this subtree.
    if low != 0 {
        path.push(range_root(nodes, low, high)?);
    }
    path.reverse();
    Ok(path)
}

/// Checks that `leaf` stands at `index` in the tree of `size` leaves with root `root`.
pub fn verify_inclusion(
    root: &Hash,
    size: u64,
    index: u64,
    leaf: &Hash,
    proof: &[Hash],
) -> Result<(), ProofError> {
    if index >= size {
        return Err(ProofError::OutsideTree { index, size });
    }
    let mut walk = Walk {
        at: index,
        last: size - 1,
    };
    let mut found = *leaf;
    for sibling in proof {
        found = match walk.step()? {
            Side::Left => node_hash(sibling, &found),
            Side::Right => node_hash(&found, sibling),
        };
    }
    walk.finish()?;
    same(&found, root)
}

/// Checks that the tree of `old` leaves with root `old_root` is a prefix of the tree of `new`
/// leaves with root `new_root`. An empty tree is a prefix of every tree.
pub fn verify_consistency(
    old: u64,
    old_root: &Hash,
    new: u64,
    new_root: &Hash,
    proof: &[Hash],
) -> Result<(), ProofError> {
    if old > new {
        return Err(ProofError::SizesOutOfOrder { old, new });
    }
    if old == 0 || old == new {
        if !proof.is_empty() {
            return Err(ProofError::WrongLength);
        }
        return same(old_root, if old == 0 { &EMPTY } else { new_root });
    }
    let (start, rest) = if old.is_power_of_two() {
        (*old_root, proof)
    } else {
        let (first, rest) = proof.split_first().ok_or(ProofError::WrongLength)?;
        (*first, rest)
    };
    let shift = (old - 1).trailing_ones();
    let mut walk = Walk {
        at: (old - 1) >> shift,
        last: (new - 1) >> shift,
    };
    let (mut older, mut newer) = (start, start);
    for sibling in rest {
        match walk.step()? {
            Side::Left => {
                older = node_hash(sibling, &older);
                newer = node_hash(sibling, &newer);
            }
            Side::Right => newer = node_hash(&newer, sibling),
        }
    }
    walk.finish()?;
    same(&older, old_root)?;
    same(&newer, new_root)
}

/// [`empty_root`] as a constant.
const EMPTY: Hash = Hash([
    0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9, 0x24,
    0x27, 0xae, 0x41, 0xe4, 0x64, 0x9b, 0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55,
]);

/// A climb from a node towards the root of a tree that need not be complete: the node's index and
/// that of the last node on its level.
struct Walk {
    at: u64,
    last: u64,
}

/// On which side of us the next sibling stands.
enum Side {
    Left,
    Right,
}

impl Walk {
    fn step(&mut self) -> Result<Side, ProofError> {
        if self.last == 0 {
            return Err(ProofError::WrongLength);
        }
        let side = if self.at & 1 == 1 || self.at == self.last {
            // A last node without a sibling is carried up unchanged until it has one.
            let skip = self.at.trailing_zeros();
            self.up(skip);
            Side::Left
        } else {
            Side::Right
        };
        self.up(1);
        Ok(side)
    }

    fn up(&mut self, levels: u32) {
        self.at = self.at.checked_shr(levels).unwrap_or(0);
        self.last = self.last.checked_shr(levels).unwrap_or(0);
    }

    fn finish(&self) -> Result<(), ProofError> {
        if self.last == 0 {
            Ok(())
        } else {
            Err(ProofError::WrongLength)
        }
    }
}

fn same(found: &Hash, wanted: &Hash) -> Result<(), ProofError> {
    if found == wanted {
        Ok(())
    } else {
        Err(ProofError::RootDiffers)
    }
}

/// The root over leaves `low..high`, where `low` is a multiple of the power of two that holds them.
fn range_root<N: Nodes>(nodes: &N, low: u64, high: u64) -> Result<Hash, N::Error> {
    let count = high - low;
    if count.is_power_of_two() {
        let level = count.trailing_zeros();
        return nodes.node(level, low >> level);
    }
    let middle = low + split(count);
    Ok(node_hash(
        &range_root(nodes, low, middle)?,
        &range_root(nodes, middle, high)?,
    ))
}

/// The largest power of two smaller than `count`, which is at least 2.
fn split(count: u64) -> u64 {
    1 << (count - 1).ilog2()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_constant_is_the_empty_root() {
        assert_eq!(EMPTY, empty_root());
    }
}
