//! Which certificate each listener shows, and its two files.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context as _;
use imvume::listen::Certificates;
use imvume::listen::Pair;
use toml::Spanned;

use crate::config::document;
use crate::config::document::OwnTls;
use crate::config::private;
use crate::config::seconds;
use crate::config::secret::Secrets;

/// A certificate with those above it is never longer than this, in bytes.
const LONGEST: u64 = 256 * 1024;

/// The certificates of the three listeners. One without speaks in plain.
#[derive(Debug)]
pub(crate) struct Tls {
    /// Of the listener for Meta.
    pub(crate) public: Option<TlsFiles>,
    /// Of the listener for apps.
    pub(crate) apps: Option<TlsFiles>,
    /// Of the listener for staff.
    pub(crate) staff: Option<TlsFiles>,
    /// How often the files are looked at.
    pub(crate) every: Duration,
}

/// The two files of a certificate.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct TlsFiles {
    certificate: PathBuf,
    key: PathBuf,
}

impl Tls {
    pub(super) fn read(secrets: &Secrets<'_>, tls: document::Tls) -> anyhow::Result<Self> {
        let common = common(secrets, tls.certificate, tls.key)?;
        let one = |own: Option<OwnTls>| match own {
            None => common.clone(),
            Some(OwnTls::Off) => None,
            Some(OwnTls::Pair { certificate, key }) => Some(TlsFiles {
                certificate: secrets.base.join(certificate),
                key: secrets.base.join(key),
            }),
        };
        Ok(Self {
            public: one(tls.public),
            apps: one(tls.apps),
            staff: one(tls.staff),
            every: seconds(tls.check_seconds),
        })
    }
}

/// The pair of all listeners that have none of their own.
fn common(
    secrets: &Secrets<'_>,
    certificate: Option<Spanned<PathBuf>>,
    key: Option<Spanned<PathBuf>>,
) -> anyhow::Result<Option<TlsFiles>> {
    let missing = |given: &Spanned<PathBuf>, name, other| {
        let cause = format!("is missing; `{other}` alone is no certificate");
        secrets.source.fault(given.span().start, name, &cause)
    };
    match (certificate, key) {
        (None, None) => Ok(None),
        (Some(certificate), Some(key)) => Ok(Some(TlsFiles {
            certificate: secrets.base.join(certificate.into_inner()),
            key: secrets.base.join(key.into_inner()),
        })),
        (Some(certificate), None) => Err(missing(&certificate, "key", "certificate")),
        (None, Some(key)) => Err(missing(&key, "certificate", "key")),
    }
}

impl TlsFiles {
    /// Reads the pair and keeps it ready for a listener.
    pub(crate) fn open(&self) -> anyhow::Result<Certificates> {
        let files = self.clone();
        let read = move || files.read().map_err(|error| format!("{error:#}"));
        Certificates::open(Box::new(read)).with_context(|| self.certificate.display().to_string())
    }

    fn read(&self) -> anyhow::Result<Pair> {
        Ok(Pair {
            certificate: read_certificate(&self.certificate)
                .with_context(|| format!("`{}`", self.certificate.display()))?,
            key: private::read_key(&self.key)
                .map_err(|error| anyhow::anyhow!("`{}` {error}", self.key.display()))?,
        })
    }
}

/// A certificate is no secret, so anybody may own it and a link may lead to it.
fn read_certificate(path: &Path) -> anyhow::Result<Vec<u8>> {
    let metadata = std::fs::metadata(path)?;
    anyhow::ensure!(metadata.is_file(), "is not a regular file");
    anyhow::ensure!(metadata.len() <= LONGEST, "is longer than 256 KiB");
    let mut bytes = Vec::new();
    File::open(path)?.take(LONGEST).read_to_end(&mut bytes)?;
    Ok(bytes)
}
