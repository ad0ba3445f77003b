//! age files (C2SP age, version 1), for X25519 recipients.
//!
//! The format is small and the primitives are those that seal everything else, so it stands here; it
//! is held against the `age` tool in both directions by the tests.

mod bech32;
mod header;
mod keys;
mod stream;

pub use keys::Identity;
pub use keys::Recipient;
pub use stream::Opener;
pub use stream::Sealer;

use aws_lc_rs::hkdf;
use zeroize::Zeroizing;

use crate::error::BackupError;

/// The length of the key of a file.
const FILE_KEY: usize = 16;

/// A key derived as the format says: HKDF with SHA-256.
fn derive(secret: &[u8], salt: &[u8], info: &[u8]) -> Result<Zeroizing<[u8; 32]>, BackupError> {
    let prk = hkdf::Salt::new(hkdf::HKDF_SHA256, salt).extract(secret);
    let mut out = Zeroizing::new([0; 32]);
    prk.expand(&[info], hkdf::HKDF_SHA256)
        .and_then(|okm| okm.fill(out.as_mut_slice()))
        .map_err(|_| BackupError::Sealing)?;
    Ok(out)
}
