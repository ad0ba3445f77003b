//! A running gateway and what it is asked: to renew its certificates, to end, to make do with little.

use std::process::Stdio;
use std::time::Duration;

use rustls::version::TLS12;
use rustls::version::TLS13;
use tokio::net::TcpStream;

use crate::ask::Ask;
use crate::client::Client;
use crate::instance::Ended;
use crate::instance::Instance;
use crate::instance::Serving;
use crate::instance::chmod;
use crate::instance::signal;
use crate::tls::Identity;
use crate::tls::shake;
use crate::tls::trusting;
use crate::traffic::app;

const TLS: &str = "\n[listen.tls]\ncertificate = \"certificate\"\nkey = \"key\"\n";

fn write(instance: &Instance, identity: &Identity) {
    instance.write("certificate", &identity.certificate);
    instance.write("key", &identity.key);
}

/// An answer over TLS, if there is one for who trusts `identity` alone.
async fn health(serving: &Serving, identity: &Identity) -> Option<u16> {
    let connector = trusting(&[identity], &[&TLS12, &TLS13], &["http/1.1"]);
    let stream = shake(&connector, serving.staff).await.ok()?;
    let mut client = Client::over(stream);
    client.send(&Ask::get("/healthz").bytes()).await;
    client.reply().await.map(|reply| reply.status)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hangup_renews_the_certificate_and_ends_nothing() {
    let instance = Instance::new().await;
    let (old, new) = (Identity::new(), Identity::new());
    write(&instance, &old);
    instance.configure(|text| text + TLS);
    let serving = instance.serve().await;
    assert_eq!(health(&serving, &old).await, Some(200));

    instance.write("certificate", &new.certificate);
    signal(&serving.process, "HUP").await;
    instance
        .tells("the new certificate cannot be used; the one before stays in force")
        .await;
    instance
        .tells("for anything else in the configuration, restart")
        .await;
    assert_eq!(health(&serving, &old).await, Some(200));
    assert_eq!(health(&serving, &new).await, None);

    write(&instance, &new);
    chmod(&instance.path("key"), 0o644);
    signal(&serving.process, "HUP").await;
    instance.tells("is open to others (mode 0644)").await;
    assert_eq!(health(&serving, &old).await, Some(200));

    chmod(&instance.path("key"), 0o600);
    signal(&serving.process, "HUP").await;
    // One listener after the other: this is the one that is asked.
    instance
        .tells("a new certificate is in force listener=\"staff\"")
        .await;
    assert_eq!(health(&serving, &new).await, Some(200));
    assert_eq!(health(&serving, &old).await, None);
    assert_eq!(serving.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn new_files_are_found_without_a_signal() {
    let instance = Instance::new().await;
    let (old, new) = (Identity::new(), Identity::new());
    write(&instance, &old);
    instance.configure(|text| text + TLS + "check_seconds = 1\n");
    let serving = instance.serve().await;
    assert_eq!(health(&serving, &old).await, Some(200));
    write(&instance, &new);
    instance.tells("a new certificate is in force").await;
    let mut look = tokio::time::interval(Duration::from_millis(20));
    for _ in 0..1500 {
        look.tick().await;
        if health(&serving, &new).await.is_some() {
            break;
        }
    }
    assert_eq!(health(&serving, &new).await, Some(200));
    assert_eq!(serving.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_certificate_that_cannot_be_used_is_no_start() {
    let instance = Instance::new().await;
    let (one, other) = (Identity::new(), Identity::new());
    write(&instance, &one);
    instance.configure(|text| text + TLS);
    chmod(&instance.path("key"), 0o640);
    let open = instance.run(&["serve"]).await;
    open.refused("`key` is open to others (mode 0640): run `chmod 600 key`");
    instance.write("key", &other.key);
    let strange = instance.run(&["serve"]).await;
    strange.refused("listen.tls, for public: certificate: ");
    std::fs::remove_file(instance.path("key")).unwrap();
    std::os::unix::fs::symlink("certificate", instance.path("key")).unwrap();
    let link = instance.run(&["serve"]).await;
    link.refused("`key` is a symbolic link; name the file itself");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_listener_in_plain_is_warned_of() {
    let instance = Instance::new().await;
    let warning = "other machines reach this in plain";
    let open = |text: String| text.replace("apps = \"127.0.0.1:0\"", "apps = \"0.0.0.0:0\"");
    instance.configure(open);
    assert_eq!(instance.serve().await.stop().await, Some(0));
    let told = instance.told();
    let warnings: Vec<&str> = told.lines().filter(|line| line.contains(warning)).collect();
    assert_eq!(warnings.len(), 1, "{told}");
    assert!(
        warnings[0].contains(" listen.apps: other machines"),
        "{told}"
    );

    write(&instance, &Identity::new());
    instance.configure(|text| open(text) + TLS);
    assert_eq!(instance.serve().await.stop().await, Some(0));
    let proxies = "staff = \"127.0.0.1:0\"\ntrusted_proxies = [\"10.0.0.0/8\"]";
    instance.configure(|text| open(text).replace("staff = \"127.0.0.1:0\"", proxies));
    assert_eq!(instance.serve().await.stop().await, Some(0));
    assert_eq!(
        instance.told().matches(warning).count(),
        1,
        "{}",
        instance.told()
    );
}

/// An app's request whose head is taken in and whose body is half here.
async fn half_a_request(serving: &mut Serving) -> Client {
    let staff = serving.token.take().unwrap();
    let (_, token) = app(serving, &staff, None).await;
    let mut client = Client::connect(serving.apps).await;
    let head = format!(
        "POST /v23.0/106540352242922/messages HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {token}\r\n\
         Content-Type: application/json\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n"
    );
    client.send(head.as_bytes()).await;
    assert_eq!(client.reply().await.unwrap().status, 100);
    client.send(b"{").await;
    client
}

/// Waits until nobody is let in any more.
#[expect(clippy::panic, reason = "the test cannot go on")]
async fn closed(serving: &Serving) {
    let mut look = tokio::time::interval(Duration::from_millis(10));
    for _ in 0..3000 {
        look.tick().await;
        if TcpStream::connect(serving.apps).await.is_err() {
            return;
        }
    }
    panic!("the listener is still open")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_open_request_is_answered_before_the_end() {
    let instance = Instance::new().await;
    let mut serving = instance.serve().await;
    let mut client = half_a_request(&mut serving).await;
    signal(&serving.process, "TERM").await;
    closed(&serving).await;
    signal(&serving.process, "HUP").await;
    client.send(b"}").await;
    let reply = client.reply().await.unwrap();
    assert_eq!(
        (reply.status, reply.header("connection")),
        (400, Some("close"))
    );
    assert_eq!(serving.process.wait().await.unwrap().code(), Some(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_that_does_not_end_is_cut_off_in_its_time() {
    let instance = Instance::new().await;
    instance.configure(|text| text + "\n[limits]\ndrain_seconds = 1\n");
    let mut serving = instance.serve().await;
    let mut client = half_a_request(&mut serving).await;
    signal(&serving.process, "TERM").await;
    assert_eq!(serving.process.wait().await.unwrap().code(), Some(0));
    assert!(client.closes().await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_signal_ends_at_once() {
    let instance = Instance::new().await;
    instance.configure(|text| text + "\n[limits]\ndrain_seconds = 3600\nbody_seconds = 3600\n");
    let mut serving = instance.serve().await;
    let mut client = half_a_request(&mut serving).await;
    signal(&serving.process, "TERM").await;
    closed(&serving).await;
    signal(&serving.process, "TERM").await;
    assert_eq!(serving.process.wait().await.unwrap().code(), Some(130));
    assert!(client.closes().await);
    assert_eq!(instance.serve().await.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn few_files_are_made_more_or_refused() {
    let instance = Instance::new().await;
    let binary = env!("CARGO_BIN_EXE_imvume");
    let under = |limit: &str| {
        let mut command = tokio::process::Command::new("sh");
        command
            .args(["-c", &format!("ulimit {limit}; exec {binary} serve")])
            .current_dir(instance.folder.path())
            .stdin(Stdio::null())
            .kill_on_drop(true);
        command
    };
    let refused = Ended::of(under("-n 300").output().await.unwrap());
    refused.refused("want 3584 open files, and this process may have 300: raise `ulimit -Hn`");
    assert!(
        !instance.path("data").exists(),
        "a refused start makes nothing"
    );

    let serving = instance.serve_by(under("-Sn 300")).await;
    let (_, figures) = Ask::get("/metrics").of(serving.staff).await.unwrap();
    let figures = figures.as_str().unwrap();
    assert!(
        figures.contains("\nimvume_process_max_files 3584\n"),
        "{figures}"
    );
    instance.tells("raised how many files may be open").await;
    assert_eq!(serving.stop().await, Some(0));
}
