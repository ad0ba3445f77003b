//! TLS on a listener, over real handshakes.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use imvume::listen::CertificateError;
use imvume::listen::Certificates;
use imvume::listen::Door;
use imvume::listen::Limits;
use imvume::listen::Pair;
use imvume::listen::Renewal;
use rcgen::CertifiedKey;
use rcgen::KeyPair;
use rustls::ClientConfig;
use rustls::RootCertStore;
use rustls::SupportedProtocolVersion;
use rustls::crypto::aws_lc_rs;
use rustls::version::TLS12;
use rustls::version::TLS13;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::ServerName;
use tempfile::TempDir;
use tokio::io::AsyncReadExt as _;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::client::Client;
use crate::client::PATIENCE;
use crate::listen::HELLO;
use crate::listen::REQUESTS;
use crate::listen::Server;
use crate::listen::judge_over;
use crate::listen::limits;
use crate::listen::open;

/// A certificate of its own for `localhost` and loopback addresses, with its key, as PEM.
pub(crate) struct Identity {
    pub(crate) der: CertificateDer<'static>,
    pub(crate) certificate: String,
    pub(crate) key: String,
}

impl Identity {
    pub(crate) fn new() -> Self {
        let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
        let made: CertifiedKey<KeyPair> = rcgen::generate_simple_self_signed(names).unwrap();
        let key = made.signing_key.serialize_der();
        Self {
            der: made.cert.der().clone(),
            certificate: pem("CERTIFICATE", made.cert.der()),
            key: pem("PRIVATE KEY", &key),
        }
    }
}

fn pem(label: &str, der: &[u8]) -> String {
    let encoded = STANDARD.encode(der);
    let lines: Vec<&str> = encoded
        .as_bytes()
        .chunks(64)
        .map(|line| str::from_utf8(line).unwrap())
        .collect();
    format!(
        "-----BEGIN {label}-----\n{}\n-----END {label}-----\n",
        lines.join("\n")
    )
}

/// A client's side of TLS that trusts these certificates and nobody else.
pub(crate) fn trusting(
    identities: &[&Identity],
    versions: &[&'static SupportedProtocolVersion],
    protocols: &[&str],
) -> TlsConnector {
    let mut roots = RootCertStore::empty();
    for identity in identities {
        roots.add(identity.der.clone()).unwrap();
    }
    let provider = Arc::new(aws_lc_rs::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(versions)
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = protocols
        .iter()
        .map(|name| name.as_bytes().to_vec())
        .collect();
    TlsConnector::from(Arc::new(config))
}

/// A handshake with a listener.
pub(crate) async fn shake(
    connector: &TlsConnector,
    address: SocketAddr,
) -> std::io::Result<TlsStream<TcpStream>> {
    let stream = TcpStream::connect(address).await?;
    let name = ServerName::try_from("localhost").unwrap();
    timeout(PATIENCE, connector.connect(name, stream))
        .await
        .unwrap()
}

/// The certificate a listener shows.
async fn shown(connector: &TlsConnector, address: SocketAddr) -> CertificateDer<'static> {
    let stream = shake(connector, address).await.unwrap();
    let (_, session) = stream.get_ref();
    let shown = session.peer_certificates().unwrap().first().unwrap();
    shown.clone().into_owned()
}

/// The two files of a certificate, in a folder.
fn write(folder: &Path, certificate: &str, key: &str) {
    std::fs::write(folder.join("certificate"), certificate).unwrap();
    std::fs::write(folder.join("key"), key).unwrap();
}

fn from_files(folder: &TempDir) -> Result<Certificates, CertificateError> {
    let folder = folder.path().to_owned();
    let read =
        move |name: &str| std::fs::read(folder.join(name)).map_err(|error| error.to_string());
    Certificates::open(Box::new(move || {
        Ok(Pair {
            certificate: read("certificate")?,
            key: read("key")?.into(),
        })
    }))
}

/// A listener that shows `identity`.
async fn serve(identity: &Identity, limits: Limits) -> Server {
    let (certificate, key) = (identity.certificate.clone(), identity.key.clone());
    let certificates = Certificates::open(Box::new(move || {
        Ok(Pair {
            certificate: certificate.clone().into_bytes(),
            key: key.clone().into_bytes().into(),
        })
    }));
    let certificates = Some(Arc::new(certificates.unwrap()));
    open(Door {
        certificates,
        ..Door::plain("apps", limits)
    })
    .await
}

#[tokio::test]
async fn both_versions_speak_http_1_and_nothing_else() {
    let identity = Identity::new();
    let server = serve(&identity, limits()).await;
    for (version, offered, agreed) in [
        (&TLS13, &["h2", "http/1.1"] as &[&str], Some("http/1.1")),
        (&TLS12, &["http/1.1"], Some("http/1.1")),
        (&TLS13, &[], None),
    ] {
        let connector = trusting(&[&identity], &[version], offered);
        let stream = shake(&connector, server.address).await.unwrap();
        let (_, session) = stream.get_ref();
        assert_eq!(session.protocol_version(), Some(version.version));
        assert_eq!(session.alpn_protocol(), agreed.map(str::as_bytes));
        let mut client = Client::over(stream);
        client.send(HELLO.as_bytes()).await;
        assert_eq!(client.reply().await.unwrap().body, b"hello");
    }
    let only_h2 = trusting(&[&identity], &[&TLS13], &["h2"]);
    assert!(shake(&only_h2, server.address).await.is_err());
}

#[tokio::test]
async fn the_guard_stands_behind_tls() {
    let identity = Identity::new();
    let server = serve(&identity, limits()).await;
    let connector = trusting(&[&identity], &[&TLS13], &[]);
    for (name, request, status, closes) in REQUESTS {
        let stream = shake(&connector, server.address).await.unwrap();
        judge_over(Client::over(stream), name, request, (*status, *closes)).await;
    }
}

#[tokio::test]
async fn what_is_no_handshake_is_closed() {
    let identity = Identity::new();
    let server = serve(&identity, limits()).await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream.write_all(HELLO.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    // An alert, or a reset; no HTTP in either case.
    let _ = timeout(PATIENCE, stream.read_to_end(&mut answer))
        .await
        .unwrap();
    assert!(!answer.starts_with(b"HTTP"), "{:?}", answer.escape_ascii());
    assert!(answer.len() < 16, "{:?}", answer.escape_ascii());
}

#[tokio::test]
async fn a_handshake_has_its_time_and_its_place() {
    let identity = Identity::new();
    let short = Limits {
        header_timeout: Duration::from_millis(400),
        max_connections: 1,
        ..limits()
    };
    let server = serve(&identity, short).await;
    let mut silent = Client::connect(server.address).await;
    let connector = trusting(&[&identity], &[&TLS13], &[]);
    // The one place is taken, so that a second is closed unheard.
    assert!(shake(&connector, server.address).await.is_err());
    assert!(silent.closes().await);
    let stream = loop {
        if let Ok(stream) = shake(&connector, server.address).await {
            break stream;
        }
    };
    let mut client = Client::over(stream);
    client.send(HELLO.as_bytes()).await;
    assert_eq!(client.reply().await.unwrap().body, b"hello");
}

#[tokio::test]
async fn a_shutdown_waits_for_no_handshake() {
    let identity = Identity::new();
    let server = serve(&identity, limits()).await;
    let mut silent = Client::connect(server.address).await;
    let connector = trusting(&[&identity], &[&TLS13], &[]);
    let mut client = Client::over(shake(&connector, server.address).await.unwrap());
    client.send(HELLO.as_bytes()).await;
    assert_eq!(client.reply().await.unwrap().body, b"hello");
    server.shutdown.cancel();
    assert!(client.closes().await);
    assert!(silent.closes().await);
    timeout(PATIENCE, server.task)
        .await
        .unwrap()
        .unwrap()
        .unwrap();
}

#[tokio::test]
async fn a_renewed_pair_is_shown_and_a_broken_one_is_not() {
    let (old, new) = (Identity::new(), Identity::new());
    let folder = TempDir::new().unwrap();
    write(folder.path(), &old.certificate, &old.key);
    let certificates = Arc::new(from_files(&folder).unwrap());
    let server = open(Door {
        certificates: Some(Arc::clone(&certificates)),
        ..Door::plain("apps", limits())
    })
    .await;
    let connector = trusting(&[&old, &new], &[&TLS13], &[]);
    let kept = |renewal| matches!(renewal, Renewal::Kept(_));

    assert!(matches!(certificates.renew(), Renewal::Unchanged));
    // Half written: the new certificate with the old key, and then all else that may be there.
    for (certificate, key) in [
        (&*new.certificate, &*old.key),
        ("", &*new.key),
        (&*new.certificate, ""),
        (&*new.key, &*new.certificate),
        (new.certificate.split_at(200).0, &*new.key),
        (&*new.certificate, new.key.split_at(100).0),
    ] {
        write(folder.path(), certificate, key);
        assert!(kept(certificates.renew()), "{certificate} {key}");
        assert!(
            matches!(certificates.renew(), Renewal::Unchanged),
            "told once"
        );
        assert_eq!(shown(&connector, server.address).await, old.der);
    }
    std::fs::remove_file(folder.path().join("key")).unwrap();
    assert!(kept(certificates.renew()));
    assert!(
        matches!(certificates.renew(), Renewal::Unchanged),
        "told once"
    );
    assert!(kept(certificates.renew_now()), "told again when asked");
    assert_eq!(shown(&connector, server.address).await, old.der);

    write(folder.path(), &new.certificate, &new.key);
    assert!(matches!(certificates.renew(), Renewal::Renewed));
    assert_eq!(shown(&connector, server.address).await, new.der);
}

#[tokio::test]
async fn the_watch_tells_of_what_changed() {
    let (old, new) = (Identity::new(), Identity::new());
    let folder = TempDir::new().unwrap();
    write(folder.path(), &old.certificate, &old.key);
    let certificates = Arc::new(from_files(&folder).unwrap());
    let (tell, mut heard) = mpsc::unbounded_channel();
    let watch = Arc::clone(&certificates).watch(Duration::from_millis(5), move |renewal| {
        let _ = tell.send(matches!(renewal, Renewal::Renewed));
    });
    let watching = tokio::spawn(watch);
    write(folder.path(), "", "");
    assert_eq!(timeout(PATIENCE, heard.recv()).await.unwrap(), Some(false));
    write(folder.path(), &new.certificate, "");
    // Each of the two files is new by itself, so this may be told in one step or in two.
    write(folder.path(), &new.certificate, &new.key);
    while timeout(PATIENCE, heard.recv()).await.unwrap() != Some(true) {}
    watching.abort();
}

#[test]
fn a_first_pair_that_cannot_be_used_is_refused() {
    let (one, other) = (Identity::new(), Identity::new());
    let folder = TempDir::new().unwrap();
    for (certificate, key, wanted) in [
        ("", &*one.key, "there is no certificate"),
        ("canary", &*one.key, "there is no certificate"),
        (&*one.certificate, "canary", "there is no private key"),
        (
            &*one.certificate,
            &*one.certificate,
            "there is no private key",
        ),
        (&*one.certificate, &*other.key, "keys may not be consistent"),
    ] {
        write(folder.path(), certificate, key);
        let error = from_files(&folder).unwrap_err().to_string();
        assert!(error.contains(wanted), "{error}");
        assert!(!error.contains("canary"), "{error}");
    }
}
