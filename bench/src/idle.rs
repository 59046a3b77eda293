//! A settled system writes nothing: counts the writes of a minute of rest.

use std::time::Duration;

use anyhow::Result;

use crate::issuing::ISSUER;
use crate::report::{Budget, Report};
use crate::world::World;

/// How long the rest lasts.
const REST: Duration = Duration::from_mins(1);

/// Writes per minute of the issuer when nothing changes, leases and events aside.
pub async fn measure(world: &World, report: &mut Report) -> Result<()> {
    eprintln!("==> a minute of rest");
    let before = world.moment().await?;
    tokio::time::sleep(REST).await; // the measurement itself: a minute is a minute
    let calls = world.calls(before, ISSUER, None)?;
    #[allow(clippy::cast_precision_loss)] // a count of calls
    report.add(
        "issuer",
        "idle_writes_per_min",
        calls.writes as f64,
        Budget::AtMost(0.0),
    );
    Ok(())
}
