//! The first page: what this is, who the person is to the organisation, the answers the law asks for,
//! and the way to everything else.

use crate::Html;
use crate::Listed;
use crate::Texts;

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
    /// The question, by the id of its text.
    pub question: &'static str,
    /// The answer, in lines.
    pub answer: Vec<String>,
}

/// A short table of the first page.
#[derive(Clone, Debug)]
pub struct Table {
    /// Its name: the texts `…-title` and `…-none` stand above it, and there if it has no rows.
    pub name: &'static str,
    /// Its columns, by the ids of their texts.
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
    pub fn page(&self, texts: &Texts) -> String {
        let head = &self.head;
        let title = if head.portability {
            "index-title-portability"
        } else {
            "index-title"
        };
        let title = texts.with(title, &[("organisation", head.organisation.as_str())]);
        let mut page = Html::page(texts.tag(), &title);
        let (date, package) = (head.made_at.as_str(), head.package.to_string());
        page.line(&match head.request {
            Some(request) => {
                let request = request.to_string();
                let values = [
                    ("date", date),
                    ("request", request.as_str()),
                    ("package", package.as_str()),
                ];
                texts.with("index-lead-request", &values)
            }
            None => texts.with(
                "index-lead",
                &[("date", date), ("package", package.as_str())],
            ),
        });
        self.contents(&mut page, texts);
        for table in &self.tables {
            self::table(&mut page, table, texts);
        }
        for fact in &self.facts {
            page.heading(texts.say(fact.question));
            page.raw("<ul>\n");
            for line in &fact.answer {
                page.raw("<li>");
                page.text(line);
                page.raw("</li>\n");
            }
            page.raw("</ul>\n");
        }
        self.checking(&mut page, texts);
        page.end()
    }

    fn contents(&self, page: &mut Html, texts: &Texts) {
        page.heading(texts.say("index-contents"));
        page.raw("<ul>\n");
        for listed in &self.lists {
            page.raw("<li>");
            page.text(&format!("{}: {}", listed.list.title(texts), listed.items));
            for part in 1..=listed.parts {
                page.raw(if part == 1 { " – " } else { ", " });
                let number = part.to_string();
                let named = texts.with("index-part", &[("part", number.as_str())]);
                page.link(0, &listed.list.page(part), &named);
            }
            page.raw("</li>\n");
        }
        for (file, what) in &self.files {
            page.raw("<li>");
            page.link(0, file, what);
            page.raw("</li>\n");
        }
        page.raw("</ul>\n");
        page.line(texts.say("index-data"));
        if self.left_out > 0 {
            let count = self.left_out.to_string();
            page.line(&texts.with("index-left-out", &[("count", count.as_str())]));
        }
    }

    fn checking(&self, page: &mut Html, texts: &Texts) {
        page.heading(texts.say("index-checking"));
        page.line(texts.say("index-checking-text"));
        page.raw("<p class=\"dim\">");
        let values = [
            ("log", self.head.log.as_str()),
            ("program", self.head.made_by.as_str()),
        ];
        page.text(&texts.with("index-log", &values));
        page.raw("</p>\n");
    }
}

fn table(page: &mut Html, table: &Table, texts: &Texts) {
    page.heading(texts.say(&format!("{}-title", table.name)));
    if table.rows.is_empty() {
        page.line(texts.say(&format!("{}-none", table.name)));
        return;
    }
    let columns = table.columns.iter();
    let columns: Vec<String> = columns.map(|id| texts.say(id).to_owned()).collect();
    page.table(&columns);
    for row in &table.rows {
        page.row(&columns, row.iter().map(String::as_str));
    }
    page.end_table();
}
