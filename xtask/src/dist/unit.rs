//! The service unit: that systemd understands it, and that it stays as closed as it is.

use std::env;
use std::fs;
use std::path::Path;
use std::path::PathBuf;

use anyhow::Context as _;

use crate::dist::packaging;
use crate::output::say;
use crate::process;

const UNIT: &str = "imvume.service";
/// Where the unit expects the binary.
const BINARY: &str = "/usr/bin/imvume";
/// The drop-ins that are handed out with it (none is the unit alone), and the highest exposure that
/// `systemd-analyze security` may find, in tenths. Systemd calls what is below 20 "OK"; a unit that asks
/// for nothing has 96. A low port takes a capability.
const VARIANTS: &[(Option<&str>, u8)] = &[
    (None, 12),
    (Some("examples/credentials.conf"), 12),
    (Some("examples/port-443.conf"), 16),
];

/// Lets systemd check the unit, alone and with each drop-in, for a service that starts `binary`.
///
/// # Errors
///
/// systemd-analyze is missing, or finds fault.
pub(super) fn check(binary: &Path) -> anyhow::Result<()> {
    let folder = Scratch::make()?;
    for (drop_in, exposure) in VARIANTS {
        let unit = folder.0.join(UNIT);
        fs::write(&unit, text(binary, *drop_in)?).context("cannot write the unit")?;
        process::run(
            process::program("systemd-analyze")
                .args(["verify", "--man=no", "--recursive-errors=no"])
                .arg(&unit),
        )?;
        process::read(
            process::program("systemd-analyze")
                .args(["security", "--no-pager", "--offline=yes"])
                .arg(format!("--threshold={exposure}"))
                .arg(&unit),
        )?;
    }
    say("systemd knows every directive, and finds no more exposed than was allowed");
    Ok(())
}

/// The unit for a binary that is there: systemd looks. A drop-in's lines go last, where they count.
fn text(binary: &Path, drop_in: Option<&str>) -> anyhow::Result<String> {
    let read = |file: &str| {
        fs::read_to_string(packaging(file)).with_context(|| format!("cannot read {file}"))
    };
    let unit = read(UNIT)?.replace(BINARY, &binary.display().to_string());
    Ok(match drop_in {
        None => unit,
        Some(file) => format!("{unit}\n{}", read(file)?),
    })
}

/// A folder that goes with its owner.
struct Scratch(PathBuf);

impl Scratch {
    fn make() -> anyhow::Result<Self> {
        let path = env::temp_dir().join(format!("imvume-unit-{}", std::process::id()));
        fs::create_dir_all(&path).context("cannot make a temporary folder")?;
        Ok(Self(path))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::UNIT;
    use super::check;
    use super::packaging;
    use crate::process;

    /// What the unit promises whether or not systemd is here to judge it.
    const PROMISES: &[&str] = &[
        "CapabilityBoundingSet=",
        "ExecReload=/bin/kill -HUP $MAINPID",
        "LimitCORE=0",
        "MemoryDenyWriteExecute=yes",
        "NoNewPrivileges=yes",
        "PrivateDevices=yes",
        "PrivateTmp=yes",
        "ProtectHome=yes",
        "ProtectSystem=strict",
        "ReadWritePaths=/var/lib/imvume",
        "Restart=always",
        "SystemCallFilter=@system-service",
        "UMask=0077",
        "User=imvume",
    ];

    #[test]
    fn the_unit_keeps_its_promises() {
        let unit = std::fs::read_to_string(packaging(UNIT)).unwrap();
        for promise in PROMISES {
            assert!(unit.lines().any(|line| line == *promise), "{promise}");
        }
        if process::succeeds(process::program("systemd-analyze").arg("--version")) {
            check(Path::new("/bin/sh")).unwrap();
        }
    }
}
