//! Finding out, after a crash or none, how long the log is, and mending its right edge. Opening
//! always comes this way, so the crash path is not a path apart.

use crate::bundle;
use crate::directory::DirectoryError;
use crate::directory::append::STRETCH_BUNDLES;
use crate::directory::files::Files;
use crate::directory::files::decode;
use crate::directory::files::encode;
use crate::edge::Edge;
use crate::hash::Hash;
use crate::hash::leaf_hash;
use crate::hash::root_of;
use crate::tile::HEIGHT;
use crate::tile::Shelf;
use crate::tile::Tile;
use crate::tile::WIDTH;

/// The edge of the log as far as it is whole on disk, and the bundle that is not full.
pub(super) fn recover(files: &Files) -> Result<(Edge, Vec<u8>), DirectoryError> {
    let (size, tail) = last_whole(files)?;
    let mut rows = Vec::new();
    for level in 0_u8.. {
        let Some(hashes) = size
            .checked_shr(u32::from(level) * HEIGHT)
            .filter(|n| *n > 0)
        else {
            break;
        };
        rows.push(mend(files, Shelf::Hashes(level), hashes)?);
    }
    files.tidy(Shelf::Entries, size)?;
    Ok((Edge::from_rows(size, rows), tail))
}

/// The size up to the last bundle that is whole and agrees with its hash tile, and that bundle if
/// it is not full.
fn last_whole(files: &Files) -> Result<(u64, Vec<u8>), DirectoryError> {
    let mut number = first_doubtful_bundle(files)?;
    loop {
        for width in files.widths(Shelf::Entries, number)? {
            let tile = Tile {
                shelf: Shelf::Entries,
                number,
                width,
            };
            if let Some(bytes) = whole(files, &tile)? {
                let size = number * u64::from(WIDTH) + u64::from(width);
                return Ok((size, if tile.is_full() { Vec::new() } else { bytes }));
            }
        }
        let Some(before) = number.checked_sub(1) else {
            return Ok((0, Vec::new()));
        };
        number = before;
    }
}

/// The first bundle that is not there in full or, among those that the last stretch of an append
/// can have written, does not agree with its hash tile.
fn first_doubtful_bundle(files: &Files) -> Result<u64, DirectoryError> {
    let open = files.first_open_bundle()?;
    for number in open.saturating_sub(STRETCH_BUNDLES as u64)..open {
        if whole(files, &Tile::full(Shelf::Entries, number))?.is_none() {
            return Ok(number);
        }
    }
    Ok(open)
}

fn whole(files: &Files, bundle: &Tile) -> Result<Option<Vec<u8>>, DirectoryError> {
    let mut bytes = Vec::new();
    files.read(bundle, &mut bytes)?;
    let leaves = leaves(&bytes).filter(|leaves| leaves.len() == usize::from(bundle.width));
    let stored = exact(
        files,
        &Tile {
            shelf: Shelf::Hashes(0),
            ..*bundle
        },
    )?;
    Ok((leaves.is_some() && leaves == stored).then_some(bytes))
}

/// Makes sure that the last full and the partial tile of a shelf with `hashes` hashes are there,
/// and nothing after them; returns what the partial one holds.
fn mend(files: &Files, shelf: Shelf, hashes: u64) -> Result<Vec<Hash>, DirectoryError> {
    let mut row = Vec::new();
    for tile in last_tiles(shelf, hashes).into_iter().flatten() {
        let content = match exact(files, &tile)? {
            Some(content) => content,
            None => restore(files, &tile)?,
        };
        if !tile.is_full() {
            row = content;
        }
    }
    files.tidy(shelf, hashes)?;
    Ok(row)
}

/// The last full tile and the partial one of a shelf with `count` hashes or entries.
fn last_tiles(shelf: Shelf, count: u64) -> [Option<Tile>; 2] {
    let (number, width) = Tile::end_of(count);
    let full = number
        .checked_sub(1)
        .map(|number| Tile::full(shelf, number));
    [
        full,
        (width > 0).then_some(Tile {
            shelf,
            number,
            width,
        }),
    ]
}

fn restore(files: &Files, tile: &Tile) -> Result<Vec<Hash>, DirectoryError> {
    let content = compute(files, tile)?;
    files.write(&tile.to_string(), &encode(&content))?;
    Ok(content)
}

/// The content of a hash tile from the tiles or the bundle below it.
fn compute(files: &Files, tile: &Tile) -> Result<Vec<Hash>, DirectoryError> {
    let Shelf::Hashes(level) = tile.shelf else {
        return Ok(Vec::new());
    };
    let Some(below) = level.checked_sub(1).map(Shelf::Hashes) else {
        let bundle = Tile {
            shelf: Shelf::Entries,
            ..*tile
        };
        let mut bytes = Vec::new();
        files.read(&bundle, &mut bytes)?;
        return leaves(&bytes)
            .filter(|leaves| leaves.len() == usize::from(tile.width))
            .ok_or_else(|| DirectoryError::Torn {
                path: bundle.to_string(),
            });
    };
    let first = tile.number * u64::from(WIDTH);
    (first..first + u64::from(tile.width))
        .map(|number| {
            let child = Tile::full(below, number);
            let content = match exact(files, &child)? {
                Some(content) => content,
                None => compute(files, &child)?,
            };
            Ok(root_of(&content))
        })
        .collect()
}

/// The content of exactly this hash tile; `None` if it is missing or torn.
fn exact(files: &Files, tile: &Tile) -> Result<Option<Vec<Hash>>, DirectoryError> {
    let mut bytes = Vec::new();
    files.read(tile, &mut bytes)?;
    let hashes = decode(tile, &bytes);
    Ok(hashes.map(|hashes| hashes.iter().copied().map(Hash).collect()))
}

/// The leaf hashes of a bundle; `None` if it is torn.
fn leaves(bundle: &[u8]) -> Option<Vec<Hash>> {
    bundle::entries(bundle)
        .map(|entry| entry.ok().map(leaf_hash))
        .collect()
}
