//! The one type that raw key bytes live in.

use std::fmt;

use zeroize::Zeroize;
use zeroize::ZeroizeOnDrop;

use crate::error::SealError;
use crate::random::Random;

/// Length of every symmetric key here, in bytes.
pub(crate) const KEY_LEN: usize = 32;

/// 32 secret bytes: zeroed on drop, never printed.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub(crate) struct Secret([u8; KEY_LEN]);

impl Secret {
    pub(crate) fn new(bytes: [u8; KEY_LEN]) -> Self {
        Self(bytes)
    }

    pub(crate) fn generate(random: &Random) -> Result<Self, SealError> {
        let mut secret = Self([0; KEY_LEN]);
        random.fill(&mut secret.0)?;
        Ok(secret)
    }

    pub(crate) fn bytes(&self) -> &[u8; KEY_LEN] {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

/// Gives types a `Debug` that prints their name and nothing they hold.
macro_rules! debug_name_only {
    ($($name:ident),+ $(,)?) => {
        $(impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(stringify!($name))
            }
        })+
    };
}

pub(crate) use debug_name_only;
