//! Frames: magic (8) ‖ format (2) ‖ frames ‖ the end. A frame is its kind (1, not 0), the length of its
//! content (4, big endian) and the content. The end is a frame of kind 0 with the SHA-256 of
//! everything before it.

use std::io::Read;
use std::io::Write;

use seal::Sha256Stream;
use zeroize::Zeroizing;

use crate::error::BackupError;

/// The most a frame holds.
pub(crate) const MAX: usize = 1 << 20;

const END: u8 = 0;

/// Writes frames.
pub(crate) struct Writer<W> {
    inner: W,
    hash: Sha256Stream,
}

/// Reads frames.
pub(crate) struct Reader<R> {
    inner: R,
    hash: Sha256Stream,
    content: Zeroizing<Vec<u8>>,
}

impl<W: Write> Writer<W> {
    pub(crate) fn new(inner: W, magic: [u8; 8], format: u16) -> Result<Self, BackupError> {
        let mut writer = Self {
            inner,
            hash: Sha256Stream::default(),
        };
        writer.put(&magic)?;
        writer.put(&format.to_be_bytes())?;
        Ok(writer)
    }

    pub(crate) fn frame(&mut self, kind: u8, content: &[u8]) -> Result<(), BackupError> {
        if content.len() > MAX {
            return Err(BackupError::Sealing);
        }
        let length = u32::try_from(content.len()).map_err(|_| BackupError::Sealing)?;
        self.put(&[kind])?;
        self.put(&length.to_be_bytes())?;
        self.put(content)
    }

    pub(crate) fn finish(mut self) -> Result<W, BackupError> {
        let hash = std::mem::take(&mut self.hash).finish();
        self.frame(END, &hash)?;
        Ok(self.inner)
    }

    fn put(&mut self, bytes: &[u8]) -> Result<(), BackupError> {
        self.hash.update(bytes);
        Ok(self.inner.write_all(bytes)?)
    }
}

impl<R: Read> Reader<R> {
    /// Begins to read what has this magic and a format that is known.
    pub(crate) fn new(
        inner: R,
        magic: [u8; 8],
        (known, what): (u16, &'static str),
    ) -> Result<Self, BackupError> {
        let mut reader = Self {
            inner,
            hash: Sha256Stream::default(),
            content: Zeroizing::default(),
        };
        if reader.take::<8>()? != magic {
            return Err(BackupError::Other(what));
        }
        let found = u16::from_be_bytes(reader.take()?);
        if known < found {
            return Err(BackupError::Newer { found, known });
        }
        Ok(reader)
    }

    /// The next frame; none at the end, when everything was there and nothing follows.
    pub(crate) fn next(&mut self) -> Result<Option<(u8, &[u8])>, BackupError> {
        let before = self.hash.clone();
        let [kind] = self.take()?;
        let length = u32::from_be_bytes(self.take()?);
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        if length > MAX {
            return Err(BackupError::Altered);
        }
        self.content.clear();
        let whole = u64::try_from(length).unwrap_or(u64::MAX);
        (&mut self.inner)
            .take(whole)
            .read_to_end(&mut self.content)?;
        if self.content.len() < length {
            return Err(BackupError::Truncated);
        }
        self.hash.update(&self.content);
        if kind != END {
            return Ok(Some((kind, &self.content)));
        }
        let hashed = before.finish() == self.content.as_slice();
        let more = self.inner.read(&mut [0])? > 0;
        if hashed && !more {
            Ok(None)
        } else {
            Err(BackupError::Altered)
        }
    }

    fn take<const N: usize>(&mut self) -> Result<[u8; N], BackupError> {
        let mut bytes = [0; N];
        self.inner.read_exact(&mut bytes)?;
        self.hash.update(&bytes);
        Ok(bytes)
    }
}

/// Takes pieces of a known width from the front of a frame's content.
pub(crate) struct Pieces<'a>(pub(crate) &'a [u8]);

impl<'a> Pieces<'a> {
    pub(crate) fn fixed<const N: usize>(&mut self) -> Result<[u8; N], BackupError> {
        let (piece, rest) = self.0.split_first_chunk().ok_or(BackupError::Altered)?;
        self.0 = rest;
        Ok(*piece)
    }

    pub(crate) fn bytes(&mut self) -> Result<&'a [u8], BackupError> {
        let length = u32::from_be_bytes(self.fixed()?);
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        let (piece, rest) = self
            .0
            .split_at_checked(length)
            .ok_or(BackupError::Altered)?;
        self.0 = rest;
        Ok(piece)
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
