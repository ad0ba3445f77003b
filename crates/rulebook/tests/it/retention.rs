//! What has to be kept, by where somebody lives and by what the controller is bound by.

use domain::law::Evidence;
use domain::law::Law;
use domain::law::Ruled;
use domain::record_class::RecordClass;
use domain::retention::Duty;
use domain::retention::Keeping;
use domain::retention::Period;
use domain::time::Timestamp;
use rulebook::Handle;
use rulebook::Rulebook;

fn on(day: &str) -> Timestamp {
    format!("{day}T10:00:00Z").parse().unwrap()
}

/// What has to be kept of somebody who lives there: rule, class, months, duty.
fn kept(book: &dyn Law, residence: &str) -> Vec<String> {
    let evidence = Evidence {
        residence: Some(residence.to_owned()),
        ..Evidence::default()
    };
    let rules = book.rules(&evidence, on("2026-11-22"));
    rules.minima.iter().map(told).collect()
}

fn told(ruled: &Ruled<Keeping>) -> String {
    let keeping = &ruled.value;
    let Period {
        months,
        to_year_end,
        ..
    } = keeping.period;
    let end = if to_year_end { "+" } else { "" };
    let duty = match keeping.duty {
        Duty::Foreign => "foreign",
        Duty::Proof => "proof",
        Duty::Statute => "statute",
    };
    format!("{} {months}{end} {duty}", ruled.rule)
}

#[test]
fn what_has_to_be_kept() {
    let book = Rulebook::builtin("ZA").unwrap();
    let za = "za/retention-min/consent-proof 36 proof";
    for (residence, wanted) in [
        ("ZA", vec![za]),
        ("FR", vec!["eu/retention-min/consent-proof 36 proof", za]),
        (
            "DE",
            vec![
                "eu/retention-min/consent-proof 36 proof",
                "eu/retention-min/consent-proof-de 36+ proof",
                za,
            ],
        ),
        ("GB", vec!["uk/retention-min/consent-proof 72 proof", za]),
        (
            "US-CA",
            vec![
                "us-ca/retention-min/ccpa-7101 24 statute",
                "us-ca/retention-min/consent-proof 36 proof",
                za,
            ],
        ),
        (
            "BR",
            vec!["xx-default/retention-min/consent-proof 36 proof", za],
        ),
    ] {
        assert_eq!(kept(&book, residence), wanted, "{residence}");
    }
    assert!(book.keeps().has(RecordClass::ConsentProof));
    assert!(!book.caps().has(RecordClass::Conversation));
}

#[test]
fn sector_rules_bind_who_is_under_them_wherever_people_are() {
    let regimes = ["fais".to_owned(), "sec".to_owned()];
    let book = Rulebook::builtin("ZA").unwrap().bound_by(&regimes).unwrap();
    let sector = |residence: &str| -> Vec<String> {
        let kept = kept(&book, residence).into_iter();
        kept.filter(|told| !told.contains("consent-proof"))
            .collect()
    };
    assert_eq!(
        sector("ZA"),
        [
            "us-ca/retention-min/sec-17a-4 36 statute",
            "za/retention-min/fais-code-3-2 60 statute",
            "za/retention-min/fais-18 60 statute",
        ],
        "in the order of the packs"
    );
    // Only law of their own goes before the erasure of people in the Union and the United Kingdom.
    for residence in ["DE", "GB"] {
        let all = sector(residence);
        assert!(
            all.len() == 3 && all.iter().all(|told| told.ends_with("foreign")),
            "{all:?}"
        );
    }
    let mifid = Rulebook::builtin("DE").unwrap();
    let mifid = mifid.bound_by(&["mifid".to_owned()]).unwrap();
    let told = kept(&mifid, "DE");
    assert!(
        told.contains(&"eu/retention-min/mifid-16-7 60 statute".to_owned()),
        "{told:?}"
    );
    // A Californian's log of requests, kept by a law of a state that is not theirs to a German: nothing.
    assert!(!told.iter().any(|told| told.contains("ccpa")));
}

#[test]
fn a_regime_that_no_rule_names_is_refused() {
    let book = Rulebook::builtin("ZA").unwrap();
    let refused = book.bound_by(&["fias".to_owned()]).unwrap_err().to_string();
    assert!(
        refused.contains("a regime that no rule names; there are advisers, cftc, fais"),
        "{refused}"
    );
    let handle = Handle::open("ZA", None).unwrap();
    assert!(handle.bound_by(&["fias".to_owned()]).is_err());
    let handle = Handle::open("ZA", None).unwrap();
    let handle = handle.bound_by(&["fais".to_owned()]).unwrap();
    let before = kept(&handle, "ZA");
    assert_eq!(before.len(), 3);
    handle.reload().unwrap();
    assert_eq!(
        kept(&handle, "ZA"),
        before,
        "a reload keeps what the controller is under"
    );
}
