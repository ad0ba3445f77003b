//! Offline verification: no database, no network and no trust but in the key.

use std::collections::VecDeque;
use std::path::Path;

use thiserror::Error;

use crate::bundle;
use crate::checkpoint::Checkpoint;
use crate::directory::CHECKPOINT_FILE;
use crate::directory::CHECKPOINTS;
use crate::directory::DirectoryError;
use crate::directory::KEY_FILE;
use crate::directory::files::Files;
use crate::directory::files::decode;
use crate::edge::Edge;
use crate::frontier::Frontier;
use crate::hash::Hash;
use crate::hash::leaf_hash;
use crate::note::NoteError;
use crate::note::VerifyingKey;
use crate::tile::HEIGHT;
use crate::tile::Shelf;
use crate::tile::Tile;
use crate::tile::WIDTH;

/// What was verified.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Verified {
    /// Entries in the log, up to its newest signed head.
    pub size: u64,
    /// The root over them.
    pub root: Hash,
    /// Signed heads that the log was held against: the newest, those kept in the directory, and
    /// those given.
    pub checkpoints: u64,
}

/// The first difference found. Paths are relative to the directory of the log; an earlier
/// checkpoint given by the caller is called by its position, from 1.
#[derive(Debug, Error)]
pub enum VerifyError {
    /// A checkpoint is not acceptable.
    #[error("{place} is not acceptable")]
    Checkpoint {
        /// Which one.
        place: String,
        /// Why.
        source: NoteError,
    },
    /// The log is not the one that was signed.
    #[error(
        "the first {size} entries do not have the root signed in {place}: \
         the difference is at entry {after} or later"
    )]
    CheckpointDiffers {
        /// The size of the checkpoint.
        size: u64,
        /// Which one.
        place: String,
        /// Entries that an earlier checkpoint still vouches for.
        after: u64,
    },
    /// A checkpoint does not stand under its own size.
    #[error("`{file}` is not a checkpoint of that size")]
    CheckpointMisplaced {
        /// The file.
        file: String,
    },
    /// An entry and its leaf hash do not fit.
    #[error("entry {index} in `{bundle}` does not have its leaf hash in `{tile}`")]
    EntryDiffers {
        /// The first index that differs.
        index: u64,
        /// The file that holds the entry.
        bundle: String,
        /// The file that holds the leaf hash.
        tile: String,
    },
    /// The directory holds another key than the one to verify with.
    #[error("`{file}` is not the key to verify with")]
    KeyDiffers {
        /// The file.
        file: String,
    },
    /// A bundle cannot be read as entries.
    #[error("`{file}` cannot be read from entry {index} on")]
    Malformed {
        /// The file.
        file: String,
        /// The first entry that cannot be read.
        index: u64,
    },
    /// A file is missing although later ones are there.
    #[error("`{file}` is missing")]
    Missing {
        /// The file.
        file: String,
    },
    /// Entries at the end have been lost or removed.
    #[error("log is shorter than checkpoint of size {size} ({place}): it ends after {entries}")]
    ShorterThanCheckpoint {
        /// The size of the checkpoint.
        size: u64,
        /// Which one.
        place: String,
        /// Entries in the log.
        entries: u64,
    },
    /// A hash of an upper level does not follow from the leaves.
    #[error("hash {position} in `{file}` does not follow from entries {first} to {last}")]
    TileDiffers {
        /// The file.
        file: String,
        /// The first hash in it that differs, from 0.
        position: u64,
        /// The first entry under that hash.
        first: u64,
        /// The last entry under that hash.
        last: u64,
    },
    /// A hash tile does not have the length that its name says.
    #[error("`{file}` has the wrong length")]
    Torn {
        /// The file.
        file: String,
    },
    /// The file system refused.
    #[error("the log cannot be read")]
    Unreadable {
        /// Why.
        #[from]
        source: DirectoryError,
    },
}

/// Verifies the log in `path` against `key`: every entry against its leaf hash, every tile against
/// the entries, and the root against the newest checkpoint, all checkpoints kept in the directory,
/// and the signed notes in `earlier`, which were seen before and kept elsewhere: only those can
/// show that the end of the log was dropped together with its newer checkpoints.
///
/// `visit` sees each entry with its index, in order, before the file it came from is fully
/// verified: what it learns counts only if the whole is `Ok`. `progress` hears how many entries are
/// done, once a bundle. Entries after the newest checkpoint are not signed yet, and not looked at.
pub fn verify(
    path: &Path,
    key: &VerifyingKey,
    earlier: &[String],
    visit: &mut dyn FnMut(u64, &[u8]),
    progress: &mut dyn FnMut(u64),
) -> Result<Verified, VerifyError> {
    let files = Files::new(path);
    check_key(&files, key)?;
    let (head, heads) = heads(&files, key, earlier)?;
    let checkpoints = heads.len() as u64;
    let mut scan = Scan::new(&files, head.size, heads);
    scan.check_heads(&mut Frontier::default())?;
    let bundles = head.size.div_ceil(u64::from(WIDTH));
    for number in 0..bundles {
        scan.bundle(number, visit)?;
        progress(scan.edge.size());
    }
    Ok(Verified {
        size: head.size,
        root: head.root,
        checkpoints,
    })
}

/// A signed head and where it was found.
struct Head {
    checkpoint: Checkpoint,
    place: String,
}

fn check_key(files: &Files, key: &VerifyingKey) -> Result<(), VerifyError> {
    match files.key() {
        Ok(Some(found)) if found == *key => Ok(()),
        Ok(None) => Err(VerifyError::Missing {
            file: KEY_FILE.to_owned(),
        }),
        Ok(Some(_)) | Err(DirectoryError::Note { .. }) => Err(VerifyError::KeyDiffers {
            file: KEY_FILE.to_owned(),
        }),
        Err(source) => Err(source.into()),
    }
}

/// The newest checkpoint, and all that there are in the order of their sizes.
fn heads(
    files: &Files,
    key: &VerifyingKey,
    earlier: &[String],
) -> Result<(Checkpoint, VecDeque<Head>), VerifyError> {
    let parse = |note: &str, place: String| match Checkpoint::parse_signed(note, key) {
        Ok(checkpoint) => Ok(Head { checkpoint, place }),
        Err(source) => Err(VerifyError::Checkpoint { place, source }),
    };
    // Listed before the newest is read, because a living log writes the newest before it keeps it.
    let kept = files.names(CHECKPOINTS)?;
    let missing = || VerifyError::Missing {
        file: CHECKPOINT_FILE.to_owned(),
    };
    let note = text(files, CHECKPOINT_FILE)?.ok_or_else(missing)?;
    let newest = parse(&note, format!("`{CHECKPOINT_FILE}`"))?;
    let head = newest.checkpoint.clone();
    let mut heads = vec![newest];
    for (position, note) in (1..).zip(earlier) {
        heads.push(parse(note, format!("earlier checkpoint {position}"))?);
    }
    for name in kept {
        let file = format!("{CHECKPOINTS}/{name}");
        let found = parse(
            &text(files, &file)?.unwrap_or_default(),
            format!("`{file}`"),
        )?;
        if found.checkpoint.size.to_string() != name {
            return Err(VerifyError::CheckpointMisplaced { file });
        }
        heads.push(found);
    }
    heads.sort_by_key(|head| head.checkpoint.size);
    let longer = heads.iter().find(|found| found.checkpoint.size > head.size);
    if let Some(Head { checkpoint, place }) = longer {
        let (size, place) = (checkpoint.size, place.clone());
        return Err(VerifyError::ShorterThanCheckpoint {
            size,
            place,
            entries: head.size,
        });
    }
    Ok((head, heads.into()))
}

/// A text file that may have been tampered with: what is not UTF-8 is read as empty.
fn text(files: &Files, path: &str) -> Result<Option<String>, VerifyError> {
    match files.read_text(path) {
        Err(DirectoryError::Io { source, .. })
            if source.kind() == std::io::ErrorKind::InvalidData =>
        {
            Ok(Some(String::new()))
        }
        result => Ok(result?),
    }
}

/// The state of one pass over the log.
struct Scan<'a> {
    files: &'a Files,
    size: u64,
    edge: Edge,
    heads: VecDeque<Head>,
    vouched: u64,
    bytes: Vec<u8>,
    leaves: Vec<Hash>,
    tile: Vec<u8>,
}

impl<'a> Scan<'a> {
    fn new(files: &'a Files, size: u64, heads: VecDeque<Head>) -> Self {
        Self {
            files,
            size,
            edge: Edge::default(),
            heads,
            vouched: 0,
            bytes: Vec::new(),
            leaves: Vec::new(),
            tile: Vec::new(),
        }
    }

    /// Reads one bundle and checks everything that it completes.
    fn bundle(
        &mut self,
        number: u64,
        visit: &mut dyn FnMut(u64, &[u8]),
    ) -> Result<(), VerifyError> {
        let start = self.edge.size();
        let end = self.size.min(start + u64::from(WIDTH));
        let wanted = usize::try_from(end - start).unwrap_or(0);
        let found = self
            .files
            .read_tile(Shelf::Entries, number, wanted, &mut self.bytes)?;
        let bundle = found.ok_or_else(|| self.absent(number))?;
        if let Err(malformed) = self.hash_entries(&bundle, end, visit) {
            // A wrong length garbles what follows: the first difference comes before.
            if !self.leaves.is_empty() {
                let tile = Tile {
                    shelf: Shelf::Hashes(0),
                    ..bundle
                };
                compare(self.files, &mut self.tile, &tile, &self.leaves, &bundle)?;
            }
            return Err(malformed);
        }

        let due = self
            .heads
            .front()
            .is_some_and(|head| head.checkpoint.size <= end);
        let frontier = due.then(|| self.edge.frontier());
        let Self {
            files,
            tile: bytes,
            edge,
            ..
        } = self;
        for leaf in &self.leaves {
            edge.push(*leaf, |tile, hashes| {
                compare(files, bytes, &tile, hashes, &bundle)
            })?;
        }
        if end == self.size {
            for (tile, hashes) in edge.partials() {
                compare(files, bytes, &tile, hashes, &bundle)?;
            }
        }
        match frontier {
            Some(mut frontier) => self.check_heads(&mut frontier),
            None => Ok(()),
        }
    }

    /// Fills `leaves` from the entries of a bundle up to index `end`.
    fn hash_entries(
        &mut self,
        bundle: &Tile,
        end: u64,
        visit: &mut dyn FnMut(u64, &[u8]),
    ) -> Result<(), VerifyError> {
        self.leaves.clear();
        let malformed = |index| VerifyError::Malformed {
            file: bundle.to_string(),
            index,
        };
        let mut entries = bundle::entries(&self.bytes);
        for index in self.edge.size()..end {
            let entry = entries
                .next()
                .and_then(Result::ok)
                .ok_or_else(|| malformed(index))?;
            visit(index, entry);
            self.leaves.push(leaf_hash(entry));
        }
        // What follows in a wider bundle is not signed yet, but in an exact one nothing may follow.
        let exact = self.leaves.len() == usize::from(bundle.width);
        if exact && entries.next().is_some() {
            Err(malformed(end))
        } else {
            Ok(())
        }
    }

    /// Adds `leaves` to `frontier` and checks every checkpoint that is passed.
    fn check_heads(&mut self, frontier: &mut Frontier) -> Result<(), VerifyError> {
        let mut leaves = self.leaves.iter();
        loop {
            while let Some(head) = self
                .heads
                .front()
                .filter(|h| h.checkpoint.size <= frontier.size())
            {
                let Head {
                    checkpoint: Checkpoint { size, root, .. },
                    place,
                } = head;
                if *root != frontier.root() {
                    let (size, place, after) = (*size, place.clone(), self.vouched);
                    return Err(VerifyError::CheckpointDiffers { size, place, after });
                }
                self.vouched = *size;
                self.heads.pop_front();
            }
            match leaves.next() {
                Some(leaf) => frontier.push(*leaf),
                None => return Ok(()),
            }
        }
    }

    /// Tells a missing file from the end of the log.
    fn absent(&self, number: u64) -> VerifyError {
        let later = self
            .files
            .first_open_bundle()
            .is_ok_and(|open| open > number + 1)
            || !self
                .files
                .widths(Shelf::Entries, number + 1)
                .is_ok_and(|found| found.is_empty());
        if later {
            return VerifyError::Missing {
                file: Tile::full(Shelf::Entries, number).to_string(),
            };
        }
        let partial = self
            .files
            .widths(Shelf::Entries, number)
            .unwrap_or_default();
        let entries = self.edge.size() + u64::from(partial.first().copied().unwrap_or(0));
        let place = format!("`{CHECKPOINT_FILE}`");
        VerifyError::ShorterThanCheckpoint {
            size: self.size,
            place,
            entries,
        }
    }
}

/// Compares computed hashes with the tile on disk, `bytes` being room to read it into.
fn compare(
    files: &Files,
    bytes: &mut Vec<u8>,
    tile: &Tile,
    hashes: &[Hash],
    bundle: &Tile,
) -> Result<(), VerifyError> {
    let found = files.read_tile(tile.shelf, tile.number, hashes.len(), bytes)?;
    let found = found.ok_or_else(|| VerifyError::Missing {
        file: tile.to_string(),
    })?;
    let file = found.to_string();
    let Some(stored) = decode(&found, bytes) else {
        return Err(VerifyError::Torn { file });
    };
    let position = stored
        .iter()
        .zip(hashes)
        .position(|(stored, computed)| *stored != computed.0);
    let Some(position) = position.map(|position| position as u64) else {
        return Ok(());
    };
    let level = match tile.shelf {
        Shelf::Hashes(level) if level > 0 => level,
        Shelf::Hashes(_) | Shelf::Entries => {
            let index = tile.number * u64::from(WIDTH) + position;
            let bundle = bundle.to_string();
            return Err(VerifyError::EntryDiffers {
                index,
                bundle,
                tile: file,
            });
        }
    };
    let span = 1_u64 << (u32::from(level) * HEIGHT);
    let first = (tile.number * u64::from(WIDTH) + position) * span;
    Err(VerifyError::TileDiffers {
        file,
        position,
        first,
        last: first + (span - 1),
    })
}
