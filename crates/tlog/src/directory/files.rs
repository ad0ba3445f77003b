//! Reading and writing single files, and batches of files that appear together.

use std::collections::BTreeSet;
use std::fs;
use std::fs::File;
use std::io;
use std::io::ErrorKind;
use std::io::Read as _;
use std::io::Write as _;
use std::path::Path;
use std::path::PathBuf;

use crate::directory::DirectoryError;
use crate::directory::KEY_FILE;
use crate::hash::Hash;
use crate::note::VerifyingKey;
use crate::tile::Shelf;
use crate::tile::Tile;
use crate::tile::WIDTH;

/// The folder for files that are being written.
const TEMPORARY: &str = "tmp";

/// How often a file is looked for again when the writer moved it on between listing and reading.
const ATTEMPTS: usize = 3;

/// The files below one directory, by relative path.
#[derive(Debug)]
pub(super) struct Files {
    root: PathBuf,
}

impl Files {
    pub(super) fn new(root: &Path) -> Self {
        Self {
            root: root.to_owned(),
        }
    }

    /// The content of a text file; `None` if there is no such file.
    pub(super) fn read_text(&self, path: &str) -> Result<Option<String>, DirectoryError> {
        match fs::read_to_string(self.root.join(path)) {
            Ok(text) => Ok(Some(text)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(failed(path, error)),
        }
    }

    /// The key in the key file; `None` if there is no key file.
    pub(super) fn key(&self) -> Result<Option<VerifyingKey>, DirectoryError> {
        let parse = |text: String| {
            text.strip_suffix('\n')
                .unwrap_or(&text)
                .parse()
                .map_err(|source| DirectoryError::Note {
                    path: KEY_FILE.to_owned(),
                    source,
                })
        };
        self.read_text(KEY_FILE)?.map(parse).transpose()
    }

    /// Reads the tile in the narrowest state that has at least `width`; says which one that was, or
    /// `None` if there is none. Narrowest first, because a crash can leave wider ones that no
    /// bundle speaks for; they are overwritten before they could become the narrowest.
    pub(super) fn read_tile(
        &self,
        shelf: Shelf,
        number: u64,
        width: usize,
        into: &mut Vec<u8>,
    ) -> Result<Option<Tile>, DirectoryError> {
        let Ok(width @ 1..=WIDTH) = u16::try_from(width) else {
            return Ok(None);
        };
        let exact = Tile {
            shelf,
            number,
            width,
        };
        for _ in 0..ATTEMPTS {
            if self.read(&exact, into)? {
                return Ok(Some(exact));
            }
            let wider = self
                .widths(shelf, number)?
                .into_iter()
                .rfind(|wider| *wider > width);
            let Some(width) = wider else { break };
            let tile = Tile {
                shelf,
                number,
                width,
            };
            if self.read(&tile, into)? {
                return Ok(Some(tile));
            }
        }
        Ok(None)
    }

    /// Reads exactly this tile; `false` if there is no such file.
    pub(super) fn read(&self, tile: &Tile, into: &mut Vec<u8>) -> Result<bool, DirectoryError> {
        into.clear();
        let path = tile.to_string();
        let read = File::open(self.root.join(&path)).and_then(|mut file| file.read_to_end(into));
        match read {
            Ok(_) => Ok(true),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
            Err(error) => Err(failed(&path, error)),
        }
    }

    /// The first `count` hashes of a tile.
    pub(super) fn hashes(
        &self,
        shelf: Shelf,
        number: u64,
        count: usize,
    ) -> Result<Vec<Hash>, DirectoryError> {
        let mut bytes = Vec::new();
        let found = self.read_tile(shelf, number, count, &mut bytes)?;
        let hashes = found.and_then(|tile| decode(&tile, &bytes)).unwrap_or(&[]);
        let wanted = hashes.get(..count).ok_or_else(|| {
            let width = u16::try_from(count).unwrap_or(WIDTH);
            let path = Tile {
                shelf,
                number,
                width,
            }
            .to_string();
            DirectoryError::Torn {
                path: found.map_or(path, |tile| tile.to_string()),
            }
        })?;
        Ok(wanted.iter().copied().map(Hash).collect())
    }

    /// The widths in which a tile exists, widest first.
    pub(super) fn widths(&self, shelf: Shelf, number: u64) -> Result<Vec<u16>, DirectoryError> {
        let full = Tile::full(shelf, number);
        let names = self.names(&full.partials())?;
        let mut widths: Vec<u16> = names
            .iter()
            .filter_map(|name| name.parse().ok())
            .filter(|width| (1..WIDTH).contains(width))
            .collect();
        if self.root.join(full.to_string()).is_file() {
            widths.push(WIDTH);
        }
        widths.sort_unstable_by(|a, b| b.cmp(a));
        Ok(widths)
    }

    /// The number of the first bundle that is not there in full, looking only into the last folder:
    /// earlier folders were synced before anything was written into the last.
    pub(super) fn first_open_bundle(&self) -> Result<u64, DirectoryError> {
        let mut folder = Shelf::Entries.to_string();
        let mut base = 0_u64;
        loop {
            let names = self.names(&folder)?;
            let parse = |name: &str| name.parse::<u64>().ok().filter(|_| name.len() == 3);
            let deeper = names
                .iter()
                .filter_map(|name| parse(name.strip_prefix('x')?))
                .max();
            let Some(deeper) = deeper else {
                let full: BTreeSet<u64> = names.iter().filter_map(|name| parse(name)).collect();
                let gap = (0..1000)
                    .find(|number| !full.contains(number))
                    .unwrap_or(1000);
                return Ok(base * 1000 + gap);
            };
            base = base * 1000 + deeper;
            folder = format!("{folder}/x{deeper:03}");
        }
    }

    /// Writes one file durably and atomically.
    pub(super) fn write(&self, path: &str, content: &[u8]) -> Result<(), DirectoryError> {
        let mut batch = Batch::new(self)?;
        batch.stage(path, content)?;
        batch.commit()
    }

    /// Removes the partial states of `tile` other than itself.
    pub(super) fn remove_partials(&self, tile: &Tile) -> Result<(), DirectoryError> {
        let folder = tile.partials();
        if tile.is_full() {
            return gone(&folder, fs::remove_dir_all(self.root.join(&folder)));
        }
        for name in self.names(&folder)? {
            if name.parse() != Ok(tile.width) {
                let path = format!("{folder}/{name}");
                gone(&path, fs::remove_file(self.root.join(&path)))?;
            }
        }
        Ok(())
    }

    /// Removes from the last folder of a shelf what a log with `count` hashes or entries on it does
    /// not have: leftovers of a crash.
    pub(super) fn tidy(&self, shelf: Shelf, count: u64) -> Result<(), DirectoryError> {
        let (number, width) = Tile::end_of(count);
        let path = Tile::full(shelf, number).to_string();
        let Some((folder, open)) = path.rsplit_once('/') else {
            return Ok(());
        };
        for name in self.names(folder)? {
            let path = format!("{folder}/{name}");
            let place = self.root.join(&path);
            match name.strip_suffix(".p") {
                Some(partial) if partial == open && width > 0 => {
                    self.remove_partials(&Tile {
                        shelf,
                        number,
                        width,
                    })?;
                }
                Some(_) => gone(&path, fs::remove_dir_all(place))?,
                None if !name.starts_with('x') && *open <= *name => {
                    gone(&path, fs::remove_file(place))?;
                }
                None => {}
            }
        }
        Ok(())
    }

    /// The names in a folder; none if there is no such folder.
    pub(super) fn names(&self, folder: &str) -> Result<Vec<String>, DirectoryError> {
        let listing = match fs::read_dir(self.root.join(folder)) {
            Ok(listing) => listing,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(failed(folder, error)),
        };
        let name = |entry: io::Result<fs::DirEntry>| match entry {
            Ok(entry) => Ok(entry.file_name().to_string_lossy().into_owned()),
            Err(error) => Err(failed(folder, error)),
        };
        listing.map(name).collect()
    }
}

/// Files that are made durable under temporary names and then appear in the order they were staged.
#[derive(Debug)]
pub(super) struct Batch<'a> {
    files: &'a Files,
    staged: Vec<(PathBuf, PathBuf)>,
    touched: BTreeSet<PathBuf>,
}

impl<'a> Batch<'a> {
    pub(super) fn new(files: &'a Files) -> Result<Self, DirectoryError> {
        let mut batch = Self {
            files,
            staged: Vec::new(),
            touched: BTreeSet::new(),
        };
        batch
            .ensure_folder(&files.root.join(TEMPORARY))
            .map_err(|e| failed(TEMPORARY, e))?;
        Ok(batch)
    }

    pub(super) fn stage(&mut self, path: &str, content: &[u8]) -> Result<(), DirectoryError> {
        let root = &self.files.root;
        let temporary = root.join(TEMPORARY).join(self.staged.len().to_string());
        write_durably(&temporary, content).map_err(|error| failed(path, error))?;
        let target = root.join(path);
        if let Some(folder) = target.parent() {
            self.ensure_folder(folder)
                .map_err(|error| failed(path, error))?;
            self.touched.insert(folder.to_owned());
        }
        self.staged.push((temporary, target));
        Ok(())
    }

    pub(super) fn commit(self) -> Result<(), DirectoryError> {
        for (temporary, target) in &self.staged {
            fs::rename(temporary, target).map_err(|error| self.failed(target, error))?;
        }
        for folder in &self.touched {
            sync_folder(folder).map_err(|error| self.failed(folder, error))?;
        }
        Ok(())
    }

    /// Creates a folder and the folders above it, and remembers where new names are to be synced.
    fn ensure_folder(&mut self, folder: &Path) -> io::Result<()> {
        if folder.is_dir() {
            return Ok(());
        }
        if let Some(above) = folder
            .parent()
            .filter(|above| !above.as_os_str().is_empty())
        {
            self.ensure_folder(above)?;
            self.touched.insert(above.to_owned());
        }
        match fs::create_dir(folder) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
            result => result,
        }
    }

    fn failed(&self, path: &Path, source: io::Error) -> DirectoryError {
        let relative = path.strip_prefix(&self.files.root).unwrap_or(path);
        failed(&relative.to_string_lossy(), source)
    }
}

/// The hashes in the bytes of a hash tile; `None` if they are not as many as its name says.
pub(super) fn decode<'a>(tile: &Tile, bytes: &'a [u8]) -> Option<&'a [[u8; Hash::LENGTH]]> {
    let (hashes, rest) = bytes.as_chunks();
    (rest.is_empty() && hashes.len() == usize::from(tile.width)).then_some(hashes)
}

pub(super) fn encode(hashes: &[Hash]) -> Vec<u8> {
    hashes.iter().flat_map(|hash| hash.0).collect()
}

fn write_durably(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(content)?;
    file.sync_data()
}

fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

fn gone(path: &str, result: io::Result<()>) -> Result<(), DirectoryError> {
    match result {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(failed(path, error)),
        _ => Ok(()),
    }
}

fn failed(path: &str, source: io::Error) -> DirectoryError {
    DirectoryError::Io {
        path: path.to_owned(),
        source,
    }
}
