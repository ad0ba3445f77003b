//! `docs/consent.md` against the packs, and the packs against what they must have.

use std::fmt::Write as _;

use domain::time::Timestamp;
use rulebook::Kind;
use rulebook::Pack;
use rulebook::Rule;
use rulebook::Rulebook;
use rulebook::State;
use rulebook::rule::letter;

const PAGE: &str = include_str!("../../../../docs/consent.md");
const START: &str = "<!-- the rules: a test compares what follows with the packs -->\n";
const END: &str = "<!-- the end of the rules -->";

const DEADLINES: &str = include_str!("deadlines.rs");
const LAW: &str = include_str!("law.rs");
const RETENTION: &str = include_str!("retention.rs");

fn now() -> Timestamp {
    "2026-11-22T10:00:00Z".parse().unwrap()
}

/// The test that shows what a rule of a kind does: its file, its text, its name.
fn shown_by(kind: Kind) -> (&'static str, &'static str, &'static str) {
    match kind {
        Kind::Notice => ("law", LAW, "notices_by_jurisdiction"),
        Kind::QuietHours => ("law", LAW, "quiet_hours_by_place"),
        Kind::RequestDeadline => ("deadlines", DEADLINES, "requests_by_jurisdiction"),
        Kind::RetentionMin => ("retention", RETENTION, "what_has_to_be_kept"),
        _ => ("law", LAW, "what_each_pack_asks_for"),
    }
}

/// What the page says of a rule, if it is one that is or will be enforced, or waits.
fn row(book: &Rulebook, pack: &Pack, rule: &Rule) -> Option<String> {
    let state = match book.state(pack, rule, now()) {
        State::Enforced => "enforced",
        State::NotYet if pack.enforced && rule.acts() && rule.enforced => "from that day",
        State::Waits => "waits for review",
        _ => return None,
    };
    let (file, text, name) = shown_by(rule.kind);
    assert!(text.contains(&format!("fn {name}()")), "no test {name}");
    let until = rule.to.map_or(String::new(), |to| format!(" to {to}"));
    Some(format!(
        "| `{}` | {} | {}{until} | {} | {state} | `{file}`: `{name}` |\n",
        rule.id,
        rule.provision,
        rule.from,
        letter(rule.confidence),
    ))
}

#[test]
fn the_page_has_every_rule_that_is_enforced() {
    let book = Rulebook::builtin("ZA").unwrap();
    let mut table = "| Rule | Provision | In force since | Confidence | State | Test in `crates/rulebook/tests/it` |\n\
                     | --- | --- | --- | --- | --- | --- |\n"
        .to_owned();
    for pack in book.packs() {
        for rule in &pack.rules {
            if let Some(row) = row(&book, pack, rule) {
                table.push_str(&row);
            }
        }
    }
    let shown = PAGE
        .split_once(START)
        .and_then(|(_, rest)| rest.split_once(END));
    let shown = shown.map_or("", |(shown, _)| shown.trim_matches('\n'));
    let mut differing = String::new();
    for line in table
        .lines()
        .filter(|line| !shown.lines().any(|row| row == *line))
    {
        writeln!(differing, "missing: {line}").unwrap();
    }
    for line in shown
        .lines()
        .filter(|line| !table.lines().any(|row| row == *line))
    {
        writeln!(differing, "too many: {line}").unwrap();
    }
    assert!(differing.is_empty(), "docs/consent.md\n{differing}");
    assert_eq!(shown, table.trim_end(), "the order of the rows");
}

#[test]
fn enforced_packs_and_those_that_wait() {
    let book = Rulebook::builtin("ZA").unwrap();
    let of = |enforced: bool| -> Vec<&str> {
        let packs = book.packs().filter(move |pack| pack.enforced == enforced);
        packs.map(|pack| &*pack.id).collect()
    };
    assert_eq!(of(true), ["eu", "uk", "us-ca", "xx-default", "za"]);
    assert_eq!(of(false), ["br", "in", "ke", "ng"]);
    for pack in book.packs() {
        for rule in &pack.rules {
            let state = book.state(pack, rule, now());
            let may = pack.enforced && letter(rule.confidence) == "H";
            assert!(state != State::Enforced || may, "{}", rule.id);
        }
    }
}

#[test]
fn every_kind_of_the_default_pack_that_the_gate_asks_for() {
    let book = Rulebook::builtin("QQ").unwrap();
    let kinds: Vec<Kind> = book
        .pack("xx-default")
        .unwrap()
        .rules
        .iter()
        .filter(|rule| rule.enforced)
        .map(|rule| rule.kind)
        .collect();
    for kind in Kind::ALL.into_iter().filter(|kind| kind.acts()) {
        // No law known here sets an end to consent or keeps a registry, or gives a longest time in numbers.
        let none = matches!(
            kind,
            Kind::Cleansing | Kind::ConsentLapse | Kind::RetentionMax
        );
        assert_eq!(kinds.contains(&kind), !none, "{}", kind.name());
    }
}
