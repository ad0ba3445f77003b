//! An instance of the real binary over a temporary folder, with an emulated Meta in this process.

use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::path::PathBuf;
use std::process::Output;
use std::process::Stdio;
use std::time::Duration;

use tempfile::TempDir;
use tokio::io::AsyncBufReadExt as _;
use tokio::io::BufReader;
use tokio::io::Lines;
use tokio::process::Child;
use tokio::process::ChildStdout;
use tokio::process::Command;

pub(crate) const APP_SECRET: &str = "emulator-app-secret";
pub(crate) const NUMBER_ID: &str = "106540352242922";

/// The folder of an instance, and its Meta.
pub(crate) struct Instance {
    pub(crate) folder: TempDir,
    pub(crate) meta: emulator::Running,
}

/// A gateway that runs.
pub(crate) struct Serving {
    pub(crate) process: Child,
    pub(crate) public: SocketAddr,
    pub(crate) apps: SocketAddr,
    pub(crate) staff: SocketAddr,
    /// The administrator's token, at the first start.
    pub(crate) token: Option<String>,
}

impl Instance {
    pub(crate) async fn new() -> Self {
        let meta = emulator::start(emulator::Config::default()).await.unwrap();
        let instance = Self {
            folder: TempDir::new().unwrap(),
            meta,
        };
        for (name, secret) in [
            ("app-secret", APP_SECRET),
            ("verify-token", "emulator-verify-token"),
            ("access-token", "emulator-access-token"),
        ] {
            instance.write(name, secret);
        }
        instance.configure(|text| text);
        instance
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file that only its owner can read.
    pub(crate) fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
        chmod(&self.path(name), 0o600);
    }

    /// Writes the configuration, changed as wished.
    pub(crate) fn configure(&self, change: impl FnOnce(String) -> String) {
        let text = format!(
            r#"[instance]
directory = "data"
organisation = "Kaapse Koffie"
country = "ZA"
log_name = "kaapsekoffie.example/log"

[listen]
public = "127.0.0.1:0"
apps = "127.0.0.1:0"
staff = "127.0.0.1:0"

[meta]
graph_url = "{}/"
app_secret_file = "app-secret"
verify_token_file = "verify-token"

[[number]]
phone_number_id = "{NUMBER_ID}"
waba_id = "102290129340398"
display = "+27 21 555 0100"
verified_name = "Kaapse Koffie"
access_token_file = "access-token"

[egress]
allow_private = ["127.0.0.1"]
"#,
            self.meta.base_url()
        );
        self.write("imvume.toml", &change(text));
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = imvume(arguments);
        command.current_dir(self.folder.path());
        command
    }

    /// Runs a command to its end.
    pub(crate) async fn run(&self, arguments: &[&str]) -> Ended {
        Ended::of(self.command(arguments).output().await.unwrap())
    }

    /// Where running gateways tell what they do, one after the other.
    pub(crate) fn telling(&self) -> std::fs::File {
        let mut file = std::fs::OpenOptions::new();
        file.append(true).create(true);
        file.open(self.path("told")).unwrap()
    }

    /// What running gateways have told.
    pub(crate) fn told(&self) -> String {
        std::fs::read_to_string(self.path("told")).unwrap()
    }

    /// Waits until running gateways have told this.
    pub(crate) async fn tells(&self, wanted: &str) {
        let mut look = tokio::time::interval(Duration::from_millis(10));
        for _ in 0..3000 {
            look.tick().await;
            if self.told().contains(wanted) {
                return;
            }
        }
        unreachable(&format!("{wanted} is not in {}", self.told()));
    }

    /// Starts the gateway and waits until its doors are open.
    pub(crate) async fn serve(&self) -> Serving {
        self.serve_by(self.command(&["serve"])).await
    }

    /// The same by a command of its own.
    pub(crate) async fn serve_by(&self, mut command: Command) -> Serving {
        let mut process = command
            .stdout(Stdio::piped())
            .stderr(self.telling())
            .spawn()
            .unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        opened(process, lines).await
    }

    /// Puts the rows into a database of a server.
    pub(crate) fn on_server(&self, url: &str) {
        self.configure(|text| format!("{text}\n[store]\nurl = \"{url}\"\n"));
    }

    /// Starts a gateway while another leads, and waits until it stands by.
    pub(crate) async fn stand_by(&self) -> Standby {
        let mut command = self.command(&["serve"]);
        command.stdout(Stdio::piped()).stderr(self.telling());
        let mut process = command.spawn().unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let line = lines.next_line().await.unwrap().unwrap();
        let doors = line.strip_prefix("Standing by: ").unwrap_or(&line);
        let mut doors = doors.split(", ").map(address);
        Standby {
            process,
            lines,
            public: doors.next().flatten().unwrap(),
            apps: doors.next().flatten().unwrap(),
            staff: doors.next().flatten().unwrap(),
        }
    }
}

type Said = Lines<BufReader<ChildStdout>>;

/// A gateway that waits for its turn.
pub(crate) struct Standby {
    pub(crate) process: Child,
    pub(crate) public: SocketAddr,
    pub(crate) apps: SocketAddr,
    pub(crate) staff: SocketAddr,
    lines: Said,
}

impl Standby {
    /// Waits until it leads.
    pub(crate) async fn leads(self) -> Serving {
        let doors = [self.public, self.apps, self.staff];
        let serving = opened(self.process, self.lines).await;
        assert_eq!(doors, [serving.public, serving.apps, serving.staff]);
        serving
    }
}

/// Waits until the doors of a gateway are open.
async fn opened(mut process: Child, mut lines: Said) -> Serving {
    let mut token = None;
    while let Some(line) = lines.next_line().await.unwrap() {
        if line.starts_with("The administrator's token") {
            token = line.rsplit(' ').next().map(str::to_owned);
        }
        if let Some(doors) = line.strip_prefix("Listening: ") {
            let mut doors = doors.split(", ").map(address);
            return Serving {
                process,
                public: doors.next().flatten().unwrap(),
                apps: doors.next().flatten().unwrap(),
                staff: doors.next().flatten().unwrap(),
                token,
            };
        }
    }
    let status = process.wait().await.unwrap();
    unreachable(&format!("the gateway ended with {status}"))
}

#[expect(clippy::panic, reason = "the test cannot go on")]
pub(crate) fn unreachable(why: &str) -> ! {
    panic!("{why}")
}

impl Serving {
    /// Asks it to end, and tells with which code it did.
    pub(crate) async fn stop(mut self) -> Option<i32> {
        signal(&self.process, "TERM").await;
        self.process.wait().await.unwrap().code()
    }
}

pub(crate) async fn signal(process: &Child, name: &str) {
    let id = process.id().unwrap().to_string();
    let sent = Command::new("kill")
        .args(["-s", name, &id])
        .status()
        .await
        .unwrap();
    assert!(sent.success());
}

fn address(door: &str) -> Option<SocketAddr> {
    door.split_once("://")?.1.split('/').next()?.parse().ok()
}

/// The command, ended when dropped.
pub(crate) fn imvume(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_imvume"));
    command
        .args(arguments)
        .stdin(Stdio::null())
        .kill_on_drop(true);
    command
}

pub(crate) fn chmod(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

/// How a command ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ended {
    pub(crate) fn of(output: Output) -> Self {
        Self {
            code: output.status.code(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

impl Ended {
    /// It refused, in one line, with this in it.
    pub(crate) fn refused(&self, wanted: &str) {
        assert_eq!(self.code, Some(2), "{self:?}");
        assert_eq!(self.err.lines().count(), 1, "{self:?}");
        assert!(self.err.contains(wanted), "{wanted} is not in {self:?}");
        assert!(!self.err.contains("canary"), "{self:?}");
    }

    /// It did what it should and found this.
    pub(crate) fn found(&self, code: i32, wanted: &str) {
        assert_eq!(self.code, Some(code), "{self:?}");
        assert!(self.out.contains(wanted), "{wanted} is not in {self:?}");
    }
}
