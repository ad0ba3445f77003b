//! What is refused, with file, line and rule.

use proptest::prelude::*;
use rulebook::Refused;
use rulebook::Rulebook;
use rulebook::files::Source;

const HEAD: &str = r#"id = "test"
version = 2026-11-22
title = "A test"
enforced = true
zone = "Africa/Johannesburg"
covers = ["LS"]
last_reviewed = 2026-11-22
reviewer = "T. Ester"
"#;

const AGE: &str = r#"
[[rule]]
id = "test/age/adult"
kind = "age"
regime = "Test"
provision = "s1"
text = "Grown up."
value = { years = 18 }
effective_from = 2020-01-01
status = "in_force"
strength = "statute"
confidence = "H"
source_ref = "a gazette"
"#;

fn load(name: &str, text: &str) -> Result<Rulebook, Refused> {
    let source = Source {
        name: name.to_owned(),
        text: text.to_owned(),
    };
    Rulebook::load("ZA", &[source])
}

/// The faults of a pack, one a line.
fn faults(text: &str) -> String {
    load("test.toml", text).map_or_else(|refused| refused.to_string(), |_| "taken".to_owned())
}

fn changed(from: &str, to: &str) -> String {
    let text = format!("{HEAD}{AGE}");
    assert!(text.contains(from), "{from}");
    text.replacen(from, to, 1)
}

#[test]
fn a_whole_pack_is_taken() {
    assert_eq!(faults(&format!("{HEAD}{AGE}")), "taken");
    assert_eq!(faults(HEAD), "taken");
}

#[test]
fn rules_that_are_refused() {
    const RULE: &str = "test.toml:10: rule `test/age/adult`: ";
    for (from, to, wanted) in [
        (
            "value = { years = 18 }",
            "",
            "the value of a rule of kind `age`: missing field `years`",
        ),
        (
            "years = 18",
            "years = 18, months = 2",
            "the value of a rule of kind `age`: unknown field `months`, expected `years`",
        ),
        (
            "years = 18",
            "years = 300",
            "the value of a rule of kind `age`: invalid value: integer `300`, expected u8",
        ),
        (
            "2020-01-01",
            "2020-01-01T10:00:00Z",
            "`effective_from` is not a date",
        ),
        (
            "2020-01-01\n",
            "2020-01-01\neffective_to = 2019-12-31\n",
            "`effective_to` lies before `effective_from`",
        ),
        ("\"in_force\"", "\"repealed\"", "`effective_to` is missing"),
        (
            "\"H\"",
            "\"L\"\nenforced = true",
            "low confidence is never enforced",
        ),
        ("\"a gazette\"", "\" \"", "`source_ref` is missing"),
        (
            "value =",
            "applies_if = { residence = [\"QQ\"] }\nvalue =",
            "a place is not an ISO 3166 code that is listed",
        ),
    ] {
        assert_eq!(
            faults(&changed(from, to)),
            format!("{RULE}{wanted}"),
            "{to}"
        );
    }
    for (id, shown) in [
        ("test/age/", "test/age/"),
        ("test/asking/adult", "test/asking/adult"),
        ("za/age/adult", "za/age/adult"),
        ("test/age/Adult", "test/age/Adult"),
    ] {
        assert_eq!(
            faults(&changed("test/age/adult", id)),
            format!("test.toml:10: rule `{shown}`: the id does not begin with `test/age/`")
        );
    }
}

#[test]
fn what_is_no_pack() {
    let check = |text: &str, place: &str, words: &str| {
        let told = faults(text);
        assert!(told.starts_with(place) && told.contains(words), "{told}");
    };
    check("not toml", "test.toml:1: ", "");
    check(
        &changed("kind = \"age\"", "kind = \"taxes\""),
        "test.toml:12: rule `test/age/adult`: ",
        "unknown variant `taxes`",
    );
    check(
        &changed("text =", "says ="),
        "test.toml:15: rule `test/age/adult`: ",
        "unknown field `says`",
    );
    check(
        &changed("2020-01-01", "2020-02-30"),
        "test.toml:17: rule `test/age/adult`: ",
        "",
    );
    check(
        &changed("\"statute\"", "\"rumour\""),
        "test.toml:19: rule `test/age/adult`: ",
        "unknown variant `rumour`",
    );
    check(
        &changed("\"in_force\"", "\"asleep\""),
        "test.toml:18: rule `test/age/adult`: ",
        "unknown variant `asleep`",
    );
    check(
        &changed("value = {", "applies_if = { mood = 1 }\nvalue = {"),
        "test.toml:16: rule `test/age/adult`: ",
        "unknown field `mood`",
    );
    check(
        &changed("title", "name"),
        "test.toml:3: ",
        "unknown field `name`",
    );
}

#[test]
fn heads_that_are_refused() {
    for (from, to, wanted) in [
        (
            "Africa/Johannesburg",
            "Africa/Atlantis",
            "test.toml:1: a time zone is not in the IANA database",
        ),
        (
            "\"LS\"",
            "\"QQ\"",
            "test.toml:1: a place is not an ISO 3166 code that is listed",
        ),
        (
            "\"test\"",
            "\"Test\"",
            "test.toml:1: the id of a pack is made of small letters and hyphens",
        ),
        (
            "title = \"A test\"\n",
            "",
            "test.toml:1: `title` is missing",
        ),
        (
            "2026-11-22",
            "2026-11-22T00:00:00Z",
            "test.toml:1: `version` is not a date",
        ),
        (
            "id = \"test\"",
            "id = \"test\"\nadds = true",
            "test.toml:1: it adds to a pack that is not there",
        ),
    ] {
        assert_eq!(faults(&changed(from, to)), wanted);
    }
}

#[test]
fn rules_that_contradict_each_other() {
    let second = |from: &str, to: &str| {
        let other = AGE.replace("adult", "child").replacen(from, to, 1);
        assert!(AGE.contains(from) || other.contains(to), "{from}");
        faults(&format!("{HEAD}{AGE}{other}"))
    };
    let refused = "test.toml:23: rule `test/age/child`: it contradicts `test/age/adult`: the same kind \
                   and conditions, another value, and both hold on 2020-01-01";
    assert_eq!(second("18", "16"), refused);
    assert_eq!(second("18", "18"), "taken");
    // Other conditions, other times, or no force: no contradiction.
    for (from, to) in [
        (
            "value = { years = 18 }",
            "value = { years = 16 }\napplies_if = { purpose = \"promotion\" }",
        ),
        (
            "value = { years = 18 }\neffective_from = 2020-01-01",
            "value = { years = 16 }\neffective_from = 2010-01-01\neffective_to = 2019-12-31",
        ),
        ("\"in_force\"", "\"proposed\"\nvalue = { years = 16 }"),
        ("\"H\"", "\"L\"\nvalue = { years = 16 }"),
    ] {
        let told = {
            let other = AGE.replace("adult", "child");
            let other = if to.contains("\nvalue") {
                other.replacen("value = { years = 18 }\n", "", 1)
            } else {
                other
            };
            faults(&format!("{HEAD}{AGE}{}", other.replacen(from, to, 1)))
        };
        assert_eq!(told, "taken", "{to}");
    }
    // The day on which the second begins is told.
    let late = second("effective_from = 2020-01-01", "effective_from = 2025-06-01");
    assert_eq!(late, "taken");
    let late = AGE
        .replace("adult", "child")
        .replace("18", "16")
        .replace("2020-01-01", "2025-06-01");
    assert!(faults(&format!("{HEAD}{AGE}{late}")).ends_with("both hold on 2025-06-01"));
    assert_eq!(
        faults(&format!("{HEAD}{AGE}{AGE}")),
        "test.toml:23: rule `test/age/adult`: it stands here twice"
    );
}

/// Kinds, values that do not suit them, and words of the refusal.
const UNSUITABLE: &[(&str, &str, &str)] = &[
    ("asking", "{ times = 1 }", "wants either"),
    (
        "asking",
        "{ after_refusal = \"ever\", after_refusal_days = 3 }",
        "wants either",
    ),
    ("asking", "{ after_refusal = \"never\" }", "unknown variant"),
    (
        "breach-clock",
        "{ tell = \"authority\", amount = 3 }",
        "wants `amount` and `unit`",
    ),
    (
        "breach-clock",
        "{ tell = \"authority\", amount = 3, unit = \"business-day\" }",
        "want a `holidays` set",
    ),
    ("breach-clock", "{ tell = \"press\" }", "unknown variant"),
    ("cleansing", "{ days = 0 }", "at least 1"),
    ("consent-grade", "{ grade = \"strong\" }", "unknown variant"),
    ("marketing", "{ days = 1 }", "takes no value"),
    (
        "notice",
        "{ required = [\"N01\", \"N01\"] }",
        "stands twice",
    ),
    (
        "notice",
        "{ required = [\"N01\"], if_applicable = [\"N01\"] }",
        "stands twice",
    ),
    ("notice", "{ required = [\"N22\"] }", "unknown variant"),
    (
        "quiet-hours",
        "{ open = [{ days = \"day\", from = \"08:00\", to = \"20:00\" }], waivable = true }",
        "`days` wants",
    ),
    (
        "quiet-hours",
        "{ open = [{ days = \"mon\", from = \"20:00\", to = \"08:00\" }], waivable = true }",
        "`to` lies after",
    ),
    (
        "quiet-hours",
        "{ open = [{ days = \"mon\", from = \"8\", to = \"20:00\" }], waivable = true }",
        "`from` wants",
    ),
    (
        "quiet-hours",
        "{ open = [], waivable = true, holidays = \"moon\" }",
        "no holiday set",
    ),
    (
        "request-deadline",
        "{ requests = [], stage = \"complete\", amount = 1, unit = \"day\" }",
        "empty",
    ),
    (
        "request-deadline",
        "{ requests = [\"access\"], stage = \"complete\", amount = 1, unit = \"hour\", roll = \"working-day\", holidays = \"za\" }",
        "does not go with hours",
    ),
    (
        "request-deadline",
        "{ requests = [\"access\"], stage = \"complete\", amount = 1, unit = \"day\", roll = \"working-day\" }",
        "wants a `holidays` set",
    ),
    (
        "request-deadline",
        "{ requests = [\"access\"], stage = \"acknowledge\", amount = 1, unit = \"day\", extension = 1 }",
        "not extended",
    ),
    (
        "request-deadline",
        "{ requests = [\"access\"], stage = \"complete\", amount = 65535, unit = \"day\", extension = 1 }",
        "too long",
    ),
    (
        "retention-min",
        "{ what = \"x\", amount = 1, unit = \"business-day\" }",
        "want a `holidays` set",
    ),
    (
        "retention-min",
        "{ what = \"x\", classes = [\"chats\"], amount = 1, unit = \"month\" }",
        "names a record class that there is not",
    ),
    (
        "retention-min",
        "{ what = \"x\", amount = 1, unit = \"month\", starts = \"some day\" }",
        "is received, conversation-closed or contract-ended",
    ),
    (
        "retention-max",
        "{ what = \"x\", amount = 1, unit = \"month\", sector = \"A B\" }",
        "short name of small letters",
    ),
];

#[test]
fn values_that_are_refused() {
    let rule = |kind: &str, value: &str| {
        let text = AGE
            .replace("test/age/adult", &format!("test/{kind}/x"))
            .replace("\"age\"", &format!("\"{kind}\""))
            .replace("{ years = 18 }", value);
        faults(&format!("{HEAD}{text}"))
    };
    for (kind, value, words) in UNSUITABLE {
        let told = rule(kind, value);
        let place = format!("test.toml:10: rule `test/{kind}/x`: ");
        assert!(told.starts_with(&place) && told.contains(words), "{told}");
    }
    for (kind, value) in [
        ("asking", "{ after_refusal_days = 30 }"),
        ("consent-lapse", "{ days = 730 }"),
        ("notice", "{ required = [] }"),
        (
            "retention-max",
            "{ what = \"x\", amount = 24, unit = \"month\" }",
        ),
        ("quiet-hours", "{ open = [], waivable = false }"),
    ] {
        assert_eq!(rule(kind, value), "taken");
    }
}

/// Checks how the refusal of a file begins, or that it is taken.
fn check(name: &str, text: &str, wanted: &str) {
    let told = load(name, text).map_or_else(|refused| refused.to_string(), |_| "taken".to_owned());
    assert!(told.starts_with(wanted), "{told}");
}

#[test]
fn calendars_that_are_refused() {
    let set = |more: &str| format!("[[set]]\nid = \"za\"\nfirst = 2026\nlast = 2026\n{more}");
    check(
        "holidays.toml",
        &set("days = [2026-11-04]\nadds = true"),
        "taken",
    );
    check(
        "holidays.toml",
        &set("days = [2026-01-01]\nadds = true"),
        "holidays.toml:1: it stands here twice",
    );
    check(
        "holidays.toml",
        &set("days = [2027-01-01]"),
        "holidays.toml:1: `days` is not a date",
    );
    check(
        "holidays.toml",
        &set("days = []\nadds = 1"),
        "holidays.toml:6: invalid type",
    );
    check(
        "holidays.toml",
        &set("days = []").replace("first = 2026", "first = 2027"),
        "holidays.toml:1: ",
    );
    check(
        "holidays.toml",
        &set("days = []\nadds = true").replace("za", "moon"),
        "holidays.toml:1: there is no holiday set",
    );
}

#[test]
fn reviews_that_are_refused() {
    let review = |about: &str| {
        format!("[[review]]\n{about}\nreviewer = \"N. Dlamini\"\ndate = 2026-11-22\n")
    };
    check(
        "reviews.toml",
        &review("rule = \"za/request-deadline/reg-3\""),
        "taken",
    );
    check("reviews.toml", &review("pack = \"br\""), "taken");
    check(
        "reviews.toml",
        &review("rule = \"za/none/none\""),
        "reviews.toml:1: rule `za/none/none`: there is no rule or pack of this id",
    );
    check(
        "reviews.toml",
        &review("pack = \"moon\""),
        "reviews.toml:1: rule `moon`: there is no",
    );
    check(
        "reviews.toml",
        &review("rule = \"ng/request-deadline/ndpa-34\""),
        "reviews.toml:1: rule `ng/request-deadline/ndpa-34`: low confidence",
    );
    check(
        "reviews.toml",
        &review(""),
        "reviews.toml:1: `rule` is missing",
    );
    check(
        "reviews.toml",
        &review("pack = \"br\"").replace("N. Dlamini", " "),
        "reviews.toml:1: rule `br`: `reviewer` is missing",
    );
    check(
        "reviews.toml",
        "[[review]]\nmood = 1\n",
        "reviews.toml:2: unknown field `mood`",
    );
}

#[test]
fn all_faults_are_told_at_once() {
    let both = Rulebook::load(
        "ZA",
        &[
            Source {
                name: "a.toml".to_owned(),
                text: changed("18", "300"),
            },
            Source {
                name: "holidays.toml".to_owned(),
                text: "moon = 1".to_owned(),
            },
        ],
    );
    let Err(Refused(faults)) = both else {
        panic!("taken");
    };
    let files: Vec<&str> = faults.iter().map(|fault| &*fault.file).collect();
    assert_eq!(files, ["holidays.toml", "a.toml"]);
    // The default pack cannot be switched off.
    let off = HEAD.replace("test", "xx-default").replace("true", "false");
    let off = off.replace("2026-11-22", "2099-01-01");
    assert_eq!(
        faults_of(&off),
        "xx-default.toml:1: there is no enforced pack `xx-default`"
    );
}

fn faults_of(text: &str) -> String {
    load("off.toml", text).map_or_else(|refused| refused.to_string(), |_| "taken".to_owned())
}

proptest! {
    #[test]
    fn any_text_is_answered(text in ".{0,200}", name in prop_oneof![Just("a.toml"), Just("reviews.toml"), Just("holidays.toml")]) {
        let _ = load(name, &text);
    }

    /// One character changed anywhere: taken or refused, with a line that is there.
    #[test]
    fn any_slip_is_answered(at in 0_usize..700, with in any::<char>()) {
        let text: String = format!("{HEAD}{AGE}").chars().enumerate().map(|(place, c)| if place == at { with } else { c }).collect();
        if let Err(Refused(faults)) = load("test.toml", &text) {
            prop_assert!(!faults.is_empty());
            for fault in faults {
                prop_assert!(1 <= fault.line && fault.line <= text.lines().count() + 1);
                prop_assert!(!fault.to_string().contains('\n'));
            }
        }
    }
}
