//! Tests that are named in a list or on a page.

use std::fs;
use std::path::Path;

/// Whether a crate has a test: `gateway::name` is the function `name` somewhere in the crate
/// `gateway`, with a test's attribute above it.
pub(crate) fn is_there(test: &str) -> bool {
    let Some((package, name)) = test.split_once("::") else {
        return false;
    };
    let package = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("..")
        .join(package);
    ["src", "tests"]
        .iter()
        .any(|part| holds(&package.join(part), name))
}

fn holds(place: &Path, name: &str) -> bool {
    let Ok(entries) = fs::read_dir(place) else {
        return fs::read_to_string(place).is_ok_and(|text| defines(&text, name));
    };
    entries.flatten().any(|entry| holds(&entry.path(), name))
}

fn defines(text: &str, name: &str) -> bool {
    let head = format!("fn {name}(");
    let mut before: Vec<&str> = Vec::new();
    for line in text.lines().map(str::trim) {
        if line.trim_start_matches("async ").starts_with(&head) {
            return before.iter().any(|line| line.contains("test"));
        }
        if line.starts_with("#[") {
            before.push(line);
        } else {
            before.clear();
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::defines;

    #[test]
    fn a_test_has_its_attribute() {
        let text = "#[tokio::test(flavor = \"x\")]\n#[ignore = \"slow\"]\nasync fn one() {}\n\nfn two() {}\n    #[test]\n    fn three() {}\n";
        let cases = [
            ("one", true),
            ("two", false),
            ("three", true),
            ("four", false),
            ("on", false),
        ];
        for (name, expected) in cases {
            assert_eq!(defines(text, name), expected, "{name}");
        }
    }
}
