//! The configuration file: one TOML document, read whole, checked whole.
//!
//! An error is one line that names the file, the line and the key, and never a value, because a
//! value may be a secret. To add a key: a member in `document.rs` with its default, its place in
//! [`Config`], a row in `docs/configuration.md` and a line in `imvume.example.toml`.

mod document;
mod fault;
mod private;
mod secret;

use std::fs::File;
use std::io::Read as _;
use std::net::SocketAddr;
use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context as _;
use egress::Policy;
use imvume::listen::Limits;
use service::NumberSettings;
use service::Settings;
use url::Url;

use crate::config::document::Document;
use crate::config::document::Number;
use crate::config::fault::Source;
use crate::config::secret::Secrets;

pub(crate) use crate::config::document::Format;
pub(crate) use crate::config::document::Level;
pub(crate) use crate::config::document::Trace;
pub(crate) use crate::config::private::write_private;

/// A configuration file is never larger than this, in bytes.
const LARGEST: u64 = 1 << 20;

/// What a command needs to know of an instance.
#[derive(Debug)]
pub(crate) struct Config {
    /// The data directory.
    pub(crate) directory: PathBuf,
    /// The file that holds the root key.
    pub(crate) key_file: PathBuf,
    /// The file that holds all other long-lived keys.
    pub(crate) keyring: PathBuf,
    /// Where Meta reaches the gateway.
    pub(crate) public: SocketAddr,
    /// Where apps reach it.
    pub(crate) apps: SocketAddr,
    /// Where staff and the operator's own tools reach it.
    pub(crate) staff: SocketAddr,
    /// What each listener grants its peers.
    pub(crate) limits: Limits,
    /// How the process tells what it does.
    pub(crate) trace: Trace,
    /// What the service is started with.
    pub(crate) settings: Settings,
}

impl Config {
    /// Reads and checks a configuration file.
    pub(crate) fn load(path: &Path) -> anyhow::Result<Self> {
        let text = read(path).with_context(|| path.display().to_string())?;
        let source = Source { path, text: &text };
        let document = source.parse()?;
        let base = path.parent().unwrap_or_else(|| Path::new(""));
        assemble(&source, base, document)
    }

    /// Where the log's files stand.
    pub(crate) fn log(&self) -> PathBuf {
        self.directory.join("log")
    }

    /// Where the database stands.
    pub(crate) fn database(&self) -> PathBuf {
        self.directory.join("imvume.db")
    }
}

fn read(path: &Path) -> anyhow::Result<String> {
    let metadata = std::fs::metadata(path)
        .map_err(|error| anyhow::anyhow!("cannot be read: {error}; name another with `--config`"))?;
    anyhow::ensure!(!metadata.is_dir(), "is a directory; name the file in it");
    anyhow::ensure!(metadata.is_file(), "is not a regular file");
    anyhow::ensure!(metadata.len() <= LARGEST, "is larger than 1 MiB; this is no configuration file");
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(LARGEST).read_to_end(&mut bytes))
        .context("cannot be read")?;
    String::from_utf8(bytes).map_err(|error| {
        let before = error.as_bytes().iter().take(error.utf8_error().valid_up_to());
        let line = 1 + before.filter(|byte| **byte == b'\n').count();
        anyhow::anyhow!("line {line}: is not UTF-8; save the file as UTF-8")
    })
}

fn assemble(source: &Source<'_>, base: &Path, document: Document) -> anyhow::Result<Config> {
    let secrets = Secrets { source, base };
    let Document { instance, listen, meta, number, egress, log, limits, trace } = document;
    let seconds = |n: u32| Duration::from_secs(n.into());
    let directory = base.join(&instance.directory);
    let numbers = numbers(&secrets, number)?;
    let apps_url = match listen.apps_url {
        Some(url) => url,
        None => Url::parse(&format!("http://{}/", listen.apps)).context("listen.apps")?,
    };
    let meta_at = meta.span().start;
    let meta = meta.into_inner();
    let settings = Settings {
        graph: meta.graph_url,
        version: meta.api_version,
        app_secret: secrets.take(meta_at, "app_secret", meta.app_secret, meta.app_secret_file)?,
        verify_token: secrets.take(
            meta_at,
            "verify_token",
            meta.verify_token,
            meta.verify_token_file,
        )?,
        numbers,
        log_name: instance.log_name,
        publish_every: seconds(log.publish_every_seconds),
        apps_url,
        country: instance.country,
        language: instance.language,
        organisation: instance.organisation,
        media: directory.join("media"),
        egress: Policy {
            allow_private: egress.allow_private,
            connect_timeout: seconds(egress.connect_timeout_seconds),
            ..Policy::default()
        },
        call_timeout: seconds(egress.call_timeout_seconds),
        relay_timeout: seconds(egress.relay_timeout_seconds),
    };
    Ok(Config {
        key_file: base.join(instance.key_file.unwrap_or_else(|| PathBuf::from("imvume.key"))),
        keyring: instance
            .keyring
            .map_or_else(|| directory.join("keys").join("keyring"), |path| base.join(path)),
        directory,
        public: listen.public,
        apps: listen.apps,
        staff: listen.staff,
        limits: Limits {
            body_timeout: seconds(limits.body_seconds),
            drain_timeout: seconds(limits.drain_seconds),
            header_timeout: seconds(limits.header_seconds),
            idle_timeout: seconds(limits.idle_seconds),
            max_connections: limits.connections.into(),
            ..Limits::default()
        },
        trace,
        settings,
    })
}

fn numbers(
    secrets: &Secrets<'_>,
    numbers: Vec<toml::Spanned<Number>>,
) -> anyhow::Result<Vec<NumberSettings>> {
    let mut taken: Vec<NumberSettings> = Vec::new();
    for number in numbers {
        let at = number.span().start;
        let number = number.into_inner();
        if taken.iter().any(|other| other.phone_number_id == number.phone_number_id) {
            return Err(secrets.source.fault(
                at,
                "phone_number_id",
                "stands under two numbers; remove one",
            ));
        }
        taken.push(NumberSettings {
            access_token: secrets.take(
                at,
                "access_token",
                number.access_token,
                number.access_token_file,
            )?,
            phone_number_id: number.phone_number_id,
            waba_id: number.waba_id,
            display: number.display,
            verified_name: number.verified_name,
        });
    }
    Ok(taken)
}
