//! Templates of one's own.

use domain::request::LetterKind;
use letters::Letters;
use letters::sample;

fn file(path: &str, text: &str) -> (String, String) {
    (path.to_owned(), text.to_owned())
}

fn refusal(letters: &Letters, language: &str) -> String {
    let head = sample::head();
    let cases = sample::cases();
    let case = cases.iter().find(|case| case.kind == LetterKind::Refusal);
    letters
        .write(&case.unwrap().letter(language, &head))
        .unwrap()
        .text()
}

#[test]
fn a_template_of_ones_own_takes_the_place_of_the_built_in() {
    let own = "subject: No ({{ case }})\n\nNo, because {{ reason }} ({{ provision }}).";
    let (letters, faults) = Letters::load(&[file("en/refusal.txt", own)]);
    assert_eq!(faults, []);
    assert!(refusal(&letters, "en").contains("\nNo (412)\n"));
    assert!(!refusal(&letters, "de").contains("No, because"));
}

#[test]
fn what_is_broken_is_told_by_file_and_line_and_changes_nothing() {
    let before = refusal(&Letters::built_in(), "en");
    for (path, text, line, told) in [
        (
            "en/refusal.txt",
            "subject: x\n\n{{ reson }}",
            Some(3),
            "undefined",
        ),
        (
            "en/refusal.txt",
            "subject: x\n{% if reason %}",
            Some(2),
            "syntax",
        ),
        (
            "en/refusal.txt",
            "subject: x\n{{ new_due }}",
            Some(2),
            "not there",
        ),
        ("en/refusal.txt", "No.\n{{ reason }}", Some(1), "subject"),
        (
            "en/refusal.txt",
            "subject: x\n\nOur chats are end-to-end encrypted.",
            Some(3),
            "end to end",
        ),
        (
            "en/refusal.txt",
            "subject: x\n{% for a in range(9999) %}{% for b in range(9999) %}{% endfor %}{% endfor %}",
            Some(2),
            "fuel",
        ),
        ("en/refusl.txt", "subject: x\n", None, "not the place"),
        ("../en/refusal.txt", "subject: x\n", None, "not the place"),
        ("refusal.txt", "subject: x\n", None, "not the place"),
        (
            "en/words.txt",
            "greeting = Hi\ngreting = Hi",
            Some(2),
            "key",
        ),
        ("en/words.txt", "months = a, b", Some(1), "twelve"),
        (
            "pt/refusal.txt",
            "subject: x\n{{ reason }}",
            None,
            "missing",
        ),
    ] {
        let (letters, faults) = Letters::load(&[file(path, text)]);
        let [fault, ..] = faults.as_slice() else {
            panic!("{path} was taken: {text}");
        };
        assert!(path.starts_with("pt") || fault.line == line, "{fault}");
        let all: String = faults.iter().map(ToString::to_string).collect();
        assert!(all.contains(told), "{all}");
        assert_eq!(refusal(&letters, "en"), before);
        assert!(!letters.languages().any(|tag| tag == "pt"));
    }
}

#[test]
fn words_and_whole_languages_can_be_ones_own() {
    let (letters, faults) = Letters::load(&[file("en/words.txt", "closing = Yours")]);
    assert_eq!(faults, []);
    assert!(refusal(&letters, "en").contains("\nYours\n"));
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/templates/en");
    let files: Vec<(String, String)> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            (
                format!("nl/{name}"),
                std::fs::read_to_string(&path).unwrap(),
            )
        })
        .collect();
    let (letters, faults) = Letters::load(&files);
    assert_eq!(faults, []);
    assert_eq!(letters.language("nl-BE"), "nl");
}

#[test]
fn built_in_templates_claim_nothing_that_cannot_be_proved() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/templates");
    let mut read = 0;
    for language in std::fs::read_dir(root).unwrap() {
        for file in std::fs::read_dir(language.unwrap().path()).unwrap() {
            let path = file.unwrap().path();
            let text = std::fs::read_to_string(&path).unwrap();
            assert_eq!(
                domain::notice::claims::find(&text),
                [],
                "{}",
                path.display()
            );
            read += 1;
        }
    }
    assert_eq!(read, 48);
}
