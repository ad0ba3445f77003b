//! Rules about which files there are.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::Context;

use crate::rules::Fault;

/// Folders that hold nothing of ours.
const NOT_OURS: &[&str] = &[".git", ".venv", "__pycache__", "node_modules", "target"];

/// The files of the repository by their path from its root; the text of those that are text.
#[derive(Debug, Default)]
pub(super) struct Tree {
    files: BTreeMap<String, Option<String>>,
}

impl Tree {
    pub(super) fn read(root: &Path) -> anyhow::Result<Self> {
        let mut tree = Self::default();
        tree.add(root, "")?;
        Ok(tree)
    }

    fn add(&mut self, folder: &Path, prefix: &str) -> anyhow::Result<()> {
        let unreadable = || format!("cannot read {}", folder.display());
        for entry in fs::read_dir(folder).with_context(unreadable)? {
            let entry = entry.with_context(unreadable)?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let path = format!("{prefix}{name}");
            let kind = entry.file_type().with_context(unreadable)?;
            if kind.is_dir() && !NOT_OURS.contains(&name.as_str()) {
                self.add(&entry.path(), &format!("{path}/"))?;
            } else if kind.is_file() {
                let bytes = fs::read(entry.path()).with_context(unreadable)?;
                self.files.insert(path, String::from_utf8(bytes).ok());
            }
        }
        Ok(())
    }

    pub(super) fn texts(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files
            .iter()
            .filter_map(|(path, text)| Some((path.as_str(), text.as_deref()?)))
    }

    pub(super) fn text(&self, path: &str) -> Option<&str> {
        self.files.get(path)?.as_deref()
    }

    /// Whether there is a file, or a folder with files, of this path.
    pub(super) fn has(&self, path: &str) -> bool {
        let folder = format!("{}/", path.trim_end_matches('/'));
        let within = |found: &String| found.starts_with(&folder);
        self.files.contains_key(path) || path.is_empty() || self.files.keys().any(within)
    }

    #[cfg(test)]
    pub(super) fn of(files: &[(&str, &str)]) -> Self {
        let own = |(path, text): &(&str, &str)| ((*path).to_owned(), Some((*text).to_owned()));
        Self {
            files: files.iter().map(own).collect(),
        }
    }
}

/// File names that are not to be.
pub(super) fn names(tree: &Tree) -> Vec<Fault> {
    tree.files
        .keys()
        .filter_map(|path| Some(Fault::new(path, name(path)?)))
        .collect()
}

fn name(path: &str) -> Option<&'static str> {
    let parts: Vec<&str> = path.split('/').collect();
    match parts.as_slice() {
        [.., "mod.rs"] => Some("a module's file is named after it"),
        [.., last] if last.ends_with(".snap.new") => Some("a snapshot waits for its review"),
        ["crates", _, "tests", file] if is_of_kind(file, "rs") => {
            Some("a crate has one integration-test binary, tests/it/main.rs")
        }
        [.., last] if is_of_kind(last, "rs") && last.contains('-') => {
            Some("the name of a Rust file has no hyphens")
        }
        _ => None,
    }
}

/// Whether the name of a file ends in `.` and `extension`.
pub(super) fn is_of_kind(path: &str, extension: &str) -> bool {
    Path::new(path)
        .extension()
        .is_some_and(|found| found == extension)
}

/// Manifests that do not take the workspace's lints.
pub(super) fn manifests(tree: &Tree) -> Vec<Fault> {
    let members = tree
        .texts()
        .filter(|(path, _)| path.ends_with("/Cargo.toml"));
    members
        .filter(|(_, text)| !text.contains("[lints]\nworkspace = true\n"))
        .map(|(path, _)| Fault::new(path, "the crate does not take the workspace's lints"))
        .collect()
}

/// Snapshots that no test makes any more.
pub(super) fn snapshots(tree: &Tree) -> Vec<Fault> {
    let snapshots = tree.texts().filter(|(path, _)| is_of_kind(path, "snap"));
    snapshots
        .filter(|(path, text)| !is_made(tree, path, text))
        .map(|(path, _)| Fault::new(path, "no test makes this snapshot"))
        .collect()
}

/// Whether the source that a snapshot names has a test, or a case, of the snapshot's name.
fn is_made(tree: &Tree, path: &str, text: &str) -> bool {
    let source = text.lines().find_map(|line| line.strip_prefix("source: "));
    let name = path
        .rsplit(['/'])
        .next()
        .and_then(|file| file.strip_suffix(".snap"));
    let name = name.and_then(|name| name.rsplit("__").next());
    let (Some(source), Some(name)) = (source, name) else {
        return false;
    };
    let counted = name
        .rsplit_once('-')
        .filter(|(_, count)| count.parse::<u32>().is_ok());
    let name = counted.map_or(name, |(name, _)| name);
    tree.text(source.trim_matches('"'))
        .is_some_and(|source| source.contains(name))
}

#[cfg(test)]
mod tests {
    use super::Tree;
    use super::manifests;
    use super::names;
    use super::snapshots;

    #[test]
    fn file_names() {
        let cases = [
            ("crates/a/src/lib.rs", true),
            ("crates/a/src/b/mod.rs", false),
            ("crates/a/src/b-c.rs", false),
            ("crates/a/tests/it/main.rs", true),
            ("crates/a/tests/other.rs", false),
            ("crates/a/tests/it/snapshots/it__x.snap", true),
            ("crates/a/tests/it/snapshots/it__x.snap.new", false),
        ];
        for (path, sound) in cases {
            assert_eq!(names(&Tree::of(&[(path, "")])).is_empty(), sound, "{path}");
        }
    }

    #[test]
    fn lints_of_the_workspace() {
        let with = "[package]\n\n[lints]\nworkspace = true\n\n[dependencies]\n";
        assert_eq!(manifests(&Tree::of(&[("crates/a/Cargo.toml", with)])), []);
        assert_eq!(
            manifests(&Tree::of(&[("crates/a/Cargo.toml", "[package]\n")])).len(),
            1
        );
    }

    #[test]
    fn snapshots_have_their_tests() {
        let snapshot = "---\nsource: crates/a/tests/it/b.rs\nexpression: x\n---\n";
        let path = "crates/a/tests/it/snapshots/it__b__greeting-2.snap";
        let source = "crates/a/tests/it/b.rs";
        assert_eq!(
            snapshots(&Tree::of(&[(path, snapshot), (source, "fn greeting() {}")])),
            []
        );
        assert_eq!(
            snapshots(&Tree::of(&[(path, snapshot), (source, "fn other() {}")])).len(),
            1
        );
        assert_eq!(snapshots(&Tree::of(&[(path, snapshot)])).len(), 1);
        assert_eq!(snapshots(&Tree::of(&[(path, "---\n---\n")])).len(), 1);
    }
}
