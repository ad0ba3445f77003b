//! What a pack must be.

use rulebook::Intent;
use rulebook::PackError;
use rulebook::WordPack;
use rulebook::words::Confidence;
use rulebook::words::RowProblem;

const HEAD: &str = "id = \"words\"\nversion = \"1\"\neffective_from = 2026-11-21\n\
                    last_reviewed = 2026-11-20\nwords = [\n";
const STOP: &str = "{ rule = \"words/mul/opt-out/stop\", language = \"mul\", intent = \"opt-out\", \
                    class = \"A\", confidence = \"H\", word = \"STOP\" },\n";
const YES: &str = "{ rule = \"words/en/opt-in/yes\", language = \"en\", intent = \"opt-in\", \
                   class = \"B\", confidence = \"H\", word = \"YES\" },\n";

fn parse(rows: &[&str]) -> Result<WordPack, PackError> {
    WordPack::parse(&format!("{HEAD}{}]\n", rows.concat()))
}

#[test]
fn the_builtin_pack() {
    let pack = WordPack::builtin().unwrap();
    assert_eq!(pack.version(), "words/2026-11-21");
    assert_eq!(
        (pack.effective_from(), pack.last_reviewed()),
        ("2026-11-21", "2026-11-21")
    );
    let languages = rulebook::LanguageSet::south_africa_and_default();
    for rule in pack.rules() {
        assert!(languages.contains(&rule.language), "{}", rule.id);
        let unsure = rule.confidence == Confidence::Low || rule.id == "words/en/opt-in/yes";
        assert_eq!(rule.enforced, !unsure, "{}", rule.id);
        let found = pack.detect(&rule.word, &rulebook::LanguageSet::new([&*rule.language]));
        assert!(found.is_some() || !rule.enforced, "{}", rule.id);
    }
}

#[test]
fn every_language_can_stop_start_and_get_help() {
    let pack = WordPack::builtin().unwrap();
    let languages = "af de en es fr it nl nr nso pt ss st tn ts ve xh zu";
    for language in languages.split(' ') {
        let rules = pack.rules().iter().filter(|rule| rule.language == language);
        let intents: Vec<Intent> = rules.map(|rule| rule.intent).collect();
        assert!(intents.contains(&Intent::OptIn), "{language}");
        assert!(intents.contains(&Intent::Help), "{language}");
        assert!(
            intents.iter().any(|i| matches!(i, Intent::OptOut(_))),
            "{language}"
        );
    }
}

#[test]
fn rows_that_are_refused() {
    let check = |from: &str, to: &str, problem: RowProblem| {
        let row = YES.replace(from, to);
        match parse(&[STOP, &row]) {
            Err(PackError::Row {
                line: 7,
                rule,
                problem: found,
            }) => {
                assert_eq!(found, problem, "{row}");
                assert!(row.contains(&rule), "{row}");
            }
            other => panic!("{other:?}"),
        }
    };
    check("en/opt-in/yes", "en/opt-in/no", RowProblem::Id);
    check("words/en/opt-in/yes", "other/en/opt-in/yes", RowProblem::Id);
    check("\"en\"", "\"zu\"", RowProblem::Id);
    check("\"opt-in\"", "\"help\"", RowProblem::Id);
    check("\"en\"", "\"EN\"", RowProblem::Language);
    check("\"en\"", "\"e\"", RowProblem::Language);
    check("\"en\"", "\"en-ZA\"", RowProblem::Language);
    check("\"YES\"", "\"\"", RowProblem::Word);
    check("\"YES\"", "\"!\"", RowProblem::Word);
    check("\"YES\"", "\"yes we can do it any day\"", RowProblem::Word);
    check(
        "\"YES\"",
        &format!("\"{}\"", "y".repeat(65)),
        RowProblem::Word,
    );
}

#[test]
fn a_word_stands_once_in_a_language() {
    let twice = parse(&[STOP, YES, &YES.replace("\"YES\"", "\"Yes!\"")]).unwrap_err();
    assert_eq!(
        twice.to_string(),
        "line 8, rule `words/en/opt-in/yes`: the language has this word already"
    );
}

#[test]
fn packs_that_are_refused() {
    assert_eq!(parse(&[YES]).unwrap_err(), PackError::NoStop);
    for from in ["\"A\"", "\"H\"", "\"mul\""] {
        let row = STOP.replace(
            from,
            match from {
                "\"A\"" => "\"B\"",
                "\"H\"" => "\"L\"",
                _ => "\"en\"",
            },
        );
        let row = if from == "\"mul\"" {
            row.replace("/mul/", "/en/")
        } else {
            row
        };
        assert_eq!(parse(&[&row]).unwrap_err(), PackError::NoStop, "{row}");
    }
    let syntax = |text: &str, wanted: usize| match WordPack::parse(text) {
        Err(PackError::Syntax { line, .. }) => assert_eq!(line, wanted, "{text}"),
        other => panic!("{other:?}"),
    };
    syntax("not toml", 1);
    syntax(&format!("{HEAD}{STOP}{{ rule = 1 }}]"), 7);
    syntax(&format!("{HEAD}{}]", STOP.replace("\"A\"", "\"C\"")), 6);
    syntax(
        &format!("{HEAD}{}]", STOP.replace("word =", "more = 1, word =")),
        6,
    );
    syntax(
        &format!("{HEAD}{STOP}]").replace("version", "extra = 1\nversion"),
        2,
    );
    let timed = format!("{HEAD}{STOP}]").replace("2026-11-20", "2026-11-20T00:00:00Z");
    let refused = WordPack::parse(&timed).unwrap_err();
    assert_eq!(
        refused,
        PackError::Date {
            field: "last_reviewed"
        }
    );
}
