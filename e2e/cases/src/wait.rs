//! Waiting for conditions with a deadline.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Looks until there is a value. An error of `look` counts as "not yet", because the API server may be away; the last one
/// is told when the time is up.
pub async fn until<T>(what: &str, limit: Duration, mut look: impl AsyncFnMut() -> Result<Option<T>>) -> Result<T> {
    let began = Instant::now();
    loop {
        let seen = look().await;
        match seen {
            Ok(Some(value)) => return Ok(value),
            Err(error) if began.elapsed() >= limit => {
                return Err(error).with_context(|| format!("waited {limit:?} for {what}"));
            }
            Ok(None) if began.elapsed() >= limit => bail!("waited {limit:?} in vain for {what}"),
            _ => tokio::time::sleep(LOOK_EVERY).await,
        }
    }
}
