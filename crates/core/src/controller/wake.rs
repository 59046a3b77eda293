//! Sleeping until the earliest wait, without trusting that both clocks run alike.

use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

/// The wall clock is read again at least this often while a wall-clock wait is open.
const SLICE: Duration = Duration::from_secs(30);

/// Monotonic time at which to look at the waits again; `None` when there are none.
pub(super) fn look_again(
    (wall, steady): (Option<Timestamp>, Option<std::time::Instant>),
    now: Timestamp,
) -> Option<Instant> {
    let wall = wall.map(|at| {
        let wait = Duration::try_from(at.duration_since(now)).unwrap_or_default();
        // A hair more, so that the wall clock has surely reached the time.
        Instant::now() + (wait + Duration::from_millis(1)).min(SLICE)
    });
    wall.into_iter().chain(steady.map(Instant::from_std)).min()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sleeps_to_the_earlier_wait_in_slices_when_the_wall_clock_decides() {
        let now = Timestamp::from_second(1_000).unwrap();
        let in_seconds = |wall: Option<i64>, steady: Option<u64>| {
            let steady = steady.map(|seconds| std::time::Instant::now() + Duration::from_secs(seconds));
            let wall = wall.map(|second| Timestamp::from_second(second).unwrap());
            look_again((wall, steady), now).map(|at| at.duration_since(Instant::now()).as_secs_f64().round())
        };
        let table = [
            (None, None, None),
            (Some(1_010), None, Some(10.0)),
            (Some(9_000), None, Some(30.0)),
            (Some(500), None, Some(0.0)),
            (Some(1_010), Some(5), Some(5.0)),
            (None, Some(300), Some(300.0)),
        ];
        for (wall, steady, expected) in table {
            assert_eq!(in_seconds(wall, steady), expected, "{wall:?} {steady:?}");
        }
    }
}
