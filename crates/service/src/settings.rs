//! What the service is told at its start.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use domain::time::Span;
use egress::Policy;
use seal::Zeroizing;
use store::admin::NewNumber;
use url::Url;

use crate::backup::BackupSettings;
use crate::erasure::ErasureSettings;
use crate::portal::PortalSettings;

/// What the service is told at its start.
#[derive(Clone)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "five things that are each let or not"
)]
pub struct Settings {
    /// Where Meta's Graph API is, without version: `https://graph.facebook.com/`.
    pub graph: Url,
    /// The version of the API that is called, `v23.0`.
    pub version: String,
    /// Whether calls to Meta carry `appsecret_proof`, made with the app secret. Right only if the
    /// access tokens were issued for that app.
    pub appsecret_proof: bool,
    /// Whether apps may let Meta use what people do with marketing messages (reads, clicks) to choose
    /// whom it shows promotions.
    pub activity_sharing: bool,
    /// Whether apps may let Meta change the pictures and words of templates by itself.
    pub creative_features: bool,
    /// Whether apps may write to groups.
    pub groups: bool,
    /// Whether apps may place and answer calls.
    pub calls: bool,
    /// The secret Meta signs webhooks with.
    pub app_secret: Zeroizing<String>,
    /// The word by which Meta's verification request is recognised.
    pub verify_token: Zeroizing<String>,
    /// The numbers, with their access tokens.
    pub numbers: Vec<NumberSettings>,
    /// The name the log is signed under: a host name of the organisation, or the like.
    pub log_name: String,
    /// How often a checkpoint is signed while leaves come in.
    pub publish_every: Duration,
    /// The address under which apps reach the gateway: media addresses begin with it.
    pub apps_url: Url,
    /// The two letters aliases begin with: ISO 3166-1 of the organisation.
    pub country: String,
    /// The language of the gateway's own messages where the person's word does not tell.
    pub language: String,
    /// The organisation's name in the gateway's own messages.
    pub organisation: String,
    /// Where media objects are kept.
    pub media: PathBuf,
    /// How many days an access package can be fetched.
    pub package_days: u32,
    /// What may be called.
    pub egress: Policy,
    /// The pages for people, and the confirmations that lead to them.
    pub portal: PortalSettings,
    /// How long an epoch key is used before it is rolled; without one, only when staff asks for it.
    pub epoch: Option<Span>,
    /// How people are erased.
    pub erasure: ErasureSettings,
    /// The key bundle and content snapshots.
    pub backup: BackupSettings,
    /// How long a call to Meta may take.
    pub call_timeout: Duration,
    /// How long an app may take to accept a webhook.
    pub relay_timeout: Duration,
}

/// A number and its access token at Meta.
#[derive(Clone)]
pub struct NumberSettings {
    /// Its id at Meta.
    pub phone_number_id: String,
    /// The account it belongs to.
    pub waba_id: String,
    /// The number as people see it.
    pub display: String,
    /// The verified name.
    pub verified_name: String,
    /// The token calls are made with.
    pub access_token: Zeroizing<String>,
}

impl NumberSettings {
    pub(crate) fn to_store(&self) -> NewNumber {
        NewNumber {
            phone_number_id: self.phone_number_id.clone(),
            waba_id: self.waba_id.clone(),
            display: self.display.clone(),
            verified_name: self.verified_name.clone(),
        }
    }
}

/// How long a roll may take until the key bundle is at its places and the old epoch key destroyed.
const ROLL: Span = Span::days(1);

impl Settings {
    /// The erasure horizon: how long after an erasure the last copy of the keys is gone at the latest. The
    /// next roll begins within an epoch; at its end the older parts of the key bundle are removed, and
    /// copies of those that a place keeps by itself go after the days that are configured. None where keys
    /// are rolled only when staff does it.
    pub fn horizon(&self) -> Option<Span> {
        let parts = [self.epoch?, ROLL, self.backup.copies];
        Some(Span::micros(parts.map(Span::as_micros).iter().sum()))
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("numbers", &self.numbers)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for NumberSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NumberSettings")
            .field("phone_number_id", &self.phone_number_id)
            .finish_non_exhaustive()
    }
}
