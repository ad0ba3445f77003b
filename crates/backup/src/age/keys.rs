//! Recipients and identities.

use std::fmt;
use std::str::FromStr;

use aws_lc_rs::aead;
use aws_lc_rs::agreement;
use zeroize::Zeroizing;

use crate::age::FILE_KEY;
use crate::age::bech32;
use crate::age::derive;
use crate::error::BackupError;

/// What precedes a recipient.
const RECIPIENT: &str = "age";
/// What precedes an identity, in lower case.
const IDENTITY: &str = "age-secret-key-";
/// What binds a wrapping key to its use.
const LABEL: &[u8] = b"age-encryption.org/v1/X25519";

/// Whoever a file is sealed to: a public key, `age1…`.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Recipient([u8; 32]);

/// What opens a file: a private key, `AGE-SECRET-KEY-1…`.
pub struct Identity {
    key: agreement::PrivateKey,
    secret: Zeroizing<[u8; 32]>,
    public: [u8; 32],
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Identity")
    }
}

impl fmt::Display for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&bech32::encode(RECIPIENT, &self.0))
    }
}

impl FromStr for Recipient {
    type Err = BackupError;

    fn from_str(text: &str) -> Result<Self, BackupError> {
        let bytes = bech32::decode(RECIPIENT, text).filter(|_| !text.starts_with('A'));
        bytes.map(Self).ok_or(BackupError::Key("recipient"))
    }
}

/// A file key as it stands in the header: the ephemeral share and the wrapped key.
pub(super) struct Wrapped {
    pub(super) share: [u8; 32],
    pub(super) body: [u8; FILE_KEY + 16],
}

impl Recipient {
    /// Recipients as they stand in a file: one a line, with comments and empty lines.
    ///
    /// # Errors
    /// [`BackupError::Key`] for a line that is none, or where there is none at all.
    pub fn list(text: &str) -> Result<Vec<Self>, BackupError> {
        let all: Vec<Self> = lines(text).map(str::parse).collect::<Result<_, _>>()?;
        if all.is_empty() {
            return Err(BackupError::Key("recipient"));
        }
        Ok(all)
    }

    pub(super) fn wrap(
        &self,
        random: &seal::Random,
        file_key: &[u8; FILE_KEY],
    ) -> Result<Wrapped, BackupError> {
        let ephemeral = Zeroizing::new(random.array().map_err(|_| BackupError::Sealing)?);
        let ephemeral = Identity::from_secret(&ephemeral)?;
        let key = agreed(&ephemeral.key, &self.0, (&ephemeral.public, &self.0))?;
        let mut body = file_key.to_vec();
        cipher(&key)?
            .seal_in_place_append_tag(zero_nonce(), aead::Aad::empty(), &mut body)
            .map_err(|_| BackupError::Sealing)?;
        Ok(Wrapped {
            share: ephemeral.public,
            body: body.try_into().map_err(|_| BackupError::Sealing)?,
        })
    }
}

impl Identity {
    /// The identity that these 32 bytes are.
    ///
    /// # Errors
    /// [`BackupError::Sealing`] if the cryptography refuses them.
    pub fn from_secret(secret: &[u8; 32]) -> Result<Self, BackupError> {
        let key = agreement::PrivateKey::from_private_key(&agreement::X25519, secret)
            .map_err(|_| BackupError::Sealing)?;
        let public = key
            .compute_public_key()
            .map_err(|_| BackupError::Sealing)?
            .as_ref()
            .try_into()
            .map_err(|_| BackupError::Sealing)?;
        Ok(Self {
            key,
            secret: Zeroizing::new(*secret),
            public,
        })
    }

    /// Identities as they stand in a file of `age-keygen`: one a line, with comments and empty lines.
    ///
    /// # Errors
    /// [`BackupError::Key`] for a line that is none, or where there is none at all.
    pub fn list(text: &str) -> Result<Vec<Self>, BackupError> {
        let all: Vec<Self> = lines(text).map(str::parse).collect::<Result<_, _>>()?;
        if all.is_empty() {
            return Err(BackupError::Key("identity"));
        }
        Ok(all)
    }

    /// Whoever this identity opens files for.
    pub const fn recipient(&self) -> Recipient {
        Recipient(self.public)
    }

    /// The identity as text, as `age-keygen` writes it.
    pub fn to_text(&self) -> Zeroizing<String> {
        let lower = Zeroizing::new(bech32::encode(IDENTITY, &self.secret));
        Zeroizing::new(lower.to_ascii_uppercase())
    }

    /// The key of a file, if it was wrapped for this identity.
    pub(super) fn unwrap(&self, wrapped: &Wrapped) -> Option<Zeroizing<[u8; FILE_KEY]>> {
        let key = agreed(&self.key, &wrapped.share, (&wrapped.share, &self.public)).ok()?;
        let mut body = Zeroizing::new(wrapped.body);
        let opened = cipher(&key)
            .ok()?
            .open_in_place(zero_nonce(), aead::Aad::empty(), body.as_mut_slice())
            .ok()?;
        let file_key: &[u8; FILE_KEY] = (&*opened).try_into().ok()?;
        Some(Zeroizing::new(*file_key))
    }
}

impl FromStr for Identity {
    type Err = BackupError;

    fn from_str(text: &str) -> Result<Self, BackupError> {
        let secret = bech32::decode(IDENTITY, text).filter(|_| text.starts_with('A'));
        let secret = Zeroizing::new(secret.ok_or(BackupError::Key("identity"))?);
        Self::from_secret(&secret)
    }
}

fn lines(text: &str) -> impl Iterator<Item = &str> {
    let lines = text.lines().map(str::trim);
    lines.filter(|line| !line.is_empty() && !line.starts_with('#'))
}

/// The key under which a file key is wrapped: from both sides' shares, bound to both.
fn agreed(
    ours: &agreement::PrivateKey,
    theirs: &[u8; 32],
    (share, recipient): (&[u8; 32], &[u8; 32]),
) -> Result<Zeroizing<[u8; 32]>, BackupError> {
    let mut salt = [0; 64];
    for (to, from) in salt.iter_mut().zip(share.iter().chain(recipient)) {
        *to = *from;
    }
    let peer = agreement::UnparsedPublicKey::new(&agreement::X25519, theirs);
    agreement::agree(ours, peer, BackupError::Sealing, |shared| {
        derive(shared, &salt, LABEL)
    })
}

pub(super) fn cipher(key: &[u8; 32]) -> Result<aead::LessSafeKey, BackupError> {
    let key = aead::UnboundKey::new(&aead::CHACHA20_POLY1305, key);
    key.map(aead::LessSafeKey::new)
        .map_err(|_| BackupError::Sealing)
}

/// The format's own choice: a wrapping key is used once.
fn zero_nonce() -> aead::Nonce {
    aead::Nonce::assume_unique_for_key([0; 12])
}
