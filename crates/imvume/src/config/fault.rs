//! Where a configuration file is wrong: the file, the line, the key; never a value.

use std::path::Path;

use crate::config::document::Document;

/// A configuration file as it was read.
#[derive(Clone, Copy)]
pub(super) struct Source<'a> {
    pub(super) path: &'a Path,
    pub(super) text: &'a str,
}

impl Source<'_> {
    pub(super) fn parse(&self) -> anyhow::Result<Document> {
        toml::from_str(self.text).map_err(|error| {
            let at = error.span().map_or(0, |span| span.start);
            let key = self.key(at);
            self.fault(at, &key, &cause(error.message()))
        })
    }

    /// An error at the byte `at`. An empty `key` names none.
    pub(super) fn fault(&self, at: usize, key: &str, cause: &str) -> anyhow::Error {
        let line = 1 + self
            .before(at)
            .bytes()
            .filter(|byte| *byte == b'\n')
            .count();
        let path = self.path.display();
        let place = match (self.section(at), key) {
            (section, "") => section,
            (section, key) if section.is_empty() => key.to_owned(),
            (section, key) => format!("{section} {key}"),
        };
        if place.is_empty() {
            anyhow::anyhow!("{path}:{line}: {cause}")
        } else {
            anyhow::anyhow!("{path}:{line}: {place}: {cause}")
        }
    }

    fn before(&self, at: usize) -> &str {
        self.text.get(..at).unwrap_or(self.text)
    }

    /// The lines up to and including the one that holds the byte `at`, last first.
    fn upwards(&self, at: usize) -> impl Iterator<Item = &str> {
        let rest = self.text.get(at..).unwrap_or_default();
        let end = at + rest.find('\n').unwrap_or(rest.len());
        self.before(end).lines().rev()
    }

    /// The header above.
    fn section(&self, at: usize) -> String {
        let header = self
            .upwards(at)
            .map(str::trim)
            .find(|line| line.starts_with('['));
        let is_name = |c: char| c.is_ascii_alphanumeric() || "[]_-.".contains(c);
        let header = header.unwrap_or_default();
        header
            .split(|c| !is_name(c))
            .next()
            .unwrap_or_default()
            .to_owned()
    }

    /// The key to the left, unless the line is a header.
    fn key(&self, at: usize) -> String {
        let key = self.upwards(at).find_map(|line| {
            let line = line.trim();
            if line.starts_with('[') && !line.contains('=') {
                return Some("");
            }
            line.split_once('=').map(|(key, _)| key.trim())
        });
        let is_bare = |key: &&str| key.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
        key.filter(is_bare).unwrap_or_default().to_owned()
    }
}

/// What the parser said, without what it found: that may be a secret in the wrong place.
fn cause(message: &str) -> String {
    let expected = || {
        message
            .rsplit_once(", expected ")
            .map_or("something else", |(_, rest)| rest)
    };
    if message.starts_with("invalid type: ")
        || message.starts_with("invalid value: ")
        || message.starts_with("invalid length ")
    {
        return format!("wants {}", expected());
    }
    if message.starts_with("unknown variant ") {
        return format!("wants {}", expected());
    }
    if let Some(rest) = message.strip_prefix("unknown field ") {
        return format!("unknown key {rest}").replace("expected one of", "known here are");
    }
    if let Some(rest) = message.strip_prefix("missing field ") {
        return format!("the key {rest} is missing");
    }
    message.lines().next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::Source;

    /// What stands wrong in one line of an otherwise right file.
    fn check(line: &str, expected: &str) {
        let text = format!("[instance]\ndirectory = \"data\"\n{line}\n");
        let source = Source {
            path: Path::new("a.toml"),
            text: &text,
        };
        let Err(error) = source.parse() else {
            panic!("{line} is taken")
        };
        let error = error.to_string();
        assert_eq!(error, expected, "{line}");
    }

    #[test]
    fn faults_name_the_place_and_no_value() {
        let known = "known here are `directory`, `key_file`, `passphrase_file`, `credential`, \
                     `keyring`, `organisation`, \
                     `country`, `language`, `log_name`";
        for (line, expected) in [
            (
                "country = \"canary\"",
                "country: wants two capital letters (ISO 3166-1), such as \"ZA\"".to_owned(),
            ),
            ("country = 4711", "country: wants a string".to_owned()),
            (
                "directory = \"canary\"",
                "directory: duplicate key".to_owned(),
            ),
            (
                "contry = \"canary\"",
                format!("contry: unknown key `contry`, {known}"),
            ),
        ] {
            check(line, &format!("a.toml:3: [instance] {expected}"));
        }
    }
}
