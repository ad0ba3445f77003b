//! Rules about the tree that no lint knows.
//!
//! Each rule is a function over the tree's files, or over one file's path and text, that returns its
//! faults; the next one is written beside these and named in [`faults`].

mod files;
mod links;
mod sentences;
mod text;

use std::fmt;
use std::path::Path;

use crate::architecture;
use crate::rules::files::Tree;

/// One place where a rule is broken.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) struct Fault {
    pub(crate) place: String,
    pub(crate) rule: String,
}

impl Fault {
    pub(crate) fn new(place: impl Into<String>, rule: impl Into<String>) -> Self {
        Self {
            place: place.into(),
            rule: rule.into(),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.place, self.rule)
    }
}

/// Every fault of the repository at `root`, in the order of their places.
///
/// # Errors
///
/// The tree or cargo's description of it cannot be read.
pub(crate) fn faults(root: &Path) -> anyhow::Result<Vec<Fault>> {
    let tree = Tree::read(root)?;
    let mut faults = architecture::faults(&architecture::metadata()?);
    faults.extend(files::names(&tree));
    faults.extend(files::manifests(&tree));
    faults.extend(files::snapshots(&tree));
    faults.extend(links::faults(&tree));
    faults.extend(links::strays(&tree));
    faults.extend(sentences::faults(&tree));
    for (path, text) in tree.texts() {
        faults.extend(text::length(path, text));
        faults.extend(text::words(path, text));
        faults.extend(text::rust(path, text));
    }
    faults.sort();
    Ok(faults)
}

#[cfg(test)]
mod tests {
    use super::faults;
    use crate::process;

    #[test]
    fn the_repository_keeps_its_rules() {
        let found = faults(process::root()).unwrap();
        let lines: Vec<String> = found.iter().map(ToString::to_string).collect();
        assert!(lines.is_empty(), "{}", lines.join("\n"));
    }
}
