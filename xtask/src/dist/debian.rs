//! The Debian package, made by dpkg-deb from a tree.

use std::fs;
use std::path::Path;

use anyhow::Context as _;
use anyhow::bail;

use crate::dist::Item;
use crate::dist::Release;
use crate::dist::copy;
use crate::dist::packaging;
use crate::dist::pages;
use crate::output::say;
use crate::process;

/// The packaging of one version counts from here.
const REVISION: &str = "1";
const MAINTAINER: &str = "Imvume packages <packages@imvume.invalid>";
const DOC: &str = "usr/share/doc/imvume";
const CONFFILE: &str = "etc/imvume/imvume.toml";
const SCRIPTS: &[&str] = &["postinst", "postrm", "prerm"];

/// Makes the package and looks into it.
///
/// # Errors
///
/// A file cannot be copied, dpkg-deb fails, or the package is not as it should be.
pub(super) fn make(release: &Release) -> anyhow::Result<()> {
    let architecture = architecture(&release.target)?;
    let version = format!("{}-{REVISION}", release.version);
    let stage = release.out.join("work/deb");
    copy(&stage, &items(release)?)?;
    compress(&stage, release, &version)?;
    chmod(&stage.join("etc/imvume"), 0o750)?;
    control(&stage, release, &version, architecture)?;
    let package = release
        .out
        .join(format!("imvume_{version}_{architecture}.deb"));
    process::run(
        process::program("dpkg-deb")
            .args(["--root-owner-group", "-Zxz", "--build"])
            .arg(&stage)
            .arg(&package)
            .env("SOURCE_DATE_EPOCH", release.epoch.to_string()),
    )?;
    check(release, &package)?;
    fs::remove_dir_all(release.out.join("work")).context("cannot clear up")
}

fn architecture(target: &str) -> anyhow::Result<&'static str> {
    match target.split('-').next() {
        Some("x86_64") => Ok("amd64"),
        Some("aarch64") => Ok("arm64"),
        _ => bail!("no Debian package is made for {target}"),
    }
}

fn items(release: &Release) -> anyhow::Result<Vec<Item>> {
    let own = |from: &str, to: &str, mode: u32| Item {
        from: packaging(from),
        to: to.to_owned(),
        mode,
    };
    let mut items = vec![
        Item {
            from: release.binary.clone(),
            to: "usr/bin/imvume".to_owned(),
            mode: 0o755,
        },
        Item {
            from: release.materials.clone(),
            to: format!("{DOC}/imvume.cdx.json"),
            mode: 0o644,
        },
        own(
            "imvume.service",
            "usr/lib/systemd/system/imvume.service",
            0o644,
        ),
        own("imvume.toml", CONFFILE, 0o640),
        own("debian/copyright", &format!("{DOC}/copyright"), 0o644),
        own(
            "debian/lintian-overrides",
            "usr/share/lintian/overrides/imvume",
            0o644,
        ),
    ];
    for drop_in in ["credentials.conf", "port-443.conf"] {
        let to = format!("{DOC}/examples/{drop_in}");
        items.push(own(&format!("examples/{drop_in}"), &to, 0o644));
    }
    items.extend(pages(DOC)?);
    Ok(items)
}

/// The two changelogs, ours and the package's, compressed as Debian wants them.
fn compress(stage: &Path, release: &Release, version: &str) -> anyhow::Result<()> {
    let date = process::read(
        process::program("date")
            .args(["--utc", "--rfc-email"])
            .arg(format!("--date=@{}", release.epoch)),
    )?;
    let date = String::from_utf8(date).context("date does not speak UTF-8")?;
    let entry = format!(
        "imvume ({version}) stable; urgency=medium\n\n  * Version {}: see changelog.gz.\n\n -- {MAINTAINER}  {date}",
        release.version
    );
    let doc = stage.join(DOC);
    fs::write(doc.join("changelog.Debian"), entry).context("cannot write a changelog")?;
    fs::copy(process::root().join("CHANGELOG.md"), doc.join("changelog"))
        .context("cannot copy the changelog")?;
    for name in ["changelog", "changelog.Debian"] {
        chmod(&doc.join(name), 0o644)?;
        process::run(
            process::program("gzip")
                .args(["-9", "-n"])
                .arg(doc.join(name)),
        )?;
    }
    Ok(())
}

fn control(
    stage: &Path,
    release: &Release,
    version: &str,
    architecture: &str,
) -> anyhow::Result<()> {
    let folder = stage.join("DEBIAN");
    let scripts = SCRIPTS.iter().map(|name| Item {
        from: packaging(&format!("debian/{name}")),
        to: format!("DEBIAN/{name}"),
        mode: 0o755,
    });
    copy(stage, &scripts.collect::<Vec<_>>())?;
    let libc = newest_libc(&release.binary)?;
    let size = kibibytes(stage)?;
    let control = format!(
        "Package: imvume\nVersion: {version}\nArchitecture: {architecture}\nMaintainer: {MAINTAINER}\n\
         Installed-Size: {size}\nDepends: adduser, libc6 (>= {libc}), libgcc-s1 (>= 4.2)\n\
         Suggests: postgresql\nSection: net\nPriority: optional\n\
         Description: privacy gateway for the WhatsApp Business Platform\n\
         \u{20}Imvume stands between an organisation's own software and Meta's Cloud API. It\n\
         \u{20}decides by recorded rules whether a message may leave, seals what it keeps, and\n\
         \u{20}proves what it did in a log that anybody can verify.\n\
         \u{20}.\n\
         \u{20}The service is started once it is configured: see /etc/imvume/imvume.toml.\n"
    );
    write(&folder.join("control"), &control)?;
    write(&folder.join("conffiles"), &format!("/{CONFFILE}\n"))?;
    write(&folder.join("md5sums"), &md5sums(stage)?)
}

/// The newest version of the C library's interfaces that the binary uses.
fn newest_libc(binary: &Path) -> anyhow::Result<String> {
    let symbols = process::read(process::program("objdump").arg("-T").arg(binary))?;
    let symbols = String::from_utf8_lossy(&symbols);
    let newest = newest(&symbols).context("the binary uses no C library")?;
    Ok(format!("{}.{}", newest.0, newest.1))
}

fn newest(symbols: &str) -> Option<(u32, u32)> {
    let versions = symbols.split("GLIBC_").skip(1);
    let versions = versions.filter_map(|rest| {
        let end = rest.find(|letter: char| !letter.is_ascii_digit() && letter != '.')?;
        let mut parts = rest.get(..end)?.split('.');
        Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
    });
    versions.max()
}

fn kibibytes(stage: &Path) -> anyhow::Result<String> {
    let bytes = process::read(
        process::program("du")
            .args(["--summarize", "--apparent-size", "--block-size=1024"])
            .arg(stage),
    )?;
    let text = String::from_utf8(bytes).context("du does not speak UTF-8")?;
    let size = text.split_whitespace().next();
    Ok(size.context("du says nothing")?.to_owned())
}

fn md5sums(stage: &Path) -> anyhow::Result<String> {
    let find = "find etc usr -type f ! -path etc/imvume/imvume.toml -print0 | LC_ALL=C sort -z | xargs -0 md5sum --";
    let bytes = process::read(process::program("sh").args(["-c", find]).current_dir(stage))?;
    String::from_utf8(bytes).context("md5sum does not speak UTF-8")
}

fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))?;
    chmod(path, 0o644)
}

fn chmod(path: &Path, mode: u32) -> anyhow::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(path, fs::Permissions::from_mode(mode))
        .with_context(|| format!("cannot change the mode of {}", path.display()))
}

/// Unpacks the package as an installation would and starts what is in it; lets lintian judge, if it is
/// there.
fn check(release: &Release, package: &Path) -> anyhow::Result<()> {
    let root = release.out.join("work/root");
    process::run(
        process::program("dpkg-deb")
            .arg("-x")
            .arg(package)
            .arg(&root),
    )?;
    process::run(process::program(root.join("usr/bin/imvume")).arg("--version"))?;
    configuration(&root, &release.out.join("work/filled"))?;
    let info = process::read(process::program("dpkg-deb").arg("--info").arg(package))?;
    let info = String::from_utf8_lossy(&info);
    for part in SCRIPTS.iter().chain(&["conffiles", "md5sums"]) {
        if !info.contains(part) {
            bail!("the package has no {part}");
        }
    }
    if !process::succeeds(process::program("lintian").arg("--version")) {
        say("lintian is missing: the package is not judged by it");
        return Ok(());
    }
    process::run(
        process::program("lintian")
            .args(["--allow-root", "--fail-on", "error,warning"])
            .args(["--suppress-tags", LOCAL])
            .arg(package),
    )
}

/// What an administrator fills in, as it stands in the configuration that is handed out.
const BLANKS: &[(&str, &str)] = &[
    ("organisation = \"\"", "organisation = \"Kaapse Koffie\""),
    ("country = \"\"", "country = \"ZA\""),
    ("log_name = \"\"", "log_name = \"imvume.example/log\""),
    (
        "phone_number_id = \"\"",
        "phone_number_id = \"106540352242922\"",
    ),
    ("waba_id = \"\"", "waba_id = \"102290129340398\""),
    ("display = \"\"", "display = \"+27 21 555 0100\""),
    ("verified_name = \"\"", "verified_name = \"Kaapse Koffie\""),
];

/// Lets the program read the configuration that is handed out, once its blanks are filled in.
fn configuration(root: &Path, filled: &Path) -> anyhow::Result<()> {
    let mut text = fs::read_to_string(root.join(CONFFILE)).context("cannot read the conffile")?;
    for (blank, value) in BLANKS {
        if !text.contains(blank) {
            bail!("the conffile has no {blank}");
        }
        text = text.replace(blank, value);
    }
    let place = filled.display().to_string();
    let secrets = filled.join("secrets");
    fs::create_dir_all(&secrets).context("cannot make a folder for the conffile")?;
    let text = text.replace("/var/lib/imvume", &place);
    write(&filled.join("imvume.toml"), &text)?;
    for name in ["access-token", "app-secret", "verify-token"] {
        write(&secrets.join(name), "a-secret-of-no-use\n")?;
        chmod(&secrets.join(name), 0o600)?;
    }
    let mut command = process::program(root.join("usr/bin/imvume"));
    let command = command.args(["keys", "status", "--config"]);
    let output = command.arg(filled.join("imvume.toml")).output();
    let output = output.context("cannot start the program")?;
    let said = String::from_utf8_lossy(&output.stderr);
    // What it says of an instance that was never started; of a configuration it cannot read it says more.
    if !said.contains("imvume.key") {
        bail!("the program does not take the conffile: {said}");
    }
    Ok(())
}

/// What lintian asks of packages of Debian itself only.
const LOCAL: &str = "initial-upload-closes-no-bugs,bogus-mail-host";

#[cfg(test)]
mod tests {
    use std::fs;

    use super::SCRIPTS;
    use super::architecture;
    use super::newest;
    use super::packaging;
    use crate::process;

    #[test]
    fn architectures() {
        assert_eq!(architecture("x86_64-unknown-linux-gnu").unwrap(), "amd64");
        assert_eq!(architecture("aarch64-unknown-linux-gnu").unwrap(), "arm64");
        assert!(architecture("riscv64gc-unknown-linux-gnu").is_err());
    }

    #[test]
    fn the_newest_interface_counts_by_number() {
        let symbols = "DF *UND* (GLIBC_2.9) a\nDF *UND* (GLIBC_2.34) b\nDF *UND* (GLIBC_2.2.5) c\n";
        assert_eq!(newest(symbols), Some((2, 34)));
        assert_eq!(newest("DF *UND* (GCC_3.0) a\n"), None);
    }

    #[test]
    fn the_scripts_are_sound_and_stop_at_a_fault() {
        for name in SCRIPTS {
            let path = packaging(&format!("debian/{name}"));
            assert!(
                fs::read_to_string(&path)
                    .unwrap()
                    .starts_with("#!/bin/sh\nset -e\n")
            );
            assert!(
                process::succeeds(process::program("sh").arg("-n").arg(&path)),
                "{name}"
            );
        }
    }
}
