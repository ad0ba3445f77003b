//! The commands, run as people run them.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::path::PathBuf;
use std::process::Stdio;

use serde_json::Value;
use tempfile::TempDir;

use crate::ask::Ask;
use crate::instance::Ended;
use crate::instance::Instance;
use crate::instance::chmod;
use crate::instance::imvume;
use crate::instance::signal;

/// The data of a played day.
async fn day() -> TempDir {
    let folder = TempDir::new().unwrap();
    let directory = folder.path().join("demo");
    let played = run(&["demo", "--once", "--dir", text(&directory)]).await;
    played.found(0, "no differences");
    folder
}

async fn run(arguments: &[&str]) -> Ended {
    Ended::of(imvume(arguments).output().await.unwrap())
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_process_serves_and_only_one() {
    let instance = Instance::new().await;
    let mut serving = instance.serve().await;
    let token = serving.token.take().unwrap();
    assert!(
        token.starts_with("imvume_staff_"),
        "the first start shows the token"
    );
    for (path, wanted) in [("/healthz", "ok\n"), ("/readyz", "ready\n")] {
        let answer = Ask::get(path).of(serving.staff).await;
        assert_eq!(
            answer,
            Some((200, Value::String(wanted.to_owned()))),
            "{path}"
        );
    }
    let numbers = Ask::get("/api/v1/numbers")
        .bearer(&token)
        .of(serving.staff)
        .await;
    assert_eq!(numbers.unwrap().0, 200);

    for command in [&["serve"][..], &["keys", "roll"], &["audit", "reconcile"]] {
        instance
            .run(command)
            .await
            .refused("another process uses this data directory");
    }
    instance
        .run(&["keys", "status"])
        .await
        .found(0, "Epoch key 1: current");
    let check = instance.run(&["check"]).await;
    check.found(0, "All is well.");
    assert!(!check.out.contains("problem"), "{check:?}");
    assert_eq!(serving.stop().await, Some(0));

    let again = instance.serve().await;
    assert_eq!(again.token, None, "the token is shown once");
    assert_eq!(again.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_written_is_closed_to_others() {
    let instance = Instance::new().await;
    let mut command = tokio::process::Command::new("sh");
    let binary = env!("CARGO_BIN_EXE_imvume");
    let mut open = command
        .args(["-c", &format!("umask 000; exec {binary} serve")])
        .current_dir(instance.folder.path())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let log = instance.path("data").join("log").join("checkpoint");
    let mut look = tokio::time::interval(std::time::Duration::from_millis(20));
    for _ in 0..1500 {
        look.tick().await;
        if log.exists() {
            break;
        }
    }
    signal(&open, "INT").await;
    assert_eq!(open.wait().await.unwrap().code(), Some(0));
    let mut seen = 0;
    let mut folders = vec![instance.path("data")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let entry = entry.unwrap();
            let mode = entry.metadata().unwrap().permissions().mode() & 0o777;
            assert_eq!(mode & 0o077, 0, "{:?} has mode {mode:o}", entry.path());
            seen += 1;
            if entry.file_type().unwrap().is_dir() {
                folders.push(entry.path());
            }
        }
    }
    assert!(seen > 5, "only {seen} files");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_that_do_not_fit_are_told_apart() {
    let instance = Instance::new().await;
    assert_eq!(instance.serve().await.stop().await, Some(0));
    let key = instance.path("imvume.key");

    chmod(&key, 0o644);
    instance.run(&["serve"]).await.refused("run `chmod 600");
    instance.run(&["check"]).await.found(1, "run `chmod 600");
    chmod(&key, 0o600);

    let right = std::fs::read_to_string(&key).unwrap();
    let other = Instance::new().await;
    assert_eq!(other.serve().await.stop().await, Some(0));
    std::fs::copy(other.path("imvume.key"), &key).unwrap();
    instance
        .run(&["serve"])
        .await
        .refused("sealed under another root key");

    std::fs::remove_file(&key).unwrap();
    instance
        .run(&["serve"])
        .await
        .refused("put the root key back");
    instance.write("imvume.key", &right);

    let keyring = instance.path("data").join("keys").join("keyring");
    let away = instance.path("away");
    std::fs::rename(&keyring, &away).unwrap();
    instance
        .run(&["serve"])
        .await
        .refused("put the keyring back");
    std::fs::rename(&away, &keyring).unwrap();
    assert_eq!(instance.serve().await.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_port_in_use_is_named() {
    let instance = Instance::new().await;
    let taken = instance.meta.addr().to_string();
    let line = |taken: &str| format!("apps = \"{taken}\"");
    instance.configure(|text| text.replacen("apps = \"127.0.0.1:0\"", &line(&taken), 1));
    let wanted = format!("listen.apps: cannot listen on {taken}");
    let refused = instance.run(&["serve"]).await;
    assert_eq!(refused.code, Some(2), "{refused:?}");
    assert!(refused.err.contains(&wanted), "{refused:?}");
    instance
        .run(&["check"])
        .await
        .found(1, "free it or name another");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_check_names_what_is_wrong_at_meta() {
    let instance = Instance::new().await;
    instance.write("access-token", "nobody-was-given-this-token");
    instance
        .run(&["check"])
        .await
        .found(1, "Meta refuses the access token");
    instance.write("access-token", "emulator-access-token");
    instance.write("verify-token", "aaaa");
    instance.run(&["check"]).await.found(1, "is easy to guess");
    instance.write("verify-token", "emulator-verify-token");
    instance.configure(|text| text.replace("+27 21 555 0100", "+27 21 555 0199"));
    instance.run(&["check"]).await.found(1, "correct `display`");
    instance.configure(|text| text.replace("allow_private = [\"127.0.0.1\"]", ""));
    instance.run(&["check"]).await.found(1, "cannot be reached");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_log_is_verified_from_its_files() {
    let folder = day().await;
    let log = folder.path().join("demo").join("data").join("log");
    let key = std::fs::read_to_string(log.join("key.vkey")).unwrap();
    let newest = log.join("checkpoint");
    let (directory, newest) = (text(&log), text(&newest));
    run(&["audit", "verify", directory])
        .await
        .found(0, "The log is whole");
    let known = [
        "audit",
        "verify",
        directory,
        "--key",
        key.trim(),
        "--checkpoint",
        newest,
    ];
    run(&known).await.found(0, "The log is whole");
    let whole = run(&["audit", "verify", directory, "--json"]).await;
    let whole: Value = serde_json::from_str(&whole.out).unwrap();
    assert_eq!(whole.get("whole"), Some(&Value::Bool(true)));

    let other = "other.example/log+00000000+AAAA";
    let wrong = run(&["audit", "verify", directory, "--key", other]).await;
    wrong.refused("--key: not a verifying key");
    run(&["audit", "verify", text(folder.path())])
        .await
        .refused("holds no log");

    let bundle = newest_bundle(&log.join("tile").join("entries"));
    let mut bytes = std::fs::read(&bundle).unwrap();
    let middle = bytes.len() / 2;
    *bytes.get_mut(middle).unwrap() ^= 1;
    std::fs::write(&bundle, &bytes).unwrap();
    run(&["audit", "verify", directory])
        .await
        .found(1, "The log is not whole: entry ");
    bytes.truncate(middle);
    std::fs::write(&bundle, &bytes).unwrap();
    run(&["audit", "verify", directory])
        .await
        .found(1, "The log is not whole");
    std::fs::remove_file(&bundle).unwrap();
    let short = run(&["audit", "verify", directory, "--json"]).await;
    short.found(1, "\"whole\":false");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_put_back_to_an_earlier_state_is_found_out() {
    let instance = Instance::new().await;
    assert_eq!(instance.serve().await.stop().await, Some(0));
    let copy = ["-a", "data/log", "earlier"];
    let copied = tokio::process::Command::new("cp")
        .args(copy)
        .current_dir(instance.folder.path())
        .status()
        .await
        .unwrap();
    assert!(copied.success());
    instance
        .run(&["keys", "roll"])
        .await
        .found(0, "Rolled to epoch key 2");
    assert_eq!(instance.serve().await.stop().await, Some(0));

    instance
        .run(&["audit", "verify", "earlier"])
        .await
        .found(0, "The log is whole");
    let kept = [
        "audit",
        "verify",
        "earlier",
        "--checkpoint",
        "data/log/checkpoint",
    ];
    instance.run(&kept).await.found(1, "The log is not whole");
    let kept = [
        "audit",
        "verify",
        "data",
        "--checkpoint",
        "earlier/checkpoint",
    ];
    instance.run(&kept).await.found(0, "The log is whole");
}

/// The only bundle of a short log: a partial one.
fn newest_bundle(entries: &Path) -> PathBuf {
    let widths = std::fs::read_dir(entries.join("000.p")).unwrap();
    widths.map(|entry| entry.unwrap().path()).next().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_log_is_reconciled_exported_and_the_keys_rolled() {
    let folder = day().await;
    let demo = folder.path().join("demo");
    let config = demo.join("imvume.toml");
    let config = text(&config);
    let out = folder.path().join("entries.ndjson");
    let export = [
        "audit", "export", "--config", config, "--from", "2", "--to", "5", "--out",
    ];
    run(&[&export[..], &[text(&out)]].concat())
        .await
        .found(0, "3 entries written");
    let lines = std::fs::read_to_string(&out).unwrap();
    let lines: Vec<Value> = lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let positions: Vec<_> = lines
        .iter()
        .filter_map(|line| line.get("position")?.as_u64())
        .collect();
    assert_eq!(positions, [2, 3, 4]);
    assert!(lines.last().unwrap().get("checkpoint").is_some());
    let again = run(&[&export[..], &[text(&out)]].concat()).await;
    again.refused("exists and is not overwritten");
    let piped = run(&[&export[..], &["-"]].concat()).await;
    assert_eq!(piped.out.lines().count(), 4);
    let command = format!(
        "{} audit export --config {config} --out - | true",
        env!("CARGO_BIN_EXE_imvume")
    );
    let cut = tokio::process::Command::new("bash")
        .args(["-c", &format!("set -o pipefail; {command}")])
        .output()
        .await
        .unwrap();
    assert!(cut.status.success() && cut.stderr.is_empty(), "{cut:?}");

    run(&["audit", "reconcile", "--config", config])
        .await
        .found(0, "0 differences");
    run(&["keys", "roll", "--config", config])
        .await
        .found(0, "Rolled to epoch key 2");
    run(&["keys", "status", "--config", config])
        .await
        .found(0, "Epoch key 2: current");
    let json = run(&["audit", "reconcile", "--config", config, "--json"]).await;
    json.found(0, "\"whole\":true");
}

#[tokio::test]
async fn a_folder_with_something_in_it_is_no_stage() {
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join("mine"), "").unwrap();
    let refused = run(&["demo", "--once", "--dir", text(folder.path())]).await;
    refused.refused("is not empty");
}
