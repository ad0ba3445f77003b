//! The vocabulary of a record: which of our words is which term.
//!
//! IRIs of the Data Privacy Vocabulary are unversioned, as its authors ask; the version they were looked
//! up in stands beside them. It has no extension for POPIA, so those terms are our own.

use std::fmt::Write as _;

use domain::consent::ConsentState;
use domain::purpose::LegalBasis;
use domain::purpose::PurposeClass;
use serde_json::Value;
use serde_json::json;

/// The version of the Data Privacy Vocabulary the terms were looked up in.
pub const DPV_VERSION: &str = "2.0";

/// The packs under which the articles of the GDPR hold: the EU's, and the UK's of the same numbers.
const GDPR: [&str; 2] = ["eu", "uk"];

/// The pack under which POPIA holds.
const POPIA: &str = "za";

/// The rights a record names, with the law they stand in.
const RIGHTS: [(&[&str], &[&str]); 2] = [
    (
        &GDPR,
        &[
            "eu-gdpr:A15",
            "eu-gdpr:A16",
            "eu-gdpr:A17",
            "eu-gdpr:A18",
            "eu-gdpr:A20",
            "eu-gdpr:A21",
            "eu-gdpr:A7-3",
            "eu-gdpr:A77",
        ],
    ),
    (
        &[POPIA],
        &[
            "popia:s11-2-b",
            "popia:s11-3",
            "popia:s23",
            "popia:s24",
            "popia:s69",
            "popia:s74",
        ],
    ),
];

/// The context every record carries, so that it is read without fetching anything.
pub fn context() -> Value {
    let id = |iri: &str| json!({"@id": iri, "@type": "@id"});
    let instant = |iri: &str| json!({"@id": iri, "@type": "xsd:dateTime"});
    let list = |iri: &str| json!({"@id": iri, "@container": "@list"});
    let mut context = json!({
        "dct": "http://purl.org/dc/terms/",
        "dpv": "https://w3id.org/dpv#",
        "eu-gdpr": "https://w3id.org/dpv/legal/eu/gdpr#",
        "imvume": "urn:imvume:term:",
        "popia": "urn:imvume:popia:",
        "xsd": "http://www.w3.org/2001/XMLSchema#",
        // What proves the record is no statement about anybody.
        "proof": null,
        "dpv_version": "imvume:dpv-version",
        "event_count": "imvume:event-count",
        "identifiers": "imvume:identifiers",
        "issued": instant("dct:issued"),
        "parties": id("imvume:parties"),
        "pii_principal_id": id("dpv:hasDataSubject"),
        "pii_processing": id("dct:hasPart"),
        "record_id": "dct:identifier",
        "schema_version": id("dct:conformsTo"),
        "events": list("imvume:events"),
    });
    let parts = [of_processing(id), of_parties(id), of_events(id, instant)];
    if let Some(members) = context.as_object_mut() {
        for part in parts {
            members.extend(part.as_object().cloned().unwrap_or_default());
        }
    }
    context
}

fn of_processing(id: impl Fn(&str) -> Value) -> Value {
    json!({
        "code": "imvume:code",
        "collection_method": "dpv:hasDataSource",
        "description": "dct:description",
        "hash": "imvume:hash",
        "jurisdiction": id("dpv:hasJurisdiction"),
        "language": "dct:language",
        "lawful_basis": id("dpv:hasLegalBasis"),
        "location": id("dpv:hasLocation"),
        "number": "imvume:number",
        "pii_controllers": id("dpv:hasDataController"),
        "pii_information": id("dpv:hasPersonalData"),
        "pii_optional": "imvume:pii-optional",
        "pii_type": id("dct:type"),
        "privacy_notice": id("dpv:hasNotice"),
        "privacy_rights": id("dpv:hasRight"),
        "purpose": id("dpv:hasPurpose"),
        "recipient_third_parties": id("dpv:hasRecipient"),
        "retention_period": id("dpv:hasStorageCondition"),
        "special_pii_category": "imvume:special-pii-category",
        "storage_locations": id("dpv:hasStorageCondition"),
        "title": "dct:title",
        "url": id("imvume:url"),
        "version": "imvume:version",
        "withdrawal_method": id("dpv:hasConsentControl"),
    })
}

fn of_parties(id: impl Fn(&str) -> Value) -> Value {
    json!({
        "address": "imvume:address",
        "contact": "imvume:contact",
        "country": id("imvume:country"),
        "name": "dct:title",
        "role": "imvume:role",
        "party_type": "imvume:party-type",
    })
}

fn of_events(id: impl Fn(&str) -> Value, instant: impl Fn(&str) -> Value) -> Value {
    json!({
        "channel": "imvume:channel",
        "entity_id": "imvume:entity",
        "event_id": "imvume:event-id",
        "event_state": id("dpv:hasConsentStatus"),
        "event_time": instant("dct:date"),
        "event_type": "imvume:event-type",
        "evidence_grade": "imvume:evidence-grade",
        "log_position": "imvume:log-position",
        "method": "imvume:method",
        "noted_jurisdictions": "imvume:noted-jurisdictions",
        "notice": id("dpv:hasNotice"),
        "rule": "imvume:rule",
        "state": "imvume:state",
        "validity_duration": instant("dct:valid"),
    })
}

/// The profile a document conforms to.
pub(crate) fn profile(receipt: bool, packs: &[String]) -> &'static str {
    match (receipt, under(packs, &GDPR)) {
        (false, false) => "https://w3id.org/dpv/schema/dpv-27560#record",
        (false, true) => "https://w3id.org/dpv/schema/dpv-27560#record-eu-gdpr",
        (true, false) => "https://w3id.org/dpv/schema/dpv-27560#receipt-record",
        (true, true) => "https://w3id.org/dpv/schema/dpv-27560#receipt-eu-gdpr",
    }
}

/// The term of a state.
pub fn state(state: ConsentState) -> &'static str {
    match state {
        ConsentState::Requested => "dpv:ConsentRequested",
        ConsentState::Given => "dpv:ConsentGiven",
        ConsentState::Renewed => "dpv:RenewedConsentGiven",
        ConsentState::Refused => "dpv:ConsentRefused",
        ConsentState::Withdrawn => "dpv:ConsentWithdrawn",
        ConsentState::Expired => "dpv:ConsentExpired",
        ConsentState::Invalidated => "dpv:ConsentInvalidated",
        ConsentState::Unknown => "dpv:ConsentUnknown",
    }
}

/// The term of what a purpose is.
pub(crate) const fn purpose(class: PurposeClass) -> &'static str {
    match class {
        PurposeClass::Care => "dpv:CommunicationForCustomerCare",
        PurposeClass::Authentication => "dpv:IdentityAuthentication",
        PurposeClass::Utility => "dpv:RequestedServiceProvision",
        PurposeClass::Promotional => "dpv:DirectMarketing",
    }
}

/// The terms of a legal ground: our own, and those of each law that holds.
pub(crate) fn bases(basis: LegalBasis, special: bool, packs: &[String]) -> Vec<&'static str> {
    let (own, gdpr, popia) = match basis {
        LegalBasis::Consent if special => (
            "imvume:basis-consent",
            "eu-gdpr:A6-1-a-explicit-consent",
            "popia:s11-1-a",
        ),
        LegalBasis::Consent => (
            "imvume:basis-consent",
            "eu-gdpr:A6-1-a-non-explicit-consent",
            "popia:s11-1-a",
        ),
        LegalBasis::Contract => (
            "imvume:basis-contract",
            "eu-gdpr:A6-1-b-contract-performance",
            "popia:s11-1-b",
        ),
        LegalBasis::LegalObligation => (
            "imvume:basis-legal-obligation",
            "eu-gdpr:A6-1-c",
            "popia:s11-1-c",
        ),
        LegalBasis::LegitimateInterest => (
            "imvume:basis-legitimate-interest",
            "eu-gdpr:A6-1-f-controller",
            "popia:s11-1-f",
        ),
    };
    let mut bases = vec![own];
    bases.extend(under(packs, &GDPR).then_some(gdpr));
    bases.extend(under(packs, &[POPIA]).then_some(popia));
    bases
}

/// The rights a person has by the laws that hold.
pub(crate) fn rights(packs: &[String]) -> Vec<&'static str> {
    let held = RIGHTS.iter().filter(|(laws, _)| under(packs, laws));
    held.flat_map(|(_, rights)| rights.iter().copied())
        .collect()
}

/// A country or a part of one as an IRI.
pub(crate) fn place(code: &str) -> String {
    format!("urn:iso:std:iso:3166:{}", escaped(code))
}

/// A name of ours as an IRI below the log's name.
pub(crate) fn urn(log: &str, rest: &str) -> String {
    format!("urn:imvume:{}:{rest}", escaped(log))
}

/// What may stand in an IRI as it is; every other byte by its number.
pub(crate) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

fn under(packs: &[String], laws: &[&str]) -> bool {
    packs.iter().any(|pack| laws.contains(&pack.as_str()))
}

#[cfg(test)]
mod tests {
    use domain::consent::ConsentState;
    use domain::purpose::LegalBasis;

    use super::bases;
    use super::escaped;
    use super::profile;
    use super::rights;
    use super::state;

    #[test]
    fn each_state_has_its_own_term() {
        let mut terms: Vec<&str> = ConsentState::ALL.into_iter().map(state).collect();
        terms.sort_unstable();
        terms.dedup();
        assert_eq!(terms.len(), ConsentState::ALL.len());
    }

    #[test]
    fn the_law_that_holds_brings_its_terms() {
        let packs =
            |packs: &[&str]| -> Vec<String> { packs.iter().map(|&pack| pack.to_owned()).collect() };
        for (held, special, wanted) in [
            (&[][..], false, &["imvume:basis-consent"][..]),
            (&["za"], false, &["imvume:basis-consent", "popia:s11-1-a"]),
            (
                &["uk"],
                true,
                &["imvume:basis-consent", "eu-gdpr:A6-1-a-explicit-consent"],
            ),
        ] {
            let found = bases(LegalBasis::Consent, special, &packs(held));
            assert_eq!(found, wanted, "{held:?}");
        }
        assert_eq!(rights(&packs(&["us-ca"])), <[&str; 0]>::default());
        assert!(rights(&packs(&["eu", "za"])).contains(&"popia:s74"));
        assert!(profile(true, &packs(&["eu"])).ends_with("#receipt-eu-gdpr"));
        assert!(profile(false, &packs(&["za"])).ends_with("#record"));
    }

    #[test]
    fn names_stand_in_iris() {
        assert_eq!(escaped("example.org/log"), "example.org/log");
        assert_eq!(escaped("a:b é"), "a%3Ab%20%C3%A9");
    }
}
