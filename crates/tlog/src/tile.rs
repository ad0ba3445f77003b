//! Names of the files of a log (C2SP tlog-tiles): `tile/<level>/<number>` for hashes,
//! `tile/entries/<number>` for entries, and `.p/<width>` after what is not full yet.

use std::fmt;

/// Hashes or entries in a full tile.
pub const WIDTH: u16 = 256;

/// Levels of the tree in one tile: 2^8 = 256.
pub const HEIGHT: u32 = 8;

/// What a tile holds.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Shelf {
    /// Entries as they were appended, each with its length.
    Entries,
    /// Hashes of level 0 (leaves) to 7; one of level n + 1 covers a full tile of level n.
    Hashes(u8),
}

/// The name of one tile. It is displayed as its path in the directory.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Tile {
    /// What it holds.
    pub shelf: Shelf,
    /// Its position on the shelf, from 0.
    pub number: u64,
    /// How much it holds: 1 to 256, where 256 is full.
    pub width: u16,
}

impl Tile {
    /// The tile when full.
    pub fn full(shelf: Shelf, number: u64) -> Self {
        Self {
            shelf,
            number,
            width: WIDTH,
        }
    }

    /// Number and width of the tile after the full ones on a shelf that holds `count` hashes or
    /// entries. The width is 0 if there is no such tile yet.
    pub(crate) fn end_of(count: u64) -> (u64, u16) {
        let [.., width] = count.to_be_bytes();
        (count / u64::from(WIDTH), u16::from(width))
    }

    /// Whether nothing can be added to it.
    pub fn is_full(&self) -> bool {
        self.width >= WIDTH
    }

    /// The folder that holds the partial states of this tile.
    pub fn partials(&self) -> String {
        format!("{}.p", Self::full(self.shelf, self.number))
    }
}

impl fmt::Display for Tile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/", self.shelf)?;
        let mut divisor = 1000_u64.pow(self.number.checked_ilog(1000).unwrap_or(0));
        while divisor > 1 {
            write!(f, "x{:03}/", self.number / divisor % 1000)?;
            divisor /= 1000;
        }
        write!(f, "{:03}", self.number % 1000)?;
        if self.is_full() {
            Ok(())
        } else {
            write!(f, ".p/{}", self.width)
        }
    }
}

impl fmt::Display for Shelf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Entries => f.write_str("tile/entries"),
            Self::Hashes(level) => write!(f, "tile/{level}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths() {
        let check = |shelf, number, width, path: &str| {
            assert_eq!(
                Tile {
                    shelf,
                    number,
                    width
                }
                .to_string(),
                path
            );
        };
        check(Shelf::Hashes(0), 0, 256, "tile/0/000");
        check(Shelf::Hashes(0), 0, 7, "tile/0/000.p/7");
        check(Shelf::Hashes(3), 999, 256, "tile/3/999");
        check(Shelf::Hashes(3), 1000, 256, "tile/3/x001/000");
        check(Shelf::Entries, 1_234_067, 256, "tile/entries/x001/x234/067");
        check(
            Shelf::Entries,
            1_234_067,
            255,
            "tile/entries/x001/x234/067.p/255",
        );
        check(Shelf::Entries, 1_000_000, 256, "tile/entries/x001/x000/000");
    }
}
