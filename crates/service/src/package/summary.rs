//! The letter that goes with a package: what is in it, and what the person can do, as PDF.

use std::io::Write;

use letters::Answered;
use letters::Document;
use letters::Summary;
use letters::WriteError;
use package::Index;
use package::Packing;
use package::Writer;
use url::Url;

use super::PackageError;
use super::make::Making;
use super::messages::About;
use crate::Service;

/// The name of its file.
const LETTER: &str = "letter.pdf";

/// The table whose first column names who received data.
const RECIPIENTS: &str = "recipients";

impl Service {
    /// Writes the letter into a package whose lists and tables are known.
    pub(super) fn write_summary<W: Write>(
        &self,
        making: &Making,
        (about, index): (&About, &mut Index),
        writer: &mut Writer<W>,
    ) -> Result<(), PackageError> {
        let letter = self.summary(making, (about, index));
        let letter = letter.map_err(|_| PackageError::Letter)?;
        let file = letters::pdf::letter(&letter).map_err(|_| PackageError::Letter)?;
        writer.stream(LETTER, Packing::Stored, |out| {
            out.write_all(&file).map_err(PackageError::File)
        })?;
        let what = making.texts.say("index-letter").to_owned();
        index.files.insert(0, (LETTER.to_owned(), what));
        Ok(())
    }

    fn summary(
        &self,
        making: &Making,
        (about, index): (&About, &Index),
    ) -> Result<Document, WriteError> {
        let request = making.request.as_ref();
        let found = request.map_or("", |request| request.jurisdictions.as_str());
        let mut jurisdictions: Vec<&str> = found.split_whitespace().collect();
        if jurisdictions.is_empty() {
            jurisdictions.push(&self.settings.country);
        }
        let summary = Summary {
            number: making.view.id.0,
            head: self.letterhead(),
            request: request.map(|request| Answered {
                case: request.id.0,
                kind: request.request.kind,
                received: self.day(request.request.received_at),
                assurance: request.request.assurance,
            }),
            made: self.day(making.view.created),
            today: self.day(self.store.clock().now()),
            portability: !making.is_whole(),
            span: about
                .span
                .map(|(first, last)| (self.day(first), self.day(last))),
            parts: parts(making, about, index),
            recipients: recipients(index),
            left_out: index.left_out,
            of_others: about.of_others,
            jurisdictions: jurisdictions.into_iter().map(str::to_owned).collect(),
            page: self.public(&["preferences", "requests"]).map(Url::into),
        };
        let letters = &self.settings.portal.letters.letters;
        letters.summary(making.texts.tag(), &summary)
    }
}

/// What is in the package and how much of it: lists, media, and the tables of the first page.
fn parts(making: &Making, about: &About, index: &Index) -> Vec<(String, u64)> {
    let titled = |name: &str, count: u64| {
        let title = format!("{name}-title");
        (making.texts.say(&title).to_owned(), count)
    };
    let lists = index.lists.iter();
    let mut parts: Vec<(String, u64)> = lists
        .map(|listed| titled(listed.list.name, listed.items))
        .collect();
    let media = making.texts.say("class-media").to_owned();
    parts.insert(parts.len().min(1), (media, about.media));
    let tables = index.tables.iter();
    parts.extend(tables.map(|table| titled(table.name, table.rows.len() as u64)));
    parts
}

/// Who received data, each once.
fn recipients(index: &Index) -> Vec<String> {
    let table = index.tables.iter().find(|table| table.name == RECIPIENTS);
    let rows = table.into_iter().flat_map(|table| &table.rows);
    let mut named: Vec<String> = Vec::new();
    for name in rows.filter_map(|row| row.first()) {
        if !named.contains(name) {
            named.push(name.clone());
        }
    }
    named
}
