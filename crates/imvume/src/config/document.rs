//! The configuration file as it is written. Every key stands here once, with its default.

pub(super) mod field;

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;

use egress::Allowance;
use imvume::listen::Field;
use imvume::listen::Network;
use serde::Deserialize;
use serde::Deserializer;
use serde::de::MapAccess;
use serde::de::Visitor;
use serde::de::value::MapAccessDeserializer;
use toml::Spanned;
use url::Url;

use crate::config::backup::Backup;
use crate::config::document::field::address;
use crate::config::document::field::allowances;
use crate::config::document::field::country;
use crate::config::document::field::digits;
use crate::config::document::field::few_days;
use crate::config::document::field::few_minutes;
use crate::config::document::field::field;
use crate::config::document::field::language;
use crate::config::document::field::log_name;
use crate::config::document::field::name;
use crate::config::document::field::networks;
use crate::config::document::field::path;
use crate::config::document::field::positive;
use crate::config::document::field::some_digits;
use crate::config::document::field::some_path;
use crate::config::document::field::some_url;
use crate::config::document::field::url;
use crate::config::document::field::version;
use crate::config::letters::Written as Letters;
use crate::config::portal::Portal;
use crate::config::portal::Written;
use crate::config::sending::Mail;
use crate::config::sending::Sms;

/// The whole file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Document {
    pub(super) instance: Instance,
    pub(super) listen: Listen,
    pub(super) meta: Spanned<Meta>,
    #[serde(default)]
    pub(super) number: Vec<Spanned<Number>>,
    #[serde(default)]
    pub(super) outbound: Outbound,
    #[serde(default)]
    pub(super) egress: Egress,
    #[serde(default)]
    pub(super) keys: Keys,
    #[serde(default)]
    pub(super) backup: Backup,
    #[serde(default)]
    pub(super) rulebook: Rulebook,
    #[serde(default)]
    pub(super) retention: Retention,
    #[serde(default)]
    pub(super) store: Store,
    #[serde(default)]
    pub(super) log: Log,
    #[serde(default)]
    pub(super) limits: Limits,
    #[serde(default)]
    pub(super) metrics: Metrics,
    #[serde(default)]
    pub(super) erasure: Erasure,
    #[serde(default)]
    pub(super) package: Package,
    #[serde(default)]
    pub(super) portal: Portal,
    #[serde(default)]
    pub(super) form: Vec<Spanned<Written>>,
    #[serde(default)]
    pub(super) letters: Letters,
    #[serde(default)]
    pub(super) mail: Mail,
    #[serde(default)]
    pub(super) sms: Sms,
    #[serde(default)]
    pub(super) trace: Trace,
}

/// `[instance]`: who runs it, and where its files are.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Instance {
    #[serde(deserialize_with = "path")]
    pub(super) directory: PathBuf,
    #[serde(default, deserialize_with = "some_path")]
    pub(super) key_file: Option<PathBuf>,
    #[serde(default)]
    pub(super) passphrase_file: Option<Spanned<PathBuf>>,
    #[serde(default)]
    pub(super) credential: Option<Spanned<String>>,
    #[serde(default, deserialize_with = "some_path")]
    pub(super) keyring: Option<PathBuf>,
    #[serde(deserialize_with = "name")]
    pub(super) organisation: String,
    #[serde(deserialize_with = "country")]
    pub(super) country: String,
    #[serde(default = "english", deserialize_with = "language")]
    pub(super) language: String,
    #[serde(deserialize_with = "log_name")]
    pub(super) log_name: String,
}

/// `[keys]`: how long keys are used.
#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Keys {
    #[serde(deserialize_with = "few_days")]
    pub(super) epoch_days: u32,
}

impl Default for Keys {
    fn default() -> Self {
        Self { epoch_days: 7 }
    }
}

/// `[listen]`: the three doors.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Listen {
    #[serde(deserialize_with = "address")]
    pub(super) public: SocketAddr,
    #[serde(deserialize_with = "address")]
    pub(super) apps: SocketAddr,
    #[serde(deserialize_with = "address")]
    pub(super) staff: SocketAddr,
    #[serde(default, deserialize_with = "some_url")]
    pub(super) apps_url: Option<Url>,
    #[serde(default, deserialize_with = "some_url")]
    pub(super) public_url: Option<Url>,
    #[serde(default, deserialize_with = "networks")]
    pub(super) trusted_proxies: Vec<Network>,
    #[serde(default, deserialize_with = "field")]
    pub(super) proxy_header: Field,
    #[serde(default)]
    pub(super) tls: Tls,
}

/// `[listen.tls]`: the certificate of the doors.
#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Tls {
    pub(super) certificate: Option<Spanned<PathBuf>>,
    pub(super) key: Option<Spanned<PathBuf>>,
    #[serde(deserialize_with = "positive")]
    pub(super) check_seconds: u32,
    pub(super) public: Option<OwnTls>,
    pub(super) apps: Option<OwnTls>,
    pub(super) staff: Option<OwnTls>,
}

impl Default for Tls {
    fn default() -> Self {
        Self {
            certificate: None,
            key: None,
            check_seconds: 60,
            public: None,
            apps: None,
            staff: None,
        }
    }
}

/// What one door has instead of the common certificate.
pub(super) enum OwnTls {
    /// Nothing: it speaks in plain.
    Off,
    /// A pair of its own.
    Pair { certificate: PathBuf, key: PathBuf },
}

impl<'de> Deserialize<'de> for OwnTls {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Own {
            #[serde(deserialize_with = "path")]
            certificate: PathBuf,
            #[serde(deserialize_with = "path")]
            key: PathBuf,
        }

        struct Either;

        impl<'de> Visitor<'de> for Either {
            type Value = OwnTls;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("false, or a table with `certificate` and `key`")
            }

            fn visit_bool<E: serde::de::Error>(self, on: bool) -> Result<OwnTls, E> {
                if on {
                    return Err(E::custom(
                        "wants false, or a table with `certificate` and `key`",
                    ));
                }
                Ok(OwnTls::Off)
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<OwnTls, A::Error> {
                let Own { certificate, key } = Own::deserialize(MapAccessDeserializer::new(map))?;
                Ok(OwnTls::Pair { certificate, key })
            }
        }

        deserializer.deserialize_any(Either)
    }
}

/// `[meta]`: the app at Meta.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Meta {
    #[serde(default = "graph", deserialize_with = "url")]
    pub(super) graph_url: Url,
    #[serde(default = "api_version", deserialize_with = "version")]
    pub(super) api_version: String,
    pub(super) app_secret: Option<Spanned<String>>,
    pub(super) app_secret_file: Option<Spanned<PathBuf>>,
    pub(super) verify_token: Option<Spanned<String>>,
    pub(super) verify_token_file: Option<Spanned<PathBuf>>,
    #[serde(default)]
    pub(super) appsecret_proof: bool,
    #[serde(default)]
    pub(super) activity_sharing: bool,
    #[serde(default)]
    pub(super) creative_features: bool,
    #[serde(default, deserialize_with = "some_digits")]
    pub(super) app_id: Option<String>,
}

/// `[[number]]`: one WhatsApp number.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Number {
    #[serde(deserialize_with = "digits")]
    pub(super) phone_number_id: String,
    #[serde(deserialize_with = "digits")]
    pub(super) waba_id: String,
    #[serde(deserialize_with = "name")]
    pub(super) display: String,
    #[serde(deserialize_with = "name")]
    pub(super) verified_name: String,
    pub(super) access_token: Option<Spanned<String>>,
    pub(super) access_token_file: Option<Spanned<PathBuf>>,
}

/// `[outbound]`: what leaves only where the organisation says so.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Outbound {
    pub(super) groups: bool,
    pub(super) calls: bool,
}

/// `[egress]`: calls to others.
#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Egress {
    #[serde(deserialize_with = "allowances")]
    pub(super) allow_private: Vec<Allowance>,
    #[serde(deserialize_with = "positive")]
    pub(super) connect_timeout_seconds: u32,
    #[serde(deserialize_with = "positive")]
    pub(super) call_timeout_seconds: u32,
    #[serde(deserialize_with = "positive")]
    pub(super) relay_timeout_seconds: u32,
}

impl Default for Egress {
    fn default() -> Self {
        Self {
            allow_private: Vec::new(),
            connect_timeout_seconds: 5,
            call_timeout_seconds: 30,
            relay_timeout_seconds: 10,
        }
    }
}

/// `[retention]`: the regimes of sectors that the organisation is under.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Retention {
    pub(super) regimes: Vec<String>,
}

/// `[rulebook]`: packs, calendars and reviews beside those that are built in.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Rulebook {
    #[serde(deserialize_with = "some_path")]
    pub(super) directory: Option<PathBuf>,
}

/// `[store]`: which database the rows stand in.
#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Store {
    pub(super) url: Option<Spanned<String>>,
    pub(super) url_file: Option<Spanned<PathBuf>>,
    #[serde(deserialize_with = "some_path")]
    pub(super) authorities_file: Option<PathBuf>,
    #[serde(deserialize_with = "positive")]
    pub(super) wait_seconds: u32,
}

impl Default for Store {
    fn default() -> Self {
        Self {
            url: None,
            url_file: None,
            authorities_file: None,
            wait_seconds: 30,
        }
    }
}

/// `[log]`: the audit log.
#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Log {
    #[serde(deserialize_with = "positive")]
    pub(super) publish_every_seconds: u32,
}

impl Default for Log {
    fn default() -> Self {
        Self {
            publish_every_seconds: 1,
        }
    }
}

/// `[erasure]`: how people are erased.
#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Erasure {
    #[serde(deserialize_with = "few_minutes")]
    pub(super) patience_minutes: u32,
    #[serde(deserialize_with = "few_days")]
    pub(super) recipients_days: u32,
    pub(super) contact_book: bool,
}

impl Default for Erasure {
    fn default() -> Self {
        Self {
            patience_minutes: 60,
            recipients_days: 30,
            contact_book: true,
        }
    }
}

/// `[package]`: copies of a person's data.
#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Package {
    #[serde(deserialize_with = "few_days")]
    pub(super) days: u32,
}

impl Default for Package {
    fn default() -> Self {
        Self { days: 14 }
    }
}

/// `[limits]`: what each listener grants its peers.
#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Limits {
    pub(super) connections: std::num::NonZeroU16,
    #[serde(deserialize_with = "positive")]
    pub(super) header_seconds: u32,
    #[serde(deserialize_with = "positive")]
    pub(super) body_seconds: u32,
    #[serde(deserialize_with = "positive")]
    pub(super) idle_seconds: u32,
    #[serde(deserialize_with = "positive")]
    pub(super) drain_seconds: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: std::num::NonZeroU16::MIN.saturating_add(1023),
            header_seconds: 10,
            body_seconds: 20,
            idle_seconds: 75,
            drain_seconds: 10,
        }
    }
}

/// `[metrics]`: who may read the figures.
#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Metrics {
    #[serde(deserialize_with = "networks")]
    pub(super) allow: Vec<Network>,
    pub(super) token: Option<Spanned<String>>,
    pub(super) token_file: Option<Spanned<PathBuf>>,
}

impl Default for Metrics {
    fn default() -> Self {
        let loopback = ["127.0.0.0/8", "::1"];
        Self {
            allow: loopback
                .iter()
                .filter_map(|text| text.parse().ok())
                .collect(),
            token: None,
            token_file: None,
        }
    }
}

/// `[trace]`: how the process tells what it does.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Trace {
    pub(crate) format: Format,
    pub(crate) level: Level,
}

/// The form of a line.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Format {
    Json,
    #[default]
    Text,
}

/// The least weighty line that is written.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Level {
    Debug,
    Error,
    #[default]
    Info,
    Trace,
    Warn,
}

fn english() -> String {
    "en".to_owned()
}

fn api_version() -> String {
    "v23.0".to_owned()
}

fn graph() -> Url {
    #[expect(
        clippy::expect_used,
        reason = "a constant that every test of this module reads"
    )]
    Url::parse("https://graph.facebook.com/").expect("a constant address is an address")
}
