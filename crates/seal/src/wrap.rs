//! Deterministic authenticated encryption for keys.

use aws_lc_rs::aead;
use aws_lc_rs::hmac;
use zeroize::Zeroizing;

use crate::error::SealError;
use crate::hash::derive;
use crate::hash::mac;
use crate::hash::mac_key;
use crate::hash::narrow;
use crate::secret::Secret;

/// Format version of what [`Wrapper`] writes.
const FORMAT: u8 = 1;
/// Length of an AES-GCM tag, in bytes.
pub(crate) const TAG_LEN: usize = 16;
/// Version, nonce and tag around a wrapped key.
const OVERHEAD: usize = 1 + aead::NONCE_LEN + TAG_LEN;

/// AES-256-GCM whose nonce is a MAC of what is sealed, so it needs no randomness and the same key
/// wrapped twice in one place gives the same bytes: a roll that is interrupted may start again.
/// Layout: version ‖ nonce ‖ ciphertext ‖ tag.
pub(crate) struct Wrapper {
    cipher: aead::LessSafeKey,
    nonce: hmac::Key,
}

impl Wrapper {
    pub(crate) fn new(secret: &Secret) -> Result<Self, SealError> {
        Ok(Self {
            cipher: cipher(&derive(secret, "imvume/wrap/cipher/v1", b""))?,
            nonce: mac_key(derive(secret, "imvume/wrap/nonce/v1", b"").bytes()),
        })
    }

    pub(crate) fn seal(&self, aad: &[u8], plaintext: &[u8]) -> Result<Vec<u8>, SealError> {
        let length = u64::try_from(aad.len()).map_err(|_| SealError::TooLong)?;
        let nonce = narrow(&mac(&self.nonce, &[&length.to_be_bytes(), aad, plaintext]));
        seal_with(&self.cipher, FORMAT, nonce, aad, plaintext)
    }

    pub(crate) fn open(&self, aad: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealError> {
        open_with(&self.cipher, FORMAT, aad, sealed)
    }
}

pub(crate) fn cipher(secret: &Secret) -> Result<aead::LessSafeKey, SealError> {
    aead::UnboundKey::new(&aead::AES_256_GCM, secret.bytes())
        .map(aead::LessSafeKey::new)
        .map_err(|_| SealError::Primitive)
}

/// Seals into version ‖ nonce ‖ ciphertext ‖ tag. The caller answers for the nonce.
pub(crate) fn seal_with(
    cipher: &aead::LessSafeKey,
    format: u8,
    nonce: [u8; aead::NONCE_LEN],
    aad: &[u8],
    plaintext: &[u8],
) -> Result<Vec<u8>, SealError> {
    let mut out = Vec::with_capacity(plaintext.len().saturating_add(OVERHEAD));
    out.push(format);
    out.extend_from_slice(&nonce);
    out.extend_from_slice(plaintext);
    let (_, body) = out.split_at_mut(1 + aead::NONCE_LEN);
    let nonce = aead::Nonce::assume_unique_for_key(nonce);
    let tag = cipher
        .seal_in_place_separate_tag(nonce, aead::Aad::from(aad), body)
        .map_err(|_| SealError::Primitive)?;
    out.extend_from_slice(tag.as_ref());
    Ok(out)
}

/// Opens what [`seal_with`] made.
pub(crate) fn open_with(
    cipher: &aead::LessSafeKey,
    format: u8,
    aad: &[u8],
    sealed: &[u8],
) -> Result<Zeroizing<Vec<u8>>, SealError> {
    let (found, rest) = sealed.split_first().ok_or(SealError::Malformed)?;
    let (nonce, rest) = rest.split_first_chunk().ok_or(SealError::Malformed)?;
    if *found != format {
        return Err(SealError::Malformed);
    }
    let mut out = Zeroizing::new(Vec::new());
    open_into(cipher, *nonce, aad, rest, &mut out)?;
    Ok(out)
}

/// Opens ciphertext ‖ tag and appends the plaintext; `out` is as before if that fails.
pub(crate) fn open_into(
    cipher: &aead::LessSafeKey,
    nonce: [u8; aead::NONCE_LEN],
    aad: &[u8],
    sealed: &[u8],
    out: &mut Vec<u8>,
) -> Result<(), SealError> {
    let (body, tag) = sealed
        .split_last_chunk::<TAG_LEN>()
        .ok_or(SealError::Malformed)?;
    let start = out.len();
    out.resize(start.saturating_add(body.len()), 0);
    let (_, target) = out.split_at_mut(start);
    let nonce = aead::Nonce::assume_unique_for_key(nonce);
    let opened = cipher.open_separate_gather(nonce, aead::Aad::from(aad), body, tag, target);
    if opened.is_err() {
        out.truncate(start);
        return Err(SealError::Altered);
    }
    Ok(())
}
