//! Rules about the links between the pages of the tree.
//!
//! A relative link leads to a file that is there, and behind `#` to a heading that is there. Addresses of
//! other hosts are not called.

use std::collections::BTreeSet;

use crate::rules::Fault;
use crate::rules::files::Tree;
use crate::rules::files::is_of_kind;

/// Links of pages that lead nowhere.
pub(super) fn faults(tree: &Tree) -> Vec<Fault> {
    let pages = tree.texts().filter(|(path, _)| is_of_kind(path, "md"));
    pages
        .flat_map(|(path, text)| {
            let found = links(text).into_iter();
            found.filter_map(move |(line, link)| {
                let rule = fault(tree, path, link)?;
                Some(Fault::new(format!("{path}:{line}"), rule))
            })
        })
        .collect()
}

/// Pages of the book that its table of contents does not lead to.
pub(super) fn strays(tree: &Tree) -> Vec<Fault> {
    const CONTENTS: &str = "docs/README.md";
    let contents = tree.text(CONTENTS).unwrap_or_default();
    let named: BTreeSet<&str> = links(contents).into_iter().map(|(_, link)| link).collect();
    let pages = tree.texts().filter_map(|(path, _)| {
        let name = path.strip_prefix("docs/")?;
        (is_of_kind(name, "md") && path != CONTENTS && !named.contains(name)).then_some(path)
    });
    pages
        .map(|path| Fault::new(path, "docs/README.md does not lead to this page"))
        .collect()
}

fn fault(tree: &Tree, page: &str, link: &str) -> Option<String> {
    let elsewhere = link.contains("://") || link.starts_with("mailto:");
    if elsewhere {
        return None;
    }
    let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
    let Some(target) = resolve(page, file) else {
        return Some(format!("the link {link} leads out of the tree"));
    };
    if !tree.has(&target) {
        return Some(format!("the link {link} leads nowhere"));
    }
    let missing = !anchor.is_empty()
        && tree
            .text(&target)
            .is_none_or(|text| !anchors(text).contains(anchor));
    missing.then(|| format!("{target} has no heading for the link {link}"))
}

/// The path from the root that a link on `page` means.
fn resolve(page: &str, link: &str) -> Option<String> {
    if link.is_empty() {
        return Some(page.to_owned());
    }
    let mut parts: Vec<&str> = page.split('/').collect();
    parts.pop();
    for part in link.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// The lines of a page outside its code blocks, each with its number.
fn prose(text: &str) -> Vec<(usize, &str)> {
    let mut code = false;
    let mut lines = Vec::new();
    for (line, number) in text.lines().zip(1..) {
        if line.trim_start().starts_with("```") {
            code = !code;
        } else if !code {
            lines.push((number, line));
        }
    }
    lines
}

/// What stands behind `](` on each line, and behind the name of a reference.
fn links(text: &str) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    for (number, line) in prose(text) {
        for (at, before) in line.match_indices("](") {
            let rest = line.get(at + before.len()..).unwrap_or_default();
            let within = line.get(..at).unwrap_or_default();
            // An odd number of backticks before it: the line shows how a link is written.
            if within.matches('`').count() % 2 == 1 && !within.ends_with('`') {
                continue;
            }
            let link = rest.split([')', ' ']).next().unwrap_or_default();
            found.push((number, link));
        }
        let reference = line
            .strip_prefix('[')
            .and_then(|rest| rest.split_once("]: "));
        if let Some((_, link)) = reference {
            found.push((number, link.trim()));
        }
    }
    found
}

/// The names that the headings of a page can be linked by, made as hosts of repositories make them.
fn anchors(text: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for (_, line) in prose(text) {
        let title = line.trim_start_matches('#');
        if title.len() == line.len() || !title.starts_with(' ') {
            continue;
        }
        let name: String = title
            .trim()
            .to_lowercase()
            .chars()
            .filter(|letter| letter.is_alphanumeric() || matches!(letter, ' ' | '-' | '_'))
            .map(|letter| if letter == ' ' { '-' } else { letter })
            .collect();
        // A second heading of the same words gets a number.
        let numbered = (1..).map(|n| format!("{name}-{n}"));
        let free = [name.clone()].into_iter().chain(numbered);
        names.extend(free.into_iter().find(|name| !names.contains(name)));
    }
    names
}

#[cfg(test)]
mod tests {
    use super::anchors;
    use super::faults;
    use super::strays;
    use crate::rules::files::Tree;

    const OTHER: &str = "# One page\n\n## `[listen]`\n\n## What differs – and why?\n\n## Twice\n\n## Twice\n\n```sh\n# no heading\n```\n";

    fn tree(page: &str) -> Tree {
        Tree::of(&[
            ("docs/page.md", page),
            ("docs/other.md", OTHER),
            ("docs/code.rs", "[a](nowhere.md)"),
            ("README.md", ""),
        ])
    }

    #[test]
    fn links_lead_somewhere() {
        let cases = [
            ("[a](other.md)", true),
            ("[a](../README.md)", true),
            ("[a](other.md#one-page)", true),
            ("[a](other.md#listen)", true),
            ("[a](other.md#what-differs--and-why)", true),
            ("[a](other.md#twice-1)", true),
            ("[a](https://example.org/nowhere.md)", true),
            ("# Here\n\n[a](#here)", true),
            ("```\n[a](nowhere.md)\n```", true),
            ("a link is `[a](nowhere.md)`", true),
            ("[`a`](nowhere.md)", false),
            ("[a](nowhere.md)", false),
            ("[a](other.md) and [b](nowhere.md)", false),
            ("[a]: nowhere.md", false),
            ("[a](other.md#no-heading)", false),
            ("[a](other.md#twice-2)", false),
            ("[a](#here)", false),
            ("[a](../../README.md)", false),
        ];
        for (page, sound) in cases {
            assert_eq!(faults(&tree(page)).is_empty(), sound, "{page}");
        }
    }

    #[test]
    fn headings_in_code_are_none() {
        assert!(!anchors(OTHER).contains("no-heading"));
    }

    #[test]
    fn the_contents_lead_to_every_page() {
        let with = [("docs/README.md", "[a](a.md)"), ("docs/a.md", "")];
        assert_eq!(strays(&Tree::of(&with)), []);
        let without = [("docs/README.md", "[a](b.md)"), ("docs/a.md", "")];
        assert_eq!(strays(&Tree::of(&without)).len(), 1);
    }
}
