//! What the stages need beside cargo: found, named when missing, or installed.

use std::env;
use std::fs;
use std::path::Path;
use std::path::PathBuf;

use anyhow::Context;
use anyhow::bail;

use crate::output::say;
use crate::process;

const CLIENTS: &str = "tests/clients";
const VENV: &str = "target/clients/venv";
const REQUIREMENTS: &str = "tests/clients/requirements.txt";
const PYTHON_STAMP: &str = "target/clients/requirements.txt";
const NODE_LOCK: &str = "tests/clients/package-lock.json";
const NODE_MODULES: &str = "tests/clients/node_modules";
const NODE_STAMP: &str = "target/clients/package-lock.json";

/// Whether what is missing may be fetched.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Install {
    Name,
    Fetch,
}

impl From<bool> for Install {
    fn from(install: bool) -> Self {
        let ci = env::var_os("CI").is_some_and(|value| value == "true");
        if install || ci {
            Self::Fetch
        } else {
            Self::Name
        }
    }
}

/// A package of the system and how to tell that it is there.
struct Package {
    name: &'static str,
    probe: &'static [&'static str],
}

const PYTHON: Package = Package {
    name: "python3-venv",
    probe: &["python3", "-c", "import ensurepip, venv"],
};
const NODE: Package = Package {
    name: "nodejs",
    probe: &["node", "--version"],
};
const NPM: Package = Package {
    name: "npm",
    probe: &["npm", "--version"],
};
const CHROMIUM: Package = Package {
    name: "chromium",
    probe: &["chromium", "--version"],
};

impl Package {
    fn is_there(&self) -> bool {
        self.probe
            .split_first()
            .is_some_and(|(program, arguments)| {
                process::succeeds(process::program(program).args(arguments))
            })
    }
}

/// The interpreter that has the client suite's packages.
pub(crate) fn python() -> PathBuf {
    process::root().join(VENV).join("bin/python")
}

/// Sees to it that everything the later stages call is there.
///
/// # Errors
///
/// Something is missing and may not be fetched, or could not be.
pub(crate) fn prepare(install: Install) -> anyhow::Result<()> {
    let wanted = [PYTHON, NODE, NPM, CHROMIUM];
    let missing: Vec<&str> = wanted
        .iter()
        .filter(|package| !package.is_there())
        .map(|package| package.name)
        .collect();
    let python = !is_current(REQUIREMENTS, PYTHON_STAMP, &python());
    let node = !is_current(NODE_LOCK, NODE_STAMP, &process::root().join(NODE_MODULES));
    if missing.is_empty() && !python && !node {
        return Ok(());
    }
    if install == Install::Name {
        for name in &missing {
            say(&format!("missing: the system package {name}"));
        }
        if python {
            say(&format!(
                "missing: the Python packages of {REQUIREMENTS} in {VENV}"
            ));
        }
        if node {
            say(&format!(
                "missing: the Node packages of {NODE_LOCK} in {NODE_MODULES}"
            ));
        }
        bail!("to fetch what is missing, run `cargo xtask test --install`");
    }
    fetch_system(&missing)?;
    if python {
        fetch_python()?;
    }
    if node {
        fetch_node()?;
    }
    Ok(())
}

fn fetch_system(packages: &[&str]) -> anyhow::Result<()> {
    if packages.is_empty() {
        return Ok(());
    }
    let list = packages.join(" ");
    if !is_root()? {
        bail!("only root installs system packages; run `sudo apt-get install {list}` first");
    }
    let apt = || {
        let mut command = process::program("apt-get");
        command
            .env("DEBIAN_FRONTEND", "noninteractive")
            .arg("--quiet=2");
        command
    };
    process::run(apt().arg("update"))?;
    process::run(
        apt()
            .args(["install", "--yes", "--no-install-recommends"])
            .args(packages),
    )
}

fn is_root() -> anyhow::Result<bool> {
    Ok(process::read(process::program("id").arg("-u"))?.trim_ascii() == b"0")
}

fn fetch_python() -> anyhow::Result<()> {
    process::run(process::program("python3").args(["-m", "venv", "--clear", VENV]))?;
    process::run(process::program(python()).args([
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--requirement",
        REQUIREMENTS,
    ]))?;
    stamp(REQUIREMENTS, PYTHON_STAMP)
}

fn fetch_node() -> anyhow::Result<()> {
    process::run(process::program("npm").args([
        "ci",
        "--prefix",
        CLIENTS,
        "--ignore-scripts",
        "--no-audit",
        "--no-fund",
        "--loglevel=error",
    ]))?;
    stamp(NODE_LOCK, NODE_STAMP)
}

/// Whether `product` was made from `source` as it is now.
fn is_current(source: &str, stamp: &str, product: &Path) -> bool {
    let read = |path: &str| fs::read(process::root().join(path));
    product.exists() && matches!((read(source), read(stamp)), (Ok(now), Ok(then)) if now == then)
}

fn stamp(source: &str, stamp: &str) -> anyhow::Result<()> {
    let stamp = process::root().join(stamp);
    if let Some(folder) = stamp.parent() {
        fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    }
    fs::copy(process::root().join(source), &stamp)
        .with_context(|| format!("cannot write {}", stamp.display()))?;
    Ok(())
}
