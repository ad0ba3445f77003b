//! What Meta keeps of a number's messages, and where: `storage_configuration` of a number's
//! settings ("Local storage" and "No storage" in the Cloud API documentation).

use serde::Deserialize;
use serde_json::json;

use crate::ascii::ascii_json;
use crate::response::ResponseError;

/// The regions data at rest can be kept in, as Meta names them; `DE` stands for the European Union.
pub const REGIONS: &[&str] = &[
    "AE", "AU", "BH", "BR", "CA", "CH", "DE", "GB", "ID", "IN", "JP", "KR", "SG", "ZA",
];

/// The one retention Meta documents for "no storage", in minutes.
const NO_STORAGE_MINUTES: u32 = 60;

/// What Meta keeps, and where.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Storage {
    /// Up to 30 days, wherever Meta likes.
    Default,
    /// At rest only in this region, one of [`REGIONS`], from an hour on.
    InCountry(String),
    /// An hour, and webhooks are tried again for an hour only.
    None,
    /// Something this program does not know.
    Unknown,
}

impl Storage {
    /// Reads the answer to `GET /{phone-number-id}/settings`. A number without the member has never
    /// been set to anything.
    pub fn parse(body: &[u8]) -> Result<Self, ResponseError> {
        let wire: Settings = serde_json::from_slice(body).map_err(|_| ResponseError)?;
        let Some(wire) = wire.storage_configuration else {
            return Ok(Self::Default);
        };
        let region = wire.data_localization_region;
        let region = region.filter(|region| REGIONS.contains(&region.as_str()));
        Ok(match (wire.status.to_ascii_uppercase().as_str(), region) {
            ("DEFAULT" | "IN_COUNTRY_STORAGE_DISABLED", _) => Self::Default,
            ("IN_COUNTRY_STORAGE_ENABLED", Some(region)) => Self::InCountry(region),
            ("NO_STORAGE_ENABLED", _) => Self::None,
            _ => Self::Unknown,
        })
    }

    /// The body of `POST /{phone-number-id}/settings` that brings it about; none for what is not
    /// known.
    pub fn to_upstream(&self) -> Option<Vec<u8>> {
        let wanted = match self {
            Self::Default => json!({"status": "IN_COUNTRY_STORAGE_DISABLED"}),
            Self::InCountry(region) if REGIONS.contains(&region.as_str()) => json!({
                "status": "IN_COUNTRY_STORAGE_ENABLED",
                "data_localization_region": region,
            }),
            Self::None => json!({
                "status": "NO_STORAGE_ENABLED",
                "retention_minutes": NO_STORAGE_MINUTES,
            }),
            Self::InCountry(_) | Self::Unknown => return None,
        };
        Some(ascii_json(&json!({"storage_configuration": wanted})).into_bytes())
    }
}

#[derive(Deserialize)]
struct Settings {
    storage_configuration: Option<Wire>,
}

#[derive(Deserialize)]
struct Wire {
    status: String,
    data_localization_region: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_read() {
        let check = |configuration: &str, expected: Storage| {
            let body = format!(r#"{{"storage_configuration":{configuration},"calling":{{}}}}"#);
            assert_eq!(Storage::parse(body.as_bytes()), Ok(expected), "{body}");
        };
        let za = Storage::InCountry("ZA".to_owned());
        check(
            r#"{"status":"IN_COUNTRY_STORAGE_ENABLED","data_localization_region":"ZA"}"#,
            za,
        );
        check(
            r#"{"status":"IN_COUNTRY_STORAGE_ENABLED","data_localization_region":"XX"}"#,
            Storage::Unknown,
        );
        check(
            r#"{"status":"IN_COUNTRY_STORAGE_DISABLED"}"#,
            Storage::Default,
        );
        check(r#"{"status":"default"}"#, Storage::Default);
        check(
            r#"{"status":"NO_STORAGE_ENABLED","retention_minutes":60}"#,
            Storage::None,
        );
        check(r#"{"status":"SOMETHING_NEW"}"#, Storage::Unknown);
        check("null", Storage::Default);
        assert_eq!(Storage::parse(b"{}"), Ok(Storage::Default));
        for junk in ["", "[1]", "<html>", r#"{"storage_configuration":1}"#] {
            assert_eq!(
                Storage::parse(junk.as_bytes()),
                Err(ResponseError),
                "{junk}"
            );
        }
    }

    #[test]
    fn settings_are_written() {
        let check = |storage: Storage, expected: Option<&str>| {
            let body = storage.to_upstream();
            let body = body.map(|body| String::from_utf8(body).unwrap());
            let expected = expected.map(|inner| format!(r#"{{"storage_configuration":{inner}}}"#));
            assert_eq!(body, expected);
        };
        check(
            Storage::Default,
            Some(r#"{"status":"IN_COUNTRY_STORAGE_DISABLED"}"#),
        );
        check(
            Storage::InCountry("ZA".to_owned()),
            Some(r#"{"data_localization_region":"ZA","status":"IN_COUNTRY_STORAGE_ENABLED"}"#),
        );
        check(
            Storage::None,
            Some(r#"{"retention_minutes":60,"status":"NO_STORAGE_ENABLED"}"#),
        );
        check(Storage::InCountry("XX".to_owned()), None);
        check(Storage::Unknown, None);
    }
}
