//! Pages that stand for themselves.

/// A page on its way.
#[derive(Debug, Default)]
pub struct Html(String);

/// How every page looks: a measure of 72 characters, tables that become cards on a phone, dark where the
/// reader likes it dark, ink on paper.
const STYLE: &str = "\
:root{color-scheme:light dark;--ink:#1c1d1f;--dim:#5a5f66;--page:#fff;--line:#d9dce1;--tint:#f3f5f8;--link:#0b57a4}\
@media(prefers-color-scheme:dark){:root{--ink:#e8eaed;--dim:#a3a9b2;--page:#16181b;--line:#3a3f46;--tint:#20242a;--link:#8ab8f0}}\
*{box-sizing:border-box}body{margin:0 auto;padding:1rem;max-width:60rem;background:var(--page);color:var(--ink);\
font:1rem/1.55 system-ui,sans-serif;overflow-wrap:anywhere}h1{font-size:1.5rem;line-height:1.25;margin:1rem 0}\
h2{font-size:1.15rem;margin:2rem 0 .5rem}p,ul{max-width:72ch}a{color:var(--link)}a:focus-visible{outline:3px solid var(--link)}\
.dim{color:var(--dim)}table{border-collapse:collapse;width:100%;margin:.5rem 0}th,td{text-align:left;vertical-align:top;\
padding:.4rem .6rem;border-bottom:1px solid var(--line)}th{color:var(--dim);font-weight:600}\
ol.chat{list-style:none;padding:0}ol.chat li{border:1px solid var(--line);border-radius:.5rem;padding:.5rem .75rem;\
margin:.5rem 0;max-width:48rem}ol.chat li.out{margin-left:1.5rem;background:var(--tint)}ol.chat p{margin:.2rem 0;white-space:pre-wrap}\
@media(max-width:36rem){thead{position:absolute;left:-9999px}tr{display:block;padding:.4rem 0;border-bottom:1px solid var(--line)}\
td{display:block;border:0;padding:.1rem 0}td::before{content:attr(data-name) \": \";color:var(--dim)}ol.chat li.out{margin-left:.75rem}}\
@media print{body{max-width:none;padding:0;background:#fff;color:#000}a{color:#000}ol.chat li,tr{break-inside:avoid}}";

impl Html {
    /// The beginning of a page in a language (BCP 47).
    pub fn page(language: &str, title: &str) -> Self {
        let mut page = Self(String::with_capacity(8 * 1_024));
        page.raw("<!doctype html>\n<html lang=\"");
        page.text(language);
        page.raw("\">\n<head>\n<meta charset=\"utf-8\">\n");
        page.raw("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
        page.raw("<meta http-equiv=\"Content-Security-Policy\" ");
        page.raw("content=\"default-src 'none'; style-src 'unsafe-inline'\">\n");
        page.raw("<meta name=\"referrer\" content=\"no-referrer\">\n<title>");
        page.text(title);
        page.raw("</title>\n<style>");
        page.raw(STYLE);
        page.raw("</style>\n</head>\n<body>\n<main>\n<h1>");
        page.text(title);
        page.raw("</h1>\n");
        page
    }

    /// The end of it.
    pub fn end(mut self) -> String {
        self.raw("</main>\n</body>\n</html>\n");
        self.0
    }

    /// Markup.
    pub fn raw(&mut self, markup: &'static str) {
        self.0.push_str(markup);
    }

    /// What is no markup, whatever stands in it.
    pub fn text(&mut self, text: &str) {
        let mut from = 0;
        for (at, byte) in text.bytes().enumerate() {
            let escaped = match byte {
                b'&' => "&amp;",
                b'<' => "&lt;",
                b'>' => "&gt;",
                b'"' => "&quot;",
                b'\'' => "&#39;",
                // Control characters may not stand in a page.
                0..=8 | 11..=31 | 127 => "\u{fffd}",
                _ => continue,
            };
            self.0.push_str(text.get(from..at).unwrap_or_default());
            self.0.push_str(escaped);
            from = at + 1;
        }
        self.0.push_str(text.get(from..).unwrap_or_default());
    }

    /// One line with something before it.
    pub fn line(&mut self, text: &str) {
        self.raw("<p>");
        self.text(text);
        self.raw("</p>\n");
    }

    /// A heading of the second level.
    pub fn heading(&mut self, text: &str) {
        self.raw("<h2>");
        self.text(text);
        self.raw("</h2>\n");
    }

    /// A link to a file of the package, from a page so many folders deep.
    pub fn link(&mut self, up: usize, file: &str, text: &str) {
        self.raw("<a href=\"");
        for _ in 0..up {
            self.raw("../");
        }
        self.text(file);
        self.raw("\">");
        self.text(text);
        self.raw("</a>");
    }

    /// The head of a table, and its beginning.
    pub fn table(&mut self, columns: &[String]) {
        self.raw("<table>\n<thead><tr>");
        for column in columns {
            self.raw("<th scope=\"col\">");
            self.text(column);
            self.raw("</th>");
        }
        self.raw("</tr></thead>\n<tbody>\n");
    }

    /// A row of it.
    pub fn row<'a>(&mut self, columns: &[String], cells: impl IntoIterator<Item = &'a str>) {
        self.raw("<tr>");
        for (column, cell) in columns.iter().zip(cells) {
            self.raw("<td data-name=\"");
            self.text(column);
            self.raw("\">");
            self.text(cell);
            self.raw("</td>");
        }
        self.raw("</tr>\n");
    }

    /// Its end.
    pub fn end_table(&mut self) {
        self.raw("</tbody>\n</table>\n");
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn push(&mut self, other: &Self) {
        self.0.push_str(&other.0);
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }
}
