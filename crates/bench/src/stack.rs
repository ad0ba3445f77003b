//! The comparison stack (`bench/stack`): a webhook receiver of the usual kind, in Python.

use std::net::Ipv4Addr;
use std::net::SocketAddr;
use std::net::TcpListener;
use std::path::Path;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use testkit::postgres::Cluster;
use tokio::time::sleep;

use crate::aside::Aside;
use crate::clock;
use crate::corpus;
use crate::database;
use crate::load;
use crate::load::Connection;
use crate::load::Requests;
use crate::process;

/// Processes of one web server that are tried: one a core is usual, and one is what people start with.
pub(crate) const WORKERS: [u16; 2] = [1, 2];

/// Where its packages are installed, from the root of the repository.
const PYTHON: &str = "target/bench/venv/bin/python";
/// The key its messages are encrypted under: 32 bytes, as good as any.
const FERNET_KEY: &str = "aW12dW1lLWJlbmNoLWNvbXBhcmlzb24tc3RhY2stMDE=";
const PATIENCE: Duration = Duration::from_secs(30);
const LOOK_AGAIN: Duration = Duration::from_millis(50);
const HEALTH: &[u8] = b"GET /health HTTP/1.1\r\nHost: stack.example\r\n\r\n";

/// The stack, running. It ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Stack<'c> {
    /// Where webhooks go.
    pub(crate) address: SocketAddr,
    child: Child,
    cluster: &'c Cluster,
    url: String,
}

impl<'c> Stack<'c> {
    /// Starts it with so many workers on a database of its own, and waits until it answers.
    pub(crate) fn start(cluster: &'c Cluster, workers: u16) -> anyhow::Result<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let python = root.join(PYTHON);
        anyhow::ensure!(
            python.exists(),
            "the stack's packages are missing: cargo xtask bench --install intake --stack"
        );
        // Whoever asks the system for a free port may have it for the next moment.
        let address = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?;
        let url = database::create(cluster);
        let child = Command::new("setpriv")
            // Should this process be killed, the web server ends too.
            .args(["--pdeathsig", "TERM", "--"])
            .arg(python)
            .args(["-B", "-m", "uvicorn", "--app-dir"])
            .arg(root.join("bench/stack"))
            .args(["--no-access-log", "--log-level", "warning"])
            .args(["--loop", "uvloop", "--http", "httptools"])
            .args(["--workers", &workers.to_string()])
            .args(["--port", &address.port().to_string(), "app:app"])
            .env("STACK_APP_SECRET", corpus::SECRET)
            .env("STACK_DATABASE", &url)
            .env("STACK_FERNET_KEY", FERNET_KEY)
            .env("STACK_LOOKUP_KEY", "bench")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()?;
        let mut stack = Self {
            address,
            child,
            cluster,
            url,
        };
        stack.wait()?;
        Ok(stack)
    }

    /// Its process id; its workers are children of it.
    pub(crate) fn process(&self) -> u32 {
        self.child.id()
    }

    /// Lets it prepare its statements and fill its pools.
    pub(crate) fn warm(&self, requests: &Arc<Requests>) -> anyhow::Result<()> {
        let outcome = load::run(self.address, requests, requests.len(), 64)?;
        anyhow::ensure!(outcome.failed == 0, "the stack refused something");
        Ok(())
    }

    /// Bytes of its database.
    pub(crate) fn bytes(&self) -> u64 {
        database::bytes(self.cluster, &self.url)
    }

    fn wait(&mut self) -> anyhow::Result<()> {
        let (aside, address) = (Aside::start("waiting")?, self.address);
        let began = clock::now();
        while !aside.run(answers(address))? {
            anyhow::ensure!(self.child.try_wait()?.is_none(), "the stack has ended");
            anyhow::ensure!(began.elapsed() < PATIENCE, "the stack does not answer");
        }
        Ok(())
    }
}

/// Whether it is there; if not, after a pause.
async fn answers(address: SocketAddr) -> bool {
    if let Ok(mut connection) = Connection::open(address).await
        && let Ok(200) = connection.exchange(HEALTH).await
    {
        return true;
    }
    sleep(LOOK_AGAIN).await;
    false
}

impl Drop for Stack<'_> {
    fn drop(&mut self) {
        // One that has ended already is as good.
        let _ = process::end(&mut self.child);
        database::remove(self.cluster, &self.url);
    }
}
