//! The hashes of RFC 6962 §2.1: a leaf is SHA-256(0x00 ‖ entry), a node SHA-256(0x01 ‖ left ‖
//! right), the empty tree SHA-256 of nothing.

use std::fmt;
use std::str::FromStr;

use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use thiserror::Error;

/// Entries up to this length are hashed from a buffer on the stack.
const SHORT: usize = 512;

/// A SHA-256 value: of a leaf, a node or a whole tree. Written as standard base64.
#[derive(Clone, Copy, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Hash(pub [u8; Self::LENGTH]);

impl Hash {
    /// Bytes in a hash.
    pub const LENGTH: usize = 32;
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&STANDARD.encode(self.0))
    }
}

/// The text is not the base64 of 32 bytes.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error("not a hash: standard base64 of 32 bytes expected")]
pub struct NotAHash;

impl FromStr for Hash {
    type Err = NotAHash;

    fn from_str(text: &str) -> Result<Self, NotAHash> {
        let bytes = STANDARD.decode(text).map_err(|_| NotAHash)?;
        bytes.try_into().map(Self).map_err(|_| NotAHash)
    }
}

/// The hash of a leaf that holds `entry`.
pub fn leaf_hash(entry: &[u8]) -> Hash {
    // One contiguous message is hashed without an allocation; only long entries take the slow way.
    let mut short = [0_u8; SHORT];
    if let Some(message) = short.get_mut(..=entry.len()) {
        if let Some((prefix, rest)) = message.split_first_mut() {
            *prefix = 0x00;
            rest.copy_from_slice(entry);
        }
        return sha256(message);
    }
    let mut context = digest::Context::new(&digest::SHA256);
    context.update(&[0x00]);
    context.update(entry);
    from_digest(&context.finish())
}

/// The hash of the node above `left` and `right`.
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    let mut message = [0x01_u8; 1 + 2 * Hash::LENGTH];
    let (_, children) = message.split_at_mut(1);
    let (first, second) = children.split_at_mut(Hash::LENGTH);
    first.copy_from_slice(&left.0);
    second.copy_from_slice(&right.0);
    sha256(&message)
}

/// The root of a tree without leaves.
pub fn empty_root() -> Hash {
    sha256(&[])
}

/// The root of the tree over `leaves`, which are leaf hashes (the Merkle tree hash, RFC 6962 §2.1).
pub fn root_of(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => empty_root(),
        [only] => *only,
        [left, right] => node_hash(left, right),
        more => {
            let (left, right) = more.split_at(more.len().next_power_of_two() / 2);
            node_hash(&root_of(left), &root_of(right))
        }
    }
}

fn sha256(message: &[u8]) -> Hash {
    from_digest(&digest::digest(&digest::SHA256, message))
}

fn from_digest(value: &digest::Digest) -> Hash {
    let mut hash = [0; Hash::LENGTH];
    hash.copy_from_slice(value.as_ref());
    Hash(hash)
}
