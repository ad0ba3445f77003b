//! The files of a rulebook: those that are compiled in, and those of a directory.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use crate::fault::Fault;
use crate::fault::Problem;
use crate::fault::Refused;

/// The packs that are compiled in; the name of each is that of its file.
pub(crate) const BUILTIN: [(&str, &str); 9] = [
    ("za.toml", include_str!("../packs/za.toml")),
    ("eu.toml", include_str!("../packs/eu.toml")),
    ("uk.toml", include_str!("../packs/uk.toml")),
    ("us-ca.toml", include_str!("../packs/us-ca.toml")),
    ("xx-default.toml", include_str!("../packs/xx-default.toml")),
    ("br.toml", include_str!("../packs/br.toml")),
    ("ke.toml", include_str!("../packs/ke.toml")),
    ("ng.toml", include_str!("../packs/ng.toml")),
    ("in.toml", include_str!("../packs/in.toml")),
];

/// A file is never larger than this, in bytes.
const LARGEST: u64 = 1 << 20;
/// A directory holds no more files than this.
const MOST: usize = 100;

/// A file's name without its folder, and its text.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Source {
    /// The name.
    pub name: String,
    /// The text.
    pub text: String,
}

/// Reads all `.toml` files of a directory, in the order of their names. This is the only place in
/// the crate that reads files, and it is done before anything is put in force.
pub fn read_directory(directory: &Path) -> Result<Vec<Source>, Refused> {
    let folder = directory.file_name().unwrap_or(directory.as_os_str());
    let folder = folder.to_string_lossy().into_owned();
    let unreadable = |name: &str, why: &str| {
        let fault = Fault::new(name, 1, None, Problem::Read(why.to_owned()));
        Refused(vec![fault])
    };
    let entries = std::fs::read_dir(directory)
        .map_err(|error| unreadable(&folder, &error.kind().to_string()))?;
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry.map_err(|error| unreadable(&folder, &error.kind().to_string()))?;
        let name = entry.file_name();
        let Some(name) = name.to_str() else {
            return Err(unreadable(&folder, "a file's name is not UTF-8"));
        };
        if Path::new(name).extension().is_some_and(|end| end == "toml") {
            names.push(name.to_owned());
        }
    }
    if MOST < names.len() {
        return Err(unreadable(&folder, "it holds more than 100 files"));
    }
    names.sort_unstable();
    let mut faults = Vec::new();
    let mut sources = Vec::with_capacity(names.len());
    for name in names {
        match read(&directory.join(&name)) {
            Ok(text) => sources.push(Source { name, text }),
            Err(why) => faults.push(Fault::new(&name, 1, None, Problem::Read(why))),
        }
    }
    if faults.is_empty() {
        Ok(sources)
    } else {
        Err(Refused(faults))
    }
}

fn read(path: &Path) -> Result<String, String> {
    let file = File::open(path).map_err(|error| error.kind().to_string())?;
    let metadata = file.metadata().map_err(|error| error.kind().to_string())?;
    if !metadata.is_file() {
        return Err("it is not a regular file".to_owned());
    }
    if LARGEST < metadata.len() {
        return Err("it is larger than 1 MiB".to_owned());
    }
    let mut text = String::new();
    let read = file.take(LARGEST).read_to_string(&mut text);
    read.map_err(|error| error.kind().to_string())?;
    Ok(text)
}
