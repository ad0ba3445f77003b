//! A letter as plain text.

use std::fmt::Write as _;

use crate::document::Block;
use crate::document::Document;

impl Document {
    /// The whole letter as plain text: for e-mail.
    pub fn text(&self) -> String {
        let mut out = String::new();
        let head = &self.head;
        push(
            &mut out,
            [&head.organisation].into_iter().chain(&head.address),
        );
        push(&mut out, [&self.date, &self.reference]);
        push(&mut out, [&self.subject]);
        push(&mut out, [&self.greeting]);
        out.push_str(&self.body());
        if !self.closing.is_empty() {
            let name = [&head.officer, &head.contact];
            out.push('\n');
            push(&mut out, [&self.closing]);
            push(&mut out, [&head.organisation].into_iter().chain(name));
        }
        format!("{}\n", out.trim_end())
    }

    /// What it says for a chat: subject and text, without head and foot.
    pub fn chat(&self) -> String {
        let subject: String = self.subject.chars().filter(|c| *c != '*').collect();
        format!("*{subject}*\n\n{}", self.body())
            .trim_end()
            .to_owned()
    }

    fn body(&self) -> String {
        let mut out = String::new();
        for block in &self.blocks {
            if !out.is_empty() {
                out.push('\n');
            }
            write_block(&mut out, block);
        }
        out
    }
}

/// Lines as one part, if there are any.
fn push<'a>(out: &mut String, lines: impl IntoIterator<Item = &'a String>) {
    let before = out.len();
    for line in lines {
        if !line.is_empty() {
            out.push_str(line);
            out.push('\n');
        }
    }
    if before < out.len() {
        out.push('\n');
    }
}

fn write_block(out: &mut String, block: &Block) {
    let _ = match block {
        Block::Heading(text) => writeln!(out, "{}", text.to_uppercase()),
        Block::Paragraph(text) => writeln!(out, "{text}"),
        Block::Link { address, label } if label == address => writeln!(out, "{address}"),
        Block::Link { address, label } if address.is_empty() => writeln!(out, "{label}"),
        Block::Link { address, label } => writeln!(out, "{label}:\n{address}"),
        Block::List(items) => items.iter().try_for_each(|item| writeln!(out, "- {item}")),
        Block::Table(rows) => rows
            .iter()
            .try_for_each(|(name, value)| writeln!(out, "{name}: {value}")),
    };
}
