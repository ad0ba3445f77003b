//! A list that comes in over HTTP: kept sealed until it has been read twice.
//!
//! The key is in this process's memory alone and the file has no name, so nothing of it is left when
//! the process ends, in whatever way; whoever brings the same list again goes on where it stopped.

use std::fs::File;
use std::io;
use std::io::Read;
use std::io::Write as _;
use std::os::unix::fs::FileExt as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::sync::Arc;

use seal::DataKey;
use seal::Place;
use seal::Random;
use seal::RecordKind;
use seal::SealError;
use seal::Sha256Stream;
use seal::Zeroizing;

use super::bring::Open;

/// How many bytes are sealed together.
const PIECE: usize = 64 * 1024;

/// A list on its way in.
#[derive(Debug)]
pub struct Spool {
    file: File,
    key: DataKey,
    random: Random,
    waiting: Zeroizing<Vec<u8>>,
    /// Where each sealed piece begins, and the end of the last.
    edges: Vec<u64>,
    hash: Sha256Stream,
}

/// A list that is whole.
#[derive(Debug)]
pub(crate) struct Spooled {
    file: File,
    key: DataKey,
    edges: Vec<u64>,
    pub(crate) hash: [u8; 32],
}

impl Spool {
    /// Begins one in a directory whose files nobody else may read.
    pub(crate) fn begin(directory: &Path, random: &Random) -> io::Result<Self> {
        let sealing = |error: SealError| io::Error::other(error);
        let name: [u8; 16] = random.array().map_err(sealing)?;
        let path = directory.join(format!("{:032x}.new", u128::from_be_bytes(name)));
        let file = File::options()
            .read(true)
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)?;
        std::fs::remove_file(&path)?;
        Ok(Self {
            file,
            key: DataKey::generate(random).map_err(sealing)?,
            random: random.clone(),
            waiting: Zeroizing::new(Vec::with_capacity(PIECE)),
            edges: vec![0],
            hash: Sha256Stream::default(),
        })
    }

    /// Takes the next bytes.
    ///
    /// # Errors
    /// What the file system says; what was taken is of no more use then.
    pub fn put(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        self.hash.update(bytes);
        while !bytes.is_empty() {
            let room = PIECE - self.waiting.len();
            let (now, later) = bytes.split_at_checked(room).unwrap_or((bytes, &[]));
            self.waiting.extend_from_slice(now);
            bytes = later;
            if self.waiting.len() == PIECE {
                self.seal()?;
            }
        }
        Ok(())
    }

    fn seal(&mut self) -> io::Result<()> {
        let place = place(self.edges.len() - 1);
        let sealed = self.key.seal(&self.random, &place, &self.waiting);
        let sealed = sealed.map_err(io::Error::other)?;
        self.file.write_all(&sealed)?;
        let end = self.edges.last().copied().unwrap_or_default();
        self.edges.push(end + sealed.len() as u64);
        self.waiting.clear();
        Ok(())
    }

    pub(crate) fn end(mut self) -> io::Result<Spooled> {
        if !self.waiting.is_empty() {
            self.seal()?;
        }
        Ok(Spooled {
            file: self.file,
            key: self.key,
            edges: self.edges,
            hash: self.hash.finish(),
        })
    }
}

fn place(piece: usize) -> Place {
    Place {
        record: RecordKind::RawEvent,
        field: 1,
        id: piece as u64,
        key: 0,
    }
}

impl Spooled {
    /// A way to read it from its beginning.
    pub(crate) fn open(self) -> Arc<Open> {
        let whole = Arc::new(self);
        Arc::new(move || {
            Ok(Box::new(Pieces {
                whole: Arc::clone(&whole),
                next: 0,
                piece: Zeroizing::new(Vec::new()),
                given: 0,
            }) as Box<dyn Read + Send>)
        })
    }
}

/// A spooled list as it is read.
struct Pieces {
    whole: Arc<Spooled>,
    next: usize,
    piece: Zeroizing<Vec<u8>>,
    given: usize,
}

impl Read for Pieces {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.given >= self.piece.len() {
            let (Some(from), Some(to)) = (
                self.whole.edges.get(self.next),
                self.whole.edges.get(self.next + 1),
            ) else {
                return Ok(0);
            };
            let length = usize::try_from(to - from).map_err(io::Error::other)?;
            let mut sealed = vec![0; length];
            self.whole.file.read_exact_at(&mut sealed, *from)?;
            let opened = self.whole.key.open(&place(self.next), &sealed);
            self.piece = opened.map_err(io::Error::other)?;
            self.next += 1;
            self.given = 0;
        }
        let left = self.piece.get(self.given..).unwrap_or_default();
        let count = left.len().min(out.len());
        let (Some(to), Some(from)) = (out.get_mut(..count), left.get(..count)) else {
            return Ok(0);
        };
        to.copy_from_slice(from);
        self.given += count;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use seal::Random;

    use super::PIECE;
    use super::Spool;

    #[test]
    fn what_goes_in_comes_out_as_often_as_wanted_and_leaves_no_name() {
        let directory = tempfile::tempdir().unwrap();
        for length in [0, 1, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE + 7] {
            let bytes: Vec<u8> = (0..length)
                .map(|n| u8::try_from(n % 251).unwrap())
                .collect();
            let mut spool = Spool::begin(directory.path(), &Random::seeded(3)).unwrap();
            for piece in bytes.chunks(1_000) {
                spool.put(piece).unwrap();
            }
            let whole = spool.end().unwrap();
            assert_eq!(whole.hash, seal::sha256(&bytes));
            let open = whole.open();
            for _ in 0..2 {
                let mut read = Vec::new();
                open().unwrap().read_to_end(&mut read).unwrap();
                assert!(read == bytes, "{length}");
            }
        }
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0);
    }
}
