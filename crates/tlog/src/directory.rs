//! The log as files. The only module that does IO, and all of it is blocking.
//!
//! ```text
//! key.vkey                the verifying key, written once
//! checkpoint              the newest signed head
//! checkpoints/<size>      every signed head ever written
//! tile/entries/<number>   256 entries each; `.p/<width>` while there are fewer
//! tile/<level>/<number>   256 hashes each; `.p/<width>` while there are fewer
//! tmp/                    files being written
//! ```
//!
//! Commit order, and what a crash after each step leaves behind:
//!
//! 1. Tiles are written under `tmp`, synced, renamed, their folders synced. *A crash leaves tiles
//!    that no bundle speaks for: the log is as long as before and they are written again.*
//! 2. Entry bundles likewise. *The log is as long as its bundles say. A partial tile of an upper
//!    level may be missing if the crash came between two stretches of a long append: it is
//!    computed again from the full tiles below when the log is opened.*
//! 3. Partial files that are now part of a wider or full one are removed. *A crash leaves
//!    superfluous partial files. Opening removes those in the last folder; others do no harm.*
//!
//! A checkpoint is written as `checkpoint` first and then kept. *A crash leaves a head that is not
//! kept yet; opening makes up for it.*
//!
//! A file under its final name is therefore whole and never changes, except `checkpoint`. C2SP asks
//! a *served* log to keep the partial tiles of every checkpoint until the full tile is there; here
//! the wider partial answers for the narrower, which it starts with.

use std::io;
use std::path::Path;

use thiserror::Error;

use crate::bundle::TooLong;
use crate::checkpoint::Checkpoint;
use crate::directory::files::Files;
use crate::edge::Edge;
use crate::hash::Hash;
use crate::hash::root_of;
use crate::note::NoteError;
use crate::note::VerifyingKey;
use crate::proof;
use crate::proof::Nodes;
use crate::tile::HEIGHT;
use crate::tile::Shelf;

mod append;
mod files;
mod open;
pub mod verify;

/// The file that holds the verifying key.
const KEY_FILE: &str = "key.vkey";

/// The file that holds the newest signed head.
const CHECKPOINT_FILE: &str = "checkpoint";

/// The folder that holds all signed heads.
const CHECKPOINTS: &str = "checkpoints";

/// Why the log could not be read or written. Paths are relative to the directory of the log.
#[derive(Debug, Error)]
pub enum DirectoryError {
    /// A signed head of this size exists and has another root.
    #[error("another checkpoint of size {size} has been signed before")]
    CheckpointConflict {
        /// The size of both.
        size: u64,
    },
    /// The checkpoint is older than the newest one.
    #[error("the checkpoint has size {size}, one of size {newest} has been written before")]
    CheckpointOlder {
        /// The size that was to be written.
        size: u64,
        /// The size of the newest checkpoint.
        newest: u64,
    },
    /// The log holds another entry at this index.
    #[error("the log holds another entry at index {index}")]
    Conflict {
        /// The first index that differs.
        index: u64,
    },
    /// The entry is longer than a bundle can hold.
    #[error("entry {index} cannot be stored")]
    EntryTooLong {
        /// Where it was to stand.
        index: u64,
        /// How long it is.
        source: TooLong,
    },
    /// There is a log in the directory already.
    #[error("there is a log in this directory already")]
    Exists,
    /// Entries between the end of the log and the index are missing.
    #[error("the log has {size} entries: cannot append at index {index}")]
    Gap {
        /// Entries in the log.
        size: u64,
        /// Where the first new entry was to stand.
        index: u64,
    },
    /// The file system refused.
    #[error("`{path}` could not be read or written")]
    Io {
        /// The file or folder.
        path: String,
        /// Why.
        source: io::Error,
    },
    /// A key or signed note in a file is not acceptable.
    #[error("`{path}` is not acceptable")]
    Note {
        /// The file.
        path: String,
        /// Why.
        source: NoteError,
    },
    /// The tiles lead to another root than the signed head has.
    #[error("the tiles do not lead to the root of the checkpoint of size {size}")]
    RootDiffers {
        /// The size of the checkpoint.
        size: u64,
    },
    /// The log has fewer entries than asked for.
    #[error("the log has {size} entries, not {wanted}")]
    Shorter {
        /// Entries in the log.
        size: u64,
        /// Entries asked for.
        wanted: u64,
    },
    /// A file of the log is missing or has the wrong length.
    #[error("`{path}` is missing or torn")]
    Torn {
        /// The file.
        path: String,
    },
}

/// A log in a directory, opened by its one writer.
#[derive(Debug)]
pub struct Directory {
    files: Files,
    key: VerifyingKey,
    // INVARIANT: what `edge` and `tail` say is on disk. `tail` is the bundle that is not full.
    edge: Edge,
    tail: Vec<u8>,
}

impl Directory {
    /// Creates an empty log of `key` in `path`, which may exist but must not hold a log.
    pub fn create(path: &Path, key: &VerifyingKey) -> Result<Self, DirectoryError> {
        let files = Files::new(path);
        if files.read_text(KEY_FILE)?.is_some() {
            return Err(DirectoryError::Exists);
        }
        files.write(KEY_FILE, format!("{key}\n").as_bytes())?;
        Self::open(path)
    }

    /// Opens the log in `path` and mends what a crash during an append left behind. Afterwards
    /// [`Directory::size`] says from which index on to append; it can be less than the size of the
    /// newest checkpoint only if files were lost.
    pub fn open(path: &Path) -> Result<Self, DirectoryError> {
        let files = Files::new(path);
        let key = files.key()?.ok_or_else(|| DirectoryError::Torn {
            path: KEY_FILE.to_owned(),
        })?;
        let (edge, tail) = open::recover(&files)?;
        let log = Self {
            files,
            key,
            edge,
            tail,
        };
        if let Some(note) = log.read_checkpoint()? {
            let head = log.parse(CHECKPOINT_FILE, &note)?;
            if head.size <= log.size() {
                log.check_root(&head)?;
            }
            log.keep(head.size, &note)?;
        }
        Ok(log)
    }

    /// Entries whole on disk.
    pub fn size(&self) -> u64 {
        self.edge.size()
    }

    /// The key that signs this log's checkpoints.
    pub fn key(&self) -> &VerifyingKey {
        &self.key
    }

    /// The root over all entries as this process computed it, without reading.
    pub fn root(&self) -> Hash {
        self.edge.frontier().root()
    }

    /// The root over the first `size` entries from the hash tiles as they are on disk. Sign this
    /// one, after comparing it with the one you computed.
    pub fn root_from_disk(&self, size: u64) -> Result<Hash, DirectoryError> {
        if size > self.size() {
            return Err(DirectoryError::Shorter {
                size: self.size(),
                wanted: size,
            });
        }
        proof::root(self, size)
    }

    /// Makes `note` the newest checkpoint, atomically, and keeps it under `checkpoints/<size>`. It
    /// must be signed by the log's key, not be longer than the log, not older than the newest, and
    /// not contradict one of the same size. Both it and the newest so far must have the root that
    /// the tiles on disk lead to: no log contradicts what it signed before.
    pub fn write_checkpoint(&self, note: &str) -> Result<(), DirectoryError> {
        let new = self.parse(CHECKPOINT_FILE, note)?;
        let size = new.size;
        if size > self.size() {
            return Err(DirectoryError::Shorter {
                size: self.size(),
                wanted: size,
            });
        }
        if let Some(newest) = self.read_checkpoint()? {
            let newest = self.parse(CHECKPOINT_FILE, &newest)?;
            if size < newest.size {
                let newest = newest.size;
                return Err(DirectoryError::CheckpointOlder { size, newest });
            }
            self.check_root(&newest)?;
        }
        let kept = kept(size);
        if let Some(earlier) = self.files.read_text(&kept)?
            && self.parse(&kept, &earlier)?.root != new.root
        {
            return Err(DirectoryError::CheckpointConflict { size });
        }
        self.check_root(&new)?;
        self.files.write(CHECKPOINT_FILE, note.as_bytes())?;
        self.keep(size, note)
    }

    /// The newest checkpoint as a signed note; `None` if none was written yet.
    pub fn read_checkpoint(&self) -> Result<Option<String>, DirectoryError> {
        self.files.read_text(CHECKPOINT_FILE)
    }

    /// The checkpoint of exactly `size` entries as a signed note, if one was written.
    pub fn read_checkpoint_of(&self, size: u64) -> Result<Option<String>, DirectoryError> {
        self.files.read_text(&kept(size))
    }

    /// Puts a signed head among the kept ones, unless one of its size is there.
    fn keep(&self, size: u64, note: &str) -> Result<(), DirectoryError> {
        let path = kept(size);
        match self.files.read_text(&path)? {
            Some(_) => Ok(()),
            None => self.files.write(&path, note.as_bytes()),
        }
    }

    fn check_root(&self, head: &Checkpoint) -> Result<(), DirectoryError> {
        let size = head.size;
        if self.root_from_disk(size)? == head.root {
            Ok(())
        } else {
            Err(DirectoryError::RootDiffers { size })
        }
    }

    fn parse(&self, path: &str, note: &str) -> Result<Checkpoint, DirectoryError> {
        Checkpoint::parse_signed(note, &self.key).map_err(|source| DirectoryError::Note {
            path: path.to_owned(),
            source,
        })
    }
}

/// Where the signed head of this size is kept.
fn kept(size: u64) -> String {
    format!("{CHECKPOINTS}/{size}")
}

/// Nodes come from the tiles on disk, so that proofs show what is really there.
impl Nodes for Directory {
    type Error = DirectoryError;

    fn node(&self, level: u32, index: u64) -> Result<Hash, DirectoryError> {
        let within = level % HEIGHT;
        let shelf = Shelf::Hashes(u8::try_from(level / HEIGHT).unwrap_or(u8::MAX));
        let number = index >> (HEIGHT - within);
        let count = 1_usize << within;
        let first = usize::try_from(index % (1 << (HEIGHT - within))).unwrap_or(0) << within;
        let hashes = self.files.hashes(shelf, number, first + count)?;
        Ok(root_of(hashes.get(first..first + count).unwrap_or(&[])))
    }
}
