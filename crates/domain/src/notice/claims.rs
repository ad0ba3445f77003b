//! What a notice must not claim, because nothing that Imvume does can prove it.
//!
//! Text is read as words: case, accents, hyphens, apostrophes, invisible characters and any kind of
//! space make no difference, so a phrase is found however it is set. A claim that is denied in the same
//! clause ("is not end-to-end encrypted") is none. Phrases of all languages are looked for in every
//! text, as notices mix them. The reader errs on the strict side: who writes the notice can always say
//! it otherwise, and is told how.
//!
//! In a phrase `*` at the end of a word stands for any ending, and `..` for up to four words.

mod table;

pub use self::table::CLAIMS;

/// How many words before a claim can deny it.
const REACH: usize = 4;
/// How many words `..` stands for at the most.
const GAP: usize = 4;
/// How long a text is read, in words; what comes behind is not a notice.
const WORDS: usize = 50_000;

/// Something a notice must not claim.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Claim {
    /// Its stable name.
    pub code: &'static str,
    /// Why it cannot be claimed.
    pub why: &'static str,
    /// What to say instead.
    pub instead: &'static str,
    /// The phrases that claim it, with the language of each.
    pub phrases: &'static [(&'static str, &'static str)],
    /// Where there are any: one of these words has to stand in the same sentence.
    near: &'static [&'static str],
}

/// A claim that was found.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Found {
    /// Which.
    pub claim: &'static Claim,
    /// The phrase, as the table has it.
    pub phrase: &'static str,
    /// The line of the text it begins on, counted from 1.
    pub line: usize,
}

/// Words that deny what follows, or what stands right behind a claim in Afrikaans.
const DENIALS: &[&str] = &[
    "arent",
    "aucun",
    "aucune",
    "cannot",
    "cant",
    "didnt",
    "doesnt",
    "dont",
    "geen",
    "isnt",
    "jamais",
    "kein",
    "keine",
    "keinen",
    "keiner",
    "keinerlei",
    "neither",
    "never",
    "nest",
    "nicht",
    "nie",
    "niemals",
    "no",
    "non",
    "nooit",
    "nor",
    "not",
    "pas",
    "wasnt",
    "werent",
    "without",
    "wont",
];

/// Words behind which a denial before them no longer reaches.
const TURNS: &[&str] = &[
    "aber",
    "but",
    "mais",
    "maar",
    "only",
    "just",
    "merely",
    "nur",
    "seulement",
    "slegs",
    "sondern",
];

/// Every claim in a text, by where it stands. Words that claim something twice tell it once.
pub fn find(text: &str) -> Vec<Found> {
    let words = words(text);
    let mut found: Vec<(usize, Found)> = Vec::new();
    for claim in CLAIMS {
        let mut free = 0;
        for (start, word) in words.iter().enumerate() {
            if start < free {
                continue;
            }
            let mut phrases = claim.phrases.iter();
            let claimed =
                phrases.find_map(|(_, phrase)| Some((*phrase, claims(&words, start, phrase)?)));
            if let Some((phrase, taken)) = claimed.filter(|_| is_near(&words, start, claim.near)) {
                free = start + taken;
                let line = word.line;
                found.push((
                    start,
                    Found {
                        claim,
                        phrase,
                        line,
                    },
                ));
            }
        }
    }
    found.sort_by_key(|(start, _)| *start);
    found.into_iter().map(|(_, found)| found).collect()
}

/// A word of a text, folded.
#[derive(Debug)]
struct Word {
    text: String,
    line: usize,
    /// Whether a clause ends behind it.
    ends_clause: bool,
    /// Whether a sentence ends behind it.
    ends_sentence: bool,
}

/// How many words a phrase takes that begins at a word, if nothing denies it.
fn claims(words: &[Word], start: usize, phrase: &str) -> Option<usize> {
    let rest = words.get(start..).unwrap_or_default();
    let begins = phrase.split(' ').next().unwrap_or_default();
    if !rest.first().is_some_and(|word| fits(&word.text, begins)) {
        return None;
    }
    let pattern: Vec<&str> = phrase.split(' ').collect();
    matched(rest, &pattern).filter(|_| !is_denied(words, start))
}

/// How many words a pattern takes from the front, within one sentence.
fn matched(words: &[Word], pattern: &[&str]) -> Option<usize> {
    let Some((first, rest)) = pattern.split_first() else {
        return Some(0);
    };
    if *first == ".." {
        return (0..=GAP).find_map(|gap| {
            let (skipped, behind) = words.split_at_checked(gap)?;
            let whole = skipped.iter().all(|word| !word.ends_sentence);
            let taken = matched(behind, rest).filter(|_| whole)?;
            Some(gap + taken)
        });
    }
    let (word, behind) = words.split_first()?;
    let fits = fits(&word.text, first);
    let goes_on = rest.is_empty() || !word.ends_sentence;
    (fits && goes_on)
        .then(|| matched(behind, rest).map(|taken| taken + 1))
        .flatten()
}

fn fits(word: &str, pattern: &str) -> bool {
    pattern
        .strip_suffix('*')
        .map_or(word == pattern, |stem| word.starts_with(stem))
}

/// Whether the clause denies, within reach before its `start`.
fn is_denied(words: &[Word], start: usize) -> bool {
    let before = words.get(..start).unwrap_or_default();
    before
        .iter()
        .rev()
        .take(REACH)
        .take_while(|word| !word.ends_clause && !TURNS.contains(&word.text.as_str()))
        .any(|word| DENIALS.contains(&word.text.as_str()))
}

/// Whether one of `near` stands in the sentence around a word; always, if there are none.
fn is_near(words: &[Word], at: usize, near: &[&str]) -> bool {
    if near.is_empty() {
        return true;
    }
    let (before, from) = words.split_at_checked(at).unwrap_or((words, &[]));
    let before = before.iter().rev().take_while(|word| !word.ends_sentence);
    let end = from.iter().position(|word| word.ends_sentence);
    let from = from.iter().take(end.map_or(from.len(), |end| end + 1));
    before
        .chain(from)
        .any(|word| near.iter().any(|pattern| fits(&word.text, pattern)))
}

/// The words of a text, folded to small letters without accents.
fn words(text: &str) -> Vec<Word> {
    let mut words: Vec<Word> = Vec::new();
    let (mut open, mut line, mut blank) = (false, 1, false);
    for c in text.chars() {
        if is_invisible(c) {
            continue;
        }
        if c.is_alphanumeric() {
            if !open {
                if words.len() == WORDS {
                    break;
                }
                words.push(Word {
                    text: String::new(),
                    line,
                    ends_clause: false,
                    ends_sentence: false,
                });
            }
            (open, blank) = (true, false);
            if let Some(word) = words.last_mut() {
                fold(c, &mut word.text);
            }
            continue;
        }
        open = false;
        // An empty line ends a sentence, as between items of a list.
        let parts = c == '\n' && blank;
        if c == '\n' {
            line += 1;
            blank = true;
        } else if !c.is_whitespace() {
            blank = false;
        }
        if let Some(word) = words.last_mut() {
            word.ends_sentence |= parts || ".!?\u{2026}\u{3002}".contains(c);
            word.ends_clause |= word.ends_sentence || ",;:()\u{2013}\u{2014}".contains(c);
        }
    }
    words
}

/// What stands in a word without being seen: accents of their own, soft hyphens, joiners, direction
/// marks, apostrophes.
const fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{300}'..='\u{36f}'
            | '\u{ad}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{2064}'
            | '\u{feff}'
            | '\''
            | '\u{2019}'
            | '\u{2bc}'
            | '`'
    )
}

/// Small letters without accents.
fn fold(c: char, word: &mut String) {
    for c in c.to_lowercase() {
        match c {
            '\u{e0}'..='\u{e5}' => word.push('a'),
            '\u{e7}' => word.push('c'),
            '\u{e8}'..='\u{eb}' => word.push('e'),
            '\u{ec}'..='\u{ef}' => word.push('i'),
            '\u{f1}' => word.push('n'),
            '\u{f2}'..='\u{f6}' => word.push('o'),
            '\u{f9}'..='\u{fc}' => word.push('u'),
            '\u{df}' => word.push_str("ss"),
            '\u{153}' => word.push_str("oe"),
            // What small letters of other alphabets leave behind.
            c if is_invisible(c) => {}
            c => word.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::CLAIMS;
    use super::find;

    fn codes(text: &str) -> Vec<&'static str> {
        find(text).iter().map(|found| found.claim.code).collect()
    }

    #[test]
    fn claims_have_names_of_their_own_and_four_languages() {
        let codes: BTreeSet<&str> = CLAIMS.iter().map(|claim| claim.code).collect();
        assert_eq!(codes.len(), CLAIMS.len());
        for claim in CLAIMS {
            let languages: BTreeSet<&str> = claim.phrases.iter().map(|(tag, _)| *tag).collect();
            assert_eq!(languages.len(), 4, "{}", claim.code);
        }
    }

    /// Sentences, and what they claim.
    const SENTENCES: &[(&str, &[&str])] = &[
        (
            "Our chat is end-to-end encrypted.",
            &["end-to-end-encrypted"],
        ),
        (
            "END\u{a0}TO\nEND   Encryption protects you",
            &["end-to-end-encrypted"],
        ),
        ("Our chat is not end-to-end encrypted.", &[]),
        ("Our chat isn\u{2019}t end-to-end encrypted.", &[]),
        (
            "This is not only safe, but end-to-end encrypted.",
            &["end-to-end-encrypted"],
        ),
        (
            "We do not sell data. Chats are end-to-end encrypted.",
            &["end-to-end-encrypted"],
        ),
        (
            "Not just encrypted: end-to-end encrypted",
            &["end-to-end-encrypted"],
        ),
        ("Friend to friend encryption", &[]),
        (
            "Die Nachrichten sind Ende-zu-Ende-verschl\u{fc}sselt.",
            &["end-to-end-encrypted"],
        ),
        (
            "Die Nachrichten sind Ende-zu-Ende-verschlu\u{308}sselt.",
            &["end-to-end-encrypted"],
        ),
        ("Sie sind nicht Ende-zu-Ende-verschl\u{fc}sselt.", &[]),
        (
            "Vos messages sont chiffr\u{e9}s de bout en bout.",
            &["end-to-end-encrypted"],
        ),
        ("Ils ne sont pas chiffr\u{e9}s de bout en bout.", &[]),
        (
            "Die geselsie is end-tot-end ge\u{eb}nkripteer.",
            &["end-to-end-encrypted"],
        ),
        ("Phone numbers are anonymised by hashing.", &["anonymised"]),
        ("We publish anonymous statistics.", &[]),
        ("Hashed numbers are not anonymous.", &[]),
        ("Daten werden anonymisiert gespeichert.", &["anonymised"]),
        ("We are fully GDPR-compliant.", &["compliant"]),
        ("Wir arbeiten DSGVO-konform.", &["compliant"]),
        ("Conforme au RGPD.", &["compliant"]),
        ("An ISO 27001 certified company", &["certified"]),
        ("Only we can read what you write.", &["only-we-can-read"]),
        ("Not only we can read it: Meta can as well.", &[]),
        ("Your number is never shared.", &["never-shared"]),
        ("We do not share your data with anyone.", &["never-shared"]),
        (
            "We share your number with Meta, which delivers messages.",
            &[],
        ),
        ("Ons deel jou nommer nooit.", &["never-shared"]),
        (
            "Vos donn\u{e9}es ne sont jamais partag\u{e9}es.",
            &["never-shared"],
        ),
        ("It is 100% secure.", &["fully-secure"]),
        ("It is 100 % secure.", &["fully-secure"]),
        ("Say stop at any time.", &[]),
        ("", &[]),
    ];

    #[test]
    fn sentences() {
        for (text, expected) in SENTENCES {
            assert_eq!(codes(text), *expected, "{text:?}");
        }
    }

    #[test]
    fn lines_are_told() {
        let text = "Hello\n\nOur chat is\nend-to-end encrypted, and nobody else can read it.";
        let lines: Vec<usize> = find(text).iter().map(|found| found.line).collect();
        assert_eq!(lines, [4, 4]);
    }
}
