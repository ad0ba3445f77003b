//! Parts of the key bundle.
//!
//! A *whole* part carries everything as it stands; an *appended* part what came since the part before
//! it. Both carry the instance's permanent keys. The newest whole part and the appended ones behind
//! it, without a gap, are the bundle.
//!
//! Frames: 1 header (JSON), 2 permanent keys, 3 the identity that snapshots are sealed to (text), 4 data
//! keys (id, 8 bytes, and key, 32 bytes, one behind the other), 5 entries of the ledger.

use std::fmt;
use std::io::Read;
use std::io::Write;

use serde::Deserialize;
use serde::Serialize;
use zeroize::Zeroizing;

use crate::age::Identity;
use crate::age::Opener;
use crate::age::Recipient;
use crate::age::Sealer;
use crate::error::BackupError;
use crate::frame;
use crate::frame::Pieces;
use crate::ledger::Entry;

/// The format written here, and the newest one that is read. Format 1 knew no legal holds.
pub const FORMAT: u16 = 2;

const MAGIC: [u8; 8] = *b"IMVMPART";
const WHAT: &str = "a part of a key bundle";
/// How many bytes gather before they make a frame.
const GATHER: usize = 256 * 1024;
/// No entry comes near this.
const ROOM: usize = frame::MAX - GATHER;

/// What a part says of itself.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct PartHeader {
    /// The instance, in hexadecimal.
    pub instance: String,
    /// Its place among all parts of the instance, counted upwards.
    pub sequence: u64,
    /// The part it goes on from; 0 for a whole one.
    pub after: u64,
    /// Whether it carries everything.
    pub whole: bool,
    /// The epoch in which it was made.
    pub epoch: u32,
    /// When it was made, in microseconds since 1970.
    pub created_at: i64,
    /// How many entries the log had then.
    pub log_size: u64,
    /// The root over them, in base64; empty where it is not known.
    pub log_root: String,
}

/// How much a part holds.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Counts {
    /// Data keys.
    pub keys: u64,
    /// Entries of the ledger.
    pub entries: u64,
}

/// The keys of an instance that last as long as it does.
pub struct Lasting {
    /// The instance's permanent keys, as the keyring exports them.
    pub permanent: Zeroizing<Vec<u8>>,
    /// What opens its snapshots.
    pub identity: Identity,
}

/// Writes a part.
pub struct PartWriter<W: Write> {
    frames: frame::Writer<Sealer<W>>,
    keys: Zeroizing<Vec<u8>>,
    entries: Vec<u8>,
    counts: Counts,
}

/// What a part holds, piece by piece.
pub enum Piece {
    /// A data key, by id.
    Key(i64, Zeroizing<[u8; 32]>),
    /// An entry of the ledger.
    Entry(Entry),
}

/// A part that was read to its end.
pub struct Part {
    /// What it says of itself.
    pub header: PartHeader,
    /// The keys that last.
    pub lasting: Lasting,
    /// How much it holds.
    pub counts: Counts,
}

impl<W: Write> fmt::Debug for PartWriter<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PartWriter")
    }
}

impl fmt::Debug for Piece {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Piece")
    }
}

impl fmt::Debug for Lasting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Lasting")
    }
}

impl fmt::Debug for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Part")
            .field("header", &self.header)
            .finish_non_exhaustive()
    }
}

impl<W: Write> PartWriter<W> {
    /// Begins a part.
    ///
    /// # Errors
    /// [`BackupError::Io`], [`BackupError::Sealing`].
    pub fn new(
        inner: W,
        (random, recipients): (&seal::Random, &[Recipient]),
        header: &PartHeader,
        lasting: &Lasting,
    ) -> Result<Self, BackupError> {
        let sealer = Sealer::new(inner, random, recipients)?;
        let mut frames = frame::Writer::new(sealer, MAGIC, FORMAT)?;
        let json = serde_json::to_vec(header).map_err(|_| BackupError::Sealing)?;
        frames.frame(1, &json)?;
        frames.frame(2, &lasting.permanent)?;
        frames.frame(3, lasting.identity.to_text().as_bytes())?;
        Ok(Self {
            frames,
            keys: Zeroizing::new(Vec::with_capacity(GATHER + 64)),
            entries: Vec::new(),
            counts: Counts::default(),
        })
    }

    /// Adds a data key.
    ///
    /// # Errors
    /// As [`PartWriter::new`].
    pub fn key(&mut self, id: i64, key: &[u8; 32]) -> Result<(), BackupError> {
        self.keys.extend_from_slice(&id.to_be_bytes());
        self.keys.extend_from_slice(key);
        self.counts.keys += 1;
        if self.keys.len() >= GATHER {
            self.frames.frame(4, &self.keys)?;
            self.keys.clear();
        }
        Ok(())
    }

    /// Adds an entry of the ledger.
    ///
    /// # Errors
    /// As [`PartWriter::new`].
    pub fn entry(&mut self, entry: &Entry) -> Result<(), BackupError> {
        let before = self.entries.len();
        entry.write(&mut self.entries)?;
        if self.entries.len() - before > ROOM {
            return Err(BackupError::Sealing);
        }
        self.counts.entries += 1;
        if self.entries.len() >= GATHER {
            self.frames.frame(5, &self.entries)?;
            self.entries.clear();
        }
        Ok(())
    }

    /// Ends the part.
    ///
    /// # Errors
    /// As [`PartWriter::new`].
    pub fn finish(mut self) -> Result<(W, Counts), BackupError> {
        if !self.keys.is_empty() {
            self.frames.frame(4, &self.keys)?;
        }
        if !self.entries.is_empty() {
            self.frames.frame(5, &self.entries)?;
        }
        Ok((self.frames.finish()?.finish()?, self.counts))
    }
}

/// Reads a part to its end and hands out what it holds. What was handed out counts only once this
/// returns: before, it is not known that the part is whole.
///
/// # Errors
/// [`BackupError`], by what is wrong with the part or the identities; what `take` returns.
pub fn read(
    source: impl Read,
    identities: &[Identity],
    take: &mut dyn FnMut(Piece) -> Result<(), BackupError>,
) -> Result<Part, BackupError> {
    read_frames(Opener::new(source, identities)?, take)
}

/// Reads the frames of a part that was opened.
///
/// # Errors
/// As [`read`].
pub fn read_frames(
    source: impl Read,
    take: &mut dyn FnMut(Piece) -> Result<(), BackupError>,
) -> Result<Part, BackupError> {
    let mut frames = frame::Reader::new(source, MAGIC, (FORMAT, WHAT))?;
    let header = match frames.next()? {
        Some((1, json)) => serde_json::from_slice(json).map_err(|_| BackupError::Altered)?,
        _ => return Err(BackupError::Altered),
    };
    let permanent = match frames.next()? {
        Some((2, permanent)) => Zeroizing::new(permanent.to_vec()),
        _ => return Err(BackupError::Altered),
    };
    let identity = match frames.next()? {
        Some((3, text)) => std::str::from_utf8(text)
            .ok()
            .and_then(|text| text.parse().ok()),
        _ => None,
    };
    let lasting = Lasting {
        permanent,
        identity: identity.ok_or(BackupError::Altered)?,
    };
    let mut counts = Counts::default();
    while let Some((kind, content)) = frames.next()? {
        let mut pieces = Pieces(content);
        while !pieces.is_empty() {
            let piece = match kind {
                4 => {
                    counts.keys += 1;
                    let id = i64::from_be_bytes(pieces.fixed()?);
                    Piece::Key(id, Zeroizing::new(pieces.fixed()?))
                }
                5 => {
                    counts.entries += 1;
                    Piece::Entry(Entry::read(&mut pieces)?)
                }
                _ => return Err(BackupError::Altered),
            };
            take(piece)?;
        }
    }
    Ok(Part {
        header,
        lasting,
        counts,
    })
}
