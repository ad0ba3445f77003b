//! Why a rulebook is not accepted, and what somebody should look at though it is.

use std::fmt;

use jiff::civil::Date;
use thiserror::Error;

use crate::kind::Kind;

/// One reason why a file is refused.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Fault {
    /// The file's name without its folder.
    pub file: String,
    /// Where, counted from 1.
    pub line: usize,
    /// The id of the rule, if it is about one.
    pub rule: Option<String>,
    /// What is wrong.
    pub problem: Problem,
}

impl Fault {
    pub(crate) fn new(file: &str, line: usize, rule: Option<&str>, problem: Problem) -> Self {
        Self {
            file: file.to_owned(),
            line,
            rule: rule.map(str::to_owned),
            problem,
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            file,
            line,
            rule,
            problem,
        } = self;
        match rule {
            Some(rule) => write!(f, "{file}:{line}: rule `{rule}`: {problem}"),
            None => write!(f, "{file}:{line}: {problem}"),
        }
    }
}

/// What can be wrong with a pack, a holiday calendar or a review.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
pub enum Problem {
    /// It adds to a pack that there is not.
    #[error("it adds to a pack that is not there")]
    Base,
    /// Another rule says something else of the same matter at the same time.
    #[error(
        "it contradicts `{other}`: the same kind and conditions, another value, and both hold on {on}"
    )]
    Contradiction {
        /// The other rule.
        other: String,
        /// A day on which both hold.
        on: Date,
    },
    /// A date has a time in it or is none.
    #[error("`{0}` is not a date")]
    Date(&'static str),
    /// The id, or the day, stands here twice.
    #[error("it stands here twice")]
    Duplicate,
    /// It ends before it begins.
    #[error("`effective_to` lies before `effective_from`")]
    Ended,
    /// A pack's id is not made of letters.
    #[error("the id of a pack is made of small letters and hyphens")]
    Id,
    /// There is no calendar of this name.
    #[error("there is no holiday set of this name")]
    Holidays,
    /// A rule of low confidence can be no ground for a decision.
    #[error("low confidence is never enforced")]
    Low,
    /// Something is missing that the rule's kind or status needs.
    #[error("`{0}` is missing")]
    Missing(&'static str),
    /// No pack catches what no other knows.
    #[error("there is no enforced pack `xx-default`")]
    NoDefault,
    /// A place has a code that is not listed.
    #[error("a place is not an ISO 3166 code that is listed")]
    Place,
    /// A prefix is not made of digits, or stands twice.
    #[error("a prefix is empty, stands twice, or has something else than digits in it")]
    Prefix,
    /// A file cannot be read, or is too large.
    #[error("cannot be read: {0}")]
    Read(String),
    /// A regime of a sector that no rule names.
    #[error("a regime that no rule names; there are {0}")]
    Regime(String),
    /// A rule's id does not begin with pack and kind.
    #[error("the id does not begin with `{pack}/{kind}/`")]
    RuleId {
        /// The pack it stands in.
        pack: String,
        /// Its kind.
        kind: &'static str,
    },
    /// The file is not TOML, or has other fields.
    #[error("{0}")]
    Syntax(String),
    /// There is no such rule or pack.
    #[error("there is no rule or pack of this id")]
    Unknown,
    /// The value does not suit the kind.
    #[error("the value of a rule of kind `{kind}`: {problem}")]
    Value {
        /// The kind.
        kind: &'static str,
        /// What is wrong.
        problem: String,
    },
    /// A time zone is not in the database.
    #[error("a time zone is not in the IANA database")]
    Zone,
}

impl Problem {
    /// What the TOML reader says, on one line.
    pub(crate) fn syntax(message: &str) -> Self {
        let lines: Vec<&str> = message.lines().map(str::trim).collect();
        Self::Syntax(lines.join(" "))
    }

    pub(crate) fn value(kind: Kind, problem: impl fmt::Display) -> Self {
        Self::Value {
            kind: kind.name(),
            problem: problem.to_string().replace('\n', " ").trim().to_owned(),
        }
    }
}

/// All reasons why a rulebook is refused; the one before stays in force.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
pub struct Refused(pub Vec<Fault>);

/// Something that is no fault, but that somebody should know.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Warning {
    /// The rule, pack or calendar it is about.
    pub about: String,
    /// What there is to know.
    pub matter: Matter,
}

/// What there is to know of a rule, a pack or a calendar.
#[derive(Clone, Debug, Eq, Error, Ord, PartialEq, PartialOrd)]
pub enum Matter {
    /// The calendar ends soon, or has ended.
    #[error("the holidays are known up to {0} only; behind that the strict side is taken")]
    Calendar(Date),
    /// A file holds an older version of a pack than the program does.
    #[error("the file is not newer than what is built in ({0}) and is not used")]
    Older(String),
    /// The rule has changed since somebody accepted it.
    #[error("the rule was changed on {changed}, after the review of {reviewed}: it waits again")]
    ReviewVoid {
        /// When the rule was changed.
        changed: Date,
        /// When it was accepted.
        reviewed: Date,
    },
    /// Nobody has looked at it for more than 12 months.
    #[error("last reviewed on {0}, more than 12 months ago")]
    Stale(Date),
    /// Medium confidence, and nobody has accepted it.
    #[error("waits for review: medium confidence, not enforced until a named reviewer accepts it")]
    Waits,
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`: {}", self.about, self.matter)
    }
}
