//! The key that seals content.

use aws_lc_rs::aead;
use zeroize::Zeroizing;

use crate::error::SealError;
use crate::hash::hmac_sha256;
use crate::hash::narrow;
use crate::place::Place;
use crate::random::Random;
use crate::secret::Secret;
use crate::secret::debug_name_only;
use crate::wrap::cipher;
use crate::wrap::open_with;
use crate::wrap::seal_with;

/// Format version of a sealed value.
const FORMAT: u8 = 1;

/// Seals values of one person, one record class and one calendar quarter, or one media object.
///
/// The nonce is random, 96 bits; NIST SP 800-38D §8.3 bounds that to 2³² values under one key,
/// which no person reaches in a quarter. The AES key schedule is made once, with the key.
pub struct DataKey {
    pub(crate) secret: Secret,
    cipher: aead::LessSafeKey,
}

debug_name_only!(DataKey);

impl DataKey {
    /// A new random key.
    ///
    /// # Errors
    ///
    /// [`SealError::Random`] when there is no randomness.
    pub fn generate(random: &Random) -> Result<Self, SealError> {
        Self::from_secret(Secret::generate(random)?)
    }

    pub(crate) fn from_secret(secret: Secret) -> Result<Self, SealError> {
        let cipher = cipher(&secret)?;
        Ok(Self { secret, cipher })
    }

    /// The key itself, in clear: for the key bundle, which is sealed to the recovery recipients.
    pub fn danger_export(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(*self.secret.bytes())
    }

    /// A key that [`DataKey::danger_export`] gave out.
    ///
    /// # Errors
    ///
    /// [`SealError::Primitive`] when the cipher refuses it.
    pub fn import(key: &[u8; 32]) -> Result<Self, SealError> {
        Self::from_secret(Secret::new(*key))
    }

    /// What binds a stored key row to this one key: AES-GCM alone would let two keys open the same
    /// bytes. Stored in plain; it tells nothing about the key.
    pub fn commitment(&self) -> [u8; 16] {
        narrow(&hmac_sha256(
            self.secret.bytes(),
            b"imvume/data-key/commitment/v1",
        ))
    }

    /// Seals `plaintext` for `place`. Layout: version ‖ nonce ‖ ciphertext ‖ tag, 29 bytes longer
    /// than the plaintext.
    ///
    /// # Errors
    ///
    /// [`SealError::Random`] or [`SealError::Primitive`]; nothing may be stored then.
    pub fn seal(
        &self,
        random: &Random,
        place: &Place,
        plaintext: &[u8],
    ) -> Result<Vec<u8>, SealError> {
        seal_with(
            &self.cipher,
            FORMAT,
            random.array()?,
            &place.aad(FORMAT),
            plaintext,
        )
    }

    /// Opens what [`DataKey::seal`] made for the same place.
    ///
    /// # Errors
    ///
    /// [`SealError::Altered`] when the bytes, the place or the key are not those of the sealing,
    /// [`SealError::Malformed`] when the bytes cannot have been sealed by this version.
    pub fn open(&self, place: &Place, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealError> {
        open_with(&self.cipher, FORMAT, &place.aad(FORMAT), sealed)
    }

    /// Seals another data key: that of a media object, which then goes with this one.
    ///
    /// # Errors
    ///
    /// As [`DataKey::seal`].
    pub fn seal_key(
        &self,
        random: &Random,
        place: &Place,
        key: &Self,
    ) -> Result<Vec<u8>, SealError> {
        self.seal(random, place, key.secret.bytes())
    }

    /// Opens what [`DataKey::seal_key`] made for the same place.
    ///
    /// # Errors
    ///
    /// As [`DataKey::open`]; [`SealError::Malformed`] when what was sealed is not a key.
    pub fn open_key(&self, place: &Place, sealed: &[u8]) -> Result<Self, SealError> {
        let bytes = self.open(place, sealed)?;
        let bytes: &[u8; 32] = bytes
            .as_slice()
            .try_into()
            .map_err(|_| SealError::Malformed)?;
        Self::from_secret(Secret::new(*bytes))
    }
}
