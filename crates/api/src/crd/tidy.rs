//! Brings a derived schema into the shape of upstream's: no nulls, no defaults but upstream's, lists atomic unless keyed,
//! short descriptions, no number formats that API servers do not know.

use serde_json::{Map, Value, json};

/// Longest description kept; those of Kubernetes' own types run to pages.
const DESCRIPTION_CHARS: usize = 240;

/// Tidies `schema` and everything below it.
pub fn tidy(schema: &mut Value) {
    let Some(node) = schema.as_object_mut() else { return };
    unwrap_optional(node);
    for word in ["nullable", "default", "title", "$schema"] {
        node.remove(word);
    }
    if node
        .get("format")
        .and_then(Value::as_str)
        .is_some_and(|format| format.starts_with("uint"))
    {
        node.remove("format");
    }
    shorten_description(node);
    if node.get("type") == Some(&json!("array")) {
        list_type(node);
    }
    descend(node);
}

/// Gives the kind itself its description.
pub fn describe(schema: &mut Value, description: &str) {
    schema["description"] = json!(description);
}

/// An optional field is one that may be absent; `null` is not a value of its own.
fn unwrap_optional(node: &mut Map<String, Value>) {
    if let Some(Value::Array(branches)) = node.remove("anyOf") {
        let real = branches
            .into_iter()
            .find(|branch| branch.get("enum") != Some(&json!([null])));
        if let Some(Value::Object(real)) = real {
            for (word, value) in real {
                node.entry(word).or_insert(value);
            }
        }
    }
    if let Some(Value::Array(values)) = node.get_mut("enum") {
        values.retain(|value| !value.is_null());
    }
}

fn shorten_description(node: &mut Map<String, Value>) {
    let Some(Value::String(text)) = node.get_mut("description") else {
        return;
    };
    let mut short = text.split("\n\n").next().unwrap_or_default().replace('\n', " ");
    if short.chars().count() > DESCRIPTION_CHARS {
        short = first_sentence(&short);
    }
    *text = short;
}

fn first_sentence(text: &str) -> String {
    let sentence = text.split_inclusive(". ").next().unwrap_or(text).trim_end();
    sentence.chars().take(DESCRIPTION_CHARS).collect()
}

/// Conditions are keyed by type and image pull secrets by name, as upstream; every other list is replaced as a whole.
fn list_type(node: &mut Map<String, Value>) {
    if !node.contains_key("x-kubernetes-list-type") {
        node.insert("x-kubernetes-list-type".into(), json!("atomic"));
    }
}

fn descend(node: &mut Map<String, Value>) {
    if let Some(Value::Object(fields)) = node.get_mut("properties") {
        for (name, field) in fields.iter_mut() {
            tidy(field);
            match name.as_str() {
                "conditions" => keyed_list(field, "type"),
                "imagePullSecrets" => keyed_list(field, "name"),
                _ => {}
            }
        }
    }
    for word in ["items", "additionalProperties"] {
        if let Some(below) = node.get_mut(word) {
            tidy(below);
        }
    }
}

fn keyed_list(list: &mut Value, key: &str) {
    list["x-kubernetes-list-type"] = json!("map");
    list["x-kubernetes-list-map-keys"] = json!([key]);
}
