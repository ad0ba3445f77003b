//! A certificate authority, and hosts that speak TLS with what it gave them.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;

use rcgen::BasicConstraints;
use rcgen::CertificateParams;
use rcgen::CertifiedIssuer;
use rcgen::IsCa;
use rcgen::KeyPair;
use rcgen::date_time_ymd;
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::PrivateKeyDer;
use tokio::io::AsyncReadExt;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;

/// A certificate with its key.
pub(crate) struct Identity {
    certificate: CertificateDer<'static>,
    key: Vec<u8>,
}

/// Who certifies.
pub(crate) struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        Self(CertifiedIssuer::self_signed(params, key).unwrap())
    }

    pub(crate) fn root(&self) -> CertificateDer<'static> {
        self.0.der().clone()
    }

    /// A certificate that holds for these names.
    pub(crate) fn certify(&self, names: &[&str]) -> Identity {
        self.sign(&params(names))
    }

    pub(crate) fn expired(&self, names: &[&str]) -> Identity {
        let mut params = params(names);
        params.not_before = date_time_ymd(2001, 1, 1);
        params.not_after = date_time_ymd(2002, 1, 1);
        self.sign(&params)
    }

    pub(crate) fn early(&self, names: &[&str]) -> Identity {
        let mut params = params(names);
        params.not_before = date_time_ymd(4001, 1, 1);
        params.not_after = date_time_ymd(4002, 1, 1);
        self.sign(&params)
    }

    /// A certificate that nobody signed but itself.
    pub(crate) fn alone(names: &[&str]) -> Identity {
        let key = KeyPair::generate().unwrap();
        let certificate = params(names).self_signed(&key).unwrap();
        Identity {
            certificate: certificate.der().clone(),
            key: key.serialize_der(),
        }
    }

    fn sign(&self, params: &CertificateParams) -> Identity {
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.0).unwrap();
        Identity {
            certificate: certificate.der().clone(),
            key: key.serialize_der(),
        }
    }
}

fn params(names: &[&str]) -> CertificateParams {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    CertificateParams::new(names).unwrap()
}

/// A host that answers `ok` over TLS, twice on each connection.
pub(crate) struct Secure {
    pub(crate) address: SocketAddr,
    connections: Arc<AtomicUsize>,
    requests: Arc<AtomicUsize>,
}

impl Secure {
    pub(crate) async fn start(address: &str, identity: Identity) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let key = PrivateKeyDer::try_from(identity.key).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![identity.certificate], key)
            .unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let host = Self {
            address: listener.local_addr().unwrap(),
            connections: Arc::default(),
            requests: Arc::default(),
        };
        let connections = Arc::clone(&host.connections);
        let requests = Arc::clone(&host.requests);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                connections.fetch_add(1, Ordering::SeqCst);
                let (acceptor, requests) = (acceptor.clone(), Arc::clone(&requests));
                tokio::spawn(async move { serve(acceptor, stream, &requests).await });
            }
        });
        host
    }

    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    pub(crate) fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }
}

async fn serve(acceptor: TlsAcceptor, stream: TcpStream, requests: &AtomicUsize) {
    let Ok(mut stream) = acceptor.accept(stream).await else {
        return;
    };
    for connection in ["keep-alive", "close"] {
        let mut text = Vec::new();
        let mut piece = [0; 1024];
        while !text.ends_with(b"\r\n\r\n") {
            let Ok(length @ 1..) = stream.read(&mut piece).await else {
                return;
            };
            text.extend_from_slice(piece.get(..length).unwrap());
        }
        requests.fetch_add(1, Ordering::SeqCst);
        let answer =
            format!("HTTP/1.1 200 OK\r\nconnection: {connection}\r\ncontent-length: 2\r\n\r\nok");
        stream.write_all(answer.as_bytes()).await.unwrap();
    }
}
