//! Letters as PDF.

use std::collections::BTreeMap;
use std::process::Command;

use domain::request::LetterKind;
use letters::Letters;
use letters::pdf;
use letters::sample;

use crate::golden;

#[test]
fn the_same_letter_is_the_same_file() {
    let letters = Letters::built_in();
    let head = sample::head();
    for language in letters.languages() {
        for case in sample::cases() {
            let document = letters.write(&case.letter(language, &head)).unwrap();
            let file = pdf::letter(&document).unwrap();
            assert!(file.starts_with(b"%PDF-1.7"));
            if case.kind == LetterKind::Refusal {
                assert_eq!(pdf::letter(&document).unwrap(), file);
            }
        }
    }
}

#[test]
fn characters_that_the_font_does_not_have_do_not_hinder_it() {
    let letters = Letters::built_in();
    let mut head = sample::head();
    head.organisation = "\u{1f600} 漢字 \u{0}Koffie".to_owned();
    let cases = sample::cases();
    let document = letters.write(&cases[0].letter("en", &head)).unwrap();
    assert!(pdf::letter(&document).is_ok());
}

/// What a reader that knows nothing of us finds in the file.
#[test]
fn the_text_of_the_file_is_the_letter() {
    let letters = Letters::built_in();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("certificate.pdf");
    let certificate = &sample::certificates()[0];
    let document = letters.certificate("de", certificate).unwrap();
    std::fs::write(&path, pdf::letter(&document).unwrap()).unwrap();
    let run = |tool: &str, arguments: &[&str]| {
        let output = Command::new(tool)
            .args(arguments)
            .arg(&path)
            .arg("-")
            .output();
        let output = output.expect("poppler-utils is installed");
        assert!(output.status.success(), "{tool}");
        String::from_utf8(output.stdout).unwrap()
    };
    let text = run("pdftotext", &["-layout"]);
    golden::compare(
        "pdf",
        &BTreeMap::from([("certificate.txt".to_owned(), text)]),
    );
    let info = Command::new("pdfinfo")
        .arg("-struct-text")
        .arg(&path)
        .output();
    let info = String::from_utf8_lossy(&info.unwrap().stdout).into_owned();
    for part in ["H1", "H2", "Table", "TH", "LBody", "\u{2022} Nachweise"] {
        assert!(info.contains(part), "{part}");
    }
}
