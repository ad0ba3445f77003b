//! Which crate may know which: the picture of the house as a table, held against what cargo says.
//!
//! A new crate gets a row in [`EDGES`]; a new edge is a design change and is argued for there. Edges
//! point down only. Dev-dependencies are free of these rules but may not reach the tops.

use anyhow::Context;
use serde_json::Value;

use crate::process;
use crate::rules::Fault;

/// Each crate and the crates of ours it may depend on.
const EDGES: &[(&str, &[&str])] = &[
    ("api", &["domain", "package", "seal", "store", "whatsapp"]),
    (
        "bench",
        &[
            "api", "backup", "desk", "domain", "egress", "emulator", "gateway", "imvume",
            "rulebook", "seal", "service", "store", "testkit", "tlog", "whatsapp",
        ],
    ),
    ("backup", &["seal"]),
    ("desk", &["domain", "seal", "service", "store"]),
    ("domain", &[]),
    ("egress", &[]),
    ("emulator", &[]),
    ("gateway", &["domain", "seal", "service", "whatsapp"]),
    (
        "imvume",
        &[
            "api", "backup", "desk", "domain", "egress", "emulator", "gateway", "letters",
            "record", "rulebook", "seal", "service", "store", "tlog", "whatsapp",
        ],
    ),
    ("letters", &["domain"]),
    ("package", &["pii", "seal"]),
    ("pii", &[]),
    ("record", &["domain", "tlog"]),
    ("rulebook", &["domain"]),
    ("seal", &[]),
    (
        "service",
        &[
            "backup", "domain", "egress", "letters", "package", "pii", "record", "rulebook",
            "seal", "store", "tlog", "whatsapp",
        ],
    ),
    ("store", &["backup", "domain", "seal", "tlog"]),
    (
        "testkit",
        &[
            "domain", "egress", "emulator", "gateway", "rulebook", "seal", "service", "store",
            "tlog", "whatsapp",
        ],
    ),
    ("tlog", &[]),
    ("whatsapp", &[]),
    ("xtask", &[]),
];

/// Nothing depends on these, not even a test.
const TOPS: &[&str] = &["bench", "imvume", "xtask"];

/// Crates that compute: no runtime, no sockets, no database.
const PURE: &[&str] = &[
    "backup", "domain", "letters", "pii", "record", "rulebook", "seal", "tlog", "whatsapp",
];

/// What a crate that computes may not know.
const IMPURE: &[&str] = &[
    "axum",
    "hyper",
    "hyper-rustls",
    "hyper-util",
    "rusqlite",
    "tokio",
    "tokio-util",
    "tower",
];

/// Each crate from outside that has owners, and they.
const OWNERS: &[(&str, &[&str])] = &[
    (
        "axum",
        &[
            "api", "bench", "desk", "emulator", "gateway", "imvume", "testkit",
        ],
    ),
    // `imvume` serves with these; it calls nobody.
    ("hyper", &["bench", "egress", "emulator", "imvume"]),
    ("hyper-rustls", &["bench", "egress", "emulator"]),
    (
        "hyper-util",
        &["bench", "egress", "emulator", "imvume", "testkit"],
    ),
    ("lettre", &["egress"]),
    ("postgres", &["store"]),
    ("reqwest", &[]),
    // `testkit` looks past the store at what lies on disk.
    ("rusqlite", &["bench", "store", "testkit"]),
    ("sqlx", &[]),
    ("tokio-postgres", &["store"]),
    ("ureq", &[]),
];

/// What cargo says of the workspace.
///
/// # Errors
///
/// Cargo fails, or does not answer in JSON.
pub(crate) fn metadata() -> anyhow::Result<Value> {
    let arguments = ["metadata", "--format-version", "1", "--locked", "--no-deps"];
    let bytes = process::read(process::cargo().args(arguments))?;
    serde_json::from_slice(&bytes).context("cargo's metadata is not JSON")
}

/// Every edge that the design does not know.
pub(crate) fn faults(metadata: &Value) -> Vec<Fault> {
    let packages = list(metadata, "packages");
    let edges = packages.iter().flat_map(|package| {
        let from = text(package, "name");
        list(package, "dependencies")
            .iter()
            .filter_map(move |dependency| {
                let fault = edge(from, text(dependency, "name"), text(dependency, "kind"));
                fault.map(|rule| Fault::new(format!("crate {from}"), rule))
            })
    });
    let strangers = packages.iter().map(|package| text(package, "name"));
    let strangers = strangers.filter(|name| row(name).is_none());
    let strangers =
        strangers.map(|name| Fault::new(format!("crate {name}"), "not in the table of edges"));
    edges.chain(strangers).collect()
}

/// What is wrong with `from` depending on `to`, if anything. `kind` is empty for a normal
/// dependency, as in cargo's own description.
fn edge(from: &str, to: &str, kind: &str) -> Option<String> {
    if kind == "dev" {
        return TOPS
            .contains(&to)
            .then(|| format!("its tests depend on {to}"));
    }
    if row(to).is_some() {
        let known = row(from).is_some_and(|below| below.contains(&to));
        return (!known).then(|| format!("depends on {to}, an edge the design does not know"));
    }
    if PURE.contains(&from) && IMPURE.contains(&to) {
        return Some(format!("computes only, but depends on {to}"));
    }
    let (_, owners) = OWNERS.iter().find(|(owned, _)| *owned == to)?;
    (!owners.contains(&from)).then(|| format!("depends on {to}, which others own"))
}

fn row(name: &str) -> Option<&'static [&'static str]> {
    EDGES
        .iter()
        .find(|(from, _)| *from == name)
        .map(|(_, below)| *below)
}

fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value
        .get(key)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::Value;
    use serde_json::json;

    use super::EDGES;
    use super::faults;
    use super::list;
    use super::metadata;

    fn one(from: &str, to: &str, kind: &Value) -> usize {
        let dependency = json!({ "name": to, "kind": kind });
        faults(&json!({ "packages": [{ "name": from, "dependencies": [dependency] }] })).len()
    }

    #[test]
    fn edges() {
        let normal = Value::Null;
        let cases = [
            ("store", "domain", &normal, 0),
            ("domain", "store", &normal, 1),
            ("gateway", "store", &normal, 1),
            ("emulator", "whatsapp", &normal, 1),
            ("service", "testkit", &normal, 1),
            ("imvume", "testkit", &normal, 1),
            ("imvume", "testkit", &json!("dev"), 0),
            ("service", "imvume", &json!("dev"), 1),
            ("domain", "store", &json!("build"), 1),
            ("domain", "tokio", &normal, 1),
            ("whatsapp", "hyper", &normal, 1),
            ("seal", "rusqlite", &normal, 1),
            ("tlog", "tokio", &json!("dev"), 0),
            ("store", "tokio", &normal, 0),
            ("store", "rusqlite", &normal, 0),
            ("service", "rusqlite", &normal, 1),
            ("service", "hyper-util", &normal, 1),
            ("service", "hyper-rustls", &json!("dev"), 0),
            ("egress", "hyper-rustls", &normal, 0),
            ("egress", "axum", &normal, 1),
            ("gateway", "axum", &normal, 0),
            ("gateway", "reqwest", &normal, 1),
            ("stranger", "serde", &normal, 1),
        ];
        for (from, to, kind, expected) in cases {
            assert_eq!(one(from, to, kind), expected, "{from} -> {to} ({kind})");
        }
    }

    #[test]
    fn edges_point_down_only() {
        // A crate is done when all below it are; a circle is never done.
        let mut done: Vec<&str> = Vec::new();
        while done.len() < EDGES.len() {
            let ready = |(name, below): &&(&'static str, &[&str])| {
                !done.contains(name) && below.iter().all(|crate_below| done.contains(crate_below))
            };
            let (name, _) = EDGES
                .iter()
                .find(ready)
                .expect("a circle in the table of edges");
            done.push(name);
        }
    }

    #[test]
    fn the_workspace_has_no_other_edges() {
        let metadata = metadata().unwrap();
        assert!(!list(&metadata, "packages").is_empty());
        assert_eq!(faults(&metadata), []);
    }
}
