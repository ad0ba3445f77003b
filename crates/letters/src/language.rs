//! The words of a language that no single letter has to itself: months, kinds of requests, classes of
//! records.

use std::collections::BTreeMap;

use domain::record_class::RecordClass;
use domain::request::RequestKind;
use jiff::civil::Date;

use crate::fault::Fault;

/// The name of the file of words in a language's folder.
pub(crate) const WORDS: &str = "words.txt";

/// Keys that every language has, besides those of kinds and classes.
const KEYS: &[&str] = &[
    "case",
    "closing",
    "date",
    "foot",
    "greeting",
    "months",
    "their-authority",
    "why.hold",
    "why.law",
    "why.proof",
    "assurance.claimed",
    "assurance.channel",
    "assurance.second-channel",
    "assurance.staff",
    "searched.conversations",
    "searched.person",
    "searched.log",
    "searched.requests",
    "certificate.acknowledged",
    "certificate.deleted",
    "certificate.left",
    "certificate.none",
    "certificate.waits",
];

/// The words of a language.
#[derive(Clone, Debug, Default)]
pub(crate) struct Words(BTreeMap<String, String>);

impl Words {
    /// Reads `key = value` lines over words there are already. An empty line and one that begins with
    /// `#` say nothing.
    pub(crate) fn read(mut self, file: &str, text: &str) -> Result<Self, Fault> {
        for (index, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let fault = |cause: &str| Fault::new(file, Some(index + 1), cause);
            let (key, value) = line
                .split_once('=')
                .ok_or_else(|| fault("wants a key, `=` and a value"))?;
            let (key, value) = (key.trim(), value.trim());
            if !keys().any(|known| known == key) {
                return Err(fault("the key is not one that letters ask for"));
            }
            if value.is_empty() {
                return Err(fault("the value is empty"));
            }
            if key == "months" && value.split(',').count() != 12 {
                return Err(fault("wants twelve months, parted by commas"));
            }
            self.0.insert(key.to_owned(), value.to_owned());
        }
        match keys().find(|key| !self.0.contains_key(key)) {
            Some(key) => Err(Fault::new(file, None, format!("`{key}` is missing"))),
            None => Ok(self),
        }
    }

    pub(crate) fn say(&self, key: &str) -> &str {
        self.0.get(key).map_or("", String::as_str)
    }

    /// What was asked for, as it stands behind "you asked us".
    pub(crate) fn asked(&self, kind: RequestKind) -> &str {
        self.say(&format!("asked.{}", kind.name()))
    }

    pub(crate) fn class(&self, class: RecordClass) -> &str {
        self.say(&format!("class.{}", class.name()))
    }

    pub(crate) fn case(&self, case: i64) -> String {
        self.say("case").replace("{case}", &case.to_string())
    }

    /// A day in words.
    pub(crate) fn date(&self, date: Date) -> String {
        let month = usize::try_from(date.month()).unwrap_or(1);
        let months = self.say("months");
        let month = months.split(',').nth(month - 1).unwrap_or_default().trim();
        self.say("date")
            .replace("{day}", &date.day().to_string())
            .replace("{month}", month)
            .replace("{year}", &date.year().to_string())
    }
}

fn keys() -> impl Iterator<Item = String> {
    let kinds = RequestKind::ALL.iter();
    let kinds = kinds.map(|kind| format!("asked.{}", kind.name()));
    let classes = RecordClass::ALL.into_iter();
    let classes = classes.map(|class| format!("class.{}", class.name()));
    let others = KEYS.iter().map(|key| (*key).to_owned());
    others.chain(kinds).chain(classes)
}
