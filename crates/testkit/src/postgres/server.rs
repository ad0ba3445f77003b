//! The processes of a running server.

use std::collections::VecDeque;
use std::fs;
use std::io::BufRead as _;
use std::io::BufReader;
use std::os::unix::process::CommandExt as _;
use std::process::Child;
use std::process::ChildStderr;
use std::process::Command;
use std::process::Stdio;
use std::sync::mpsc;
use std::sync::mpsc::Sender;
use std::thread;
use std::thread::JoinHandle;
use std::time::Duration;

use rustix::process::Pid;
use rustix::process::Signal;
use rustix::process::kill_process;

/// How long a start may take, recovery included.
const PATIENCE: Duration = Duration::from_mins(2);
/// Lines of the log that are kept for the message of a failure.
const KEPT: usize = 30;
/// What the server logs once it answers, be it, as a standby, to those who only read.
const READY: &str = "database system is ready to accept ";

/// A running server.
#[derive(Debug)]
pub(super) struct Server {
    child: Child,
    /// Ends when the last process of the server has let go of the log, with its last lines.
    log: JoinHandle<VecDeque<String>>,
}

impl Server {
    /// Starts it and waits until it answers; the end of its log, if it never does.
    pub(super) fn start(command: &mut Command) -> Result<Self, String> {
        let mut child = command
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            // Ctrl-C on a test is not for the server: the watcher stops it.
            .process_group(0)
            .spawn()
            .unwrap();
        let stderr = child.stderr.take().unwrap();
        let (ready, is_ready) = mpsc::channel();
        let log = thread::spawn(move || follow(stderr, &ready));
        let server = Self { child, log };
        match is_ready.recv_timeout(PATIENCE) {
            Ok(()) => Ok(server),
            Err(_) => Err(server.stop(Signal::QUIT)),
        }
    }

    pub(super) fn process(&self) -> u32 {
        self.child.id()
    }

    /// Stops it and waits until all its processes are gone. Returns the end of its log.
    pub(super) fn stop(self, how: Signal) -> String {
        signal(self.child.id(), how);
        self.gone()
    }

    /// Kills all its processes and waits until they are gone.
    pub(super) fn kill9(self) {
        let process = self.child.id();
        // A server that stands still starts no further processes.
        signal(process, Signal::STOP);
        let children = fs::read_to_string(format!("/proc/{process}/task/{process}/children"));
        signal(process, Signal::KILL);
        for child in children.unwrap_or_default().split_whitespace() {
            signal(child.parse().unwrap(), Signal::KILL);
        }
        self.gone();
    }

    fn gone(mut self) -> String {
        self.child.wait().unwrap();
        let lines = self.log.join().unwrap();
        Vec::from(lines).join("\n")
    }
}

/// Reads the log to its end: a pipe nobody reads would stop the server.
fn follow(stderr: ChildStderr, ready: &Sender<()>) -> VecDeque<String> {
    let mut last = VecDeque::new();
    for line in BufReader::new(stderr).lines().map_while(Result::ok) {
        if line.contains(READY) {
            // Only the first time somebody waits for it.
            let _ = ready.send(());
        }
        if KEPT <= last.len() {
            last.pop_front();
        }
        last.push_back(line);
    }
    last
}

fn signal(process: u32, signal: Signal) {
    let process = i32::try_from(process).ok().and_then(Pid::from_raw).unwrap();
    // A process that has just ended is what is wanted.
    let _ = kill_process(process, signal);
}
