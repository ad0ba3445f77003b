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
const CLIENT_SUITE: Environment = Environment {
    folder: "target/clients/venv",
    requirements: "tests/clients/requirements.txt",
    stamp: "target/clients/requirements.txt",
};
const STACK: Environment = Environment {
    folder: "target/bench/venv",
    requirements: "bench/stack/requirements.txt",
    stamp: "target/bench/requirements.txt",
};
const NODE_LOCK: &str = "tests/clients/package-lock.json";
const NODE_MODULES: &str = "tests/clients/node_modules";
/// The SDKs want a newer Node than the system's, which comes as a package like them.
const NODE_PROGRAM: &str = "tests/clients/node_modules/.bin/node";
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

/// What a stage may need beside cargo.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Tool {
    /// What opens the files of the key bundle, and knows nothing of ours.
    Age,
    /// A browser, driven by a Node package.
    Browser,
    /// Node, its package manager, and the packages of the suites.
    Node,
    /// What reads PDF files, and knows nothing of ours.
    Poppler,
    /// A database server that tests start for themselves.
    PostgreSql,
    /// Python, and the packages of the client suite.
    Python,
    /// Python, and the packages of the stack that intake is compared with.
    Stack,
    /// A tracer that makes system calls fail.
    Strace,
}

impl Tool {
    fn packages(self) -> &'static [Package] {
        match self {
            Self::Age => &[AGE],
            Self::Browser => &[CHROMIUM],
            Self::Node => &[NODE, NPM],
            Self::Poppler => &[POPPLER],
            Self::PostgreSql => &[POSTGRESQL],
            Self::Python | Self::Stack => &[PYTHON],
            Self::Strace => &[STRACE],
        }
    }

    fn environment(self) -> Option<&'static Environment> {
        match self {
            Self::Age
            | Self::Browser
            | Self::Node
            | Self::Poppler
            | Self::PostgreSql
            | Self::Strace => None,
            Self::Python => Some(&CLIENT_SUITE),
            Self::Stack => Some(&STACK),
        }
    }
}

/// Python packages in a folder of their own.
struct Environment {
    folder: &'static str,
    requirements: &'static str,
    /// What was required when they were fetched.
    stamp: &'static str,
}

impl Environment {
    fn python(&self) -> PathBuf {
        process::root().join(self.folder).join("bin/python")
    }

    fn is_there(&self) -> bool {
        is_current(self.requirements, self.stamp, &self.python())
    }

    fn fetch(&self) -> anyhow::Result<()> {
        process::run(process::program("python3").args(["-m", "venv", "--clear", self.folder]))?;
        process::run(process::program(self.python()).args([
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "--requirement",
            self.requirements,
        ]))?;
        stamp(self.requirements, self.stamp)
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
const STRACE: Package = Package {
    name: "strace",
    probe: &["strace", "--version"],
};
const CHROMIUM: Package = Package {
    name: "chromium",
    probe: &["chromium", "--version"],
};
const POPPLER: Package = Package {
    name: "poppler-utils",
    probe: &["pdftotext", "-v"],
};
const AGE: Package = Package {
    name: "age",
    probe: &["age", "--version"],
};
/// Its server programs are not in Debian's `PATH`.
const POSTGRESQL: Package = Package {
    name: "postgresql",
    probe: &[
        "sh",
        "-c",
        "command -v initdb || ls /usr/lib/postgresql/*/bin/initdb",
    ],
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
    CLIENT_SUITE.python()
}

/// The Node that has the packages of the suites.
pub(crate) fn node() -> PathBuf {
    process::root().join(NODE_PROGRAM)
}

/// Sees to it that `tools`, which the later stages call, are there.
///
/// # Errors
///
/// Something is missing and may not be fetched, or could not be.
pub(crate) fn prepare(install: Install, tools: &[Tool]) -> anyhow::Result<()> {
    let missing: Vec<&str> = tools
        .iter()
        .flat_map(|tool| tool.packages())
        .filter(|package| !package.is_there())
        .map(|package| package.name)
        .collect();
    let environments: Vec<&Environment> = tools
        .iter()
        .filter_map(|tool| tool.environment())
        .filter(|environment| !environment.is_there())
        .collect();
    let node = tools.contains(&Tool::Node) && !is_current(NODE_LOCK, NODE_STAMP, &node());
    if missing.is_empty() && environments.is_empty() && !node {
        return Ok(());
    }
    if install == Install::Name {
        for name in &missing {
            say(&format!("missing: the system package {name}"));
        }
        for Environment {
            folder,
            requirements,
            ..
        } in environments
        {
            say(&format!(
                "missing: the Python packages of {requirements} in {folder}"
            ));
        }
        if node {
            say(&format!(
                "missing: the Node packages of {NODE_LOCK} in {NODE_MODULES}"
            ));
        }
        bail!("to fetch what is missing, run the command again with `--install`");
    }
    fetch_system(&missing)?;
    for environment in environments {
        environment.fetch()?;
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
