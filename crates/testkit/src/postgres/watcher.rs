//! A process that outlives ours and clears up after it.

use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;

/// Waits for the end of its input, which is our end of a pipe; then stops the server whose data lie in
/// `$1`, gives it ten seconds, and removes the folder. That a process works in the folder of the data
/// is how it is told from a later one with the same id.
const SCRIPT: &str = r#"
trap '' HUP INT TERM
read -r _
pid=$(head -n 1 "$1/data/postmaster.pid" 2>/dev/null)
lives() { [ -n "$pid" ] && [ "$(readlink "/proc/$pid/cwd")" = "$1/data" ]; }
if lives "$1"; then kill -QUIT "$pid"; fi
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
  lives "$1" || break
  sleep 0.5
done
if lives "$1"; then kill -KILL "$pid"; fi
rm -rf "$1"
"#;

/// A process that outlives ours and clears up after it. Dropped, it clears up at once.
#[derive(Debug)]
pub(super) struct Watcher(Child);

impl Watcher {
    /// Watches over a cluster's folder.
    pub(super) fn start(directory: &Path) -> Self {
        let watcher = Command::new("sh")
            .args(["-c", SCRIPT, "watcher"])
            .arg(directory)
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn();
        Self(watcher.unwrap())
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        // Closes the pipe.
        drop(self.0.stdin.take());
        let _ = self.0.wait();
    }
}
