//! Reads dated, versioned rule packs, checks them, and compiles them for quick use.
//!
//! A pack is a TOML file under `packs/`, compiled into the program. Validation happens when a pack
//! is read, never when it is applied: what [`words::WordPack::parse`] returns is whole. Decisions
//! record the pack's version and the id of the rule, so that they can be explained later.
//!
//! What it leaves out: what follows from a rule (that is [`domain`]), clocks, files, databases and
//! the network.
//!
//! To add a word: a row in `packs/words.toml`, a new `version` and dates there, and a case in
//! `tests/it/words.rs`. To add a kind of pack: a module beside [`words`] with its own row type and
//! closed error, and its file under `packs/`.

pub mod key;
pub mod language;
pub mod words;

pub use crate::language::LanguageSet;
pub use crate::words::Intent;
pub use crate::words::OptOutClass;
pub use crate::words::PackError;
pub use crate::words::WordMatch;
pub use crate::words::WordPack;
