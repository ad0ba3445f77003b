//! Where each line of a letter stands.

use ttf_parser::Face;

use crate::document::Block;
use crate::document::Document;

/// A4, in points.
pub(super) const WIDTH: f32 = 595.28;
pub(super) const HEIGHT: f32 = 841.89;
/// The margins.
pub(super) const LEFT: f32 = 64.0;
const RIGHT: f32 = 64.0;
const TOP: f32 = 72.0;
const BOTTOM: f32 = 80.0;
/// Where the number of the page stands.
pub(super) const FOOT: f32 = HEIGHT - 40.0;

const BODY: f32 = 10.0;
const LEADING: f32 = 1.45;
/// How far lists are set in, and how wide the names of a table are at the most.
const INDENT: f32 = 14.0;
const NAMES: f32 = 170.0;

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Weight {
    Bold,
    Regular,
}

/// What a line is part of. The number tells parts of the same kind from each other.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Role {
    Heading(usize),
    Item(usize),
    Name(usize),
    Paragraph(usize),
    Title,
    Value(usize),
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Line {
    pub(super) x: f32,
    pub(super) y: f32,
    pub(super) size: f32,
    pub(super) weight: Weight,
    pub(super) role: Role,
    pub(super) text: String,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Page {
    pub(super) lines: Vec<Line>,
}

/// How wide text is.
pub(super) struct Measure {
    regular: Face<'static>,
    bold: Face<'static>,
}

impl Measure {
    pub(super) fn new() -> Option<Self> {
        let face = |bytes| Face::parse(bytes, 0).ok();
        Some(Self {
            regular: face(dejavu::sans::regular())?,
            bold: face(dejavu::sans::bold())?,
        })
    }

    /// The text with a sign in place of each character that the font does not have.
    pub(super) fn fit(&self, text: &str) -> String {
        let known =
            |c: char| self.regular.glyph_index(c).is_some() && self.bold.glyph_index(c).is_some();
        let signs = text.chars().filter(|c| !c.is_control());
        signs
            .map(|c| if known(c) { c } else { '\u{fffd}' })
            .collect()
    }

    fn width(&self, weight: Weight, size: f32, text: &str) -> f32 {
        let face = match weight {
            Weight::Bold => &self.bold,
            Weight::Regular => &self.regular,
        };
        let units = f32::from(face.units_per_em());
        let advance = |c| {
            let glyph = face.glyph_index(c);
            glyph
                .and_then(|glyph| face.glyph_hor_advance(glyph))
                .unwrap_or_default()
        };
        let sum: f32 = text.chars().map(|c| f32::from(advance(c))).sum();
        sum * size / units
    }

    /// The text in lines no wider than `room`. A word that is wider itself is cut.
    fn lines(&self, (weight, size): (Weight, f32), text: &str, room: f32) -> Vec<String> {
        let mut lines = Vec::new();
        let mut open = String::new();
        for word in self.fit(text).split_whitespace() {
            for piece in self.pieces((weight, size), word, room) {
                let joined = if open.is_empty() {
                    piece.clone()
                } else {
                    format!("{open} {piece}")
                };
                if self.width(weight, size, &joined) <= room {
                    open = joined;
                } else {
                    lines.push(std::mem::replace(&mut open, piece));
                }
            }
        }
        if !open.is_empty() {
            lines.push(open);
        }
        lines
    }

    fn pieces(&self, (weight, size): (Weight, f32), word: &str, room: f32) -> Vec<String> {
        let mut pieces = Vec::new();
        let (mut open, mut width) = (String::new(), 0.0);
        for c in word.chars() {
            let wide = self.width(weight, size, c.encode_utf8(&mut [0; 4]));
            if room < width + wide && !open.is_empty() {
                pieces.push(std::mem::take(&mut open));
                width = 0.0;
            }
            open.push(c);
            width += wide;
        }
        pieces.push(open);
        pieces
    }
}

struct Setter<'a> {
    measure: &'a Measure,
    pages: Vec<Page>,
    y: f32,
    /// How many parts there were.
    parts: usize,
}

/// The lines of each page; there is one at least.
pub(super) fn pages(measure: &Measure, document: &Document) -> Vec<Page> {
    let mut setter = Setter {
        measure,
        pages: vec![Page::default()],
        y: TOP,
        parts: 0,
    };
    let head = &document.head;
    setter.paragraph((Weight::Bold, 12.0), &head.organisation);
    for line in &head.address {
        setter.paragraph((Weight::Regular, 9.0), line);
    }
    setter.space(18.0);
    for line in [&document.date, &document.reference] {
        setter.paragraph((Weight::Regular, BODY), line);
    }
    setter.space(14.0);
    setter.text(Role::Title, (Weight::Bold, 14.0), &document.subject);
    setter.space(8.0);
    setter.paragraph((Weight::Regular, BODY), &document.greeting);
    for block in &document.blocks {
        setter.block(block);
    }
    if !document.closing.is_empty() {
        setter.space(14.0);
        setter.paragraph((Weight::Regular, BODY), &document.closing);
        setter.space(6.0);
        for line in [&head.organisation, &head.officer, &head.contact] {
            setter.paragraph((Weight::Regular, BODY), line);
        }
    }
    setter.pages
}

impl Setter<'_> {
    fn block(&mut self, block: &Block) {
        let body = (Weight::Regular, BODY);
        match block {
            Block::Heading(text) => {
                self.space(12.0);
                self.keep(4.0 * BODY * LEADING);
                self.parts += 1;
                self.text(Role::Heading(self.parts), (Weight::Bold, 11.0), text);
            }
            Block::Paragraph(text) => {
                self.space(6.0);
                self.paragraph(body, text);
            }
            Block::Link { address, label } => {
                self.space(6.0);
                self.paragraph(body, label);
                if address != label {
                    self.paragraph(body, address);
                }
            }
            Block::List(items) => {
                self.space(4.0);
                for item in items {
                    self.parts += 1;
                    let text = format!("\u{2022} {item}");
                    self.indented(Role::Item(self.parts), INDENT, &text);
                }
            }
            Block::Table(rows) => {
                self.space(4.0);
                for (name, value) in rows {
                    self.row(name, value);
                }
            }
        }
    }

    fn paragraph(&mut self, style: (Weight, f32), text: &str) {
        self.parts += 1;
        self.text(Role::Paragraph(self.parts), style, text);
    }

    fn text(&mut self, role: Role, style: (Weight, f32), text: &str) {
        let room = WIDTH - LEFT - RIGHT;
        for line in self.measure.lines(style, text, room) {
            self.put(role, style, LEFT, line);
        }
    }

    fn indented(&mut self, role: Role, indent: f32, text: &str) {
        let style = (Weight::Regular, BODY);
        let room = WIDTH - LEFT - RIGHT - indent;
        for line in self.measure.lines(style, text, room) {
            self.put(role, style, LEFT + indent, line);
        }
    }

    /// A name, and its value beside it.
    fn row(&mut self, name: &str, value: &str) {
        let (bold, body) = ((Weight::Bold, BODY), (Weight::Regular, BODY));
        let room = WIDTH - LEFT - RIGHT - NAMES;
        let names = self.measure.lines(bold, name, NAMES - INDENT);
        let values = self.measure.lines(body, value, room);
        let rows = u8::try_from(names.len().max(values.len())).unwrap_or(u8::MAX);
        self.keep(f32::from(rows.min(20)) * BODY * LEADING);
        self.parts += 1;
        let (top, page) = (self.y, self.pages.len());
        for line in names {
            self.put(Role::Name(self.parts), bold, LEFT, line);
        }
        let below = self.y;
        if self.pages.len() == page {
            self.y = top;
        }
        for line in values {
            self.put(Role::Value(self.parts), body, LEFT + NAMES, line);
        }
        if self.pages.len() == page {
            self.y = self.y.max(below);
        }
    }

    fn put(&mut self, role: Role, (weight, size): (Weight, f32), x: f32, text: String) {
        let height = size * LEADING;
        self.keep(height);
        self.y += height;
        let line = Line {
            x,
            y: self.y,
            size,
            weight,
            role,
            text,
        };
        if let Some(page) = self.pages.last_mut() {
            page.lines.push(line);
        }
    }

    fn space(&mut self, height: f32) {
        self.y += height;
    }

    /// Goes on to a new page if less than `height` is left on this one.
    fn keep(&mut self, height: f32) {
        if HEIGHT - BOTTOM < self.y + height {
            self.pages.push(Page::default());
            self.y = TOP;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::BODY;
    use super::HEIGHT;
    use super::Measure;
    use super::Weight;
    use super::pages;
    use crate::document::Block;
    use crate::document::Document;

    #[test]
    fn many_paragraphs_take_many_pages() {
        let measure = Measure::new().unwrap();
        let text = "word ".repeat(200);
        let document = Document {
            blocks: vec![Block::Paragraph(text); 20],
            ..Document::default()
        };
        let pages = pages(&measure, &document);
        assert!(pages.len() > 2);
        for line in pages.iter().flat_map(|page| &page.lines) {
            assert!(line.y < HEIGHT - 60.0, "{line:?}");
        }
    }

    proptest! {
        #[test]
        fn no_line_is_wider_than_its_room(text in "\\PC{0,200}", room in 60_u16..400) {
            let measure = Measure::new().unwrap();
            let style = (Weight::Regular, BODY);
            for line in measure.lines(style, &text, room.into()) {
                prop_assert!(measure.width(style.0, style.1, &line) <= f32::from(room) + 0.01);
            }
        }
    }
}
