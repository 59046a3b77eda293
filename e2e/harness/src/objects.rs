//! Applying YAML as kubectl does, for tests: server-side apply of any kind, CRDs awaited.

use std::path::Path;
use std::time::Duration;

use kube::api::{DynamicObject, Patch, PatchParams};
use kube::discovery::{ApiCapabilities, ApiResource, Scope, pinned_kind};
use kube::{Api, Client};
use serde_json::Value;

use crate::error::{During, Error, Result};
use crate::probe::Awaited;

/// Field manager of objects that tests apply.
const MANAGER: &str = "evercert-harness";
/// A new CRD is served within this.
const CRD_LIMIT: Duration = Duration::from_secs(30);

/// Applies every document of a YAML text in its order.
pub async fn apply(client: &Client, yaml: &str) -> Result<()> {
    let documents: Vec<Value> =
        serde_saphyr::from_multiple(yaml).map_err(|error| Error::Invalid(format!("YAML: {error}")))?;
    for document in documents.into_iter().filter(|document| !document.is_null()) {
        apply_one(client, document).await?;
    }
    Ok(())
}

/// Applies one object; a CRD is waited for until it is served.
pub async fn apply_one(client: &Client, object: Value) -> Result<()> {
    let object: DynamicObject =
        serde_json::from_value(object).map_err(|error| Error::Invalid(format!("not a Kubernetes object: {error}")))?;
    let (resource, capabilities) = resource(client, &object).await?;
    let name = object.metadata.name.clone().unwrap_or_default();
    let api: Api<DynamicObject> = match (&capabilities.scope, object.metadata.namespace.as_deref()) {
        (Scope::Cluster, _) => Api::all_with(client.clone(), &resource),
        (Scope::Namespaced, namespace) => {
            Api::namespaced_with(client.clone(), namespace.unwrap_or("default"), &resource)
        }
    };
    let params = PatchParams::apply(MANAGER).force();
    let applied = api.patch(&name, &params, &Patch::Apply(&object)).await;
    applied.during(format_args!("apply {} {name}", resource.kind))?;
    if resource.kind == "CustomResourceDefinition" {
        return established(&api, &name).await;
    }
    Ok(())
}

async fn resource(client: &Client, object: &DynamicObject) -> Result<(ApiResource, ApiCapabilities)> {
    let types = object
        .types
        .clone()
        .ok_or_else(|| Error::Invalid("object without apiVersion or kind".into()))?;
    let action = format!("find {} {} in the API", types.api_version, types.kind);
    let gvk = kube::core::GroupVersionKind::try_from(&types)
        .map_err(|error| Error::Invalid(format!("apiVersion {}: {error}", types.api_version)))?;
    pinned_kind(client, &gvk).await.during(action)
}

async fn established(api: &Api<DynamicObject>, name: &str) -> Result<()> {
    let what = format!("CRD {name}");
    let awaited = Awaited {
        what: &what,
        limit: CRD_LIMIT,
        log: Path::new("kube-apiserver.log"),
    };
    awaited
        .until(async || {
            let crd = api.get(name).await.during(format_args!("get CRD {name}"))?;
            let conditions = crd.data.pointer("/status/conditions").and_then(Value::as_array);
            let is_true = |c: &Value| c["type"] == "Established" && c["status"] == "True";
            Ok(conditions.is_some_and(|list| list.iter().any(is_true)))
        })
        .await
}
