//! The archive as a stream: files one behind the other, each hashed as it passes.

use std::io;
use std::io::Write;
use std::sync::Arc;

use seal::Sha256Stream;
use seal::hex;
use zip::CompressionMethod;
use zip::write::SimpleFileOptions;
use zip::write::StreamWriter;
use zip::write::ZipWriter;

use crate::Head;
use crate::List;
use crate::OpenList;
use crate::Texts;
use crate::manifest::FORMAT;
use crate::manifest::FileEntry;
use crate::manifest::Manifest;

/// Why a package could not be written.
#[derive(Debug, thiserror::Error)]
pub enum PackageError {
    /// Whatever takes the stream.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// A value that is no JSON.
    #[error("a value cannot be written as JSON")]
    Json(#[from] serde_json::Error),
    /// The signature.
    #[error("the manifest cannot be signed")]
    Unsigned,
    /// The archive.
    #[error("the archive cannot be written: {0}")]
    Zip(#[from] zip::result::ZipError),
}

/// How a file stands in the archive.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Packing {
    /// Compressed.
    Deflated,
    /// As it is: what is compressed by itself.
    Stored,
}

/// A package on its way.
#[derive(Debug)]
pub struct Writer<W: Write> {
    zip: ZipWriter<StreamWriter<W>>,
    files: Vec<FileEntry>,
    counts: Vec<(String, u64)>,
    texts: Arc<Texts>,
}

/// A package that is whole.
#[derive(Debug)]
pub struct Finished<W> {
    /// What took the stream.
    pub out: W,
    /// How many files it has.
    pub files: usize,
    /// How many items each list has.
    pub counts: Vec<(String, u64)>,
}

/// One file on its way.
struct Hashing<'w, W: Write> {
    zip: &'w mut ZipWriter<StreamWriter<W>>,
    hash: Sha256Stream,
    size: u64,
}

impl<W: Write> Write for Hashing<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = self.zip.write(bytes)?;
        self.hash.update(bytes.get(..taken).unwrap_or_default());
        self.size += taken as u64;
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.zip.flush()
    }
}

impl<W: Write> Writer<W> {
    /// A package that goes into `out`, whose pages speak so.
    pub fn new(out: W, texts: Arc<Texts>) -> Self {
        Self {
            zip: ZipWriter::new_stream(out),
            files: Vec::new(),
            counts: Vec::new(),
            texts,
        }
    }

    /// Writes a file at once.
    ///
    /// # Errors
    /// [`PackageError`].
    pub fn file(&mut self, name: &str, content: &[u8]) -> Result<(), PackageError> {
        self.stream(name, Packing::Deflated, |out| Ok(out.write_all(content)?))
    }

    /// Writes a value as a file of JSON.
    ///
    /// # Errors
    /// [`PackageError`].
    pub fn json(&mut self, name: &str, value: &impl serde::Serialize) -> Result<(), PackageError> {
        self.stream(name, Packing::Deflated, |out| {
            serde_json::to_writer_pretty(&mut *out, value)?;
            Ok(out.write_all(b"\n")?)
        })
    }

    /// Writes a file piece by piece.
    ///
    /// # Errors
    /// [`PackageError`], and whatever `write` says.
    pub fn stream<E: From<PackageError>>(
        &mut self,
        name: &str,
        packing: Packing,
        write: impl FnOnce(&mut dyn Write) -> Result<(), E>,
    ) -> Result<(), E> {
        self.begin(name, packing).map_err(E::from)?;
        let mut out = Hashing {
            zip: &mut self.zip,
            hash: Sha256Stream::default(),
            size: 0,
        };
        write(&mut out)?;
        let (sha256, size) = (hex(&out.hash.finish()), out.size);
        self.files.push(FileEntry {
            name: name.to_owned(),
            sha256,
            size,
        });
        Ok(())
    }

    fn begin(&mut self, name: &str, packing: Packing) -> Result<(), PackageError> {
        // One time for all, so that the same data make the same archive. The fast level: what is
        // written here is read once.
        let options = SimpleFileOptions::default()
            .large_file(true)
            .unix_permissions(0o600);
        let options = match packing {
            Packing::Deflated => options
                .compression_method(CompressionMethod::Deflated)
                .compression_level(Some(1)),
            Packing::Stored => options.compression_method(CompressionMethod::Stored),
        };
        Ok(self.zip.start_file(name, options)?)
    }

    /// Opens a list of any length.
    pub fn list(&mut self, list: List) -> OpenList<'_, W> {
        OpenList::new(self, list)
    }

    pub(crate) fn texts(&self) -> &Texts {
        &self.texts
    }

    pub(crate) fn count(&mut self, name: &str, items: u64) {
        self.counts.push((name.to_owned(), items));
    }

    /// How many items each list has so far.
    pub fn counts(&self) -> &[(String, u64)] {
        &self.counts
    }

    /// Writes the manifest and the note about it, and ends the archive. `sign` makes a signed note out
    /// of a text.
    ///
    /// # Errors
    /// [`PackageError`].
    pub fn finish(
        mut self,
        head: &Head,
        sign: impl FnOnce(&str) -> Option<String>,
    ) -> Result<Finished<W>, PackageError> {
        let manifest = Manifest {
            format: FORMAT,
            organisation: &head.organisation,
            package: head.package,
            request: head.request,
            made_at: &head.made_at,
            made_by: &head.made_by,
            log: &head.log,
            checkpoint: head.checkpoint.as_deref(),
            counts: &self.counts,
            files: &self.files,
        };
        let mut text = serde_json::to_vec_pretty(&manifest)?;
        text.push(b'\n');
        let note = format!(
            "imvume access package v1\nlog: {}\npackage: {}\nmade: {}\nfiles: {}\nmanifest: sha256:{}\n",
            head.log,
            head.package,
            head.made_at,
            self.files.len(),
            hex(&seal::sha256(&text)),
        );
        let note = sign(&note).ok_or(PackageError::Unsigned)?;
        let files = self.files.len();
        self.file("manifest.json", &text)?;
        self.file("manifest.note", note.as_bytes())?;
        let out = self.zip.finish()?.into_inner();
        Ok(Finished {
            out,
            files: files + 2,
            counts: self.counts,
        })
    }
}
