//! The charts: values and their schema say the same, and the CRDs in the chart are those of the types.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::too_many_lines,
    reason = "tests: helpers fail loudly, tables are long"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use evercert_api::crd;
use serde_json::Value;

fn chart(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../charts").join(name)
}

#[test]
fn every_value_is_in_the_schema_and_every_property_has_a_default() {
    for name in ["evercert-issuer", "evercert-cert-utils", "evercert-reloader"] {
        let values: Value =
            serde_saphyr::from_str(&fs::read_to_string(chart(name).join("values.yaml")).unwrap()).unwrap();
        let schema: Value =
            serde_json::from_str(&fs::read_to_string(chart(name).join("values.schema.json")).unwrap()).unwrap();
        assert_eq!(
            schema["additionalProperties"], false,
            "{name} must refuse unknown values"
        );
        let mut properties = BTreeSet::new();
        of_schema(&schema, "", &mut properties);
        // `enabled` is read by the chart that contains the others.
        properties.remove(".enabled");
        let mut present = BTreeSet::new();
        of_values(&values, &schema, "", &mut present);
        assert_eq!(present, properties, "{name}");
    }
}

fn of_schema(schema: &Value, path: &str, out: &mut BTreeSet<String>) {
    for (key, below) in schema["properties"].as_object().into_iter().flatten() {
        let path = format!("{path}.{key}");
        of_schema(below, &path, out);
        out.insert(path);
    }
}

/// Values are followed as far as the schema says what is in them; beyond that they are the user's.
fn of_values(values: &Value, schema: &Value, path: &str, out: &mut BTreeSet<String>) {
    if schema.get("properties").is_none() {
        return;
    }
    for (key, below) in values.as_object().into_iter().flatten() {
        let path = format!("{path}.{key}");
        of_values(below, &schema["properties"][key], &path, out);
        out.insert(path);
    }
}

#[test]
fn the_crds_in_the_chart_are_those_of_the_types() {
    for crd in crd::all() {
        let path = chart("evercert-issuer/templates/crds").join(crd::chart::file_name(&crd));
        let present = fs::read_to_string(&path).unwrap_or_default();
        assert!(
            present == crd::chart::template(&crd),
            "{} is out of date: run `make generate`",
            path.display()
        );
    }
}
