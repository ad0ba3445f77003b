//! All long-lived keys of an instance, in one file outside the database.

mod format;
mod key_set;

use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::sync::RwLock;

pub use key_set::KeySet;
use zeroize::Zeroizing;

use crate::data_key::DataKey;
use crate::epoch_key::EpochKey;
use crate::error::KeyringError;
use crate::error::SealError;
use crate::file;
use crate::hash::mac;
use crate::hash::mac_framed;
use crate::hash::narrow;
use crate::id_key::IdKey;
use crate::instance::Instance;
use crate::keyring::format::Lid;
use crate::random::Random;
use crate::root_key::RootKey;
use crate::secret::debug_name_only;

/// The keyring of an instance.
///
/// Shared between threads by reference. What never changes is read without a lock. What a roll
/// changes is a [`KeySet`], swapped whole once the file is durable: [`Keyring::keys`] clones one
/// pointer, and whoever holds the result sees one consistent state for as long as it likes. Changes
/// take a lock of their own, so readers never wait for the disk.
///
/// One process at a time changes a keyring; a change on top of a file that somebody else replaced is
/// refused.
pub struct Keyring {
    path: PathBuf,
    instance: Instance,
    keys: RwLock<Arc<KeySet>>,
    /// Held while the file is being replaced.
    disk: Mutex<Disk>,
}

/// The file as a keyring knows it.
struct Disk {
    checksum: [u8; 32],
    lid: Lid,
}

debug_name_only!(Keyring);

impl Keyring {
    /// Makes all keys of a new instance and writes them to `path`, mode 0600, durable on return.
    /// `now_micros` (since 1970) becomes the birth of the first epoch. An existing file is refused:
    /// a second keyring would make everything sealed so far unreadable.
    ///
    /// # Errors
    ///
    /// [`KeyringError::File`] or [`KeyringError::Seal`].
    pub fn create(
        path: &Path,
        root: &RootKey,
        random: &Random,
        now_micros: i64,
    ) -> Result<Self, KeyringError> {
        let instance = Instance::generate(random)?;
        let keys = KeySet::generate(random, now_micros)?;
        Self::write_new(path, Lid::new(root, random)?, instance, keys)
    }

    /// Makes the keyring of an instance that comes back from its backup: `permanent` is what
    /// [`Keyring::export_permanent`] gave to the newest key bundle; the epoch key is new, and the first
    /// that has its number. Written as [`Keyring::create`] does.
    ///
    /// # Errors
    ///
    /// [`KeyringError::Permanent`] when `permanent` is something else, [`KeyringError::File`] or
    /// [`KeyringError::Seal`].
    pub fn restore(
        path: &Path,
        root: &RootKey,
        permanent: &[u8],
        random: &Random,
        now_micros: i64,
    ) -> Result<Self, KeyringError> {
        let (instance, keys) = format::decode_permanent(permanent, random, now_micros)?;
        Self::write_new(path, Lid::new(root, random)?, instance, keys)
    }

    fn write_new(
        path: &Path,
        lid: Lid,
        instance: Instance,
        keys: KeySet,
    ) -> Result<Self, KeyringError> {
        let bytes = lid.close(&instance, &keys)?;
        file::create(path, &bytes)?;
        let checksum = format::checksum(&bytes);
        Ok(Self::assemble(path, Disk { checksum, lid }, instance, keys))
    }

    /// Reads a keyring.
    ///
    /// # Errors
    ///
    /// [`KeyringError`]; a wrong root key, a cut file, a changed byte and a newer format each have
    /// their own.
    pub fn open(path: &Path, root: &RootKey) -> Result<Self, KeyringError> {
        let bytes = file::read(path)?;
        let (lid, instance, keys) = Lid::open(root, &bytes)?;
        let checksum = format::checksum(&bytes);
        Ok(Self::assemble(path, Disk { checksum, lid }, instance, keys))
    }

    fn assemble(path: &Path, disk: Disk, instance: Instance, keys: KeySet) -> Self {
        Self {
            path: path.to_owned(),
            instance,
            keys: RwLock::new(Arc::new(keys)),
            disk: Mutex::new(disk),
        }
    }

    /// Seals the keyring under another root key: from the return on, the one it had opens it no more.
    ///
    /// # Errors
    ///
    /// As [`Keyring::begin_roll`], but for the roll; the file holds either state, whole.
    pub fn rewrap(&self, root: &RootKey, random: &Random) -> Result<(), KeyringError> {
        let mut disk = self.lock_disk();
        self.check(&disk)?;
        let lid = Lid::new(root, random)?;
        let bytes = lid.close(&self.instance, &self.keys())?;
        file::replace_and_wipe(&self.path, &bytes)?;
        *disk = Disk {
            checksum: format::checksum(&bytes),
            lid,
        };
        Ok(())
    }

    /// What a key bundle has to carry of the keyring, in clear: instance keys, suppression keys and
    /// quarantine keys, no epoch key. See [`Keyring::restore`].
    ///
    /// # Errors
    ///
    /// [`SealError::TooLong`] with more keys than the format can count.
    pub fn export_permanent(&self) -> Result<Zeroizing<Vec<u8>>, SealError> {
        format::encode_permanent(&self.instance, &self.keys())
    }

    /// The secret of the identity that snapshots of this instance are sealed to. It comes back with
    /// [`Keyring::restore`].
    pub fn backup_secret(&self) -> &[u8; 32] {
        self.instance.backup.bytes()
    }

    /// The keys that change with a roll, as they are now.
    pub fn keys(&self) -> Arc<KeySet> {
        Arc::clone(&self.keys.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The epoch key under which new data keys are wrapped.
    pub fn current_epoch(&self) -> Arc<EpochKey> {
        Arc::clone(self.keys().current_epoch())
    }

    /// The epoch key with this id, if it has not been destroyed.
    pub fn epoch(&self, id: u32) -> Option<Arc<EpochKey>> {
        self.keys().epoch(id).cloned()
    }

    /// The newest suppression key's version, and the value of `identifier` (canonical form) under
    /// it. See [`KeySet::suppression`].
    pub fn suppression(&self, identifier: &str) -> (u32, [u8; 32]) {
        self.keys().suppression(identifier)
    }

    /// The value of `identifier` under every suppression key, newest first.
    pub fn suppression_all(&self, identifier: &str) -> Vec<(u32, [u8; 32])> {
        self.keys().suppression_all(identifier)
    }

    /// A keyed hash for de-duplication. Each part is preceded by its length, so no two different
    /// lists of parts run together.
    pub fn dedup_tag(&self, parts: &[&[u8]]) -> [u8; 16] {
        narrow(&mac_framed(&self.instance.deduplication, parts))
    }

    /// The seed of the Ed25519 key that signs the log's checkpoints (RFC 8032 §5.1.5).
    pub fn log_seed(&self) -> &[u8; 32] {
        self.instance.log_seed.bytes()
    }

    /// The instance's name: 16 random bytes in hexadecimal, not secret.
    pub fn instance_id(&self) -> &str {
        &self.instance.id_text
    }

    /// The key for ids that an app sees. Derived on each call; callers keep it.
    pub fn id_key(&self, app: u32) -> IdKey {
        self.instance.app_ids(app)
    }

    /// The key for the token that travels to Meta and back with a send. Derived on each call;
    /// callers keep it.
    pub fn callback_key(&self) -> IdKey {
        self.instance.callback_ids()
    }

    /// The key for secrets of the instance that stand in the database, such as an app's signing
    /// secret. They belong to nobody, so no erasure touches them; their place has key id 0.
    pub fn setting_key(&self) -> &DataKey {
        &self.instance.settings
    }

    /// The key for what links and cookies of the portal carry: sealed, so that they name nobody, and
    /// nothing of it is kept here. Their place has id 0 and key id 0; the field tells what it is.
    pub fn portal_key(&self) -> &DataKey {
        &self.instance.portal
    }

    /// The keyed hash under which a token of an app or of staff is stored.
    pub fn token_hash(&self, token: &str) -> [u8; 32] {
        mac(&self.instance.tokens, &[token.as_bytes()])
    }

    /// Makes the next epoch key and writes it to disk. From the return on it is the current one; the
    /// old one stays until [`Keyring::finish_roll`].
    ///
    /// # Errors
    ///
    /// [`KeyringError::RollUnderWay`] when the last roll is not finished; otherwise nothing has
    /// changed in memory, and the file holds either state.
    pub fn begin_roll(
        &self,
        random: &Random,
        now_micros: i64,
    ) -> Result<Arc<EpochKey>, KeyringError> {
        let mut disk = self.lock_disk();
        let keys = self.keys().rolled(random, now_micros)?;
        let current = Arc::clone(keys.current_epoch());
        self.store(&mut disk, keys, file::replace)?;
        Ok(current)
    }

    /// Destroys every epoch key but the current one, on disk and then in memory, and returns their
    /// ids. Nothing happens when no roll is under way, so it may be called again after a crash.
    ///
    /// # Errors
    ///
    /// [`KeyringError::File`], [`KeyringError::ChangedOnDisk`] or [`KeyringError::Seal`].
    pub fn finish_roll(&self) -> Result<Vec<u32>, KeyringError> {
        let mut disk = self.lock_disk();
        let before = self.keys();
        let destroyed: Vec<u32> = before.old_epochs().map(|epoch| epoch.id()).collect();
        if !destroyed.is_empty() {
            self.store(&mut disk, before.settled(), file::replace_and_wipe)?;
        }
        Ok(destroyed)
    }

    /// Adds a suppression key, which is the newest from the return on, and returns its version. The
    /// old ones are kept for good: what they hashed cannot be hashed anew.
    ///
    /// # Errors
    ///
    /// As [`Keyring::begin_roll`], but for the roll.
    pub fn add_suppression_key(&self, random: &Random) -> Result<u32, KeyringError> {
        let mut disk = self.lock_disk();
        let (keys, version) = self.keys().with_suppression_key(random)?;
        self.store(&mut disk, keys, file::replace)?;
        Ok(version)
    }

    /// The quarantine key of a day (counted from 1970), made durable at first use.
    ///
    /// # Errors
    ///
    /// As [`Keyring::begin_roll`], but for the roll.
    pub fn quarantine_key(&self, day: i64, random: &Random) -> Result<Arc<DataKey>, KeyringError> {
        if let Some(key) = self.keys().quarantine(day) {
            return Ok(Arc::clone(key));
        }
        let mut disk = self.lock_disk();
        // Another thread may have made it while this one waited.
        if let Some(key) = self.keys().quarantine(day) {
            return Ok(Arc::clone(key));
        }
        let key = Arc::new(DataKey::generate(random)?);
        let keys = self.keys().with_quarantine(day, Arc::clone(&key));
        self.store(&mut disk, keys, file::replace)?;
        Ok(key)
    }

    /// The quarantine key of a day, if it was made and not destroyed.
    pub fn existing_quarantine_key(&self, day: i64) -> Option<Arc<DataKey>> {
        self.keys().quarantine(day).cloned()
    }

    /// Destroys the quarantine keys of all days before `day` and returns how many there were.
    ///
    /// # Errors
    ///
    /// As [`Keyring::finish_roll`].
    pub fn drop_quarantine_before(&self, day: i64) -> Result<usize, KeyringError> {
        let mut disk = self.lock_disk();
        let (keys, dropped) = self.keys().without_quarantine_before(day);
        if dropped > 0 {
            self.store(&mut disk, keys, file::replace_and_wipe)?;
        }
        Ok(dropped)
    }

    fn lock_disk(&self) -> MutexGuard<'_, Disk> {
        self.disk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes the keys, and only then lets readers see them.
    fn store(
        &self,
        disk: &mut Disk,
        keys: KeySet,
        write: impl FnOnce(&Path, &[u8]) -> Result<(), crate::KeyFileError>,
    ) -> Result<(), KeyringError> {
        self.check(disk)?;
        let bytes = disk.lid.close(&self.instance, &keys)?;
        write(&self.path, &bytes)?;
        disk.checksum = format::checksum(&bytes);
        *self.keys.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(keys);
        Ok(())
    }

    /// That the file is still the one this keyring knows.
    fn check(&self, disk: &Disk) -> Result<(), KeyringError> {
        if format::checksum(&file::read(&self.path)?) == disk.checksum {
            Ok(())
        } else {
            Err(KeyringError::ChangedOnDisk)
        }
    }
}
