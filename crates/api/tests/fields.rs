//! Every field of every kind: known to the CRD, and unchanged by reading and writing.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::too_many_lines,
    reason = "tests: helpers fail loudly, tables are long"
)]

mod full;

use std::collections::BTreeSet;

use evercert_api::acme::v1::{Challenge, Order};
use evercert_api::certmanager::v1::{Certificate, CertificateRequest, ClusterIssuer, Issuer};
use evercert_api::crd;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

#[test]
fn every_object_is_unchanged_when_read_and_written() {
    for object in full::all() {
        let written = match object["kind"].as_str().unwrap() {
            "Certificate" => through::<Certificate>(&object),
            "CertificateRequest" => through::<CertificateRequest>(&object),
            "Issuer" => through::<Issuer>(&object),
            "ClusterIssuer" => through::<ClusterIssuer>(&object),
            "Order" => through::<Order>(&object),
            "Challenge" => through::<Challenge>(&object),
            kind => panic!("{kind}"),
        };
        assert_eq!(written, as_go_writes(object));
    }
}

fn through<K: DeserializeOwned + Serialize>(object: &Value) -> Value {
    let typed: K = serde_json::from_value(object.clone()).unwrap_or_else(|e| panic!("{e}: {object}"));
    serde_json::to_value(typed).unwrap()
}

/// `skipTLSVerify: false` is the one value of the fixtures that omitempty drops.
fn as_go_writes(mut object: Value) -> Value {
    if let Some(acme) = object.pointer_mut("/spec/acme").and_then(Value::as_object_mut) {
        acme.remove("skipTLSVerify");
    }
    object
}

#[test]
fn an_unknown_enum_value_is_kept_when_an_object_carries_one() {
    let object = serde_json::json!({
        "apiVersion": "cert-manager.io/v1", "kind": "Certificate", "metadata": {},
        "spec": { "secretName": "s", "issuerRef": { "name": "i" }, "usages": ["teleportation"], "privateKey": { "algorithm": "ML-DSA" } },
    });
    assert_eq!(through::<Certificate>(&object), object);
}

#[test]
fn a_password_does_not_show_when_an_object_is_printed_for_debugging() {
    let object = full::all().remove(0);
    let certificate: Certificate = serde_json::from_value(object).unwrap();
    assert!(!format!("{certificate:?}").contains("changeme"));
}

#[test]
fn the_fixtures_set_every_field_that_the_crds_have() {
    let set: BTreeSet<String> = full::all().iter().flat_map(present).collect();
    for crd in crd::all() {
        let kind = crd["spec"]["names"]["kind"].as_str().unwrap().to_owned();
        let schema = &crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"];
        let mut missing = Vec::new();
        fields(schema, &kind, &mut |path| {
            if !set.contains(path) {
                missing.push(path.to_owned());
            }
        });
        assert_eq!(missing, Vec::<String>::new());
    }
}

/// Calls `see` with each field below `schema`; types of Kubernetes itself are not looked into.
fn fields(schema: &Value, path: &str, see: &mut impl FnMut(&str)) {
    let foreign = [
        "affinity",
        "tolerations",
        "seLinuxOptions",
        "seccompProfile",
        "sysctls",
        "metadata",
    ];
    for (name, field) in schema["properties"].as_object().into_iter().flatten() {
        let below = format!("{path}.{name}");
        see(&below);
        let is_template = name == "metadata" && path.ends_with("Template");
        if is_template || !foreign.contains(&name.as_str()) {
            fields(field, &below, see);
        }
    }
    if let Some(items) = schema.get("items") {
        fields(items, &format!("{path}[]"), see);
    }
}

fn present(object: &Value) -> Vec<String> {
    fn walk(value: &Value, path: &str, out: &mut Vec<String>) {
        match value {
            Value::Object(map) => {
                for (name, below) in map {
                    let path = format!("{path}.{name}");
                    out.push(path.clone());
                    walk(below, &path, out);
                }
            }
            Value::Array(list) => list.iter().for_each(|item| walk(item, &format!("{path}[]"), out)),
            _ => {}
        }
    }
    let mut out = Vec::new();
    walk(object, object["kind"].as_str().unwrap(), &mut out);
    out
}
