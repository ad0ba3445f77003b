//! A letter as its parts, and the little markup that a template writes them in.
//!
//! The first line is `subject:` and the subject. After it, a line that begins with `# ` is a heading,
//! with `- ` an item of a list, with `| ` a row of a name and a value that another `|` parts, with
//! `=> ` a link: its address, a space, and what it is called. Other lines make paragraphs, which an
//! empty line ends. Empty lines between items or rows part nothing.

use crate::letterhead::Letterhead;

/// Stands before each value that a template fills in, so that none begins a line as markup does. It is
/// taken out of what values say.
pub(crate) const MARK: char = '\u{1}';

/// A letter as its parts.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Document {
    /// Its language (BCP 47).
    pub language: String,
    /// What it is about, in a line.
    pub subject: String,
    /// Who writes.
    pub head: Letterhead,
    /// The day it was written, in words; may be empty.
    pub date: String,
    /// What it refers to, such as the number of the case; may be empty.
    pub reference: String,
    /// How it begins; may be empty.
    pub greeting: String,
    /// What it says.
    pub blocks: Vec<Block>,
    /// How it ends; the organisation's name follows. Nothing for what is no letter.
    pub closing: String,
    /// What stands at the foot of a page, with `{page}` and `{pages}` in it.
    pub foot: String,
}

/// A part of a letter.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Block {
    /// A heading.
    Heading(String),
    /// A link.
    Link {
        /// Where it leads; only `https` and `http` become links, others text.
        address: String,
        /// What it is called.
        label: String,
    },
    /// A list.
    List(Vec<String>),
    /// A paragraph.
    Paragraph(String),
    /// Names and values.
    Table(Vec<(String, String)>),
}

/// The subject and the blocks of what a template came out as; none without a subject.
pub(crate) fn read(text: &str) -> Option<(String, Vec<Block>)> {
    let (first, rest) = text.trim_start().split_once('\n')?;
    let subject = clean(first.strip_prefix("subject:")?);
    if subject.is_empty() {
        return None;
    }
    let mut reader = Reader::default();
    for line in rest.lines() {
        reader.line(line);
    }
    reader.end_paragraph();
    Some((subject, reader.blocks))
}

#[derive(Default)]
struct Reader {
    blocks: Vec<Block>,
    open: String,
}

impl Reader {
    fn line(&mut self, line: &str) {
        let line = line.trim();
        let (kind, rest) = line.split_once(' ').unwrap_or((line, ""));
        match kind {
            "" => self.end_paragraph(),
            "#" => self.push(Block::Heading(clean(rest))),
            "-" => self.item(clean(rest)),
            "|" => {
                let (name, value) = rest.split_once('|').unwrap_or((rest, ""));
                self.row(clean(name), clean(value));
            }
            "=>" => {
                let rest = clean(rest);
                let (address, label) = rest.split_once(' ').unwrap_or((&rest, &rest));
                let (address, label) = (address.to_owned(), label.to_owned());
                self.push(Block::Link { address, label });
            }
            _ => {
                if !self.open.is_empty() {
                    self.open.push(' ');
                }
                self.open.push_str(line);
            }
        }
    }

    fn end_paragraph(&mut self) {
        let text = clean(&self.open);
        self.open.clear();
        if !text.is_empty() {
            self.blocks.push(Block::Paragraph(text));
        }
    }

    fn push(&mut self, block: Block) {
        self.end_paragraph();
        self.blocks.push(block);
    }

    fn item(&mut self, text: String) {
        self.end_paragraph();
        match self.blocks.last_mut() {
            Some(Block::List(items)) => items.push(text),
            _ => self.blocks.push(Block::List(vec![text])),
        }
    }

    fn row(&mut self, name: String, value: String) {
        self.end_paragraph();
        match self.blocks.last_mut() {
            Some(Block::Table(rows)) => rows.push((name, value)),
            _ => self.blocks.push(Block::Table(vec![(name, value)])),
        }
    }
}

fn clean(text: &str) -> String {
    let kept = text.chars().filter(|c| !c.is_control());
    kept.collect::<String>().trim().to_owned()
}

/// Whether an address may become a link.
pub(crate) fn is_link(address: &str) -> bool {
    let begins = |scheme: &str| {
        let head = address.get(..scheme.len());
        head.is_some_and(|head| head.eq_ignore_ascii_case(scheme))
    };
    begins("https://") || begins("http://")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Block;
    use super::read;

    fn paragraph(text: &str) -> Block {
        Block::Paragraph(text.to_owned())
    }

    #[test]
    fn lines_become_parts() {
        let text = "subject: About it\n\nOne\ntwo\n\n# Head\n- a\n\n- b\n| n | v|w\n| m\n=> \
                    https://a.example/ There\n=> https://b.example/\nend";
        let (subject, blocks) = read(text).unwrap();
        assert_eq!(subject, "About it");
        let link = |address: &str, label: &str| Block::Link {
            address: address.to_owned(),
            label: label.to_owned(),
        };
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let expected = [
            paragraph("One two"),
            Block::Heading("Head".to_owned()),
            Block::List(vec!["a".to_owned(), "b".to_owned()]),
            Block::Table(vec![pair("n", "v|w"), pair("m", "")]),
            link("https://a.example/", "There"),
            link("https://b.example/", "https://b.example/"),
            paragraph("end"),
        ];
        assert_eq!(blocks, expected);
    }

    #[test]
    fn what_is_filled_in_is_no_markup() {
        for value in ["# x", "- x", "| a | b", "=> javascript:alert(1) x"] {
            let text = format!("subject: s\n\n\u{1}{value}\n");
            let (_, blocks) = read(&text).unwrap();
            assert_eq!(blocks, [paragraph(value)]);
        }
    }

    #[test]
    fn without_a_subject_it_is_none() {
        for text in [
            "",
            "subject:",
            "subject: \n\nx",
            "x\nsubject: y",
            "Subject: x\ny",
        ] {
            assert_eq!(read(text), None, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in "\\PC*(\n\\PC*){0,8}") {
            let _ = read(&format!("subject: s\n{text}"));
        }
    }
}
