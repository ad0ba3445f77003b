//! The key at the root: in a file of its own, passed on as a credential, or made of a passphrase.

use std::path::Path;

use argon2::Algorithm;
use argon2::Argon2;
use argon2::Params;
use argon2::Version;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zeroize::Zeroizing;

use crate::error::KeyFileError;
use crate::error::SealError;
use crate::file;
use crate::hash::derive;
use crate::hash::narrow;
use crate::random::Random;
use crate::secret::KEY_LEN;
use crate::secret::Secret;
use crate::secret::debug_name_only;

/// How the line starts; what follows is the key, base64url without padding.
const PREFIX: &str = "imvume-root-key-1:";

/// The shortest passphrase that is taken, in bytes.
const LEAST: usize = 12;

/// What a new keyring asks of Argon2id, in KiB, passes and lanes: the second recommendation of
/// RFC 9106 §4.
const COST: (u32, u32, u32) = (64 * 1_024, 3, 4);

/// The most a keyring file may ask: more was not written by this program.
const MOST: (u32, u32, u32) = (1 << 20, 64, 64);

/// Opens the keyring. It is kept apart from the database and the keyring and belongs in no backup of
/// either: whoever holds all three reads everything.
pub struct RootKey(Source);

enum Source {
    Key(Secret),
    Passphrase(Zeroizing<Vec<u8>>),
}

debug_name_only!(RootKey);

/// How a passphrase becomes a key: Argon2id, version 0x13 (RFC 9106). Stands in the keyring file,
/// authenticated.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(crate) struct Stretch {
    pub(crate) memory_kib: u32,
    pub(crate) passes: u32,
    pub(crate) lanes: u32,
    pub(crate) salt: [u8; 16],
}

/// A root key that is ready for use.
pub(crate) struct Root(Secret);

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
        Ok(Self(Source::Key(secret)))
    }

    /// Reads the key from a regular file that belongs to the account this process runs as and is
    /// closed to all others.
    ///
    /// # Errors
    ///
    /// One of [`KeyFileError`], each of which says how to mend it.
    pub fn read_file(path: &Path) -> Result<Self, KeyFileError> {
        Self::parse(path, &file::read(path)?)
    }

    /// Reads the key, one line as in a key file, from a credential that systemd passes on in a
    /// directory of this process's own (`systemd.exec(5)`, `LoadCredential`).
    ///
    /// # Errors
    ///
    /// One of [`KeyFileError`], each of which says how to mend it.
    pub fn read_credential(path: &Path) -> Result<Self, KeyFileError> {
        Self::parse(path, &file::read_credential(path)?)
    }

    /// Reads a passphrase: the one line of a file that is as private as a key file. Its key is made
    /// only when a keyring is opened, which takes a moment and 64 MiB.
    ///
    /// # Errors
    ///
    /// One of [`KeyFileError`], each of which says how to mend it.
    pub fn read_passphrase(path: &Path) -> Result<Self, KeyFileError> {
        let bytes = file::read(path)?;
        let line = bytes.strip_suffix(b"\n").unwrap_or(&bytes);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.len() < LEAST || line.contains(&b'\n') {
            return Err(KeyFileError::Passphrase {
                path: path.to_owned(),
                least: LEAST,
            });
        }
        Ok(Self(Source::Passphrase(Zeroizing::new(line.to_vec()))))
    }

    fn parse(path: &Path, bytes: &[u8]) -> Result<Self, KeyFileError> {
        let malformed = || KeyFileError::Malformed {
            path: path.to_owned(),
        };
        let line = bytes.strip_suffix(b"\n").unwrap_or(bytes);
        let text = line.strip_prefix(PREFIX.as_bytes()).ok_or_else(malformed)?;
        let key = URL_SAFE_NO_PAD
            .decode(text)
            .map(Zeroizing::new)
            .map_err(|_| malformed())?;
        let key: &[u8; KEY_LEN] = key.as_slice().try_into().map_err(|_| malformed())?;
        Ok(Self(Source::Key(Secret::new(*key))))
    }

    /// How this key is made ready for a new keyring.
    pub(crate) fn stretch(&self, random: &Random) -> Result<Option<Stretch>, SealError> {
        match &self.0 {
            Source::Key(_) => Ok(None),
            Source::Passphrase(_) => Ok(Some(Stretch {
                memory_kib: COST.0,
                passes: COST.1,
                lanes: COST.2,
                salt: random.array()?,
            })),
        }
    }

    /// Makes the key ready as a keyring asks for it; `None` if it asks for the other kind.
    pub(crate) fn ready(&self, stretch: Option<&Stretch>) -> Result<Option<Root>, SealError> {
        match (&self.0, stretch) {
            (Source::Key(secret), None) => Ok(Some(Root(secret.clone()))),
            (Source::Passphrase(passphrase), Some(stretch)) => {
                stretch.key(passphrase).map(Root).map(Some)
            }
            _ => Ok(None),
        }
    }
}

impl Stretch {
    /// Whether a keyring of ours may ask for this.
    pub(crate) fn is_sane(&self) -> bool {
        let (memory, passes, lanes) = MOST;
        self.memory_kib <= memory && self.passes <= passes && self.lanes <= lanes
    }

    fn key(&self, passphrase: &[u8]) -> Result<Secret, SealError> {
        argon2id(
            passphrase,
            &self.salt,
            (self.memory_kib, self.passes, self.lanes),
        )
    }
}

fn argon2id(
    passphrase: &[u8],
    salt: &[u8],
    (memory_kib, passes, lanes): (u32, u32, u32),
) -> Result<Secret, SealError> {
    let params =
        Params::new(memory_kib, passes, lanes, Some(KEY_LEN)).map_err(|_| SealError::Malformed)?;
    let mut key = Zeroizing::new([0; KEY_LEN]);
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(passphrase, salt, &mut *key)
        .map_err(|_| SealError::Primitive)?;
    Ok(Secret::new(*key))
}

impl Root {
    /// Names the key in the keyring file, so that a wrong key is told from a damaged file.
    pub(crate) fn id(&self) -> [u8; 16] {
        narrow(derive(&self.0, "imvume/root/id/v1", b"").bytes())
    }

    pub(crate) fn keyring_secret(&self) -> Secret {
        derive(&self.0, "imvume/root/keyring/v1", b"")
    }
}

#[cfg(test)]
mod tests {
    use super::argon2id;
    use crate::hash::hex;

    #[test]
    fn a_passphrase_is_stretched_as_the_reference_implementation_does() {
        // Argon2's own `test.c`: version 0x13, Argon2id, 2 passes, 64 MiB, 1 lane.
        let key = argon2id(b"password", b"somesalt", (1 << 16, 2, 1)).unwrap();
        let expected = "09316115d5cf24ed5a15a31a3ba326e5cf32edc24702987c02b6566f61913cf7";
        assert_eq!(hex(key.bytes()), expected);
    }
}
