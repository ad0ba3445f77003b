//! What a person can do about a refusal: to whom they can complain, and which court can be asked.
//!
//! Each provision has a confidence, as rules of packs have. High: the project's reference of law has it
//! (GDPR Art 77; UK GDPR Art 77 with DPA 2018 s164A; POPIA s74, s99; LGPD Art 18 §1). Medium: nobody has
//! looked it up again; such a one is left out until somebody answerable has, and says so
//! ([`Letterhead::provisions`](crate::Letterhead::provisions)). A letter that names the authority alone is
//! better than one with a wrong provision. Names of authorities are proper names and stay as they are in
//! every language.

use domain::request::RequestKind;
use serde::Serialize;

use self::Provision::Sure;
use self::Provision::Waits;
use crate::letterhead::Letterhead;

/// Where a person can turn under one law.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize)]
pub(crate) struct Remedy {
    /// The authority; empty for "the one where you live or work".
    pub(crate) name: String,
    /// Where it is on the web; may be empty.
    pub(crate) address: String,
    /// The provision of the complaint; may be empty.
    pub(crate) provision: String,
    /// The provision under which a court can be asked; may be empty.
    #[serde(skip)]
    pub(crate) court: String,
}

/// A provision that a letter may name.
#[derive(Clone, Copy)]
enum Provision {
    /// Of high confidence.
    Sure(&'static str),
    /// Of medium confidence: it waits for a review.
    Waits(&'static str),
}

struct Row {
    codes: &'static [&'static str],
    authorities: &'static [(&'static str, &'static str)],
    /// Of the complaint.
    complaint: Provision,
    /// Of the court, the nearest first; the first that may be named is.
    courts: &'static [Provision],
}

/// By the codes of packs and of places.
const ROWS: &[Row] = &[
    Row {
        codes: &["za"],
        authorities: &[(
            "Information Regulator (South Africa)",
            "https://inforegulator.org.za",
        )],
        complaint: Sure("POPIA s74"),
        courts: &[Sure("POPIA s99")],
    },
    Row {
        codes: &["uk", "gb"],
        authorities: &[("Information Commissioner’s Office", "https://ico.org.uk")],
        complaint: Sure("UK GDPR Art 77, DPA 2018 s164A"),
        courts: &[Waits("UK GDPR Art 79, DPA 2018 s167")],
    },
    Row {
        codes: &["us-ca"],
        authorities: &[
            (
                "California Privacy Protection Agency",
                "https://cppa.ca.gov",
            ),
            ("Attorney General of California", "https://oag.ca.gov"),
        ],
        complaint: Waits("Cal. Civ. Code 1798.199.45"),
        courts: &[],
    },
    Row {
        codes: &["br"],
        authorities: &[(
            "Autoridade Nacional de Proteção de Dados",
            "https://www.gov.br/anpd",
        )],
        complaint: Sure("LGPD Art 18 §1"),
        courts: &[Waits("LGPD Art 22")],
    },
    Row {
        codes: &["ke"],
        authorities: &[(
            "Office of the Data Protection Commissioner (Kenya)",
            "https://www.odpc.go.ke",
        )],
        complaint: Waits("Data Protection Act 2019 (Kenya) s56"),
        courts: &[],
    },
    Row {
        codes: &["ng"],
        authorities: &[("Nigeria Data Protection Commission", "https://ndpc.gov.ng")],
        complaint: Waits("NDPA s46"),
        courts: &[],
    },
    Row {
        codes: &["in"],
        authorities: &[("Data Protection Board of India", "")],
        complaint: Waits("DPDP Act s13"),
        courts: &[],
    },
];

/// A refused copy is taken to court under PAIA in South Africa.
const REFUSED_COPY: (&str, &[Provision]) = ("za", &[Waits("PAIA s78"), Sure("POPIA s99")]);

const UNION_COMPLAINT: Provision = Sure("GDPR Art 77");
const UNION_COURT: Provision = Waits("GDPR Art 79");

/// The codes of places whose law is the GDPR, beside that of the pack.
const UNION: &[&str] = &[
    "eu", "at", "be", "bg", "cy", "cz", "de", "dk", "ee", "es", "fi", "fr", "gr", "hr", "hu", "ie",
    "it", "lt", "lu", "lv", "mt", "nl", "pl", "pt", "ro", "se", "si", "sk", "is", "li", "no", "ax",
    "gf", "gp", "mf", "mq", "re", "yt",
];

impl Provision {
    /// The text, where it may be named: it is sure, or was reviewed.
    fn named(self, head: &Letterhead) -> Option<&'static str> {
        match self {
            Sure(text) => Some(text),
            Waits(text) => head
                .provisions
                .iter()
                .any(|known| known == text)
                .then_some(text),
        }
    }

    const fn waits(self) -> Option<&'static str> {
        match self {
            Sure(_) => None,
            Waits(text) => Some(text),
        }
    }
}

/// The provisions that letters name only once somebody answerable has reviewed them.
pub fn to_review() -> impl Iterator<Item = &'static str> {
    let rows = ROWS.iter();
    let rows = rows.flat_map(|row| std::iter::once(&row.complaint).chain(row.courts));
    let others = REFUSED_COPY.1.iter().chain([&UNION_COURT]);
    rows.chain(others).filter_map(|one| one.waits())
}

/// Where a person can turn, under all laws that hold. Where none is known that names an authority, it
/// is the one where they live.
pub(crate) fn remedies(
    jurisdictions: &[&str],
    request: RequestKind,
    head: &Letterhead,
) -> Vec<Remedy> {
    let mut found: Vec<Remedy> = Vec::new();
    for code in jurisdictions {
        let code = code.to_ascii_lowercase();
        if UNION.contains(&code.as_str()) {
            found.extend(union(head));
        }
        let rows = ROWS.iter().filter(|row| row.codes.contains(&code.as_str()));
        for row in rows {
            let (country, courts) = REFUSED_COPY;
            let copy = row.codes.contains(&country) && request == RequestKind::Access;
            let courts = if copy { courts } else { row.courts };
            let court = courts.iter().find_map(|court| court.named(head));
            found.extend(row.authorities.iter().map(|(name, address)| Remedy {
                name: (*name).to_owned(),
                address: (*address).to_owned(),
                provision: row.complaint.named(head).unwrap_or_default().to_owned(),
                court: court.unwrap_or_default().to_owned(),
            }));
        }
    }
    if found.is_empty() {
        found.push(Remedy::default());
    }
    let mut seen: Vec<Remedy> = Vec::with_capacity(found.len());
    for remedy in found {
        if !seen.contains(&remedy) {
            seen.push(remedy);
        }
    }
    seen
}

fn union(head: &Letterhead) -> Vec<Remedy> {
    let remedy = |name: &str, address: &str| Remedy {
        name: name.to_owned(),
        address: address.to_owned(),
        provision: UNION_COMPLAINT.named(head).unwrap_or_default().to_owned(),
        court: UNION_COURT.named(head).unwrap_or_default().to_owned(),
    };
    let lead = head.authority.as_ref();
    let lead = lead.map(|lead| remedy(&lead.name, &lead.address));
    lead.into_iter().chain([remedy("", "")]).collect()
}

#[cfg(test)]
mod tests {
    use domain::request::RequestKind;

    use super::remedies;
    use super::to_review;
    use crate::letterhead::Authority;
    use crate::letterhead::Letterhead;

    fn head(reviewed: bool) -> Letterhead {
        let all = to_review().filter(|_| reviewed);
        Letterhead {
            authority: Some(Authority {
                name: "Lead".to_owned(),
                address: String::new(),
            }),
            provisions: all.map(str::to_owned).collect(),
            ..Letterhead::default()
        }
    }

    #[test]
    fn each_law_names_where_to_turn_and_no_provision_that_waits_for_a_review() {
        for (codes, request, before, after) in [
            (
                &["za"][..],
                RequestKind::Deletion,
                "Information Regulator (South Africa)/POPIA s74/POPIA s99",
                "Information Regulator (South Africa)/POPIA s74/POPIA s99",
            ),
            (
                &["ZA"],
                RequestKind::Access,
                "Information Regulator (South Africa)/POPIA s74/POPIA s99",
                "Information Regulator (South Africa)/POPIA s74/PAIA s78",
            ),
            (
                &["GB"],
                RequestKind::Access,
                "Information Commissioner’s Office/UK GDPR Art 77, DPA 2018 s164A/",
                "Information Commissioner’s Office/UK GDPR Art 77, DPA 2018 s164A/UK GDPR Art 79, DPA 2018 \
                 s167",
            ),
            (
                &["eu", "DE"],
                RequestKind::Access,
                "Lead/GDPR Art 77/;/GDPR Art 77/",
                "Lead/GDPR Art 77/GDPR Art 79;/GDPR Art 77/GDPR Art 79",
            ),
            (
                &["us-ca"],
                RequestKind::Access,
                "California Privacy Protection Agency//;Attorney General of California//",
                "California Privacy Protection Agency/Cal. Civ. Code 1798.199.45/;Attorney General of \
                 California/Cal. Civ. Code 1798.199.45/",
            ),
            (&["xx-default"], RequestKind::Access, "//", "//"),
            (&[], RequestKind::Access, "//", "//"),
        ] {
            for (reviewed, expected) in [(false, before), (true, after)] {
                let found = remedies(codes, request, &head(reviewed));
                let found: Vec<String> = found
                    .iter()
                    .map(|one| format!("{}/{}/{}", one.name, one.provision, one.court))
                    .collect();
                assert_eq!(found.join(";"), expected, "{codes:?} {reviewed}");
            }
        }
    }

    #[test]
    fn what_waits_for_a_review_is_told() {
        let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/letters.md");
        let page = std::fs::read_to_string(page).unwrap();
        for provision in to_review() {
            assert!(page.contains(&format!("`{provision}`")), "{provision}");
        }
    }
}
