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

/// No private key of a certificate is longer than this, in bytes.
const LONGEST_KEY: u64 = 64 * 1024;

/// Reads a secret. The checks are made on the open file, so that nothing can take its place between
/// check and read.
pub(crate) fn read_private(path: &Path) -> anyhow::Result<Zeroizing<String>> {
    let (file, length) = open(path)?;
    anyhow::ensure!(
        length <= LONGEST,
        "is longer than 4 KiB; a secret is one short line"
    );
    let capacity = usize::try_from(LONGEST).unwrap_or(0) + 1;
    let mut text = Zeroizing::new(String::with_capacity(capacity));
    file.take(LONGEST)
        .read_to_string(&mut text)
        .map_err(|error| anyhow::anyhow!("cannot be read: {}", error.kind()))?;
    Ok(text)
}

/// Reads the private key of a certificate, checked as any secret.
pub(super) fn read_key(path: &Path) -> anyhow::Result<Zeroizing<Vec<u8>>> {
    let (file, length) = open(path)?;
    anyhow::ensure!(
        length <= LONGEST_KEY,
        "is longer than 64 KiB; this is no private key"
    );
    let capacity = usize::try_from(LONGEST_KEY).unwrap_or(0) + 1;
    let mut bytes = Zeroizing::new(Vec::with_capacity(capacity));
    file.take(LONGEST_KEY)
        .read_to_end(&mut bytes)
        .map_err(|error| anyhow::anyhow!("cannot be read: {}", error.kind()))?;
    Ok(bytes)
}

/// Opens a file that holds a secret, with its length in bytes.
fn open(path: &Path) -> anyhow::Result<(File, u64)> {
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
    Ok((file, metadata.len()))
}

/// Whether a file that holds a secret is as it must be.
pub(super) fn check(path: &Path, metadata: &Metadata) -> anyhow::Result<()> {
    anyhow::ensure!(
        metadata.is_file(),
        "is not a regular file; name the file itself"
    );
    let mode = metadata.mode() & 0o7777;
    let owner = metadata.uid();
    if is_credential(path) && owner == 0 && mode.trailing_zeros() >= 3 {
        return Ok(());
    }
    let path = path.display();
    let us = rustix::process::geteuid().as_raw();
    anyhow::ensure!(
        owner == us,
        "belongs to another account (uid {owner}): run `chown {us} {path}`"
    );
    // Six zeros at the end: nothing for group and others.
    anyhow::ensure!(
        mode.trailing_zeros() >= 6,
        "is open to others (mode {mode:04o}): run `chmod 600 {path}`"
    );
    Ok(())
}

/// Whether systemd put a file there for this service. Newer versions keep such files with root and
/// let the service's account in by an access list, whose mask shows as the group's permission
/// (systemd.exec(5), `LoadCredential=`).
fn is_credential(path: &Path) -> bool {
    path.starts_with("/run/credentials")
        && path
            .components()
            .all(|part| part != std::path::Component::ParentDir)
}

/// Writes a new file that only its owner can read, whole or not at all. An existing one is left as it is.
pub(crate) fn write_private(path: &Path, bytes: impl AsRef<[u8]>) -> anyhow::Result<()> {
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .map_err(|error| anyhow::anyhow!("{}: cannot be made: {error}", path.display()))?;
    let written = file.write_all(bytes.as_ref());
    written.map_err(|error| {
        let _ = std::fs::remove_file(path);
        anyhow::anyhow!("{}: cannot be written: {error}", path.display())
    })
}
