//! The first page: what this is, who the person is to the organisation, the answers the law asks for,
//! and the way to everything else.

use crate::Html;
use crate::Listed;

/// What a package says of itself.
#[derive(Clone, Debug)]
pub struct Head {
    /// The organisation that answers.
    pub organisation: String,
    /// The package's number there.
    pub package: i64,
    /// The request it answers.
    pub request: Option<i64>,
    /// When it was made (RFC 3339, UTC).
    pub made_at: String,
    /// The program that made it, with its version.
    pub made_by: String,
    /// The log that proves it.
    pub log: String,
    /// The newest signed head of that log.
    pub checkpoint: Option<String>,
    /// Whether it holds only what the person may take along (GDPR Art 20).
    pub portability: bool,
}

/// A question of the law with its answer.
#[derive(Clone, Debug)]
pub struct Fact {
    /// The question.
    pub question: &'static str,
    /// The answer, in lines.
    pub answer: Vec<String>,
}

/// A short table of the first page.
#[derive(Clone, Debug)]
pub struct Table {
    /// What stands above it.
    pub title: &'static str,
    /// What stands there if it has no rows.
    pub none: &'static str,
    /// Its columns.
    pub columns: &'static [&'static str],
    /// Its rows.
    pub rows: Vec<Vec<String>>,
}

/// What the first page is made of.
#[derive(Clone, Debug)]
pub struct Index {
    /// What the package says of itself.
    pub head: Head,
    /// Short tables.
    pub tables: Vec<Table>,
    /// The answers.
    pub facts: Vec<Fact>,
    /// The lists.
    pub lists: Vec<Listed>,
    /// Other files, with what they are.
    pub files: Vec<(String, String)>,
    /// How many passages about others were left out.
    pub left_out: u64,
}

impl Index {
    /// The page.
    pub fn page(&self) -> String {
        let head = &self.head;
        let title = if head.portability {
            format!("Your data at {}, to take along", head.organisation)
        } else {
            format!("Your data at {}", head.organisation)
        };
        let mut page = Html::page(&title);
        let request = head.request.map_or_else(String::new, |request| {
            format!(" in answer to request {request}")
        });
        page.line(&format!(
            "This is a copy of your personal data, made on {}{request}. It is package {}. Keep it like a \
             letter that is meant for you alone: whoever has it can read it.",
            head.made_at, head.package
        ));
        self.contents(&mut page);
        for table in &self.tables {
            self::table(&mut page, table);
        }
        for fact in &self.facts {
            page.heading(fact.question);
            page.raw("<ul>\n");
            for line in &fact.answer {
                page.raw("<li>");
                page.text(line);
                page.raw("</li>\n");
            }
            page.raw("</ul>\n");
        }
        self.checking(&mut page);
        page.end()
    }

    fn contents(&self, page: &mut Html) {
        page.heading("What is in it");
        page.raw("<ul>\n");
        for listed in &self.lists {
            page.raw("<li>");
            page.text(&format!("{}: {}", listed.list.title, listed.items));
            for part in 1..=listed.parts {
                page.raw(if part == 1 { " – " } else { ", " });
                page.link(0, &listed.list.page(part), &format!("part {part}"));
            }
            page.raw("</li>\n");
        }
        for (file, what) in &self.files {
            page.raw("<li>");
            page.link(0, file, what);
            page.raw("</li>\n");
        }
        page.raw("</ul>\n");
        page.line("The folder “data” has the same as JSON, for programs.");
        if self.left_out > 0 {
            page.line(&format!(
                "{} passages that are about other people were left out. Each place says what stood \
                 there; the file “data/left-out” lists them.",
                self.left_out
            ));
        }
    }

    fn checking(&self, page: &mut Html) {
        page.heading("How to check it");
        page.line(
            "The file “manifest.json” has the SHA-256 of every file. The file “manifest.note” has the \
             hash of that manifest and is signed with the key of the organisation's audit log.",
        );
        page.raw("<p class=\"dim\">");
        page.text(&format!(
            "Log: {}. Made by {}.",
            self.head.log, self.head.made_by
        ));
        page.raw("</p>\n");
    }
}

fn table(page: &mut Html, table: &Table) {
    page.heading(table.title);
    if table.rows.is_empty() {
        page.line(table.none);
        return;
    }
    page.table(table.columns);
    for row in &table.rows {
        page.row(table.columns, row.iter().map(String::as_str));
    }
    page.end_table();
}
