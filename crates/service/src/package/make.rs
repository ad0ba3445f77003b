//! Making a package: everything read once and written once, into a sealed object.

use std::io;
use std::io::BufWriter;
use std::io::Write;
use std::sync::Arc;
use std::sync::PoisonError;

use domain::message::Direction;
use domain::time::Span;
use package::Head;
use package::Index;
use package::Texts;
use package::Writer;
use seal::DataKey;
use seal::Place;
use seal::RecordKind;
use seal::Sha256Stream;
use store::Registry;
use store::package::BYTES;
use store::package::Made;
use store::package::PackageKind;
use store::package::PackageView;
use store::request::RequestView;
use tokio::runtime::Handle;

use super::PackageError;
use super::messages::Written;
use super::source::Source;
use crate::Service;

/// How much is gathered before the file is written to, in bytes.
const BUFFER: usize = 256 * 1024;

/// A package that is being made.
pub struct Making {
    pub(super) view: PackageView,
    pub(super) source: Source,
    pub(super) registry: Arc<Registry>,
    pub(super) head: Head,
    /// The words of the pages, in the person's language.
    pub(super) texts: Arc<Texts>,
    /// The request it answers.
    pub(super) request: Option<RequestView>,
}

impl std::fmt::Debug for Making {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Making")
    }
}

impl Making {
    /// Whether messages of a direction are in it: what a person may take along is what they provided.
    pub(super) fn wants(&self, direction: Direction) -> bool {
        self.is_whole() || direction == Direction::Inbound
    }

    /// Whether it holds everything.
    pub(super) fn is_whole(&self) -> bool {
        self.view.kind == PackageKind::Access
    }
}

/// Counts and hashes what passes.
struct Hashing<W> {
    out: W,
    hash: Sha256Stream,
    size: u64,
}

impl<W: Write> Write for Hashing<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = self.out.write(bytes)?;
        self.hash.update(bytes.get(..taken).unwrap_or_default());
        self.size += taken as u64;
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

impl Service {
    pub(super) fn make_package(
        &self,
        runtime: &Handle,
        view: &PackageView,
    ) -> Result<(), PackageError> {
        let id = view.id;
        let object = self.store.read_now(|reader| reader.package_object(id))?;
        let object = object.ok_or(PackageError::Gone)?;
        let made = self.write_object(runtime, view, (&object.object, &object.key));
        let made = made.inspect_err(|_| self.shelf.drop_half(&object.object))?;
        let kept = runtime.block_on(self.store.package_made(id, made));
        if kept.is_err() {
            // Somebody ended it just now: the file goes as the row did.
            self.shelf
                .remove(&object.object)
                .map_err(PackageError::File)?;
        }
        Ok(kept?)
    }

    fn write_object(
        &self,
        runtime: &Handle,
        view: &PackageView,
        (object, key): (&str, &DataKey),
    ) -> Result<Made, PackageError> {
        let file = self.shelf.begin(object).map_err(PackageError::File)?;
        let sealed = key
            .seal_into(
                self.store.random(),
                &place(view.id.0),
                BufWriter::with_capacity(BUFFER, file),
            )
            .map_err(PackageError::File)?;
        let out = Hashing {
            out: sealed,
            hash: Sha256Stream::default(),
            size: 0,
        };
        let (out, items) = self.write_package(runtime, view, out)?;
        let (hash, size) = (out.hash.finish(), out.size);
        let file = out.out.finish().map_err(PackageError::File)?;
        let file = file
            .into_inner()
            .map_err(|error| PackageError::File(error.into_error()))?;
        self.shelf.end(object, &file).map_err(PackageError::File)?;
        Ok(Made {
            hash,
            size,
            items,
            expires: self.store.clock().now() + Span::days(self.settings.package_days),
        })
    }

    /// Writes a package. Returns what took it, and how many items it holds.
    fn write_package<W: Write>(
        &self,
        runtime: &Handle,
        view: &PackageView,
        out: W,
    ) -> Result<(W, u64), PackageError> {
        let making = self.making(runtime, view)?;
        let mut writer = Writer::new(out, Arc::clone(&making.texts));
        let written = self.write_messages(runtime, &making, &mut writer)?;
        let mut index = self.write_tables(runtime, &making, &written, &mut writer)?;
        index.lists.insert(0, written.listed);
        if making.is_whole() {
            index
                .lists
                .push(self.write_decisions_about(&making, &mut writer)?);
            index.lists.push(self.write_accesses(&making, &mut writer)?);
            self.write_receipts(runtime, &making, (&mut index, &mut writer))?;
        }
        if written.left_out > 0 {
            index.lists.push(self.write_left_out(&making, &mut writer)?);
        }
        let items = index.lists.iter().map(|listed| listed.items).sum::<u64>() + written.media;
        self.write_summary(&making, (&written.about, &mut index), &mut writer)?;
        writer.file("index.html", index.page(&making.texts).as_bytes())?;
        let log = Arc::clone(&self.log.writer);
        let finished = writer.finish(&making.head, |text| {
            let log = log.lock().unwrap_or_else(PoisonError::into_inner);
            log.key.state(text).ok()
        })?;
        Ok((finished.out, items))
    }

    fn making(&self, runtime: &Handle, view: &PackageView) -> Result<Making, PackageError> {
        let request = match view.request {
            Some(id) => self.store.read_now(|reader| reader.request(id))?,
            None => None,
        };
        let language = request.as_ref().map(|request| request.language.as_str());
        let texts = Texts::of(language.unwrap_or(&self.settings.language));
        Ok(Making {
            view: view.clone(),
            source: Source::read(self, view)?,
            registry: self.store.registry(),
            head: self.package_head(runtime, view)?,
            texts: Arc::new(texts),
            request,
        })
    }

    fn package_head(&self, runtime: &Handle, view: &PackageView) -> Result<Head, PackageError> {
        let head = runtime.block_on(self.head())?;
        let settings = &self.settings;
        Ok(Head {
            organisation: settings.organisation.clone(),
            package: view.id.0,
            request: view.request.map(|request| request.0),
            // What came in later is not in it.
            made_at: view.created.to_string(),
            made_by: format!("imvume {}", env!("CARGO_PKG_VERSION")),
            log: settings.log_name.clone(),
            checkpoint: Some(head.checkpoint),
            portability: view.kind == PackageKind::Portability,
        })
    }
}

/// The place of a package's bytes under the object's own key.
pub(super) const fn place(package: i64) -> Place {
    Place {
        record: RecordKind::Package,
        field: BYTES,
        id: package.cast_unsigned(),
        key: 0,
    }
}

/// An index with nothing in it.
pub(super) fn index(making: &Making, written: &Written) -> Index {
    Index {
        head: making.head.clone(),
        tables: Vec::new(),
        facts: Vec::new(),
        lists: Vec::new(),
        files: Vec::new(),
        left_out: written.left_out,
    }
}
