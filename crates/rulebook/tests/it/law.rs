//! The rules that the gate gets.

use std::sync::Arc;
use std::sync::LazyLock;
use std::time::Duration;

use domain::consent::EvidenceGrade;
use domain::law::Evidence;
use domain::law::Law as _;
use domain::law::Pause;
use domain::law::Rules;
use domain::time::Span;
use domain::time::Timestamp;
use jiff::civil::date;
use rulebook::Element;
use rulebook::Need;
use rulebook::Rulebook;
use rulebook::strictest;

static BOOK: LazyLock<Rulebook> = LazyLock::new(|| Rulebook::builtin("ZA").unwrap());

fn on(day: &str) -> Timestamp {
    format!("{day}T10:00:00Z").parse().unwrap()
}

fn living_in(place: &str) -> Evidence {
    Evidence {
        residence: Some(place.to_owned()),
        ..Evidence::default()
    }
}

/// The rules of somebody whose country is the controller's, too.
fn rules(place: &str, day: &str) -> Arc<Rules> {
    let country = place.split('-').next().unwrap();
    let country = if place == "US-CA" { place } else { country };
    let book = Rulebook::builtin(country).unwrap();
    book.rules(&living_in(place), on(day))
}

/// What decides, one word for each kind: grade, soft opt-in, asking, age, special, cleansing.
fn told(rules: &Rules) -> String {
    let grade = |grade: Option<EvidenceGrade>| match grade {
        Some(grade) => format!("{grade:?}").to_lowercase(),
        None => "-".to_owned(),
    };
    let days = |span: Span| span.as_micros() / Span::days(1).as_micros();
    let asking: Vec<String> = rules
        .asking
        .iter()
        .map(|rule| {
            let times = rule
                .value
                .times
                .map_or_else(|| "any".to_owned(), |n| n.to_string());
            match rule.value.after_refusal {
                Pause::Ever => format!("{times}/never"),
                Pause::For(span) => format!("{times}/{}d", days(span)),
            }
        })
        .collect();
    let soft = strictest::soft_opt_in(&rules.soft_opt_in).map(|rule| rule.value);
    format!(
        "{} {} {} {} {} {}",
        grade(strictest::grade(&rules.grades).map(|rule| rule.value)),
        soft.map_or("-", |allowed| if allowed { "soft" } else { "no-soft" }),
        if asking.is_empty() {
            "-".to_owned()
        } else {
            asking.join("+")
        },
        strictest::age(&rules.ages).map_or(0, |rule| rule.value),
        grade(strictest::grade(&rules.special).map(|rule| rule.value)),
        strictest::cleansing(&rules.cleansing).map_or(0, |rule| days(rule.value)),
    )
}

#[test]
fn what_each_pack_asks_for() {
    for (place, wanted) in [
        ("ZA", "recorded soft 1/never 18 direct 28"),
        ("DE", "recorded soft - 16 direct 0"),
        ("GB", "recorded soft any/never 13 direct 0"),
        ("US-CA", "recorded no-soft any/366d 16 - 0"),
        ("US-NY", "direct no-soft 1/never 18 direct 0"),
        ("US", "direct no-soft any/366d+1/never 18 direct 0"),
        ("BR", "direct no-soft 1/never 18 direct 0"),
        ("XX", "direct no-soft 1/never 18 direct 0"),
    ] {
        assert_eq!(told(&rules(place, "2026-11-22")), wanted, "{place}");
    }
    // Someone in Germany, messaged from South Africa, has both.
    let both = BOOK.rules(&living_in("DE"), on("2026-11-22"));
    assert_eq!(told(&both), "recorded soft 1/never 18 direct 28");
}

#[test]
fn rules_hold_at_the_time_of_the_event() {
    assert!(rules("ZA", "2026-04-14").cleansing.is_empty());
    assert_eq!(rules("ZA", "2026-04-15").cleansing.len(), 1);
    // The day begins where the authority is: 22:00 in UTC the evening before.
    let eve = |time: &str| -> Timestamp { format!("2026-04-14T{time}Z").parse().unwrap() };
    let law = |at| BOOK.rules(&living_in("ZA"), at).cleansing.len();
    assert_eq!((law(eve("21:59:59")), law(eve("22:00:00"))), (0, 1));
    // Long before any of it there is the default pack's nothing, too.
    assert!(rules("ZA", "1990-01-01").grades.is_empty());
    let before = BOOK.deadlines(
        domain::request::RequestKind::Access,
        &["GB"],
        domain::request::Clock::from(on("2026-02-04")),
    );
    assert_eq!(
        before[0].complete.as_ref().unwrap().rule.as_str(),
        "uk/request-deadline/uk-gdpr-12"
    );
}

#[test]
fn quiet_hours_by_place() {
    let shape = |place: &str, day: &str| -> Vec<String> {
        let hours = |rule: &domain::law::Ruled<domain::law::QuietHours>| {
            let open: Vec<String> = rule
                .value
                .open
                .iter()
                .map(|hours| format!("{:07b}:{}-{}", hours.days, hours.from, hours.to))
                .collect();
            format!("{} {} {}", rule.rule, open.join(","), rule.value.waivable)
        };
        rules(place, day).quiet.iter().map(hours).collect()
    };
    assert_eq!(
        shape("ZA", "2026-11-22"),
        ["za/quiet-hours/cpa-12 0011111:480-1200,0100000:540-780 true"]
    );
    assert_eq!(
        shape("US-CA", "2026-11-22"),
        ["us-ca/quiet-hours/tcpa-hours 1111111:480-1260 false"]
    );
    assert_eq!(
        shape("XX", "2026-11-22"),
        ["xx-default/quiet-hours/common 0011111:480-1200,0100000:540-780 false"]
    );
    // The practice in France waits for review.
    assert!(shape("FR", "2026-11-22").is_empty());
    assert!(shape("GB", "2026-11-22").is_empty());
    // Without a calendar for the year nothing is open, and the days on its edge are closed.
    assert_eq!(shape("ZA", "2029-01-01"), ["za/quiet-hours/cpa-12  true"]);
    assert_eq!(shape("ZA", "2024-12-31"), ["za/quiet-hours/cpa-12  true"]);
    let last = rules("ZA", "2028-12-31");
    let holidays = &last.quiet[0].value.holidays;
    for day in [
        date(2026, 12, 16),
        date(2027, 3, 22),
        date(2028, 9, 25),
        date(2029, 1, 2),
        date(2029, 12, 31),
        date(2024, 2, 29),
    ] {
        assert!(holidays.binary_search(&day).is_ok(), "{day}");
    }
    for day in [date(2026, 12, 17), date(2026, 11, 23), date(2027, 3, 23)] {
        assert!(holidays.binary_search(&day).is_err(), "{day}");
    }
}

#[test]
fn notices_by_jurisdiction() {
    let told = |places: &[&str], day: &str| -> String {
        let mark = |need: Need| if need == Need::Required { "" } else { "?" };
        let elements = BOOK.notice_elements(places, on(day));
        let names: Vec<String> = elements
            .iter()
            .map(|one| {
                format!(
                    "{}{}",
                    one.element.name().trim_start_matches('N'),
                    mark(one.need)
                )
            })
            .collect();
        names.join(" ")
    };
    let eu = "01 02? 03 04 05? 06 07 08 09 10 11 12 13? 14 15 16?";
    for (places, day, wanted) in [
        (
            &["ZA"][..],
            "2026-11-22",
            "01 03 04? 06 07 08 09 11 12 13? 14 15",
        ),
        (&["ZA"], "2025-04-16", "01 03 04? 06 07 08 09 11 13? 14 15"),
        (&["DE"], "2026-08-01", eu),
        (&["eu"], "2026-08-02", &format!("{eu} 21?")),
        (&["GB"], "2026-11-22", eu),
        (&["US-CA"], "2025-12-31", "01 03 06 07 08 10 11 18"),
        (&["US-CA"], "2026-01-01", "01 03 06 07 08 10 11 18 20"),
        (&["US-CA"], "2027-01-01", "01 03 06 07 08 10 11 16? 18 20"),
        (
            &["BR"],
            "2026-11-22",
            "01 02? 03 04 05? 06 07? 08 09 10 11 12 13 14 15 16? 21?",
        ),
        (
            &["ZA", "US-CA"],
            "2026-11-22",
            "01 03 04? 06 07 08 09 10 11 12 13? 14 15 18 20",
        ),
    ] {
        assert_eq!(told(places, day), wanted, "{places:?} {day}");
    }
    let right = BOOK.notice_elements(&["ZA", "DE"], on("2026-11-22"));
    let right = right
        .iter()
        .find(|one| one.element == Element::N12)
        .unwrap();
    let ids: Vec<&str> = right
        .rules
        .iter()
        .map(domain::law::RuleId::as_str)
        .collect();
    assert_eq!(ids, ["eu/notice/gdpr-13", "za/notice/reg-2"]);
}

#[test]
fn an_explanation_marks_what_decides() {
    let evidence = Evidence {
        phone_prefixes: vec!["49".to_owned()],
        ..Evidence::default()
    };
    let explained = BOOK.explain(&evidence, on("2026-11-22"));
    let of = |id: &str| {
        explained
            .rules
            .iter()
            .find(|one| one.rule.id.as_str() == id)
    };
    assert!(of("za/age/popia-34").unwrap().decides);
    assert!(!of("eu/age/gdpr-8").unwrap().decides);
    assert!(of("za/quiet-hours/cpa-12").unwrap().decides);
    let waits = of("eu/consent-grade/de-double-opt-in").unwrap();
    assert_eq!(
        (waits.state, waits.decides),
        (rulebook::State::Waits, false)
    );
    assert!(of("eu/quiet-hours/fr-charter").is_none());
    assert!(of("us-ca/quiet-hours/tcpa-hours").is_none());
    let compiled: Vec<String> = explained
        .compiled
        .packs
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(compiled, ["eu@2026-11-22", "za@2026-11-22"]);
}

#[test]
fn rules_are_compiled_once() {
    let evidence = living_in("US");
    let first = BOOK.rules(&evidence, on("2026-11-22"));
    assert!(Arc::ptr_eq(
        &first,
        &BOOK.rules(&evidence, on("2026-11-23"))
    ));
    assert!(!Arc::ptr_eq(
        &first,
        &BOOK.rules(&evidence, on("2027-02-01"))
    ));
    // Numbers that point to the same place share their rules.
    let number = |prefix: &str| Evidence {
        phone_prefixes: vec![prefix.to_owned()],
        ..Evidence::default()
    };
    let one = BOOK.rules(&number("2782123"), on("2026-11-22"));
    assert!(Arc::ptr_eq(
        &one,
        &BOOK.rules(&number("2771999"), on("2026-11-22"))
    ));
}

#[test]
#[expect(clippy::disallowed_methods, reason = "it measures")]
fn warm_rules_cost_next_to_nothing() {
    let evidence = Evidence {
        phone_prefixes: vec!["1415555".to_owned(), "2782123".to_owned()],
        bsuid_countries: vec!["DE".to_owned()],
        residence: None,
    };
    let (at, rounds) = (on("2026-11-22"), 20_000);
    let kept = BOOK.rules(&evidence, at);
    let best = (0..5)
        .map(|_| {
            let start = std::time::Instant::now();
            for _ in 0..rounds {
                assert!(Arc::ptr_eq(&kept, &BOOK.rules(&evidence, at)));
            }
            start.elapsed() / rounds
        })
        .min()
        .unwrap();
    // Generous, because tests are not built for speed and machines are busy.
    assert!(best < Duration::from_micros(10), "{best:?}");
}
