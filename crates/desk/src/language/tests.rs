use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use domain::time::Timestamp;
use fluent_syntax::ast::CallArguments;
use fluent_syntax::ast::Entry;
use fluent_syntax::ast::Expression;
use fluent_syntax::ast::InlineExpression;
use fluent_syntax::ast::Pattern;
use fluent_syntax::ast::PatternElement;
use jiff::tz::TimeZone;
use proptest::prelude::*;

use super::FILES;
use super::LanguageError;
use super::Languages;
use super::Text;
use super::manifest;

/// The variables of each message of a file, by id.
fn messages(file: &str) -> BTreeMap<String, BTreeSet<String>> {
    let resource = fluent_syntax::parser::parse(file).unwrap();
    let mut messages = BTreeMap::new();
    for entry in &resource.body {
        match entry {
            Entry::Message(message) => {
                let mut variables = BTreeSet::new();
                pattern(message.value.as_ref().unwrap(), &mut variables);
                let id = message.id.name.to_owned();
                assert!(
                    messages.insert(id, variables).is_none(),
                    "{}",
                    message.id.name
                );
                assert!(message.attributes.is_empty());
            }
            Entry::Comment(_) | Entry::GroupComment(_) | Entry::ResourceComment(_) => {}
            Entry::Junk { content } => panic!("cannot be read: {content}"),
            Entry::Term(term) => panic!("no terms here: {}", term.id.name),
        }
    }
    messages
}

fn pattern(pattern_of: &Pattern<&str>, variables: &mut BTreeSet<String>) {
    for element in &pattern_of.elements {
        if let PatternElement::Placeable { expression } = element {
            match expression {
                Expression::Inline(one) => inline(one, variables),
                Expression::Select { selector, variants } => {
                    inline(selector, variables);
                    for variant in variants {
                        pattern(&variant.value, variables);
                    }
                }
            }
        }
    }
}

fn inline(expression: &InlineExpression<&str>, variables: &mut BTreeSet<String>) {
    match expression {
        InlineExpression::VariableReference { id } => {
            variables.insert(id.name.to_owned());
        }
        InlineExpression::FunctionReference {
            arguments: CallArguments { positional, .. },
            ..
        } => positional.iter().for_each(|one| inline(one, variables)),
        InlineExpression::Placeable { .. } => panic!("no placeables within placeables"),
        InlineExpression::MessageReference { id, .. } => panic!("no references: {}", id.name),
        _ => {}
    }
}

/// Every template and source of the crate, tests left out, with its path.
fn sources() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut sources = Vec::new();
    let mut folders = vec![root.join("src"), root.join("templates")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if !path.ends_with("tests.rs") {
                let text = fs::read_to_string(&path).unwrap();
                sources.push((path.display().to_string(), text));
            }
        }
    }
    sources
}

/// Every id that a template or a source names, with where.
fn named() -> Vec<(String, String)> {
    let mut named = Vec::new();
    for (path, text) in sources() {
        let calls = [".say(", ".with(", ".count(", ".notice(", ".dated(", "Id("];
        let after = calls.iter().flat_map(|call| text.split(call).skip(1));
        let quoted =
            after.filter_map(|after| after.trim_start().strip_prefix('"')?.split_once('"'));
        named.extend(quoted.map(|(id, _)| (id.to_owned(), path.clone())));
    }
    named
}

#[test]
fn every_language_says_the_same() {
    let mut files = FILES.iter().map(|(tag, file)| (tag, messages(file)));
    let (_, english) = files.next().unwrap();
    assert!(english.len() > 100, "{}", english.len());
    for (tag, other) in files {
        let ids = |of: &BTreeMap<String, BTreeSet<String>>| of.keys().cloned().collect::<Vec<_>>();
        assert_eq!(ids(&other), ids(&english), "{tag}: ids");
        for (id, variables) in &english {
            assert_eq!(&other[id], variables, "{tag}: variables of {id}");
        }
    }
}

#[test]
fn what_is_named_exists_and_what_exists_is_named() {
    let english = messages(FILES[0].1);
    let named = named();
    assert!(named.len() > 100, "{}", named.len());
    for (id, place) in &named {
        assert!(english.contains_key(id), "{place} names {id}");
    }
    for id in english.keys().filter(|id| *id != "date") {
        assert!(named.iter().any(|(one, _)| one == id), "nobody says {id}");
    }
}

#[test]
fn the_manifest_and_the_files_agree() {
    let manifest = manifest().unwrap();
    let tags: Vec<&str> = manifest.iter().map(|entry| entry.tag.as_str()).collect();
    let files: Vec<&str> = FILES.iter().map(|(tag, _)| *tag).collect();
    assert_eq!(tags, files);
    for (entry, (_, file)) in manifest.iter().zip(FILES) {
        let word = if entry.reviewed { "yes" } else { "no" };
        let head: Vec<&str> = file.lines().take(2).collect();
        let first = head[0].strip_prefix("# Language: ").unwrap();
        assert!(first.ends_with(&format!(" ({})", entry.tag)), "{first}");
        assert_eq!(head[1], format!("# Reviewed: {word}"), "{}", entry.tag);
    }
}

#[test]
fn what_is_not_reviewed_is_off_unless_asked_for() {
    let all = Languages::load(&[], "zu").unwrap();
    assert_eq!(format!("{all:?}"), r#"["en", "af", "de", "fr"]"#);
    assert_eq!(all.default().tag, "en");
    assert_eq!(super::reviewed_languages(), ["en", "af", "de", "fr"]);
    let wanted = ["zu".to_owned(), "en".to_owned()];
    let some = Languages::load(&wanted, "zu").unwrap();
    assert_eq!(format!("{some:?}"), r#"["en", "zu"]"#);
    assert_eq!(some.default().tag, "zu");
    let unknown = Languages::load(&["xx".to_owned()], "en").unwrap_err();
    assert!(matches!(unknown, LanguageError::Unknown(tag) if tag == "xx"));
}

#[test]
fn browsers_are_understood() {
    let languages = Languages::load(&[], "en").unwrap();
    for (accept, expected) in [
        ("de", Some("de")),
        ("de-AT,de;q=0.9,en;q=0.8", Some("de")),
        ("xh, af;q=0.5, en;q=0.4", Some("af")),
        ("en;q=0.4,fr;q=0.8", Some("fr")),
        ("DE-ch", Some("de")),
        ("fr;q=0", None),
        ("zu", None),
        ("fr;q=2,de;q=0.1", Some("de")),
        ("fr;q=0.1234,de;q=0.1", Some("de")),
        ("*", None),
        ("", None),
        (";;;,,,q", None),
    ] {
        let found = languages.by_liking(accept).map(|language| language.tag);
        assert_eq!(found, expected, "{accept}");
    }
}

#[test]
fn days_and_numbers_are_written_as_people_do() {
    let languages = Languages::load(&[], "en").unwrap();
    // 31 December 2026, 23:30 UTC: already the new year in Cape Town.
    let late: Timestamp = "2026-12-31T23:30:00Z".parse().unwrap();
    let zone = TimeZone::get("Africa/Johannesburg").unwrap();
    for (tag, date, hours) in [
        ("en", "1 January 2027", "48 hours"),
        ("af", "1 Januarie 2027", "48 uur"),
        ("de", "1. Januar 2027", "48 Stunden"),
        ("fr", "1 janvier 2027", "48 heures"),
    ] {
        let language = Arc::clone(languages.by_tag(tag).unwrap());
        let text = Text::new(language, "Kaapse Koffie".into(), zone.clone());
        assert_eq!(text.date(&late), date);
        let said = text.count("asked-until", "hours", &48);
        assert!(said.contains(hours), "{said}");
        assert!(text.say("opt-in-title").contains("Kaapse Koffie"));
    }
}

proptest! {
    #[test]
    fn no_liking_is_too_odd(accept in "\\PC{0,80}") {
        let languages = Languages::load(&["en".to_owned()], "en").unwrap();
        let _ = languages.by_liking(&accept);
    }
}
