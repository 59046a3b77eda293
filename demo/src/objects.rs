//! Reads of single objects that the proofs look at: Secret keys, Route fields, the state of pods.

use anyhow::{Context, Result};
use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::{Pod, Secret};
use kube::Client;
use kube::api::{Api, DynamicObject, ListParams};

use crate::names::NAMESPACE;
use crate::watches::route_resource;

/// One key of a Secret of the demo's namespace; `None` where Secret or key is missing.
pub async fn secret_key(client: &Client, name: &str, key: &str) -> Result<Option<Vec<u8>>> {
    let secret = Api::<Secret>::namespaced(client.clone(), NAMESPACE)
        .get_opt(name)
        .await
        .with_context(|| format!("read Secret {name}"))?;
    Ok(secret
        .and_then(|secret| secret.data?.remove(key))
        .map(|ByteString(bytes)| bytes))
}

/// The CA that a Route demands of its pods.
pub async fn destination_ca(client: &Client, route: &str) -> Result<Option<String>> {
    let api = Api::<DynamicObject>::namespaced_with(client.clone(), NAMESPACE, &route_resource());
    let route = api.get(route).await.with_context(|| format!("read Route {route}"))?;
    Ok(route
        .data
        .pointer("/spec/tls/destinationCACertificate")
        .and_then(serde_json::Value::as_str)
        .map(str::to_owned))
}

/// How many pods of the namespace have tried to start, ended, and been started again.
pub async fn pods_that_ended(client: &Client) -> Result<usize> {
    let api = Api::<Pod>::namespaced(client.clone(), NAMESPACE);
    let pods = api.list(&ListParams::default()).await.context("list pods")?;
    Ok(pods.iter().filter(|pod| has_ended(pod)).count())
}

fn has_ended(pod: &Pod) -> bool {
    let mut statuses = pod
        .status
        .iter()
        .filter_map(|status| status.container_statuses.as_ref())
        .flatten();
    statuses.any(|status| {
        status
            .last_state
            .as_ref()
            .is_some_and(|state| state.terminated.is_some())
    })
}
