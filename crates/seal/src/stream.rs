//! Objects that are too large to be held: sealed and opened chunk by chunk, in the layout of
//! [`DataKey::seal_media`].

use std::fmt;
use std::io;
use std::io::Read;
use std::io::Write;

use aws_lc_rs::aead;
use zeroize::Zeroizing;

use crate::data_key::DataKey;
use crate::error::SealError;
use crate::hash::derive;
use crate::media::CHUNK;
use crate::media::FORMAT;
use crate::media::LABEL;
use crate::media::SALT_LEN;
use crate::media::nonce;
use crate::place::Place;
use crate::random::Random;
use crate::wrap::TAG_LEN;
use crate::wrap::cipher;
use crate::wrap::open_into;

/// The key of one object, and where its next chunk stands.
struct Chunked {
    cipher: aead::LessSafeKey,
    place: Place,
    index: u32,
}

/// Seals what is written to it, and hands it on. What was not finished does not open.
pub struct SealedWriter<W> {
    out: W,
    chunked: Chunked,
    held: Zeroizing<Vec<u8>>,
}

/// Opens a sealed object, a chunk at a time. What was handed out of one that turns out to be altered
/// further on must not be taken for whole.
pub struct SealedReader<R> {
    from: R,
    chunked: Chunked,
    /// The chunk that comes next, sealed; it is the last if nothing follows.
    ahead: Option<Vec<u8>>,
}

impl<W> fmt::Debug for SealedWriter<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealedWriter")
    }
}

impl<R> fmt::Debug for SealedReader<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealedReader")
    }
}

impl Chunked {
    fn nonce(&mut self, last: bool) -> Result<[u8; aead::NONCE_LEN], SealError> {
        let nonce = nonce(self.index, last);
        self.index = self.index.checked_add(1).ok_or(SealError::TooLong)?;
        Ok(nonce)
    }
}

impl DataKey {
    /// Begins an object at `place` that goes into `out`.
    ///
    /// # Errors
    ///
    /// What `out` says, and [`SealError`] as an error of its kind `Other`.
    pub fn seal_into<W: Write>(
        &self,
        random: &Random,
        place: &Place,
        mut out: W,
    ) -> io::Result<SealedWriter<W>> {
        let salt: [u8; SALT_LEN] = random.array().map_err(io::Error::other)?;
        let cipher = cipher(&derive(&self.secret, LABEL, &salt)).map_err(io::Error::other)?;
        out.write_all(&[FORMAT])?;
        out.write_all(&salt)?;
        Ok(SealedWriter {
            out,
            chunked: Chunked {
                cipher,
                place: *place,
                index: 0,
            },
            held: Zeroizing::new(Vec::with_capacity(CHUNK)),
        })
    }

    /// Begins to open an object that [`DataKey::seal_into`] or [`DataKey::seal_media`] made for this
    /// place.
    ///
    /// # Errors
    ///
    /// What `from` says; [`SealError::Malformed`], as an error of its kind `Other`, for what cannot have
    /// been sealed by this version.
    pub fn open_from<R: Read>(&self, place: &Place, mut from: R) -> io::Result<SealedReader<R>> {
        let mut head = [0; 1 + SALT_LEN];
        from.read_exact(&mut head)?;
        let [format, salt @ ..] = head;
        if format != FORMAT {
            return Err(io::Error::other(SealError::Malformed));
        }
        let cipher = cipher(&derive(&self.secret, LABEL, &salt)).map_err(io::Error::other)?;
        let ahead = chunk(&mut from)?;
        Ok(SealedReader {
            from,
            chunked: Chunked {
                cipher,
                place: *place,
                index: 0,
            },
            ahead: Some(ahead),
        })
    }
}

impl<W: Write> SealedWriter<W> {
    fn seal(&mut self, last: bool) -> Result<Vec<u8>, SealError> {
        let nonce = self.chunked.nonce(last)?;
        let mut sealed = self.held.to_vec();
        self.held.clear();
        let tag = self
            .chunked
            .cipher
            .seal_in_place_separate_tag(
                aead::Nonce::assume_unique_for_key(nonce),
                aead::Aad::from(&self.chunked.place.aad(FORMAT)),
                &mut sealed,
            )
            .map_err(|_| SealError::Primitive)?;
        sealed.extend_from_slice(tag.as_ref());
        Ok(sealed)
    }

    /// Writes the end. Returns what took the object.
    ///
    /// # Errors
    ///
    /// As [`DataKey::seal_into`].
    pub fn finish(mut self) -> io::Result<W> {
        let sealed = self.seal(true).map_err(io::Error::other)?;
        self.out.write_all(&sealed)?;
        Ok(self.out)
    }
}

impl<W: Write> Write for SealedWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // A full chunk goes once it is known that another one follows.
        if self.held.len() == CHUNK && !bytes.is_empty() {
            let sealed = self.seal(false).map_err(io::Error::other)?;
            self.out.write_all(&sealed)?;
        }
        let taken = bytes.len().min(CHUNK - self.held.len());
        self.held
            .extend_from_slice(bytes.get(..taken).unwrap_or_default());
        Ok(taken)
    }

    /// Hands on what is sealed; the chunk on its way is not.
    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

impl<R: Read> SealedReader<R> {
    /// The next piece; none at the end.
    ///
    /// # Errors
    ///
    /// What the source says; [`SealError::Altered`], as an error of its kind `Other`, when anything
    /// differs from the sealing, a missing end included.
    pub fn piece(&mut self) -> io::Result<Option<Zeroizing<Vec<u8>>>> {
        let Some(sealed) = self.ahead.take() else {
            return Ok(None);
        };
        let next = chunk(&mut self.from)?;
        let last = next.is_empty();
        let nonce = self.chunked.nonce(last).map_err(io::Error::other)?;
        let mut out = Zeroizing::new(Vec::with_capacity(sealed.len()));
        let aad = self.chunked.place.aad(FORMAT);
        open_into(&self.chunked.cipher, nonce, &aad, &sealed, &mut out)
            .map_err(io::Error::other)?;
        self.ahead = (!last).then_some(next);
        Ok(Some(out))
    }
}

/// The next sealed chunk; empty at the end.
fn chunk(from: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut sealed = Vec::new();
    let most = CHUNK + TAG_LEN;
    from.take(most as u64).read_to_end(&mut sealed)?;
    Ok(sealed)
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::CHUNK;
    use super::DataKey;
    use super::Place;
    use super::Random;
    use crate::RecordKind;

    const PLACE: Place = Place {
        record: RecordKind::Package,
        field: 2,
        id: 7,
        key: 0,
    };

    fn opened(key: &DataKey, place: &Place, sealed: &[u8]) -> std::io::Result<Vec<u8>> {
        let mut reader = key.open_from(place, sealed)?;
        let mut out = Vec::new();
        while let Some(piece) = reader.piece()? {
            out.extend_from_slice(&piece);
        }
        Ok(out)
    }

    #[test]
    fn a_stream_is_what_a_whole_is_and_nothing_else_opens() {
        let random = Random::seeded(3);
        let key = DataKey::generate(&random).unwrap();
        for length in [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 3 * CHUNK + 5] {
            let plain: Vec<u8> = (0..=255).cycle().take(length).collect();
            let mut out = key.seal_into(&random, &PLACE, Vec::new()).unwrap();
            for piece in plain.chunks(10_007) {
                out.write_all(piece).unwrap();
            }
            let sealed = out.finish().unwrap();
            assert_eq!(opened(&key, &PLACE, &sealed).unwrap(), plain, "{length}");
            assert_eq!(*key.open_media(&PLACE, &sealed).unwrap(), plain, "{length}");
            let whole = key.seal_media(&random, &PLACE, &plain).unwrap();
            assert_eq!(opened(&key, &PLACE, &whole).unwrap(), plain, "{length}");
            for cut in [0, 1, 16, 17, sealed.len() / 2, sealed.len() - 1] {
                assert!(
                    opened(&key, &PLACE, &sealed[..cut]).is_err(),
                    "{length}/{cut}"
                );
            }
            let mut flipped = sealed.clone();
            let at = sealed.len() - 3;
            flipped[at] ^= 1;
            assert!(opened(&key, &PLACE, &flipped).is_err(), "{length}");
            let other = Place { id: 8, ..PLACE };
            assert!(opened(&key, &other, &sealed).is_err(), "{length}");
        }
    }
}
