//! A small package, and what is in it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Cursor;
use std::io::Read as _;

use package::Fact;
use package::Head;
use package::Index;
use package::List;
use package::PackageError;
use package::Packing;
use package::Table;
use package::Writer;
use serde_json::Value;
use serde_json::json;
use zip::ZipArchive;

use crate::markup;

const MESSAGES: List = List {
    name: "messages",
    title: "Messages",
    about: "What you wrote to us and what we wrote to you, oldest first.",
    columns: &[],
};

const DECISIONS: List = List {
    name: "decisions",
    title: "Decisions",
    about: "What the rules said.",
    columns: &["When", "Decided"],
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

fn small() -> Vec<u8> {
    let mut writer = Writer::new(Vec::new());
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
                title: "How we know you",
                none: "Nothing.",
                columns: &["What", "Value"],
                rows: vec![vec!["phone".to_owned(), "+27821234567".to_owned()]],
            },
            Table {
                title: "What you stopped",
                none: "Nothing is stopped.",
                columns: &["Reaches"],
                rows: Vec::new(),
            },
        ],
        facts: vec![Fact {
            question: "What we use your data for",
            answer: vec!["To answer you.".to_owned()],
        }],
        lists: vec![messages, decisions],
        files: vec![("receipts/1.json".to_owned(), "Receipt: Offers".to_owned())],
        left_out: 2,
    };
    writer.file("index.html", index.page().as_bytes()).unwrap();
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
    let archive = small();
    assert_eq!(archive, small());
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
    let mut files = files(small());
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
    let writer = Writer::new(Vec::new());
    let refused = writer.finish(&head(), |_| None);
    assert!(matches!(refused, Err(PackageError::Unsigned)));
}

#[test]
fn pages_stand_for_themselves() {
    for (name, bytes) in files(small()) {
        if bytes.starts_with(b"<!doctype") {
            markup::check(&name, std::str::from_utf8(&bytes).unwrap());
        }
    }
}

#[test]
fn a_long_list_is_cut_into_parts() {
    let mut writer = Writer::new(Vec::new());
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
