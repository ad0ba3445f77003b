//! The access package: a copy of everything that is kept of one person, as JSON and as pages, in one
//! archive.
//!
//! It is written while it is read: a list of any length is cut into parts, of which one is held at a
//! time, and the archive goes out as a stream. What it takes of memory grows with the number of files
//! in it and with nothing else.
//!
//! The pages stand for themselves: no script, no other origin, readable at 360 pixels, in the dark and
//! on paper. Whatever comes from outside goes into them through [`Html::text`], which escapes; markup
//! is `'static`, so nothing that was read can become some.
//!
//! `manifest.json` has the SHA-256 of every other file; what is signed is a note with the hash of that
//! manifest. So the signature covers all of it, and anybody can check one file without the rest.
//!
//! The pages speak the person's language ([`Texts`]); what programs read is the same in all of them.
//!
//! Left out: where the data come from, who may have them, and encryption (whoever gives the stream its
//! place seals it).
//!
//! To add a list: open it with [`Writer::list`] where the others are, give [`Index`] what came of it, and
//! its words to every file of `locales/`.

mod html;
mod index;
mod list;
mod manifest;
mod passage;
mod readable;
mod texts;
mod writer;

pub use html::Html;
pub use index::Fact;
pub use index::Head;
pub use index::Index;
pub use index::Table;
pub use list::List;
pub use list::Listed;
pub use list::OpenList;
pub use manifest::FileEntry;
pub use manifest::Manifest;
pub use passage::Cut;
pub use passage::Found;
pub use passage::Other;
pub use passage::Shown;
pub use passage::cut;
pub use passage::others;
pub use passage::show;
pub use readable::readable;
pub use texts::Texts;
pub use writer::Finished;
pub use writer::PackageError;
pub use writer::Packing;
pub use writer::Writer;
