//! A reloader in this process against a real API server, and objects named by intent.

#![allow(dead_code, reason = "each test binary uses its own part")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test ends where the API server refuses it"
)]
#![allow(
    missing_debug_implementations,
    missing_docs,
    reason = "never printed; named by intent"
)]

use std::collections::BTreeMap;
use std::pin::pin;
use std::time::Duration;

use evercert_core::events::Reporter;
use evercert_core::runtime::Runtime;
use evercert_core::watch::Scope;
use evercert_harness::Plane;
use evercert_reloader::flags::Settings;
use evercert_reloader::operator;
use futures::TryStreamExt;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{ConfigMap, Secret};
use k8s_openapi::api::events::v1::Event;
use kube::api::{Api, DeleteParams, ListParams, Patch, PatchParams, PostParams, WatchEvent, WatchParams};
use kube::{Client, ResourceExt};
use serde_json::{Value, json};
use tokio::task::JoinHandle;

pub const SEEN: &str = "evercert.dev/seen";
const DEADLINE: Duration = Duration::from_secs(30);

/// A running reloader that looks at one namespace.
pub struct Reloader {
    pub rt: Runtime,
    task: JoinHandle<()>,
}

impl Reloader {
    pub fn start(client: &Client, ns: &str) -> Self {
        Self::start_with(
            client,
            Settings {
                scope: Scope::Namespace(ns.to_owned()),
                ..Settings::default()
            },
        )
    }

    pub fn start_with(client: &Client, settings: Settings) -> Self {
        let reporter = Reporter {
            controller: "reloader".into(),
            instance: "test".into(),
        };
        let rt = Runtime::new(client.clone(), reporter);
        let task = tokio::spawn(operator::start(rt.clone(), settings));
        Self { rt, task }
    }

    pub async fn stop(self) {
        self.rt.shutdown.request();
        self.task.await.unwrap();
    }
}

/// One namespace as a user sees it.
pub struct Space {
    pub client: Client,
    pub ns: String,
    /// Before anything was in it.
    began: String,
}

impl Space {
    pub async fn new(plane: &Plane) -> Self {
        let (client, ns) = (plane.client().await.unwrap(), plane.namespace("reload").await.unwrap());
        let empty = Api::<Deployment>::namespaced(client.clone(), &ns)
            .list(&ListParams::default())
            .await
            .unwrap();
        Self {
            client,
            ns,
            began: empty.metadata.resource_version.unwrap(),
        }
    }

    /// How often the pod template was changed, from every version that the Deployment ever had.
    pub async fn restarts(&self, name: &str) -> usize {
        let now = self.deployments().get(name).await.unwrap().resource_version();
        let params = WatchParams::default().fields(&format!("metadata.name={name}"));
        let mut history = pin!(self.deployments().watch(&params, &self.began).await.unwrap());
        let mut templates: Vec<Value> = Vec::new();
        while let Some(event) = history.try_next().await.unwrap() {
            let (WatchEvent::Added(version) | WatchEvent::Modified(version)) = event else {
                continue;
            };
            if templates.last() != Some(&template(&version)) {
                templates.push(template(&version));
            }
            if version.resource_version() == now {
                break;
            }
        }
        templates.len() - 1
    }

    pub fn deployments(&self) -> Api<Deployment> {
        Api::namespaced(self.client.clone(), &self.ns)
    }
    pub fn secrets(&self) -> Api<Secret> {
        Api::namespaced(self.client.clone(), &self.ns)
    }
    pub fn config_maps(&self) -> Api<ConfigMap> {
        Api::namespaced(self.client.clone(), &self.ns)
    }

    /// A Secret with this data; replaces what is there.
    pub async fn secret(&self, name: &str, data: &[(&str, &str)]) -> Secret {
        self.annotated_secret(name, data, &[]).await
    }

    pub async fn annotated_secret(&self, name: &str, data: &[(&str, &str)], annotations: &[(&str, &str)]) -> Secret {
        let object = json!({
            "apiVersion": "v1", "kind": "Secret",
            "metadata": {"name": name, "annotations": map(annotations)}, "stringData": map(data),
        });
        self.secrets()
            .patch(name, &apply(), &Patch::Apply(object))
            .await
            .unwrap()
    }

    pub async fn config_map(&self, name: &str, data: &[(&str, &str)]) -> ConfigMap {
        let object = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": map(data)});
        self.config_maps()
            .patch(name, &apply(), &Patch::Apply(object))
            .await
            .unwrap()
    }

    pub async fn delete_secret(&self, name: &str) {
        self.secrets().delete(name, &DeleteParams::default()).await.unwrap();
    }

    /// A Deployment that mounts these Secrets.
    pub async fn deployment(&self, name: &str, annotations: &[(&str, &str)], mounts: &[&str]) -> Deployment {
        let volumes: Vec<Value> = mounts
            .iter()
            .map(|s| json!({"name": s, "secret": {"secretName": s}}))
            .collect();
        let mounts: Vec<Value> = mounts
            .iter()
            .map(|s| json!({"name": s, "mountPath": format!("/{s}")}))
            .collect();
        let object = serde_json::from_value(json!({
            "metadata": {"name": name, "annotations": map(annotations)},
            "spec": {
                "replicas": 1, "selector": {"matchLabels": {"app": name}},
                "template": {
                    "metadata": {"labels": {"app": name}},
                    "spec": {"volumes": volumes, "containers": [{"name": "app", "image": "none", "volumeMounts": mounts}]},
                },
            },
        }));
        self.deployments()
            .create(&PostParams::default(), &object.unwrap())
            .await
            .unwrap()
    }

    /// Waits until the Deployment is as wished.
    pub async fn until(&self, name: &str, what: &str, wished: impl Fn(&Deployment) -> bool) -> Deployment {
        let api = self.deployments();
        let look = async {
            loop {
                let now = api.get(name).await.unwrap();
                if wished(&now) {
                    return now;
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        if let Ok(found) = tokio::time::timeout(DEADLINE, look).await {
            return found;
        }
        panic!("{name}: not {what}: {:?}", api.get(name).await.unwrap())
    }

    /// Waits until the workload's memory holds this source; returns its hash.
    pub async fn remembered(&self, name: &str, source: &str) -> String {
        let found = self
            .until(name, "remembered", |now| seen(now).contains_key(source))
            .await;
        seen(&found)[source].clone()
    }

    /// Waits for the variable to have another value than `old`.
    pub async fn restarted(&self, name: &str, variable: &str, old: &str) -> Deployment {
        self.until(name, "restarted", |now| {
            env(now, variable).is_some_and(|value| value != old)
        })
        .await
    }

    /// Waits for an event about the Deployment; returns its note.
    pub async fn event(&self, name: &str, reason: &str) -> String {
        let api: Api<Event> = Api::namespaced(self.client.clone(), &self.ns);
        let look = async {
            loop {
                let all = api.list(&ListParams::default()).await.unwrap();
                let found = all.items.into_iter().find(|event| {
                    let about = event.regarding.as_ref().and_then(|on| on.name.as_deref());
                    event.reason.as_deref() == Some(reason) && about == Some(name)
                });
                if let Some(event) = found {
                    return event.note.unwrap_or_default();
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(DEADLINE, look)
            .await
            .unwrap_or_else(|_| panic!("no event {reason} on {name}"))
    }
}

pub fn map(entries: &[(&str, &str)]) -> BTreeMap<String, String> {
    entries
        .iter()
        .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
        .collect()
}

fn template(deployment: &Deployment) -> Value {
    serde_json::to_value(&deployment.spec.as_ref().unwrap().template).unwrap()
}

/// Value of a variable of the first container.
pub fn env(deployment: &Deployment, variable: &str) -> Option<String> {
    let pod = deployment.spec.as_ref()?.template.spec.as_ref()?;
    let var = pod.containers[0]
        .env
        .iter()
        .flatten()
        .find(|var| var.name == variable)?;
    var.value.clone()
}

/// The workload's memory; without the entry that names the workload.
pub fn seen(deployment: &Deployment) -> BTreeMap<String, String> {
    let text = deployment.annotations().get(SEEN);
    let mut seen: BTreeMap<String, String> = text.map(|text| serde_json::from_str(text).unwrap()).unwrap_or_default();
    seen.remove("of");
    seen
}

fn apply() -> PatchParams {
    PatchParams::apply("user").force()
}
