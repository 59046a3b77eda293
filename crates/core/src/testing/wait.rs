//! Waiting for a condition with a deadline, instead of sleeping.

use std::time::{Duration, Instant};

use super::TestResult;

/// Between two looks.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// Looks until `look` gives a value.
///
/// # Errors
/// When the time is up, or an error of `look` that lasts until then.
pub async fn until<T>(
    what: &str,
    limit: Duration,
    mut look: impl AsyncFnMut() -> TestResult<Option<T>>,
) -> TestResult<T> {
    let began = Instant::now();
    loop {
        let seen = look().await;
        match seen {
            Ok(Some(value)) => return Ok(value),
            Err(error) if began.elapsed() >= limit => return Err(error),
            Ok(None) if began.elapsed() >= limit => {
                return Err(format!("waited {limit:?} in vain for: {what}").into());
            }
            _ => tokio::time::sleep(LOOK_EVERY).await,
        }
    }
}

/// Waits until `value` has not changed for `rest`.
///
/// # Errors
/// When it still changes at the end of `limit`.
pub async fn until_quiet<T: PartialEq>(
    what: &str,
    rest: Duration,
    limit: Duration,
    mut value: impl FnMut() -> T,
) -> TestResult<T> {
    let (mut last, mut since) = (value(), Instant::now());
    until(what, limit, async || {
        let now = value();
        if now != last {
            (last, since) = (now, Instant::now());
            return Ok(None);
        }
        Ok((since.elapsed() >= rest).then_some(()))
    })
    .await?;
    Ok(value())
}
