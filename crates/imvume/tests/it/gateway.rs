//! The real binary with an emulated Meta behind it, as a process of its own.

use std::collections::BTreeMap;
use std::fs;
use std::net::SocketAddr;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;
use std::time::Duration;

use serde::Deserialize;
use tempfile::TempDir;

/// A running instance. It is ended when this is dropped.
pub(crate) struct Gateway {
    pub(crate) facts: Facts,
    process: Child,
    _folder: TempDir,
}

/// What an instance says of itself in the file that `--clients` names.
#[derive(Deserialize)]
pub(crate) struct Facts {
    /// The public listener.
    pub(crate) public: SocketAddr,
    /// The apps listener.
    pub(crate) apps: SocketAddr,
    /// The secret Meta signs with.
    pub(crate) app_secret: String,
    /// A token that was given to an app and taken back.
    pub(crate) revoked_token: String,
    /// What the `${NAME}` of the list stand for.
    pub(crate) names: BTreeMap<String, String>,
}

impl Drop for Gateway {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Starts an instance and waits until its doors are open.
pub(crate) async fn start_gateway() -> Result<Gateway, String> {
    let folder = TempDir::new().map_err(|error| error.to_string())?;
    let clients = folder.path().join("clients.json");
    let process = Command::new(env!("CARGO_BIN_EXE_imvume"))
        .args(["demo", "--dir"])
        .arg(folder.path().join("data"))
        .arg("--clients")
        .arg(&clients)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .map_err(|error| error.to_string())?;
    let mut starting = Starting {
        process: Some(process),
    };
    let mut look = tokio::time::interval(Duration::from_millis(20));
    for _ in 0..1500 {
        look.tick().await;
        // The file appears whole, by a rename.
        if let Ok(text) = fs::read(&clients) {
            let facts = serde_json::from_slice(&text).map_err(|error| error.to_string())?;
            let process = starting.process.take().ok_or("started twice")?;
            return Ok(Gateway {
                facts,
                process,
                _folder: folder,
            });
        }
        starting.check()?;
    }
    Err("the instance did not open its doors in 30 s".to_owned())
}

/// A process that is ended if it does not become a [`Gateway`].
struct Starting {
    process: Option<Child>,
}

impl Starting {
    fn check(&mut self) -> Result<(), String> {
        match self.process.as_mut().map(Child::try_wait) {
            Some(Ok(Some(status))) => Err(format!("the instance ended with {status}")),
            _ => Ok(()),
        }
    }
}

impl Drop for Starting {
    fn drop(&mut self) {
        if let Some(process) = &mut self.process {
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}
