//! What is in a package, by hash.

use serde::Serialize;

/// A file of the package.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct FileEntry {
    /// Its name, with its folders.
    pub name: String,
    /// Its SHA-256, in hexadecimal.
    pub sha256: String,
    /// Its size in bytes.
    pub size: u64,
}

/// `manifest.json`.
#[derive(Clone, Debug, Serialize)]
pub struct Manifest<'a> {
    /// The shape of the package; a change that a program would notice gets a new one.
    pub format: &'static str,
    /// Who made it.
    pub organisation: &'a str,
    /// The package's number there.
    pub package: i64,
    /// The request it answers.
    pub request: Option<i64>,
    /// When it was made (RFC 3339, UTC).
    pub made_at: &'a str,
    /// The program.
    pub made_by: &'a str,
    /// The log that has the entries of it being made.
    pub log: &'a str,
    /// The newest signed head of that log.
    pub checkpoint: Option<&'a str>,
    /// How many items each list has.
    pub counts: &'a [(String, u64)],
    /// Every file but this one and the signed note about it.
    pub files: &'a [FileEntry],
}

/// What a package calls its own shape.
pub(crate) const FORMAT: &str = "imvume-package/1";
