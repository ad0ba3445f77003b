//! What a person can do about a refusal: to whom they can complain, and which court can be asked.
//!
//! Sources: GDPR Art 12(4), 77 and 79; UK GDPR Art 77 and 79 with DPA 2018 s164A and s167; POPIA s74 and
//! s99; PAIA s78; LGPD Art 18 §1 and 22; Kenya DPA s56; NDPA s46; DPDP Act s13. Names of authorities
//! are proper names and stay as they are in every language.

use domain::request::RequestKind;
use serde::Serialize;

use crate::letterhead::Authority;

/// Where a person can turn under one law.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
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

struct Row {
    codes: &'static [&'static str],
    authorities: &'static [(&'static str, &'static str)],
    provision: &'static str,
    court: &'static str,
}

/// By the codes of packs and of places.
const ROWS: &[Row] = &[
    Row {
        codes: &["za"],
        authorities: &[(
            "Information Regulator (South Africa)",
            "https://inforegulator.org.za",
        )],
        provision: "POPIA s74",
        court: "POPIA s99",
    },
    Row {
        codes: &["uk", "gb"],
        authorities: &[("Information Commissioner’s Office", "https://ico.org.uk")],
        provision: "UK GDPR Art 77, DPA 2018 s164A",
        court: "UK GDPR Art 79, DPA 2018 s167",
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
        provision: "Cal. Civ. Code 1798.199.45",
        court: "",
    },
    Row {
        codes: &["br"],
        authorities: &[(
            "Autoridade Nacional de Proteção de Dados",
            "https://www.gov.br/anpd",
        )],
        provision: "LGPD Art 18 §1",
        court: "LGPD Art 22",
    },
    Row {
        codes: &["ke"],
        authorities: &[(
            "Office of the Data Protection Commissioner (Kenya)",
            "https://www.odpc.go.ke",
        )],
        provision: "Data Protection Act 2019 (Kenya) s56",
        court: "",
    },
    Row {
        codes: &["ng"],
        authorities: &[("Nigeria Data Protection Commission", "https://ndpc.gov.ng")],
        provision: "NDPA s46",
        court: "",
    },
    Row {
        codes: &["in"],
        authorities: &[("Data Protection Board of India", "")],
        provision: "DPDP Act s13",
        court: "",
    },
];

/// The codes of places whose law is the GDPR, beside that of the pack.
const UNION: &[&str] = &[
    "eu", "at", "be", "bg", "cy", "cz", "de", "dk", "ee", "es", "fi", "fr", "gr", "hr", "hu", "ie",
    "it", "lt", "lu", "lv", "mt", "nl", "pl", "pt", "ro", "se", "si", "sk", "is", "li", "no", "ax",
    "gf", "gp", "mf", "mq", "re", "yt",
];

/// Where a person can turn, under all laws that hold. Where none is known that names an authority, it
/// is the one where they live.
pub(crate) fn remedies(
    jurisdictions: &[&str],
    request: RequestKind,
    lead: Option<&Authority>,
) -> Vec<Remedy> {
    let mut found: Vec<Remedy> = Vec::new();
    for code in jurisdictions {
        let code = code.to_ascii_lowercase();
        if UNION.contains(&code.as_str()) {
            found.extend(union(lead));
        }
        let rows = ROWS.iter().filter(|row| row.codes.contains(&code.as_str()));
        for row in rows {
            // A refused copy is taken to court under PAIA.
            let access = row.codes == ["za"] && request == RequestKind::Access;
            let court = if access { "PAIA s78" } else { row.court };
            found.extend(row.authorities.iter().map(|(name, address)| Remedy {
                name: (*name).to_owned(),
                address: (*address).to_owned(),
                provision: row.provision.to_owned(),
                court: court.to_owned(),
            }));
        }
    }
    if found.is_empty() {
        found.push(Remedy {
            name: String::new(),
            address: String::new(),
            provision: String::new(),
            court: String::new(),
        });
    }
    let mut seen: Vec<Remedy> = Vec::with_capacity(found.len());
    for remedy in found {
        if !seen.contains(&remedy) {
            seen.push(remedy);
        }
    }
    seen
}

fn union(lead: Option<&Authority>) -> Vec<Remedy> {
    let remedy = |name: &str, address: &str| Remedy {
        name: name.to_owned(),
        address: address.to_owned(),
        provision: "GDPR Art 77".to_owned(),
        court: "GDPR Art 79".to_owned(),
    };
    let lead = lead.map(|lead| remedy(&lead.name, &lead.address));
    lead.into_iter().chain([remedy("", "")]).collect()
}

#[cfg(test)]
mod tests {
    use domain::request::RequestKind;

    use super::Authority;
    use super::remedies;

    #[test]
    fn each_law_names_where_to_turn() {
        let lead = Authority {
            name: "Lead".to_owned(),
            address: String::new(),
        };
        for (codes, request, expected) in [
            (
                &["za"][..],
                RequestKind::Deletion,
                "Information Regulator (South Africa)/POPIA s99",
            ),
            (
                &["ZA"],
                RequestKind::Access,
                "Information Regulator (South Africa)/PAIA s78",
            ),
            (
                &["GB"],
                RequestKind::Access,
                "Information Commissioner’s Office/UK GDPR Art 79, DPA 2018 s167",
            ),
            (
                &["eu", "DE"],
                RequestKind::Access,
                "Lead/GDPR Art 79;/GDPR Art 79",
            ),
            (
                &["us-ca"],
                RequestKind::Access,
                "California Privacy Protection Agency/;Attorney General of California/",
            ),
            (&["xx-default"], RequestKind::Access, "/"),
            (&[], RequestKind::Access, "/"),
        ] {
            let found = remedies(codes, request, Some(&lead));
            let found: Vec<String> = found
                .iter()
                .map(|remedy| format!("{}/{}", remedy.name, remedy.court))
                .collect();
            assert_eq!(found.join(";"), expected, "{codes:?}");
        }
    }
}
