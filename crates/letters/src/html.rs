//! A letter as HTML: one file that needs no other.

use std::fmt::Write as _;

use crate::document::Block;
use crate::document::Document;
use crate::document::is_link;

/// For paper and for screens, light and dark. Mail programs that know none of it show plain HTML.
const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:42em;margin:2em auto;\
    padding:0 1em;color:#1b1b1b;background:#fff}h1{font-size:1.3em}h2{font-size:1.05em;\
    margin:1.6em 0 .4em}table{border-collapse:collapse}th,td{text-align:left;vertical-align:top;\
    padding:.25em 1.5em .25em 0}th{font-weight:600}a{color:#0b57a4}a,code,td{overflow-wrap:anywhere}\
    .head{white-space:pre-line}.small{color:#555}@media(prefers-color-scheme:dark){body{color:#e8e8e8;\
    background:#151515}a{color:#8ab8ff}.small{color:#aaa}}@media print{body{margin:0;max-width:none}}";

impl Document {
    /// The whole letter as a page of HTML. Whatever was filled in is escaped.
    pub fn html(&self) -> String {
        let language = escaped(&self.language);
        let subject = escaped(&self.subject);
        format!(
            "<!doctype html>\n<html lang=\"{language}\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <meta name=\"color-scheme\" content=\"light dark\">\n\
             <title>{subject}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n{}</body>\n</html>\n",
            self.article(),
        )
    }

    /// What stands in the page: for a page that brings its own frame.
    pub fn article(&self) -> String {
        let mut out = String::new();
        let head = &self.head;
        let from: Vec<&str> = [&head.organisation]
            .into_iter()
            .chain(&head.address)
            .map(String::as_str)
            .collect();
        part(&mut out, "head", &from.join("\n"));
        let day: Vec<&str> = [&self.date, &self.reference]
            .into_iter()
            .map(String::as_str)
            .filter(|line| !line.is_empty())
            .collect();
        part(&mut out, "small", &day.join(" · "));
        let _ = writeln!(out, "<h1>{}</h1>", escaped(&self.subject));
        out.push_str(&self.said());
        if !self.closing.is_empty() {
            let names = [&head.organisation, &head.officer, &head.contact];
            let names: Vec<&str> = names.into_iter().map(String::as_str).collect();
            let end = format!("{}\n\n{}", self.closing, names.join("\n"));
            part(&mut out, "head", end.trim_end());
        }
        out
    }

    /// The greeting and the blocks alone.
    pub fn said(&self) -> String {
        let mut out = String::new();
        if !self.greeting.is_empty() {
            let _ = writeln!(out, "<p>{}</p>", escaped(&self.greeting));
        }
        for block in &self.blocks {
            out.push_str(&html_of(block));
            out.push('\n');
        }
        out
    }
}

fn part(out: &mut String, class: &str, text: &str) {
    if !text.trim().is_empty() {
        let _ = writeln!(out, "<p class=\"{class}\">{}</p>", escaped(text));
    }
}

fn html_of(block: &Block) -> String {
    match block {
        Block::Heading(text) => format!("<h2>{}</h2>", escaped(text)),
        Block::Paragraph(text) => format!("<p>{}</p>", escaped(text)),
        Block::Link { address, label } if is_link(address) => format!(
            "<p><a href=\"{}\">{}</a></p>",
            escaped(address),
            escaped(label)
        ),
        Block::Link { label, .. } => format!("<p>{}</p>", escaped(label)),
        Block::List(items) => {
            let items = items.iter().fold(String::new(), |mut out, item| {
                let _ = writeln!(out, "<li>{}</li>", escaped(item));
                out
            });
            format!("<ul>\n{items}</ul>")
        }
        Block::Table(rows) => {
            let rows = rows.iter().fold(String::new(), |mut out, (name, value)| {
                let (name, value) = (escaped(name), escaped(value));
                let _ = writeln!(
                    out,
                    "<tr><th scope=\"row\">{name}</th><td>{value}</td></tr>"
                );
                out
            });
            format!("<table>\n{rows}</table>")
        }
    }
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use crate::document::Block;
    use crate::document::Document;

    #[test]
    fn nothing_that_was_filled_in_is_markup() {
        let evil = "<script>\"&'";
        let block = |address: &str| Block::Link {
            address: address.to_owned(),
            label: evil.to_owned(),
        };
        let document = Document {
            language: evil.to_owned(),
            subject: evil.to_owned(),
            blocks: vec![
                Block::Heading(evil.to_owned()),
                Block::List(vec![evil.to_owned()]),
                Block::Table(vec![(evil.to_owned(), evil.to_owned())]),
                block("javascript:alert(1)"),
                block("https://a.example/?\"><script>"),
            ],
            ..Document::default()
        };
        let html = document.html();
        assert!(!html.contains("<script"), "{html}");
        assert!(!html.contains("javascript:"));
        assert!(html.contains("https://a.example/?&quot;&gt;"));
    }
}
