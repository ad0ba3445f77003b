//! The only source of randomness in the tree.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;

use aws_lc_rs::rand::SecureRandom;
use aws_lc_rs::rand::SystemRandom;

use crate::error::SealError;
use crate::hash::sha256_parts;
use crate::secret::debug_name_only;

const BLOCK: usize = 32;

/// Where random bytes come from. Cloning is cheap, and clones draw from the same stream.
#[derive(Clone)]
pub struct Random(Source);

#[derive(Clone)]
enum Source {
    Seeded(Arc<Seeded>),
    System(SystemRandom),
}

struct Seeded {
    seed: u64,
    next: AtomicU64,
}

debug_name_only!(Random);

impl Random {
    /// The operating system's randomness through the AWS-LC generator.
    pub fn system() -> Self {
        Self(Source::System(SystemRandom::new()))
    }

    /// A stream anyone can repeat: SHA-256 over the seed and a block counter. For tests and the
    /// demo only, since whoever knows the seed knows every key.
    pub fn seeded(seed: u64) -> Self {
        let next = AtomicU64::new(0);
        Self(Source::Seeded(Arc::new(Seeded { seed, next })))
    }

    /// Fills `out` with random bytes.
    ///
    /// # Errors
    ///
    /// [`SealError::Random`] when the system has none to give; `out` must not be used then.
    pub fn fill(&self, out: &mut [u8]) -> Result<(), SealError> {
        match &self.0 {
            Source::Seeded(stream) => {
                stream.fill(out);
                Ok(())
            }
            Source::System(system) => system.fill(out).map_err(|_| SealError::Random),
        }
    }

    /// `N` random bytes.
    ///
    /// # Errors
    ///
    /// As [`Random::fill`].
    pub fn array<const N: usize>(&self) -> Result<[u8; N], SealError> {
        let mut out = [0; N];
        self.fill(&mut out)?;
        Ok(out)
    }
}

impl Seeded {
    fn fill(&self, out: &mut [u8]) {
        for chunk in out.chunks_mut(BLOCK) {
            let counter = self.next.fetch_add(1, Ordering::Relaxed);
            let block = sha256_parts(&[
                b"imvume/random/seeded\0",
                &self.seed.to_be_bytes(),
                &counter.to_be_bytes(),
            ]);
            for (to, from) in chunk.iter_mut().zip(block) {
                *to = from;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeded_streams_repeat_and_differ_by_seed() {
        let draw = |seed| Random::seeded(seed).array::<70>().unwrap();
        assert_eq!(draw(1), draw(1));
        assert_ne!(draw(1), draw(2));
    }

    #[test]
    fn clones_share_one_stream() {
        let random = Random::seeded(1);
        let other = random.clone();
        assert_ne!(random.array::<16>().unwrap(), other.array::<16>().unwrap());
    }

    #[test]
    fn the_system_does_not_repeat_itself() {
        let random = Random::system();
        assert_ne!(random.array::<32>().unwrap(), random.array::<32>().unwrap());
    }
}
