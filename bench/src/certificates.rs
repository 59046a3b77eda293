//! Makes Certificates and waits until they are Ready, noting how long each took. Knows no operator.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use kube::api::{Api, DynamicObject, GroupVersionKind, PostParams};
use kube::core::ApiResource;
use kube::runtime::{WatchStreamExt as _, watcher};
use kube::{Client, ResourceExt as _};
use serde_json::{Value, json};

/// Requests under way at once while objects are made.
pub const IN_FLIGHT: usize = 16;

/// How long it took.
#[derive(Debug)]
pub struct Issued {
    /// From the first create to the last Ready.
    pub total: Duration,
    /// From each create's answer to its Ready, as a watch shows it.
    pub each: Vec<Duration>,
}

/// The dynamic API of a kind of cert-manager.io/v1.
pub fn api(client: &Client, kind: &str, namespace: &str) -> Api<DynamicObject> {
    let resource = ApiResource::from_gvk(&GroupVersionKind::gvk("cert-manager.io", "v1", kind));
    Api::namespaced_with(client.clone(), namespace, &resource)
}

/// A Certificate of one name.
pub fn certificate(name: &str, issuer: &str, private_key: &Value) -> Value {
    json!({
        "apiVersion": "cert-manager.io/v1", "kind": "Certificate", "metadata": {"name": name},
        "spec": {"secretName": name, "dnsNames": [format!("{name}.evercert.test")], "privateKey": private_key,
                 "issuerRef": {"name": issuer, "kind": "ClusterIssuer"}},
    })
}

/// Makes all of them and waits until each is Ready; fails after `limit`.
pub async fn issue(client: &Client, namespace: &str, wanted: Vec<Value>, limit: Duration) -> Result<Issued> {
    let count = wanted.len();
    let began = Instant::now();
    let watching = tokio::spawn(ready_times(api(client, "Certificate", namespace), count));
    let created = create(client, namespace, wanted).await?;
    let ready = tokio::time::timeout(limit.saturating_sub(began.elapsed()), watching).await;
    let Ok(ready) = ready else {
        bail!("not all of {count} Certificates were Ready after {limit:?}")
    };
    let ready = ready.context("the watch ended")??;
    let last = ready.values().max().copied().unwrap_or(began);
    let each = ready
        .iter()
        .filter_map(|(name, at)| Some(at.saturating_duration_since(*created.get(name)?)))
        .collect();
    Ok(Issued {
        total: last.saturating_duration_since(began),
        each,
    })
}

async fn create(client: &Client, namespace: &str, wanted: Vec<Value>) -> Result<HashMap<String, Instant>> {
    let certificates = api(client, "Certificate", namespace);
    stream::iter(wanted)
        .map(|value| {
            let certificates = certificates.clone();
            async move {
                let object: DynamicObject = serde_json::from_value(value)?;
                let name = object.name_any();
                let asked = Instant::now();
                certificates
                    .create(&PostParams::default(), &object)
                    .await
                    .with_context(|| format!("create {name}"))?;
                anyhow::Ok((name, asked))
            }
        })
        .buffer_unordered(IN_FLIGHT)
        .try_collect()
        .await
}

async fn ready_times(certificates: Api<DynamicObject>, count: usize) -> Result<HashMap<String, Instant>> {
    let mut ready = HashMap::new();
    let mut events = watcher(certificates, watcher::Config::default())
        .applied_objects()
        .boxed();
    while ready.len() < count {
        let certificate = events.try_next().await?.context("the watch ended")?;
        if is_ready(&certificate) {
            ready.entry(certificate.name_any()).or_insert_with(Instant::now);
        }
    }
    Ok(ready)
}

fn is_ready(object: &DynamicObject) -> bool {
    let conditions = object.data.pointer("/status/conditions").and_then(Value::as_array);
    conditions
        .into_iter()
        .flatten()
        .any(|c| c["type"] == "Ready" && c["status"] == "True")
}
