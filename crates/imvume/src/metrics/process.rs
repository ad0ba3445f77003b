//! The process as the system sees it (`/proc/self`, Linux; elsewhere the figures stand at zero).

use domain::time::Timestamp;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use prometheus_client::registry::Unit;

use crate::files;

/// Figures of the process.
#[derive(Default)]
pub(super) struct Process {
    max_files: Gauge,
    open_files: Gauge,
    resident: Gauge,
    started: Gauge,
    threads: Gauge,
}

impl Process {
    pub(super) fn register(&self, registry: &mut Registry) {
        registry.register_with_unit(
            "process_resident_memory",
            "Memory that is in use",
            Unit::Bytes,
            self.resident.clone(),
        );
        registry.register(
            "process_open_files",
            "Files and sockets that are open",
            self.open_files.clone(),
        );
        registry.register(
            "process_max_files",
            "Files and sockets that may be open",
            self.max_files.clone(),
        );
        registry.register("process_threads", "Threads", self.threads.clone());
        registry.register_with_unit(
            "process_start_time",
            "When the process started, since 1970",
            Unit::Seconds,
            self.started.clone(),
        );
    }

    pub(super) fn started(&self, at: Timestamp) {
        self.started.set(at.seconds());
    }

    pub(super) fn look(&self) {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let kibibytes = member(&status, "VmRSS").unwrap_or(0);
        self.resident.set(kibibytes.saturating_mul(1024));
        self.threads.set(member(&status, "Threads").unwrap_or(0));
        // The look itself has one open.
        let open = std::fs::read_dir("/proc/self/fd").map_or(0, Iterator::count);
        let open = i64::try_from(open).unwrap_or(i64::MAX);
        self.open_files.set(open.saturating_sub(1).max(0));
        let most = files::limit().and_then(|most| i64::try_from(most).ok());
        self.max_files.set(most.unwrap_or(i64::MAX));
    }
}

/// The number behind a name in `/proc/self/status`.
fn member(status: &str, name: &str) -> Option<i64> {
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
    line.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::member;

    #[test]
    fn members_of_the_status_are_found() {
        let status = "Name:\timvume\nVmRSSx:\t1 kB\nVmRSS:\t   5120 kB\nThreads:\t7\nLast:\n";
        for (name, expected) in [
            ("VmRSS", Some(5120)),
            ("Threads", Some(7)),
            ("Name", None),
            ("Last", None),
            ("Absent", None),
        ] {
            assert_eq!(member(status, name), expected, "{name}");
        }
    }
}
