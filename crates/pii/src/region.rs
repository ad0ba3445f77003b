//! Where numbers without a calling code are at home.

/// A region whose national form of phone numbers is known.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub enum Region {
    /// Austria, Belgium, France, Germany, the Netherlands and others that dial a 0 before a number
    /// within the country.
    Europe(u16),
    /// The United States, Canada and others under +1.
    NorthAmerica,
    /// None: only numbers with a calling code are found.
    #[default]
    Nowhere,
    /// South Africa.
    SouthAfrica,
    /// The United Kingdom.
    UnitedKingdom,
}

/// Countries of Europe that dial a 0 before a national number, with their calling codes.
const EUROPE: &[(&str, u16)] = &[
    ("AT", 43),
    ("BE", 32),
    ("CH", 41),
    ("DE", 49),
    ("FI", 358),
    ("FR", 33),
    ("HR", 385),
    ("IE", 353),
    ("NL", 31),
    ("RO", 40),
    ("RS", 381),
    ("SE", 46),
    ("SI", 386),
    ("SK", 421),
];

impl Region {
    /// The region of a country by its ISO 3166-1 code.
    pub fn of(country: &str) -> Self {
        match country {
            "CA" | "US" => Self::NorthAmerica,
            "GB" => Self::UnitedKingdom,
            "ZA" => Self::SouthAfrica,
            _ => {
                let found = EUROPE.iter().find(|(code, _)| *code == country);
                found.map_or(Self::Nowhere, |(_, calling)| Self::Europe(*calling))
            }
        }
    }

    /// Its calling code.
    pub(crate) const fn calling_code(self) -> Option<u16> {
        match self {
            Self::Europe(code) => Some(code),
            Self::NorthAmerica => Some(1),
            Self::Nowhere => None,
            Self::SouthAfrica => Some(27),
            Self::UnitedKingdom => Some(44),
        }
    }
}
