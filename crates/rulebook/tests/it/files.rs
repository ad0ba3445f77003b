//! Directories: packs that replace and add, reviews, and what happens while the program runs.

use std::path::Path;

use domain::law::Evidence;
use domain::law::Law as _;
use domain::time::Timestamp;
use rulebook::Change;
use rulebook::Handle;
use rulebook::Matter;
use rulebook::Refused;
use rulebook::Rulebook;
use rulebook::State;
use rulebook::What;
use rulebook::diff;
use rulebook::files::read_directory;
use tempfile::TempDir;

const ZA: &str = include_str!("../../packs/za.toml");

const ADDITION: &str = r#"
id = "za"
version = 2026-12-01
adds = true
last_reviewed = 2026-12-01
reviewer = "N. Dlamini"

[[rule]]
id = "za/consent-lapse/own-policy"
kind = "consent-lapse"
regime = "Own policy"
provision = "Policy 7"
text = "We ask again after two years."
value = { days = 730 }
effective_from = 2027-01-01
status = "adopted_future"
strength = "house"
confidence = "H"
source_ref = "Policy 7"
"#;

fn now() -> Timestamp {
    "2026-12-02T10:00:00Z".parse().unwrap()
}

fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = TempDir::new().unwrap();
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

fn load(directory: &Path) -> Result<Rulebook, Refused> {
    Rulebook::load("ZA", &read_directory(directory)?)
}

fn review(rule: &str, date: &str) -> String {
    format!(
        "[[review]]\nrule = \"{rule}\"\nreviewer = \"N. Dlamini\"\ndate = {date}\nnote = \"read\"\n"
    )
}

fn state(book: &Rulebook, id: &str, at: &str) -> State {
    let (pack, rule) = book.rule(id).unwrap();
    book.state(pack, rule, at.parse().unwrap())
}

#[test]
fn a_reviewer_puts_a_rule_in_force() {
    let id = "za/request-deadline/reg-3";
    let noon = "2026-12-02T10:00:00Z";
    assert_eq!(
        state(&Rulebook::builtin("ZA").unwrap(), id, noon),
        State::Waits
    );
    let folder = folder(&[("reviews.toml", &review(id, "2026-12-01"))]);
    let book = load(folder.path()).unwrap();
    assert_eq!(state(&book, id, noon), State::Enforced);
    // What happened before the review was judged without it.
    assert_eq!(state(&book, id, "2026-11-30T10:00:00Z"), State::Waits);
    assert_eq!(book.review(id).unwrap().reviewer, "N. Dlamini");
    // A review of how the rule stood earlier does not count.
    std::fs::write(folder.path().join("reviews.toml"), review(id, "2026-11-01")).unwrap();
    let book = load(folder.path()).unwrap();
    assert_eq!(state(&book, id, noon), State::Waits);
    let told: Vec<String> = book
        .warnings(now())
        .iter()
        .map(ToString::to_string)
        .collect();
    assert!(
        told.iter()
            .any(|line| line.starts_with("`za/request-deadline/reg-3`: the rule was changed")),
        "{told:?}"
    );
}

#[test]
fn a_pack_that_waits_is_put_in_force_by_a_review() {
    let folder = folder(&[(
        "reviews.toml",
        "[[review]]\npack = \"br\"\nreviewer = \"J. Silva\"\ndate = 2026-12-01\n",
    )]);
    let book = load(folder.path()).unwrap();
    let evidence = Evidence {
        residence: Some("BR".to_owned()),
        ..Evidence::default()
    };
    let packs =
        |book: &Rulebook, at: &str| book.rules(&evidence, at.parse().unwrap()).packs.clone();
    let names = |packs: Vec<std::sync::Arc<str>>| packs.join(" ");
    assert_eq!(
        names(packs(&book, "2026-12-02T10:00:00Z")),
        "br@2026-11-22 za@2026-11-22"
    );
    assert_eq!(
        names(packs(&book, "2026-11-30T10:00:00Z")),
        "xx-default@2026-11-22 za@2026-11-22"
    );
    // Its rules of medium confidence wait all the same.
    let waits = "br/consent-grade/lgpd-8";
    assert_eq!(state(&book, waits, "2026-12-02T10:00:00Z"), State::Waits);
}

#[test]
fn a_newer_pack_replaces_and_an_older_does_not() {
    let newer = ZA.replacen("version = 2026-11-22", "version = 2026-12-01", 1);
    let newer = newer.replace("years = 18", "years = 21");
    let older = newer.replacen("2026-12-01", "2026-11-22", 1);
    let age = |book: &Rulebook| {
        let rules = book.rules(&Evidence::default(), now());
        rules.ages.iter().map(|rule| rule.value).max().unwrap()
    };
    let directory = folder(&[("our-za.toml", &newer)]);
    let book = load(directory.path()).unwrap();
    assert_eq!(age(&book), 21);
    assert_eq!(book.pack("za").unwrap().versioned(), "za@2026-12-01");
    let directory = folder(&[("our-za.toml", &older)]);
    let book = load(directory.path()).unwrap();
    assert_eq!(age(&book), 18);
    let warnings = book.warnings(now());
    let known = Matter::Older("2026-11-22".to_owned());
    assert!(
        warnings
            .iter()
            .any(|warning| warning.about == "za" && warning.matter == known)
    );
}

#[test]
fn a_pack_adds_to_another() {
    let directory = folder(&[("addition.toml", ADDITION), ("note.txt", "not read")]);
    let book = load(directory.path()).unwrap();
    assert_eq!(
        book.pack("za").unwrap().versioned(),
        "za@2026-11-22+2026-12-01"
    );
    let lapses = |at: &str| {
        book.rules(&Evidence::default(), at.parse().unwrap())
            .lapses
            .len()
    };
    assert_eq!(lapses("2026-12-31T10:00:00Z"), 0);
    assert_eq!(lapses("2027-01-01T10:00:00Z"), 1);
    // A rule with the id of another takes its place.
    let same = ADDITION
        .replace("consent-lapse/own-policy", "age/popia-34")
        .replace("consent-lapse", "age")
        .replace("days = 730", "years = 20");
    let directory = folder(&[("addition.toml", &same)]);
    let book = load(directory.path()).unwrap();
    assert_eq!(
        book.rule("za/age/popia-34").unwrap().1.provision,
        "Policy 7"
    );
    // One that contradicts what is there does not.
    let against = same.replace("age/popia-34", "age/policy").replace(
        "value =",
        "applies_if = { purpose = \"promotion\" }\nvalue =",
    );
    let directory = folder(&[("addition.toml", &against)]);
    let refused = load(directory.path()).unwrap_err().to_string();
    assert_eq!(
        refused,
        "addition.toml:8: rule `za/age/policy`: it contradicts `za/age/popia-34`: the same kind and \
         conditions, another value, and both hold on 2027-01-01"
    );
}

#[test]
fn days_for_one_occasion_are_added() {
    let directory = folder(&[(
        "holidays.toml",
        "[[set]]\nid = \"za\"\nfirst = 2026\nlast = 2026\nadds = true\ndays = [2026-11-04]\n",
    )]);
    let book = load(directory.path()).unwrap();
    let set = book.holiday_set("za").unwrap();
    assert!(set.contains("2026-11-04".parse().unwrap()));
    assert!(set.contains("2028-12-25".parse().unwrap()));
    assert!(
        !Rulebook::builtin("ZA")
            .unwrap()
            .holiday_set("za")
            .unwrap()
            .contains("2026-11-04".parse().unwrap())
    );
}

#[test]
fn what_is_refused_changes_nothing() {
    let directory = folder(&[("addition.toml", ADDITION)]);
    let handle = Handle::open("ZA", Some(directory.path())).unwrap();
    let packs = |handle: &Handle| handle.rules(&Evidence::default(), now()).packs.join(" ");
    let running = packs(&handle);
    assert!(running.ends_with("za@2026-11-22+2026-12-01"), "{running}");
    std::fs::write(directory.path().join("bad.toml"), "moon = 1").unwrap();
    let refused = handle.reload().unwrap_err();
    assert!(
        refused
            .to_string()
            .starts_with("bad.toml:1: unknown field `moon`"),
        "{refused}"
    );
    assert_eq!(packs(&handle), running);
    std::fs::remove_file(directory.path().join("bad.toml")).unwrap();
    std::fs::remove_file(directory.path().join("addition.toml")).unwrap();
    let held = handle.book();
    handle.reload().unwrap();
    assert!(packs(&handle).ends_with("za@2026-11-22"));
    // Whoever holds the one before keeps it.
    assert!(held.rule("za/consent-lapse/own-policy").is_some());
    drop(directory);
    assert!(handle.reload().is_err());
    assert!(packs(&handle).ends_with("za@2026-11-22"));
    assert!(handle.zone("Europe/Paris").is_some());
}

#[test]
fn directories_that_cannot_be_read() {
    let directory = folder(&[("large.toml", &"#".repeat((1 << 20) + 1))]);
    std::fs::create_dir(directory.path().join("folder.toml")).unwrap();
    std::fs::write(directory.path().join("bytes.toml"), [0xff, 0xfe]).unwrap();
    let refused = read_directory(directory.path()).unwrap_err().to_string();
    assert_eq!(
        refused,
        "bytes.toml:1: cannot be read: invalid data; folder.toml:1: cannot be read: it is not a regular \
         file; large.toml:1: cannot be read: it is larger than 1 MiB"
    );
    let none = read_directory(&directory.path().join("none")).unwrap_err();
    assert_eq!(none.to_string(), "none:1: cannot be read: entity not found");
}

#[test]
fn what_a_directory_would_change() {
    let old = Rulebook::builtin("ZA").unwrap();
    assert_eq!(diff(&old, &Rulebook::builtin("ZA").unwrap(), now()), []);
    let newer = ZA.replacen("version = 2026-11-22", "version = 2026-12-01", 1);
    let newer = newer.replace("years = 18", "years = 21");
    let id = "za/marketing/guidance-2024";
    let tables = newer.split("[[rule]]");
    let others: Vec<&str> = tables.filter(|table| !table.contains(id)).collect();
    let newer = others.join("[[rule]]");
    let directory = folder(&[
        ("za.toml", &newer),
        ("zz-addition.toml", ADDITION),
        (
            "reviews.toml",
            &review("eu/quiet-hours/fr-charter", "2026-12-01"),
        ),
    ]);
    let new = load(directory.path()).unwrap();
    let change = |rule: &str, what, before, after, takes_effect: Option<&str>| Change {
        rule: rule.to_owned(),
        what,
        before,
        after,
        takes_effect: takes_effect.map(|day| day.parse().unwrap()),
    };
    assert_eq!(
        diff(&old, &new, now()),
        [
            change(
                "eu/quiet-hours/fr-charter",
                What::Changed(Vec::new()),
                Some(State::Waits),
                Some(State::Enforced),
                None
            ),
            change(
                "za/age/popia-34",
                What::Changed(vec!["value"]),
                Some(State::Enforced),
                Some(State::Enforced),
                None
            ),
            change(
                "za/consent-lapse/own-policy",
                What::Added,
                None,
                Some(State::NotYet),
                Some("2027-01-01")
            ),
            change(id, What::Removed, Some(State::Data), None, None),
        ]
    );
}

#[test]
fn what_somebody_should_look_at() {
    let book = Rulebook::builtin("ZA").unwrap();
    let told = |at: &str| -> Vec<String> {
        let warnings = book.warnings(at.parse().unwrap());
        warnings.iter().map(ToString::to_string).collect()
    };
    let waits =
        "waits for review: medium confidence, not enforced until a named reviewer accepts it";
    assert_eq!(
        told("2026-11-22T10:00:00Z"),
        [
            format!("`eu/consent-grade/de-double-opt-in`: {waits}"),
            format!("`eu/quiet-hours/fr-charter`: {waits}"),
            format!("`za/request-deadline/reg-3`: {waits}"),
            format!("`za/special/health-2026`: {waits}"),
        ]
    );
    let stale =
        "`za/age/popia-34`: last reviewed on 2026-11-22, more than 12 months ago".to_owned();
    assert!(!told("2027-11-22T10:00:00Z").contains(&stale));
    assert!(told("2027-11-23T10:00:00Z").contains(&stale));
    let calendar = told("2028-07-01T10:00:00Z");
    assert!(
        calendar
            .iter()
            .any(|line| line.starts_with("`za`: the holidays are known up to 2028-12-31 only")),
        "{calendar:?}"
    );
}
