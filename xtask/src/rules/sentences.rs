//! The rule that `docs/errors.md` has every sentence an app can get, with its code, and no other.
//!
//! The sentences are read from the sources: what is handed to a constructor of `GraphError`, and what the
//! faults of a body say of themselves. Those of the gate are compared by a test of `domain`.

use crate::rules::Fault;
use crate::rules::files::Tree;

const PAGE: &str = "docs/errors.md";
/// The part of the page that this rule holds to the sources.
const PART: &str = "## Requests that are not taken";

/// Sources that say why a body is wrong.
const FAULTS: &[&str] = &[
    "crates/whatsapp/src/outbound/fault.rs",
    "crates/whatsapp/src/outbound/link.rs",
    "crates/whatsapp/src/recipient.rs",
];
/// The source whose constructors have sentences of their own.
const ERRORS: &str = "crates/whatsapp/src/error.rs";
/// Where the constructors are called with a sentence.
const CALLERS: &[&str] = &["crates/gateway/src/", "crates/service/src/"];

/// The constructors that take a sentence, and their codes; `of` is told its code.
const CONSTRUCTORS: &[(&str, Option<u32>)] = &[
    ("denied(", Some(131_005)),
    ("invalid(", Some(131_009)),
    ("malformed(", Some(100)),
    ("of(", None),
    ("permission(", Some(10)),
];

/// A sentence and, where the source tells it, its code.
#[derive(Debug, Eq, PartialEq)]
struct Said {
    code: Option<u32>,
    sentence: String,
}

/// Sentences that the page lacks or has too many.
pub(super) fn faults(tree: &Tree) -> Vec<Fault> {
    let rows = rows(tree.text(PAGE).unwrap_or_default());
    let mut faults = Vec::new();
    let mut all = Vec::new();
    for (path, text) in tree.texts() {
        for said in said(path, text) {
            if !rows.iter().any(|row| answers(row, &said)) {
                let rule = format!("{PAGE} has no row for: {}", shown(&said));
                faults.push(Fault::new(path, rule));
            }
            all.push(said);
        }
    }
    let stale = rows
        .iter()
        .filter(|row| !all.iter().any(|said| answers(row, said)));
    faults.extend(stale.map(|row| Fault::new(PAGE, format!("nobody says: {}", shown(row)))));
    faults
}

fn answers(row: &Said, said: &Said) -> bool {
    row.sentence == said.sentence && (said.code.is_none() || row.code == said.code)
}

fn shown(said: &Said) -> String {
    match said.code {
        Some(code) => format!("{code}, {}", said.sentence),
        None => said.sentence.clone(),
    }
}

/// The rows of the part: a code, then a sentence.
fn rows(page: &str) -> Vec<Said> {
    let part = page.split_once(PART).map_or("", |(_, part)| part);
    let part = part.split("\n## ").next().unwrap_or_default();
    part.lines()
        .filter_map(|line| {
            let cells = line.strip_prefix("| ")?.strip_suffix(" |")?;
            let (code, sentence) = cells.split_once(" | ")?;
            Some(Said {
                code: Some(code.parse().ok()?),
                sentence: sentence.to_owned(),
            })
        })
        .collect()
}

/// What a source says to apps.
fn said(path: &str, text: &str) -> Vec<Said> {
    let own = text.split("\n#[cfg(test)]").next().unwrap_or_default();
    if FAULTS.contains(&path) {
        return calls(own, "#[error(", None);
    }
    let owner = if path == ERRORS {
        "Self::"
    } else if CALLERS.iter().any(|folder| path.starts_with(folder)) {
        "GraphError::"
    } else {
        return Vec::new();
    };
    let constructors = CONSTRUCTORS.iter();
    constructors
        .flat_map(|(name, code)| calls(own, &format!("{owner}{name}"), *code))
        .collect()
}

/// The sentences within the brackets that `opening` opens.
fn calls(text: &str, opening: &str, code: Option<u32>) -> Vec<Said> {
    let rests = text.split(opening).skip(1);
    rests
        .flat_map(|rest| {
            let told = rest.split([',', ')']).next().unwrap_or_default();
            let code = code.or_else(|| told.trim().replace('_', "").parse().ok());
            let sentences = literals(rest).into_iter();
            let sentences = sentences.filter(|text| text.contains(' '));
            sentences.map(move |sentence| Said { code, sentence })
        })
        .collect()
}

/// The literals up to the bracket that closes what was open, each as the program says it, with `…` for
/// what is put in.
fn literals(rest: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut depth = 1_usize;
    let mut letters = rest.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '(' => depth += 1,
            ')' if depth == 1 => break,
            ')' => depth -= 1,
            '"' => found.push(literal(&mut letters)),
            _ => {}
        }
    }
    found
}

/// One literal, up to its closing quote.
fn literal(letters: &mut std::str::Chars<'_>) -> String {
    let mut text = String::new();
    let mut put_in = false;
    while let Some(letter) = letters.next() {
        match letter {
            '"' => break,
            '\\' => match letters.next() {
                // A line that goes on: the indent of the next is not said.
                Some('\n') => {
                    let rest = letters.as_str().trim_start();
                    *letters = rest.chars();
                }
                Some(escaped) => text.push(escaped),
                None => break,
            },
            '{' => {
                put_in = true;
                text.push('…');
            }
            '}' => put_in = false,
            letter if !put_in => text.push(letter),
            _ => {}
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::ERRORS;
    use super::FAULTS;
    use super::PAGE;
    use super::PART;
    use super::Said;
    use super::faults;
    use super::said;
    use crate::rules::files::Tree;

    const CALLER: &str = "crates/service/src/a.rs";

    #[test]
    fn sentences_are_read_from_the_sources() {
        let cases = [
            (
                CALLER,
                "GraphError::invalid(\n    \"It is not \\\n     taken.\",\n)",
                Some((Some(131_009), "It is not taken.")),
            ),
            (
                CALLER,
                "GraphError::of(131_053, \"Not a picture.\").into()",
                Some((Some(131_053), "Not a picture.")),
            ),
            (
                CALLER,
                "GraphError::of(code, details); \"not handed over\"",
                None,
            ),
            (
                CALLER,
                "GraphError::not_found(); f(\"not handed over\")",
                None,
            ),
            (
                CALLER,
                "\n#[cfg(test)]\nGraphError::invalid(\"in a test\")",
                None,
            ),
            (
                "crates/api/src/a.rs",
                "GraphError::invalid(\"of others\")",
                None,
            ),
            (
                ERRORS,
                "Self::of(10, \"no way\")",
                Some((Some(10), "no way")),
            ),
            (
                FAULTS.first().copied().unwrap(),
                "#[error(\"has {0} to {1} entries\")]",
                Some((None, "has … to … entries")),
            ),
        ];
        for (path, text, expected) in cases {
            let expected = expected.map(|(code, sentence)| Said {
                code,
                sentence: sentence.to_owned(),
            });
            let expected: Vec<Said> = expected.into_iter().collect();
            assert_eq!(said(path, text), expected, "{text}");
        }
    }

    #[test]
    fn the_page_has_what_is_said_and_nothing_else() {
        let source = "GraphError::invalid(\"It is not taken.\")";
        let page =
            |rows: &str| format!("# Errors\n\n{PART}\n\n{rows}\n\n## Others\n\n| 1 | x y |\n");
        let cases = [
            ("| 131009 | It is not taken. |", 0),
            ("| 100 | It is not taken. |", 2),
            (
                "| 131009 | It is not taken. |\n| 100 | Nobody says so. |",
                1,
            ),
            ("", 1),
        ];
        for (rows, expected) in cases {
            let page = page(rows);
            let tree = Tree::of(&[(PAGE, &page), (CALLER, source)]);
            assert_eq!(faults(&tree).len(), expected, "{rows}");
        }
    }
}
