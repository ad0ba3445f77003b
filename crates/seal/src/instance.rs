//! The keys of an instance that live as long as it does.

use aws_lc_rs::hmac;

use crate::data_key::DataKey;
use crate::error::SealError;
use crate::hash::derive;
use crate::hash::hex;
use crate::hash::mac_key;
use crate::id_key::IdKey;
use crate::random::Random;
use crate::secret::Secret;
use crate::secret::debug_name_only;

/// Made once with the keyring and never changed.
pub(crate) struct Instance {
    pub(crate) id: [u8; 16],
    pub(crate) secret: Secret,
    pub(crate) log_seed: Secret,
    pub(crate) id_text: String,
    pub(crate) deduplication: hmac::Key,
    pub(crate) tokens: hmac::Key,
    pub(crate) settings: DataKey,
    pub(crate) portal: DataKey,
    pub(crate) backup: Secret,
    ids: Secret,
}

debug_name_only!(Instance);

impl Instance {
    pub(crate) fn generate(random: &Random) -> Result<Self, SealError> {
        Self::new(
            random.array()?,
            Secret::generate(random)?,
            Secret::generate(random)?,
        )
    }

    pub(crate) fn new(id: [u8; 16], secret: Secret, log_seed: Secret) -> Result<Self, SealError> {
        let part = |label| derive(&secret, label, b"");
        Ok(Self {
            id,
            log_seed,
            id_text: hex(&id),
            deduplication: mac_key(part("imvume/deduplication/v1").bytes()),
            tokens: mac_key(part("imvume/tokens/v1").bytes()),
            settings: DataKey::from_secret(part("imvume/settings/v1"))?,
            portal: DataKey::from_secret(part("imvume/portal/v1"))?,
            backup: part("imvume/backup/v1"),
            ids: part("imvume/ids/v1"),
            secret,
        })
    }

    pub(crate) fn app_ids(&self, app: u32) -> IdKey {
        IdKey::new(&derive(&self.ids, "imvume/ids/app/v1", &app.to_be_bytes()))
    }

    pub(crate) fn callback_ids(&self) -> IdKey {
        IdKey::new(&derive(&self.ids, "imvume/ids/callback/v1", b""))
    }
}
