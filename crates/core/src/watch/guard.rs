//! A wrapper that keeps one malformed object from breaking the list or watch it comes in.
//!
//! kube's `DeserializeGuard` does the same, but forgets that a kind is watched as metadata only, copies every object once
//! more, and cannot be scoped to a namespace; and an object that is not guarded makes kube log the whole response, which
//! for Secrets must never happen. So everything is watched through this one. To be deleted when kube's does all three.

use std::borrow::Cow;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::Resource;
use kube::core::DynamicResourceScope;
use serde::de::{Deserialize, DeserializeOwned, Deserializer, Error as _};

/// An object, or the metadata of one that cannot be read.
#[derive(Debug, Clone)]
pub(super) struct Guarded<K>(pub Result<K, Malformed>);

/// What is left of an unreadable object.
#[derive(Debug, Clone)]
pub(super) struct Malformed {
    pub metadata: ObjectMeta,
    /// The parser's words.
    pub error: String,
}

impl<'de, K: DeserializeOwned> Deserialize<'de> for Guarded<K> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut value = serde_json::Value::deserialize(deserializer)?;
        let error = match K::deserialize(&value) {
            Ok(object) => return Ok(Self(Ok(object))),
            Err(error) => error.to_string(),
        };
        let metadata = value
            .get_mut("metadata")
            .map(serde_json::Value::take)
            .unwrap_or_default();
        let metadata = ObjectMeta::deserialize(metadata).map_err(D::Error::custom)?;
        Ok(Self(Err(Malformed { metadata, error })))
    }
}

impl<K: Resource> Resource for Guarded<K> {
    type DynamicType = K::DynamicType;
    // The scope is decided at run time, so that one builder serves namespaced and cluster-scoped kinds.
    type Scope = DynamicResourceScope;

    fn metadata_api() -> bool {
        K::metadata_api()
    }
    fn kind(dt: &Self::DynamicType) -> Cow<'_, str> {
        K::kind(dt)
    }
    fn group(dt: &Self::DynamicType) -> Cow<'_, str> {
        K::group(dt)
    }
    fn version(dt: &Self::DynamicType) -> Cow<'_, str> {
        K::version(dt)
    }
    fn plural(dt: &Self::DynamicType) -> Cow<'_, str> {
        K::plural(dt)
    }
    fn meta(&self) -> &ObjectMeta {
        self.0.as_ref().map_or_else(|malformed| &malformed.metadata, K::meta)
    }
    fn meta_mut(&mut self) -> &mut ObjectMeta {
        self.0
            .as_mut()
            .map_or_else(|malformed| &mut malformed.metadata, K::meta_mut)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use k8s_openapi::api::core::v1::{ConfigMap, Secret};
    use kube::core::PartialObjectMeta;
    use serde_json::json;

    #[test]
    fn keeps_the_metadata_when_an_object_is_malformed() {
        let meta = json!({"name": "a", "namespace": "b"});
        let good: Guarded<ConfigMap> = serde_json::from_value(json!({"metadata": meta, "data": {"k": "v"}})).unwrap();
        assert_eq!(good.0.unwrap().data.unwrap()["k"], "v");
        let bad: Guarded<ConfigMap> = serde_json::from_value(json!({"metadata": meta, "data": 3})).unwrap();
        assert_eq!(bad.meta().name.as_deref(), Some("a"));
        assert!(bad.0.unwrap_err().error.contains("invalid type"));
    }

    #[test]
    fn stays_a_metadata_watch_when_guarding_one() {
        assert!(Guarded::<PartialObjectMeta<Secret>>::metadata_api());
        assert!(!Guarded::<Secret>::metadata_api());
    }
}
