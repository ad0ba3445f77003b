//! The gate under law: registries, soft opt-in, asking, quiet hours, caps, children, special
//! categories. One line a case.

use std::sync::Arc;

use domain::consent::Consent;
use domain::consent::ConsentState;
use domain::consent::EvidenceGrade;
use domain::decision::Basis;
use domain::decision::Outcome;
use domain::decision::Reason;
use domain::gate::Facts;
use domain::gate::decide;
use domain::ids::PurposeId;
use domain::law::Asking;
use domain::law::Hours;
use domain::law::Pause;
use domain::law::QuietHours;
use domain::law::RuleId;
use domain::law::Ruled;
use domain::law::Rules;
use domain::law::Zone;
use domain::person::Age;
use domain::person::Asked;
use domain::person::RegistryBlock;
use domain::person::Sale;
use domain::purpose::Cap;
use domain::purpose::Terms;
use domain::template::Category;
use domain::time::Span;
use domain::time::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use proptest::prelude::any;
use proptest::prop_assert;
use proptest::prop_assert_eq;
use proptest::proptest;

use crate::gate::NOW;
use crate::gate::given;
use crate::gate::template;

const MARKETING: PurposeId = PurposeId(4);

fn ruled<T>(rule: &str, value: T) -> Ruled<T> {
    Ruled {
        rule: RuleId::new(rule),
        value,
    }
}

/// A promotion to somebody who consented to it, under these rules.
fn promotion(rules: Rules) -> Facts {
    Facts {
        rules: Arc::new(rules),
        ..template(Category::Marketing)
    }
}

fn with_terms(mut facts: Facts, terms: Terms) -> Facts {
    if let Some(purpose) = &mut facts.bound {
        purpose.terms = terms;
    }
    facts
}

/// The rules behind the decision at an instant.
fn at(facts: &Facts, now: Timestamp) -> Vec<String> {
    let decision = decide(facts, now).decision;
    decision.rules().into_iter().map(str::to_owned).collect()
}

fn instant(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// What section 12 of the South African Consumer Protection Act says of the hours.
fn south_africa() -> Rules {
    let weekdays = Hours {
        days: 0b001_1111,
        from: 8 * 60,
        to: 20 * 60,
    };
    let saturday = Hours {
        days: 0b010_0000,
        from: 9 * 60,
        to: 13 * 60,
    };
    let holidays: Vec<Date> = ["2026-12-16", "2026-12-25", "2026-12-26"]
        .map(|day| day.parse().unwrap())
        .to_vec();
    let quiet = QuietHours {
        open: vec![weekdays, saturday],
        holidays: holidays.into(),
        waivable: true,
    };
    Rules {
        zones: vec![zone("SAST-2")],
        quiet: vec![ruled("za/quiet-hours", quiet)],
        ..Rules::default()
    }
}

fn zone(posix: &str) -> Zone {
    Zone::new(posix.into(), TimeZone::posix(posix).unwrap())
}

#[test]
fn promotions_wait_for_an_hour_that_is_open_where_the_person_is() {
    let facts = promotion(south_africa());
    for (now, until) in [
        // A Saturday noon, in UTC and two hours later in Johannesburg.
        ("2026-11-21T10:00:00Z", None),
        ("2026-11-21T10:59:59Z", None),
        // Past 13:00: quiet until Monday at eight, Sunday has no open hour.
        ("2026-11-21T11:00:00Z", Some("2026-11-23T06:00:00Z")),
        ("2026-11-22T09:00:00Z", Some("2026-11-23T06:00:00Z")),
        ("2026-11-23T05:59:59Z", Some("2026-11-23T06:00:00Z")),
        ("2026-11-23T06:00:00Z", None),
        ("2026-11-23T17:59:59Z", None),
        ("2026-11-23T18:00:00Z", Some("2026-11-24T06:00:00Z")),
        // The Day of Reconciliation is a Wednesday.
        ("2026-12-16T10:00:00Z", Some("2026-12-17T06:00:00Z")),
        // Christmas on a Friday, the next day too, then a Sunday.
        ("2026-12-24T18:00:00Z", Some("2026-12-28T06:00:00Z")),
    ] {
        let outcome = decide(&facts, instant(now)).decision.outcome;
        let expected = until.map_or(Outcome::Allow, |until| Outcome::Defer {
            until: instant(until),
        });
        assert_eq!(outcome, expected, "{now}");
    }
}

#[test]
fn quiet_hours_bind_promotion_alone_and_can_be_waived_beforehand() {
    let night = instant("2026-11-23T22:00:00Z");
    let mut service = template(Category::Utility);
    service.rules = Arc::new(south_africa());
    assert_eq!(at(&service, night), ["gate/4/consent-given"]);

    let any_hour = Terms {
        any_hour: true,
        ..Terms::default()
    };
    let waived = with_terms(promotion(south_africa()), any_hour);
    assert_eq!(at(&waived, night), ["gate/4/consent-given"]);

    let mut rules = south_africa();
    rules.quiet[0].value.waivable = false;
    let kept = with_terms(promotion(rules), any_hour);
    assert_eq!(at(&kept, night), ["gate/6/quiet-hours", "za/quiet-hours"]);
}

#[test]
fn a_person_who_may_be_in_several_zones_is_left_in_peace_in_all_of_them() {
    let day = Hours {
        days: 0b111_1111,
        from: 8 * 60,
        to: 21 * 60,
    };
    let quiet = QuietHours {
        open: vec![day],
        holidays: Arc::from([]),
        waivable: false,
    };
    let rules = Rules {
        zones: vec![zone("EST5"), zone("HST10")],
        quiet: vec![ruled("us-ca/quiet-hours", quiet)],
        ..Rules::default()
    };
    let mut facts = promotion(rules);
    // Eight in Honolulu is one in the afternoon in New York.
    let morning = instant("2026-11-23T13:00:00Z");
    let Outcome::Defer { until } = decide(&facts, morning).decision.outcome else {
        panic!("not put off");
    };
    assert_eq!(until, instant("2026-11-23T18:00:00Z"));
    // Where the zone is known, it alone counts.
    facts.person.zone = Some(zone("EST5"));
    assert_eq!(decide(&facts, morning).decision.outcome, Outcome::Allow);
}

#[test]
fn rules_that_never_leave_an_hour_open_refuse() {
    let never = QuietHours {
        open: Vec::new(),
        holidays: Arc::from([]),
        waivable: false,
    };
    let facts = promotion(Rules {
        quiet: vec![ruled("xx/never", never)],
        ..south_africa()
    });
    let decision = decide(&facts, NOW).decision;
    assert_eq!(decision.outcome, Outcome::Refuse);
    assert_eq!(decision.code(), Some(131_049));
}

#[test]
fn an_external_registry_stands_above_older_consent() {
    let mut facts = promotion(Rules::default());
    let since = NOW - Span::days(3);
    facts.registries = vec![RegistryBlock {
        since,
        overridden: Vec::new(),
    }];
    assert_eq!(
        at(&facts, NOW),
        ["gate/2/registry", "gate/4/consent-given"][..1]
    );
    facts.registries[0].overridden = vec![PurposeId(3)];
    assert_eq!(at(&facts, NOW), ["gate/2/registry"]);
    facts.registries[0].overridden.push(MARKETING);
    assert_eq!(at(&facts, NOW), ["gate/4/consent-given"]);

    let mut service = template(Category::Utility);
    service.registries = vec![RegistryBlock {
        since,
        overridden: Vec::new(),
    }];
    assert_eq!(at(&service, NOW), ["gate/4/consent-given"]);
}

#[test]
fn law_demands_its_own_evidence() {
    let weak = |special: bool, flagged: bool, rules: Rules| {
        let terms = Terms {
            special,
            ..Terms::default()
        };
        let mut facts = with_terms(promotion(rules), terms);
        facts.person.special = flagged;
        facts.consents = vec![(
            MARKETING,
            Consent {
                grade: EvidenceGrade::Recorded,
                ..given()
            },
        )];
        at(&facts, NOW)
    };
    let law = |grade| Rules {
        grades: vec![
            ruled("eu/consent", EvidenceGrade::Asserted),
            ruled("xx/consent", grade),
        ],
        ..Rules::default()
    };
    let given = ["gate/4/consent-given"];
    let short = |rule| ["gate/4/evidence-law", rule];
    assert_eq!(weak(false, false, law(EvidenceGrade::Recorded)), given);
    assert_eq!(
        weak(false, false, law(EvidenceGrade::Direct)),
        short("xx/consent")
    );
    let special = "gate/6/special-category";
    assert_eq!(weak(true, false, Rules::default()), short(special));
    assert_eq!(weak(false, true, Rules::default()), short(special));
    let explicit = Rules {
        special: vec![ruled("eu/special", EvidenceGrade::Confirmed)],
        ..Rules::default()
    };
    assert_eq!(weak(true, false, explicit), short("eu/special"));
}

#[test]
fn consent_that_sets_no_end_ends_by_terms_or_by_law() {
    let old = |days, terms: Terms, rules: Rules| {
        let mut facts = with_terms(promotion(rules), terms);
        let at = NOW - Span::days(days);
        facts.consents = vec![(MARKETING, Consent { at, ..given() })];
        self::at(&facts, NOW)
    };
    let year = |days| Terms {
        lapse_days: Some(days),
        ..Terms::default()
    };
    let law = Rules {
        lapses: vec![
            ruled("fr/lapse", Span::days(1_095)),
            ruled("xx/lapse", Span::days(730)),
        ],
        ..Rules::default()
    };
    let given = vec!["gate/4/consent-given"];
    assert_eq!(old(364, year(365), law.clone()), given);
    assert_eq!(old(365, year(365), law.clone()), ["gate/4/expiry"]);
    assert_eq!(old(729, Terms::default(), law.clone()), given);
    assert_eq!(
        old(730, Terms::default(), law),
        ["gate/4/lapse", "xx/lapse"]
    );
}

/// A promotion that could go without consent, as far as these rules let it.
fn soft(soft_opt_in: Vec<Ruled<bool>>) -> Facts {
    let terms = Terms {
        soft_opt_in: true,
        ..Terms::default()
    };
    let rules = Rules {
        soft_opt_in,
        ..Rules::default()
    };
    with_terms(promotion(rules), terms)
}

#[test]
fn the_soft_opt_in_takes_a_sale_a_chance_to_object_and_a_law_that_knows_it() {
    let sold = NOW - Span::days(40);
    let sale = |objectable| {
        Some(Sale {
            at: sold,
            objectable,
        })
    };
    let allowed = || vec![ruled("za/soft-opt-in", true), ruled("eu/soft-opt-in", true)];
    let forbidden = || {
        vec![
            ruled("za/soft-opt-in", true),
            ruled("sa/soft-opt-in", false),
        ]
    };
    let unknown: &[_] = &[];
    let asked = &[(MARKETING, ConsentState::Requested)][..];
    let refused = &[(MARKETING, ConsentState::Refused)][..];
    for (name, says, sale, ledger, special, met) in [
        ("all there", allowed(), sale(true), unknown, false, true),
        ("asked only", allowed(), sale(true), asked, false, true),
        (
            "one forbids",
            forbidden(),
            sale(true),
            unknown,
            false,
            false,
        ),
        ("no law says so", vec![], sale(true), unknown, false, false),
        ("no sale", allowed(), None, unknown, false, false),
        ("no chance", allowed(), sale(false), unknown, false, false),
        ("said no", allowed(), sale(true), refused, false, false),
        ("special", allowed(), sale(true), unknown, true, false),
    ] {
        let mut facts = soft(says);
        facts.person.sale = sale;
        facts.person.special = special;
        let consent = |state| Consent { state, ..given() };
        facts.consents = ledger
            .iter()
            .map(|(id, state)| (*id, consent(*state)))
            .collect();
        let decision = decide(&facts, NOW).decision;
        assert_eq!(decision.outcome == Outcome::Allow, met, "{name}");
        assert_eq!(
            decision.basis == Some(Basis::SoftOptIn { sold }),
            met,
            "{name}"
        );
        let plain = with_terms(facts, Terms::default());
        assert_eq!(
            decide(&plain, NOW).decision.outcome,
            Outcome::Refuse,
            "{name}"
        );
    }
}

/// A message that asks for consent to purpose 9.
fn asking(asking: Vec<Ruled<Asking>>) -> Facts {
    let terms = Terms {
        asks_for: Some(PurposeId(9)),
        ..Terms::default()
    };
    let rules = Rules {
        asking,
        ..Rules::default()
    };
    with_terms(promotion(rules), terms)
}

#[test]
fn nobody_is_asked_again_who_must_not_be() {
    let no = |days| Some(NOW - Span::days(days));
    let asked = |times, last_no, ever_given| Asked {
        times,
        last_no,
        ever_given,
    };
    let once = Asking {
        times: Some(1),
        after_refusal: Pause::Ever,
    };
    let pause = Asking {
        times: None,
        after_refusal: Pause::For(Span::days(365)),
    };
    let open = Some(NOW - Span::hours(1));
    let window = vec!["gate/5/window-open"];
    for (name, rule, asked, window_at, expected) in [
        ("never", once, asked(0, None, false), open, window.clone()),
        (
            "once",
            once,
            asked(1, None, false),
            open,
            vec!["gate/6/asked-already", "law"],
        ),
        (
            "refused",
            once,
            asked(1, no(900), true),
            open,
            vec!["gate/6/ask-pause", "law"],
        ),
        (
            "a year is not over",
            pause,
            asked(3, no(364), false),
            open,
            vec!["gate/6/ask-pause", "law"],
        ),
        ("it is", pause, asked(3, no(365), false), open, window),
        (
            "uninvited",
            pause,
            asked(0, None, false),
            None,
            vec!["gate/4/ask-uninvited"],
        ),
    ] {
        let mut facts = asking(vec![ruled("law", rule)]);
        facts.asked = vec![(PurposeId(9), asked)];
        facts.window = window_at;
        assert_eq!(at(&facts, NOW), expected, "{name}");
    }
}

#[test]
fn who_agreed_before_may_be_asked_anew_outside_of_the_window() {
    let mut facts = asking(Vec::new());
    let outdated = Consent {
        notice_valid: false,
        ..given()
    };
    facts.consents = vec![(PurposeId(9), outdated)];
    assert_eq!(at(&facts, NOW), ["gate/4/consent-given"]);
    facts.consents[0].1.state = ConsentState::Withdrawn;
    assert_eq!(at(&facts, NOW), ["gate/4/ask-uninvited"]);
}

#[test]
fn a_cap_puts_off_until_the_oldest_that_counts_has_aged_out() {
    let cap = Some(Cap { count: 2, days: 7 });
    let mut facts = with_terms(
        promotion(Rules::default()),
        Terms {
            cap,
            ..Terms::default()
        },
    );
    for (ages, waits) in [
        (&[][..], None),
        (&[1][..], None),
        (&[8, 1][..], None),
        (&[1, 3][..], Some(4)),
        (&[6, 1, 3, 20][..], Some(4)),
    ] {
        facts.sent = ages.iter().map(|days| NOW - Span::days(*days)).collect();
        let until = waits.map(|days| NOW + Span::days(days));
        let expected = until.map_or(Outcome::Allow, |until| Outcome::Defer { until });
        assert_eq!(decide(&facts, NOW).decision.outcome, expected, "{ages:?}");
    }
}

#[test]
fn promotion_does_not_reach_children() {
    let rules = || Rules {
        ages: vec![ruled("eu/child", 16), ruled("za/child", 18)],
        ..Rules::default()
    };
    for (age, promoted) in [
        (Age::Unknown, true),
        (Age::Adult, true),
        (Age::Born(2000), true),
        (Age::Born(2007), true),
        // Turns eighteen some time this year.
        (Age::Born(2008), false),
        (Age::Born(2015), false),
    ] {
        let mut facts = promotion(rules());
        facts.person.age = age;
        let found = at(&facts, NOW);
        assert_eq!(found == ["gate/4/consent-given"], promoted, "{age:?}");
        assert_eq!(found == ["gate/6/child", "za/child"], !promoted, "{age:?}");
    }
}

proptest! {
    /// Whatever the rules, a promotion that is put off may leave at the time it is put off to, as far as
    /// the hours go, and not a second before.
    #[test]
    fn the_time_it_is_put_off_to_is_the_first_that_is_open(
        minutes in 0_i64..40 * 24 * 60,
        days in 1_u8..128,
        from in 0_u16..1440,
        length in 1_u16..1440,
        west in any::<bool>(),
    ) {
        let open = Hours { days, from, to: from.saturating_add(length).min(1440) };
        let holidays: Vec<Date> = vec!["2026-12-25".parse().unwrap()];
        let quiet = QuietHours { open: vec![open], holidays: holidays.into(), waivable: false };
        let mut rules = south_africa();
        rules.quiet.push(ruled("other", quiet));
        if west {
            rules.zones.push(zone("EST5EDT,M3.2.0,M11.1.0"));
        }
        let facts = promotion(rules);
        let now = NOW + Span::micros(minutes * 60_000_000);
        let decision = decide(&facts, now).decision;
        match decision.outcome {
            Outcome::Allow => prop_assert!(decision.reasons.is_empty()),
            Outcome::Defer { until } => {
                prop_assert!(now < until);
                prop_assert_eq!(decide(&facts, until).decision.outcome, Outcome::Allow);
                let before = until - Span::seconds(1);
                let still = matches!(
                    decide(&facts, before.max(now)).decision.reasons.first(),
                    Some(Reason::QuietHours { .. })
                );
                prop_assert!(still);
            }
            Outcome::Refuse => {
                let none = matches!(
                    decision.reasons.first(),
                    Some(Reason::QuietHours { until: None, .. })
                );
                prop_assert!(none);
            }
        }
    }

    /// A rule more never lets out what was held before.
    #[test]
    fn another_jurisdiction_never_widens(grade in 1_u8..5, soft in any::<bool>(), age in 0_u8..30, born in 1990_i16..2026) {
        let mut facts = with_terms(promotion(Rules::default()), Terms { soft_opt_in: true, ..Terms::default() });
        facts.person.age = Age::Born(born);
        facts.person.sale = Some(Sale { at: NOW, objectable: true });
        facts.rules = Arc::new(Rules { soft_opt_in: vec![ruled("a", true)], ..Rules::default() });
        let before = decide(&facts, NOW).decision.outcome;
        let mut rules = (*facts.rules).clone();
        rules.grades.push(ruled("b", EvidenceGrade::from_code(grade).unwrap()));
        rules.soft_opt_in.push(ruled("b", soft));
        rules.ages.push(ruled("b", age));
        rules.quiet.extend(south_africa().quiet);
        facts.rules = Arc::new(rules);
        let after = decide(&facts, NOW).decision.outcome;
        if before == Outcome::Refuse {
            prop_assert_eq!(after, Outcome::Refuse);
        }
    }
}

#[test]
fn promotion_waits_as_long_as_whatsapp_holds_it_off() {
    let until = NOW + Span::hours(20);
    let held = |mut facts: Facts, capped| {
        facts.capped = capped;
        decide(&facts, NOW).decision
    };
    let marketing = || template(Category::Marketing);
    let decision = held(marketing(), Some(until));
    assert_eq!(decision.outcome, Outcome::Defer { until });
    assert_eq!(decision.code(), Some(131_049));
    assert_eq!(decision.rules(), ["gate/6/held-off"]);
    for (facts, capped) in [
        (marketing(), None),
        (marketing(), Some(NOW)),
        // It is a bound on promotion alone.
        (template(Category::Utility), Some(until)),
    ] {
        assert_eq!(held(facts, capped).outcome, Outcome::Allow, "{capped:?}");
    }
}
