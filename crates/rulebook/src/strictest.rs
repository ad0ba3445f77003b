//! Which of several rules of one kind decides.

use domain::consent::EvidenceGrade;
use domain::law::Pause;
use domain::law::RuleId;
use domain::law::Ruled;
use domain::law::Rules;
use domain::time::Span;

/// The rule that asks for the strongest evidence.
pub fn grade(rules: &[Ruled<EvidenceGrade>]) -> Option<&Ruled<EvidenceGrade>> {
    most(rules, |rule| rule.value)
}

/// The rule after which consent ends first.
pub fn lapse(rules: &[Ruled<Span>]) -> Option<&Ruled<Span>> {
    most(rules, |rule| std::cmp::Reverse(rule.value))
}

/// The rule by which soft opt-in is decided: one that forbids, else one that allows.
pub fn soft_opt_in(rules: &[Ruled<bool>]) -> Option<&Ruled<bool>> {
    most(rules, |rule| std::cmp::Reverse(rule.value))
}

/// The rule with the highest age.
pub fn age(rules: &[Ruled<u8>]) -> Option<&Ruled<u8>> {
    most(rules, |rule| rule.value)
}

/// The rule that wants the list cleansed most often.
pub fn cleansing(rules: &[Ruled<Span>]) -> Option<&Ruled<Span>> {
    lapse(rules)
}

/// The ids of the rules that decide. All quiet hours are among them, as each closes hours of its own,
/// and of the rules on asking the one with the fewest times and the one with the longest wait.
pub fn deciding(rules: &Rules) -> Vec<RuleId> {
    let mut ids: Vec<&RuleId> = rules.quiet.iter().map(|rule| &rule.rule).collect();
    ids.extend(grade(&rules.grades).map(|rule| &rule.rule));
    ids.extend(lapse(&rules.lapses).map(|rule| &rule.rule));
    ids.extend(soft_opt_in(&rules.soft_opt_in).map(|rule| &rule.rule));
    ids.extend(age(&rules.ages).map(|rule| &rule.rule));
    ids.extend(grade(&rules.special).map(|rule| &rule.rule));
    ids.extend(cleansing(&rules.cleansing).map(|rule| &rule.rule));
    let fewest = most(&rules.asking, |rule| {
        std::cmp::Reverse(rule.value.times.unwrap_or(u32::MAX))
    });
    let longest = most(&rules.asking, |rule| match rule.value.after_refusal {
        Pause::Ever => (true, Span::ZERO),
        Pause::For(span) => (false, span),
    });
    ids.extend(fewest.map(|rule| &rule.rule));
    ids.extend(longest.map(|rule| &rule.rule));
    ids.sort_unstable();
    ids.dedup();
    ids.into_iter().cloned().collect()
}

/// The first of those with the greatest weight.
fn most<T, W: Ord>(rules: &[Ruled<T>], weight: impl Fn(&Ruled<T>) -> W) -> Option<&Ruled<T>> {
    rules.iter().rev().max_by_key(|rule| weight(rule))
}
