//! What can be seen from this machine alone.

use std::fs::File;
use std::fs::TryLockError;
use std::io;
use std::net::SocketAddr;
use std::net::TcpListener;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use domain::time::Timestamp;
use egress::place::Place;
use seal::Keyring;
use store::Clock;

use crate::check::Finding;
use crate::config::Config;
use crate::config::Root;

/// No clock that is right shows an earlier instant than the day this was written: 2026-11-21.
const EARLIEST: Timestamp = Timestamp::from_seconds(1_795_219_200);
/// Nor a later one than 2100.
const LATEST: Timestamp = Timestamp::from_seconds(4_102_444_800);
/// Less free space than this is too little, in bytes.
const SPACE: u64 = 1 << 30;
/// Words that everybody would try, and too short ones, are no verify tokens.
const SHORTEST_TOKEN: usize = 16;

pub(super) fn check(config: &Config) -> Vec<Finding> {
    let running = is_running(&config.directory);
    let mut findings = vec![clock(), directory(config), space(config)];
    findings.extend(keys(config));
    for (key, address) in [
        ("listen.public", config.public),
        ("listen.apps", config.apps),
        ("listen.staff", config.staff),
    ] {
        findings.push(listener(key, address, running));
    }
    findings.extend(open_plain(config));
    findings.push(verify_token(config));
    findings.extend(letters(config));
    findings.push(backup(config));
    findings
}

/// Whether a lost host would be a lost instance.
fn backup(config: &Config) -> Finding {
    let what = "backup";
    let settings = &config.settings.backup;
    let gone = settings.places.iter().find_map(|place| match place {
        Place::Directory(path) if !path.is_dir() => Some(path.display()),
        _ => None,
    });
    if let Some(gone) = gone {
        let mend = format_args!("`{gone}` is no directory that is there; mount or make it");
        return Finding::problem("backup.place", mend);
    }
    if settings.recipients.is_empty() || settings.places.is_empty() {
        return Finding::note(
            what,
            "no key bundle: an erasure's horizon is one epoch, and a lost host is a lost instance; \
             name backup.recipients and two places",
        );
    }
    match settings.places.len() {
        1 => Finding::note(what, "the key bundle is at one place only; name another"),
        places => Finding::fine(what, format_args!("{places} places")),
    }
}

/// Templates of letters that cannot be used.
fn letters(config: &Config) -> impl Iterator<Item = Finding> {
    let told = |fault| {
        let mend = format_args!("{fault}; until it is mended the built-in letter stays");
        Finding::problem("letters.directory", mend)
    };
    config.letter_faults.iter().map(told)
}

fn clock() -> Finding {
    let now = Clock::default().now();
    if EARLIEST <= now && now < LATEST {
        Finding::fine("clock", now)
    } else {
        Finding::problem(
            "clock",
            format_args!("shows {now}; set it, for example with chrony"),
        )
    }
}

/// Whether a gateway holds the data directory.
fn is_running(directory: &Path) -> bool {
    File::open(directory.join("lock"))
        .is_ok_and(|file| matches!(file.try_lock(), Err(TryLockError::WouldBlock)))
}

fn directory(config: &Config) -> Finding {
    let what = "instance.directory";
    let path = config.directory.display();
    let metadata = match std::fs::metadata(&config.directory) {
        Ok(metadata) if metadata.is_dir() => metadata,
        Ok(_) => {
            return Finding::problem(what, format_args!("`{path}` is no directory; name another"));
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return match std::fs::metadata(existing(&config.directory)) {
                Ok(_) => Finding::note(what, format_args!("`{path}` is made at the first start")),
                Err(error) => Finding::problem(what, format_args!("`{path}`: {error}")),
            };
        }
        Err(error) => return Finding::problem(what, format_args!("`{path}`: {error}")),
    };
    let mode = metadata.mode() & 0o7777;
    if mode & 0o077 != 0 {
        let mend = format!("`{path}` is open to others (mode {mode:04o}): run `chmod 700 {path}`");
        return Finding::problem(what, mend);
    }
    match rustix::fs::access(&config.directory, rustix::fs::Access::WRITE_OK) {
        Ok(()) => Finding::fine(what, format_args!("`{path}` can be written")),
        Err(error) => Finding::problem(
            what,
            format_args!("`{path}` cannot be written ({error}); give it to this account"),
        ),
    }
}

/// The nearest directory above that is there.
fn existing(path: &Path) -> &Path {
    path.ancestors()
        .find(|ancestor| !ancestor.as_os_str().is_empty() && ancestor.exists())
        .unwrap_or_else(|| Path::new("."))
}

fn space(config: &Config) -> Finding {
    let what = "free space";
    match rustix::fs::statvfs(existing(&config.directory)) {
        Ok(stat) => {
            let free = stat.f_bavail.saturating_mul(stat.f_frsize);
            let shown = format!("{} MiB", free >> 20);
            if free < SPACE {
                Finding::problem(
                    what,
                    format_args!("only {shown}; make room for 1 GiB or more"),
                )
            } else {
                Finding::fine(what, shown)
            }
        }
        Err(error) => Finding::problem(what, error),
    }
}

fn keys(config: &Config) -> Vec<Finding> {
    let (key, keyring) = (config.root.key(), "instance.keyring");
    let path = match config.root.path() {
        Ok(path) => path,
        Err(error) => return vec![Finding::problem(key, error)],
    };
    let none_yet = config.database_file().is_none_or(|file| !file.exists());
    if !path.exists() && !config.keyring.exists() && none_yet {
        return vec![match config.root {
            Root::KeyFile(_) => Finding::note(key, "no keys yet; they are made at the first start"),
            Root::Credential(_) | Root::Passphrase(_) => {
                let mend = format_args!(
                    "`{}` does not exist; make it before the first start",
                    path.display()
                );
                Finding::problem(key, mend)
            }
        }];
    }
    let root = match config.root.read() {
        Ok(root) => root,
        Err(error) => return vec![Finding::problem(key, error.root_cause())],
    };
    let mut findings = Vec::new();
    findings.push(if path.starts_with(&config.directory) {
        let mend = "lies in the data directory, so a copy of one is a copy of both; move it out";
        Finding::problem(key, mend)
    } else {
        Finding::fine(key, format_args!("`{}`", path.display()))
    });
    if !config.keyring.exists() && none_yet {
        findings.push(Finding::note(
            keyring,
            "none yet; it is made at the first start",
        ));
        return findings;
    }
    findings.push(match Keyring::open(&config.keyring, &root) {
        Ok(ring) => {
            let epoch = ring.current_epoch().id();
            Finding::fine(
                keyring,
                format_args!("opens with it; epoch key {epoch} is current"),
            )
        }
        Err(error) => Finding::problem(keyring, error),
    });
    findings
}

fn listener(key: &str, address: SocketAddr, running: bool) -> Finding {
    match TcpListener::bind(address) {
        Ok(_) => Finding::fine(key, format_args!("{address} is free")),
        Err(error) if error.kind() == io::ErrorKind::AddrInUse && running => Finding::fine(
            key,
            format_args!("{address} is in use, and the gateway is running"),
        ),
        Err(error) => Finding::problem(
            key,
            format_args!("cannot listen on {address} ({error}); free it or name another"),
        ),
    }
}

/// Listeners that other machines reach in plain, and the proxies that are believed.
fn open_plain(config: &Config) -> Vec<Finding> {
    let bare = config.bare_listeners().join(", ");
    let mut findings = Vec::new();
    if !bare.is_empty() {
        findings.push(Finding::problem(
            "tls",
            format_args!(
                "other machines reach {bare} in plain: give it a certificate (listen.tls), or put a \
                 proxy before it and name that in listen.trusted_proxies"
            ),
        ));
    }
    let proxies = config.proxies.networks.len();
    if proxies != 0 {
        findings.push(Finding::note(
            "listen.trusted_proxies",
            format_args!(
                "{proxies} believed about who asks; let nobody else reach the listeners from there"
            ),
        ));
    }
    findings
}

fn verify_token(config: &Config) -> Finding {
    let what = "meta.verify_token";
    let token = config.settings.verify_token.as_str();
    let mut letters: Vec<char> = token.chars().collect();
    letters.sort_unstable();
    letters.dedup();
    if token.len() < SHORTEST_TOKEN || letters.len() < SHORTEST_TOKEN / 2 {
        let mend = "is easy to guess; take one of 16 random characters or more";
        Finding::problem(what, mend)
    } else {
        Finding::fine(what, "is not easy to guess")
    }
}
