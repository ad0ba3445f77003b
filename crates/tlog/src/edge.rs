//! The tiles that are not full yet, one row of hashes for each level: what both the writer and the
//! verifier carry along the log.

use crate::frontier::Frontier;
use crate::hash::Hash;
use crate::hash::root_of;
use crate::tile::HEIGHT;
use crate::tile::Shelf;
use crate::tile::Tile;
use crate::tile::WIDTH;

/// The partial tiles of a log, which with the full ones say everything about it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Edge {
    // INVARIANT: row n holds the hashes of the tile of level n that is not full; its length is
    // the n-th digit of `size` to the base 256.
    rows: Vec<Vec<Hash>>,
    size: u64,
}

impl Edge {
    /// An edge from the rows of a log of `size` leaves, lowest level first.
    pub(crate) fn from_rows(size: u64, rows: Vec<Vec<Hash>>) -> Self {
        Self { rows, size }
    }

    pub(crate) fn size(&self) -> u64 {
        self.size
    }

    /// Appends one leaf and hands every tile that this makes full to `full`, lowest level first.
    pub(crate) fn push<E>(
        &mut self,
        leaf: Hash,
        mut full: impl FnMut(Tile, &[Hash]) -> Result<(), E>,
    ) -> Result<(), E> {
        self.size += 1;
        let mut hash = leaf;
        let mut position = self.size - 1;
        for level in 0_u8.. {
            let Some(row) = self.row(level) else { break };
            row.push(hash);
            if row.len() < usize::from(WIDTH) {
                break;
            }
            position >>= HEIGHT;
            full(Tile::full(Shelf::Hashes(level), position), row)?;
            hash = root_of(row);
            row.clear();
        }
        Ok(())
    }

    /// The tiles that hold something and are not full, lowest level first.
    pub(crate) fn partials(&self) -> impl Iterator<Item = (Tile, &[Hash])> {
        let mut hashes = self.size;
        (0_u8..).zip(&self.rows).filter_map(move |(level, row)| {
            let number = hashes >> HEIGHT;
            hashes = number;
            let width = u16::try_from(row.len()).ok().filter(|width| *width > 0)?;
            Some((
                Tile {
                    shelf: Shelf::Hashes(level),
                    number,
                    width,
                },
                row.as_slice(),
            ))
        })
    }

    pub(crate) fn frontier(&self) -> Frontier {
        let mut frontier = Frontier::default();
        let levels = u32::try_from(self.rows.len()).unwrap_or(0);
        for (level, row) in (0..levels).rev().zip(self.rows.iter().rev()) {
            for hash in row {
                frontier.push_subtree(level * HEIGHT, *hash);
            }
        }
        frontier
    }

    fn row(&mut self, level: u8) -> Option<&mut Vec<Hash>> {
        let level = usize::from(level);
        if level >= self.rows.len() {
            self.rows.resize_with(level + 1, Vec::new);
        }
        self.rows.get_mut(level)
    }
}
