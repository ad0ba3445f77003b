//! `cargo xtask fuzz`: runs the targets of `fuzz/` for a while each.

use std::fs;

use anyhow::Context;
use anyhow::bail;

use crate::output::say;
use crate::process;
use crate::tools::Install;

const FOLDER: &str = "fuzz";
const MANIFEST: &str = "fuzz/Cargo.toml";
const TARGETS: &str = "fuzz/fuzz_targets";
const SEEDS: &str = "fuzz/seeds";
/// What is built and found; not the tree's to keep.
const PRODUCTS: &str = "target/fuzz";
const VERSION: &str = "0.13.2";

/// Seconds without an answer after which an input counts as a finding.
const PATIENCE: u32 = 10;
/// Mebibytes beyond which an input counts as a finding.
const MEMORY: u32 = 2048;

/// Builds all targets and runs each of `wanted` (all, if none is named) for `seconds`.
///
/// # Errors
///
/// cargo-fuzz is missing and may not be fetched, a target does not build, or one finds something: the
/// input then lies in `fuzz/artifacts`.
pub(crate) fn run(install: Install, seconds: u32, wanted: &[String]) -> anyhow::Result<()> {
    prepare(install)?;
    let targets = targets()?;
    if let Some(unknown) = wanted.iter().find(|name| !targets.contains(name)) {
        bail!(
            "there is no target `{unknown}`; there are {}",
            targets.join(", ")
        );
    }
    // cargo-fuzz has no option for it: the lock file is checked beforehand.
    process::run(process::cargo().args([
        "fetch",
        "--quiet",
        "--locked",
        "--manifest-path",
        MANIFEST,
    ]))?;
    process::run(process::cargo().args(["fmt", "--manifest-path", MANIFEST, "--check"]))?;
    process::run(process::cargo().args(["fuzz", "build"]).args(BUILD))?;
    let due = targets
        .iter()
        .filter(|name| wanted.is_empty() || wanted.contains(name));
    for name in due {
        say(&format!("-- {name}, {seconds} s"));
        fuzz(name, seconds)?;
    }
    Ok(())
}

/// Without a sanitizer the pinned toolchain does: what is looked for are panics, and the code under
/// test is safe Rust.
const BUILD: [&str; 6] = [
    "--fuzz-dir",
    FOLDER,
    "--sanitizer",
    "none",
    "--target-dir",
    PRODUCTS,
];

fn prepare(install: Install) -> anyhow::Result<()> {
    if process::succeeds(process::cargo().args(["fuzz", "--version"])) {
        return Ok(());
    }
    if install == Install::Name {
        bail!(
            "cargo-fuzz is missing; to fetch it, say --install or run `cargo install cargo-fuzz --version {VERSION} --locked`"
        );
    }
    process::run(process::cargo().args([
        "install",
        "cargo-fuzz",
        "--version",
        VERSION,
        "--locked",
        "--debug",
    ]))
}

fn targets() -> anyhow::Result<Vec<String>> {
    let mut targets = Vec::new();
    let folder = process::root().join(TARGETS);
    let entries = fs::read_dir(&folder).with_context(|| format!("cannot read {TARGETS}"))?;
    for entry in entries {
        let path = entry
            .with_context(|| format!("cannot read {TARGETS}"))?
            .path();
        if let Some(name) = path.file_stem() {
            targets.push(name.to_string_lossy().into_owned());
        }
    }
    targets.sort();
    Ok(targets)
}

fn fuzz(name: &str, seconds: u32) -> anyhow::Result<()> {
    let corpus = format!("{PRODUCTS}/corpus/{name}");
    fs::create_dir_all(process::root().join(&corpus))
        .with_context(|| format!("cannot make {corpus}"))?;
    // The first corpus takes what is found; the seeds are only read.
    let mut command = process::cargo();
    command
        .args(["fuzz", "run"])
        .args(BUILD)
        .args([name, &corpus, &format!("{SEEDS}/{name}"), "--"])
        .args([
            format!("-max_total_time={seconds}"),
            format!("-timeout={PATIENCE}"),
            format!("-rss_limit_mb={MEMORY}"),
            "-verbosity=0".to_owned(),
        ]);
    process::run(&mut command)
}
