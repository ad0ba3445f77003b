//! The words by which a person stops, starts, or asks for help.
//!
//! A word counts if the whole message or button payload is that word (see [`crate::key`]) and its
//! language is one of the person's; STOP counts in every language. Words of low confidence and
//! ambiguous opt-ins are data, but never enforced. Free text such as "don't message me again" is
//! not for this module.

use std::collections::HashMap;
use std::collections::HashSet;

use domain::keyword::Keyword;
use domain::request::RequestKind;
use serde::Deserialize;
use thiserror::Error;
use toml::Spanned;
use toml::value::Datetime;

use crate::key::MOST_TOKENS;
use crate::key::key;
use crate::language::EVERY;
use crate::language::LanguageSet;

/// The pack that is compiled in.
const BUILTIN: &str = include_str!("../packs/words.toml");

/// What a word asks for. The order is that of strength: if a word has several meanings, the
/// greatest counts.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Intent {
    /// Help.
    Help,
    /// Why the last message came.
    Why,
    /// Something that people can ask for by right.
    Right(RequestKind),
    /// That everything is to be erased, in answer to a question.
    ConfirmDeletion,
    /// That nothing is to be erased.
    KeepData,
    /// Promotions again.
    OptIn,
    /// No promotions any more.
    OptOut(OptOutClass),
}

/// How sure an opt-out is. Both suppress promotions at once.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum OptOutClass {
    /// The word has another meaning in a service chat: ask one clarifying question, and never erase
    /// data or cancel a contract on it.
    Ambiguous,
    /// The word means nothing else.
    Plain,
}

impl From<Intent> for Keyword {
    fn from(intent: Intent) -> Self {
        match intent {
            Intent::Help => Self::Help,
            Intent::Why => Self::Why,
            Intent::Right(kind) => Self::Ask(kind),
            Intent::ConfirmDeletion => Self::ConfirmDeletion,
            Intent::KeepData => Self::KeepData,
            Intent::OptIn => Self::Start,
            Intent::OptOut(OptOutClass::Ambiguous) => Self::StopAmbiguous,
            Intent::OptOut(OptOutClass::Plain) => Self::Stop,
        }
    }
}

/// How well the meaning of a word is known.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
pub enum Confidence {
    /// From law or long practice.
    #[serde(rename = "H")]
    High,
    /// Not reviewed by a native speaker: the word is not enforced.
    #[serde(rename = "L")]
    Low,
    /// Compiled from use.
    #[serde(rename = "M")]
    Medium,
}

/// One row of a pack.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Rule {
    /// The stable id, such as `words/af/opt-out/staak`.
    pub id: String,
    /// The primary tag of its language, or `mul` for every language.
    pub language: String,
    /// What the word asks for.
    pub intent: Intent,
    /// How well that is known.
    pub confidence: Confidence,
    /// Whether [`WordPack::detect`] finds it.
    pub enforced: bool,
    /// The word as people are told it.
    pub word: String,
}

/// A word that was recognised, and by which rule.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct WordMatch<'a> {
    /// What the word asks for.
    pub intent: Intent,
    /// The id of the rule.
    pub rule: &'a str,
    /// The language of the rule, or `mul`.
    pub language: &'a str,
}

/// Why a pack is not accepted. Lines count from 1.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
pub enum PackError {
    /// A date of the pack has a time in it or is none.
    #[error("`{field}` is not a date")]
    Date {
        /// Which one.
        field: &'static str,
    },
    /// There is no enforced STOP for every language.
    #[error("the pack has no plain STOP for every language")]
    NoStop,
    /// A row is not acceptable.
    #[error("line {line}, rule `{rule}`: {problem}")]
    Row {
        /// Where it stands.
        line: usize,
        /// The id it has, or should not have.
        rule: String,
        /// What is wrong.
        problem: RowProblem,
    },
    /// The file is not TOML, or has other fields than a pack.
    #[error("line {line}: not a word pack: {problem}")]
    Syntax {
        /// Where.
        line: usize,
        /// What the TOML reader says.
        problem: String,
    },
}

/// What can be wrong with a row.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum RowProblem {
    /// Another row has this word in this language.
    #[error("the language has this word already")]
    Duplicate,
    /// The id does not say language, intent and word.
    #[error("the id is not made of pack, language, intent and word")]
    Id,
    /// The language is not a primary tag.
    #[error("the language is not a primary tag of two or three letters")]
    Language,
    /// The word is empty or too long.
    #[error("the word is empty or too long")]
    Word,
}

/// A compiled pack.
#[derive(Clone, Debug)]
pub struct WordPack {
    version: String,
    effective_from: String,
    last_reviewed: String,
    rules: Vec<Rule>,
    // INVARIANT: indexes of enforced rules by comparison key, the strongest intent first.
    by_key: HashMap<String, Vec<usize>>,
}

impl WordPack {
    /// The pack that is compiled into the program.
    pub fn builtin() -> Result<Self, PackError> {
        Self::parse(BUILTIN)
    }

    /// Reads and checks a pack.
    pub fn parse(text: &str) -> Result<Self, PackError> {
        let file: File = toml::from_str(text).map_err(|error| PackError::Syntax {
            line: line_of(text, error.span().map_or(0, |span| span.start)),
            problem: error.message().to_owned(),
        })?;
        let mut pack = Self {
            version: format!("{}/{}", file.id, file.version),
            effective_from: date("effective_from", file.effective_from)?,
            last_reviewed: date("last_reviewed", file.last_reviewed)?,
            rules: Vec::with_capacity(file.words.len()),
            by_key: HashMap::new(),
        };
        let mut seen = HashSet::new();
        for row in file.words {
            let line = line_of(text, row.span().start);
            let row = row.into_inner();
            let rule = row.rule.clone();
            pack.add(&file.id, row, &mut seen)
                .map_err(|problem| PackError::Row {
                    line,
                    rule,
                    problem,
                })?;
        }
        let stop = pack.detect("stop", &LanguageSet::new([]));
        if stop.is_some_and(|stop| stop.language == EVERY && stop.intent == PLAIN) {
            Ok(pack)
        } else {
            Err(PackError::NoStop)
        }
    }

    /// The id and version of the pack, such as `words/2026-11-21`.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The day from which the pack is meant to be used, as `YYYY-MM-DD`.
    pub fn effective_from(&self) -> &str {
        &self.effective_from
    }

    /// The day somebody last went through all of it, as `YYYY-MM-DD`.
    pub fn last_reviewed(&self) -> &str {
        &self.last_reviewed
    }

    /// All rows in the order of the file, those that are not enforced included.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// The meaning of `text`, a whole message or button payload, to a person who speaks
    /// `languages`. If it has several, opting out wins over opting in and that over asking why or for help, and a
    /// plain opt-out over an ambiguous one.
    pub fn detect(&self, text: &str, languages: &LanguageSet) -> Option<WordMatch<'_>> {
        let meanings = self.by_key.get(&key(text)?)?;
        let mut rules = meanings.iter().filter_map(|index| self.rules.get(*index));
        let rule = rules.find(|rule| languages.contains(&rule.language))?;
        Some(WordMatch {
            intent: rule.intent,
            rule: &rule.id,
            language: &rule.language,
        })
    }

    fn add(
        &mut self,
        pack: &str,
        row: Row,
        seen: &mut HashSet<(String, String)>,
    ) -> Result<(), RowProblem> {
        let language = row.language;
        if !(2..=3).contains(&language.len()) || !language.bytes().all(|b| b.is_ascii_lowercase()) {
            return Err(RowProblem::Language);
        }
        let key = key(&row.word).ok_or(RowProblem::Word)?;
        if key.split(' ').count() > MOST_TOKENS {
            return Err(RowProblem::Word);
        }
        let id = format!(
            "{pack}/{language}/{}/{}",
            row.intent.name(),
            key.replace(' ', "-")
        );
        if row.rule != id {
            return Err(RowProblem::Id);
        }
        if !seen.insert((language.clone(), key.clone())) {
            return Err(RowProblem::Duplicate);
        }
        let (intent, acts) = row.intent.with(row.class);
        let enforced = acts && row.confidence != Confidence::Low;
        let index = self.rules.len();
        let confidence = row.confidence;
        self.rules.push(Rule {
            id,
            language,
            intent,
            confidence,
            enforced,
            word: row.word,
        });
        if enforced {
            let meanings = self.by_key.entry(key).or_default();
            meanings.push(index);
            let rules = &self.rules;
            meanings.sort_by_key(|index| std::cmp::Reverse(rules.get(*index).map(|r| r.intent)));
        }
        Ok(())
    }
}

const PLAIN: Intent = Intent::OptOut(OptOutClass::Plain);

/// A pack as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    id: String,
    version: String,
    effective_from: Datetime,
    last_reviewed: Datetime,
    words: Vec<Spanned<Row>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    rule: String,
    language: String,
    intent: Kind,
    class: Class,
    confidence: Confidence,
    word: String,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(try_from = "String")]
enum Kind {
    ConfirmDeletion,
    Help,
    KeepData,
    OptIn,
    OptOut,
    Right(RequestKind),
    Why,
}

impl TryFrom<String> for Kind {
    type Error = &'static str;

    fn try_from(name: String) -> Result<Self, Self::Error> {
        // An opt-out is more than a request: it stops.
        let rights = RequestKind::ALL
            .iter()
            .filter(|kind| **kind != RequestKind::OptOut);
        let others = [
            Self::ConfirmDeletion,
            Self::Help,
            Self::KeepData,
            Self::OptIn,
            Self::OptOut,
            Self::Why,
        ];
        let mut all = others.into_iter().chain(rights.copied().map(Self::Right));
        let found = all.find(|kind| kind.name() == name);
        found.ok_or("there is no such intent")
    }
}

#[derive(Clone, Copy, Deserialize, PartialEq)]
enum Class {
    A,
    B,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::ConfirmDeletion => "confirm-deletion",
            Self::Help => "help",
            Self::KeepData => "keep-data",
            Self::OptIn => "opt-in",
            Self::OptOut => "opt-out",
            Self::Right(kind) => kind.name(),
            Self::Why => "why",
        }
    }

    /// The intent, and whether a word of that class acts on it: an ambiguous word stops, but
    /// starts nothing.
    fn with(self, class: Class) -> (Intent, bool) {
        match (self, class) {
            (Self::Help, class) => (Intent::Help, class == Class::A),
            (Self::OptIn, class) => (Intent::OptIn, class == Class::A),
            (Self::Why, class) => (Intent::Why, class == Class::A),
            (Self::Right(kind), class) => (Intent::Right(kind), class == Class::A),
            (Self::ConfirmDeletion, class) => (Intent::ConfirmDeletion, class == Class::A),
            (Self::KeepData, class) => (Intent::KeepData, class == Class::A),
            (Self::OptOut, Class::A) => (PLAIN, true),
            (Self::OptOut, Class::B) => (Intent::OptOut(OptOutClass::Ambiguous), true),
        }
    }
}

fn date(field: &'static str, value: Datetime) -> Result<String, PackError> {
    match value {
        Datetime {
            date: Some(date),
            time: None,
            offset: None,
        } => Ok(date.to_string()),
        Datetime { .. } => Err(PackError::Date { field }),
    }
}

fn line_of(text: &str, offset: usize) -> usize {
    1 + text
        .bytes()
        .take(offset)
        .filter(|byte| *byte == b'\n')
        .count()
}
