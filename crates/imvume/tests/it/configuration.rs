//! What the binary says to configurations that are wrong.

use std::os::unix::fs::symlink;

use crate::instance::Instance;
use crate::instance::chmod;

/// A line that is replaced, what replaces it, and what is said.
const LINES: &[(&str, &str, &str)] = &[
    (
        "country = \"ZA\"",
        "country = \"canary\"",
        "imvume.toml:4: [instance] country: wants two capital letters",
    ),
    (
        "country = \"ZA\"",
        "",
        "imvume.toml:1: [instance]: the key `country` is missing",
    ),
    (
        "country = \"ZA\"",
        "contry = \"ZA\"",
        "imvume.toml:4: [instance] contry: unknown key `contry`",
    ),
    (
        "country = \"ZA\"",
        "country = \"ZA\"\ncountry = \"canary\"",
        "imvume.toml:5: [instance] country: duplicate key",
    ),
    (
        "country = \"ZA\"",
        "country = canary",
        "imvume.toml:4: [instance] country",
    ),
    (
        "[egress]",
        "[egres]",
        "imvume.toml:24: [egres]: unknown key `egres`",
    ),
    (
        "app_secret_file = \"app-secret\"",
        "app_secret = 4711",
        "imvume.toml:14: [meta] app_secret: wants a string",
    ),
    (
        "app_secret_file = \"app-secret\"",
        "app_secret = [\"canary\"]",
        "imvume.toml:14: [meta] app_secret: wants a string",
    ),
    (
        "app_secret_file = \"app-secret\"",
        "app_secret = \"canary of two words\"",
        "imvume.toml:14: [meta] app_secret: wants one line of visible ASCII",
    ),
    (
        "app_secret_file = \"app-secret\"",
        "app_secret = \"canary\"\napp_secret_file = \"app-secret\"",
        "imvume.toml:15: [meta] app_secret_file: give `app_secret` or `app_secret_file`, not both",
    ),
    (
        "app_secret_file = \"app-secret\"",
        "",
        "[meta] app_secret: is missing; give it here or its file as `app_secret_file`",
    ),
    (
        "app_secret_file = \"app-secret\"",
        "app_secret_file = \"nowhere\"",
        "imvume.toml:14: [meta] app_secret_file: `nowhere` cannot be read",
    ),
    (
        "app_secret_file = \"app-secret\"",
        "app_secret_file = \"data\"",
        "[meta] app_secret_file",
    ),
    (
        "public = \"127.0.0.1:0\"",
        "public = \"127.0.0.1\"",
        "imvume.toml:8: [listen] public: wants an address with a port",
    ),
    (
        "public = \"127.0.0.1:0\"",
        "public = \"198.51.100.7:80\"",
        "listen.public: cannot listen on 198.51.100.7:80",
    ),
    (
        "waba_id = \"102290129340398\"",
        "waba_id = 102290129340398",
        "[[number]] waba_id: wants a string",
    ),
    (
        "allow_private = [\"127.0.0.1\"]",
        "allow_private = [\"10.0.0.1/8\"]",
        "[egress] allow_private: wants host, host:port or network/prefix",
    ),
    (
        "allow_private = [\"127.0.0.1\"]",
        "call_timeout_seconds = 0",
        "[egress] call_timeout_seconds: wants a number of seconds",
    ),
    (
        "staff = \"127.0.0.1:0\"",
        "staff = \"127.0.0.1:0\"\ntrusted_proxies = [\"canary\"]",
        "imvume.toml:11: [listen] trusted_proxies: wants address or network/prefix: no IP address",
    ),
    (
        "staff = \"127.0.0.1:0\"",
        "staff = \"127.0.0.1:0\"\ntrusted_proxies = [\"10.0.0.1/8\"]",
        "[listen] trusted_proxies: wants address or network/prefix: the prefix does not fit",
    ),
    (
        "staff = \"127.0.0.1:0\"",
        "staff = \"127.0.0.1:0\"\nproxy_header = \"via\"",
        "imvume.toml:11: [listen] proxy_header: wants \"x-forwarded-for\" or \"forwarded\"",
    ),
    (
        "[meta]",
        "[listen.tls]\ncertificate = \"canary\"\n\n[meta]",
        "imvume.toml:13: [listen.tls] key: is missing; `certificate` alone is no certificate",
    ),
    (
        "[meta]",
        "[listen.tls]\nstaff = true\n\n[meta]",
        "[listen.tls] staff: wants false, or a table with `certificate` and `key`",
    ),
    (
        "[meta]",
        "[listen.tls]\napps = { certificate = \"a\" }\n\n[meta]",
        "the key `key` is missing",
    ),
    (
        "[meta]",
        "[listen.tls]\napps = { certificate = \"nowhere\", key = \"nowhere\" }\n\n[meta]",
        "listen.tls, for apps: nowhere: `nowhere`: No such file",
    ),
    (
        "[meta]",
        "[metrics]\nallow = [\"localhost\"]\n\n[meta]",
        "[metrics] allow: wants address or network/prefix: no IP address",
    ),
    (
        "[meta]",
        "[metrics]\ntoken = \"canary of two words\"\n\n[meta]",
        "[metrics] token: wants one line of visible ASCII",
    ),
    (
        "allow_private = [\"127.0.0.1\"]",
        "[trace]\nlevel = \"canary\"",
        "[trace] level: wants one of",
    ),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_line_is_named() {
    let instance = Instance::new().await;
    for (line, replacement, wanted) in LINES {
        instance.configure(|text| {
            assert!(text.contains(line), "{line}");
            text.replacen(line, replacement, 1)
        });
        instance.run(&["serve"]).await.refused(wanted);
    }
    assert!(
        !instance.path("data").join("log").exists(),
        "a refused start leaves no log"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_is_none_is_named() {
    let instance = Instance::new().await;
    instance.write("empty.toml", "");
    instance.write("large.toml", &"#".repeat((1 << 20) + 1));
    std::fs::write(instance.path("latin.toml"), b"# a\n# caf\xe9\n").unwrap();
    for (file, wanted) in [
        ("nowhere.toml", "nowhere.toml: cannot be read"),
        ("empty.toml", "empty.toml:1: the key `instance` is missing"),
        ("large.toml", "large.toml: is larger than 1 MiB"),
        ("latin.toml", "latin.toml: line 2: is not UTF-8"),
        (".", ".: is a directory"),
        ("/dev/null", "/dev/null: is not a regular file"),
    ] {
        for command in [
            &["serve"][..],
            &["check"],
            &["keys", "status"],
            &["audit", "reconcile"],
        ] {
            let arguments = [command, &["--config", file]].concat();
            instance.run(&arguments).await.refused(wanted);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_secret_that_others_can_read_is_refused() {
    let instance = Instance::new().await;
    chmod(&instance.path("app-secret"), 0o644);
    let open = instance.run(&["serve"]).await;
    open.refused("`app-secret` is open to others (mode 0644): run `chmod 600 app-secret`");
    chmod(&instance.path("app-secret"), 0o600);

    symlink("app-secret", instance.path("link")).unwrap();
    instance.configure(|text| text.replace("\"app-secret\"", "\"link\""));
    instance
        .run(&["serve"])
        .await
        .refused("`link` is a symbolic link");

    instance.configure(|text| {
        text.replace(
            "app_secret_file = \"app-secret\"",
            "app_secret = \"canary\"",
        )
    });
    chmod(&instance.path("imvume.toml"), 0o640);
    let own = instance.run(&["serve"]).await;
    own.refused("[meta] app_secret: a secret stands in a file that is open to others (mode 0640)");
}

#[tokio::test]
async fn a_wrong_call_is_a_wrong_call() {
    for arguments in [
        &[][..],
        &["swerve"],
        &["serve", "--port", "80"],
        &["audit", "verify"],
        &["demo", "--once", "--clients", "x"],
        &["demo", "--real-webhook", "http://127.0.0.1:1"],
    ] {
        let output = crate::instance::imvume(arguments).output().await.unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_configuration_explains_itself() {
    let instance = Instance::new().await;
    instance.configure(|text| {
        text.replace(
            "app_secret_file = \"app-secret\"",
            "app_secret = \"canary-of-a-secret\"",
        )
    });
    let told = instance.run(&["config", "explain"]).await;
    told.found(0, "instance.organisation = \"Kaapse Koffie\"  # line 3");
    for line in [
        "instance.language = \"en\"  # default",
        "meta.app_secret = (a secret)  # line 14",
        "meta.app_secret_file = (not set)  # default",
        "meta.verify_token_file = \"verify-token\"  # line 15",
        "listen.tls.check_seconds = 60  # default",
        "listen.apps_url = \"http://127.0.0.1:0/\"  # default",
        "number[0].display = \"+27 21 555 0100\"  # line 20",
        "egress.allow_private = [\"127.0.0.1\"]  # line 25",
        "store.url = (not set)  # default",
        "    Who runs it, as people read it in confirmations",
    ] {
        assert!(
            told.out.lines().any(|told| told == line),
            "{line}\n{}",
            told.out
        );
    }
    assert!(!told.out.contains("canary"), "{}", told.out);
    let told = instance.run(&["config", "explain", "--json"]).await;
    assert!(!told.out.contains("canary"), "{}", told.out);
    for line in told.out.lines() {
        let one: serde_json::Value = serde_json::from_str(line).unwrap();
        assert!(one["key"].is_string() && one["meaning"] != "", "{line}");
        assert!(
            !(one["secret"] == true && one["value"].is_string()),
            "{line}"
        );
    }
    instance.configure(|text| text.replace("[meta]", "[meta]\nnonsense = 1"));
    let refused = instance.run(&["config", "explain"]).await;
    refused.refused("nonsense");
}
