//! Where the root key comes from, and rolling the epoch key of a gateway that serves.

use std::time::Duration;

use serde_json::Value;
use serde_json::json;

use crate::ask::Ask;
use crate::instance::Ended;
use crate::instance::Instance;

/// The configuration with another line about the root key.
fn name(instance: &Instance, line: &str) {
    instance.configure(|text| text.replacen("[instance]\n", &format!("[instance]\n{line}\n"), 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_keyring_goes_from_one_root_key_to_another() {
    let instance = Instance::new().await;
    instance.write("words", "correct horse battery staple\n");
    let rewrap = ["keys", "rewrap", "--to-passphrase-file", "words"];
    instance
        .run(&rewrap)
        .await
        .refused("`imvume.key` does not exist");
    assert_eq!(instance.serve().await.stop().await, Some(0));

    let running = instance.serve().await;
    instance
        .run(&rewrap)
        .await
        .refused("another process uses this data directory");
    assert_eq!(running.stop().await, Some(0));

    let folder = instance.folder.path().display().to_string();
    let to = "The keyring is sealed under the passphrase in `words` now";
    instance.run(&rewrap).await.found(0, to);
    for command in [&["serve"][..], &["keys", "status"], &rewrap] {
        instance.run(command).await.refused("wrong key:");
    }
    name(&instance, "passphrase_file = \"words\"");
    instance.run(&["check"]).await.found(0, "All is well.");
    assert_eq!(instance.serve().await.stop().await, Some(0));

    // To a credential: it lies where systemd says, and may be readable to the group.
    instance
        .run(&["keys", "rewrap", "--to-credential", "root"])
        .await
        .refused("$CREDENTIALS_DIRECTORY is not set");
    std::fs::copy(instance.path("imvume.key"), instance.path("root")).unwrap();
    let mut command = instance.command(&["keys", "rewrap", "--to-credential", "root"]);
    command.env("CREDENTIALS_DIRECTORY", &folder);
    let ended = Ended::of(command.output().await.unwrap());
    ended.found(0, "the credential `root`");
    name(&instance, "credential = \"root\"");
    let mut command = instance.command(&["serve"]);
    command.env("CREDENTIALS_DIRECTORY", &folder);
    assert_eq!(instance.serve_by(command).await.stop().await, Some(0));
    instance
        .run(&["serve"])
        .await
        .refused("instance.credential: $CREDENTIALS_DIRECTORY is not set");

    // And to a key file that is not there yet.
    let mut command = instance.command(&["keys", "rewrap", "--to-key-file", "new.key"]);
    command.env("CREDENTIALS_DIRECTORY", &folder);
    let ended = Ended::of(command.output().await.unwrap());
    ended.found(0, "the key file `new.key`");
    name(&instance, "key_file = \"new.key\"");
    assert_eq!(instance.serve().await.stop().await, Some(0));
    instance
        .run(&["audit", "reconcile"])
        .await
        .found(0, "0 differences");
}

#[tokio::test]
async fn a_root_key_comes_from_one_place() {
    let instance = Instance::new().await;
    for (line, wanted) in [
        (
            "key_file = \"a\"\npassphrase_file = \"b\"",
            "imvume.toml:3: [instance] passphrase_file: the root key comes from one place",
        ),
        (
            "passphrase_file = \"a\"\ncredential = \"b\"",
            "imvume.toml:3: [instance] credential: the root key comes from one place",
        ),
        (
            "credential = \"../b\"",
            "imvume.toml:2: [instance] credential: wants the name of a credential",
        ),
    ] {
        name(&instance, line);
        instance.run(&["serve"]).await.refused(wanted);
    }
    name(&instance, "passphrase_file = \"words\"");
    instance
        .run(&["serve"])
        .await
        .refused("`words` does not exist");
    instance.write("words", "short\n");
    let wanted = "instance.passphrase_file: `words` must hold a passphrase of at least 12 bytes";
    instance.run(&["serve"]).await.refused(wanted);
    assert!(!instance.path("data").join("keys").exists());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gateway_that_serves_rolls_its_key_when_it_is_asked() {
    let instance = Instance::new().await;
    let mut serving = instance.serve().await;
    let staff = serving.token.take().unwrap();
    let keys = || async {
        let (status, keys) = Ask::get("/api/v1/keys")
            .bearer(&staff)
            .of(serving.staff)
            .await
            .unwrap();
        assert_eq!(status, 200, "{keys}");
        keys
    };
    let before = keys().await;
    assert_eq!(
        (&before["epochs"][0]["id"], &before["roll"]),
        (&json!(1), &Value::Null)
    );

    let begin = Ask::post("/api/v1/keys/rolls", &json!({})).bearer(&staff);
    let (status, begun) = begin.of(serving.staff).await.unwrap();
    assert_eq!((status, &begun["epoch"]), (202, &json!(2)), "{begun}");
    let mut look = tokio::time::interval(Duration::from_millis(20));
    let mut after = keys().await;
    for _ in 0..1500 {
        if after["roll"]["ended_at"] != Value::Null {
            break;
        }
        look.tick().await;
        after = keys().await;
    }
    assert_eq!(after["roll"]["stage"], Value::Null, "{after}");
    assert_eq!(after["epochs"].as_array().unwrap().len(), 1, "{after}");
    assert_eq!(after["epochs"][0]["id"], json!(2), "{after}");
    instance
        .run(&["keys", "status"])
        .await
        .found(0, "Epoch key 2: current");
    assert_eq!(serving.stop().await, Some(0));
    instance
        .run(&["audit", "reconcile"])
        .await
        .found(0, "0 differences");
}
