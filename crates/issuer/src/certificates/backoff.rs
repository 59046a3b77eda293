//! How long a Certificate waits after a failed issuance (certificates.md 2.3).

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

/// Bounds of the wait (`--certificate-request-minimum-backoff-duration`, `…-maximum-…`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Wait after the first failure; zero means no wait at all.
    pub min: Duration,
    /// The longest wait.
    pub max: Duration,
}

impl Default for Bounds {
    fn default() -> Self {
        let hour = Duration::from_hours(1);
        Self {
            min: hour,
            max: 32 * hour,
        }
    }
}

/// Wait after `attempts` failures in a row: min × 2^(attempts − 1), at most max.
pub fn delay(attempts: Option<i64>, bounds: Bounds) -> Duration {
    let doublings = u32::try_from(attempts.unwrap_or(1).max(1) - 1).unwrap_or(u32::MAX);
    let factor = 1u32.checked_shl(doublings).unwrap_or(u32::MAX);
    bounds.min.checked_mul(factor).unwrap_or(bounds.max).min(bounds.max)
}

/// Until when a failed issuance must rest; `None` where it may be tried now.
///
/// A failure in the future means that the clock was set back: it holds nobody up, because the next failure is dated anew.
pub fn rest_until(
    failed_at: Option<Timestamp>,
    attempts: Option<i64>,
    bounds: Bounds,
    now: Timestamp,
) -> Option<Timestamp> {
    let failed_at = failed_at.filter(|failed_at| *failed_at <= now)?;
    let wait = SignedDuration::try_from(delay(attempts, bounds)).unwrap_or(SignedDuration::MAX);
    let until = failed_at.checked_add(wait).unwrap_or(Timestamp::MAX);
    (until > now).then_some(until)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn delay_doubles_from_an_hour_to_thirty_two() {
        let table = [
            (None, 1),
            (Some(-3), 1),
            (Some(0), 1),
            (Some(1), 1),
            (Some(2), 2),
            (Some(5), 16),
            (Some(6), 32),
            (Some(7), 32),
            (Some(i64::MAX), 32),
        ];
        for (attempts, hours) in table {
            assert_eq!(
                delay(attempts, Bounds::default()),
                Duration::from_secs(hours * 3_600),
                "{attempts:?}"
            );
        }
    }

    #[test]
    fn rest_ends_when_the_wait_is_over_and_never_begins_in_the_future() {
        let none = Bounds {
            min: Duration::ZERO,
            ..Bounds::default()
        };
        let table = [
            ("never failed", None, Bounds::default(), 100, None),
            ("failed just now", Some(100), Bounds::default(), 100, Some(3_700)),
            ("rest is over", Some(100), Bounds::default(), 3_700, None),
            ("clock set back", Some(100), Bounds::default(), 99, None),
            ("no back-off wished", Some(100), none, 100, None),
        ];
        for (case, failed, bounds, now, expected) in table {
            assert_eq!(
                rest_until(failed.map(at), Some(1), bounds, at(now)),
                expected.map(at),
                "{case}"
            );
        }
    }

    proptest! {
        #[test]
        fn delay_stays_in_bounds_and_never_shrinks(attempts in any::<i64>(), min in 1u64..100_000, extra in 0u64..1_000_000) {
            let bounds = Bounds { min: Duration::from_secs(min), max: Duration::from_secs(min + extra) };
            let wait = delay(Some(attempts), bounds);
            prop_assert!(bounds.min <= wait && wait <= bounds.max);
            prop_assert!(delay(Some(attempts.saturating_add(1)), bounds) >= wait);
        }
    }
}
