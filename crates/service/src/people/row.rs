//! One row of a list as somebody to bring in.

use std::str::FromStr as _;

use csv::ByteRecord;
use domain::email::Email;
use domain::person::TraitKind;
use domain::subject::Identifier;
use domain::time::Timestamp;
use seal::Zeroizing;
use store::import::Brought;

use super::fault::RowFault;
use super::layout::Layout;
use super::layout::Meaning;
use super::national;
use super::national::Country;

/// The longest name of a time zone or tag of a language that makes sense, in bytes.
const LONGEST: usize = 64;

/// How rows are read.
#[derive(Clone, Debug)]
pub(super) struct Reading {
    pub(super) layout: Layout,
    pub(super) columns: Vec<(Meaning, usize)>,
    /// How many columns there are.
    pub(super) width: usize,
    pub(super) country: Option<Country>,
    pub(super) now: Timestamp,
}

/// What was found in a row, before it is put together.
#[derive(Default)]
struct Found {
    phone: Option<String>,
    calling_code: Option<String>,
    email: Option<Identifier>,
    traits: Vec<(TraitKind, Zeroizing<String>)>,
    sold: Option<Timestamp>,
    could_object: bool,
    /// On how many channels the person accepts, and on how many not.
    accepts: (u32, u32),
    denied: bool,
}

impl Reading {
    /// Reads a row.
    pub(super) fn row(&self, record: &ByteRecord, line: u64) -> Result<Brought, RowFault> {
        let cells: Result<Vec<&str>, _> = record.iter().map(std::str::from_utf8).collect();
        let cells = cells.map_err(|_| RowFault::Encoding)?;
        if cells.len() != self.width {
            return Err(RowFault::Fields);
        }
        let mut found = Found::default();
        for (meaning, place) in &self.columns {
            let cell = cells.get(*place).map_or("", |cell| cell.trim());
            if !cell.is_empty() {
                found.take(*meaning, cell, self.now)?;
            }
        }
        self.whole(found, line)
    }

    fn whole(&self, mut found: Found, line: u64) -> Result<Brought, RowFault> {
        let phone = match (found.phone, found.calling_code) {
            (Some(cell), Some(code)) => Some(national::phone(
                &national::joined(&code, &cell),
                self.country,
            )?),
            (Some(cell), None) => Some(national::phone(&cell, self.country)?),
            (None, _) => None,
        };
        if phone.is_none() && found.email.is_none() {
            return Err(RowFault::Nobody);
        }
        if let Some(sold) = found.sold {
            let mark = if found.could_object {
                " objectable"
            } else {
                ""
            };
            let value = Zeroizing::new(format!("{sold}{mark}"));
            found.traits.push((TraitKind::Sale, value));
        }
        // Whoever accepts nothing said so, or was never asked; whoever accepts something was.
        let accepts_nothing = found.accepts.0 == 0 && found.accepts.1 > 0;
        Ok(Brought {
            line,
            phone,
            email: found.email,
            traits: found.traits,
            denied: found.denied || (self.layout == Layout::Shopify && accepts_nothing),
        })
    }
}

impl Found {
    /// Takes a cell that is not empty.
    fn take(&mut self, meaning: Meaning, cell: &str, now: Timestamp) -> Result<(), RowFault> {
        match meaning {
            Meaning::Accepts if says_no(cell)? => self.accepts.1 += 1,
            Meaning::Accepts => self.accepts.0 += 1,
            Meaning::CallingCode => self.calling_code = Some(cell.to_owned()),
            Meaning::CouldObject => self.could_object = !says_no(cell)?,
            Meaning::Email => {
                let email = Email::from_str(cell).map_err(|_| RowFault::Email)?;
                self.email = Some(email.into_identifier());
            }
            Meaning::Languages => self.keep(TraitKind::Languages, languages(cell)?),
            Meaning::Phone => self.phone = Some(cell.to_owned()),
            Meaning::Residence => self.keep(TraitKind::Residence, residence(cell)?),
            Meaning::Sold => {
                let at = sold(cell).filter(|at| *at <= now);
                self.sold = Some(at.ok_or(RowFault::Sale)?);
            }
            Meaning::Status => self.denied |= says_no(cell)?,
            Meaning::Zone => self.keep(TraitKind::Zone, zone(cell)?),
        }
        Ok(())
    }

    fn keep(&mut self, kind: TraitKind, value: String) {
        self.traits.push((kind, Zeroizing::new(value)));
    }
}

/// Whether a cell says no. Words that are neither a yes nor a no must not pass for a yes.
fn says_no(cell: &str) -> Result<bool, RowFault> {
    let plain: String = cell
        .chars()
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect();
    match plain.as_str() {
        "0" | "blocked" | "false" | "no" | "optedout" | "optout" | "refused" | "stop"
        | "stopped" | "suppressed" | "unsubscribe" | "unsubscribed" | "withdrawn" => Ok(true),
        "1" | "active" | "given" | "optedin" | "optin" | "subscribe" | "subscribed" | "true"
        | "unknown" | "yes" => Ok(false),
        _ => Err(RowFault::Status),
    }
}

fn residence(cell: &str) -> Result<String, RowFault> {
    let code = cell.to_ascii_uppercase();
    let (country, rest) = code.split_once('-').unwrap_or((&code, "A"));
    let letters = country.len() == 2 && country.bytes().all(|byte| byte.is_ascii_uppercase());
    let part = (1..=3).contains(&rest.len())
        && rest
            .bytes()
            .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
    if letters && part {
        Ok(code)
    } else {
        Err(RowFault::Country)
    }
}

fn zone(cell: &str) -> Result<String, RowFault> {
    let letters = cell
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"/_+-".contains(&byte));
    let named = cell == "UTC" || cell.contains('/');
    if letters && named && cell.len() <= LONGEST {
        Ok(cell.to_owned())
    } else {
        Err(RowFault::Zone)
    }
}

/// Tags separated by spaces, commas or semicolons (BCP 47); `_` is how some write the hyphen.
fn languages(cell: &str) -> Result<String, RowFault> {
    let tag = |tag: &str| {
        let tag = tag.replace('_', "-");
        let mut parts = tag.split('-');
        let primary = parts.next().unwrap_or_default();
        let letters = (2..=3).contains(&primary.len())
            && primary.bytes().all(|byte| byte.is_ascii_alphabetic());
        let rest = parts.all(|part| {
            (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric())
        });
        (letters && rest && tag.len() <= LONGEST).then_some(tag)
    };
    let tags: Option<Vec<String>> = cell
        .split([' ', ',', ';'])
        .filter(|part| !part.is_empty())
        .map(tag)
        .collect();
    match tags {
        Some(tags) if (1..=8).contains(&tags.len()) => Ok(tags.join(" ")),
        _ => Err(RowFault::Language),
    }
}

/// An instant, or a day, which counts from its first moment in UTC.
fn sold(cell: &str) -> Option<Timestamp> {
    cell.parse()
        .ok()
        .or_else(|| format!("{cell}T00:00:00Z").parse().ok())
}

#[cfg(test)]
mod tests {
    use csv::ByteRecord;
    use domain::person::TraitKind;
    use domain::time::Timestamp;

    use super::Reading;
    use super::RowFault;
    use crate::people::layout::Layout;

    fn read(layout: Layout, header: &str, row: &str) -> Result<store::import::Brought, RowFault> {
        let reading = Reading {
            layout,
            columns: layout.find(header.split(',')).unwrap(),
            width: header.split(',').count(),
            country: None,
            now: "2026-11-21T10:00:00Z".parse::<Timestamp>().unwrap(),
        };
        let record: ByteRecord = row.split(',').map(str::as_bytes).collect();
        reading.row(&record, 2)
    }

    #[test]
    fn a_no_counts_and_a_yes_does_not() {
        let shopify = "Phone,Email,Accepts Email Marketing,Accepts SMS Marketing";
        let braze = "phone,email_subscribe,push_subscribe";
        let wati = "Phone,AllowBroadcast";
        for (layout, header, row, expected) in [
            (Layout::Generic, "phone,status", "+27821234567,", Ok(false)),
            (
                Layout::Generic,
                "phone,status",
                "+27821234567,subscribed",
                Ok(false),
            ),
            (
                Layout::Generic,
                "phone,status",
                "+27821234567,Opted-Out",
                Ok(true),
            ),
            (
                Layout::Generic,
                "phone,status",
                "+27821234567,maybe",
                Err(RowFault::Status),
            ),
            (Layout::Wati, wati, "27821234567,TRUE", Ok(false)),
            (Layout::Wati, wati, "27821234567,FALSE", Ok(true)),
            (
                Layout::Braze,
                braze,
                "+27821234567,opted_in,subscribed",
                Ok(false),
            ),
            (
                Layout::Braze,
                braze,
                "+27821234567,subscribed,unsubscribed",
                Ok(true),
            ),
            (Layout::Shopify, shopify, "+27821234567,,no,no", Ok(true)),
            (Layout::Shopify, shopify, "+27821234567,,yes,no", Ok(false)),
            (Layout::Shopify, shopify, ",,yes,no", Err(RowFault::Nobody)),
            (
                Layout::Generic,
                "phone,status",
                "+27821234567",
                Err(RowFault::Fields),
            ),
        ] {
            let found = read(layout, header, row).map(|brought| brought.denied);
            assert_eq!(found, expected, "{header}: {row}");
        }
    }

    #[test]
    fn what_else_is_known_is_read_strictly() {
        let header = "phone,email,residence,zone,languages,sold_at,could_object";
        for (row, expected) in [
            (
                ",a@example.com,za,Africa/Johannesburg,en_ZA;af,2026-03-31,yes",
                Ok(4),
            ),
            (",a@example.com,US-CA,,,,", Ok(1)),
            (",a@example.com,South Africa,,,,", Err(RowFault::Country)),
            (",a@example.com,,Johannesburg,,,", Err(RowFault::Zone)),
            (",a@example.com,,,English,,", Err(RowFault::Language)),
            (",a@example.com,,,,2027-01-01,", Err(RowFault::Sale)),
            (",a@example.com,,,,soon,", Err(RowFault::Sale)),
            (",not an address,,,,,", Err(RowFault::Email)),
            (",=cmd|x,,,,,", Err(RowFault::Email)),
        ] {
            let found = read(Layout::Generic, header, row);
            assert_eq!(found.map(|brought| brought.traits.len()), expected, "{row}");
        }
        let row = ",a@example.com,,,,2026-03-31,yes";
        let brought = read(Layout::Generic, header, row).unwrap();
        let (kind, value) = &brought.traits[0];
        assert_eq!(*kind, TraitKind::Sale);
        assert_eq!(value.as_str(), "2026-03-31T00:00:00.000000Z objectable");
        assert!(!format!("{brought:?}").contains("example"));
    }
}
