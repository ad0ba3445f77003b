//! Lists of any length, in parts: lines of JSON, and a page beside each.

use std::io::Write;

use serde::Serialize;

use crate::Html;
use crate::PackageError;
use crate::Texts;
use crate::Writer;

/// How many items a part has at the most.
const ITEMS: u64 = 2_000;
/// How large a part grows, in bytes of either form, before another one begins.
const BYTES: usize = 1 << 20;

/// What a list is called.
#[derive(Clone, Copy, Debug)]
pub struct List {
    /// The name of its files. The texts `…-title` and `…-about` say what its items are.
    pub name: &'static str,
    /// The columns of its table, by the ids of their texts; without any, the items are those of a
    /// conversation.
    pub columns: &'static [&'static str],
}

/// A list that was written.
#[derive(Clone, Copy, Debug)]
pub struct Listed {
    /// What it is called.
    pub list: List,
    /// How many items it has.
    pub items: u64,
    /// How many parts.
    pub parts: u32,
}

/// A list that is being written.
#[derive(Debug)]
pub struct OpenList<'w, W: Write> {
    writer: &'w mut Writer<W>,
    list: List,
    columns: Vec<String>,
    json: Vec<u8>,
    page: Html,
    held: u64,
    items: u64,
    parts: u32,
}

impl List {
    /// The name of a part's page.
    pub(crate) fn page(&self, part: u32) -> String {
        format!("pages/{}-{part:04}.html", self.name)
    }

    /// What stands above its pages.
    pub(crate) fn title(&self, texts: &Texts) -> String {
        texts.say(&format!("{}-title", self.name)).to_owned()
    }

    fn data(&self, part: u32) -> String {
        format!("data/{}-{part:04}.jsonl", self.name)
    }
}

impl<'w, W: Write> OpenList<'w, W> {
    pub(crate) fn new(writer: &'w mut Writer<W>, list: List) -> Self {
        let columns = list.columns.iter();
        let columns = columns.map(|id| writer.texts().say(id).to_owned());
        Self {
            columns: columns.collect(),
            writer,
            list,
            json: Vec::new(),
            page: Html::default(),
            held: 0,
            items: 0,
            parts: 0,
        }
    }

    /// Adds an item, as JSON and as a row of the table.
    ///
    /// # Errors
    /// [`PackageError`].
    pub fn row<'a>(
        &mut self,
        item: &impl Serialize,
        cells: impl IntoIterator<Item = &'a str>,
    ) -> Result<(), PackageError> {
        self.page.row(&self.columns, cells);
        self.added(item)
    }

    /// Adds an item, as JSON and as `render` shows it.
    ///
    /// # Errors
    /// [`PackageError`].
    pub fn push(
        &mut self,
        item: &impl Serialize,
        render: impl FnOnce(&mut Html),
    ) -> Result<(), PackageError> {
        render(&mut self.page);
        self.added(item)
    }

    fn added(&mut self, item: &impl Serialize) -> Result<(), PackageError> {
        serde_json::to_writer(&mut self.json, item)?;
        self.json.push(b'\n');
        self.held += 1;
        if self.held == ITEMS || BYTES <= self.json.len().max(self.page.len()) {
            self.part()?;
        }
        Ok(())
    }

    /// The package, for another file between two items.
    pub const fn package(&mut self) -> &mut Writer<W> {
        self.writer
    }

    /// How many items it has so far.
    pub const fn items(&self) -> u64 {
        self.items + self.held
    }

    fn part(&mut self) -> Result<(), PackageError> {
        self.parts += 1;
        self.items += self.held;
        self.held = 0;
        let (list, part) = (self.list, self.parts);
        self.writer.file(&list.data(part), &self.json)?;
        let texts = self.writer.texts();
        let mut page = Html::page(texts.tag(), &list.title(texts));
        page.raw("<p>");
        page.link(1, "index.html", texts.say("page-all"));
        page.raw("</p>\n");
        page.line(texts.say(&format!("{}-about", list.name)));
        if list.columns.is_empty() {
            page.raw("<ol class=\"chat\">\n");
            page.push(&self.page);
            page.raw("</ol>\n");
        } else {
            page.table(&self.columns);
            page.push(&self.page);
            page.end_table();
        }
        self.writer.file(&list.page(part), page.end().as_bytes())?;
        self.json.clear();
        self.page.clear();
        Ok(())
    }

    /// Ends the list.
    ///
    /// # Errors
    /// [`PackageError`].
    pub fn end(mut self) -> Result<Listed, PackageError> {
        if self.held > 0 {
            self.part()?;
        }
        self.writer.count(self.list.name, self.items);
        Ok(Listed {
            list: self.list,
            items: self.items,
            parts: self.parts,
        })
    }
}
