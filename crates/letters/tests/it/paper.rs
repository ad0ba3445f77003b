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

/// What a reader that knows nothing of us finds in a file: its text, and the roles of its parts.
fn read(document: &letters::Document) -> (String, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("letter.pdf");
    std::fs::write(&path, pdf::letter(document).unwrap()).unwrap();
    let run = |tool: &str, arguments: &[&str], end: &[&str]| {
        let output = Command::new(tool)
            .args(arguments)
            .arg(&path)
            .args(end)
            .output();
        let output = output.unwrap();
        assert!(output.status.success(), "{tool}");
        // pdfinfo writes titles in UTF-16.
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let text = run("pdftotext", &["-layout"], &["-"]);
    (text, run("pdfinfo", &["-struct-text"], &[]))
}

#[test]
fn the_text_of_the_file_is_the_letter() {
    let letters = Letters::built_in();
    let certificate = &sample::certificates()[0];
    let (certificate, roles) = read(&letters.certificate("de", certificate).unwrap());
    for part in ["H1", "H2", "Table", "TH", "LBody", "\u{2022} Nachweise"] {
        assert!(roles.contains(part), "{part}");
    }
    let mut files = BTreeMap::from([("certificate.txt".to_owned(), certificate)]);
    for language in letters.languages() {
        let summary = letters.summary(language, &sample::summaries()[0]).unwrap();
        let (text, roles) = read(&summary);
        for part in ["H1", "H2", "Table", "TH", "LBody"] {
            assert!(roles.contains(part), "{language}: {part}");
        }
        files.insert(format!("package-{language}.txt"), text);
    }
    golden::compare("pdf", &files);
}
