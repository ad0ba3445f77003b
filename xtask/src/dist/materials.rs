//! The bill of materials, as `CycloneDX` 1.5.
//!
//! What is in it comes out of the binary itself, so it is what was linked and nothing else. Licences come
//! from cargo, sums from the lock file, and C libraries that a crate brings along from their headers.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::path::PathBuf;

use anyhow::Context as _;
use anyhow::bail;
use serde_json::Value;
use serde_json::json;

use crate::dist::binary;
use crate::output::say;
use crate::process;

const NAME: &str = "imvume.cdx.json";

/// A C library that a crate compiles in: its name and licence, the crate, the header that says which
/// version it is, and the word that stands before it there.
struct Bundled {
    name: &'static str,
    licence: &'static str,
    by: &'static str,
    header: &'static str,
    word: &'static str,
}

const BUNDLED: &[Bundled] = &[
    Bundled {
        name: "aws-lc",
        licence: "ISC AND (Apache-2.0 OR ISC)",
        by: "aws-lc-sys",
        header: "aws-lc/include/openssl/base.h",
        word: "#define AWSLC_VERSION_NUMBER_STRING ",
    },
    Bundled {
        name: "sqlite",
        licence: "blessing",
        by: "libsqlite3-sys",
        header: "sqlite3/sqlite3.h",
        word: "#define SQLITE_VERSION ",
    },
];

/// A package as cargo and the lock file know it.
#[derive(Debug, Default)]
struct Known {
    licence: Option<String>,
    manifest: Option<PathBuf>,
    sum: Option<String>,
}

/// Writes the bill of `binary` into `out`.
///
/// # Errors
///
/// The binary does not list its dependencies, or a package in it is not known to cargo.
pub(super) fn write(out: &Path, binary: &Path, epoch: u64) -> anyhow::Result<PathBuf> {
    let listed = binary::dependencies(binary)?;
    let mut known = licences()?;
    for (key, sum) in sums(&lock()?) {
        known.entry(key).or_default().sum = Some(sum);
    }
    let bill = bill(&listed, &known, &time(epoch)?)?;
    let count = bill.get("components").and_then(Value::as_array);
    say(&format!("{} components", count.map_or(0, Vec::len)));
    let path = out.join(NAME);
    let mut text = serde_json::to_string_pretty(&bill).context("cannot write JSON")?;
    text.push('\n');
    fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
    Ok(path)
}

/// The instant as RFC 3339.
fn time(epoch: u64) -> anyhow::Result<String> {
    let mut date = process::program("date");
    let date = date
        .args(["--utc", "+%Y-%m-%dT%H:%M:%SZ"])
        .arg(format!("--date=@{epoch}"));
    let bytes = process::read(date)?;
    let text = String::from_utf8(bytes).context("date does not speak UTF-8")?;
    Ok(text.trim().to_owned())
}

fn lock() -> anyhow::Result<String> {
    fs::read_to_string(process::root().join("Cargo.lock")).context("cannot read Cargo.lock")
}

type Packages = BTreeMap<(String, String), Known>;

fn licences() -> anyhow::Result<Packages> {
    let arguments = ["metadata", "--format-version", "1", "--locked"];
    let bytes = process::read(process::cargo().args(arguments))?;
    let metadata: Value = serde_json::from_slice(&bytes).context("cargo's metadata is not JSON")?;
    let packages = list(&metadata, "packages").iter().map(|package| {
        let licence = package.get("license").and_then(Value::as_str);
        let known = Known {
            licence: licence.map(str::to_owned),
            manifest: Some(PathBuf::from(text(package, "manifest_path"))),
            sum: None,
        };
        (key(package), known)
    });
    Ok(packages.collect())
}

/// The sums in a lock file.
fn sums(lock: &str) -> Vec<((String, String), String)> {
    let packages = lock.split("[[package]]").skip(1);
    packages
        .filter_map(|package| {
            let of = |word: &str| {
                let mut lines = package.lines();
                let value = lines.find_map(|line| line.strip_prefix(word))?;
                Some(value.strip_prefix(" = ")?.trim_matches('"').to_owned())
            };
            Some(((of("name")?, of("version")?), of("checksum")?))
        })
        .collect()
}

fn bill(listed: &Value, known: &Packages, time: &str) -> anyhow::Result<Value> {
    let packages = list(listed, "packages");
    let root = packages
        .iter()
        .find(|package| package.get("root").and_then(Value::as_bool) == Some(true));
    let root = root.context("the binary does not say what it is")?;
    let mut components = Vec::new();
    let mut dependencies = Vec::new();
    for package in packages {
        let below = list(package, "dependencies")
            .iter()
            .filter_map(Value::as_u64);
        let below = below.filter_map(|at| packages.get(usize::try_from(at).ok()?));
        let mut below: Vec<String> = below.map(reference).collect();
        let of_cargo = known.get(&key(package));
        let of_cargo = of_cargo.with_context(|| {
            let (name, version) = key(package);
            format!("cargo does not know {name} {version}; was the binary built from this tree?")
        })?;
        if let Some(library) = library(text(package, "name"), of_cargo)? {
            below.push(text(&library, "bom-ref").to_owned());
            dependencies.push(json!({"ref": library.get("bom-ref"), "dependsOn": []}));
            components.push(library);
        }
        dependencies.push(json!({"ref": reference(package), "dependsOn": below}));
        if package != root {
            components.push(component(package, of_cargo));
        }
    }
    Ok(json!({
        "$schema": "http://cyclonedx.org/schema/bom-1.5.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {
            "timestamp": time,
            "component": {
                "type": "application",
                "bom-ref": reference(root),
                "name": text(root, "name"),
                "version": text(root, "version"),
                "licenses": [{"expression": "Apache-2.0"}],
            },
        },
        "components": components,
        "dependencies": dependencies,
    }))
}

/// What only ran while building is marked so: it is not in the product.
fn component(package: &Value, known: &Known) -> Value {
    let ours = text(package, "source") == "local";
    let scope = if text(package, "kind") == "build" {
        "excluded"
    } else {
        "required"
    };
    let mut component = json!({
        "type": "library",
        "bom-ref": reference(package),
        "name": text(package, "name"),
        "version": text(package, "version"),
        "scope": scope,
    });
    let Some(members) = component.as_object_mut() else {
        return component;
    };
    if let Some(licence) = &known.licence {
        // Crates of old write "/" for "OR", which is not SPDX.
        let licence = licence.replace(" / ", " OR ").replace('/', " OR ");
        members.insert("licenses".to_owned(), json!([{"expression": licence}]));
    }
    if let Some(sum) = &known.sum {
        let sums = json!([{"alg": "SHA-256", "content": sum}]);
        members.insert("hashes".to_owned(), sums);
    }
    if !ours {
        members.insert("purl".to_owned(), json!(reference(package)));
    }
    component
}

/// The C library that a crate brings along, if it is one of those.
fn library(name: &str, known: &Known) -> anyhow::Result<Option<Value>> {
    let Some(bundled) = BUNDLED.iter().find(|bundled| bundled.by == name) else {
        return Ok(None);
    };
    let folder = known.manifest.as_deref().and_then(Path::parent);
    let header = folder.unwrap_or_else(|| Path::new("")).join(bundled.header);
    let header =
        fs::read_to_string(&header).with_context(|| format!("{name} has no {}", bundled.header))?;
    let Some(version) = version(&header, bundled.word) else {
        bail!("{} does not say its version", bundled.header);
    };
    Ok(Some(json!({
        "type": "library",
        "bom-ref": format!("pkg:generic/{}@{version}", bundled.name),
        "name": bundled.name,
        "version": version,
        "scope": "required",
        "licenses": [{"expression": bundled.licence}],
        "purl": format!("pkg:generic/{}@{version}", bundled.name),
    })))
}

fn version<'a>(header: &'a str, word: &str) -> Option<&'a str> {
    let rests = header.lines().filter_map(|line| line.strip_prefix(word));
    rests.map(|rest| rest.trim().trim_matches('"')).next()
}

/// The name of a package within the bill; for one of crates.io it is its package URL.
fn reference(package: &Value) -> String {
    let (name, version) = key(package);
    format!("pkg:cargo/{name}@{version}")
}

fn key(package: &Value) -> (String, String) {
    let of = |member: &str| text(package, member).to_owned();
    (of("name"), of("version"))
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
    use serde_json::json;

    use super::Known;
    use super::Packages;
    use super::bill;
    use super::lock;
    use super::sums;
    use super::version;

    fn known() -> Packages {
        let known = |name: &str, licence: &str| {
            let known = Known {
                licence: Some(licence.to_owned()),
                manifest: None,
                sum: Some("00ff".to_owned()),
            };
            ((name.to_owned(), "1.0.0".to_owned()), known)
        };
        Packages::from([
            known("imvume", "Apache-2.0"),
            known("below", "MIT/Apache-2.0"),
        ])
    }

    #[test]
    fn what_is_linked_is_listed() {
        let listed = json!({"packages": [
            {"name": "below", "version": "1.0.0", "source": "crates.io"},
            {"name": "imvume", "version": "1.0.0", "source": "local", "root": true, "dependencies": [0]},
        ]});
        let bill = bill(&listed, &known(), "2026-01-01T00:00:00Z").unwrap();
        assert_eq!(bill["metadata"]["component"]["name"], "imvume");
        let [component] = bill["components"].as_array().unwrap().as_slice() else {
            panic!("one component")
        };
        assert_eq!(component["purl"], "pkg:cargo/below@1.0.0");
        assert_eq!(component["licenses"][0]["expression"], "MIT OR Apache-2.0");
        assert_eq!(component["hashes"][0]["content"], "00ff");
        assert_eq!(
            bill["dependencies"][1]["dependsOn"][0],
            "pkg:cargo/below@1.0.0"
        );
    }

    #[test]
    fn a_package_that_cargo_does_not_know_is_refused() {
        let listed = json!({"packages": [
            {"name": "imvume", "version": "1.0.0", "root": true},
            {"name": "stranger", "version": "1.0.0"},
        ]});
        assert!(bill(&listed, &known(), "").is_err());
    }

    #[test]
    fn sums_of_the_lock_file() {
        let sums = sums(&lock().unwrap());
        assert!(30 < sums.len());
        assert!(sums.iter().all(|(_, sum)| sum.len() == 64));
    }

    #[test]
    fn versions_of_headers() {
        let header =
            "#define SQLITE_VERSION_NUMBER 3054001\n#define SQLITE_VERSION        \"3.54.1\"\n";
        assert_eq!(version(header, "#define SQLITE_VERSION "), Some("3.54.1"));
        assert_eq!(version(header, "#define OTHER "), None);
    }
}
