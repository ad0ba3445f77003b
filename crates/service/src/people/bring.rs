//! From a file into the store: one look at the whole, then the rows in slices.

use std::io;
use std::io::Read;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;

use domain::audit::Actor;
use domain::ids::ImportId;
use domain::ids::PurposeId;
use seal::Sha256Stream;
use store::Store;
use store::StoreError;
use store::import::Begun;
use store::import::Brought;
use store::import::ImportState;
use store::import::ImportView;
use store::import::Listed;
use store::import::NewImport;
use tokio::sync::mpsc;

use super::decode::Encoding;
use super::fault::Bad;
use super::fault::RowFault;
use super::fault::SheetError;
use super::layout::Layout;
use super::national::Country;
use super::sheet::Look;
use super::sheet::Sheet;

/// How many bad rows are told of one by one.
const TOLD: usize = 10_000;
/// How many of them the journal keeps.
const KEPT: usize = 1_000;
/// After how many rows progress is told.
const TELL_EVERY: u64 = 4_096;
/// How many slices are read ahead of the one that is written.
const AHEAD: usize = 2;
/// How long to wait for a store that is busy, and how often.
const BUSY: (Duration, u32) = (Duration::from_millis(50), 1_200);

/// A way to read the file from its beginning.
pub type Open = dyn Fn() -> io::Result<Box<dyn Read + Send>> + Send + Sync;

/// Who is told how far it is.
pub type Watch = dyn Fn(Progress) + Send + Sync;

/// How a list is brought in.
#[derive(Clone, Debug)]
pub struct Options {
    /// Who brings it.
    pub actor: Actor,
    /// Whose columns it has.
    pub layout: Layout,
    /// How it is written.
    pub encoding: Encoding,
    /// The country whose numbers may be in national form.
    pub country: Option<Country>,
    /// The purpose it is about.
    pub purpose: PurposeId,
    /// Where it comes from, in the words of whoever brings it.
    pub provenance: String,
    /// Whether rows that cannot be read are left out; otherwise nothing is brought in.
    pub skip_bad: bool,
    /// How many rows one transaction takes.
    pub slice: usize,
}

/// What is being done.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Stage {
    /// The whole file is looked at.
    Checking,
    /// Rows are brought in.
    Writing,
}

/// How far it is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Progress {
    /// What is being done.
    pub stage: Stage,
    /// With how many rows.
    pub rows: u64,
}

/// How it ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Ended {
    /// The same list was brought in before.
    Before,
    /// It was only looked at.
    Checked,
    /// It is here.
    Done,
    /// There are rows that cannot be read, so nothing was brought in.
    Refused,
}

/// What came of it.
#[derive(Clone, Debug)]
pub struct Report {
    /// How it ended.
    pub ended: Ended,
    /// Its journal, once it has one.
    pub import: Option<ImportView>,
    /// How many rows were dealt with in an earlier run that was broken off.
    pub resumed: u64,
    /// What the look at the whole found.
    pub checked: Checked,
}

/// What a look at the whole file found.
#[derive(Clone, Debug, Default)]
pub struct Checked {
    /// How many rows there are.
    pub rows: u64,
    /// How many people say no.
    pub denied: u64,
    /// How many rows cannot be read.
    pub bad: u64,
    /// The first of them.
    pub faults: Vec<Bad>,
    /// SHA-256 of the file.
    pub hash: [u8; 32],
}

/// Why a list was not brought in. What was dealt with before stays, and the same command goes on.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The same list is here, or on its way, as this.
    #[error("the same list is import {0}")]
    Before(ImportId),
    /// The file changed between the two times it was read.
    #[error("the file changed while it was read; begin again when it stays as it is")]
    Changed,
    /// The file cannot be read as a list.
    #[error(transparent)]
    Sheet(#[from] SheetError),
    /// The store refused.
    #[error("store: {0}")]
    Store(#[from] StoreError),
}

impl From<io::Error> for ImportError {
    fn from(error: io::Error) -> Self {
        Self::Sheet(error.into())
    }
}

/// Looks at a whole list, and brings it in unless that shall be all.
///
/// # Errors
/// [`ImportError`]; rows that were brought in before it stay, and the same call goes on from there.
pub async fn bring(
    store: &Arc<Store>,
    open: Arc<Open>,
    options: Options,
    (watch, dry): (Arc<Watch>, bool),
) -> Result<Report, ImportError> {
    let checked = check(store, &open, &options, &watch).await?;
    let mut report = Report {
        ended: Ended::Checked,
        import: None,
        resumed: 0,
        checked,
    };
    if dry {
        return Ok(report);
    }
    if report.checked.bad > 0 && !options.skip_bad {
        report.ended = Ended::Refused;
        return Ok(report);
    }
    let new = options.new_import(report.checked.hash);
    let (id, from) = match store.begin_import(options.actor, new).await? {
        Begun::Done(view) => {
            report.ended = Ended::Before;
            report.import = Some(view);
            return Ok(report);
        }
        Begun::UnderWay(id) => return Err(ImportError::Before(id)),
        Begun::Resumed(id, rows) => (id, rows),
        Begun::New(id) => (id, 0),
    };
    report.resumed = from;
    write(store, &open, &options, (id, from, &report.checked), &watch).await?;
    report.ended = Ended::Done;
    report.import = store.read(move |reader| reader.import(id)).await?;
    Ok(report)
}

impl Options {
    /// The journal's first entry.
    pub(crate) fn new_import(&self, file_hash: [u8; 32]) -> NewImport {
        NewImport {
            layout: self.layout.name().to_owned(),
            provenance: self.provenance.clone(),
            file_hash,
            purpose: self.purpose,
        }
    }
}

/// Looks at the whole list.
pub(crate) async fn check(
    store: &Arc<Store>,
    open: &Arc<Open>,
    options: &Options,
    watch: &Arc<Watch>,
) -> Result<Checked, ImportError> {
    let (open, watch, look) = (Arc::clone(open), Arc::clone(watch), look(store, options));
    let done = tokio::task::spawn_blocking(move || {
        let mut checked = Checked::default();
        let (mut sheet, hash) = begin(&open, look)?;
        while let Some(row) = sheet.next_row()? {
            checked.rows += 1;
            match row {
                Ok(person) => checked.denied += u64::from(person.denied),
                Err(bad) => {
                    checked.bad += 1;
                    if checked.faults.len() < TOLD {
                        checked.faults.push(bad);
                    }
                }
            }
            if checked.rows.is_multiple_of(TELL_EVERY) {
                let (stage, rows) = (Stage::Checking, checked.rows);
                watch(Progress { stage, rows });
            }
        }
        checked.hash = hash.finish();
        Ok(checked)
    });
    done.await.map_err(|_| StoreError::Stopped)?
}

fn look(store: &Store, options: &Options) -> Look {
    Look {
        layout: options.layout,
        encoding: options.encoding,
        country: options.country,
        now: store.clock().now(),
    }
}

/// Brings the rows in from so many on.
pub(crate) async fn write(
    store: &Arc<Store>,
    open: &Arc<Open>,
    options: &Options,
    (import, from, checked): (ImportId, u64, &Checked),
    watch: &Arc<Watch>,
) -> Result<(), ImportError> {
    let actor = options.actor;
    let faults = Some((checked.bad, listed(&checked.faults)));
    let begun = store.set_import(actor, import, ImportState::Writing, faults);
    begun.await?;
    let written = slices(store, open, options, (import, from, checked.hash), watch).await;
    let state = match written {
        Ok(()) => ImportState::Done,
        Err(_) => ImportState::Interrupted,
    };
    let ended = store.set_import(actor, import, state, None).await;
    written?;
    Ok(ended?)
}

async fn slices(
    store: &Arc<Store>,
    open: &Arc<Open>,
    options: &Options,
    (import, from, hash): (ImportId, u64, [u8; 32]),
    watch: &Arc<Watch>,
) -> Result<(), ImportError> {
    let (sender, mut receiver) = mpsc::channel(AHEAD);
    let (open, look, size) = (Arc::clone(open), look(store, options), options.slice.max(1));
    let reading = tokio::task::spawn_blocking(move || {
        let (mut sheet, read) = begin(&open, look)?;
        let mut slice = Slice::new(import, from, size);
        let mut place = 0;
        while let Some(row) = sheet.next_row()? {
            place += 1;
            if place <= from {
                continue;
            }
            slice.push(row.ok());
            // Whoever would take it may have ended.
            if slice.is_full() && sender.blocking_send(slice.take()).is_err() {
                return Ok(());
            }
        }
        if slice.listed.rows > 0 {
            let _ = sender.blocking_send(slice.take());
        }
        if read.finish() == hash {
            Ok(())
        } else {
            Err(ImportError::Changed)
        }
    });
    let mut told = from;
    while let Some(listed) = receiver.recv().await {
        let rows = listed.from + listed.rows;
        patiently(store, options.actor, listed).await?;
        if rows / TELL_EVERY > told / TELL_EVERY {
            let stage = Stage::Writing;
            watch(Progress { stage, rows });
        }
        told = rows;
    }
    reading.await.map_err(|_| StoreError::Stopped)?
}

/// Writes a slice, and waits for a store that is busy.
async fn patiently(store: &Store, actor: Actor, listed: Listed) -> Result<(), StoreError> {
    let (pause, times) = BUSY;
    for _ in 0..times {
        match store.bring(actor, listed.clone()).await {
            Err(StoreError::Busy) => tokio::time::sleep(pause).await,
            other => return other.map(drop),
        }
    }
    Err(StoreError::Busy)
}

/// Rows that wait to be written.
struct Slice {
    listed: Listed,
    size: usize,
}

impl Slice {
    fn new(import: ImportId, from: u64, size: usize) -> Self {
        let listed = Listed {
            import,
            from,
            rows: 0,
            people: Vec::with_capacity(size),
        };
        Self { listed, size }
    }

    fn push(&mut self, person: Option<Brought>) {
        self.listed.rows += 1;
        self.listed.people.extend(person);
    }

    fn is_full(&self) -> bool {
        self.listed.rows >= self.size as u64
    }

    fn take(&mut self) -> Listed {
        let next = self.listed.from + self.listed.rows;
        let empty = Self::new(self.listed.import, next, self.size);
        std::mem::replace(&mut self.listed, empty.listed)
    }
}

/// The first bad rows as the journal keeps them: pairs of line and reason.
pub(super) fn listed(faults: &[Bad]) -> String {
    let pairs: Vec<(u64, &str)> = faults
        .iter()
        .take(KEPT)
        .map(|bad| (bad.line, bad.fault.words()))
        .collect();
    serde_json::to_string(&pairs).unwrap_or_default()
}

impl Checked {
    /// How many of the bad rows that are told of have which fault.
    pub fn by_fault(&self) -> Vec<(RowFault, u64)> {
        let mut counts: Vec<(RowFault, u64)> = Vec::new();
        let mut faults: Vec<RowFault> = self.faults.iter().map(|bad| bad.fault).collect();
        faults.sort_unstable();
        for fault in faults {
            match counts.last_mut() {
                Some((last, count)) if *last == fault => *count += 1,
                _ => counts.push((fault, 1)),
            }
        }
        counts
    }
}

/// The hash of what was read.
#[derive(Clone)]
struct Hash(Arc<Mutex<Sha256Stream>>);

impl Hash {
    fn finish(&self) -> [u8; 32] {
        let mut stream = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *stream).finish()
    }
}

/// A reader whose bytes are hashed as they pass.
struct Hashed {
    inner: Box<dyn Read + Send>,
    hash: Hash,
}

impl Read for Hashed {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(out)?;
        let mut stream = self.hash.0.lock().unwrap_or_else(PoisonError::into_inner);
        stream.update(out.get(..count).unwrap_or_default());
        Ok(count)
    }
}

fn begin(open: &Arc<Open>, look: Look) -> Result<(Sheet<Hashed>, Hash), SheetError> {
    let hash = Hash(Arc::new(Mutex::new(Sha256Stream::default())));
    let hashed = Hashed {
        inner: open()?,
        hash: hash.clone(),
    };
    Ok((Sheet::look(hashed, look)?, hash))
}
