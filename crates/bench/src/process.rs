//! Other programs that are measured: their processor time, and their end.

use std::fs;
use std::process::Child;
use std::time::Duration;

use anyhow::Context as _;
use rustix::param::clock_ticks_per_second;
use rustix::process::Pid;
use rustix::process::Signal;
use rustix::process::kill_process;

use crate::figure::float;

/// Processor time of a process and of all that it has started, dead or alive, so far.
pub(crate) fn cpu(process: u32) -> anyhow::Result<Duration> {
    let folder = format!("/proc/{process}");
    let stat = fs::read_to_string(format!("{folder}/stat"))?;
    let ticks = ticks(&stat).context("the system does not tell the time of a process")?;
    let mut sum = Duration::from_secs_f64(float(ticks) / float(clock_ticks_per_second()));
    for task in fs::read_dir(format!("{folder}/task"))? {
        let children = fs::read_to_string(task?.path().join("children")).unwrap_or_default();
        for child in children.split_whitespace() {
            // One that has ended meanwhile is counted with its parent's dead.
            sum += cpu(child.parse()?).unwrap_or_default();
        }
    }
    Ok(sum)
}

/// Own time, the kernel's for it, and both of the dead children (`proc_pid_stat(5)`, fields 14 to 17).
fn ticks(stat: &str) -> Option<u64> {
    // The name of the program, field 2, may hold anything.
    let (_, fields) = stat.rsplit_once(')')?;
    let times = fields.split_whitespace().skip(11).take(4);
    times.map(|field| field.parse::<u64>().ok()).sum()
}

/// Asks a program to end, and waits until it has.
pub(crate) fn end(child: &mut Child) -> anyhow::Result<()> {
    signal(child, Signal::TERM)?;
    child.wait()?;
    Ok(())
}

/// Sends a signal to a program we have started and not waited for.
pub(crate) fn signal(child: &Child, signal: Signal) -> anyhow::Result<()> {
    let process = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    Ok(kill_process(process.context("no such process")?, signal)?)
}

#[cfg(test)]
mod tests {
    use super::cpu;
    use super::ticks;

    #[test]
    fn times_stand_behind_the_name() {
        let cases = [
            (
                "7 (a b) c) S 1 2 3 4 5 6 7 8 9 10 100 20 3 4 20 0",
                Some(127),
            ),
            ("7 (x) S 1 2", Some(0)),
            ("7 x", None),
        ];
        for (stat, expected) in cases {
            assert_eq!(ticks(stat), expected, "{stat}");
        }
    }

    #[test]
    fn a_child_counts() {
        let spin = "i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done; echo";
        let mut child = std::process::Command::new("sh")
            .args(["-c", &format!("({spin}; read -r _); true")])
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let out = child.stdout.take().unwrap();
        std::io::BufRead::read_line(&mut std::io::BufReader::new(out), &mut line).unwrap();
        assert!(!cpu(child.id()).unwrap().is_zero());
        drop(child.stdin.take());
        child.wait().unwrap();
    }
}
