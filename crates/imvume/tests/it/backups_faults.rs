//! Backups on a machine that fails: disks that are full, and a kill at one call of the system after the
//! other. Run by `cargo xtask test --all`.

use std::path::Path;
use std::process::Stdio;

use tokio::process::Command;

use crate::backups::CREATE;
use crate::backups::House;
use crate::backups::RESTORE;
use crate::backups::is_begun;
use crate::instance::Ended;

/// More calls of one kind no thread of a command makes.
const MOST: u32 = 400;

/// Runs a script in a namespace of mounts of its own; `$0` is the program.
async fn script(house: &House, text: &str) -> Ended {
    let words = ["--map-root-user", "--mount", "--", "sh", "-c", text];
    let mut command = Command::new("unshare");
    command
        .args(words)
        .arg(env!("CARGO_BIN_EXE_imvume"))
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .current_dir(house.instance.folder.path());
    Ended::of(command.output().await.unwrap())
}

/// A snapshot is made; then there is no room where it goes; then there is again.
fn full(folders: &[&str], size: &str) -> String {
    let each = |step: &dyn Fn(&str) -> String| {
        let steps: Vec<String> = folders.iter().map(|folder| step(folder)).collect();
        steps.join(" && ")
    };
    let mount = each(&|folder| format!("mount -t tmpfs -o size={size},mode=700 none \"{folder}\""));
    let fill = each(&|folder| {
        format!("{{ dd if=/dev/zero of=\"{folder}/ballast\" bs=4k status=none 2>&1 || true; }}")
    });
    let room = each(&|folder| format!("rm \"{folder}/ballast\""));
    let told = "\"$0\" backup create; echo \"created $?\"";
    let verify = "\"$0\" backup verify --scratch looked; echo \"verified $?\"; \"$0\" backup list; echo \"listed $?\"";
    format!(
        "{mount} && {told} && {verify} && {fill} && {told} && {verify} && \
         find {} -name '*.new' -printf 'left %p\\n' && {room} && {told} && {verify}",
        folders.join(" ")
    )
}

/// What each step ended with, by its word.
fn ends<'a>(ended: &'a Ended, word: &str) -> Vec<&'a str> {
    let lines = ended.out.lines();
    lines
        .filter_map(|line| line.strip_prefix(word)?.strip_prefix(' '))
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "mounts a file system; run by `cargo xtask test --all`"]
async fn a_full_disk_leaves_the_snapshots_before() {
    let house = House::new(false).await;
    for (folders, code, words) in [
        // One place of two: the other has it, and it is said which does not.
        (&["one"][..], "1", "it is not everywhere: backup place 1"),
        (&["one", "two"], "2", "No space left on device"),
        (
            &["data/backup"],
            "2",
            "writing the key bundle in the data directory: No space left",
        ),
    ] {
        let ended = script(&house, &full(folders, "24m")).await;
        assert_eq!(ended.code, Some(0), "{folders:?}: {ended:?}");
        assert_eq!(ends(&ended, "created"), ["0", code, "0"], "{ended:?}");
        assert_eq!(ends(&ended, "verified"), ["0"; 3], "{ended:?}");
        assert_eq!(ends(&ended, "listed"), ["0"; 3], "{ended:?}");
        assert_eq!(ends(&ended, "left"), [""; 0], "{ended:?}");
        let lines: Vec<&str> = ended.err.lines().collect();
        assert_eq!(lines.len(), 1, "{folders:?}: {lines:?}");
        assert!(lines.iter().any(|line| line.contains(words)), "{lines:?}");
    }
    house.verify_all().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "mounts a file system; run by `cargo xtask test --all`"]
async fn a_restore_onto_a_full_disk_is_refused_and_begun_anew() {
    let house = House::new(false).await;
    house.create().await;
    let machine = house.machine().await;
    std::fs::create_dir(machine.instance.path("data")).unwrap();
    let restore = "\"$0\" backup restore --identity recovery";
    let text = format!(
        "mount -t tmpfs -o size=256k,mode=700 none data && {restore}; echo \"restored $?\"; \
         find data -type f -printf 'left %p\\n'; mount -o remount,size=64m data && {restore}; \
         echo \"restored $?\""
    );
    let ended = script(&machine, &text).await;
    assert_eq!(ends(&ended, "restored"), ["2", "0"], "{ended:?}");
    assert_eq!(ends(&ended, "left"), [""; 0], "{ended:?}");
    assert_eq!(ended.err.lines().count(), 1, "{ended:?}");
    assert!(ended.err.contains("No space left on device"), "{ended:?}");
}

/// Runs a command and kills it as a thread of it is about to make this call for the `when`th time.
async fn killed_at(house: &House, call: &str, when: u32, arguments: &[&str]) -> Ended {
    let trace = format!("trace={call}");
    let inject = format!("inject={call}:signal=KILL:when={when}");
    let mut command = Command::new("strace");
    command
        .args(["-f", "-qq", "-o", "/dev/null", "-e", &trace, "-e", &inject])
        .arg(env!("CARGO_BIN_EXE_imvume"))
        .args(arguments)
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .current_dir(house.instance.folder.path());
    Ended::of(command.output().await.unwrap())
}

/// What makes a step of a backup last, or undoes it.
const CALLS: [&str; 3] = ["fsync,fdatasync", "rename", "unlink"];

/// Kills a snapshot at each of these calls in turn. Returns how often.
async fn kill_snapshots(house: &House, first: &str, call: &str) -> u32 {
    let mut kills = 0;
    for when in 1..MOST {
        if killed_at(house, call, when, CREATE).await.code == Some(0) {
            break;
        }
        kills += 1;
        house.verify(first).await;
    }
    kills
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs strace; run by `cargo xtask test --all`"]
async fn a_kill_at_every_step_of_a_snapshot_leaves_the_one_before() {
    for on_server in [false, true] {
        let house = House::new(on_server).await;
        let first = house.create().await;
        let mut kills = 0;
        for call in CALLS {
            kills += kill_snapshots(&house, &first, call).await;
        }
        println!("{kills} kills");
        assert!(kills > 5, "{kills}");
        house.create().await;
        house.verify_all().await;
        house.nothing_left();
        house.comes_back().await;
    }
}

/// Kills a restore at each of these calls in turn, until one comes to its end. Returns how often.
async fn kill_restores(machine: &House, call: &str) -> u32 {
    let mut kills = 0;
    for when in 1..MOST {
        let ended = killed_at(machine, call, when, RESTORE).await;
        if ended.code == Some(0) || is_done(machine) {
            break;
        }
        kills += 1;
        if is_begun(machine) {
            let wanted = "this instance is being restored";
            machine.instance.run(&["serve"]).await.refused(wanted);
        } else {
            // It was not refused: it was killed.
            assert_eq!(ended.err.lines().count(), 0, "{call} {when}: {ended:?}");
        }
    }
    kills
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs strace; run by `cargo xtask test --all`"]
async fn a_kill_at_every_step_of_a_restore_is_begun_anew() {
    for on_server in [false, true] {
        let house = House::new(on_server).await;
        house.create().await;
        let mut kills = 0;
        for call in CALLS {
            let machine = house.machine().await;
            kills += kill_restores(&machine, call).await;
            // One that was killed after its end has left that to the first start.
            machine.is_whole().await;
            machine.nothing_left();
        }
        println!("{kills} kills");
        assert!(kills > 5, "{kills}");
    }
}

/// Whether the last thing that a restore does was done.
fn is_done(machine: &House) -> bool {
    let data = machine.instance.path("data");
    let there = |name: &str| Path::new(&data).join(name).exists();
    there("keys") && !there("restoring")
}
