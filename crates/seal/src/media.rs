//! Sealing of media objects, in chunks.
//!
//! Layout: version ‖ salt (16) ‖ chunks. Each chunk is up to 64 KiB of ciphertext and its tag. The
//! chunks are sealed under a key derived from the data key and the salt; a chunk's nonce is its
//! index and whether it is the last (the STREAM construction of Hoang, Reyhanitabar, Rogaway and
//! Vizár, 2015), so that chunks cannot be cut off, added, moved or taken from another object.

use aws_lc_rs::aead;
use zeroize::Zeroizing;

use crate::data_key::DataKey;
use crate::error::SealError;
use crate::hash::derive;
use crate::place::Place;
use crate::random::Random;
use crate::wrap::TAG_LEN;
use crate::wrap::cipher;
use crate::wrap::open_into;

/// Format version of a sealed media object; never the one of a sealed value.
pub(crate) const FORMAT: u8 = 2;
pub(crate) const CHUNK: usize = 64 * 1024;
pub(crate) const SALT_LEN: usize = 16;
pub(crate) const LABEL: &str = "imvume/media/v1";

impl DataKey {
    /// Seals a media object for `place`.
    ///
    /// # Errors
    ///
    /// [`SealError::Random`], [`SealError::Primitive`], or [`SealError::TooLong`] beyond 2³² chunks.
    pub fn seal_media(
        &self,
        random: &Random,
        place: &Place,
        plaintext: &[u8],
    ) -> Result<Vec<u8>, SealError> {
        let salt: [u8; SALT_LEN] = random.array()?;
        let cipher = cipher(&derive(&self.secret, LABEL, &salt))?;
        let aad = place.aad(FORMAT);
        let tags = chunk_count(plaintext.len(), CHUNK).saturating_mul(TAG_LEN);
        let mut out = Vec::with_capacity(1 + SALT_LEN + plaintext.len().saturating_add(tags));
        out.push(FORMAT);
        out.extend_from_slice(&salt);
        let mut chunks = Chunks::new(plaintext, CHUNK);
        while let Some(Chunk { nonce, body }) = chunks.next()? {
            let start = out.len();
            out.extend_from_slice(body);
            let (_, sealed) = out.split_at_mut(start);
            let tag = cipher
                .seal_in_place_separate_tag(
                    aead::Nonce::assume_unique_for_key(nonce),
                    aead::Aad::from(&aad),
                    sealed,
                )
                .map_err(|_| SealError::Primitive)?;
            out.extend_from_slice(tag.as_ref());
        }
        Ok(out)
    }

    /// Opens what [`DataKey::seal_media`] made for the same place.
    ///
    /// # Errors
    ///
    /// [`SealError::Altered`] when anything differs from the sealing, a missing end included;
    /// [`SealError::Malformed`] when the bytes cannot have been sealed by this version.
    pub fn open_media(
        &self,
        place: &Place,
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, SealError> {
        let (format, rest) = sealed.split_first().ok_or(SealError::Malformed)?;
        let (salt, rest) = rest
            .split_first_chunk::<SALT_LEN>()
            .ok_or(SealError::Malformed)?;
        if *format != FORMAT {
            return Err(SealError::Malformed);
        }
        let cipher = cipher(&derive(&self.secret, LABEL, salt))?;
        let aad = place.aad(FORMAT);
        // Reserved whole, because a buffer that grows leaves unwiped copies behind.
        let mut out = Zeroizing::new(Vec::with_capacity(rest.len()));
        let mut chunks = Chunks::new(rest, CHUNK + TAG_LEN);
        while let Some(Chunk { nonce, body }) = chunks.next()? {
            open_into(&cipher, nonce, &aad, body, &mut out)?;
        }
        Ok(out)
    }
}

/// Cuts an object into chunks and numbers them. An empty object has one empty chunk.
struct Chunks<'a> {
    rest: Option<&'a [u8]>,
    size: usize,
    index: u32,
}

impl<'a> Chunks<'a> {
    fn new(whole: &'a [u8], size: usize) -> Self {
        Self {
            rest: Some(whole),
            size,
            index: 0,
        }
    }

    fn next(&mut self) -> Result<Option<Chunk<'a>>, SealError> {
        let Some(rest) = self.rest else {
            return Ok(None);
        };
        let (body, rest) = rest.split_at(self.size.min(rest.len()));
        let last = rest.is_empty();
        let nonce = nonce(self.index, last);
        self.index = self.index.checked_add(1).ok_or(SealError::TooLong)?;
        self.rest = (!last).then_some(rest);
        Ok(Some(Chunk { nonce, body }))
    }
}

struct Chunk<'a> {
    nonce: [u8; aead::NONCE_LEN],
    body: &'a [u8],
}

/// The nonce of a chunk.
pub(crate) fn nonce(index: u32, last: bool) -> [u8; aead::NONCE_LEN] {
    let [a, b, c, d] = index.to_be_bytes();
    [0, 0, 0, 0, 0, 0, 0, a, b, c, d, u8::from(last)]
}

fn chunk_count(len: usize, size: usize) -> usize {
    len.div_ceil(size).max(1)
}
