//! Every manifest of `examples/` and `demo/manifests/` is what its kind allows: read as the typed object and written again,
//! nothing of it is lost. An unknown or misspelt field would be.

// Helpers of a test fail by panicking, as the test itself does.
#![allow(clippy::unwrap_used)]

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use evercert_api::certmanager::v1 as cm;
use evercert_api::route::v1::Route;
use k8s_openapi::api::{apps::v1::Deployment, core::v1 as core};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_path_buf()
}

/// YAML files of a folder, in order.
fn files(folder: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(root().join(folder))
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> = entries
        .filter(|path| path.extension().is_some_and(|extension| extension == "yaml"))
        .collect();
    files.sort();
    files
}

fn documents(file: &Path) -> Result<Vec<Value>> {
    // The one place where a word to be filled in has to be base64.
    let text = std::fs::read_to_string(file)?.replace("${ACME_CA}", "Q0E=");
    serde_saphyr::from_multiple(&text).with_context(|| format!("YAML of {}", file.display()))
}

/// Fails where the typed object does not hold all that the document says.
fn typed<T: DeserializeOwned + Serialize>(document: &Value) -> Result<()> {
    let object: T = serde_json::from_value(document.clone())?;
    within(document, &serde_json::to_value(object)?, "")
}

fn within(given: &Value, kept: &Value, path: &str) -> Result<()> {
    match (given, kept) {
        (Value::Object(given), Value::Object(kept)) => given.iter().try_for_each(|(name, value)| {
            let path = format!("{path}/{name}");
            within(
                value,
                kept.get(name).with_context(|| format!("unknown field {path}"))?,
                &path,
            )
        }),
        (Value::Array(given), Value::Array(kept)) => {
            ensure!(given.len() == kept.len(), "{path}: other length");
            given
                .iter()
                .zip(kept)
                .try_for_each(|(given, kept)| within(given, kept, path))
        }
        _ if given == kept || same_duration(given, kept) => Ok(()),
        _ => bail!("{path}: {given} became {kept}"),
    }
}

/// `1h` and `1h0m0s` say the same.
fn same_duration(given: &Value, kept: &Value) -> bool {
    let duration = |value: &Value| value.as_str()?.parse::<evercert_api::GoDuration>().ok();
    duration(given).is_some_and(|given| duration(kept) == Some(given))
}

fn check(document: &Value) -> Result<()> {
    let word = |name: &str| document.get(name).and_then(Value::as_str).unwrap_or_default();
    match (word("apiVersion"), word("kind")) {
        ("cert-manager.io/v1", "Issuer") => typed::<cm::Issuer>(document),
        ("cert-manager.io/v1", "ClusterIssuer") => typed::<cm::ClusterIssuer>(document),
        ("cert-manager.io/v1", "Certificate") => typed::<cm::Certificate>(document),
        ("route.openshift.io/v1", "Route") => typed::<Route>(document),
        ("apps/v1", "Deployment") => typed::<Deployment>(document),
        ("v1", "Service") => typed::<core::Service>(document),
        ("v1", "ConfigMap") => typed::<core::ConfigMap>(document),
        (version, kind) => bail!("{version} {kind}: add it to this test"),
    }
}

#[test]
fn every_example_is_what_its_kind_allows() {
    let files = files("examples");
    assert_eq!(files.len(), 8);
    for file in files {
        let documents = documents(&file).unwrap();
        assert!(!documents.is_empty(), "{}", file.display());
        for document in documents {
            check(&document).with_context(|| file.display().to_string()).unwrap();
        }
    }
}

#[test]
fn every_manifest_of_the_demo_is_what_its_kind_allows() {
    let (mut objects, mut patches) = (0, 0);
    for document in files("demo/manifests").iter().flat_map(|file| documents(file).unwrap()) {
        if document.get("kind").is_some() {
            objects += 1;
            check(&document).unwrap();
        } else {
            patches += 1;
            assert!(
                document.get("spec").is_some(),
                "a patch that changes nothing: {document}"
            );
        }
    }
    assert_eq!((objects, patches), (16, 4));
}

#[test]
fn a_misspelt_field_is_found() {
    let certificate = |field: &str| {
        serde_json::json!({
            "apiVersion": "cert-manager.io/v1", "kind": "Certificate", "metadata": {"name": "a"},
            "spec": {"secretName": "a", "issuerRef": {"name": "i"}, field: ["a.test"]}
        })
    };
    assert!(check(&certificate("dnsNames")).is_ok());
    let error = check(&certificate("dnsname")).unwrap_err().to_string();
    assert_eq!(error, "unknown field /spec/dnsname");
}
