//! Whose export a list is: which of its columns are read, and what they mean. All others are not
//! even looked at.

use super::fault::SheetError;

/// Whose columns a list has.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Layout {
    /// Braze: a segment's people, as CSV.
    Braze,
    /// The columns that are our own.
    Generic,
    /// Shopify: the customers.
    Shopify,
    /// WATI: the contacts.
    Wati,
}

impl Layout {
    /// All of them, by name.
    pub const ALL: [Self; 4] = [Self::Braze, Self::Generic, Self::Shopify, Self::Wati];

    /// The name it has on the command line and in the admin API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Braze => "braze",
            Self::Generic => "generic",
            Self::Shopify => "shopify",
            Self::Wati => "wati",
        }
    }

    /// The one with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|layout| layout.name() == name)
    }

    /// What it reads: the title by which a missing column is named, other spellings, and what is in
    /// it. Case, spaces, `_` and `-` in titles do not matter.
    const fn columns(self) -> &'static [Wanted] {
        match self {
            Self::Braze => {
                const {
                    &[
                        wanted("phone", &[], Meaning::Phone, Need::Either),
                        wanted("email", &[], Meaning::Email, Need::Either),
                        wanted("country", &[], Meaning::Residence, Need::No),
                        wanted("time_zone", &[], Meaning::Zone, Need::No),
                        wanted("language", &[], Meaning::Languages, Need::No),
                        wanted("email_subscribe", &[], Meaning::Status, Need::Yes),
                    ]
                }
            }
            Self::Generic => {
                const {
                    &[
                        wanted("phone", &[], Meaning::Phone, Need::Either),
                        wanted("email", &[], Meaning::Email, Need::Either),
                        wanted("residence", &["country"], Meaning::Residence, Need::No),
                        wanted("zone", &["time_zone"], Meaning::Zone, Need::No),
                        wanted("languages", &["language"], Meaning::Languages, Need::No),
                        wanted("sold_at", &[], Meaning::Sold, Need::No),
                        wanted("could_object", &[], Meaning::CouldObject, Need::No),
                        wanted("status", &[], Meaning::Status, Need::No),
                    ]
                }
            }
            Self::Shopify => {
                const {
                    &[
                        wanted("Phone", &[], Meaning::Phone, Need::Either),
                        wanted("Email", &[], Meaning::Email, Need::Either),
                        wanted(
                            "Default Address Country Code",
                            &["Country Code"],
                            Meaning::Residence,
                            Need::No,
                        ),
                        wanted("Accepts Email Marketing", &[], Meaning::Accepts, Need::Yes),
                        wanted("Accepts SMS Marketing", &[], Meaning::Accepts, Need::Yes),
                    ]
                }
            }
            Self::Wati => {
                const {
                    &[
                        wanted(
                            "Phone",
                            &["WhatsApp Number", "Phone Number", "WA ID"],
                            Meaning::Phone,
                            Need::Yes,
                        ),
                        wanted("CountryCode", &[], Meaning::CallingCode, Need::No),
                        wanted("Email", &[], Meaning::Email, Need::No),
                        wanted("Allow Broadcast", &[], Meaning::Status, Need::Yes),
                    ]
                }
            }
        }
    }

    /// Finds the columns in the first line.
    ///
    /// # Errors
    /// [`SheetError::Columns`] names those that are missing, [`SheetError::Twice`] one that comes twice.
    pub(super) fn find<'t>(
        self,
        titles: impl Iterator<Item = &'t str>,
    ) -> Result<Vec<(Meaning, usize)>, SheetError> {
        let titles: Vec<String> = titles.map(plain).collect();
        let mut found = Vec::new();
        let mut missing = Vec::new();
        let mut either: Option<bool> = None;
        for wanted in self.columns() {
            let mut places = titles.iter().enumerate().filter(|(_, title)| {
                *title == &plain(wanted.title) || wanted.others.iter().any(|o| *title == &plain(o))
            });
            let place = places.next().map(|(place, _)| place);
            if place.is_some() && places.next().is_some() {
                return Err(SheetError::Twice(wanted.title));
            }
            match wanted.need {
                Need::Either => either = Some(either.unwrap_or(false) || place.is_some()),
                Need::Yes if place.is_none() => missing.push(wanted.title),
                Need::No | Need::Yes => {}
            }
            found.extend(place.map(|place| (wanted.meaning, place)));
        }
        if either == Some(false) {
            let of = |wanted: &&Wanted| wanted.need == Need::Either;
            let titles = self.columns().iter().filter(of).map(|wanted| wanted.title);
            missing.extend(titles);
        }
        if self == Self::Braze {
            // One for each channel; which channels there are differs.
            let held: Vec<usize> = found.iter().map(|(_, place)| *place).collect();
            let others = titles.iter().enumerate();
            found.extend(
                others
                    .filter(|(place, title)| title.ends_with("subscribe") && !held.contains(place))
                    .map(|(place, _)| (Meaning::Status, place)),
            );
        }
        if missing.is_empty() {
            Ok(found)
        } else {
            Err(SheetError::Columns(missing))
        }
    }
}

/// What is in a column.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Meaning {
    /// Whether the person accepts marketing on one channel; a no on all of them counts.
    Accepts,
    /// The country calling code of the number.
    CallingCode,
    /// Whether the person could object at the sale.
    CouldObject,
    Email,
    Languages,
    Phone,
    Residence,
    /// When the last sale was.
    Sold,
    /// Whether the person said no; any no counts.
    Status,
    Zone,
}

/// Whether a list without a column can be read.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Need {
    /// One of those that say so has to be there.
    Either,
    No,
    Yes,
}

#[derive(Clone, Copy, Debug)]
struct Wanted {
    title: &'static str,
    others: &'static [&'static str],
    meaning: Meaning,
    need: Need,
}

const fn wanted(
    title: &'static str,
    others: &'static [&'static str],
    meaning: Meaning,
    need: Need,
) -> Wanted {
    Wanted {
        title,
        others,
        meaning,
        need,
    }
}

fn plain(title: &str) -> String {
    title
        .chars()
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::Layout;

    #[test]
    fn a_missing_column_is_named() {
        for (layout, header, expected) in [
            (Layout::Generic, "phone,status", None),
            (Layout::Generic, "PHONE,Time Zone", None),
            (
                Layout::Generic,
                "name,status",
                Some("the file has no column phone, and no column email"),
            ),
            (
                Layout::Generic,
                "phone,Phone",
                Some("the column phone comes twice"),
            ),
            (
                Layout::Wati,
                "Name,CountryCode,Phone,AllowBroadcast,AllowSMS",
                None,
            ),
            (Layout::Wati, "Name,WhatsApp Number,Allow Broadcast", None),
            (
                Layout::Wati,
                "Name,Number",
                Some("the file has no column Phone, and no column Allow Broadcast"),
            ),
            (
                Layout::Braze,
                "external_id,first_name,email,country,time_zone,language,email_subscribe,push_subscribe",
                None,
            ),
            (
                Layout::Braze,
                "external_id,phone",
                Some("the file has no column email_subscribe"),
            ),
            (
                Layout::Shopify,
                "Customer ID,First Name,Last Name,Email,Accepts Email Marketing,Default Address \
                 Country Code,Default Address Phone,Phone,Accepts SMS Marketing,Total Spent,Tags",
                None,
            ),
            (
                Layout::Shopify,
                "Email,Accepts Marketing",
                Some(
                    "the file has no column Accepts Email Marketing, and no column Accepts SMS \
                     Marketing",
                ),
            ),
        ] {
            let found = layout.find(header.split(','));
            let said = found.err().map(|error| error.to_string());
            assert_eq!(said.as_deref(), expected, "{header}");
        }
    }
}
