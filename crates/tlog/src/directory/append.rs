//! Appending: entries in, tiles of all levels and bundles out, in the order the module above gives.

use std::convert::Infallible;
use std::mem;

use crate::bundle;
use crate::directory::Directory;
use crate::directory::DirectoryError;
use crate::directory::files::Batch;
use crate::directory::files::Files;
use crate::directory::files::encode;
use crate::edge::Edge;
use crate::hash::Hash;
use crate::hash::leaf_hash;
use crate::tile::Shelf;
use crate::tile::Tile;
use crate::tile::WIDTH;

/// A long append is made durable in stretches of this many bundles, or fewer if they are this big.
pub(super) const STRETCH_BUNDLES: usize = 64;
const STRETCH_BYTES: usize = 8 << 20;

/// Bundles in a folder. A stretch does not cross into the next folder, so that a gap that a crash
/// leaves can only be in the last one.
const FOLDER: u64 = 1000;

impl Directory {
    /// Appends `entries` after the last one. On return they are durable; on an error the log is
    /// as long as [`Directory::size`] says, and at least as long as before.
    pub fn append<'a>(
        &mut self,
        entries: impl IntoIterator<Item = &'a [u8]>,
    ) -> Result<(), DirectoryError> {
        let mut stretch = Stretch::after(self);
        for entry in entries {
            stretch.push(entry)?;
            if stretch.is_due() {
                self.settle(&mut stretch)?;
            }
        }
        self.settle(&mut stretch)
    }

    /// Appends `entries`, the first of which stands at `index`. Those that the log has already are
    /// compared with it and must be the same, so a caller who does not know how far it got may
    /// append again from any index up to the size.
    pub fn append_at<'a>(
        &mut self,
        index: u64,
        entries: impl IntoIterator<Item = &'a [u8]>,
    ) -> Result<(), DirectoryError> {
        let size = self.size();
        if index > size {
            return Err(DirectoryError::Gap { size, index });
        }
        let mut entries = entries.into_iter();
        let mut known: Vec<Hash> = Vec::new();
        for index in index..size {
            let Some(entry) = entries.next() else {
                return Ok(());
            };
            let (number, place) = (index / u64::from(WIDTH), index % u64::from(WIDTH));
            if known.is_empty() || place == 0 {
                let count = (size - number * u64::from(WIDTH)).min(u64::from(WIDTH));
                let count = usize::try_from(count).unwrap_or(0);
                known = self.files.hashes(Shelf::Hashes(0), number, count)?;
            }
            let place = usize::try_from(place).unwrap_or(usize::MAX);
            if known.get(place) != Some(&leaf_hash(entry)) {
                return Err(DirectoryError::Conflict { index });
            }
        }
        self.append(entries)
    }

    /// Makes a stretch durable and takes over its state.
    fn settle(&mut self, stretch: &mut Stretch) -> Result<(), DirectoryError> {
        if stretch.edge.size() == self.size() {
            return Ok(());
        }
        stretch.add_partials(&self.edge);
        write(&self.files, &stretch.tiles)?;
        write(&self.files, &stretch.bundles)?;
        self.edge.clone_from(&stretch.edge);
        self.tail.clone_from(&stretch.tail);
        for (tile, _) in stretch.tiles.drain(..).chain(stretch.bundles.drain(..)) {
            self.files.remove_partials(&tile)?;
        }
        stretch.bytes = 0;
        Ok(())
    }
}

/// What an append has made of its entries and not yet written.
struct Stretch {
    edge: Edge,
    tail: Vec<u8>,
    tiles: Vec<(Tile, Vec<u8>)>,
    bundles: Vec<(Tile, Vec<u8>)>,
    bytes: usize,
}

impl Stretch {
    fn after(log: &Directory) -> Self {
        let (edge, tail) = (log.edge.clone(), log.tail.clone());
        Self {
            edge,
            tail,
            tiles: Vec::new(),
            bundles: Vec::new(),
            bytes: 0,
        }
    }

    fn push(&mut self, entry: &[u8]) -> Result<(), DirectoryError> {
        let index = self.edge.size();
        bundle::push(&mut self.tail, entry)
            .map_err(|source| DirectoryError::EntryTooLong { index, source })?;
        let tiles = &mut self.tiles;
        let Ok(()) = self.edge.push(leaf_hash(entry), |tile, hashes| {
            tiles.push((tile, encode(hashes)));
            Ok::<_, Infallible>(())
        });
        if self.edge.size().is_multiple_of(u64::from(WIDTH)) {
            let tile = Tile::full(Shelf::Entries, index / u64::from(WIDTH));
            self.bytes += self.tail.len();
            self.bundles.push((tile, mem::take(&mut self.tail)));
        }
        Ok(())
    }

    fn is_due(&self) -> bool {
        let bundles = self.edge.size() / u64::from(WIDTH);
        self.bundles.len() >= STRETCH_BUNDLES
            || self.bytes >= STRETCH_BYTES
            || (!self.bundles.is_empty() && bundles.is_multiple_of(FOLDER))
    }

    /// Adds the partial tiles that differ from those `before`, and the partial bundle.
    fn add_partials(&mut self, before: &Edge) {
        let written: Vec<Tile> = before.partials().map(|(tile, _)| tile).collect();
        let partials = self
            .edge
            .partials()
            .filter(|(tile, _)| !written.contains(tile));
        self.tiles
            .extend(partials.map(|(tile, hashes)| (tile, encode(hashes))));
        let (number, width) = Tile::end_of(self.edge.size());
        if width > 0 {
            let tile = Tile {
                shelf: Shelf::Entries,
                number,
                width,
            };
            self.bundles.push((tile, self.tail.clone()));
        }
    }
}

fn write(files: &Files, content: &[(Tile, Vec<u8>)]) -> Result<(), DirectoryError> {
    if content.is_empty() {
        return Ok(());
    }
    let mut batch = Batch::new(files)?;
    for (tile, bytes) in content {
        batch.stage(&tile.to_string(), bytes)?;
    }
    batch.commit()
}
