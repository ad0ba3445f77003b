//! A small package, and what is in it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Cursor;
use std::io::Read as _;
use std::sync::Arc;

use package::Fact;
use package::Head;
use package::Index;
use package::List;
use package::PackageError;
use package::Packing;
use package::Table;
use package::Texts;
use package::Writer;
use serde_json::Value;
use serde_json::json;
use zip::ZipArchive;

use crate::markup;

const MESSAGES: List = List {
    name: "messages",
    columns: &[],
};

const DECISIONS: List = List {
    name: "decisions",
    columns: &["column-when", "column-decided"],
};

fn head() -> Head {
    Head {
        organisation: "Kaapse Koffie & <Sons>".to_owned(),
        package: 7,
        request: Some(3),
        made_at: "2026-11-21T12:00:00.000000Z".to_owned(),
        made_by: "imvume 0.1.0".to_owned(),
        log: "log.example".to_owned(),
        checkpoint: Some("log.example\n1\nAAAA\n".to_owned()),
        portability: false,
    }
}

fn small(language: &str) -> Vec<u8> {
    let texts = Arc::new(Texts::of(language));
    let mut writer = Writer::new(Vec::new(), Arc::clone(&texts));
    let mut list = writer.list(MESSAGES);
    for (id, text) in [(1, "Hello <b>there</b>"), (2, "Zoë said \"hi\" & left")] {
        let stored = list
            .package()
            .stream("media/9.jpg", Packing::Stored, |out| {
                out.write_all(b"\xff\xd8\xff").map_err(PackageError::Io)
            });
        if id == 1 {
            stored.unwrap();
        } else {
            assert!(stored.is_err(), "one name for two files");
        }
        list.push(&json!({"id": id, "content": {"text": text}}), |page| {
            page.raw("<li><p>");
            page.text(text);
            page.raw("</p></li>\n");
        })
        .unwrap();
    }
    let messages = list.end().unwrap();
    let mut list = writer.list(DECISIONS);
    list.row(&json!({"at": "noon"}), ["noon", "allow"]).unwrap();
    let decisions = list.end().unwrap();
    writer
        .json("data/profile.json", &json!({"name": "Zoë"}))
        .unwrap();
    let index = Index {
        head: head(),
        tables: vec![
            Table {
                name: "identifiers",
                columns: &["column-what", "column-value"],
                rows: vec![vec!["phone".to_owned(), "+27821234567".to_owned()]],
            },
            Table {
                name: "stops",
                columns: &["column-reaches"],
                rows: Vec::new(),
            },
        ],
        facts: vec![Fact {
            question: "question-purposes",
            answer: vec![texts.say("purpose-answer").to_owned()],
        }],
        lists: vec![messages, decisions],
        files: vec![("receipts/1.json".to_owned(), "Receipt: Offers".to_owned())],
        left_out: 2,
    };
    let page = index.page(&texts);
    writer.file("index.html", page.as_bytes()).unwrap();
    let signed = |text: &str| Some(format!("{text}\n— log.example AAAA\n"));
    let finished = writer.finish(&head(), signed).unwrap();
    assert_eq!(finished.files, 9);
    finished.out
}

fn files(archive: Vec<u8>) -> BTreeMap<String, Vec<u8>> {
    let mut zip = ZipArchive::new(Cursor::new(archive)).unwrap();
    let mut files = BTreeMap::new();
    for place in 0..zip.len() {
        let mut file = zip.by_index(place).unwrap();
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).unwrap();
        let name = file.name().unwrap().into_owned();
        files.insert(name, bytes);
    }
    files
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

/// What of a small package is text, by its name without folders.
const TEXTS: [&str; 8] = [
    "data-decisions-0001.jsonl",
    "data-messages-0001.jsonl",
    "data-profile.json",
    "index.html",
    "manifest.json",
    "manifest.note",
    "pages-decisions-0001.html",
    "pages-messages-0001.html",
];

#[test]
fn the_same_data_make_the_same_package() {
    let archive = small("en");
    assert_eq!(archive, small("en"));
    let mut shown = Vec::new();
    for (name, bytes) in files(archive) {
        if let Ok(text) = String::from_utf8(bytes) {
            let name = name.replace('/', "-");
            insta::assert_snapshot!(name.clone(), text);
            shown.push(name);
        }
    }
    assert_eq!(shown, TEXTS);
}

#[test]
fn the_manifest_covers_every_file_and_the_note_the_manifest() {
    let mut files = files(small("en"));
    let note = String::from_utf8(files.remove("manifest.note").unwrap()).unwrap();
    let manifest = files.remove("manifest.json").unwrap();
    let hash = hex(&seal::sha256(&manifest));
    assert!(
        note.contains(&format!("manifest: sha256:{hash}\n")),
        "{note}"
    );
    let manifest: Value = serde_json::from_slice(&manifest).unwrap();
    let listed = manifest["files"].as_array().unwrap();
    assert_eq!(listed.len(), files.len());
    for entry in listed {
        let bytes = &files[entry["name"].as_str().unwrap()];
        assert_eq!(entry["sha256"].as_str().unwrap(), hex(&seal::sha256(bytes)));
        assert_eq!(entry["size"], bytes.len());
    }
    assert_eq!(
        manifest["counts"],
        json!([["messages", 2], ["decisions", 1]])
    );
}

#[test]
fn what_cannot_be_signed_is_no_package() {
    let writer = Writer::new(Vec::new(), Arc::new(Texts::of("en")));
    let refused = writer.finish(&head(), |_| None);
    assert!(matches!(refused, Err(PackageError::Unsigned)));
}

#[test]
fn pages_stand_for_themselves() {
    for language in Texts::languages() {
        for (name, bytes) in files(small(language)) {
            if bytes.starts_with(b"<!doctype") {
                markup::check(&name, language, std::str::from_utf8(&bytes).unwrap());
            }
        }
    }
}

/// The pages of a small package in the other languages.
const SPOKEN: [&str; 9] = [
    "af-index",
    "af-pages-decisions-0001",
    "af-pages-messages-0001",
    "de-index",
    "de-pages-decisions-0001",
    "de-pages-messages-0001",
    "fr-index",
    "fr-pages-decisions-0001",
    "fr-pages-messages-0001",
];

#[test]
fn the_pages_speak_the_persons_language_and_programs_read_the_same() {
    let (english, mut shown) = (files(small("en")), Vec::new());
    for language in Texts::languages() {
        let spoken = files(small(language));
        for (name, bytes) in &spoken {
            if name.starts_with("data/") {
                assert_eq!(bytes, &english[name], "{language}: {name}");
            }
            let Some(page) = name.strip_suffix(".html") else {
                continue;
            };
            let text = String::from_utf8(bytes.clone()).unwrap();
            // What nobody has a text for stands there as its id.
            for id in [
                "-title",
                "-about",
                "-none",
                "column-",
                "question-",
                "index-",
                "chat-",
            ] {
                let told = text.replace("class=\"chat\"", "").replace("index.html", "");
                assert!(!told.contains(id), "{language}: {id} in {name}");
            }
            if language != "en" {
                let name = format!("{language}-{}", page.replace('/', "-"));
                insta::assert_snapshot!(name.clone(), text);
                shown.push(name);
            }
        }
    }
    assert_eq!(shown, SPOKEN);
}

#[test]
fn a_long_list_is_cut_into_parts() {
    let mut writer = Writer::new(Vec::new(), Arc::new(Texts::of("en")));
    let mut list = writer.list(DECISIONS);
    for item in 0..4_500 {
        list.row(&json!({"n": item}), ["a", "b"]).unwrap();
    }
    let listed = list.end().unwrap();
    assert_eq!((listed.items, listed.parts), (4_500, 3));
    let finished = writer
        .finish(&head(), |text| Some(text.to_owned()))
        .unwrap();
    let files = files(finished.out);
    let lines = |part: &str| {
        let text = &files[&format!("data/decisions-{part}.jsonl")];
        text.split(|byte| *byte == b'\n').count() - 1
    };
    assert_eq!(["0001", "0002", "0003"].map(lines), [2_000, 2_000, 500]);
    let last = String::from_utf8(files["data/decisions-0003.jsonl"].clone()).unwrap();
    assert!(last.ends_with("{\"n\":4499}\n"));
}
