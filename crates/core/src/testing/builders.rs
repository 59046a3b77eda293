//! Objects named by intent, as small as a test needs them.

use std::collections::BTreeMap;

use evercert_api::certmanager::v1::{Certificate, Issuer};
use k8s_openapi::ByteString;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{ConfigMap, Secret};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// Metadata with a namespace and a name.
pub fn meta(namespace: &str, name: &str) -> ObjectMeta {
    ObjectMeta {
        namespace: Some(namespace.into()),
        name: Some(name.into()),
        ..ObjectMeta::default()
    }
}

/// A Secret with that data.
pub fn secret(namespace: &str, name: &str, data: &[(&str, &str)]) -> Secret {
    let data = data
        .iter()
        .map(|(key, value)| ((*key).to_owned(), ByteString(value.as_bytes().to_vec())))
        .collect();
    Secret {
        metadata: meta(namespace, name),
        data: Some(data),
        ..Secret::default()
    }
}

/// A `kubernetes.io/tls` Secret with that chain and key.
pub fn tls_secret(namespace: &str, name: &str, chain: &str, key: &str) -> Secret {
    let plain = secret(namespace, name, &[("tls.crt", chain), ("tls.key", key)]);
    Secret {
        type_: Some("kubernetes.io/tls".into()),
        ..plain
    }
}

/// A ConfigMap with that data.
pub fn config_map(namespace: &str, name: &str, data: &[(&str, &str)]) -> ConfigMap {
    let data = data
        .iter()
        .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
        .collect();
    ConfigMap {
        metadata: meta(namespace, name),
        data: Some(data),
        ..ConfigMap::default()
    }
}

/// The same object with these annotations added.
#[must_use]
pub fn annotated<K: kube::Resource>(mut obj: K, annotations: &[(&str, &str)]) -> K {
    let all = obj.meta_mut().annotations.get_or_insert_with(BTreeMap::new);
    all.extend(
        annotations
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned())),
    );
    obj
}

/// A Deployment of one container that mounts these Secrets.
pub fn deployment_mounting(namespace: &str, name: &str, secrets: &[&str]) -> Deployment {
    let volumes: Vec<_> = secrets
        .iter()
        .map(|name| json!({"name": name, "secret": {"secretName": name}}))
        .collect();
    let mounts: Vec<_> = secrets
        .iter()
        .map(|name| json!({"name": name, "mountPath": format!("/{name}")}))
        .collect();
    typed(json!({
        "metadata": {"namespace": namespace, "name": name},
        "spec": {
            "selector": {"matchLabels": {"app": name}},
            "template": {
                "metadata": {"labels": {"app": name}},
                "spec": {
                    "containers": [{"name": "main", "image": "none.invalid/none", "volumeMounts": mounts}],
                    "volumes": volumes,
                },
            },
        },
    }))
}

/// An Issuer that signs with the Secret of that name.
pub fn ca_issuer(namespace: &str, name: &str, secret: &str) -> Issuer {
    typed(json!({
        "apiVersion": "cert-manager.io/v1", "kind": "Issuer",
        "metadata": {"namespace": namespace, "name": name}, "spec": {"ca": {"secretName": secret}},
    }))
}

/// An Issuer that signs each certificate with its own key.
pub fn self_signed_issuer(namespace: &str, name: &str) -> Issuer {
    typed(json!({
        "apiVersion": "cert-manager.io/v1", "kind": "Issuer",
        "metadata": {"namespace": namespace, "name": name}, "spec": {"selfSigned": {}},
    }))
}

/// A Certificate for one DNS name, P-256, stored in the Secret `<name>-tls`.
pub fn certificate(namespace: &str, name: &str, issuer: &str, dns_name: &str) -> Certificate {
    typed(json!({
        "apiVersion": "cert-manager.io/v1", "kind": "Certificate",
        "metadata": {"namespace": namespace, "name": name},
        "spec": {
            "secretName": format!("{name}-tls"),
            "dnsNames": [dns_name],
            "issuerRef": {"name": issuer, "kind": "Issuer", "group": "cert-manager.io"},
            "privateKey": {"algorithm": "ECDSA", "size": 256},
        },
    }))
}

#[expect(
    clippy::expect_used,
    reason = "test support: the JSON above is fixed, and a test of this module reads all of it"
)]
fn typed<K: DeserializeOwned>(value: Value) -> K {
    serde_json::from_value(value).expect("builders fit their types")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn builders_fit_their_types() {
        let deployment = annotated(deployment_mounting("ns", "app", &["tls"]), &[("a", "b")]);
        assert_eq!(deployment.metadata.annotations.unwrap()["a"], "b");
        assert_eq!(ca_issuer("ns", "ca", "root").metadata.name.as_deref(), Some("ca"));
        assert_eq!(
            self_signed_issuer("ns", "self").metadata.namespace.as_deref(),
            Some("ns")
        );
        assert_eq!(certificate("ns", "web", "ca", "web.test").spec.secret_name, "web-tls");
    }
}
