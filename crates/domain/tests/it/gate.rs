//! The gate: one line a case.

use std::sync::Arc;

use domain::consent::Consent;
use domain::consent::ConsentState;
use domain::consent::EvidenceGrade;
use domain::decision::Basis;
use domain::decision::Outcome;
use domain::gate::CatalogueEntry;
use domain::gate::Content;
use domain::gate::Declared;
use domain::gate::Facts;
use domain::gate::decide;
use domain::health::Bar;
use domain::health::Standing;
use domain::ids::PurposeId;
use domain::person::Person;
use domain::purpose::LegalBasis;
use domain::purpose::Purpose;
use domain::purpose::PurposeClass;
use domain::purpose::Terms;
use domain::subject::Restriction;
use domain::suppression::Suppression;
use domain::suppression::SuppressionScope;
use domain::suppression::SuppressionSource;
use domain::template::Category;
use domain::template::TemplateStatus;
use domain::time::Span;
use domain::time::Timestamp;
use proptest::prelude::any;
use proptest::proptest;

pub(crate) const NOW: Timestamp = Timestamp::from_seconds(1_795_255_200);

pub(crate) fn purpose(class: PurposeClass) -> Purpose {
    Purpose {
        id: PurposeId(i64::from(class.code())),
        code: class.name().to_owned(),
        class,
        basis: LegalBasis::Consent,
        grade: EvidenceGrade::Recorded,
        identity_check: false,
        terms: Terms::default(),
    }
}

pub(crate) fn template(category: Category) -> Facts {
    let bound = purpose(category.class());
    Facts {
        emergency_stop: false,
        restriction: Restriction::None,
        suppressions: Vec::new(),
        registries: Vec::new(),
        rules: Arc::default(),
        person: Person::default(),
        asked: Vec::new(),
        sent: Vec::new(),
        content: Content::Template(CatalogueEntry::Known {
            category,
            status: TemplateStatus::Approved,
        }),
        consents: vec![(bound.id, given())],
        bound: Some(bound),
        declared: Declared::None,
        window: None,
        names_identity_key: false,
        health: Standing::default(),
        capped: None,
        pair: Timestamp::default(),
        throughput: Timestamp::default(),
        behind: None,
    }
}

pub(crate) fn free_form(window: Option<Timestamp>) -> Facts {
    Facts {
        content: Content::FreeForm,
        bound: Some(purpose(PurposeClass::Care)),
        consents: Vec::new(),
        window,
        ..template(Category::Utility)
    }
}

pub(crate) const fn given() -> Consent {
    Consent {
        state: ConsentState::Given,
        grade: EvidenceGrade::Direct,
        at: Timestamp::from_seconds(1_795_000_000),
        expires: None,
        notice_valid: true,
    }
}

pub(crate) fn stop(scope: SuppressionScope, source: SuppressionSource) -> Suppression {
    Suppression {
        scope,
        source,
        since: NOW - Span::hours(1),
    }
}

fn codes(facts: &Facts) -> Vec<u32> {
    decide(facts, NOW)
        .decision
        .reasons
        .iter()
        .map(domain::decision::Reason::code)
        .collect()
}

#[test]
fn free_form_needs_an_open_window_and_nothing_else() {
    let minutes = |n| Some(NOW - Span::minutes(n));
    for (window, expected) in [
        (None, vec![131_047]),
        (minutes(0), vec![]),
        (minutes(24 * 60 - 2), vec![]),
        (minutes(24 * 60 - 1), vec![131_047]),
        (minutes(24 * 60), vec![131_047]),
        (minutes(72 * 60), vec![131_047]),
    ] {
        assert_eq!(codes(&free_form(window)), expected, "{window:?}");
    }
}

#[test]
fn a_message_the_organisation_starts_rests_on_consent() {
    let with = |consent: Consent| {
        let mut facts = template(Category::Marketing);
        facts.consents = vec![(PurposeId(4), consent)];
        codes(&facts)
    };
    assert_eq!(with(given()), []);
    assert_eq!(
        with(Consent {
            state: ConsentState::Renewed,
            ..given()
        }),
        []
    );
    for state in ConsentState::ALL
        .into_iter()
        .filter(|state| !state.is_sendable())
    {
        assert_eq!(with(Consent { state, ..given() }), [131_005], "{state:?}");
    }
    assert_eq!(
        with(Consent {
            expires: Some(NOW),
            ..given()
        }),
        [131_005]
    );
    assert_eq!(
        with(Consent {
            expires: Some(NOW + Span::seconds(1)),
            ..given()
        }),
        []
    );
    assert_eq!(
        with(Consent {
            notice_valid: false,
            ..given()
        }),
        [131_005]
    );
    assert_eq!(
        with(Consent {
            grade: EvidenceGrade::Asserted,
            ..given()
        }),
        [131_005]
    );
    assert_eq!(
        codes(&Facts {
            consents: vec![],
            ..template(Category::Utility)
        }),
        [131_005]
    );
}

#[test]
fn consent_for_one_purpose_does_not_carry_another() {
    let mut facts = template(Category::Marketing);
    facts.consents = vec![(PurposeId(3), given())];
    assert_eq!(codes(&facts), [131_005]);
}

#[test]
fn a_utility_template_answers_in_an_open_window_and_promotion_never_does() {
    let window = Some(NOW - Span::hours(1));
    let open = |category| Facts {
        consents: vec![],
        window,
        ..template(category)
    };
    assert_eq!(codes(&open(Category::Utility)), []);
    assert_eq!(codes(&open(Category::Authentication)), []);
    assert_eq!(codes(&open(Category::Marketing)), [131_005]);
}

#[test]
fn direct_send_counts_as_started_by_the_organisation() {
    let mut facts = free_form(Some(NOW - Span::hours(1)));
    facts.content = Content::Direct(Category::Utility);
    facts.bound = Some(purpose(PurposeClass::Utility));
    assert_eq!(codes(&facts), [131_005]);
    facts.consents = vec![(PurposeId(3), given())];
    facts.window = None;
    assert_eq!(codes(&facts), []);
}

#[test]
fn stops_reach_as_far_as_they_say() {
    use SuppressionScope::BusinessInitiated;
    use SuppressionScope::Promotional;
    use SuppressionSource::Native;
    use SuppressionSource::Own;
    let open = Some(NOW - Span::hours(1));
    for (scope, source, facts, expected) in [
        (
            Promotional,
            Own,
            template(Category::Marketing),
            vec![131_050],
        ),
        (
            Promotional,
            Native,
            template(Category::Marketing),
            vec![131_050],
        ),
        (Promotional, Own, template(Category::Utility), vec![]),
        (Promotional, Own, free_form(open), vec![]),
        (
            BusinessInitiated,
            Own,
            template(Category::Utility),
            vec![131_005],
        ),
        (
            BusinessInitiated,
            Own,
            template(Category::Marketing),
            vec![131_005],
        ),
        (BusinessInitiated, Own, free_form(open), vec![]),
        (
            SuppressionScope::Purpose(PurposeId(3)),
            Own,
            template(Category::Utility),
            vec![131_005],
        ),
        (
            SuppressionScope::Purpose(PurposeId(3)),
            Own,
            template(Category::Marketing),
            vec![],
        ),
    ] {
        let facts = Facts {
            suppressions: vec![stop(scope, source)],
            ..facts
        };
        assert_eq!(
            codes(&facts),
            expected,
            "{scope:?} {source:?} {:?}",
            facts.content
        );
    }
}

#[test]
fn emergency_stop_and_restriction_come_first() {
    let mut facts = template(Category::Marketing);
    facts.suppressions = vec![stop(SuppressionScope::Promotional, SuppressionSource::Own)];
    facts.restriction = Restriction::Restricted { since: NOW };
    facts.emergency_stop = true;
    assert_eq!(codes(&facts), [368, 131_005, 131_050]);
}

#[test]
fn the_catalogue_has_its_say() {
    let known = |status| CatalogueEntry::Known {
        category: Category::Utility,
        status,
    };
    for (entry, bound, expected) in [
        (CatalogueEntry::Missing, None, vec![132_001, 131_005]),
        (
            known(TemplateStatus::Approved),
            Some(purpose(PurposeClass::Utility)),
            vec![],
        ),
        (
            known(TemplateStatus::Paused),
            Some(purpose(PurposeClass::Utility)),
            vec![132_015],
        ),
        (
            known(TemplateStatus::Unusable),
            Some(purpose(PurposeClass::Utility)),
            vec![132_001],
        ),
    ] {
        let facts = Facts {
            content: Content::Template(entry),
            bound,
            ..template(Category::Utility)
        };
        assert_eq!(codes(&facts), expected, "{entry:?}");
    }
}

#[test]
fn a_declared_purpose_narrows_and_never_widens() {
    let declare = |facts: Facts, declared| codes(&Facts { declared, ..facts });
    let open = free_form(Some(NOW - Span::hours(1)));
    let promotional = || Declared::Known(purpose(PurposeClass::Promotional));
    assert_eq!(declare(open, promotional()), [131_005]);
    assert_eq!(
        declare(template(Category::Utility), Declared::Unknown),
        [131_009]
    );
    assert_eq!(
        declare(
            template(Category::Marketing),
            Declared::Known(purpose(PurposeClass::Utility))
        ),
        [131_005]
    );
    assert_eq!(declare(template(Category::Marketing), promotional()), []);
}

#[test]
fn rates_defer_and_a_refusal_takes_nothing_from_the_bucket() {
    let mut facts = free_form(Some(NOW - Span::hours(1)));
    facts.pair = NOW + Span::seconds(270);
    let judged = decide(&facts, NOW);
    assert_eq!(
        judged.decision.outcome,
        Outcome::Defer {
            until: NOW + Span::seconds(6)
        }
    );
    assert_eq!(judged.decision.code(), Some(131_056));
    assert_eq!(judged.pair, facts.pair);

    facts.pair = Timestamp::default();
    facts.throughput = NOW + Span::seconds(1);
    assert_eq!(codes(&facts), [130_429]);

    facts.window = None;
    let judged = decide(&facts, NOW);
    assert_eq!(judged.decision.outcome, Outcome::Refuse);
    assert_eq!(judged.pair, facts.pair);
}

#[test]
fn a_confirmation_passes_the_stop_it_confirms() {
    let mut facts = free_form(Some(NOW));
    facts.content = Content::Confirmation;
    facts.suppressions = vec![stop(
        SuppressionScope::BusinessInitiated,
        SuppressionSource::Own,
    )];
    assert_eq!(codes(&facts), []);
    facts.restriction = Restriction::Restricted { since: NOW };
    assert_eq!(codes(&facts), [131_005]);
}

#[test]
fn a_letter_about_a_right_passes_stops_and_restrictions_and_no_more() {
    let mut facts = free_form(Some(NOW));
    facts.content = Content::Letter;
    facts.suppressions = vec![stop(
        SuppressionScope::BusinessInitiated,
        SuppressionSource::Own,
    )];
    facts.restriction = Restriction::Restricted { since: NOW };
    assert_eq!(codes(&facts), []);
    facts.emergency_stop = true;
    assert_ne!(codes(&facts), []);
    facts.emergency_stop = false;
    facts.window = None;
    assert_eq!(codes(&facts), [131_047]);
}

#[test]
fn a_letter_by_template_needs_no_window_and_no_consent() {
    let letter = |category, status| {
        let mut facts = template(category);
        facts.content = Content::LetterTemplate(CatalogueEntry::Known { category, status });
        facts.window = None;
        facts.consents.clear();
        facts.restriction = Restriction::Restricted { since: NOW };
        facts.suppressions = vec![stop(
            SuppressionScope::BusinessInitiated,
            SuppressionSource::Own,
        )];
        facts
    };
    let approved = TemplateStatus::Approved;
    for (category, status, expected) in [
        (Category::Utility, approved, vec![]),
        (Category::Utility, TemplateStatus::Paused, vec![132_015]),
        (Category::Utility, TemplateStatus::Unusable, vec![132_001]),
        (Category::Marketing, approved, vec![132_001]),
        (Category::Authentication, approved, vec![132_001]),
    ] {
        assert_eq!(codes(&letter(category, status)), expected, "{category:?}");
    }
    let allowed = decide(&letter(Category::Utility, approved), NOW).decision;
    assert_eq!(allowed.basis, Some(Basis::Asked));
    let stopped = Facts {
        emergency_stop: true,
        ..letter(Category::Utility, approved)
    };
    assert_ne!(codes(&stopped), []);
    let unknown = Facts {
        content: Content::LetterTemplate(CatalogueEntry::Missing),
        ..letter(Category::Utility, approved)
    };
    assert_eq!(codes(&unknown), [132_001]);
}

#[test]
fn every_reason_says_why_in_a_sentence() {
    let mut facts = template(Category::Marketing);
    facts.emergency_stop = true;
    facts.restriction = Restriction::Restricted { since: NOW };
    facts.suppressions = vec![stop(
        SuppressionScope::Promotional,
        SuppressionSource::Native,
    )];
    facts.consents.clear();
    let decision = decide(&facts, NOW).decision;
    assert_eq!(decision.sentences().len(), 4);
    assert!(
        decision
            .sentences()
            .iter()
            .all(|sentence| sentence.ends_with('.'))
    );
    assert_eq!(
        decision.rules(),
        [
            "gate/1/emergency-stop",
            "gate/1/restriction",
            "gate/2/native-stop",
            "gate/4/consent"
        ]
    );
}

proptest! {
    /// Promotion never leaves without consent, whatever else holds.
    #[test]
    fn promotion_needs_consent(
        window in any::<Option<i32>>(),
        declared in any::<bool>(),
        free in any::<bool>(),
        state in 0_usize..8,
    ) {
        let state = ConsentState::ALL[state];
        let mut facts = template(Category::Marketing);
        facts.window = window.map(|seconds| NOW - Span::seconds(seconds.unsigned_abs()));
        facts.consents = vec![(PurposeId(4), Consent { state, ..given() })];
        if declared {
            facts.declared = Declared::Known(purpose(PurposeClass::Promotional));
        }
        if free {
            facts.content = Content::FreeForm;
        }
        let allowed = decide(&facts, NOW).decision.outcome == Outcome::Allow;
        assert!(!allowed || state.is_sendable());
        let suppressed = Facts {
            suppressions: vec![stop(SuppressionScope::Promotional, SuppressionSource::Own)],
            ..facts
        };
        assert_ne!(decide(&suppressed, NOW).decision.outcome, Outcome::Allow);
    }
}

#[test]
fn what_meta_lets_the_number_send_decides_last_but_for_the_rates() {
    let (open, closed) = (Some(NOW - Span::hours(1)), None);
    let bar = Some(Bar {
        until: Some(NOW + Span::days(1)),
    });
    let off = Standing {
        off: true,
        ..Standing::default()
    };
    let everything = Standing {
        everything: bar,
        initiated: bar,
        ..Standing::default()
    };
    let initiated = Standing {
        initiated: bar,
        ..Standing::default()
    };
    let utility = |window| Facts {
        window,
        ..template(Category::Utility)
    };
    for (facts, health, expected) in [
        (free_form(open), off, vec![131_031]),
        (free_form(closed), off, vec![131_047, 131_031]),
        (free_form(open), everything, vec![368]),
        (utility(closed), everything, vec![368]),
        (free_form(open), initiated, vec![]),
        (utility(open), initiated, vec![]),
        (utility(closed), initiated, vec![368]),
    ] {
        let facts = Facts { health, ..facts };
        assert_eq!(codes(&facts), expected, "{facts:?}");
    }
    let answer = Facts {
        content: Content::Confirmation,
        health: everything,
        ..free_form(open)
    };
    assert_eq!(codes(&answer), vec![368]);
    let direct = Facts {
        content: Content::Direct(Category::Utility),
        health: initiated,
        ..utility(open)
    };
    assert_eq!(codes(&direct), vec![368]);
}

#[test]
fn an_upgraded_number_sends_faster() {
    let sent = |fast| {
        let mut facts = free_form(Some(NOW));
        facts.health.fast = fast;
        let mut sent = 0;
        while decide(&facts, NOW).decision.outcome == Outcome::Allow {
            facts.throughput = decide(&facts, NOW).throughput;
            sent += 1;
        }
        sent
    };
    assert_eq!((sent(false), sent(true)), (80, 1_000));
}

#[test]
fn a_purpose_may_want_the_identity_key() {
    for (asked, named, expected) in [
        (false, false, vec![]),
        (false, true, vec![]),
        (true, true, vec![]),
        (true, false, vec![131_008]),
    ] {
        let mut facts = free_form(Some(NOW));
        facts.names_identity_key = named;
        if let Some(bound) = &mut facts.bound {
            bound.identity_check = asked;
        }
        assert_eq!(codes(&facts), expected, "{asked} {named}");
        facts.content = Content::Confirmation;
        assert_eq!(codes(&facts), Vec::<u32>::new(), "the answer to a stop");
    }
}
