//! The key of a period.

use aws_lc_rs::hmac;

use crate::data_key::DataKey;
use crate::error::SealError;
use crate::hash::constant_time_eq;
use crate::hash::derive;
use crate::hash::mac;
use crate::hash::mac_key;
use crate::hash::narrow;
use crate::place::Binding;
use crate::random::Random;
use crate::secret::Secret;
use crate::secret::debug_name_only;
use crate::wrap::Wrapper;

/// Wraps the data keys of living people, and makes the index by which they are found. It is
/// destroyed when its period ends; an old copy of the database is then neither readable nor
/// searchable by number.
pub struct EpochKey {
    id: u32,
    created_micros: i64,
    secret: Secret,
    wrapper: Wrapper,
    index: hmac::Key,
}

debug_name_only!(EpochKey);

impl EpochKey {
    pub(crate) fn generate(
        random: &Random,
        id: u32,
        created_micros: i64,
    ) -> Result<Self, SealError> {
        Self::from_secret(id, created_micros, Secret::generate(random)?)
    }

    pub(crate) fn from_secret(
        id: u32,
        created_micros: i64,
        secret: Secret,
    ) -> Result<Self, SealError> {
        let wrapper = Wrapper::new(&derive(&secret, "imvume/epoch/wrap/v1", b""))?;
        let index = mac_key(derive(&secret, "imvume/epoch/index/v1", b"").bytes());
        Ok(Self {
            id,
            created_micros,
            secret,
            wrapper,
            index,
        })
    }

    pub(crate) fn secret(&self) -> &Secret {
        &self.secret
    }

    /// The number of the period, counted from 1; numbers are left out only where an instance came back
    /// from its backup.
    pub fn id(&self) -> u32 {
        self.id
    }

    /// When the key was made, in microseconds since 1970.
    pub fn created_micros(&self) -> i64 {
        self.created_micros
    }

    /// Wraps a data key for its row. The same key and row always give the same bytes.
    ///
    /// # Errors
    ///
    /// [`SealError::Primitive`] when the cipher fails.
    pub fn wrap(&self, key: &DataKey, binding: &Binding) -> Result<Vec<u8>, SealError> {
        self.wrapper.seal(&binding.aad(), key.secret.bytes())
    }

    /// Unwraps a data key that was wrapped for the same row. Prefer
    /// [`EpochKey::unwrap_committed`] wherever the commitment is at hand.
    ///
    /// # Errors
    ///
    /// [`SealError::Altered`] when the bytes, the row or the epoch are not those of the wrapping,
    /// [`SealError::Malformed`] when the bytes are no wrapped key.
    pub fn unwrap(&self, wrapped: &[u8], binding: &Binding) -> Result<DataKey, SealError> {
        let bytes = self.wrapper.open(&binding.aad(), wrapped)?;
        let bytes: &[u8; 32] = bytes
            .as_slice()
            .try_into()
            .map_err(|_| SealError::Malformed)?;
        DataKey::from_secret(Secret::new(*bytes))
    }

    /// Unwraps a data key and checks it against the commitment stored beside it.
    ///
    /// # Errors
    ///
    /// As [`EpochKey::unwrap`], and [`SealError::Commitment`] when another key was committed to.
    pub fn unwrap_committed(
        &self,
        wrapped: &[u8],
        binding: &Binding,
        commitment: &[u8; 16],
    ) -> Result<DataKey, SealError> {
        let key = self.unwrap(wrapped, binding)?;
        if !constant_time_eq(&key.commitment(), commitment) {
            return Err(SealError::Commitment);
        }
        Ok(key)
    }

    /// The value under which an identifier is found while this epoch lasts. `kind` keeps kinds of
    /// identifiers apart; `value` is the canonical form.
    pub fn index(&self, kind: u8, value: &str) -> [u8; 16] {
        narrow(&mac(&self.index, &[&[kind], value.as_bytes()]))
    }
}
