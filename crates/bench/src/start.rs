//! The release binary as it comes: cold start to open doors, memory at rest, size.

use std::fs;
use std::net::Ipv4Addr;
use std::net::SocketAddr;
use std::net::TcpListener;
use std::path::Path;
use std::path::PathBuf;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;
use std::time::Duration;

use anyhow::Context as _;
use tokio::net::TcpStream;

use crate::clock;
use crate::figure::float;
use crate::figure::median;
use crate::house;
use crate::process;
use crate::report::Goal;
use crate::report::Report;

/// Starts a median is taken of.
const RUNS: usize = 7;
/// How long the process rests before its memory is read.
const REST: Duration = Duration::from_secs(2);
const PATIENCE: Duration = Duration::from_secs(10);
const LOOK_AGAIN: Duration = Duration::from_micros(200);

/// Starts the binary beside this one a few times.
pub(crate) fn run() -> anyhow::Result<Report> {
    let binary = std::env::current_exe()?.with_file_name("imvume");
    let size = fs::metadata(&binary)
        .context("the release binary is not there: cargo build --release -p imvume")?
        .len();
    let directory = house::directory()?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    // The first start makes the keys and the database.
    once(&runtime, &binary, directory.path(), Duration::ZERO)?;
    let mut starts = Vec::new();
    let mut memory = Vec::new();
    for turn in 0..RUNS {
        let rest = if turn == 0 { REST } else { Duration::ZERO };
        let (opened, resident) = once(&runtime, &binary, directory.path(), rest)?;
        starts.push(opened.as_secs_f64() * 1e3);
        if turn == 0 {
            memory.push(resident);
        }
    }
    let mut report = Report::new("The release binary");
    let opened = median(starts);
    report.against(
        "start to open door, existing keys",
        opened,
        "ms",
        Goal::AtMost(150.0),
    );
    report.against("memory at rest", median(memory), "MB", Goal::AtMost(30.0));
    report.figure("size, stripped", float(size) / 1e6, "MB");
    Ok(report)
}

/// One start and its end. Returns the time to an open door, and megabytes of memory after a rest.
fn once(
    runtime: &tokio::runtime::Runtime,
    binary: &Path,
    directory: &Path,
    rest: Duration,
) -> anyhow::Result<(Duration, f64)> {
    let (config, Doors { public: door, .. }) = configure(directory, "imvume.toml", "")?;
    let began = clock::now();
    let mut child = Command::new(binary)
        .args(["serve", "--config"])
        .arg(&config)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    let opened = runtime.block_on(async {
        while TcpStream::connect(door).await.is_err() {
            anyhow::ensure!(began.elapsed() < PATIENCE, "the door stays shut");
            tokio::time::sleep(LOOK_AGAIN).await;
        }
        let opened = began.elapsed();
        tokio::time::sleep(rest).await;
        Ok(opened)
    });
    let resident = resident(&child);
    process::end(&mut child)?;
    Ok((opened?, resident?))
}

/// Megabytes of memory the process has resident.
fn resident(child: &Child) -> anyhow::Result<f64> {
    let status = fs::read_to_string(format!("/proc/{}/status", child.id()))?;
    let kilobytes: u64 = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .and_then(|rest| rest.split_whitespace().next())
        .and_then(|number| number.parse().ok())
        .context("the system does not tell the memory of a process")?;
    Ok(float(kilobytes) * 1_024.0 / 1e6)
}

/// Two doors of a gateway.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Doors {
    /// Meta's.
    pub(crate) public: SocketAddr,
    /// That of the staff.
    pub(crate) staff: SocketAddr,
}

/// Writes a configuration with free ports, and what it has more. Returns it and its doors.
pub(crate) fn configure(
    directory: &Path,
    file: &str,
    more: &str,
) -> anyhow::Result<(PathBuf, Doors)> {
    let doors: Vec<TcpListener> = (0..3)
        .map(|_| TcpListener::bind((Ipv4Addr::LOCALHOST, 0)))
        .collect::<Result<_, _>>()?;
    let addresses: Vec<SocketAddr> = doors
        .iter()
        .map(TcpListener::local_addr)
        .collect::<Result<_, _>>()?;
    let [public, apps, staff] = addresses.as_slice() else {
        anyhow::bail!("three doors have three addresses")
    };
    let text = format!(
        r#"[instance]
directory = "data"
organisation = "Kaapse Koffie"
country = "ZA"
log_name = "bench.example"

[listen]
public = "{public}"
apps = "{apps}"
staff = "{staff}"

[meta]
graph_url = "http://127.0.0.1:9/"
app_secret = "emulator-app-secret"
verify_token = "bench-verify-token"

[[number]]
phone_number_id = "106540352242922"
waba_id = "102290129340398"
display = "+27 21 555 0100"
verified_name = "Kaapse Koffie"
access_token = "emulator-access-token"

[egress]
allow_private = ["127.0.0.1"]
{more}"#
    );
    let path = directory.join(file);
    seal_off(&path)?;
    fs::write(&path, text)?;
    let doors = Doors {
        public: *public,
        staff: *staff,
    };
    Ok((path, doors))
}

/// Makes a file that nobody else may read: it holds secrets.
fn seal_off(path: &Path) -> anyhow::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    fs::File::create(path)?;
    Ok(fs::set_permissions(
        path,
        fs::Permissions::from_mode(0o600),
    )?)
}
