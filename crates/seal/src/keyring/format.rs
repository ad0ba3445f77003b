//! The keyring file, format version 2.
//!
//! ```text
//! magic (8) ‖ format (2) ‖ length of the file (4) ‖ id of the root key (16)
//! how the root key is had: 0 as it is, 1 by Argon2id (1) ‖ KiB (4) ‖ passes (4) ‖ lanes (4) ‖ salt (16)
//! sealed body: version ‖ nonce ‖ ciphertext ‖ tag, the 59 bytes above authenticated with it
//! SHA-256 of everything above (32)
//! ```
//!
//! Version 1 lacks the second line; it is read and not written any more.
//!
//! Numbers are big endian. Magic, format, length and the checksum at the end keep their places in
//! every format to come, so that a damaged file is told from a newer one.

use std::sync::Arc;

use zeroize::Zeroizing;

use crate::data_key::DataKey;
use crate::epoch_key::EpochKey;
use crate::error::KeyringError;
use crate::error::SealError;
use crate::hash::sha256;
use crate::instance::Instance;
use crate::keyring::key_set::KeySet;
use crate::keyring::key_set::SuppressionKey;
use crate::random::Random;
use crate::root_key::Root;
use crate::root_key::RootKey;
use crate::root_key::Stretch;
use crate::secret::Secret;
use crate::wrap::Wrapper;

const MAGIC: [u8; 8] = *b"IMVMKEYS";
const FORMAT: u16 = 2;
/// What version 1 has before its body, and version 2 before the second line.
const HEADER_LEN: usize = 8 + 2 + 4 + 16;
const STRETCH_LEN: usize = 1 + 4 + 4 + 4 + 16;
/// How the root key is had.
const AS_IT_IS: u8 = 0;
const BY_ARGON2ID: u8 = 1;
/// Version of what a key bundle carries.
const PERMANENT: u8 = 1;
const CHECKSUM_LEN: usize = 32;
/// What the sealing adds to the body: version, nonce and tag.
const SEALED_OVERHEAD: usize = 1 + 12 + 16;

/// Closes keyring files with what the root key gives.
pub(super) struct Lid {
    root_id: [u8; 16],
    stretch: Option<Stretch>,
    wrapper: Wrapper,
}

impl Lid {
    /// For a new keyring.
    pub(super) fn new(root: &RootKey, random: &Random) -> Result<Self, SealError> {
        let stretch = root.stretch(random)?;
        let ready = root.ready(stretch.as_ref())?;
        Self::made(&ready.ok_or(SealError::Malformed)?, stretch)
    }

    fn made(root: &Root, stretch: Option<Stretch>) -> Result<Self, SealError> {
        Ok(Self {
            root_id: root.id(),
            stretch,
            wrapper: Wrapper::new(&root.keyring_secret())?,
        })
    }

    /// The file for these keys.
    pub(super) fn close(&self, instance: &Instance, keys: &KeySet) -> Result<Vec<u8>, SealError> {
        let body = encode(instance, keys)?;
        let length = HEADER_LEN + STRETCH_LEN + body.len() + SEALED_OVERHEAD + CHECKSUM_LEN;
        let length = u32::try_from(length).map_err(|_| SealError::TooLong)?;
        let mut out = Vec::new();
        out.extend_from_slice(&MAGIC);
        out.extend_from_slice(&FORMAT.to_be_bytes());
        out.extend_from_slice(&length.to_be_bytes());
        out.extend_from_slice(&self.root_id);
        out.extend_from_slice(&line(self.stretch.as_ref()));
        let sealed = self.wrapper.seal(&out, &body)?;
        out.extend_from_slice(&sealed);
        let checksum = sha256(&out);
        out.extend_from_slice(&checksum);
        Ok(out)
    }

    /// The keys in a file, and what closes it again.
    pub(super) fn open(
        root: &RootKey,
        file: &[u8],
    ) -> Result<(Self, Instance, KeySet), KeyringError> {
        let format = checked(file)?;
        let content = file
            .split_last_chunk::<CHECKSUM_LEN>()
            .map(|(content, _)| content)
            .ok_or(KeyringError::Truncated)?;
        let length = if format == 1 {
            HEADER_LEN
        } else {
            HEADER_LEN + STRETCH_LEN
        };
        let (header, sealed) = content
            .split_at_checked(length)
            .ok_or(KeyringError::Truncated)?;
        let (head, stretch) = header
            .split_at_checked(HEADER_LEN)
            .ok_or(KeyringError::Truncated)?;
        let stretch = read_line(stretch)?;
        let root = root
            .ready(stretch.as_ref())?
            .ok_or(KeyringError::WrongRootKey)?;
        let lid = Self::made(&root, stretch)?;
        if !head.ends_with(&lid.root_id) {
            return Err(KeyringError::WrongRootKey);
        }
        let body = lid
            .wrapper
            .open(header, sealed)
            .map_err(|_| KeyringError::Altered)?;
        let (instance, keys) = decode(&body)?.ok_or(KeyringError::Altered)?;
        Ok((lid, instance, keys))
    }
}

/// The format of a file that is whole.
fn checked(file: &[u8]) -> Result<u16, KeyringError> {
    let mut header = Reader(file);
    let magic: [u8; 8] = header.take().ok_or(KeyringError::Truncated)?;
    if magic != MAGIC {
        return Err(KeyringError::NotAKeyring);
    }
    let format = header
        .take()
        .map(u16::from_be_bytes)
        .ok_or(KeyringError::Truncated)?;
    let length = header
        .take()
        .map(u32::from_be_bytes)
        .ok_or(KeyringError::Truncated)?;
    check_length(file.len(), length)?;
    let (content, checksum) = file
        .split_last_chunk::<CHECKSUM_LEN>()
        .ok_or(KeyringError::Truncated)?;
    if sha256(content) != *checksum || format == 0 {
        return Err(KeyringError::Altered);
    }
    if format > FORMAT {
        return Err(KeyringError::NewerVersion { found: format });
    }
    Ok(format)
}

fn line(stretch: Option<&Stretch>) -> [u8; STRETCH_LEN] {
    let mut line = [0; STRETCH_LEN];
    let Some(stretch) = stretch else {
        return line;
    };
    let numbers = [stretch.memory_kib, stretch.passes, stretch.lanes].map(u32::to_be_bytes);
    let bytes = [BY_ARGON2ID].into_iter();
    let bytes = bytes.chain(numbers.into_iter().flatten());
    for (to, from) in line.iter_mut().zip(bytes.chain(stretch.salt)) {
        *to = from;
    }
    line
}

/// The way back. Version 1 has no such line.
fn read_line(bytes: &[u8]) -> Result<Option<Stretch>, KeyringError> {
    if bytes.iter().all(|byte| *byte == AS_IT_IS) {
        return Ok(None);
    }
    let mut reader = Reader(bytes);
    let by_argon2id = reader.take() == Some([BY_ARGON2ID]);
    let stretch = reader.stretch().filter(Stretch::is_sane);
    match stretch {
        Some(stretch) if by_argon2id => Ok(Some(stretch)),
        _ => Err(KeyringError::Altered),
    }
}

/// The checksum a file ends with.
pub(super) fn checksum(file: &[u8]) -> [u8; 32] {
    file.last_chunk().copied().unwrap_or_default()
}

fn check_length(found: usize, declared: u32) -> Result<(), KeyringError> {
    match usize::try_from(declared) {
        Ok(declared) if found == declared => Ok(()),
        Ok(declared) if found > declared => Err(KeyringError::Altered),
        _ => Err(KeyringError::Truncated),
    }
}

/// Body: instance id, instance secret, log seed, then three counted lists: epochs (id, birth, key)
/// with the current one first, suppression keys (version, key) with the newest first, quarantine
/// keys (day, key).
fn encode(instance: &Instance, keys: &KeySet) -> Result<Zeroizing<Vec<u8>>, SealError> {
    let epochs: Vec<_> = keys.epochs().collect();
    let suppression: Vec<_> = keys.suppression_keys().collect();
    let len = 80
        + 12
        + epochs.len().saturating_mul(44)
        + suppression.len().saturating_mul(36)
        + keys.quarantine.len().saturating_mul(40);
    // Reserved whole, because a buffer that grows leaves unwiped copies behind.
    let mut out = Zeroizing::new(Vec::with_capacity(len));
    out.extend_from_slice(&instance.id);
    out.extend_from_slice(instance.secret.bytes());
    out.extend_from_slice(instance.log_seed.bytes());
    out.extend_from_slice(&count(epochs.len())?);
    for epoch in epochs {
        out.extend_from_slice(&epoch.id().to_be_bytes());
        out.extend_from_slice(&epoch.created_micros().to_be_bytes());
        out.extend_from_slice(epoch.secret().bytes());
    }
    out.extend_from_slice(&count(suppression.len())?);
    for key in suppression {
        out.extend_from_slice(&key.version.to_be_bytes());
        out.extend_from_slice(key.secret.bytes());
    }
    out.extend_from_slice(&count(keys.quarantine.len())?);
    for (day, key) in &keys.quarantine {
        out.extend_from_slice(&day.to_be_bytes());
        out.extend_from_slice(key.secret.bytes());
    }
    Ok(out)
}

fn count(len: usize) -> Result<[u8; 4], SealError> {
    u32::try_from(len)
        .map(u32::to_be_bytes)
        .map_err(|_| SealError::TooLong)
}

/// What a key bundle carries of a keyring: version, newest epoch, instance id, instance secret, log
/// seed, suppression keys, quarantine keys. The bundle seals it.
pub(super) fn encode_permanent(
    instance: &Instance,
    keys: &KeySet,
) -> Result<Zeroizing<Vec<u8>>, SealError> {
    let suppression: Vec<_> = keys.suppression_keys().collect();
    let len = 1
        + 4
        + 80
        + 8
        + suppression.len().saturating_mul(36)
        + keys.quarantine.len().saturating_mul(40);
    let mut out = Zeroizing::new(Vec::with_capacity(len));
    out.push(PERMANENT);
    out.extend_from_slice(&keys.current.id().to_be_bytes());
    out.extend_from_slice(&instance.id);
    out.extend_from_slice(instance.secret.bytes());
    out.extend_from_slice(instance.log_seed.bytes());
    out.extend_from_slice(&count(suppression.len())?);
    for key in suppression {
        out.extend_from_slice(&key.version.to_be_bytes());
        out.extend_from_slice(key.secret.bytes());
    }
    out.extend_from_slice(&count(keys.quarantine.len())?);
    for (day, key) in &keys.quarantine {
        out.extend_from_slice(&day.to_be_bytes());
        out.extend_from_slice(key.secret.bytes());
    }
    Ok(out)
}

/// The same, read back, with a new epoch key. Another epoch may have begun since the bundle was
/// shipped, and rows of a snapshot may name it: its number is left out.
pub(super) fn decode_permanent(
    bytes: &[u8],
    random: &Random,
    now_micros: i64,
) -> Result<(Instance, KeySet), KeyringError> {
    let parts = Parts::permanent(bytes).ok_or(KeyringError::Permanent)?;
    let mut quarantine = Vec::new();
    for (day, secret) in parts.quarantine {
        quarantine.push((day, Arc::new(DataKey::from_secret(secret)?)));
    }
    let mut suppression = parts.suppression.into_iter().map(Arc::new);
    let (Some(newest), Some(epoch)) = (suppression.next(), parts.newest_epoch.checked_add(2))
    else {
        return Err(KeyringError::Permanent);
    };
    Ok((
        Instance::new(parts.id, parts.secret, parts.log_seed)?,
        KeySet {
            current: Arc::new(EpochKey::generate(random, epoch, now_micros)?),
            old: Vec::new(),
            newest,
            older: suppression.collect(),
            quarantine,
        },
    ))
}

/// `None` when the body is not one that [`encode`] makes.
fn decode(body: &[u8]) -> Result<Option<(Instance, KeySet)>, SealError> {
    let Some(parts) = Parts::read(body) else {
        return Ok(None);
    };
    let mut epochs = Vec::new();
    for (id, created_micros, secret) in parts.epochs {
        epochs.push(Arc::new(EpochKey::from_secret(id, created_micros, secret)?));
    }
    let mut quarantine = Vec::new();
    for (day, secret) in parts.quarantine {
        quarantine.push((day, Arc::new(DataKey::from_secret(secret)?)));
    }
    let mut epochs = epochs.into_iter();
    let mut suppression = parts.suppression.into_iter().map(Arc::new);
    let (Some(current), Some(newest)) = (epochs.next(), suppression.next()) else {
        return Ok(None);
    };
    let instance = Instance::new(parts.id, parts.secret, parts.log_seed)?;
    let (old, older) = (epochs.collect(), suppression.collect());
    Ok(Some((
        instance,
        KeySet {
            current,
            old,
            newest,
            older,
            quarantine,
        },
    )))
}

struct Parts {
    /// 0 where the epochs themselves are there.
    newest_epoch: u32,
    id: [u8; 16],
    secret: Secret,
    log_seed: Secret,
    epochs: Vec<(u32, i64, Secret)>,
    suppression: Vec<SuppressionKey>,
    quarantine: Vec<(i64, Secret)>,
}

impl Parts {
    fn read(body: &[u8]) -> Option<Self> {
        let mut reader = Reader(body);
        let parts = Self {
            newest_epoch: 0,
            id: reader.take()?,
            secret: reader.secret()?,
            log_seed: reader.secret()?,
            epochs: reader.list(|reader| {
                let id = reader.take().map(u32::from_be_bytes)?;
                let created_micros = reader.take().map(i64::from_be_bytes)?;
                Some((id, created_micros, reader.secret()?))
            })?,
            suppression: reader.list(Reader::suppression)?,
            quarantine: reader.list(Reader::quarantine)?,
        };
        reader.0.is_empty().then_some(parts)
    }

    fn permanent(bytes: &[u8]) -> Option<Self> {
        let mut reader = Reader(bytes);
        if reader.take()? != [PERMANENT] {
            return None;
        }
        let parts = Self {
            newest_epoch: reader.take().map(u32::from_be_bytes)?,
            id: reader.take()?,
            secret: reader.secret()?,
            log_seed: reader.secret()?,
            epochs: Vec::new(),
            suppression: reader.list(Reader::suppression)?,
            quarantine: reader.list(Reader::quarantine)?,
        };
        reader.0.is_empty().then_some(parts)
    }
}

/// Takes fixed-width pieces from the front.
struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (piece, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*piece)
    }

    fn secret(&mut self) -> Option<Secret> {
        self.take().map(Secret::new)
    }

    fn stretch(&mut self) -> Option<Stretch> {
        Some(Stretch {
            memory_kib: self.take().map(u32::from_be_bytes)?,
            passes: self.take().map(u32::from_be_bytes)?,
            lanes: self.take().map(u32::from_be_bytes)?,
            salt: self.take()?,
        })
    }

    fn suppression(&mut self) -> Option<SuppressionKey> {
        let version = self.take().map(u32::from_be_bytes)?;
        let secret = self.secret()?;
        Some(SuppressionKey { version, secret })
    }

    fn quarantine(&mut self) -> Option<(i64, Secret)> {
        Some((self.take().map(i64::from_be_bytes)?, self.secret()?))
    }

    fn list<T>(&mut self, mut item: impl FnMut(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        let count = self.take().map(u32::from_be_bytes)?;
        (0..count).map(|_| item(self)).collect()
    }
}
