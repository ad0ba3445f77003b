//! What files are called at a place, and what places are called here.

use domain::time::Timestamp;
use egress::place::Place;

/// The prefix of everything of an instance.
pub(super) fn instance(id: &str) -> String {
    format!("imvume-{id}/")
}

/// The instance whose file this is.
pub(super) fn instance_of(name: &str) -> Option<&str> {
    let (folder, _) = name.split_once('/')?;
    folder.strip_prefix("imvume-")
}

/// The name of a part of the bundle, below the instance.
pub(super) fn part(sequence: u64, whole: bool) -> String {
    let kind = if whole { "whole" } else { "part" };
    format!("bundle/{sequence:012}-{kind}.age")
}

/// The number of a part, and whether it is whole.
pub(super) fn part_of(name: &str) -> Option<(u64, bool)> {
    let (_, name) = name.split_once("bundle/")?;
    let (number, kind) = name.strip_suffix(".age")?.split_once('-')?;
    let whole = match kind {
        "whole" => true,
        "part" => false,
        _ => return None,
    };
    Some((number.parse().ok()?, whole))
}

/// The name of a snapshot that is begun now: its instant, so that names are in order.
pub(super) fn snapshot(now: Timestamp) -> String {
    let mut name = now.to_string();
    name.retain(|c| c.is_ascii_alphanumeric());
    name
}

/// Where a snapshot stands, below the instance.
pub(super) fn snapshot_file(name: &str) -> String {
    format!("snapshots/{name}.imvume")
}

/// The name of a snapshot, from where it stands.
pub(super) fn snapshot_of(name: &str) -> Option<&str> {
    name.split_once("snapshots/")?.1.strip_suffix(".imvume")
}

/// Where the list of the media objects that a snapshot needs stands, below the instance.
pub(super) fn objects_file(name: &str) -> String {
    format!("objects/{name}.list")
}

/// The snapshot of a list, from where it stands.
pub(super) fn objects_of(name: &str) -> Option<&str> {
    name.split_once("objects/")?.1.strip_suffix(".list")
}

/// Where a media object stands, below the instance.
pub(super) fn object(name: &str) -> String {
    format!("media/{name}")
}

/// The number a place goes by in the database: it stays the same wherever it stands in the configuration.
pub fn code(place: &Place) -> i64 {
    let hash = seal::sha256(place.to_string().as_bytes());
    let first = hash.first_chunk().copied().unwrap_or_default();
    i64::from_be_bytes(first) >> 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_they_are_written() {
        for (sequence, whole) in [(1, true), (12, false), (123_456_789_012, false)] {
            let name = format!("{}{}", instance("00ff"), part(sequence, whole));
            assert_eq!(part_of(&name), Some((sequence, whole)));
            assert_eq!(instance_of(&name), Some("00ff"));
        }
        let name = snapshot(Timestamp::from_micros(1_800_000_000_123_456));
        assert_eq!(name, "20270115T080000123456Z");
        assert_eq!(snapshot_of(&snapshot_file(&name)), Some(name.as_str()));
        assert_eq!(objects_of(&objects_file(&name)), Some(name.as_str()));
        for other in [
            "bundle/x-whole.age",
            "bundle/1-half.age",
            "snapshots/a",
            "a",
        ] {
            assert_eq!(part_of(other), None);
            assert_eq!(snapshot_of(other), None);
        }
    }
}
