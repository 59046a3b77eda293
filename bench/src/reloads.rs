//! How long after a Secret's change its Deployment is patched: 100 annotated Deployments, changed at a steady pace.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::Secret;
use kube::api::{Api, Patch, PatchParams};
use kube::runtime::{WatchStreamExt as _, watcher};
use kube::{Client, ResourceExt as _};
use serde_json::{Value, json};
use tokio::sync::mpsc;

use crate::certificates::IN_FLIGHT;
use crate::operator::Operator;
use crate::report::{Budget, Report};
use crate::stats::{per, percentile_ms};
use crate::world::World;

const NAMESPACE: &str = "reloads";
const RELOADER: &str = "evercert-reloader";
const DEPLOYMENTS: usize = 100;
/// Changes a second.
const PACE: u32 = 20;
const LIMIT: Duration = Duration::from_mins(1);

/// `reload_p50_ms`: from the answer to the Secret's write to the Deployment's new template, as a watch shows it.
pub async fn measure(world: &World, report: &mut Report) -> Result<()> {
    eprintln!("==> {DEPLOYMENTS} annotated Deployments, their Secrets changed at {PACE}/s");
    world
        .plane
        .apply(&format!(
            "{{apiVersion: v1, kind: Namespace, metadata: {{name: {NAMESPACE}}}}}"
        ))
        .await?;
    let operator = Operator::start(world, RELOADER, &["--metrics-addr=127.0.0.1:0"]).await?;
    let mut deployments = watch_deployments(world.client.clone());
    make(&world.client).await?;
    let known = all_seen(&mut deployments).await?;
    let before = world.moment().await?;
    let times = change(&world.client, &mut deployments, known).await?;
    let calls = world.calls(before, RELOADER, Some(NAMESPACE))?;
    report.add(
        "issuer",
        "reload_p50_ms",
        percentile_ms(&times, 0.5),
        Budget::AtMost(20.0),
    );
    report.add(
        "issuer",
        "reload_p99_ms",
        percentile_ms(&times, 0.99),
        Budget::AtMost(100.0),
    );
    #[allow(clippy::cast_precision_loss)] // a count of calls
    let total = (calls.writes + calls.reads + calls.events) as f64;
    report.add(
        "issuer",
        "calls_per_reload",
        per(total, DEPLOYMENTS),
        Budget::AtMost(3.0),
    );
    operator.stop().await
}

/// Name of a Deployment, its template's version, whether the reloader has remembered its source, and when that was shown.
#[derive(Debug)]
struct Seen {
    name: String,
    generation: i64,
    remembered: bool,
    at: Instant,
}

fn watch_deployments(client: Client) -> mpsc::UnboundedReceiver<Seen> {
    let (tell, told) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        let api: Api<Deployment> = Api::namespaced(client, NAMESPACE);
        let mut events = watcher(api, watcher::Config::default()).applied_objects().boxed();
        while let Ok(Some(deployment)) = events.try_next().await {
            let seen = Seen {
                name: deployment.name_any(),
                generation: deployment.metadata.generation.unwrap_or(0),
                remembered: deployment
                    .annotations()
                    .contains_key(evercert_core::contract::annotations::SEEN),
                at: Instant::now(),
            };
            if tell.send(seen).is_err() {
                return;
            }
        }
    });
    told
}

async fn make(client: &Client) -> Result<()> {
    let apply = PatchParams::apply("evercert-bench").force();
    let secrets: Api<Secret> = Api::namespaced(client.clone(), NAMESPACE);
    let deployments: Api<Deployment> = Api::namespaced(client.clone(), NAMESPACE);
    stream::iter(0..DEPLOYMENTS)
        .map(|n| {
            let (secrets, deployments, apply) = (secrets.clone(), deployments.clone(), apply.clone());
            async move {
                let name = format!("d{n}");
                secrets
                    .patch(&name, &apply, &Patch::Apply(secret(&name, "first")))
                    .await?;
                deployments
                    .patch(&name, &apply, &Patch::Apply(deployment(&name)))
                    .await?;
                anyhow::Ok(())
            }
        })
        .buffer_unordered(IN_FLIGHT)
        .try_collect()
        .await
}

/// Waits until the reloader knows all of them; their generations at that time.
async fn all_seen(deployments: &mut mpsc::UnboundedReceiver<Seen>) -> Result<HashMap<String, i64>> {
    let mut known = HashMap::new();
    let deadline = Instant::now() + LIMIT;
    while known.len() < DEPLOYMENTS {
        let seen = next(deployments, deadline)
            .await
            .context("the reloader does not remember all Deployments")?;
        if seen.remembered {
            known.insert(seen.name, seen.generation);
        }
    }
    Ok(known)
}

async fn change(
    client: &Client,
    deployments: &mut mpsc::UnboundedReceiver<Seen>,
    mut known: HashMap<String, i64>,
) -> Result<Vec<Duration>> {
    let secrets: Api<Secret> = Api::namespaced(client.clone(), NAMESPACE);
    let apply = PatchParams::apply("evercert-bench").force();
    let mut pace = tokio::time::interval(Duration::from_secs(1) / PACE);
    let mut changed = HashMap::new();
    for n in 0..DEPLOYMENTS {
        pace.tick().await;
        let name = format!("d{n}");
        secrets
            .patch(&name, &apply, &Patch::Apply(secret(&name, "second")))
            .await
            .context("change a Secret")?;
        changed.insert(name, Instant::now());
    }
    let mut times = Vec::new();
    let deadline = Instant::now() + LIMIT;
    while times.len() < DEPLOYMENTS {
        let seen = next(deployments, deadline).await?;
        let newer = known
            .get(&seen.name)
            .is_some_and(|generation| seen.generation > *generation);
        if newer && let Some(at) = changed.get(&seen.name) {
            known.insert(seen.name, i64::MAX);
            times.push(seen.at.saturating_duration_since(*at));
        }
    }
    Ok(times)
}

async fn next(deployments: &mut mpsc::UnboundedReceiver<Seen>, deadline: Instant) -> Result<Seen> {
    let left = deadline.saturating_duration_since(Instant::now());
    match tokio::time::timeout(left, deployments.recv()).await {
        Ok(Some(seen)) => Ok(seen),
        _ => bail!("not all Deployments were patched after {LIMIT:?}"),
    }
}

fn secret(name: &str, value: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "stringData": {"value": value}})
}

fn deployment(name: &str) -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": name, "annotations": {"secret.reloader.stakater.com/reload": name}},
        "spec": {"replicas": 0, "selector": {"matchLabels": {"app": name}}, "template": {
            "metadata": {"labels": {"app": name}},
            "spec": {"containers": [{"name": "app", "image": "localhost/none:1", "env": [
                {"name": "VALUE", "valueFrom": {"secretKeyRef": {"name": name, "key": "value"}}}]}]}}},
    })
}
