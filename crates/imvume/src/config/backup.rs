//! `[backup]`: who can open the key bundle, and where backups go.

use std::path::PathBuf;
use std::time::Duration;

use backup::age::Recipient;
use domain::time::Span;
use egress::Egress;
use egress::Policy;
use egress::place::Bucket;
use egress::place::Keys;
use egress::place::Place;
use serde::Deserialize;
use service::backup::BackupSettings;
use toml::Spanned;
use url::Url;

use crate::config::document::field::some_url;
use crate::config::secret::Secrets;

/// `[backup]` as it is written.
#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Backup {
    recipients: Vec<Spanned<String>>,
    bundle_minutes: Spanned<u32>,
    every_hours: Spanned<u32>,
    keep: Spanned<u32>,
    pg_bin: Option<PathBuf>,
    copies_days: Spanned<u32>,
    place: Vec<Spanned<Written>>,
}

impl Default for Backup {
    fn default() -> Self {
        Self {
            recipients: Vec::new(),
            bundle_minutes: Spanned::new(0..0, 5),
            every_hours: Spanned::new(0..0, 24),
            keep: Spanned::new(0..0, 14),
            pg_bin: None,
            copies_days: Spanned::new(0..0, 0),
            place: Vec::new(),
        }
    }
}

/// `[[backup.place]]` as it is written.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Written {
    directory: Option<PathBuf>,
    #[serde(deserialize_with = "some_url")]
    endpoint: Option<Url>,
    bucket: Option<String>,
    region: Option<String>,
    prefix: Option<String>,
    account: Option<String>,
    secret: Option<Spanned<String>>,
    secret_file: Option<Spanned<PathBuf>>,
}

/// What the service is told.
pub(super) fn settings(
    secrets: &Secrets<'_>,
    policy: &Policy,
    backup: Backup,
) -> anyhow::Result<BackupSettings> {
    let within = |value: &Spanned<u32>, key: &str, (least, most): (u32, u32)| {
        let number = *value.get_ref();
        if (least..=most).contains(&number) {
            return Ok(number);
        }
        let cause = format!("wants a number from {least} to {most}");
        Err(secrets.source.fault(value.span().start, key, &cause))
    };
    let minutes = within(&backup.bundle_minutes, "bundle_minutes", (1, 5))?;
    let hours = within(&backup.every_hours, "every_hours", (0, 24 * 31))?;
    let keep = within(&backup.keep, "keep", (1, 1_000))?;
    let copies = within(&backup.copies_days, "copies_days", (0, 3_660))?;
    let recipient = |text: &Spanned<String>| {
        let fault = |error: backup::BackupError| {
            let at = text.span().start;
            secrets.source.fault(at, "recipients", &error.to_string())
        };
        text.get_ref().parse::<Recipient>().map_err(fault)
    };
    let recipients = backup.recipients.iter().map(recipient);
    let recipients = recipients.collect::<anyhow::Result<_>>()?;
    let places = backup.place.into_iter();
    let places = places.map(|written| place(secrets, policy, written));
    Ok(BackupSettings {
        recipients,
        places: places.collect::<anyhow::Result<_>>()?,
        bundle_every: Duration::from_mins(minutes.into()),
        every: (hours > 0).then(|| Span::hours(hours)),
        keep: usize::try_from(keep).unwrap_or(usize::MAX),
        copies: Span::days(copies),
        programs: backup.pg_bin.map(|path| secrets.base.join(path)),
    })
}

fn place(
    secrets: &Secrets<'_>,
    policy: &Policy,
    written: Spanned<Written>,
) -> anyhow::Result<Place> {
    let at = written.span().start;
    let fault = |key: &str, cause: &str| secrets.source.fault(at, key, cause);
    let written = written.into_inner();
    let endpoint = match (written.directory, written.endpoint) {
        (Some(directory), None) => return Ok(Place::Directory(secrets.base.join(directory))),
        (None, Some(endpoint)) => endpoint,
        _ => {
            let cause = "wants either `directory`, or `endpoint` with `bucket`";
            return Err(fault("directory", cause));
        }
    };
    let wanted = |value: Option<String>, key| value.ok_or_else(|| fault(key, "is missing"));
    let bucket = wanted(written.bucket, "bucket")?;
    let keys = Keys {
        id: wanted(written.account, "account")?,
        secret: secrets.take(at, "secret", written.secret, written.secret_file)?,
    };
    let region = written.region.unwrap_or_else(|| "us-east-1".to_owned());
    let mut prefix = written.prefix.unwrap_or_default();
    if !prefix.is_empty() && !prefix.ends_with('/') {
        prefix.push('/');
    }
    let egress =
        Egress::new(policy.clone()).map_err(|error| fault("endpoint", &error.to_string()))?;
    Bucket::new(egress, endpoint, (&bucket, &region, &prefix), &keys)
        .map(|bucket| Place::S3(Box::new(bucket)))
        .map_err(|_| {
            fault(
                "endpoint",
                "is none, or `bucket` or `prefix` cannot be a name there",
            )
        })
}
