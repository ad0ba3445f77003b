//! What may be noted about a person, in the one spelling in which it is kept.

use thiserror::Error;

use crate::law::Law;
use crate::person::TraitKind;
use crate::time::Timestamp;

/// Nobody is known to have lived longer, in years.
const OLDEST: i16 = 123;
/// How many languages may be noted of one person.
const LANGUAGES: usize = 10;

/// Why a value cannot be noted. It never carries the value.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum TraitFault {
    /// Not a year of birth of somebody who may be alive, nor `adult`.
    #[error("an age is a year of birth, such as 1990, or `adult`")]
    Age,
    /// Not an instant, or one that is still to come.
    #[error("the end of a contract is an instant that has passed, such as 2026-11-21T10:00:00Z")]
    ContractEnded,
    /// Not a list of language tags.
    #[error(
        "languages are 1 to {LANGUAGES} tags such as en or zu-ZA, best first, parted by spaces"
    )]
    Languages,
    /// Not of the shape of ISO 3166.
    #[error(
        "a residence is an ISO 3166 code: two letters, with a subdivision where one matters, such as US-CA"
    )]
    Residence,
    /// Not an instant, or one that is still to come.
    #[error(
        "a sale is an instant that has passed, such as 2026-11-21T10:00:00Z, with ` objectable` behind it if the person could object at it"
    )]
    Sale,
    /// Anything but `yes`.
    #[error("special categories are noted with `yes`, or taken back")]
    Special,
    /// Not a zone the law knows.
    #[error("a zone is the name of a time zone, such as Africa/Johannesburg")]
    Zone,
}

/// The value as it is kept.
///
/// # Errors
/// [`TraitFault`] by what it is not.
pub fn canonical(
    kind: TraitKind,
    value: &str,
    law: &dyn Law,
    now: Timestamp,
) -> Result<String, TraitFault> {
    let value = value.trim();
    match kind {
        TraitKind::Age => age(value, now).ok_or(TraitFault::Age),
        TraitKind::Languages => languages(value).ok_or(TraitFault::Languages),
        TraitKind::Residence => residence(value).ok_or(TraitFault::Residence),
        TraitKind::Sale => sale(value, now).ok_or(TraitFault::Sale),
        TraitKind::Special if value == "yes" => Ok(value.to_owned()),
        TraitKind::Special => Err(TraitFault::Special),
        TraitKind::ContractEnded => passed(value, now)
            .map(|at| at.to_string())
            .ok_or(TraitFault::ContractEnded),
        TraitKind::Zone if value.is_empty() || value.len() > 64 => Err(TraitFault::Zone),
        TraitKind::Zone => law
            .zone(value)
            .map(|zone| zone.name.to_string())
            .ok_or(TraitFault::Zone),
    }
}

fn age(value: &str, now: Timestamp) -> Option<String> {
    if value == "adult" {
        return Some(value.to_owned());
    }
    let year: i16 = value.parse().ok().filter(|_| value.len() == 4)?;
    let born = now.year() - OLDEST <= year && year <= now.year();
    born.then(|| value.to_owned())
}

/// ISO 3166-1 alpha-2, or ISO 3166-2: up to three letters or digits more.
fn residence(value: &str) -> Option<String> {
    let value = value.to_ascii_uppercase();
    let (country, part) = value
        .split_once('-')
        .map_or((value.as_str(), None), |(country, part)| {
            (country, Some(part))
        });
    let is_country = country.len() == 2 && country.bytes().all(|c| c.is_ascii_uppercase());
    let is_part = part.is_none_or(|part| {
        (1..=3).contains(&part.len()) && part.bytes().all(|c| c.is_ascii_alphanumeric())
    });
    (is_country && is_part).then_some(value)
}

fn sale(value: &str, now: Timestamp) -> Option<String> {
    let (at, behind) = value
        .strip_suffix(" objectable")
        .map_or((value, ""), |at| (at, " objectable"));
    passed(at, now).map(|at| format!("{at}{behind}"))
}

/// An instant that has passed, and not before 1970.
fn passed(value: &str, now: Timestamp) -> Option<Timestamp> {
    let at: Timestamp = value.parse().ok()?;
    (Timestamp::default() < at && at <= now).then_some(at)
}

fn languages(value: &str) -> Option<String> {
    let tags: Vec<&str> = value.split_ascii_whitespace().collect();
    let fits = (1..=LANGUAGES).contains(&tags.len()) && tags.iter().all(|tag| is_language(tag));
    fits.then(|| tags.join(" "))
}

/// Whether it has the shape of a language tag (BCP 47): subtags of letters and digits, parted by
/// hyphens.
pub fn is_language(tag: &str) -> bool {
    let subtag = |part: &str| {
        (1..=8).contains(&part.len()) && part.bytes().all(|c| c.is_ascii_alphanumeric())
    };
    let primary = tag.split('-').next().unwrap_or_default();
    let letters = primary.len() > 1 && primary.bytes().all(|c| c.is_ascii_alphabetic());
    tag.len() <= 35 && letters && tag.split('-').all(subtag)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::canonical;
    use crate::law::Evidence;
    use crate::law::Law;
    use crate::law::Rules;
    use crate::law::Zone;
    use crate::person::TraitKind;
    use crate::time::Timestamp;

    /// Knows one zone.
    #[derive(Debug)]
    struct OneZone;

    impl Law for OneZone {
        fn rules(&self, _evidence: &Evidence, _at: Timestamp) -> Arc<Rules> {
            Arc::new(Rules::default())
        }

        fn zone(&self, name: &str) -> Option<Zone> {
            name.eq_ignore_ascii_case("africa/johannesburg")
                .then(|| Zone::new(Arc::from("Africa/Johannesburg"), jiff::tz::TimeZone::UTC))
        }
    }

    #[test]
    fn values() {
        let now: Timestamp = "2026-11-21T10:00:00Z".parse().unwrap();
        let zone = "Africa/Johannesburg";
        let noon = "2026-11-20T12:00:00.000000Z";
        for (kind, value, kept) in [
            (TraitKind::Residence, "za", Some("ZA")),
            (TraitKind::Residence, " US-CA ", Some("US-CA")),
            (TraitKind::Residence, "GB-ENG", Some("GB-ENG")),
            (TraitKind::Residence, "ZAF", None),
            (TraitKind::Residence, "Z", None),
            (TraitKind::Residence, "US-", None),
            (TraitKind::Residence, "US-CALI", None),
            (TraitKind::Residence, "", None),
            (TraitKind::Zone, "africa/johannesburg", Some(zone)),
            (TraitKind::Zone, "Mars/Olympus", None),
            (TraitKind::Zone, "", None),
            (TraitKind::Age, "adult", Some("adult")),
            (TraitKind::Age, "1990", Some("1990")),
            (TraitKind::Age, "2026", Some("2026")),
            (TraitKind::Age, "2027", None),
            (TraitKind::Age, "1902", None),
            (TraitKind::Age, "+990", None),
            (TraitKind::Age, "90", None),
            (TraitKind::Special, "yes", Some("yes")),
            (TraitKind::Special, "no", None),
            (TraitKind::Special, "", None),
            (TraitKind::Sale, "2026-11-20T12:00:00Z", Some(noon)),
            (TraitKind::Sale, "2026-11-21T10:00:01Z", None),
            (TraitKind::Sale, "yesterday", None),
            (TraitKind::Sale, "1960-01-01T00:00:00Z", None),
            (TraitKind::ContractEnded, "2026-11-20T12:00:00Z", Some(noon)),
            (TraitKind::ContractEnded, "2026-11-22T12:00:00Z", None),
            (TraitKind::ContractEnded, "yes", None),
            (TraitKind::Languages, "zu-ZA  en", Some("zu-ZA en")),
            (TraitKind::Languages, "en_US", None),
            (TraitKind::Languages, "", None),
        ] {
            let found = canonical(kind, value, &OneZone, now).ok();
            assert_eq!(found.as_deref(), kept, "{kind:?} {value:?}");
        }
        let sale = canonical(
            TraitKind::Sale,
            "2026-11-20T12:00:00Z objectable",
            &OneZone,
            now,
        );
        assert_eq!(sale, Ok(format!("{noon} objectable")));
    }
}
