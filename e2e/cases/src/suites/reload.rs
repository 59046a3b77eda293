//! The reloader alone: named, automatic, by pattern; a rollout for each change and none for anything else.

use std::time::Duration;

use anyhow::{Result, ensure};
use k8s_openapi::api::apps::v1::{Deployment, ReplicaSet};
use kube::ResourceExt;
use kube::api::{Api, ListParams};

use crate::wait::until;
use crate::world::World;

const LIMIT: Duration = Duration::from_mins(1);

pub async fn run(world: &World) -> Result<()> {
    let ns = world.cluster.namespace("reload").await?;
    world.cluster.apply(&configuration(&ns, "1")).await?;
    let table = [
        ("named", "secret.reloader.stakater.com/reload: cred", 1),
        ("pattern", "configmap.reloader.stakater.com/reload: 'con.*'", 1),
        ("auto", "reloader.stakater.com/auto: 'true'", 2),
        ("silent", "team: a", 0),
    ];
    for (name, annotation, _) in table {
        world.cluster.apply(&workload(&ns, name, annotation)).await?;
    }
    let api: Api<Deployment> = Api::namespaced(world.client().await?, &ns);
    for (name, _, sources) in table {
        until(&format!("{name} to be remembered"), LIMIT, async || {
            Ok((seen(&api.get(name).await?) == sources).then_some(()))
        })
        .await?;
    }
    world.cluster.apply(&configuration(&ns, "2")).await?;
    for (name, _, sources) in table {
        until(&format!("{name} to restart"), LIMIT, async || {
            Ok((variables(&api.get(name).await?) == sources).then_some(()))
        })
        .await?;
        let rollout = [
            "rollout",
            "status",
            "-n",
            &ns,
            &format!("deployment/{name}"),
            "--timeout=60s",
        ];
        world.kubectl(&rollout).await?;
        let rollouts = templates(world, &ns, name).await? - 1;
        // Two sources are two writes: they come together or one after the other.
        ensure!(
            rollouts >= sources.min(1) && rollouts <= sources,
            "{name}: {rollouts} rollouts for {sources} sources"
        );
    }
    Ok(())
}

fn configuration(ns: &str, value: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Secret\nmetadata: {{name: cred, namespace: {ns}}}\nstringData: {{k: '{value}'}}\n---\n\
         apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: conf, namespace: {ns}}}\ndata: {{k: '{value}'}}\n"
    )
}

fn workload(ns: &str, name: &str, annotation: &str) -> String {
    format!(
        r#"apiVersion: apps/v1
kind: Deployment
metadata: {{name: {name}, namespace: {ns}, annotations: {{{annotation}}}}}
spec:
  selector: {{matchLabels: {{app: {name}}}}}
  template:
    metadata: {{labels: {{app: {name}}}}}
    spec:
      terminationGracePeriodSeconds: 1
      containers:
      - name: app
        image: localhost/busybox:1
        imagePullPolicy: Never
        command: [busybox, sleep, "86400"]
        envFrom: [{{secretRef: {{name: cred}}}}, {{configMapRef: {{name: conf}}}}]
        resources: {{requests: {{cpu: 5m}}}}
"#
    )
}

/// How many sources the workload remembers.
fn seen(deployment: &Deployment) -> usize {
    let text = deployment.annotations().get("evercert.dev/seen");
    let entries: serde_json::Value = text
        .and_then(|text| serde_json::from_str(text).ok())
        .unwrap_or_default();
    entries
        .as_object()
        .map_or(0, |all| all.keys().filter(|key| key.contains('/')).count())
}

/// How many variables the reloader has set.
fn variables(deployment: &Deployment) -> usize {
    let pod = deployment.spec.as_ref().and_then(|spec| spec.template.spec.as_ref());
    let variables = pod
        .into_iter()
        .flat_map(|pod| &pod.containers)
        .flat_map(|container| container.env.iter().flatten());
    variables
        .filter(|variable| variable.name.starts_with("STAKATER_"))
        .count()
}

async fn templates(world: &World, ns: &str, name: &str) -> Result<usize> {
    let api: Api<ReplicaSet> = Api::namespaced(world.client().await?, ns);
    Ok(api
        .list(&ListParams::default().labels(&format!("app={name}")))
        .await?
        .items
        .len())
}
