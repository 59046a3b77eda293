//! JSON written as block YAML: always the same bytes for the same value, easy to read in a diff.

use std::fmt::Write;

use serde_json::{Map, Value};

/// `value` as a YAML document.
pub fn to_string(value: &Value) -> String {
    let mut out = String::new();
    match value {
        Value::Object(map) if !map.is_empty() => object(&mut out, map, 0),
        Value::Array(list) if !list.is_empty() => array(&mut out, list, 0),
        scalar => {
            let _ = writeln!(out, "{}", inline(scalar));
        }
    }
    out
}

fn object(out: &mut String, map: &Map<String, Value>, indent: usize) {
    for (index, (key, value)) in map.iter().enumerate() {
        if index > 0 || indent == 0 || out.ends_with('\n') {
            out.extend(std::iter::repeat_n(' ', indent));
        }
        let _ = write!(out, "{}:", inline(&Value::String(key.clone())));
        below(out, value, indent);
    }
}

fn array(out: &mut String, list: &[Value], indent: usize) {
    for value in list {
        out.extend(std::iter::repeat_n(' ', indent));
        match value {
            Value::Object(map) if !map.is_empty() => {
                out.push_str("- ");
                object(out, map, indent + 2);
            }
            scalar => {
                let _ = writeln!(out, "- {}", inline(scalar));
            }
        }
    }
}

fn below(out: &mut String, value: &Value, indent: usize) {
    match value {
        Value::Object(map) if !map.is_empty() => {
            out.push('\n');
            object(out, map, indent + 2);
        }
        Value::Array(list) if !list.is_empty() => {
            out.push('\n');
            array(out, list, indent + 2);
        }
        scalar => {
            let _ = writeln!(out, " {}", inline(scalar));
        }
    }
}

/// A scalar, or an empty or nested collection, on one line; JSON is YAML.
fn inline(value: &Value) -> String {
    match value {
        Value::String(text) if is_plain(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Whether a text needs no quotes: letters first, nothing that YAML reads as syntax, and no word that means something else.
fn is_plain(text: &str) -> bool {
    let words = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"];
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '$')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "-_./$ ".contains(c))
        && !text.ends_with(' ')
        && !words.contains(&text.to_ascii_lowercase().as_str())
}
