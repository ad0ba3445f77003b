//! Places in the text of a file.

/// The line, counted from 1, in which the byte at `offset` stands.
pub(crate) fn line_of(text: &str, offset: usize) -> usize {
    let before = text.bytes().take(offset);
    1 + before.filter(|byte| *byte == b'\n').count()
}

/// The id of the rule whose table a line stands in, for problems that are found before the rule is
/// read.
pub(crate) fn rule_at(text: &str, line: usize) -> Option<&str> {
    let mut id = None;
    for (place, row) in text.lines().enumerate() {
        let row = row.trim();
        if row.starts_with("[[") {
            if line <= place {
                break;
            }
            id = None;
        }
        if let Some((_, rest)) = row.split_once('=').filter(|(key, _)| key.trim() == "id") {
            let rest = rest.trim().trim_matches(['"', '\'']);
            id = (rest.contains('/') && rest.len() <= 100).then_some(rest);
        }
    }
    id
}

#[cfg(test)]
mod tests {
    use super::line_of;
    use super::rule_at;

    #[test]
    fn a_line_knows_its_rule() {
        let text =
            "id = \"za\"\n\n[[rule]]\nid = \"za/a\"\nx = 1\n\n[[rule]]\ny = 2\nid = \"za/b\"\n";
        for (line, id) in [
            (1, None),
            (2, None),
            (3, Some("za/a")),
            (5, Some("za/a")),
            (7, Some("za/b")),
            (8, Some("za/b")),
            (9, Some("za/b")),
        ] {
            assert_eq!(rule_at(text, line), id, "{line}");
        }
        assert_eq!(line_of(text, 0), 1);
        assert_eq!(line_of(text, 11), 3);
    }
}
