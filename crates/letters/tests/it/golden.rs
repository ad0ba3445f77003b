//! Every letter in every language, as text and as HTML, beside the files that show what it has to be.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use domain::request::LetterKind;
use domain::request::RequestKind;
use letters::Document;
use letters::Letters;
use letters::sample;
use letters::sample::Case;

const GOLDEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden");

/// About what requests the golden file of a letter tells: where the text hangs on it, about all.
fn is_shown(case: &Case) -> bool {
    let deletion = case.request == RequestKind::Deletion;
    match case.kind {
        LetterKind::Completion => deletion || case.full,
        LetterKind::PartialResult => deletion,
        LetterKind::Acknowledgement => deletion || case.request == RequestKind::Objection,
        LetterKind::IdentityWanted | LetterKind::Refusal => case.request == RequestKind::Access,
        _ => case.full && case.request == RequestKind::Access,
    }
}

fn show(out: &mut String, name: &str, document: &Document) {
    let article = document.article();
    writeln!(out, "==== {name}\n\n{}\n----\n\n{article}", document.text()).unwrap();
}

/// Holds files against those that are kept, which have to be the same and no others.
pub(crate) fn compare(folder: &str, made: &BTreeMap<String, String>) {
    let kept = Path::new(GOLDEN).join(folder);
    let fresh = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join("golden")
        .join(folder);
    fs::create_dir_all(&fresh).unwrap();
    let mut wrong = Vec::new();
    for (name, text) in made {
        fs::write(fresh.join(name), text).unwrap();
        if fs::read_to_string(kept.join(name)).ok().as_ref() != Some(text) {
            wrong.push(name.clone());
        }
    }
    for file in fs::read_dir(&kept).into_iter().flatten() {
        let name = file.unwrap().file_name().into_string().unwrap();
        if !made.contains_key(&name) {
            wrong.push(name);
        }
    }
    let (kept, fresh) = (kept.display(), fresh.display());
    assert!(
        wrong.is_empty(),
        "{wrong:?} in {kept}: what is made now is in {fresh}"
    );
}

#[test]
fn letters_are_as_they_were() {
    let letters = Letters::built_in();
    let head = sample::head();
    let cases = sample::cases();
    for language in ["af", "de", "en", "fr"] {
        let mut made = BTreeMap::new();
        for kind in LetterKind::ALL {
            let mut out = String::new();
            let shown = cases.iter().filter(|case| case.kind == *kind);
            for case in shown.filter(|case| is_shown(case)) {
                let document = letters.write(&case.letter(language, &head)).unwrap();
                assert_eq!(document.language, language);
                let extent = if case.full { "full" } else { "least" };
                show(
                    &mut out,
                    &format!("{}, {extent}", case.request.name()),
                    &document,
                );
            }
            assert!(!out.is_empty());
            made.insert(format!("{}.txt", kind.name()), out);
        }
        let mut out = String::new();
        for (certificate, extent) in sample::certificates().iter().zip(["full", "least", "open"]) {
            show(
                &mut out,
                extent,
                &letters.certificate(language, certificate).unwrap(),
            );
        }
        made.insert("certificate.txt".to_owned(), out);
        let mut out = String::new();
        for (summary, extent) in sample::summaries().iter().zip(["full", "least", "along"]) {
            let written = letters.summary(language, summary).unwrap();
            assert!(!written.text().contains("none"), "{}", written.text());
            show(&mut out, extent, &written);
        }
        made.insert("package.txt".to_owned(), out);
        compare(language, &made);
    }
}

#[test]
fn every_letter_is_written_in_every_language() {
    let letters = Letters::built_in();
    let head = sample::head();
    for language in letters.languages() {
        for case in sample::cases() {
            let document = letters.write(&case.letter(language, &head)).unwrap();
            for text in [document.text(), document.article(), document.chat()] {
                assert!(!text.contains("{{") && !text.contains("none"), "{text}");
                assert!(!text.contains('\u{1}'));
            }
            assert!(document.chat().chars().count() < 3_600);
        }
    }
}

#[test]
fn the_nearest_language_is_taken() {
    let letters = Letters::built_in();
    for (wanted, expected) in [
        ("de-AT", "de"),
        ("pt_BR", "en"),
        ("fr", "fr"),
        ("AF", "af"),
        ("", "en"),
    ] {
        assert_eq!(letters.language(wanted), expected, "{wanted}");
    }
}

#[test]
fn the_languages_that_are_reviewed_are_there() {
    let letters = Letters::built_in();
    for tag in Letters::reviewed() {
        assert!(letters.languages().any(|known| known == tag), "{tag}");
    }
}
