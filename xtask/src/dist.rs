//! `cargo xtask dist`: what is handed out, from one release build.
//!
//! A tarball, a Debian package, the files a container image is made of (and the image, where an engine
//! runs), a `CycloneDX` bill of materials and `SHA256SUMS`. The sources of all of it are in `packaging/`.
//! The same tree and toolchain give the same bytes; no path of the machine is in the binary.
//!
//! The next kind of package is a module here with one function that takes a [`Release`], and a call in
//! [`run`].

mod archive;
mod binary;
mod container;
mod debian;
mod materials;
mod unit;

use std::env;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::path::PathBuf;

use anyhow::Context as _;
use anyhow::bail;

use crate::output::say;
use crate::process;
use crate::tools::Install;

const PACKAGING: &str = "packaging";

/// What is being handed out.
#[derive(Debug)]
struct Release {
    /// Where it goes; absolute.
    out: PathBuf,
    /// The workspace's version.
    version: &'static str,
    /// The triple it is built for.
    target: String,
    /// The instant that stands for "now" in all that is made: seconds since 1970.
    epoch: u64,
    /// The binary.
    binary: PathBuf,
    /// The bill of materials.
    materials: PathBuf,
}

/// A file of a package: where it comes from, where it goes, its mode.
struct Item {
    from: PathBuf,
    to: String,
    mode: u32,
}

/// Makes everything into `out`, which is emptied first if an earlier run made it.
///
/// # Errors
///
/// A tool is missing and may not be fetched, the build fails, or what was made does not pass its checks.
pub(crate) fn run(install: Install, out: &Path) -> anyhow::Result<()> {
    binary::prepare(install)?;
    let out = process::root().join(out);
    empty(&out)?;
    let target = binary::host()?;
    let epoch = epoch()?;
    say(&format!("-- binary for {target}"));
    let binary = binary::build(&target, epoch)?;
    say("-- bill of materials");
    let materials = materials::write(&out, &binary, epoch)?;
    let release = Release {
        out,
        version: env!("CARGO_PKG_VERSION"),
        target,
        epoch,
        binary,
        materials,
    };
    say("-- service unit");
    unit::check(&release.binary)?;
    say("-- tarball");
    archive::make(&release)?;
    say("-- Debian package");
    debian::make(&release)?;
    say("-- container");
    container::make(&release)?;
    sums(&release)?;
    say(&format!("all of it is in {}", release.out.display()));
    Ok(())
}

/// Makes the folder, or empties one that an earlier run made: it has our sums in it.
fn empty(out: &Path) -> anyhow::Result<()> {
    let unusable = || format!("cannot use {}", out.display());
    if out.exists() {
        let ours = out.join(SUMS).exists() || out.join(MARK).exists();
        if !ours && fs::read_dir(out).with_context(unusable)?.next().is_some() {
            bail!(
                "{} holds something else; name another folder",
                out.display()
            );
        }
        fs::remove_dir_all(out).with_context(unusable)?;
    }
    fs::create_dir_all(out).with_context(unusable)?;
    fs::write(out.join(MARK), "").with_context(unusable)
}

const SUMS: &str = "SHA256SUMS";
/// Tells a run that did not come to its sums.
const MARK: &str = ".dist";

/// When the tree was last changed, or what the environment says: the convention of reproducible builds.
fn epoch() -> anyhow::Result<u64> {
    let text = if let Some(given) = env::var_os("SOURCE_DATE_EPOCH") {
        given.to_string_lossy().into_owned()
    } else {
        let bytes = process::read(process::program("git").args(["log", "-1", "--format=%ct"]))?;
        String::from_utf8(bytes).context("git does not speak UTF-8")?
    };
    text.trim()
        .parse()
        .context("SOURCE_DATE_EPOCH is not a number of seconds")
}

fn packaging(file: &str) -> PathBuf {
    process::root().join(PACKAGING).join(file)
}

/// The pages of the book, and what stands beside them in the tree.
fn pages(folder: &str) -> anyhow::Result<Vec<Item>> {
    let docs = process::root().join("docs");
    let mut items = Vec::new();
    for entry in fs::read_dir(&docs).context("cannot read docs")? {
        let path = entry.context("cannot read docs")?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        items.push(Item {
            to: format!("{folder}/docs/{name}"),
            from: path.clone(),
            mode: 0o644,
        });
    }
    items.sort_by(|one, other| one.to.cmp(&other.to));
    for name in ["ARCHITECTURE.md", "README.md", "imvume.example.toml"] {
        items.push(Item {
            from: process::root().join(name),
            to: format!("{folder}/{name}"),
            mode: 0o644,
        });
    }
    Ok(items)
}

/// Copies the items below `root`, with their modes whatever the mask.
fn copy(root: &Path, items: &[Item]) -> anyhow::Result<()> {
    for item in items {
        let to = root.join(&item.to);
        let context = || format!("cannot copy {} to {}", item.from.display(), to.display());
        if let Some(folder) = to.parent() {
            folders(root, folder)?;
        }
        fs::copy(&item.from, &to).with_context(context)?;
        fs::set_permissions(&to, fs::Permissions::from_mode(item.mode)).with_context(context)?;
    }
    Ok(())
}

/// Makes `folder` and what is missing between it and `root`, open to all.
fn folders(root: &Path, folder: &Path) -> anyhow::Result<()> {
    let context = || format!("cannot make {}", folder.display());
    fs::create_dir_all(folder).with_context(context)?;
    for part in folder.ancestors().take_while(|part| part.starts_with(root)) {
        fs::set_permissions(part, fs::Permissions::from_mode(0o755)).with_context(context)?;
    }
    Ok(())
}

/// Writes the sums of what is handed out, as `sha256sum --check` reads them.
fn sums(release: &Release) -> anyhow::Result<()> {
    let mut names = Vec::new();
    for entry in fs::read_dir(&release.out).context("cannot read what was made")? {
        let entry = entry.context("cannot read what was made")?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.path().is_file() && name != MARK {
            names.push(name);
        }
    }
    names.sort();
    let mut command = process::program("sha256sum");
    let sums = process::read(command.current_dir(&release.out).arg("--").args(names))?;
    fs::write(release.out.join(SUMS), sums).context("cannot write the sums")
}
