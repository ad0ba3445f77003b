//! The tarball: the binary, the unit, the configurations and the book.

use std::fs;
use std::path::Path;

use anyhow::Context as _;

use crate::dist::Item;
use crate::dist::Release;
use crate::dist::copy;
use crate::dist::packaging;
use crate::dist::pages;
use crate::process;

/// Makes the tarball.
///
/// # Errors
///
/// A file cannot be copied, or `tar` fails.
pub(super) fn make(release: &Release) -> anyhow::Result<()> {
    let name = format!("imvume-{}-{}", release.version, release.target);
    let stage = release.out.join("work/tar");
    let own = |from: &str, to: &str| Item {
        from: packaging(from),
        to: format!("{name}/{to}"),
        mode: 0o644,
    };
    let mut items = vec![
        Item {
            from: release.binary.clone(),
            to: format!("{name}/imvume"),
            mode: 0o755,
        },
        Item {
            from: release.materials.clone(),
            to: format!("{name}/imvume.cdx.json"),
            mode: 0o644,
        },
        own("imvume.service", "imvume.service"),
        own("imvume.toml", "imvume.toml"),
        own("examples/credentials.conf", "examples/credentials.conf"),
        own("examples/port-443.conf", "examples/port-443.conf"),
        own("../LICENSE", "LICENSE"),
        own("../CHANGELOG.md", "CHANGELOG.md"),
    ];
    items.extend(pages(&name)?);
    copy(&stage, &items)?;
    let plain = release.out.join(format!("{name}.tar"));
    tar(release.epoch, &stage, &name, &plain)?;
    // Without the name and the time of the plain one in its head.
    process::run(process::program("gzip").args(["-9", "-n"]).arg(&plain))?;
    fs::remove_dir_all(&stage).context("cannot clear up")
}

fn tar(epoch: u64, stage: &Path, name: &str, to: &Path) -> anyhow::Result<()> {
    process::run(
        process::program("tar")
            .args(["--create", "--format=ustar", "--sort=name"])
            .args(["--owner=root:0", "--group=root:0", "--numeric-owner"])
            .arg(format!("--mtime=@{epoch}"))
            .arg("--file")
            .arg(to)
            .arg("--directory")
            .arg(stage)
            .arg(name),
    )
}
