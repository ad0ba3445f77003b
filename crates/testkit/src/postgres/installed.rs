//! Where PostgreSQL's programs are.

use std::env;
use std::fs;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;

/// Debian keeps each major version's server programs here, outside `PATH`.
const DEBIAN: &str = "/usr/lib/postgresql";

/// The folder with the programs of the server: what `pg_config` says, else Debian's newest, else what
/// is in `PATH`.
pub(super) fn programs() -> PathBuf {
    let places = configured().into_iter().chain(debian()).chain(path());
    let found = places.into_iter().find(|place| has_server(place));
    found.unwrap_or_else(|| panic!("PostgreSQL is not installed: `apt-get install postgresql`"))
}

fn has_server(place: &Path) -> bool {
    ["createdb", "initdb", "postgres", "psql"]
        .iter()
        .all(|program| place.join(program).is_file())
}

fn configured() -> Option<PathBuf> {
    let output = Command::new("pg_config").arg("--bindir").output().ok()?;
    let place = String::from_utf8(output.stdout).ok()?;
    Some(PathBuf::from(place.trim()))
}

/// The newest first.
fn debian() -> Vec<PathBuf> {
    let versions = fs::read_dir(DEBIAN).into_iter().flatten().flatten();
    let mut versions: Vec<(u32, PathBuf)> = versions
        .filter_map(|entry| {
            let version = entry.file_name().to_str()?.parse().ok()?;
            Some((version, entry.path().join("bin")))
        })
        .collect();
    versions.sort_unstable();
    versions.into_iter().rev().map(|(_, place)| place).collect()
}

fn path() -> Vec<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).collect()
}
