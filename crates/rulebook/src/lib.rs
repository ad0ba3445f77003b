//! Reads dated, versioned packs of law and of words, checks them, and compiles them for quick use.
//!
//! A pack is a TOML file under `packs/`, compiled into the program; packs, calendars and reviews of a
//! directory can replace it or add to it. Validation happens when a pack is read, never when it is
//! applied: what [`Rulebook::load`] and [`words::WordPack::parse`] return is whole. Decisions record
//! the packs' versions and the ids of the rules, so that they can be explained later.
//!
//! [`Rulebook`] is [`domain::law::Law`]: it finds out whose law may hold for a person and hands the
//! gate all rules of each kind. It also answers when requests are due
//! ([`Rulebook::deadlines`]) and what a notice has to tell ([`Rulebook::notice_elements`]).
//!
//! What it leaves out: what follows from a rule (that is [`domain`]), clocks, databases and the
//! network. Files are read in one place, [`files::read_directory`], before anything is put in force.
//!
//! To add a rule: a table in a file of `packs/` with a new `version` there; `docs/rulebook.md` says
//! what each key means, and a test names the line that the table in `docs/consent.md` lacks. To add a
//! kind of rule: a variant of [`Kind`], its value in `value.rs`, and what acts on it. To add a word: a
//! row in `packs/words.toml`, a new `version` and dates there, and a case in `tests/it/words.rs`.

mod clocks;
mod compile;
mod conflict;
pub mod deadline;
mod diff;
mod explain;
mod fault;
pub mod files;
mod handle;
mod holidays;
pub mod key;
pub mod kind;
pub mod language;
mod notice;
mod pack;
mod place;
mod resolve;
mod reviews;
pub mod rule;
mod rulebook;
pub mod strictest;
mod text;
mod value;
pub mod words;

pub use crate::clocks::DueBy;
pub use crate::clocks::RequestClock;
pub use crate::diff::Change;
pub use crate::diff::What;
pub use crate::diff::diff;
pub use crate::explain::Explained;
pub use crate::explain::ExplainedRule;
pub use crate::fault::Fault;
pub use crate::fault::Matter;
pub use crate::fault::Problem;
pub use crate::fault::Refused;
pub use crate::fault::Warning;
pub use crate::handle::Handle;
pub use crate::holidays::HolidaySet;
pub use crate::kind::Element;
pub use crate::kind::Kind;
pub use crate::kind::Retention;
pub use crate::kind::Value;
pub use crate::language::LanguageSet;
pub use crate::notice::Need;
pub use crate::notice::NoticeElement;
pub use crate::pack::Pack;
pub use crate::place::NOWHERE;
pub use crate::resolve::Joins;
pub use crate::resolve::Why;
pub use crate::reviews::Review;
pub use crate::rule::Rule;
pub use crate::rule::State;
pub use crate::rulebook::Rulebook;
pub use crate::words::Intent;
pub use crate::words::OptOutClass;
pub use crate::words::PackError;
pub use crate::words::WordMatch;
pub use crate::words::WordPack;
