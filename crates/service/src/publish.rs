//! The log as files: leaves from the store, tiles and signed checkpoints on disk.

use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;

use store::Store;
use store::StoreError;
use tlog::Checkpoint;
use tlog::Directory;
use tlog::DirectoryError;
use tlog::NoteError;
use tlog::SigningKey;

use crate::Service;
use crate::Settings;

/// How many leaves are read from the store at once.
const SLICE: u32 = 4_096;

/// Why the log's files cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// The files.
    #[error("{0}")]
    Directory(#[from] DirectoryError),
    /// The signature.
    #[error("{0}")]
    Note(#[from] NoteError),
    /// The signature of a consent record.
    #[error("{0}")]
    Record(#[from] record::SignError),
    /// The store.
    #[error("{0}")]
    Store(#[from] StoreError),
    /// The work was cut off.
    #[error("the work was cut off")]
    Cut,
}

/// The log's files and the key that signs their heads.
#[derive(Debug)]
pub(crate) struct Log {
    pub(crate) writer: Arc<Mutex<Writer>>,
    newest: Arc<Mutex<Option<String>>>,
}

#[derive(Debug)]
pub(crate) struct Writer {
    pub(crate) directory: Directory,
    pub(crate) key: SigningKey,
    pub(crate) origin: String,
}

/// Where the log's files stand in a data directory.
pub(crate) fn path(directory: &Path) -> PathBuf {
    directory.join("log")
}

impl Log {
    /// Opens the log, or begins it.
    pub(crate) fn open(
        store: &Store,
        directory: &Path,
        settings: &Settings,
    ) -> Result<Self, PublishError> {
        let path = path(directory);
        let key = SigningKey::from_seed(&settings.log_name, store.keyring().log_seed())?;
        let directory = if path.join("key.vkey").exists() {
            Directory::open(&path)?
        } else {
            Directory::create(&path, &key.verifying_key())?
        };
        let newest = directory.read_checkpoint()?;
        let origin = settings.log_name.clone();
        let writer = Arc::new(Mutex::new(Writer {
            directory,
            key,
            origin,
        }));
        Ok(Self {
            writer,
            newest: Arc::new(Mutex::new(newest)),
        })
    }

    pub(crate) fn checkpoint(&self) -> Option<String> {
        self.newest
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

impl Writer {
    /// Writes what the store has beyond the files, reads it back, and signs the head.
    fn publish(&mut self, store: &Store) -> Result<Option<String>, PublishError> {
        if store.is_overtaken() {
            // The files are the other process's now.
            return Err(StoreError::Fenced.into());
        }
        let before = self.directory.size();
        // What comes in meanwhile is for the next time: under load there would be no end.
        #[expect(
            clippy::redundant_closure_for_method_calls,
            reason = "a reader's method by path wants too narrow a lifetime"
        )]
        let there = store.read_now(|reader| reader.log_size())?;
        while self.directory.size() < there {
            let from = self.directory.size();
            let leaves = store.read_now(|reader| reader.leaves(from, SLICE))?;
            if leaves.is_empty() {
                break;
            }
            self.directory
                .append_at(from, leaves.iter().map(|leaf| leaf.entry.as_slice()))?;
        }
        let size = self.directory.size();
        let signed = self.directory.read_checkpoint_of(size)?;
        if size == before && signed.is_some() {
            return Ok(signed);
        }
        let root = self.directory.root_from_disk(size)?;
        let note = self.key.sign(&Checkpoint {
            origin: self.origin.clone(),
            size,
            root,
        })?;
        self.directory.write_checkpoint(&note)?;
        Ok(Some(note))
    }
}

impl Service {
    /// Writes the log's files as leaves come in, for ever.
    pub(crate) async fn publish(&self) {
        loop {
            if let Err(error) = self.publish_now().await {
                tracing::error!(%error, "cannot write the log's files");
            }
            tokio::time::sleep(self.settings.publish_every).await;
            self.store.leaves().await;
        }
    }

    /// Writes what the store has beyond the files, and signs the head.
    ///
    /// # Errors
    /// [`PublishError`]; what was not written follows the next time.
    pub async fn publish_now(&self) -> Result<Option<String>, PublishError> {
        let store = Arc::clone(&self.store);
        let (writer, newest) = (Arc::clone(&self.log.writer), Arc::clone(&self.log.newest));
        let measures = self.measures.clone();
        tokio::task::spawn_blocking(move || {
            let mut writer = writer.lock().unwrap_or_else(PoisonError::into_inner);
            let note = writer.publish(&store)?;
            measures.published(writer.directory.size(), store.clock().now());
            newest
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .clone_from(&note);
            Ok(note)
        })
        .await
        .map_err(|_| PublishError::Cut)?
    }
}

/// How long the log's files say it is, and its root, as they were last signed; nothing where none was.
pub(crate) fn signed_head(directory: &Path) -> (u64, String) {
    let note = std::fs::read_to_string(path(directory).join("checkpoint")).unwrap_or_default();
    let mut lines = note.lines().skip(1);
    let size = lines.next().and_then(|size| size.parse().ok());
    (
        size.unwrap_or(0),
        lines.next().unwrap_or_default().to_owned(),
    )
}
