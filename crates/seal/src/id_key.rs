//! Ids that only we can read.

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::hash::constant_time_eq;
use crate::hash::derive;
use crate::hash::mac;
use crate::hash::mac_key;
use crate::hash::narrow;
use crate::secret::Secret;
use crate::secret::debug_name_only;

const IV_LEN: usize = 16;
const SEALED_LEN: usize = IV_LEN + 8;
/// Length of a sealed id in characters.
const TEXT_LEN: usize = SEALED_LEN / 3 * 4;

/// Turns our ids into opaque text for one reader, and back. Nothing is stored: the text carries the
/// id. Two readers see different text for the same id and cannot compare notes.
///
/// The sealing is deterministic and authenticated (SIV, Rogaway and Shrimpton 2006): the synthetic
/// nonce is an HMAC of kind and id, and the id is covered with an HMAC of that nonce under a second
/// key. Text: base64url of nonce (16) ‖ covered id (8), 32 characters.
pub struct IdKey {
    iv: hmac::Key,
    cover: hmac::Key,
    pseudonym: hmac::Key,
}

debug_name_only!(IdKey);

impl IdKey {
    pub(crate) fn new(secret: &Secret) -> Self {
        let part = |label| mac_key(derive(secret, label, b"").bytes());
        Self {
            iv: part("imvume/id/nonce/v1"),
            cover: part("imvume/id/cover/v1"),
            pseudonym: part("imvume/id/pseudonym/v1"),
        }
    }

    /// The text for an id of this kind.
    pub fn seal_id(&self, kind: u8, id: u64) -> String {
        let iv = self.iv(kind, id);
        let covered = id ^ self.cover(&iv);
        let mut out = [0; SEALED_LEN];
        for (to, from) in out
            .iter_mut()
            .zip(iv.into_iter().chain(covered.to_be_bytes()))
        {
            *to = from;
        }
        URL_SAFE_NO_PAD.encode(out)
    }

    /// The id behind a text, or `None` when the text was not made by this key for this kind.
    pub fn open_id(&self, kind: u8, text: &str) -> Option<u64> {
        if text.len() != TEXT_LEN {
            return None;
        }
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (iv, covered) = bytes.split_first_chunk::<IV_LEN>()?;
        let id = u64::from_be_bytes(covered.try_into().ok()?) ^ self.cover(iv);
        constant_time_eq(&self.iv(kind, id), iv).then_some(id)
    }

    /// A stable stand-in for text that we cannot resolve to an id. One way: 22 characters.
    pub fn pseudonym(&self, kind: u8, text: &str) -> String {
        let tag: [u8; 16] = narrow(&mac(&self.pseudonym, &[&[kind], text.as_bytes()]));
        URL_SAFE_NO_PAD.encode(tag)
    }

    fn iv(&self, kind: u8, id: u64) -> [u8; IV_LEN] {
        narrow(&mac(&self.iv, &[&[kind], &id.to_be_bytes()]))
    }

    fn cover(&self, iv: &[u8; IV_LEN]) -> u64 {
        u64::from_be_bytes(narrow(&mac(&self.cover, &[iv])))
    }
}
