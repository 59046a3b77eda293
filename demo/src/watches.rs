//! Watches that write the journal: Secrets, Routes and ReplicaSets of the demo's namespace. They only look.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures::StreamExt;
use k8s_openapi::ByteString;
use k8s_openapi::api::apps::v1::ReplicaSet;
use k8s_openapi::api::core::v1::Secret;
use kube::api::{Api, ApiResource, DynamicObject, GroupVersionKind};
use kube::runtime::{WatchStreamExt, watcher};
use kube::{Client, ResourceExt};
use tokio::task::JoinSet;

use crate::certs;
use crate::journal::{Fact, Journal};
use crate::names::NAMESPACE;

/// Starts the watches; they end when the set is dropped.
pub fn start(client: &Client, journal: &Arc<Journal>) -> JoinSet<()> {
    let mut tasks = JoinSet::new();
    tasks.spawn(follow(
        Api::<Secret>::namespaced(client.clone(), NAMESPACE),
        Arc::clone(journal),
        secret,
    ));
    tasks.spawn(follow(
        Api::<ReplicaSet>::namespaced(client.clone(), NAMESPACE),
        Arc::clone(journal),
        replica_set,
    ));
    let resource = route_resource();
    let routes = Api::<DynamicObject>::namespaced_with(client.clone(), NAMESPACE, &resource);
    tasks.spawn(follow(routes, Arc::clone(journal), route));
    tasks
}

/// The API of OpenShift Routes.
pub fn route_resource() -> ApiResource {
    ApiResource::from_gvk(&GroupVersionKind::gvk("route.openshift.io", "v1", "Route"))
}

async fn follow<K>(api: Api<K>, journal: Arc<Journal>, facts: fn(&K) -> Vec<Fact>)
where
    K: kube::Resource + Clone + std::fmt::Debug + serde::de::DeserializeOwned + Send + 'static,
{
    let stream = watcher(api, watcher::Config::default())
        .default_backoff()
        .applied_objects();
    stream
        .for_each(|object| {
            // A watch that broke is begun again by the stream; nothing is lost, only later.
            for fact in object.iter().flat_map(facts) {
                journal.note(fact);
            }
            std::future::ready(())
        })
        .await;
}

fn secret(secret: &Secret) -> Vec<Fact> {
    let empty = BTreeMap::new();
    let data = secret.data.as_ref().unwrap_or(&empty);
    let bytes = |key: &str| data.get(key).map(|ByteString(bytes)| bytes.as_slice());
    let Some(leaf) = bytes("tls.crt").and_then(certs::first_of_pem) else {
        return Vec::new();
    };
    let (name, serial) = (secret.name_any(), leaf.serial.clone());
    let keystore = bytes("keystore.jks").is_some_and(|keystore| certs::keystore_holds(keystore, &leaf));
    let keystore = keystore.then(|| Fact::Keystore {
        secret: name.clone(),
        serial: serial.clone(),
    });
    [Fact::Issued { secret: name, serial }]
        .into_iter()
        .chain(keystore)
        .collect()
}

fn replica_set(set: &ReplicaSet) -> Vec<Fact> {
    let Some(owner) = set.owner_references().iter().find(|owner| owner.kind == "Deployment") else {
        return Vec::new();
    };
    let name = set.name_any();
    let wanted = set.spec.as_ref().and_then(|spec| spec.replicas).unwrap_or(0);
    let ready = set
        .status
        .as_ref()
        .and_then(|status| status.ready_replicas)
        .unwrap_or(0);
    let ready = (wanted > 0 && ready >= wanted).then(|| Fact::Ready { name: name.clone() });
    [Fact::ReplicaSet {
        deployment: owner.name.clone(),
        name,
    }]
    .into_iter()
    .chain(ready)
    .collect()
}

fn route(route: &DynamicObject) -> Vec<Fact> {
    let pem = route
        .data
        .pointer("/spec/tls/certificate")
        .and_then(serde_json::Value::as_str);
    let leaf = pem.and_then(|pem| certs::first_of_pem(pem.as_bytes()));
    leaf.map(|leaf| Fact::Route {
        route: route.name_any(),
        serial: leaf.serial,
    })
    .into_iter()
    .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_replica_set_is_ready_when_all_it_wants_are() {
        let set = |replicas: i32, ready: i32| -> ReplicaSet {
            serde_json::from_value(json!({
                "metadata": {"name": "d-1", "ownerReferences": [{"apiVersion": "apps/v1", "kind": "Deployment", "name": "d", "uid": "u"}]},
                "spec": {"replicas": replicas, "selector": {}}, "status": {"replicas": replicas, "readyReplicas": ready}
            }))
            .unwrap()
        };
        let made = || Fact::ReplicaSet {
            deployment: "d".into(),
            name: "d-1".into(),
        };
        let ready = || Fact::Ready { name: "d-1".into() };
        assert_eq!(replica_set(&set(1, 1)), [made(), ready()]);
        assert_eq!(replica_set(&set(1, 0)), [made()]);
        assert_eq!(replica_set(&set(0, 0)), [made()]);
    }

    #[test]
    fn a_secret_without_certificate_tells_nothing() {
        assert_eq!(secret(&Secret::default()), []);
    }
}
