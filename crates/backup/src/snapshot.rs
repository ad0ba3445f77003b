//! Content snapshots.
//!
//! Frames: 1 manifest (JSON), 2 media objects (name, size, hash, one behind the other), 3 a part begins
//! (its name), 4 its bytes, 5 it ends (size and SHA-256).

use std::collections::BTreeMap;
use std::fmt;
use std::io::Read;
use std::io::Write;

use seal::Sha256Stream;
use serde::Deserialize;
use serde::Serialize;

use crate::age::Identity;
use crate::age::Opener;
use crate::age::Recipient;
use crate::age::Sealer;
use crate::error::BackupError;
use crate::frame;
use crate::frame::Pieces;

/// The format written here, and the newest one that is read.
pub const FORMAT: u16 = 1;

/// The part that is the database.
pub const DATABASE: &str = "database";

const MAGIC: [u8; 8] = *b"IMVMSNAP";
const WHAT: &str = "a snapshot";
/// How many bytes make a frame.
const GATHER: usize = 256 * 1024;

/// What a snapshot says of itself.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Manifest {
    /// The instance, in hexadecimal.
    pub instance: String,
    /// When it was made, in microseconds since 1970.
    pub created_at: i64,
    /// The kind of database: `sqlite` or `postgresql`.
    pub database: String,
    /// The schema of the database.
    pub schema: u64,
    /// The newest part of the key bundle when it was made: an older bundle does not open it.
    pub bundle: u64,
    /// How many leaves the database has.
    pub leaves: u64,
    /// The newest signed head of the log when it was made; empty where none was signed yet.
    pub checkpoint: String,
    /// The key that signed it.
    pub log_key: String,
    /// How many rows the main tables have.
    pub rows: BTreeMap<String, u64>,
}

/// A media object that belongs to a snapshot.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Object {
    /// Its random name.
    pub name: String,
    /// Its length in bytes.
    pub size: u64,
    /// The SHA-256 of it as it is kept, sealed; zeroes where it was gone already.
    pub hash: [u8; 32],
}

/// Writes a snapshot.
pub struct SnapshotWriter<W: Write> {
    frames: frame::Writer<Sealer<W>>,
    objects: Vec<u8>,
}

impl<W: Write> fmt::Debug for SnapshotWriter<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SnapshotWriter")
    }
}

impl<W: Write> SnapshotWriter<W> {
    /// Begins a snapshot.
    ///
    /// # Errors
    /// [`BackupError::Io`], [`BackupError::Sealing`].
    pub fn new(
        inner: W,
        (random, recipients): (&seal::Random, &[Recipient]),
        manifest: &Manifest,
    ) -> Result<Self, BackupError> {
        let sealer = Sealer::new(inner, random, recipients)?;
        let mut frames = frame::Writer::new(sealer, MAGIC, FORMAT)?;
        let json = serde_json::to_vec(manifest).map_err(|_| BackupError::Sealing)?;
        frames.frame(1, &json)?;
        Ok(Self {
            frames,
            objects: Vec::new(),
        })
    }

    /// Names a media object.
    ///
    /// # Errors
    /// As [`SnapshotWriter::new`].
    pub fn object(&mut self, object: &Object) -> Result<(), BackupError> {
        let length = u32::try_from(object.name.len()).map_err(|_| BackupError::Sealing)?;
        self.objects.extend_from_slice(&length.to_be_bytes());
        self.objects.extend_from_slice(object.name.as_bytes());
        self.objects.extend_from_slice(&object.size.to_be_bytes());
        self.objects.extend_from_slice(&object.hash);
        if self.objects.len() >= GATHER {
            self.frames.frame(2, &self.objects)?;
            self.objects.clear();
        }
        Ok(())
    }

    /// Adds a part, to the end of `source`. Returns its length.
    ///
    /// # Errors
    /// As [`SnapshotWriter::new`], and what reading says.
    pub fn part(&mut self, name: &str, source: &mut dyn Read) -> Result<u64, BackupError> {
        if !self.objects.is_empty() {
            self.frames.frame(2, &self.objects)?;
            self.objects.clear();
        }
        self.frames.frame(3, name.as_bytes())?;
        let mut hash = Sha256Stream::default();
        let mut size = 0;
        let mut content = Vec::with_capacity(GATHER);
        let most = u64::try_from(GATHER).unwrap_or(u64::MAX);
        loop {
            content.clear();
            let read = (&mut *source).take(most).read_to_end(&mut content)?;
            if read == 0 {
                break;
            }
            hash.update(&content);
            size += u64::try_from(read).unwrap_or_default();
            self.frames.frame(4, &content)?;
        }
        let mut end = u64::to_be_bytes(size).to_vec();
        end.extend_from_slice(&hash.finish());
        self.frames.frame(5, &end)?;
        Ok(size)
    }

    /// Ends the snapshot.
    ///
    /// # Errors
    /// As [`SnapshotWriter::new`].
    pub fn finish(self) -> Result<W, BackupError> {
        self.frames.finish()?.finish()
    }
}

/// What is done with a snapshot that is read.
pub trait Target {
    /// The manifest, before anything else: whoever refuses does so here.
    ///
    /// # Errors
    /// Ends the reading.
    fn manifest(&mut self, manifest: &Manifest) -> Result<(), BackupError>;

    /// A media object.
    ///
    /// # Errors
    /// Ends the reading.
    fn object(&mut self, object: Object) -> Result<(), BackupError>;

    /// Bytes of a part, in order; none at its end, once it is known to be whole.
    ///
    /// # Errors
    /// Ends the reading.
    fn part(&mut self, name: &str, bytes: Option<&[u8]>) -> Result<(), BackupError>;
}

/// Reads a snapshot to its end. What was handed out counts only once this returns.
///
/// # Errors
/// [`BackupError`], by what is wrong with the file or the identities; what the target says.
pub fn read(
    source: impl Read,
    identities: &[Identity],
    target: &mut dyn Target,
) -> Result<Manifest, BackupError> {
    read_frames(Opener::new(source, identities)?, target)
}

/// Reads the frames of a snapshot that was opened.
///
/// # Errors
/// As [`read`].
pub fn read_frames(source: impl Read, target: &mut dyn Target) -> Result<Manifest, BackupError> {
    let mut frames = frame::Reader::new(source, MAGIC, (FORMAT, WHAT))?;
    let manifest: Manifest = match frames.next()? {
        Some((1, json)) => serde_json::from_slice(json).map_err(|_| BackupError::Altered)?,
        _ => return Err(BackupError::Altered),
    };
    target.manifest(&manifest)?;
    let mut open: Option<Open> = None;
    while let Some((kind, content)) = frames.next()? {
        match (kind, &mut open) {
            (2, None) => objects(content, target)?,
            (3, None) => open = Some(Open::new(content)?),
            (4, Some(part)) => {
                part.take(content);
                target.part(&part.name, Some(content))?;
            }
            (5, Some(_)) => {
                let part = open.take().ok_or(BackupError::Altered)?;
                let name = part.end(content)?;
                target.part(&name, None)?;
            }
            _ => return Err(BackupError::Altered),
        }
    }
    if open.is_some() {
        return Err(BackupError::Altered);
    }
    Ok(manifest)
}

fn objects(content: &[u8], target: &mut dyn Target) -> Result<(), BackupError> {
    let mut pieces = Pieces(content);
    while !pieces.is_empty() {
        let name = String::from_utf8(pieces.bytes()?.to_vec());
        let name = name.map_err(|_| BackupError::Altered)?;
        // It becomes the name of a file.
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if name.is_empty() || !name.chars().all(plain) {
            return Err(BackupError::Altered);
        }
        let size = u64::from_be_bytes(pieces.fixed()?);
        let hash = pieces.fixed()?;
        target.object(Object { name, size, hash })?;
    }
    Ok(())
}

/// A part that is being read.
struct Open {
    name: String,
    size: u64,
    hash: Sha256Stream,
}

impl Open {
    fn new(name: &[u8]) -> Result<Self, BackupError> {
        let name = String::from_utf8(name.to_vec()).map_err(|_| BackupError::Altered)?;
        Ok(Self {
            name,
            size: 0,
            hash: Sha256Stream::default(),
        })
    }

    fn take(&mut self, bytes: &[u8]) {
        self.size += u64::try_from(bytes.len()).unwrap_or_default();
        self.hash.update(bytes);
    }

    /// The name of the part, if it is whole.
    fn end(self, told: &[u8]) -> Result<String, BackupError> {
        let mut told = Pieces(told);
        let (size, hash) = (u64::from_be_bytes(told.fixed()?), told.fixed::<32>()?);
        if told.is_empty() && size == self.size && hash == self.hash.finish() {
            Ok(self.name)
        } else {
            Err(BackupError::Altered)
        }
    }
}
