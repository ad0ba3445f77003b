//! Checks of single values. What is refused is never repeated in the answer.

use axum::http::Uri;
use domain::time::Span;
use domain::time::Timestamp;

use crate::problem::Problem;
use crate::words::Instant;

/// How long a token may live, in days.
const TOKEN_DAYS: u32 = 730;

/// One line of text: 1 to `most` characters, no control characters, no space around it.
pub(crate) fn line(field: &'static str, text: &str, most: usize) -> Result<String, Problem> {
    let text = text.trim();
    let length = text.chars().count();
    if (1..=most).contains(&length) && !text.chars().any(char::is_control) {
        Ok(text.to_owned())
    } else {
        let detail = format!("it has to be one line of 1 to {most} characters");
        Err(Problem::value(field, detail))
    }
}

/// Text that may have several lines: 1 to `most` characters.
pub(crate) fn text(field: &'static str, text: &str, most: usize) -> Result<String, Problem> {
    let text = text.trim();
    let length = text.chars().count();
    let stray = |c: char| c.is_control() && !['\n', '\r', '\t'].contains(&c);
    if (1..=most).contains(&length) && !text.contains(stray) {
        Ok(text.to_owned())
    } else {
        let detail = format!("it has to be a text of 1 to {most} characters");
        Err(Problem::value(field, detail))
    }
}

/// Why personal data are read or an order is changed.
pub(crate) fn reason(reason: &str) -> Result<String, Problem> {
    line("reason", reason, 500)
}

/// An id of Meta's: 1 to 32 digits.
pub(crate) fn meta_id(field: &'static str, id: &str) -> Result<String, Problem> {
    if (1..=32).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_digit()) {
        Ok(id.to_owned())
    } else {
        Err(Problem::value(field, "it has to be 1 to 32 digits"))
    }
}

/// The short name of a purpose or a notice.
pub(crate) fn code(field: &'static str, code: &str) -> Result<String, Problem> {
    if domain::purpose::is_code(code) {
        Ok(code.to_owned())
    } else {
        let detail = "it has to be 1 to 40 lower-case letters, digits and hyphens, beginning with \
                      a letter";
        Err(Problem::value(field, detail))
    }
}

/// A language tag (BCP 47): subtags of letters and digits, parted by hyphens.
pub(crate) fn language(language: &str) -> Result<String, Problem> {
    let subtag =
        |tag: &str| (1..=8).contains(&tag.len()) && tag.bytes().all(|c| c.is_ascii_alphanumeric());
    let primary = language.split('-').next().unwrap_or_default();
    let letters = primary.len() > 1 && primary.bytes().all(|c| c.is_ascii_alphabetic());
    if language.len() <= 35 && letters && language.split('-').all(subtag) {
        Ok(language.to_owned())
    } else {
        let detail = "it has to be a language tag such as en or zu-ZA";
        Err(Problem::value("language", detail))
    }
}

/// Where an app's webhooks go: an absolute http or https address without a password in it. Whether
/// it may be called is decided when it is.
pub(crate) fn url(field: &'static str, url: &str) -> Result<String, Problem> {
    let parsed = url.parse::<Uri>().ok().filter(|_| url.len() <= 2_000);
    let fits = parsed.is_some_and(|uri| {
        let scheme = uri
            .scheme_str()
            .is_some_and(|s| ["http", "https"].contains(&s));
        let authority = uri.authority().is_some_and(|a| !a.as_str().contains('@'));
        scheme && authority
    });
    if fits {
        Ok(url.to_owned())
    } else {
        let detail = "it has to be an absolute http or https address without a password in it";
        Err(Problem::value(field, detail))
    }
}

/// When a token runs out: an instant or a number of days, exactly one of them.
pub(crate) fn expiry(
    now: Timestamp,
    at: Option<Instant>,
    days: Option<u32>,
) -> Result<Timestamp, Problem> {
    let latest = now + Span::days(TOKEN_DAYS);
    let (field, expires) = match (at, days) {
        (Some(at), None) => ("expires_at", at.0),
        (None, Some(days)) => ("expires_in_days", now + Span::days(days)),
        (Some(_), Some(_)) | (None, None) => {
            let detail = "exactly one of expires_at and expires_in_days has to be there";
            return Err(Problem::value("expires_at", detail));
        }
    };
    if now < expires && expires <= latest {
        Ok(expires)
    } else {
        let detail = format!("it has to lie ahead, by {TOKEN_DAYS} days at the most");
        Err(Problem::value(field, detail))
    }
}

#[cfg(test)]
mod tests {
    use domain::time::Span;
    use domain::time::Timestamp;

    use crate::words::Instant;

    #[test]
    fn lines() {
        for (text, fits) in [
            ("a", true),
            ("  a b  ", true),
            ("ünïcödé", true),
            ("", false),
            ("   ", false),
            ("a\nb", false),
            ("a\u{0}b", false),
            ("123456789", false),
        ] {
            assert_eq!(super::line("name", text, 8).is_ok(), fits, "{text:?}");
        }
        assert!(super::text("body", "a\n\tb", 8).is_ok());
        assert!(super::text("body", "a\u{1b}b", 8).is_err());
    }

    #[test]
    fn languages() {
        for (tag, fits) in [
            ("en", true),
            ("zu-ZA", true),
            ("zh-Hant-TW", true),
            ("e", false),
            ("", false),
            ("en_US", false),
            ("en-", false),
            ("12", false),
            ("en-abcdefghi", false),
        ] {
            assert_eq!(super::language(tag).is_ok(), fits, "{tag:?}");
        }
    }

    #[test]
    fn addresses() {
        for (url, fits) in [
            ("https://crm.example.org/hooks?x=1", true),
            ("http://127.0.0.1:9000/", true),
            ("ftp://example.org/", false),
            ("https://u:p@example.org/", false),
            ("/hooks", false),
            ("example.org", false),
            ("", false),
            ("https://exa mple.org/", false),
        ] {
            assert_eq!(super::url("relay_url", url).is_ok(), fits, "{url:?}");
        }
    }

    #[test]
    fn tokens_run_out() {
        let now = Timestamp::from_seconds(1_800_000_000);
        let at = |span| Some(Instant(now + span));
        for (at, days, fits) in [
            (None, Some(1), true),
            (None, Some(730), true),
            (None, Some(731), false),
            (None, Some(0), false),
            (None, None, false),
            (at(Span::hours(1)), None, true),
            (at(Span::hours(1)), Some(1), false),
            (at(Span::ZERO), None, false),
        ] {
            assert_eq!(super::expiry(now, at, days).is_ok(), fits, "{days:?}");
        }
    }
}
