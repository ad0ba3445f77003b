//! What a notice has to tell, and how its layers are bound together.
//!
//! A notice has a short text for the chat, a page, and for each element the law asks for (N01 to N21,
//! the numbers of the rulebook) what it says of it. Which elements are needed where is the rulebook's;
//! what to write under each is told here. [`claims`] finds what a notice must not say.

use std::collections::BTreeMap;

pub mod claims;

/// The longest short text, in characters: what fits into the body of an interactive message.
pub const MOST_SHORT: usize = 1_024;

/// An element a notice can have.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Guide {
    /// Its number, such as `N01`.
    pub number: &'static str,
    /// What it is.
    pub what: &'static str,
    /// What to write.
    pub write: &'static str,
}

const fn guide(number: &'static str, what: &'static str, write: &'static str) -> Guide {
    Guide {
        number,
        what,
        write,
    }
}

/// All elements, in the order of their numbers.
pub const ELEMENTS: [Guide; 21] = [
    guide(
        "N01",
        "who is responsible",
        "the organisation's full name, its postal address, and how to reach it",
    ),
    guide(
        "N02",
        "the data protection or information officer, or the representative",
        "the name or role, and an address at which people reach them",
    ),
    guide(
        "N03",
        "the purposes",
        "each purpose by itself, in a sentence a person understands",
    ),
    guide(
        "N04",
        "the legal basis",
        "for each purpose, what allows it: consent, a contract, a law by name, a legitimate interest",
    ),
    guide(
        "N05",
        "the legitimate interest",
        "which interest it is and why it weighs more, or that no purpose rests on one",
    ),
    guide(
        "N06",
        "the categories of data",
        "what is kept, such as number, name, messages, and what was agreed to when",
    ),
    guide(
        "N07",
        "the source",
        "where data come from that the person did not give, or that there are none",
    ),
    guide(
        "N08",
        "the recipients",
        "who gets data and for what; Meta, which delivers the messages, is one of them",
    ),
    guide(
        "N09",
        "transfers to other countries",
        "to which countries data go and what protects them there; Meta's servers stand in several",
    ),
    guide(
        "N10",
        "how long data are kept",
        "for each kind of data a period, or what decides when it ends",
    ),
    guide(
        "N11",
        "the rights",
        "to see, correct, take along and have data erased, and how to ask for it",
    ),
    guide(
        "N12",
        "the right to object",
        "that one can object at any time and how; in a paragraph of its own",
    ),
    guide(
        "N13",
        "how consent is withdrawn",
        "how to say stop, in the chat and elsewhere, and that it is as easy as agreeing",
    ),
    guide(
        "N14",
        "complaints",
        "the authority's name and how to reach it",
    ),
    guide(
        "N15",
        "whether one has to give data",
        "whether a law or a contract asks for them, and what follows if they are not given",
    ),
    guide(
        "N16",
        "automated decisions",
        "how they come about and what they mean for the person, or that there are none",
    ),
    guide(
        "N17",
        "security measures",
        "which measures there are, without promising what none can hold",
    ),
    guide(
        "N18",
        "sale and sharing",
        "whether data are sold or shared for advertising, the link to opt out, and any reward",
    ),
    guide(
        "N19",
        "goods and services",
        "which goods or services the processing makes possible",
    ),
    guide(
        "N20",
        "service providers of the last twelve months",
        "which kinds of data went to which kinds of providers in the last twelve months",
    ),
    guide(
        "N21",
        "answers by a machine",
        "that an AI system answers, before its first answer, or that none does",
    ),
];

/// The element with this number.
pub fn element(number: &str) -> Option<&'static Guide> {
    ELEMENTS.iter().find(|guide| guide.number == number)
}

/// An element that law asks for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Needed {
    /// Its number.
    pub number: String,
    /// Whether it is needed in any case, or only if what it tells of is the case.
    pub always: bool,
    /// The rules that ask for it, each with its provision.
    pub rules: Vec<(String, String)>,
}

/// An element that law asks for and a notice does not have.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Missing<'a> {
    /// Which, and what to write.
    pub guide: &'static Guide,
    /// Who asks for it.
    pub needed: &'a Needed,
}

/// What a notice with these elements does not tell of what is needed, in the order of the numbers.
pub fn missing<'a>(elements: &BTreeMap<String, String>, needed: &'a [Needed]) -> Vec<Missing<'a>> {
    let told = |number: &str| {
        let text = elements.get(number);
        text.is_some_and(|text| text.chars().any(char::is_alphanumeric))
    };
    let mut missing: Vec<Missing<'a>> = needed
        .iter()
        .filter(|needed| !told(&needed.number))
        .filter_map(|needed| element(&needed.number).map(|guide| Missing { guide, needed }))
        .collect();
    missing.sort_by_key(|missing| missing.guide.number);
    missing
}

/// The bytes whose SHA-256 binds all layers of a notice in one language: a first line, then each part
/// as `<length in bytes>:<text>` and a line feed: code, language, title, page, short text, and number
/// and text of every element in the order of the numbers.
pub fn bound<'a>(
    parts: [&'a str; 5],
    elements: impl IntoIterator<Item = (&'a String, &'a String)>,
) -> Vec<u8> {
    let mut bytes = b"imvume-notice-v1\n".to_vec();
    let elements = elements
        .into_iter()
        .flat_map(|(number, text)| [number.as_str(), text.as_str()]);
    for part in parts.into_iter().chain(elements) {
        bytes.extend_from_slice(format!("{}:{part}\n", part.len()).as_bytes());
    }
    bytes
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::ELEMENTS;
    use super::Needed;
    use super::bound;
    use super::missing;

    fn needed(number: &str, always: bool) -> Needed {
        Needed {
            number: number.to_owned(),
            always,
            rules: vec![("za/notice/s18".to_owned(), "POPIA s18(1)".to_owned())],
        }
    }

    #[test]
    fn numbers_count() {
        for (place, guide) in ELEMENTS.iter().enumerate() {
            assert_eq!(guide.number, format!("N{:02}", place + 1));
        }
    }

    #[test]
    fn what_is_not_told_is_missing() {
        let told: BTreeMap<String, String> =
            [("N01", "Shop, 1 Long Street"), ("N03", " \u{2013} ")]
                .map(|(number, text)| (number.to_owned(), text.to_owned()))
                .into();
        let asked = [
            needed("N14", false),
            needed("N01", true),
            needed("N03", true),
        ];
        let found: Vec<_> = missing(&told, &asked)
            .iter()
            .map(|missing| (missing.guide.number, missing.needed.always))
            .collect();
        assert_eq!(found, [("N03", true), ("N14", false)]);
        // A newer rulebook may ask for what nobody here knows how to write.
        assert!(missing(&told, &[needed("N99", true)]).is_empty());
    }

    #[test]
    fn no_text_can_slip_into_another_part() {
        let none = BTreeMap::new();
        let one = bound(["a", "b", "", "", ""], &none);
        assert_eq!(one, b"imvume-notice-v1\n1:a\n1:b\n0:\n0:\n0:\n");
        assert_ne!(one, bound(["a\n1:b", "", "", "", ""], &none));
    }
}
