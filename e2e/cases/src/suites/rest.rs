//! A settled cluster: the operators write nothing, leases aside.

use std::time::Duration;

use anyhow::{Result, ensure};
use evercert_harness::audit::{Call, by_verb};

use crate::accounts;
use crate::chain::Chain;
use crate::world::World;

const REST: Duration = Duration::from_mins(1);

pub async fn run(world: &World) -> Result<()> {
    let (chain, _) = Chain::set_up(world, "rest").await?;
    let accounts = accounts::all(world).await?;
    let mark = world.audit.mark();
    tokio::time::sleep(REST).await;
    let calls = world.audit.since(mark)?;
    let ours = calls
        .iter()
        .filter(|call| accounts.iter().any(|account| account.made(call)));
    let writes: Vec<&Call> = ours.filter(|call| call.is_write() && !call.is_lease()).collect();
    ensure!(writes.is_empty(), "written in {REST:?} of rest: {:?}", by_verb(writes));
    chain.settled("the chain after the rest").await.map(drop)
}
