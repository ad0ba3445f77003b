//! How single values are read, each with what it has to be.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;

use egress::Allowance;
use imvume::listen::Field;
use imvume::listen::Network;
use serde::Deserialize as _;
use serde::Deserializer;
use serde::de::Error as _;
use url::Url;

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

pub(super) fn name<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    text(deserializer, "1 to 100 characters on one line", |text| {
        !text.trim().is_empty() && text.chars().count() <= 100 && !text.contains(char::is_control)
    })
}

pub(super) fn country<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    text(
        deserializer,
        "two capital letters (ISO 3166-1), such as \"ZA\"",
        |text| text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_uppercase()),
    )
}

pub(super) fn language<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    text(
        deserializer,
        "a language's two or three small letters, such as \"en\"",
        |text| (2..=3).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_lowercase()),
    )
}

pub(super) fn log_name<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    text(
        deserializer,
        "a name without spaces and plus signs, such as a host name",
        |text| {
            let plain = |c: char| c.is_ascii_graphic() && c != '+';
            !text.is_empty() && text.len() <= 200 && text.chars().all(plain)
        },
    )
}

pub(super) fn version<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
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

pub(super) fn digits<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    text(
        deserializer,
        "the digits of an id at Meta, in quotes",
        |text| (1..=32).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit()),
    )
}

pub(super) fn some_digits<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<String>, D::Error> {
    digits(deserializer).map(Some)
}

pub(super) fn path<'de, D: Deserializer<'de>>(deserializer: D) -> Result<PathBuf, D::Error> {
    text(deserializer, "a path", |text| {
        !text.is_empty() && !text.contains('\0')
    })
    .map(PathBuf::from)
}

pub(in crate::config) fn some_path<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<PathBuf>, D::Error> {
    path(deserializer).map(Some)
}

pub(super) fn address<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SocketAddr, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse().map_err(|_| {
        D::Error::custom(
            "wants an address with a port, such as \"127.0.0.1:8080\" or \"[::1]:8080\"",
        )
    })
}

pub(super) fn url<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Url, D::Error> {
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

pub(in crate::config) fn some_url<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Url>, D::Error> {
    url(deserializer).map(Some)
}

pub(super) fn allowances<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<Allowance>, D::Error> {
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

pub(super) fn networks<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<Network>, D::Error> {
    let texts = Vec::<String>::deserialize(deserializer)?;
    let read = |text: &String| {
        text.parse().map_err(|error| {
            D::Error::custom(format_args!("wants address or network/prefix: {error}"))
        })
    };
    texts.iter().map(read).collect()
}

pub(super) fn field<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Field, D::Error> {
    match String::deserialize(deserializer)?.as_str() {
        "forwarded" => Ok(Field::Forwarded),
        "x-forwarded-for" => Ok(Field::XForwardedFor),
        _ => Err(D::Error::custom(
            "wants \"x-forwarded-for\" or \"forwarded\"",
        )),
    }
}

pub(super) fn few_minutes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    let minutes = u32::deserialize(deserializer)?;
    if minutes <= 10_080 {
        Ok(minutes)
    } else {
        Err(D::Error::custom(
            "wants a number of minutes from 0 to 10080",
        ))
    }
}

pub(super) fn few_days<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    let days = u32::deserialize(deserializer)?;
    if (1..=90).contains(&days) {
        Ok(days)
    } else {
        Err(D::Error::custom("wants a number of days from 1 to 90"))
    }
}

pub(in crate::config) fn positive<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<u32, D::Error> {
    let number = u32::deserialize(deserializer)?;
    if (1..=86_400).contains(&number) {
        Ok(number)
    } else {
        Err(D::Error::custom(
            "wants a number of seconds from 1 to 86400",
        ))
    }
}
