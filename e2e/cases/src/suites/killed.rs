//! Operators die in the middle of renewals, at points that differ each time.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, ensure};

use crate::chain::Chain;
use crate::operators::{ALL, Operator};
use crate::renewal::State;
use crate::runner::say;
use crate::world::World;
use crate::{install, process};

const KILLS: u64 = 20;
/// Certificate, keystores and patch take about this long.
const RENEWAL_MS: u64 = 150;

pub async fn run(world: &World) -> Result<()> {
    for operator in ALL {
        install::install(world, operator, operator.short_lease).await?;
        install::ready(world, operator).await?;
    }
    let (chain, before) = Chain::set_up(world, "killed").await?;
    let rollouts = renew_and_kill(world, &chain, before).await?;
    say(&format!("        {KILLS} kills, {rollouts} rollouts"));
    for operator in ALL {
        install::install(world, operator, &[]).await?;
        install::ready(world, operator).await?;
    }
    Ok(())
}

async fn renew_and_kill(world: &World, chain: &Chain, mut before: State) -> Result<usize> {
    let first = before.templates;
    let seed = SystemTime::now().duration_since(UNIX_EPOCH)?.as_nanos();
    let mut points = Points(u64::try_from(seed & u128::from(u64::MAX))? | 1);
    for (n, operator) in (0..KILLS).zip(ALL.iter().cycle()) {
        let after_ms = points.next() % RENEWAL_MS;
        chain.renew().await?;
        tokio::time::sleep(Duration::from_millis(after_ms)).await;
        kill(world, *operator).await?;
        let place = || format!("kill {} of {} {after_ms} ms into a renewal", n + 1, operator.name);
        let began = Instant::now();
        let after = chain.renewed(&before).await.with_context(place)?;
        say(&format!(
            "        {}: whole again after {:.1} s",
            place(),
            began.elapsed().as_secs_f64()
        ));
        install::ready(world, *operator).await?;
        let after = chain.settled("the end of the renewal").await.map(|now| (after, now));
        let (first, after) = after.with_context(place)?;
        let rollouts = after.templates - before.templates;
        ensure!(first.serial == after.serial, "{}: issued twice", place());
        ensure!(
            rollouts == 1,
            "{}: {rollouts} rollouts; {before:?} -> {after:?}",
            place()
        );
        before = after;
    }
    Ok(before.templates - first)
}

/// SIGKILL, then a new pod at once: the kubelet would wait longer after each crash of the same container.
async fn kill(world: &World, operator: Operator) -> Result<()> {
    ensure!(
        process::kill_all(operator.process_name())? > 0,
        "{} is not running",
        operator.name
    );
    let delete = [
        "delete",
        "pods",
        "--all",
        "-n",
        operator.namespace,
        "--grace-period=0",
        "--force",
    ];
    world.kubectl(&delete).await.map(drop)
}

/// xorshift: differs in each run, and needs no crate.
struct Points(u64);

impl Points {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
}
