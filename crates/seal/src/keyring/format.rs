//! The keyring file, format version 1.
//!
//! ```text
//! magic (8) ‖ format (2) ‖ length of the file (4) ‖ id of the root key (16)
//! sealed body: version ‖ nonce ‖ ciphertext ‖ tag, the 30 bytes above authenticated with it
//! SHA-256 of everything above (32)
//! ```
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
use crate::root_key::RootKey;
use crate::secret::Secret;
use crate::wrap::Wrapper;

const MAGIC: [u8; 8] = *b"IMVMKEYS";
const FORMAT: u16 = 1;
const HEADER_LEN: usize = 8 + 2 + 4 + 16;
const CHECKSUM_LEN: usize = 32;
/// What the sealing adds to the body: version, nonce and tag.
const SEALED_OVERHEAD: usize = 1 + 12 + 16;

/// Closes and opens keyring files with what the root key gives.
pub(super) struct Lid {
    root_id: [u8; 16],
    wrapper: Wrapper,
}

impl Lid {
    pub(super) fn new(root: &RootKey) -> Result<Self, SealError> {
        Ok(Self {
            root_id: root.id(),
            wrapper: Wrapper::new(&root.keyring_secret())?,
        })
    }

    /// The file for these keys.
    pub(super) fn close(&self, instance: &Instance, keys: &KeySet) -> Result<Vec<u8>, SealError> {
        let body = encode(instance, keys)?;
        let length = HEADER_LEN + body.len() + SEALED_OVERHEAD + CHECKSUM_LEN;
        let length = u32::try_from(length).map_err(|_| SealError::TooLong)?;
        let mut out = Vec::new();
        out.extend_from_slice(&MAGIC);
        out.extend_from_slice(&FORMAT.to_be_bytes());
        out.extend_from_slice(&length.to_be_bytes());
        out.extend_from_slice(&self.root_id);
        let sealed = self.wrapper.seal(&out, &body)?;
        out.extend_from_slice(&sealed);
        let checksum = sha256(&out);
        out.extend_from_slice(&checksum);
        Ok(out)
    }

    /// The keys in a file.
    pub(super) fn open(&self, file: &[u8]) -> Result<(Instance, KeySet), KeyringError> {
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
        if sha256(content) != *checksum {
            return Err(KeyringError::Altered);
        }
        if format > FORMAT {
            return Err(KeyringError::NewerVersion { found: format });
        }
        let (header, sealed) = content
            .split_at_checked(HEADER_LEN)
            .ok_or(KeyringError::Truncated)?;
        if !header.ends_with(&self.root_id) {
            return Err(KeyringError::WrongRootKey);
        }
        let body = self
            .wrapper
            .open(header, sealed)
            .map_err(|_| KeyringError::Altered)?;
        decode(&body)?.ok_or(KeyringError::Altered)
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
            id: reader.take()?,
            secret: reader.secret()?,
            log_seed: reader.secret()?,
            epochs: reader.list(|reader| {
                let id = reader.take().map(u32::from_be_bytes)?;
                let created_micros = reader.take().map(i64::from_be_bytes)?;
                Some((id, created_micros, reader.secret()?))
            })?,
            suppression: reader.list(|reader| {
                let version = reader.take().map(u32::from_be_bytes)?;
                Some(SuppressionKey {
                    version,
                    secret: reader.secret()?,
                })
            })?,
            quarantine: reader.list(|reader| {
                let day = reader.take().map(i64::from_be_bytes)?;
                Some((day, reader.secret()?))
            })?,
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

    fn list<T>(&mut self, mut item: impl FnMut(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        let count = self.take().map(u32::from_be_bytes)?;
        (0..count).map(|_| item(self)).collect()
    }
}
