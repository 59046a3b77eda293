//! The kinds of workloads that can be restarted. One file a kind; everything else sees a [`View`].

mod deployment;

use std::collections::BTreeMap;
use std::fmt::Debug;

use k8s_openapi::NamespaceResourceScope;
use k8s_openapi::api::core::v1::PodSpec;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::Resource;
use serde::de::DeserializeOwned;

use crate::names::keys;
use crate::seen::{self, Seen};

/// What a decision needs of a workload, whatever its kind.
#[derive(Debug, Clone, Copy)]
pub struct View<'a> {
    /// `Deployment`, as events, logs and metrics name it.
    pub kind: &'static str,
    /// Its metadata.
    pub meta: &'a ObjectMeta,
    /// Annotations of its pod template.
    pub template_annotations: &'a BTreeMap<String, String>,
    /// Spec of its pods, as far as `trim` keeps it.
    pub pod: &'a PodSpec,
}

static NO_ANNOTATIONS: BTreeMap<String, String> = BTreeMap::new();

impl<'a> View<'a> {
    /// Namespace of the workload and of all its sources.
    pub fn namespace(&self) -> &'a str {
        self.meta.namespace.as_deref().unwrap_or_default()
    }

    /// Name of the workload.
    pub fn name(&self) -> &'a str {
        self.meta.name.as_deref().unwrap_or_default()
    }

    /// Its `metadata.uid`.
    pub fn uid(&self) -> &'a str {
        self.meta.uid.as_deref().unwrap_or_default()
    }

    /// What the workload last saw, as its annotation says.
    pub fn seen(&self) -> Seen {
        let text = self.annotations().get(keys::SEEN);
        text.map(|text| seen::decode(text, self.uid())).unwrap_or_default()
    }

    /// Annotations of the workload itself.
    pub fn annotations(&self) -> &'a BTreeMap<String, String> {
        self.meta.annotations.as_ref().unwrap_or(&NO_ANNOTATIONS)
    }
}

/// A kind of workload whose pods come from a template that a patch can change.
pub trait Workload:
    Resource<DynamicType = (), Scope = NamespaceResourceScope> + Clone + Debug + DeserializeOwned + Send + Sync + 'static
{
    /// `Deployment`.
    const KIND: &'static str;

    /// The parts that decisions are made from; `None` for an object that no API server would store.
    fn view(&self) -> Option<View<'_>>;

    /// Drops everything that `view` never shows: the store holds every workload of the cluster.
    fn trim(&mut self);
}

/// Drops what no decision reads from a pod spec: images, probes, resources, and the text of variables that are not ours.
fn trim_pod(pod: &mut PodSpec) {
    use k8s_openapi::api::core::v1::{Container, EnvVar};

    let var = |var: EnvVar| (var.value_from.is_some() || var.name.starts_with(crate::names::ENV_PREFIX)).then_some(var);
    let container = |c: Container| Container {
        name: c.name,
        env: c.env.map(|env| env.into_iter().filter_map(var).collect()),
        env_from: c.env_from,
        volume_mounts: c.volume_mounts,
        ..Container::default()
    };
    let full = std::mem::take(pod);
    *pod = PodSpec {
        containers: full.containers.into_iter().map(container).collect(),
        init_containers: full.init_containers.map(|all| all.into_iter().map(container).collect()),
        volumes: full.volumes,
        ..PodSpec::default()
    };
}

/// Drops what no decision reads from metadata.
fn trim_meta(meta: &mut ObjectMeta) {
    meta.labels = None;
    meta.owner_references = None;
    meta.finalizers = None;
    meta.managed_fields = None;
}
