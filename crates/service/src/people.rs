//! Lists of people that somebody has from elsewhere: read as what they are, brought in as a claim
//! that proves nothing.
//!
//! A list is read twice. The first look finds every row that cannot be read, and takes nothing; the
//! second brings the rows in, slice by slice, with a journal that a crash goes on from. A cell is
//! data, whatever it begins with, and no value of one appears in an error, a log or a journal.
//!
//! To add a layout: a variant of [`Layout`], its columns in `layout.rs`, a section in
//! `docs/import.md`.

mod bring;
mod decode;
mod fault;
mod layout;
mod national;
mod row;
mod sheet;
mod spool;
mod taken;

pub use self::bring::Checked;
pub use self::bring::Ended;
pub use self::bring::ImportError;
pub use self::bring::Open;
pub use self::bring::Options;
pub use self::bring::Progress;
pub use self::bring::Report;
pub use self::bring::Stage;
pub use self::bring::Watch;
pub use self::bring::bring;
pub use self::decode::Encoding;
pub use self::fault::Bad;
pub use self::fault::RowFault;
pub use self::fault::SheetError;
pub use self::layout::Layout;
pub use self::national::Country;
pub use self::sheet::Sheet;
pub use self::spool::Spool;
