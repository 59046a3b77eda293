//! The API server is away for 20 s, beginning in the middle of a renewal.

use std::time::Duration;

use anyhow::{Result, ensure};
use evercert_harness::plane::API_SERVER;

use crate::chain::Chain;
use crate::install;
use crate::operators::ALL;
use crate::world::World;

const OUTAGE: Duration = Duration::from_secs(20);

pub async fn run(world: &World) -> Result<()> {
    let (chain, before) = Chain::set_up(world, "outage").await?;
    chain.renew().await?;
    world.cluster.kill(API_SERVER).await?;
    tokio::time::sleep(OUTAGE).await;
    world.cluster.start(API_SERVER).await?;
    let after = chain.renewed(&before).await?;
    ensure!(
        after.templates == before.templates + 1,
        "the renewal of the outage: {before:?} -> {after:?}"
    );

    for operator in ALL {
        install::ready(world, operator).await?;
    }
    chain.renew().await?;
    let last = chain.renewed(&after).await?;
    ensure!(
        last.templates == after.templates + 1,
        "the renewal after it: {after:?} -> {last:?}"
    );
    Ok(())
}
