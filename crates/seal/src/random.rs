//! The only source of randomness in the tree.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;

use aws_lc_rs::rand::SecureRandom;
use aws_lc_rs::rand::SystemRandom;
use zeroize::Zeroize;
use zeroize::Zeroizing;

use crate::error::SealError;
use crate::hash::sha256_parts;
use crate::secret::debug_name_only;

const BLOCK: usize = 32;
/// How many bytes are drawn ahead.
const POOL: usize = 2_048;
/// The longest request that is served from what was drawn ahead.
const FROM_POOL: usize = 64;

/// Where random bytes come from. Cloning is cheap, and clones draw from the same stream.
#[derive(Clone)]
pub struct Random(Source);

#[derive(Clone)]
enum Source {
    Seeded(Arc<Seeded>),
    System(Arc<Mutex<Pool>>),
}

/// Random bytes drawn ahead: asking the generator costs the same for 12 bytes as for a few hundred.
/// Bytes are wiped as they are handed out, so none is ever used twice or found later. A process that
/// forks without starting another program would hand them out twice; that takes unsafe code, which
/// the workspace forbids.
struct Pool {
    bytes: Zeroizing<[u8; POOL]>,
    /// How many of `bytes`, from the front, have not been handed out.
    left: usize,
}

struct Seeded {
    seed: u64,
    next: AtomicU64,
}

debug_name_only!(Random);

impl Random {
    /// The operating system's randomness through the AWS-LC generator.
    pub fn system() -> Self {
        Self(Source::System(Arc::new(Mutex::new(Pool {
            bytes: Zeroizing::new([0; POOL]),
            left: 0,
        }))))
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
            Source::System(pool) if out.len() <= FROM_POOL => pool
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .fill(out),
            Source::System(_) => draw(out),
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

impl Pool {
    fn fill(&mut self, out: &mut [u8]) -> Result<(), SealError> {
        if self.left < out.len() {
            self.left = 0;
            draw(&mut *self.bytes)?;
            self.left = POOL;
        }
        let start = self.left.saturating_sub(out.len());
        let taken = self.bytes.get_mut(start..self.left).unwrap_or_default();
        out.copy_from_slice(taken);
        taken.zeroize();
        self.left = start;
        Ok(())
    }
}

/// Asks the system's generator.
fn draw(out: &mut [u8]) -> Result<(), SealError> {
    SystemRandom::new().fill(out).map_err(|_| SealError::Random)
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
        let mut seen = std::collections::HashSet::new();
        for _ in 0..1_000 {
            assert!(seen.insert(random.array::<12>().unwrap()));
            assert!(seen.insert(random.array::<32>().unwrap()[..12].try_into().unwrap()));
            assert!(seen.insert(random.array::<100>().unwrap()[..12].try_into().unwrap()));
        }
    }

    #[test]
    fn what_was_handed_out_is_wiped() {
        let random = Random::system();
        let Source::System(pool) = &random.0 else {
            panic!("not the system's")
        };
        let out = random.array::<32>().unwrap();
        let pool = pool.lock().unwrap();
        assert_eq!(pool.left, POOL - 32);
        assert_eq!(pool.bytes[pool.left..], [0; 32]);
        assert_ne!(out, [0; 32]);
    }
}
