//! Where an instance is restored to: empty before, marked from the first write to the last.

use std::fs;
use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::path::PathBuf;

use store::MARKER;

use crate::backup::BackupFault;
use crate::backup::Scratch;
use crate::backup::restore::Restoring;

/// That nothing is there that would be lost.
pub(super) fn empty(order: &Restoring) -> Result<(), BackupFault> {
    let folders = [
        (&order.directory, "the data directory"),
        (&order.media, "the media directory"),
    ];
    for (folder, what) in folders {
        let failed = BackupFault::file("looking into the target");
        if left(order, folder).map_err(failed)?.next().is_some() {
            return Err(BackupFault::NotEmpty(what));
        }
    }
    if order.keyring.exists() {
        return Err(BackupFault::NotEmpty("there is a keyring"));
    }
    if store::restore::holds_anything((&order.directory, &order.database))? {
        return Err(BackupFault::NotEmpty("the database holds something"));
    }
    Ok(())
}

/// The files in a folder that a restore would put there.
fn left<'a>(
    order: &'a Restoring,
    folder: &Path,
) -> std::io::Result<impl Iterator<Item = PathBuf> + 'a> {
    let mut files = Vec::new();
    walk(folder, &mut files)?;
    let (ours, scratch) = (["lock", MARKER], order.directory.join("backup"));
    Ok(files.into_iter().filter(move |file| {
        let ours = ours.iter().any(|name| *file == order.directory.join(name));
        let root = order.root_file.as_ref() == Some(file);
        !ours && !root && !file.starts_with(&scratch)
    }))
}

fn walk(folder: &Path, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        entries => entries?,
    };
    for entry in entries {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            walk(&entry.path(), files)?;
        } else {
            files.push(entry.path());
        }
    }
    Ok(())
}

/// That the database is the one which an earlier attempt has put something into: it is taken away there.
pub(super) fn same_target(order: &Restoring) -> Result<(), BackupFault> {
    let noted = fs::read_to_string(order.directory.join(MARKER))
        .map_err(BackupFault::file("reading the marker"))?;
    if noted == store::restore::place((&order.directory, &order.database)) {
        Ok(())
    } else {
        Err(BackupFault::OtherTarget)
    }
}

/// Puts the marker there, durable and whole, with the database that is written to.
pub(super) fn mark(order: &Restoring, folder: &Path) -> Result<(), BackupFault> {
    let failed = BackupFault::file("marking the data directory");
    let new = Scratch::new(folder, "restoring.new");
    let mut marker = new.create().map_err(&failed)?;
    let place = store::restore::place((&order.directory, &order.database));
    marker.write_all(place.as_bytes()).map_err(&failed)?;
    marker.sync_all().map_err(&failed)?;
    fs::rename(new.path(), order.directory.join(MARKER)).map_err(&failed)?;
    let directory = File::open(&order.directory).map_err(&failed)?;
    directory.sync_all().map_err(&failed)
}

/// Takes away what an earlier attempt put there: everything was empty before it.
pub(super) fn clear(order: &Restoring) -> Result<(), BackupFault> {
    let failed = BackupFault::file("removing what an earlier attempt left");
    for folder in [&order.directory, &order.media] {
        for file in left(order, folder).map_err(&failed)? {
            fs::remove_file(file).map_err(&failed)?;
        }
    }
    match fs::remove_file(&order.keyring) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(failed(error)),
        _ => Ok(()),
    }
}

/// Everything is done: the marker goes.
pub(super) fn unmark(directory: &Path) -> Result<(), BackupFault> {
    fs::remove_file(directory.join(MARKER)).map_err(BackupFault::file("removing the marker"))?;
    File::open(directory)
        .and_then(|directory| directory.sync_all())
        .map_err(BackupFault::file("removing the marker"))
}
