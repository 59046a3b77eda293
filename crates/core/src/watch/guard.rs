//! A wrapper that keeps one malformed object from breaking the list or watch it comes in.
//!
//! kube's `DeserializeGuard` does the same, but forgets that a kind is watched as metadata only, copies every object once
//! more, and cannot be scoped to a namespace; and an object that is not guarded makes kube log the whole response, which
//! for Secrets must never happen. So everything is watched through this one. To be deleted when kube's does all three.

use std::borrow::Cow;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::Resource;
use kube::core::DynamicResourceScope;
use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer, Error as _};
use serde_json::value::RawValue;

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

/// What must be readable of every object.
#[derive(Deserialize)]
struct Remains {
    #[serde(default)]
    metadata: ObjectMeta,
}

impl<'de, K: DeserializeOwned> Deserialize<'de> for Guarded<K> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // The text is kept until it has been read: a tree of it in between would cost more than the reading.
        let text = Box::<RawValue>::deserialize(deserializer)?;
        let error = match serde_json::from_str(text.get()) {
            Ok(object) => return Ok(Self(Ok(object))),
            Err(error) => error.to_string(),
        };
        let Remains { metadata } = serde_json::from_str(text.get()).map_err(D::Error::custom)?;
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
    use kube::core::{ObjectList, PartialObjectMeta, WatchEvent};
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

    /// The text of an object can be had only where serde hands the parser through, as it does in these two.
    #[test]
    fn reads_lists_and_watch_events_as_a_server_sends_them() {
        let list = r#"{"kind":"ConfigMapList","apiVersion":"v1","metadata":{"resourceVersion":"7"},"items":[
            {"metadata":{"name":"a"},"data":{"k":"v"}}, {"metadata":{"name":"b"},"data":3}]}"#;
        let list: ObjectList<Guarded<ConfigMap>> = serde_json::from_str(list).unwrap();
        let readable: Vec<_> = list
            .iter()
            .map(|item| (item.meta().name.as_deref(), item.0.is_ok()))
            .collect();
        assert_eq!(readable, [(Some("a"), true), (Some("b"), false)]);
        let event = r#"{"type":"ADDED","object":{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"a"},"data":{"k":"v"}}}"#;
        let event: WatchEvent<Guarded<ConfigMap>> = serde_json::from_str(event).unwrap();
        assert!(matches!(event, WatchEvent::Added(Guarded(Ok(_)))));
    }

    #[test]
    fn stays_a_metadata_watch_when_guarding_one() {
        assert!(Guarded::<PartialObjectMeta<Secret>>::metadata_api());
        assert!(!Guarded::<Secret>::metadata_api());
    }
}
