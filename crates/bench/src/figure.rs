//! Figures out of observations: rates, percentiles, medians.

use std::time::Duration;

/// A count as a number to divide by.
#[expect(
    clippy::cast_precision_loss,
    reason = "no count here comes near the 53 bits that fit"
)]
pub(crate) const fn float(count: u64) -> f64 {
    count as f64
}

/// How many a second.
pub(crate) fn rate(count: usize, elapsed: Duration) -> f64 {
    float(count as u64) / elapsed.as_secs_f64()
}

/// Microseconds for each.
pub(crate) fn micros_each(spent: Duration, count: usize) -> f64 {
    spent.as_secs_f64() * 1e6 / float(count as u64)
}

/// The middle one; the upper of two. Zero of none.
pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}

/// Observed times.
#[derive(Clone, Debug, Default)]
pub(crate) struct Times {
    nanos: Vec<u32>,
}

impl Times {
    /// Adds one; nothing measured here takes longer than the four seconds that fit.
    pub(crate) fn push(&mut self, time: Duration) {
        self.nanos
            .push(u32::try_from(time.as_nanos()).unwrap_or(u32::MAX));
    }

    /// Adds those of another.
    pub(crate) fn append(&mut self, mut other: Self) {
        self.nanos.append(&mut other.nanos);
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.nanos.len()
    }

    /// Each in milliseconds, in the order they were added.
    pub(crate) fn millis(&self) -> impl Iterator<Item = f64> {
        self.nanos.iter().map(|nanos| f64::from(*nanos) / 1e6)
    }

    /// The time in milliseconds that `percent` of them do not exceed.
    pub(crate) fn percentile(&self, percent: usize) -> f64 {
        let mut sorted = self.nanos.clone();
        sorted.sort_unstable();
        let place = sorted.len() * percent / 100;
        let last = sorted.len().saturating_sub(1);
        sorted
            .get(place.min(last))
            .map_or(0.0, |nanos| f64::from(*nanos) / 1e6)
    }
}

#[cfg(test)]
mod tests {
    use super::Times;
    use super::median;
    use std::time::Duration;

    #[test]
    fn percentiles_and_medians() {
        let mut times = Times::default();
        (1..=100).for_each(|n| times.push(Duration::from_millis(n)));
        for (percent, expected) in [(0, 1.0), (50, 51.0), (99, 100.0), (100, 100.0)] {
            assert!((times.percentile(percent) - expected).abs() < 1e-9);
        }
        for (values, expected) in [
            (vec![], 0.0),
            (vec![3.0, 1.0, 2.0], 2.0),
            (vec![1.0, 2.0], 2.0),
        ] {
            assert!((median(values) - expected).abs() < 1e-9);
        }
    }
}
