//! A notice, whole, in one version and language.

use std::fmt::Write as _;
use std::sync::Arc;

use askama::Template;
use axum::extract::Path;
use axum::extract::State;
use axum::response::Response;
use domain::time::Timestamp;
use http::StatusCode;
use service::NoticeRef;
use store::registry::Notice;

use crate::answer;
use crate::answer::Framing;
use crate::language::Text;
use crate::page::Page;
use crate::pages::error;
use crate::request::Asked;
use crate::state::Desk;

#[derive(Template)]
#[template(path = "notice.html")]
struct Show {
    page: Page,
    /// The language of the notice itself.
    language: String,
    version: u32,
    published: Timestamp,
    short: Option<String>,
    paragraphs: Vec<String>,
    elements: Vec<String>,
    others: Vec<NoticeRef>,
    checksum: String,
}

/// The notice. The frame is in the reader's language, the notice in its own.
pub(crate) async fn show(
    State(desk): State<Desk>,
    Path((code, version, language)): Path<(String, String, String)>,
    asked: Asked,
) -> Response {
    let registry = desk.service.store().registry();
    let is_it = |notice: &&Notice| {
        notice.code == code && notice.version.to_string() == version && notice.language == language
    };
    let Some(notice) = registry.notices.iter().find(is_it) else {
        return error::page(&asked, StatusCode::NOT_FOUND);
    };
    let siblings = registry.notices.iter().filter(|other| {
        other.code == notice.code
            && other.version == notice.version
            && other.language != notice.language
    });
    let others = siblings.map(reference).collect();
    let text = reader(&desk, &asked, notice);
    let show = draw(asked.page(&text, &notice.title), notice, others);
    let response = answer::page(StatusCode::OK, &show, Framing::Nobody);
    asked.remember(response)
}

/// The frame speaks the language of the notice if it can, so that the page is of one piece.
fn reader(desk: &Desk, asked: &Asked, notice: &Notice) -> Text {
    match desk.languages.by_tag(&notice.language) {
        Some(language) => desk.text(&Arc::clone(language)),
        None => asked.speak(None),
    }
}

fn reference(notice: &Notice) -> NoticeRef {
    NoticeRef {
        code: notice.code.clone(),
        version: notice.version,
        language: notice.language.clone(),
        title: notice.title.clone(),
        short: None,
    }
}

fn draw(page: Page, notice: &Notice, others: Vec<NoticeRef>) -> Show {
    let layers = notice.layers.as_ref();
    let elements = layers.map(|layers| layers.elements.values());
    let hash = layers.map_or(&notice.hash, |layers| &layers.hash);
    let mut checksum = String::with_capacity(2 * hash.len());
    for byte in hash {
        // Writing to a text cannot fail.
        let _ = write!(checksum, "{byte:02x}");
    }
    Show {
        page,
        language: notice.language.clone(),
        version: notice.version,
        published: notice.published_at,
        short: layers.map(|layers| layers.short.clone()),
        paragraphs: paragraphs(&notice.body),
        elements: elements.into_iter().flatten().cloned().collect(),
        others,
        checksum,
    }
}

/// A text in paragraphs: blank lines part them.
fn paragraphs(body: &str) -> Vec<String> {
    let mut paragraphs = Vec::new();
    let mut open = String::new();
    for line in body.lines().map(str::trim_end).chain([""]) {
        if line.trim().is_empty() {
            if !open.is_empty() {
                paragraphs.push(std::mem::take(&mut open));
            }
            continue;
        }
        if !open.is_empty() {
            open.push('\n');
        }
        open.push_str(line);
    }
    paragraphs
}

#[cfg(test)]
mod tests {
    use super::paragraphs;

    #[test]
    fn blank_lines_part_paragraphs() {
        for (body, expected) in [
            ("", &[] as &[&str]),
            ("one", &["one"]),
            ("one\ntwo\n\n\nthree\n", &["one\ntwo", "three"]),
            ("\r\n\r\none\r\n \r\ntwo", &["one", "two"]),
        ] {
            assert_eq!(paragraphs(body), expected, "{body:?}");
        }
    }
}
