//! A directory as a place.

use std::fs;
use std::fs::DirBuilder;
use std::fs::File;
use std::io;
use std::io::Read as _;
use std::os::unix::fs::DirBuilderExt as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use crate::place::Listed;
use crate::place::PlaceError;
use crate::place::io as failed;

/// What a file is called while it is written.
const NEW: &str = ".new";

pub(super) fn put(root: &Path, name: &str, file: &Path) -> Result<u64, PlaceError> {
    let target = root.join(name);
    let folder = target.parent().ok_or(PlaceError::Name)?;
    present(root)?;
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .map_err(|source| PlaceError::Io {
            what: "making the folder",
            source,
        })?;
    let temporary = root.join(format!("{name}{NEW}"));
    let written = copy(file, &temporary).and_then(|size| {
        fs::rename(&temporary, &target).map_err(failed("naming the file"))?;
        sync(folder)?;
        Ok(size)
    });
    if written.is_err() {
        // What was there before stands.
        let _ = fs::remove_file(&temporary);
    }
    written
}

/// That the directory is there: a disk that is not mounted must not look like one that keeps nothing.
fn present(root: &Path) -> Result<(), PlaceError> {
    fs::read_dir(root)
        .map(drop)
        .map_err(|source| PlaceError::Io {
            what: "reading the folder",
            source,
        })
}

fn copy(from: &Path, to: &Path) -> Result<u64, PlaceError> {
    let mut from = File::open(from).map_err(failed("reading the file"))?;
    let mut to = File::options()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(to)
        .map_err(failed("making the file"))?;
    let size = io::copy(&mut from, &mut to).map_err(failed("writing the file"))?;
    to.sync_all().map_err(failed("writing the file"))?;
    Ok(size)
}

pub(super) fn get(root: &Path, name: &str, (to, most): (&Path, u64)) -> Result<u64, PlaceError> {
    let from = File::open(root.join(name)).map_err(failed("reading the file"))?;
    let mut to = File::options()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(to)
        .map_err(failed("making the file"))?;
    let size = io::copy(&mut from.take(most.saturating_add(1)), &mut to)
        .map_err(failed("fetching the file"))?;
    if most < size {
        return Err(PlaceError::TooLarge);
    }
    to.sync_all().map_err(failed("fetching the file"))?;
    Ok(size)
}

pub(super) fn list(root: &Path, prefix: &str) -> Result<Vec<Listed>, PlaceError> {
    present(root)?;
    let mut found = Vec::new();
    let within = prefix.rsplit_once('/').map_or("", |(folder, _)| folder);
    walk(root, within, &mut found)?;
    found.retain(|listed| listed.name.starts_with(prefix));
    Ok(found)
}

fn walk(root: &Path, within: &str, found: &mut Vec<Listed>) -> Result<(), PlaceError> {
    let entries = match fs::read_dir(root.join(within)) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(failed("reading the folder")(error)),
    };
    for entry in entries {
        let entry = entry.map_err(failed("reading the folder"))?;
        let Ok(part) = entry.file_name().into_string() else {
            continue;
        };
        let name = if within.is_empty() {
            part
        } else {
            format!("{within}/{part}")
        };
        let told = match entry.metadata() {
            Ok(told) => told,
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(failed("reading the folder")(error)),
        };
        if told.is_dir() {
            walk(root, &name, found)?;
        } else if told.is_file() && !name.ends_with(NEW) {
            found.push(Listed {
                name,
                size: told.len(),
            });
        }
    }
    Ok(())
}

pub(super) fn tidy(root: &Path, folder: &str) -> Result<(), PlaceError> {
    present(root)?;
    let entries = match fs::read_dir(root.join(folder)) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(failed("reading the folder")(error)),
    };
    for entry in entries {
        let path = entry.map_err(failed("reading the folder"))?.path();
        let left = path.to_str().is_some_and(|path| path.ends_with(NEW));
        if left && path.is_file() {
            fs::remove_file(&path).map_err(failed("removing what was cut off"))?;
        }
    }
    Ok(())
}

pub(super) fn delete(root: &Path, name: &str) -> Result<(), PlaceError> {
    let target = root.join(name);
    match fs::remove_file(&target) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(failed("removing the file")(error)),
        Ok(()) => sync(target.parent().unwrap_or(root)),
    }
}

fn sync(folder: &Path) -> Result<(), PlaceError> {
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(failed("making the folder durable"))
}
