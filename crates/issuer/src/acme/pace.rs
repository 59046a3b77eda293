//! How long to wait before looking again: soon at first, then less often, never against a server's wish. Pure.

use std::time::Duration;

use jiff::Timestamp;

/// First wait of anything.
const SOON: Duration = Duration::from_millis(100);
/// Longest wait between two looks at an order or authorization that the server works on.
pub const POLL: Duration = Duration::from_secs(5);

/// A quarter of the time waited so far, between 100 ms and `longest`: quick answers are seen at once, slow ones cost little.
pub fn next_look(since: Timestamp, now: Timestamp, longest: Duration) -> Duration {
    let waited = Duration::try_from(now.duration_since(since)).unwrap_or_default();
    (waited / 4).clamp(SOON, longest.max(SOON))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_with_the_time_waited() {
        let now: Timestamp = "2026-11-22T10:00:00Z".parse().unwrap();
        for (waited_ms, next_ms) in [
            (0, 100),
            (200, 100),
            (1_000, 250),
            (8_000, 2_000),
            (3_600_000, 5_000),
            (-500, 100),
        ] {
            let since = now - jiff::SignedDuration::from_millis(waited_ms);
            assert_eq!(
                next_look(since, now, POLL),
                Duration::from_millis(next_ms),
                "{waited_ms}"
            );
        }
    }
}
