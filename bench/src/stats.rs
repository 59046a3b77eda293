//! Percentiles of measured times. Pure.

use std::time::Duration;

/// The value below which the share `p` (0–1) of the samples lies, in milliseconds; `NaN` where there is no sample.
pub fn percentile_ms(samples: &[Duration], p: f64) -> f64 {
    let mut sorted: Vec<f64> = samples.iter().map(|d| d.as_secs_f64() * 1_000.0).collect();
    sorted.sort_by(f64::total_cmp);
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss
    )] // counts of samples
    let rank = ((sorted.len() as f64 * p).ceil() as usize).saturating_sub(1);
    sorted.get(rank).copied().unwrap_or(f64::NAN)
}

/// `total` shared out over `count`, for figures "per issuance".
#[allow(clippy::cast_precision_loss)] // counts of calls
pub fn per(total: f64, count: usize) -> f64 {
    if count == 0 { f64::NAN } else { total / count as f64 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_those_of_the_sorted_samples() {
        let samples: Vec<Duration> = (1..=100).rev().map(Duration::from_millis).collect();
        let table = [(0.5, 50.0), (0.99, 99.0), (1.0, 100.0)];
        for (p, expected) in table {
            assert!((percentile_ms(&samples, p) - expected).abs() < 1e-9, "p{p}");
        }
        assert!(percentile_ms(&[], 0.5).is_nan());
    }
}
