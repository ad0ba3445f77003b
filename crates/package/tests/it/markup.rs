//! Whether a page is one: every element closed in order, nothing from elsewhere, no script.

/// Elements without an end.
const VOID: &[&str] = &["meta", "link", "br"];

pub(crate) fn check(name: &str, language: &str, page: &str) {
    let begins = format!("<!doctype html>\n<html lang=\"{language}\">");
    assert!(page.starts_with(&begins), "{name}");
    let mut open: Vec<&str> = Vec::new();
    let mut rest = page.strip_prefix("<!doctype html>").unwrap();
    while let Some(start) = rest.find('<') {
        let tag = &rest[start + 1..];
        let end = tag.find('>').unwrap();
        let (inner, behind) = (&tag[..end], &tag[end + 1..]);
        let element = inner.trim_start_matches('/').split(' ').next().unwrap();
        assert!(
            element.chars().all(|c| c.is_ascii_alphanumeric()),
            "{name}: <{inner}>"
        );
        assert!(
            !["script", "img", "iframe", "link"].contains(&element),
            "{name}"
        );
        if inner.starts_with('/') {
            assert_eq!(open.pop(), Some(element), "{name}");
        } else if !VOID.contains(&element) {
            open.push(element);
        }
        for attribute in inner.split(' ').skip(1) {
            assert!(!attribute.starts_with("on"), "{name}: <{inner}>");
        }
        if let Some((_, target)) = inner.split_once("href=\"") {
            assert!(
                !target.contains("//") && !target.starts_with("javascript"),
                "{name}"
            );
        }
        rest = behind;
    }
    assert_eq!(open, Vec::<&str>::new(), "{name}");
    assert!(
        !page.contains("url(") && !page.contains("@import"),
        "{name}"
    );
    for wanted in [
        "width=device-width",
        "prefers-color-scheme",
        "@media print",
        "default-src 'none'",
    ] {
        assert!(page.contains(wanted), "{name}: {wanted}");
    }
    let titles = page.matches("<h1>").count();
    assert_eq!(titles, 1, "{name}");
}

#[test]
#[should_panic(expected = "left == right")]
fn an_element_that_is_not_closed_is_seen() {
    check(
        "bad",
        "en",
        "<!doctype html>\n<html lang=\"en\"><p><b></p></html>",
    );
}
