//! The API server is away for 20 s, beginning in the middle of a renewal.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use evercert_harness::plane::API_SERVER;

use crate::chain::{Chain, LIMIT};
use crate::install;
use crate::operators::ALL;
use crate::renewal::State;
use crate::runner::say;
use crate::wait::until;
use crate::world::World;

const OUTAGE: Duration = Duration::from_secs(20);

pub async fn run(world: &World) -> Result<()> {
    let (chain, before) = Chain::set_up(world, "outage").await?;
    chain.renew().await?;
    let gone = world.audit.mark();
    world.cluster.kill(API_SERVER).await?;
    tokio::time::sleep(OUTAGE).await;
    world.cluster.start(API_SERVER).await?;
    world.restarts.lock().await.push((gone, world.audit.mark()));
    follow(&chain, &before).await?;
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

/// What a link of the chain is called, and whether it is done.
type Link = (&'static str, fn(&State) -> bool);

/// Says how long each link of the chain took to get over it.
async fn follow(chain: &Chain, before: &State) -> Result<()> {
    let began = Instant::now();
    let links: [Link; 4] = [
        ("certificate", |now| now.issued),
        ("keystores", |now| now.derived),
        ("pod template", |now| now.in_template.as_ref() == Some(&now.hash)),
        ("pods", |now| now.rolled_out),
    ];
    for (link, holds) in links {
        let there = async || {
            Ok(chain
                .state()
                .await?
                .filter(|now| now.serial != before.serial && holds(now)))
        };
        until(link, LIMIT, there).await?;
        say(&format!(
            "        {link}: {:.1} s after the API server was back",
            began.elapsed().as_secs_f64()
        ));
    }
    Ok(())
}
