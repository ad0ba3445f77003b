//! A letter as PDF: A4, tagged as PDF/UA-1 asks, with its font in it. The same letter gives the same
//! bytes.

mod layout;

use std::num::NonZeroU16;

use krilla::Document as File;
use krilla::SerializeSettings;
use krilla::configure::Accessibility;
use krilla::configure::ConfigurationBuilder;
use krilla::destination::XyzDestination;
use krilla::geom::Point;
use krilla::metadata::Metadata;
use krilla::outline::Outline;
use krilla::outline::OutlineNode;
use krilla::page::PageSettings;
use krilla::surface::Surface;
use krilla::tagging::Artifact;
use krilla::tagging::ArtifactType;
use krilla::tagging::ContentTag;
use krilla::tagging::Identifier;
use krilla::tagging::ListNumbering;
use krilla::tagging::Node;
use krilla::tagging::SpanTag;
use krilla::tagging::TableHeaderScope;
use krilla::tagging::Tag;
use krilla::tagging::TagGroup;
use krilla::tagging::TagTree;
use krilla::tagging::kind;
use krilla::text::Font;
use krilla::text::TextDirection;

use crate::document::Document;
use crate::pdf::layout::FOOT;
use crate::pdf::layout::HEIGHT;
use crate::pdf::layout::LEFT;
use crate::pdf::layout::Line;
use crate::pdf::layout::Measure;
use crate::pdf::layout::Page;
use crate::pdf::layout::Role;
use crate::pdf::layout::WIDTH;
use crate::pdf::layout::Weight;

/// Why a letter did not become a PDF.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum PdfError {
    /// The font cannot be read.
    #[error("the font for PDF cannot be read")]
    Font,
    /// The file could not be written as PDF/UA wants it.
    #[error("the letter cannot be written as PDF")]
    Write,
}

/// The letter as a PDF file.
///
/// # Errors
/// [`PdfError`]; none of them hangs on what the letter says.
pub fn letter(document: &Document) -> Result<Vec<u8>, PdfError> {
    let measure = Measure::new().ok_or(PdfError::Font)?;
    let pages = layout::pages(&measure, document);
    let fonts = Fonts {
        regular: font(dejavu::sans::regular())?,
        bold: font(dejavu::sans::bold())?,
    };
    let configuration = ConfigurationBuilder::new()
        .with_accessibility_validator(Accessibility::UA1)
        .finish()
        .map_err(|_| PdfError::Write)?;
    let mut file = File::new_with(SerializeSettings {
        configuration,
        ..SerializeSettings::default()
    });
    let mut tags = Tags::default();
    for (index, page) in pages.iter().enumerate() {
        let foot = foot(document, index + 1, pages.len());
        let foot = measure.fit(&foot);
        draw(&mut file, (index, page, &foot), &fonts, &mut tags)?;
    }
    file.set_metadata(
        Metadata::new()
            .title(document.subject.clone())
            .language(document.language.clone())
            .authors(vec![document.head.organisation.clone()])
            .creator("Imvume".to_owned()),
    );
    file.set_outline(tags.outline());
    file.set_tag_tree(tags.tree(&document.language));
    file.finish().map_err(|_| PdfError::Write)
}

fn font(bytes: &'static [u8]) -> Result<Font, PdfError> {
    Font::new(bytes.into(), 0).ok_or(PdfError::Font)
}

fn foot(document: &Document, page: usize, pages: usize) -> String {
    let numbers = document
        .foot
        .replace("{page}", &page.to_string())
        .replace("{pages}", &pages.to_string());
    let parts = [
        document.head.organisation.as_str(),
        &document.reference,
        &numbers,
    ];
    let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    parts.join(" · ")
}

struct Fonts {
    regular: Font,
    bold: Font,
}

fn draw(
    file: &mut File,
    (index, page, foot): (usize, &Page, &str),
    fonts: &Fonts,
    tags: &mut Tags,
) -> Result<(), PdfError> {
    let settings = PageSettings::from_wh(WIDTH, HEIGHT).ok_or(PdfError::Write)?;
    let mut sheet = file.start_page_with(settings);
    let mut surface = sheet.surface();
    for line in &page.lines {
        let span = ContentTag::Span(SpanTag::empty());
        let identifier = surface.start_tagged(span);
        write(&mut surface, line, fonts);
        surface.end_tagged();
        tags.take((index, line), identifier);
    }
    // The number of the page is no part of what is read out.
    surface.start_tagged(ContentTag::Artifact(Artifact::with_kind(
        ArtifactType::Footer,
    )));
    let foot = Line {
        x: LEFT,
        y: FOOT,
        size: 8.0,
        weight: Weight::Regular,
        role: Role::Paragraph(0),
        text: foot.to_owned(),
    };
    write(&mut surface, &foot, fonts);
    surface.end_tagged();
    surface.finish();
    sheet.finish();
    Ok(())
}

fn write(surface: &mut Surface<'_>, line: &Line, fonts: &Fonts) {
    let font = match line.weight {
        Weight::Bold => &fonts.bold,
        Weight::Regular => &fonts.regular,
    };
    let point = Point::from_xy(line.x, line.y);
    let direction = TextDirection::Auto;
    surface.draw_text(point, font.clone(), line.size, &line.text, false, direction);
}

/// What is read out, in order: lines of one part stand in one group.
#[derive(Default)]
struct Tags {
    groups: Vec<Group>,
}

struct Group {
    role: Role,
    text: String,
    /// The page it begins on, counted from 0, and how far down.
    page: usize,
    y: f32,
    lines: Vec<Node>,
}

impl Tags {
    fn take(&mut self, (page, line): (usize, &Line), identifier: Identifier) {
        match self.groups.last_mut() {
            Some(last) if last.role == line.role => {
                last.text.push(' ');
                last.text.push_str(&line.text);
                last.lines.push(identifier.into());
            }
            _ => self.groups.push(Group {
                role: line.role,
                text: line.text.clone(),
                page,
                y: line.y - line.size,
                lines: vec![identifier.into()],
            }),
        }
    }

    /// The headings, for whoever finds their way by them.
    fn outline(&self) -> Outline {
        let mut outline = Outline::new();
        for group in &self.groups {
            if matches!(group.role, Role::Heading(_) | Role::Title) {
                let place = XyzDestination::new(group.page, Point::from_xy(LEFT, group.y));
                outline.push_child(OutlineNode::new(group.text.clone(), place));
            }
        }
        outline
    }

    fn tree(self, language: &str) -> TagTree {
        let mut tree = TagTree::new().with_lang(Some(language.to_owned()));
        let mut open = Open::default();
        for group in self.groups {
            open.take(&mut tree, group);
        }
        open.close(&mut tree);
        tree
    }
}

/// A list or a table that is not at its end yet.
#[derive(Default)]
struct Open {
    list: Option<TagGroup>,
    table: Option<TagGroup>,
    row: Option<TagGroup>,
}

impl Open {
    fn take(&mut self, tree: &mut TagTree, group: Group) {
        let lines = group.lines;
        match group.role {
            Role::Title => {
                self.close(tree);
                tree.push(TagGroup::with_children(heading(1, group.text), lines));
            }
            Role::Heading(_) => {
                self.close(tree);
                tree.push(TagGroup::with_children(heading(2, group.text), lines));
            }
            Role::Paragraph(_) => {
                self.close(tree);
                tree.push(TagGroup::with_children(Tag::P, lines));
            }
            Role::Item(_) => {
                self.close_table(tree);
                let body = TagGroup::with_children(Tag::LBody, lines);
                let item = TagGroup::with_children(Tag::LI, vec![body.into()]);
                let list = || TagGroup::new(Tag::L(ListNumbering::Disc));
                self.list.get_or_insert_with(list).push(item);
            }
            Role::Name(_) => {
                self.close_list(tree);
                self.close_row();
                let name = TagGroup::with_children(Tag::TH(TableHeaderScope::Row), lines);
                self.row = Some(TagGroup::with_children(Tag::TR, vec![name.into()]));
            }
            Role::Value(_) => {
                let value = TagGroup::with_children(Tag::TD, lines);
                let row = || TagGroup::new(Tag::TR);
                self.row.get_or_insert_with(row).push(value);
            }
        }
    }

    fn close_row(&mut self) {
        if let Some(row) = self.row.take() {
            let table = || TagGroup::new(Tag::Table);
            self.table.get_or_insert_with(table).push(row);
        }
    }

    fn close_table(&mut self, tree: &mut TagTree) {
        self.close_row();
        if let Some(table) = self.table.take() {
            tree.push(table);
        }
    }

    fn close_list(&mut self, tree: &mut TagTree) {
        if let Some(list) = self.list.take() {
            tree.push(list);
        }
    }

    fn close(&mut self, tree: &mut TagTree) {
        self.close_list(tree);
        self.close_table(tree);
    }
}

fn heading(level: u16, title: String) -> Tag<kind::Hn> {
    let level = NonZeroU16::new(level).unwrap_or(NonZeroU16::MIN);
    Tag::Hn(level, Some(title))
}
