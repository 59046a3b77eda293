//! The metadata watches of Secrets and ConfigMaps. No content ever comes this way.

use evercert_core::runtime::Runtime;
use evercert_core::watch::{Key, Watched};
use futures::StreamExt;
use futures::stream::BoxStream;
use k8s_openapi::api::core::v1::{ConfigMap, Secret};
use kube::Resource;
use kube::core::PartialObjectMeta;

use crate::contents::Version;
use crate::flags::Settings;
use crate::gather::{Catalogue, Known};
use crate::selection::{Marks, Rules};
use crate::source::{Source, SourceKind};

const BY_NAMESPACE: &str = "namespace";

/// The watched kinds; a kind that `--resources-to-ignore` names is not watched at all.
#[derive(Debug, Clone)]
pub struct Stores {
    secrets: Option<Watched<PartialObjectMeta<Secret>>>,
    config_maps: Option<Watched<PartialObjectMeta<ConfigMap>>>,
    rules: Rules,
}

impl Stores {
    /// Starts the watches.
    pub fn start(rt: &Runtime, settings: &Settings) -> Self {
        let watched = |kind| !settings.ignored_resources.contains(&kind);
        Self {
            secrets: watched(SourceKind::Secret).then(|| watch(rt, settings)),
            config_maps: watched(SourceKind::ConfigMap).then(|| watch(rt, settings)),
            rules: settings.rules.clone(),
        }
    }

    /// Resolves when all first lists are in.
    pub async fn synced(&self) {
        if let Some(secrets) = &self.secrets {
            secrets.synced().await;
        }
        if let Some(config_maps) = &self.config_maps {
            config_maps.synced().await;
        }
    }

    /// Each source once, then each change and delete.
    pub fn changes(&self) -> BoxStream<'static, (SourceKind, Key)> {
        let secrets = self
            .secrets
            .iter()
            .map(|store| store.subscribe().map(|key| (SourceKind::Secret, key)).boxed());
        let maps = self
            .config_maps
            .iter()
            .map(|store| store.subscribe().map(|key| (SourceKind::ConfigMap, key)).boxed());
        futures::stream::select_all(secrets.chain(maps)).boxed()
    }
}

impl Catalogue for Stores {
    fn find(&self, namespace: &str, source: &Source) -> Option<Known> {
        let known = |meta: &_| known(&self.rules, meta);
        match source.kind {
            SourceKind::Secret => self
                .secrets
                .as_ref()?
                .get(Some(namespace), &source.name)
                .map(|obj| known(&obj.metadata)),
            SourceKind::ConfigMap => self
                .config_maps
                .as_ref()?
                .get(Some(namespace), &source.name)
                .map(|obj| known(&obj.metadata)),
        }
    }

    fn names(&self, namespace: &str, kind: SourceKind) -> Vec<String> {
        match kind {
            SourceKind::Secret => names(self.secrets.as_ref(), namespace),
            SourceKind::ConfigMap => names(self.config_maps.as_ref(), namespace),
        }
    }

    fn kinds(&self) -> Vec<SourceKind> {
        let maps = self.config_maps.as_ref().map(|_| SourceKind::ConfigMap);
        maps.into_iter()
            .chain(self.secrets.as_ref().map(|_| SourceKind::Secret))
            .collect()
    }
}

/// A kind of source as its metadata watch sees it.
trait SourceMeta:
    Resource<DynamicType = ()> + Clone + std::fmt::Debug + serde::de::DeserializeOwned + Send + Sync + 'static
{
}
impl SourceMeta for PartialObjectMeta<Secret> {}
impl SourceMeta for PartialObjectMeta<ConfigMap> {}

fn watch<K: SourceMeta>(rt: &Runtime, settings: &Settings) -> Watched<K> {
    let namespace = |obj: &K| obj.meta().namespace.clone().into_iter().collect();
    let builder = Watched::builder(rt.client.clone(), settings.scope.clone())
        .trim(trim)
        .index(BY_NAMESPACE, namespace);
    match settings.source_selector.as_str() {
        "" => builder.start(rt),
        selector => builder.labels(selector).start(rt),
    }
}

/// Keeps name, uid, resourceVersion and the annotations that can matter: all marks are the word `true`.
fn trim<K: Resource>(obj: &mut K) {
    let meta = obj.meta_mut();
    meta.labels = None;
    meta.owner_references = None;
    meta.finalizers = None;
    meta.generate_name = None;
    let annotations = meta.annotations.take();
    let marks: std::collections::BTreeMap<_, _> = annotations
        .into_iter()
        .flatten()
        .filter(|(_, value)| value == "true")
        .collect();
    meta.annotations = Some(marks).filter(|marks| !marks.is_empty());
}

fn known(rules: &Rules, meta: &k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta) -> Known {
    let marks = meta
        .annotations
        .as_ref()
        .map(|annotations| Marks::read(&rules.keys, annotations))
        .unwrap_or_default();
    Known {
        version: Version::of(meta),
        marks,
    }
}

fn names<K: SourceMeta>(store: Option<&Watched<K>>, namespace: &str) -> Vec<String> {
    let all = store
        .map(|store| store.by_index(BY_NAMESPACE, namespace))
        .unwrap_or_default();
    all.iter().filter_map(|obj| obj.meta().name.clone()).collect()
}
