//! The configuration file: one TOML document, read whole, checked whole.
//!
//! An error is one line that names the file, the line and the key, and never a value, because a
//! value may be a secret. To add a key: a member in `document.rs` with its default, its place in
//! [`Config`], a row in `docs/configuration.md` and a line in `imvume.example.toml`.

mod backup;
mod document;
mod fault;
mod letters;
mod portal;
mod private;
mod root;
mod secret;
mod sending;
mod tls;

use std::fmt;
use std::fs::File;
use std::io::Read as _;
use std::net::IpAddr;
use std::net::SocketAddr;
use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context as _;
use domain::time::Span;
use egress::Policy;
use egress::mail::Mailer;
use egress::sms::SmsProvider;
use imvume::listen::Limits;
use imvume::listen::Network;
use imvume::listen::Proxies;
use service::ErasureSettings;
use service::NumberSettings;
use service::PortalSettings;
use service::Settings;
use store::Database;
use url::Url;
use zeroize::Zeroizing;

use crate::config::document::Document;
use crate::config::document::Number;
use crate::config::document::Store;
use crate::config::fault::Source;
use crate::config::portal::SetUp;
use crate::config::secret::Secrets;
use crate::config::tls::Tls;

pub(crate) use crate::config::document::Format;
pub(crate) use crate::config::document::Level;
pub(crate) use crate::config::document::Trace;
pub(crate) use crate::config::portal::Pages;
pub(crate) use crate::config::private::read_private;
pub(crate) use crate::config::private::write_private;
pub(crate) use crate::config::root::Root;
pub(crate) use crate::config::root::is_name as is_credential_name;
pub(crate) use crate::config::tls::TlsFiles;

/// A configuration file is never larger than this, in bytes.
const LARGEST: u64 = 1 << 20;

/// What a command needs to know of an instance.
#[derive(Debug)]
pub(crate) struct Config {
    /// The data directory.
    pub(crate) directory: PathBuf,
    /// Where the root key comes from.
    pub(crate) root: Root,
    /// The file that holds all other long-lived keys.
    pub(crate) keyring: PathBuf,
    /// Which database the rows stand in.
    pub(crate) database: Database,
    /// How long a start waits for a server that is not there.
    pub(crate) wait: Duration,
    /// Where Meta reaches the gateway.
    pub(crate) public: SocketAddr,
    /// Where apps reach it.
    pub(crate) apps: SocketAddr,
    /// Where staff and the operator's own tools reach it.
    pub(crate) staff: SocketAddr,
    /// How Meta reaches the public listener, where that is told.
    pub(crate) public_url: Option<Url>,
    /// The app at Meta, where that is told.
    pub(crate) app_id: Option<String>,
    /// The certificates of the listeners.
    pub(crate) tls: Tls,
    /// The proxies that stand before them.
    pub(crate) proxies: Proxies,
    /// What each listener grants its peers.
    pub(crate) limits: Limits,
    /// Who may read the figures.
    pub(crate) metrics: Readers,
    /// The pages that people see.
    pub(crate) pages: Pages,
    /// What is wrong with templates of letters; those that are built in stand in for them.
    pub(crate) letter_faults: Vec<::letters::Fault>,
    /// Sends e-mail, where a server is named.
    pub(crate) mail: Option<Mailer>,
    /// Who carries SMS, where somebody does.
    pub(crate) sms: Option<SmsProvider>,
    /// The regimes of sectors that the organisation is under: what they order to keep is kept.
    pub(crate) regimes: Vec<String>,
    /// Where packs of law, calendars and reviews stand beside those that are built in.
    pub(crate) rulebook: Option<PathBuf>,
    /// How the process tells what it does.
    pub(crate) trace: Trace,
    /// What the service is started with.
    pub(crate) settings: Settings,
}

/// Who may read the figures without being staff.
pub(crate) struct Readers {
    /// Whoever calls from here.
    pub(crate) allow: Vec<Network>,
    /// Whoever bears this token.
    pub(crate) token: Option<Zeroizing<String>>,
}

impl fmt::Debug for Readers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Readers")
            .field("allow", &self.allow)
            .finish_non_exhaustive()
    }
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

    /// The listeners that other machines reach in plain: not on loopback, without a certificate, and
    /// with no proxy named that could stand before them.
    pub(crate) fn bare_listeners(&self) -> Vec<&'static str> {
        if !self.proxies.networks.is_empty() {
            return Vec::new();
        }
        let bare = |(name, address, tls): (_, IpAddr, &Option<TlsFiles>)| {
            (!address.is_loopback() && tls.is_none()).then_some(name)
        };
        [
            ("listen.public", self.public.ip(), &self.tls.public),
            ("listen.apps", self.apps.ip(), &self.tls.apps),
            ("listen.staff", self.staff.ip(), &self.tls.staff),
        ]
        .into_iter()
        .filter_map(bare)
        .collect()
    }

    /// Where the log's files stand.
    pub(crate) fn log(&self) -> PathBuf {
        self.directory.join("log")
    }

    /// Where the database stands, unless a server keeps it.
    pub(crate) fn database_file(&self) -> Option<PathBuf> {
        match self.database {
            Database::File => Some(self.directory.join("imvume.db")),
            Database::Server(_) => None,
        }
    }
}

/// The text of a configuration file.
pub(crate) fn read(path: &Path) -> anyhow::Result<String> {
    let metadata = std::fs::metadata(path).map_err(|error| {
        anyhow::anyhow!("cannot be read: {error}; name another with `--config`")
    })?;
    anyhow::ensure!(!metadata.is_dir(), "is a directory; name the file in it");
    anyhow::ensure!(metadata.is_file(), "is not a regular file");
    anyhow::ensure!(
        metadata.len() <= LARGEST,
        "is larger than 1 MiB; this is no configuration file"
    );
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(LARGEST).read_to_end(&mut bytes))
        .context("cannot be read")?;
    String::from_utf8(bytes).map_err(|error| {
        let before = error
            .as_bytes()
            .iter()
            .take(error.utf8_error().valid_up_to());
        let line = 1 + before.filter(|byte| **byte == b'\n').count();
        anyhow::anyhow!("line {line}: is not UTF-8; save the file as UTF-8")
    })
}

fn assemble(source: &Source<'_>, base: &Path, mut document: Document) -> anyhow::Result<Config> {
    let root = Root::named(source, base, &mut document.instance)?;
    let instance = &document.instance;
    let directory = base.join(&instance.directory);
    let keyring = match &instance.keyring {
        Some(keyring) => base.join(keyring),
        None => directory.join("keys").join("keyring"),
    };
    let secrets = Secrets { source, base };
    let tls = Tls::read(&secrets, std::mem::take(&mut document.listen.tls))?;
    let readers = readers(&secrets, std::mem::take(&mut document.metrics))?;
    let wait = seconds(document.store.wait_seconds);
    let database = database(&secrets, std::mem::take(&mut document.store))?;
    let mail = std::mem::take(&mut document.mail);
    let mail = sending::mail(&secrets, &policy(&document.egress), mail)?;
    let sms = sending::sms(&secrets, std::mem::take(&mut document.sms))?;
    let set_up = SetUp {
        mail: mail.is_some(),
        sms: sms.is_some(),
    };
    let forms = std::mem::take(&mut document.form);
    let pages = portal::pages(source, set_up, &document.portal, forms)?;
    let outbox = portal::outbox(mail.as_ref(), sms.as_ref());
    let zone = pages.zone.clone();
    let letters = std::mem::take(&mut document.letters);
    let (written, letter_faults) = letters::settings(base, letters, zone);
    let mut people = portal::settings(&document.portal, &document.listen, &tls, outbox);
    people.letters = written;
    Ok(Config {
        database,
        wait,
        root,
        keyring,
        public: document.listen.public,
        apps: document.listen.apps,
        staff: document.listen.staff,
        public_url: document.listen.public_url.take(),
        app_id: document.meta.get_mut().app_id.take(),
        proxies: Proxies {
            networks: std::mem::take(&mut document.listen.trusted_proxies),
            field: document.listen.proxy_header,
        },
        limits: limits(&document.limits),
        metrics: readers,
        regimes: std::mem::take(&mut document.retention.regimes),
        rulebook: document.rulebook.directory.take().map(|at| base.join(at)),
        pages,
        letter_faults,
        sms,
        trace: document.trace,
        mail,
        settings: Settings {
            portal: people,
            ..settings(&secrets, &directory, tls.apps.is_some(), document)?
        },
        directory,
        tls,
    })
}

fn limits(limits: &document::Limits) -> Limits {
    Limits {
        body_timeout: seconds(limits.body_seconds),
        drain_timeout: seconds(limits.drain_seconds),
        header_timeout: seconds(limits.header_seconds),
        idle_timeout: seconds(limits.idle_seconds),
        max_connections: limits.connections.get().into(),
        ..Limits::default()
    }
}

/// Whom the file lets the process call.
fn policy(egress: &document::Egress) -> Policy {
    Policy {
        allow_private: egress.allow_private.clone(),
        connect_timeout: seconds(egress.connect_timeout_seconds),
        ..Policy::default()
    }
}

/// The database the file names; the one in the data directory if it names none.
fn database(secrets: &Secrets<'_>, store: Store) -> anyhow::Result<Database> {
    let Store {
        url,
        url_file,
        authorities_file,
        ..
    } = store;
    let at = url.as_ref().map(|url| url.span().start);
    let Some(at) = at.or_else(|| url_file.as_ref().map(|file| file.span().start)) else {
        return Ok(Database::File);
    };
    let url = secrets.take(at, "url", url, url_file)?;
    let authorities = authorities_file.map(|file| secrets.base.join(file));
    store::Server::new(&url, authorities.as_deref())
        .map(Database::Server)
        .map_err(|error| secrets.source.fault(at, "url", &error.to_string()))
}

fn settings(
    secrets: &Secrets<'_>,
    directory: &Path,
    secure_apps: bool,
    document: Document,
) -> anyhow::Result<Settings> {
    let Document {
        backup,
        instance,
        listen,
        meta,
        number,
        outbound,
        egress,
        erasure,
        keys,
        package,
        log,
        ..
    } = document;
    let scheme = if secure_apps { "https" } else { "http" };
    let apps_url = match listen.apps_url {
        Some(url) => url,
        None => Url::parse(&format!("{scheme}://{}/", listen.apps)).context("listen.apps")?,
    };
    let at = meta.span().start;
    let meta = meta.into_inner();
    Ok(Settings {
        graph: meta.graph_url,
        version: meta.api_version,
        appsecret_proof: meta.appsecret_proof,
        activity_sharing: meta.activity_sharing,
        creative_features: meta.creative_features,
        groups: outbound.groups,
        calls: outbound.calls,
        app_secret: secrets.take(at, "app_secret", meta.app_secret, meta.app_secret_file)?,
        verify_token: secrets.take(
            at,
            "verify_token",
            meta.verify_token,
            meta.verify_token_file,
        )?,
        numbers: numbers(secrets, number)?,
        log_name: instance.log_name,
        publish_every: seconds(log.publish_every_seconds),
        apps_url,
        country: instance.country,
        language: instance.language,
        organisation: instance.organisation,
        media: directory.join("media"),
        package_days: package.days,
        egress: policy(&egress),
        portal: PortalSettings::default(),
        epoch: Some(Span::days(keys.epoch_days)),
        backup: backup::settings(secrets, &policy(&egress), backup)?,
        erasure: ErasureSettings {
            patience: Span::minutes(erasure.patience_minutes),
            recipients_within: Span::days(erasure.recipients_days),
            contact_book: erasure.contact_book,
        },
        call_timeout: seconds(egress.call_timeout_seconds),
        relay_timeout: seconds(egress.relay_timeout_seconds),
    })
}

fn readers(secrets: &Secrets<'_>, metrics: document::Metrics) -> anyhow::Result<Readers> {
    let token = match (metrics.token, metrics.token_file) {
        (None, None) => None,
        (value, file) => {
            let at = match (&value, &file) {
                (Some(value), _) => value.span().start,
                (None, Some(file)) => file.span().start,
                (None, None) => 0,
            };
            Some(secrets.take(at, "token", value, file)?)
        }
    };
    Ok(Readers {
        allow: metrics.allow,
        token,
    })
}

fn seconds(n: u32) -> Duration {
    Duration::from_secs(n.into())
}

fn numbers(
    secrets: &Secrets<'_>,
    numbers: Vec<toml::Spanned<Number>>,
) -> anyhow::Result<Vec<NumberSettings>> {
    let mut taken: Vec<NumberSettings> = Vec::new();
    for number in numbers {
        let at = number.span().start;
        let number = number.into_inner();
        if taken
            .iter()
            .any(|other| other.phone_number_id == number.phone_number_id)
        {
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

#[cfg(test)]
mod tests {
    use std::path::Path;

    use tempfile::TempDir;

    use super::Config;
    use super::write_private;

    const EXAMPLE: &str = include_str!("../../../imvume.example.toml");
    const PAGE: &str = include_str!("../../../docs/configuration.md");

    /// A folder with the secrets that the example names.
    fn folder() -> TempDir {
        let folder = TempDir::new().unwrap();
        std::fs::create_dir(folder.path().join("secrets")).unwrap();
        for name in ["app-secret", "verify-token", "access-token"] {
            write_private(&folder.path().join("secrets").join(name), "a-secret\n").unwrap();
        }
        folder
    }

    fn load(folder: &Path, text: &str) -> anyhow::Result<Config> {
        let path = folder.join("imvume.toml");
        let _ = std::fs::remove_file(&path);
        write_private(&path, text)?;
        Config::load(&path)
    }

    /// The keys a table takes, as the refusal of an unknown one lists them.
    fn known(folder: &Path, header: &str) -> Vec<String> {
        let wrong = EXAMPLE.replacen(header, &format!("{header}\nnot_a_key = 1"), 1);
        let refusal = load(folder, &wrong).unwrap_err().to_string();
        let keys = refusal.split('`').skip(1).step_by(2).skip(1);
        keys.map(str::to_owned).collect()
    }

    #[test]
    fn the_example_and_the_page_have_every_key() {
        let folder = folder();
        assert_eq!(
            load(folder.path(), EXAMPLE).unwrap().settings.numbers.len(),
            1
        );
        for header in EXAMPLE.lines().filter(|line| line.starts_with('[')) {
            let (_, section) = EXAMPLE.split_once(header).unwrap();
            let section = section.split("\n[").next().unwrap();
            let keys = known(folder.path(), header);
            assert!(!keys.is_empty(), "{header} takes no key");
            for key in keys {
                // A table of its own is looked at as such.
                let table = format!("[{}.{key}]", header.trim_matches(['[', ']']));
                if EXAMPLE.contains(&table) {
                    continue;
                }
                let line = format!("{key} = ");
                let shown = |text: &str| text.trim_start_matches("# ").starts_with(&line);
                assert!(
                    section.lines().any(shown),
                    "the example has no {header} {key}"
                );
                assert!(
                    PAGE.contains(&format!("`{key}`")),
                    "the page has no {header} {key}"
                );
            }
            assert!(
                PAGE.contains(&format!("## `{header}`")),
                "the page has no {header}"
            );
        }
    }

    #[test]
    fn what_the_example_shows_as_a_default_is_the_default() {
        let folder = folder();
        let line = |line: &str| match line.strip_prefix("# ") {
            Some(shown) if shown.contains(" = ") && !shown.contains('…') => format!("{shown}\n"),
            _ => format!("{line}\n"),
        };
        let explicit: String = EXAMPLE.lines().map(line).collect();
        assert!(explicit.contains("\nlevel = \"info\""));
        let plain = shown(&load(folder.path(), EXAMPLE).unwrap());
        assert_eq!(plain, shown(&load(folder.path(), &explicit).unwrap()));
    }

    fn shown(config: &Config) -> String {
        let settings = &config.settings;
        let addresses = (&settings.graph, &settings.apps_url);
        let words = (&settings.version, &settings.language);
        let switches = (
            settings.appsecret_proof,
            settings.activity_sharing,
            settings.creative_features,
            settings.groups,
            settings.calls,
        );
        let times = (
            settings.publish_every,
            settings.call_timeout,
            settings.relay_timeout,
        );
        format!(
            "{config:?} {addresses:?} {words:?} {switches:?} {times:?} {:?}",
            settings.egress
        )
    }
}
