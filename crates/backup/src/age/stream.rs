//! What follows the head: ChaCha20-Poly1305 in pieces of 64 KiB, the last one marked.

use std::fmt;
use std::io;
use std::io::Read;
use std::io::Write;

use aws_lc_rs::aead;
use zeroize::Zeroizing;

use crate::age::derive;
use crate::age::header;
use crate::age::keys::Identity;
use crate::age::keys::Recipient;
use crate::age::keys::cipher;
use crate::error::BackupError;

/// How many bytes of content a piece has.
const PIECE: usize = 64 * 1024;
/// What sealing adds to a piece.
const TAG: usize = 16;

/// Seals what is written to it. What was written is whole only after [`Sealer::finish`].
pub struct Sealer<W> {
    inner: W,
    pieces: Pieces,
    held: Zeroizing<Vec<u8>>,
}

/// Opens what is read from it. Nothing is handed out that was not checked; that it is all is known at
/// its end only.
pub struct Opener<R> {
    inner: R,
    pieces: Pieces,
    /// The piece that is being read, opened, and how far it has been read.
    open: Zeroizing<Vec<u8>>,
    read: usize,
    /// The piece after it, sealed; none once the last one is open.
    next: Option<Vec<u8>>,
}

impl<W> fmt::Debug for Sealer<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sealer")
    }
}

impl<R> fmt::Debug for Opener<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Opener")
    }
}

impl<W: Write> Sealer<W> {
    /// Begins a file for these recipients.
    ///
    /// # Errors
    /// [`BackupError::Io`], [`BackupError::Sealing`].
    pub fn new(
        mut inner: W,
        random: &seal::Random,
        recipients: &[Recipient],
    ) -> Result<Self, BackupError> {
        let draw = |_| BackupError::Sealing;
        let file_key = Zeroizing::new(random.array().map_err(draw)?);
        let nonce: [u8; 16] = random.array().map_err(draw)?;
        inner.write_all(&header::write(random, recipients, &file_key)?)?;
        inner.write_all(&nonce)?;
        Ok(Self {
            inner,
            pieces: Pieces::new(file_key.as_slice(), &nonce)?,
            held: Zeroizing::new(Vec::with_capacity(PIECE + TAG)),
        })
    }

    /// Ends the file.
    ///
    /// # Errors
    /// [`BackupError::Io`], [`BackupError::Sealing`].
    pub fn finish(mut self) -> Result<W, BackupError> {
        self.settle(true)?;
        self.inner.flush()?;
        Ok(self.inner)
    }

    fn settle(&mut self, last: bool) -> Result<(), BackupError> {
        let nonce = self.pieces.nonce(last)?;
        self.pieces
            .cipher
            .seal_in_place_append_tag(nonce, aead::Aad::empty(), &mut *self.held)
            .map_err(|_| BackupError::Sealing)?;
        self.inner.write_all(&self.held)?;
        self.held.clear();
        Ok(())
    }
}

impl<W: Write> Write for Sealer<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // A full piece waits until more comes: it may be the last one.
        if self.held.len() == PIECE && !bytes.is_empty() {
            self.settle(false)?;
        }
        let (now, _) = bytes.split_at(bytes.len().min(PIECE - self.held.len()));
        self.held.extend_from_slice(now);
        Ok(now.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

impl<R: Read> Opener<R> {
    /// Begins to read a file.
    ///
    /// # Errors
    /// [`BackupError`], by what is wrong with the file or the identities.
    pub fn new(mut inner: R, identities: &[Identity]) -> Result<Self, BackupError> {
        let file_key = header::read(&mut inner, identities)?;
        let mut nonce = [0; 16];
        inner.read_exact(&mut nonce)?;
        let mut opener = Self {
            inner,
            pieces: Pieces::new(file_key.as_slice(), &nonce)?,
            open: Zeroizing::default(),
            read: 0,
            next: None,
        };
        let first = opener.piece()?.ok_or(BackupError::Truncated)?;
        opener.next = Some(first);
        opener.advance()?;
        Ok(opener)
    }

    /// The next sealed piece; none at the end of the file.
    fn piece(&mut self) -> Result<Option<Vec<u8>>, BackupError> {
        let mut piece = Vec::with_capacity(PIECE + TAG);
        let whole = u64::try_from(PIECE + TAG).unwrap_or(u64::MAX);
        (&mut self.inner).take(whole).read_to_end(&mut piece)?;
        Ok((!piece.is_empty()).then_some(piece))
    }

    /// Opens the piece that comes next. Does nothing at the end.
    fn advance(&mut self) -> Result<(), BackupError> {
        let Some(mut piece) = self.next.take() else {
            self.open.clear();
            self.read = 0;
            return Ok(());
        };
        self.next = if piece.len() == PIECE + TAG {
            self.piece()?
        } else {
            None
        };
        let last = self.next.is_none();
        let nonce = self.pieces.nonce(last)?;
        let opened = self
            .pieces
            .cipher
            .open_in_place(nonce, aead::Aad::empty(), &mut piece)
            .map(|content| content.len());
        let length = opened.map_err(|_| {
            if last {
                BackupError::Truncated
            } else {
                BackupError::Altered
            }
        })?;
        if length == 0 && self.pieces.count > 1 {
            return Err(BackupError::Altered);
        }
        piece.truncate(length);
        self.open = Zeroizing::new(piece);
        self.read = 0;
        Ok(())
    }
}

impl<R: Read> Read for Opener<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.read >= self.open.len() {
            self.advance()?;
        }
        let rest = self.open.get(self.read..).unwrap_or_default();
        let count = rest.len().min(out.len());
        for (to, from) in out.iter_mut().zip(rest) {
            *to = *from;
        }
        self.read += count;
        Ok(count)
    }
}

/// The key of the content, and how many pieces there were.
struct Pieces {
    cipher: aead::LessSafeKey,
    count: u64,
}

impl Pieces {
    fn new(file_key: &[u8], nonce: &[u8; 16]) -> Result<Self, BackupError> {
        let key = derive(file_key, nonce, b"payload")?;
        Ok(Self {
            cipher: cipher(&key)?,
            count: 0,
        })
    }

    /// The nonce of the next piece: eleven bytes of counter, one that marks the last.
    fn nonce(&mut self, last: bool) -> Result<aead::Nonce, BackupError> {
        let count = u128::from(self.count) << 8 | u128::from(last);
        self.count = self.count.checked_add(1).ok_or(BackupError::Sealing)?;
        let bytes = count.to_be_bytes();
        let nonce = bytes.last_chunk().copied().unwrap_or_default();
        Ok(aead::Nonce::assume_unique_for_key(nonce))
    }
}
