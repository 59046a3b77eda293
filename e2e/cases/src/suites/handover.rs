//! Two replicas of each operator: the leader is asked to end, the other leads and works on.
//!
//! They stay two afterwards: going back takes the reloader's permission on Leases away while the old pods still use it.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::api::core::v1::Pod;
use kube::ResourceExt;
use kube::api::{Api, DeleteParams, ListParams};

use crate::chain::Chain;
use crate::install;
use crate::operators::{ALL, Operator};
use crate::runner::say;
use crate::wait::until;
use crate::world::World;

/// From the request to end to the new leader.
const LIMIT: Duration = Duration::from_secs(2);

pub async fn run(world: &World) -> Result<()> {
    for operator in ALL {
        install::install(world, operator, operator.two_replicas).await?;
    }
    for operator in ALL {
        install::ready(world, operator).await?;
    }
    let (chain, mut before) = Chain::set_up(world, "handover").await?;
    for operator in ALL {
        let took = hand_over(world, operator).await.with_context(|| operator.name)?;
        say(&format!(
            "        {}: the other replica led after {} ms",
            operator.name,
            took.as_millis()
        ));
        ensure!(took <= LIMIT, "{}: {took:?} until the other replica led", operator.name);
        chain.renew().await?;
        let after = chain.renewed(&before).await.with_context(|| operator.name)?;
        ensure!(
            after.templates == before.templates + 1,
            "{}: {before:?} -> {after:?}",
            operator.name
        );
        before = after;
    }
    Ok(())
}

/// Deletes the leader's pod as a drain would, and takes the time until the Lease has another holder.
async fn hand_over(world: &World, operator: Operator) -> Result<Duration> {
    let client = world.client().await?;
    let pods: Api<Pod> = Api::namespaced(client.clone(), operator.namespace);
    let names: Vec<String> = pods
        .list(&ListParams::default())
        .await?
        .iter()
        .map(ResourceExt::name_any)
        .collect();
    let leases: Api<Lease> = Api::all(client);
    let leader = async || -> Result<Option<String>> {
        let all = leases.list(&ListParams::default()).await?;
        let holders = all
            .iter()
            .filter_map(|lease| lease.spec.as_ref()?.holder_identity.clone());
        Ok(holders
            .into_iter()
            .find_map(|holder| names.iter().find(|pod| holder.starts_with(pod.as_str())).cloned()))
    };
    let old = until("a leader", Duration::from_secs(30), &leader).await?;
    let began = Instant::now();
    pods.delete(&old, &DeleteParams::default()).await?;
    until("another leader", Duration::from_mins(1), async || {
        Ok(leader().await?.filter(|name| *name != old))
    })
    .await?;
    Ok(began.elapsed())
}
