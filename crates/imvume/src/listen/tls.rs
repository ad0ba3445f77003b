//! TLS for a listener: one certificate with its key, renewed without a restart.
//!
//! TLS 1.3 and 1.2, HTTP/1.1 only, no client certificates. The wire guard stands behind it and reads
//! what has been decrypted, as it reads a plain connection. Where the two files are and who may read
//! them is the caller's business; this module is handed what is in them, as often as it asks.
//!
//! New files take effect only as a pair that belongs together. While they do not, as between the
//! writing of one and of the other, the pair before stays in force.

use std::fmt;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::RwLock;
use std::time::Duration;

use rustls::ServerConfig;
use rustls::crypto::CryptoProvider;
use rustls::crypto::aws_lc_rs;
use rustls::server::ClientHello;
use rustls::server::ResolvesServerCert;
use rustls::sign::CertifiedKey;
use rustls::version::TLS12;
use rustls::version::TLS13;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::PrivateKeyDer;
use rustls_pki_types::pem;
use rustls_pki_types::pem::PemObject as _;
use tokio::time;
use tokio::time::MissedTickBehavior;
use zeroize::Zeroizing;

/// What the two files hold, as PEM.
pub struct Pair {
    /// The certificate, and those between it and the root.
    pub certificate: Vec<u8>,
    /// The private key: PKCS #8, PKCS #1 or SEC 1.
    pub key: Zeroizing<Vec<u8>>,
}

impl fmt::Debug for Pair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pair").finish_non_exhaustive()
    }
}

/// Why a pair cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    /// There is no certificate in the first file.
    #[error("there is no certificate in PEM form")]
    NoCertificate,
    /// There is no key in the second file.
    #[error("there is no private key in PEM form, or it is under a passphrase")]
    NoKey,
    /// The two do not go together, or one of them cannot be used.
    #[error("{0}")]
    Refused(rustls::Error),
    /// A file cannot be read; what the reader said.
    #[error("{0}")]
    Unreadable(String),
}

/// Reads the two files.
pub type Read = dyn Fn() -> Result<Pair, String> + Send + Sync;

/// What became of a look at the files.
#[derive(Debug)]
pub enum Renewal {
    /// They cannot be used; the pair before stays in force.
    Kept(CertificateError),
    /// They are in force.
    Renewed,
    /// They are what they were at the last look.
    Unchanged,
}

/// The certificate a listener shows at present.
pub struct Certificates {
    read: Box<Read>,
    provider: Arc<CryptoProvider>,
    shown: Arc<Shown>,
    /// A digest of what the last look saw.
    seen: Mutex<[u8; 32]>,
}

impl fmt::Debug for Certificates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Certificates").finish_non_exhaustive()
    }
}

#[derive(Debug)]
struct Shown(RwLock<Arc<CertifiedKey>>);

impl ResolvesServerCert for Shown {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let shown = self.0.read().unwrap_or_else(PoisonError::into_inner);
        Some(Arc::clone(&shown))
    }
}

impl Certificates {
    /// Reads the first pair.
    ///
    /// # Errors
    ///
    /// It cannot be used.
    pub fn open(read: Box<Read>) -> Result<Self, CertificateError> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let pair = read().map_err(CertificateError::Unreadable)?;
        let certified = certify(&provider, &pair)?;
        Ok(Self {
            read,
            provider,
            shown: Arc::new(Shown(RwLock::new(Arc::new(certified)))),
            seen: Mutex::new(digest(&pair)),
        })
    }

    /// What a listener needs to speak TLS with whatever pair is in force.
    ///
    /// # Errors
    ///
    /// The cryptography has no cipher for one of the two versions.
    pub fn server(&self) -> Result<Arc<ServerConfig>, CertificateError> {
        let builder = ServerConfig::builder_with_provider(Arc::clone(&self.provider));
        let shown = Arc::clone(&self.shown);
        let mut server = builder
            .with_protocol_versions(&[&TLS13, &TLS12])
            .map_err(CertificateError::Refused)?
            .with_no_client_auth()
            .with_cert_resolver(shown);
        server.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Arc::new(server))
    }

    /// Looks at the files, and puts them in force if they are new and whole.
    pub fn renew(&self) -> Renewal {
        let pair = match (self.read)() {
            Ok(pair) => pair,
            Err(error) => {
                let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
                // That they cannot be read is told once, however often one looks.
                let unreadable = seal::sha256(error.as_bytes());
                if *seen == unreadable {
                    return Renewal::Unchanged;
                }
                *seen = unreadable;
                return Renewal::Kept(CertificateError::Unreadable(error));
            }
        };
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let now = digest(&pair);
        if *seen == now {
            return Renewal::Unchanged;
        }
        *seen = now;
        match certify(&self.provider, &pair) {
            Ok(certified) => {
                let mut shown = self.shown.0.write().unwrap_or_else(PoisonError::into_inner);
                *shown = Arc::new(certified);
                Renewal::Renewed
            }
            Err(error) => Renewal::Kept(error),
        }
    }

    /// Looks at the files as if for the first time: what cannot be used is told again.
    pub fn renew_now(&self) -> Renewal {
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = [0; 32];
        self.renew()
    }

    /// Looks at the files for ever, `every` so often, and tells `heard` of all that is not as it was.
    pub async fn watch(self: Arc<Self>, every: Duration, heard: impl Fn(&Renewal)) {
        let mut look = time::interval(every);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        // The first tick is now, and so was the first look.
        look.tick().await;
        loop {
            look.tick().await;
            let files = Arc::clone(&self);
            let looked = tokio::task::spawn_blocking(move || files.renew()).await;
            if let Ok(renewal) = looked
                && !matches!(renewal, Renewal::Unchanged)
            {
                heard(&renewal);
            }
        }
    }
}

fn digest(pair: &Pair) -> [u8; 32] {
    let parts = [seal::sha256(&pair.certificate), seal::sha256(&pair.key)];
    seal::sha256(parts.as_flattened())
}

/// The pair as the TLS library wants it, once it is known that the two belong together.
fn certify(provider: &CryptoProvider, pair: &Pair) -> Result<CertifiedKey, CertificateError> {
    let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(&pair.certificate)
        .collect::<Result<_, pem::Error>>()
        .map_err(|_| CertificateError::NoCertificate)?;
    if chain.is_empty() {
        return Err(CertificateError::NoCertificate);
    }
    let key = PrivateKeyDer::from_pem_slice(&pair.key).map_err(|_| CertificateError::NoKey)?;
    CertifiedKey::from_der(chain, key, provider).map_err(CertificateError::Refused)
}
