//! The form in which words are compared.

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

/// Texts with more characters than this are no keywords.
pub const LONGEST: usize = 64;

/// Words in the longest keyword.
pub const MOST_TOKENS: usize = 6;

/// The comparison key of a text: compatibility forms unified (NFKD), diacritics dropped, lower
/// case, only letters and digits, single spaces between words. `None` if nothing is left, or if
/// the text is too long to be a keyword, which costs a look at its first characters only.
///
/// Dashes, slashes and underscores separate words like spaces do; all other punctuation, emoji,
/// invisible characters and direction marks count for nothing.
pub fn key(text: &str) -> Option<String> {
    let text = text.trim();
    if text.chars().nth(LONGEST).is_some() {
        return None;
    }
    let mut key = String::with_capacity(text.len());
    let mut between = false;
    let letters = text
        .nfkd()
        .filter(|c| !is_combining_mark(*c))
        .flat_map(char::to_lowercase);
    for letter in letters {
        if letter.is_alphanumeric() {
            if between && !key.is_empty() {
                key.push(' ');
            }
            between = false;
            key.push(letter);
        } else {
            between |= separates(letter);
        }
    }
    (!key.is_empty()).then_some(key)
}

fn separates(c: char) -> bool {
    // U+2010 to U+2015 are the dashes of general punctuation.
    c.is_whitespace() || matches!(c, '-' | '/' | '_' | '\u{2010}'..='\u{2015}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys() {
        let check = |text: &str, wanted: Option<&str>| {
            assert_eq!(key(text).as_deref(), wanted, "{text:?}");
        };
        check("STOP", Some("stop"));
        check("  Stop.\n", Some("stop"));
        check("Stop 🛑", Some("stop"));
        check("🛑🛑 stop ✋🏽 🇿🇦", Some("stop"));
        check("S.T.O.P.", Some("stop"));
        check("s t o p", Some("s t o p"));
        check("\u{ff33}\u{ff34}\u{ff2f}\u{ff30}", Some("stop"));
        check("st\u{200b}o\u{200d}p\u{feff}", Some("stop"));
        check("\u{200f}stop\u{200e}", Some("stop"));
        check("\u{2067}STOP\u{2069}", Some("stop"));
        check("\u{1d412}\u{1d413}\u{1d40e}\u{1d40f}", Some("stop"));
        check("s\u{336}t\u{336}o\u{336}p\u{336}", Some("stop"));
        check("hou\u{a0}\u{a0} op!", Some("hou op"));
        check("Opt-Out", Some("opt out"));
        check("opt\u{2011}out", Some("opt out"));
        check("\"arrêt\"", Some("arret"));
        check("ARRE\u{302}T", Some("arret"));
        check("EMI\u{160}A", Some("emisa"));
        check("- stop -", Some("stop"));
        check("", None);
        check("  ", None);
        check("🛑", None);
        check("...", None);
        check(&format!("stop{}", "\n".repeat(500)), Some("stop"));
        check(&"x".repeat(LONGEST), Some(&"x".repeat(LONGEST)));
        check(&"x".repeat(LONGEST + 1), None);
    }
}
