//! The key at the root, in a file of its own.

use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zeroize::Zeroizing;

use crate::error::KeyFileError;
use crate::file;
use crate::hash::derive;
use crate::hash::narrow;
use crate::random::Random;
use crate::secret::KEY_LEN;
use crate::secret::Secret;
use crate::secret::debug_name_only;

/// How the line starts; what follows is the key, base64url without padding.
const PREFIX: &str = "imvume-root-key-1:";

/// Opens the keyring. It is kept apart from the database and the keyring and belongs in no backup of
/// either: whoever holds all three reads everything.
pub struct RootKey(Secret);

debug_name_only!(RootKey);

impl RootKey {
    /// Makes a new key and writes it to `path`, mode 0600, durable on return. An existing file is
    /// never touched.
    ///
    /// # Errors
    ///
    /// [`KeyFileError::AlreadyExists`], [`KeyFileError::Io`], or no randomness.
    pub fn create_file(path: &Path, random: &Random) -> Result<Self, KeyFileError> {
        let secret = Secret::generate(random)?;
        let mut line = Zeroizing::new(String::with_capacity(PREFIX.len() + 2 * KEY_LEN));
        line.push_str(PREFIX);
        URL_SAFE_NO_PAD.encode_string(secret.bytes(), &mut line);
        line.push('\n');
        file::create(path, line.as_bytes())?;
        Ok(Self(secret))
    }

    /// Reads the key from a regular file that belongs to the account this process runs as and is
    /// closed to all others.
    ///
    /// # Errors
    ///
    /// One of [`KeyFileError`], each of which says how to mend it.
    pub fn read_file(path: &Path) -> Result<Self, KeyFileError> {
        let bytes = file::read(path)?;
        let malformed = || KeyFileError::Malformed {
            path: path.to_owned(),
        };
        let line = bytes.strip_suffix(b"\n").unwrap_or(&bytes);
        let text = line.strip_prefix(PREFIX.as_bytes()).ok_or_else(malformed)?;
        let key = URL_SAFE_NO_PAD
            .decode(text)
            .map(Zeroizing::new)
            .map_err(|_| malformed())?;
        let key: &[u8; KEY_LEN] = key.as_slice().try_into().map_err(|_| malformed())?;
        Ok(Self(Secret::new(*key)))
    }

    /// Names the key in the keyring file, so that a wrong key is told from a damaged file.
    pub(crate) fn id(&self) -> [u8; 16] {
        narrow(derive(&self.0, "imvume/root/id/v1", b"").bytes())
    }

    pub(crate) fn keyring_secret(&self) -> Secret {
        derive(&self.0, "imvume/root/keyring/v1", b"")
    }
}
