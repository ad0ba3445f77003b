//! What an emulator is started with.

use std::net::Ipv4Addr;
use std::net::SocketAddr;

use serde_json::Value;

use crate::cast;

/// Everything an emulator needs to know before it starts. [`Config::default`] is a coffee shop in
/// Cape Town with four customers and a small template catalogue, on a free loopback port.
#[derive(Clone, Debug)]
pub struct Config {
    /// Bearer tokens the Graph side accepts.
    pub access_token: Vec<String>,
    /// Id of the Meta app, the node of `/{app}/subscriptions`.
    pub app_id: String,
    /// Key of `X-Hub-Signature-256`.
    pub app_secret: String,
    /// Where webhooks go; `None` until somebody subscribes. Plain `http` only.
    pub callback_url: Option<String>,
    /// What the emulator enforces and how strictly.
    pub limits: Limits,
    /// Address to listen on; port 0 takes a free one.
    pub listen: SocketAddr,
    /// The business numbers.
    pub numbers: Vec<Number>,
    /// The people one can play on the phone page.
    pub people: Vec<Person>,
    /// Base of media addresses when clients reach the emulator by another name than `listen`.
    pub public_url: Option<String>,
    /// Whether every call must carry `appsecret_proof`.
    pub require_appsecret_proof: bool,
    /// How failed webhooks are tried again.
    pub retry: Retry,
    /// Seed of every delay and every id: the same seed and the same calls give the same run.
    pub seed: u64,
    /// How long each delivery status takes.
    pub status_delays: StatusDelays,
    /// The template catalogue.
    pub templates: Vec<Template>,
    /// What the verification handshake sends as `hub.verify_token`.
    pub verify_token: String,
    /// When the access tokens end, in Unix seconds; 0 for never.
    pub token_expires_at: i64,
    /// What the access tokens may do.
    pub token_scopes: Vec<String>,
    /// Start of virtual time in microseconds since 1970; `None` runs in real time.
    pub virtual_clock: Option<i64>,
    /// Id of the WhatsApp Business Account.
    pub waba_id: String,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            access_token: vec!["emulator-access-token".to_owned()],
            app_id: "670843887433847".to_owned(),
            app_secret: "emulator-app-secret".to_owned(),
            callback_url: None,
            limits: Limits::default(),
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            numbers: cast::numbers(),
            people: cast::people(),
            public_url: None,
            require_appsecret_proof: false,
            retry: Retry::default(),
            seed: 1,
            status_delays: StatusDelays::default(),
            templates: cast::templates(),
            token_expires_at: 0,
            token_scopes: cast::token_scopes(),
            verify_token: "emulator-verify-token".to_owned(),
            virtual_clock: None,
            waba_id: "102290129340398".to_owned(),
        }
    }
}

/// A business number.
#[derive(Clone, Debug)]
#[expect(
    clippy::struct_field_names,
    reason = "the names of the wire, so that nobody has to translate"
)]
pub struct Number {
    /// As people see it, for example `+27 21 555 0100`.
    pub display_phone_number: String,
    /// The Graph node id.
    pub phone_number_id: String,
    /// The business name shown in the chat.
    pub verified_name: String,
}

impl Number {
    /// The digits of the number, country code first.
    pub(crate) fn digits(&self) -> String {
        digits(&self.display_phone_number)
    }
}

/// Somebody who can be written to and played.
#[derive(Clone, Debug)]
pub struct Person {
    /// A short handle for the control API, for example `thandi`.
    pub id: String,
    /// Profile name.
    pub name: String,
    /// Parent BSUID, for businesses whose portfolio has a parent.
    pub parent_user_id: Option<String>,
    /// Digits with country code; `None` for a person known by BSUID only.
    pub phone: Option<String>,
    /// Business-scoped user id (BSUID), `CC.` and digits.
    pub user_id: String,
    /// WhatsApp user name.
    pub username: Option<String>,
}

impl Person {
    /// Somebody nobody declared; the handle is the number, or the BSUID.
    pub(crate) fn stranger(phone: Option<String>, user_id: String) -> Self {
        Self {
            id: phone.clone().unwrap_or_else(|| user_id.clone()),
            name: String::new(),
            parent_user_id: None,
            phone,
            user_id,
            username: None,
        }
    }
}

/// A message template in one language.
#[derive(Clone, Debug)]
pub struct Template {
    /// `AUTHENTICATION`, `MARKETING` or `UTILITY`.
    pub category: String,
    /// The components as Graph lists them (an array).
    pub components: Value,
    /// Node id; 0 lets the emulator choose.
    pub id: u64,
    /// Language code, for example `en` or `en_US`.
    pub language: String,
    /// Name, shared by its languages.
    pub name: String,
    /// `NAMED` or `POSITIONAL`.
    pub parameter_format: String,
    /// `APPROVED`, `PENDING`, `PAUSED` and so on.
    pub status: String,
}

/// Closed ranges in milliseconds, each counted from the status before.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct StatusDelays {
    /// From `sent` to `delivered`.
    pub delivered: (u32, u32),
    /// From the call to an asynchronous `failed`.
    pub failed: (u32, u32),
    /// From `delivered` to `read`.
    pub read: (u32, u32),
    /// From the call to `sent`.
    pub sent: (u32, u32),
}

impl Default for StatusDelays {
    fn default() -> Self {
        Self {
            delivered: (150, 600),
            failed: (50, 300),
            read: (800, 2500),
            sent: (40, 200),
        }
    }
}

/// What the emulator enforces. The numbers are those of Meta's documentation.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Limits {
    /// Whether `category` on a message that is no template (Direct Send) is enabled.
    pub direct_send: bool,
    /// Whether a recipient whose number ends in an error code gets that error.
    pub magic_recipients: bool,
    /// Messages one number may send to one person in a burst; 0 switches the pair rate off.
    pub pair_burst: u32,
    /// Seconds until one message of the burst is regained.
    pub pair_refill_seconds: u32,
    /// Messages a second per number; 0 switches the throughput limit off.
    pub throughput: u32,
    /// How the 24-hour customer service window is enforced.
    pub window: WindowCheck,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            direct_send: false,
            magic_recipients: true,
            pair_burst: 45,
            pair_refill_seconds: 6,
            throughput: 80,
            window: WindowCheck::Async,
        }
    }
}

/// How a message outside the customer service window fails.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum WindowCheck {
    /// Accepted, then a `failed` status with 131047.
    Async,
    /// Not at all.
    Off,
    /// Refused at once with 131047.
    Sync,
}

/// How a webhook that was not answered 200 is tried again: after `first_ms`, then twice as long
/// each time up to `longest_ms`, until `horizon_ms` have passed since the first try.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Retry {
    /// Delay before the first retry, milliseconds.
    pub first_ms: u64,
    /// When to give up, milliseconds after the first try (Meta: seven days).
    pub horizon_ms: u64,
    /// How many webhooks are under way at once. One keeps their order.
    pub lanes: usize,
    /// Longest delay between two tries, milliseconds.
    pub longest_ms: u64,
    /// How long one try may take, milliseconds of real time.
    pub timeout_ms: u64,
}

impl Default for Retry {
    fn default() -> Self {
        Self {
            first_ms: 1_000,
            horizon_ms: 7 * 24 * 3_600_000,
            lanes: 1,
            longest_ms: 3_600_000,
            timeout_ms: 10_000,
        }
    }
}

/// The ASCII digits of `text`.
pub(crate) fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}
