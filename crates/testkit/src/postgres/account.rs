//! The account a server runs under: never root, which PostgreSQL refuses.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;

/// The account a server runs under.
#[derive(Clone, Copy, Debug)]
pub(super) enum Account {
    /// The one this process has.
    Ours,
    /// The one called `postgres`, for a process of root: ids of account and group.
    Postgres(u32, u32),
}

impl Account {
    /// The account for a folder this process has just made; the folder is handed over to it.
    pub(super) fn owning(directory: &Path) -> Self {
        if fs::metadata(directory).unwrap().uid() != 0 {
            return Self::Ours;
        }
        let (account, group) = (id("-u"), id("-g"));
        chown(directory, Some(account), Some(group)).unwrap();
        Self::Postgres(account, group)
    }

    /// Lets a program run under the account.
    pub(super) fn take_on(self, command: &mut Command) {
        if let Self::Postgres(account, group) = self {
            // The standard library drops root's further groups as well.
            command.uid(account).gid(group);
        }
    }
}

fn id(which: &str) -> u32 {
    let output = Command::new("id")
        .args([which, "postgres"])
        .output()
        .unwrap();
    let id = String::from_utf8_lossy(&output.stdout).trim().parse();
    id.unwrap_or_else(|_| {
        panic!("root runs PostgreSQL as `postgres`, an account of the Debian package `postgresql`")
    })
}
