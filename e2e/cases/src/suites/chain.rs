//! Three renewals: each is one rollout, and the new pod reads the new keystore.

use anyhow::{Context, Result, ensure};
use openssl::sha::sha256;

use crate::chain::Chain;
use crate::renewal::hex;
use crate::world::World;

const RENEWALS: usize = 3;

pub async fn run(world: &World) -> Result<()> {
    let (chain, mut before) = Chain::set_up(world, "chain").await?;
    ensure!(
        before.templates == 1,
        "the first certificate alone made {} rollouts",
        before.templates - 1
    );
    for n in 1..=RENEWALS {
        chain.renew().await?;
        let after = chain.renewed(&before).await?;
        let rollouts = after.templates - before.templates;
        ensure!(
            rollouts == 1,
            "renewal {n}: {rollouts} rollouts; {before:?} -> {after:?}"
        );
        pod_reads_the_secret(world, &chain).await?;
        before = after;
    }
    Ok(())
}

async fn pod_reads_the_secret(world: &World, chain: &Chain) -> Result<()> {
    let secret = chain
        .secret()
        .await?
        .and_then(|secret| secret.data)
        .context("the Secret is gone")?;
    let keystore = secret.get("keystore.jks").context("no keystore in the Secret")?;
    let exec = [
        "exec",
        "-n",
        &chain.ns,
        "deployment/app",
        "--",
        "busybox",
        "sha256sum",
        "/keystores/keystore.jks",
    ];
    let printed = world.kubectl(&exec).await?;
    let expected = hex(&sha256(&keystore.0));
    ensure!(
        printed.starts_with(&expected),
        "the pod reads another keystore: {printed}"
    );
    Ok(())
}
