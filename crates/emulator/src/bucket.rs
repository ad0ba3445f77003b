//! Token buckets for the pair rate and the throughput.

/// A bucket that fills up evenly.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bucket {
    /// Instant (microseconds) at which the bucket will be full again.
    full_at: i64,
}

impl Bucket {
    pub(crate) fn full(now: i64) -> Self {
        Self { full_at: now }
    }

    /// Takes one token if there is one. `refill` is the time in microseconds one token takes.
    pub(crate) fn take(&mut self, now: i64, capacity: u32, refill: i64) -> bool {
        let full_at = self.full_at.max(now).saturating_add(refill);
        let fits = full_at - now <= refill.saturating_mul(i64::from(capacity));
        if fits {
            self.full_at = full_at;
        }
        fits
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn burst_then_one_per_refill() {
        let mut bucket = Bucket::full(0);
        let second = 1_000_000;
        assert_eq!(
            (0..50).filter(|_| bucket.take(0, 45, 6 * second)).count(),
            45
        );
        assert!(!bucket.take(5 * second, 45, 6 * second));
        assert!(bucket.take(6 * second, 45, 6 * second));
        assert!(!bucket.take(6 * second, 45, 6 * second));
    }
}
