//! Secrets: metadata watched, content read one at a time.

use evercert_core::contract::annotations;
use evercert_core::runtime::Runtime;
use evercert_core::watch::{Key, Scope, Watched};
use k8s_openapi::api::core::v1::Secret;
use kube::api::PartialObjectMeta;
use kube::{Api, Client, Error};

/// Metadata of one Secret.
pub type SecretMeta = PartialObjectMeta<Secret>;

/// Annotations that are looked at without reading the Secret.
const KEPT: [&str; 3] = [
    annotations::GENERATE_JAVA_KEYSTORES,
    annotations::DERIVED_FROM,
    annotations::DERIVED_KEYS,
];

/// One version of one Secret.
pub type Version = (Option<String>, Option<String>);

/// Starts the watch that both controllers share.
pub fn watch(rt: &Runtime, scope: &Scope) -> Watched<SecretMeta> {
    Watched::builder(rt.client.clone(), scope.clone()).trim(trim).start(rt)
}

/// Thousands of Secrets concern nobody here: of each stays what tells that, and which version it is.
fn trim(secret: &mut SecretMeta) {
    secret.types = None;
    secret.metadata.labels = None;
    secret.metadata.generate_name = None;
    secret.metadata.owner_references = None;
    secret.metadata.finalizers = None;
    if let Some(all) = &mut secret.metadata.annotations {
        all.retain(|name, _| KEPT.contains(&name.as_str()));
    }
    secret.metadata.annotations.take_if(|all| all.is_empty());
}

/// The version that the watch knows.
pub fn version(secret: &SecretMeta) -> Version {
    (secret.metadata.uid.clone(), secret.metadata.resource_version.clone())
}

/// The content, `None` where it is gone by now.
pub async fn read(client: &Client, key: &Key) -> Result<Option<Secret>, Error> {
    let namespace = key.namespace.as_deref().unwrap_or_default();
    Api::<Secret>::namespaced(client.clone(), namespace)
        .get_opt(&key.name)
        .await
}
