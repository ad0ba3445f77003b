//! SHA-256, HMAC-SHA-256 and key derivation.

use aws_lc_rs::constant_time;
use aws_lc_rs::digest;
use aws_lc_rs::hmac;

use crate::secret::Secret;
use crate::secret::debug_name_only;

/// SHA-256 (FIPS 180-4) of `data`.
pub fn sha256(data: &[u8]) -> [u8; 32] {
    narrow(digest::digest(&digest::SHA256, data).as_ref())
}

/// HMAC-SHA-256 (RFC 2104) of `data`. A signer that uses one key often keeps its own key schedule.
pub fn hmac_sha256(key: &[u8], data: &[u8]) -> [u8; 32] {
    mac(&mac_key(key), &[data])
}

/// Whether two byte strings are equal, in a time that depends on their lengths only.
pub fn constant_time_eq(left: &[u8], right: &[u8]) -> bool {
    constant_time::verify_slices_are_equal(left, right).is_ok()
}

/// SHA-256 of bytes that arrive in pieces.
#[derive(Clone)]
pub struct Sha256Stream(digest::Context);

debug_name_only!(Sha256Stream);

impl Default for Sha256Stream {
    fn default() -> Self {
        Self(digest::Context::new(&digest::SHA256))
    }
}

impl Sha256Stream {
    /// Adds the next piece.
    pub fn update(&mut self, data: &[u8]) {
        self.0.update(data);
    }

    /// The digest of all pieces so far.
    pub fn finish(self) -> [u8; 32] {
        narrow(self.0.finish().as_ref())
    }
}

pub(crate) fn sha256_parts(parts: &[&[u8]]) -> [u8; 32] {
    let mut stream = Sha256Stream::default();
    for part in parts {
        stream.update(part);
    }
    stream.finish()
}

pub(crate) fn mac_key(key: &[u8]) -> hmac::Key {
    hmac::Key::new(hmac::HMAC_SHA256, key)
}

/// HMAC over the parts as if they stood in one piece; the caller keeps them apart.
pub(crate) fn mac(key: &hmac::Key, parts: &[&[u8]]) -> [u8; 32] {
    let mut context = hmac::Context::with_key(key);
    for part in parts {
        context.update(part);
    }
    narrow(context.sign().as_ref())
}

/// HMAC over the parts, each preceded by its length in eight bytes.
pub(crate) fn mac_framed(key: &hmac::Key, parts: &[&[u8]]) -> [u8; 32] {
    let mut context = hmac::Context::with_key(key);
    for part in parts {
        context.update(&(part.len() as u64).to_be_bytes());
        context.update(part);
    }
    narrow(context.sign().as_ref())
}

/// The first `N` bytes of a longer hash.
pub(crate) fn narrow<const N: usize>(full: &[u8]) -> [u8; N] {
    let mut out = [0; N];
    for (to, from) in out.iter_mut().zip(full) {
        *to = *from;
    }
    out
}

/// Lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .filter_map(|digit| char::from_digit(digit.into(), 16))
        .collect()
}

/// Derives a key: HKDF-Expand with SHA-256 for one output block (RFC 5869 §2.3). The extract step
/// is left out because every secret that comes in is uniformly random (§3.3 there).
pub(crate) fn derive(secret: &Secret, label: &str, context: &[u8]) -> Secret {
    let key = mac_key(secret.bytes());
    Secret::new(mac(&key, &[label.as_bytes(), &[0], context, &[1]]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sha256_matches_fips_180() {
        let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(hex(&sha256(b"abc")), expected);
        assert_eq!(hex(&sha256_parts(&[b"a", b"", b"bc"])), expected);
    }

    #[test]
    fn hmac_matches_rfc_4231() {
        let expected = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        assert_eq!(
            hex(&hmac_sha256(b"Jefe", b"what do ya want for nothing?")),
            expected
        );
    }

    #[test]
    fn derivation_is_hkdf_expand() {
        let key = hex(derive(&Secret::new([7; 32]), "label", b"context").bytes());
        let by_hand = hmac_sha256(&[7; 32], b"label\0context\x01");
        assert_eq!(key, hex(&by_hand));

        // RFC 5869, test case 1: the first block of its output.
        let prk = [
            0x07, 0x77, 0x09, 0x36, 0x2c, 0x2e, 0x32, 0xdf, 0x0d, 0xdc, 0x3f, 0x0d, 0xc4, 0x7b,
            0xba, 0x63, 0x90, 0xb6, 0xc7, 0x3b, 0xb5, 0x0f, 0x9c, 0x31, 0x22, 0xec, 0x84, 0x4a,
            0xd7, 0xc2, 0xb3, 0xe5,
        ];
        let info = [0xf0, 0xf1, 0xf2, 0xf3, 0xf4, 0xf5, 0xf6, 0xf7, 0xf8, 0xf9];
        let block = mac(&mac_key(&prk), &[&info, &[1]]);
        let expected = "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf";
        assert_eq!(hex(&block), expected);
    }

    #[test]
    fn constant_time_eq_compares() {
        let cases: [(&[u8], &[u8], bool); 4] = [
            (b"", b"", true),
            (b"a", b"a", true),
            (b"a", b"b", false),
            (b"a", b"ab", false),
        ];
        for (left, right, equal) in cases {
            assert_eq!(constant_time_eq(left, right), equal);
        }
    }
}
