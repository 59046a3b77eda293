//! How long to wait after a failure: upstream's curves, doubling from `min` to `max`.

use std::time::Duration;

/// Exponential back-off of one controller; the number of failures of a key is kept by its queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    /// Wait after the first failure.
    pub min: Duration,
    /// Longest wait.
    pub max: Duration,
}

impl Backoff {
    /// Upstream's curve for most controllers: 5 s to 5 min.
    pub const DEFAULT: Self = Self {
        min: Duration::from_secs(5),
        max: Duration::from_mins(5),
    };
    /// Upstream's curve for certificates: 1 s to 30 s.
    pub const CERTIFICATES: Self = Self {
        min: Duration::from_secs(1),
        max: Duration::from_secs(30),
    };
    /// Upstream's curve for ACME: 5 s to 30 min.
    pub const ACME: Self = Self {
        min: Duration::from_secs(5),
        max: Duration::from_mins(30),
    };

    /// Wait after the given number of failures in a row; 0 counts as the first.
    pub fn after(&self, failures: u32) -> Duration {
        let doublings = failures.saturating_sub(1).min(31);
        self.min.saturating_mul(1 << doublings).min(self.max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_when_failing_on_until_the_longest_wait() {
        let waits = |curve: Backoff| [1, 2, 3, 5, 6, 40, u32::MAX].map(|n| curve.after(n).as_secs());
        assert_eq!(waits(Backoff::CERTIFICATES), [1, 2, 4, 16, 30, 30, 30]);
        assert_eq!(waits(Backoff::DEFAULT), [5, 10, 20, 80, 160, 300, 300]);
        assert_eq!(waits(Backoff::ACME), [5, 10, 20, 80, 160, 1800, 1800]);
    }
}
