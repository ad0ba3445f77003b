//! Style, script and mark: files of their own, named by what is in them, so that browsers may keep
//! them for good.

use std::fmt::Write as _;

use axum::body::Body;
use axum::response::IntoResponse as _;
use axum::response::Response;
use http::HeaderValue;
use http::header;

use crate::answer;

const STYLE: &str = include_str!("../assets/desk.css");
const SCRIPT: &str = include_str!("../assets/desk.js");
const MARK: &str = include_str!("../assets/mark.svg");

/// How long a browser may keep a file without asking: its name changes with it.
const KEEP: &str = "public, max-age=31536000, immutable";

/// The paths of the files, below the base.
#[derive(Debug)]
pub(crate) struct Assets {
    /// The style sheet.
    pub(crate) style: String,
    /// The script.
    pub(crate) script: String,
    /// The mark of a tab.
    pub(crate) mark: String,
}

impl Assets {
    pub(crate) fn new() -> Self {
        Self {
            style: name("desk", "css", STYLE),
            script: name("desk", "js", SCRIPT),
            mark: name("mark", "svg", MARK),
        }
    }

    /// The file of this name.
    pub(crate) fn file(&self, name: &str) -> Option<Response> {
        let (content, kind) = if name == self.style {
            (STYLE, "text/css; charset=utf-8")
        } else if name == self.script {
            (SCRIPT, "text/javascript; charset=utf-8")
        } else if name == self.mark {
            (MARK, "image/svg+xml")
        } else {
            return None;
        };
        let mut response = Body::from(content).into_response();
        let headers = response.headers_mut();
        answer::protect(headers, answer::NOTHING);
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(KEEP));
        Some(response)
    }
}

fn name(stem: &str, extension: &str, content: &str) -> String {
    let mut name = format!("{stem}-");
    for byte in seal::sha256(content.as_bytes()).iter().take(8) {
        // Writing to a text cannot fail.
        let _ = write!(name, "{byte:02x}");
    }
    name.push('.');
    name.push_str(extension);
    name
}

#[cfg(test)]
mod tests {
    use super::Assets;
    use super::name;

    #[test]
    fn a_name_changes_with_its_content() {
        assert_ne!(name("a", "css", "x"), name("a", "css", "y"));
        let assets = Assets::new();
        assert!(assets.file(&assets.style).is_some());
        assert!(assets.file("desk.css").is_none());
    }
}
