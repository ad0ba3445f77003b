//! The machine fails: disk full, read-only, failing syncs, no descriptors left, odd surroundings.
//!
//! What needs a namespace of its own or `strace` is ignored by default and run by
//! `cargo xtask test --all`. Every gateway here is a process of its own, and every fault is gone with
//! the process.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;
use tokio::net::TcpStream;
use tokio::process::Command;

use crate::ask::Ask;
use crate::instance::Ended;
use crate::instance::Instance;
use crate::instance::Serving;
use crate::instance::chmod;
use crate::load::is_kept;
use crate::load::webhook;
use crate::load::whole;

/// A namespace of mounts in which this process may mount, whoever runs it.
const MOUNTS: &[&str] = &["unshare", "--map-root-user", "--mount", "--"];

/// A shell that prepares something and then becomes the gateway.
fn after(preparation: &str) -> Vec<String> {
    let script = format!("{preparation} && exec \"$0\" \"$@\"");
    let words = MOUNTS.iter().copied().chain(["sh", "-c", &script]);
    words.map(str::to_owned).collect()
}

fn under<S: AsRef<str>>(instance: &Instance, wrapper: &[S], arguments: &[&str]) -> Command {
    let mut words = wrapper.iter().map(AsRef::as_ref);
    let mut command = Command::new(words.next().unwrap());
    command
        .args(words)
        .arg(env!("CARGO_BIN_EXE_imvume"))
        .args(arguments)
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .current_dir(instance.folder.path());
    command
}

async fn run_under<S: AsRef<str>>(instance: &Instance, wrapper: &[S], arguments: &[&str]) -> Ended {
    Ended::of(under(instance, wrapper, arguments).output().await.unwrap())
}

/// Every file of a directory, with what is in it.
fn contents(directory: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut directories = vec![directory.to_owned()];
    while let Some(directory) = directories.pop() {
        for entry in std::fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                directories.push(path);
            } else {
                found.insert(path.clone(), std::fs::read(path).unwrap());
            }
        }
    }
    found
}

/// People whose message was acknowledged, and every status there was.
#[derive(Debug, Default)]
struct Wrote {
    acknowledged: Vec<u64>,
    statuses: Vec<u16>,
}

/// People write one after the other until `enough` says so.
async fn write(door: SocketAddr, from: u64, most: u64, enough: impl Fn(&Wrote) -> bool) -> Wrote {
    let mut wrote = Wrote::default();
    for person in (from..from + most).map(|person| person * 4 + 1) {
        let (status, _) = webhook(person).of(door).await.unwrap();
        wrote.statuses.push(status);
        if status == 200 {
            wrote.acknowledged.push(person);
        }
        if enough(&wrote) {
            break;
        }
    }
    wrote
}

async fn all_kept(serving: &Serving, staff: &str, wrote: &Wrote) {
    for person in &wrote.acknowledged {
        assert!(
            is_kept(serving, staff, *person).await,
            "the message of {person} is lost"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "mounts a file system; run by `cargo xtask test --all`"]
async fn a_full_disk_takes_nothing_in_and_loses_nothing() {
    let instance = Instance::new().await;
    std::fs::create_dir(instance.path("data")).unwrap();
    // Room for a start and some messages beside the ballast.
    let mount = "mount -t tmpfs -o size=24m,mode=700 none data && \
                 dd if=/dev/zero of=data/ballast bs=1M count=16 status=none";
    let mut serving = instance
        .serve_by(under(&instance, &after(mount), &["serve"]))
        .await;
    let staff = serving.token.take().unwrap();
    let before = write(serving.public, 0, 20, |_| false).await;
    assert_eq!(before.statuses, [200; 20]);

    // The rest is filled to the last block.
    let inside = format!("/proc/{}/root", serving.process.id().unwrap());
    let data = Path::new(&inside).join(instance.path("data").strip_prefix("/").unwrap());
    let filled = std::fs::File::create(data.join("more")).unwrap();
    std::io::copy(&mut std::io::repeat(1), &mut &filled).unwrap_err();
    let full = write(serving.public, 100, 3_000, |wrote| {
        wrote
            .statuses
            .iter()
            .filter(|status| **status == 503)
            .count()
            > 20
    })
    .await;
    let refused = full
        .statuses
        .iter()
        .filter(|status| **status == 503)
        .count();
    assert!(
        refused > 20,
        "the disk was never full: {:?}",
        full.statuses.len()
    );
    assert_eq!(
        refused + full.acknowledged.len(),
        full.statuses.len(),
        "{full:?}"
    );
    let alive = Ask::get("/healthz").of(serving.staff).await.unwrap();
    assert_eq!(alive.0, 200, "{alive:?}");
    // What is kept can be read while nothing can be written.
    all_kept(&serving, &staff, &before).await;

    // With room again it goes on by itself.
    drop(filled);
    std::fs::remove_file(data.join("more")).unwrap();
    std::fs::remove_file(data.join("ballast")).unwrap();
    let again = recovered(&serving).await;
    for wrote in [&before, &full, &again] {
        all_kept(&serving, &staff, wrote).await;
    }
    // The tmpfs goes with the process, so what it holds is carried away first.
    crate::instance::signal(&serving.process, "STOP").await;
    copy(&data, &instance.path("kept")).await;
    crate::instance::signal(&serving.process, "CONT").await;
    assert_eq!(serving.stop().await, Some(0));
    std::fs::remove_dir(instance.path("data")).unwrap();
    std::fs::rename(instance.path("kept"), instance.path("data")).unwrap();
    let serving = instance.serve().await;
    for wrote in [&before, &full, &again] {
        all_kept(&serving, &staff, wrote).await;
    }
    assert_eq!(serving.stop().await, Some(0));
    whole(&instance).await;
}

/// People write until all of a round are acknowledged again.
async fn recovered(serving: &Serving) -> Wrote {
    let mut again = Wrote::default();
    for round in 0..50 {
        again = write(serving.public, 10_000 + round * 20, 20, |_| false).await;
        if again.statuses == [200; 20] {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(again.statuses, [200; 20], "it does not go on");
    again
}

async fn copy(from: &Path, to: &Path) {
    let copied = Command::new("cp")
        .arg("-a")
        .args([from, to])
        .status()
        .await
        .unwrap();
    assert!(copied.success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "mounts a file system; run by `cargo xtask test --all`"]
async fn a_read_only_disk_is_refused_and_left_as_it_is() {
    let instance = Instance::new().await;
    assert_eq!(instance.serve().await.stop().await, Some(0));
    let before = contents(&instance.path("data"));
    let mount = "mount --bind data data && mount -o remount,bind,ro data";
    for command in [&["serve"][..], &["keys", "roll"]] {
        let refused = run_under(&instance, &after(mount), command).await;
        assert_eq!(refused.code, Some(2), "{refused:?}");
        assert_eq!(refused.err.lines().count(), 1, "{refused:?}");
        assert!(refused.err.to_lowercase().contains("read"), "{refused:?}");
    }
    assert_eq!(contents(&instance.path("data")), before);
    // A new instance on a disk that is full from the start.
    let fresh = Instance::new().await;
    std::fs::create_dir(fresh.path("data")).unwrap();
    let mount = "mount -t tmpfs -o size=64k,mode=700 none data";
    let refused = run_under(&fresh, &after(mount), &["serve"]).await;
    assert_eq!(refused.code, Some(2), "{refused:?}");
    assert_eq!(refused.err.lines().count(), 1, "{refused:?}");
}

/// From a certain sync on, every sync of a thread fails: nothing is acknowledged from there on, and
/// all that was is there at the next start.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs strace; run by `cargo xtask test --all`"]
async fn a_sync_that_fails_acknowledges_nothing() {
    for from in [15, 40] {
        let instance = Instance::new().await;
        let mut first = instance.serve().await;
        let staff = first.token.take().unwrap();
        assert_eq!(first.stop().await, Some(0));
        let inject = format!("inject=fsync,fdatasync:error=EIO:when={from}+");
        let strace = [
            "strace",
            "-D",
            "-f",
            "-qq",
            "-o",
            "/dev/null",
            "-e",
            "trace=fsync,fdatasync",
            "-e",
            &inject,
        ];
        let serving = instance
            .serve_by(under(&instance, &strace, &["serve"]))
            .await;
        let wrote = write(serving.public, 0, 400, |wrote| {
            wrote
                .statuses
                .iter()
                .filter(|status| **status != 200)
                .count()
                > 20
        })
        .await;
        let failed: Vec<u16> = wrote
            .statuses
            .iter()
            .copied()
            .filter(|one| *one != 200)
            .collect();
        assert_eq!(failed, [503; 21], "{from}: {:?}", wrote.statuses);
        let first = wrote
            .statuses
            .iter()
            .position(|status| *status != 200)
            .unwrap();
        assert_eq!(
            first,
            wrote.acknowledged.len(),
            "{from}: acknowledged behind a failure"
        );
        let alive = Ask::get("/healthz").of(serving.staff).await.unwrap();
        assert_eq!(alive.0, 200, "{alive:?}");
        let mut ended = serving;
        ended.process.kill().await.unwrap();
        let serving = instance.serve().await;
        all_kept(&serving, &staff, &wrote).await;
        let after = write(serving.public, 5_000, 5, |_| false).await;
        assert_eq!(after.statuses, [200; 5]);
        assert_eq!(serving.stop().await, Some(0));
        whole(&instance).await;
    }
}

/// With no descriptor left new connections wait; those that are open are served, and all is well
/// once some are closed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_descriptors_it_waits_and_goes_on() {
    let instance = Instance::new().await;
    let mut serving = instance.serve().await;
    let staff = serving.token.take().unwrap();
    let before = write(serving.public, 0, 5, |_| false).await;
    assert_eq!(before.statuses, [200; 5]);
    // It made sure at its start that there are enough, so they are taken away behind its back.
    let process = serving.process.id().unwrap().to_string();
    let open = std::fs::read_dir(format!("/proc/{process}/fd"))
        .unwrap()
        .count();
    let few = format!("--nofile={0}:{0}", open + 20);
    let taken = Command::new("prlimit")
        .args(["--pid", &process, &few])
        .status()
        .await;
    assert!(taken.unwrap().success());
    let mut held = Vec::new();
    for _ in 0..60 {
        held.push(TcpStream::connect(serving.public).await.unwrap());
    }
    drop(held);
    let mut after = Wrote::default();
    for round in 0..50 {
        after = write(serving.public, 100 + round * 5, 5, |_| false).await;
        if after.statuses == [200; 5] {
            break;
        }
    }
    assert_eq!(after.statuses, [200; 5]);
    all_kept(&serving, &staff, &before).await;
    all_kept(&serving, &staff, &after).await;
    assert_eq!(serving.stop().await, Some(0));
    whole(&instance).await;
}

/// No environment, another time zone, no input, few descriptors: it works or says in one line why
/// not.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn surroundings_do_not_matter() {
    let instance = Instance::new().await;
    let bare = ["env", "-i", "TZ=Pacific/Kiritimati", "LANG=C", "LC_ALL=C"];
    let closed = ["env", "-i", "sh", "-c", "exec \"$0\" \"$@\" <&-"];
    let utf8 = ["env", "-i", "TZ=:nonsense", "LANG=xx_YY.UTF-16"];
    let wrappers: [&[&str]; 3] = [&bare, &closed, &utf8];
    for wrapper in wrappers {
        let serving = instance
            .serve_by(under(&instance, wrapper, &["serve"]))
            .await;
        let answer = Ask::get("/readyz").of(serving.staff).await.unwrap();
        assert_eq!(
            answer,
            (200, Value::String("ready\n".to_owned())),
            "{wrapper:?}"
        );
        assert_eq!(serving.stop().await, Some(0), "{wrapper:?}");
    }
    let mut few = under(&instance, &["prlimit", "--nofile=16:16"], &["serve"]);
    let few = tokio::time::timeout(Duration::from_secs(20), few.output()).await;
    let few = Ended::of(few.unwrap().unwrap());
    assert_eq!(few.code, Some(2), "{few:?}");
    let last = few.err.lines().last().unwrap_or_default();
    assert!(!last.contains("panicked"), "{few:?}");
    whole(&instance).await;
}

/// Ports and addresses: one that needs more rights is named, IPv6 alone does.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs a network namespace; run by `cargo xtask test --all`"]
async fn a_port_without_the_right_to_it_is_named() {
    let instance = Instance::new().await;
    instance.configure(|text| {
        text.replacen("public = \"127.0.0.1:0\"", "public = \"127.0.0.1:80\"", 1)
    });
    let unprivileged = [
        "unshare",
        "--map-root-user",
        "--net",
        "--",
        "setpriv",
        "--bounding-set=-net_bind_service",
    ];
    let refused = run_under(&instance, &unprivileged, &["serve"]).await;
    assert_eq!(refused.code, Some(2), "{refused:?}");
    let last = refused.err.lines().last().unwrap_or_default();
    assert!(
        last.contains("listen.public: cannot listen on 127.0.0.1:80"),
        "{refused:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ipv6_alone_does() {
    let instance = Instance::new().await;
    instance.configure(|text| text.replace("\"127.0.0.1:0\"", "\"[::1]:0\""));
    let serving = instance.serve().await;
    assert!(serving.public.is_ipv6() && serving.staff.is_ipv6());
    let wrote = write(serving.public, 0, 1, |_| false).await;
    assert_eq!(wrote.statuses, [200]);
    assert_eq!(serving.stop().await, Some(0));
}

/// A secret that belongs to another account is refused, whoever runs this.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_secret_of_another_account_is_refused() {
    let instance = Instance::new().await;
    let secret = instance.path("app-secret");
    let us = std::fs::metadata(&secret).unwrap().uid();
    let theirs = if us == 0 {
        std::os::unix::fs::chown(&secret, Some(65_534), None).unwrap();
        "app-secret".to_owned()
    } else {
        "/etc/hostname".to_owned()
    };
    instance.configure(|text| text.replace("\"app-secret\"", &format!("\"{theirs}\"")));
    instance
        .run(&["serve"])
        .await
        .refused("belongs to another account");
}

/// What lies where the database should be and is none of ours is refused, and not a byte of it
/// changes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_that_are_not_ours_are_left_alone() {
    let instance = Instance::new().await;
    assert_eq!(instance.serve().await.stop().await, Some(0));
    let database = instance.path("data").join("imvume.db");
    let sound = std::fs::read(&database).unwrap();
    let mut torn = sound.clone();
    torn.get_mut(..100).unwrap().fill(0xaa);
    let half = sound.get(..sound.len() / 2 + 100).unwrap().to_vec();
    for (what, bytes) in [
        ("a torn header", torn),
        ("text", b"Dear diary,\n".repeat(1_000)),
        ("half of it", half),
    ] {
        std::fs::write(&database, &bytes).unwrap();
        chmod(&database, 0o600);
        for suffix in ["-wal", "-shm"] {
            let _ = std::fs::remove_file(instance.path("data").join(format!("imvume.db{suffix}")));
        }
        let refused = instance.run(&["serve"]).await;
        assert_eq!(refused.code, Some(2), "{what}: {refused:?}");
        assert_eq!(refused.err.lines().count(), 1, "{what}: {refused:?}");
        assert!(
            std::fs::read(&database).unwrap() == bytes,
            "{what}: the file was changed"
        );
    }
    std::fs::write(&database, &sound).unwrap();
    let mode = std::fs::metadata(&database).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode, 0o600);
    assert_eq!(instance.serve().await.stop().await, Some(0));
    whole(&instance).await;
}

/// A write-ahead log of another instance lies beside the database, as after a restore gone wrong.
/// SQLite cannot tell; the mark of the instance does, and the database stays as it was.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_ahead_log_of_another_is_refused() {
    let (ours, theirs) = (Instance::new().await, Instance::new().await);
    let serving = ours.serve().await;
    write(serving.public, 0, 5, |_| false).await;
    assert_eq!(serving.stop().await, Some(0));
    whole(&ours).await;
    let mut other = theirs.serve().await;
    write(other.public, 1_000, 5, |_| false).await;
    other.process.kill().await.unwrap();
    let name = "imvume.db-wal";
    std::fs::copy(theirs.path("data").join(name), ours.path("data").join(name)).unwrap();
    let database = ours.path("data").join("imvume.db");
    let sound = std::fs::read(&database).unwrap();
    for command in [&["serve"] as &[&str], &["audit", "reconcile"]] {
        let refused = ours.run(command).await;
        assert_eq!(refused.code, Some(2), "{refused:?}");
        assert!(refused.err.contains("another instance"), "{refused:?}");
    }
    assert!(
        std::fs::read(&database).unwrap() == sound,
        "the file was changed"
    );
    for suffix in ["-wal", "-shm"] {
        std::fs::remove_file(ours.path("data").join(format!("imvume.db{suffix}"))).unwrap();
    }
    assert_eq!(ours.serve().await.stop().await, Some(0));
    whole(&ours).await;
}
