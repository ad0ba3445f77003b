//! Rules about what stands in a file.

use crate::rules::Fault;
use crate::rules::files::is_of_kind;

/// Lines a Rust file may have, its tests not counted.
const LONGEST: usize = 600;

/// Words that must not stand in the tree, cut in two so that they do not stand here.
const WORDS: &[(&str, &str, &str)] = &[
    ("TO", "DO", "what is left to do is an issue, not a comment"),
    ("FIX", "ME", "what is left to do is an issue, not a comment"),
    ("/wo", "rk/", "a path of one machine"),
    ("/ro", "ot/", "a path of one machine"),
    ("/ho", "me/", "a path of one machine"),
    ("registry.", "npmjs", "the address of a package registry"),
    ("pypi.", "org", "the address of a package registry"),
    ("pythonhosted.", "org", "the address of a package registry"),
    ("index.", "crates.io", "the address of a package registry"),
];

/// Rust files that have grown too long.
pub(super) fn length(path: &str, text: &str) -> Option<Fault> {
    let is_test = path.contains("/tests/") || path.ends_with("/tests.rs");
    if !is_of_kind(path, "rs") || is_test {
        return None;
    }
    let own = text
        .lines()
        .take_while(|line| *line != "#[cfg(test)]")
        .count();
    let rule = format!("{own} lines; a file has {LONGEST} at most, its tests not counted");
    (LONGEST < own).then(|| Fault::new(path, rule))
}

/// Words that must not stand in the tree.
pub(super) fn words(path: &str, text: &str) -> Vec<Fault> {
    let numbered = text.lines().zip(1..);
    numbered
        .flat_map(|(line, number)| {
            let found = WORDS
                .iter()
                .filter(|(first, second, _)| stands(line, first, second));
            found.map(move |(_, _, rule)| Fault::new(format!("{path}:{number}"), *rule))
        })
        .collect()
}

/// Whether the two halves stand together in `line`. A path counts only from its beginning.
fn stands(line: &str, first: &str, second: &str) -> bool {
    let mut places = line.match_indices(first);
    places.any(|(at, _)| {
        let before = line.get(..at).and_then(|text| text.chars().next_back());
        let within = before.is_some_and(|letter| letter.is_alphanumeric() || letter == '.');
        let rest = line.get(at + first.len()..).unwrap_or_default();
        rest.starts_with(second) && !(within && first.starts_with('/'))
    })
}

/// Things that must not stand in Rust code.
pub(super) fn rust(path: &str, text: &str) -> Vec<Fault> {
    if !is_of_kind(path, "rs") {
        return Vec::new();
    }
    let numbered = text.lines().zip(1..);
    numbered
        .filter_map(|(line, number)| Some(Fault::new(format!("{path}:{number}"), code(line)?)))
        .collect()
}

fn code(line: &str) -> Option<&'static str> {
    let line = line.trim_start();
    let attribute = line.strip_prefix("#![").or_else(|| line.strip_prefix("#["));
    if attribute.is_some_and(|inner| inner.starts_with("allow(")) {
        return Some("an exception to a lint is an `expect` with its reason");
    }
    let exported = line.strip_prefix("pub use ");
    exported
        .is_some_and(|path| path.ends_with("::*;"))
        .then_some("a re-export names what it shows")
}

#[cfg(test)]
mod tests {
    use super::LONGEST;
    use super::code;
    use super::length;
    use super::words;

    #[test]
    fn files_have_an_end() {
        let code = "x\n".repeat(LONGEST);
        let tests = format!("{code}#[cfg(test)]\n{code}");
        let cases = [
            ("crates/a/src/b.rs", code.clone(), true),
            ("crates/a/src/b.rs", format!("{code}x\n"), false),
            ("crates/a/src/b.rs", tests, true),
            ("crates/a/src/b/tests.rs", format!("{code}x\n"), true),
            ("crates/a/tests/it/b.rs", format!("{code}x\n"), true),
            ("README.md", format!("{code}x\n"), true),
        ];
        for (path, text, sound) in cases {
            assert_eq!(length(path, &text).is_none(), sound, "{path}");
        }
    }

    #[test]
    fn words_that_must_not_stand() {
        let cases = [
            ("// to do it well", 0),
            (concat!("// TO", "DO: more"), 1),
            (concat!("FIX", "ME FIX", "ME"), 1),
            (concat!("see /ho", "me/me/x"), 1),
            (concat!("imvume/ro", "ot/1"), 0),
            (
                concat!("\"resolved\": \"https://registry.", "npmjs.org/x\""),
                1,
            ),
        ];
        for (line, faults) in cases {
            assert_eq!(words("a", &format!("\n{line}\n")).len(), faults, "{line}");
        }
    }

    #[test]
    fn code_that_must_not_stand() {
        let cases = [
            (concat!("#[al", "low(dead_code)]"), false),
            (concat!("    #![al", "low(dead_code)]"), false),
            ("#[expect(dead_code, reason = \"x\")]", true),
            ("pub use crate::a::*;", false),
            ("pub use crate::a::B;", true),
        ];
        for (line, sound) in cases {
            assert_eq!(code(line).is_none(), sound, "{line}");
        }
    }
}
