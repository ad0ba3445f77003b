//! The keys that change while the instance lives.

use std::iter;
use std::sync::Arc;

use crate::data_key::DataKey;
use crate::epoch_key::EpochKey;
use crate::error::KeyringError;
use crate::error::SealError;
use crate::hash::mac;
use crate::hash::mac_key;
use crate::random::Random;
use crate::secret::Secret;
use crate::secret::debug_name_only;

/// What precedes an identifier in a suppression value.
const SUPPRESSION_DOMAIN: &[u8] = b"supp/v1\0";

/// One state of the keys. It never changes; a roll makes another.
#[derive(Clone)]
pub struct KeySet {
    pub(super) current: Arc<EpochKey>,
    pub(super) old: Vec<Arc<EpochKey>>,
    pub(super) newest: Arc<SuppressionKey>,
    /// Newest first.
    pub(super) older: Vec<Arc<SuppressionKey>>,
    pub(super) quarantine: Vec<(i64, Arc<DataKey>)>,
}

debug_name_only!(KeySet);

impl KeySet {
    pub(super) fn generate(random: &Random, now_micros: i64) -> Result<Self, SealError> {
        Ok(Self {
            current: Arc::new(EpochKey::generate(random, 1, now_micros)?),
            old: Vec::new(),
            newest: Arc::new(SuppressionKey {
                version: 1,
                secret: Secret::generate(random)?,
            }),
            older: Vec::new(),
            quarantine: Vec::new(),
        })
    }

    /// The epoch key under which new data keys are wrapped.
    pub fn current_epoch(&self) -> &Arc<EpochKey> {
        &self.current
    }

    /// The epoch key with this id, if it has not been destroyed.
    pub fn epoch(&self, id: u32) -> Option<&Arc<EpochKey>> {
        self.epochs().find(|epoch| epoch.id() == id)
    }

    /// All epoch keys, the current one first: one, or two while a roll is under way.
    pub fn epochs(&self) -> impl Iterator<Item = &Arc<EpochKey>> {
        iter::once(&self.current).chain(&self.old)
    }

    /// The epoch keys that a roll is leaving behind.
    pub fn old_epochs(&self) -> impl Iterator<Item = &Arc<EpochKey>> {
        self.old.iter()
    }

    /// The newest suppression key's version, and the value of `identifier` under it:
    /// HMAC-SHA-256 of `supp/v1`, a zero byte and the identifier in canonical form (E.164 or
    /// BSUID). New entries are written with this.
    pub fn suppression(&self, identifier: &str) -> (u32, [u8; 32]) {
        self.newest.value(identifier)
    }

    /// The value of `identifier` under every suppression key, newest first. A person is suppressed
    /// if any of them is on the list.
    pub fn suppression_all(&self, identifier: &str) -> Vec<(u32, [u8; 32])> {
        self.suppression_keys()
            .map(|key| key.value(identifier))
            .collect()
    }

    /// The quarantine key of a day, if there is one.
    pub fn quarantine(&self, day: i64) -> Option<&Arc<DataKey>> {
        self.quarantine
            .iter()
            .find(|(of, _)| *of == day)
            .map(|(_, key)| key)
    }

    pub(super) fn suppression_keys(&self) -> impl Iterator<Item = &Arc<SuppressionKey>> {
        iter::once(&self.newest).chain(&self.older)
    }

    pub(super) fn rolled(&self, random: &Random, now_micros: i64) -> Result<Self, KeyringError> {
        if !self.old.is_empty() {
            return Err(KeyringError::RollUnderWay);
        }
        let id = self.current.id().checked_add(1).ok_or(SealError::TooLong)?;
        let next = EpochKey::generate(random, id, now_micros)?;
        Ok(Self {
            current: Arc::new(next),
            old: vec![Arc::clone(&self.current)],
            ..self.clone()
        })
    }

    pub(super) fn settled(&self) -> Self {
        Self {
            old: Vec::new(),
            ..self.clone()
        }
    }

    pub(super) fn with_suppression_key(&self, random: &Random) -> Result<(Self, u32), SealError> {
        let version = self
            .newest
            .version
            .checked_add(1)
            .ok_or(SealError::TooLong)?;
        let newest = Arc::new(SuppressionKey {
            version,
            secret: Secret::generate(random)?,
        });
        let older = self.suppression_keys().cloned().collect();
        Ok((
            Self {
                newest,
                older,
                ..self.clone()
            },
            version,
        ))
    }

    pub(super) fn with_quarantine(&self, day: i64, key: Arc<DataKey>) -> Self {
        let mut next = self.clone();
        next.quarantine.push((day, key));
        next
    }

    pub(super) fn without_quarantine_before(&self, day: i64) -> (Self, usize) {
        let mut next = self.clone();
        next.quarantine.retain(|(of, _)| day <= *of);
        let dropped = self.quarantine.len().saturating_sub(next.quarantine.len());
        (next, dropped)
    }
}

/// One version of the key behind the suppression list.
pub(super) struct SuppressionKey {
    pub(super) version: u32,
    pub(super) secret: Secret,
}

impl SuppressionKey {
    fn value(&self, identifier: &str) -> (u32, [u8; 32]) {
        let key = mac_key(self.secret.bytes());
        (
            self.version,
            mac(&key, &[SUPPRESSION_DOMAIN, identifier.as_bytes()]),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hash::hex;

    #[test]
    fn suppression_values_are_those_agreed() {
        let mut bytes = [0; 32];
        for (byte, value) in bytes.iter_mut().zip(0..) {
            *byte = value;
        }
        let key = SuppressionKey {
            version: 7,
            secret: Secret::new(bytes),
        };
        let cases = [
            (
                "+27821234567",
                "674cacd07e7f9147845a0fc3a78b788b6bdc2d7766875b74b52b5e6b6b2b649d",
            ),
            (
                "ZA.13491208655302741918",
                "eee96307e82754559232c7b0088e2663325ae7482bc84aaa33e72ef2a7937c4e",
            ),
        ];
        for (identifier, expected) in cases {
            let (version, value) = key.value(identifier);
            assert_eq!(
                (version, hex(&value).as_str()),
                (7, expected),
                "{identifier}"
            );
        }
    }
}
