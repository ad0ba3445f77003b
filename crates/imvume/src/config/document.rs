//! The configuration file as it is written. Every key stands here once, with its default.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;

use egress::Allowance;
use imvume::listen::Field;
use imvume::listen::Network;
use serde::Deserialize;
use serde::Deserializer;
use serde::de::Error as _;
use serde::de::MapAccess;
use serde::de::Visitor;
use serde::de::value::MapAccessDeserializer;
use toml::Spanned;
use url::Url;

use crate::config::backup::Backup;
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

/// A text that must fulfil a condition; the message says which.
fn text<'de, D: Deserializer<'de>>(
    deserializer: D,
    wanted: impl fmt::Display,
    holds: impl FnOnce(&str) -> bool,
) -> Result<String, D::Error> {
    let text = String::deserialize(deserializer)?;
    if holds(&text) {
        Ok(text)
    } else {
        Err(D::Error::custom(format_args!("wants {wanted}")))
    }
}

fn name<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    text(deserializer, "1 to 100 characters on one line", |text| {
        !text.trim().is_empty() && text.chars().count() <= 100 && !text.contains(char::is_control)
    })
}

fn country<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    text(
        deserializer,
        "two capital letters (ISO 3166-1), such as \"ZA\"",
        |text| text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_uppercase()),
    )
}

fn language<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    text(
        deserializer,
        "a language's two or three small letters, such as \"en\"",
        |text| (2..=3).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_lowercase()),
    )
}

fn log_name<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    text(
        deserializer,
        "a name without spaces and plus signs, such as a host name",
        |text| {
            let plain = |c: char| c.is_ascii_graphic() && c != '+';
            !text.is_empty() && text.len() <= 200 && text.chars().all(plain)
        },
    )
}

fn version<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    text(
        deserializer,
        "a version of the Graph API, such as \"v23.0\"",
        |text| {
            let number = |part: &str| {
                (1..=3).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit())
            };
            text.strip_prefix('v')
                .and_then(|rest| rest.split_once('.'))
                .is_some_and(|(major, minor)| number(major) && number(minor))
        },
    )
}

fn digits<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    text(
        deserializer,
        "the digits of an id at Meta, in quotes",
        |text| (1..=32).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit()),
    )
}

fn some_digits<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    digits(deserializer).map(Some)
}

fn path<'de, D: Deserializer<'de>>(deserializer: D) -> Result<PathBuf, D::Error> {
    text(deserializer, "a path", |text| {
        !text.is_empty() && !text.contains('\0')
    })
    .map(PathBuf::from)
}

pub(super) fn some_path<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<PathBuf>, D::Error> {
    path(deserializer).map(Some)
}

fn address<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SocketAddr, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse().map_err(|_| {
        D::Error::custom(
            "wants an address with a port, such as \"127.0.0.1:8080\" or \"[::1]:8080\"",
        )
    })
}

fn url<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Url, D::Error> {
    let text = String::deserialize(deserializer)?;
    let plain = |url: &Url| {
        matches!(url.scheme(), "http" | "https")
            && url.has_host()
            && url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none()
    };
    Url::parse(&text)
        .ok()
        .filter(plain)
        .ok_or_else(|| D::Error::custom("wants an http(s) address without a query or a password"))
}

pub(super) fn some_url<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Url>, D::Error> {
    url(deserializer).map(Some)
}

fn allowances<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Allowance>, D::Error> {
    let texts = Vec::<String>::deserialize(deserializer)?;
    let read = |text: &String| {
        text.parse().map_err(|error| {
            D::Error::custom(format_args!(
                "wants host, host:port or network/prefix: {error}"
            ))
        })
    };
    texts.iter().map(read).collect()
}

fn networks<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Network>, D::Error> {
    let texts = Vec::<String>::deserialize(deserializer)?;
    let read = |text: &String| {
        text.parse().map_err(|error| {
            D::Error::custom(format_args!("wants address or network/prefix: {error}"))
        })
    };
    texts.iter().map(read).collect()
}

fn field<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Field, D::Error> {
    match String::deserialize(deserializer)?.as_str() {
        "forwarded" => Ok(Field::Forwarded),
        "x-forwarded-for" => Ok(Field::XForwardedFor),
        _ => Err(D::Error::custom(
            "wants \"x-forwarded-for\" or \"forwarded\"",
        )),
    }
}

fn few_minutes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    let minutes = u32::deserialize(deserializer)?;
    if minutes <= 10_080 {
        Ok(minutes)
    } else {
        Err(D::Error::custom(
            "wants a number of minutes from 0 to 10080",
        ))
    }
}

fn few_days<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    let days = u32::deserialize(deserializer)?;
    if (1..=90).contains(&days) {
        Ok(days)
    } else {
        Err(D::Error::custom("wants a number of days from 1 to 90"))
    }
}

pub(super) fn positive<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    let number = u32::deserialize(deserializer)?;
    if (1..=86_400).contains(&number) {
        Ok(number)
    } else {
        Err(D::Error::custom(
            "wants a number of seconds from 1 to 86400",
        ))
    }
}
