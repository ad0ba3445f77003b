//! Files that hold secrets: ours, regular, closed to others.

use std::fs::File;
use std::fs::Metadata;
use std::fs::OpenOptions;
use std::io::Read as _;
use std::io::Write as _;
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use rustix::fs::OFlags;
use rustix::io::Errno;
use zeroize::Zeroizing;

/// No secret is longer than this, in bytes.
const LONGEST: u64 = 4096;

/// Reads a secret. The checks are made on the open file, so that nothing can take its place between
/// check and read.
pub(super) fn read_private(path: &Path) -> anyhow::Result<Zeroizing<String>> {
    // Not following links, and not waiting for the other end of a pipe.
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let opened = OpenOptions::new()
        .read(true)
        .custom_flags(flags.bits().cast_signed())
        .open(path);
    let file = opened.map_err(|error| {
        if error.raw_os_error() == Some(Errno::LOOP.raw_os_error()) {
            anyhow::anyhow!("is a symbolic link; name the file itself")
        } else {
            anyhow::anyhow!("cannot be read: {error}")
        }
    })?;
    let metadata = file.metadata()?;
    check(path, &metadata)?;
    anyhow::ensure!(
        metadata.len() <= LONGEST,
        "is longer than 4 KiB; a secret is one short line"
    );
    text(file)
}

fn text(file: File) -> anyhow::Result<Zeroizing<String>> {
    let capacity = usize::try_from(LONGEST).unwrap_or(0) + 1;
    let mut text = Zeroizing::new(String::with_capacity(capacity));
    file.take(LONGEST)
        .read_to_string(&mut text)
        .map_err(|error| anyhow::anyhow!("cannot be read: {}", error.kind()))?;
    Ok(text)
}

/// Whether a file that holds a secret is as it must be.
pub(super) fn check(path: &Path, metadata: &Metadata) -> anyhow::Result<()> {
    anyhow::ensure!(
        metadata.is_file(),
        "is not a regular file; name the file itself"
    );
    let path = path.display();
    let us = rustix::process::geteuid().as_raw();
    let owner = metadata.uid();
    anyhow::ensure!(
        owner == us,
        "belongs to another account (uid {owner}): run `chown {us} {path}`"
    );
    let mode = metadata.mode() & 0o7777;
    // Six zeros at the end: nothing for group and others.
    anyhow::ensure!(
        mode.trailing_zeros() >= 6,
        "is open to others (mode {mode:04o}): run `chmod 600 {path}`"
    );
    Ok(())
}

/// Writes a new file that only its owner can read. An existing one is left as it is.
pub(crate) fn write_private(path: &Path, text: &str) -> anyhow::Result<()> {
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .map_err(|error| anyhow::anyhow!("{}: cannot be made: {error}", path.display()))?;
    file.write_all(text.as_bytes())?;
    Ok(())
}
