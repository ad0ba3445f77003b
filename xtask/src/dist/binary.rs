//! The release binary: built with a list of its dependencies inside, and without a trace of the machine.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::path::PathBuf;

use anyhow::Context as _;
use anyhow::bail;

use crate::architecture;
use crate::output::say;
use crate::process;
use crate::tools::Install;

/// What is fetched from crates.io, and at which version.
const TOOLS: &[(&str, &str)] = &[("cargo-auditable", "0.7.7"), ("rust-audit-info", "0.5.4")];

/// Sees to it that the tools are there.
///
/// # Errors
///
/// One is missing and may not be fetched, or could not be.
pub(super) fn prepare(install: Install) -> anyhow::Result<()> {
    for (name, version) in TOOLS {
        // Neither has an option that does nothing and succeeds: that it starts has to do.
        if process::program(name).output().is_ok() {
            continue;
        }
        if install == Install::Name {
            bail!(
                "{name} is missing; to fetch it, say --install or run `cargo install {name} --version {version} --locked`"
            );
        }
        let arguments = ["install", name, "--version", version, "--locked"];
        process::run(process::cargo().args(arguments))?;
    }
    Ok(())
}

/// The triple of this machine.
///
/// # Errors
///
/// rustc does not tell.
pub(super) fn host() -> anyhow::Result<String> {
    let bytes = process::read(process::program("rustc").arg("-vV"))?;
    let text = String::from_utf8(bytes).context("rustc does not speak UTF-8")?;
    let host = text.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(host.context("rustc does not name its host")?.to_owned())
}

/// Builds and checks the binary; returns where it is.
///
/// # Errors
///
/// It does not build, does not start, has symbols, or names a path of this machine.
pub(super) fn build(target: &str, epoch: u64) -> anyhow::Result<PathBuf> {
    let paths = paths();
    let flags: Vec<String> = paths
        .iter()
        .map(|(from, to)| format!("--remap-path-prefix={from}={to}"))
        .collect();
    let for_c: Vec<String> = paths
        .iter()
        .map(|(from, to)| format!("-ffile-prefix-map={from}={to}"))
        .collect();
    // Naming the target keeps the flags from build scripts, and the products apart from others.
    process::run(
        process::cargo()
            .args(["auditable", "build", "--release", "--locked"])
            .args(["--package", "imvume", "--target", target])
            .env("CARGO_ENCODED_RUSTFLAGS", flags.join("\u{1f}"))
            .env("CARGO_INCREMENTAL", "0")
            .env("CFLAGS", for_c.join(" "))
            .env("SOURCE_DATE_EPOCH", epoch.to_string()),
    )?;
    let metadata = architecture::metadata()?;
    let products = metadata
        .get("target_directory")
        .and_then(serde_json::Value::as_str)
        .context("cargo does not say where it builds")?;
    let binary = Path::new(products).join(target).join("release/imvume");
    check(&binary, &paths)?;
    Ok(binary)
}

/// The folders of this machine that paths in the binary could begin with, and what stands for each;
/// the one that counts is last, as rustc and the C compiler read them.
fn paths() -> Vec<(String, &'static str)> {
    let text = |path: PathBuf| path.to_string_lossy().into_owned();
    let home = env::var_os("HOME").map(PathBuf::from);
    let cargo = env::var_os("CARGO_HOME").map(PathBuf::from);
    let cargo = cargo.or_else(|| home.as_ref().map(|home| home.join(".cargo")));
    let home = home.filter(|home| home.components().count() > 1);
    let known = [
        home.map(|path| (text(path), "/builder")),
        cargo.map(|path| (text(path), "/cargo")),
        Some((text(process::root().to_path_buf()), "/imvume")),
    ];
    known.into_iter().flatten().collect()
}

fn check(binary: &Path, paths: &[(String, &'static str)]) -> anyhow::Result<()> {
    let bytes = fs::read(binary).with_context(|| format!("cannot read {}", binary.display()))?;
    for (path, _) in paths {
        if contains(&bytes, needle(path).as_bytes()) {
            bail!("the binary names {path}, a path of this machine");
        }
    }
    let sections = process::read(
        process::program("readelf")
            .args(["--sections", "--wide"])
            .arg(binary),
    )?;
    if contains(&sections, b".symtab") {
        bail!("the binary has its symbols still");
    }
    if !contains(&sections, b".dep-v0") {
        bail!("the binary does not list its dependencies");
    }
    let version = process::read(process::program(binary).arg("--version"))?;
    let expected = format!("imvume {}", env!("CARGO_PKG_VERSION"));
    if version.trim_ascii() != expected.as_bytes() {
        bail!("the binary does not say that it is {expected}");
    }
    say(&format!(
        "{expected}, {:.1} MB, no path of this machine in it",
        megabytes(bytes.len())
    ));
    Ok(())
}

/// What to look for to find `path`. A home right below the root has a name of one word, which may stand
/// in the binary for something else; what tools keep in it begins with a dot.
fn needle(path: &str) -> String {
    let words = path.split('/').filter(|word| !word.is_empty()).count();
    if words < 2 {
        format!("{path}/.")
    } else {
        path.to_owned()
    }
}

/// In millions of bytes, to one decimal.
fn megabytes(bytes: usize) -> f64 {
    let tenths = u32::try_from(bytes / 100_000).unwrap_or(u32::MAX);
    f64::from(tenths) / 10.0
}

fn contains(bytes: &[u8], needle: &[u8]) -> bool {
    bytes.windows(needle.len()).any(|window| window == needle)
}

/// What rust-audit-info reads out of the binary.
///
/// # Errors
///
/// It cannot.
pub(super) fn dependencies(binary: &Path) -> anyhow::Result<serde_json::Value> {
    let program = OsString::from("rust-audit-info");
    let bytes = process::read(process::program(program).arg(binary))?;
    serde_json::from_slice(&bytes).context("the list in the binary is not JSON")
}

#[cfg(test)]
mod tests {
    use super::contains;
    use super::needle;
    use super::paths;
    use crate::process;

    #[test]
    fn the_checkout_is_looked_for_and_found() {
        let paths = paths();
        let (checkout, _) = paths.last().unwrap();
        assert_eq!(checkout.as_str(), process::root().to_str().unwrap());
        let needle = needle(checkout);
        // Literals stand side by side in a binary, with nothing in between.
        let bytes = format!("the last one{checkout}/.cargo/src/main.rs");
        assert!(contains(bytes.as_bytes(), needle.as_bytes()));
        let bytes = b"the last one/imvume/src/main.rs";
        assert!(!contains(bytes, needle.as_bytes()));
    }
}
