//! A decision of the gate in process: facts in, judgement out.

use std::hint::black_box;
use std::sync::Arc;

use domain::consent::Consent;
use domain::consent::ConsentState;
use domain::consent::EvidenceGrade;
use domain::gate;
use domain::gate::CatalogueEntry;
use domain::gate::Content;
use domain::gate::Declared;
use domain::gate::Facts;
use domain::health::Standing;
use domain::ids::PurposeId;
use domain::law::Evidence;
use domain::law::Law as _;
use domain::person::Person;
use domain::person::Sale;
use domain::purpose::Cap;
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
use rulebook::Handle;

use crate::clock;
use crate::figure::float;
use crate::figure::median;
use crate::figure::micros_each;
use crate::report::Goal;
use crate::report::Report;

const NOW: Timestamp = Timestamp::from_seconds(1_795_255_200);
const DECISIONS: usize = 1_000_000;
const RUNS: usize = 5;

/// Every kind of facts there is, and the mean over them.
pub(crate) fn run() -> Report {
    let cases = cases();
    let mut report = Report::new("A decision in process");
    let mut all = Vec::new();
    for (name, facts) in &cases {
        let each = nanos(facts);
        report.figure(*name, each, "ns");
        all.push(each);
    }
    let worst = all.into_iter().fold(0.0, f64::max);
    report.against("the slowest of them", worst / 1e3, "µs", Goal::AtMost(5.0));
    lawful(&mut report, worst / 1e3);
    report
}

/// The same with the law of five packs at once: somebody with a Californian and a South African
/// number, a German and a British account, and a pack for wherever else.
fn lawful(report: &mut Report, lawless: f64) {
    let Ok(book) = Handle::open("ZA", None) else {
        return;
    };
    let evidence = Evidence {
        residence: None,
        bsuid_countries: vec!["DE".to_owned(), "GB".to_owned(), "AR".to_owned()],
        phone_prefixes: vec!["1415555".to_owned(), "2782123".to_owned()],
    };
    let rules = book.rules(&evidence, NOW);
    report.figure(
        "packs that hold at once",
        float(rules.packs.len() as u64),
        "",
    );
    let marketing = Facts {
        rules: Arc::clone(&rules),
        ..template(Category::Marketing)
    };
    let mut soft = marketing.clone();
    if let Some(bound) = &mut soft.bound {
        bound.terms.soft_opt_in = true;
        bound.terms.cap = Some(Cap { count: 4, days: 30 });
    }
    soft.consents.clear();
    soft.person.sale = Some(Sale {
        at: NOW - Span::days(10),
        objectable: true,
    });
    soft.sent = vec![NOW - Span::days(3), NOW - Span::days(9)];
    let at_home = Facts {
        person: Person {
            zone: book.zone("Africa/Johannesburg"),
            ..Person::default()
        },
        ..marketing.clone()
    };
    let mut slowest = 0.0_f64;
    for (name, facts) in [
        ("five packs: consent, zone known", &at_home),
        ("five packs: consent, any of the zones", &marketing),
        ("five packs: soft opt-in, cap", &soft),
    ] {
        let each = nanos(facts);
        report.figure(name, each, "ns");
        slowest = slowest.max(each / 1e3);
    }
    let goal = Goal::AtMost(10.0);
    report.against("the slowest of them, five packs", slowest, "µs", goal);
    report.figure("of the slowest without law", slowest / lawless, "×");
    let found = (0..RUNS).map(|_| {
        let began = clock::thread_cpu();
        for _ in 0..DECISIONS {
            black_box(book.rules(black_box(&evidence), NOW));
        }
        micros_each(clock::thread_cpu().saturating_sub(began), DECISIONS) * 1e3
    });
    report.figure("finding the rules, warm", median(found.collect()), "ns");
}

fn nanos(facts: &Facts) -> f64 {
    let runs = (0..RUNS).map(|_| {
        let began = clock::thread_cpu();
        for _ in 0..DECISIONS {
            black_box(gate::decide(black_box(facts), NOW));
        }
        micros_each(clock::thread_cpu().saturating_sub(began), DECISIONS) * 1e3
    });
    median(runs.collect())
}

fn cases() -> [(&'static str, Facts); 6] {
    let marketing = template(Category::Marketing);
    let stopped = Facts {
        suppressions: vec![
            stop(SuppressionScope::Promotional, SuppressionSource::Own),
            stop(SuppressionScope::Promotional, SuppressionSource::Native),
        ],
        ..marketing.clone()
    };
    let everything = Facts {
        emergency_stop: true,
        restriction: Restriction::Restricted {
            since: NOW - Span::days(1),
        },
        consents: Vec::new(),
        pair: NOW + Span::hours(1),
        throughput: NOW + Span::hours(1),
        ..stopped.clone()
    };
    [
        (
            "free-form in the window: allowed",
            free_form(Some(NOW - Span::hours(2))),
        ),
        ("free-form, window closed: refused", free_form(None)),
        (
            "utility template with consent: allowed",
            template(Category::Utility),
        ),
        ("marketing template with consent: allowed", marketing),
        ("marketing after two stops: refused", stopped),
        ("everything in the way at once: refused", everything),
    ]
}

fn purpose(class: PurposeClass) -> Purpose {
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

fn template(category: Category) -> Facts {
    let bound = purpose(category.class());
    let consent = Consent {
        state: ConsentState::Given,
        grade: EvidenceGrade::Direct,
        at: NOW - Span::days(30),
        expires: Some(NOW + Span::days(300)),
        notice_valid: true,
    };
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
        consents: vec![(bound.id, consent)],
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

fn free_form(window: Option<Timestamp>) -> Facts {
    Facts {
        content: Content::FreeForm,
        bound: Some(purpose(PurposeClass::Care)),
        consents: Vec::new(),
        window,
        ..template(Category::Utility)
    }
}

fn stop(scope: SuppressionScope, source: SuppressionSource) -> Suppression {
    Suppression {
        scope,
        source,
        since: NOW - Span::hours(1),
    }
}
