//! Pages of the book say what the domain says.

use domain::access::AppScope;
use domain::consent::ConsentState;
use domain::consent::EvidenceGrade;
use domain::decision::Reason;
use domain::decision::SoftOptInGap;
use domain::ids::PurposeId;
use domain::law::RuleId;
use domain::suppression::SuppressionScope;
use domain::suppression::SuppressionSource;
use domain::time::Timestamp;

const CALLS: &str = include_str!("../../../../docs/calls.md");
const PAGE: &str = include_str!("../../../../docs/errors.md");
const PART: &str = "## When the gate refuses";

/// The reasons in which nothing stands.
fn plain() -> Vec<Reason> {
    vec![
        Reason::EmergencyStop,
        Reason::Restricted,
        Reason::TemplateUnknown,
        Reason::TemplatePaused,
        Reason::TemplateNotApproved,
        Reason::PurposeMissing,
        Reason::PurposeUnknown,
        Reason::PurposeWidened,
        Reason::NoticeOutdated,
        Reason::AskUninvited,
        Reason::IdentityKeyMissing,
        Reason::AccountOff,
        Reason::PairRate,
        Reason::Throughput,
        Reason::QueuedBehind,
        Reason::QueueExpired,
        Reason::QueueCancelled,
    ]
}

/// The reasons that rest on the rule of a pack, in every form.
fn of_law(at: Timestamp) -> Vec<Reason> {
    let mut reasons = Vec::new();
    let gaps = [
        SoftOptInGap::NotAllowed,
        SoftOptInGap::NoSale,
        SoftOptInGap::NoChanceToObject,
        SoftOptInGap::SpecialCategory,
    ];
    for times in [1, MANY] {
        let rule = rule();
        reasons.push(Reason::AskedAlready { times, rule });
    }
    for until in [None, Some(at)] {
        let rule = rule();
        reasons.push(Reason::AskPause {
            until,
            rule: rule.clone(),
        });
        reasons.push(Reason::QuietHours { until, rule });
    }
    reasons.extend(gaps.map(|gap| Reason::SoftOptInUnmet { gap }));
    reasons
}

/// Every reason, with what stands in it as it is on the page: `…`. A new one takes its row here
/// because the match has no other arm for it.
fn reasons() -> Vec<Reason> {
    let at = instant();
    let own = SuppressionSource::Own;
    let suppressed = [
        (SuppressionScope::Promotional, own),
        (SuppressionScope::BusinessInitiated, own),
        (SuppressionScope::Purpose(PurposeId(1)), own),
        (SuppressionScope::Promotional, SuppressionSource::Native),
    ];
    let states = [
        ConsentState::Requested,
        ConsentState::Given,
        ConsentState::Renewed,
        ConsentState::Refused,
        ConsentState::Withdrawn,
        ConsentState::Expired,
        ConsentState::Invalidated,
        ConsentState::Unknown,
    ];
    let mut reasons = vec![
        Reason::ConsentExpired { at },
        Reason::EvidenceWeak {
            grade: EvidenceGrade::Asserted,
            wanted: EvidenceGrade::Confirmed,
        },
        Reason::WindowClosed { opened: None },
        Reason::WindowClosed { opened: Some(at) },
        Reason::RegistryBlocked { since: at },
        Reason::ConsentLapsed { at, rule: rule() },
        Reason::EvidenceBelowLaw {
            grade: EvidenceGrade::Asserted,
            wanted: EvidenceGrade::Confirmed,
            rule: rule(),
        },
        Reason::CapReached {
            count: MANY,
            days: DAYS,
            until: at,
        },
        Reason::HeldOff { until: at },
        Reason::Child { rule: rule() },
        Reason::CallNotPermitted { ended: None },
        Reason::CallNotPermitted { ended: Some(at) },
        Reason::GroupMember { code: 131_005 },
        Reason::AccountRestricted { until: None },
        Reason::AccountRestricted { until: Some(at) },
        Reason::InitiationRestricted { until: None },
        Reason::InitiationRestricted { until: Some(at) },
    ];
    reasons.extend(plain());
    reasons.extend(of_law(at));
    reasons.extend(suppressed.map(|(scope, source)| Reason::Suppressed { scope, source }));
    reasons.extend(states.map(|state| Reason::ConsentMissing { state }));
    reasons
}

/// Numbers that stand nowhere else in a sentence.
const MANY: u32 = 7_007;
const DAYS: u32 = 8_008;

fn rule() -> RuleId {
    RuleId::new("a/rule")
}

fn instant() -> Timestamp {
    Timestamp::from_micros(1_767_323_045_000_000)
}

/// The row of a reason.
fn row(reason: &Reason) -> String {
    let sentence = match reason {
        Reason::AccountRestricted { .. }
        | Reason::CallNotPermitted { .. }
        | Reason::AskPause { .. }
        | Reason::ConsentExpired { .. }
        | Reason::ConsentLapsed { .. }
        | Reason::HeldOff { .. }
        | Reason::QuietHours { .. }
        | Reason::RegistryBlocked { .. }
        | Reason::InitiationRestricted { .. }
        | Reason::WindowClosed { .. } => reason.sentence().replace(&instant().to_string(), "…"),
        Reason::AskedAlready { .. } => reason.sentence().replace(&MANY.to_string(), "…"),
        Reason::CapReached { .. } => reason
            .sentence()
            .replace(&instant().to_string(), "…")
            .replace(&MANY.to_string(), "…")
            .replace(&DAYS.to_string(), "…"),
        Reason::EvidenceWeak { grade, wanted } | Reason::EvidenceBelowLaw { grade, wanted, .. } => {
            reason
                .sentence()
                .replace(grade.name(), "…")
                .replace(wanted.name(), "…")
        }
        Reason::EmergencyStop
        | Reason::Restricted
        | Reason::Suppressed { .. }
        | Reason::TemplateUnknown
        | Reason::TemplatePaused
        | Reason::TemplateNotApproved
        | Reason::PurposeMissing
        | Reason::PurposeUnknown
        | Reason::PurposeWidened
        | Reason::ConsentMissing { .. }
        | Reason::NoticeOutdated
        | Reason::IdentityKeyMissing
        | Reason::GroupMember { .. }
        | Reason::AccountOff
        | Reason::PairRate
        | Reason::Throughput
        | Reason::QueuedBehind
        | Reason::QueueExpired
        | Reason::QueueCancelled
        | Reason::AskUninvited
        | Reason::Child { .. }
        | Reason::SoftOptInUnmet { .. } => reason.sentence(),
    };
    format!("| {} | `{}` | {sentence} |", reason.code(), reason.rule())
}

#[test]
fn every_refusal_of_the_gate_is_on_the_page_of_errors_and_no_other() {
    let mut rows: Vec<String> = reasons().iter().map(row).collect();
    rows.sort();
    rows.dedup();
    let (_, part) = PAGE.split_once(PART).unwrap();
    let part = part.split("\n## ").next().unwrap();
    let found = part.lines().filter(|line| line.contains(" | `"));
    let mut found: Vec<&str> = found.collect();
    found.sort_unstable();
    assert_eq!(found, rows, "docs/errors.md, When the gate refuses");
}

#[test]
fn the_page_of_calls_has_every_scope_and_no_other() {
    let scopes = AppScope::ALL.map(AppScope::name);
    let rows = CALLS.lines().filter(|line| line.starts_with("| `"));
    let rows = rows.filter_map(|line| line.split("` | `").nth(1)?.split('`').next());
    let mut found: Vec<&str> = rows.collect();
    found.sort_unstable();
    found.dedup();
    let mut expected = scopes.to_vec();
    expected.sort_unstable();
    assert_eq!(found, expected, "docs/calls.md");
}
