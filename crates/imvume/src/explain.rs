//! `imvume config explain`: every key with the value in force, where it comes from, and what it means.
//!
//! Which keys there are, and their defaults, is read from the example file; what they mean from the
//! page on the configuration. Both are compiled in, and tests hold them to what the program reads. A
//! key beside which there is one with `_file` at its end is a secret: its value is not shown.

use std::ops::Range;

use serde_json::json;
use toml::de::DeTable;
use toml::de::DeValue;

use crate::Verdict;
use crate::cli;
use crate::config;
use crate::config::Config;
use crate::output;

const EXAMPLE: &str = include_str!("../../../imvume.example.toml");
const PAGE: &str = include_str!("../../../docs/configuration.md");

/// What stands for a value that cannot be shown as a default.
const UNSET: char = '…';

/// A key the program takes.
struct Known {
    /// The header it stands under, without brackets.
    section: &'static str,
    /// Whether there may be several of its section.
    many: bool,
    name: &'static str,
    /// Its default as TOML.
    default: Option<&'static str>,
}

/// A key with what is in force.
struct Explained {
    key: String,
    value: Option<String>,
    /// The line it stands in, unless it is a default.
    line: Option<usize>,
    secret: bool,
    meaning: String,
}

pub(crate) fn run(arguments: &cli::Configured) -> anyhow::Result<Verdict> {
    let config = Config::load(&arguments.config)?;
    let text = config::read(&arguments.config)?;
    let all = explain(&config, &text)?;
    for one in all {
        if arguments.json {
            output::json(&json!({
                "key": one.key,
                "value": one.value,
                "line": one.line,
                "secret": one.secret,
                "meaning": one.meaning,
            }));
            continue;
        }
        let value = match (one.secret, one.value) {
            (true, _) if one.line.is_some() => "(a secret)".to_owned(),
            (false, Some(value)) => value,
            _ => "(not set)".to_owned(),
        };
        let from = one
            .line
            .map_or_else(|| "default".to_owned(), |line| format!("line {line}"));
        output::line(format_args!("{} = {value}  # {from}", one.key));
        output::line(format_args!("    {}", one.meaning));
    }
    Ok(Verdict::Held)
}

fn explain(config: &Config, text: &str) -> anyhow::Result<Vec<Explained>> {
    let file = DeTable::parse(text)?.into_inner();
    let known = known();
    let mut all = Vec::new();
    for key in &known {
        let is_secret = known.iter().any(|other| {
            other.section == key.section && other.name.strip_suffix("_file") == Some(key.name)
        });
        for (place, table) in tables(&file, key) {
            let set = table.and_then(|table| of(table, key.name));
            let shown = set.clone().and_then(|span| text.get(span));
            let value = shown.map(str::to_owned).or_else(|| default(config, key));
            all.push(Explained {
                key: format!("{place}.{}", key.name),
                value: value.filter(|_| !is_secret),
                line: set.map(|span| line(text, span.start)),
                secret: is_secret,
                meaning: meaning(key.section, key.name).unwrap_or_default(),
            });
        }
    }
    Ok(all)
}

/// The keys of the example, in its order.
fn known() -> Vec<Known> {
    let (mut section, mut many) = ("", false);
    let mut known = Vec::new();
    for line in EXAMPLE.lines() {
        if let Some(header) = line.strip_prefix('[') {
            many = header.starts_with('[');
            section = header.trim_matches(['[', ']']);
            continue;
        }
        let shown = line.strip_prefix("# ");
        let Some((name, value)) = shown.unwrap_or(line).split_once(" = ") else {
            continue;
        };
        // What is not commented out has no default: it is an example.
        let default = shown.map(|_| value).filter(|value| !value.contains(UNSET));
        known.push(Known {
            section,
            many,
            name,
            default,
        });
    }
    known
}

/// Defaults that follow from other keys are as the program made them.
fn default(config: &Config, key: &Known) -> Option<String> {
    let quoted = |value: String| Some(format!("\"{value}\""));
    match (key.section, key.name) {
        ("instance", "keyring") => quoted(config.keyring.display().to_string()),
        ("listen", "apps_url") => quoted(config.settings.apps_url.to_string()),
        _ => key.default.map(str::to_owned),
    }
}

/// The tables of the file that a key can stand in, each with its name.
fn tables<'t, 'i>(file: &'t DeTable<'i>, key: &Known) -> Vec<(String, Option<&'t DeTable<'i>>)> {
    let mut table = Some(file);
    let parts: Vec<&str> = key.section.split('.').collect();
    let Some((last, before)) = parts.split_last() else {
        return Vec::new();
    };
    for part in before {
        table = table.and_then(|table| value(table, part)?.as_table());
    }
    let found = table.and_then(|table| value(table, last));
    if !key.many {
        return vec![(key.section.to_owned(), found.and_then(DeValue::as_table))];
    }
    let list = found.and_then(DeValue::as_array).into_iter().flatten();
    list.enumerate()
        .map(|(place, one)| {
            let name = format!("{}[{place}]", key.section);
            (name, one.get_ref().as_table())
        })
        .collect()
}

fn value<'t, 'i>(table: &'t DeTable<'i>, name: &str) -> Option<&'t DeValue<'i>> {
    let mut entries = table.iter();
    let found = entries.find(|(key, _)| key.get_ref() == name);
    found.map(|(_, value)| value.get_ref())
}

/// Where the value of a key stands.
fn of(table: &DeTable<'_>, name: &str) -> Option<Range<usize>> {
    let mut entries = table.iter();
    let found = entries.find(|(key, _)| key.get_ref() == name);
    found.map(|(_, value)| value.span())
}

fn line(text: &str, at: usize) -> usize {
    let before = text.as_bytes().iter().take(at);
    1 + before.filter(|byte| **byte == b'\n').count()
}

/// The first sentence of what the page says of a key.
fn meaning(section: &str, name: &str) -> Option<String> {
    let headed = |part: &&str| {
        let header = part.lines().next().unwrap_or_default();
        header.trim_matches(['`', '[', ']']) == section
    };
    let part = PAGE.split("\n## ").find(headed)?;
    let quoted = format!("`{name}`");
    part.lines().find_map(|row| {
        let mut cells = row.strip_prefix('|')?.split('|').map(str::trim);
        let (keys, meaning) = (cells.next()?, cells.nth(1)?);
        let names = keys.split(", ").any(|key| key == quoted);
        names.then(|| plain(meaning.split(". ").next().unwrap_or_default()))
    })
}

/// Text without the marks of Markdown.
fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, link)) = rest.split_once('[') {
        out.push_str(before);
        match link.split_once("](") {
            Some((shown, target)) if !shown.contains(']') => {
                out.push_str(shown);
                rest = target.split_once(')').map_or("", |(_, after)| after);
            }
            _ => {
                out.push('[');
                rest = link;
            }
        }
    }
    out.push_str(rest);
    out.retain(|c| c != '`' && c != '*');
    out
}

#[cfg(test)]
mod tests {
    use super::known;
    use super::meaning;
    use super::plain;

    #[test]
    fn every_key_has_a_meaning_of_one_sentence() {
        let known = known();
        assert!(known.len() > 50, "{}", known.len());
        for key in known {
            let meaning = meaning(key.section, key.name).unwrap_or_default();
            let length = meaning.chars().count();
            assert!(
                (1..=220).contains(&length) && !meaning.contains('|'),
                "{}.{}: {meaning}",
                key.section,
                key.name
            );
        }
    }

    #[test]
    fn marks_are_taken_out() {
        for (text, expected) in [
            ("a `key` of **two**", "a key of two"),
            ("see [the page](page.md#part), then", "see the page, then"),
            ("`[]` for nobody", "[] for nobody"),
        ] {
            assert_eq!(plain(text), expected);
        }
    }
}
