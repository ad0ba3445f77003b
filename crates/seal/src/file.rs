//! Small files that hold key material: private, whole or absent, durable.

use std::ffi::OsString;
use std::fs;
use std::fs::File;
use std::fs::OpenOptions;
use std::io;
use std::io::ErrorKind;
use std::io::Read;
use std::io::Write;
use std::os::unix::fs::MetadataExt;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::path::PathBuf;

use rustix::fs::OFlags;
use rustix::io::Errno;
use zeroize::Zeroizing;

use crate::error::KeyFileError;

/// No key file comes near this many bytes.
const MAX_LEN: u64 = 1 << 20;
const MODE: u32 = 0o600;

/// Reads a file after checking that it is regular, ours and closed to others. The checks are made
/// on the open file, so nothing can be put in its place between check and read.
pub(crate) fn read(path: &Path) -> Result<Zeroizing<Vec<u8>>, KeyFileError> {
    read_all(path, open_private(path, OpenOptions::new().read(true))?)
}

/// Reads a credential that systemd passes on: it belongs to this account, or to the system's and is
/// opened to this one by an access list, whose mask then shows as the bits of the group.
pub(crate) fn read_credential(path: &Path) -> Result<Zeroizing<Vec<u8>>, KeyFileError> {
    let (file, metadata) = open_regular(path, OpenOptions::new().read(true))?;
    let ours = [0, rustix::process::geteuid().as_raw()].contains(&metadata.uid());
    if !ours || metadata.mode() & 0o037 != 0 {
        return Err(KeyFileError::Credential {
            path: path.to_owned(),
        });
    }
    read_all(path, file)
}

fn read_all(path: &Path, file: File) -> Result<Zeroizing<Vec<u8>>, KeyFileError> {
    let len = file.metadata().map_err(failed("read", path))?.len();
    if len > MAX_LEN {
        return Err(KeyFileError::TooLarge {
            path: path.to_owned(),
        });
    }
    // One byte more, so that reading to the end never grows the buffer and leaves a copy behind.
    let capacity = usize::try_from(len).unwrap_or(0).saturating_add(1);
    let mut bytes = Zeroizing::new(Vec::with_capacity(capacity));
    file.take(MAX_LEN)
        .read_to_end(&mut bytes)
        .map_err(failed("read", path))?;
    Ok(bytes)
}

/// Creates a file that must not exist. It appears whole or not at all.
pub(crate) fn create(path: &Path, bytes: &[u8]) -> Result<(), KeyFileError> {
    if fs::symlink_metadata(path).is_ok() {
        return Err(KeyFileError::AlreadyExists {
            path: path.to_owned(),
        });
    }
    let temporary = write_temporary(path, bytes)?;
    // A link, unlike a rename, fails when the name is taken meanwhile.
    let linked = fs::hard_link(&temporary, path);
    let removed = fs::remove_file(&temporary);
    linked.map_err(|source| match source.kind() {
        ErrorKind::AlreadyExists => KeyFileError::AlreadyExists {
            path: path.to_owned(),
        },
        _ => failed("create", path)(source),
    })?;
    removed.map_err(failed("remove", &temporary))?;
    sync_directory(path)
}

/// Replaces a file. After a crash at any step the name leads to the old content or to the new.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> Result<(), KeyFileError> {
    // Crash here or while writing: the old file stands; the next writer removes the remnant.
    let temporary = write_temporary(path, bytes)?;
    // Crash before the directory is synced: old or new, both whole.
    fs::rename(&temporary, path).map_err(failed("replace", path))?;
    sync_directory(path)
}

/// Replaces a file and then overwrites what the old one held. On a journaling file system or a
/// flash disk older copies of a block can survive that; the root key still stands before them.
pub(crate) fn replace_and_wipe(path: &Path, bytes: &[u8]) -> Result<(), KeyFileError> {
    let mut old = open_private(path, OpenOptions::new().read(true).write(true))?;
    let len = old
        .metadata()
        .map_err(failed("read", path))?
        .len()
        .min(MAX_LEN);
    replace(path, bytes)?;
    // Crash from here on: the new file stands, the old one has no name any more.
    io::copy(&mut io::repeat(0).take(len), &mut old).map_err(failed("wipe", path))?;
    old.sync_all().map_err(failed("wipe", path))
}

/// The name under which a file is written before it takes its place.
pub(crate) fn temporary_path(path: &Path) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(".new");
    PathBuf::from(name)
}

fn open_regular(
    path: &Path,
    options: &mut OpenOptions,
) -> Result<(File, fs::Metadata), KeyFileError> {
    // Not following links, and not waiting for the other end of a pipe.
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let file = options
        .custom_flags(flags.bits().cast_signed())
        .open(path)
        .map_err(|source| {
            if source.raw_os_error() == Some(Errno::LOOP.raw_os_error()) {
                return KeyFileError::NotRegular {
                    path: path.to_owned(),
                };
            }
            match source.kind() {
                ErrorKind::NotFound => KeyFileError::Missing {
                    path: path.to_owned(),
                },
                ErrorKind::IsADirectory => KeyFileError::NotRegular {
                    path: path.to_owned(),
                },
                _ => failed("open", path)(source),
            }
        })?;
    let metadata = file.metadata().map_err(failed("read", path))?;
    if !metadata.is_file() {
        return Err(KeyFileError::NotRegular {
            path: path.to_owned(),
        });
    }
    Ok((file, metadata))
}

fn open_private(path: &Path, options: &mut OpenOptions) -> Result<File, KeyFileError> {
    let (file, metadata) = open_regular(path, options)?;
    let us = rustix::process::geteuid().as_raw();
    if metadata.uid() != us {
        return Err(KeyFileError::NotOwned {
            path: path.to_owned(),
            owner: metadata.uid(),
            us,
        });
    }
    let mode = metadata.mode() & 0o7777;
    if mode & 0o077 != 0 {
        return Err(KeyFileError::Mode {
            path: path.to_owned(),
            mode,
        });
    }
    Ok(file)
}

fn write_temporary(path: &Path, bytes: &[u8]) -> Result<PathBuf, KeyFileError> {
    let temporary = temporary_path(path);
    match fs::remove_file(&temporary) {
        Err(source) if source.kind() != ErrorKind::NotFound => {
            return Err(failed("remove", &temporary)(source));
        }
        Ok(()) | Err(_) => {}
    }
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(MODE)
        .open(&temporary)
        .map_err(failed("create", &temporary))?;
    let written = file.write_all(bytes).and_then(|()| file.sync_all());
    if let Err(source) = written {
        // Best effort: the next writer removes it otherwise.
        fs::remove_file(&temporary).ok();
        return Err(failed("write", &temporary)(source));
    }
    Ok(temporary)
}

fn sync_directory(path: &Path) -> Result<(), KeyFileError> {
    let directory = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    File::open(directory)
        .and_then(|directory| directory.sync_all())
        .map_err(failed("make durable", directory))
}

fn failed(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> KeyFileError {
    let path = path.to_owned();
    move |source| KeyFileError::Io {
        action,
        path,
        source,
    }
}
